/* socket.c - I am one accepted connection: bytes in, bytes out */

#include "broker/socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_MAX 65536 /* bytes of one read */
#define TOGETHER_MAX 1024 /* bytes of an event that is copied once more */
#define FLIGHT_MAX 16 /* slips of one write */
#define LINE 64 /* bytes of a line of a processor's cache, near enough */

/* A piece of what waits: bytes of a parcel that others hold too, or its own. */
struct slip {
	STAILQ_ENTRY(slip) behind;
	struct parcel *parcel; /* NULL: own */
	const char *at;
	size_t len;
	uint64_t n_events; /* that end with it */
	char own[];
};

/* libuv keeps the rest of a partial write itself: one write flies, of the first
 * slips, and the others wait for the next. */
struct outbox {
	uv_write_t write;
	STAILQ_HEAD(slips, slip) slips;
	unsigned n_flying; /* of them */
	size_t flying; /* bytes of those, written ones too */
	size_t len; /* of all */
	struct quota *quota; /* NULL: nobody is charged */
	struct debt debt;
	socket_empty_fn *empty;
	uint64_t flights;
	uint64_t last_flights; /* when socket_stalls() was asked last */
	size_t last_left;
	unsigned stalls;
};

struct socket {
	socket_heard_fn *heard;
	union {
		struct outbox *outbox; /* NULL: nothing waits */
		uintptr_t asleep; /* odd: twice the descriptor and one */
	};
	union { /* last: only as much of it as the kind needs */
		uv_handle_t handle; /* its data is the owner */
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tcp_t tcp;
	} uv;
};

static struct socket *
socket_of(const void *handle)
{
	return (struct socket *)(void *)((char *)(uintptr_t)handle -
	    offsetof(struct socket, uv));
}

static void
on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	static char shared[READ_MAX];

	(void)handle;
	(void)wanted;
	*buf = uv_buf_init(shared, sizeof(shared));
}

static void
on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct socket *socket = socket_of(stream);

	if (len < 0)
		uv_read_stop(stream);
	if (len != 0)
		socket->heard(socket, len, buf->base);
}

static void
slip_free(struct slip *slip)
{
	if (slip != NULL)
		parcel_drop(slip->parcel);
	free(slip);
}

static void
outbox_free(struct outbox *outbox)
{
	struct slip *slip;

	if (outbox == NULL)
		return;
	if (outbox->quota != NULL)
		quota_forgive(outbox->quota, &outbox->debt);
	while ((slip = STAILQ_FIRST(&outbox->slips)) != NULL) {
		STAILQ_REMOVE_HEAD(&outbox->slips, behind);
		slip_free(slip);
	}
	free(outbox);
}

static void
on_closed(uv_handle_t *handle)
{
	struct socket *socket = socket_of(handle);

	outbox_free(socket->outbox);
	free(socket);
}

/* --- who sleeps ----------------------------------------------------------- */

/* One that was left to us sleeps: it is opened when it is listened to, or when
 * something has to wait for its reader. That takes libuv several system calls,
 * and there may be a crowd of them. */
static void
put_to_sleep(struct socket *socket, int fd)
{
	socket->asleep = (uintptr_t)fd << 1 | 1;
}

static bool
is_asleep(const struct socket *socket)
{
	return (socket->asleep & 1) != 0;
}

static int
sleeping_fd(const struct socket *socket)
{
	return (int)(socket->asleep >> 1);
}

static int
wake(struct socket *socket)
{
	int fd = sleeping_fd(socket), error;

	if (!is_asleep(socket))
		return 0;
	socket->outbox = NULL;
	error = socket->uv.handle.type == UV_TCP
	    ? uv_tcp_open(&socket->uv.tcp, fd)
	    : uv_pipe_open(&socket->uv.pipe, fd);
	if (error != 0)
		close(fd);
	return error;
}

static struct outbox *
outbox_of(const struct socket *socket)
{
	return is_asleep(socket) ? NULL : socket->outbox;
}

/* --- coming --------------------------------------------------------------- */

static struct socket *
socket_new(uv_loop_t *loop, bool tcp)
{
	struct socket *socket = calloc(1, offsetof(struct socket, uv) +
	    (tcp ? sizeof(uv_tcp_t) : sizeof(uv_pipe_t)));
	int error;

	if (socket == NULL)
		return NULL;
	error = tcp ? uv_tcp_init(loop, &socket->uv.tcp)
		    : uv_pipe_init(loop, &socket->uv.pipe, 0);
	if (error == 0)
		return socket;
	free(socket);
	return NULL;
}

int
socket_accept(uv_stream_t *listener, socket_heard_fn *heard, void *owner,
    struct socket **socketp)
{
	struct socket *socket =
	    socket_new(listener->loop, listener->type == UV_TCP);
	int error;

	if (socket == NULL)
		return -ENOMEM;
	socket_give(socket, heard, owner);
	error = uv_accept(listener, &socket->uv.stream);
	if (error == 0)
		error = uv_read_start(&socket->uv.stream, on_alloc, on_read);
	if (error != 0) {
		socket_close(socket);
		return error;
	}
	*socketp = socket;
	return 0;
}

void *
socket_owner(const struct socket *socket)
{
	return socket->uv.handle.data;
}

uv_loop_t *
socket_loop(const struct socket *socket)
{
	return socket->uv.handle.loop;
}

int
socket_fd(const struct socket *socket)
{
	uv_os_fd_t fd;

	if (is_asleep(socket))
		return sleeping_fd(socket);
	return uv_fileno(&socket->uv.handle, &fd) == 0 ? fd : -1;
}

void
socket_give(struct socket *socket, socket_heard_fn *heard, void *owner)
{
	socket->heard = heard;
	socket->uv.handle.data = owner;
}

/* --- what waits --------------------------------------------------------- */

static void on_written(uv_write_t *write, int status);

/* Let the first slips fly. */
static int
launch(struct socket *socket)
{
	struct outbox *outbox = socket->outbox;
	uv_buf_t bufs[FLIGHT_MAX];
	struct slip *slip;
	unsigned n = 0;

	outbox->flying = 0;
	STAILQ_FOREACH(slip, &outbox->slips, behind) {
		if (n == FLIGHT_MAX)
			break;
		bufs[n++] = uv_buf_init((char *)(uintptr_t)slip->at,
		    (unsigned)slip->len);
		outbox->flying += slip->len;
	}
	outbox->n_flying = n;
	outbox->flights++;
	return uv_write(&outbox->write, &socket->uv.stream, bufs, n,
	    on_written);
}

static void
land(struct outbox *outbox)
{
	struct slip *slip;

	for (; outbox->n_flying > 0; outbox->n_flying--) {
		slip = STAILQ_FIRST(&outbox->slips);
		STAILQ_REMOVE_HEAD(&outbox->slips, behind);
		slip_free(slip);
	}
	outbox->len -= outbox->flying;
	if (outbox->quota != NULL)
		quota_pay(outbox->quota, &outbox->debt, outbox->flying);
}

static void
drop_outbox(struct socket *socket)
{
	struct outbox *outbox = socket->outbox;
	socket_empty_fn *empty = outbox->empty;

	socket->outbox = NULL;
	outbox_free(outbox);
	if (empty != NULL)
		empty(socket);
}

static void
on_written(uv_write_t *write, int status)
{
	struct socket *socket = write->data;
	struct outbox *outbox = socket->outbox;

	if (uv_is_closing(&socket->uv.handle))
		return;
	if (status == 0) {
		land(outbox);
		if (outbox->len == 0) {
			drop_outbox(socket);
			return;
		}
		status = launch(socket);
	}
	if (status != 0) {
		uv_read_stop(&socket->uv.stream);
		socket->heard(socket, status, NULL);
	}
}

static struct outbox *
outbox_new(struct socket *socket)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));

	if (outbox == NULL)
		return NULL;
	STAILQ_INIT(&outbox->slips);
	outbox->write.data = socket;
	return outbox;
}

/* --- sending ------------------------------------------------------------ */

/* What is sent: perhaps a parcel, and bytes behind it. */
struct load {
	struct parcel *parcel; /* NULL: none */
	struct mcp_text common; /* what is left of it */
	struct mcp_text own;
	const struct socket_terms *terms;
};

static size_t
load_len(const struct load *load)
{
	return load->common.len + load->own.len;
}

static void
advance(struct mcp_text *text, size_t *np)
{
	size_t n = *np < text->len ? *np : text->len;

	text->at += n;
	text->len -= n;
	*np -= n;
}

/* Return: NULL where @bytes is empty, or memory is short */
static struct slip *
slip_new(struct parcel *parcel, struct mcp_text bytes)
{
	struct slip *slip = NULL;

	if (bytes.len > 0)
		slip = malloc(sizeof(*slip) + (parcel != NULL ? 0 : bytes.len));
	if (slip == NULL)
		return NULL;
	slip->parcel = parcel != NULL ? parcel_hold(parcel) : NULL;
	slip->at = parcel != NULL ? bytes.at : slip->own;
	slip->len = bytes.len;
	slip->n_events = 0;
	if (parcel == NULL)
		memcpy(slip->own, bytes.at, bytes.len);
	return slip;
}

static int
charge(struct outbox *outbox, const struct load *load)
{
	const struct socket_terms *terms = load->terms;
	int error;

	if (terms->quota == NULL)
		return 0;
	error = quota_charge(terms->quota, &outbox->debt, terms->subject,
	    load_len(load));
	if (error == 0)
		outbox->quota = terms->quota;
	return error;
}

static int
enqueue(struct outbox *outbox, const struct load *load)
{
	struct slip *common = slip_new(load->parcel, load->common);
	struct slip *own = slip_new(NULL, load->own);
	bool made = (common != NULL || load->common.len == 0) &&
	    (own != NULL || load->own.len == 0);

	if (!made || charge(outbox, load) != 0) {
		slip_free(common);
		slip_free(own);
		return -ENOMEM;
	}
	if (common != NULL)
		STAILQ_INSERT_TAIL(&outbox->slips, common, behind);
	if (own != NULL)
		STAILQ_INSERT_TAIL(&outbox->slips, own, behind);
	(own != NULL ? own : common)->n_events = load->terms->n_events;
	outbox->len += load_len(load);
	return 0;
}

static int
queue(struct socket *socket, const struct load *load)
{
	int error = wake(socket);

	if (error != 0)
		return error;
	socket->outbox = outbox_new(socket);
	error =
	    socket->outbox == NULL ? -ENOMEM : enqueue(socket->outbox, load);
	if (error == 0)
		error = launch(socket);
	if (error != 0) {
		outbox_free(socket->outbox);
		socket->outbox = NULL;
	}
	return error;
}

/* In one piece where it is small: to gather it costs the kernel more than to
 * copy it costs us. */
static ssize_t
send_once(int fd, const struct load *load)
{
	const struct mcp_text *common = &load->common, *own = &load->own;
	struct iovec pieces[] = {
		{ (char *)(uintptr_t)common->at, common->len },
		{ (char *)(uintptr_t)own->at, own->len },
	};
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };
	char together[TOGETHER_MAX];

	if (common->len == 0)
		return send(fd, own->at, own->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (load_len(load) > sizeof(together))
		return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	memcpy(together, common->at, common->len);
	memcpy(together + common->len, own->at, own->len);
	return send(fd, together, load_len(load), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What the kernel takes now. Return: bytes, may be 0; -errno */
static ssize_t
try_send(int fd, const struct load *load)
{
	ssize_t n;

	do
		n = send_once(fd, load);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == ENOBUFS ? 0 : -errno;
	return n;
}

static int
dispatch(struct socket *socket, struct load *load)
{
	struct outbox *outbox = outbox_of(socket);
	size_t done;
	ssize_t n;

	if (outbox != NULL) {
		if (socket_backlog(socket) + load_len(load) >
		    load->terms->limit)
			return SOCKET_E_FULL;
		return enqueue(outbox, load);
	}
	n = try_send(socket_fd(socket), load);
	if (n < 0)
		return (int)n;
	done = (size_t)n;
	advance(&load->common, &done);
	advance(&load->own, &done);
	return load_len(load) == 0 ? 0 : queue(socket, load);
}

int
socket_send(struct socket *socket, struct mcp_text bytes,
    const struct socket_terms *terms)
{
	return dispatch(socket, &(struct load){ .own = bytes, .terms = terms });
}

int
socket_share(struct socket *socket, struct parcel *parcel, struct mcp_text own,
    const struct socket_terms *terms)
{
	return dispatch(socket,
	    &(struct load){ parcel, parcel_text(parcel), own, terms });
}

void
socket_approach(const struct socket *socket)
{
	const char *at = (const char *)socket;

	for (size_t i = 0; i < sizeof(*socket); i += LINE)
		__builtin_prefetch(at + i);
}

size_t
socket_backlog(const struct socket *socket)
{
	const struct outbox *outbox = outbox_of(socket);

	if (outbox == NULL)
		return 0;
	return uv_stream_get_write_queue_size(&socket->uv.stream) +
	    outbox->len - outbox->flying;
}

void
socket_unsent(const struct socket *socket, socket_unsent_fn *each,
    void *context)
{
	const struct outbox *outbox = outbox_of(socket);
	const struct slip *slip;
	size_t sent;

	if (outbox == NULL)
		return;
	sent = outbox->len - socket_backlog(socket);
	STAILQ_FOREACH(slip, &outbox->slips, behind) {
		struct mcp_text bytes = { slip->at, slip->len };

		advance(&bytes, &sent);
		if (bytes.len > 0)
			each(context, bytes, slip->n_events);
	}
}

struct socket *
socket_of_debt(struct debt *debt)
{
	return CONTAINER(struct outbox, debt, debt)->write.data;
}

unsigned
socket_stalls(struct socket *socket)
{
	struct outbox *outbox = outbox_of(socket);
	size_t left;

	if (outbox == NULL)
		return 0;
	left = uv_stream_get_write_queue_size(&socket->uv.stream);
	outbox->stalls = outbox->flights == outbox->last_flights &&
	    left == outbox->last_left ? outbox->stalls + 1 : 0;
	outbox->last_flights = outbox->flights;
	outbox->last_left = left;
	return outbox->stalls;
}

/* --- into the next broker ------------------------------------------------ */

static void
count_piece(void *context, struct mcp_text bytes, uint64_t n_events)
{
	(void)bytes;
	(void)n_events;
	++*(uint64_t *)context;
}

static void
save_piece(void *context, struct mcp_text bytes, uint64_t n_events)
{
	state_text(context, bytes);
	state_number(context, n_events);
}

void
socket_save(const struct socket *socket, struct state_writer *out)
{
	uint64_t n = 0;

	state_file(out, socket_fd(socket));
	state_number(out, socket->uv.handle.type == UV_TCP);
	socket_unsent(socket, count_piece, &n);
	state_number(out, n);
	socket_unsent(socket, save_piece, out);
}

int
socket_listen(struct socket *socket)
{
	int error = wake(socket);

	if (error == 0)
		error = uv_read_start(&socket->uv.stream, on_alloc, on_read);
	return error == UV_EALREADY ? 0 : error;
}

static int
load_pieces(struct socket *socket, struct state_reader *in,
    const struct socket_terms *terms)
{
	struct socket_terms these = *terms;
	uint64_t n = state_read_number(in);
	int error = 0;

	for (; n > 0 && error != -ENOMEM && !in->failed; n--) {
		struct mcp_text piece = state_read_text(in);

		these.n_events = state_read_number(in);
		if (!in->rehearsal && error == 0)
			error = socket_send(socket, piece, &these);
	}
	return error == -ENOMEM ? error : state_end(in);
}

int
socket_load(uv_loop_t *loop, struct state_reader *in,
    const struct socket_terms *terms, socket_heard_fn *heard, void *owner,
    struct socket **socketp)
{
	int fd = state_read_file(in), error;
	struct socket *socket;

	socket = socket_new(loop, state_read_up_to(in, 1) == 1);
	if (socket == NULL)
		return -ENOMEM;
	socket_give(socket, heard, owner);
	if (fd >= 0)
		put_to_sleep(socket, fd);
	error = load_pieces(socket, in, terms);
	if (error != 0) {
		socket_close(socket);
		return error;
	}
	*socketp = socket;
	return 0;
}

/* --- the end ------------------------------------------------------------- */

void
socket_when_empty(struct socket *socket, socket_empty_fn *empty)
{
	struct outbox *outbox = outbox_of(socket);

	if (outbox != NULL)
		outbox->empty = empty;
	else
		empty(socket);
}

void
socket_end(struct socket *socket)
{
	(void)shutdown(socket_fd(socket), SHUT_WR);
}

void
socket_close(struct socket *socket)
{
	struct outbox *outbox = outbox_of(socket);

	if (is_asleep(socket)) {
		close(sleeping_fd(socket));
		socket->outbox = NULL;
	}
	if (outbox != NULL && outbox->quota != NULL)
		quota_forgive(outbox->quota, &outbox->debt);
	if (!uv_is_closing(&socket->uv.handle))
		uv_close(&socket->uv.handle, on_closed);
}

static void
close_any(uv_handle_t *handle, void *context)
{
	(void)context;
	if ((handle->type == UV_TCP || handle->type == UV_NAMED_PIPE) &&
	    !uv_is_closing(handle))
		socket_close(socket_of(handle));
}

void
socket_close_all(uv_loop_t *loop)
{
	uv_walk(loop, close_any, NULL);
}

/* --- who is there -------------------------------------------------------- */

static void
address_text(const struct sockaddr_storage *address, int len,
    char out[SOCKET_ADDRESS_MAX])
{
	if (getnameinfo((const struct sockaddr *)address, (socklen_t)len, out,
		SOCKET_ADDRESS_MAX, NULL, 0, NI_NUMERICHOST) != 0)
		out[0] = '\0';
}

void
socket_addresses(const struct socket *socket, char peer[SOCKET_ADDRESS_MAX],
    char own[SOCKET_ADDRESS_MAX])
{
	struct sockaddr_storage address;
	int len = sizeof(address);

	peer[0] = own[0] = '\0';
	if (socket->uv.handle.type != UV_TCP)
		return;
	if (uv_tcp_getpeername(&socket->uv.tcp, (struct sockaddr *)&address,
		&len) == 0)
		address_text(&address, len, peer);
	len = sizeof(address);
	if (uv_tcp_getsockname(&socket->uv.tcp, (struct sockaddr *)&address,
		&len) == 0)
		address_text(&address, len, own);
}

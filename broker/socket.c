/* socket.c - I am one accepted connection: bytes in, bytes out */

#include "broker/socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define READ_MAX 65536 /* bytes of one read */

/* libuv keeps the rest of a partial write itself: one write flies, what comes
 * meanwhile waits here. */
struct outbox {
	uv_write_t write;
	struct mcp_buf flying;
	struct mcp_buf waiting;
	socket_empty_fn *empty;
	uint64_t flights;
	uint64_t last_flights; /* when socket_stalls() was asked last */
	size_t last_left;
	unsigned stalls;
};

struct socket {
	socket_heard_fn *heard;
	struct outbox *outbox; /* NULL: nothing waits */
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
on_closed(uv_handle_t *handle)
{
	struct socket *socket = socket_of(handle);

	if (socket->outbox != NULL) {
		mcp_buf_deinit(&socket->outbox->flying);
		mcp_buf_deinit(&socket->outbox->waiting);
		free(socket->outbox);
	}
	free(socket);
}

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

void
socket_give(struct socket *socket, socket_heard_fn *heard, void *owner)
{
	socket->heard = heard;
	socket->uv.handle.data = owner;
}

static void on_written(uv_write_t *write, int status);

/* Let @outbox->flying fly. */
static int
launch(struct socket *socket)
{
	struct outbox *outbox = socket->outbox;
	uv_buf_t buf = uv_buf_init(outbox->flying.data,
	    (unsigned)outbox->flying.len);

	outbox->write.data = socket;
	outbox->flights++;
	return uv_write(&outbox->write, &socket->uv.stream, &buf, 1,
	    on_written);
}

static void
drop_outbox(struct socket *socket)
{
	struct outbox *outbox = socket->outbox;
	socket_empty_fn *empty = outbox->empty;

	socket->outbox = NULL;
	mcp_buf_deinit(&outbox->flying);
	mcp_buf_deinit(&outbox->waiting);
	free(outbox);
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
	if (status == 0 && outbox->waiting.len == 0) {
		drop_outbox(socket);
		return;
	}
	if (status == 0) {
		mcp_buf_deinit(&outbox->flying);
		outbox->flying = outbox->waiting;
		outbox->waiting = MCP_BUF_INIT;
		status = launch(socket);
	}
	if (status != 0) {
		uv_read_stop(&socket->uv.stream);
		socket->heard(socket, status, NULL);
	}
}

static int
queue(struct socket *socket, struct mcp_text bytes)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));
	int error = -ENOMEM;

	if (outbox == NULL)
		return -ENOMEM;
	mcp_buf_text(&outbox->flying, bytes);
	socket->outbox = outbox;
	if (!outbox->flying.failed)
		error = launch(socket);
	if (error != 0) {
		socket->outbox = NULL;
		mcp_buf_deinit(&outbox->flying);
		free(outbox);
	}
	return error;
}

int
socket_send(struct socket *socket, struct mcp_text bytes, size_t limit)
{
	uv_buf_t buf;
	int n;

	if (socket->outbox != NULL) {
		if (socket_backlog(socket) + bytes.len > limit)
			return SOCKET_E_FULL;
		mcp_buf_text(&socket->outbox->waiting, bytes);
		return socket->outbox->waiting.failed ? -ENOMEM : 0;
	}
	buf = uv_buf_init((char *)(uintptr_t)bytes.at, (unsigned)bytes.len);
	n = uv_try_write(&socket->uv.stream, &buf, 1);
	if (n == UV_EAGAIN)
		n = 0;
	if (n < 0)
		return n;
	if ((size_t)n == bytes.len)
		return 0;
	return queue(socket,
	    (struct mcp_text){ bytes.at + n, bytes.len - (size_t)n });
}

size_t
socket_backlog(const struct socket *socket)
{
	if (socket->outbox == NULL)
		return 0;
	return uv_stream_get_write_queue_size(&socket->uv.stream) +
	    socket->outbox->waiting.len;
}

unsigned
socket_stalls(struct socket *socket)
{
	struct outbox *outbox = socket->outbox;
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

/* Of what flies, libuv tells how much is left. */
static struct mcp_text
still_flying(const struct socket *socket)
{
	const struct mcp_buf *flying = &socket->outbox->flying;
	size_t left = uv_stream_get_write_queue_size(&socket->uv.stream);

	return (struct mcp_text){ flying->data + flying->len - left, left };
}

void
socket_save(const struct socket *socket, struct state_writer *out)
{
	const struct outbox *outbox = socket->outbox;
	uv_os_fd_t fd = -1;

	(void)uv_fileno(&socket->uv.handle, &fd);
	state_file(out, fd);
	state_number(out, socket->uv.handle.type == UV_TCP);
	state_text(out, outbox == NULL ? MCP_TEXT_INIT : still_flying(socket));
	state_text(out,
	    outbox == NULL ? MCP_TEXT_INIT : mcp_buf_view(&outbox->waiting));
}

static int
adopt(struct socket *socket, int fd, struct mcp_text flying,
    struct mcp_text waiting)
{
	int error = socket->uv.handle.type == UV_TCP
	    ? uv_tcp_open(&socket->uv.tcp, fd)
	    : uv_pipe_open(&socket->uv.pipe, fd);

	if (error == 0)
		error = uv_read_start(&socket->uv.stream, on_alloc, on_read);
	if (error == 0 && flying.len > 0)
		error = queue(socket, flying);
	return error == 0 && waiting.len > 0
	    ? socket_send(socket, waiting, SIZE_MAX)
	    : error;
}

int
socket_load(uv_loop_t *loop, struct state_reader *in, socket_heard_fn *heard,
    void *owner, struct socket **socketp)
{
	int fd = state_read_file(in), error = 0;
	bool tcp = state_read_up_to(in, 1) == 1;
	struct mcp_text flying = state_read_text(in);
	struct mcp_text waiting = state_read_text(in);
	struct socket *socket;

	if (in->failed)
		return -EINVAL;
	socket = socket_new(loop, tcp);
	if (socket == NULL)
		return -ENOMEM;
	socket_give(socket, heard, owner);
	if (fd >= 0)
		error = adopt(socket, fd, flying, waiting);
	if (error != 0) {
		socket_close(socket);
		return error;
	}
	*socketp = socket;
	return 0;
}

void
socket_when_empty(struct socket *socket, socket_empty_fn *empty)
{
	if (socket->outbox != NULL)
		socket->outbox->empty = empty;
	else
		empty(socket);
}

void
socket_end(struct socket *socket)
{
	uv_os_fd_t fd;

	if (uv_fileno(&socket->uv.handle, &fd) == 0)
		(void)shutdown(fd, SHUT_WR);
}

void
socket_close(struct socket *socket)
{
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

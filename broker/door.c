/* door.c - I let a socket in, and hand it over as a stream */

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <mcp/listener.h>
#include <mcp/log.h>

#include "broker/broker.h"

#define KEEPALIVE_S 60

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 204, "No Content" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *
reason_of(unsigned status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

static void
visit_free(struct visit *visit)
{
	if (visit->socket != NULL)
		socket_close(visit->socket);
	clock_cancel(&visit->door->broker->clock, &visit->due);
	TAILQ_REMOVE(&visit->door->visits, visit, entry);
	visit->door->awaited -= visit->awaited;
	mcp_buf_deinit(&visit->begun);
	free(visit);
}

void
door_leave(struct visit *visit)
{
	visit_free(visit);
}

/* --- answering ---------------------------------------------------------- */

/* All is written. Who still sends is given the time to see the answer. */
static void
on_flushed(struct socket *socket)
{
	struct visit *visit = socket_owner(socket);

	if (visit->expects && visit->drained <= DOOR_DRAIN_MAX)
		socket_end(socket);
	else
		visit_free(visit);
}

static void
compose(const struct door_answer *answer, struct mcp_buf *out)
{
	mcp_buf_printf(out, "HTTP/1.1 %u %s\r\nConnection: close\r\n",
	    answer->status, reason_of(answer->status));
	if (answer->type != NULL)
		mcp_buf_printf(out, "Content-Type: %s\r\n", answer->type);
	if (answer->status != 204)
		mcp_buf_printf(out, "Content-Length: %zu\r\n",
		    answer->body.len);
	mcp_buf_text(out, answer->headers);
	mcp_buf_puts(out, "\r\n");
	if (!answer->omit)
		mcp_buf_text(out, answer->body);
}

void
door_answer(struct visit *visit, const struct door_answer *answer)
{
	struct broker *broker = visit->door->broker;
	struct mcp_buf *out = broker_scratch(broker);

	broker->metrics.answers[answer->status / 100]++;
	visit->answered = true;
	mcp_buf_reset(&visit->begun);
	compose(answer, out);
	if (out->failed ||
	    clock_set(&broker->clock, &visit->due,
		mcp_clock_ns() + DOOR_LEAVE_NS) != 0 ||
	    socket_send(visit->socket, mcp_buf_view(out), &SOCKET_TERMS_NONE) !=
		0) {
		visit_free(visit);
		return;
	}
	socket_when_empty(visit->socket, on_flushed);
}

static void
refuse(struct visit *visit, unsigned status, const char *why)
{
	struct mcp_buf body = MCP_BUF_INIT;

	mcp_buf_puts(&body, "{\"error\":");
	mcp_buf_json_string(&body, mcp_text_of(why));
	mcp_buf_puts(&body, "}");
	visit->expects = true; /* for all we know */
	door_answer(visit, &(struct door_answer){ .status = status,
	    .type = "application/json", .body = mcp_buf_view(&body) });
	mcp_buf_deinit(&body);
}

/* --- reading ------------------------------------------------------------ */

static void
serve(struct visit *visit, const struct head *head, struct mcp_text bytes)
{
	size_t came = bytes.len - head->len;

	visit->expects = head->body > came;
	visit->drained = came;
	visit->received = bytes;
	if (!visit->expects)
		visit->body = (struct mcp_text){ bytes.at + head->len,
			(size_t)head->body };
	visit->door->serve(visit, head);
}

static void
refuse_head(struct visit *visit, int condition, const char *why)
{
	refuse(visit, condition == HEAD_E_LARGE ? 431 :
	    condition == HEAD_E_VERSION		? 505 :
						  400, why);
}

/* Almost every head comes whole, and is then read where it came in; only one
 * that is not is copied. */
static void
read_head(struct visit *visit, struct mcp_text bytes)
{
	struct head head;
	const char *why = "";
	bool copied = visit->begun.len > 0;
	int condition;

	if (copied) {
		mcp_buf_text(&visit->begun, bytes);
		bytes = mcp_buf_view(&visit->begun);
	}
	condition = head_parse(bytes, &visit->seen, &head, &why);
	if (condition == HEAD_E_MORE && !copied)
		mcp_buf_text(&visit->begun, bytes);
	if (visit->begun.failed)
		visit_free(visit);
	else if (condition == 0)
		serve(visit, &head, bytes);
	else if (condition != HEAD_E_MORE)
		refuse_head(visit, condition, why);
}

int
door_await(struct visit *visit, const struct head *head, uint64_t within_ns)
{
	struct door *door = visit->door;
	size_t whole = head->len + (size_t)head->body;

	if (whole > DOOR_AWAITED_MAX - door->awaited)
		return DOOR_E_FULL;
	if (visit->begun.len == 0)
		mcp_buf_text(&visit->begun, visit->received);
	if (visit->begun.failed || clock_set(&door->broker->clock, &visit->due,
		mcp_clock_ns() + within_ns) != 0)
		return -ENOMEM;
	visit->awaited = whole;
	door->awaited += whole;
	return 0;
}

/* Where the head lay when it was read first, something else may lie now. */
static void
serve_again(struct visit *visit)
{
	struct mcp_text bytes = mcp_buf_view(&visit->begun);
	struct head head;
	const char *why;
	size_t seen = 0;

	(void)head_parse(bytes, &seen, &head, &why);
	serve(visit, &head, bytes);
}

static void
read_body(struct visit *visit, struct mcp_text bytes)
{
	mcp_buf_text(&visit->begun, bytes);
	if (visit->begun.failed)
		visit_free(visit);
	else if (visit->begun.len >= visit->awaited)
		serve_again(visit);
}

static void
drain(struct visit *visit, size_t len)
{
	visit->drained += len;
	if (visit->drained > DOOR_DRAIN_MAX)
		visit_free(visit);
}

static void
on_heard(struct socket *socket, ssize_t len, const char *bytes)
{
	struct visit *visit = socket_owner(socket);

	if (len < 0)
		visit_free(visit);
	else if (visit->answered)
		drain(visit, (size_t)len);
	else if (visit->awaited > 0)
		read_body(visit, (struct mcp_text){ bytes, (size_t)len });
	else
		read_head(visit, (struct mcp_text){ bytes, (size_t)len });
}

static void
on_due(void *context, struct due *due, uint64_t now_ns)
{
	struct visit *visit = CONTAINER(struct visit, due, due);

	(void)context;
	(void)now_ns;
	visit->late = true;
	if (visit->answered)
		visit_free(visit);
	else if (visit->awaited > 0)
		serve_again(visit);
	else
		refuse(visit, 408, "the head did not come in time");
}

/* --- letting in --------------------------------------------------------- */

static struct visit *
visit_new(struct door *door)
{
	struct visit *visit = calloc(1, sizeof(*visit));

	if (visit == NULL)
		return NULL;
	visit->door = door;
	visit->due = DUE_INIT(on_due);
	TAILQ_INSERT_TAIL(&door->visits, visit, entry);
	return visit;
}

/* The kernel gives the lowest number that is free. Beyond this one too few are
 * left for the letters: libzmq ends the program when it is given none. */
static int
highest_fd(void)
{
	struct rlimit files;
	int most, spared;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > INT_MAX)
		return INT_MAX;
	most = (int)files.rlim_cur;
	spared = most / DOOR_SPARED_PART;
	return most - 1 -
	    (spared > DOOR_SPARED_LEAST ? spared : DOOR_SPARED_LEAST);
}

/* Without a word heard, and without waiting for him to leave. */
static void
turn_away(struct visit *visit)
{
	door_answer(visit,
	    &(struct door_answer){ .status = 503,
		.headers = MCP_TEXT("Retry-After: 5\r\n"),
		.type = "application/json",
		.body = MCP_TEXT("{\"error\":\"Too many connections\"}") });
}

static int
let_in(struct door *door)
{
	struct visit *visit = visit_new(door);
	int error;

	if (visit == NULL)
		return -ENOMEM;
	error = clock_set(&door->broker->clock, &visit->due,
	    mcp_clock_ns() + DOOR_HEAD_NS);
	if (error == 0)
		error = socket_accept(&door->listener.stream, on_heard, visit,
		    &visit->socket);
	if (error != 0)
		visit_free(visit);
	else if (socket_fd(visit->socket) > door->highest_fd)
		turn_away(visit);
	return error;
}

/* libuv announces nobody else until this one was let in. */
static void
on_connection(uv_stream_t *listener, int status)
{
	struct door *door = listener->data;

	if (status < 0)
		mcp_log(MCP_LOG_WARNING, "accept: %s", uv_strerror(status));
	else if (let_in(door) != 0)
		(void)clock_set(&door->broker->clock, &door->again,
		    mcp_clock_ns() + DOOR_AGAIN_NS);
}

static void
on_again(void *context, struct due *due, uint64_t now_ns)
{
	struct door *door = CONTAINER(struct door, again, due);
	int error = let_in(door);

	(void)context;
	(void)clock_set(&door->broker->clock, due,
	    error == -ENOMEM ? now_ns + DOOR_AGAIN_NS : CLOCK_NEVER - 1);
}

/* What is set on the listener, the kernel gives to each connection. */
static void
set_tcp(int fd)
{
	int on = 1, idle = KEEPALIVE_S, patience_ms = 3 * KEEPALIVE_S * 1000;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms,
	    sizeof(patience_ms));
}

static int
adopt(struct door *door, uv_loop_t *loop, int fd)
{
	int error;

	door->trusted = mcp_listener_is_unix(fd);
	if (door->trusted) {
		error = uv_pipe_init(loop, &door->listener.pipe, 0);
		return error != 0 ? error :
		    uv_pipe_open(&door->listener.pipe, fd);
	}
	set_tcp(fd);
	error = uv_tcp_init(loop, &door->listener.tcp);
	return error != 0 ? error : uv_tcp_open(&door->listener.tcp, fd);
}

int
door_open(struct door *door, struct broker *broker, int fd,
    door_serve_fn *serve_fn)
{
	int error;

	TAILQ_INIT(&door->visits);
	door->broker = broker;
	door->serve = serve_fn;
	/* the operator gets in as long as anybody does */
	door->highest_fd = door == &broker->mount ? highest_fd() : INT_MAX;
	/* always due, if never soon: to be set then takes no memory */
	door->again = DUE_INIT(on_again);
	error = clock_set(&broker->clock, &door->again, CLOCK_NEVER - 1);
	if (error == 0)
		error = adopt(door, &broker->loop, fd);
	if (error != 0)
		return error;
	door->listener.handle.data = door;
	door->open = true;
	return uv_listen(&door->listener.stream, MCP_LISTENER_BACKLOG,
	    on_connection);
}

void
door_address(const struct door *door, char out[DOOR_ADDRESS_MAX])
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(address);
	char host[64] = "", port[16] = "";
	bool six;
	uv_os_fd_t fd;

	if (uv_fileno(&door->listener.handle, &fd) == 0)
		(void)getsockname(fd, (struct sockaddr *)&address, &len);
	if (address.ss_family == AF_UNIX) {
		snprintf(out, DOOR_ADDRESS_MAX, "unix:%s",
		    ((struct sockaddr_un *)&address)->sun_path);
		return;
	}
	(void)getnameinfo((struct sockaddr *)&address, len, host, sizeof(host),
	    port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	six = address.ss_family == AF_INET6;
	snprintf(out, DOOR_ADDRESS_MAX, "%s%s%s:%s", six ? "[" : "", host,
	    six ? "]" : "", port);
}

void
door_close(struct door *door)
{
	struct visit *visit;

	if (!door->open)
		return;
	door->open = false;
	clock_cancel(&door->broker->clock, &door->again);
	uv_close(&door->listener.handle, NULL);
	while ((visit = TAILQ_FIRST(&door->visits)) != NULL)
		visit_free(visit);
}

/* --- into the next broker ------------------------------------------------ */

static void
visit_save(const struct visit *visit, struct state_writer *out)
{
	socket_save(visit->socket, out);
	state_due(out, &visit->due);
	state_text(out, mcp_buf_view(&visit->begun));
	state_number(out, visit->awaited);
	state_number(out, visit->seen);
	state_number(out, visit->drained);
	state_number(out, visit->answered);
	state_number(out, visit->expects);
	state_number(out, visit->late);
}

static int
visit_load(struct door *door, struct state_reader *in)
{
	struct visit *visit = visit_new(door);
	struct broker *broker = door->broker;
	int error;

	if (visit == NULL)
		return -ENOMEM;
	error = socket_load(&broker->loop, in, &SOCKET_TERMS_NONE, on_heard,
	    visit, &visit->socket);
	if (error == 0)
		error = clock_set(&broker->clock, &visit->due,
		    state_read_number(in));
	if (error != 0) {
		visit_free(visit);
		return error;
	}
	mcp_buf_text(&visit->begun, state_read_text(in));
	visit->awaited = state_read_up_to(in, DOOR_AWAITED_MAX);
	door->awaited += visit->awaited;
	visit->seen = state_read_number(in);
	visit->drained = state_read_number(in);
	visit->answered = state_read_up_to(in, 1) == 1;
	visit->expects = state_read_up_to(in, 1) == 1;
	visit->late = state_read_up_to(in, 1) == 1;
	if (in->failed || visit->seen > visit->begun.len)
		return -EINVAL;
	if (!in->rehearsal)
		error = socket_listen(visit->socket);
	if (error != 0)
		return error;
	if (visit->answered && !in->rehearsal)
		socket_when_empty(visit->socket, on_flushed);
	return visit->begun.failed ? -ENOMEM : 0;
}

void
door_save(const struct door *door, struct state_writer *out)
{
	const struct visit *visit;
	uv_os_fd_t fd = -1;
	size_t n = 0;

	(void)uv_fileno(&door->listener.handle, &fd);
	state_file(out, fd);
	TAILQ_FOREACH(visit, &door->visits, entry)
		n++;
	state_number(out, n);
	TAILQ_FOREACH(visit, &door->visits, entry)
		visit_save(visit, out);
}

int
door_load(struct door *door, struct broker *broker, struct state_reader *in,
    door_serve_fn *serve_fn)
{
	int fd = state_read_file(in), error;
	uint64_t n = state_read_number(in);

	TAILQ_INIT(&door->visits);
	door->broker = broker;
	error = in->failed ? -EINVAL : 0;
	if (error == 0 && !in->rehearsal)
		error = door_open(door, broker, fd, serve_fn);
	for (; n > 0 && error == 0 && !in->failed; n--)
		error = visit_load(door, in);
	return error != 0 ? error : state_end(in);
}

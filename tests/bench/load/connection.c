/* connection.c - I am one HTTP/1.1 connection of a client */

#include "tests/bench/load/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TURN_EVENTS 256
#define SOURCES 64

int
loop_init(struct loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (loop->epoll < 0 || loop->timer < 0 ||
	    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->timer, &event) != 0)
		return -errno;
	return 0;
}

void
loop_wake(struct loop *loop, uint64_t at_ns)
{
	struct itimerspec when = { .it_value = {
				       .tv_sec = (time_t)(at_ns / MCP_S),
				       .tv_nsec = (long)(at_ns % MCP_S) } };

	(void)timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void
loop_deinit(struct loop *loop)
{
	close(loop->epoll);
	close(loop->timer);
}

/* --- its life ------------------------------------------------------------ */

void
connection_close(struct connection *connection)
{
	if (connection->phase == PHASE_OVER)
		return;
	connection->phase = PHASE_OVER;
	close(connection->fd);
	lines_deinit(&connection->lines);
}

static void
end(struct connection *connection)
{
	connection_close(connection);
	connection->calls->on_over(connection);
}

static int
watch(struct connection *connection, int how, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = connection };

	return epoll_ctl(connection->loop->epoll, how, connection->fd, &event);
}

void
connection_rest(struct connection *connection)
{
	(void)watch(connection, EPOLL_CTL_DEL, 0);
}

/* An address of its own, and the port chosen only when it is known to whom. */
static void
set_socket(int fd, const struct connection_target *target)
{
	struct sockaddr_in source = { .sin_family = AF_INET };
	int on = 1;

	source.sin_addr.s_addr =
	    htonl(INADDR_LOOPBACK + 1 + target->source % SOURCES);
	(void)setsockopt(
	    fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)bind(fd, (struct sockaddr *)&source, sizeof(source));
	if (target->receive > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &target->receive,
		    sizeof(target->receive));
}

int
connection_open(struct connection *connection, struct loop *loop,
    const struct connection_calls *calls,
    const struct connection_target *target)
{
	int error;

	memset(connection, 0, sizeof(*connection));
	connection->fd =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0)
		return -errno;
	connection->loop = loop;
	connection->calls = calls;
	set_socket(connection->fd, target);
	if ((connect(connection->fd, (struct sockaddr *)&target->address,
		 sizeof(target->address)) == 0 ||
		errno == EINPROGRESS) &&
	    watch(connection, EPOLL_CTL_ADD, EPOLLOUT) == 0) {
		connection->phase = PHASE_CONNECTING;
		return 0;
	}
	error = -errno;
	close(connection->fd);
	return error;
}

int
connection_send(struct connection *connection, struct mcp_text request)
{
	ssize_t sent =
	    send(connection->fd, request.at, request.len, MSG_NOSIGNAL);

	return sent == (ssize_t)request.len ? 0 : -1;
}

/* --- answers ------------------------------------------------------------- */

static void
expect_head(struct connection *connection)
{
	connection->phase = PHASE_HEAD;
	connection->status = 0;
	connection->chunked = connection->has_length = false;
	connection->left = 0;
}

static void
finish(struct connection *connection)
{
	bool is_last = connection->is_last;
	unsigned status = connection->status;

	expect_head(connection);
	connection->calls->on_whole(connection, status);
	if (is_last && connection->phase != PHASE_OVER)
		end(connection);
}

static void
begin_body(struct connection *connection)
{
	if (connection->status / 100 == 1)
		expect_head(connection);
	else if (connection->chunked)
		connection->phase = PHASE_CHUNK_SIZE;
	else if (connection->status == 204 ||
	    (connection->has_length && connection->left == 0))
		finish(connection);
	else
		connection->phase = PHASE_BODY;
}

static bool
is_field(struct mcp_text line, const char *name, struct mcp_text *value)
{
	size_t len = strlen(name);

	if (line.len < len || strncasecmp(line.at, name, len) != 0)
		return false;
	*value =
	    mcp_text_trim((struct mcp_text){ line.at + len, line.len - len });
	return true;
}

static void
read_status(struct connection *connection, struct mcp_text line)
{
	if (line.len >= 12 && mcp_text_starts(line, "HTTP/1."))
		connection->status = (unsigned)atoi(line.at + 9);
	else
		end(connection);
}

static void
read_head(struct connection *connection, struct mcp_text line)
{
	struct mcp_text value;

	if (line.len == 0) {
		begin_body(connection);
	} else if (connection->status == 0) {
		read_status(connection, line);
	} else if (is_field(line, "transfer-encoding:", &value)) {
		connection->chunked = mcp_text_is_nocase(value, "chunked");
	} else if (is_field(line, "connection:", &value)) {
		connection->is_last = mcp_text_is_nocase(value, "close");
	} else if (is_field(line, "content-length:", &value)) {
		connection->has_length =
		    mcp_text_number(value, &connection->left) == 0;
	}
}

static void
read_chunk_size(struct connection *connection, struct mcp_text line)
{
	char digits[17] = "";

	memcpy(digits, line.at, line.len < 16 ? line.len : 16);
	connection->left = strtoull(digits, NULL, 16);
	connection->phase = connection->left > 0 ? PHASE_CHUNK : PHASE_TRAILER;
}

static void
read_line(struct connection *connection, struct mcp_text line)
{
	if (connection->phase == PHASE_HEAD)
		read_head(connection, line);
	else if (connection->phase == PHASE_CHUNK_SIZE)
		read_chunk_size(connection, line);
	else if (connection->phase == PHASE_CHUNK_END)
		connection->phase = PHASE_CHUNK_SIZE;
	else if (line.len == 0) /* of the trailer */
		finish(connection);
}

/* What of @bytes belongs to the body, or to this chunk of it. */
static void
read_body(struct connection *connection, struct mcp_text *bytes)
{
	bool ends = connection->phase == PHASE_CHUNK || connection->has_length;
	struct mcp_text part = *bytes;

	if (ends && part.len > connection->left)
		part.len = (size_t)connection->left;
	bytes->at += part.len;
	bytes->len -= part.len;
	connection->left -= ends ? part.len : 0;
	connection->calls->on_body(connection, part);
	if (!ends || connection->left > 0 || connection->phase == PHASE_OVER)
		return;
	if (connection->phase == PHASE_CHUNK)
		connection->phase = PHASE_CHUNK_END;
	else
		finish(connection);
}

static void
read_bytes(struct connection *connection, struct mcp_text bytes)
{
	struct mcp_text line;

	while (bytes.len > 0 && connection->phase != PHASE_OVER)
		if (connection->phase == PHASE_BODY ||
		    connection->phase == PHASE_CHUNK)
			read_body(connection, &bytes);
		else if (lines_take(&connection->lines, &bytes, &line))
			read_line(connection, line);
}

/* --- the loop ------------------------------------------------------------ */

static void
on_connected(struct connection *connection, uint32_t events)
{
	if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0)
		return; /* it was said of the socket before this one */
	if ((events & (EPOLLERR | EPOLLHUP)) != 0 ||
	    watch(connection, EPOLL_CTL_MOD, EPOLLIN) != 0) {
		end(connection);
		return;
	}
	connection->phase = PHASE_HEAD;
	connection->calls->on_ready(connection);
}

static void
on_readable(struct connection *connection)
{
	char *bytes = connection->loop->bytes;
	ssize_t n = read(connection->fd, bytes, LOOP_BYTES);

	if (n > 0)
		read_bytes(connection, (struct mcp_text){ bytes, (size_t)n });
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end(connection);
}

static void
stir(struct loop *loop, const struct epoll_event *event)
{
	struct connection *connection = event->data.ptr;
	uint64_t times;

	if (connection == NULL)
		(void)!read(loop->timer, &times, sizeof(times));
	else if (connection->phase == PHASE_CONNECTING)
		on_connected(connection, event->events);
	else if (connection->phase != PHASE_OVER)
		on_readable(connection);
}

int
loop_turn(struct loop *loop, int wait_ms)
{
	struct epoll_event events[TURN_EVENTS];
	int n = epoll_wait(loop->epoll, events, TURN_EVENTS, wait_ms);

	for (int i = 0; i < n; i++)
		stir(loop, &events[i]);
	return n > 0 ? n : 0;
}

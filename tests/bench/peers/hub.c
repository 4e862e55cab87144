/* hub.c - I am the least that can hold event streams: the floor
 *
 * One epoll set, two integers a stream, one send() for each event. I read the
 * same letters as mcp-broker, DELIVER and BROADCAST, and acknowledge them; of
 * HTTP I know that a head ends in an empty line. Nothing is kept: who does not
 * read what is sent is cut.
 *
 *   hub --bus ENDPOINT [--comment-ms N] --ready-fd FD
 *
 * That descriptor is told one line, "ready 127.0.0.1:PORT".
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <mcp/bus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BACKLOG 4096
#define LETTERS 64 /* read before streams are looked at again */
#define EVENT_MAX 16384

#define HEAD                                                                   \
	"HTTP/1.1 200 OK\r\nConnection: close\r\n"                             \
	"Content-Type: text/event-stream\r\n"                                  \
	"Cache-Control: no-cache\r\n\r\n"
#define CHANGED                                                                \
	"event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":"               \
	"\"notifications/tools/list_changed\"}\n\n"

enum { FREE, HEARING, OPEN };

struct stream {
	int fd;
	int state;
};

struct hub {
	int epoll, listener, timer, bus_fd;
	struct mcp_switchboard *board;
	struct stream *streams; /* by descriptor */
	int n;			/* no descriptor is as high */
};

static void
fail(const char *what)
{
	fprintf(stderr, "hub: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
watch(struct hub *hub, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP,
		.data.fd = fd };

	if (epoll_ctl(hub->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		fail("epoll_ctl");
}

/* --- streams ------------------------------------------------------------- */

static void
cut(struct stream *stream)
{
	close(stream->fd);
	stream->state = FREE;
}

static bool
give(struct stream *stream, const char *bytes, size_t len)
{
	if (send(stream->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	    (ssize_t)len)
		return true;
	cut(stream);
	return false;
}

static uint64_t
give_all(struct hub *hub, const char *bytes, size_t len)
{
	uint64_t told = 0;

	for (int fd = 0; fd < hub->n; fd++)
		if (hub->streams[fd].state == OPEN)
			told += give(&hub->streams[fd], bytes, len);
	return told;
}

static void
let_in(struct hub *hub)
{
	int on = 1,
	    fd = accept4(
		hub->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	hub->streams[fd] = (struct stream){ fd, HEARING };
	watch(hub, fd);
}

static void
hear(struct stream *stream)
{
	char bytes[4096], greeting[512];
	ssize_t n = read(stream->fd, bytes, sizeof(bytes));
	int len;

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			cut(stream);
		return;
	}
	if (stream->state == OPEN ||
	    memmem(bytes, (size_t)n, "\r\n\r\n", 4) == NULL)
		return;
	stream->state = OPEN;
	len = snprintf(greeting, sizeof(greeting),
	    HEAD "event: endpoint\ndata: /?connection_id=%d\n\n", stream->fd);
	(void)give(stream, greeting, (size_t)len);
}

/* --- letters ------------------------------------------------------------- */

static enum mcp_wire_outcome
deliver(struct hub *hub, const struct mcp_letter *letter)
{
	char event[EVENT_MAX];
	uint64_t fd;
	int len;

	if (mcp_text_number(letter->stream, &fd) != 0 ||
	    fd >= (uint64_t)hub->n || hub->streams[fd].state != OPEN)
		return MCP_GONE;
	len = snprintf(event, sizeof(event), "event: message\ndata: %.*s\n\n",
	    (int)letter->data.len, letter->data.at);
	if (len >= EVENT_MAX)
		return MCP_NO_ROOM;
	return give(&hub->streams[fd], event, (size_t)len) ? MCP_DELIVERED
							   : MCP_GONE;
}

static void
answer(struct hub *hub, const struct mcp_route *route,
    const struct mcp_letter *letter)
{
	struct mcp_letter said = { .kind = letter->kind,
		.correlation = letter->correlation,
		.id = MCP_TEXT("1") };

	said.outcome = MCP_UNKNOWN_KIND;
	if (letter->kind == MCP_DELIVER) {
		said.outcome = deliver(hub, letter);
	} else if (letter->kind == MCP_BROADCAST) {
		said.outcome = MCP_OK;
		said.streams = give_all(hub, CHANGED, sizeof(CHANGED) - 1);
	}
	(void)mcp_switchboard_send(hub->board, route, &said);
}

/* Return: whether more may be there */
static bool
read_letters(struct hub *hub)
{
	struct mcp_route route;
	struct mcp_letter letter;
	int condition;

	for (int i = 0; i < LETTERS; i++) {
		condition =
		    mcp_switchboard_receive(hub->board, &route, &letter);
		if (condition == MCP_BUS_E_EMPTY)
			return false;
		if (condition == 0 && letter.outcome == MCP_QUESTION)
			answer(hub, &route, &letter);
	}
	return true;
}

/* --- the loop ------------------------------------------------------------ */

static void
comment(struct hub *hub)
{
	uint64_t times;

	(void)!read(hub->timer, &times, sizeof(times));
	(void)give_all(hub, ":\n\n", 3);
}

static void
run(struct hub *hub)
{
	struct epoll_event events[256];
	bool more = false;

	for (;;) {
		int n = epoll_wait(hub->epoll, events, 256, more ? 0 : -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == hub->listener)
				let_in(hub);
			else if (fd == hub->timer)
				comment(hub);
			else if (fd != hub->bus_fd &&
			    hub->streams[fd].state != FREE)
				hear(&hub->streams[fd]);
		}
		more = read_letters(hub);
	}
}

static void
on_term(int number)
{
	(void)number;
	_exit(0);
}

static void
make_streams(struct hub *hub)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		fail("getrlimit");
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	hub->n = files.rlim_max > 1000000 ? 1000000 : (int)files.rlim_max;
	hub->streams = calloc((size_t)hub->n, sizeof(*hub->streams));
	if (hub->streams == NULL)
		fail("streams");
}

static void
listen_on_any(struct hub *hub, int ready_fd)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	hub->listener =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (hub->listener < 0 ||
	    bind(hub->listener, (struct sockaddr *)&address, len) != 0 ||
	    listen(hub->listener, BACKLOG) != 0 ||
	    getsockname(hub->listener, (struct sockaddr *)&address, &len) != 0)
		fail("listen");
	watch(hub, hub->listener);
	dprintf(ready_fd, "ready 127.0.0.1:%u\n", ntohs(address.sin_port));
	close(ready_fd);
}

static void
start_comments(struct hub *hub, long every_ms)
{
	struct itimerspec when = { .it_interval = { every_ms / 1000,
				       every_ms % 1000 * 1000000 } };

	when.it_value = when.it_interval;
	hub->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (hub->timer < 0 || timerfd_settime(hub->timer, 0, &when, NULL) != 0)
		fail("timer");
	watch(hub, hub->timer);
}

static void
open_board(struct hub *hub, const char *endpoint)
{
	struct mcp_bus *bus;
	int error = mcp_bus_new(endpoint, &bus);

	if (error == 0)
		error = mcp_switchboard_new(bus, &hub->board);
	errno = -error;
	if (error != 0)
		fail(endpoint);
	hub->bus_fd = mcp_switchboard_fd(hub->board);
	watch(hub, hub->bus_fd);
}

int
main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "bus", required_argument, NULL, 'b' },
		{ "comment-ms", required_argument, NULL, 'c' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	struct hub hub = { .timer = -1, .bus_fd = -1 };
	const char *bus = NULL;
	long every_ms = 15000;
	int option, ready_fd = -1;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (option == 'b')
			bus = optarg;
		else if (option == 'c')
			every_ms = strtol(optarg, NULL, 10);
		else if (option == 'r')
			ready_fd = atoi(optarg);
	if (bus == NULL || every_ms < 1 || ready_fd < 0) {
		fputs("usage: hub --bus ENDPOINT [--comment-ms N] "
		      "--ready-fd FD\n",
		    stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_term);
	make_streams(&hub);
	hub.epoll = epoll_create1(EPOLL_CLOEXEC);
	open_board(&hub, bus);
	start_comments(&hub, every_ms);
	listen_on_any(&hub, ready_fd);
	run(&hub);
}

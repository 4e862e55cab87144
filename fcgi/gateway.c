/* gateway.c - I am the only one who says FCGX_
 *
 * What libfcgi wants, read in its source and kept in this file alone:
 * - FCGX_Accept_r begins with FCGX_Finish_r, which closes a preset ipcFd unless
 *   keepConnection is set first.
 * - After an EOF or a bad record it would accept from listen_sock; so that is
 *   -1, and a connection is peeked before it is handed over.
 * - It allocates what a parameter's length says and asserts that it got it; so
 *   it gets a head only once the whole of it has been looked at.
 * - What is not read of STDIN would be taken for the next request: it is read
 *   to its end, or the connection is closed.
 * - It reads without time-out: we accept ourselves, so that SO_RCVTIMEO stands
 *   from the first byte, and gateway_expire() cuts who drips.
 *
 * Who has begun to speak and is not done must not hold a thread, nor be asked
 * again and again: what lies in a socket's buffer keeps it readable. It waits
 * in the lobby, a second set inside the first, which tells once of every piece
 * that arrives; one thread at a time looks there.
 */

#include "fcgi/gateway.h"
#include "fcgi/duty.h"
#include "fcgi/endpoint.h"
#include "fcgi/heir.h"
#include "fcgi/peek.h"
#include "fcgi/snapshot.h"
#include "fcgi/worker.h"

#include <mcp/config.h>
#include <mcp/listener.h>
#include <mcp/log.h>

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define READ_CHUNK 16384
#define SEND_TIMEOUT_S 30 /* for one write, and for all of an answer's piece */
#define PEEK_USUAL 4096 /* bytes of a request that are looked at first */
#define PEEK_YIELDS 32 /* before the lobby */
#define LOBBY_TURN 16 /* who is looked at before it is somebody else's turn */
#define NAP_NS (5 * (long)MCP_MS)
#define TIRED_MS 10000 /* as slots close their handles: see crew.h */

struct connection {
	struct gateway *gateway;
	int fd; /* ours; libfcgi has a duplicate to close whenever it likes */
	atomic_bool watched; /* in the epoll set, if asleep there */
	atomic_bool resting; /* awaited there: whoever clears it has it */
	FCGX_Request fcgx;
	struct http_request *request; /* NULL: none was read */
	bool hung_up; /* when it woke up, the other side had nothing to add */
	bool whole; /* STDIN was read to its end */
	_Atomic uint64_t writing_since_ns; /* 0: not writing */
	_Atomic uint64_t reading_since_ns; /* 0: not reading */
	struct connection *prev, *next; /* among all of the gateway */
};

struct gateway {
	int epoll_fd, lobby_fd, listen_fd, stop_fd;
	struct duty *duty;
	bool trusted; /* a unix socket: the web server's word is believed */
	atomic_bool stopping;
	_Atomic uint64_t patience_ns; /* when draining ends at the latest */
	atomic_int heir_fd; /* who gets the connections; -1: nobody */
	int legator_fd; /* who leaves us connections; -1: nobody */
	pthread_mutex_t lock; /* the list of connections */
	struct connection *connections;
	struct connection *given; /* freed at the end: a thread may be about
				     to look whether it has one of them */
	unsigned n_connections;
};

/* --- the set ------------------------------------------------------------ */

static int
watch(struct gateway *gateway, int fd, void *whom, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = whom };

	return epoll_ctl(gateway->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ?
	    0 : -errno;
}

int
gateway_new(int listen_fd, struct gateway **gatewayp)
{
	struct gateway *gateway = calloc(1, sizeof(*gateway));
	int error;

	if (gateway == NULL)
		return -ENOMEM;
	pthread_mutex_init(&gateway->lock, NULL);
	gateway->listen_fd = listen_fd;
	atomic_store(&gateway->heir_fd, -1);
	gateway->legator_fd = -1;
	gateway->trusted = mcp_listener_is_unix(listen_fd);
	gateway->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	gateway->lobby_fd = epoll_create1(EPOLL_CLOEXEC);
	gateway->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = duty_new(&gateway->duty);
	if (gateway->epoll_fd < 0 || gateway->lobby_fd < 0 ||
	    gateway->stop_fd < 0 ||
	    fcntl(listen_fd, F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(listen_fd, F_SETFD, FD_CLOEXEC) != 0)
		error = -errno;
	if (error == 0 && FCGX_Init() != 0)
		error = -EIO;
	if (error == 0)
		error = watch(gateway, listen_fd, &gateway->listen_fd,
		    EPOLLIN | EPOLLEXCLUSIVE);
	if (error == 0)
		error = watch(gateway, gateway->lobby_fd, &gateway->lobby_fd,
		    EPOLLIN | EPOLLONESHOT);
	if (error == 0)
		error = watch(gateway, gateway->stop_fd, &gateway->stop_fd,
		    EPOLLIN);
	if (error != 0) {
		gateway_free(gateway);
		return error;
	}
	*gatewayp = gateway;
	return 0;
}

/* Out of the list; where an heir is, it is kept in another.
 * Return: is it kept? */
static bool
delist(struct connection *connection)
{
	struct gateway *gateway = connection->gateway;
	bool keep = atomic_load(&gateway->heir_fd) >= 0;

	pthread_mutex_lock(&gateway->lock);
	if (connection->prev != NULL)
		connection->prev->next = connection->next;
	else
		gateway->connections = connection->next;
	if (connection->next != NULL)
		connection->next->prev = connection->prev;
	gateway->n_connections--;
	if (keep) {
		connection->next = gateway->given;
		gateway->given = connection;
	}
	pthread_mutex_unlock(&gateway->lock);
	return keep;
}

/* The malloc() of glibc gives a thread what it freed before, without a lock;
 * its calloc() does not. */
static struct http_request *
request_new(void)
{
	struct http_request *request = malloc(sizeof(*request));

	if (request != NULL)
		*request = (struct http_request){ 0 };
	return request;
}

static void
request_free(struct http_request *request)
{
	if (request != NULL)
		mcp_buf_deinit(&request->body);
	free(request);
}

static void
connection_free(struct connection *connection)
{
	if (connection->fcgx.ipcFd >= 0)
		close(connection->fcgx.ipcFd);
	close(connection->fd);
	request_free(connection->request);
	if (!delist(connection))
		free(connection);
}

void
gateway_free(struct gateway *gateway)
{
	if (gateway == NULL)
		return;
	while (gateway->connections != NULL)
		connection_free(gateway->connections);
	while (gateway->given != NULL) {
		struct connection *connection = gateway->given;

		gateway->given = connection->next;
		free(connection);
	}
	if (gateway->legator_fd >= 0)
		close(gateway->legator_fd);
	if (gateway->epoll_fd >= 0)
		close(gateway->epoll_fd);
	if (gateway->lobby_fd >= 0)
		close(gateway->lobby_fd);
	if (gateway->stop_fd >= 0)
		close(gateway->stop_fd);
	duty_free(gateway->duty);
	pthread_mutex_destroy(&gateway->lock);
	free(gateway);
}

/* --- a connection ------------------------------------------------------- */

static void
set_timeouts(int fd, const struct mcp_limits *limits)
{
	struct timeval receive = { limits->body_ms / 1000,
		limits->body_ms % 1000 * 1000 };
	struct timeval give = { SEND_TIMEOUT_S, 0 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof(receive));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &give, sizeof(give));
}

static struct connection *
connection_new(struct gateway *gateway, int fd, const struct mcp_limits *limits)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL ||
	    FCGX_InitRequest(&connection->fcgx, -1, 0) != 0) {
		free(connection);
		close(fd);
		return NULL;
	}
	connection->gateway = gateway;
	connection->fd = fd;
	connection->fcgx.ipcFd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	set_timeouts(fd, limits);
	pthread_mutex_lock(&gateway->lock);
	connection->next = gateway->connections;
	if (connection->next != NULL)
		connection->next->prev = connection;
	gateway->connections = connection;
	gateway->n_connections++;
	pthread_mutex_unlock(&gateway->lock);
	return connection;
}

/* Between two requests: back into the set, or over. */
static void
connection_rest(struct connection *connection)
{
	int operation = atomic_load(&connection->watched) ? EPOLL_CTL_MOD :
							    EPOLL_CTL_ADD;
	int epoll_fd = connection->gateway->epoll_fd, fd = connection->fd;
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
		.data.ptr = connection,
	};

	/* From here on another thread may have it. The kernel orders what we
	 * did before what that thread does; this says so to the language. */
	atomic_store(&connection->watched, true);
	atomic_store(&connection->resting, true);
	if (epoll_ctl(epoll_fd, operation, fd, &event) != 0 &&
	    atomic_exchange(&connection->resting, false))
		connection_free(connection); /* still ours, not the heir's */
}

/* Return: false when the heir takes no more; it is still ours then */
static bool
give(struct connection *connection, int heir_fd)
{
	if (heir_give(heir_fd, connection->fd) != 0)
		return false;
	if (atomic_load(&connection->watched))
		(void)epoll_ctl(connection->gateway->epoll_fd, EPOLL_CTL_DEL,
		    connection->fd, NULL);
	connection_free(connection);
	return true;
}

/* Wait for the next request, here or with the heir. */
static void
connection_keep(struct connection *connection)
{
	int heir_fd = atomic_load(&connection->gateway->heir_fd);

	if (heir_fd < 0 || !give(connection, heir_fd))
		connection_rest(connection);
}

static void
nap(void)
{
	nanosleep(&(struct timespec){ 0, NAP_NS }, NULL);
}

/* --- a request, as far as it has come ----------------------------------- */

static bool
is_hangup(uint32_t events)
{
	return (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
}

static bool
is_partial(int condition)
{
	return condition == PEEK_E_MORE || condition == PEEK_E_BODY;
}

/* Does a whole request lie in the buffer, fit for libfcgi? */
static int
peek(const struct connection *connection)
{
	char bytes[PEEK_MAX];
	size_t room = PEEK_USUAL;
	int condition;
	ssize_t n;

	for (;;) {
		n = recv(connection->fd, bytes, room, MSG_PEEK | MSG_DONTWAIT);
		if (n <= 0)
			return PEEK_E_BAD;
		condition = peek_request((struct mcp_text){ bytes, (size_t)n });
		if (!is_partial(condition) || (size_t)n < room ||
		    room == sizeof(bytes))
			return condition;
		room = sizeof(bytes);
	}
}

/* Almost always a request came as one piece. Apache sends some, microseconds
 * apart: the next one is there sooner than any event. */
static int
peek_patiently(const struct connection *connection)
{
	int yields = connection->hung_up ? 0 : PEEK_YIELDS;
	int condition = peek(connection);

	while (is_partial(condition) && yields-- > 0) {
		sched_yield();
		condition = peek(connection);
	}
	return condition;
}

static void
lobby_enter(struct connection *connection)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
		.data.ptr = connection,
	};

	/* from here on it is the lobby's */
	if (epoll_ctl(connection->gateway->lobby_fd, EPOLL_CTL_ADD,
		connection->fd, &event) != 0)
		connection_free(connection);
}

/* Another piece has come, or nothing more will. */
static void
lobby_look_at(struct connection *connection, uint32_t events)
{
	if (!is_hangup(events) && is_partial(peek(connection)))
		return;
	epoll_ctl(connection->gateway->lobby_fd, EPOLL_CTL_DEL, connection->fd,
	    NULL);
	connection_rest(connection);
}

static void
lobby_look(struct gateway *gateway)
{
	struct epoll_event again = { .events = EPOLLIN | EPOLLONESHOT,
		.data.ptr = &gateway->lobby_fd };
	struct epoll_event events[LOBBY_TURN];
	int n = epoll_wait(gateway->lobby_fd, events, LOBBY_TURN, 0);

	for (int i = 0; i < n; i++)
		lobby_look_at(events[i].data.ptr, events[i].events);
	epoll_ctl(gateway->epoll_fd, EPOLL_CTL_MOD, gateway->lobby_fd, &again);
}

/* --- a request ---------------------------------------------------------- */

/* Let libfcgi read head and parameters; it closes what it cannot read. */
static bool
read_head(struct connection *connection)
{
	struct http_request *request = connection->request;
	FCGX_Request *fcgx = &connection->fcgx;

	fcgx->keepConnection = 1;
	if (FCGX_Accept_r(fcgx) < 0)
		return false;
	request->variables = fcgx->envp;
	for (char **entry = fcgx->envp; *entry != NULL; entry++)
		http_header(request, *entry);
	if (!connection->gateway->trusted)
		request->user = request->roles = request->scopes =
		    MCP_TEXT_INIT;
	return true;
}

/* Read STDIN to its end, keeping at most the limit.
 * Return: 0; the HTTP status that says what is wrong */
static unsigned
read_body(struct connection *connection, size_t max)
{
	struct http_request *request = connection->request;
	FCGX_Stream *in = connection->fcgx.in;
	size_t piece = READ_CHUNK;
	uint64_t told;
	int n;

	if (request->length.len > 0 &&
	    (mcp_text_number(request->length, &told) != 0 || told > max))
		return 413;
	if (request->length.len > 0 && told < READ_CHUNK)
		piece = (size_t)told + 1; /* and the end is seen at once */
	for (;;) {
		if (mcp_buf_reserve(&request->body, piece) != 0)
			return 503;
		n = FCGX_GetStr(request->body.data + request->body.len,
		    (int)piece, in);
		if (n <= 0)
			break;
		request->body.len += (size_t)n;
		if (request->body.len > max)
			return 413;
	}
	request->body.data[request->body.len] = '\0';
	if (FCGX_GetError(in) != 0)
		return 400;
	connection->whole = true;
	if (request->length.len > 0 && told != request->body.len)
		return 400;
	return 0;
}

/* Without a descriptor for libfcgi, or memory, it waits like those who were not
 * accepted.
 * Return: false when it is back in the set */
static bool
equip(struct connection *connection)
{
	int *copy = &connection->fcgx.ipcFd;

	if (*copy < 0)
		*copy = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);
	if (connection->request == NULL)
		connection->request = request_new();
	if (*copy >= 0 && connection->request != NULL)
		return true;
	nap();
	connection_rest(connection);
	return false;
}

static void
read_request(struct connection *connection, struct thread *thread)
{
	unsigned trouble;

	if (!equip(connection))
		return;
	connection->whole = false;
	if (!read_head(connection)) {
		connection_free(connection);
		return;
	}
	trouble = read_body(connection, thread->config->server.limits.max_body);
	atomic_store(&connection->reading_since_ns, 0);
	endpoint_serve(thread, &connection, trouble);
}

/* @events: what woke it. Without a whole head a hangup is a goodbye, or
 * somebody was cut off; without a whole body it is told so. */
static void
serve(struct connection *connection, struct thread *thread, uint32_t events)
{
	int condition;

	connection->hung_up = is_hangup(events);
	if (atomic_load(&connection->reading_since_ns) == 0)
		atomic_store(&connection->reading_since_ns, mcp_clock_ns());
	condition = peek_patiently(connection);
	if (condition == 0 || (condition == PEEK_E_BODY && connection->hung_up))
		read_request(connection, thread);
	else if (condition == PEEK_E_BAD || connection->hung_up)
		connection_free(connection);
	else
		lobby_enter(connection);
}

/* A new connection usually has its request with it; then it is served at once
 * and never sees the set. */
static void
begin(struct gateway *gateway, struct thread *thread, int fd)
{
	struct pollfd about = { fd, POLLIN | POLLRDHUP, 0 };
	struct connection *connection =
	    connection_new(gateway, fd, &thread->config->server.limits);

	if (connection == NULL)
		return;
	/* to poll(2) these events have the same names */
	if (poll(&about, 1, 0) == 1)
		serve(connection, thread, (uint32_t)about.revents);
	else
		connection_keep(connection);
}

static void
accept_one(struct gateway *gateway, struct thread *thread)
{
	int fd = accept4(gateway->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		begin(gateway, thread, fd);
	else if (errno == EMFILE || errno == ENFILE)
		nap(); /* no descriptor is left: let somebody finish */
}

/* A kept connection woke up: the next request, or the web server's goodbye,
 * which has no head. */
static void
wake_one(struct thread *thread, const struct epoll_event *event)
{
	struct connection *connection = event->data.ptr;

	/* the other half of what connection_rest() says to the language */
	(void)atomic_load(&connection->watched);
	if (atomic_exchange(&connection->resting, false))
		serve(connection, thread, event->events);
}

/* What an earlier process leaves us, until it ends. */
static void
take_one(struct gateway *gateway, struct thread *thread)
{
	int fd, condition = heir_take(gateway->legator_fd, &fd);

	if (condition == -EPIPE)
		(void)epoll_ctl(gateway->epoll_fd, EPOLL_CTL_DEL,
		    gateway->legator_fd, NULL);
	if (condition == 0)
		begin(gateway, thread, fd);
}

static bool
drained(struct gateway *gateway)
{
	bool none;

	pthread_mutex_lock(&gateway->lock);
	none = gateway->n_connections == 0;
	pthread_mutex_unlock(&gateway->lock);
	return none || mcp_clock_ns() > atomic_load(&gateway->patience_ns);
}

static bool
over(struct gateway *gateway)
{
	return atomic_load(&gateway->stopping) && drained(gateway);
}

static void
look_at(struct gateway *gateway, struct thread *thread,
    const struct epoll_event *event)
{
	snapshot_look(thread);
	if (event->data.ptr == &gateway->listen_fd)
		accept_one(gateway, thread);
	else if (event->data.ptr == &gateway->legator_fd)
		take_one(gateway, thread);
	else if (event->data.ptr == &gateway->lobby_fd)
		lobby_look(gateway);
	else if (event->data.ptr != &gateway->stop_fd)
		wake_one(thread, event);
	else /* it stays readable, so that every thread sees it */
		nap();
}

bool
gateway_run(struct gateway *gateway, struct thread *thread)
{
	struct duty_seat seat = { 0 };
	bool tired = false, worked = false;

	thread->seat = &seat;
	while (!tired && !thread->tasked && !over(gateway)) {
		int patience_ms = worked ? TIRED_MS : 0;
		struct epoll_event event;
		int n = 0;

		if (duty_take(gateway->duty, &seat, (unsigned)patience_ms))
			n = epoll_wait(gateway->epoll_fd, &event, 1,
			    worked ? patience_ms : -1);
		tired = n == 0;
		if (n <= 0)
			continue;
		worked = true;
		duty_begin(gateway->duty, &seat);
		look_at(gateway, thread, &event);
		duty_end(gateway->duty, &seat);
	}
	duty_leave(gateway->duty, &seat);
	thread->seat = NULL;
	return tired;
}

void
gateway_wait(struct gateway *gateway, struct thread *thread)
{
	duty_wait(gateway->duty, thread->seat);
}

void
gateway_stop(struct gateway *gateway, unsigned patience_ms)
{
	uint64_t one = 1;

	epoll_ctl(gateway->epoll_fd, EPOLL_CTL_DEL, gateway->listen_fd, NULL);
	atomic_store(&gateway->patience_ns,
	    mcp_clock_ns() + patience_ms * MCP_MS);
	atomic_store(&gateway->stopping, true);
	duty_stop(gateway->duty);
	if (write(gateway->stop_fd, &one, sizeof(one)) < 0)
		mcp_log(MCP_LOG_ERROR, "cannot wake the threads");
}

/* Those that rest now: a thread that has just been woken for one looks whether
 * it still has it. */
static struct connection *
find_resting(struct gateway *gateway)
{
	struct connection *connection;

	pthread_mutex_lock(&gateway->lock);
	connection = gateway->connections;
	while (connection != NULL &&
	    !atomic_exchange(&connection->resting, false))
		connection = connection->next;
	pthread_mutex_unlock(&gateway->lock);
	return connection;
}

void
gateway_hand_over(struct gateway *gateway, int heir_fd, unsigned patience_ms)
{
	atomic_store(&gateway->heir_fd, heir_fd);
	gateway_stop(gateway, patience_ms);
	gateway_sweep(gateway);
}

void
gateway_sweep(struct gateway *gateway)
{
	int heir_fd = atomic_load(&gateway->heir_fd);
	struct connection *connection;

	while ((connection = find_resting(gateway)) != NULL)
		if (!give(connection, heir_fd)) {
			connection_rest(connection);
			return;
		}
}

int
gateway_inherit(struct gateway *gateway, int legator_fd)
{
	gateway->legator_fd = legator_fd;
	return watch(gateway, legator_fd, &gateway->legator_fd,
	    EPOLLIN | EPOLLEXCLUSIVE);
}

/* Who drips its request, or takes its answer by drops, holds a thread. */
static void
expire(struct connection *connection, uint64_t now_ns, uint64_t most_ns)
{
	uint64_t reading_ns = atomic_load(&connection->reading_since_ns);
	uint64_t writing_ns = atomic_load(&connection->writing_since_ns);

	if (reading_ns != 0 && now_ns > reading_ns + most_ns) {
		shutdown(connection->fd, SHUT_RD);
		atomic_store(&connection->reading_since_ns, 0);
	}
	if (writing_ns != 0 && now_ns > writing_ns + SEND_TIMEOUT_S * MCP_S) {
		shutdown(connection->fd, SHUT_RDWR);
		atomic_store(&connection->writing_since_ns, 0);
	}
}

void
gateway_expire(struct gateway *gateway, unsigned body_ms, uint64_t now_ns)
{
	uint64_t most = body_ms * MCP_MS;

	pthread_mutex_lock(&gateway->lock);
	for (struct connection *c = gateway->connections; c; c = c->next)
		expire(c, now_ns, most);
	pthread_mutex_unlock(&gateway->lock);
}

/* --- the answer --------------------------------------------------------- */

/* FCGX_FPrintF() takes as long as all the rest of an answer. */
static void
put_number(FCGX_Stream *out, size_t number)
{
	char digits[MCP_DIGITS_MAX];
	struct mcp_text text = mcp_text_digits((int64_t)number, digits);

	FCGX_PutStr(text.at, (int)text.len, out);
}

static void
write_head(FCGX_Stream *out, const struct http_answer *answer)
{
	FCGX_PutS("Status: ", out);
	put_number(out, answer->status);
	FCGX_PutS(" ", out);
	FCGX_PutS(http_reason(answer->status), out);
	FCGX_PutS("\r\n", out);
	FCGX_PutStr(answer->headers.data, (int)answer->headers.len, out);
	if (answer->type == NULL)
		return;
	FCGX_PutS("Content-Type: ", out);
	FCGX_PutS(answer->type, out);
	FCGX_PutS("\r\n", out);
}

void
gateway_answer(struct connection **connectionp,
    const struct http_answer *answer)
{
	struct connection *connection = *connectionp;
	FCGX_Stream *out = connection->fcgx.out;

	atomic_store(&connection->writing_since_ns, mcp_clock_ns());
	write_head(out, answer);
	if (answer->status != 204) {
		FCGX_PutS("Content-Length: ", out);
		put_number(out, answer->body.len);
		FCGX_PutS("\r\n", out);
	}
	FCGX_PutS("\r\n", out);
	if (connection->request->method != HTTP_HEAD)
		FCGX_PutStr(answer->body.data, (int)answer->body.len, out);
	gateway_stream_end(connectionp);
}

int
gateway_stream_begin(struct connection *connection,
    const struct http_answer *head)
{
	write_head(connection->fcgx.out, head);
	return gateway_stream_write(connection, MCP_TEXT("\r\n"));
}

int
gateway_stream_write(struct connection *connection, struct mcp_text piece)
{
	FCGX_Stream *out = connection->fcgx.out;
	bool gone;

	atomic_store(&connection->writing_since_ns, mcp_clock_ns());
	gone = FCGX_PutStr(piece.at, (int)piece.len, out) < 0 ||
	    FCGX_FFlush(out) != 0;
	atomic_store(&connection->writing_since_ns, 0);
	return gone ? -EPIPE : 0;
}

void
gateway_stream_end(struct connection **connectionp)
{
	struct connection *connection = *connectionp;
	bool keep;

	*connectionp = NULL;
	keep = connection->fcgx.keepConnection && connection->whole &&
	    (!atomic_load(&connection->gateway->stopping) ||
		atomic_load(&connection->gateway->heir_fd) >= 0);
	/* keepConnection off makes libfcgi close, after a shutdown and a drain,
	 * so that a peer still sending gets the answer and not a reset */
	if (!keep)
		connection->fcgx.keepConnection = 0;
	if (atomic_load(&connection->writing_since_ns) == 0)
		atomic_store(&connection->writing_since_ns, mcp_clock_ns());
	FCGX_Finish_r(&connection->fcgx);
	atomic_store(&connection->writing_since_ns, 0);
	request_free(connection->request);
	connection->request = NULL;
	if (connection->fcgx.ipcFd < 0)
		connection_free(connection);
	else
		connection_keep(connection);
}

bool
gateway_writable(const struct connection *connection)
{
	struct pollfd about = { connection->fd, POLLOUT, 0 };

	return poll(&about, 1, 0) == 1 && (about.revents & POLLOUT) != 0;
}

bool
gateway_hung_up(const struct connection *connection)
{
	return connection->hung_up;
}

bool
gateway_abandoned(const struct connection *connection)
{
	char byte;
	ssize_t n = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

struct http_request *
gateway_request(struct connection *connection)
{
	return connection->request;
}

int
gateway_listener(const struct gateway *gateway)
{
	return gateway->listen_fd;
}

/* bus.c - I am the only one who says zmq_ */

#include <mcp/bus.h>
#include <mcp/seal.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define RECONNECT_MS 10 /* an upgrade of the broker takes few of these */
#define RECONNECT_MAX_MS 1000
#define AGAIN_NS (250 * MCP_MS) /* then a question may have been lost */
#define LEAVE_MS 20 /* for a peer to take what was sent */

struct mcp_bus {
	void *context;
	char *endpoint;
};

struct mcp_line {
	void *socket;
	uint64_t correlation; /* of the last question */
	zmq_msg_t held; /* the letter whose texts are lent out */
	struct mcp_buf out;
};

struct mcp_switchboard {
	void *socket;
	int fd;
	zmq_msg_t held;
	struct mcp_buf out;
};

int
mcp_bus_new(const char *endpoint, struct mcp_bus **busp)
{
	struct mcp_bus *bus = calloc(1, sizeof(*bus));

	if (bus == NULL)
		return -ENOMEM;
	bus->endpoint = strdup(endpoint);
	bus->context = zmq_ctx_new();
	if (bus->endpoint == NULL || bus->context == NULL) {
		mcp_bus_free(bus);
		return -ENOMEM;
	}
	zmq_ctx_set(bus->context, ZMQ_MAX_SOCKETS, 4096);
	*busp = bus;
	return 0;
}

void
mcp_bus_free(struct mcp_bus *bus)
{
	if (bus == NULL)
		return;
	if (bus->context != NULL)
		zmq_ctx_term(bus->context);
	free(bus->endpoint);
	free(bus);
}

static int
set(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0 ?
	    0 : -errno;
}

static int
set_common(void *socket)
{
	int64_t most = MCP_WIRE_MAX;
	int error = set(socket, ZMQ_LINGER, 0);

	if (error == 0)
		error = set(socket, ZMQ_SNDHWM, MCP_BUS_HWM);
	if (error == 0)
		error = set(socket, ZMQ_RCVHWM, MCP_BUS_HWM);
	if (error == 0 && zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most,
	    sizeof(most)) != 0)
		error = -errno;
	return error;
}

/* Why zmq_send() failed. */
static int
unsent(void)
{
	return errno == EAGAIN ? MCP_BUS_E_BUSY :
	    errno == EHOSTUNREACH ? MCP_BUS_E_AWAY : -errno;
}

/* The bytes of @letter as one part; the copy is ZeroMQ's. */
static int
send_letter(void *socket, struct mcp_buf *scratch,
    const struct mcp_letter *letter)
{
	int error;

	mcp_buf_reset(scratch);
	error = mcp_wire_write(letter, scratch);
	if (error != 0)
		return error;
	if (zmq_send(socket, scratch->data, scratch->len, ZMQ_DONTWAIT) >= 0)
		return 0;
	return unsent();
}

/* --- a worker's end ------------------------------------------------------ */

static void
make_route(const uint8_t *process, uint16_t thread,
    uint8_t route[MCP_BUS_ROUTE_LEN])
{
	route[0] = 0x50;
	memcpy(route + 1, process, MCP_BUS_PROCESS_LEN);
	route[9] = (uint8_t)(thread >> 8);
	route[10] = (uint8_t)thread;
	route[11] = 0;
}

int
mcp_line_new(struct mcp_bus *bus, const uint8_t process[MCP_BUS_PROCESS_LEN],
    uint16_t thread, struct mcp_line **linep)
{
	struct mcp_line *line = calloc(1, sizeof(*line));
	uint8_t route[MCP_BUS_ROUTE_LEN];
	int error;

	if (line == NULL)
		return -ENOMEM;
	zmq_msg_init(&line->held);
	mcp_random(&line->correlation, sizeof(line->correlation));
	make_route(process, thread, route);
	line->socket = zmq_socket(bus->context, ZMQ_DEALER);
	error = line->socket == NULL ? -errno : set_common(line->socket);
	if (error == 0 && zmq_setsockopt(line->socket, ZMQ_ROUTING_ID, route,
	    sizeof(route)) != 0)
		error = -errno;
	if (error == 0)
		error = set(line->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
	if (error == 0)
		error = set(line->socket, ZMQ_RECONNECT_IVL_MAX,
		    RECONNECT_MAX_MS);
	if (error == 0 && zmq_connect(line->socket, bus->endpoint) != 0)
		error = -errno;
	if (error != 0) {
		mcp_line_free(line);
		return error;
	}
	*linep = line;
	return 0;
}

void
mcp_line_free(struct mcp_line *line)
{
	if (line == NULL)
		return;
	zmq_msg_close(&line->held);
	if (line->socket != NULL)
		zmq_close(line->socket);
	mcp_buf_deinit(&line->out);
	free(line);
}

int
mcp_line_send(struct mcp_line *line, struct mcp_letter *letter)
{
	while (letter->correlation == 0)
		letter->correlation = ++line->correlation;
	return send_letter(line->socket, &line->out, letter);
}

static int
receive_part(void *socket, zmq_msg_t *held)
{
	zmq_msg_close(held);
	zmq_msg_init(held);
	if (zmq_msg_recv(held, socket, ZMQ_DONTWAIT) >= 0)
		return 0;
	return errno == EAGAIN ? MCP_BUS_E_EMPTY : -errno;
}

static struct mcp_text
part_text(zmq_msg_t *part)
{
	return (struct mcp_text){ zmq_msg_data(part), zmq_msg_size(part) };
}

static int
is_last(void *socket)
{
	int more = 0;
	size_t len = sizeof(more);

	zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &len);
	return !more;
}

int
mcp_line_receive(struct mcp_line *line, struct mcp_letter *letter)
{
	int condition;

	for (;;) {
		condition = receive_part(line->socket, &line->held);
		if (condition != 0)
			return condition;
		if (mcp_wire_read(part_text(&line->held), letter) == 0)
			return 0;
	}
}

void
mcp_line_wait(struct mcp_line *line, int fd, int wait_ms)
{
	zmq_pollitem_t items[2] = { { line->socket, 0, ZMQ_POLLIN, 0 },
		{ NULL, fd, ZMQ_POLLIN, 0 } };

	/* an interrupted wait is a short one: the caller looks again */
	(void)zmq_poll(items, fd < 0 ? 1 : 2, wait_ms);
}

/* Return: 0 it is the answer; MCP_BUS_E_EMPTY there is none yet; -errno */
static int
look_for_answer(struct mcp_line *line, struct mcp_letter *question,
    struct mcp_letter *answer)
{
	int condition;

	while ((condition = mcp_line_receive(line, answer)) == 0) {
		if (answer->outcome != MCP_QUESTION &&
		    answer->correlation == question->correlation)
			return 0;
		if (answer->kind == MCP_AGAIN)
			(void)mcp_line_send(line, question);
		/* else it answers a question that we gave up on */
	}
	return condition;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int
mcp_line_ask(struct mcp_line *line, struct mcp_letter *question,
    struct mcp_letter *answer)
{
	uint64_t now = mcp_clock_ns(), deadline = question->deadline_ns;
	uint64_t again = now + AGAIN_NS;
	int condition;

	question->correlation = 0;
	condition = mcp_line_send(line, question);
	if (condition != 0)
		return condition == MCP_BUS_E_BUSY ? MCP_BUS_E_AWAY : condition;
	for (;;) {
		condition = look_for_answer(line, question, answer);
		if (condition != MCP_BUS_E_EMPTY)
			return condition;
		now = mcp_clock_ns();
		if (now >= deadline)
			return MCP_BUS_E_AWAY;
		if (now >= again) {
			(void)mcp_line_send(line, question);
			again = now + AGAIN_NS;
		}
		mcp_line_wait(line, -1,
		    (int)((least(deadline, again) - now) / MCP_MS) + 1);
	}
}

/* --- the broker's end ---------------------------------------------------- */

const uint8_t *
mcp_route_process(const struct mcp_route *route)
{
	return route->id + 1;
}

int
mcp_switchboard_new(struct mcp_bus *bus, struct mcp_switchboard **boardp)
{
	struct mcp_switchboard *board = calloc(1, sizeof(*board));
	size_t len = sizeof(board->fd);
	int error;

	if (board == NULL)
		return -ENOMEM;
	zmq_msg_init(&board->held);
	board->socket = zmq_socket(bus->context, ZMQ_ROUTER);
	error = board->socket == NULL ? -errno : set_common(board->socket);
	if (error == 0)
		error = set(board->socket, ZMQ_ROUTER_MANDATORY, 1);
	if (error == 0)
		error = set(board->socket, ZMQ_ROUTER_HANDOVER, 1);
	if (error == 0 && (zmq_bind(board->socket, bus->endpoint) != 0 ||
	    zmq_getsockopt(board->socket, ZMQ_FD, &board->fd, &len) != 0))
		error = -errno;
	if (error != 0) {
		mcp_switchboard_free(board);
		return error;
	}
	*boardp = board;
	return 0;
}

void
mcp_switchboard_free(struct mcp_switchboard *board)
{
	if (board == NULL)
		return;
	zmq_msg_close(&board->held);
	if (board->socket != NULL)
		zmq_close(board->socket);
	mcp_buf_deinit(&board->out);
	free(board);
}

void
mcp_switchboard_leave(struct mcp_switchboard *board)
{
	if (board != NULL)
		(void)set(board->socket, ZMQ_LINGER, LEAVE_MS);
	mcp_switchboard_free(board);
}

int
mcp_switchboard_fd(const struct mcp_switchboard *board)
{
	return board->fd;
}

/* Parts beyond the letter, or a letter without one: take all, keep none. */
static void
drop_rest(struct mcp_switchboard *board)
{
	while (!is_last(board->socket))
		if (receive_part(board->socket, &board->held) != 0)
			return;
}

static int
receive_one(struct mcp_switchboard *board, struct mcp_route *route,
    struct mcp_letter *letter)
{
	int condition = receive_part(board->socket, &board->held);

	if (condition != 0)
		return condition;
	if (is_last(board->socket) ||
	    zmq_msg_size(&board->held) != MCP_BUS_ROUTE_LEN) {
		drop_rest(board);
		return MCP_BUS_E_WIRE + MCP_WIRE_E_HEAD;
	}
	memcpy(route->id, zmq_msg_data(&board->held), MCP_BUS_ROUTE_LEN);
	condition = receive_part(board->socket, &board->held);
	if (condition != 0)
		return condition;
	if (!is_last(board->socket)) {
		drop_rest(board);
		return MCP_BUS_E_WIRE + MCP_WIRE_E_HEAD;
	}
	condition = mcp_wire_read(part_text(&board->held), letter);
	return condition == 0 ? 0 : MCP_BUS_E_WIRE + condition;
}

int
mcp_switchboard_receive(struct mcp_switchboard *board, struct mcp_route *route,
    struct mcp_letter *letter)
{
	int condition;

	do /* what has no readable head cannot be answered */
		condition = receive_one(board, route, letter);
	while (condition == MCP_BUS_E_WIRE + MCP_WIRE_E_HEAD);
	return condition;
}

int
mcp_switchboard_send(struct mcp_switchboard *board,
    const struct mcp_route *route, const struct mcp_letter *letter)
{
	int error;

	mcp_buf_reset(&board->out);
	error = mcp_wire_write(letter, &board->out);
	if (error != 0)
		return error;
	return mcp_switchboard_pass(board, route, mcp_buf_view(&board->out));
}

int
mcp_switchboard_pass(struct mcp_switchboard *board,
    const struct mcp_route *route, struct mcp_text letter)
{
	if (zmq_send(board->socket, route->id, sizeof(route->id),
		ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
	    zmq_send(board->socket, letter.at, letter.len, ZMQ_DONTWAIT) < 0)
		return unsent();
	return 0;
}

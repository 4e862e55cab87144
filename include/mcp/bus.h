/* bus.h - I am the only one who says zmq_
 *
 * Two ends. A worker's thread has a line: it asks and waits, or, on the control
 * thread, listens too. The broker has the switchboard: one descriptor for its
 * loop, then receive until MCP_BUS_E_EMPTY.
 *
 * ZMQ_FD is an edge and ZMQ_EVENTS is the truth: after the descriptor stirred,
 * and after every send, receive until empty, or ask again on the next turn.
 */
#ifndef MCP_BUS_H
#define MCP_BUS_H

#include <mcp/wire.h>

#define MCP_BUS_ROUTE_LEN 12
#define MCP_BUS_PROCESS_LEN 8
#define MCP_BUS_HWM 1024 /* letters */

/* MCP_BUS_E_WIRE + an enum mcp_wire_condition: a letter that cannot be read */
#define MCP_BUS_E_WIRE 16

enum mcp_bus_condition {
	MCP_BUS_E_AWAY = 1, /* no answer by the deadline: not known whether */
	MCP_BUS_E_EMPTY, /* nothing to receive now */
	MCP_BUS_E_BUSY /* the other side takes no more now */
};

struct mcp_bus;

/* mcp_bus_new() - the context, one a process; @endpoint as zmq_connect(3)
 * takes it, "ipc:///run/mcp-fcgi/bus.sock"
 * Return: 0; -errno */
int mcp_bus_new(const char *endpoint, struct mcp_bus **busp);
void mcp_bus_free(struct mcp_bus *bus); /* after its lines are closed */

/* --- a worker's end ----------------------------------------------------- */

struct mcp_line;

/* mcp_line_new() - a DEALER of the calling thread; no other may touch it
 * Units:  @process as made once by mcp_random(); @thread 0 is the control line
 * Return: 0; -errno */
int mcp_line_new(struct mcp_bus *bus,
    const uint8_t process[MCP_BUS_PROCESS_LEN], uint16_t thread,
    struct mcp_line **linep);
void mcp_line_free(struct mcp_line *line);

/* mcp_line_ask() - send @question, wait for its answer until its deadline_ns;
 * it is sent again where the broker was replaced meanwhile (AGAIN), and every
 * 250 ms: one correlation is one question, however often it comes
 * Return: 0; MCP_BUS_E_AWAY; -errno
 * Owner:  correlation is chosen here; @answer's texts live until the next call
 *         on this line */
int mcp_line_ask(struct mcp_line *line, struct mcp_letter *question,
    struct mcp_letter *answer);

/* mcp_line_send() - without waiting; correlation 0 means "choose one", told in
 * @letter
 * Return: 0; MCP_BUS_E_BUSY; -errno */
int mcp_line_send(struct mcp_line *line, struct mcp_letter *letter);

/* mcp_line_receive() - one letter, if there is one
 * Return: 0; MCP_BUS_E_EMPTY; -errno. What is not a letter is dropped. */
int mcp_line_receive(struct mcp_line *line, struct mcp_letter *letter);

/* mcp_line_wait() - until a letter may be there, @fd is readable, or @wait_ms
 * is over; @fd -1: none */
void mcp_line_wait(struct mcp_line *line, int fd, int wait_ms);

/* --- the broker's end --------------------------------------------------- */

struct mcp_switchboard;

struct mcp_route {
	uint8_t id[MCP_BUS_ROUTE_LEN];
};
const uint8_t *mcp_route_process(const struct mcp_route *route);

/* mcp_switchboard_new() - bind the ROUTER
 * Return: 0; -errno (-EADDRINUSE) */
int mcp_switchboard_new(struct mcp_bus *bus, struct mcp_switchboard **boardp);
void mcp_switchboard_free(struct mcp_switchboard *board);

/* mcp_switchboard_leave() - free it, once what was sent is on its way: closing
 * the bus waits for that, 20 ms at most */
void mcp_switchboard_leave(struct mcp_switchboard *board);

int mcp_switchboard_fd(const struct mcp_switchboard *board);

/* mcp_switchboard_receive() - one letter
 * Return: 0; MCP_BUS_E_EMPTY; above MCP_BUS_E_WIRE, one that cannot be read,
 *         but answered: route, kind and correlation are filled; -errno
 * Owner:  texts live until the next receive */
int mcp_switchboard_receive(struct mcp_switchboard *board,
    struct mcp_route *route, struct mcp_letter *letter);

/* mcp_switchboard_send() - to one socket
 * Return: 0; MCP_BUS_E_AWAY nobody has that route any more; MCP_BUS_E_BUSY;
 *         -errno */
int mcp_switchboard_send(struct mcp_switchboard *board,
    const struct mcp_route *route, const struct mcp_letter *letter);

/* mcp_switchboard_pass() - likewise, one that is written already */
int mcp_switchboard_pass(struct mcp_switchboard *board,
    const struct mcp_route *route, struct mcp_text letter);

#endif

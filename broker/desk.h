/* desk.h - I read letters and answer each of them
 *
 * doc/wire.txt, section 4, is what I do. Nothing is executed late, nothing
 * twice, and nothing is left without an answer.
 */
#ifndef BROKER_DESK_H
#define BROKER_DESK_H

#include <sys/queue.h>
#include <uv.h>

#include <mcp/bus.h>

#include "broker/state.h"

#define DESK_TURN 256 /* letters read before others have their turn, */
#define DESK_TURN_NS (5 * MCP_MS) /* and how long, if one is a broadcast */
#define DESK_ACKNOWLEDGE_NS (250 * MCP_MS) /* for an end, by a process */
#define DESK_TELL_NS (2 * MCP_S) /* for what a process is told */
#define DESK_ASKED (UINT64_C(1) << 63) /* in the correlation of those */

struct broker;
struct process;
struct ending; /* a "SESSION end" that waits for the processes */

struct desk {
	struct mcp_bus *bus;
	struct mcp_switchboard *board;
	uv_poll_t *poll; /* ZMQ_FD is an edge: after it stirred, until empty */
	uv_idle_t more; /* active while there may be letters unread */
	TAILQ_HEAD(endings, ending) endings; /* by number, rising */
	uint64_t asked; /* questions of ours, but those of ends */
	struct mcp_buf ends; /* scratch, for WELCOME and ENDED */
	bool open;
};

/* desk_open() - bind the bus at @endpoint, and read letters from now on
 * Return: 0; -errno */
int desk_open(struct broker *broker, const char *endpoint);
void desk_close(struct desk *desk);

/* desk_leave() - let go of the bus, as nothing of ZeroMQ survives an exec; what
 * is waited for is still waited for
 * desk_return() - there was no exec: bind it again
 * Return: 0; -errno */
void desk_leave(struct desk *desk);
int desk_return(struct broker *broker, const char *endpoint);

/* desk_save() / desk_load() - to and from state.h
 * Return: 0; -EINVAL; -ENOMEM */
void desk_save(const struct broker *broker, struct state_writer *out);
int desk_load(struct broker *broker, struct state_reader *in);

/* desk_forget() - the ends that processes have not acknowledged yet */
void desk_forget(struct broker *broker);

/* desk_send() - one letter as it stands, to one socket
 * Return: 0; MCP_BUS_E_AWAY; MCP_BUS_E_BUSY; -errno */
int desk_send(struct broker *broker, const struct mcp_route *route,
    const struct mcp_letter *letter);

/* desk_tell() - a question of ours to @process, on its control socket; its
 * answer changes nothing here
 * Units:  deadline and correlation are filled in
 * Return: 0; MCP_BUS_E_AWAY; MCP_BUS_E_BUSY */
int desk_tell(struct broker *broker, struct process *process,
    struct mcp_letter *letter);

/* desk_process_back() - the control socket of @process is here again */
void desk_process_back(struct broker *broker, struct process *process);

/* desk_answer_late() - to a question that was kept waiting; @letter has kind,
 * outcome and fields */
void desk_answer_late(struct broker *broker, const struct mcp_route *route,
    uint64_t correlation, struct mcp_letter *letter);

/* desk_process_gone() - one less to wait for */
void desk_process_gone(struct broker *broker);

#endif

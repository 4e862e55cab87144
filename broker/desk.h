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

#include "broker/clock.h"

#define DESK_TURN 256 /* letters read before others have their turn */
#define DESK_ACKNOWLEDGE_NS (250 * MCP_MS) /* for an end, by a process */

struct broker;
struct ending; /* a "SESSION end" that waits for the processes */

struct desk {
	struct mcp_switchboard *board;
	uv_poll_t poll; /* ZMQ_FD is an edge: after it stirred, until empty */
	uv_idle_t more; /* active while there may be letters unread */
	TAILQ_HEAD(endings, ending) endings; /* by number, rising */
	struct mcp_buf ends; /* scratch, for WELCOME and ENDED */
	bool open;
};

/* desk_open() - read letters from now on
 * Return: 0; -errno
 * Owner:  @board stays the caller's, and outlives the desk */
int desk_open(struct broker *broker, struct mcp_switchboard *board);
void desk_close(struct desk *desk);

/* desk_process_gone() - one less to wait for */
void desk_process_gone(struct broker *broker);

#endif

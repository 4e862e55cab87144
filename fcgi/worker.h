/* worker.h - what all rooms of a worker process share
 *
 * One struct worker a process, made by main before any thread and read-only
 * after, but for what is atomic or has a lock of its own. One struct thread a
 * thread, touched by nobody else.
 */
#ifndef FCGI_WORKER_H
#define FCGI_WORKER_H

#include <mcp/bus.h>
#include <mcp/config.h>
#include <mcp/seal.h>

#include <stdatomic.h>

struct control;
struct gateway;
struct slots;

struct worker {
	const struct mcp_config *config;
	const struct mcp_seal *seal;
	struct mcp_bus *bus;
	uint8_t process[MCP_BUS_PROCESS_LEN];
	struct gateway *gateway;
	struct slots *slots;
	struct control *control;
	atomic_ulong n_requests, n_failed;
	atomic_int n_running;
};

struct thread {
	struct worker *worker;
	uint16_t number; /* from 1 */
	struct mcp_line *line; /* made at the first letter */
};

#endif

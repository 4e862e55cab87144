/* worker.h - I am what all rooms of a worker process share
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

#include <pthread.h>
#include <stdatomic.h>

struct calls;
struct control;
struct crew;
struct gateway;
struct slots;
struct snapshot;

struct worker {
	pthread_mutex_t site_lock;
	struct snapshot *site; /* the newest; see snapshot.h */
	atomic_uint site_turn; /* it has changed so often */
	const struct mcp_seal *seal;
	struct mcp_bus *bus;
	uint8_t process[MCP_BUS_PROCESS_LEN];
	struct gateway *gateway;
	struct slots *slots;
	struct control *control;
	struct calls *calls;
	struct crew *crew;
	atomic_ulong n_requests, n_failed;
	atomic_ulong n_relieved; /* threads; see crew.h */
	atomic_int n_running;
	atomic_ulong n_quirks[MCP_N_QUIRKS]; /* how often each was needed */
};

/* worker_tolerates() - a client deviates: is that served? It is counted. */
bool worker_tolerates(struct worker *worker, const struct mcp_config *config,
    enum mcp_quirk quirk);

struct thread {
	struct worker *worker;
	struct snapshot *snapshot;	 /* what it reads requests by, */
	const struct mcp_config *config; /* and its configuration */
	unsigned site_turn;		 /* when it was the newest */
	uint16_t number; /* from 1 */
	struct mcp_line *line; /* made at the first letter */
	struct duty_seat *seat; /* while it reads requests; or NULL */
	bool tasked; /* it goes with a task, and ends with it */
	uint64_t letter_ns; /* how long it waits for an answer to one; 0: as
			       long as a caller may wait for his */
};

#endif

/* process.h - I know which worker processes live, and what each was answered
 *
 * A process lives while its HELLO comes every second. It speaks through
 * several sockets, its routes; of each I keep the last answers, so that a
 * question that is asked again gets its first answer again. With the process
 * goes all of that.
 */
#ifndef BROKER_PROCESS_H
#define BROKER_PROCESS_H

#include <mcp/bus.h>
#include <mcp/quirk.h>

#include "broker/admission.h"
#include "broker/cells.h"
#include "broker/hub.h"
#include "broker/relay.h"

#define PROCESS_SILENT_NS (3 * MCP_S) /* without HELLO: dead */
#define PROCESS_MAX 4096
#define ROUTE_MAX 16384
#define ROUTE_ANSWERS 64

/* Enough to say an answer again; 0 as outcome: it is still being worked on. */
struct answer {
	uint8_t kind; /* enum mcp_wire_kind */
	uint8_t outcome; /* enum mcp_wire_outcome */
	struct hub_name stream;
	uint64_t number; /* ADMITTED: ticket; DELIVERED, PARKED: event;
			    BROADCAST, RELOAD: how many were told; UPGRADE:
			    processes that were replaced */
};

struct route {
	struct table_node node;
	LIST_ENTRY(route) of_process;
	struct process *process;
	struct mcp_route route;
	bool restored; /* it is to hear that the broker is another one */
	unsigned next; /* which answer is overwritten next */
	uint64_t correlations[ROUTE_ANSWERS];
	struct answer answers[ROUTE_ANSWERS];
};

/* A letter that waits for its process's control socket to come back. */
struct kept {
	STAILQ_ENTRY(kept) next;
	size_t len;
	char bytes[];
};

struct process {
	struct table_node node; /* by id */
	TAILQ_ENTRY(process) of_all;
	struct due due; /* when it counts as dead */
	struct admission_list admissions;
	struct waiting_list waiting; /* for answers of clients */
	struct cell_list cells; /* that need it alive */
	LIST_HEAD(, resumable) answers; /* that it has not finished */
	LIST_HEAD(, route) routes;
	uint8_t id[MCP_BUS_PROCESS_LEN];
	uint64_t pid;
	uint64_t heard_ns; /* its last HELLO */
	uint64_t dead_ns; /* without another one by then */
	uint64_t requests, failed, running; /* as it last said */
	uint64_t quirks[MCP_N_QUIRKS];
	uint64_t known; /* the number of the last end it knows */
	uint64_t first; /* from which number on it was told of ends */
	uint8_t reload; /* enum reload_word */
	bool restored; /* its control socket is to hear that we are another; */
	STAILQ_HEAD(, kept) kept; /* until then, what it is told waits here, */
	unsigned n_kept; /* and no more than a socket would hold */
	bool replaced; /* another is in its place: it only ends what it has */
	bool replacing; /* it was asked to put another in its place */
	char digest[65]; /* of the snapshot it serves by, as it last said */
	bool greeted; /* a HELLO came */
	bool struck; /* it did not acknowledge an end: not waited for */
	bool suspected; /* overdue, but it may be us who were away */
};

struct processes {
	struct table by_id;
	struct table routes;
	TAILQ_HEAD(, process) all;
	void (*on_gone)(struct broker *broker); /* one is gone */
};

int processes_init(struct processes *processes,
    void (*on_gone)(struct broker *broker));
void processes_deinit(struct broker *broker);

/* process_of() - who speaks through @route; made if it is new
 * Return: NULL when there are too many, or memory is short */
struct process *process_of(struct broker *broker,
    const struct mcp_route *route);

/* process_alive() - a HELLO came */
void process_alive(struct broker *broker, struct process *process,
    uint64_t now_ns);

/* process_gone() - what it was admitted and did not answer is answered by us;
 * it is freed */
void process_gone(struct broker *broker, struct process *process);

/* process_keep() - @letter waits until it is sent for
 * Return: 0; MCP_BUS_E_BUSY; -ENOMEM */
int process_keep(struct process *process, struct mcp_text letter);

/* process_send_kept() - its control socket is back: each goes to @send, in
 * order, and is freed */
void process_send_kept(struct broker *broker, struct process *process,
    int (*send)(struct broker *broker, const struct mcp_route *route,
	struct mcp_text letter));

/* process_control() - the route of its control socket */
struct mcp_route process_control(const struct process *process);

/* route_of() - the memory of one socket; made if it is new; NULL as above */
struct route *route_of(struct broker *broker, const struct mcp_route *route);

/* route_recall() - the answer that @correlation had; NULL: it is new */
const struct answer *route_recall(const struct route *route,
    uint64_t correlation);

/* route_remember() - instead of the oldest one, or of what it was so far */
void route_remember(struct route *route, uint64_t correlation,
    struct answer answer);

/* processes_save() / processes_load() - to and from state.h
 * Return: 0; -EINVAL; -ENOMEM */
void processes_save(const struct broker *broker, struct state_writer *out);
int processes_load(struct broker *broker, struct state_reader *in);

/* process_read() - the one whose id comes next; NULL: it is not here */
struct process *process_read(const struct broker *broker,
    struct state_reader *in);

#endif

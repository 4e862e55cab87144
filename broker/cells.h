/* cells.h - I keep small records until they expire
 *
 * A record outlives the worker that wrote it: a task, a window in which a
 * request is not run twice, a count. It has one owner, for all others it is
 * not there; two owners may use the same key. Every change is a comparison
 * first: who writes says which version was read.
 *
 * A record may need a process that lives for it. If that dies, the record
 * stays, says so, and is whoever's next to write.
 */
#ifndef BROKER_CELLS_H
#define BROKER_CELLS_H

#include <sys/queue.h>

#include <mcp/wire.h>

#include "broker/clock.h"
#include "broker/state.h"
#include "broker/table.h"

#define CELLS_BYTES_MAX (64u << 20) /* of all, our own records included */
#define CELLS_OF_OWNER 1000
#define CELLS_OWNER_BYTES_MAX (4u << 20)

enum cell_condition {
	CELL_E_EXISTS = 1, /* create: there is one */
	CELL_E_STALE, /* it has another version */
	CELL_E_NONE, /* there is none, or it is somebody else's */
	CELL_E_QUOTA, /* the owner has too many, or too large ones */
	CELL_E_FULL, /* all have */
	CELL_E_PAST /* it would have expired already */
};

struct broker;
struct owner;
struct process;

struct cell {
	struct table_node node; /* by owner and key */
	struct due due;
	LIST_ENTRY(cell) of_process; /* where process is set */
	struct process *process; /* that must live for it; NULL: none */
	struct owner *owner;
	char *state;
	size_t len; /* of the state, bytes */
	uint64_t version;
	bool orphan; /* its process has died */
	uint8_t key_len;
	char key[];
};
LIST_HEAD(cell_list, cell);

typedef void cell_orphan_fn(struct broker *broker, const struct cell *cell);

struct cells {
	cell_orphan_fn *on_orphan;
	struct table by_key;
	struct table owners;
	size_t bytes;
};

/* cells_init() - @on_orphan hears of every record whose process has died
 * Return: 0; -ENOMEM */
int cells_init(struct cells *cells, cell_orphan_fn *on_orphan);
void cells_deinit(struct broker *broker);

/* cell_create() ... - @letter is a CELL with a key and a whole subject; it was
 * written by @process at @now_s, seconds since 1970
 * Return: 0 and *cellp, which lives until the next call; a condition; -ENOMEM,
 *         nothing was changed */
int cell_create(struct broker *broker, struct process *process,
    const struct mcp_letter *letter, uint64_t now_s, struct cell **cellp);
int cell_get(const struct broker *broker, const struct mcp_letter *letter,
    struct cell **cellp);
int cell_put(struct broker *broker, struct process *process,
    const struct mcp_letter *letter, uint64_t now_s, struct cell **cellp);
int cell_delete(struct broker *broker, const struct mcp_letter *letter);

/* cells_orphan() - the process that must live for these has died */
void cells_orphan(struct broker *broker, struct cell_list *cells);

/* cell_owner() - its subject, MCP_WIRE_SUBJECT_LEN bytes */
struct mcp_text cell_owner(const struct cell *cell);

/* cells_save() / cells_load() - to and from state.h; processes come before
 * Return: 0; -EINVAL; -ENOMEM */
void cells_save(struct broker *broker, struct state_writer *out);
int cells_load(struct broker *broker, struct state_reader *in);

#endif

/* admission.h - I know which admitted requests still owe an answer
 *
 * Every admitted request gets exactly one answer on its stream. It comes from
 * the worker that was admitted; and where that worker died, or its deadline
 * passed, from me.
 */
#ifndef BROKER_ADMISSION_H
#define BROKER_ADMISSION_H

#include <sys/queue.h>

#include <mcp/wire.h>

#include "broker/clock.h"
#include "broker/state.h"
#include "broker/table.h"

struct broker;
struct process;
struct stream;

struct admission {
	struct table_node node; /* by ticket */
	struct due due; /* the call's deadline */
	LIST_ENTRY(admission) of_stream;
	LIST_ENTRY(admission) of_process;
	struct stream *stream;
	struct process *process;
	uint64_t ticket;
	enum mcp_wire_dialect dialect; /* in which it was posted */
	size_t len;
	char request[]; /* its JSON-RPC id */
};
LIST_HEAD(admission_list, admission);

struct admissions {
	struct table by_ticket;
	uint64_t last_ticket;
};

/* admissions_init() - tickets begin behind @first, which is random: one of an
 * earlier broker names nothing here */
int admissions_init(struct admissions *admissions, uint64_t first);
void admissions_deinit(struct admissions *admissions);

/* admission_new() - @letter, an ADMIT, is admitted
 * Return: 0; -ENOMEM
 * Owner:  freed with its stream at the latest */
int admission_new(struct broker *broker, struct stream *stream,
    struct process *process, const struct mcp_letter *letter,
    struct admission **admissionp);
void admission_free(struct broker *broker, struct admission *admission);

/* admissions_save() / admissions_load() - those of @stream, to and from state.h
 * Return: 0; -EINVAL; -ENOMEM */
void admissions_save(const struct stream *stream, struct state_writer *out);
int admissions_load(struct broker *broker, struct stream *stream,
    struct state_reader *in);

struct admission *admission_find(const struct admissions *admissions,
    uint64_t ticket);

/* admission_cancel() - the client wants no answer to @request: it is freed, if
 * there is one */
void admission_cancel(struct broker *broker, struct stream *stream,
    struct mcp_text request);

/* admission_runs() - does a request of that id wait on @stream? */
bool admission_runs(const struct stream *stream, struct mcp_text request);

/* admission_fail() - answer it on its stream with JSON-RPC error -32603; it is
 * freed */
void admission_fail(struct broker *broker, struct admission *admission,
    struct mcp_text message);

#endif

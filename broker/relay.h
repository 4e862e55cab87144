/* relay.h - I know who waits for whose answer
 *
 * A worker asks a client something. The question travels on a stream; what the
 * client says to it comes as a POST of its own, to whichever worker. Here the
 * two find each other, by the id of the request, and only where the one who
 * answers is the one who was asked. Nobody waits beyond a deadline.
 */
#ifndef BROKER_RELAY_H
#define BROKER_RELAY_H

#include <sys/queue.h>

#include <mcp/wire.h>

#include "broker/clock.h"
#include "broker/hub.h"
#include "broker/state.h"
#include "broker/table.h"

#define RELAY_MAX 65536
#define RELAY_MAX_OF_PARTY 256

enum relay_condition {
	RELAY_E_FULL = 1, /* too many wait */
	RELAY_E_PARTY, /* too many wait for this one */
	RELAY_E_FOREIGN, /* others of that name have another subject */
	RELAY_E_KNOWN /* one of that id waits already */
};

struct broker;
struct party; /* a stream or a session that was asked something */
struct process;

struct waiting {
	struct table_node node; /* by request */
	struct due due; /* nobody waits any more */
	LIST_ENTRY(waiting) of_party;
	LIST_ENTRY(waiting) of_process;
	struct party *party;
	struct process *process;
	size_t len;
	char request[]; /* its JSON-RPC id */
};
LIST_HEAD(waiting_list, waiting);

/* A process is told that who was asked is gone. */
typedef void relay_gone_fn(struct broker *broker, struct process *process,
    struct mcp_text request);

struct relay {
	struct table waiting;
	struct table parties;
	relay_gone_fn *on_gone;
};

int relay_init(struct relay *relay, relay_gone_fn *on_gone); /* 0; -ENOMEM */
void relay_deinit(struct broker *broker);

/* relay_await() - @process waits for what @name answers to @letter's request
 * Units:  @letter is an AWAIT whose subject is whole
 * Return: 0; a condition; -ENOMEM
 * Owner:  freed with its process, its party, or its deadline */
int relay_await(struct broker *broker, struct process *process,
    const struct hub_name *name, const struct mcp_letter *letter);

/* relay_find() - who waits for @letter, a RESPONSE that came from @name; NULL:
 * nobody, or not from there */
struct waiting *relay_find(const struct relay *relay,
    const struct hub_name *name, const struct mcp_letter *letter);

void relay_free(struct broker *broker, struct waiting *waiting);

/* relay_gone() - @name answers nothing any more; who waits is told */
void relay_gone(struct broker *broker, const struct hub_name *name);

/* relay_save() / relay_load() - to and from state.h; processes come before
 * Return: 0; -EINVAL; -ENOMEM */
void relay_save(struct broker *broker, struct state_writer *out);
int relay_load(struct broker *broker, struct state_reader *in);

#endif

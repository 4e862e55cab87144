/* topic.h - I know who asked to hear of what
 *
 * A list of wishes for each thing that is everybody's, and one for each that
 * has a name: a resource its URI, a task its id. Whoever tells of a change
 * touches those who asked, and nobody else. A name is kept once, however many
 * want to hear of it.
 */
#ifndef BROKER_TOPIC_H
#define BROKER_TOPIC_H

#include <sys/queue.h>

#include "broker/listen.h"
#include "broker/state.h"
#include "broker/table.h"

#define TOPIC_BYTES_MAX (64u << 20) /* of all names, and wishes for them */

enum topic_condition {
	TOPIC_E_FULL = 1 /* as much is subscribed to as may be */
};

struct stream;
struct named;
struct subscription;

struct wish {
	LIST_ENTRY(wish) of_topic;
	struct named *named; /* NULL: of a list */
	struct subscription *subscription;
};
LIST_HEAD(wishes, wish);

struct subscription {
	struct stream *stream;
	uint32_t id_len;
	uint16_t n_wishes;
	uint8_t topics; /* bits LISTEN_TOPIC(), of the lists */
	struct wish wishes[]; /* and behind the last one, the id */
};

struct topics {
	struct wishes lists[MCP_TOPIC_UPDATED]; /* [0]: unused */
	struct table named;
	size_t n; /* subscriptions */
	size_t bytes, bytes_max; /* charged */
};

int topics_init(struct topics *topics, size_t bytes_max); /* 0; -ENOMEM */
void topics_deinit(struct topics *topics);

/* subscription_new() - @stream is told from now on of what @listen honours
 * Return: 0; TOPIC_E_FULL; -ENOMEM
 * Owner:  @stream's, and freed with it; @listen is copied */
int subscription_new(struct topics *topics, struct stream *stream,
    const struct listen *listen, struct subscription **subscriptionp);
void subscription_free(struct topics *topics,
    struct subscription *subscription);

/* subscription_save() - to state.h; NULL is written too
 * subscription_load() - and back, *subscriptionp NULL where it was
 * Return: 0; -EINVAL; -ENOMEM */
void subscription_save(const struct subscription *subscription,
    struct state_writer *out);
int subscription_load(struct topics *topics, struct stream *stream,
    struct state_reader *in, struct subscription **subscriptionp);

struct mcp_text subscription_id(const struct subscription *subscription);

/* topic_first() - who asked; then LIST_NEXT(, of_topic). NULL: nobody
 * Units: @name of MCP_TOPIC_UPDATED or MCP_TOPIC_TASK, else not looked at */
struct wish *topic_first(const struct topics *topics,
    enum mcp_wire_topic topic, struct mcp_text name);

#endif

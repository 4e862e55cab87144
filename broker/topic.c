/* topic.c - I know who asked to hear of what */

#include "broker/topic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct named {
	struct table_node node; /* by topic and name */
	struct wishes wishes; /* never empty */
	uint8_t topic;
	size_t len;
	char name[];
};

int
topics_init(struct topics *topics, size_t bytes_max)
{
	memset(topics, 0, sizeof(*topics));
	topics->bytes_max = bytes_max;
	return table_init(&topics->named);
}

void
topics_deinit(struct topics *topics)
{
	table_deinit(&topics->named);
}

/* --- what has a name ---------------------------------------------------- */

static uint64_t
hash_of(enum mcp_wire_topic topic, struct mcp_text name)
{
	return table_hash(name.at, name.len) ^ (uint64_t)topic;
}

static struct named *
find(const struct topics *topics, enum mcp_wire_topic topic,
    struct mcp_text name)
{
	struct table_node *node = table_find(&topics->named,
	    hash_of(topic, name));

	for (; node != NULL; node = table_again(node)) {
		struct named *named = CONTAINER(struct named, node, node);

		if (named->topic == topic &&
		    mcp_text_equal(name, (struct mcp_text){ named->name,
			named->len }))
			return named;
	}
	return NULL;
}

static bool
charge(struct topics *topics, size_t bytes)
{
	if (topics->bytes + bytes > topics->bytes_max)
		return false;
	topics->bytes += bytes;
	return true;
}

static int
find_or_new(struct topics *topics, enum mcp_wire_topic topic,
    struct mcp_text name, struct named **namedp)
{
	struct named *named = find(topics, topic, name);
	size_t size = sizeof(*named) + name.len;

	*namedp = named;
	if (named != NULL)
		return 0;
	named = malloc(size);
	if (named == NULL)
		return -ENOMEM;
	if (!charge(topics, size)) {
		free(named);
		return TOPIC_E_FULL;
	}
	LIST_INIT(&named->wishes);
	named->topic = (uint8_t)topic;
	named->len = name.len;
	if (name.len > 0)
		memcpy(named->name, name.at, name.len);
	table_put(&topics->named, &named->node, hash_of(topic, name));
	*namedp = named;
	return 0;
}

/* It has no wishes any more. */
static void
forget(struct topics *topics, struct named *named)
{
	topics->bytes -= sizeof(*named) + named->len;
	table_remove(&topics->named, &named->node);
	free(named);
}

/* --- wishes ------------------------------------------------------------- */

static void
add_wish(struct subscription *subscription, struct wishes *wishes,
    struct named *named)
{
	struct wish *wish = &subscription->wishes[subscription->n_wishes++];

	wish->named = named;
	wish->subscription = subscription;
	LIST_INSERT_HEAD(wishes, wish, of_topic);
}

/* A name that stands there twice is one wish: the newest wish for it is then
 * this subscription's already. */
static int
add_named(struct topics *topics, struct subscription *subscription,
    enum mcp_wire_topic topic, struct mcp_text name)
{
	struct named *named;
	struct wish *newest;
	int condition = find_or_new(topics, topic, name, &named);

	if (condition != 0)
		return condition;
	newest = LIST_FIRST(&named->wishes);
	if (newest != NULL && newest->subscription == subscription)
		return 0;
	if (!charge(topics, sizeof(*newest))) {
		if (newest == NULL)
			forget(topics, named);
		return TOPIC_E_FULL;
	}
	add_wish(subscription, &named->wishes, named);
	return 0;
}

static void
remove_wish(struct topics *topics, struct wish *wish)
{
	struct named *named = wish->named;

	LIST_REMOVE(wish, of_topic);
	if (named == NULL)
		return;
	topics->bytes -= sizeof(*wish);
	if (LIST_EMPTY(&named->wishes))
		forget(topics, named);
}

/* --- subscriptions ------------------------------------------------------ */

static char *
id_of(const struct subscription *subscription)
{
	return (char *)(uintptr_t)&subscription->wishes[
	    subscription->n_wishes];
}

struct mcp_text
subscription_id(const struct subscription *subscription)
{
	return (struct mcp_text){ id_of(subscription), subscription->id_len };
}

static int
add_wishes(struct topics *topics, struct subscription *subscription,
    const struct listen *listen)
{
	int condition = 0;

	for (unsigned t = MCP_TOPIC_TOOLS; t <= MCP_TOPIC_RESOURCES; t++)
		if (listen->topics & LISTEN_TOPIC(t))
			add_wish(subscription, &topics->lists[t], NULL);
	for (size_t i = 0; i < listen->n_uris && condition == 0; i++)
		if (listen->deaf == NULL || !listen->deaf[i])
			condition = add_named(topics, subscription,
			    MCP_TOPIC_UPDATED, listen->uris[i]);
	for (size_t i = 0; i < listen->n_tasks && condition == 0; i++)
		condition = add_named(topics, subscription, MCP_TOPIC_TASK,
		    listen->tasks[i]);
	return condition;
}

int
subscription_new(struct topics *topics, struct stream *stream,
    const struct listen *listen, struct subscription **subscriptionp)
{
	size_t most = (size_t)__builtin_popcount(listen->topics) +
	    listen->n_uris + listen->n_tasks;
	struct subscription *subscription = malloc(sizeof(*subscription) +
	    most * sizeof(struct wish) + listen->id.len);
	int condition;

	if (subscription == NULL)
		return -ENOMEM;
	subscription->stream = stream;
	subscription->n_wishes = 0;
	subscription->topics = (uint8_t)listen->topics;
	subscription->id_len = (uint32_t)listen->id.len;
	topics->n++;
	condition = add_wishes(topics, subscription, listen);
	if (condition != 0) {
		subscription_free(topics, subscription);
		return condition;
	}
	memcpy(id_of(subscription), listen->id.at, listen->id.len);
	*subscriptionp = subscription;
	return 0;
}

void
subscription_free(struct topics *topics, struct subscription *subscription)
{
	if (subscription == NULL)
		return;
	for (uint32_t i = 0; i < subscription->n_wishes; i++)
		remove_wish(topics, &subscription->wishes[i]);
	topics->n--;
	free(subscription);
}

struct wish *
topic_first(const struct topics *topics, enum mcp_wire_topic topic,
    struct mcp_text name)
{
	struct named *named;

	if (topic < MCP_TOPIC_UPDATED)
		return LIST_FIRST(&topics->lists[topic]);
	named = find(topics, topic, name);
	return named == NULL ? NULL : LIST_FIRST(&named->wishes);
}

/* --- into the next broker ------------------------------------------------ */

static void
names_save(const struct subscription *subscription, enum mcp_wire_topic topic,
    struct state_writer *out)
{
	const struct named *named;
	size_t n = 0;

	for (unsigned i = 0; i < subscription->n_wishes; i++) {
		named = subscription->wishes[i].named;
		n += named != NULL && named->topic == topic;
	}
	state_number(out, n);
	for (unsigned i = 0; i < subscription->n_wishes; i++) {
		named = subscription->wishes[i].named;
		if (named != NULL && named->topic == topic)
			state_bytes(out, named->name, named->len);
	}
}

void
subscription_save(const struct subscription *subscription,
    struct state_writer *out)
{
	state_number(out, subscription != NULL);
	if (subscription == NULL)
		return;
	state_text(out, subscription_id(subscription));
	state_number(out, subscription->topics);
	names_save(subscription, MCP_TOPIC_UPDATED, out);
	names_save(subscription, MCP_TOPIC_TASK, out);
}

/* Return: the names, the caller's to free; NULL: memory is short */
static struct mcp_text *
names_load(struct state_reader *in, uint64_t most, size_t *np)
{
	size_t n = (size_t)state_read_up_to(in, most);
	struct mcp_text *names = calloc(n + 1, sizeof(*names));

	for (size_t i = 0; names != NULL && i < n; i++)
		names[i] = state_read_text(in);
	*np = n;
	return names;
}

int
subscription_load(struct topics *topics, struct stream *stream,
    struct state_reader *in, struct subscription **subscriptionp)
{
	struct listen listen = LISTEN_INIT;
	int condition = 0;

	*subscriptionp = NULL;
	if (state_read_up_to(in, 1) == 0)
		return state_end(in);
	listen.id = state_read_text(in);
	listen.topics = (unsigned)state_read_number(in);
	listen.uris = names_load(in, LISTEN_URIS_MAX, &listen.n_uris);
	listen.tasks = names_load(in, LISTEN_TASKS_MAX, &listen.n_tasks);
	if (listen.uris == NULL || listen.tasks == NULL)
		condition = -ENOMEM;
	else if (in->failed)
		condition = -EINVAL;
	else
		condition =
		    subscription_new(topics, stream, &listen, subscriptionp);
	free(listen.uris);
	free(listen.tasks);
	return condition > 0 ? -EINVAL : condition;
}

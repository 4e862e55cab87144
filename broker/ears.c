/* ears.c - I begin to listen to the readers that were left to us */

#include "broker/ears.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/broker.h"

#define FIRST 64 /* names there is room for */
#define TURN 256 /* readers; less than a millisecond */

static int
make_room(struct ears *ears)
{
	size_t cap = ears->cap == 0 ? FIRST : 2 * ears->cap;
	struct hub_name *names;

	if (ears->n < ears->cap)
		return 0;
	names = realloc(ears->names, cap * sizeof(*names));
	if (names == NULL)
		return -ENOMEM;
	ears->names = names;
	ears->cap = cap;
	return 0;
}

/* By name, because it may be gone, or have another reader, when it is its
 * turn. */
int
ears_add(struct broker *broker, const struct stream *stream)
{
	struct ears *ears = &broker->ears;
	int error = make_room(ears);

	if (error == 0)
		ears->names[ears->n++] = stream->entry.name;
	return error;
}

static void
forget(struct ears *ears)
{
	free(ears->names);
	ears->names = NULL;
	ears->n = ears->cap = 0;
}

static void
listen_to(struct broker *broker, const struct hub_name *name)
{
	struct hub_entry *entry = hub_find(&broker->hub, name);

	if (entry != NULL)
		stream_listen(broker, CONTAINER(struct stream, entry, entry));
}

static void
on_turn(uv_idle_t *turn)
{
	struct broker *broker = turn->data;
	struct ears *ears = &broker->ears;

	for (int i = 0; i < TURN && ears->n > 0; i++)
		listen_to(broker, &ears->names[--ears->n]);
	if (ears->n == 0)
		ears_close(broker);
}

void
ears_open(struct broker *broker)
{
	struct ears *ears = &broker->ears;

	if (ears->n == 0)
		return;
	uv_idle_init(&broker->loop, &ears->turn);
	ears->turn.data = broker;
	uv_idle_start(&ears->turn, on_turn);
}

void
ears_close(struct broker *broker)
{
	struct ears *ears = &broker->ears;

	if (uv_is_active((uv_handle_t *)&ears->turn))
		uv_close((uv_handle_t *)&ears->turn, NULL);
	forget(ears);
}

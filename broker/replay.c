/* replay.c - I remember the last events of a stream, within bounds */

#include "broker/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
count(struct replay *replay, size_t more, size_t less)
{
	replay->len = replay->len + more - less;
	if (replay->all != NULL)
		*replay->all = *replay->all + more - less;
}

static void
forget_first(struct replay *replay)
{
	struct replay_event *event = replay->first;

	replay->first = event->next;
	if (replay->first == NULL)
		replay->last = NULL;
	replay->n--;
	count(replay, 0, event->len);
	free(event);
}

static struct replay_event *
event_new(uint64_t number, uint64_t now_ns, struct mcp_text bytes)
{
	struct replay_event *event = malloc(sizeof(*event) + bytes.len);

	if (event == NULL)
		return NULL;
	event->next = NULL;
	event->number = number;
	event->at_ns = now_ns;
	event->len = bytes.len;
	memcpy(event->bytes, bytes.at, bytes.len);
	return event;
}

/* The bytes that this one may have, given what the others do. */
static size_t
share(const struct replay *replay, const struct replay_bounds *bounds)
{
	size_t own = replay != NULL ? replay->len : 0, others, left;

	if (bounds->all == NULL)
		return bounds->bytes;
	others = *bounds->all - own;
	left = bounds->all_bytes > others ? bounds->all_bytes - others : 0;
	return left < bounds->bytes ? left : bounds->bytes;
}

static struct replay *
replay_new(size_t *all)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	if (replay != NULL)
		replay->all = all;
	return replay;
}

int
replay_add(struct replay **replayp, struct replay_bounds bounds,
    uint64_t number, uint64_t now_ns, struct mcp_text bytes)
{
	struct replay *replay = *replayp;
	struct replay_event *event;

	bounds.bytes = share(replay, &bounds);
	if (bytes.len > bounds.bytes || bounds.events == 0)
		return REPLAY_E_TOO_BIG;
	event = event_new(number, now_ns, bytes);
	if (event != NULL && replay == NULL)
		replay = replay_new(bounds.all);
	if (event == NULL || replay == NULL) {
		free(event);
		return -ENOMEM;
	}
	while (replay->n >= bounds.events ||
	    replay->len + event->len > bounds.bytes)
		forget_first(replay);
	if (replay->last != NULL)
		replay->last->next = event;
	else
		replay->first = event;
	replay->last = event;
	replay->n++;
	count(replay, event->len, 0);
	*replayp = replay;
	return 0;
}

void
replay_trim(struct replay **replayp, uint64_t before_ns)
{
	struct replay *replay = *replayp;

	if (replay == NULL)
		return;
	while (replay->first != NULL && replay->first->at_ns < before_ns)
		forget_first(replay);
	if (replay->first != NULL)
		return;
	free(replay);
	*replayp = NULL;
}

const struct replay_event *
replay_after(const struct replay *replay, uint64_t number)
{
	const struct replay_event *event = replay ? replay->first : NULL;

	while (event != NULL && event->number <= number)
		event = event->next;
	return event;
}

uint64_t
replay_missing(const struct replay *replay, uint64_t number, uint64_t last)
{
	const struct replay_event *event = replay_after(replay, number);
	uint64_t missing = last > number ? last - number : 0;

	for (; event != NULL && event->number <= last; event = event->next)
		missing--;
	return missing;
}

void
replay_free(struct replay *replay)
{
	if (replay == NULL)
		return;
	while (replay->first != NULL)
		forget_first(replay);
	free(replay);
}

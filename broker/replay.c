/* replay.c - I remember the last events of a stream, within bounds */

#include "broker/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
forget_first(struct replay *replay)
{
	struct replay_event *event = replay->first;

	replay->first = event->next;
	if (replay->first == NULL)
		replay->last = NULL;
	replay->n--;
	replay->len -= event->len;
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

int
replay_add(struct replay **replayp, struct replay_bounds bounds,
    uint64_t number, uint64_t now_ns, struct mcp_text bytes)
{
	struct replay *replay = *replayp;
	struct replay_event *event;

	if (bytes.len > bounds.bytes || bounds.events == 0)
		return REPLAY_E_TOO_BIG;
	event = event_new(number, now_ns, bytes);
	if (event != NULL && replay == NULL)
		replay = calloc(1, sizeof(*replay));
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
	replay->len += event->len;
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

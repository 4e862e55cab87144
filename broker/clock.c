/* clock.c - I know who is due next */

#include "broker/clock.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST 64 /* entries there is room for */

void
clock_init(struct clock *clock, void *context)
{
	*clock = (struct clock){ NULL, 0, 0, context };
}

void
clock_deinit(struct clock *clock)
{
	free(clock->heap);
	clock->heap = NULL;
	clock->n = clock->cap = 0;
}

static void
put(struct clock *clock, size_t at, struct clock_entry entry)
{
	clock->heap[at] = entry;
	entry.due->place = at + 1;
}

static size_t
rise(struct clock *clock, size_t at, struct clock_entry entry)
{
	while (at > 0) {
		size_t above = (at - 1) / 2;

		if (clock->heap[above].at_ns <= entry.at_ns)
			break;
		put(clock, at, clock->heap[above]);
		at = above;
	}
	return at;
}

static size_t
sink(struct clock *clock, size_t at, struct clock_entry entry)
{
	size_t below;

	while ((below = 2 * at + 1) < clock->n) {
		if (below + 1 < clock->n &&
		    clock->heap[below + 1].at_ns < clock->heap[below].at_ns)
			below++;
		if (entry.at_ns <= clock->heap[below].at_ns)
			break;
		put(clock, at, clock->heap[below]);
		at = below;
	}
	return at;
}

static void
settle(struct clock *clock, size_t at, struct clock_entry entry)
{
	at = rise(clock, at, entry);
	put(clock, sink(clock, at, entry), entry);
}

static int
make_room(struct clock *clock)
{
	size_t cap = clock->cap == 0 ? FIRST : 2 * clock->cap;
	struct clock_entry *heap;

	if (clock->n < clock->cap)
		return 0;
	heap = realloc(clock->heap, cap * sizeof(*heap));
	if (heap == NULL)
		return -ENOMEM;
	clock->heap = heap;
	clock->cap = cap;
	return 0;
}

int
clock_set(struct clock *clock, struct due *due, uint64_t at_ns)
{
	struct clock_entry entry = { at_ns, due };
	int error;

	if (due->place != 0) {
		settle(clock, due->place - 1, entry);
		return 0;
	}
	error = make_room(clock);
	if (error != 0)
		return error;
	settle(clock, clock->n++, entry);
	return 0;
}

/* The room of a crowd that has left; where it cannot be given, it is kept. */
static void
give_back(struct clock *clock)
{
	struct clock_entry *heap;

	if (clock->cap == FIRST || clock->n > clock->cap / 4)
		return;
	heap = realloc(clock->heap, clock->cap / 2 * sizeof(*heap));
	if (heap == NULL)
		return;
	clock->heap = heap;
	clock->cap /= 2;
}

void
clock_cancel(struct clock *clock, struct due *due)
{
	size_t at = due->place - 1;

	if (due->place == 0)
		return;
	due->place = 0;
	if (at != --clock->n)
		settle(clock, at, clock->heap[clock->n]);
	give_back(clock);
}

uint64_t
clock_at(const struct clock *clock, const struct due *due)
{
	if (due->place == 0)
		return CLOCK_NEVER;
	return clock->heap[due->place - 1].at_ns;
}

uint64_t
clock_next(const struct clock *clock)
{
	return clock->n == 0 ? CLOCK_NEVER : clock->heap[0].at_ns;
}

void
clock_run(struct clock *clock, uint64_t now_ns, size_t most)
{
	while (most-- > 0 && clock_next(clock) <= now_ns) {
		struct due *due = clock->heap[0].due;

		clock_cancel(clock, due);
		due->fire(clock->context, due, now_ns);
	}
}

uint64_t
clock_of_wall(uint64_t then_s, uint64_t now_s, uint64_t now_ns)
{
	uint64_t wait_s = then_s > now_s ? then_s - now_s : 0;

	return wait_s > (CLOCK_NEVER - now_ns) / MCP_S - 1 ?
	    CLOCK_NEVER - 1 : now_ns + wait_s * MCP_S;
}

/* clock.h - I know who is due next
 *
 * One binary heap for every deadline of the broker: heads being read, streams
 * that want a comment, parked streams that expire, admissions, processes. A
 * thing that can be due carries a struct due and is due at one moment at most.
 * Time is a parameter; I read no clock.
 */
#ifndef BROKER_CLOCK_H
#define BROKER_CLOCK_H

#include <mcp/text.h>

#define CLOCK_NEVER UINT64_MAX

struct due;
typedef void clock_fn(void *context, struct due *due, uint64_t now_ns);

struct due {
	clock_fn *fire;
	size_t place; /* in the heap, from 1; 0: not due */
};
#define DUE_INIT(fire) ((struct due){ fire, 0 })

struct clock_entry {
	uint64_t at_ns;
	struct due *due;
};

struct clock {
	struct clock_entry *heap;
	size_t n, cap;
	void *context; /* what fire() is given */
};

void clock_init(struct clock *clock, void *context);
void clock_deinit(struct clock *clock);

/* clock_set() - @due is due at @at_ns, instead of whenever it was
 * Return: 0; -ENOMEM, which cannot happen to one that is due already, nor,
 *         inside fire(), to the one that fired */
int clock_set(struct clock *clock, struct due *due, uint64_t at_ns);
void clock_cancel(struct clock *clock, struct due *due);

/* clock_at() - when @due is due; CLOCK_NEVER if it is not */
uint64_t clock_at(const struct clock *clock, const struct due *due);

/* clock_next() - when the first one is; CLOCK_NEVER if nothing is */
uint64_t clock_next(const struct clock *clock);

/* clock_run() - fire what is due at @now_ns, at most @most of them; whoever
 * fires is not due any more and may set itself anew, or be freed */
void clock_run(struct clock *clock, uint64_t now_ns, size_t most);

/* clock_of_wall() - when it will be @then_s, seconds since 1970, where it is
 * now @now_s and @now_ns; what has been is now, what is years away is never */
uint64_t clock_of_wall(uint64_t then_s, uint64_t now_s, uint64_t now_ns);

#endif

/* replay.h - I remember the last events of a stream, within bounds
 *
 * Bounded in count, in bytes and in age, and in the bytes of all streams. A
 * stream without remembered events has a NULL struct replay: what is idle costs
 * nothing.
 */
#ifndef BROKER_REPLAY_H
#define BROKER_REPLAY_H

#include <mcp/text.h>

enum replay_condition {
	REPLAY_E_TOO_BIG = 1 /* larger than there is room: not kept */
};

struct replay_event {
	struct replay_event *next;
	uint64_t number;
	uint64_t at_ns; /* when it was kept */
	size_t len;
	char bytes[]; /* as they go over the wire */
};

struct replay {
	struct replay_event *first, *last;
	size_t n;
	size_t len; /* bytes of all */
	size_t *all; /* that of every replay; NULL: nobody counts */
};

struct replay_bounds {
	size_t events;
	size_t bytes;
	size_t *all; /* what all have kept, counted here; may be NULL */
	size_t all_bytes; /* what all may keep */
};

/* replay_add() - remember @bytes as event @number, forgetting the oldest ones
 * that exceed @bounds; nobody else's are forgotten
 * Units:  numbers rise
 * Return: 0; REPLAY_E_TOO_BIG; -ENOMEM
 * Owner:  @bytes is copied; *replayp is made with the first event */
int replay_add(struct replay **replayp, struct replay_bounds bounds,
    uint64_t number, uint64_t now_ns, struct mcp_text bytes);

/* replay_trim() - forget what was kept before @before_ns */
void replay_trim(struct replay **replayp, uint64_t before_ns);

/* replay_after() - the first event beyond @number; NULL when there is none.
 * Then along ->next. */
const struct replay_event *replay_after(const struct replay *replay,
    uint64_t number);

/* replay_missing() - of the events @number + 1 to @last, how many I do not
 * have */
uint64_t replay_missing(const struct replay *replay, uint64_t number,
    uint64_t last);

void replay_free(struct replay *replay);

#endif

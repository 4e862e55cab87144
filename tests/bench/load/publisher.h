/* publisher.h - I tell a hub what its readers are to hear
 *
 * By letters on the bus, a bounded number of them unanswered; or by POST on
 * kept connections, one under way on each. Either way what I have sent is
 * acknowledged or refused, each one.
 */
#ifndef BENCH_PUBLISHER_H
#define BENCH_PUBLISHER_H

#include <mcp/bus.h>

#include "tests/bench/load/post.h"

struct publisher {
	struct crowd *crowd;
	const struct options *options;
	struct mcp_bus *bus; /* NULL: by POST */
	struct mcp_line *line;
	struct post *posts;
	size_t n_posts;
	size_t begun; /* on their way */
	uint64_t acknowledged;
	uint64_t parked; /* of those: there was no reader, or it was cut */
	uint64_t refused;
	uint64_t told; /* by the last broadcast, as the hub counts */
};

int publisher_open(struct publisher *publisher, struct crowd *crowd);
void publisher_close(struct publisher *publisher);

bool publisher_has_room(const struct publisher *publisher);

/* publisher_send() - there must be room
 * Return: 0; -errno */
int publisher_send(struct publisher *publisher, const struct reader *reader,
    struct mcp_text data);

/* publisher_broadcast() - to everybody. By letters it is that the list of
 * tools has changed, and says nothing else. */
int publisher_broadcast(struct publisher *publisher, struct mcp_text data);

/* publisher_turn() - take answers, let readers read; wait at most @wait_ms */
void publisher_turn(struct publisher *publisher, int wait_ms);

#endif

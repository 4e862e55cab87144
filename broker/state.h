/* state.h - I am what a broker holds, written down
 *
 * One broker writes me and the next one reads me, in the same process, after
 * it has executed the installed program anew (upgrade.h). I am numbers and
 * texts in a row; what they mean is known to the room that wrote them.
 *
 * Reading is not checked on the spot: a reader that came to its end, or found
 * something that cannot be, gives zeroes from then on and says so in @failed,
 * which each room looks at once.
 */
#ifndef BROKER_STATE_H
#define BROKER_STATE_H

#include <mcp/text.h>

#include "broker/clock.h"

/* What is done to a descriptor that is written down. */
enum state_files {
	STATE_FILES_STAY, /* nothing: the state is only looked at */
	STATE_FILES_GO, /* it outlives the next exec */
	STATE_FILES_KEPT /* it does not, as before: there was no exec */
};

struct state_writer {
	struct mcp_buf bytes;
	enum state_files files;
	const struct clock *clock; /* of what is due */
};

void state_number(struct state_writer *writer, uint64_t number);
void state_text(struct state_writer *writer, struct mcp_text text);
void state_bytes(struct state_writer *writer, const void *at, size_t len);
void state_file(struct state_writer *writer, int fd);

/* state_due() - when that is, as a number: CLOCK_NEVER if it is not */
void state_due(struct state_writer *writer, const struct due *due);

struct state_reader {
	struct mcp_text left;
	bool failed;
	bool rehearsal; /* the descriptors are not there */
	bool closing; /* they close on exec already */
};

uint64_t state_read_number(struct state_reader *reader);

/* state_read_up_to() - a number that is no larger than @most */
uint64_t state_read_up_to(struct state_reader *reader, uint64_t most);

/* state_read_text() - borrowed from what is read; never at NULL */
struct mcp_text state_read_text(struct state_reader *reader);

/* state_read_bytes() - what state_bytes() wrote, of exactly that length */
void state_read_bytes(struct state_reader *reader, void *out, size_t len);

/* state_read_file() - the descriptor, closing on exec again; -1 in a
 * rehearsal. Where they all close already, nobody looks whether it is there */
int state_read_file(struct state_reader *reader);

/* state_end() - Return: 0; -EINVAL it has failed */
int state_end(const struct state_reader *reader);

#endif

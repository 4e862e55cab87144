/* cell.h - I keep a small record at the broker, for all processes
 *
 * A record belongs to a caller, to a tool, or to a tool and one caller; its
 * bytes are whoever's who writes it. Nobody waits longer for one than for any
 * letter.
 */
#ifndef FCGI_CELL_H
#define FCGI_CELL_H

#include <mcp/seal.h>
#include <mcp/wire.h>

struct call;
struct thread;

/* Whose a record is: a hash, as the broker has of users. */
struct cell_owner {
	uint8_t bytes[MCP_SUBJECT_LEN];
};

/* cell_owner_of() - the records of this kind of @tool, of each caller where
 * @each_user */
struct cell_owner cell_owner_of(const struct call *call, const char *kind,
    const char *tool, bool each_user);

/* cell_ask() - @question has what the verb needs: known, how, expires, state
 * Return: 0; -EPIPE the broker is away, and nobody knows whether it heard
 * Owner:  @answer borrows until the next letter of this thread */
int cell_ask(struct thread *thread, enum mcp_wire_cell verb,
    const uint8_t owner[MCP_SUBJECT_LEN], const char *key,
    struct mcp_letter *question, struct mcp_letter *answer);

/* cell_expires() - the second in which @ms will be over */
uint64_t cell_expires(uint64_t ms);

/* cell_call_expires() - when the call must be over, and a while more */
uint64_t cell_call_expires(const struct call *call);

#endif

/* cell.c - I keep a small record at the broker, for all processes */

#include "fcgi/cell.h"
#include "fcgi/call.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#define SLACK_MS 60000 /* a handler may be late in noticing its deadline */

struct cell_owner
cell_owner_of(
    const struct call *call, const char *kind, const char *tool, bool each_user)
{
	struct cell_owner owner;
	crypto_generichash_state hash;

	crypto_generichash_init(&hash, NULL, 0, sizeof(owner.bytes));
	crypto_generichash_update(
	    &hash, (const unsigned char *)kind, strlen(kind) + 1);
	crypto_generichash_update(
	    &hash, (const unsigned char *)tool, strlen(tool) + 1);
	if (each_user)
		crypto_generichash_update(
		    &hash, call->subject, sizeof(call->subject));
	crypto_generichash_final(&hash, owner.bytes, sizeof(owner.bytes));
	return owner;
}

int
cell_ask(struct thread *thread, enum mcp_wire_cell verb,
    const uint8_t owner[MCP_SUBJECT_LEN], const char *key,
    struct mcp_letter *question, struct mcp_letter *answer)
{
	question->kind = MCP_CELL;
	question->verb = verb;
	question->stream = mcp_text_of(key);
	question->subject =
	    (struct mcp_text){ (const char *)owner, MCP_SUBJECT_LEN };
	return thread_ask(thread, question, answer) == 0 ? 0 : -EPIPE;
}

uint64_t
cell_expires(uint64_t ms)
{
	return (uint64_t)time(NULL) + ms / 1000 + 1;
}

uint64_t
cell_call_expires(const struct call *call)
{
	uint64_t now_ns = mcp_clock_ns();
	uint64_t left_ns =
	    call->deadline_ns > now_ns ? call->deadline_ns - now_ns : 0;

	return cell_expires(left_ns / MCP_MS + SLACK_MS);
}

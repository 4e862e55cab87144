/* limit.h - I say how often a tool may run, and how often at once
 *
 * In all processes together: what is counted is in cells of the broker. The
 * rate is one record, compared before it is changed; each call that runs holds
 * one of the tool's places, a record that needs its process alive, so that a
 * dead process holds none. Without the broker nothing can be counted, and what
 * is limited does not run. A tool without a limit costs no letter.
 */
#ifndef FCGI_LIMIT_H
#define FCGI_LIMIT_H

#include <mcp/text.h>

struct call;
struct mcp_tool;

/* The place a running call holds. */
struct lease {
	const struct mcp_tool *tool; /* NULL: it holds none */
	unsigned place;
	uint64_t version; /* of its cell */
};

/* limit_enter() - may it run now?
 * Return: 0; HANDLER_E_REFUSED, with a sentence appended to @why; -ENOMEM */
int limit_enter(
    struct call *call, const struct mcp_tool *tool, struct mcp_buf *why);

/* limit_stay() - it runs longer than was thought: it is a task now */
void limit_stay(struct call *call);

/* limit_leave() - it has run, and gives its place back */
void limit_leave(struct call *call);

/* limit_take() - one from a bucket that holds a minute's worth and fills evenly
 * Units:  @now_us since 1970; *full_usp the moment the bucket is full again, 0
 *         at first
 * Return: 0, *full_usp later; else the microseconds until there is one,
 *         *full_usp unchanged */
uint64_t limit_take(uint64_t *full_usp, unsigned per_minute, uint64_t now_us);

#endif

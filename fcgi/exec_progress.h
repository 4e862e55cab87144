/* exec_progress.h - I read how far a program has come
 *
 * A program that has MCP_PROGRESS_FD in its environment writes lines there:
 *
 *     PROGRESS [TOTAL] [MESSAGE]
 *
 * Numbers are decimal. Lines that are none of these, and lines that go no
 * further than the one before, are passed over; of many in a short time the
 * last is told.
 *
 * Spec: "Progress": the value increases with each notification
 */
#ifndef FCGI_EXEC_PROGRESS_H
#define FCGI_EXEC_PROGRESS_H

#include <mcp/text.h>

#define EXEC_PROGRESS_LINE_MAX 1024	/* bytes; longer ones are passed over */
#define EXEC_PROGRESS_NS (100 * MCP_MS) /* between two that are told */

struct exec_progress {
	struct mcp_buf line;	/* so far */
	double value, total;	/* of the last line; total 0: unknown */
	struct mcp_buf message; /* may be empty */
	bool any;		/* there has been one, */
	bool waiting;		/* which is not told yet */
	uint64_t next_ns;	/* not before */
};
#define EXEC_PROGRESS_INIT                                                     \
	((struct exec_progress){                                               \
	    .line = MCP_BUF_INIT, .message = MCP_BUF_INIT })

/* exec_progress_feed() - @bytes have come, lines or parts of them */
void exec_progress_feed(struct exec_progress *progress, struct mcp_text bytes);

/* exec_progress_due() - is there something to be told, and is it time? If so,
 * it counts as told */
bool exec_progress_due(struct exec_progress *progress, uint64_t now_ns);
void exec_progress_deinit(struct exec_progress *progress);

#endif

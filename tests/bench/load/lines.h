/* lines.h - I make whole lines of bytes that come in pieces
 *
 * A line that lies whole in what came is lent from there; only one that is
 * broken in two is copied.
 */
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#include <mcp/text.h>

struct lines {
	struct mcp_buf part; /* the beginning of a line */
	bool lent;	     /* it is whole, and was given out */
};

/* lines_take() - the next line, without its end; *bytes is what follows
 * Return: false, and all of *bytes is kept: it has no end yet
 * Owner:  *line lives until the next call, or as long as the bytes */
bool
lines_take(struct lines *lines, struct mcp_text *bytes, struct mcp_text *line);

void lines_deinit(struct lines *lines);

#endif

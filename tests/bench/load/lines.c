/* lines.c - I make whole lines of bytes that come in pieces */

#include "tests/bench/load/lines.h"

#include <string.h>

static struct mcp_text
cut_end(struct mcp_text line)
{
	line.len--;
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

bool
lines_take(struct lines *lines, struct mcp_text *bytes, struct mcp_text *line)
{
	const char *end =
	    bytes->len == 0 ? NULL : memchr(bytes->at, '\n', bytes->len);
	size_t len = end != NULL ? (size_t)(end - bytes->at) + 1 : bytes->len;

	if (lines->lent)
		mcp_buf_reset(&lines->part);
	lines->lent = false;
	*line = (struct mcp_text){ bytes->at, len };
	if (end == NULL || lines->part.len > 0) {
		mcp_buf_text(&lines->part, *line);
		*line = mcp_buf_view(&lines->part);
	}
	bytes->at += len;
	bytes->len -= len;
	if (end == NULL)
		return false;
	lines->lent = lines->part.len > 0;
	*line = cut_end(*line);
	return true;
}

void
lines_deinit(struct lines *lines)
{
	mcp_buf_deinit(&lines->part);
}

/* stamp.c - I am an event that knows when it was sent */

#include "tests/bench/load/stamp.h"

#include <inttypes.h>
#include <stdlib.h>

void
stamp_write(struct mcp_buf *out, size_t size)
{
	mcp_buf_reset(out);
	mcp_buf_printf(
	    out, "{\"at\":\"%020" PRIu64 "\",\"pad\":\"", mcp_clock_ns());
	while (out->len + 2 < size)
		mcp_buf_putc(out, 'x');
	mcp_buf_puts(out, "\"}");
}

uint64_t
stamp_read(struct mcp_text data)
{
	if (!mcp_text_starts(data, "{\"at\":\"") || data.len < STAMP_LEN)
		return 0;
	return strtoull(data.at + sizeof("{\"at\":\"") - 1, NULL, 10);
}

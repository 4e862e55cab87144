/* sse.c - if a line starts with data:, event:, id: or a bare colon, I wrote it
 *
 * Law: WHATWG HTML, "Server-sent events", "Parsing an event stream": a line
 *      ends at CR LF, LF or CR, and an empty line ends the event. So a text
 *      is cut at all three, and comes out of the client with LF between.
 */
#include <string.h>

#include <mcp/sse.h>

static const char *
find(const char *at, const char *end, char c)
{
	const char *found = NULL;

	if (at < end)
		found = memchr(at, c, (size_t)(end - at));
	return found != NULL ? found : end;
}

/* @prefix and a piece for each line of @text, of which there is always one.
 * Each end of line is looked for only once the last one found was passed, so
 * a text of nothing but CR costs no more than another. */
static void
append_lines(struct mcp_buf *out, const char *prefix, struct mcp_text text)
{
	const char *at = text.len > 0 ? text.at : "", *end = at + text.len;
	const char *lf = find(at, end, '\n'), *cr = find(at, end, '\r');
	const char *stop;

	for (;;) {
		stop = lf < cr ? lf : cr;
		mcp_buf_puts(out, prefix);
		if (stop > at)
			mcp_buf_append(out, at, (size_t)(stop - at));
		mcp_buf_putc(out, '\n');
		if (stop == end)
			return;
		at = stop + 1 + (stop == cr && lf == cr + 1);
		lf = lf < at ? find(at, end, '\n') : lf;
		cr = cr < at ? find(at, end, '\r') : cr;
	}
}

static void
append_field(struct mcp_buf *out, const char *prefix, struct mcp_text value)
{
	if (value.len == 0)
		return;
	mcp_buf_puts(out, prefix);
	mcp_buf_text(out, value);
	mcp_buf_putc(out, '\n');
}

static void
append_retry(struct mcp_buf *out, unsigned retry_ms)
{
	mcp_buf_puts(out, "retry: ");
	mcp_buf_number(out, (int64_t)retry_ms);
	mcp_buf_putc(out, '\n');
}

void
mcp_sse_event(struct mcp_buf *out, struct mcp_text id, struct mcp_text name,
    struct mcp_text data)
{
	append_field(out, "id: ", id);
	append_field(out, "event: ", name);
	append_lines(out, "data: ", data);
	mcp_buf_putc(out, '\n');
}

void
mcp_sse_id(struct mcp_buf *out, struct mcp_text id)
{
	append_field(out, "id: ", id);
}

void
mcp_sse_prime(struct mcp_buf *out, struct mcp_text id, unsigned retry_ms)
{
	append_field(out, "id: ", id);
	append_retry(out, retry_ms);
	append_lines(out, "data: ", MCP_TEXT_INIT);
	mcp_buf_putc(out, '\n');
}

void
mcp_sse_comment(struct mcp_buf *out, struct mcp_text text)
{
	append_lines(out, ": ", text);
	mcp_buf_putc(out, '\n');
}

void
mcp_sse_retry(struct mcp_buf *out, unsigned retry_ms)
{
	append_retry(out, retry_ms);
	mcp_buf_putc(out, '\n');
}

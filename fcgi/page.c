/* page.c - I cut a long list into pages */

#include "fcgi/page.h"
#include "fcgi/dispatch.h"
#include "fcgi/permit.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

struct page {
	size_t first, end; /* of the entries this answer shows */
};

/* A cursor's content: the digest, the method, the offset in decimal, each
 * followed by a colon but the last. */

static void
put_head(const struct call *call, struct mcp_buf *out)
{
	mcp_buf_printf(out, "%s:%s:", call->config->digest, call->method->name);
}

static int
read_offset(const struct call *call, struct mcp_text plain, size_t *offsetp)
{
	struct mcp_buf head = MCP_BUF_INIT;
	uint64_t offset = 0;
	int error = 0;

	put_head(call, &head);
	if (head.failed)
		error = -ENOMEM;
	else if (!mcp_text_starts(plain, head.data) ||
	    mcp_text_number((struct mcp_text){ plain.at + head.len,
				plain.len - head.len },
		&offset) != 0)
		error = -EINVAL;
	mcp_buf_deinit(&head);
	*offsetp = (size_t)offset;
	return error;
}

static int
open_cursor(struct call *call, const char *cursor, size_t *offsetp)
{
	struct mcp_buf plain = MCP_BUF_INIT;
	int condition = mcp_seal_open(call->worker->seal, MCP_SEAL_CURSOR,
	    mcp_text_of(cursor), &plain);

	if (condition == 0)
		condition = read_offset(call, mcp_buf_view(&plain), offsetp);
	mcp_buf_deinit(&plain);
	return condition == 0 ? 0 :
	    call_fail(call, JSONRPC_INVALID_PARAMS,
		"params.cursor: not one of this list; ask for its first page");
}

static int
page_open(struct call *call, size_t n, struct page *page)
{
	size_t size = call->config->server.limits.page_size;
	const char *cursor = NULL;
	int condition = 0;

	page->first = 0;
	if (call->params != NULL &&
	    json_object_object_get_ex(call->params, "cursor", NULL))
		condition = param_string(call, "cursor", &cursor);
	if (condition == 0 && cursor != NULL)
		condition = open_cursor(call, cursor, &page->first);
	if (page->first > n)
		page->first = n;
	page->end = n - page->first > size ? page->first + size : n;
	return condition;
}

static int
page_close(struct call *call, size_t n, const struct page *page,
    struct mcp_buf *result)
{
	struct mcp_buf plain = MCP_BUF_INIT;
	int error = 0;

	mcp_buf_putc(result, ']');
	if (page->end < n) {
		put_head(call, &plain);
		mcp_buf_printf(&plain, "%zu", page->end);
		mcp_buf_puts(result, ",\"nextCursor\":\"");
		error = plain.failed ? -ENOMEM :
				       mcp_seal_close(call->worker->seal,
					   MCP_SEAL_CURSOR,
					   mcp_buf_view(&plain), result);
		mcp_buf_putc(result, '"');
		mcp_buf_deinit(&plain);
	}
	mcp_buf_putc(result, '}');
	return error;
}

/* --- the entries -------------------------------------------------------- */

static bool
is_shown(const struct call *call, const struct page_list *list, size_t i)
{
	const char *entry = (const char *)list->entries + i * list->size;

	return permit_entry(call,
	    (const struct mcp_access *)(const void *)(entry + list->access));
}

static const char *
listing(const struct call *call, const struct page_list *list, size_t i)
{
	const char *entry = (const char *)list->entries + i * list->size;
	char *const *texts =
	    (char *const *)(const void *)(entry + list->listing);

	return texts[call->revision];
}

static size_t
count_shown(const struct call *call, const struct page_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += is_shown(call, list, i);
	return n;
}

int
page_answer(
    struct call *call, const struct page_list *list, struct mcp_buf *result)
{
	size_t n = count_shown(call, list), at = 0;
	struct page page;
	int condition = page_open(call, n, &page);

	if (condition != 0)
		return condition;
	mcp_buf_printf(result, "{\"%s\":[", list->name);
	for (size_t i = 0; i < list->n && at < page.end; i++) {
		if (!is_shown(call, list, i) || at++ < page.first)
			continue;
		if (at - 1 > page.first)
			mcp_buf_putc(result, ',');
		mcp_buf_puts(result, listing(call, list, i));
	}
	return page_close(call, n, &page, result);
}

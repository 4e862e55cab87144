/* admin.c - I am the operator's door: what is counted, for people and machines
 */
#include "broker/admin.h"

#include "broker/broker.h"

static const struct {
	const char *path;
	const char *type;
	void (*print)(const struct broker *broker, struct mcp_buf *out);
} pages[] = {
	{ "/status", "application/json", metrics_status },
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8",
	    metrics_text },
};

static void
refuse(struct visit *visit, unsigned status, const char *headers,
    const char *body)
{
	door_answer(visit, &(struct door_answer){ .status = status,
	    .headers = mcp_text_of(headers), .type = "application/json",
	    .body = mcp_text_of(body) });
}

static void
answer(struct visit *visit, size_t page)
{
	struct mcp_buf body = MCP_BUF_INIT;

	pages[page].print(visit->door->broker, &body);
	if (body.failed)
		refuse(visit, 503, "", "{\"error\":\"out of memory\"}");
	else
		door_answer(visit, &(struct door_answer){ .status = 200,
		    .type = pages[page].type, .body = mcp_buf_view(&body) });
	mcp_buf_deinit(&body);
}

void
admin_serve(struct visit *visit, const struct head *head)
{
	size_t n = sizeof(pages) / sizeof(pages[0]), page = 0;

	while (page < n && !mcp_text_is(head->path, pages[page].path))
		page++;
	if (page == n)
		refuse(visit, 404, "",
		    "{\"error\":\"there are /status and /metrics\"}");
	else if (!mcp_text_is(head->method, "GET"))
		refuse(visit, 405, "Allow: GET\r\n",
		    "{\"error\":\"only GET\"}");
	else
		answer(visit, page);
}

/* notice.c - I word what a listener is told */

#include "broker/notice.h"

#include <errno.h>
#include <string.h>

#include <mcp/sse.h>

#define META "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":"
#define END "}}}" /* of _meta, params and the message */

static const char *const methods[] = {
	[MCP_TOPIC_TOOLS] = "tools/list_changed",
	[MCP_TOPIC_PROMPTS] = "prompts/list_changed",
	[MCP_TOPIC_RESOURCES] = "resources/list_changed",
	[MCP_TOPIC_UPDATED] = "resources/updated",
	[MCP_TOPIC_TASK] = "tasks",
};

static void
append_event(struct mcp_buf *out, const struct mcp_buf *json)
{
	if (json->failed)
		out->failed = true;
	mcp_sse_event(out, MCP_TEXT_INIT, MCP_TEXT("message"),
	    mcp_buf_view(json));
}

/* What the params begin with. */
static void
append_what(struct mcp_buf *json, enum mcp_wire_topic topic,
    struct mcp_text what)
{
	if (topic == MCP_TOPIC_UPDATED) {
		mcp_buf_puts(json, "\"uri\":");
		mcp_buf_json_string(json, what);
		mcp_buf_putc(json, ',');
	} else if (topic == MCP_TOPIC_TASK) { /* the params are the task */
		mcp_buf_append(json, what.at + 1, what.len - 2);
		mcp_buf_putc(json, ',');
	}
}

/* The message up to its id is everybody's; what is behind it is the tail. */
static int
split(struct notice *notice, struct mcp_text event)
{
	size_t tail = strlen(END "\n\n");

	memcpy(notice->tail, event.at + event.len - tail, tail);
	event.len -= tail;
	notice->common = parcel_new(event);
	/* room for any id, so that notice_for() cannot fail */
	if (notice->common == NULL ||
	    mcp_buf_reserve(&notice->own, MCP_WIRE_REQUEST_MAX + tail) != 0) {
		notice_deinit(notice);
		return -ENOMEM;
	}
	return 0;
}

int
notice_init(struct notice *notice, enum mcp_wire_topic topic,
    struct mcp_text what)
{
	struct mcp_buf json = MCP_BUF_INIT, event = MCP_BUF_INIT;
	int error = -ENOMEM;

	*notice = (struct notice){ NULL, MCP_BUF_INIT, "" };
	mcp_buf_printf(&json, "{\"jsonrpc\":\"2.0\","
	    "\"method\":\"notifications/%s\",\"params\":{", methods[topic]);
	append_what(&json, topic, what);
	mcp_buf_puts(&json, META END);
	append_event(&event, &json);
	mcp_buf_deinit(&json);
	if (!event.failed)
		error = split(notice, mcp_buf_view(&event));
	mcp_buf_deinit(&event);
	return error;
}

void
notice_deinit(struct notice *notice)
{
	parcel_drop(notice->common);
	mcp_buf_deinit(&notice->own);
	notice->common = NULL;
}

struct mcp_text
notice_for(struct notice *notice, struct mcp_text id)
{
	mcp_buf_reset(&notice->own);
	mcp_buf_text(&notice->own, id);
	mcp_buf_puts(&notice->own, notice->tail);
	return mcp_buf_view(&notice->own);
}

void
notice_plain(struct mcp_buf *json, enum mcp_wire_topic topic,
    struct mcp_text uri)
{
	mcp_buf_printf(json, "{\"jsonrpc\":\"2.0\","
	    "\"method\":\"notifications/%s\"", methods[topic]);
	if (topic == MCP_TOPIC_UPDATED) {
		mcp_buf_puts(json, ",\"params\":{\"uri\":");
		mcp_buf_json_string(json, uri);
		mcp_buf_putc(json, '}');
	}
	mcp_buf_putc(json, '}');
}

static void
append_names(struct mcp_buf *json, const char *member,
    const struct mcp_text *names, size_t n)
{
	mcp_buf_printf(json, "\"%s\":[", member);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			mcp_buf_putc(json, ',');
		mcp_buf_json_string(json, names[i]);
	}
	mcp_buf_putc(json, ']');
}

static void
append_filter(struct mcp_buf *json, const struct listen *listen)
{
	const char *comma = "";

	for (unsigned t = MCP_TOPIC_TOOLS; t <= MCP_TOPIC_RESOURCES; t++) {
		if ((listen->topics & LISTEN_TOPIC(t)) == 0)
			continue;
		mcp_buf_printf(json, "%s\"%s\":true", comma,
		    listen_name((enum mcp_wire_topic)t));
		comma = ",";
	}
	if ((listen->topics & LISTEN_TOPIC(MCP_TOPIC_UPDATED)) != 0) {
		mcp_buf_puts(json, comma);
		append_names(json, "resourceSubscriptions", listen->uris,
		    listen->n_uris);
		comma = ",";
	}
	if (listen->n_tasks > 0) {
		mcp_buf_puts(json, comma);
		append_names(json, "taskIds", listen->tasks, listen->n_tasks);
	}
}

void
notice_acknowledged(struct mcp_buf *out, const struct listen *listen)
{
	struct mcp_buf json = MCP_BUF_INIT;

	mcp_buf_puts(&json, "{\"jsonrpc\":\"2.0\","
	    "\"method\":\"notifications/subscriptions/acknowledged\","
	    "\"params\":{" META);
	mcp_buf_text(&json, listen->id);
	mcp_buf_puts(&json, "},\"notifications\":{");
	append_filter(&json, listen);
	mcp_buf_puts(&json, END);
	append_event(out, &json);
	mcp_buf_deinit(&json);
}

void
notice_complete(struct mcp_buf *out, struct mcp_text id)
{
	struct mcp_buf result = MCP_BUF_INIT, json = MCP_BUF_INIT;

	mcp_buf_puts(&result, "{\"resultType\":\"complete\"," META);
	mcp_buf_text(&result, id);
	mcp_buf_puts(&result, "}}");
	mcp_jsonrpc_result(&json, id, mcp_buf_view(&result));
	if (result.failed)
		json.failed = true;
	append_event(out, &json);
	mcp_buf_deinit(&result);
	mcp_buf_deinit(&json);
}

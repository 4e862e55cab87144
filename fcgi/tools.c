/* tools.c - I am tools/list and tools/call */

#include "fcgi/ask.h"
#include "fcgi/dispatch.h"
#include "fcgi/handler.h"
#include "fcgi/page.h"

#include <json-c/json.h>

int
tools_list(struct call *call, struct mcp_buf *result)
{
	const struct mcp_config *config = call->config;
	struct page page;
	int condition = page_open(call, config->n_tools, &page);

	if (condition != 0)
		return condition;
	call->cache = &config->server.cache.tools;
	mcp_buf_puts(result, "{\"tools\":[");
	for (size_t i = page.first; i < page.end; i++) {
		if (i > page.first)
			mcp_buf_putc(result, ',');
		mcp_buf_puts(result,
		    config->tools[i].listing[call->revision]);
	}
	return page_close(call, config->n_tools, &page, result);
}

static void
append_text(struct mcp_buf *out, struct mcp_text text)
{
	mcp_buf_puts(out, "{\"type\":\"text\",\"text\":");
	mcp_buf_json_string(out, text);
	mcp_buf_putc(out, '}');
}

/* Bytes of a type: before 2025-03-26 there is no audio; a resource carries it,
 * as it does all else. */
static void
append_bytes(const struct call *call, struct mcp_buf *out,
    const struct handler_result *made)
{
	struct mcp_text type = mcp_buf_view(&made->type);
	bool image = mcp_text_starts(type, "image/");
	bool media = image ||
	    (mcp_text_starts(type, "audio/") &&
		mcp_revision_has(call->revision, MCP_FIELD_AUDIO));

	if (media)
		mcp_buf_printf(out, "{\"type\":\"%s\",\"data\":\"",
		    image ? "image" : "audio");
	else
		mcp_buf_printf(out,
		    "{\"type\":\"resource\",\"resource\":{\"uri\":"
		    "\"tool://%s\",\"blob\":\"",
		    call->name);
	handler_base64(out, mcp_buf_view(&made->text));
	mcp_buf_puts(out, "\",\"mimeType\":");
	mcp_buf_json_string(out, type);
	mcp_buf_puts(out, media ? "}" : "}}");
}

/* For clients that see no structuredContent, the cursor stands here too. */
static void
append_cut(const struct handler_result *made, struct mcp_buf *result)
{
	struct mcp_buf text = MCP_BUF_INIT;

	if (made->cursor.len == 0)
		mcp_buf_puts(&text,
		    "The result was cut: there is more than "
		    "this server sends at once");
	else
		mcp_buf_printf(&text,
		    "The result was cut: there are more "
		    "rows. To get them, call this tool again with the same "
		    "arguments and \"cursor\": \"%s\"",
		    made->cursor.data);
	append_text(result, mcp_buf_view(&text));
	result->failed |= text.failed;
	mcp_buf_deinit(&text);
}

static void
append_result(const struct call *call, const struct handler_result *made,
    bool is_error, struct mcp_buf *result)
{
	mcp_buf_puts(result, "{\"content\":[");
	if (made->parts.len > 0)
		mcp_buf_text(result, mcp_buf_view(&made->parts));
	else if (made->binary)
		append_bytes(call, result, made);
	else if (made->text.len > 0 || made->structured.len == 0)
		append_text(result, mcp_buf_view(&made->text));
	if (made->truncated) {
		mcp_buf_putc(result, ',');
		append_cut(made, result);
	}
	mcp_buf_putc(result, ']');
	if (made->structured.len > 0 &&
	    mcp_revision_has(call->revision, MCP_FIELD_OUTPUT_SCHEMA)) {
		mcp_buf_puts(result, ",\"structuredContent\":");
		mcp_buf_text(result, mcp_buf_view(&made->structured));
	}
	mcp_buf_puts(result, is_error ? ",\"isError\":true}" : "}");
}

/* Arguments are checked here, before any handler, and a handler's failure is a
 * result: both are sentences for the model, not for the protocol. */
static int
run_tool(struct call *call, const struct mcp_tool *tool,
    struct json_object *arguments, struct mcp_buf *result)
{
	struct handler_result made = HANDLER_RESULT_INIT;
	int condition = mcp_schema_check(tool->input, arguments, &made.text);

	if (condition == 0)
		condition = handler_run(call, &tool->handler, arguments, &made);
	else if (condition > 0)
		condition = HANDLER_E_FAILED;
	if (condition == HANDLER_E_ASKS) {
		condition = asks_result(call, result);
	} else if (condition == HANDLER_E_CALL) {
		condition = CALL_E_FAILED;
	} else if (condition >= 0) {
		append_result(call, &made,
		    condition == HANDLER_E_FAILED || made.is_error, result);
		condition = 0;
	}
	handler_result_deinit(&made);
	return condition;
}

int
tools_call(struct call *call, struct mcp_buf *result)
{
	struct json_object *arguments;
	const struct mcp_tool *tool;
	const char *name;
	int condition = param_string(call, "name", &name);

	if (condition == 0)
		condition = param_object(call, "arguments", &arguments);
	if (condition != 0)
		return condition;
	call->name = name;
	tool = mcp_config_tool(call->config, name);
	if (tool == NULL)
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "Unknown tool: %s", name);
	if (arguments != NULL)
		return run_tool(call, tool, arguments, result);
	arguments = json_object_new_object();
	condition = run_tool(call, tool, arguments, result);
	json_object_put(arguments);
	return condition;
}

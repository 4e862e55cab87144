/* tools.c - I am tools/list and tools/call */

#include "fcgi/ask.h"
#include "fcgi/dispatch.h"
#include "fcgi/handler.h"
#include "fcgi/page.h"
#include "fcgi/permit.h"

#include <json-c/json.h>

int
tools_list(struct call *call, struct mcp_buf *result)
{
	const struct mcp_config *config = call->config;
	const struct page_list list =
	    PAGE_LIST("tools", struct mcp_tool, config->tools, config->n_tools);

	call->cache = &config->server.cache.tools;
	return page_answer(call, &list, result);
}

static void
append_text(struct mcp_buf *out, struct mcp_text text)
{
	mcp_buf_puts(out, "{\"type\":\"text\",\"text\":");
	mcp_buf_json_string(out, text);
	mcp_buf_putc(out, '}');
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

/* What a handler has made becomes its parts, as they are shown and kept. */
static void
settle(const struct call *call, struct handler_result *made, int condition)
{
	struct mcp_buf *parts = &made->parts;

	if (condition < 0 || condition == HANDLER_E_ASKS ||
	    condition == HANDLER_E_CALL || condition == ONCE_E_TASK)
		return;
	made->is_error |=
	    condition == HANDLER_E_FAILED || condition == HANDLER_E_REFUSED;
	if (parts->len == 0 && made->binary)
		handler_bytes(parts, call, "tool://", mcp_buf_view(&made->type),
		    mcp_buf_view(&made->text));
	else if (parts->len == 0 &&
	    (made->text.len > 0 || made->structured.len == 0))
		append_text(parts, mcp_buf_view(&made->text));
	if (made->truncated) {
		mcp_buf_puts(parts, parts->len > 0 ? "," : "");
		append_cut(made, parts);
	}
}

static void
append_result(const struct call *call, const struct handler_result *made,
    struct mcp_buf *result)
{
	mcp_buf_puts(result, "{\"content\":[");
	mcp_buf_text(result, mcp_buf_view(&made->parts));
	mcp_buf_putc(result, ']');
	if (made->structured.len > 0 &&
	    mcp_revision_has(call->revision, MCP_FIELD_OUTPUT_SCHEMA)) {
		mcp_buf_puts(result, ",\"structuredContent\":");
		mcp_buf_text(result, mcp_buf_view(&made->structured));
	}
	mcp_buf_puts(result, made->is_error ? ",\"isError\":true}" : "}");
	result->failed |= made->parts.failed;
}

/* Arguments are checked here, before any handler, and a handler's failure is a
 * result: both are sentences for the model, not for the protocol. */
static int
check_arguments(const struct mcp_tool *tool, struct json_object *arguments,
    struct mcp_buf *why)
{
	const char *forged = permit_forged(&tool->access, arguments);
	int condition;

	if (forged != NULL) {
		mcp_buf_printf(why, PERMIT_FORGED, forged);
		return HANDLER_E_REFUSED;
	}
	condition = mcp_schema_check(tool->input, arguments, why);
	return condition > 0 ? HANDLER_E_REFUSED : condition;
}

static int
run_limited(struct call *call, const struct mcp_tool *tool,
    struct json_object *arguments, struct handler_result *made)
{
	int condition = limit_enter(call, tool, &made->text);

	if (condition == 0)
		condition = permit_run(
		    call, &tool->access, &tool->handler, arguments, made);
	limit_leave(call);
	return condition;
}

/* Return: as handler_run(), and ONCE_E_REPEATED, ONCE_E_TASK */
static int
run_once(struct call *call, const struct mcp_tool *tool,
    struct json_object *arguments, struct handler_result *made)
{
	int condition = check_arguments(tool, arguments, &made->text);

	if (condition == 0)
		condition = once_begin(call, tool, arguments, made);
	if (condition == 0)
		condition = run_limited(call, tool, arguments, made);
	settle(call, made, condition);
	once_end(call, condition, made);
	return condition;
}

static int
run_tool(struct call *call, const struct mcp_tool *tool,
    struct json_object *arguments, struct mcp_buf *result)
{
	struct handler_result made = HANDLER_RESULT_INIT;
	int condition = run_once(call, tool, arguments, &made);

	if (condition == HANDLER_E_ASKS) {
		condition = asks_result(call, result);
	} else if (condition == HANDLER_E_CALL) {
		condition = CALL_E_FAILED;
	} else if (condition == ONCE_E_TASK) {
		call->result_type = "task";
		mcp_buf_text(result, mcp_buf_view(&made.text));
		condition = 0;
	} else if (condition >= 0) {
		append_result(call, &made, result);
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
	tool = permit_tool(call, name);
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

/* prompts.c - I am prompts/list and prompts/get */

#include "fcgi/ask.h"
#include "fcgi/dispatch.h"
#include "fcgi/handler.h"
#include "fcgi/page.h"
#include "fcgi/permit.h"

#include <mcp/json.h>

#include <errno.h>
#include <json-c/json.h>

int
prompts_list(struct call *call, struct mcp_buf *result)
{
	const struct mcp_config *config = call->config;
	const struct page_list list = PAGE_LIST(
	    "prompts", struct mcp_prompt, config->prompts, config->n_prompts);

	call->cache = &config->server.cache.prompts;
	return page_answer(call, &list, result);
}

/* Spec: "Prompts", "GetPromptRequest": arguments are strings by name */
static int
check_arguments(struct call *call, const struct mcp_prompt *prompt,
    struct json_object *arguments)
{
	const char *forged = permit_forged(&prompt->access, arguments);

	if (forged != NULL)
		return call_fail(
		    call, JSONRPC_INVALID_PARAMS, PERMIT_FORGED, forged);
	for (size_t i = 0; i < prompt->n_arguments; i++) {
		const struct mcp_argument *argument = &prompt->arguments[i];
		struct json_object *value =
		    mcp_json_get(arguments, argument->name);

		if (value == NULL && argument->required)
			return call_fail(call, JSONRPC_INVALID_PARAMS,
			    "missing required argument \"%s\"",
			    argument->name);
		if (value != NULL &&
		    !json_object_is_type(value, json_type_string))
			return call_fail(call, JSONRPC_INVALID_PARAMS,
			    "%s: expected a string", argument->name);
	}
	return 0;
}

/* The row a prompt speaks of: its columns join the arguments as places. */
static int
add_row(struct call *call, const struct mcp_prompt *prompt,
    struct json_object *values)
{
	struct handler_result made = HANDLER_RESULT_INIT;
	struct json_object *row = NULL;
	int condition = handler_run(call, &prompt->handler, values, &made);

	if (condition == HANDLER_E_NONE)
		condition = call_fail(call, JSONRPC_INVALID_PARAMS, "%s",
		    made.text.data);
	else if (condition == HANDLER_E_FAILED)
		condition = call_fail(call, JSONRPC_INTERNAL_ERROR, "%s",
		    made.text.data);
	else if (condition == 0)
		row = mcp_json_parse(mcp_buf_view(&made.structured));
	if (row != NULL) {
		json_object_object_foreach(row, name, value)
			json_object_object_add(values, name,
			    json_object_get(value));
	}
	json_object_put(row);
	handler_result_deinit(&made);
	return condition;
}

static void
append_messages(const struct mcp_prompt *prompt, struct json_object *values,
    struct mcp_buf *result)
{
	struct mcp_buf text = MCP_BUF_INIT;

	for (size_t i = 0; i < prompt->n_messages; i++) {
		mcp_buf_reset(&text);
		mcp_template_expand(&prompt->messages[i].text, handler_value,
		    values, &text);
		mcp_buf_printf(result,
		    "%s{\"role\":\"%s\",\"content\":{\"type\":\"text\","
		    "\"text\":",
		    i == 0 ? "" : ",", prompt->messages[i].role);
		mcp_buf_json_string(result, mcp_buf_view(&text));
		mcp_buf_puts(result, "}}");
		result->failed |= text.failed;
	}
	mcp_buf_deinit(&text);
}

static void
append_prompt(const struct mcp_prompt *prompt, struct mcp_buf *result)
{
	mcp_buf_putc(result, '{');
	if (prompt->description != NULL) {
		mcp_buf_puts(result, "\"description\":");
		mcp_buf_json_string(result, mcp_text_of(prompt->description));
		mcp_buf_putc(result, ',');
	}
	mcp_buf_puts(result, "\"messages\":[");
}

static int
run_plugin(struct call *call, const struct mcp_prompt *prompt,
    struct json_object *values, struct mcp_buf *result)
{
	struct handler_result made = HANDLER_RESULT_INIT;
	int condition = handler_run(call, &prompt->handler, values, &made);

	if (condition == HANDLER_E_ASKS) {
		condition = asks_result(call, result);
	} else if (condition == HANDLER_E_CALL) {
		condition = CALL_E_FAILED;
	} else if (condition == 0) {
		append_prompt(prompt, result);
		mcp_buf_text(result, mcp_buf_view(&made.parts));
		mcp_buf_puts(result, "]}");
	}
	handler_result_deinit(&made);
	return condition;
}

static int
get_prompt(struct call *call, const struct mcp_prompt *prompt,
    struct json_object *values, struct mcp_buf *result)
{
	int condition = 0;

	if (prompt->handler.kind == MCP_HANDLER_PLUGIN)
		return run_plugin(call, prompt, values, result);
	if (prompt->handler.kind != MCP_HANDLER_NONE)
		condition = add_row(call, prompt, values);
	if (condition != 0)
		return condition;
	append_prompt(prompt, result);
	append_messages(prompt, values, result);
	mcp_buf_puts(result, "]}");
	return 0;
}

int
prompts_get(struct call *call, struct mcp_buf *result)
{
	struct json_object *arguments, *values;
	const struct mcp_prompt *prompt;
	const char *name;
	int condition = param_string(call, "name", &name);

	if (condition == 0)
		condition = param_object(call, "arguments", &arguments);
	if (condition != 0)
		return condition;
	call->name = name;
	prompt = permit_prompt(call, name);
	if (prompt == NULL)
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "Unknown prompt: %s", name);
	condition = check_arguments(call, prompt, arguments);
	if (condition != 0)
		return condition;
	values = permit_values(call, &prompt->access, arguments);
	if (values == NULL)
		return -ENOMEM;
	condition = get_prompt(call, prompt, values, result);
	json_object_put(values);
	return condition;
}

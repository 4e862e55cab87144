/* dispatch.c - I am a table: method, handler, first and last revision */

#include "fcgi/dispatch.h"
#include "fcgi/reply.h"

#include <mcp/log.h>

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#define FIRST MCP_REVISION_FIRST
#define LEGACY MCP_REVISION_LEGACY_LAST
#define LAST MCP_REVISION_LAST

static const struct method methods[] = {
	{ "initialize", lifecycle_initialize, FIRST, LEGACY, false },
	{ "ping", lifecycle_ping, FIRST, LEGACY, false },
	{ "tools/list", tools_list, FIRST, LAST, false },
	{ "tools/call", tools_call, FIRST, LAST, true },
	{ "resources/list", resources_list, FIRST, LAST, false },
	{ "resources/templates/list", resources_templates_list, FIRST, LAST,
	    false },
	{ "resources/read", resources_read, FIRST, LAST, true },
	{ "prompts/list", prompts_list, FIRST, LAST, false },
	{ "prompts/get", prompts_get, FIRST, LAST, true },
};

const struct method *
dispatch_method(const char *name, enum mcp_revision revision)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return revision >= methods[i].first &&
				revision <= methods[i].last ? &methods[i] : NULL;
	return NULL;
}

static int
run_method(struct call *call, struct mcp_buf *result)
{
	struct json_object *params = call->message.params;

	if (call->method == NULL)
		return call_fail(call, JSONRPC_METHOD_NOT_FOUND,
		    "Method not found");
	if (params != NULL && !json_object_is_type(params, json_type_object))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params: expected an object");
	return call->method->run(call, result);
}

void
dispatch_run(struct call *call)
{
	struct mcp_buf result = MCP_BUF_INIT;
	int condition = run_method(call, &result);

	if (condition == 0 && result.failed)
		condition = -ENOMEM;
	if (condition == 0 &&
	    result.len > call->worker->config->server.limits.max_result)
		call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "The result is larger than this server sends");
	if (condition < 0) {
		mcp_log(MCP_LOG_ERROR, "%s: %s", call->message.method,
		    strerror(-condition));
		call_fail(call, JSONRPC_INTERNAL_ERROR, "Internal error");
	}
	reply_response(call, call->message.id, mcp_buf_view(&result));
	mcp_buf_deinit(&result);
}

/* One message of a batch: an error in it is its own answer and nobody else's. */
static void
run_element(struct call *call, struct mcp_text text)
{
	struct mcp_jsonrpc *message = &call->message;
	const char *why = NULL;
	int condition = mcp_jsonrpc_parse(text, message, NULL, &why);

	call->code = 0;
	mcp_buf_reset(&call->error);
	mcp_buf_reset(&call->data);
	if (condition == 0 && message->kind != MCP_JSONRPC_REQUEST)
		return;
	if (call->out.len > 1)
		mcp_buf_putc(&call->out, ',');
	if (condition != 0) {
		call_fail(call, JSONRPC_INVALID_REQUEST, "Invalid Request: %s",
		    why != NULL ? why : "unreadable");
		reply_response(call, message->id, MCP_TEXT_INIT);
		return;
	}
	call->method = dispatch_method(message->method, call->revision);
	if (call->method != NULL && call->method->run == lifecycle_initialize) {
		call_fail(call, JSONRPC_INVALID_REQUEST,
		    "initialize cannot be part of a batch");
		reply_response(call, message->id, MCP_TEXT_INIT);
		return;
	}
	dispatch_run(call);
}

void
dispatch_batch(struct call *call)
{
	struct mcp_text batch = mcp_buf_view(&call->body);
	struct mcp_text element = MCP_TEXT_INIT;

	mcp_buf_putc(&call->out, '[');
	while (mcp_scan_next(batch, &element) == 0) {
		run_element(call, element);
		mcp_jsonrpc_deinit(&call->message);
		call->message = MCP_JSONRPC_INIT;
		call->name = NULL;
	}
	if (call->out.len == 1)
		mcp_buf_reset(&call->out); /* nothing asked for an answer */
	else
		mcp_buf_putc(&call->out, ']');
}

void
dispatch_versions(struct mcp_buf *out)
{
	for (enum mcp_revision r = LEGACY; r >= FIRST; r--)
		mcp_buf_printf(out, "%s\"%s\"", r == LEGACY ? "" : ",",
		    mcp_revision_name(r));
}

int
param_string(struct call *call, const char *name, const char **valuep)
{
	struct json_object *value = NULL;

	if (call->message.params != NULL)
		json_object_object_get_ex(call->message.params, name, &value);
	if (!json_object_is_type(value, json_type_string))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params.%s: expected a string", name);
	*valuep = json_object_get_string(value);
	if (strlen(*valuep) != (size_t)json_object_get_string_len(value))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params.%s: a NUL character is not allowed", name);
	return 0;
}

int
param_object(struct call *call, const char *name, struct json_object **valuep)
{
	*valuep = NULL;
	if (call->message.params != NULL)
		json_object_object_get_ex(call->message.params, name, valuep);
	if (*valuep != NULL && !json_object_is_type(*valuep, json_type_object))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params.%s: expected an object", name);
	return 0;
}

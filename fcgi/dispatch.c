/* dispatch.c - I am a table: method, handler, first and last revision */

#include "fcgi/dispatch.h"
#include "fcgi/ask.h"
#include "fcgi/reply.h"

#include <mcp/json.h>
#include <mcp/log.h>

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#define FIRST MCP_REVISION_FIRST
#define LEGACY MCP_REVISION_LEGACY_LAST
#define MODERN MCP_2026_07_28
#define LAST MCP_REVISION_LAST

#define RUNS (METHOD_SLOT | METHOD_ASKS)

static const struct method methods[] = {
	{ "initialize", lifecycle_initialize, FIRST, LEGACY, 0, NULL },
	{ "ping", lifecycle_ping, FIRST, LEGACY, 0, NULL },
	{ "server/discover", lifecycle_discover, MODERN, LAST, 0, NULL },
	{ "tools/list", tools_list, FIRST, LAST, METHOD_TOOLS, NULL },
	{ "tools/call", tools_call, FIRST, LAST, METHOD_TOOLS | RUNS, "name" },
	{ "resources/list", resources_list, FIRST, LAST, METHOD_RESOURCES,
	    NULL },
	{ "resources/templates/list", resources_templates_list, FIRST, LAST,
	    METHOD_RESOURCES, NULL },
	{ "resources/read", resources_read, FIRST, LAST,
	    METHOD_RESOURCES | RUNS, "uri" },
	{ "prompts/list", prompts_list, FIRST, LAST, METHOD_PROMPTS, NULL },
	{ "prompts/get", prompts_get, FIRST, LAST, METHOD_PROMPTS | RUNS,
	    "name" },
	{ "resources/subscribe", resources_subscribe, FIRST, LEGACY,
	    METHOD_RESOURCES, NULL },
	{ "resources/unsubscribe", resources_unsubscribe, FIRST, LEGACY,
	    METHOD_RESOURCES, NULL },
	{ "logging/setLevel", logging_set_level, FIRST, LEGACY, 0, NULL },
	{ "tasks/get", tasks_get, MODERN, LAST, METHOD_TASKS, "taskId" },
	{ "tasks/update", tasks_update, MODERN, LAST, METHOD_TASKS, "taskId" },
	{ "tasks/cancel", tasks_cancel, MODERN, LAST, METHOD_TASKS, "taskId" },
	{ "completion/complete", completion_complete, FIRST, LAST,
	    METHOD_COMPLETIONS | METHOD_SLOT, NULL },
};

static bool
has_completions(const struct mcp_config *config)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_prompts; i++)
		n += config->prompts[i].n_completions;
	for (size_t i = 0; i < config->n_templates; i++)
		n += config->templates[i].n_completions;
	return n > 0;
}

unsigned
dispatch_offers(const struct mcp_config *config)
{
	return (config->n_tools > 0 ? METHOD_TOOLS : 0) |
	    (config->n_resources + config->n_templates > 0 ? METHOD_RESOURCES :
							     0) |
	    (config->n_prompts > 0 ? METHOD_PROMPTS : 0) |
	    (has_completions(config) ? METHOD_COMPLETIONS : 0) |
	    (config->plugins.n > 0 ? METHOD_TASKS : 0);
}

/* Clients of the legacy eras ask for lists that were never declared, and fail
 * where there are none: those are empty there. */
static bool
is_offered(struct worker *worker, const struct mcp_config *config,
    const struct method *method, enum mcp_revision revision)
{
	unsigned needs = method->traits &
	    (METHOD_TOOLS | METHOD_RESOURCES | METHOD_PROMPTS |
		METHOD_COMPLETIONS | METHOD_TASKS);

	if ((dispatch_offers(config) & needs) == needs)
		return true;
	return mcp_revision_era(revision) == MCP_ERA_LEGACY &&
	    needs != METHOD_COMPLETIONS &&
	    worker_tolerates(worker, config, MCP_QUIRK_UNDECLARED_LIST);
}

const struct method *
dispatch_method(
    const struct call *call, const char *name, enum mcp_revision revision)
{
	const struct method *method = NULL;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			method = &methods[i];
	if (method == NULL || revision < method->first ||
	    revision > method->last ||
	    !is_offered(call->worker, call->config, method, revision))
		return NULL;
	return method;
}

static int
run_method(struct call *call, struct mcp_buf *result)
{
	struct json_object *params = call->params;

	if (call->method == NULL)
		return call_fail(call, JSONRPC_METHOD_NOT_FOUND,
		    "Method not found");
	if (params != NULL && !json_object_is_type(params, json_type_object))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params: expected an object");
	if ((call->method->traits & METHOD_ASKS) != 0) {
		int condition = asks_open(call);

		if (condition != 0)
			return condition;
	}
	return call->method->run(call, result);
}

/* What every result carries from 2026-07-28 on, after the method's own members.
 * Spec: "Overview", "ResultType" and "_meta"; "Caching" */
void
dispatch_complete(const struct call *call, struct mcp_buf *result)
{
	if (!mcp_revision_has(call->revision, MCP_FIELD_RESULT_TYPE) ||
	    result->failed)
		return;
	result->len--; /* its closing brace */
	mcp_buf_puts(result, result->len > 1 ? "," : "");
	mcp_buf_puts(result, "\"resultType\":\"");
	mcp_buf_puts(result, call->result_type);
	mcp_buf_putc(result, '"');
	if (call->cache != NULL)
		mcp_buf_printf(result,
		    ",\"ttlMs\":%llu,\"cacheScope\":\"%s\"",
		    (unsigned long long)call->cache->ttl_ms,
		    call->cache->is_public ? "public" : "private");
	mcp_buf_puts(result,
	    ",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":");
	lifecycle_server_info(&call->config->server, call->revision, result);
	mcp_buf_puts(result, "}}");
}

void
dispatch_run(struct call *call)
{
	struct mcp_buf result = MCP_BUF_INIT;
	int condition =
	    atomic_load(&call->cut) ? CALL_E_FAILED : run_method(call, &result);

	if (atomic_load(&call->cut)) {
		mcp_buf_reset(&result);
		condition = call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "The server is stopping, and the call took too long: what "
		    "it has done is not known");
	}
	if (condition == 0)
		dispatch_complete(call, &result);
	if (condition == 0 && result.failed)
		condition = -ENOMEM;
	if (condition == 0 &&
	    result.len > call->config->server.limits.max_result)
		call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "The result is larger than this server sends");
	if (condition < 0) {
		mcp_log(MCP_LOG_ERROR, "%s: %s", call->message.method,
		    strerror(-condition));
		call_fail(call, JSONRPC_INTERNAL_ERROR, "Internal error");
	}
	if (call->task[0] != '\0') {
		call->task_result = result;
		return;
	}
	reply_response(call, call->message.id, mcp_buf_view(&result));
	mcp_buf_deinit(&result);
}

/* One message of a batch: an error in it is its own answer, nobody else's. */
static void
run_element(struct call *call, struct mcp_text text)
{
	struct mcp_jsonrpc *message = &call->message;
	const char *why = NULL;
	int condition = call_read(call, text, NULL, &why);

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
	call->method = dispatch_method(call, message->method, call->revision);
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
		call_forget(call);
		asks_free(call->asks);
		call->asks = NULL;
	}
	if (call->out.len == 1)
		mcp_buf_reset(&call->out); /* nothing asked for an answer */
	else
		mcp_buf_putc(&call->out, ']');
}

void
dispatch_versions(struct mcp_buf *out)
{
	for (enum mcp_revision r = LAST; r >= FIRST; r--)
		mcp_buf_printf(out, "%s\"%s\"", r == LAST ? "" : ",",
		    mcp_revision_name(r));
}

int
param_string(struct call *call, const char *name, const char **valuep)
{
	struct json_object *value = mcp_json_get(call->params, name);

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
	*valuep = mcp_json_get(call->params, name);
	if (*valuep != NULL && !json_object_is_type(*valuep, json_type_object))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params.%s: expected an object", name);
	return 0;
}

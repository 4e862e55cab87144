/* resources.c - I am the resources: list, templates/list, read, subscribe and
 * unsubscribe
 */

#include "fcgi/ask.h"
#include "fcgi/dispatch.h"
#include "fcgi/handler.h"
#include "fcgi/page.h"
#include "fcgi/permit.h"

#include <json-c/json.h>
#include <string.h>

int
resources_list(struct call *call, struct mcp_buf *result)
{
	const struct mcp_config *config = call->config;
	const struct page_list list = PAGE_LIST("resources",
	    struct mcp_resource, config->resources, config->n_resources);

	call->cache = &config->server.cache.resources;
	return page_answer(call, &list, result);
}

int
resources_templates_list(struct call *call, struct mcp_buf *result)
{
	const struct mcp_config *config = call->config;
	const struct page_list list = PAGE_LIST("resourceTemplates",
	    struct mcp_resource, config->templates, config->n_templates);

	call->cache = &config->server.cache.templates;
	return page_answer(call, &list, result);
}

static void
add_place(void *values, const char *name, struct mcp_text value)
{
	json_object_object_add(values, name,
	    json_object_new_string_len(value.at, (int)value.len));
}

/* What %XX stands for need not be text; handlers are promised that it is. */
static bool
is_text_all(struct json_object *values)
{
	return mcp_scan(mcp_text_of(json_object_to_json_string(values)), 0,
	    NULL, 0, NULL) == 0;
}

static const struct mcp_resource *
find_any(const struct mcp_config *config, const char *uri,
    struct json_object **valuesp)
{
	const struct mcp_resource *resource = mcp_config_resource(config, uri);

	*valuesp = NULL;
	for (size_t i = 0; resource == NULL && i < config->n_templates; i++) {
		*valuesp = json_object_new_object();
		if (mcp_uri_template_match(config->templates[i].template, uri,
			add_place, *valuesp) == 1 && is_text_all(*valuesp))
			return &config->templates[i];
		json_object_put(*valuesp);
		*valuesp = NULL;
	}
	return resource;
}

/* The first that matches decides: where the caller may not read it, no wider
 * template behind it shows what it guards. */
static const struct mcp_resource *
find(const struct call *call, const char *uri, struct json_object **valuesp)
{
	const struct mcp_resource *resource =
	    find_any(call->config, uri, valuesp);

	if (resource == NULL || permit_entry(call, &resource->access))
		return resource;
	json_object_put(*valuesp);
	*valuesp = NULL;
	return NULL;
}

static bool
is_text(const struct mcp_resource *resource, const char *mime_type)
{
	struct mcp_text type = mcp_text_of(mime_type);

	return (resource->handler.kind != MCP_HANDLER_FILE &&
		   resource->handler.kind != MCP_HANDLER_EXEC) ||
	    type.len == 0 || mcp_text_starts(type, "text/") ||
	    strstr(type.at, "json") != NULL || strstr(type.at, "xml") != NULL;
}

static void
append_contents(const struct mcp_resource *resource, const char *uri,
    const struct handler_result *made, struct mcp_buf *result)
{
	struct mcp_text type = made->mime_type != NULL ?
	    mcp_text_of(made->mime_type) : mcp_buf_view(&made->type);

	mcp_buf_puts(result, "{\"contents\":[");
	if (made->parts.len > 0) {
		mcp_buf_text(result, mcp_buf_view(&made->parts));
		mcp_buf_puts(result, "]}");
		return;
	}
	mcp_buf_puts(result, "{\"uri\":");
	mcp_buf_json_string(result, mcp_text_of(uri));
	if (type.len > 0) {
		mcp_buf_puts(result, ",\"mimeType\":");
		mcp_buf_json_string(result, type);
	}
	if (is_text(resource, made->mime_type) && !made->binary) {
		mcp_buf_puts(result, ",\"text\":");
		mcp_buf_json_string(result, mcp_buf_view(&made->text));
	} else {
		mcp_buf_puts(result, ",\"blob\":\"");
		handler_base64(result, mcp_buf_view(&made->text));
		mcp_buf_putc(result, '"');
	}
	mcp_buf_puts(result, "}]}");
}

/* Unknown and gone are the same to a reader.
 * Spec: "Resources", "Error Handling": -32002 up to 2025-11-25, decided here
 *       as -32602 in every revision */
static int
no_resource(struct call *call, const char *uri, const char *sentence)
{
	mcp_buf_puts(&call->data, "{\"uri\":");
	mcp_buf_json_string(&call->data, mcp_text_of(uri));
	mcp_buf_putc(&call->data, '}');
	return call_fail(call, JSONRPC_INVALID_PARAMS, "%s", sentence);
}

static int
read_resource(struct call *call, const struct mcp_resource *resource,
    const char *uri, struct json_object *values, struct mcp_buf *result)
{
	struct handler_result made = HANDLER_RESULT_INIT;
	int condition;

	made.mime_type = resource->mime_type;
	condition = permit_run(
	    call, &resource->access, &resource->handler, values, &made);

	call->cache = &resource->cache;
	if (condition == 0)
		append_contents(resource, uri, &made, result);
	else if (condition == HANDLER_E_ASKS)
		condition = asks_result(call, result);
	else if (condition == HANDLER_E_CALL)
		condition = CALL_E_FAILED;
	else if (condition == HANDLER_E_NONE)
		condition = no_resource(call, uri, made.text.data);
	else if (condition == HANDLER_E_FAILED)
		condition = call_fail(call, JSONRPC_INTERNAL_ERROR, "%s",
		    made.text.data);
	handler_result_deinit(&made);
	return condition;
}

int
resources_read(struct call *call, struct mcp_buf *result)
{
	const struct mcp_resource *resource;
	struct json_object *values;
	const char *uri;
	int condition = param_string(call, "uri", &uri);

	if (condition != 0)
		return condition;
	call->name = uri;
	resource = find(call, uri, &values);
	if (resource == NULL)
		return no_resource(call, uri, "Unknown resource");
	condition = read_resource(call, resource, uri, values, result);
	json_object_put(values);
	return condition;
}

/* --- subscriptions of a session ----------------------------------------- */

static bool
exists(const struct call *call, const char *uri)
{
	struct json_object *values;
	bool found = find(call, uri, &values) != NULL;

	json_object_put(values);
	return found;
}

static int
subscribe(struct call *call, enum mcp_wire_verb verb, struct mcp_buf *result)
{
	struct mcp_letter answer, question = {
		.kind = MCP_SESSION,
		.verb = verb,
		.stream = mcp_text_of(call->owner),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
	};
	const char *uri;
	int condition = param_string(call, "uri", &uri);

	if (condition != 0)
		return condition;
	call->name = uri;
	if (verb == MCP_SESSION_SUBSCRIBE && !exists(call, uri))
		return no_resource(call, uri, "Unknown resource");
	if (call->owner[0] == '\0')
		return call_fail(call, JSONRPC_INVALID_REQUEST,
		    "A subscription needs a session: initialize first");
	question.state = mcp_text_of(uri);
	if (thread_ask(call->thread, &question, &answer) != 0)
		answer.outcome = MCP_GONE;
	if (answer.outcome == MCP_OVER_QUOTA)
		return call_fail(call, MCP_OVERLOADED,
		    "This session has as many subscriptions as it may");
	if (answer.outcome != MCP_OK)
		return call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "The session's state is not available now");
	mcp_buf_puts(result, "{}");
	return 0;
}

int
resources_subscribe(struct call *call, struct mcp_buf *result)
{
	return subscribe(call, MCP_SESSION_SUBSCRIBE, result);
}

int
resources_unsubscribe(struct call *call, struct mcp_buf *result)
{
	return subscribe(call, MCP_SESSION_UNSUBSCRIBE, result);
}

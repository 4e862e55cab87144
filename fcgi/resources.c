/* resources.c - resources/list, resources/templates/list, resources/read */

#include "fcgi/dispatch.h"
#include "fcgi/handler.h"

#include <json-c/json.h>
#include <string.h>

static void
append_list(const struct mcp_resource *resources, size_t n,
    enum mcp_revision revision, struct mcp_buf *result)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			mcp_buf_putc(result, ',');
		mcp_buf_puts(result, resources[i].listing[revision]);
	}
	mcp_buf_puts(result, "]}");
}

int
resources_list(struct call *call, struct mcp_buf *result)
{
	const struct mcp_config *config = call->worker->config;

	mcp_buf_puts(result, "{\"resources\":[");
	append_list(config->resources, config->n_resources, call->revision,
	    result);
	return 0;
}

int
resources_templates_list(struct call *call, struct mcp_buf *result)
{
	const struct mcp_config *config = call->worker->config;

	mcp_buf_puts(result, "{\"resourceTemplates\":[");
	append_list(config->templates, config->n_templates, call->revision,
	    result);
	return 0;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The value of a place: up to a reserved character, percent-decoded.
 * Spec: RFC 6570, level 1 */
static size_t
read_place(const char *at, struct mcp_buf *value)
{
	size_t len = 0;

	while (at[len] != '\0' && strchr("/?#&=:;,@[]!$'()*+", at[len]) == NULL) {
		if (at[len] == '%' && hex(at[len + 1]) >= 0 &&
		    hex(at[len + 2]) >= 0) {
			mcp_buf_putc(value, (char)(hex(at[len + 1]) << 4 |
						   hex(at[len + 2])));
			len += 3;
			continue;
		}
		mcp_buf_putc(value, at[len++]);
	}
	return len;
}

/* Does @uri fit? Then its places are added to @values. */
static bool
match(const struct mcp_template *template, const char *uri,
    struct json_object *values)
{
	for (size_t i = 0; i < template->n; i++) {
		const struct mcp_template_piece *piece = &template->pieces[i];
		struct mcp_buf value = MCP_BUF_INIT;
		size_t len = piece->len;

		if (piece->place)
			len = read_place(uri, &value);
		else if (strncmp(uri, piece->text, len) != 0)
			return false;
		if (piece->place && len > 0)
			json_object_object_add(values, piece->text,
			    json_object_new_string_len(value.data,
				(int)value.len));
		mcp_buf_deinit(&value);
		if (len == 0)
			return false;
		uri += len;
	}
	return *uri == '\0';
}

static const struct mcp_resource *
find(const struct mcp_config *config, const char *uri,
    struct json_object **valuesp)
{
	const struct mcp_resource *resource = mcp_config_resource(config, uri);

	*valuesp = NULL;
	for (size_t i = 0; resource == NULL && i < config->n_templates; i++) {
		*valuesp = json_object_new_object();
		if (match(&config->templates[i].places, uri, *valuesp))
			return &config->templates[i];
		json_object_put(*valuesp);
		*valuesp = NULL;
	}
	return resource;
}

static bool
is_text(const struct mcp_resource *resource)
{
	struct mcp_text type = mcp_text_of(resource->mime_type);

	return resource->handler.kind != MCP_HANDLER_FILE || type.len == 0 ||
	    mcp_text_starts(type, "text/") ||
	    strstr(type.at, "json") != NULL || strstr(type.at, "xml") != NULL;
}

static void
append_contents(const struct mcp_resource *resource, const char *uri,
    const struct handler_result *made, struct mcp_buf *result)
{
	mcp_buf_puts(result, "{\"contents\":[{\"uri\":");
	mcp_buf_json_string(result, mcp_text_of(uri));
	if (resource->mime_type != NULL) {
		mcp_buf_puts(result, ",\"mimeType\":");
		mcp_buf_json_string(result, mcp_text_of(resource->mime_type));
	}
	if (is_text(resource)) {
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
	int condition = handler_run(call, &resource->handler, values, &made);

	if (condition == 0)
		append_contents(resource, uri, &made, result);
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
	resource = find(call->worker->config, uri, &values);
	if (resource == NULL)
		return no_resource(call, uri, "Unknown resource");
	condition = read_resource(call, resource, uri, values, result);
	json_object_put(values);
	return condition;
}

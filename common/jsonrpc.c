/* jsonrpc.c - I know request, notification, response; of MCP I know nothing
 *
 * Law: JSON-RPC 2.0, "Request object", "Response object"; narrowed by MCP
 *      "Overview", "Messages": an id is a string or a number. Members that
 *      neither names are ignored. An id with a fraction passes, since it goes
 *      back as the text it came in.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <json-c/json.h>

#include <mcp/jsonrpc.h>
#include <mcp/tree.h>

static struct mcp_text
skip_blanks(struct mcp_text json)
{
	while (json.len > 0 &&
	    (*json.at == ' ' || *json.at == '\t' || *json.at == '\n' ||
		*json.at == '\r')) {
		json.at++;
		json.len--;
	}
	return json;
}

static bool
begins_with(struct mcp_text json, char c)
{
	json = skip_blanks(json);
	return json.len > 0 && *json.at == c;
}

bool
mcp_jsonrpc_is_batch(struct mcp_text json)
{
	return begins_with(json, '[');
}

static bool
is_legal_id(struct mcp_text id)
{
	return id.len > 0 &&
	    (*id.at == '"' || *id.at == '-' ||
		(*id.at >= '0' && *id.at <= '9'));
}

/* A string that C can hold: json-c keeps a \u0000, strcmp(3) would not. */
static const char *
plain_string(struct json_object *value)
{
	const char *string;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	string = json_object_get_string(value);
	return strlen(string) == (size_t)json_object_get_string_len(value)
	    ? string
	    : NULL;
}

/* What is wrong with a message that has a method; NULL: nothing. */
static const char *
read_call(struct mcp_jsonrpc *message, struct json_object *method,
    bool has_params, bool answers, bool has_id)
{
	message->method = plain_string(method);
	if (message->method == NULL)
		return "method must be a string without NUL";
	if (answers)
		return "a message has either a method or a result or error";
	if (has_params &&
	    !json_object_is_type(message->params, json_type_object) &&
	    !json_object_is_type(message->params, json_type_array))
		return "params must be an object";
	message->kind = has_id ? MCP_JSONRPC_REQUEST : MCP_JSONRPC_NOTIFICATION;
	return NULL;
}

static const char *
read_response(
    struct mcp_jsonrpc *message, bool has_result, bool has_error, bool has_id)
{
	message->kind = MCP_JSONRPC_RESPONSE;
	if (!has_result && !has_error)
		return "a message needs a method, a result or an error";
	if (has_result && has_error)
		return "a response has either a result or an error";
	if (has_error && !json_object_is_type(message->error, json_type_object))
		return "error must be an object";
	return has_id ? NULL : "a response needs an id";
}

static const char *
read_message(struct mcp_jsonrpc *message, struct mcp_text id)
{
	struct json_object *root = message->root, *version, *method;
	bool has_params, has_result, has_error;

	if (is_legal_id(id))
		message->id = id;
	if (!json_object_object_get_ex(root, "jsonrpc", &version) ||
	    plain_string(version) == NULL ||
	    strcmp(plain_string(version), "2.0") != 0)
		return "jsonrpc must be \"2.0\"";
	if (id.len > 0 && message->id.len == 0)
		return "id must be a string or a number";

	has_params =
	    json_object_object_get_ex(root, "params", &message->params);
	has_result =
	    json_object_object_get_ex(root, "result", &message->result);
	has_error = json_object_object_get_ex(root, "error", &message->error);
	if (json_object_object_get_ex(root, "method", &method))
		return read_call(message, method, has_params,
		    has_result || has_error, id.len > 0);
	return read_response(message, has_result, has_error, id.len > 0);
}

int
mcp_jsonrpc_parse(struct mcp_text json, struct mcp_jsonrpc *out,
    struct mcp_scan_error *errp, const char **whyp)
{
	struct mcp_scan_watch watch = { "id", MCP_TEXT_INIT };
	struct mcp_jsonrpc message = MCP_JSONRPC_INIT;
	int rc;

	*out = MCP_JSONRPC_INIT;
	rc = mcp_scan(json, 0, &watch, 1, errp);
	if (rc != 0)
		return rc > 0 ? MCP_JSONRPC_E_PARSE : rc;
	if (!begins_with(json, '{')) {
		*whyp = "a message is a JSON object";
		return MCP_JSONRPC_E_INVALID;
	}
	rc = json.len > INT_MAX ? -EMSGSIZE : mcp_tree(json, &message.root);
	if (rc != 0)
		return rc;
	*whyp = read_message(&message, watch.value);
	if (*whyp != NULL) {
		out->id = message.id;
		mcp_jsonrpc_deinit(&message);
		return MCP_JSONRPC_E_INVALID;
	}
	*out = message;
	return 0;
}

void
mcp_jsonrpc_deinit(struct mcp_jsonrpc *message)
{
	json_object_put(message->root);
	*message = MCP_JSONRPC_INIT;
}

static void
append_id(struct mcp_buf *out, struct mcp_text id)
{
	mcp_buf_puts(out, ",\"id\":");
	mcp_buf_text(out, id.len > 0 ? id : MCP_TEXT("null"));
	mcp_buf_putc(out, '}');
}

void
mcp_jsonrpc_result(
    struct mcp_buf *out, struct mcp_text id, struct mcp_text result)
{
	mcp_buf_puts(out, "{\"jsonrpc\":\"2.0\",\"result\":");
	mcp_buf_text(out, result);
	append_id(out, id);
}

/* As far as an id might follow. */
static void
append_error(struct mcp_buf *out, int code, struct mcp_text message,
    struct mcp_text data)
{
	mcp_buf_puts(out, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":");
	mcp_buf_number(out, code);
	mcp_buf_puts(out, ",\"message\":");
	mcp_buf_json_string(out, message);
	if (data.len > 0) {
		mcp_buf_puts(out, ",\"data\":");
		mcp_buf_text(out, data);
	}
	mcp_buf_putc(out, '}');
}

void
mcp_jsonrpc_error(struct mcp_buf *out, struct mcp_text id, int code,
    struct mcp_text message, struct mcp_text data)
{
	append_error(out, code, message, data);
	append_id(out, id);
}

void
mcp_jsonrpc_refusal(struct mcp_buf *out, int code, struct mcp_text message)
{
	append_error(out, code, message, MCP_TEXT_INIT);
	mcp_buf_putc(out, '}');
}

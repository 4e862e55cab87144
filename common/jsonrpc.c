/* jsonrpc.c - I know request, notification, response; of MCP I know nothing
 *
 * Law: JSON-RPC 2.0, "Request object", "Response object"; narrowed by MCP
 *      "Overview", "Messages": an id is a string or a number. Members that
 *      neither names are ignored. An id with a fraction passes, since it goes
 *      back as the text it came in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/jsonrpc.h>

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

static bool
is_version_2(struct mcp_text json)
{
	struct mcp_buf room = MCP_BUF_INIT;
	bool is = mcp_text_is(mcp_scan_string(json, &room), "2.0");

	mcp_buf_deinit(&room);
	return is;
}

/* A copy of the content of a JSON string, where C can hold it: without a NUL.
 * Return: the caller's to free; NULL, and *errorp is -ENOMEM if it was that */
static char *
plain_string(struct mcp_text json, int *errorp)
{
	struct mcp_buf room = MCP_BUF_INIT;
	struct mcp_text content = mcp_scan_string(json, &room);
	char *copy = NULL;

	if (content.at != NULL &&
	    memchr(content.at, '\0', content.len) == NULL) {
		copy = mcp_text_dup(content);
		*errorp = copy == NULL ? -ENOMEM : *errorp;
	}
	if (room.failed)
		*errorp = -ENOMEM;
	mcp_buf_deinit(&room);
	return copy;
}

/* What is wrong with a message that has a method; NULL: nothing. */
static const char *
read_call(struct mcp_jsonrpc *message, bool answers, bool has_id)
{
	if (message->method == NULL)
		return "method must be a string without NUL";
	if (answers)
		return "a message has either a method or a result or error";
	if (message->params.len > 0 && *message->params.at != '{' &&
	    *message->params.at != '[')
		return "params must be an object";
	message->kind = has_id ? MCP_JSONRPC_REQUEST : MCP_JSONRPC_NOTIFICATION;
	return NULL;
}

static const char *
read_response(struct mcp_jsonrpc *message, bool has_id)
{
	bool has_result = message->result.len > 0;
	bool has_error = message->error.len > 0;

	message->kind = MCP_JSONRPC_RESPONSE;
	if (!has_result && !has_error)
		return "a message needs a method, a result or an error";
	if (has_result && has_error)
		return "a response has either a result or an error";
	if (has_error && *message->error.at != '{')
		return "error must be an object";
	return has_id ? NULL : "a response needs an id";
}

enum member { VERSION, ID, METHOD, PARAMS, RESULT, ERROR, N_MEMBERS };

static const char *
read_message(struct mcp_jsonrpc *message,
    const struct mcp_scan_watch members[N_MEMBERS], int *errorp)
{
	struct mcp_text id = members[ID].value;
	struct mcp_text method = members[METHOD].value;

	if (is_legal_id(id))
		message->id = id;
	if (!is_version_2(members[VERSION].value))
		return "jsonrpc must be \"2.0\"";
	if (id.len > 0 && message->id.len == 0)
		return "id must be a string or a number";
	message->params = members[PARAMS].value;
	message->result = members[RESULT].value;
	message->error = members[ERROR].value;
	if (method.len == 0)
		return read_response(message, id.len > 0);
	message->method = plain_string(method, errorp);
	return read_call(message,
	    message->result.len > 0 || message->error.len > 0, id.len > 0);
}

int
mcp_jsonrpc_parse(struct mcp_text json, struct mcp_jsonrpc *out,
    struct mcp_scan_error *errp, const char **whyp)
{
	struct mcp_scan_watch members[N_MEMBERS] = {
		[VERSION] = { .name = "jsonrpc" },
		[ID] = { .name = "id" },
		[METHOD] = { .name = "method" },
		[PARAMS] = { .name = "params" },
		[RESULT] = { .name = "result" },
		[ERROR] = { .name = "error" },
	};
	struct mcp_jsonrpc message = MCP_JSONRPC_INIT;
	int rc;

	*out = MCP_JSONRPC_INIT;
	rc = mcp_scan(json, 0, members, N_MEMBERS, errp);
	if (rc != 0)
		return rc > 0 ? MCP_JSONRPC_E_PARSE : rc;
	if (!begins_with(json, '{')) {
		*whyp = "a message is a JSON object";
		return MCP_JSONRPC_E_INVALID;
	}
	*whyp = read_message(&message, members, &rc);
	if (*whyp == NULL) {
		*out = message;
		return 0;
	}
	out->id = message.id;
	mcp_jsonrpc_deinit(&message);
	return rc < 0 ? rc : MCP_JSONRPC_E_INVALID;
}

void
mcp_jsonrpc_deinit(struct mcp_jsonrpc *message)
{
	free(message->method);
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

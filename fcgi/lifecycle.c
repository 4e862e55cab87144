/* lifecycle.c - initialize, ping */

#include "fcgi/dispatch.h"

#include <json-c/json.h>
#include <string.h>
#include <time.h>

/* What the client can do, as bits of the sealed session id. */
static const struct {
	const char *name;
	uint32_t bit;
} client_capabilities[] = {
	{ "roots", 1 },
	{ "sampling", 2 },
	{ "elicitation", 4 },
};

static uint32_t
capability_bits(struct json_object *capabilities)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 3; i++)
		if (capabilities != NULL &&
		    json_object_object_get_ex(capabilities,
			client_capabilities[i].name, NULL))
			bits |= client_capabilities[i].bit;
	return bits;
}

static void
append_capabilities(const struct call *call, struct mcp_buf *out)
{
	const struct mcp_config *config = call->worker->config;
	const char *mount = config->server.mount;
	const struct {
		const char *name;
		bool here;
	} ours[] = {
		{ "tools", config->n_tools > 0 },
		{ "resources", config->n_resources + config->n_templates > 0 },
		{ "prompts", config->n_prompts > 0 },
	};
	const char *comma = "";

	mcp_buf_putc(out, '{');
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (!ours[i].here)
			continue;
		mcp_buf_printf(out, "%s\"%s\":{}", comma, ours[i].name);
		comma = ",";
	}
	if (call->dialect == DIALECT_SEED)
		mcp_buf_printf(out,
		    "%s\"notifications\":{},\"sse\":{\"endpoint\":\"%s/sse\","
		    "\"message_endpoint\":\"%s/sse/message\"}",
		    comma, mount, mount);
	mcp_buf_putc(out, '}');
}

static void
append_server_info(const struct mcp_server *server, enum mcp_revision revision,
    struct mcp_buf *out)
{
	mcp_buf_puts(out, "{\"name\":");
	mcp_buf_json_string(out, mcp_text_of(server->name));
	if (server->title != NULL &&
	    mcp_revision_has(revision, MCP_FIELD_TITLE)) {
		mcp_buf_puts(out, ",\"title\":");
		mcp_buf_json_string(out, mcp_text_of(server->title));
	}
	mcp_buf_puts(out, ",\"version\":");
	mcp_buf_json_string(out, mcp_text_of(server->version));
	mcp_buf_putc(out, '}');
}

/* A sealed id for those who will speak Streamable HTTP; on streams the stream
 * itself is the session. */
static int
open_session(struct call *call, uint32_t capabilities)
{
	struct mcp_buf token = MCP_BUF_INIT;
	struct mcp_session session = {
		.revision = call->revision,
		.capabilities = capabilities,
		.issued = (uint64_t)time(NULL),
	};
	int error;

	session.expires = session.issued + MCP_SESSION_SECONDS;
	memcpy(session.subject, call->subject, MCP_SUBJECT_LEN);
	mcp_random(session.key, sizeof(session.key));
	error = mcp_session_seal(call->worker->seal, &session, &token);
	if (error == 0)
		memcpy(call->session, token.data, token.len + 1);
	mcp_buf_deinit(&token);
	return error;
}

/* What ADMIT will tell of this stream from now on. */
static int
set_stream(struct call *call, uint32_t capabilities)
{
	char state[5] = { (char)call->revision, (char)(capabilities >> 24),
		(char)(capabilities >> 16), (char)(capabilities >> 8),
		(char)capabilities };
	struct mcp_letter answer, question = {
		.kind = MCP_SESSION,
		.deadline_ns = mcp_clock_ns() + CALL_LETTER_NS,
		.verb = MCP_SESSION_SET,
		.stream = mcp_text_of(call->stream),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
		.state = { state, sizeof(state) },
	};
	struct mcp_line *line = thread_line(call->thread);

	if (line == NULL || mcp_line_ask(line, &question, &answer) != 0 ||
	    answer.outcome != MCP_OK)
		return call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "The stream is not available now");
	return 0;
}

int
lifecycle_initialize(struct call *call, struct mcp_buf *result)
{
	const struct mcp_server *server = &call->worker->config->server;
	struct json_object *capabilities;
	const char *asked;
	uint32_t bits;
	int condition = param_string(call, "protocolVersion", &asked);

	if (condition == 0)
		condition = param_object(call, "capabilities", &capabilities);
	if (condition != 0)
		return condition;
	call->revision = mcp_revision_offer(mcp_revision_of(mcp_text_of(asked)));
	bits = capability_bits(capabilities);
	condition = call->stream[0] != '\0' ? set_stream(call, bits) :
					      open_session(call, bits);
	if (condition != 0)
		return condition;
	mcp_buf_printf(result, "{\"protocolVersion\":\"%s\",\"capabilities\":",
	    mcp_revision_name(call->revision));
	append_capabilities(call, result);
	mcp_buf_puts(result, ",\"serverInfo\":");
	append_server_info(server, call->revision, result);
	if (server->instructions != NULL) {
		mcp_buf_puts(result, ",\"instructions\":");
		mcp_buf_json_string(result, mcp_text_of(server->instructions));
	}
	mcp_buf_putc(result, '}');
	return 0;
}

int
lifecycle_ping(struct call *call, struct mcp_buf *result)
{
	(void)call;
	mcp_buf_puts(result, "{}");
	return 0;
}

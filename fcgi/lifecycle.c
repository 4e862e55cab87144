/* lifecycle.c - I am initialize, server/discover and ping */

#include "fcgi/dispatch.h"
#include "fcgi/meta.h"

#include <mcp/json.h>

#include <json-c/json.h>
#include <string.h>
#include <time.h>

/* What we can do, as both eras declare it. */
static const struct offer {
	unsigned trait; /* 0: always */
	enum mcp_revision first;
	const char *said;
} offers[] = {
	{ METHOD_TOOLS, MCP_REVISION_FIRST,
	    "\"tools\":{\"listChanged\":true}" },
	{ METHOD_RESOURCES, MCP_REVISION_FIRST,
	    "\"resources\":{\"listChanged\":true,\"subscribe\":true}" },
	{ METHOD_PROMPTS, MCP_REVISION_FIRST,
	    "\"prompts\":{\"listChanged\":true}" },
	{ METHOD_COMPLETIONS, MCP_2025_03_26, "\"completions\":{}" },
	{ 0, MCP_REVISION_FIRST, "\"logging\":{}" },
	{ METHOD_TASKS, MCP_2026_07_28,
	    "\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}" },
};

static void
append_capabilities(const struct call *call, struct mcp_buf *out)
{
	const struct mcp_config *config = call->config;
	const char *mount = config->server.mount;
	const char *comma = "";

	mcp_buf_putc(out, '{');
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		if (call->revision < offers[i].first || (offers[i].trait != 0 &&
		    (dispatch_offers(config) & offers[i].trait) == 0))
			continue;
		mcp_buf_printf(out, "%s%s", comma, offers[i].said);
		comma = ",";
	}
	if (call->dialect == DIALECT_SEED)
		mcp_buf_printf(out,
		    "%s\"notifications\":{},\"sse\":{\"endpoint\":\"%s/sse\","
		    "\"message_endpoint\":\"%s/sse/message\"}",
		    comma, mount, mount);
	mcp_buf_putc(out, '}');
}

void
lifecycle_server_info(const struct mcp_server *server,
    enum mcp_revision revision, struct mcp_buf *out)
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
	char state[5] = { (char)call->revision };
	struct mcp_letter answer, question = {
		.kind = MCP_SESSION,
		.verb = MCP_SESSION_SET,
		.stream = mcp_text_of(call->stream),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
		.state = { state, sizeof(state) },
	};

	mcp_big_put(state + 1, capabilities, 4);
	if (thread_ask(call->thread, &question, &answer) != 0 ||
	    answer.outcome != MCP_OK)
		return call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "The stream is not available now");
	return 0;
}

static void
append_instructions(const struct mcp_server *server, struct mcp_buf *out)
{
	if (server->instructions == NULL)
		return;
	mcp_buf_puts(out, ",\"instructions\":");
	mcp_buf_json_string(out, mcp_text_of(server->instructions));
}

int
lifecycle_initialize(struct call *call, struct mcp_buf *result)
{
	const struct mcp_server *server = &call->config->server;
	struct json_object *capabilities;
	const char *asked;
	uint32_t bits;
	int condition = param_string(call, "protocolVersion", &asked);

	if (condition == 0)
		condition = param_object(call, "capabilities", &capabilities);
	if (condition != 0)
		return condition;
	call->revision = mcp_revision_offer(
	    mcp_revision_of(mcp_text_of(asked)));
	bits = capabilities == NULL
	    ? 0
	    : meta_capabilities(mcp_text_of(mcp_json_text(capabilities)));
	condition = call->stream[0] != '\0' ? set_stream(call, bits) :
					      open_session(call, bits);
	if (condition != 0)
		return condition;
	mcp_buf_printf(result, "{\"protocolVersion\":\"%s\",\"capabilities\":",
	    mcp_revision_name(call->revision));
	append_capabilities(call, result);
	mcp_buf_puts(result, ",\"serverInfo\":");
	lifecycle_server_info(server, call->revision, result);
	append_instructions(server, result);
	mcp_buf_putc(result, '}');
	return 0;
}

int
lifecycle_discover(struct call *call, struct mcp_buf *result)
{
	const struct mcp_server *server = &call->config->server;

	call->cache = &server->cache.discover;
	mcp_buf_puts(result, "{\"supportedVersions\":[");
	dispatch_versions(result);
	mcp_buf_puts(result, "],\"capabilities\":");
	append_capabilities(call, result);
	append_instructions(server, result);
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

/* logging.c - I am logging/setLevel, and know what a session has set */

#include "fcgi/dispatch.h"
#include "fcgi/meta.h"

int
logging_set_level(struct call *call, struct mcp_buf *result)
{
	struct mcp_letter answer, question = {
		.kind = MCP_SESSION,
		.verb = MCP_SESSION_LEVEL,
		.stream = mcp_text_of(call->owner),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
	};
	const char *level;
	int condition = param_string(call, "level", &level);

	if (condition != 0)
		return condition;
	if (meta_level(mcp_text_of(level)) < 0)
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params.level: expected a log level, \"debug\" to "
		    "\"emergency\"");
	question.state = mcp_text_of(level);
	/* without a session there is nobody to remember it for */
	if (call->owner[0] != '\0' &&
	    (thread_ask(call->thread, &question, &answer) != 0 ||
		answer.outcome != MCP_OK))
		return call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "The session's state is not available now");
	mcp_buf_puts(result, "{}");
	return 0;
}

void
logging_learn_level(struct call *call)
{
	struct mcp_letter answer, question = {
		.kind = MCP_SESSION,
		.verb = MCP_SESSION_GET,
		.stream = mcp_text_of(call->owner),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
	};

	if (call->level_known || call->owner[0] == '\0')
		return;
	call->level_known = true;
	if (thread_ask(call->thread, &question, &answer) == 0 &&
	    answer.outcome == MCP_STATE && answer.state.len > 0)
		call->log_level = meta_level(answer.state);
}

/* quirk.c - I know where clients deviate from the specification, and what is
 * done about it
 */

#include <mcp/quirk.h>

const struct mcp_quirk_row mcp_quirks[MCP_N_QUIRKS] = {
	[MCP_QUIRK_OLDER_HEADER] = { "older-header",
	    "MCP-Protocol-Version 2025-11-25 beside a _meta of 2026-07-28: the "
	    "_meta counts",
	    "-32020" },
	[MCP_QUIRK_REPEATED_VERSION] = { "repeated-version",
	    "MCP-Protocol-Version twice, in two lines or with a comma: the "
	    "first counts",
	    "400" },
	[MCP_QUIRK_ABSENT_VERSION] = { "absent-version",
	    "a session of 2025-06-18 or later without MCP-Protocol-Version: "
	    "the session knows",
	    "400" },
	[MCP_QUIRK_FOREIGN_VERSION] = { "foreign-version",
	    "a session with the MCP-Protocol-Version of another revision: the "
	    "session knows",
	    "400" },
	[MCP_QUIRK_EVENTS_ONLY] = { "events-only",
	    "Accept with text/event-stream alone: the answer is one event",
	    "the answer is JSON" },
	[MCP_QUIRK_UNDECLARED_LIST] = { "undeclared-list",
	    "legacy clients that ask for lists nobody declared: they are empty",
	    "-32601" },
	[MCP_QUIRK_PURE_SSE] = { "pure-sse",
	    "User-Agent Go-http-client: the stream has no events but messages",
	    "the same stream as for everybody" },
	[MCP_QUIRK_NO_RETRY] = { "no-retry",
	    "User-Agent Java-http-client: the stream has no retry: line",
	    "it has one" },
};

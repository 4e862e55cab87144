/* quirk.h - I know where clients deviate from the specification, and what is
 * done about it
 *
 * Each tolerance is one row: its name, what it accepts, what happens without
 * it. All are on; "tolerances" of the server's configuration switches one off
 * by its name. How often each was needed is counted, and shown by the broker's
 * /status.
 */
#ifndef MCP_QUIRK_H
#define MCP_QUIRK_H

#include <mcp/text.h>

enum mcp_quirk {
	MCP_QUIRK_OLDER_HEADER,
	MCP_QUIRK_REPEATED_VERSION,
	MCP_QUIRK_ABSENT_VERSION,
	MCP_QUIRK_FOREIGN_VERSION,
	MCP_QUIRK_EVENTS_ONLY,
	MCP_QUIRK_UNDECLARED_LIST,
	MCP_QUIRK_PURE_SSE,
	MCP_QUIRK_NO_RETRY,
	MCP_N_QUIRKS
};

struct mcp_quirk_row {
	const char *name; /* "older-header" */
	const char *accepts;
	const char *without;
};

extern const struct mcp_quirk_row mcp_quirks[MCP_N_QUIRKS];

#endif

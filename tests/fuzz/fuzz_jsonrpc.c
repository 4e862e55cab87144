/* fuzz_jsonrpc.c - a message is of one kind, and its id goes back as it came */
#include "tests/fuzz/fuzz.h"

#include <mcp/jsonrpc.h>

/* The id of what is written is byte for byte the one that was read. */
static void
goes_back(struct mcp_text id, struct mcp_text told)
{
	struct mcp_buf out = MCP_BUF_INIT;
	struct mcp_jsonrpc message;
	struct mcp_scan_error error;
	const char *why;

	mcp_jsonrpc_error(
	    &out, id, JSONRPC_INTERNAL_ERROR, told, MCP_TEXT("{}"));
	LAW(mcp_jsonrpc_parse(mcp_buf_view(&out), &message, &error, &why) == 0);
	LAW(message.kind == MCP_JSONRPC_RESPONSE && message.error.len > 0);
	LAW(mcp_text_equal(message.id, id));
	mcp_jsonrpc_deinit(&message);
	mcp_buf_deinit(&out);
}

static void
is_one_kind(const struct mcp_jsonrpc *message)
{
	bool answers = message->kind == MCP_JSONRPC_RESPONSE;

	LAW((message->method == NULL) == answers);
	LAW((message->id.len == 0) ==
	    (message->kind == MCP_JSONRPC_NOTIFICATION));
	LAW((message->result.len > 0) + (message->error.len > 0) == answers);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text json = { (const char *)data, size };
	struct mcp_scan_error error;
	struct mcp_jsonrpc message;
	const char *why = NULL;
	int condition = mcp_jsonrpc_parse(json, &message, &error, &why);

	LAW(condition >= 0 && condition <= MCP_JSONRPC_E_INVALID);
	LAW(fuzz_lies_in(message.id, json));
	LAW(condition == 0 || message.method == NULL);
	LAW(condition != MCP_JSONRPC_E_INVALID || why != NULL);
	if (condition == 0)
		is_one_kind(&message);
	if (message.id.len > 0)
		goes_back(message.id, json);
	mcp_jsonrpc_deinit(&message);
	return 0;
}

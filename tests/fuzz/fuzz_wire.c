/* fuzz_wire.c - a letter that is read is written the same again */
#include "tests/fuzz/fuzz.h"

#include <mcp/wire.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text bytes = { (const char *)data, size };
	struct mcp_buf out = MCP_BUF_INIT;
	struct mcp_letter letter;
	int condition = mcp_wire_read(bytes, &letter);

	LAW(condition >= 0 && condition <= MCP_WIRE_E_MALFORMED);
	LAW(condition == MCP_WIRE_E_HEAD || size >= MCP_WIRE_HEAD);
	LAW(mcp_wire_kind_name(letter.kind) != NULL);
	LAW(mcp_wire_outcome_name(letter.outcome) != NULL);
	if (condition == 0) {
		LAW(letter.stream.len <= MCP_WIRE_STREAM_MAX);
		LAW(letter.subject.len <= MCP_WIRE_SUBJECT_LEN);
		LAW(letter.request.len <= MCP_WIRE_REQUEST_MAX);
		LAW(letter.event.len <= MCP_WIRE_EVENT_MAX);
		LAW(letter.state.len <= MCP_WIRE_STATE_MAX);
		LAW(mcp_wire_write(&letter, &out) == 0);
		LAW(mcp_text_equal(mcp_buf_view(&out), bytes));
	}
	mcp_buf_deinit(&out);
	return 0;
}

/* fuzz_secret.c - a secret file has keys, or is none */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include <mcp/seal.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text bytes = { (const char *)data, size };
	struct mcp_buf token = MCP_BUF_INIT, out = MCP_BUF_INIT;
	struct mcp_seal *seal = NULL;
	int error = mcp_seal_new(fuzz_file(bytes), &seal);

	LAW(error == 0 || error == -EINVAL);
	LAW((error == 0) == (seal != NULL));
	if (error == 0) {
		LAW(size >= 64);
		LAW(mcp_seal_close(
			seal, MCP_SEAL_STATE, MCP_TEXT("x"), &token) == 0);
		LAW(mcp_seal_open(
			seal, MCP_SEAL_STATE, mcp_buf_view(&token), &out) == 0);
	}
	mcp_seal_free(seal);
	mcp_buf_deinit(&token);
	mcp_buf_deinit(&out);
	return 0;
}

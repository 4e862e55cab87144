/* fuzz_seal.c - what was sealed opens, under its purpose only; nothing else
 * does, and what does not open leaves nothing behind
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <mcp/seal.h>

#define KEY                                                                    \
	"000102030405060708090a0b0c0d0e0f"                                     \
	"101112131415161718191a1b1c1d1e1f\n"

static const struct mcp_seal *
keys(void)
{
	static struct mcp_seal *seal;

	if (seal == NULL && mcp_seal_new(fuzz_file(MCP_TEXT(KEY)), &seal) != 0)
		abort();
	return seal;
}

static void
opens_again(struct mcp_text plain)
{
	struct mcp_buf token = MCP_BUF_INIT, out = MCP_BUF_INIT;

	LAW(mcp_seal_close(keys(), MCP_SEAL_STATE, plain, &token) == 0);
	LAW(mcp_seal_open(keys(), MCP_SEAL_CURSOR, mcp_buf_view(&token),
		&out) == MCP_SEAL_E_FOREIGN);
	LAW(out.len == 0);
	LAW(mcp_seal_open(keys(), MCP_SEAL_STATE, mcp_buf_view(&token), &out) ==
	    0);
	LAW(mcp_text_equal(mcp_buf_view(&out), plain));
	mcp_buf_reset(&out);
	token.data[plain.len % token.len] ^= 1;
	LAW(mcp_seal_open(keys(), MCP_SEAL_STATE, mcp_buf_view(&token), &out) ==
	    MCP_SEAL_E_FOREIGN);
	mcp_buf_deinit(&token);
	mcp_buf_deinit(&out);
}

static void
is_a_session(const struct mcp_session *session)
{
	struct mcp_buf token = MCP_BUF_INIT;
	struct mcp_session again;
	char name[MCP_SESSION_NAME_MAX];

	LAW(mcp_session_seal(keys(), session, &token) == 0);
	LAW(token.len <= MCP_SESSION_MAX);
	LAW(mcp_session_open(keys(), mcp_buf_view(&token), 0, &again) == 0);
	LAW(again.revision == session->revision);
	LAW(memcmp(again.key, session->key, sizeof(again.key)) == 0);
	mcp_session_name(session, name);
	LAW(strlen(name) == MCP_SESSION_NAME_MAX - 1);
	mcp_buf_deinit(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text token = { (const char *)data, size };
	struct mcp_buf out = MCP_BUF_INIT;
	struct mcp_session session;
	int condition = mcp_seal_open(keys(), MCP_SEAL_STATE, token, &out);

	LAW(condition == 0 || condition == MCP_SEAL_E_FOREIGN);
	LAW(condition == 0 || out.len == 0);
	mcp_buf_deinit(&out);
	condition = mcp_session_open(keys(), token, 1, &session);
	LAW(condition >= 0 && condition <= MCP_SEAL_E_EXPIRED);
	LAW(condition != 0 || session.expires > 1);
	if (condition == 0)
		is_a_session(&session);
	opens_again(token);
	return 0;
}

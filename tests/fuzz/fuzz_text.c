/* fuzz_text.c - whatever bytes become a JSON string, it is one, and what was
 * UTF-8 comes back as it was
 */
#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/json.h>

static void
as_json(struct mcp_text text)
{
	struct mcp_buf out = MCP_BUF_INIT;
	struct json_object *tree;

	mcp_buf_json_string(&out, text);
	tree = fuzz_json(mcp_buf_view(&out), 0);
	LAW(json_object_is_type(tree, json_type_string));
	LAW(mcp_text_is_utf8(mcp_json_string(tree)));
	if (mcp_text_is_utf8(text))
		LAW(mcp_text_equal(mcp_json_string(tree), text));
	json_object_put(tree);
	mcp_buf_deinit(&out);
}

static void
as_number(struct mcp_text text)
{
	uint64_t number = 0;
	char *string = mcp_text_dup(text);

	if (mcp_text_number(text, &number) == 0)
		LAW(strtoull(string, NULL, 10) == number);
	free(string);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text text = { (const char *)data, size };
	struct mcp_text trimmed = mcp_text_trim(text);
	struct mcp_buf token = MCP_BUF_INIT;
	char *string = mcp_text_dup(text);

	LAW(fuzz_lies_in(trimmed, text));
	LAW(mcp_text_equal(mcp_text_trim(trimmed), trimmed));
	as_json(text);
	as_number(text);
	mcp_buf_pointer_token(&token, string);
	LAW(token.len == 0 || memchr(token.data, '/', token.len) == NULL);
	mcp_buf_deinit(&token);
	free(string);
	return 0;
}

/* fuzz_page.c - a cursor that is ours opens a page, and no other does; the
 * pages together are the list
 *
 * input = sealed? CURSOR
 */
#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/json.h>

#include "fcgi/dispatch.h"
#include "fcgi/page.h"

#define KEY                                                                    \
	"000102030405060708090a0b0c0d0e0f"                                     \
	"101112131415161718191a1b1c1d1e1f\n"
#define TOOL(name) "{\"name\":\"" name "\",\"text\":\"!\"}"
#define N_TOOLS 5
#define PAGE 2

static const char site[] = "{\"tools\":[" TOOL("a") "," TOOL("b") "," TOOL(
    "c") "," TOOL("d") "," TOOL("e") "]}";

static struct worker worker;
static struct mcp_config *config;

/* The page that @cursor (NULL: none) names; length 0: refused. */
static int
page(struct json_object *cursor, struct mcp_buf *result)
{
	static const struct method method = { "tools/list", tools_list,
		MCP_REVISION_FIRST, MCP_REVISION_LAST, 0, NULL };
	struct call *call = calloc(1, sizeof(*call));
	int condition;

	if (call == NULL)
		abort();
	call->worker = &worker;
	call->config = config;
	call->method = &method;
	call->revision = MCP_REVISION_LAST;
	call->params = json_object_new_object();
	if (cursor != NULL)
		json_object_object_add(call->params, "cursor",
		    json_object_get(cursor));
	condition = page_answer(call,
	    &PAGE_LIST(
		"tools", struct mcp_tool, config->tools, config->n_tools),
	    result);
	LAW(condition == 0 || condition == CALL_E_FAILED);
	LAW(condition == 0 || result->len == 0);
	LAW(condition == 0 || call->code == JSONRPC_INVALID_PARAMS);
	json_object_put(call->params);
	mcp_buf_deinit(&call->error);
	mcp_buf_deinit(&call->data);
	free(call);
	return condition;
}

/* From here on to the end. Return: how many tools there were */
static size_t
all_from(struct json_object *cursor)
{
	struct mcp_buf result = MCP_BUF_INIT;
	struct json_object *answer = NULL;
	size_t n = 0, here;

	json_object_get(cursor);
	while (page(cursor, &result) == 0) {
		answer = fuzz_json(mcp_buf_view(&result), 0);
		LAW(answer != NULL);
		here = json_object_array_length(mcp_json_get(answer, "tools"));
		LAW(here <= PAGE);
		n += here;
		json_object_put(cursor);
		cursor = json_object_get(mcp_json_get(answer, "nextCursor"));
		json_object_put(answer);
		mcp_buf_reset(&result);
		if (cursor == NULL)
			break;
	}
	json_object_put(cursor);
	mcp_buf_deinit(&result);
	return n;
}

static void
begin(void)
{
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	struct mcp_seal *seal;

	if (config != NULL)
		return;
	if (mcp_seal_new(fuzz_file(MCP_TEXT(KEY)), &seal) != 0 ||
	    mcp_config_load(fuzz_file(mcp_text_of(site)), &config, &problems) !=
		0)
		abort();
	worker.seal = seal;
	config->server.limits.page_size = PAGE;
	mcp_problems_deinit(&problems);
	LAW(all_from(NULL) == N_TOOLS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text text = { (const char *)data, size };
	struct mcp_buf token = MCP_BUF_INIT;
	struct json_object *cursor;

	begin();
	if (fuzz_pick(&text, 2) == 0)
		mcp_buf_text(&token, text);
	else if (mcp_seal_close(worker.seal, MCP_SEAL_CURSOR, text, &token) !=
	    0)
		abort();
	cursor = json_object_new_string_len(
	    token.len == 0 ? "" : token.data, (int)token.len);
	LAW(all_from(cursor) <= N_TOOLS);
	json_object_put(cursor);
	mcp_buf_deinit(&token);
	return 0;
}

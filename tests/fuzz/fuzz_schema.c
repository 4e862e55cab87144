/* fuzz_schema.c - a schema compiles or says why not; a value obeys it or is
 * told why not, the same each time
 *
 * input = SCHEMA NUL VALUE
 */
#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>
#include <stdlib.h>

#include <mcp/scan.h>
#include <mcp/schema.h>

static void
check(const struct mcp_schema *schema, struct json_object *value)
{
	struct mcp_buf why = MCP_BUF_INIT, again = MCP_BUF_INIT;
	int condition = mcp_schema_check(schema, value, &why);

	LAW(condition == 0 || condition == MCP_SCHEMA_E_INVALID ||
	    condition == MCP_SCHEMA_E_BOUNDS);
	LAW((condition == 0) == (why.len == 0));
	LAW(mcp_text_is_utf8(mcp_buf_view(&why)));
	LAW(mcp_schema_check(schema, value, &again) == condition);
	LAW(mcp_text_equal(mcp_buf_view(&why), mcp_buf_view(&again)));
	mcp_buf_deinit(&why);
	mcp_buf_deinit(&again);
}

static void
compile(struct json_object *json, struct json_object *value)
{
	struct mcp_schema_options options = { NULL, true };
	struct mcp_buf where = MCP_BUF_INIT, why = MCP_BUF_INIT;
	struct mcp_schema *schema = NULL;
	int condition =
	    mcp_schema_new_with(json, &options, &schema, &where, &why);

	LAW(condition == 0 || condition == MCP_SCHEMA_E_BAD ||
	    condition == MCP_SCHEMA_E_BOUNDS);
	LAW((condition == 0) == (schema != NULL));
	LAW((condition == 0) == (why.len == 0));
	LAW(mcp_text_is_utf8(mcp_buf_view(&why)));
	if (condition == 0) {
		check(schema, value);
		check(schema, json);
	}
	mcp_schema_free(schema);
	mcp_buf_deinit(&where);
	mcp_buf_deinit(&why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text rest = { (const char *)data, size };
	char *text = fuzz_cut(&rest);
	struct json_object *json = fuzz_json(mcp_text_of(text), 0);
	struct json_object *value = fuzz_json(rest, 0);

	compile(json, value);
	json_object_put(json);
	json_object_put(value);
	free(text);
	return 0;
}

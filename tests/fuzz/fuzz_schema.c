/* fuzz_schema.c - a schema compiles or says why not; a value obeys it or is
 * told why not, the same each time
 *
 * input = SCHEMA NUL VALUE
 */
#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/json.h>
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

/* The verdict of {@keyword: @json}, or of {@keyword: [@json]}, on @value. */
static int
verdict(const char *keyword, struct json_object *json, bool listed,
    struct json_object *value)
{
	struct json_object *outer = json_object_new_object();
	struct json_object *list = listed ? json_object_new_array() : NULL;
	struct mcp_buf where = MCP_BUF_INIT, why = MCP_BUF_INIT;
	struct mcp_schema *schema = NULL;
	struct mcp_schema_options options = { NULL, true };
	int condition;

	if (listed)
		json_object_array_add(list, json_object_get(json));
	json_object_object_add(
	    outer, keyword, listed ? list : json_object_get(json));
	condition = mcp_schema_new_with(outer, &options, &schema, &where, &why);
	if (condition == 0)
		condition = mcp_schema_check(schema, value, &why);
	mcp_schema_free(schema);
	mcp_buf_deinit(&where);
	mcp_buf_deinit(&why);
	json_object_put(outer);
	return condition;
}

/* What obeys a schema disobeys its negation, and obeys all and any of it. */
static void
is_logical(const struct mcp_schema *schema, struct json_object *json,
    struct json_object *value)
{
	struct mcp_buf why = MCP_BUF_INIT;
	int plain = mcp_schema_check(schema, value, &why);
	int negated = verdict("not", json, false, value);
	int all = verdict("allOf", json, true, value);
	int any = verdict("anyOf", json, true, value);

	mcp_buf_deinit(&why);
	if (plain == MCP_SCHEMA_E_BOUNDS || negated == MCP_SCHEMA_E_BOUNDS ||
	    all == MCP_SCHEMA_E_BOUNDS || any == MCP_SCHEMA_E_BOUNDS)
		return;
	LAW((plain == 0) == (negated == MCP_SCHEMA_E_INVALID));
	LAW(all == plain && any == plain);
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
	/* references would lead elsewhere from within another */
	if (condition == 0 && strchr(mcp_json_text(json), '$') == NULL)
		is_logical(schema, json, value);
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

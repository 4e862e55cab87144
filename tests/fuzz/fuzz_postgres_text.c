/* fuzz_postgres_text.c - what was put in comes out, and whatever a server says
 * can be read
 *
 * input = type TEXT: as a column says it, and as JSON to be put in
 */
#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>
#include <stdlib.h>

#include <mcp/json.h>

#include "fcgi/postgres_text.h"

static const unsigned oids[] = { 16, 17, 20, 25, 114, 199, 701, 1001, 1007,
	1009, 1114, 1115, 1184, 1185, 1700, 3802, 3807, 99999 };
#define N_OIDS (sizeof(oids) / sizeof(oids[0]))
enum { TEXTS = 1009 };

static void
get(struct mcp_text text, const struct postgres_type *type, struct mcp_buf *out)
{
	struct mcp_buf scratch = MCP_BUF_INIT;
	struct database_value value;

	postgres_text_get(text, type, &scratch, &value);
	LAW(value.type <= DATABASE_JSON);
	database_append(out, &value);
	mcp_buf_deinit(&scratch);
}

/* An array of strings is the same when it comes back. */
static bool
is_strings(struct json_object *array)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		if (!json_object_is_type(
			json_object_array_get_idx(array, i), json_type_string))
			return false;
	return true;
}

static void
comes_back(struct json_object *json, struct mcp_text text)
{
	struct mcp_buf out = MCP_BUF_INIT;
	struct json_object *again;

	get(text, postgres_type_of(TEXTS), &out);
	again = fuzz_json(mcp_buf_view(&out), 0);
	LAW(json_object_equal(json, again));
	json_object_put(again);
	mcp_buf_deinit(&out);
}

static void
put(struct json_object *json, unsigned oid)
{
	struct mcp_buf text = MCP_BUF_INIT;
	int condition = postgres_text_put(&text, json, postgres_type_of(oid));

	LAW(condition == 0 || condition == DATABASE_E_NUL ||
	    condition == DATABASE_E_VALUE);
	if (condition == 0 && oid == TEXTS &&
	    json_object_is_type(json, json_type_array) && is_strings(json))
		comes_back(json, mcp_buf_view(&text));
	mcp_buf_deinit(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text rest = { (const char *)data, size };
	unsigned oid = oids[fuzz_pick(&rest, N_OIDS)];
	struct json_object *json = fuzz_json(rest, 0);
	char *text = fuzz_cut(&rest);
	struct mcp_buf out = MCP_BUF_INIT;

	get(mcp_text_of(text), postgres_type_of(oid), &out);
	mcp_buf_reset(&out);
	postgres_text_claim(postgres_type_of(oid), &out);
	LAW(fuzz_is_json(mcp_buf_view(&out)));
	if (json != NULL)
		put(json, oid);
	json_object_put(json);
	mcp_buf_deinit(&out);
	free(text);
	return 0;
}

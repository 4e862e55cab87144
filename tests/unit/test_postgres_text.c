/* test_postgres_text.c - values as PostgreSQL writes them, both ways */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <json-c/json.h>

#include "fcgi/postgres_text.h"

enum {
	BOOL = 16,
	BYTEA = 17,
	INT8 = 20,
	TEXT = 25,
	FLOAT8 = 701,
	INTS = 1007,
	TEXTS = 1009,
	STAMP = 1114,
	STAMPTZ = 1184,
	STAMPTZS = 1185,
	NUMERIC = 1700,
	JSONB = 3802,
	JSONBS = 3807,
	BYTEAS = 1001,
	OWN = 99999 /* a type of the site's */
};

struct given {
	unsigned oid;
	const char *json, *text; /* NULL: it does not go in */
};

static void
assert_put(const struct given *given)
{
	struct json_object *value = json_tokener_parse(given->json);
	struct mcp_buf out = MCP_BUF_INIT;
	int condition =
	    postgres_text_put(&out, value, postgres_type_of(given->oid));

	mcp_buf_puts(&out, "");
	if (given->text == NULL && condition <= 0)
		fail_msg("%s goes into %u", given->json, given->oid);
	if (given->text != NULL &&
	    (condition != 0 ||
		strcmp(out.data == NULL ? "" : out.data, given->text) != 0))
		fail_msg("%s into %u: %d, %s, not %s", given->json, given->oid,
		    condition, out.data, given->text);
	mcp_buf_deinit(&out);
	json_object_put(value);
}

static void
json_goes_in_as_the_type_wants_it(void **state)
{
	static const struct given all[] = {
		{ TEXT, "\"a\"", "a" },
		{ TEXT, "\"\"", "" },
		{ TEXT, "\"a\\u0000b\"", NULL },
		{ TEXT, "[1,\"x\"]", "[1,\"x\"]" },
		{ TEXT, "{\"a\":1}", "{\"a\":1}" },
		{ INT8, "9223372036854775807", "9223372036854775807" },
		{ INT8, "3.0", "3" },
		{ FLOAT8, "0.1", "0.1" },
		{ BOOL, "true", "true" },
		{ JSONB, "\"a\"", "\"a\"" },
		{ JSONB, "[1,null]", "[1,null]" },
		{ BYTEA, "\"AP8=\"", "\\x00ff" },
		{ BYTEA, "\"\"", "\\x" },
		{ BYTEA, "\"A\"", NULL },
		{ BYTEA, "1", NULL },
		{ INTS, "[]", "{}" },
		{ INTS, "[1,null,[2]]", "{\"1\",NULL,{\"2\"}}" },
		{ INTS, "[[[[[[1]]]]]]", "{{{{{{\"1\"}}}}}}" },
		{ INTS, "[[[[[[[1]]]]]]]", NULL },
		{ TEXTS, "[\"a\\\"b\\\\\",\"NULL\",\"\"]",
		    "{\"a\\\"b\\\\\",\"NULL\",\"\"}" },
		{ TEXTS, "[\"\\u0000\"]", NULL },
		{ JSONBS, "[[1],{\"a\":\"b\"}]",
		    "{\"[1]\",\"{\\\"a\\\":\\\"b\\\"}\"}" },
		{ BYTEAS, "[\"AA==\"]", "{\"\\\\x00\"}" },
		{ OWN, "[\"a\"]", "{\"a\"}" },
		{ OWN, "\"a\"", "a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		assert_put(&all[i]);
}

static void
assert_got(unsigned oid, const char *text, const char *json)
{
	struct mcp_buf scratch = MCP_BUF_INIT, out = MCP_BUF_INIT;
	struct database_value value;

	postgres_text_get(
	    mcp_text_of(text), postgres_type_of(oid), &scratch, &value);
	database_append(&out, &value);
	if (strcmp(out.data, json) != 0)
		fail_msg("%s of %u: %s, not %s", text, oid, out.data, json);
	mcp_buf_deinit(&scratch);
	mcp_buf_deinit(&out);
}

static void
columns_come_out_as_json(void **state)
{
	(void)state;
	assert_got(TEXT, "a\"b", "\"a\\\"b\"");
	assert_got(OWN, "{a,b}", "\"{a,b}\"");
	assert_got(BOOL, "t", "true");
	assert_got(BOOL, "f", "false");
	assert_got(INT8, "-9223372036854775808", "-9223372036854775808");
	assert_got(FLOAT8, "1e+300", "1e+300");
	assert_got(FLOAT8, "Infinity", "null");
	assert_got(NUMERIC, "-12.50", "-12.50");
	assert_got(NUMERIC, "123456789012345", "123456789012345");
	assert_got(NUMERIC, "1234567890123456", "\"1234567890123456\"");
	assert_got(NUMERIC, "NaN", "\"NaN\"");
	assert_got(NUMERIC, "-Infinity", "\"-Infinity\"");
	assert_got(JSONB, "{\"a\": 1}", "{\"a\": 1}");
	assert_got(BYTEA, "\\x00ff", "\"AP8=\"");
	assert_got(BYTEA, "\\x", "\"\"");
}

static void
times_come_out_as_iso_8601_has_them(void **state)
{
	(void)state;
	assert_got(STAMP, "2025-06-21 08:31:48.5", "\"2025-06-21T08:31:48.5\"");
	assert_got(
	    STAMPTZ, "2025-06-21 08:31:48+00", "\"2025-06-21T08:31:48Z\"");
	assert_got(
	    STAMPTZ, "2025-06-21 08:31:48-05", "\"2025-06-21T08:31:48-05:00\"");
	assert_got(STAMPTZ, "2025-06-21 08:31:48+05:30",
	    "\"2025-06-21T08:31:48+05:30\"");
	assert_got(STAMP, "infinity", "\"infinity\"");
	assert_got(
	    STAMP, "0044-03-15 12:00:00 BC", "\"0044-03-15 12:00:00 BC\"");
	assert_got(STAMPTZS, "{\"2025-06-21 08:31:48+00\",NULL}",
	    "[\"2025-06-21T08:31:48Z\",null]");
}

static void
arrays_come_out_as_arrays(void **state)
{
	(void)state;
	assert_got(INTS, "{}", "[]");
	assert_got(INTS, "{1,NULL,-3}", "[1,null,-3]");
	assert_got(INTS, "[0:1]={5,6}", "[5,6]");
	assert_got(INTS, "{{1,2},{3,4}}", "[[1,2],[3,4]]");
	assert_got(TEXTS, "{a,NULL,\"NULL\",\"\",\"a\\\"b\\\\\",\"{,}\"}",
	    "[\"a\",null,\"NULL\",\"\",\"a\\\"b\\\\\",\"{,}\"]");
	assert_got(
	    JSONBS, "{\"{\\\"a\\\": \\\"x,y\\\"}\",1}", "[{\"a\": \"x,y\"},1]");
	/* what no server says must not hang or crash either */
	assert_got(TEXTS, "{\"a", "[\"a\"");
	assert_got(TEXTS, "{\"a\\", "[\"a\\\\\"");
	assert_got(TEXTS, "nonsense", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_goes_in_as_the_type_wants_it),
		cmocka_unit_test(columns_come_out_as_json),
		cmocka_unit_test(times_come_out_as_iso_8601_has_them),
		cmocka_unit_test(arrays_come_out_as_arrays),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("postgres_text", tests, NULL, NULL);
}

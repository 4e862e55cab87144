/* test_schema.c - what obeys, and what a model is told when it does not */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <json-c/json.h>

#include <mcp/schema.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct json_object *
json(const char *text)
{
	enum json_tokener_error error;
	struct json_object *value = json_tokener_parse_verbose(text, &error);

	if (error != json_tokener_success)
		fail_msg("not JSON: %s", text);
	return value;
}

static struct mcp_schema *
compile(const char *text)
{
	struct mcp_buf where = MCP_BUF_INIT, why = MCP_BUF_INIT;
	struct json_object *source = json(text);
	struct mcp_schema *schema = NULL;
	int rc = mcp_schema_new(source, &schema, &where, &why);

	json_object_put(source); /* it is not kept */
	if (rc != 0)
		fail_msg("%s: %s %s", text, where.data, why.data);
	mcp_buf_deinit(&where);
	mcp_buf_deinit(&why);
	return schema;
}

/* @expected is the whole sentence; NULL: the instance obeys. */
static void
expect(const char *schema_text, const char *instance_text, const char *expected)
{
	struct mcp_schema *schema = compile(schema_text);
	struct json_object *instance = json(instance_text);
	struct mcp_buf why = MCP_BUF_INIT;
	int rc = mcp_schema_check(schema, instance, &why);

	if (rc != (expected ? MCP_SCHEMA_E_INVALID : 0))
		fail_msg("%s against %s gave %d: %s", instance_text,
		    schema_text, rc, why.data ? why.data : "");
	if (expected != NULL)
		assert_string_equal(why.data, expected);
	else
		assert_int_equal(why.len, 0);
	mcp_buf_deinit(&why);
	json_object_put(instance);
	mcp_schema_free(schema);
}

static void
expect_bad(const char *schema_text, const char *pointer, const char *sentence)
{
	struct mcp_buf where = MCP_BUF_INIT, why = MCP_BUF_INIT;
	struct json_object *source = json(schema_text);
	struct mcp_schema *schema = NULL;

	mcp_buf_puts(&where, "/at");
	if (mcp_schema_new(source, &schema, &where, &why) != MCP_SCHEMA_E_BAD)
		fail_msg("%s was taken for a schema", schema_text);
	assert_null(schema);
	assert_string_equal(where.data + strlen("/at"), pointer);
	assert_string_equal(why.data, sentence);
	json_object_put(source);
	mcp_buf_deinit(&where);
	mcp_buf_deinit(&why);
}

#define OF_EMAIL(schema)                                                       \
	"{\"type\":\"object\",\"properties\":{\"email\":" schema "}}"

static void
test_types(void **state)
{
	static const char *const types[] = { "null", "boolean", "object",
		"array", "string", "integer", "number" };
	static const struct {
		const char *instance;
		const char *is;
		const char *is_too;
	} samples[] = {
		{ "null", "null", "" },
		{ "true", "boolean", "" },
		{ "{}", "object", "" },
		{ "[]", "array", "" },
		{ "\"\"", "string", "" },
		{ "-1", "integer", "number" },
		{ "18446744073709551615", "integer", "number" },
		{ "1.0", "integer", "number" },
		{ "-1e3", "integer", "number" },
		{ "1.5", "number", "" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < N(samples); i++)
		for (size_t j = 0; j < N(types); j++) {
			struct mcp_buf why = MCP_BUF_INIT;
			struct json_object *instance =
			    json(samples[i].instance);
			struct mcp_schema *schema;
			bool obeys = !strcmp(types[j], samples[i].is) ||
			    !strcmp(types[j], samples[i].is_too);
			snprintf(
			    text, sizeof(text), "{\"type\":\"%s\"}", types[j]);
			schema = compile(text);
			if (mcp_schema_check(schema, instance, &why) !=
			    (obeys ? 0 : MCP_SCHEMA_E_INVALID))
				fail_msg(
				    "%s as %s", samples[i].instance, types[j]);
			mcp_buf_deinit(&why);
			json_object_put(instance);
			mcp_schema_free(schema);
		}
}

static void
test_type_says_what_came(void **state)
{
	(void)state;
	expect(OF_EMAIL("{\"type\":\"string\"}"), "{\"email\":7}",
	    "email: expected a string, got an integer");
	expect(OF_EMAIL("{\"type\":\"string\"}"), "{\"email\":null}",
	    "email: expected a string, got null");
	expect(OF_EMAIL("{\"type\":[\"string\",\"null\"]}"), "{\"email\":[]}",
	    "email: expected a string or null, got an array");
	expect(OF_EMAIL("{\"type\":[\"string\",\"null\",\"integer\"]}"),
	    "{\"email\":true}",
	    "email: expected a string, an integer or null, got a boolean");
	expect(OF_EMAIL("{\"type\":\"integer\"}"), "{\"email\":1.5}",
	    "email: expected an integer, got the number 1.5");
	expect(OF_EMAIL("{\"type\":[\"string\",\"null\"]}"), "{\"email\":null}",
	    NULL);
}

static void
test_root(void **state)
{
	(void)state;
	expect("{\"type\":\"object\"}", "\"x\"",
	    "arguments: expected an object, got a string");
	expect("{\"type\":\"object\"}", "null",
	    "arguments: expected an object, got null");
	expect("{}", "null", NULL);
	expect(
	    "{\"$schema\":\"x\",\"title\":1,\"format\":\"email\"}", "[]", NULL);
}

static void
test_boolean_schemas(void **state)
{
	(void)state;
	expect("true", "[1]", NULL);
	expect(
	    "false", "1", "arguments: expected nothing here, got an integer");
	expect(OF_EMAIL("false"), "{}", NULL);
	expect(OF_EMAIL("false"), "{\"email\":1}",
	    "email: expected nothing here, got an integer");
	expect(OF_EMAIL("true"), "{\"email\":1}", NULL);
}

static void
test_required(void **state)
{
	(void)state;
	expect("{\"required\":[\"email\"]}", "{\"email\":null}", NULL);
	expect("{\"required\":[\"email\"]}", "{}",
	    "missing required argument \"email\"");
	expect("{\"required\":[\"email\"]}", "[]", NULL);
	expect("{\"required\":[]}", "{}", NULL);
	expect("{\"properties\":{\"a\":{\"required\":[\"b\"]}}}", "{\"a\":{}}",
	    "a: missing required property \"b\"");
}

#define CLOSED                                                                  \
	"{\"type\":\"object\",\"properties\":{\"email\":{\"type\":\"string\"}," \
	"\"client_id\":{}},\"additionalProperties\":false}"

static void
test_unknown_arguments(void **state)
{
	(void)state;
	expect(CLOSED, "{\"email\":\"x\",\"client_id\":1}", NULL);
	expect(CLOSED, "{\"emial\":\"x\"}",
	    "unknown argument \"emial\" (did you mean \"email\"?)");
	expect(CLOSED, "{\"EMAIL\":\"x\"}",
	    "unknown argument \"EMAIL\" (did you mean \"email\"?)");
	expect(CLOSED, "{\"clientId\":\"x\"}",
	    "unknown argument \"clientId\" (did you mean \"client_id\"?)");
	expect(CLOSED, "{\"zip\":1}",
	    "unknown argument \"zip\" (known: \"client_id\", \"email\")");
	expect("{\"additionalProperties\":false}", "{\"zip\":1}",
	    "unknown argument \"zip\"");
	expect("{\"properties\":{\"a\":" CLOSED "}}", "{\"a\":{\"emal\":1}}",
	    "a: unknown property \"emal\" (did you mean \"email\"?)");
	expect(CLOSED, "[]", "arguments: expected an object, got an array");
}

static void
test_additional_properties_by_schema(void **state)
{
	static const char schema[] =
	    "{\"properties\":{\"a\":true},"
	    "\"additionalProperties\":{\"type\":\"integer\"}}";

	(void)state;
	expect(schema, "{\"a\":\"x\",\"b\":1}", NULL);
	expect(schema, "{\"b\":\"x\"}", "b: expected an integer, got a string");
	expect(schema, "{\"b c\":\"x\"}",
	    "[\"b c\"]: expected an integer, got a string");
}

static void
test_neighbours_that_change_the_meaning(void **state)
{
	(void)state;
	expect("{\"patternProperties\":{\"^x\":{}},"
	       "\"additionalProperties\":false}",
	    "{\"xy\":1}", NULL);
	expect("{\"prefixItems\":[true,true],\"items\":false}", "[1,2]", NULL);
	expect("{\"prefixItems\":[true,true],\"items\":false}", "[1,2,3]",
	    "[2]: expected nothing here, got an integer");
}

static void
test_paths(void **state)
{
	static const char schema[] =
	    "{\"properties\":{\"list\":{\"items\":{\"properties\":{"
	    "\"the city\":{\"type\":\"string\"},\"zip\":{\"type\":\"string\"}"
	    "}}}}}";

	(void)state;
	expect(schema, "{\"list\":[{},{\"zip\":1}]}",
	    "list[1].zip: expected a string, got an integer");
	expect(schema, "{\"list\":[{\"the city\":1}]}",
	    "list[0][\"the city\"]: expected a string, got an integer");
}

static void
test_enum(void **state)
{
	(void)state;
	expect(OF_EMAIL("{\"enum\":[\"a\",1,null,[1,{\"b\":2}]]}"),
	    "{\"email\":[1.0,{\"b\":2}]}", NULL);
	expect(OF_EMAIL("{\"enum\":[\"a\",1,null]}"), "{\"email\":1.0}", NULL);
	expect(OF_EMAIL("{\"enum\":[\"a\",1,null]}"), "{\"email\":null}", NULL);
	expect(OF_EMAIL("{\"enum\":[\"red\",\"green\",1]}"),
	    "{\"email\":\"blue\"}",
	    "email: expected one of \"red\", \"green\" or 1, got \"blue\"");
	expect(OF_EMAIL("{\"enum\":[\"a/b\"]}"), "{\"email\":{}}",
	    "email: expected \"a/b\", got an object");
	expect(OF_EMAIL("{\"enum\":[true]}"), "{\"email\":1}",
	    "email: expected true, got 1");
	expect(OF_EMAIL("{\"enum\":[{\"a\":1,\"b\":2}]}"),
	    "{\"email\":{\"b\":2,\"a\":1}}", NULL);
	expect(OF_EMAIL("{\"enum\":[[1,2]]}"), "{\"email\":[2,1]}",
	    "email: expected [1,2], got an array");
	expect(
	    "{\"enum\":[]}", "1", "arguments: expected nothing at all, got 1");
	expect("{\"enum\":[\"1\"]}", "1", "arguments: expected \"1\", got 1");
}

static void
test_const(void **state)
{
	(void)state;
	expect("{\"const\":1}", "1.0", NULL);
	expect("{\"const\":null}", "null", NULL);
	expect(
	    "{\"const\":null}", "false", "arguments: expected null, got false");
	expect("{\"const\":\"a\\u0000b\"}", "\"a\\u0000b\"", NULL);
	expect("{\"const\":18446744073709551615}", "18446744073709551614",
	    "arguments: expected 18446744073709551615, got "
	    "18446744073709551614");
}

static void
test_limits(void **state)
{
	(void)state;
	expect("{\"minimum\":1}", "1", NULL);
	expect("{\"minimum\":1}", "0.99",
	    "arguments: expected at least 1, got 0.99");
	expect("{\"maximum\":1.5}", "1.5", NULL);
	expect(
	    "{\"maximum\":1.5}", "2", "arguments: expected at most 1.5, got 2");
	expect("{\"exclusiveMinimum\":0}", "0",
	    "arguments: expected more than 0, got 0");
	expect("{\"exclusiveMinimum\":0}", "0.1", NULL);
	expect("{\"exclusiveMaximum\":0}", "0",
	    "arguments: expected less than 0, got 0");
	expect("{\"exclusiveMaximum\":0}", "-1", NULL);
	expect("{\"minimum\":1}", "\"0\"", NULL);
}

static void
test_limits_are_exact_at_64_bits(void **state)
{
	(void)state;
	expect("{\"minimum\":9223372036854775807}", "9223372036854775806",
	    "arguments: expected at least 9223372036854775807, got "
	    "9223372036854775806");
	expect("{\"maximum\":18446744073709551614}", "18446744073709551615",
	    "arguments: expected at most 18446744073709551614, got "
	    "18446744073709551615");
	expect("{\"minimum\":0}", "18446744073709551615", NULL);
	expect(
	    "{\"minimum\":-9223372036854775808}", "-9223372036854775808", NULL);
	expect("{\"exclusiveMinimum\":-9223372036854775808}",
	    "-9223372036854775807", NULL);
}

static void
test_length_counts_code_points(void **state)
{
	(void)state;
	expect("{\"minLength\":1}", "\"\"",
	    "arguments: expected at least 1 character, got 0");
	expect("{\"maxLength\":2}", "\"\xc3\xa4\xf0\x9f\x98\x80\"", NULL);
	expect("{\"maxLength\":2}", "\"\xc3\xa4\xc3\xa4\xc3\xa4\"",
	    "arguments: expected at most 2 characters, got 3");
	expect("{\"minLength\":3}", "\"a\\u0000b\"", NULL);
	expect("{\"minLength\":2.0}", "\"ab\"", NULL);
	expect("{\"minLength\":2}", "1", NULL);
}

static void
test_items(void **state)
{
	(void)state;
	expect("{\"minItems\":1,\"maxItems\":2}", "[1,2]", NULL);
	expect("{\"minItems\":1}", "[]",
	    "arguments: expected at least 1 item, got 0");
	expect("{\"maxItems\":0}", "[1]",
	    "arguments: expected at most 0 items, got 1");
	expect("{\"items\":{\"type\":\"integer\"}}", "[1,2.0,\"x\"]",
	    "[2]: expected an integer, got a string");
	expect("{\"items\":{\"type\":\"integer\"}}", "{\"a\":\"x\"}", NULL);
}

static void
test_all_problems_at_once(void **state)
{
	(void)state;
	expect("{\"properties\":{\"email\":{\"type\":\"string\"},"
	       "\"age\":{\"type\":\"integer\",\"minimum\":18}},"
	       "\"required\":[\"email\"],\"additionalProperties\":false}",
	    "{\"emial\":\"x\",\"age\":17}",
	    "missing required argument \"email\"; "
	    "age: expected at least 18, got 17; "
	    "unknown argument \"emial\" (did you mean \"email\"?)");
	expect("{\"type\":\"string\",\"enum\":[\"a\"]}", "1",
	    "arguments: expected a string, got an integer");
}

static void
test_problems_are_bounded(void **state)
{
	struct mcp_buf text = MCP_BUF_INIT, why = MCP_BUF_INIT;
	struct mcp_schema *schema =
	    compile("{\"additionalProperties\":{\"type\":\"null\"},"
		    "\"properties\":{\"x\":false},\"required\":[\"y\"]}");
	struct json_object *instance;

	(void)state;
	mcp_buf_putc(&text, '{');
	for (int i = 0; i < 1000; i++)
		mcp_buf_printf(&text, "\"%d%0200d\":%d,", i, 0, i);
	mcp_buf_puts(&text, "\"x\":1}");
	instance = json(text.data);
	assert_int_equal(
	    mcp_schema_check(schema, instance, &why), MCP_SCHEMA_E_INVALID);
	assert_in_range(why.len, 1, 2000);
	mcp_buf_deinit(&text);
	mcp_buf_deinit(&why);
	json_object_put(instance);
	mcp_schema_free(schema);
}

static void
test_shown_input_is_cut_between_characters(void **state)
{
	(void)state;
	expect("{\"const\":1}",
	    "\"012345678901234567890123456789012345678\xc3\xa4z\"",
	    "arguments: expected 1, got "
	    "\"012345678901234567890123456789012345678\"...");
}

static void
test_bad_schemas(void **state)
{
	(void)state;
	expect_bad("1", "", "a schema is an object or a boolean");
	expect_bad("null", "", "a schema is an object or a boolean");
	expect_bad("{\"type\":\"strin\"}", "/type",
	    "\"type\" names no type: \"strin\" (did you mean \"string\"?)");
	expect_bad("{\"type\":[\"null\",\"float\"]}", "/type/1",
	    "\"type\" names no type: \"float\" (there are string, integer, "
	    "number, boolean, array, object and null)");
	expect_bad(
	    "{\"type\":[]}", "/type", "\"type\" must name at least one type");
	expect_bad("{\"type\":1}", "/type",
	    "\"type\" must be the name of a type, or an array of such names");
	expect_bad("{\"properties\":[]}", "/properties",
	    "\"properties\" must be an object of schemas");
	expect_bad(
	    "{\"properties\":{\"a/b~c\":{\"items\":{\"minimum\":\"1\"}}}}",
	    "/properties/a~1b~0c/items/minimum",
	    "\"minimum\" must be a number");
	expect_bad("{\"properties\":{\"a\":{},\"b\":\"string\"}}",
	    "/properties/b",
	    "\"properties\" must hold a schema, which is an object or a "
	    "boolean");
	expect_bad("{\"required\":true}", "/required",
	    "\"required\" must be an array of names");
	expect_bad("{\"required\":[\"a\",1]}", "/required/1",
	    "\"required\" must be an array of names");
	expect_bad("{\"additionalProperties\":\"no\"}", "/additionalProperties",
	    "\"additionalProperties\" must hold a schema, which is an object "
	    "or a boolean");
	expect_bad("{\"items\":[{}]}", "/items",
	    "\"items\" must be a schema; an array of schemas is called "
	    "prefixItems since JSON Schema 2020-12");
	expect_bad(
	    "{\"enum\":\"a\"}", "/enum", "\"enum\" must be an array of values");
	expect_bad("{\"minLength\":-1}", "/minLength",
	    "\"minLength\" must be a whole number, 0 or more");
	expect_bad("{\"maxItems\":1.5}", "/maxItems",
	    "\"maxItems\" must be a whole number, 0 or more");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_type_says_what_came),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_boolean_schemas),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_unknown_arguments),
		cmocka_unit_test(test_additional_properties_by_schema),
		cmocka_unit_test(test_neighbours_that_change_the_meaning),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_enum),
		cmocka_unit_test(test_const),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_are_exact_at_64_bits),
		cmocka_unit_test(test_length_counts_code_points),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_all_problems_at_once),
		cmocka_unit_test(test_problems_are_bounded),
		cmocka_unit_test(test_shown_input_is_cut_between_characters),
		cmocka_unit_test(test_bad_schemas),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}

/* test_schema.c - what obeys, and what a model is told when it does not */
#include "config.h"

#include <errno.h>
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
#ifdef HAVE_PCRE2
	expect("{\"patternProperties\":{\"^x\":{}},"
	       "\"additionalProperties\":false}",
	    "{\"xy\":1}", NULL);
#endif
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

static void
test_alternatives(void **state)
{
	(void)state;
	expect("{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":"
	       "[\"email\"]}]}",
	    "{}",
	    "arguments: fits none of 2 alternatives (missing required argument "
	    "\"phone\", or missing required argument \"email\")");
	expect(OF_EMAIL("{\"anyOf\":[{\"type\":\"string\"},{\"anyOf\":["
			"{\"type\":\"null\"},false]}]}"),
	    "{\"email\":1}",
	    "email: fits none of 2 alternatives (email: expected a string, got "
	    "an integer, or email: fits none of 2 alternatives)");
	expect(OF_EMAIL("{\"oneOf\":[{\"minimum\":1},false,{\"maximum\":5}]}"),
	    "{\"email\":3}",
	    "email: fits alternatives 1 and 3 of those of which exactly one "
	    "must fit");
	expect(OF_EMAIL("{\"not\":{\"type\":\"integer\"}}"), "{\"email\":3}",
	    "email: is of the kind that \"not\" excludes, got 3");
	expect("{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]},"
	       "\"else\":{\"required\":[\"c\"]}}",
	    "{\"a\":1}", "missing required argument \"b\"");
	expect("{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]},"
	       "\"else\":{\"required\":[\"c\"]}}",
	    "{}", "missing required argument \"c\"");
}

static void
test_members_and_items(void **state)
{
	(void)state;
	expect("{\"dependentRequired\":{\"card\":[\"address\"]}}",
	    "{\"card\":1}",
	    "missing required argument \"address\" (needed beside \"card\")");
	expect("{\"minProperties\":2}", "{\"a\":1}",
	    "arguments: expected at least 2 members, got 1");
	expect("{\"propertyNames\":{\"maxLength\":2}}", "{\"abc\":1}",
	    "the name \"abc\": expected at most 2 characters, got 3");
	expect("{\"properties\":{\"a\":{\"propertyNames\":false}}}",
	    "{\"a\":{\"b\":1}}",
	    "a, the name \"b\": expected nothing here, got a string");
	expect(OF_EMAIL("{\"uniqueItems\":true}"),
	    "{\"email\":[1,{\"a\":1,\"b\":[]},{\"b\":[],\"a\":1.0}]}",
	    "email: expected items that all differ, but [2] equals [1]");
	expect("{\"uniqueItems\":true}", "[0,false,\"\",null,[],{},[0]]", NULL);
	expect(OF_EMAIL("{\"contains\":{\"const\":1},\"minContains\":2}"),
	    "{\"email\":[1]}",
	    "email: expected at least 2 items as \"contains\" describes, got 1");
	expect("{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,1]",
	    "arguments: expected at most 1 item as \"contains\" describes, got "
	    "2");
	expect("{\"multipleOf\":0.01}", "4.35", NULL);
	expect("{\"multipleOf\":0.01}", "4.355",
	    "arguments: expected a multiple of 0.01, got 4.355");
}

static void
test_unevaluated(void **state)
{
	static const char schema[] =
	    "{\"allOf\":[{\"properties\":{\"email\":{\"type\":\"string\"}}}],"
	    "\"properties\":{\"name\":true},\"unevaluatedProperties\":false}";

	(void)state;
	expect(schema, "{\"email\":\"x\",\"name\":1}", NULL);
	expect(schema, "{\"nam\":1}",
	    "unknown argument \"nam\" (did you mean \"name\"?)");
	expect(schema, "{\"zip\":1}", "unknown argument \"zip\"");
	expect(schema, "{\"email\":1,\"zip\":1}",
	    "email: expected a string, got an integer");
	expect("{\"prefixItems\":[true],\"unevaluatedItems\":false}", "[1,2]",
	    "[1]: expected nothing here, got an integer");
}

static void
test_references(void **state)
{
	static const char tree[] =
	    "{\"$id\":\"https://x/tree\",\"$defs\":{\"leaf\":{\"$anchor\":"
	    "\"leaf\",\"type\":\"integer\"}},\"properties\":{\"left\":{"
	    "\"$ref\":\"#\"},\"value\":{\"$ref\":\"tree#leaf\"}},"
	    "\"additionalProperties\":false}";

	(void)state;
	expect(tree, "{\"left\":{\"left\":{\"value\":1}}}", NULL);
	expect(tree, "{\"left\":{\"left\":{\"value\":\"x\"}}}",
	    "left.left.value: expected an integer, got a string");
	expect_bad("{\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"}}}",
	    "/properties/a/$ref",
	    "\"$ref\" leads nowhere: \"#/$defs/b\" is neither in this document "
	    "nor in one that was given beforehand, and nothing is fetched");
	expect_bad("{\"$dynamicRef\":\"https://x/y\"}", "/$dynamicRef",
	    "\"$dynamicRef\" leads nowhere: \"https://x/y\" is neither in this "
	    "document nor in one that was given beforehand, and nothing is "
	    "fetched");
	expect_bad("{\"x\":{\"y\":{\"type\":1}},\"allOf\":[{\"$ref\":"
		   "\"#/x/y\"}]}",
	    "/allOf/0/$ref",
	    "what is referred to here fails: \"type\" must be the name of a "
	    "type, or an array of such names");
	expect_bad("{\"$defs\":{\"a\":{\"$id\":\"b#c\"}}}", "/$defs/a/$id",
	    "\"$id\" must have no fragment; that is an $anchor");
}

static void
expect_by_document(const struct mcp_schema_documents *documents,
    const char *schema_text, const char *expected)
{
	struct mcp_schema_options options = { documents, false };
	struct mcp_buf where = MCP_BUF_INIT, why = MCP_BUF_INIT;
	struct json_object *source = json(schema_text),
			   *instance = json("\"x\"");
	struct mcp_schema *schema;

	assert_int_equal(
	    mcp_schema_new_with(source, &options, &schema, &where, &why), 0);
	assert_int_equal(
	    mcp_schema_check(schema, instance, &why), MCP_SCHEMA_E_INVALID);
	assert_string_equal(why.data, expected);
	mcp_buf_deinit(&where);
	mcp_buf_deinit(&why);
	json_object_put(source);
	json_object_put(instance);
	mcp_schema_free(schema);
}

static void
test_documents_given_beforehand(void **state)
{
	struct mcp_schema_documents *documents = mcp_schema_documents_new();
	struct json_object *given = json(
	    "{\"$id\":\"urn:x\",\"$defs\":{\"n\":{\"type\":\"integer\"}}}");

	(void)state;
	assert_int_equal(
	    mcp_schema_documents_add(documents, "https://a/b#c", given),
	    -EINVAL);
	assert_int_equal(
	    mcp_schema_documents_add(documents, "https://a/b", given), 0);
	assert_int_equal(
	    mcp_schema_documents_add(documents, "https://a/b", given), -EEXIST);
	json_object_put(given);
	expect_by_document(documents, "{\"$ref\":\"https://a/b#/$defs/n\"}",
	    "arguments: expected an integer, got a string");
	expect_by_document(documents, "{\"$ref\":\"urn:x#/$defs/n\"}",
	    "arguments: expected an integer, got a string");
	mcp_schema_documents_free(documents);
}

static void
test_dialects(void **state)
{
	(void)state;
	expect("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"}",
	    "1", NULL);
	expect_bad("{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}",
	    "/$schema",
	    "\"$schema\" names another dialect of JSON Schema: "
	    "\"http://json-schema.org/draft-07/schema#\". What is spoken here "
	    "is JSON Schema 2020-12, "
	    "\"https://json-schema.org/draft/2020-12/schema\"");
	expect_bad("{\"$schema\":\"https://example.com/mine\"}", "/$schema",
	    "\"$schema\" names a dialect that is not known here: "
	    "\"https://example.com/mine\". What is spoken here is JSON Schema "
	    "2020-12, \"https://json-schema.org/draft/2020-12/schema\"");
	expect_bad("{\"$schema\":7}", "/$schema", "\"$schema\" must be a URI");
}

/* --- bounds --- */

static void
expect_bounds(const char *schema_text, const char *instance_text)
{
	struct mcp_schema *schema = compile(schema_text);
	struct json_object *instance = json(instance_text);
	struct mcp_buf why = MCP_BUF_INIT;
	uint64_t begin = mcp_clock_ns();
	int rc = mcp_schema_check(schema, instance, &why);

	if (rc != MCP_SCHEMA_E_BOUNDS)
		fail_msg("%.100s gave %d: %s", schema_text, rc,
		    why.data ? why.data : "");
	assert_string_equal(why.data,
	    "these arguments take too long to check against the schema. Send "
	    "fewer, shorter or simpler ones");
	/* a second, not hours; a sanitizer on a busy machine needs some */
	assert_in_range(mcp_clock_ns() - begin, 0, 10 * MCP_S);
	mcp_buf_deinit(&why);
	json_object_put(instance);
	mcp_schema_free(schema);
}

static void
test_endless_schemas_end(void **state)
{
	struct mcp_buf text = MCP_BUF_INIT;

	(void)state;
	expect_bounds("{\"$ref\":\"#\"}", "1");
	expect_bounds("{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}", "1");
	expect_bounds("{\"not\":{\"$ref\":\"#\"}}", "1");
	mcp_buf_puts(&text, "{\"$defs\":{\"0\":false");
	for (int i = 1; i < 64; i++)
		mcp_buf_printf(&text,
		    ",\"%d\":{\"anyOf\":[{\"$ref\":\"#/$defs/%d\"},{\"$ref\":"
		    "\"#/$defs/%d\"}]}",
		    i, i - 1, i - 1);
	mcp_buf_puts(&text, "},\"$ref\":\"#/$defs/63\"}");
	expect_bounds(text.data, "1");
	mcp_buf_deinit(&text);
}

static void
test_large_schemas_are_refused(void **state)
{
	struct mcp_buf text = MCP_BUF_INIT, where = MCP_BUF_INIT,
		       why = MCP_BUF_INIT;
	struct mcp_schema *schema = NULL;
	struct json_object *source;

	(void)state;
	mcp_buf_puts(&text, "{\"anyOf\":[true");
	for (int i = 0; i < MCP_SCHEMA_NODES_MAX; i++)
		mcp_buf_puts(&text, ",true");
	mcp_buf_puts(&text, "]}");
	source = json(text.data);
	assert_int_equal(
	    mcp_schema_new(source, &schema, &where, &why), MCP_SCHEMA_E_BOUNDS);
	assert_null(schema);
	assert_string_equal(why.data,
	    "it has more than 10000 sub-schemas, or more than 128 within each "
	    "other");
	json_object_put(source);
	source = json("true");
	for (int i = 0; i < 2 * MCP_SCHEMA_NESTED_MAX; i++) {
		struct json_object *outer = json_object_new_object();

		json_object_object_add(outer, "not", source);
		source = outer;
	}
	assert_int_equal(
	    mcp_schema_new(source, &schema, &where, &why), MCP_SCHEMA_E_BOUNDS);
	json_object_put(source);
	mcp_buf_deinit(&text);
	mcp_buf_deinit(&where);
	mcp_buf_deinit(&why);
}

/* --- patterns and formats --- */

static void
test_patterns(void **state)
{
#ifdef HAVE_PCRE2
	(void)state;
	expect(OF_EMAIL("{\"pattern\":\"^\\\\S+@x$\"}"), "{\"email\":\"a@x\"}",
	    NULL);
	expect(OF_EMAIL("{\"pattern\":\"^\\\\S+@x$\"}"), "{\"email\":\"x\"}",
	    "email: expected a string that matches the pattern ^\\S+@x$, got "
	    "\"x\"");
	expect("{\"pattern\":\"^[^x]$\"}", "\"\xf0\x9f\x98\x80\"", NULL);
	expect("{\"pattern\":\"^a$\"}", "\"a\\n\"",
	    "arguments: expected a string that matches the pattern ^a$, got "
	    "\"a\\n\"");
	expect("{\"patternProperties\":{\"^x-\":true},"
	       "\"additionalProperties\":false}",
	    "{\"y-\":1}", "unknown argument \"y-\"");
	expect_bad("{\"pattern\":\"(\"}", "/pattern",
	    "\"pattern\" is no regular expression of ECMA-262 that can be read "
	    "here: missing closing parenthesis");
	expect_bad("{\"patternProperties\":{\"(?R)\":true}}",
	    "/patternProperties/(?R)",
	    "\"patternProperties\" is no regular expression of ECMA-262 that "
	    "can be read here: no group begins like this");
	expect_bad("{\"pattern\":\"a++\"}", "/pattern",
	    "\"pattern\" is no regular expression of ECMA-262 that can be read "
	    "here: there is nothing to repeat");
#else
	(void)state;
	expect_bad("{\"pattern\":\"a\"}", "/pattern",
	    "\"pattern\" needs regular expressions, and this program was built "
	    "without PCRE2");
#endif
}

static void
test_patterns_that_go_back_and_forth_end(void **state)
{
#ifdef HAVE_PCRE2
	struct mcp_buf text = MCP_BUF_INIT;

	(void)state;
	expect_bounds("{\"pattern\":\"^(a+)+$\"}",
	    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"");
	expect_bounds("{\"pattern\":\"^(a|a)*$\"}",
	    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"");
	mcp_buf_putc(&text, '"');
	for (int i = 0; i < 50000; i++)
		mcp_buf_putc(&text, 'a');
	mcp_buf_putc(&text, '"');
	expect_bounds("{\"pattern\":\"a*[bc]\"}", text.data);
	expect_bounds("{\"pattern\":\".*.*.*.*[xy]\"}", text.data);
	expect("{\"pattern\":\"^[a-z]*$\"}", text.data, NULL);
	mcp_buf_deinit(&text);
#else
	(void)state;
	skip();
#endif
}

static void
expect_format(const char *format, const char *text, bool holds)
{
	struct mcp_schema_options options = { NULL, true };
	struct mcp_buf where = MCP_BUF_INIT, why = MCP_BUF_INIT;
	struct json_object *source = json_object_new_object();
	struct json_object *instance = json_object_new_string(text);
	struct mcp_schema *schema;

	json_object_object_add(
	    source, "format", json_object_new_string(format));
	assert_int_equal(
	    mcp_schema_new_with(source, &options, &schema, &where, &why), 0);
	if (mcp_schema_check(schema, instance, &why) !=
	    (holds ? 0 : MCP_SCHEMA_E_INVALID))
		fail_msg("\"%s\" as %s: %s", text, format,
		    why.data ? why.data : "holds");
	mcp_buf_deinit(&where);
	mcp_buf_deinit(&why);
	json_object_put(source);
	json_object_put(instance);
	mcp_schema_free(schema);
}

static void
test_formats_on_request(void **state)
{
	static const struct {
		const char *format, *holds, *fails;
	} samples[] = {
		{ "date-time", "2026-11-23T03:25:42.1Z",
		    "2026-11-23 03:25:42Z" },
		{ "date-time", "1990-12-31T15:59:60-08:00",
		    "1990-12-31T15:59:60Z" },
		{ "date", "2024-02-29", "2023-02-29" },
		{ "date", "2000-02-29", "1900-02-29" },
		{ "time", "00:00:00+23:59", "24:00:00Z" },
		{ "time", "08:30:06z", "08:30:06" },
		{ "duration", "P4DT12H30M5S", "PT1D" },
		{ "duration", "P2W", "P2W1D" },
		{ "duration", "PT36H", "P" },
		{ "duration", "P1Y2M", "P1Y2D" },
		{ "duration", "PT0S", "P1DT" },
		{ "email", "joe.bloggs@example.com", "2962" },
		{ "email", "\"joe bloggs\"@[127.0.0.1]", ".test@example.com" },
		{ "hostname", "a-b.example", "-a.example" },
		{ "ipv4", "192.168.0.1", "256.0.0.1" },
		{ "ipv4", "0.0.0.0", "087.10.0.1" },
		{ "ipv6", "::ffff:1.2.3.4", "12345::" },
		{ "uri", "http://[::1]:80/a?b=c#d", "//a/b" },
		{ "uri", "urn:oasis:names", "http:// shouldfail.com" },
		{ "uri-reference", "/abc", "\\\\WINDOWS\\x" },
		{ "uri-template", "http://x/{a}", "http://x/{a" },
		{ "uuid", "2EB8AA08-aa98-11ea-b4aa-73b441d16380",
		    "2eb8aa08aa9811eab4aa73b441d16380" },
		{ "json-pointer", "/foo/~0~1", "/foo/~2" },
		{ "relative-json-pointer", "0/foo", "01/foo" },
		{ "relative-json-pointer", "1#", "#" },
	};

	(void)state;
	for (size_t i = 0; i < N(samples); i++) {
		expect_format(samples[i].format, samples[i].holds, true);
		expect_format(samples[i].format, samples[i].fails, false);
	}
	expect_format("of-nobody", "anything", true);
	expect("{\"format\":\"date\"}", "\"x\"", NULL);
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
		cmocka_unit_test(test_alternatives),
		cmocka_unit_test(test_members_and_items),
		cmocka_unit_test(test_unevaluated),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_documents_given_beforehand),
		cmocka_unit_test(test_dialects),
		cmocka_unit_test(test_endless_schemas_end),
		cmocka_unit_test(test_large_schemas_are_refused),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_patterns_that_go_back_and_forth_end),
		cmocka_unit_test(test_formats_on_request),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}

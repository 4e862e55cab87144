/* test_tree.c - our tree is the one json-c would have made */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <mcp/json.h>
#include <mcp/scan.h>
#include <mcp/tree.h>

static void
is_theirs(const char *text)
{
	struct json_object *ours, *theirs = mcp_json_parse(mcp_text_of(text));

	assert_int_equal(mcp_scan(mcp_text_of(text), 0, NULL, 0, NULL), 0);
	assert_int_equal(mcp_tree(mcp_text_of(text), NULL, &ours), 0);
	assert_int_equal(json_object_get_type(ours),
	    json_object_get_type(theirs));
	assert_true(json_object_equal(ours, theirs));
	assert_string_equal(json_object_to_json_string(ours),
	    json_object_to_json_string(theirs));
	json_object_put(ours);
	json_object_put(theirs);
}

static void
words_and_numbers(void **state)
{
	static const char *const texts[] = { "true", "false", "null", "0", "-0",
		"7", "-7", "9223372036854775807", "-9223372036854775808",
		"9223372036854775808", "18446744073709551615", "1.10", "-0.0",
		"1e5", "1E+5", "2.5e-3", "1e-400", " 1 " };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		is_theirs(texts[i]);
}

static void
strings(void **state)
{
	static const char *const texts[] = { "\"\"", "\"plain\"",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u00e4\\u20ac\"",
		"\"\\ud83d\\ude00\"", "\"\xc3\xa4\"", "\"ends in \\\\\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		is_theirs(texts[i]);
}

static void
a_nul_within_is_kept(void **state)
{
	struct json_object *tree;

	(void)state;
	assert_int_equal(mcp_tree(MCP_TEXT("\"a\\u0000b\""), NULL, &tree), 0);
	assert_int_equal(json_object_get_string_len(tree), 3);
	assert_memory_equal(json_object_get_string(tree), "a\0b", 4);
	json_object_put(tree);
}

static void
what_is_longer_than_what_is_at_hand(void **state)
{
	char text[700];

	(void)state;
	text[0] = '"';
	memset(text + 1, 'x', 600);
	strcpy(text + 601, "\\n\"");
	is_theirs(text);
	memset(text, '1', 300);
	strcpy(text + 300, ".5e-290");
	is_theirs(text);
	text[0] = '{';
	text[1] = '"';
	memset(text + 2, 'k', 500);
	strcpy(text + 502, "\":[1]}");
	is_theirs(text);
}

static void
what_holds_others(void **state)
{
	static const char *const texts[] = { "[]", "{}", "[ ]", "{ }",
		"[1,2,[3,[]],{}]", "{\"a\":1,\"b\":{\"c\":[null,true]}}",
		" { \"a\" : [ 1 , 2 ] , \"b\" : \"x\" } ",
		"{\"\":0,\"\\u0061\\\"\":null}", "[null,null]" };
	char deep[2 * MCP_SCAN_DEPTH_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		is_theirs(texts[i]);
	memset(deep, '[', MCP_SCAN_DEPTH_MAX);
	memset(deep + MCP_SCAN_DEPTH_MAX, ']', MCP_SCAN_DEPTH_MAX);
	deep[2 * MCP_SCAN_DEPTH_MAX] = '\0';
	is_theirs(deep);
}

static void
a_member_aside_stays_text(void **state)
{
	struct mcp_scan_watch aside = { "_meta", MCP_TEXT_INIT };
	struct json_object *tree;

	(void)state;
	assert_int_equal(
	    mcp_tree(MCP_TEXT(" {\"a\":{\"_meta\":1}, \"\\u005fmeta\" : "
			      "[ {\"b\":\"]\"} ] ,\"c\":null}"),
		&aside, &tree),
	    0);
	assert_true(mcp_text_is(aside.value, "[ {\"b\":\"]\"} ]"));
	assert_string_equal(json_object_to_json_string_ext(tree,
				JSON_C_TO_STRING_PLAIN),
	    "{\"a\":{\"_meta\":1},\"c\":null}");
	json_object_put(tree);
	assert_int_equal(mcp_tree(MCP_TEXT("[{\"_meta\":1}]"), &aside, &tree),
	    0);
	assert_int_equal(aside.value.len, 0);
	json_object_put(tree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_numbers),
		cmocka_unit_test(strings),
		cmocka_unit_test(a_nul_within_is_kept),
		cmocka_unit_test(what_is_longer_than_what_is_at_hand),
		cmocka_unit_test(what_holds_others),
		cmocka_unit_test(a_member_aside_stays_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

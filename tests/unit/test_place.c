/* test_place.c - where a name in a statement is a value, and where it is not */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/place.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

struct sample {
	const char *query;
	const char *sqlite;   /* its places, each with a space behind it */
	const char *postgres; /* likewise */
};

static const struct sample samples[] = {
	{ "", "", "" },
	{ ":a", ":a ", ":a " },
	{ "a=:a AND b=:b_2", ":a :b_2 ", ":a :b_2 " },
	{ ":a::text", ":a ", ":a " },
	{ "b::text", "", "" },
	{ "':a' :b", ":b ", ":b " },
	{ "'it''s :a' :b", ":b ", ":b " },
	{ "\":a\" :b", ":b ", ":b " },
	{ "-- :a\n:b", ":b ", ":b " },
	{ "-- :a", "", "" },
	{ "/* :a */ :b", ":b ", ":b " },
	{ "/* /* */ :a */ :b", ":a :b ", ":b " },
	{ "/* :a", "", "" },
	{ "':a", "", "" },
	{ "E'\\' :a' :b", ":a ", ":b " },
	{ "e'\\\\' :a", ":a ", ":a " },
	{ "the'\\' :a", ":a ", ":a " },
	{ "$$ :a $$ :b", "$$ :a $$ :b ", ":b " },
	{ "$q$ $$ :a $q$ :b", "$q$ $$ :a $q$ :b ", ":b " },
	{ "$q$ :a", "$q$ :a ", "" },
	{ "[:a] :b", ":b ", ":a :b " },
	{ "`:a` :b", ":b ", ":a :b " },
	{ "a[1:2]", "", "" },
	{ "?1", "?1 ", "" },
	{ "$1", "$1 ", "$1 " },
	{ "@a", "@a ", "" },
	{ "a$b", "", "" },
	{ ": a", "", "" },
};

static void
places(enum mcp_engine engine, const char *at, char *out)
{
	size_t len;

	for (; (at = mcp_place_next(engine, at, &len)) != NULL; at += len)
		out += sprintf(out, "%.*s ", (int)len, at);
	*out = '\0';
}

static void
test_places(void **state)
{
	char seen[128];

	(void)state;
	for (size_t i = 0; i < N(samples); i++) {
		places(MCP_ENGINE_SQLITE, samples[i].query, seen);
		print_message("%s\n", samples[i].query);
		assert_string_equal(seen, samples[i].sqlite);
		places(MCP_ENGINE_POSTGRES, samples[i].query, seen);
		assert_string_equal(seen, samples[i].postgres);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(
	    test_places) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

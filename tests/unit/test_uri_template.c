/* test_uri_template.c - which URIs a template stands for */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/uri_template.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void
note(void *context, const char *name, struct mcp_text value)
{
	struct mcp_buf *seen = context;

	mcp_buf_printf(seen, "%s%s=", seen->len > 0 ? " " : "", name);
	mcp_buf_text(seen, value);
}

struct reading {
	const char *template, *uri;
	const char *values; /* "a=1 b=2"; NULL: the URI is none of its */
};

static void
assert_reading(const struct reading *reading)
{
	struct mcp_uri_template *template = NULL;
	struct mcp_buf why = MCP_BUF_INIT, seen = MCP_BUF_INIT;
	int r = mcp_uri_template_new(reading->template, &template, &why);

	if (r != 0)
		fail_msg("%s: %s", reading->template, why.data);
	r = mcp_uri_template_match(template, reading->uri, note, &seen);
	if (r != (reading->values != NULL) ||
	    (r == 1 &&
		strcmp(seen.data == NULL ? "" : seen.data, reading->values) !=
		    0))
		fail_msg("%s of %s: %d, \"%s\", not \"%s\"", reading->uri,
		    reading->template, r, seen.data == NULL ? "" : seen.data,
		    reading->values == NULL ? "nothing" : reading->values);
	mcp_uri_template_free(template);
	mcp_buf_deinit(&seen);
}

static void
assert_readings(const struct reading *readings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_reading(&readings[i]);
}

static void
a_simple_place_is_one_piece_of_a_path(void **state)
{
	static const struct reading readings[] = {
		{ "crm://clients/{id}", "crm://clients/7", "id=7" },
		{ "crm://clients/{id}", "crm://clients/a%20b%2Fc", "id=a b/c" },
		{ "crm://clients/{id}", "crm://clients/\xc3\xa4",
		    "id=\xc3\xa4" },
		{ "crm://clients/{id}", "crm://clients/", NULL },
		{ "crm://clients/{id}", "crm://clients/7/8", NULL },
		{ "crm://clients/{id}", "crm://clients/7?x", NULL },
		{ "crm://clients/{id}", "crm://clients/%zz", NULL },
		{ "crm://clients/{id}", "crm://clients/%2", NULL },
		{ "crm://clients/{id}", "crm://client/7", NULL },
		{ "crm://clients/{id}", "", NULL },
		{ "x:{id}/notes", "x:7/notes", "id=7" },
		{ "x:{id}/notes", "x:7/note", NULL },
		{ "x:plain", "x:plain", "" },
		{ "x:plain", "x:plainer", NULL },
	};

	(void)state;
	assert_readings(readings, N(readings));
}

/* Each is an expansion of RFC 6570, section 3.2, read backwards. */
static void
expansions_of_the_rfc_are_read_back(void **state)
{
	static const struct reading readings[] = {
		{ "{var}", "value", "var=value" },
		{ "{hello}", "Hello%20World%21", "hello=Hello World!" },
		{ "{x,y}", "1024,768", "x=1024 y=768" },
		{ "{x,hello,y}", "1024,Hello%20World%21,768",
		    "x=1024 hello=Hello World! y=768" },
		{ "map?{x,y}", "map?1024,768", "x=1024 y=768" },
		{ "?{x,empty}", "?1024,", "x=1024 empty=" },
		{ "?{x,undef}", "?1024", "x=1024" },
		{ "{+hello}", "Hello%20World!", "hello=Hello World!" },
		{ "{+path}/here", "/foo/bar/here", "path=/foo/bar" },
		{ "here?ref={+path}", "here?ref=/foo/bar", "path=/foo/bar" },
		{ "up{+path}{var}/here", "up/foo/barvalue/here",
		    "path=/foo/barvalu var=e" },
		{ "{+x,hello,y}", "1024,Hello%20World!,768",
		    "x=1024 hello=Hello World! y=768" },
		{ "{+path,x}/here", "/foo/bar,1024/here",
		    "path=/foo/bar x=1024" },
		{ "X{#var}", "X#value", "var=value" },
		{ "X{#hello}", "X#Hello%20World!", "hello=Hello World!" },
		{ "{#x,hello,y}", "#1024,Hello%20World!,768",
		    "x=1024 hello=Hello World! y=768" },
		{ "foo{#empty}", "foo#", "empty=" },
		{ "foo{#undef}", "foo", "" },
		{ "X{.var}", "X.value", "var=value" },
		{ "X{.x,y}", "X.1024.768", "x=1024 y=768" },
		{ "X{.empty}", "X.", "empty=" },
		{ "{/who}", "/fred", "who=fred" },
		{ "{/half,who}", "/50%25/fred", "half=50% who=fred" },
		{ "{/var,empty}", "/value/", "var=value empty=" },
		{ "{/var,undef}", "/value", "var=value" },
		{ "{/var,x}/here", "/value/1024/here", "var=value x=1024" },
		{ "{;who}", ";who=fred", "who=fred" },
		{ "{;empty}", ";empty", "empty=" },
		{ "{;v,empty,who}", ";v=6;empty;who=fred",
		    "v=6 empty= who=fred" },
		{ "{;v,bar,who}", ";v=6;who=fred", "v=6 who=fred" },
		{ "{;x,y}", ";x=1024;y=768", "x=1024 y=768" },
		{ "{?x,y}", "?x=1024&y=768", "x=1024 y=768" },
		{ "{?x,y,empty}",
		    "?x=1024&y=768&empty=", "x=1024 y=768 empty=" },
		{ "{?x,y,undef}", "?x=1024&y=768", "x=1024 y=768" },
		{ "?fixed=yes{&x}", "?fixed=yes&x=1024", "x=1024" },
		{ "{&x,y,empty}",
		    "&x=1024&y=768&empty=", "x=1024 y=768 empty=" },
		{ "{&undef,y}", "&y=768", "y=768" },
	};

	(void)state;
	assert_readings(readings, N(readings));
}

static void
what_begins_by_a_mark_may_be_absent(void **state)
{
	static const struct reading readings[] = {
		{ "x:s{?q,n}", "x:s", "" },
		{ "x:s{?q,n}", "x:s?n=1", "n=1" },
		{ "x:s{?q,n}", "x:s?q=", "q=" },
		{ "x:s{?q,n}", "x:s?n=1&q=2", NULL },
		{ "x:s{?q,n}", "x:s?", NULL },
		{ "x:s{?q,n}", "x:s?q", NULL },
		{ "x:s{?q,n}", "x:s?q=1&", NULL },
		{ "x:s{?q,n}", "x:s&q=1", NULL },
		{ "x:s{?a,b,c}", "x:s?a=1&c=3", "a=1 c=3" },
		{ "x:s{?a,b,c}", "x:s?b=2&c=3", "b=2 c=3" },
		{ "x:s{;a}", "x:s;a=", "a=" },
		{ "x:s{;a,ab}", "x:s;ab", "ab=" },
		{ "x:s{/a}{?q}", "x:s/1?q=%3F", "a=1 q=?" },
		{ "x:s{/a,b}", "x:s//2", "a= b=2" },
		{ "x:{+path}", "x:", NULL },
		{ "x:{a,b}", "x:,2", NULL },
	};

	(void)state;
	assert_readings(readings, N(readings));
}

static void
most_places_then_the_longest_first(void **state)
{
	static const struct reading readings[] = {
		{ "x:{a}{b}", "x:123", "a=12 b=3" },
		{ "x:{a}{b}", "x:1", NULL },
		{ "x:{a}-{b}", "x:1-2-3", "a=1-2 b=3" },
		{ "x:{+a}/{b}", "x:1/2/3", "a=1/2 b=3" },
		{ "x:{+a}{?q}", "x:1/2?q=3", "a=1/2 q=3" },
		{ "x:{+a}{?q}", "x:1/2?p=3", "a=1/2?p=3" },
		{ "x:{+a,b}", "x:1,2,3", "a=1,2 b=3" },
		{ "x:{+a}{#b}", "x:1#2#3", "a=1#2 b=3" },
		{ "x:{a}%20{b}", "x:1%20%202", "a=1  b=2" },
	};

	(void)state;
	assert_readings(readings, N(readings));
}

static void
assert_bad(const char *text, const char *words)
{
	struct mcp_uri_template *template = NULL;
	struct mcp_buf why = MCP_BUF_INIT;
	int r = mcp_uri_template_new(text, &template, &why);

	if (r != MCP_URI_TEMPLATE_E_BAD || strstr(why.data, words) == NULL)
		fail_msg("%s: %d, %s", text, r, why.data);
	assert_null(template);
	mcp_buf_deinit(&why);
}

static void
what_is_no_template_is_told(void **state)
{
	char many[33 * 5 + 4] = "x:{a0";

	(void)state;
	assert_bad("x:{a", "never closed");
	assert_bad("x:{", "never closed");
	assert_bad("x:{a,", "never closed");
	assert_bad("x:a}", "closes nothing");
	assert_bad("x:{}", "more than a name");
	assert_bad("x:{?}", "more than a name");
	assert_bad("x:{a,}", "more than a name");
	assert_bad("x:{a b}", "more than a name");
	assert_bad("x:{a-b}", "more than a name");
	assert_bad("x:{.a.}", "more than a name");
	assert_bad("x:{{a}}", "more than a name");
	assert_bad("x:{a*}", "level 4");
	assert_bad("x:{a:3}", "level 4");
	assert_bad("x:{=a}", "keeps for later");
	assert_bad("x:{|a}", "keeps for later");
	assert_bad("x:{a}/{a}", "appears twice");
	assert_bad("x:{?a,a}", "appears twice");
	for (int i = 1; i < 32; i++)
		sprintf(many + strlen(many), ",a%d", i);
	strcat(many, "}");
	assert_reading(&(struct reading){ many, "x:1", "a0=1" });
	strcpy(strchr(many, '}'), ",b}");
	assert_bad(many, "more than 32");
}

static void
places_have_names(void **state)
{
	struct mcp_uri_template *template = NULL;
	struct mcp_buf why = MCP_BUF_INIT;

	(void)state;
	assert_int_equal(
	    mcp_uri_template_new("x:{a}/{+b.c}{?d_1,e%20}", &template, &why),
	    0);
	assert_string_equal(mcp_uri_template_name(template, 0), "a");
	assert_string_equal(mcp_uri_template_name(template, 1), "b.c");
	assert_string_equal(mcp_uri_template_name(template, 2), "d_1");
	assert_string_equal(mcp_uri_template_name(template, 3), "e%20");
	assert_null(mcp_uri_template_name(template, 4));
	mcp_uri_template_free(template);
	mcp_uri_template_free(NULL);
}

static void
a_hostile_uri_costs_no_more_than_its_length(void **state)
{
	char *uri = malloc(40001);
	struct reading reading = { "x:{+a}/{+b}/{+c}/{+d}/{+e}/{+f}!", uri,
		NULL };

	(void)state;
	assert_non_null(uri);
	memset(uri, '/', 40000);
	memcpy(uri, "x:", 2);
	uri[32768] = '\0';
	assert_reading(&reading);
	uri[32768] = '/';
	uri[40000] = '\0';
	reading.template = "x:{+a}"; /* too long for anything */
	assert_reading(&reading);
	free(uri);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_simple_place_is_one_piece_of_a_path),
		cmocka_unit_test(expansions_of_the_rfc_are_read_back),
		cmocka_unit_test(what_begins_by_a_mark_may_be_absent),
		cmocka_unit_test(most_places_then_the_longest_first),
		cmocka_unit_test(what_is_no_template_is_told),
		cmocka_unit_test(places_have_names),
		cmocka_unit_test(a_hostile_uri_costs_no_more_than_its_length),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("uri_template", tests, NULL, NULL);
}

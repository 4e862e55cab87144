/* test_scan.c - what the strict eye lets pass, and what it does not */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <json-c/json.h>

#include <mcp/scan.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

struct sample {
	const char *json;
	int condition;
};

static int
scan(const char *json, unsigned flags)
{
	return mcp_scan(mcp_text_of(json), flags, NULL, 0, NULL);
}

static void
expect_bytes(const char *at, size_t len, unsigned flags, int condition)
{
	struct mcp_scan_error error = { 0, 0, 0, NULL };
	char *exact = malloc(len > 0 ? len : 1); /* nothing behind it to read */
	int rc;

	assert_non_null(exact);
	memcpy(exact, at, len);
	rc = mcp_scan((struct mcp_text){ exact, len }, flags, NULL, 0, &error);
	free(exact);
	if (rc != condition)
		fail_msg("%.*s gave %d (%s), expected %d",
		    (int)(len > 80 ? 80 : len), at, rc,
		    error.what ? error.what : "", condition);
	if (rc != 0)
		assert_non_null(error.what);
}

static void
expect_all(const struct sample *samples, size_t n, unsigned flags)
{
	for (size_t i = 0; i < n; i++)
		expect_bytes(samples[i].json, strlen(samples[i].json), flags,
		    samples[i].condition);
}

static void
test_values(void **state)
{
	static const struct sample samples[] = {
		{ "null", 0 },
		{ " true\r\n", 0 },
		{ "\tfalse ", 0 },
		{ "\"\"", 0 },
		{ "0", 0 },
		{ "[]", 0 },
		{ "{}", 0 },
		{ " [ ] ", 0 },
		{ " { } ", 0 },
		{ "[1,\"a\",null,[],{}]", 0 },
		{ " { \"a\" : [ 1 , { \"b\" : { } } ] , \"c\" : 2 } ", 0 },
		{ "{\"\":0}", 0 },
		{ "", MCP_SCAN_E_SYNTAX },
		{ " \n", MCP_SCAN_E_SYNTAX },
		{ "nul", MCP_SCAN_E_SYNTAX },
		{ "True", MCP_SCAN_E_SYNTAX },
		{ "truex", MCP_SCAN_E_SYNTAX },
		{ "NaN", MCP_SCAN_E_SYNTAX },
		{ "Infinity", MCP_SCAN_E_SYNTAX },
		{ "-Infinity", MCP_SCAN_E_SYNTAX },
		{ "'a'", MCP_SCAN_E_SYNTAX },
		{ "1 2", MCP_SCAN_E_SYNTAX },
		{ "{} {}", MCP_SCAN_E_SYNTAX },
		{ "[", MCP_SCAN_E_SYNTAX },
		{ "]", MCP_SCAN_E_SYNTAX },
		{ "[}", MCP_SCAN_E_SYNTAX },
		{ "{]", MCP_SCAN_E_SYNTAX },
		{ "[1,]", MCP_SCAN_E_SYNTAX },
		{ "[,1]", MCP_SCAN_E_SYNTAX },
		{ "[1 2]", MCP_SCAN_E_SYNTAX },
		{ "[1}", MCP_SCAN_E_SYNTAX },
		{ "[1", MCP_SCAN_E_SYNTAX },
		{ "[1,", MCP_SCAN_E_SYNTAX },
		{ "{", MCP_SCAN_E_SYNTAX },
		{ "{\"a\"", MCP_SCAN_E_SYNTAX },
		{ "{\"a\":", MCP_SCAN_E_SYNTAX },
		{ "{\"a\":1", MCP_SCAN_E_SYNTAX },
		{ "{\"a\":1,", MCP_SCAN_E_SYNTAX },
		{ "{\"a\":1,}", MCP_SCAN_E_SYNTAX },
		{ "{\"a\":1]", MCP_SCAN_E_SYNTAX },
		{ "{\"a\" 1}", MCP_SCAN_E_SYNTAX },
		{ "{\"a\":}", MCP_SCAN_E_SYNTAX },
		{ "{a:1}", MCP_SCAN_E_SYNTAX },
		{ "{1:1}", MCP_SCAN_E_SYNTAX },
		{ "{,}", MCP_SCAN_E_SYNTAX },
		{ "{\"a\":1 \"b\":2}", MCP_SCAN_E_SYNTAX },
		{ "\f1", MCP_SCAN_E_SYNTAX },
		{ "\xc2\xa0 1", MCP_SCAN_E_SYNTAX }, /* U+00A0 is no blank */
		{ "\xef\xbb\xbf{}", MCP_SCAN_E_SYNTAX }, /* byte order mark */
		{ "// x\n1", MCP_SCAN_E_SYNTAX },
	};

	(void)state;
	expect_all(samples, N(samples), 0);
}

static void
test_strings(void **state)
{
	static const struct sample samples[] = {
		{ "\"plain text, longer than one word\"", 0 },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", 0 },
		{ "\"\\uD83D\\uDE00 \\ud83d\\ude00\"", 0 },
		{ "\"\\u0000\"", 0 },
		{ "\"\x7f\"", 0 },
		{ "\"", MCP_SCAN_E_SYNTAX },
		{ "\"abcdefgh", MCP_SCAN_E_SYNTAX },
		{ "\"abc\\\"", MCP_SCAN_E_SYNTAX },
		{ "\"\\", MCP_SCAN_E_SYNTAX },
		{ "\"\\x41\"", MCP_SCAN_E_SYNTAX },
		{ "\"\\'\"", MCP_SCAN_E_SYNTAX },
		{ "\"\\U0041\"", MCP_SCAN_E_SYNTAX },
		{ "\"\\u\"", MCP_SCAN_E_SYNTAX },
		{ "\"\\u004\"", MCP_SCAN_E_SYNTAX },
		{ "\"\\u00g0\"", MCP_SCAN_E_SYNTAX },
		{ "\"\\u+041\"", MCP_SCAN_E_SYNTAX },
		{ "\"a\nb\"", MCP_SCAN_E_SYNTAX },
		{ "\"a\tb\"", MCP_SCAN_E_SYNTAX },
		{ "\"abcdefg\x1fh\"", MCP_SCAN_E_SYNTAX },
		{ "\"\x01\"", MCP_SCAN_E_SYNTAX },
	};

	(void)state;
	expect_all(samples, N(samples), 0);
}

static void
test_half_surrogates(void **state)
{
	static const struct sample samples[] = {
		{ "\"\\ud800\"", MCP_SCAN_E_UTF8 },
		{ "\"\\udc00\"", MCP_SCAN_E_UTF8 },
		{ "\"\\udfff\\ud800\"", MCP_SCAN_E_UTF8 },
		{ "\"\\ud800\\ud800\"", MCP_SCAN_E_UTF8 },
		{ "\"\\ud800\\u0041\"", MCP_SCAN_E_UTF8 },
		{ "\"\\ud800\\n\"", MCP_SCAN_E_UTF8 },
		{ "\"\\ud800x\"", MCP_SCAN_E_UTF8 },
		{ "\"\\ud800\\udc0\"", MCP_SCAN_E_UTF8 },
		{ "\"\\ud800\\udc00\\udc00\"", MCP_SCAN_E_UTF8 },
		{ "{\"\\ud800\":1}", MCP_SCAN_E_UTF8 },
		{ "\"\\ud7ff\\ue000\\uffff\"", 0 },
		{ "\"\\udbff\\udfff\"", 0 },
	};

	(void)state;
	expect_all(samples, N(samples), 0);
}

static void
test_utf8(void **state)
{
	static const struct sample samples[] = {
		{ "\"\xc2\x80\xdf\xbf\"", 0 },
		{ "\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"", 0 },
		{ "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", 0 },
		{ "\"abcdefg\xc3\xa4hijklmno\xe2\x82\xac\"", 0 },
		{ "{\"\xc3\xa4\":1}", 0 },
		{ "\"\x80\"", MCP_SCAN_E_UTF8 },
		{ "\"\xbf\"", MCP_SCAN_E_UTF8 },
		{ "\"\xc0\x80\"", MCP_SCAN_E_UTF8 }, /* overlong NUL */
		{ "\"\xc1\xbf\"", MCP_SCAN_E_UTF8 },
		{ "\"\xe0\x9f\xbf\"", MCP_SCAN_E_UTF8 },
		{ "\"\xf0\x8f\xbf\xbf\"", MCP_SCAN_E_UTF8 },
		{ "\"\xed\xa0\x80\"", MCP_SCAN_E_UTF8 },     /* U+D800 */
		{ "\"\xed\xbf\xbf\"", MCP_SCAN_E_UTF8 },     /* U+DFFF */
		{ "\"\xf4\x90\x80\x80\"", MCP_SCAN_E_UTF8 }, /* U+110000 */
		{ "\"\xf5\x80\x80\x80\"", MCP_SCAN_E_UTF8 },
		{ "\"\xfe\xff\"", MCP_SCAN_E_UTF8 },
		{ "\"\xc3\"", MCP_SCAN_E_UTF8 },
		{ "\"\xe2\x82\"", MCP_SCAN_E_UTF8 },
		{ "\"\xf0\x9f\x98\"", MCP_SCAN_E_UTF8 },
		{ "\"\xc3", MCP_SCAN_E_UTF8 },
		{ "\"abcdefgh\xff\"", MCP_SCAN_E_UTF8 },
		{ "{\"\xff\":1}", MCP_SCAN_E_UTF8 },
		{ "\xff", MCP_SCAN_E_UTF8 },
		{ "1\xff", MCP_SCAN_E_UTF8 },
	};

	(void)state;
	expect_all(samples, N(samples), 0);
}

static void
test_nul(void **state)
{
	(void)state;
	expect_bytes("\"a\0b\"", 5, 0, MCP_SCAN_E_NUL);
	expect_bytes("{}\0", 3, 0, MCP_SCAN_E_NUL);
	expect_bytes("\0{}", 3, 0, MCP_SCAN_E_NUL);
	expect_bytes("[\0]", 3, 0, MCP_SCAN_E_NUL);
	expect_bytes("{\"a\0\":1}", 8, 0, MCP_SCAN_E_NUL);
	expect_bytes("\"\\\0\"", 4, 0, MCP_SCAN_E_SYNTAX);
	expect_bytes("// a\0\n1", 7, MCP_SCAN_COMMENTS, MCP_SCAN_E_NUL);
	expect_bytes("{\"a\\u0000b\":1}", 14, 0, MCP_SCAN_E_NUL);
	expect_bytes("{\"a\":\"\\u0000\"}", 14, 0, 0);
}

static void
test_numbers(void **state)
{
	static const struct sample samples[] = {
		{ "-0", 0 },
		{ "-0.0e-0", 0 },
		{ "0.1", 0 },
		{ "1E5", 0 },
		{ "1e+5", 0 },
		{ "12.50e-3", 0 },
		{ "[0,-1,10]", 0 },
		{ "00", MCP_SCAN_E_SYNTAX },
		{ "01", MCP_SCAN_E_SYNTAX },
		{ "-01", MCP_SCAN_E_SYNTAX },
		{ "+1", MCP_SCAN_E_SYNTAX },
		{ ".5", MCP_SCAN_E_SYNTAX },
		{ "-.5", MCP_SCAN_E_SYNTAX },
		{ "1.", MCP_SCAN_E_SYNTAX },
		{ "1.e5", MCP_SCAN_E_SYNTAX },
		{ "1e", MCP_SCAN_E_SYNTAX },
		{ "1e+", MCP_SCAN_E_SYNTAX },
		{ "1e5.0", MCP_SCAN_E_SYNTAX },
		{ "-", MCP_SCAN_E_SYNTAX },
		{ "--1", MCP_SCAN_E_SYNTAX },
		{ "0x10", MCP_SCAN_E_SYNTAX },
		{ "1_000", MCP_SCAN_E_SYNTAX },
		{ "1a", MCP_SCAN_E_SYNTAX },
	};

	(void)state;
	expect_all(samples, N(samples), 0);
}

static void
test_integer_edges(void **state)
{
	static const struct sample samples[] = {
		{ "9223372036854775807", 0 },
		{ "9223372036854775808", 0 },
		{ "18446744073709551615", 0 },
		{ "18446744073709551616", MCP_SCAN_E_INTEGER },
		{ "18446744073709551620", MCP_SCAN_E_INTEGER },
		{ "20000000000000000000", MCP_SCAN_E_INTEGER },
		{ "99999999999999999999", MCP_SCAN_E_INTEGER },
		{ "100000000000000000000", MCP_SCAN_E_INTEGER },
		{ "-9223372036854775808", 0 },
		{ "-9223372036854775809", MCP_SCAN_E_INTEGER },
		{ "-18446744073709551615", MCP_SCAN_E_INTEGER },
		{ "[1, 18446744073709551616]", MCP_SCAN_E_INTEGER },
		{ "18446744073709551616.0", 0 },
		{ "184467440737095516160e-1", 0 },
	};

	(void)state;
	expect_all(samples, N(samples), 0);
}

static void
test_double_edges(void **state)
{
	static const struct sample samples[] = {
		{ "1e308", 0 },
		{ "1.7976931348623157e308", 0 },
		{ "1.7976931348623158e308", 0 },
		{ "-1.7976931348623157e+308", 0 },
		{ "1.7976931348623159e308", MCP_SCAN_E_INTEGER },
		{ "17976931348623159.0e292", MCP_SCAN_E_INTEGER },
		{ "0.00017976931348623157e312", 0 },
		{ "0.00017976931348623159e312", MCP_SCAN_E_INTEGER },
		{ "1e309", MCP_SCAN_E_INTEGER },
		{ "1e400", MCP_SCAN_E_INTEGER },
		{ "-1e400", MCP_SCAN_E_INTEGER },
		{ "1e99999999999999999999", MCP_SCAN_E_INTEGER },
		{ "0e99999999999999999999", 0 },
		{ "0.000e400", 0 },
		{ "1e-400", 0 },
		{ "1e-99999999999999999999", 0 },
		{ "10000000000e-99999999999999999999", 0 },
	};

	(void)state;
	expect_all(samples, N(samples), 0);
}

static void
test_long_fraction(void **state)
{
	char *json = malloc(5000);

	(void)state;
	assert_non_null(json);
	memset(json, '1', 5000);
	memcpy(json + 310, ".5", 3);
	expect_bytes(json, 312, 0, MCP_SCAN_E_INTEGER);
	memcpy(json, "0.", 2);
	memset(json + 2, '0', 4000);
	memcpy(json + 4002, "1e4309", 7);
	expect_bytes(json, 4008, 0, 0);
	memcpy(json + 4002, "1e4310", 7);
	expect_bytes(json, 4008, 0, MCP_SCAN_E_INTEGER);
	free(json);
}

static void
test_duplicates(void **state)
{
	static const struct sample samples[] = {
		{ "{\"a\":1,\"a\":1}", MCP_SCAN_E_DUPLICATE },
		{ "{\"a\":1,\"A\":1}", 0 },
		{ "{\"\":1,\"\":2}", MCP_SCAN_E_DUPLICATE },
		{ "{\"a\":1,\"b\":{\"a\":1}}", 0 },
		{ "{\"a\":{\"b\":1},\"c\":{\"b\":1}}", 0 },
		{ "{\"a\":{\"b\":1,\"b\":1}}", MCP_SCAN_E_DUPLICATE },
		{ "{\"a\":{\"b\":1},\"a\":1}", MCP_SCAN_E_DUPLICATE },
		{ "[{\"a\":1},{\"a\":1}]", 0 },
		{ "{\"id\":1,\"\\u0069d\":2}", MCP_SCAN_E_DUPLICATE },
		{ "{\"\\u0069\\u0064\":1,\"id\":2}", MCP_SCAN_E_DUPLICATE },
		{ "{\"/\":1,\"\\/\":2}", MCP_SCAN_E_DUPLICATE },
		{ "{\"\\n\":1,\"\\u000A\":2}", MCP_SCAN_E_DUPLICATE },
		{ "{\"\\b\\f\\r\\t\\\"\\\\\":1,"
		  "\"\\u0008\\u000c\\u000d\\u0009\\u0022\\u005c\":2}",
		    MCP_SCAN_E_DUPLICATE },
		{ "{\"\xc3\xa4\":1,\"\\u00e4\":2}", MCP_SCAN_E_DUPLICATE },
		{ "{\"\xe2\x82\xac\":1,\"\\u20AC\":2}", MCP_SCAN_E_DUPLICATE },
		{ "{\"\xef\xbf\xbd\":1,\"\\uFFFD\":2}", MCP_SCAN_E_DUPLICATE },
		{ "{\"\xf0\x9f\x98\x80\":1,\"\\uD83D\\ude00\":2}",
		    MCP_SCAN_E_DUPLICATE },
		{ "{\"\xc3\xa4\":1,\"a\xcc\x88\":2}", 0 }, /* not normalised */
	};

	(void)state;
	expect_all(samples, N(samples), 0);
}

/* {"k0":0,"k1":{"k0":0,...},...}: every size around the change of method, with
 * the inner object's keys above the outer one's. */
static char *
object_of(size_t n, size_t inner, const char *last)
{
	struct mcp_buf buf = MCP_BUF_INIT;

	mcp_buf_putc(&buf, '{');
	for (size_t i = 0; i < n; i++) {
		mcp_buf_printf(&buf, "\"k%zu\":", i);
		if (i == n / 2 && inner > 0) {
			char *object = object_of(inner, 0, NULL);
			mcp_buf_puts(&buf, object);
			free(object);
		} else
			mcp_buf_putc(&buf, '0');
		if (i + 1 < n || last != NULL)
			mcp_buf_putc(&buf, ',');
	}
	if (last != NULL)
		mcp_buf_printf(&buf, "%s:0", last);
	mcp_buf_putc(&buf, '}');
	assert_false(buf.failed);
	return buf.data;
}

static void
test_duplicates_of_every_size(void **state)
{
	char last[32];

	(void)state;
	for (size_t n = 1; n <= 70; n++) {
		char *json = object_of(n, 70 - n, NULL);
		expect_bytes(json, strlen(json), 0, 0);
		free(json);
		for (size_t i = 0; i < n; i += 3) {
			snprintf(last, sizeof(last), "\"\\u006b%zu\"", i);
			json = object_of(n, n / 2, last);
			expect_bytes(
			    json, strlen(json), 0, MCP_SCAN_E_DUPLICATE);
			free(json);
		}
	}
}

static void
test_many_keys(void **state)
{
	char *json = object_of(90000, 1000, NULL);
	char *again = object_of(90000, 1000, "\"k89999\"");
	char *many = object_of(MCP_SCAN_VALUES_MAX, 1000, NULL);

	(void)state;
	expect_bytes(json, strlen(json), 0, 0);
	expect_bytes(again, strlen(again), 0, MCP_SCAN_E_DUPLICATE);
	expect_bytes(many, strlen(many), 0, MCP_SCAN_E_VALUES);
	free(json);
	free(again);
	free(many);
}

static void
nest(char *out, unsigned depth, const char *open, const char *inner,
    const char *close)
{
	*out = '\0';
	for (unsigned i = 0; i < depth; i++)
		out = stpcpy(out, open);
	out = stpcpy(out, inner);
	for (unsigned i = 0; i < depth; i++)
		out = stpcpy(out, close);
}

static void
test_depth(void **state)
{
	char json[2000];

	(void)state;
	nest(json, MCP_SCAN_DEPTH_MAX, "[", "1", "]");
	expect_bytes(json, strlen(json), 0, 0);
	nest(json, MCP_SCAN_DEPTH_MAX + 1, "[", "1", "]");
	expect_bytes(json, strlen(json), 0, MCP_SCAN_E_DEPTH);
	nest(json, MCP_SCAN_DEPTH_MAX, "{\"a\":", "{}", "}");
	expect_bytes(json, strlen(json), 0, MCP_SCAN_E_DEPTH);
	nest(json, MCP_SCAN_DEPTH_MAX / 2, "[{\"a\":", "{}", "}]");
	expect_bytes(json, strlen(json), 0, MCP_SCAN_E_DEPTH);
	nest(json, MCP_SCAN_DEPTH_MAX / 2, "[{\"a\":", "1", "}]");
	expect_bytes(json, strlen(json), 0, 0);
}

static void
test_depth_without_end(void **state)
{
	char *json = malloc(1000000);

	(void)state;
	assert_non_null(json);
	memset(json, '[', 1000000);
	expect_bytes(json, 1000000, 0, MCP_SCAN_E_DEPTH);
	free(json);
}

static void
test_comments(void **state)
{
	static const struct sample samples[] = {
		{ "// first\n{} // last", 0 },
		{ "/* a */ { /* b */ \"a\" /* c */ : /* d */ 1 /* e */ } /**/",
		    0 },
		{ "{\"a\":1, // one\n \"b\":2 /* two */, \"c\":[/*\n*/]}", 0 },
		{ "[1// one\r\n,2]", 0 },
		{ "/***/1", 0 },
		{ "\"// text\"", 0 },
		{ "/* \xc3\xa4 */1", 0 },
		{ "/", MCP_SCAN_E_SYNTAX },
		{ "1 /", MCP_SCAN_E_SYNTAX },
		{ "1 /* ", MCP_SCAN_E_SYNTAX },
		{ "/*/1", MCP_SCAN_E_SYNTAX },
		{ "1 # no", MCP_SCAN_E_SYNTAX },
		{ "// only", MCP_SCAN_E_SYNTAX },
		{ "/* \xff */1", MCP_SCAN_E_UTF8 },
		{ "// \xc3\n1", MCP_SCAN_E_UTF8 },
		{ "{\"a\":1, /* */ \"a\":1}", MCP_SCAN_E_DUPLICATE },
		{ "[1, // no\n]", MCP_SCAN_E_SYNTAX },
	};

	(void)state;
	expect_all(samples, N(samples), MCP_SCAN_COMMENTS);
	assert_int_equal(scan("{} // last", 0), MCP_SCAN_E_SYNTAX);
}

static void
test_error_says_where(void **state)
{
	struct mcp_scan_error error;
	int rc = mcp_scan(
	    MCP_TEXT("{\n  \"a\": 1,\r\n  \"a\": 2\n}"), 0, NULL, 0, &error);

	(void)state;
	assert_int_equal(rc, MCP_SCAN_E_DUPLICATE);
	assert_int_equal(error.line, 3);
	assert_int_equal(error.column, 3);
	assert_int_equal(error.offset, 15);
	assert_string_equal(error.what, "a key appears twice");

	mcp_scan(MCP_TEXT_INIT, 0, NULL, 0, &error);
	assert_int_equal(error.line, 1);
	assert_int_equal(error.column, 1);
	assert_string_equal(error.what, "the text is empty");

	mcp_scan(MCP_TEXT("\xef\xbb\xbf{}"), 0, NULL, 0, &error);
	assert_string_equal(error.what, "a byte order mark before the text");

	mcp_scan(MCP_TEXT("[1,\n2"), 0, NULL, 0, &error);
	assert_int_equal(error.line, 2);
	assert_string_equal(error.what, "the text ends too early");
}

static void
test_watch(void **state)
{
	struct mcp_scan_watch watch[] = { { "id", MCP_TEXT_INIT },
		{ "params", MCP_TEXT_INIT }, { "none", MCP_TEXT_INIT } };
	static const char json[] =
	    " {\"x\":{\"id\":1},\"\\u0069d\" : \"\\u0041\" "
	    ",\"params\": {\"id\":[2, 3]} } ";

	(void)state;
	assert_int_equal(mcp_scan(MCP_TEXT(json), 0, watch, 3, NULL), 0);
	assert_true(mcp_text_is(watch[0].value, "\"\\u0041\""));
	assert_true(mcp_text_is(watch[1].value, "{\"id\":[2, 3]}"));
	assert_int_equal(watch[2].value.len, 0);
	assert_ptr_equal(watch[0].value.at, strstr(json, "\"\\u0041"));
}

static void
test_watch_outermost_only(void **state)
{
	struct mcp_scan_watch watch = { "id", MCP_TEXT("left over") };

	(void)state;
	assert_int_equal(
	    mcp_scan(MCP_TEXT("[{\"id\":1}]"), 0, &watch, 1, NULL), 0);
	assert_int_equal(watch.value.len, 0);
	assert_int_equal(
	    mcp_scan(MCP_TEXT("{\"id\":1.50}"), 0, &watch, 1, NULL), 0);
	assert_true(mcp_text_is(watch.value, "1.50"));
	assert_int_equal(mcp_scan(MCP_TEXT("{\"id\":1,}"), 0, &watch, 1, NULL),
	    MCP_SCAN_E_SYNTAX);
	assert_int_equal(watch.value.len, 0);
}

static void
test_elements(void **state)
{
	struct mcp_text json =
	    MCP_TEXT(" [ 1 ,{\"a\":[1,2],\"b\":\"],\\\"\"}, \"x\" ,[ ], null]");
	static const char *const expected[] = { "1",
		"{\"a\":[1,2],\"b\":\"],\\\"\"}", "\"x\"", "[ ]", "null" };
	struct mcp_text value = MCP_TEXT_INIT, none = MCP_TEXT_INIT;

	(void)state;
	for (size_t i = 0; i < N(expected); i++) {
		assert_int_equal(mcp_scan_next(json, &value), 0);
		assert_true(mcp_text_is(value, expected[i]));
	}
	assert_int_equal(mcp_scan_next(json, &value), -ENOENT);
	assert_int_equal(mcp_scan_next(MCP_TEXT("[ ]"), &none), -ENOENT);
	assert_int_equal(mcp_scan_next(MCP_TEXT("{\"a\":1}"), &none), -ENOENT);
	assert_int_equal(mcp_scan_next(MCP_TEXT("7"), &none), -ENOENT);
}

static void
test_lines(void **state)
{
	struct mcp_text json = MCP_TEXT("// a comment, \"tools\"\n"
					"{\n"
					"  \"server\": { \"a/b\": 1,\n"
					"    \"m~n\": /* two\n lines */ 2 },\n"
					"  \"tools\": [\n"
					"    { \"n\\u0061me\": \"x\" },\n"
					"    { \"name\":\n"
					"      \"y\", \"\": { } }\n"
					"  ]\n"
					"}\n");
	static const struct {
		const char *pointer;
		unsigned line;
	} expected[] = {
		{ "", 2 },
		{ "/server", 3 },
		{ "/server/a~1b", 3 },
		{ "/server/m~0n", 5 },
		{ "/tools", 6 },
		{ "/tools/0", 7 },
		{ "/tools/0/name", 7 },
		{ "/tools/1", 8 },
		{ "/tools/1/name", 9 },
		{ "/tools/1/", 9 },
		{ "/tools/2", 6 },
		{ "/tools/x", 6 },
		{ "/tools/1/missing/deeper", 8 },
		{ "/tools/1/name/deeper", 9 },
		{ "/nowhere", 2 },
		{ "/serve", 2 },
		{ "/servers", 2 },
	};

	(void)state;
	assert_int_equal(mcp_scan(json, MCP_SCAN_COMMENTS, NULL, 0, NULL), 0);
	for (size_t i = 0; i < N(expected); i++) {
		unsigned line =
		    mcp_scan_line(json, MCP_SCAN_COMMENTS, expected[i].pointer);
		if (line != expected[i].line)
			fail_msg("%s is on line %u, got %u",
			    expected[i].pointer, expected[i].line, line);
	}
}

/* What scan accepts, json-c reads; cutting or changing any byte of a good
 * message must never lead outside of it (a sanitizer would tell). */
static void
test_every_cut_and_change(void **state)
{
	static const char json[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":-12.5e+3,\"a\":[tru"
	    "e,null,{\"\\u00e4\\ud83d\\ude00\":\"\xc3\xa4"
	    "\xe2\x82\xac\xf0\x9f\x98\x80\"}] }";
	static const char bytes[] = "\"\\{}[]:,/*01e.-u \x80\xff";
	char changed[sizeof(json)];

	(void)state;
	expect_bytes(json, sizeof(json) - 1, 0, 0);
	for (size_t i = 0; i + 1 < sizeof(json); i++) {
		assert_int_not_equal(
		    mcp_scan((struct mcp_text){ json, i }, 0, NULL, 0, NULL),
		    0);
		for (size_t j = 0; j < sizeof(bytes); j++) {
			struct json_object *root;
			memcpy(changed, json, sizeof(json));
			changed[i] = bytes[j];
			if (mcp_scan(
				(struct mcp_text){ changed, sizeof(json) - 1 },
				0, NULL, 0, NULL) != 0)
				continue;
			root = json_tokener_parse(changed);
			assert_non_null(root);
			json_object_put(root);
		}
	}
}

static void
test_members(void **state)
{
	static const char json[] = " { \"a\" : [ {\"b\":1} ,\"}\\\"\"] , "
				   "\"\\u0062\":-1.5e3,\"c\":null,\"\":{} } ";
	struct mcp_scan_watch watch[] = { { .name = "b" }, { .name = "a" },
		{ .name = "" }, { .name = "d" }, { .name = "c" } };

	(void)state;
	mcp_scan_members(mcp_text_of(json), watch, N(watch));
	assert_true(mcp_text_is(watch[0].value, "-1.5e3"));
	assert_true(mcp_text_is(watch[1].value, "[ {\"b\":1} ,\"}\\\"\"]"));
	assert_true(mcp_text_is(watch[2].value, "{}"));
	assert_int_equal(watch[3].value.len, 0);
	assert_true(mcp_text_is(watch[4].value, "null"));

	mcp_scan_members(MCP_TEXT("[\"b\",1]"), watch, N(watch));
	for (size_t i = 0; i < N(watch); i++)
		assert_int_equal(watch[i].value.len, 0);
	mcp_scan_members(MCP_TEXT_INIT, watch, N(watch));
	mcp_scan_members(MCP_TEXT("{}"), watch, N(watch));
	assert_int_equal(watch[2].value.len, 0);
}

static void
test_string_content(void **state)
{
	struct mcp_text raw = MCP_TEXT("\"plain\"");
	struct mcp_buf room = MCP_BUF_INIT;

	(void)state;
	assert_ptr_equal(mcp_scan_string(raw, &room).at, raw.at + 1);
	assert_true(mcp_text_is(mcp_scan_string(raw, &room), "plain"));
	assert_true(mcp_text_is(mcp_scan_string(MCP_TEXT("\"\\u0061\\n\""),
				    &room),
	    "a\n"));
	assert_true(mcp_text_is(mcp_scan_string(MCP_TEXT("\"\\/\""), &room),
	    "/"));
	assert_non_null(mcp_scan_string(MCP_TEXT("\"\""), &room).at);
	assert_null(mcp_scan_string(MCP_TEXT("12"), &room).at);
	assert_null(mcp_scan_string(MCP_TEXT_INIT, &room).at);
	mcp_buf_deinit(&room);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_half_surrogates),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_integer_edges),
		cmocka_unit_test(test_double_edges),
		cmocka_unit_test(test_long_fraction),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_duplicates_of_every_size),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_depth_without_end),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_error_says_where),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_watch_outermost_only),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_every_cut_and_change),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_string_content),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}

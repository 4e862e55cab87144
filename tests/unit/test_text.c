/* test_text.c - borrowed bytes, and the buffer that grows */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/text.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void
test_comparing(void **state)
{
	(void)state;
	assert_int_equal(mcp_text_of(NULL).len, 0);
	assert_int_equal(mcp_text_of("abc").len, 3);
	assert_true(mcp_text_is(MCP_TEXT("abc"), "abc"));
	assert_false(mcp_text_is(MCP_TEXT("abc"), "ab"));
	assert_false(mcp_text_is(MCP_TEXT("ab"), "abc"));
	assert_true(mcp_text_is(MCP_TEXT_INIT, ""));
	assert_false(mcp_text_is(MCP_TEXT("ab\0c"), "ab"));
	assert_true(mcp_text_equal(MCP_TEXT("a\0b"), MCP_TEXT("a\0b")));
	assert_false(mcp_text_equal(MCP_TEXT("a\0b"), MCP_TEXT("a\0c")));
	assert_true(mcp_text_equal(MCP_TEXT_INIT, MCP_TEXT("")));
	assert_true(
	    mcp_text_is_nocase(MCP_TEXT("Content-TYPE"), "content-type"));
	assert_false(mcp_text_is_nocase(MCP_TEXT("Content"), "content-type"));
	assert_true(mcp_text_starts(MCP_TEXT("Bearer x"), "Bearer "));
	assert_false(mcp_text_starts(MCP_TEXT("Bear"), "Bearer "));
	assert_true(mcp_text_starts(MCP_TEXT_INIT, ""));
}

static void
test_trim(void **state)
{
	(void)state;
	assert_true(mcp_text_is(mcp_text_trim(MCP_TEXT(" \ta b\t ")), "a b"));
	assert_true(mcp_text_is(mcp_text_trim(MCP_TEXT(" \t ")), ""));
	assert_true(mcp_text_is(mcp_text_trim(MCP_TEXT_INIT), ""));
	assert_true(mcp_text_is(mcp_text_trim(MCP_TEXT("\na ")), "\na"));
}

static void
test_dup(void **state)
{
	char *copy = mcp_text_dup((struct mcp_text){ "abcdef", 3 });

	(void)state;
	assert_string_equal(copy, "abc");
	free(copy);
	copy = mcp_text_dup(MCP_TEXT_INIT);
	assert_string_equal(copy, "");
	free(copy);
}

static void
test_number(void **state)
{
	static const char *const no_numbers[] = { "", "-1", "+1", " 1", "1 ",
		"1.0", "0x1", "a", "99999999999999999999x" };
	uint64_t number = 7;

	(void)state;
	for (size_t i = 0; i + 1 < N(no_numbers); i++)
		assert_int_equal(
		    mcp_text_number(mcp_text_of(no_numbers[i]), &number),
		    -EINVAL);
	assert_int_not_equal(
	    mcp_text_number(
		mcp_text_of(no_numbers[N(no_numbers) - 1]), &number),
	    0);
	assert_int_equal(
	    mcp_text_number(MCP_TEXT("18446744073709551616"), &number),
	    -ERANGE);
	assert_int_equal(
	    mcp_text_number(MCP_TEXT("99999999999999999999"), &number),
	    -ERANGE);
	assert_int_equal(number, 7);
	assert_int_equal(
	    mcp_text_number(MCP_TEXT("18446744073709551615"), &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(mcp_text_number(MCP_TEXT("007"), &number), 0);
	assert_int_equal(number, 7);
}

static void
test_appending(void **state)
{
	struct mcp_buf buf = MCP_BUF_INIT;

	(void)state;
	mcp_buf_puts(&buf, "ab");
	mcp_buf_putc(&buf, 'c');
	mcp_buf_append(&buf, "d\0e", 3);
	mcp_buf_text(&buf, MCP_TEXT_INIT);
	mcp_buf_printf(&buf, "-%s-%d", "f", 5);
	assert_int_equal(buf.len, 10);
	assert_memory_equal(buf.data, "abcd\0e-f-5", 11);
	assert_true(
	    mcp_text_equal(mcp_buf_view(&buf), MCP_TEXT("abcd\0e-f-5")));
	mcp_buf_reset(&buf);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf.data, "");
	mcp_buf_deinit(&buf);
	assert_null(buf.data);
	mcp_buf_deinit(&buf);
}

static void
test_view_of_nothing(void **state)
{
	struct mcp_buf buf = MCP_BUF_INIT;

	(void)state;
	assert_int_equal(mcp_buf_view(&buf).len, 0);
	mcp_buf_text(&buf, MCP_TEXT_INIT);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf.data, "");
	mcp_buf_deinit(&buf);
}

static void
test_numbers_written(void **state)
{
	struct mcp_buf buf = MCP_BUF_INIT;

	(void)state;
	mcp_buf_number(&buf, 0);
	mcp_buf_putc(&buf, ' ');
	mcp_buf_number(&buf, -32700);
	mcp_buf_putc(&buf, ' ');
	mcp_buf_number(&buf, INT64_MIN);
	mcp_buf_putc(&buf, ' ');
	mcp_buf_number(&buf, INT64_MAX);
	assert_string_equal(
	    buf.data, "0 -32700 -9223372036854775808 9223372036854775807");
	mcp_buf_deinit(&buf);
}

static void
test_growing(void **state)
{
	struct mcp_buf buf = MCP_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 100000; i++)
		mcp_buf_putc(&buf, (char)('a' + i % 26));
	assert_false(buf.failed);
	assert_int_equal(buf.len, 100000);
	assert_true(buf.cap > buf.len);
	for (size_t i = 0; i < buf.len; i++)
		if (buf.data[i] != (char)('a' + i % 26))
			fail_msg("byte %zu changed while growing", i);
	mcp_buf_deinit(&buf);
}

static void
test_out_of_memory_keeps_what_was(void **state)
{
	struct mcp_buf buf = MCP_BUF_INIT;

	(void)state;
	mcp_buf_puts(&buf, "kept");
	assert_int_equal(mcp_buf_reserve(&buf, SIZE_MAX - 1), -ENOMEM);
	assert_true(buf.failed);
	mcp_buf_puts(&buf, " refused");
	mcp_buf_printf(&buf, " refused");
	mcp_buf_json_string(&buf, MCP_TEXT("refused"));
	assert_int_equal(mcp_buf_reserve(&buf, 1), -ENOMEM);
	assert_string_equal(buf.data, "kept");
	mcp_buf_reset(&buf);
	assert_false(buf.failed);
	mcp_buf_puts(&buf, "again");
	assert_string_equal(buf.data, "again");
	mcp_buf_deinit(&buf);
}

static void
expect_json(struct mcp_text text, const char *expected)
{
	struct mcp_buf buf = MCP_BUF_INIT;

	mcp_buf_json_string(&buf, text);
	assert_string_equal(buf.data, expected);
	assert_int_equal(buf.len, strlen(expected));
	mcp_buf_deinit(&buf);
}

static void
test_json_string(void **state)
{
	(void)state;
	expect_json(MCP_TEXT_INIT, "\"\"");
	expect_json(MCP_TEXT("plain / text"), "\"plain / text\"");
	expect_json(MCP_TEXT("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
	expect_json(
	    MCP_TEXT("a\0b\x01\x1f\x7f"), "\"a\\u0000b\\u0001\\u001f\x7f\"");
	expect_json(MCP_TEXT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
	    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

static void
test_json_string_is_always_utf8(void **state)
{
#define U_FFFD "\xef\xbf\xbd"
	(void)state;
	expect_json(MCP_TEXT("a\xff z"), "\"a" U_FFFD " z\"");
	expect_json(MCP_TEXT("\xc0\xaf"), "\"" U_FFFD U_FFFD "\"");
	expect_json(MCP_TEXT("\x80"), "\"" U_FFFD "\"");
	expect_json(MCP_TEXT("\xed\xa0\x80"), "\"" U_FFFD U_FFFD U_FFFD "\"");
	expect_json(MCP_TEXT("\xf4\x90\x80\x80"),
	    "\"" U_FFFD U_FFFD U_FFFD U_FFFD "\"");
	expect_json((struct mcp_text){ "\xc3\xa4", 1 }, "\"" U_FFFD "\"");
}

static void
test_timestamp(void **state)
{
	char now[MCP_TIMESTAMP_MAX];
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";

	(void)state;
	mcp_text_timestamp(now);
	assert_int_equal(strlen(now), strlen(shape));
	for (size_t i = 0; shape[i] != '\0'; i++)
		if (shape[i] == 'd')
			assert_in_range(now[i], '0', '9');
		else
			assert_int_equal(now[i], shape[i]);
}

static void
test_clock_goes_on(void **state)
{
	uint64_t before = mcp_clock_ns();

	(void)state;
	assert_true(before > 0);
	assert_true(mcp_clock_ns() >= before);
}

static void
utf8_is_told_from_what_only_looks_like_it(void **state)
{
	(void)state;
	assert_true(mcp_text_is_utf8(MCP_TEXT_INIT));
	assert_true(mcp_text_is_utf8((struct mcp_text){ "a\0\xc3\xa4", 4 }));
	assert_false(mcp_text_is_utf8(MCP_TEXT("a\xc3")));
	assert_false(mcp_text_is_utf8(MCP_TEXT("\xed\xa0\x80")));
}

static void
a_key_becomes_a_part_of_a_pointer(void **state)
{
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	mcp_buf_pointer_token(&out, "a/b~c~1\x01");
	assert_string_equal(out.data, "a~1b~0c~01\x01");
	mcp_buf_deinit(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparing),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_dup),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_appending),
		cmocka_unit_test(test_view_of_nothing),
		cmocka_unit_test(test_numbers_written),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_out_of_memory_keeps_what_was),
		cmocka_unit_test(test_json_string),
		cmocka_unit_test(test_json_string_is_always_utf8),
		cmocka_unit_test(test_timestamp),
		cmocka_unit_test(test_clock_goes_on),
		cmocka_unit_test(utf8_is_told_from_what_only_looks_like_it),
		cmocka_unit_test(a_key_becomes_a_part_of_a_pointer),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

/* test_exec_errors.c - the last that a program said on its standard error */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/log.h>

#include "fcgi/exec_errors.h"

#define MAX EXEC_ERRORS_TAIL_MAX

static void
feed(struct exec_errors *errors, const char *bytes, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		exec_errors_feed(errors, "test", mcp_text_of(bytes));
}

static void
little_is_told_whole(void **state)
{
	struct exec_errors errors = EXEC_ERRORS_INIT;

	(void)state;
	assert_int_equal(exec_errors_tail(&errors).len, 0);
	feed(&errors, " a\nb", 1);
	assert_true(mcp_text_is(exec_errors_tail(&errors), " a\nb"));
	feed(&errors, " \r\n\n", 1);
	assert_true(mcp_text_is(exec_errors_tail(&errors), " a\nb"));
	exec_errors_deinit(&errors);
}

static void
as_much_as_may_be_is_told_whole(void **state)
{
	struct exec_errors errors = EXEC_ERRORS_INIT;

	(void)state;
	feed(&errors, "x", MAX);
	assert_int_equal(exec_errors_tail(&errors).len, MAX);
	feed(&errors, "\n", 1);
	assert_int_equal(exec_errors_tail(&errors).len, MAX);
	exec_errors_deinit(&errors);
}

/* A line that begins exactly where the tail does is whole. */
static void
of_much_the_last_whole_lines_are_told(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 40; more++) {
		struct exec_errors errors = EXEC_ERRORS_INIT;
		struct mcp_text tail;

		feed(&errors, "0123456789abcde\n", MAX); /* 16 bytes */
		feed(&errors, "y", more);
		tail = exec_errors_tail(&errors);
		assert_true(tail.len <= MAX && tail.len > MAX - 16);
		assert_true(mcp_text_starts(tail, "0123456789abcde\n"));
		exec_errors_deinit(&errors);
	}
}

static void
of_a_long_line_whole_characters_are_told(void **state)
{
	struct exec_errors errors = EXEC_ERRORS_INIT;
	struct mcp_text tail;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		feed(&errors, "\xe2\x82\xac", 3 * MAX);
		feed(&errors, "x", i);
		tail = exec_errors_tail(&errors);
		assert_true(tail.len <= MAX && tail.len > MAX - 3);
		assert_true(mcp_text_starts(tail, "\xe2\x82\xac"));
	}
	exec_errors_deinit(&errors);
}

static void
memory_is_bounded(void **state)
{
	struct exec_errors errors = EXEC_ERRORS_INIT;

	(void)state;
	feed(&errors, "0123456789abcdef", 10 * MAX);
	assert_true(errors.line.cap <= MAX);
	assert_true(errors.tail.cap <= 8 * MAX);
	exec_errors_deinit(&errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(little_is_told_whole),
		cmocka_unit_test(as_much_as_may_be_is_told_whole),
		cmocka_unit_test(of_much_the_last_whole_lines_are_told),
		cmocka_unit_test(of_a_long_line_whole_characters_are_told),
		cmocka_unit_test(memory_is_bounded),
	};

	mcp_log_init("test", MCP_LOG_ERROR); /* the lines are not looked at */
	return cmocka_run_group_tests_name("exec_errors", tests, NULL, NULL);
}

/* test_exec_progress.c - lines of a program that say how far it is */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fcgi/exec_progress.h"

static void
feed(struct exec_progress *progress, const char *bytes)
{
	exec_progress_feed(progress, mcp_text_of(bytes));
}

static void
assert_last(const struct exec_progress *progress, double value, double total,
    const char *message)
{
	assert_true(progress->any);
	assert_true(progress->value == value);
	assert_true(progress->total == total);
	assert_true(mcp_text_is(mcp_buf_view(&progress->message), message));
}

static void
a_line_is_numbers_and_words(void **state)
{
	struct exec_progress progress = EXEC_PROGRESS_INIT;

	(void)state;
	feed(&progress, "1\n");
	assert_last(&progress, 1, 0, "");
	feed(&progress, "1.5 10\n");
	assert_last(&progress, 1.5, 10, "");
	feed(&progress, "2 10 two of ten\n");
	assert_last(&progress, 2, 10, "two of ten");
	feed(&progress, "3 so far\n");
	assert_last(&progress, 3, 0, "so far");
	feed(&progress, "4e0 1e1  2 kinds\n");
	assert_last(&progress, 4, 10, "2 kinds");
	feed(&progress, "5 3rd part\n");
	assert_last(&progress, 5, 0, "3rd part");
	exec_progress_deinit(&progress);
}

static void
what_is_no_line_is_passed_over(void **state)
{
	struct exec_progress progress = EXEC_PROGRESS_INIT;

	(void)state;
	feed(
	    &progress, "\n \nx\n1x\n--1\n1-1\nnan\ninf\n1e999\n0x10\n.\n\t1\n");
	assert_false(progress.any);
	feed(&progress, "2\n2\n1\n-1\n");
	assert_last(&progress, 2, 0, "");
	exec_progress_deinit(&progress);
}

static void
a_line_comes_in_pieces_and_ends(void **state)
{
	struct exec_progress progress = EXEC_PROGRESS_INIT;

	(void)state;
	feed(&progress, "1");
	assert_false(progress.any);
	feed(&progress, "2 ab");
	feed(&progress, "c\n13");
	assert_last(&progress, 12, 0, "abc");
	feed(&progress, "\n");
	assert_last(&progress, 13, 0, "");
	exec_progress_deinit(&progress);
}

static void
a_line_too_long_is_no_line(void **state)
{
	struct exec_progress progress = EXEC_PROGRESS_INIT;

	(void)state;
	for (int i = 0; i < EXEC_PROGRESS_LINE_MAX + 1; i++)
		feed(&progress, "9");
	feed(&progress, "\n");
	assert_false(progress.any);
	assert_true(progress.line.cap < 8 * EXEC_PROGRESS_LINE_MAX);
	feed(&progress, "1\n");
	assert_last(&progress, 1, 0, "");
	exec_progress_deinit(&progress);
}

static void
of_many_the_last_is_told(void **state)
{
	struct exec_progress progress = EXEC_PROGRESS_INIT;
	uint64_t now_ns = 5 * MCP_S;

	(void)state;
	assert_false(exec_progress_due(&progress, now_ns));
	feed(&progress, "1\n");
	assert_true(exec_progress_due(&progress, now_ns));
	assert_false(exec_progress_due(&progress, now_ns + MCP_S));
	now_ns += EXEC_PROGRESS_NS - 1;
	feed(&progress, "2\n3\n");
	assert_false(exec_progress_due(&progress, now_ns));
	feed(&progress, "4\n");
	assert_true(exec_progress_due(&progress, now_ns + 1));
	assert_last(&progress, 4, 0, "");
	exec_progress_deinit(&progress);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_numbers_and_words),
		cmocka_unit_test(what_is_no_line_is_passed_over),
		cmocka_unit_test(a_line_comes_in_pieces_and_ends),
		cmocka_unit_test(a_line_too_long_is_no_line),
		cmocka_unit_test(of_many_the_last_is_told),
	};

	return cmocka_run_group_tests_name("exec_progress", tests, NULL, NULL);
}

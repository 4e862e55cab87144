/* test_state.c - what is written down is read back, and nothing else is */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/state.h"

static struct state_reader
read_from(const struct state_writer *writer)
{
	return (struct state_reader){ .left = mcp_buf_view(&writer->bytes) };
}

static void
what_was_written_is_read(void **state)
{
	struct state_writer out = { MCP_BUF_INIT, STATE_FILES_STAY, NULL };
	struct state_reader in;
	uint8_t key[4];

	(void)state;
	state_number(&out, 0);
	state_number(&out, UINT64_MAX);
	state_text(&out, MCP_TEXT("a text"));
	state_text(&out, MCP_TEXT_INIT);
	state_bytes(&out, "\0\1\2\3", 4);
	in = read_from(&out);
	assert_int_equal(state_read_number(&in), 0);
	assert_true(state_read_number(&in) == UINT64_MAX);
	assert_true(mcp_text_is(state_read_text(&in), "a text"));
	assert_int_equal(state_read_text(&in).len, 0);
	state_read_bytes(&in, key, sizeof(key));
	assert_memory_equal(key, "\0\1\2\3", 4);
	assert_int_equal(in.left.len, 0);
	assert_int_equal(state_end(&in), 0);
	mcp_buf_deinit(&out.bytes);
}

static void
who_reads_beyond_the_end_has_failed(void **state)
{
	struct state_writer out = { MCP_BUF_INIT, STATE_FILES_STAY, NULL };
	struct state_reader in;

	(void)state;
	state_text(&out, MCP_TEXT("cut"));
	for (size_t len = 0; len < out.bytes.len; len++) {
		in = (struct state_reader){ .left = { out.bytes.data, len } };
		assert_int_equal(state_read_text(&in).len, 0);
		assert_int_equal(state_end(&in), -EINVAL);
	}
	mcp_buf_deinit(&out.bytes);
}

static void
a_failure_is_not_forgotten(void **state)
{
	struct state_writer out = { MCP_BUF_INIT, STATE_FILES_STAY, NULL };
	struct state_reader in;
	uint8_t key[2] = { 7, 7 };

	(void)state;
	state_bytes(&out, "abc", 3);
	state_number(&out, 5);
	in = read_from(&out);
	state_read_bytes(&in, key, sizeof(key));
	assert_memory_equal(key, "\0\0", 2);
	assert_int_equal(state_read_number(&in), 0);
	assert_int_equal(state_end(&in), -EINVAL);
	mcp_buf_deinit(&out.bytes);
}

static void
a_number_above_its_most_fails(void **state)
{
	struct state_writer out = { MCP_BUF_INIT, STATE_FILES_STAY, NULL };
	struct state_reader in;

	(void)state;
	state_number(&out, 5);
	in = read_from(&out);
	assert_int_equal(state_read_up_to(&in, 5), 5);
	in = read_from(&out);
	assert_int_equal(state_read_up_to(&in, 4), 0);
	assert_int_equal(state_end(&in), -EINVAL);
	mcp_buf_deinit(&out.bytes);
}

static bool
closes_on_exec(int fd)
{
	return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

static void
a_descriptor_outlives_an_exec_only_if_it_is_to_go(void **state)
{
	struct state_writer out = { MCP_BUF_INIT, STATE_FILES_STAY, NULL };
	struct state_reader in;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	state_file(&out, fd);
	assert_true(closes_on_exec(fd));
	out.files = STATE_FILES_GO;
	state_file(&out, fd);
	assert_false(closes_on_exec(fd));
	out.files = STATE_FILES_KEPT;
	state_file(&out, fd);
	assert_true(closes_on_exec(fd));
	out.files = STATE_FILES_GO;
	state_file(&out, fd);
	in = read_from(&out);
	in.closing = true; /* it does not, but nobody looks */
	assert_int_equal(state_read_file(&in), fd);
	assert_false(closes_on_exec(fd));
	in = read_from(&out);
	assert_int_equal(state_read_file(&in), fd);
	assert_true(closes_on_exec(fd));
	in = read_from(&out);
	in.rehearsal = true;
	assert_int_equal(state_read_file(&in), -1);
	assert_int_equal(state_end(&in), 0);
	close(fd);
	in = read_from(&out);
	assert_int_equal(state_read_file(&in), -1);
	assert_int_equal(state_end(&in), -EINVAL);
	mcp_buf_deinit(&out.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(who_reads_beyond_the_end_has_failed),
		cmocka_unit_test(a_failure_is_not_forgotten),
		cmocka_unit_test(a_number_above_its_most_fails),
		cmocka_unit_test(
		    a_descriptor_outlives_an_exec_only_if_it_is_to_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_wire.c - a letter arrives as it was written, or is refused by name */

#include <mcp/wire.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const struct mcp_letter admit = {
	.kind = MCP_ADMIT,
	.correlation = 7,
	.deadline_ns = UINT64_C(0x0102030405060708),
	.stream = { "a-stream", 8 },
	.subject = { "0123456789abcdef", 16 },
	.request = { "\"x\"", 3 },
	.dialect = MCP_DIALECT_SSE,
	.call_deadline_ns = 99,
};

static void
write_letter(const struct mcp_letter *letter, struct mcp_buf *out)
{
	assert_int_equal(mcp_wire_write(letter, out), 0);
}

static void
a_question_arrives_whole(void **state)
{
	struct mcp_buf bytes = MCP_BUF_INIT;
	struct mcp_letter read;

	(void)state;
	write_letter(&admit, &bytes);
	assert_int_equal(mcp_wire_read(mcp_buf_view(&bytes), &read), 0);
	assert_int_equal(read.kind, MCP_ADMIT);
	assert_int_equal(read.outcome, MCP_QUESTION);
	assert_int_equal(read.correlation, 7);
	assert_int_equal(read.deadline_ns, admit.deadline_ns);
	assert_true(mcp_text_equal(read.stream, admit.stream));
	assert_true(mcp_text_equal(read.subject, admit.subject));
	assert_true(mcp_text_equal(read.request, admit.request));
	assert_int_equal(read.dialect, MCP_DIALECT_SSE);
	assert_int_equal(read.call_deadline_ns, 99);
	mcp_buf_deinit(&bytes);
}

/* doc/wire.txt section 1, byte by byte */
static void
the_head_is_the_documented_one(void **state)
{
	static const char head[] = "\x01\x02\x00\x00\x00\x00\x00\x00"
				   "\x00\x00\x00\x00\x00\x00\x00\x07"
				   "\x01\x02\x03\x04\x05\x06\x07\x08"
				   "\x00\x00\x00\x08"
				   "a-stream";
	struct mcp_buf bytes = MCP_BUF_INIT;

	(void)state;
	write_letter(&admit, &bytes);
	assert_memory_equal(bytes.data, head, sizeof(head) - 1);
	mcp_buf_deinit(&bytes);
}

static void
every_cut_is_malformed(void **state)
{
	struct mcp_buf bytes = MCP_BUF_INIT;
	struct mcp_letter read;

	(void)state;
	write_letter(&admit, &bytes);
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(
		    mcp_wire_read((struct mcp_text){ bytes.data, len }, &read),
		    len < MCP_WIRE_HEAD ? MCP_WIRE_E_HEAD :
					  MCP_WIRE_E_MALFORMED);
	mcp_buf_deinit(&bytes);
}

static void
what_trails_is_malformed(void **state)
{
	struct mcp_buf bytes = MCP_BUF_INIT;
	struct mcp_letter read;

	(void)state;
	write_letter(&admit, &bytes);
	mcp_buf_putc(&bytes, 0);
	assert_int_equal(mcp_wire_read(mcp_buf_view(&bytes), &read),
	    MCP_WIRE_E_MALFORMED);
	mcp_buf_deinit(&bytes);
}

static void
other_versions_and_kinds_can_be_answered(void **state)
{
	struct mcp_buf bytes = MCP_BUF_INIT;
	struct mcp_letter read;

	(void)state;
	write_letter(&admit, &bytes);
	bytes.data[0] = 2;
	assert_int_equal(mcp_wire_read(mcp_buf_view(&bytes), &read),
	    MCP_WIRE_E_VERSION);
	assert_int_equal(read.correlation, 7);
	bytes.data[0] = 1;
	bytes.data[1] = 99;
	assert_int_equal(mcp_wire_read(mcp_buf_view(&bytes), &read),
	    MCP_WIRE_E_KIND);
	assert_int_equal(read.correlation, 7);
	mcp_buf_deinit(&bytes);
}

static void
a_member_over_its_limit_is_not_written(void **state)
{
	char name[MCP_WIRE_STREAM_MAX + 1];
	struct mcp_letter letter = admit;
	struct mcp_buf bytes = MCP_BUF_INIT;

	(void)state;
	memset(name, 'x', sizeof(name));
	letter.stream = (struct mcp_text){ name, sizeof(name) };
	assert_int_equal(mcp_wire_write(&letter, &bytes), -EINVAL);
	assert_int_equal(bytes.len, 0);
	mcp_buf_deinit(&bytes);
}

static void
a_bare_answer_has_no_fields(void **state)
{
	struct mcp_letter read, gone = { .kind = MCP_DELIVER,
		.outcome = MCP_GONE, .correlation = 1 };
	struct mcp_buf bytes = MCP_BUF_INIT;

	(void)state;
	write_letter(&gone, &bytes);
	assert_int_equal(bytes.len, MCP_WIRE_HEAD);
	assert_int_equal(mcp_wire_read(mcp_buf_view(&bytes), &read), 0);
	assert_int_equal(read.outcome, MCP_GONE);
	mcp_buf_deinit(&bytes);
}

static void
an_end_comes_back(void **state)
{
	uint8_t key[16];
	struct mcp_buf bytes = MCP_BUF_INIT;
	uint64_t expires_s;

	(void)state;
	mcp_wire_end_write(&bytes, (const uint8_t *)"0123456789abcdef", 12345);
	assert_int_equal(bytes.len, MCP_WIRE_END_LEN);
	mcp_wire_end_read(bytes.data, key, &expires_s);
	assert_memory_equal(key, "0123456789abcdef", 16);
	assert_int_equal(expires_s, 12345);
	mcp_buf_deinit(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_arrives_whole),
		cmocka_unit_test(the_head_is_the_documented_one),
		cmocka_unit_test(every_cut_is_malformed),
		cmocka_unit_test(what_trails_is_malformed),
		cmocka_unit_test(other_versions_and_kinds_can_be_answered),
		cmocka_unit_test(a_member_over_its_limit_is_not_written),
		cmocka_unit_test(a_bare_answer_has_no_fields),
		cmocka_unit_test(an_end_comes_back),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}

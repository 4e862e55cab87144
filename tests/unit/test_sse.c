/* test_sse.c - the lines an EventSource reads */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/sse.h>

static void
expect_event(struct mcp_text id, struct mcp_text name, struct mcp_text data,
    const char *expected)
{
	struct mcp_buf out = MCP_BUF_INIT;

	mcp_sse_event(&out, id, name, data);
	assert_false(out.failed);
	assert_string_equal(out.data, expected);
	assert_int_equal(out.len, strlen(expected));
	mcp_buf_deinit(&out);
}

static void
test_event(void **state)
{
	(void)state;
	expect_event(MCP_TEXT("s.1"), MCP_TEXT("message"), MCP_TEXT("{}"),
	    "id: s.1\nevent: message\ndata: {}\n\n");
	expect_event(MCP_TEXT_INIT, MCP_TEXT("endpoint"), MCP_TEXT("/mcp"),
	    "event: endpoint\ndata: /mcp\n\n");
	expect_event(MCP_TEXT("s.2"), MCP_TEXT_INIT, MCP_TEXT("x"),
	    "id: s.2\ndata: x\n\n");
	expect_event(
	    MCP_TEXT_INIT, MCP_TEXT_INIT, MCP_TEXT("x"), "data: x\n\n");
}

static void
test_event_without_data_is_one_empty_line(void **state)
{
	(void)state;
	expect_event(MCP_TEXT("s.0"), MCP_TEXT_INIT, MCP_TEXT_INIT,
	    "id: s.0\ndata: \n\n");
}

static void
expect_data(struct mcp_text data, const char *expected)
{
	expect_event(MCP_TEXT_INIT, MCP_TEXT_INIT, data, expected);
}

static void
test_every_end_of_line_cuts(void **state)
{
	(void)state;
	expect_data(MCP_TEXT("a\nb"), "data: a\ndata: b\n\n");
	expect_data(MCP_TEXT("a\rb"), "data: a\ndata: b\n\n");
	expect_data(MCP_TEXT("a\r\nb"), "data: a\ndata: b\n\n");
	expect_data(MCP_TEXT("a\n\rb"), "data: a\ndata: \ndata: b\n\n");
	expect_data(MCP_TEXT("a\r\r\nb"), "data: a\ndata: \ndata: b\n\n");
	expect_data(MCP_TEXT("a\n"), "data: a\ndata: \n\n");
	expect_data(MCP_TEXT("\n"), "data: \ndata: \n\n");
	expect_data(MCP_TEXT("\r\n\r\n"), "data: \ndata: \ndata: \n\n");
}

static void
test_no_field_can_be_smuggled_in(void **state)
{
	(void)state;
	expect_data(MCP_TEXT("x\n\nevent: evil\rid: 9"),
	    "data: x\ndata: \ndata: event: evil\ndata: id: 9\n\n");
}

static void
test_nothing_behind_the_text_is_read(void **state)
{
	char *exact = malloc(4);

	(void)state;
	assert_non_null(exact);
	memcpy(exact, "a\r\nb", 4);
	expect_data((struct mcp_text){ exact, 4 }, "data: a\ndata: b\n\n");
	expect_data((struct mcp_text){ exact, 2 }, "data: a\ndata: \n\n");
	free(exact);
}

static void
test_comment(void **state)
{
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	mcp_sse_comment(&out, MCP_TEXT("keep-alive"));
	mcp_sse_comment(&out, MCP_TEXT("a\nb"));
	mcp_sse_comment(&out, MCP_TEXT_INIT);
	assert_string_equal(out.data, ": keep-alive\n\n: a\n: b\n\n: \n\n");
	mcp_buf_deinit(&out);
}

static void
test_retry(void **state)
{
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	mcp_sse_retry(&out, 2000);
	assert_string_equal(out.data, "retry: 2000\n\n");
	mcp_buf_deinit(&out);
}

static void
test_an_id_and_the_rest_are_the_event(void **state)
{
	struct mcp_buf whole = MCP_BUF_INIT, parts = MCP_BUF_INIT;
	struct mcp_text data = MCP_TEXT("a\nb");

	(void)state;
	mcp_sse_event(&whole, MCP_TEXT("x.1"), MCP_TEXT("message"), data);
	mcp_sse_id(&parts, MCP_TEXT("x.1"));
	mcp_sse_event(&parts, MCP_TEXT_INIT, MCP_TEXT("message"), data);
	assert_true(mcp_text_equal(mcp_buf_view(&whole), mcp_buf_view(&parts)));
	mcp_buf_deinit(&whole);
	mcp_buf_deinit(&parts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_event_without_data_is_one_empty_line),
		cmocka_unit_test(test_every_end_of_line_cuts),
		cmocka_unit_test(test_no_field_can_be_smuggled_in),
		cmocka_unit_test(test_nothing_behind_the_text_is_read),
		cmocka_unit_test(test_comment),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_an_id_and_the_rest_are_the_event),
	};

	return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}

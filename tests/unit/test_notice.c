/* test_notice.c - the words a listener is told */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/notice.h"

#define META "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":"
#define CHANGED(what, id) \
	"event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":" \
	"\"notifications/" what "/list_changed\",\"params\":{" META id \
	"}}}\n\n"

static void
says(struct notice *notice, const char *id, const char *event)
{
	struct mcp_buf whole = MCP_BUF_INIT;

	mcp_buf_text(&whole, parcel_text(notice->common));
	mcp_buf_text(&whole, notice_for(notice, mcp_text_of(id)));
	assert_true(mcp_text_is(mcp_buf_view(&whole), event));
	mcp_buf_deinit(&whole);
}

static void
test_each_hears_its_own_id(void **state)
{
	struct notice notice;

	(void)state;
	assert_int_equal(
	    notice_init(&notice, MCP_TOPIC_TOOLS, MCP_TEXT_INIT), 0);
	says(&notice, "\"a long one\"", CHANGED("tools", "\"a long one\""));
	says(&notice, "1.50e2", CHANGED("tools", "1.50e2"));
	notice_deinit(&notice);
	assert_int_equal(
	    notice_init(&notice, MCP_TOPIC_PROMPTS, MCP_TEXT_INIT), 0);
	says(&notice, "1", CHANGED("prompts", "1"));
	notice_deinit(&notice);
	assert_int_equal(
	    notice_init(&notice, MCP_TOPIC_RESOURCES, MCP_TEXT_INIT), 0);
	says(&notice, "1", CHANGED("resources", "1"));
	notice_deinit(&notice);
}

static void
test_a_resource_is_named(void **state)
{
	struct notice notice;

	(void)state;
	assert_int_equal(
	    notice_init(&notice, MCP_TOPIC_UPDATED, MCP_TEXT("a\n\"b")), 0);
	says(&notice, "7",
	    "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/resources/updated\",\"params\":{"
	    "\"uri\":\"a\\n\\\"b\"," META "7}}}\n\n");
	notice_deinit(&notice);
}

static void
test_a_task_is_told_whole(void **state)
{
	struct notice notice;

	(void)state;
	assert_int_equal(notice_init(&notice, MCP_TOPIC_TASK,
	    MCP_TEXT("{\"taskId\":\"t\",\"status\":\"working\"}")), 0);
	says(&notice, "\"x\"",
	    "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/tasks\",\"params\":{\"taskId\":\"t\","
	    "\"status\":\"working\"," META "\"x\"}}}\n\n");
	notice_deinit(&notice);
}

static void
test_the_longest_id_has_room(void **state)
{
	char id[MCP_WIRE_REQUEST_MAX + 1];
	struct notice notice;
	size_t cap;

	(void)state;
	memset(id, '1', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	assert_int_equal(
	    notice_init(&notice, MCP_TOPIC_TOOLS, MCP_TEXT_INIT), 0);
	cap = notice.own.cap;
	assert_true(notice_for(&notice, mcp_text_of(id)).len > sizeof(id));
	assert_int_equal(notice.own.cap, cap);
	notice_deinit(&notice);
}

static void
test_what_is_honoured_is_acknowledged(void **state)
{
	struct mcp_text uris[] = { MCP_TEXT("a:\"b"), MCP_TEXT("c") };
	struct listen listen = { .id = MCP_TEXT("\"x\""), .uris = uris,
		.n_uris = 2,
		.topics = LISTEN_TOPIC(MCP_TOPIC_TOOLS) |
		    LISTEN_TOPIC(MCP_TOPIC_RESOURCES) |
		    LISTEN_TOPIC(MCP_TOPIC_UPDATED) };
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	notice_acknowledged(&out, &listen);
	assert_string_equal(out.data,
	    "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/subscriptions/acknowledged\",\"params\":{" META
	    "\"x\"},\"notifications\":{\"toolsListChanged\":true,"
	    "\"resourcesListChanged\":true,"
	    "\"resourceSubscriptions\":[\"a:\\\"b\",\"c\"]}}}\n\n");
	mcp_buf_reset(&out);
	listen.tasks = uris;
	listen.n_tasks = 2;
	notice_acknowledged(&out, &listen);
	assert_non_null(strstr(out.data,
	    "\"resourceSubscriptions\":[\"a:\\\"b\",\"c\"],"
	    "\"taskIds\":[\"a:\\\"b\",\"c\"]}}}\n\n"));
	mcp_buf_reset(&out);
	listen.topics = 0;
	notice_acknowledged(&out, &listen);
	assert_non_null(strstr(out.data, "\"notifications\":{\"taskIds\":["));
	mcp_buf_reset(&out);
	listen.n_tasks = 0;
	notice_acknowledged(&out, &listen);
	assert_non_null(strstr(out.data, "\"notifications\":{}}}\n\n"));
	mcp_buf_deinit(&out);
}

static void
test_the_last_word_is_the_result(void **state)
{
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	notice_complete(&out, MCP_TEXT("\"x\""));
	assert_string_equal(out.data,
	    "event: message\ndata: {\"jsonrpc\":\"2.0\",\"result\":{"
	    "\"resultType\":\"complete\"," META "\"x\"}},\"id\":\"x\"}\n\n");
	mcp_buf_deinit(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_hears_its_own_id),
		cmocka_unit_test(test_a_resource_is_named),
		cmocka_unit_test(test_a_task_is_told_whole),
		cmocka_unit_test(test_the_longest_id_has_room),
		cmocka_unit_test(test_what_is_honoured_is_acknowledged),
		cmocka_unit_test(test_the_last_word_is_the_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

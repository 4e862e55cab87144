/* test_watch.c - who watches a task hears how it is, and nobody else does */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "broker/watch.h"

#define ALICE MCP_TEXT("0123456789abcdef")
#define BOB MCP_TEXT("fedcba9876543210")
#define WORKING "{\"taskId\":\"t\",\"status\":\"working\"}"

static struct broker broker;
static struct process process;

static int
begin(void **state)
{
	(void)state;
	memset(&broker, 0, sizeof(broker));
	memset(&process, 0, sizeof(process));
	LIST_INIT(&process.cells);
	clock_init(&broker.clock, &broker);
	assert_int_equal(topics_init(&broker.topics, 4096), 0);
	return cells_init(&broker.cells, watch_orphan);
}

static int
end(void **state)
{
	(void)state;
	cells_deinit(&broker);
	topics_deinit(&broker.topics);
	clock_deinit(&broker.clock);
	return 0;
}

static void
create(struct mcp_text owner, const char *key, const char *bytes)
{
	uint64_t now_s = (uint64_t)time(NULL);
	struct mcp_letter letter = { .stream = mcp_text_of(key),
		.subject = owner, .expires = now_s + 60, .how = 1,
		.state = mcp_text_of(bytes) };
	struct cell *cell;

	assert_int_equal(
	    cell_create(&broker, &process, &letter, now_s, &cell), 0);
}

static const uint8_t *
bytes_of(struct mcp_text subject)
{
	return (const uint8_t *)subject.at;
}

static void
test_only_what_looks_like_a_task_is_one(void **state)
{
	(void)state;
	assert_true(watch_is_task(MCP_TEXT(WORKING)));
	assert_false(watch_is_task(MCP_TEXT_INIT));
	assert_false(watch_is_task(MCP_TEXT("7")));
	assert_false(watch_is_task(MCP_TEXT("{\"taskId\":\"t\"")));
}

static void
test_one_watches_ones_own(void **state)
{
	struct mcp_text ids[] = { MCP_TEXT("none"), MCP_TEXT("b"), MCP_TEXT(""),
		MCP_TEXT("a"), MCP_TEXT("count") };
	struct listen listen = { .tasks = ids, .n_tasks = 5 };

	(void)state;
	create(ALICE, "a", WORKING);
	create(BOB, "b", WORKING);
	create(ALICE, "count", "7");
	watch_choose(&broker, &listen, bytes_of(ALICE));
	assert_int_equal(listen.n_tasks, 1);
	assert_true(mcp_text_is(listen.tasks[0], "a"));
}

static void
test_it_begins_with_how_it_is(void **state)
{
	struct mcp_text ids[] = { MCP_TEXT("a"), MCP_TEXT("b") };
	struct listen listen = { .id = MCP_TEXT("9"), .tasks = ids,
		.n_tasks = 2 };
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	create(ALICE, "a", WORKING);
	create(BOB, "b", WORKING);
	watch_begin(&broker, &listen, bytes_of(ALICE), 4096, &out);
	assert_string_equal(out.data,
	    "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/tasks\",\"params\":{\"taskId\":\"t\",\"status\":"
	    "\"working\",\"_meta\":{\"io.modelcontextprotocol/subscriptionId\""
	    ":9}}}\n\n");
	mcp_buf_reset(&out);
	watch_begin(&broker, &listen, bytes_of(ALICE), strlen(WORKING) - 1,
	    &out);
	assert_int_equal(out.len, 0);
	cells_orphan(&broker, &process.cells); /* whom nobody watches */
	watch_begin(&broker, &listen, bytes_of(ALICE), 4096, &out);
	assert_non_null(strstr(out.data, "\"status\":\"failed\""));
	mcp_buf_deinit(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_looks_like_a_task_is_one),
		cmocka_unit_test_setup_teardown(test_one_watches_ones_own,
		    begin, end),
		cmocka_unit_test_setup_teardown(test_it_begins_with_how_it_is,
		    begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

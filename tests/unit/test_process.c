/* test_process.c - a question asked again gets its first answer again */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/process.h"

static void
remember(struct route *route, uint64_t correlation, uint64_t number)
{
	route_remember(route, correlation,
	    (struct answer){ .kind = MCP_DELIVER,
		.outcome = MCP_DELIVERED,
		.number = number });
}

static void
test_an_answer_is_recalled(void **state)
{
	static struct route route;

	(void)state;
	assert_null(route_recall(&route, 1));
	remember(&route, 1, 10);
	remember(&route, 2, 20);
	assert_int_equal(route_recall(&route, 1)->number, 10);
	assert_int_equal(route_recall(&route, 2)->number, 20);
	assert_null(route_recall(&route, 3));
}

static void
test_one_in_progress_is_replaced_in_its_place(void **state)
{
	static struct route route;

	(void)state;
	route_remember(&route, 5, (struct answer){ .kind = MCP_SESSION });
	assert_int_equal(route_recall(&route, 5)->outcome, 0);
	route_remember(&route, 5,
	    (struct answer){ .kind = MCP_SESSION, .outcome = MCP_OK });
	assert_int_equal(route_recall(&route, 5)->outcome, MCP_OK);
	assert_int_equal(route.next, 1);
}

static void
test_the_last_64_are_kept(void **state)
{
	static struct route route;

	(void)state;
	for (uint64_t i = 1; i <= ROUTE_ANSWERS + 1; i++)
		remember(&route, i, i);
	assert_null(route_recall(&route, 1));
	for (uint64_t i = 2; i <= ROUTE_ANSWERS + 1; i++)
		assert_int_equal(route_recall(&route, i)->number, i);
}

static void
test_the_control_route_is_thread_0(void **state)
{
	struct process process = { .id = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	struct mcp_route route = process_control(&process);

	(void)state;
	assert_int_equal(route.id[0], 0x50);
	assert_memory_equal(
	    mcp_route_process(&route), process.id, sizeof(process.id));
	for (size_t i = 1 + MCP_BUS_PROCESS_LEN; i < sizeof(route.id); i++)
		assert_int_equal(route.id[i], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_is_recalled),
		cmocka_unit_test(test_one_in_progress_is_replaced_in_its_place),
		cmocka_unit_test(test_the_last_64_are_kept),
		cmocka_unit_test(test_the_control_route_is_thread_0),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}

/* test_replay.c - the last events of a stream, within bounds */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/replay.h"

static const struct replay_bounds bounds = { 3, 10, NULL, 0 };

static int
add(struct replay **replayp, uint64_t number, const char *bytes)
{
	return replay_add(
	    replayp, bounds, number, number * 100, mcp_text_of(bytes));
}

static void
test_nothing_costs_nothing(void **state)
{
	struct replay *replay = NULL;

	(void)state;
	assert_null(replay_after(replay, 0));
	assert_int_equal(replay_missing(replay, 0, 0), 0);
	assert_int_equal(replay_missing(replay, 2, 5), 3);
	replay_trim(&replay, 1000);
	replay_free(replay);
}

static void
test_events_come_back_in_order(void **state)
{
	struct replay *replay = NULL;
	const struct replay_event *event;

	(void)state;
	assert_int_equal(add(&replay, 1, "a"), 0);
	assert_int_equal(add(&replay, 2, "bb"), 0);
	event = replay_after(replay, 0);
	assert_int_equal(event->number, 1);
	assert_memory_equal(event->bytes, "a", 1);
	assert_int_equal(event->next->number, 2);
	assert_int_equal(event->next->len, 2);
	assert_int_equal(replay_after(replay, 1)->number, 2);
	assert_null(replay_after(replay, 2));
	replay_free(replay);
}

static void
test_the_oldest_go_beyond_the_count(void **state)
{
	struct replay *replay = NULL;

	(void)state;
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(add(&replay, i, "x"), 0);
	assert_int_equal(replay->n, 3);
	assert_int_equal(replay_after(replay, 0)->number, 3);
	assert_int_equal(replay_missing(replay, 0, 5), 2);
	assert_int_equal(replay_missing(replay, 2, 5), 0);
	replay_free(replay);
}

static void
test_the_oldest_go_beyond_the_bytes(void **state)
{
	struct replay *replay = NULL;

	(void)state;
	assert_int_equal(add(&replay, 1, "xxxxx"), 0);
	assert_int_equal(add(&replay, 2, "xxxxx"), 0);
	assert_int_equal(replay->n, 2);
	assert_int_equal(add(&replay, 3, "x"), 0);
	assert_int_equal(replay->n, 2);
	assert_int_equal(replay->len, 6);
	assert_int_equal(replay_after(replay, 0)->number, 2);
	replay_free(replay);
}

static void
test_too_big_is_a_gap(void **state)
{
	struct replay *replay = NULL;

	(void)state;
	assert_int_equal(add(&replay, 1, "xxxxxxxxxxx"), REPLAY_E_TOO_BIG);
	assert_null(replay);
	assert_int_equal(add(&replay, 2, "a"), 0);
	assert_int_equal(add(&replay, 3, "xxxxxxxxxxx"), REPLAY_E_TOO_BIG);
	assert_int_equal(add(&replay, 4, "b"), 0);
	assert_int_equal(replay_missing(replay, 0, 4), 2);
	assert_int_equal(replay_missing(replay, 1, 4), 1);
	assert_int_equal(replay_missing(replay, 3, 4), 0);
	replay_free(replay);
}

static void
test_age_empties_it(void **state)
{
	struct replay *replay = NULL;

	(void)state;
	assert_int_equal(add(&replay, 1, "a"), 0);
	assert_int_equal(add(&replay, 2, "b"), 0);
	replay_trim(&replay, 200);
	assert_int_equal(replay_after(replay, 0)->number, 2);
	replay_trim(&replay, 201);
	assert_null(replay);
}

static void
test_all_together_have_a_bound(void **state)
{
	size_t all = 0;
	struct replay_bounds shared = { 10, 10, &all, 12 };
	struct replay *one = NULL, *two = NULL;

	(void)state;
	assert_int_equal(
	    replay_add(&one, shared, 1, 100, MCP_TEXT("12345678")), 0);
	assert_int_equal(
	    replay_add(&two, shared, 1, 100, MCP_TEXT("123")), 0);
	assert_int_equal(all, 11);
	/* its own make room, and nobody else's */
	assert_int_equal(
	    replay_add(&two, shared, 2, 200, MCP_TEXT("1234")), 0);
	assert_int_equal(two->n, 1);
	assert_int_equal(one->n, 1);
	assert_int_equal(replay_add(&two, shared, 3, 300, MCP_TEXT("12345")),
	    REPLAY_E_TOO_BIG);
	assert_int_equal(all, 12);
	replay_trim(&one, 1000);
	assert_int_equal(all, 4);
	assert_int_equal(
	    replay_add(&two, shared, 4, 400, MCP_TEXT("12345")), 0);
	assert_int_equal(two->n, 2);
	replay_free(two);
	assert_int_equal(all, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_costs_nothing),
		cmocka_unit_test(test_events_come_back_in_order),
		cmocka_unit_test(test_the_oldest_go_beyond_the_count),
		cmocka_unit_test(test_the_oldest_go_beyond_the_bytes),
		cmocka_unit_test(test_too_big_is_a_gap),
		cmocka_unit_test(test_age_empties_it),
		cmocka_unit_test(test_all_together_have_a_bound),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}

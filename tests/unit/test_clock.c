/* test_clock.c - who is due next; the test owns the time */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/clock.h"

#define MANY 1000

struct log {
	struct clock clock;
	struct due *fired[MANY];
	size_t n;
	uint64_t again_ns; /* the first to fire sets itself anew */
};

static void
fire(void *context, struct due *due, uint64_t now_ns)
{
	struct log *log = context;

	(void)now_ns;
	log->fired[log->n++] = due;
	if (log->again_ns != 0)
		assert_int_equal(clock_set(&log->clock, due, log->again_ns), 0);
	log->again_ns = 0;
}

static void
test_they_fire_in_order_of_time(void **state)
{
	struct log log = { .n = 0 };
	struct due a = DUE_INIT(fire), b = DUE_INIT(fire), c = DUE_INIT(fire);

	(void)state;
	clock_init(&log.clock, &log);
	assert_true(clock_next(&log.clock) == CLOCK_NEVER);
	clock_set(&log.clock, &a, 30);
	clock_set(&log.clock, &b, 10);
	clock_set(&log.clock, &c, 20);
	assert_int_equal(clock_next(&log.clock), 10);
	clock_run(&log.clock, 9, MANY);
	assert_int_equal(log.n, 0);
	clock_run(&log.clock, 20, MANY);
	assert_int_equal(log.n, 2);
	assert_ptr_equal(log.fired[0], &b);
	assert_ptr_equal(log.fired[1], &c);
	assert_int_equal(clock_next(&log.clock), 30);
	assert_true(clock_at(&log.clock, &b) == CLOCK_NEVER);
	clock_deinit(&log.clock);
}

static void
test_set_again_moves_and_cancel_takes_away(void **state)
{
	struct log log = { .n = 0 };
	struct due a = DUE_INIT(fire), b = DUE_INIT(fire);

	(void)state;
	clock_init(&log.clock, &log);
	clock_set(&log.clock, &a, 10);
	clock_set(&log.clock, &b, 20);
	clock_set(&log.clock, &a, 40);
	assert_int_equal(clock_next(&log.clock), 20);
	assert_int_equal(clock_at(&log.clock, &a), 40);
	clock_cancel(&log.clock, &b);
	clock_cancel(&log.clock, &b);
	assert_int_equal(clock_next(&log.clock), 40);
	clock_run(&log.clock, 100, MANY);
	assert_int_equal(log.n, 1);
	assert_ptr_equal(log.fired[0], &a);
	clock_deinit(&log.clock);
}

static void
test_who_fires_may_set_itself_and_a_turn_is_bounded(void **state)
{
	struct log log = { .n = 0, .again_ns = 15 };
	struct due a = DUE_INIT(fire), b = DUE_INIT(fire);

	(void)state;
	clock_init(&log.clock, &log);
	clock_set(&log.clock, &a, 10);
	clock_set(&log.clock, &b, 20);
	clock_run(&log.clock, 20, 2);
	assert_int_equal(log.n, 2);
	assert_ptr_equal(log.fired[1], &a);
	assert_int_equal(clock_next(&log.clock), 20);
	clock_deinit(&log.clock);
}

static void
test_many_in_any_order(void **state)
{
	static struct log log;
	static struct due dues[MANY];
	uint64_t dice = 1, last = 0;

	(void)state;
	clock_init(&log.clock, &log);
	for (size_t i = 0; i < MANY; i++) {
		dues[i] = DUE_INIT(fire);
		dice = dice * 6364136223846793005u + 1442695040888963407u;
		clock_set(&log.clock, &dues[i], dice >> 40);
	}
	for (size_t i = 0; i < MANY; i += 3)
		clock_cancel(&log.clock, &dues[i]);
	while (clock_next(&log.clock) != CLOCK_NEVER) {
		assert_true(clock_next(&log.clock) >= last);
		last = clock_next(&log.clock);
		clock_run(&log.clock, last, 1);
	}
	assert_int_equal(log.n, MANY - (MANY + 2) / 3);
	assert_int_equal(log.clock.cap, 64); /* no room for those who left */
	clock_deinit(&log.clock);
}

static void
test_the_wall_clock_is_translated(void **state)
{
	(void)state;
	assert_int_equal(clock_of_wall(105, 100, 7), 5 * MCP_S + 7);
	assert_int_equal(clock_of_wall(100, 105, 7), 7);
	assert_int_equal(clock_of_wall(UINT64_MAX, 100, 7), CLOCK_NEVER - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_wall_clock_is_translated),
		cmocka_unit_test(test_they_fire_in_order_of_time),
		cmocka_unit_test(test_set_again_moves_and_cancel_takes_away),
		cmocka_unit_test(
		    test_who_fires_may_set_itself_and_a_turn_is_bounded),
		cmocka_unit_test(test_many_in_any_order),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}

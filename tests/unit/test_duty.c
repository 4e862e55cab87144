/* test_duty.c - few are on duty, and others come when those are held up */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "fcgi/duty.h"

#define SOON_MS 30 /* that a rest lasts which nobody is to end */
#define LATE_MS 20000 /* before a test has failed */

static struct duty *duty;
static struct duty_seat *seats; /* as many as may be on duty */
static unsigned most;

static int
begin(void **state)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	(void)state;
	most = n > 2 ? (unsigned)n : 2;
	seats = calloc(most, sizeof(*seats));
	if (seats == NULL || duty_new(&duty) != 0)
		return -1;
	for (unsigned i = 0; i < most; i++)
		assert_true(duty_take(duty, &seats[i], SOON_MS));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < most; i++)
		duty_leave(duty, &seats[i]);
	duty_free(duty);
	free(seats);
	return 0;
}

static void
one_too_many_rests(void **state)
{
	struct duty_seat more = { 0 };

	(void)state;
	assert_false(duty_take(duty, &more, SOON_MS));
	assert_false(more.on);
	duty_leave(duty, &seats[0]);
	assert_true(duty_take(duty, &more, LATE_MS));
	duty_leave(duty, &more);
}

static void
who_is_held_up_is_replaced(void **state)
{
	struct duty_seat more = { 0 };

	(void)state;
	for (unsigned i = 0; i < most; i++)
		duty_begin(duty, &seats[i]);
	assert_true(duty_take(duty, &more, LATE_MS));
	duty_end(duty, &seats[0]);
	for (unsigned i = 1; i < most; i++)
		duty_end(duty, &seats[i]);
	/* they are one too many now, and this one comes first */
	assert_false(duty_take(duty, &seats[0], SOON_MS));
	assert_true(duty_take(duty, &seats[1], SOON_MS));
	assert_true(duty_take(duty, &more, SOON_MS));
	duty_leave(duty, &more);
}

/* At once: no look of anybody's is waited for. */
static void
who_says_that_it_waits_is_replaced(void **state)
{
	struct duty_seat more = { 0 };

	(void)state;
	duty_wait(duty, &seats[0]); /* it has no request: nothing */
	assert_false(duty_take(duty, &more, SOON_MS));
	duty_begin(duty, &seats[0]);
	duty_wait(duty, &seats[0]);
	duty_wait(duty, &seats[0]);
	assert_true(duty_take(duty, &more, 1));
	duty_end(duty, &seats[0]);
	assert_false(duty_take(duty, &seats[0], SOON_MS));
	duty_leave(duty, &more);
	assert_true(duty_take(duty, &seats[0], LATE_MS));
}

struct other {
	struct duty_seat seat;
	bool came;
};

static void *
come(void *argument)
{
	struct other *other = argument;

	other->came = duty_take(duty, &other->seat, LATE_MS);
	return NULL;
}

static void
a_lookout_that_sleeps_is_woken(void **state)
{
	struct other other = { 0 };
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, come, &other), 0);
	while (!duty_is_calm(duty))
		sched_yield();
	for (unsigned i = 0; i < most; i++)
		duty_begin(duty, &seats[i]);
	pthread_join(thread, NULL);
	assert_true(other.came);
	for (unsigned i = 0; i < most; i++)
		duty_end(duty, &seats[i]);
	duty_leave(duty, &other.seat);
}

/* Who comes back from a slow call is one too many, and rests; and before it
 * does, all the others begin. */
static void
a_lookout_hears_that_the_last_who_waited_rests(void **state)
{
	struct duty_seat more = { 0 };
	struct other other = { 0 };
	pthread_t thread;

	(void)state;
	for (unsigned i = 0; i < most; i++)
		duty_begin(duty, &seats[i]);
	assert_true(duty_take(duty, &more, LATE_MS));
	for (unsigned i = 1; i < most; i++)
		duty_end(duty, &seats[i]);
	assert_int_equal(pthread_create(&thread, NULL, come, &other), 0);
	while (!duty_is_calm(duty))
		sched_yield();
	duty_end(duty, &seats[0]);
	for (unsigned i = 1; i < most; i++)
		duty_begin(duty, &seats[i]);
	duty_begin(duty, &more);
	(void)duty_take(duty, &seats[0], SOON_MS);
	pthread_join(thread, NULL);
	assert_true(other.came);
	for (unsigned i = 1; i < most; i++)
		duty_end(duty, &seats[i]);
	duty_end(duty, &more);
	duty_leave(duty, &more);
	duty_leave(duty, &other.seat);
}

static void
nobody_rests_at_the_end(void **state)
{
	struct other others[3] = { 0 };
	pthread_t threads[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come,
				     &others[i]),
		    0);
	while (!duty_is_calm(duty))
		sched_yield();
	duty_stop(duty);
	for (unsigned i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		assert_true(others[i].came);
		duty_leave(duty, &others[i].seat);
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_too_many_rests),
		TEST(who_is_held_up_is_replaced),
		TEST(who_says_that_it_waits_is_replaced),
		TEST(a_lookout_that_sleeps_is_woken),
		TEST(a_lookout_hears_that_the_last_who_waited_rests),
		TEST(nobody_rests_at_the_end),
	};

	return cmocka_run_group_tests_name("duty", tests, NULL, NULL);
}

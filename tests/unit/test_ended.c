/* test_ended.c - which sessions are over */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/wire.h>

#include "broker/ended.h"

static const uint8_t *
key(uint32_t number)
{
	static uint8_t key[ENDED_KEY_LEN];

	memcpy(key, &number, sizeof(number));
	return key;
}

static void
test_an_end_is_remembered_once(void **state)
{
	struct ended ended;
	uint64_t number;

	(void)state;
	assert_int_equal(ended_init(&ended, 7), 0);
	assert_false(ended_has(&ended, key(1)));
	assert_int_equal(ended_add(&ended, key(1), 100, 50, &number), 0);
	assert_int_equal(number, 1);
	assert_int_equal(ended_add(&ended, key(2), 100, 50, &number), 0);
	assert_int_equal(number, 2);
	assert_int_equal(
	    ended_add(&ended, key(1), 100, 50, &number), ENDED_E_KNOWN);
	assert_int_equal(number, 1);
	assert_true(ended_has(&ended, key(1)));
	assert_int_equal(ended.n, 2);
	ended_deinit(&ended);
}

static void
test_who_has_expired_is_not_remembered(void **state)
{
	struct ended ended;
	uint64_t number;

	(void)state;
	assert_int_equal(ended_init(&ended, 7), 0);
	assert_int_equal(
	    ended_add(&ended, key(1), 50, 50, &number), ENDED_E_EXPIRED);
	assert_int_equal(ended_add(&ended, key(2), 60, 50, &number), 0);
	assert_int_equal(ended_add(&ended, key(3), 99, 60, &number), 0);
	assert_false(ended_has(&ended, key(2)));
	assert_int_equal(ended.n, 1);
	ended_deinit(&ended);
}

static void
test_what_is_beyond_a_number(void **state)
{
	struct mcp_buf out = MCP_BUF_INIT;
	uint8_t read[ENDED_KEY_LEN];
	uint64_t number, expires;
	struct ended ended;

	(void)state;
	assert_int_equal(ended_init(&ended, 7), 0);
	for (uint32_t i = 1; i <= 3; i++)
		ended_add(&ended, key(i), 100 + i, 50, &number);
	ended_since(&ended, 3, &out);
	assert_int_equal(out.len, 0);
	ended_since(&ended, 2, &out);
	assert_int_equal(out.len, MCP_WIRE_END_LEN);
	mcp_wire_end_read(out.data, read, &expires);
	assert_memory_equal(read, key(3), ENDED_KEY_LEN);
	assert_int_equal(expires, 103);
	mcp_buf_reset(&out);
	ended_since(&ended, 0, &out);
	assert_int_equal(out.len, 3 * MCP_WIRE_END_LEN);
	mcp_buf_deinit(&out);
	ended_deinit(&ended);
}

static void
test_the_oldest_are_forgotten_first(void **state)
{
	struct ended ended;
	uint64_t number;

	(void)state;
	assert_int_equal(ended_init(&ended, 7), 0);
	for (uint32_t i = 0; i < ENDED_MAX + 10; i++)
		assert_int_equal(
		    ended_add(&ended, key(i), 100, 50, &number), 0);
	assert_int_equal(ended.n, ENDED_MAX);
	assert_false(ended_has(&ended, key(9)));
	assert_true(ended_has(&ended, key(10)));
	ended_deinit(&ended);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_end_is_remembered_once),
		cmocka_unit_test(test_who_has_expired_is_not_remembered),
		cmocka_unit_test(test_what_is_beyond_a_number),
		cmocka_unit_test(test_the_oldest_are_forgotten_first),
	};

	return cmocka_run_group_tests_name("ended", tests, NULL, NULL);
}

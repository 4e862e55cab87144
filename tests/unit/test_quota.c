/* test_quota.c - whatever waits is charged to somebody */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/quota.h"

static void
test_the_house_is_full(void **state)
{
	struct quota quota;
	struct account *account;

	(void)state;
	assert_int_equal(quota_init(&quota, 2, 0), 0);
	assert_int_equal(quota_open(&quota, MCP_TEXT("a"), &account), 0);
	assert_null(account);
	assert_int_equal(quota_open(&quota, MCP_TEXT("a"), &account), 0);
	assert_int_equal(
	    quota_open(&quota, MCP_TEXT("a"), &account), QUOTA_E_FULL);
	quota_close(&quota, NULL);
	assert_int_equal(quota_open(&quota, MCP_TEXT("a"), &account), 0);
	quota_deinit(&quota);
}

static void
test_an_address_has_its_share(void **state)
{
	struct quota quota;
	struct account *a, *b, *c;

	(void)state;
	assert_int_equal(quota_init(&quota, 100, 2), 0);
	assert_int_equal(quota_open(&quota, MCP_TEXT("10.0.0.1"), &a), 0);
	assert_int_equal(quota_open(&quota, MCP_TEXT("10.0.0.1"), &b), 0);
	assert_ptr_equal(a, b);
	assert_int_equal(
	    quota_open(&quota, MCP_TEXT("10.0.0.1"), &c), QUOTA_E_ADDRESS);
	assert_int_equal(quota.n_streams, 2);
	assert_int_equal(quota_open(&quota, MCP_TEXT("10.0.0.11"), &c), 0);
	quota_close(&quota, a);
	assert_int_equal(quota_open(&quota, MCP_TEXT("10.0.0.1"), &a), 0);
	quota_close(&quota, a);
	quota_close(&quota, b);
	quota_close(&quota, c);
	assert_int_equal(quota.n_streams, 0);
	assert_int_equal(quota.accounts.n, 0);
	quota_deinit(&quota);
}

static void
test_who_has_no_address_is_charged_to_the_house(void **state)
{
	struct quota quota;
	struct account *account;

	(void)state;
	assert_int_equal(quota_init(&quota, 100, 1), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    quota_open(&quota, MCP_TEXT_INIT, &account), 0);
		assert_null(account);
	}
	quota_deinit(&quota);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_house_is_full),
		cmocka_unit_test(test_an_address_has_its_share),
		cmocka_unit_test(
		    test_who_has_no_address_is_charged_to_the_house),
	};

	return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}

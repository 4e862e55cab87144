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

static const uint8_t alice[MCP_WIRE_SUBJECT_LEN] = "alice";
static const uint8_t bob[MCP_WIRE_SUBJECT_LEN] = "bob";

static void
begin(struct quota *quota, size_t most, size_t most_per_subject)
{
	assert_int_equal(quota_init(quota, 100, 0), 0);
	quota->max_bytes = most;
	quota->max_bytes_per_subject = most_per_subject;
}

/* Everybody has paid, and nothing is left of them. */
static void
finish(struct quota *quota)
{
	assert_int_equal(quota->house.bytes, 0);
	assert_int_equal(quota->house.n_debts, 0);
	assert_int_equal(quota->purses.n, 0);
	assert_null(quota_overdrawn(quota));
	quota_deinit(quota);
}

static void
test_who_has_taken_nothing_for_the_longest_goes(void **state)
{
	struct debt a = { .bytes = 0 }, b = { .bytes = 0 }, c = { .bytes = 0 };
	struct quota quota;

	(void)state;
	begin(&quota, SIZE_MAX, 100);
	assert_int_equal(quota_charge(&quota, &a, alice, 40), 0);
	assert_int_equal(quota_charge(&quota, &b, alice, 40), 0);
	assert_int_equal(quota_charge(&quota, &c, alice, 20), 0);
	assert_null(quota_overdrawn(&quota));
	quota_pay(&quota, &a, 10);
	assert_int_equal(quota_charge(&quota, &a, alice, 11), 0);
	assert_ptr_equal(quota_overdrawn(&quota), &b);
	quota_forgive(&quota, &b);
	assert_null(quota_overdrawn(&quota));
	assert_int_equal(quota.house.bytes, 61);
	quota_forgive(&quota, &a);
	quota_forgive(&quota, &a);
	quota_pay(&quota, &c, 20);
	finish(&quota);
}

static void
test_one_subject_does_not_pay_for_another(void **state)
{
	struct debt a = { .bytes = 0 }, b = { .bytes = 0 }, c = { .bytes = 0 };
	struct quota quota;

	(void)state;
	begin(&quota, SIZE_MAX, 100);
	assert_int_equal(quota_charge(&quota, &a, bob, 90), 0);
	assert_int_equal(quota_charge(&quota, &b, alice, 90), 0);
	assert_int_equal(quota_charge(&quota, &c, alice, 90), 0);
	assert_ptr_equal(quota_overdrawn(&quota), &b);
	quota_forgive(&quota, &b);
	assert_null(quota_overdrawn(&quota));
	quota_forgive(&quota, &a);
	quota_forgive(&quota, &c);
	finish(&quota);
}

static void
test_the_house_has_its_bound_too(void **state)
{
	struct debt a = { .bytes = 0 }, b = { .bytes = 0 };
	struct quota quota;

	(void)state;
	begin(&quota, 100, 90);
	assert_int_equal(quota_charge(&quota, &a, alice, 60), 0);
	assert_int_equal(quota_charge(&quota, &b, bob, 60), 0);
	assert_ptr_equal(quota_overdrawn(&quota), &a);
	quota_pay(&quota, &a, 1);
	assert_ptr_equal(quota_overdrawn(&quota), &b);
	quota_forgive(&quota, &b);
	assert_null(quota_overdrawn(&quota));
	quota_forgive(&quota, &a);
	finish(&quota);
}

static void
test_who_owes_alone_is_not_judged_here(void **state)
{
	struct debt a = { .bytes = 0 }, b = { .bytes = 0 };
	struct quota quota;

	(void)state;
	begin(&quota, 100, 100);
	assert_int_equal(quota_charge(&quota, &a, alice, 1000), 0);
	assert_null(quota_overdrawn(&quota));
	assert_int_equal(quota_charge(&quota, &b, alice, 1), 0);
	assert_ptr_equal(quota_overdrawn(&quota), &a);
	quota_forgive(&quota, &a);
	quota_forgive(&quota, &b);
	finish(&quota);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_house_is_full),
		cmocka_unit_test(test_an_address_has_its_share),
		cmocka_unit_test(
		    test_who_has_no_address_is_charged_to_the_house),
		cmocka_unit_test(
		    test_who_has_taken_nothing_for_the_longest_goes),
		cmocka_unit_test(test_one_subject_does_not_pay_for_another),
		cmocka_unit_test(test_the_house_has_its_bound_too),
		cmocka_unit_test(test_who_owes_alone_is_not_judged_here),
	};

	return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}

/* test_relay.c - an answer finds who waits for it, and nobody else */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/broker.h"

static struct broker broker;
static struct process process;
static char told[64]; /* the last request of which somebody was told */
static unsigned n_told;

static const struct hub_name alice = { "alice's session", HUB_SESSION };
static const struct hub_name other = { "another session", HUB_SESSION };
#define ALICE MCP_TEXT("0123456789abcdef")
#define BOB MCP_TEXT("fedcba9876543210")

static void
hear(struct broker *house, struct process *whom, struct mcp_text request)
{
	assert_ptr_equal(house, &broker);
	assert_ptr_equal(whom, &process);
	snprintf(told, sizeof(told), "%.*s", (int)request.len, request.at);
	n_told++;
}

static int
begin(void **state)
{
	(void)state;
	memset(&broker, 0, sizeof(broker));
	memset(&process, 0, sizeof(process));
	LIST_INIT(&process.waiting);
	n_told = 0;
	clock_init(&broker.clock, &broker);
	return relay_init(&broker.relay, hear);
}

static int
end(void **state)
{
	(void)state;
	relay_deinit(&broker);
	clock_deinit(&broker.clock);
	return 0;
}

static struct mcp_letter
letter_of(struct mcp_text subject, const char *request)
{
	return (struct mcp_letter){ .subject = subject,
		.request = mcp_text_of(request),
		.call_deadline_ns = 1000 };
}

static int
await(const struct hub_name *name, struct mcp_text subject,
    const char *request)
{
	struct mcp_letter letter = letter_of(subject, request);

	return relay_await(&broker, &process, name, &letter);
}

static struct waiting *
find(const struct hub_name *name, struct mcp_text subject, const char *request)
{
	struct mcp_letter letter = letter_of(subject, request);

	return relay_find(&broker.relay, name, &letter);
}

static void
test_only_who_was_asked_is_heard(void **state)
{
	struct waiting *waiting;

	(void)state;
	assert_int_equal(await(&alice, ALICE, "\"one\""), 0);
	assert_null(find(&alice, ALICE, "\"two\""));
	assert_null(find(&alice, ALICE, "one"));
	assert_null(find(&other, ALICE, "\"one\""));
	assert_null(find(&alice, BOB, "\"one\""));
	assert_null(find(&alice, MCP_TEXT("short"), "\"one\""));
	waiting = find(&alice, ALICE, "\"one\"");
	assert_non_null(waiting);
	assert_ptr_equal(waiting->process, &process);
	relay_free(&broker, waiting);
	assert_null(find(&alice, ALICE, "\"one\""));
	assert_int_equal(broker.relay.parties.n, 0);
}

static void
test_an_id_is_waited_for_once(void **state)
{
	(void)state;
	assert_int_equal(await(&alice, ALICE, "1"), 0);
	assert_int_equal(await(&other, BOB, "1"), RELAY_E_KNOWN);
	assert_int_equal(await(&alice, BOB, "2"), RELAY_E_FOREIGN);
	assert_int_equal(broker.relay.waiting.n, 1);
	assert_int_equal(broker.relay.parties.n, 1);
}

static void
test_a_party_is_asked_so_much_and_no_more(void **state)
{
	char request[16];

	(void)state;
	for (int i = 0; i < RELAY_MAX_OF_PARTY; i++) {
		snprintf(request, sizeof(request), "%d", i);
		assert_int_equal(await(&alice, ALICE, request), 0);
	}
	assert_int_equal(await(&alice, ALICE, "x"), RELAY_E_PARTY);
	assert_int_equal(await(&other, ALICE, "x"), 0);
	relay_free(&broker, find(&alice, ALICE, "7"));
	assert_int_equal(await(&alice, ALICE, "y"), 0);
}

static void
test_nobody_waits_beyond_the_deadline(void **state)
{
	(void)state;
	assert_int_equal(await(&alice, ALICE, "1"), 0);
	clock_run(&broker.clock, 999, 10);
	assert_non_null(find(&alice, ALICE, "1"));
	clock_run(&broker.clock, 1000, 10);
	assert_null(find(&alice, ALICE, "1"));
	assert_true(LIST_EMPTY(&process.waiting));
	assert_int_equal(n_told, 0);
}

static void
test_who_waits_for_one_that_is_gone_is_told(void **state)
{
	(void)state;
	assert_int_equal(await(&alice, ALICE, "1"), 0);
	assert_int_equal(await(&alice, ALICE, "2"), 0);
	assert_int_equal(await(&other, ALICE, "3"), 0);
	relay_gone(&broker, &other);
	assert_string_equal(told, "3");
	relay_gone(&broker, &other);
	assert_int_equal(n_told, 1);
	relay_gone(&broker, &alice);
	assert_int_equal(n_told, 3);
	assert_int_equal(broker.relay.waiting.n, 0);
	assert_true(LIST_EMPTY(&process.waiting));
	assert_int_equal(clock_next(&broker.clock), CLOCK_NEVER);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_only_who_was_asked_is_heard),
		TEST(test_an_id_is_waited_for_once),
		TEST(test_a_party_is_asked_so_much_and_no_more),
		TEST(test_nobody_waits_beyond_the_deadline),
		TEST(test_who_waits_for_one_that_is_gone_is_told),
	};

	return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}

/* test_hub.c - names of streams, and finding thousands of them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/seal.h>

#include "broker/hub.h"

#define MANY 5000
#define UUID "853c1553-69b0-42af-8355-5ebb08cfb78f"

static void
test_a_name_is_written_as_it_was_read(void **state)
{
	struct hub_name name;
	char out[HUB_NAME_MAX];

	(void)state;
	assert_int_equal(hub_name_read(MCP_TEXT(UUID), &name), 0);
	assert_int_equal(name.form, HUB_CONNECTION);
	assert_int_equal(hub_name_write(&name, out), 36);
	assert_string_equal(out, UUID);
	assert_int_equal(
	    hub_name_read(MCP_TEXT("000102030405060708090a0b0c0d0eff"), &name),
	    0);
	assert_int_equal(name.form, HUB_SESSION);
	assert_int_equal(name.key[15], 0xff);
	assert_int_equal(hub_name_write(&name, out), 32);
	assert_string_equal(out, "000102030405060708090a0b0c0d0eff");
}

static void
expect_no_name(const char *text)
{
	struct hub_name name;

	assert_int_equal(hub_name_read(mcp_text_of(text), &name), HUB_E_NAME);
}

static void
test_what_is_no_name(void **state)
{
	(void)state;
	expect_no_name("");
	expect_no_name("853c1553");
	expect_no_name("853C1553-69b0-42af-8355-5ebb08cfb78f");
	expect_no_name("853c1553x69b0-42af-8355-5ebb08cfb78f");
	expect_no_name("853c1553-69b0-42af-8355-5ebb08cfb78g");
	expect_no_name("853c1553-69b0-42af-8355-5ebb08cfb78f.1");
	expect_no_name("0001020304050607-8090a0b0c0d0eff");
}

static void
test_the_forms_are_different_names(void **state)
{
	struct hub hub;
	struct hub_entry entry;
	struct hub_name name;

	(void)state;
	assert_int_equal(hub_init(&hub), 0);
	hub_name_read(MCP_TEXT(UUID), &entry.name);
	hub_add(&hub, &entry);
	hub_name_read(MCP_TEXT("853c155369b042af83555ebb08cfb78f"), &name);
	assert_memory_equal(name.key, entry.name.key, sizeof(name.key));
	assert_null(hub_find(&hub, &name));
	assert_ptr_equal(hub_find(&hub, &entry.name), &entry);
	hub_deinit(&hub);
}

static void
count(void *context, struct table_node *node)
{
	(void)node;
	++*(size_t *)context;
}

static void
test_many_are_found_and_forgotten(void **state)
{
	static struct hub_entry entries[MANY];
	struct hub hub;
	size_t n = 0;

	(void)state;
	assert_int_equal(hub_init(&hub), 0);
	for (size_t i = 0; i < MANY; i++) {
		mcp_random(entries[i].name.key, sizeof(entries[i].name.key));
		hub_add(&hub, &entries[i]);
		assert_ptr_equal(
		    hub_find(&hub, &entries[i / 2].name), &entries[i / 2]);
	}
	table_each(&hub.by_name, count, &n);
	assert_int_equal(n, MANY);
	for (size_t i = 0; i < MANY; i += 2)
		hub_remove(&hub, &entries[i]);
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(hub_find(&hub, &entries[i].name),
		    i % 2 ? &entries[i] : NULL);
	assert_int_equal(hub.by_name.n, MANY / 2);
	hub_deinit(&hub);
}

static void
test_a_crowd_that_has_left_costs_nothing(void **state)
{
	static struct hub_entry entries[MANY];
	struct hub hub;
	size_t n;

	(void)state;
	assert_int_equal(hub_init(&hub), 0);
	for (size_t i = 0; i < MANY; i++) {
		mcp_random(entries[i].name.key, sizeof(entries[i].name.key));
		hub_add(&hub, &entries[i]);
	}
	for (n = MANY; n > 10; n--) {
		hub_remove(&hub, &entries[n - 1]);
		assert_ptr_equal(
		    hub_find(&hub, &entries[n / 2].name), &entries[n / 2]);
	}
	assert_true(hub.by_name.cap <= 128);
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(hub_find(&hub, &entries[i].name),
		    i < n ? &entries[i] : NULL);
	for (size_t i = n; i < MANY; i++)
		hub_add(&hub, &entries[i]);
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(
		    hub_find(&hub, &entries[i].name), &entries[i]);
	hub_deinit(&hub);
}

static void
leave(void *context, struct table_node *node)
{
	hub_remove(context, CONTAINER(struct hub_entry, node, node));
}

static void
test_all_can_leave_while_they_are_visited(void **state)
{
	static struct hub_entry entries[MANY];
	struct hub hub;

	(void)state;
	assert_int_equal(hub_init(&hub), 0);
	for (size_t i = 0; i < MANY; i++) {
		mcp_random(entries[i].name.key, sizeof(entries[i].name.key));
		hub_add(&hub, &entries[i]);
	}
	table_each(&hub.by_name, leave, &hub);
	assert_int_equal(hub.by_name.n, 0);
	hub_deinit(&hub);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_is_written_as_it_was_read),
		cmocka_unit_test(test_what_is_no_name),
		cmocka_unit_test(test_the_forms_are_different_names),
		cmocka_unit_test(test_many_are_found_and_forgotten),
		cmocka_unit_test(test_a_crowd_that_has_left_costs_nothing),
		cmocka_unit_test(test_all_can_leave_while_they_are_visited),
	};

	return cmocka_run_group_tests_name("hub", tests, NULL, NULL);
}

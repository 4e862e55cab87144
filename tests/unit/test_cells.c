/* test_cells.c - a record is its owner's, changes by comparison, and expires */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/broker.h"

#define NOW_S 1000
#define ALICE MCP_TEXT("0123456789abcdef")
#define BOB MCP_TEXT("fedcba9876543210")

static struct broker broker;
static struct process process;

static unsigned orphans;

static void
on_orphan(struct broker *house, const struct cell *cell)
{
	assert_ptr_equal(house, &broker);
	assert_true(cell->orphan);
	orphans++;
}

static int
begin(void **state)
{
	(void)state;
	memset(&broker, 0, sizeof(broker));
	memset(&process, 0, sizeof(process));
	LIST_INIT(&process.cells);
	clock_init(&broker.clock, &broker);
	return cells_init(&broker.cells, on_orphan);
}

static int
end(void **state)
{
	(void)state;
	cells_deinit(&broker);
	assert_int_equal(broker.cells.bytes, 0);
	clock_deinit(&broker.clock);
	return 0;
}

static struct mcp_letter
letter_of(struct mcp_text owner, const char *key, const char *bytes)
{
	return (struct mcp_letter){ .stream = mcp_text_of(key),
		.subject = owner, .expires = NOW_S + 60,
		.state = mcp_text_of(bytes) };
}

static int
create(const struct mcp_letter *letter)
{
	struct cell *cell;

	return cell_create(&broker, &process, letter, NOW_S, &cell);
}

static int
put(const struct mcp_letter *letter, uint64_t *versionp)
{
	struct cell *cell;
	int condition = cell_put(&broker, &process, letter, NOW_S, &cell);

	if (condition == 0)
		*versionp = cell->version;
	return condition;
}

static struct cell *
get(struct mcp_text owner, const char *key)
{
	struct mcp_letter letter = letter_of(owner, key, "");
	struct cell *cell;

	return cell_get(&broker, &letter, &cell) == 0 ? cell : NULL;
}

static void
test_a_record_is_its_owners(void **state)
{
	struct mcp_letter mine = letter_of(ALICE, "task", "mine");
	struct mcp_letter yours = letter_of(BOB, "task", "yours");

	(void)state;
	assert_int_equal(create(&mine), 0);
	assert_int_equal(create(&mine), CELL_E_EXISTS);
	assert_null(get(BOB, "task"));
	assert_null(get(ALICE, "tas"));
	assert_int_equal(cell_delete(&broker, &yours), CELL_E_NONE);
	assert_int_equal(create(&yours), 0);
	assert_memory_equal(get(ALICE, "task")->state, "mine", 4);
	assert_memory_equal(get(BOB, "task")->state, "yours", 5);
	assert_int_equal(get(ALICE, "task")->version, 1);
}

static void
test_who_writes_must_have_read(void **state)
{
	struct mcp_letter letter = letter_of(ALICE, "n", "1");
	uint64_t version = 0;

	(void)state;
	assert_int_equal(put(&letter, &version), CELL_E_NONE);
	assert_int_equal(create(&letter), 0);
	letter.state = MCP_TEXT("two");
	assert_int_equal(put(&letter, &version), CELL_E_STALE);
	letter.known = 1;
	assert_int_equal(put(&letter, &version), 0);
	assert_int_equal(version, 2);
	assert_int_equal(put(&letter, &version), CELL_E_STALE);
	assert_int_equal(get(ALICE, "n")->len, 3);
	assert_int_equal(cell_delete(&broker, &letter), CELL_E_STALE);
	letter.known = 2;
	assert_int_equal(cell_delete(&broker, &letter), 0);
	assert_null(get(ALICE, "n"));
	assert_int_equal(broker.cells.owners.n, 0);
}

static void
test_it_expires(void **state)
{
	struct mcp_letter letter = letter_of(ALICE, "n", "1");
	uint64_t version, now_ns = mcp_clock_ns();

	(void)state;
	assert_int_equal(create(&letter), 0);
	clock_run(&broker.clock, now_ns + 59 * MCP_S, 10);
	assert_non_null(get(ALICE, "n"));
	letter.known = 1;
	letter.expires = NOW_S;
	assert_int_equal(put(&letter, &version), CELL_E_PAST);
	letter.expires = NOW_S + 100;
	assert_int_equal(put(&letter, &version), 0);
	letter.known = 2;
	letter.expires = 0; /* as it is */
	assert_int_equal(put(&letter, &version), 0);
	clock_run(&broker.clock, now_ns + 99 * MCP_S, 10);
	assert_non_null(get(ALICE, "n"));
	clock_run(&broker.clock, now_ns + 102 * MCP_S, 10);
	assert_null(get(ALICE, "n"));
	letter.expires = UINT64_MAX;
	assert_int_equal(create(&letter), 0);
	letter = letter_of(ALICE, "past", "");
	letter.expires = NOW_S;
	assert_int_equal(create(&letter), CELL_E_PAST);
}

static void
test_a_record_outlives_the_process_it_needs(void **state)
{
	struct mcp_letter letter = letter_of(ALICE, "task", "working");
	uint64_t version;

	(void)state;
	letter.how = 1;
	assert_int_equal(create(&letter), 0);
	assert_false(get(ALICE, "task")->orphan);
	orphans = 0;
	cells_orphan(&broker, &process.cells);
	assert_int_equal(orphans, 1);
	assert_true(get(ALICE, "task")->orphan);
	assert_true(mcp_text_equal(cell_owner(get(ALICE, "task")), ALICE));
	assert_int_equal(get(ALICE, "task")->version, 1);
	letter.known = 1;
	assert_int_equal(put(&letter, &version), 0);
	assert_false(get(ALICE, "task")->orphan);
	letter.known = 2;
	letter.how = 0;
	assert_int_equal(put(&letter, &version), 0);
	assert_true(LIST_EMPTY(&process.cells));
	cells_orphan(&broker, &process.cells);
	assert_int_equal(orphans, 1);
	assert_false(get(ALICE, "task")->orphan);
}

static void
test_an_owner_has_so_many_and_no_more(void **state)
{
	struct mcp_letter letter;
	char key[16];

	(void)state;
	for (int i = 0; i < CELLS_OF_OWNER; i++) {
		snprintf(key, sizeof(key), "%d", i);
		letter = letter_of(ALICE, key, "");
		assert_int_equal(create(&letter), 0);
	}
	letter = letter_of(ALICE, "more", "");
	assert_int_equal(create(&letter), CELL_E_QUOTA);
	letter = letter_of(BOB, "more", "");
	assert_int_equal(create(&letter), 0);
}

static void
test_bytes_are_charged(void **state)
{
	static char bytes[MCP_WIRE_STATE_MAX];
	struct mcp_letter letter;
	uint64_t version;
	char key[16];
	int n = 0, condition;

	(void)state;
	do {
		snprintf(key, sizeof(key), "%d", n++);
		letter = letter_of(ALICE, key, "");
		letter.state = (struct mcp_text){ bytes, sizeof(bytes) };
		condition = create(&letter);
	} while (condition == 0);
	assert_int_equal(condition, CELL_E_QUOTA);
	assert_in_range(n, 60, 65);
	letter = letter_of(ALICE, "0", "");
	letter.known = 1;
	assert_int_equal(put(&letter, &version), 0);
	letter.known = 2;
	letter.state = (struct mcp_text){ bytes, sizeof(bytes) };
	assert_int_equal(put(&letter, &version), 0);
	assert_int_equal(get(ALICE, "0")->version, 3);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_a_record_is_its_owners),
		TEST(test_who_writes_must_have_read),
		TEST(test_it_expires),
		TEST(test_a_record_outlives_the_process_it_needs),
		TEST(test_an_owner_has_so_many_and_no_more),
		TEST(test_bytes_are_charged),
	};

	return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}

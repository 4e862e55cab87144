/* test_revision.c - names, eras, what each revision has */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/revision.h>

static void
test_names_lead_back(void **state)
{
	enum mcp_revision revision;

	(void)state;
	for (revision = MCP_REVISION_FIRST; revision <= MCP_REVISION_LAST;
	     revision++)
		assert_int_equal(
		    mcp_revision_of(mcp_text_of(mcp_revision_name(revision))),
		    revision);
	assert_string_equal(mcp_revision_name(MCP_2025_11_25), "2025-11-25");
}

static void
test_other_names_are_none_of_ours(void **state)
{
	static const char *const others[] = { "", "2025-06-19", "2025-06-18 ",
		"2025-06-1", "DRAFT-2026-v1", "1.0" };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(
		    mcp_revision_of(mcp_text_of(others[i])), MCP_REVISION_NONE);
	assert_string_equal(mcp_revision_name(MCP_REVISION_NONE), "");
}

static void
test_eras(void **state)
{
	(void)state;
	assert_int_equal(mcp_revision_era(MCP_2024_11_05), MCP_ERA_LEGACY);
	assert_int_equal(
	    mcp_revision_era(MCP_REVISION_LEGACY_LAST), MCP_ERA_LEGACY);
	assert_int_equal(mcp_revision_era(MCP_2026_07_28), MCP_ERA_MODERN);
}

static void
test_initialize_is_offered_what_it_asks_for(void **state)
{
	(void)state;
	assert_int_equal(mcp_revision_offer(MCP_2024_11_05), MCP_2024_11_05);
	assert_int_equal(mcp_revision_offer(MCP_2025_06_18), MCP_2025_06_18);
	assert_int_equal(mcp_revision_offer(MCP_2025_11_25), MCP_2025_11_25);
}

static void
test_initialize_is_offered_the_latest_legacy_otherwise(void **state)
{
	(void)state;
	assert_int_equal(mcp_revision_offer(MCP_REVISION_NONE), MCP_2025_11_25);
	assert_int_equal(mcp_revision_offer(MCP_2026_07_28), MCP_2025_11_25);
}

static void
test_fields_come_and_go(void **state)
{
	(void)state;
	assert_false(mcp_revision_has(MCP_2024_11_05, MCP_FIELD_BATCH));
	assert_true(mcp_revision_has(MCP_2025_03_26, MCP_FIELD_BATCH));
	assert_false(mcp_revision_has(MCP_2025_06_18, MCP_FIELD_BATCH));
	assert_false(mcp_revision_has(MCP_2024_11_05, MCP_FIELD_ANNOTATIONS));
	assert_true(mcp_revision_has(MCP_2025_03_26, MCP_FIELD_ANNOTATIONS));
	assert_true(mcp_revision_has(MCP_2025_03_26, MCP_FIELD_AUDIO));
	assert_true(mcp_revision_has(MCP_2025_03_26, MCP_FIELD_COMPLETIONS));
	assert_false(mcp_revision_has(MCP_2025_03_26, MCP_FIELD_TITLE));
	assert_true(mcp_revision_has(MCP_2025_06_18, MCP_FIELD_TITLE));
	assert_true(mcp_revision_has(MCP_2025_06_18, MCP_FIELD_OUTPUT_SCHEMA));
	assert_true(mcp_revision_has(MCP_2025_06_18, MCP_FIELD_RESOURCE_LINK));
	assert_false(mcp_revision_has(MCP_2025_06_18, MCP_FIELD_ICONS));
	assert_true(mcp_revision_has(MCP_2025_11_25, MCP_FIELD_ICONS));
	assert_false(mcp_revision_has(MCP_2025_11_25, MCP_FIELD_RESULT_TYPE));
	assert_true(mcp_revision_has(MCP_2026_07_28, MCP_FIELD_RESULT_TYPE));
	assert_true(mcp_revision_has(MCP_2026_07_28, MCP_FIELD_ANNOTATIONS));
}

static void
test_no_revision_has_nothing(void **state)
{
	enum mcp_field field;

	(void)state;
	for (field = MCP_FIELD_ANNOTATIONS; field < MCP_N_FIELDS; field++)
		assert_false(mcp_revision_has(MCP_REVISION_NONE, field));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_lead_back),
		cmocka_unit_test(test_other_names_are_none_of_ours),
		cmocka_unit_test(test_eras),
		cmocka_unit_test(test_initialize_is_offered_what_it_asks_for),
		cmocka_unit_test(
		    test_initialize_is_offered_the_latest_legacy_otherwise),
		cmocka_unit_test(test_fields_come_and_go),
		cmocka_unit_test(test_no_revision_has_nothing),
	};

	return cmocka_run_group_tests_name("revision", tests, NULL, NULL);
}

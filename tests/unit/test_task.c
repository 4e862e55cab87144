/* test_task.c - what becomes of a task whose worker has died */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/task.h>

static void
test_it_has_failed(void **state)
{
	static const char begins[] =
	    "{\"taskId\":\"t\",\"status\":\"failed\",";
	struct mcp_buf out = MCP_BUF_INIT;
	char *updated;

	(void)state;
	assert_int_equal(
	    mcp_task_bury(MCP_TEXT("{\"taskId\":\"t\",\"status\":"
				   "\"input_required\",\"lastUpdatedAt\":\"x\","
				   "\"ttlMs\":7,\"inputRequests\":{\"k\":{}}}"),
		&out),
	    0);
	updated = strstr(out.data, "\"lastUpdatedAt\":\"2");
	assert_non_null(updated);
	assert_memory_equal(out.data, begins, strlen(begins));
	assert_non_null(strstr(updated, "\"ttlMs\":7,\"statusMessage\":"
	    "\"The worker that ran this task is gone\",\"error\":{"
	    "\"code\":-32603,\"message\":"
	    "\"The worker that ran this task is gone\"}}"));
	assert_null(strstr(out.data, "inputRequests"));
	mcp_buf_deinit(&out);
}

static void
test_what_is_no_task_is_left_alone(void **state)
{
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	assert_int_equal(mcp_task_bury(MCP_TEXT_INIT, &out), MCP_TASK_E_FORM);
	assert_int_equal(mcp_task_bury(MCP_TEXT("7"), &out), MCP_TASK_E_FORM);
	assert_int_equal(mcp_task_bury(MCP_TEXT("{\"a\""), &out),
	    MCP_TASK_E_FORM);
	assert_int_equal(out.len, 0);
	mcp_buf_deinit(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_has_failed),
		cmocka_unit_test(test_what_is_no_task_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

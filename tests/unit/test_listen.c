/* test_listen.c - what a client wants to hear of */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/listen.h"

#define VERSION "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\""
#define CAPABLE "\"io.modelcontextprotocol/clientCapabilities\":{}"
#define META "\"_meta\":{" VERSION "," CAPABLE "}"
#define TASKS "\"_meta\":{" VERSION ",\"io.modelcontextprotocol/" \
	"clientCapabilities\":{\"extensions\":{" \
	"\"io.modelcontextprotocol/tasks\":{}}}}"

/* a request with these params, as it should be */
#define LISTEN(params) \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscriptions/listen\"," \
	"\"params\":{" params "}}"
#define FILTER(members) LISTEN(META ",\"notifications\":{" members "}")

static struct mcp_config
everything(void)
{
	return (struct mcp_config){ .n_tools = 1, .n_prompts = 1,
		.n_resources = 1 };
}

static struct head
headers(const char *version, const char *method)
{
	return (struct head){ .version = mcp_text_of(version),
		.mcp_method = mcp_text_of(method) };
}

static int
read_body(const char *body, struct listen *out)
{
	struct mcp_config config = everything();
	struct head head = headers("2026-07-28", LISTEN_METHOD);

	return listen_read(&config, &head, mcp_text_of(body), out);
}

static void
refused_with(const struct head *head, int code, const char *why,
    const char *body)
{
	struct mcp_config config = everything();
	struct listen listen;

	assert_int_equal(listen_read(&config, head, mcp_text_of(body), &listen),
	    LISTEN_E_REFUSED);
	assert_int_equal(listen.code, code);
	assert_non_null(strstr(listen.why, why));
	listen_deinit(&listen);
}

static void
refused(int code, const char *why, const char *body)
{
	struct head head = headers("2026-07-28", LISTEN_METHOD);

	refused_with(&head, code, why, body);
}

static void
test_a_filter_is_read(void **state)
{
	struct listen listen;

	(void)state;
	assert_int_equal(
	    read_body(FILTER("\"toolsListChanged\":true,"
			     "\"promptsListChanged\":false,"
			     "\"resourceSubscriptions\":[\"a:\\u0062\",\"c\"],"
			     "\"somethingElse\":7"),
		&listen),
	    0);
	assert_int_equal(listen.topics, LISTEN_TOPIC(MCP_TOPIC_TOOLS) |
	    LISTEN_TOPIC(MCP_TOPIC_UPDATED));
	assert_int_equal(listen.n_uris, 2);
	assert_true(mcp_text_is(listen.uris[0], "a:b"));
	assert_true(mcp_text_is(listen.uris[1], "c"));
	assert_true(mcp_text_is(listen.id, "1"));
	listen_deinit(&listen);
}

static void
test_an_empty_filter_is_a_filter(void **state)
{
	struct listen listen;

	(void)state;
	assert_int_equal(
	    read_body(FILTER("\"resourceSubscriptions\":[]"), &listen), 0);
	assert_int_equal(listen.topics, 0);
	listen_deinit(&listen);
}

static void
test_tasks_are_named(void **state)
{
	struct listen listen;

	(void)state;
	assert_int_equal(
	    read_body(LISTEN(TASKS ",\"notifications\":{"
				   "\"taskIds\":[\"a\",\"\",\"c\"]}"),
		&listen),
	    0);
	assert_int_equal(listen.topics, 0);
	assert_int_equal(listen.n_tasks, 3);
	assert_true(mcp_text_is(listen.tasks[0], "a"));
	assert_true(mcp_text_is(listen.tasks[2], "c"));
	listen_deinit(&listen);
}

static void
test_who_takes_no_tasks_cannot_watch_them(void **state)
{
	struct listen listen;

	(void)state;
	assert_int_equal(read_body(FILTER("\"taskIds\":[]"), &listen), 0);
	assert_int_equal(listen.n_tasks, 0);
	listen_deinit(&listen);
	assert_int_equal(read_body(FILTER("\"taskIds\":[\"a\"]"), &listen),
	    LISTEN_E_REFUSED);
	assert_int_equal(listen.code, MCP_MISSING_CAPABILITY);
	assert_string_equal(listen.data.data,
	    "{\"requiredCapabilities\":{\"extensions\":{"
	    "\"io.modelcontextprotocol/tasks\":{}}}}");
	listen_deinit(&listen);
}

static void
test_the_id_stays_as_it_was_written(void **state)
{
	struct listen listen;

	(void)state;
	assert_int_equal(
	    read_body("{\"id\": \"\\u00e9\\/\" ,\"jsonrpc\":\"2.0\","
		      "\"method\":\"subscriptions/listen\",\"params\":{" META
		      ",\"notifications\":{}}}",
		&listen),
	    0);
	assert_true(mcp_text_is(listen.id, "\"\\u00e9\\/\""));
	listen_deinit(&listen);
}

static unsigned
honoured_by(const struct mcp_config *config)
{
	struct head head = headers("2026-07-28", LISTEN_METHOD);
	struct listen listen;
	unsigned topics;

	assert_int_equal(
	    listen_read(config, &head,
		MCP_TEXT(FILTER("\"toolsListChanged\":true,"
				"\"promptsListChanged\":true,"
				"\"resourcesListChanged\":true,"
				"\"resourceSubscriptions\":[\"a\"]")),
		&listen),
	    0);
	topics = listen.topics;
	assert_int_equal(listen.n_uris,
	    (topics & LISTEN_TOPIC(MCP_TOPIC_UPDATED)) != 0);
	listen_deinit(&listen);
	return topics;
}

static void
test_only_what_there_is_can_change(void **state)
{
	struct mcp_config nothing = { .n_tools = 0 };
	struct mcp_config prompts = { .n_prompts = 1 };
	struct mcp_config templates = { .n_templates = 1 };
	struct mcp_config plugins = { .plugins = { NULL, 1 } };

	(void)state;
	assert_int_equal(honoured_by(&nothing), 0);
	assert_int_equal(
	    honoured_by(&prompts), LISTEN_TOPIC(MCP_TOPIC_PROMPTS));
	assert_int_equal(honoured_by(&templates),
	    LISTEN_TOPIC(MCP_TOPIC_RESOURCES) |
		LISTEN_TOPIC(MCP_TOPIC_UPDATED));
	assert_int_equal(honoured_by(&plugins), 30);
}

static void
test_what_is_no_request_is_refused(void **state)
{
	(void)state;
	refused(JSONRPC_PARSE_ERROR, "Parse error: ", "");
	refused(JSONRPC_PARSE_ERROR, "Parse error: ", "{\"id\":1,\"id\":1}");
	refused(JSONRPC_INVALID_REQUEST, "a message is a JSON object", "[]");
	refused(JSONRPC_INVALID_REQUEST, "id must be a string or a number",
	    "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"x\"}");
	refused(JSONRPC_INVALID_REQUEST, "a request with an id is expected",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"subscriptions/listen\"}");
	refused(JSONRPC_INVALID_REQUEST, "a request with an id is expected",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
}

static void
test_an_id_has_a_length(void **state)
{
	char body[MCP_WIRE_REQUEST_MAX + 64];

	(void)state;
	snprintf(body, sizeof(body),
	    "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":\"%0*d\"}",
	    MCP_WIRE_REQUEST_MAX - 1, 1);
	refused(JSONRPC_INVALID_REQUEST, "the id is too long", body);
}

static void
test_meta_is_needed(void **state)
{
	(void)state;
	refused(JSONRPC_INVALID_PARAMS, "params._meta: expected an object",
	    LISTEN("\"notifications\":{}"));
	refused(JSONRPC_INVALID_PARAMS, "params._meta: expected an object",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"params\":[],"
	    "\"method\":\"subscriptions/listen\"}");
	refused(JSONRPC_INVALID_PARAMS, "protocolVersion\"]: expected a string",
	    LISTEN("\"_meta\":{" CAPABLE "},\"notifications\":{}"));
	refused(JSONRPC_INVALID_PARAMS,
	    "clientCapabilities\"]: expected an object",
	    LISTEN("\"_meta\":{" VERSION "},\"notifications\":{}"));
	refused(JSONRPC_INVALID_PARAMS, "logLevel\"]: expected a log level",
	    LISTEN("\"_meta\":{" VERSION "," CAPABLE
		   ",\"io.modelcontextprotocol/logLevel\":\"loud\"},"
		   "\"notifications\":{}"));
	refused(JSONRPC_INVALID_PARAMS, "progressToken: expected",
	    LISTEN("\"_meta\":{" VERSION "," CAPABLE
		   ",\"progressToken\":1.5},\"notifications\":{}"));
}

static void
test_headers_say_what_the_body_says(void **state)
{
	struct head none = headers("", LISTEN_METHOD);
	struct head older = headers("2025-06-18", LISTEN_METHOD);
	struct head unmethodical = headers("2026-07-28", "");
	struct head other = headers("2026-07-28", "tools/list");

	(void)state;
	refused_with(&none, MCP_HEADER_MISMATCH,
	    "MCP-Protocol-Version is missing", FILTER(""));
	refused_with(&older, MCP_HEADER_MISMATCH,
	    "MCP-Protocol-Version and _meta name different versions",
	    FILTER(""));
	refused_with(&unmethodical, MCP_HEADER_MISMATCH,
	    "Mcp-Method is missing", FILTER(""));
	refused_with(&other, MCP_HEADER_MISMATCH,
	    "Mcp-Method does not say what the body says", FILTER(""));
	refused_with(&other, MCP_HEADER_MISMATCH,
	    "Mcp-Method does not say what the body says",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\","
	    "\"params\":{" META "}}");
}

static void
test_two_tolerances_of_the_version_header(void **state)
{
	struct mcp_config config = everything();
	struct head older = headers("2025-11-25", LISTEN_METHOD);
	struct head twice = headers("2026-07-28 , 2026-07-28",
	    LISTEN_METHOD);
	struct listen listen;

	(void)state;
	assert_int_equal(
	    listen_read(&config, &older, MCP_TEXT(FILTER("")), &listen), 0);
	listen_deinit(&listen);
	assert_int_equal(
	    listen_read(&config, &twice, MCP_TEXT(FILTER("")), &listen), 0);
	listen_deinit(&listen);
}

static void
test_another_version_is_told_ours(void **state)
{
	struct mcp_config config = everything();
	struct head head = headers("v999.0.0", LISTEN_METHOD);
	struct listen listen;

	(void)state;
	assert_int_equal(
	    listen_read(&config, &head,
		MCP_TEXT(LISTEN("\"_meta\":{\"io.modelcontextprotocol/"
				"protocolVersion\":\"v999.0.0\"}")),
		&listen),
	    LISTEN_E_REFUSED);
	assert_int_equal(listen.code, MCP_UNSUPPORTED_VERSION);
	assert_string_equal(listen.data.data,
	    "{\"supported\":[\"2026-07-28\",\"2025-11-25\",\"2025-06-18\","
	    "\"2025-03-26\",\"2024-11-05\"],\"requested\":\"v999.0.0\"}");
	listen_deinit(&listen);
}

static void
test_a_filter_has_its_form(void **state)
{
	(void)state;
	refused(JSONRPC_INVALID_PARAMS,
	    "params.notifications: expected an object", LISTEN(META));
	refused(JSONRPC_INVALID_PARAMS,
	    "params.notifications: expected an object",
	    LISTEN(META ",\"notifications\":[]"));
	refused(JSONRPC_INVALID_PARAMS, "toolsListChanged: expected a boolean",
	    FILTER("\"toolsListChanged\":\"true\""));
	refused(JSONRPC_INVALID_PARAMS,
	    "resourcesListChanged: expected a boolean",
	    FILTER("\"resourcesListChanged\":null"));
	refused(JSONRPC_INVALID_PARAMS, "expected an array of strings",
	    FILTER("\"resourceSubscriptions\":{}"));
	refused(JSONRPC_INVALID_PARAMS, "expected an array of strings",
	    FILTER("\"resourceSubscriptions\":[\"a\",1]"));
	refused(JSONRPC_INVALID_PARAMS, "taskIds: expected an array of strings",
	    LISTEN(TASKS ",\"notifications\":{\"taskIds\":\"a\"}"));
}

static void
test_a_filter_has_its_bounds(void **state)
{
	struct mcp_buf body = MCP_BUF_INIT;
	struct listen listen;

	(void)state;
	mcp_buf_puts(&body, LISTEN(META ",\"notifications\":{"
					"\"resourceSubscriptions\":["));
	body.len -= 2; /* the ends of params and of the request */
	for (int i = 0; i < LISTEN_URIS_MAX; i++)
		mcp_buf_puts(&body, "\"a\",");
	body.len--;
	mcp_buf_puts(&body, "]}}}");
	assert_int_equal(read_body(body.data, &listen), 0);
	assert_int_equal(listen.n_uris, LISTEN_URIS_MAX);
	listen_deinit(&listen);
	body.len -= 4;
	mcp_buf_puts(&body, ",\"a\"]}}}");
	refused(JSONRPC_INVALID_PARAMS, "more than 1000 URIs", body.data);
	mcp_buf_reset(&body);
	mcp_buf_printf(&body, LISTEN(META ",\"notifications\":{"
	    "\"resourceSubscriptions\":[\"%0*d\"]}"), LISTEN_URI_MAX + 1, 0);
	refused(JSONRPC_INVALID_PARAMS, "longer than 8192 bytes", body.data);
	mcp_buf_reset(&body);
	mcp_buf_printf(&body, LISTEN(TASKS ",\"notifications\":{"
	    "\"taskIds\":[\"%0*d\"]}"), LISTEN_TASK_MAX + 1, 0);
	refused(JSONRPC_INVALID_PARAMS, "longer than 64 bytes", body.data);
	mcp_buf_deinit(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_filter_is_read),
		cmocka_unit_test(test_an_empty_filter_is_a_filter),
		cmocka_unit_test(test_tasks_are_named),
		cmocka_unit_test(test_who_takes_no_tasks_cannot_watch_them),
		cmocka_unit_test(test_the_id_stays_as_it_was_written),
		cmocka_unit_test(test_only_what_there_is_can_change),
		cmocka_unit_test(test_what_is_no_request_is_refused),
		cmocka_unit_test(test_an_id_has_a_length),
		cmocka_unit_test(test_meta_is_needed),
		cmocka_unit_test(test_headers_say_what_the_body_says),
		cmocka_unit_test(test_two_tolerances_of_the_version_header),
		cmocka_unit_test(test_another_version_is_told_ours),
		cmocka_unit_test(test_a_filter_has_its_form),
		cmocka_unit_test(test_a_filter_has_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

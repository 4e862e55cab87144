/* test_jsonrpc.c - which texts are messages, and what of them is kept */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/jsonrpc.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static int
parse(const char *json, struct mcp_jsonrpc *out)
{
	struct mcp_scan_error error;
	const char *why = NULL;

	return mcp_jsonrpc_parse(mcp_text_of(json), out, &error, &why);
}

static void
test_request(void **state)
{
	struct mcp_jsonrpc message;

	(void)state;
	assert_int_equal(
	    parse(" {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
		  "call\",\"params\":{\"name\":\"x\"}}\n",
		&message),
	    0);
	assert_int_equal(message.kind, MCP_JSONRPC_REQUEST);
	assert_true(mcp_text_is(message.id, "1"));
	assert_string_equal(message.method, "tools/call");
	assert_true(mcp_text_is(message.params, "{\"name\":\"x\"}"));
	assert_int_equal(message.result.len, 0);
	assert_int_equal(message.error.len, 0);
	mcp_jsonrpc_deinit(&message);
	assert_null(message.method);
	mcp_jsonrpc_deinit(&message); /* twice is allowed */
}

static void
test_notification(void **state)
{
	struct mcp_jsonrpc message;

	(void)state;
	assert_int_equal(
	    parse("{\"jsonrpc\":\"2.0\",\"method\":\"a\"}", &message), 0);
	assert_int_equal(message.kind, MCP_JSONRPC_NOTIFICATION);
	assert_int_equal(message.id.len, 0);
	assert_int_equal(message.params.len, 0);
	mcp_jsonrpc_deinit(&message);
}

static void
test_responses(void **state)
{
	struct mcp_jsonrpc message;

	(void)state;
	assert_int_equal(
	    parse("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{}}", &message),
	    0);
	assert_int_equal(message.kind, MCP_JSONRPC_RESPONSE);
	assert_true(mcp_text_is(message.id, "\"a\""));
	assert_null(message.method);
	assert_true(mcp_text_is(message.result, "{}"));
	mcp_jsonrpc_deinit(&message);

	assert_int_equal(
	    parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}", &message),
	    0);
	assert_int_equal(message.kind, MCP_JSONRPC_RESPONSE);
	assert_true(mcp_text_is(message.result, "null"));
	assert_int_equal(message.error.len, 0);
	mcp_jsonrpc_deinit(&message);

	assert_int_equal(
	    parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":"
		  "-1,\"message\":\"no\"}}",
		&message),
	    0);
	assert_int_equal(message.kind, MCP_JSONRPC_RESPONSE);
	assert_true(message.error.len > 0);
	mcp_jsonrpc_deinit(&message);
}

static void
test_id_is_kept_byte_for_byte(void **state)
{
	static const char *const ids[] = { "0", "-7", "1.50", "1e3",
		"18446744073709551615", "\"\"", "\"\\u0041/\\/\"", "\"a b\"",
		"-0", "\"\\u0000\"" };
	struct mcp_jsonrpc message;
	char json[200];

	(void)state;
	for (size_t i = 0; i < N(ids); i++) {
		strcpy(json, "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\": ");
		strcat(strcat(json, ids[i]), " }");
		assert_int_equal(parse(json, &message), 0);
		assert_int_equal(message.kind, MCP_JSONRPC_REQUEST);
		assert_true(mcp_text_is(message.id, ids[i]));
		mcp_jsonrpc_deinit(&message);
	}
}

static void
test_array_params_are_left_to_dispatch(void **state)
{
	struct mcp_jsonrpc message;

	(void)state;
	assert_int_equal(
	    parse(
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":[]}",
		&message),
	    0);
	assert_true(mcp_text_is(message.params, "[]"));
	mcp_jsonrpc_deinit(&message);
}

static void
test_not_json(void **state)
{
	static const char *const texts[] = { "", "{", "nonsense",
		"{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\",\"method\":\"m\"}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":18446744073709551616}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"m\"} // no comments" };
	struct mcp_jsonrpc message;
	struct mcp_scan_error error;
	const char *why;

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		error.what = NULL;
		assert_int_equal(mcp_jsonrpc_parse(mcp_text_of(texts[i]),
				     &message, &error, &why),
		    MCP_JSONRPC_E_PARSE);
		assert_non_null(error.what);
		assert_int_equal(message.id.len, 0);
		mcp_jsonrpc_deinit(&message);
	}
}

static void
test_no_message(void **state)
{
	static const struct {
		const char *json;
		const char *id;
	} samples[] = {
		{ "1", "" },
		{ "[]", "" },
		{ "{}", "" },
		{ "{\"id\":5,\"method\":\"m\"}", "5" },
		{ "{\"jsonrpc\":\"1.0\",\"id\":5,\"method\":\"m\"}", "5" },
		{ "{\"jsonrpc\":2.0,\"id\":5,\"method\":\"m\"}", "5" },
		{ "{\"jsonrpc\":\"2.0\\u0000\",\"id\":5,\"method\":\"m\"}",
		    "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}", "" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"m\"}", "" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}", "" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"m\"}", "" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5}", "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":7}", "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":null}", "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"m\\u0000x\"}",
		    "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"m\",\"params\":1}",
		    "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"m\",\"params\":"
		  "null}",
		    "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"m\",\"result\":{}}",
		    "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"m\",\"error\":{}}",
		    "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":1,\"error\":{}}",
		    "5" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":5,\"error\":\"no\"}", "5" },
		{ "{\"jsonrpc\":\"2.0\",\"result\":{}}", "" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{}}", "" },
	};
	struct mcp_jsonrpc message;
	struct mcp_scan_error error;
	const char *why;
	int rc;

	(void)state;
	for (size_t i = 0; i < N(samples); i++) {
		why = NULL;
		rc = mcp_jsonrpc_parse(
		    mcp_text_of(samples[i].json), &message, &error, &why);
		if (rc != MCP_JSONRPC_E_INVALID)
			fail_msg("%s gave %d", samples[i].json, rc);
		assert_non_null(why);
		assert_true(mcp_text_is(message.id, samples[i].id));
		assert_null(message.method);
		mcp_jsonrpc_deinit(&message);
	}
}

static void
test_as_deep_as_scan_allows(void **state)
{
	struct mcp_buf json = MCP_BUF_INIT;
	struct mcp_jsonrpc message;

	(void)state;
	mcp_buf_puts(
	    &json, "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":");
	for (int i = 1; i < MCP_SCAN_DEPTH_MAX; i++)
		mcp_buf_putc(&json, '[');
	mcp_buf_puts(&json, "\"x\"");
	for (int i = 1; i < MCP_SCAN_DEPTH_MAX; i++)
		mcp_buf_putc(&json, ']');
	mcp_buf_putc(&json, '}');
	assert_int_equal(parse(json.data, &message), 0);
	mcp_jsonrpc_deinit(&message);
	mcp_buf_deinit(&json);
}

static void
test_nothing_behind_the_text_is_read(void **state)
{
	static const char json[] = "{\"jsonrpc\":\"2.0\",\"method\":\"m\"}";
	char *exact = malloc(sizeof(json) - 1);
	struct mcp_jsonrpc message;
	struct mcp_scan_error error;
	const char *why;

	(void)state;
	assert_non_null(exact);
	memcpy(exact, json, sizeof(json) - 1);
	assert_int_equal(
	    mcp_jsonrpc_parse((struct mcp_text){ exact, sizeof(json) - 1 },
		&message, &error, &why),
	    0);
	mcp_jsonrpc_deinit(&message);
	free(exact);
}

static void
test_batch(void **state)
{
	(void)state;
	assert_true(mcp_jsonrpc_is_batch(MCP_TEXT(" \r\n\t[")));
	assert_false(mcp_jsonrpc_is_batch(MCP_TEXT("{\"a\":[]}")));
	assert_false(mcp_jsonrpc_is_batch(MCP_TEXT(" ")));
	assert_false(mcp_jsonrpc_is_batch(MCP_TEXT_INIT));
}

static void
test_what_we_send(void **state)
{
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	mcp_jsonrpc_result(&out, MCP_TEXT("1.50"), MCP_TEXT("{\"a\":1}"));
	assert_string_equal(
	    out.data, "{\"jsonrpc\":\"2.0\",\"result\":{\"a\":1},\"id\":1.50}");
	mcp_buf_reset(&out);
	mcp_jsonrpc_error(&out, MCP_TEXT_INIT, JSONRPC_PARSE_ERROR,
	    MCP_TEXT("Parse \"error\""), MCP_TEXT_INIT);
	assert_string_equal(out.data,
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":"
	    "\"Parse \\\"error\\\"\"},\"id\":null}");
	mcp_buf_reset(&out);
	mcp_jsonrpc_error(&out, MCP_TEXT("\"x\""), MCP_UNSUPPORTED_VERSION,
	    MCP_TEXT("m"), MCP_TEXT("{\"d\":[]}"));
	assert_string_equal(out.data,
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32022,\"message\":\"m\","
	    "\"data\":{\"d\":[]}},\"id\":\"x\"}");
	mcp_buf_deinit(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_notification),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_id_is_kept_byte_for_byte),
		cmocka_unit_test(test_array_params_are_left_to_dispatch),
		cmocka_unit_test(test_not_json),
		cmocka_unit_test(test_no_message),
		cmocka_unit_test(test_as_deep_as_scan_allows),
		cmocka_unit_test(test_nothing_behind_the_text_is_read),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_what_we_send),
	};

	return cmocka_run_group_tests_name("jsonrpc", tests, NULL, NULL);
}

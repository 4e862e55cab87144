/* test_http.c - CGI variables become one request, or a doubled header is seen */

#include "fcgi/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
variables_find_their_members(void **state)
{
	struct http_request request = { 0 };

	(void)state;
	http_header(&request, "REQUEST_METHOD=POST");
	http_header(&request, "REQUEST_URI=/mcp/sse/message?connection_id=a=b&x");
	http_header(&request, "QUERY_STRING=connection_id=a=b&x");
	http_header(&request, "HTTP_MCP_SESSION_ID= abc ");
	http_header(&request, "MCP_USER=ann");
	http_header(&request, "REMOTE_USER=mallory");
	http_header(&request, "nonsense");
	assert_int_equal(request.method, HTTP_POST);
	assert_true(mcp_text_is(request.path, "/mcp/sse/message"));
	assert_true(mcp_text_is(request.session, "abc"));
	assert_true(mcp_text_is(request.user, "ann"));
	assert_true(mcp_text_is(http_query(&request, "connection_id"), "a=b"));
	assert_int_equal(http_query(&request, "connection").len, 0);
	assert_int_equal(http_query(&request, "x").len, 0);
	assert_null(request.duplicated);
}

static void
a_doubled_header_is_noticed(void **state)
{
	struct http_request request = { 0 };

	(void)state;
	http_header(&request, "HTTP_MCP_METHOD=tools/call");
	assert_null(request.duplicated);
	http_header(&request, "HTTP_MCP_METHOD=subscriptions/listen");
	assert_string_equal(request.duplicated, "Mcp-Method");
}

static void
an_empty_header_counts_as_one(void **state)
{
	struct http_request request = { 0 };

	(void)state;
	http_header(&request, "MCP_USER=");
	http_header(&request, "MCP_USER=mallory");
	assert_string_equal(request.duplicated, "MCP_USER");
	assert_int_equal(request.user.len, 0);
}

static void
a_doubled_version_is_tolerated(void **state)
{
	struct http_request request = { 0 };

	(void)state;
	http_header(&request, "HTTP_MCP_PROTOCOL_VERSION=2025-11-25");
	http_header(&request, "HTTP_MCP_PROTOCOL_VERSION=2025-11-25");
	assert_null(request.duplicated);
	assert_true(mcp_text_is(request.version, "2025-11-25"));
}

static bool
accepts(const char *value, const char *type, bool wildcard)
{
	struct http_request request = { .accept = mcp_text_of(value) };

	return http_accepts(&request, type, wildcard);
}

static void
accept_is_read_as_ranges(void **state)
{
	static const char sse[] = "text/event-stream";

	(void)state;
	assert_true(accepts("application/json, text/event-stream", sse, false));
	assert_true(accepts("TEXT/Event-Stream ; q=0.5", sse, false));
	assert_false(accepts("text/event-streams", sse, false));
	assert_false(accepts("*/*", sse, false));
	assert_true(accepts("*/*", sse, true));
	assert_true(accepts("text/*", sse, true));
	assert_false(accepts("application/*", sse, true));
	assert_true(accepts(NULL, sse, true));
	assert_false(accepts(NULL, sse, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_find_their_members),
		cmocka_unit_test(a_doubled_header_is_noticed),
		cmocka_unit_test(an_empty_header_counts_as_one),
		cmocka_unit_test(a_doubled_version_is_tolerated),
		cmocka_unit_test(accept_is_read_as_ranges),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}

/* test_head.c - the strict reader of HTTP heads */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/head.h"

#define GET "GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\n"

static int
parse(const char *bytes, struct head *head)
{
	const char *why = NULL;
	size_t seen = 0;
	int condition = head_parse(mcp_text_of(bytes), &seen, head, &why);

	if (condition != 0)
		assert_non_null(why);
	return condition;
}

static void
expect(int condition, const char *bytes)
{
	struct head head;

	assert_int_equal(parse(bytes, &head), condition);
}

static void
test_a_head_is_taken_apart(void **state)
{
	struct head head;

	(void)state;
	assert_int_equal(
	    parse("POST /mcp?a=1&dialect=2024-11-05 HTTP/1.1\r\n"
		  "host:example:80\r\nORIGIN: \t http://a \r\n"
		  "Last-Event-ID: x.1\r\nMcp-Session-Id: s\r\n"
		  "X-Mcp-User:\r\nUser-Agent: one\r\nUser-Agent: two\r\n"
		  "Content-Length: 12\r\n\r\nbody",
		&head),
	    0);
	assert_true(mcp_text_is(head.method, "POST"));
	assert_true(mcp_text_is(head.path, "/mcp"));
	assert_true(mcp_text_is(head.query, "a=1&dialect=2024-11-05"));
	assert_true(mcp_text_is(head.host, "example:80"));
	assert_true(mcp_text_is(head.origin, "http://a"));
	assert_true(mcp_text_is(head.last_event_id, "x.1"));
	assert_true(mcp_text_is(head.session, "s"));
	assert_int_equal(head.user.len, 0);
	assert_true(mcp_text_is(head.user_agent, "one"));
	assert_int_equal(head.body, 12);
	assert_false(head.accepts_stream);
	assert_true(
	    mcp_text_is(head_parameter(head.query, "dialect"), "2024-11-05"));
	assert_int_equal(head_parameter(head.query, "b").len, 0);
	assert_memory_equal(head.method.at + head.len, "body", 4);
}

static void
expect_stream(bool accepts, const char *accept)
{
	char bytes[512];
	struct head head;

	strcpy(bytes, GET);
	strcat(bytes, accept);
	strcat(bytes, "\r\n");
	assert_int_equal(parse(bytes, &head), 0);
	assert_int_equal(head.accepts_stream, accepts);
}

static void
test_accept_in_its_forms(void **state)
{
	(void)state;
	expect_stream(true, "Accept: text/event-stream\r\n");
	expect_stream(true, "Accept: application/json, TEXT/Event-Stream\r\n");
	expect_stream(true, "Accept: text/event-stream;q=0.9 , */*\r\n");
	expect_stream(
	    true, "Accept: application/json\r\nAccept: text/event-stream\r\n");
	expect_stream(false, "Accept: */*\r\n");
	expect_stream(false, "Accept: text/event-streams\r\n");
	expect_stream(false, "");
}

static void
test_a_head_may_come_byte_by_byte(void **state)
{
	const char *bytes = GET "Accept: text/event-stream\r\n\r\n";
	size_t seen = 0, len = strlen(bytes);
	struct head head;
	const char *why;

	(void)state;
	for (size_t i = 0; i < len; i++)
		assert_int_equal(head_parse((struct mcp_text){ bytes, i },
				     &seen, &head, &why),
		    HEAD_E_MORE);
	assert_int_equal(
	    head_parse((struct mcp_text){ bytes, len }, &seen, &head, &why), 0);
	assert_int_equal(head.len, len);
}

static void
test_what_is_malformed_is_refused(void **state)
{
	struct mcp_text nul = MCP_TEXT(GET "X: a\0b\r\n\r\n");
	struct head head;
	const char *why;
	size_t seen = 0;

	(void)state;
	expect(HEAD_E_BAD, "GET / HTTP/1.1\nHost: x\n\n");
	expect(HEAD_E_BAD, GET "X: a\nY: b\r\n\r\n");
	expect(HEAD_E_BAD, "\r\n" GET "\r\n");
	expect(HEAD_E_BAD, GET "X: a\r\n b\r\n\r\n");
	expect(HEAD_E_BAD, GET "X : a\r\n\r\n");
	expect(HEAD_E_BAD, GET ": a\r\n\r\n");
	expect(HEAD_E_BAD, GET "no colon\r\n\r\n");
	expect(HEAD_E_BAD, GET "X: a\rb\r\n\r\n");
	expect(HEAD_E_BAD, "GET  / HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(HEAD_E_BAD, "GET / a HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(HEAD_E_BAD, "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(HEAD_E_BAD, "GET /\tx HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(HEAD_E_BAD, "G@T / HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(HEAD_E_BAD, "GET / HTTP/1.1\r\n\r\n");
	expect(HEAD_E_BAD, "GET /\r\n\r\n");
	expect(HEAD_E_VERSION, "GET / HTTP/2.0\r\nHost: x\r\n\r\n");
	assert_int_equal(head_parse(nul, &seen, &head, &why), HEAD_E_BAD);
}

static void
test_what_decides_may_not_come_twice(void **state)
{
	(void)state;
	expect(HEAD_E_BAD, GET "Host: localhost\r\n\r\n");
	expect(HEAD_E_BAD, GET "Origin: a\r\nOrigin: a\r\n\r\n");
	expect(
	    HEAD_E_BAD, GET "Mcp-Session-Id: a\r\nmcp-session-id: b\r\n\r\n");
	expect(HEAD_E_BAD, GET "Last-Event-ID: a\r\nLast-Event-ID:\r\n\r\n");
	expect(HEAD_E_BAD, GET "Authorization: a\r\nAuthorization: b\r\n\r\n");
	expect(HEAD_E_BAD, GET "X-Mcp-User: a\r\nX-Mcp-User: b\r\n\r\n");
	expect(HEAD_E_BAD, GET "Mcp-Param-A: a\r\nmcp-param-a: b\r\n\r\n");
	expect(
	    HEAD_E_BAD, GET "Content-Length: 1\r\nContent-Length: 1\r\n\r\n");
	expect(HEAD_E_BAD,
	    GET "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
	expect(0,
	    GET "MCP-Protocol-Version: a\r\n"
		"Mcp-Protocol-Version: a\r\n\r\n");
	expect(0, GET "Mcp-Param-A: a\r\nMcp-Param-B: b\r\n\r\n");
}

static void
test_a_body_is_announced(void **state)
{
	struct head head;

	(void)state;
	assert_int_equal(parse(GET "\r\n", &head), 0);
	assert_int_equal(head.body, 0);
	assert_int_equal(
	    parse(GET "Transfer-Encoding: chunked\r\n\r\n", &head), 0);
	assert_true(head.body == UINT64_MAX);
	expect(HEAD_E_BAD, GET "Content-Length: -1\r\n\r\n");
	expect(HEAD_E_BAD, GET "Content-Length: 1, 1\r\n\r\n");
	expect(HEAD_E_BAD, GET "Content-Length:\r\n\r\n");
}

static void
test_limits(void **state)
{
	static char bytes[HEAD_MAX + 64];
	char *at;

	(void)state;
	at = stpcpy(bytes, GET);
	for (int i = 1; i < HEAD_LINES_MAX; i++)
		at = stpcpy(at, "X: a\r\n");
	strcpy(at, "\r\n");
	expect(0, bytes);
	strcpy(at, "X: a\r\n\r\n");
	expect(HEAD_E_LARGE, bytes);
	at = stpcpy(bytes, GET "X: ");
	memset(at, 'a', HEAD_MAX);
	bytes[HEAD_MAX - 1] = '\0';
	expect(HEAD_E_MORE, bytes);
	bytes[HEAD_MAX - 1] = 'a';
	bytes[HEAD_MAX] = '\0';
	expect(HEAD_E_LARGE, bytes);
	strcpy(bytes + HEAD_MAX - 4, "\r\n\r\n");
	expect(0, bytes);
	at = stpcpy(bytes, "GET / HTTP/1.1\r\nHost: ");
	memset(at, 'a', HEAD_NAME_MAX + 1);
	strcpy(at + HEAD_NAME_MAX + 1, "\r\n\r\n");
	expect(HEAD_E_BAD, bytes);
}

static void
test_http_1_0_needs_no_host(void **state)
{
	(void)state;
	expect(0, "GET / HTTP/1.0\r\n\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_head_is_taken_apart),
		cmocka_unit_test(test_accept_in_its_forms),
		cmocka_unit_test(test_a_head_may_come_byte_by_byte),
		cmocka_unit_test(test_what_is_malformed_is_refused),
		cmocka_unit_test(test_what_decides_may_not_come_twice),
		cmocka_unit_test(test_a_body_is_announced),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_http_1_0_needs_no_host),
	};

	return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}

/* test_peek.c - a request before libfcgi reads it */

#include "fcgi/peek.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define BEGIN "\x01\x01\0\x01\0\x08\0\0" "\0\x01\x01\0\0\0\0\0"
#define PARAMS(length, content) "\x01\x04\0\x01\0" length "\0\0" content
#define END PARAMS("\0", "")
#define PAIR "\x01\x02" "abc"

#define BODY(length, content) "\x01\x05\0\x01\0" length "\0\0" content
#define DONE BODY("\0", "")

#define look(literal) peek_request(MCP_TEXT(literal))

static void
a_whole_head_is_fit(void **state)
{
	(void)state;
	assert_int_equal(look(BEGIN END DONE), 0);
	assert_int_equal(look(BEGIN PARAMS("\x05", PAIR) END DONE), 0);
	assert_int_equal(
	    look(BEGIN PARAMS("\x0a", PAIR PAIR) END DONE "body"), 0);
	/* lengths of four bytes, a value that is empty */
	assert_int_equal(look(BEGIN PARAMS("\x0b",
			     "\x80\0\0\x01\x80\0\0\x02"
			     "abc") END DONE),
	    0);
	assert_int_equal(look(BEGIN PARAMS("\x03", "\x01\0a") END DONE), 0);
	/* a pair across two records, cut inside a length */
	assert_int_equal(look(BEGIN PARAMS("\x03", "\x80\0\0") PARAMS("\x05",
			     "\x01\x02"
			     "abc") END DONE),
	    0);
	/* padding */
	assert_int_equal(
	    look(BEGIN "\x01\x04\0\x01\0\x05\x03\0" PAIR "xyz" END DONE), 0);
}

/* Every piece of a head that is fit is fit so far. */
static void
a_piece_of_it_is_fit_so_far(void **state)
{
	static const char head[] = BEGIN PARAMS("\x0b",
	    "\x80\0\0\x01\x80\0\0\x02" "abc") PARAMS("\x05", PAIR) END;

	(void)state;
	for (size_t len = 0; len < sizeof(head) - 1; len++)
		assert_int_equal(
		    peek_request((struct mcp_text){ head, len }), PEEK_E_MORE);
	assert_int_equal(look(head), PEEK_E_BODY);
}

static void
a_body_is_whole_with_its_empty_record(void **state)
{
	static const char request[] =
	    BEGIN END BODY("\x02", "ab") "\x01\x05\0\x01\0\x01\x02\0"
					 "cxy" DONE;
	static const size_t head_len = sizeof(BEGIN END) - 1;
	static const size_t len = sizeof(request) - 1;

	(void)state;
	for (size_t n = head_len; n < len; n++)
		assert_int_equal(
		    peek_request((struct mcp_text){ request, n }), PEEK_E_BODY);
	assert_int_equal(look(request), 0);
	/* what is no body is libfcgi's to judge, and nobody waits for more */
	assert_int_equal(look(BEGIN END "\x01\x02\0\x01\0\0\0\0"), 0);
	assert_int_equal(
	    look(BEGIN END BODY("\x02", "ab") "\x09\x05\0\x01\0\0\0\0"), 0);
}

/* As much as is looked at: the rest is read as it comes. */
static void
of_a_large_request_the_head_is_enough(void **state)
{
	static char request[PEEK_BODY_MAX];
	static const char start[] = BEGIN END "\x01\x05\0\x01\xff\xff\0\0";

	(void)state;
	memcpy(request, start, sizeof(start) - 1);
	assert_int_equal(
	    peek_request((struct mcp_text){ request, sizeof(request) - 1 }),
	    PEEK_E_BODY);
	assert_int_equal(
	    peek_request((struct mcp_text){ request, sizeof(request) }), 0);
}

static void
what_libfcgi_would_die_of_is_bad(void **state)
{
	(void)state;
	assert_int_equal(look("G"), PEEK_E_BAD);
	assert_int_equal(look("\x09"), PEEK_E_BAD);
	/* it does not begin, or another one's parameters come */
	assert_int_equal(look(PARAMS("\x05", PAIR)), PEEK_E_BAD);
	assert_int_equal(look("\x01\x09\0\0\0\0\0\0"), PEEK_E_BAD);
	assert_int_equal(look(BEGIN "\x01\x04\0\x07\0\0\0\0"), PEEK_E_BAD);
	assert_int_equal(look("\x01\x01\0\0\0\x08\0\0"), PEEK_E_BAD);
	/* lengths that nobody means */
	assert_int_equal(look(BEGIN PARAMS("\x05", "\x01\xff\xff\xff\xff")),
	    PEEK_E_BAD);
	assert_int_equal(look(BEGIN PARAMS("\x05", "\xff\xff\xff\xff\x01")),
	    PEEK_E_BAD);
	assert_int_equal(look(BEGIN PARAMS("\x08",
	    "\x80\0\x80\x01\x80\0\x80\0")), PEEK_E_BAD);
	assert_int_equal(look(BEGIN PARAMS("\x03", "\x01\xff\xff")
	    PARAMS("\x02", "\xff\xff")), PEEK_E_BAD);
}

/* Sixteen records without an end; the seventeenth is not waited for. */
static void
of_a_request_in_many_pieces_too(void **state)
{
	static char request[1024];
	size_t at = sizeof(BEGIN END) - 1;

	(void)state;
	memcpy(request, BEGIN END, at);
	for (unsigned i = 0; i < PEEK_BODY_RECORDS; i++, at += 9)
		memcpy(request + at, BODY("\x01", "a"), 9);
	assert_int_equal(
	    peek_request((struct mcp_text){ request, at }), PEEK_E_BODY);
	memcpy(request + at, BODY("\x01", "a"), 9);
	assert_int_equal(peek_request((struct mcp_text){ request, at + 9 }), 0);
}

/* As much as is looked at, and still no end of it. */
static void
a_head_without_end_is_bad(void **state)
{
	static char head[PEEK_MAX];
	size_t at = sizeof(BEGIN) - 1;

	(void)state;
	memcpy(head, BEGIN, at);
	for (; at + 13 <= sizeof(head); at += 13)
		memcpy(head + at, PARAMS("\x05", PAIR), 13);
	assert_int_equal(at, sizeof(head));
	assert_int_equal(
	    peek_request((struct mcp_text){ head, at - 1 }), PEEK_E_MORE);
	assert_int_equal(
	    peek_request((struct mcp_text){ head, at }), PEEK_E_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_head_is_fit),
		cmocka_unit_test(a_piece_of_it_is_fit_so_far),
		cmocka_unit_test(a_body_is_whole_with_its_empty_record),
		cmocka_unit_test(of_a_large_request_the_head_is_enough),
		cmocka_unit_test(of_a_request_in_many_pieces_too),
		cmocka_unit_test(what_libfcgi_would_die_of_is_bad),
		cmocka_unit_test(a_head_without_end_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

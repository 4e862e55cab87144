/* test_bus.c - what is not read is bounded, on either side */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcp/bus.h>

#define MANY 10000
/* where both ends are in one process, their marks add up */
#define MARK (2 * MCP_BUS_HWM)

static const uint8_t process[MCP_BUS_PROCESS_LEN] = "process";

struct site {
	struct mcp_bus *bus;
	struct mcp_switchboard *board;
	struct mcp_line *line;
};

static int
begin(void **state)
{
	static struct site site;

	assert_int_equal(mcp_bus_new("inproc://bus", &site.bus), 0);
	assert_int_equal(mcp_switchboard_new(site.bus, &site.board), 0);
	assert_int_equal(mcp_line_new(site.bus, process, 1, &site.line), 0);
	*state = &site;
	return 0;
}

static int
end(void **state)
{
	struct site *site = *state;

	mcp_line_free(site->line);
	mcp_switchboard_free(site->board);
	mcp_bus_free(site->bus);
	return 0;
}

static int
ask(struct site *site)
{
	struct mcp_letter letter = { .kind = MCP_CLOSE,
		.stream = MCP_TEXT("a stream"),
		.deadline_ns = 1 };

	return mcp_line_send(site->line, &letter);
}

/* Until the other side takes no more. -> how many it took */
static size_t
ask_many(struct site *site)
{
	size_t n = 0;

	while (n < MANY && ask(site) == 0)
		n++;
	assert_int_equal(ask(site), MCP_BUS_E_BUSY);
	return n;
}

static size_t
read_all(struct site *site, struct mcp_route *route)
{
	struct mcp_letter letter;
	size_t n = 0;

	while (mcp_switchboard_receive(site->board, route, &letter) == 0)
		n++;
	return n;
}

static void
test_who_asks_without_end_is_told_that_it_is_busy(void **state)
{
	struct site *site = *state;
	struct mcp_letter letter;
	struct mcp_route route;

	assert_int_equal(ask_many(site), MARK);
	assert_int_equal(read_all(site, &route), MARK);
	/* whoever looks hears that there is room */
	assert_int_equal(
	    mcp_line_receive(site->line, &letter), MCP_BUS_E_EMPTY);
	assert_int_equal(ask(site), 0);
}

static int
answer(struct site *site, const struct mcp_route *route)
{
	struct mcp_letter letter = {
		.kind = MCP_CLOSE, .outcome = MCP_OK, .correlation = 1
	};

	return mcp_switchboard_send(site->board, route, &letter);
}

static void
test_who_does_not_read_is_written_no_more(void **state)
{
	struct site *site = *state;
	struct mcp_letter letter;
	struct mcp_route route;
	size_t n = 0;

	assert_int_equal(ask(site), 0);
	assert_int_equal(read_all(site, &route), 1);
	while (n < MANY && answer(site, &route) == 0)
		n++;
	assert_int_equal(n, MARK);
	assert_int_equal(answer(site, &route), MCP_BUS_E_BUSY);
	for (n = 0; mcp_line_receive(site->line, &letter) == 0; n++)
		assert_int_equal(letter.outcome, MCP_OK);
	assert_int_equal(n, MARK); /* what was refused is not there in parts */
	assert_int_equal(ask(site), 0);
	assert_int_equal(read_all(site, &route), 1);
	assert_int_equal(answer(site, &route), 0);
}

static void
test_who_is_not_there_is_away(void **state)
{
	struct mcp_route nobody = { "Pnobody" };

	assert_int_equal(answer(*state, &nobody), MCP_BUS_E_AWAY);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_who_asks_without_end_is_told_that_it_is_busy),
		TEST(test_who_does_not_read_is_written_no_more),
		TEST(test_who_is_not_there_is_away),
	};

	return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}

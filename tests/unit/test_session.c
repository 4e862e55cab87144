/* test_session.c - what a session has set is remembered, within bounds */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/broker.h"

static struct broker broker;

static const struct hub_name first = { "the first sessi", HUB_SESSION };
static const struct hub_name second = { "the second sess", HUB_SESSION };
static const uint8_t alice[16] = "0123456789abcde";
static const uint8_t bob[16] = "edcba9876543210";

static int
begin(void **state)
{
	(void)state;
	memset(&broker, 0, sizeof(broker));
	clock_init(&broker.clock, &broker);
	return sessions_init(&broker.sessions);
}

static int
end(void **state)
{
	(void)state;
	sessions_deinit(&broker);
	assert_int_equal(broker.sessions.bytes, 0);
	clock_deinit(&broker.clock);
	return 0;
}

static struct session *
of(const struct hub_name *name)
{
	struct session *session;

	assert_int_equal(session_of(&broker, name, alice, 1000, &session), 0);
	return session;
}

static size_t
followers(const char *uri)
{
	struct mcp_buf names = MCP_BUF_INIT;
	size_t n;

	session_followers(&broker.sessions, mcp_text_of(uri), &names);
	n = names.len / sizeof(struct hub_name);
	mcp_buf_deinit(&names);
	return n;
}

static void
test_a_level_is_kept(void **state)
{
	(void)state;
	assert_null(session_find(&broker.sessions, &first));
	assert_int_equal(session_set_level(of(&first), MCP_TEXT("warning")),
	    0);
	assert_string_equal(session_find(&broker.sessions, &first)->level,
	    "warning");
	assert_string_equal(of(&second)->level, "");
	assert_int_equal(session_set_level(of(&first), MCP_TEXT("")),
	    SESSION_E_LEVEL);
	assert_int_equal(session_set_level(of(&first),
	    MCP_TEXT("sixteen letters!")), SESSION_E_LEVEL);
	assert_string_equal(of(&first)->level, "warning");
}

static void
test_it_is_its_owners(void **state)
{
	struct session *session = of(&first);

	(void)state;
	assert_int_equal(session_of(&broker, &first, bob, 1000, &session),
	    SESSION_E_FOREIGN);
}

static void
test_a_resource_is_followed_once(void **state)
{
	struct mcp_text uri = MCP_TEXT("crm://clients/1");

	(void)state;
	assert_int_equal(session_follow(&broker, of(&first), uri), 0);
	assert_int_equal(session_follow(&broker, of(&first), uri), 0);
	assert_int_equal(followers("crm://clients/1"), 1);
	assert_int_equal(session_follow(&broker, of(&second), uri), 0);
	assert_int_equal(followers("crm://clients/1"), 2);
	assert_int_equal(followers("crm://clients/2"), 0);
	session_unfollow(&broker, of(&first), uri);
	session_unfollow(&broker, of(&first), uri);
	assert_int_equal(followers("crm://clients/1"), 1);
	session_forget(&broker, &second);
	assert_int_equal(followers("crm://clients/1"), 0);
	assert_int_equal(broker.sessions.by_uri.n, 0);
}

static void
test_what_many_follow_is_kept_once(void **state)
{
	struct mcp_text uri = MCP_TEXT("crm://clients/all-of-them");
	struct hub_name name = { "", HUB_SESSION };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		memcpy(name.key + 8, &i, sizeof(i));
		assert_int_equal(session_follow(&broker, of(&name), uri), 0);
	}
	assert_int_equal(broker.sessions.by_uri.n, 1);
	assert_int_equal(broker.sessions.n_follows, 1000);
	assert_int_equal(followers("crm://clients/all-of-them"), 1000);
	for (int i = 0; i < 1000; i += 2) {
		memcpy(name.key + 8, &i, sizeof(i));
		session_forget(&broker, &name);
	}
	assert_int_equal(followers("crm://clients/all-of-them"), 500);
	assert_int_equal(broker.sessions.n_follows, 500);
}

static void
test_so_many_are_followed_and_no_more(void **state)
{
	char uri[32];

	(void)state;
	for (int i = 0; i < SESSION_FOLLOWS_MAX; i++) {
		snprintf(uri, sizeof(uri), "crm://%d", i);
		assert_int_equal(session_follow(&broker, of(&first),
		    mcp_text_of(uri)), 0);
	}
	assert_int_equal(session_follow(&broker, of(&first),
	    MCP_TEXT("crm://more")), SESSION_E_MANY);
	assert_int_equal(session_follow(&broker, of(&first),
	    MCP_TEXT("crm://0")), 0);
	assert_int_equal(session_follow(&broker, of(&second),
	    MCP_TEXT("crm://more")), 0);
}

static void
test_it_expires(void **state)
{
	struct session *session;

	(void)state;
	(void)of(&first);
	assert_int_equal(session_of(&broker, &second, alice, CLOCK_NEVER,
	    &session), 0);
	clock_run(&broker.clock, 1000, 10);
	assert_null(session_find(&broker.sessions, &first));
	assert_non_null(session_find(&broker.sessions, &second));
}

static void
test_the_longest_unused_makes_room(void **state)
{
	struct hub_name name = { "", HUB_SESSION };

	(void)state;
	for (int i = 1; i < SESSIONS_MAX; i++) {
		memcpy(name.key + 8, &i, sizeof(i));
		(void)of(&name);
	}
	memset(name.key, 0, sizeof(name.key));
	memcpy(name.key + 8, &(int){ 1 }, sizeof(int));
	assert_non_null(session_find(&broker.sessions, &name));
	(void)of(&first);
	(void)of(&second); /* one too many: 2 goes, 1 was used */
	assert_int_equal(broker.sessions.by_name.n, SESSIONS_MAX);
	assert_non_null(session_find(&broker.sessions, &name));
	memcpy(name.key + 8, &(int){ 2 }, sizeof(int));
	assert_null(session_find(&broker.sessions, &name));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_a_level_is_kept),
		TEST(test_it_is_its_owners),
		TEST(test_a_resource_is_followed_once),
		TEST(test_what_many_follow_is_kept_once),
		TEST(test_so_many_are_followed_and_no_more),
		TEST(test_it_expires),
		TEST(test_the_longest_unused_makes_room),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}

/* test_topic.c - who asked to hear of what */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/topic.h"

#define TOOLS LISTEN_TOPIC(MCP_TOPIC_TOOLS)
#define PROMPTS LISTEN_TOPIC(MCP_TOPIC_PROMPTS)
#define UPDATED LISTEN_TOPIC(MCP_TOPIC_UPDATED)

static struct subscription *
subscribe(struct topics *topics, const char *id, unsigned bits,
    struct mcp_text *uris, size_t n_uris)
{
	struct listen listen = { .id = mcp_text_of(id), .topics = bits,
		.uris = uris, .n_uris = n_uris };
	struct subscription *subscription;

	assert_int_equal(
	    subscription_new(topics, NULL, &listen, &subscription), 0);
	return subscription;
}

/* how many are told, of whom @id is one where it is not NULL */
static unsigned
told(const struct topics *topics, enum mcp_wire_topic topic, const char *uri,
    const char *id)
{
	struct wish *wish = topic_first(topics, topic, mcp_text_of(uri));
	bool found = id == NULL;
	unsigned n = 0;

	for (; wish != NULL; wish = LIST_NEXT(wish, of_topic), n++)
		if (id != NULL &&
		    mcp_text_is(subscription_id(wish->subscription), id))
			found = true;
	assert_true(found);
	return n;
}

static void
test_told_is_who_asked(void **state)
{
	struct topics topics;
	struct mcp_text uris[] = { MCP_TEXT("a://1"), MCP_TEXT("a://2") };
	struct subscription *one, *two;

	(void)state;
	assert_int_equal(topics_init(&topics, 4096), 0);
	one = subscribe(&topics, "1", TOOLS | PROMPTS, NULL, 0);
	two = subscribe(&topics, "\"two\"", TOOLS | UPDATED, uris, 2);
	assert_int_equal(told(&topics, MCP_TOPIC_TOOLS, NULL, "\"two\""), 2);
	assert_int_equal(told(&topics, MCP_TOPIC_PROMPTS, NULL, "1"), 1);
	assert_int_equal(told(&topics, MCP_TOPIC_RESOURCES, NULL, NULL), 0);
	assert_int_equal(
	    told(&topics, MCP_TOPIC_UPDATED, "a://2", "\"two\""), 1);
	assert_int_equal(told(&topics, MCP_TOPIC_UPDATED, "a://", NULL), 0);
	subscription_free(&topics, two);
	assert_int_equal(told(&topics, MCP_TOPIC_TOOLS, NULL, "1"), 1);
	assert_int_equal(told(&topics, MCP_TOPIC_UPDATED, "a://2", NULL), 0);
	subscription_free(&topics, one);
	assert_int_equal(told(&topics, MCP_TOPIC_TOOLS, NULL, NULL), 0);
	assert_int_equal(topics.n, 0);
	topics_deinit(&topics);
}

static void
test_a_task_is_no_resource_of_that_name(void **state)
{
	struct topics topics;
	struct mcp_text a = MCP_TEXT("a"), b = MCP_TEXT("b");
	struct listen listen = { .id = MCP_TEXT("1"), .topics = UPDATED,
		.uris = &a, .n_uris = 1, .tasks = &b, .n_tasks = 1 };
	struct subscription *one;

	(void)state;
	assert_int_equal(topics_init(&topics, 4096), 0);
	assert_int_equal(subscription_new(&topics, NULL, &listen, &one), 0);
	assert_int_equal(told(&topics, MCP_TOPIC_UPDATED, "a", "1"), 1);
	assert_int_equal(told(&topics, MCP_TOPIC_TASK, "a", NULL), 0);
	assert_int_equal(told(&topics, MCP_TOPIC_TASK, "b", "1"), 1);
	assert_int_equal(told(&topics, MCP_TOPIC_UPDATED, "b", NULL), 0);
	subscription_free(&topics, one);
	assert_int_equal(topics.named.n, 0);
	assert_int_equal(topics.bytes, 0);
	topics_deinit(&topics);
}

static void
test_a_uri_is_kept_once(void **state)
{
	struct topics topics;
	struct mcp_text uri = MCP_TEXT("a://1");
	struct subscription *one, *two;
	size_t bytes;

	(void)state;
	assert_int_equal(topics_init(&topics, 4096), 0);
	one = subscribe(&topics, "1", UPDATED, &uri, 1);
	bytes = topics.bytes;
	two = subscribe(&topics, "2", UPDATED, &uri, 1);
	assert_int_equal(topics.named.n, 1);
	assert_int_equal(topics.bytes, bytes + sizeof(struct wish));
	subscription_free(&topics, one);
	assert_int_equal(told(&topics, MCP_TOPIC_UPDATED, "a://1", "2"), 1);
	subscription_free(&topics, two);
	assert_int_equal(topics.named.n, 0);
	assert_int_equal(topics.bytes, 0);
	topics_deinit(&topics);
}

static void
test_a_uri_named_twice_is_told_once(void **state)
{
	struct topics topics;
	struct mcp_text uris[] = { MCP_TEXT("a"), MCP_TEXT("b"),
		MCP_TEXT("a") };
	struct subscription *one;

	(void)state;
	assert_int_equal(topics_init(&topics, 4096), 0);
	one = subscribe(&topics, "\"id\"", UPDATED, uris, 3);
	assert_int_equal(told(&topics, MCP_TOPIC_UPDATED, "a", "\"id\""), 1);
	assert_true(mcp_text_is(subscription_id(one), "\"id\""));
	subscription_free(&topics, one);
	assert_int_equal(topics.bytes, 0);
	topics_deinit(&topics);
}

static void
test_beyond_the_bytes_nothing_is_left_behind(void **state)
{
	struct topics topics;
	struct mcp_text uris[] = { MCP_TEXT("a"), MCP_TEXT("b") };
	struct listen listen = { .id = MCP_TEXT("1"),
		.topics = TOOLS | UPDATED, .uris = uris, .n_uris = 2 };
	struct subscription *one, *two;
	size_t bytes;

	(void)state;
	assert_int_equal(topics_init(&topics, 4096), 0);
	one = subscribe(&topics, "1", UPDATED, uris, 1);
	bytes = topics.bytes;
	/* room for the wish for "a", and for all of "b" but one byte */
	for (size_t room = 0; room < sizeof(struct wish) + bytes; room++) {
		topics.bytes_max = bytes + room;
		assert_int_equal(
		    subscription_new(&topics, NULL, &listen, &two),
		    TOPIC_E_FULL);
		assert_int_equal(topics.bytes, bytes);
		assert_int_equal(topics.named.n, 1);
		assert_int_equal(topics.n, 1);
		assert_int_equal(told(&topics, MCP_TOPIC_TOOLS, NULL, NULL), 0);
	}
	topics.bytes_max++;
	assert_int_equal(subscription_new(&topics, NULL, &listen, &two), 0);
	subscription_free(&topics, two);
	subscription_free(&topics, one);
	subscription_free(&topics, NULL);
	topics_deinit(&topics);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_is_who_asked),
		cmocka_unit_test(test_a_task_is_no_resource_of_that_name),
		cmocka_unit_test(test_a_uri_is_kept_once),
		cmocka_unit_test(test_a_uri_named_twice_is_told_once),
		cmocka_unit_test(test_beyond_the_bytes_nothing_is_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

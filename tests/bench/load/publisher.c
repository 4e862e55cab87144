/* publisher.c - I tell a hub what its readers are to hear */

#include "tests/bench/load/publisher.h"

#include <errno.h>
#include <mcp/seal.h>
#include <stdlib.h>

#define DEADLINE_NS (10 * MCP_S)

/* --- by letters ---------------------------------------------------------- */

static int
open_line(struct publisher *publisher)
{
	uint8_t process[MCP_BUS_PROCESS_LEN];
	int error = mcp_bus_new(publisher->options->bus, &publisher->bus);

	if (error != 0)
		return error;
	mcp_random(process, sizeof(process));
	return mcp_line_new(publisher->bus, process, 1, &publisher->line);
}

static int
send_letter(struct publisher *publisher, struct mcp_letter *letter)
{
	int error;

	letter->deadline_ns = mcp_clock_ns() + DEADLINE_NS;
	error = mcp_line_send(publisher->line, letter);
	if (error == 0)
		publisher->begun++;
	return error > 0 ? -EBUSY : error;
}

static void
count_letter(struct publisher *publisher, const struct mcp_letter *answer)
{
	bool away =
	    answer->outcome == MCP_PARKED || answer->outcome == MCP_OVER_QUOTA;

	publisher->begun--;
	publisher->told = answer->streams;
	publisher->parked += away;
	if (away || answer->outcome == MCP_OK ||
	    answer->outcome == MCP_DELIVERED)
		publisher->acknowledged++;
	else
		publisher->refused++;
}

static void
take_letters(struct publisher *publisher)
{
	struct mcp_letter answer;

	while (mcp_line_receive(publisher->line, &answer) == 0)
		if (answer.outcome != MCP_QUESTION)
			count_letter(publisher, &answer);
}

/* --- by POST ------------------------------------------------------------- */

static void
on_answer(struct post *post, unsigned status)
{
	struct publisher *publisher = post->context;

	publisher->begun--;
	if (status / 100 == 2)
		publisher->acknowledged++;
	else
		publisher->refused++;
}

static int
open_posts(struct publisher *publisher)
{
	size_t n = publisher->options->publishers;
	int error = 0;

	publisher->posts = calloc(n, sizeof(*publisher->posts));
	if (publisher->posts == NULL)
		return -ENOMEM;
	for (; error == 0 && publisher->n_posts < n; publisher->n_posts++)
		error = post_open(&publisher->posts[publisher->n_posts],
		    publisher->crowd, publisher->crowd->n + publisher->n_posts,
		    on_answer, publisher);
	return error;
}

static int
send_post(struct publisher *publisher, size_t number, struct mcp_text data)
{
	struct mcp_buf path = MCP_BUF_INIT;
	struct post *post = publisher->posts;

	while (post->busy) /* there is room, so one is free */
		post++;
	publisher->begun++;
	options_fill(&path, publisher->options->publish, number);
	post_send(post, mcp_buf_view(&path), data);
	mcp_buf_deinit(&path);
	return 0;
}

/* --- either way ---------------------------------------------------------- */

int
publisher_open(struct publisher *publisher, struct crowd *crowd)
{
	*publisher =
	    (struct publisher){ .crowd = crowd, .options = crowd->options };
	if (crowd->options->bus != NULL)
		return open_line(publisher);
	return crowd->options->publish != NULL ? open_posts(publisher)
					       : -EINVAL;
}

bool
publisher_has_room(const struct publisher *publisher)
{
	return publisher->begun < publisher->options->publishers;
}

int
publisher_send(struct publisher *publisher, const struct reader *reader,
    struct mcp_text data)
{
	if (publisher->bus == NULL)
		return send_post(publisher, reader->number, data);
	return send_letter(publisher,
	    &(struct mcp_letter){ .kind = MCP_DELIVER,
		.stream = crowd_name(reader),
		.event = MCP_TEXT("message"),
		.data = data });
}

int
publisher_broadcast(struct publisher *publisher, struct mcp_text data)
{
	if (publisher->bus == NULL)
		return send_post(publisher, 0, data);
	return send_letter(publisher,
	    &(struct mcp_letter){
		.kind = MCP_BROADCAST, .topic = MCP_TOPIC_TOOLS });
}

void
publisher_turn(struct publisher *publisher, int wait_ms)
{
	struct loop *loop = &publisher->crowd->loop;

	if (publisher->bus == NULL) {
		(void)loop_turn(loop, wait_ms);
		return;
	}
	take_letters(publisher);
	if (loop_turn(loop, 0) == 0 && wait_ms > 0) {
		mcp_line_wait(publisher->line, loop->epoll, wait_ms);
		(void)loop_turn(loop, 0);
	}
	take_letters(publisher);
}

void
publisher_close(struct publisher *publisher)
{
	for (size_t i = 0; i < publisher->n_posts; i++)
		post_close(&publisher->posts[i]);
	free(publisher->posts);
	mcp_line_free(publisher->line);
	mcp_bus_free(publisher->bus);
}

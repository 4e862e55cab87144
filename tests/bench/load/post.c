/* post.c - I am one kept connection on which a client posts */

#include "tests/bench/load/post.h"

static struct post *
post_of(struct connection *connection)
{
	return (struct post *)connection; /* it stands first */
}

static void
answer(struct post *post, unsigned status)
{
	post->busy = false;
	post->on_answer(post, status);
}

static void
send_request(struct post *post)
{
	if (connection_send(&post->connection, mcp_buf_view(&post->request)) ==
	    0)
		return;
	connection_close(&post->connection);
	post->ready = false;
	answer(post, 0);
}

static void
on_ready(struct connection *connection)
{
	struct post *post = post_of(connection);

	post->ready = true;
	if (post->busy)
		send_request(post);
}

static void
on_body(struct connection *connection, struct mcp_text bytes)
{
	(void)connection; /* the status says it all */
	(void)bytes;
}

static void
on_whole(struct connection *connection, unsigned status)
{
	struct post *post = post_of(connection);

	if (connection->is_last) {
		connection_close(connection);
		post->ready = false;
	}
	answer(post, status);
}

static void
on_over(struct connection *connection)
{
	struct post *post = post_of(connection);

	post->ready = false;
	if (post->busy)
		answer(post, 0);
}

static const struct connection_calls calls = {
	.on_ready = on_ready,
	.on_body = on_body,
	.on_whole = on_whole,
	.on_over = on_over,
};

static int
dial(struct post *post)
{
	struct connection_target target =
	    crowd_target(post->crowd, post->number);

	return connection_open(
	    &post->connection, &post->crowd->loop, &calls, &target);
}

int
post_open(struct post *post, struct crowd *crowd, size_t number,
    post_answer_fn *on_answer, void *context)
{
	*post = (struct post){ .crowd = crowd,
		.number = number,
		.on_answer = on_answer,
		.context = context };
	return dial(post);
}

void
post_send(struct post *post, struct mcp_text path, struct mcp_text body)
{
	struct mcp_buf *out = &post->request;

	mcp_buf_reset(out);
	mcp_buf_puts(out, "POST ");
	mcp_buf_text(out, path);
	mcp_buf_printf(out,
	    " HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\n"
	    "Accept: application/json, text/event-stream\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    body.len);
	mcp_buf_text(out, body);
	post->busy = true;
	if (post->ready)
		send_request(post);
	else if (post->connection.phase == PHASE_OVER && dial(post) != 0)
		answer(post, 0);
}

void
post_close(struct post *post)
{
	connection_close(&post->connection);
	mcp_buf_deinit(&post->request);
}

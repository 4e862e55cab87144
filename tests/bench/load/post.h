/* post.h - I am one kept connection on which a client posts
 *
 * One request under way; when the web server has closed the connection in
 * between, I make another.
 */
#ifndef BENCH_POST_H
#define BENCH_POST_H

#include "tests/bench/load/crowd.h"

struct post;

/* @status 0: there was no answer */
typedef void post_answer_fn(struct post *post, unsigned status);

struct post {
	struct connection connection;
	struct crowd *crowd;
	size_t number;
	struct mcp_buf request;
	bool ready; /* it may be sent */
	bool busy;  /* it is under way */
	post_answer_fn *on_answer;
	void *context; /* of on_answer */
};

/* post_open() - it goes where the crowd's streams are
 * Return: 0; -errno */
int post_open(struct post *post, struct crowd *crowd, size_t number,
    post_answer_fn *on_answer, void *context);

/* post_send() - nothing may be under way; on_answer comes later */
void post_send(struct post *post, struct mcp_text path, struct mcp_text body);

void post_close(struct post *post);

#endif

/* answer.h - I find where an HTTP answer ends, and what it says
 *
 * For a client that measures: the whole answer is in one buffer or it is asked
 * for more. I know Content-Length and chunks, no trailers and no answer that
 * ends with its connection.
 */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

enum answer_condition {
	ANSWER_E_MORE = 1, /* read on */
	ANSWER_E_BROKEN,   /* no answer, or one that I do not know */
};

struct answer {
	int status;
	bool closes; /* the connection ends after it */
	const char *body;
	size_t len;
};

/* answer_parse() - what the first @len bytes at @bytes say
 * Return: 0; ANSWER_E_MORE; ANSWER_E_BROKEN
 * Owner:  the body lies in @bytes, its chunks joined there; read once */
int answer_parse(struct answer *answer, char *bytes, size_t len);

#endif

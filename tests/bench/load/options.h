/* options.h - I know what the load client was asked to do */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <netinet/in.h>

#include "tests/bench/load/bill.h"

struct options {
	struct sockaddr_in to; /* where streams are opened */
	const char *path;      /* "{}" in it is the number of the stream */
	const char *body;      /* of a POST that opens one; NULL: GET */
	struct mcp_buf headers;
	const char *bus;      /* publish by letters; NULL: by HTTP */
	const char *publish;  /* the path of a POST, "{}" as above */
	struct bill bill;     /* of the server */
	size_t n;	      /* streams */
	size_t active;	      /* of these, how many call; or never read */
	size_t publishers;    /* connections, or letters in flight */
	size_t size;	      /* bytes of an event */
	size_t times, rate;   /* broadcasts; events a second */
	double seconds;
};

/* options_read() - from argv[1]; does not return if they make no sense */
void options_read(int argc, char **argv, struct options *options);

/* options_fill() - append @pattern, with the number in place of "{}" */
void options_fill(struct mcp_buf *out, const char *pattern, size_t number);

#endif

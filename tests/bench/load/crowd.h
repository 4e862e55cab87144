/* crowd.h - I am many readers of event streams
 *
 * Each opens its stream, is greeted by a first event or comment, and from then
 * on counts what comes. An `endpoint` event is remembered: it is where the
 * stream's client posts, and names the stream.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "tests/bench/load/connection.h"
#include "tests/bench/load/options.h"

#define CROWD_AT_ONCE 200 /* connections that are being opened */
#define CROWD_EVENT_MAX 32

struct crowd;

struct reader {
	struct connection connection;
	struct crowd *crowd;
	size_t number;
	struct lines lines;
	char event[CROWD_EVENT_MAX]; /* the one that is read */
	struct mcp_buf data;
	bool has_data;
	bool greeted;
	char *endpoint;
	uint64_t events; /* after the greeting */
};

/* An event of a reader; @data is lent for the call. */
typedef void
crowd_event_fn(struct reader *reader, const char *event, struct mcp_text data);

struct crowd {
	struct loop loop;
	const struct options *options;
	struct reader *readers;
	size_t n; /* of them */
	size_t begun, greeted, failed;
	size_t lost; /* ended after they had been greeted */
	size_t slow; /* the first of them have small buffers */
	uint64_t comments;
	crowd_event_fn *on_event; /* NULL: nobody looks */
	void *context;		  /* of on_event */
};

/* crowd_open() - readers as many as the options say, each with its stream
 * Return: 0, with all greeted or failed; -errno; -ETIMEDOUT */
int crowd_open(struct crowd *crowd, const struct options *options);

/* crowd_target() - where connection number @number goes */
struct connection_target crowd_target(const struct crowd *crowd, size_t number);

/* crowd_name() - of the stream, as letters have it; empty if it told none */
struct mcp_text crowd_name(const struct reader *reader);

void crowd_close(struct crowd *crowd);

#endif

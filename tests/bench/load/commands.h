/* commands.h - I am the list of what the load client can do
 *
 * Each opens its streams, measures, appends the members of a JSON object, and
 * closes what it opened.
 * Return: 0; -errno
 */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include "tests/bench/load/options.h"

typedef int command_fn(const struct options *options, struct mcp_buf *out);

command_fn command_open;      /* memory of an idle stream, what opening costs */
command_fn command_broadcast; /* one event for all of them */
command_fn command_deliver;   /* one event for one of them */
command_fn command_slow;      /* some of them never read */
command_fn command_roundtrip; /* a request, and its answer on the stream */

/* Milliseconds or microseconds with their fraction, from nanoseconds. */
static inline double
in_ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static inline double
in_us(uint64_t ns)
{
	return (double)ns / 1e3;
}

#endif

/* patience.c - I wait until somebody calls, and for no longer than was said */

#include "fcgi/patience.h"

#include <time.h>

#include <mcp/text.h>

void
patience_init(pthread_cond_t *cond)
{
	pthread_condattr_t clock;

	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &clock);
	pthread_condattr_destroy(&clock);
}

int
patience_wait(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t deadline_ns)
{
	struct timespec until = {
		(time_t)(deadline_ns / MCP_S),
		(long)(deadline_ns % MCP_S),
	};

	return -pthread_cond_timedwait(cond, lock, &until);
}

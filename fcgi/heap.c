/* heap.c - I am the only one who asks things of malloc */

#include "fcgi/heap.h"

#include <pthread.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#include <unistd.h>
#endif

void
heap_init(void)
{
#ifdef __GLIBC__
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n > 0 && n < 1024)
		mallopt(M_ARENA_MAX, n > 1 ? (int)(n / 2) : 1);
#endif
}

struct aside {
	void (*work)(void *context);
	void *context;
};

static void *
run(void *argument)
{
	struct aside *aside = argument;

	aside->work(aside->context);
	return NULL;
}

void
heap_aside(void (*work)(void *context), void *context)
{
	struct aside aside = { work, context };
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, &aside) == 0)
		(void)pthread_join(thread, NULL);
	else
		work(context);
}

void
heap_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/* heap.c - I am the only one who asks things of malloc */

#include "fcgi/heap.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#define LITTLE 1024 /* bytes: the frames of who sheds, and of madvise() */

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
heap_shed_stack(void)
{
#ifdef __GLIBC__
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), end;
	pthread_attr_t attributes;
	void *base;
	size_t size;

	end = ((uintptr_t)__builtin_frame_address(0) - LITTLE) & ~(page - 1);
	if (pthread_getattr_np(pthread_self(), &attributes) != 0)
		return;
	if (pthread_attr_getstack(&attributes, &base, &size) == 0 &&
	    end > (uintptr_t)base)
		(void)madvise(base, end - (uintptr_t)base, MADV_DONTNEED);
	(void)pthread_attr_destroy(&attributes);
#endif
}

void
heap_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

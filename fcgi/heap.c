/* heap.c - I am the only one who asks things of malloc */

#include "fcgi/heap.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#include <unistd.h>

void
heap_init(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n > 0 && n < 1024)
		mallopt(M_ARENA_MAX, (int)n);
}

void
heap_give_back(void)
{
	malloc_trim(0);
}
#else
void
heap_init(void)
{
}

void
heap_give_back(void)
{
}
#endif

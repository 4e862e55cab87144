/* heap.h - I am the only one who asks things of malloc
 *
 * What a thread frees malloc keeps for it, a few pieces of each size, until it
 * ends; and a piece of a few bytes holds a page. So who lives long and frees
 * much does it on a thread that ends. Where the C library has nothing to be
 * asked, it is not.
 */
#ifndef FCGI_HEAP_H
#define FCGI_HEAP_H

/* heap_init() - before there are threads: an arena for two processors, and
 * none for each thread. Threads that do not run at the same time need no heaps
 * of their own, each as large as its largest moment. */
void heap_init(void);

/* heap_aside() - run @work on a thread of its own and wait for it; here, where
 * there is none to be had */
void heap_aside(void (*work)(void *context), void *context);

/* heap_shed_stack() - a thread that ends gives back what of its stack it has
 * used and does not any more: the C library keeps 16 KiB for the next one */
void heap_shed_stack(void)
    __attribute__((noinline)); /* what lies below its own small frame goes */

/* heap_give_back() - what is free, to the system */
void heap_give_back(void);

#endif

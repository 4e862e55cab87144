/* heap.h - I am the only one who asks things of malloc
 *
 * Where the C library has nothing to be asked, I do nothing.
 */
#ifndef FCGI_HEAP_H
#define FCGI_HEAP_H

/* heap_init() - before there are threads: an arena for each processor, and
 * none for each thread. Threads that do not run at the same time need no heaps
 * of their own, each as large as its largest moment. */
void heap_init(void);

/* heap_give_back() - what is free, to the system */
void heap_give_back(void);

#endif

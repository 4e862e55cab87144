/* patience.h - I wait until somebody calls, and for no longer than was said
 *
 * A condition variable goes by the wall clock unless told otherwise; whoever
 * sets that clock would then lengthen or end a wait. Mine go by the monotonic
 * one, as every deadline_ns does.
 */
#ifndef FCGI_PATIENCE_H
#define FCGI_PATIENCE_H

#include <pthread.h>
#include <stdint.h>

void patience_init(pthread_cond_t *cond);

/* patience_wait() - as pthread_cond_timedwait(), until @deadline_ns
 * Return: 0; -ETIMEDOUT */
int patience_wait(pthread_cond_t *cond, pthread_mutex_t *lock,
    uint64_t deadline_ns);

#endif

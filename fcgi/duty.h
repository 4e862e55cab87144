/* duty.h - I let few threads wait for requests, and call others when those few
 * are held up
 *
 * Of many threads that wait for requests each one finds nothing when it looks,
 * lies down, and has to be woken for the next: that costs more than reading the
 * request does. Of few, each finds the next request there when it is done with
 * the last. So no more are on duty than there are processors, and at least two;
 * the others rest. Whoever says that it will wait (for a program, a back end, a
 * database, a plugin's function that took its time before), or has not come
 * back from one request for some milliseconds, is held up and does not count:
 * somebody who rests takes its place, and when it comes back it rests itself,
 * unless it is needed.
 *
 * One of those who rest is the lookout. It looks every few milliseconds while
 * all who are on duty are busy, and sleeps while one of them waits.
 */
#ifndef FCGI_DUTY_H
#define FCGI_DUTY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

struct duty;

/* A thread's own, zero at first; duty_leave() before it is gone. */
struct duty_seat {
	bool on; /* duty */
	atomic_uint turn; /* its requests, and whether it is held up by one */
	unsigned seen; /* its turn when the lookout looked last */
	TAILQ_ENTRY(duty_seat) others;
};

/* duty_new() - Return: 0; -ENOMEM */
int duty_new(struct duty **dutyp);
void duty_free(struct duty *duty); /* when all have left */

/* duty_take() - on to the next request: at once, or after a rest
 * Units:  @patience_ms that the rest may last; 0: for ever
 * Return: false when it lasted longer, and nobody needs this thread */
bool duty_take(struct duty *duty, struct duty_seat *seat, unsigned patience_ms);

/* duty_begin() - a request was found
 * duty_end() - and is done with */
void duty_begin(struct duty *duty, struct duty_seat *seat);
void duty_end(struct duty *duty, struct duty_seat *seat);

/* duty_wait() - this request is going to wait for somebody else: it holds up
 * its thread from now on. @seat may be NULL */
void duty_wait(struct duty *duty, struct duty_seat *seat);

void duty_leave(struct duty *duty, struct duty_seat *seat);

/* duty_is_calm() - does the lookout sleep? */
bool duty_is_calm(const struct duty *duty);

/* duty_stop() - from now on nobody rests */
void duty_stop(struct duty *duty);

#endif

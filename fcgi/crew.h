/* crew.h - I am the threads: as many as were asked for, and one more for each
 * that went away with a task
 *
 * A call that has become a task may take hours, most of them spent waiting. Its
 * thread and its slot go with it: the crew gets another thread and the slots
 * another slot, and both end with the task.
 *
 * What a thread frees malloc keeps for it in a cache that nobody else can
 * empty, and a few bytes hold a page. So who has worked and then waited for
 * nothing ends, and another, who has kept nothing yet, waits in its place.
 */
#ifndef FCGI_CREW_H
#define FCGI_CREW_H

#include "fcgi/worker.h"

#define CREW_TASKS_MAX 256 /* tasks that run in one process at a time */

struct call;
struct crew;

/* crew_new() - nobody runs yet; Return: 0; -ENOMEM */
int crew_new(struct worker *worker, unsigned n_threads, struct crew **crewp);

/* crew_start() - let them run; Return: 0; -errno */
int crew_start(struct crew *crew);

/* crew_let_go() - @thread goes with a task, if there are not too many
 * Return: 0, then crew_replace() or crew_keep(); -EAGAIN */
int crew_let_go(struct crew *crew, struct thread *thread);

/* crew_keep() - it does not: nobody takes its place */
void crew_keep(struct crew *crew, struct thread *thread);

/* crew_replace() - another takes the place of who was let go, and begins with
 * @first, which may be NULL
 * Return: 0; -errno
 * Owner:  @first is taken on success */
int crew_replace(struct crew *crew, struct call *first);

/* crew_wait() - until those that serve are gone, or it is @until_ns
 * crew_join() - until those of tasks are, too
 * Return: are they? */
bool crew_wait(struct crew *crew, uint64_t until_ns);
bool crew_join(struct crew *crew, uint64_t until_ns);
bool crew_gone(struct crew *crew); /* have all, those of tasks too? */
void crew_free(struct crew *crew); /* after crew_join() returned true */

#endif

/* crew.c - I am the threads: as many as were asked for, and one more for each
 * that went away with a task
 */

#include "fcgi/crew.h"
#include "fcgi/call.h"
#include "fcgi/gateway.h"
#include "fcgi/heap.h"
#include "fcgi/patience.h"
#include "fcgi/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct member {
	struct thread thread;
	struct crew *crew;
	struct call *first; /* what it begins with; or NULL */
	pthread_t id;
	bool begun; /* id is that of a thread, which may have ended */
	struct member *next; /* while free */
};

struct crew {
	struct worker *worker;
	pthread_mutex_t lock;
	pthread_cond_t gone;
	struct member *members; /* n_threads + CREW_TASKS_MAX */
	struct member *free;
	unsigned n_threads, n_running, n_tasks;
};

int
crew_new(struct worker *worker, unsigned n_threads, struct crew **crewp)
{
	struct crew *crew = calloc(1, sizeof(*crew));
	unsigned n = n_threads + CREW_TASKS_MAX;

	if (crew != NULL)
		crew->members = calloc(n, sizeof(*crew->members));
	if (crew == NULL || crew->members == NULL) {
		free(crew);
		return -ENOMEM;
	}
	crew->worker = worker;
	crew->n_threads = n_threads;
	pthread_mutex_init(&crew->lock, NULL);
	patience_init(&crew->gone);
	for (unsigned i = n; i-- > 0;) {
		crew->members[i].crew = crew;
		crew->members[i].thread.worker = worker;
		crew->members[i].thread.number = (uint16_t)(i + 1);
		crew->members[i].next = crew->free;
		crew->free = &crew->members[i];
	}
	*crewp = crew;
	return 0;
}

/* What a thread holds between two requests. */
static void
put_down(struct member *member)
{
	snapshot_leave(&member->thread);
	mcp_line_free(member->thread.line);
	member->thread.line = NULL;
}

/* Under the lock: @member is somebody else's from here on, who waits for its
 * thread to end. */
static void
retire(struct member *member)
{
	struct crew *crew = member->crew;

	if (member->thread.tasked)
		crew->n_tasks--;
	member->thread.tasked = false;
	member->next = crew->free;
	crew->free = member;
	crew->n_running--;
	pthread_cond_signal(&crew->gone);
}

static void
leave(struct member *member)
{
	struct crew *crew = member->crew;

	put_down(member);
	pthread_mutex_lock(&crew->lock);
	retire(member);
	pthread_mutex_unlock(&crew->lock);
}

static void *run(void *argument);

/* It has left, and what libraries keep for it goes with its last breath. */
static void
bury(struct member *member)
{
	if (member->begun)
		(void)pthread_join(member->id, NULL);
	member->begun = false;
}

/* All under the lock: who begins cannot have left, and be enlisted again,
 * before it is written down who it is. */
static int
enlist_locked(struct crew *crew, struct call *first)
{
	struct member *member = crew->free;
	int error;

	if (member == NULL)
		return -EAGAIN;
	bury(member);
	member->first = first;
	error = pthread_create(&member->id, NULL, run, member);
	if (error != 0)
		return -error;
	member->begun = true;
	crew->free = member->next;
	crew->n_running++;
	return 0;
}

static int
enlist(struct crew *crew, struct call *first)
{
	int error;

	pthread_mutex_lock(&crew->lock);
	error = enlist_locked(crew, first);
	pthread_mutex_unlock(&crew->lock);
	return error;
}

/* Another takes its place, and it is gone in the same moment: so of many that
 * are tired at once each gets the stack of the one before, and what the C
 * library keeps with it, instead of a new one amid what the load has left. */
static bool
relieve(struct member *member)
{
	struct crew *crew = member->crew;
	struct worker *worker = crew->worker;
	bool done;

	put_down(member);
	pthread_mutex_lock(&crew->lock);
	done = enlist_locked(crew, NULL) == 0;
	if (done) {
		atomic_fetch_add(&worker->n_relieved, 1);
		retire(member);
	}
	pthread_mutex_unlock(&crew->lock);
	return done;
}

static void *
run(void *argument)
{
	struct member *member = argument;
	struct worker *worker = member->crew->worker;
	bool relieved = false;

	if (member->first != NULL)
		call_run_parked(member->first, &member->thread);
	while (!relieved && !member->thread.tasked &&
	    gateway_run(worker->gateway, &member->thread))
		relieved = relieve(member);
	if (!relieved)
		leave(member);
	heap_shed_stack();
	return NULL;
}

int
crew_start(struct crew *crew)
{
	int error = 0;

	for (unsigned i = 0; error == 0 && i < crew->n_threads; i++)
		error = enlist(crew, NULL);
	return error;
}

int
crew_let_go(struct crew *crew, struct thread *thread)
{
	int error = 0;

	pthread_mutex_lock(&crew->lock);
	if (crew->n_tasks < CREW_TASKS_MAX) {
		thread->tasked = true;
		crew->n_tasks++;
	} else {
		error = -EAGAIN;
	}
	pthread_mutex_unlock(&crew->lock);
	return error;
}

void
crew_keep(struct crew *crew, struct thread *thread)
{
	pthread_mutex_lock(&crew->lock);
	thread->tasked = false;
	crew->n_tasks--;
	pthread_mutex_unlock(&crew->lock);
}

int
crew_replace(struct crew *crew, struct call *first)
{
	return enlist(crew, first);
}

/* Return: are no more left than those of tasks, or none where @tasks, too? */
static bool
wait_for(struct crew *crew, uint64_t until_ns, bool tasks)
{
	bool gone;

	pthread_mutex_lock(&crew->lock);
	while (crew->n_running > (tasks ? 0 : crew->n_tasks) &&
	    mcp_clock_ns() < until_ns)
		(void)patience_wait(&crew->gone, &crew->lock, until_ns);
	gone = crew->n_running <= (tasks ? 0 : crew->n_tasks);
	pthread_mutex_unlock(&crew->lock);
	return gone;
}

bool
crew_wait(struct crew *crew, uint64_t until_ns)
{
	return wait_for(crew, until_ns, false);
}

bool
crew_join(struct crew *crew, uint64_t until_ns)
{
	return wait_for(crew, until_ns, true);
}

bool
crew_gone(struct crew *crew)
{
	bool gone;

	pthread_mutex_lock(&crew->lock);
	gone = crew->n_running == 0;
	pthread_mutex_unlock(&crew->lock);
	return gone;
}

void
crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	for (unsigned i = 0; i < crew->n_threads + CREW_TASKS_MAX; i++)
		bury(&crew->members[i]);
	pthread_cond_destroy(&crew->gone);
	pthread_mutex_destroy(&crew->lock);
	free(crew->members);
	free(crew);
}

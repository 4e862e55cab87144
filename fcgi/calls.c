/* calls.c - I know which calls live in this process, who of them waits for a
 * word of its client, and which were cancelled before they came
 */

#include "fcgi/calls.h"
#include "fcgi/answer.h"
#include "fcgi/patience.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EARLY_MAX 256 /* cancels that are remembered */
#define EARLY_NS (5 * MCP_S)

/* A cancel whose request has not come, or went to another process. */
struct early {
	uint64_t until_ns;
	char owner[MCP_WIRE_STREAM_MAX + 1];
	char request[64]; /* longer ids are not remembered */
};

struct calls {
	pthread_mutex_t lock;
	pthread_cond_t word; /* somebody was answered or cancelled */
	TAILQ_HEAD(, call) all;
	TAILQ_HEAD(, wait) waits;
	struct early early[EARLY_MAX];
	unsigned n_early; /* ever; the next one's place */
};

int
calls_new(struct calls **callsp)
{
	struct calls *calls = calloc(1, sizeof(*calls));

	if (calls == NULL)
		return -ENOMEM;
	pthread_mutex_init(&calls->lock, NULL);
	patience_init(&calls->word);
	TAILQ_INIT(&calls->all);
	TAILQ_INIT(&calls->waits);
	*callsp = calls;
	return 0;
}

void
calls_free(struct calls *calls)
{
	if (calls == NULL)
		return;
	pthread_cond_destroy(&calls->word);
	pthread_mutex_destroy(&calls->lock);
	free(calls);
}

/* --- who lives ---------------------------------------------------------- */

static bool
was_cancelled(const struct calls *calls, const struct call *call)
{
	uint64_t now_ns = mcp_clock_ns();

	if (call->owner[0] == '\0')
		return false;
	for (size_t i = 0; i < EARLY_MAX; i++)
		if (calls->early[i].until_ns > now_ns &&
		    strcmp(calls->early[i].owner, call->owner) == 0 &&
		    mcp_text_is(call->message.id, calls->early[i].request))
			return true;
	return false;
}

void
calls_enter(struct calls *calls, struct call *call)
{
	pthread_mutex_lock(&calls->lock);
	TAILQ_INSERT_TAIL(&calls->all, call, others);
	if (was_cancelled(calls, call)) {
		atomic_store(&call->withdrawn, true);
		atomic_store(&call->cancelled, true);
	}
	pthread_mutex_unlock(&calls->lock);
}

void
calls_leave(struct calls *calls, struct call *call)
{
	pthread_mutex_lock(&calls->lock);
	TAILQ_REMOVE(&calls->all, call, others);
	pthread_mutex_unlock(&calls->lock);
}

/* Under the lock: nobody wants the answer any more. */
static void
cancel(struct call *call)
{
	void (*wake)(void *) = call->on_cancel;

	atomic_store(&call->cancelled, true);
	call->on_cancel = NULL;
	if (wake != NULL)
		wake(call->on_cancel_context);
}

void
call_on_cancel(struct call *call, void (*wake)(void *context), void *context)
{
	struct calls *calls = call->worker->calls;

	if (wake != NULL)
		gateway_wait(call->worker->gateway, call->thread);
	pthread_mutex_lock(&calls->lock);
	call->on_cancel = wake;
	call->on_cancel_context = context;
	if (atomic_load(&call->cancelled))
		cancel(call);
	pthread_mutex_unlock(&calls->lock);
}

void
calls_tick(struct calls *calls, struct thread *thread, uint64_t now_ns)
{
	struct call *call;

	pthread_mutex_lock(&calls->lock);
	TAILQ_FOREACH(call, &calls->all, others) {
		if (call->alone)
			continue;
		if (!atomic_load(&call->cancelled) && call_is_unwanted(call)) {
			cancel(call);
			pthread_cond_broadcast(&calls->word);
		}
		/* a write that failed says it without us */
		if (atomic_load(&call->cancelled) && call->on_cancel != NULL)
			cancel(call);
		answer_tick(call, thread, now_ns);
	}
	pthread_mutex_unlock(&calls->lock);
}

void
calls_let_go(struct calls *calls, struct call *call, const char *id)
{
	pthread_mutex_lock(&calls->lock);
	snprintf(call->owner, sizeof(call->owner), "%s", id);
	call->alone = true;
	pthread_mutex_unlock(&calls->lock);
}

void
calls_cut(struct calls *calls)
{
	struct call *call;

	pthread_mutex_lock(&calls->lock);
	TAILQ_FOREACH(call, &calls->all, others)
		if (!call->alone) {
			atomic_store(&call->cut, true);
			cancel(call);
		}
	pthread_cond_broadcast(&calls->word);
	pthread_mutex_unlock(&calls->lock);
}

static void
remember(struct calls *calls, struct mcp_text owner, struct mcp_text request)
{
	struct early *early = &calls->early[calls->n_early++ % EARLY_MAX];

	if (owner.len >= sizeof(early->owner) ||
	    request.len >= sizeof(early->request))
		return;
	memcpy(early->owner, owner.at, owner.len);
	early->owner[owner.len] = '\0';
	memcpy(early->request, request.at, request.len);
	early->request[request.len] = '\0';
	early->until_ns = mcp_clock_ns() + EARLY_NS;
}

/* A task is meant by its id alone; a batch has no id. */
static bool
is_meant(const struct call *call, struct mcp_text owner,
    struct mcp_text subject, struct mcp_text request)
{
	return mcp_text_is(owner, call->owner) && !call->batch &&
	    (call->alone ||
		mcp_text_equal(call->message.id, request)) &&
	    subject.len == MCP_SUBJECT_LEN &&
	    memcmp(subject.at, call->subject, MCP_SUBJECT_LEN) == 0;
}

bool
calls_cancel(struct calls *calls, struct mcp_text owner,
    struct mcp_text subject, struct mcp_text request)
{
	struct call *call;
	bool here = false;

	if (owner.len == 0)
		return false;
	pthread_mutex_lock(&calls->lock);
	TAILQ_FOREACH(call, &calls->all, others) {
		if (!is_meant(call, owner, subject, request))
			continue;
		atomic_store(&call->withdrawn, true);
		cancel(call);
		here = true;
	}
	if (!here)
		remember(calls, owner, request);
	pthread_cond_broadcast(&calls->word);
	pthread_mutex_unlock(&calls->lock);
	return here;
}

/* --- who waits ---------------------------------------------------------- */

bool
calls_heard(struct calls *calls, const struct wait *wait)
{
	bool heard;

	pthread_mutex_lock(&calls->lock);
	heard = wait->how != 0;
	pthread_mutex_unlock(&calls->lock);
	return heard;
}

void
calls_wait_begin(struct calls *calls, struct wait *wait)
{
	pthread_mutex_lock(&calls->lock);
	TAILQ_INSERT_TAIL(&calls->waits, wait, others);
	pthread_mutex_unlock(&calls->lock);
}

void
calls_wait_end(struct calls *calls, struct wait *wait)
{
	pthread_mutex_lock(&calls->lock);
	TAILQ_REMOVE(&calls->waits, wait, others);
	pthread_mutex_unlock(&calls->lock);
}

static size_t
n_heard(const struct wait *waits, size_t n)
{
	size_t heard = 0;

	for (size_t i = 0; i < n; i++)
		heard += waits[i].how != 0;
	return heard;
}

int
calls_wait(struct calls *calls, struct call *call, struct wait *waits,
    size_t n, size_t enough)
{
	int error = 0;

	pthread_mutex_lock(&calls->lock);
	while (error == 0 && n_heard(waits, n) < enough) {
		if (atomic_load(&call->cancelled))
			error = -ECANCELED;
		else
			error = patience_wait(&calls->word, &calls->lock,
			    call->deadline_ns);
	}
	pthread_mutex_unlock(&calls->lock);
	return error;
}

bool
calls_answer(struct calls *calls, struct mcp_text request, int how,
    struct mcp_text data)
{
	struct wait *wait;
	bool found = false;

	pthread_mutex_lock(&calls->lock);
	TAILQ_FOREACH(wait, &calls->waits, others) {
		if (wait->how != 0 ||
		    !mcp_text_equal(request, mcp_buf_view(&wait->id)))
			continue;
		mcp_buf_text(&wait->data, data);
		wait->how = how;
		found = true;
	}
	pthread_cond_broadcast(&calls->word);
	pthread_mutex_unlock(&calls->lock);
	return found;
}

/* slots.c - I say who may run now, and who waits */

#include "fcgi/slots.h"
#include "fcgi/call.h"
#include "fcgi/handler_http.h"
#include "fcgi/handler_sql.h"
#include "fcgi/heap.h"
#include "fcgi/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define VALUE_BYTES 300 /* of json-c's, see MCP_SCAN_VALUES_MAX */

struct slots {
	pthread_mutex_t lock;
	struct slot *free;
	struct call *first, *last; /* who waits, in order of arrival */
	unsigned n_parked;
	size_t weight; /* of them all */
};

unsigned
slots_for(unsigned n_threads)
{
	unsigned spare = n_threads / 4 < 2 ? 2 : n_threads / 4;

	return n_threads > spare ? n_threads - spare : 1;
}

int
slots_new(unsigned n_slots, struct slots **slotsp)
{
	struct slots *slots = calloc(1, sizeof(*slots));

	if (slots == NULL)
		return -ENOMEM;
	pthread_mutex_init(&slots->lock, NULL);
	for (unsigned i = 0; i < n_slots; i++) {
		struct slot *slot = calloc(1, sizeof(*slot));

		if (slot == NULL) {
			slots_free(slots);
			return -ENOMEM;
		}
		slot->next = slots->free;
		slots->free = slot;
	}
	*slotsp = slots;
	return 0;
}

/* Handles first: they speak of the snapshot. */
static void
slot_empty(struct slot *slot)
{
	sql_handles_free(slot->sql);
	slot->sql = NULL;
	http_handles_free(slot->http);
	slot->http = NULL;
	snapshot_drop(slot->snapshot);
	slot->snapshot = NULL;
}

void
slot_fit(struct slot *slot, struct snapshot *snapshot)
{
	if (slot->snapshot == snapshot)
		return;
	slot_empty(slot);
	slot->snapshot = snapshot_hold(snapshot);
}

static void
slot_free(struct slot *slot)
{
	slot_empty(slot);
	free(slot);
}

void
slots_free(struct slots *slots)
{
	if (slots == NULL)
		return;
	while (slots->free != NULL) {
		struct slot *slot = slots->free;

		slots->free = slot->next;
		slot_free(slot);
	}
	pthread_mutex_destroy(&slots->lock);
	free(slots);
}

/* What @call holds while it waits: its text, and what json-c made of it. There
 * are no more values than what begins or divides arrays and objects. */
static size_t
weigh(const struct call *call)
{
	size_t n_values = 1;

	for (size_t i = 0; i < call->body.len; i++) {
		char c = call->body.data[i];

		n_values += c == ',' || c == '[' || c == '{';
	}
	return sizeof(*call) + call->body.cap + n_values * VALUE_BYTES;
}

static int
park(struct slots *slots, struct call *call)
{
	const struct mcp_limits *limits = &call->config->server.limits;

	if (slots->n_parked >= limits->max_parked ||
	    slots->weight + call->weight > limits->max_parked_bytes)
		return SLOTS_E_FULL;
	call->next = NULL;
	if (slots->last != NULL)
		slots->last->next = call;
	else
		slots->first = call;
	slots->last = call;
	slots->n_parked++;
	slots->weight += call->weight;
	return SLOTS_E_PARKED;
}

static struct call *
unpark(struct slots *slots)
{
	struct call *call = slots->first;

	if (call == NULL)
		return NULL;
	slots->first = call->next;
	if (slots->first == NULL)
		slots->last = NULL;
	slots->n_parked--;
	slots->weight -= call->weight;
	call->next = NULL;
	return call;
}

static bool
lease(struct slots *slots, struct call *call)
{
	struct slot *slot = slots->free;

	if (slot == NULL)
		return false;
	slots->free = slot->next;
	call->slot = slot;
	return true;
}

int
slots_lease(struct slots *slots, struct call *call)
{
	int condition = 0;
	bool leased;

	pthread_mutex_lock(&slots->lock);
	leased = lease(slots, call);
	pthread_mutex_unlock(&slots->lock);
	if (leased)
		return 0;
	call->weight = weigh(call); /* this takes a while: nobody waits */
	pthread_mutex_lock(&slots->lock);
	if (!lease(slots, call))
		condition = park(slots, call);
	pthread_mutex_unlock(&slots->lock);
	return condition;
}

/* @slot is free: for who has waited longest, or for who comes. */
static struct call *
give(struct slots *slots, struct slot *slot)
{
	struct call *next;

	slot->used_ns = mcp_clock_ns();
	pthread_mutex_lock(&slots->lock);
	next = unpark(slots);
	if (next != NULL) {
		next->slot = slot;
	} else {
		slot->next = slots->free;
		slots->free = slot;
	}
	pthread_mutex_unlock(&slots->lock);
	return next;
}

struct call *
slots_release(struct slots *slots, struct slot *slot)
{
	if (!slot->detached)
		return give(slots, slot);
	slot_free(slot);
	return NULL;
}

int
slots_detach(struct slots *slots, struct call *call, struct call **nextp)
{
	struct slot *slot = calloc(1, sizeof(*slot));

	if (slot == NULL)
		return -ENOMEM;
	call->slot->detached = true;
	*nextp = give(slots, slot);
	return 0;
}

/* The handles of a free slot that were made for another snapshot: they are
 * closed outside the lock. */
static bool
take_stale(
    struct slots *slots, const struct snapshot *snapshot, struct slot *stale)
{
	struct slot *slot;

	pthread_mutex_lock(&slots->lock);
	slot = slots->free;
	while (slot != NULL &&
	    (slot->snapshot == NULL || slot->snapshot == snapshot))
		slot = slot->next;
	if (slot != NULL) {
		*stale = *slot;
		*slot = (struct slot){ .next = stale->next };
	}
	pthread_mutex_unlock(&slots->lock);
	return slot != NULL;
}

static void
shed(struct slot *slot, struct slot *idle)
{
	slot->used_ns = 0;
	*idle = (struct slot){ .snapshot = snapshot_hold(slot->snapshot),
		.sql = sql_handles_shed(&slot->sql) };
}

/* Likewise those that nobody has used for a while. */
static bool
take_idle(struct slots *slots, uint64_t now_ns, struct slot *idle)
{
	struct slot *slot;

	pthread_mutex_lock(&slots->lock);
	slot = slots->free;
	while (slot != NULL &&
	    (slot->sql == NULL || slot->used_ns == 0 ||
		now_ns < slot->used_ns + SLOTS_IDLE_NS))
		slot = slot->next;
	if (slot != NULL)
		shed(slot, idle);
	pthread_mutex_unlock(&slots->lock);
	return slot != NULL;
}

struct tidying {
	struct slots *slots;
	const struct snapshot *snapshot;
	uint64_t now_ns;
	struct slot gone; /* what was taken last */
};

static bool
take_next(struct tidying *tidying)
{
	return take_stale(tidying->slots, tidying->snapshot, &tidying->gone) ||
	    take_idle(tidying->slots, tidying->now_ns, &tidying->gone);
}

static void
empty_all(void *context)
{
	struct tidying *tidying = context;

	do
		slot_empty(&tidying->gone);
	while (take_next(tidying));
}

bool
slots_tidy(struct slots *slots, const struct snapshot *snapshot,
    uint64_t now_ns)
{
	struct tidying tidying = { slots, snapshot, now_ns, { 0 } };

	if (!take_next(&tidying))
		return false;
	heap_aside(empty_all, &tidying);
	return true;
}

static bool
is_late(const struct call *call, const struct thread *thread, uint64_t now_ns)
{
	return atomic_load(&call->cut) ||
	    now_ns >
	    call->started_ns + thread->config->server.limits.parked_ms * MCP_MS;
}

void
slots_expire(struct slots *slots, struct thread *thread, uint64_t now_ns)
{
	struct call *late;

	do {
		late = NULL;
		pthread_mutex_lock(&slots->lock);
		if (slots->first != NULL &&
		    is_late(slots->first, thread, now_ns))
			late = unpark(slots);
		pthread_mutex_unlock(&slots->lock);
		if (late == NULL)
			continue;
		late->thread = thread;
		call_refuse(late);
	} while (late != NULL);
}

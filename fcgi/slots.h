/* slots.h - I say who may run now, and who waits
 *
 * Handlers run in slots, fewer than there are threads, so that a thread is
 * always left to read answers and cancels. What belongs to running, a database
 * handle say, belongs to a slot. A call that finds no slot free waits here,
 * without a thread, bounded in number, memory and time.
 */
#ifndef FCGI_SLOTS_H
#define FCGI_SLOTS_H

#include <mcp/text.h>

#include <stdbool.h>
#include <stdint.h>

/* A handle on SQLite is opened in a tenth of a millisecond: who asks every few
 * seconds keeps it, and after a burst its memory goes back. */
#define SLOTS_IDLE_NS (10 * MCP_S)

struct call;
struct http_handles;
struct slots;
struct snapshot;
struct sql_handles;
struct thread;

enum slots_condition {
	SLOTS_E_PARKED = 1, /* it waits; slots own it now */
	SLOTS_E_FULL /* not even room to wait */
};

struct slot {
	struct snapshot *snapshot; /* what the handles below were made for */
	struct sql_handles *sql; /* handler_sql's, made at its first use */
	struct http_handles *http; /* handler_http's, likewise */
	struct slot *next; /* while free */
	uint64_t used_ns; /* when it was given back; 0: it has shed since */
	bool detached; /* it goes with a task, and ends with it */
};

/* slots_for() - how many slots @n_threads threads should have */
unsigned slots_for(unsigned n_threads);

/* slots_new() - Return: 0; -ENOMEM */
int slots_new(unsigned n_slots, struct slots **slotsp);
void slots_free(struct slots *slots);

/* slots_lease() - a slot for @call, in call->slot
 * Return: 0; SLOTS_E_PARKED; SLOTS_E_FULL */
int slots_lease(struct slots *slots, struct call *call);

/* slots_release() - give @slot back
 * Return: the call that has waited longest, with that slot; NULL: nobody */
struct call *slots_release(struct slots *slots, struct slot *slot);

/* slots_detach() - call->slot goes with a task; another takes its place
 * Return: 0, and *nextp is who has waited longest, with that slot, or NULL;
 *         -ENOMEM */
int slots_detach(struct slots *slots, struct call *call, struct call **nextp);

/* slot_fit() - its handles are those of @snapshot, or none */
void slot_fit(struct slot *slot, struct snapshot *snapshot);

/* slots_tidy() - the free ones let go of what was made for another snapshot
 * than @snapshot, and of handles that nobody has used for SLOTS_IDLE_NS and
 * that are made anew in no time
 * Return: was there any? */
bool slots_tidy(struct slots *slots, const struct snapshot *snapshot,
    uint64_t now_ns);

/* slots_expire() - refuse those who have waited too long, or were cut off, on
 * @thread's line */
void slots_expire(struct slots *slots, struct thread *thread, uint64_t now_ns);

#endif

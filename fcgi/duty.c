/* duty.c - I let few threads wait for requests, and call others when those few
 * are held up
 */

#include "fcgi/duty.h"
#include "fcgi/patience.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <mcp/text.h>

#define AT_LEAST 2
#define LOOK_NS (2 * MCP_MS)
#define QUIET_LOOKS 50 /* one after the other, before the lookout sleeps */

/* A seat's turn: two bits, and how many there have been. */
#define BUSY 1u
#define HELD_UP 2u
#define NEXT 4u

struct duty {
	pthread_mutex_t lock;
	pthread_cond_t place; /* somebody who rests is needed */
	pthread_cond_t busy; /* the lookout is to look */
	TAILQ_HEAD(, duty_seat) seats; /* on duty */
	unsigned most;
	atomic_uint n_on;
	atomic_uint n_fit; /* of those, who are not held up */
	atomic_uint n_busy;
	atomic_bool asleep; /* the lookout is */
	atomic_bool stopping;
	bool lookout; /* there is one */
};

int
duty_new(struct duty **dutyp)
{
	struct duty *duty = calloc(1, sizeof(*duty));
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (duty == NULL)
		return -ENOMEM;
	pthread_mutex_init(&duty->lock, NULL);
	patience_init(&duty->place);
	patience_init(&duty->busy);
	TAILQ_INIT(&duty->seats);
	duty->most = n > AT_LEAST ? (unsigned)n : AT_LEAST;
	*dutyp = duty;
	return 0;
}

void
duty_free(struct duty *duty)
{
	if (duty == NULL)
		return;
	pthread_cond_destroy(&duty->busy);
	pthread_cond_destroy(&duty->place);
	pthread_mutex_destroy(&duty->lock);
	free(duty);
}

/* --- on and off, under the lock ------------------------------------------ */

static bool
needs_more(struct duty *duty)
{
	return atomic_load(&duty->n_fit) < duty->most ||
	    atomic_load(&duty->stopping);
}

static bool
all_busy(struct duty *duty)
{
	return atomic_load(&duty->n_busy) >= atomic_load(&duty->n_on);
}

static void
wake_lookout(struct duty *duty)
{
	atomic_store(&duty->asleep, false);
	pthread_cond_signal(&duty->busy);
}

static void
step_on(struct duty *duty, struct duty_seat *seat)
{
	seat->on = true;
	seat->seen = 0;
	TAILQ_INSERT_TAIL(&duty->seats, seat, others);
	atomic_fetch_add(&duty->n_on, 1);
	atomic_fetch_add(&duty->n_fit, 1);
}

/* It may have been the last one that was not busy. */
static void
step_off(struct duty *duty, struct duty_seat *seat)
{
	seat->on = false;
	TAILQ_REMOVE(&duty->seats, seat, others);
	atomic_fetch_sub(&duty->n_on, 1);
	atomic_fetch_sub(&duty->n_fit, 1);
	if (all_busy(duty))
		wake_lookout(duty);
}

/* --- the lookout, under the lock ----------------------------------------- */

/* Who was busy with the same request when I looked before is held up, unless it
 * comes back this moment: one of us sees the other. */
static void
look(struct duty *duty)
{
	struct duty_seat *seat;

	TAILQ_FOREACH(seat, &duty->seats, others) {
		unsigned turn = atomic_load(&seat->turn);

		if ((turn & (BUSY | HELD_UP)) == BUSY && turn == seat->seen &&
		    atomic_compare_exchange_strong(&seat->turn, &turn,
			turn | HELD_UP))
			atomic_fetch_sub(&duty->n_fit, 1);
		seat->seen = turn;
	}
}

static int
wait_until(pthread_cond_t *cond, struct duty *duty, uint64_t until_ns)
{
	return until_ns != UINT64_MAX
	    ? patience_wait(cond, &duty->lock, until_ns)
	    : -pthread_cond_wait(cond, &duty->lock);
}

/* Who begins to be busy looks whether I sleep, after it has said so; I say so
 * before I look whether all are. */
static int
sleep_until_busy(struct duty *duty, uint64_t until_ns)
{
	int error = 0;

	atomic_store(&duty->asleep, true);
	if (all_busy(duty))
		atomic_store(&duty->asleep, false);
	while (error == 0 && atomic_load(&duty->asleep) && !needs_more(duty))
		error = wait_until(&duty->busy, duty, until_ns);
	atomic_store(&duty->asleep, false);
	return error;
}

/* Return: 0 when somebody is needed; -ETIMEDOUT */
static int
keep_lookout(struct duty *duty, uint64_t until_ns)
{
	unsigned n_quiet = QUIET_LOOKS;
	int error = 0;

	while (error == 0 && !needs_more(duty)) {
		if (n_quiet >= QUIET_LOOKS) {
			error = sleep_until_busy(duty, until_ns);
			n_quiet = 0;
		} else {
			(void)patience_wait(&duty->busy, &duty->lock,
			    mcp_clock_ns() + LOOK_NS);
			n_quiet = all_busy(duty) ? 0 : n_quiet + 1;
		}
		look(duty);
	}
	return error;
}

/* --- a rest, under the lock ---------------------------------------------- */

/* Return: 0 when it is needed; -ETIMEDOUT */
static int
rest(struct duty *duty, uint64_t until_ns)
{
	int error = 0;

	while (error == 0 && !needs_more(duty)) {
		if (duty->lookout) {
			error = wait_until(&duty->place, duty, until_ns);
			continue;
		}
		duty->lookout = true;
		error = keep_lookout(duty, until_ns);
		duty->lookout = false;
	}
	/* somebody looks out in my place, if I did */
	if (!duty->lookout)
		pthread_cond_signal(&duty->place);
	return error;
}

bool
duty_take(struct duty *duty, struct duty_seat *seat, unsigned patience_ms)
{
	int error;

	if ((seat->on && atomic_load(&duty->n_fit) <= duty->most) ||
	    atomic_load(&duty->stopping))
		return true;
	pthread_mutex_lock(&duty->lock);
	if (seat->on)
		step_off(duty, seat);
	error = rest(duty,
	    patience_ms == 0 ? UINT64_MAX
			     : mcp_clock_ns() + patience_ms * MCP_MS);
	if (error == 0)
		step_on(duty, seat);
	pthread_mutex_unlock(&duty->lock);
	return error == 0;
}

/* --- a request ------------------------------------------------------------ */

void
duty_begin(struct duty *duty, struct duty_seat *seat)
{
	atomic_fetch_add(&seat->turn, BUSY);
	atomic_fetch_add(&duty->n_busy, 1);
	if (!all_busy(duty) || !atomic_load(&duty->asleep))
		return;
	pthread_mutex_lock(&duty->lock);
	wake_lookout(duty);
	pthread_mutex_unlock(&duty->lock);
}

void
duty_end(struct duty *duty, struct duty_seat *seat)
{
	unsigned turn;

	atomic_fetch_sub(&duty->n_busy, 1);
	turn = atomic_fetch_add(&seat->turn, NEXT - BUSY);
	if ((turn & HELD_UP) == 0)
		return;
	pthread_mutex_lock(&duty->lock);
	atomic_fetch_sub(&seat->turn, HELD_UP);
	atomic_fetch_add(&duty->n_fit, 1);
	pthread_mutex_unlock(&duty->lock);
}

void
duty_wait(struct duty *duty, struct duty_seat *seat)
{
	if (seat == NULL || !seat->on ||
	    (atomic_load(&seat->turn) & (BUSY | HELD_UP)) != BUSY)
		return;
	pthread_mutex_lock(&duty->lock);
	if ((atomic_fetch_or(&seat->turn, HELD_UP) & HELD_UP) == 0)
		atomic_fetch_sub(&duty->n_fit, 1);
	if (needs_more(duty))
		wake_lookout(duty);
	pthread_mutex_unlock(&duty->lock);
}

void
duty_leave(struct duty *duty, struct duty_seat *seat)
{
	if (!seat->on)
		return;
	pthread_mutex_lock(&duty->lock);
	step_off(duty, seat);
	wake_lookout(duty);
	pthread_mutex_unlock(&duty->lock);
}

bool
duty_is_calm(const struct duty *duty)
{
	return atomic_load(&duty->asleep);
}

void
duty_stop(struct duty *duty)
{
	atomic_store(&duty->stopping, true);
	pthread_mutex_lock(&duty->lock);
	wake_lookout(duty);
	pthread_cond_broadcast(&duty->place);
	pthread_mutex_unlock(&duty->lock);
}

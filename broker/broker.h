/* broker.h - I am the house: every room's state, and the loop they share
 *
 * All state hangs here in plain structs. One thread, one loop; whoever needs
 * several rooms is given the house.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <uv.h>

#include <mcp/config.h>
#include <mcp/seal.h>

#include "broker/admission.h"
#include "broker/cells.h"
#include "broker/clock.h"
#include "broker/desk.h"
#include "broker/door.h"
#include "broker/ears.h"
#include "broker/ended.h"
#include "broker/hub.h"
#include "broker/metrics.h"
#include "broker/process.h"
#include "broker/quota.h"
#include "broker/relay.h"
#include "broker/reload.h"
#include "broker/session.h"
#include "broker/stream.h"
#include "broker/topic.h"
#include "broker/upgrade.h"

#define BROKER_SCRATCH_KEPT 262144 /* bytes */

struct broker {
	uv_loop_t loop;
	struct mcp_config *config;
	unsigned offered; /* LISTEN_TOPICs that some client may know of */
	const struct mcp_seal *seal;
	const char *version; /* of the program */
	struct clock clock;
	struct hub hub;
	struct quota quota;
	struct ended ended;
	struct admissions admissions;
	struct processes processes;
	struct streams streams;
	struct topics topics;
	struct sessions sessions;
	struct relay relay;
	struct cells cells;
	struct desk desk;
	struct reload reload;
	struct upgrade upgrade;
	struct ears ears;
	struct door mount;
	struct door admin;
	struct metrics metrics;
	struct mcp_buf scratch; /* one event at a time is composed here */
	uint64_t dice; /* jitter, not secrets */
	uint64_t started_ns;
	struct due tidy; /* every second: has a crowd left something? */
	size_t peak; /* the most bytes that were held since it had */
	size_t held; /* a second ago */
	uint64_t alarm_ns; /* what the alarm is set to */
	uv_timer_t alarm;
	uv_prepare_t before_wait;
	uv_signal_t signals[4];
	bool stopping;
};

/* broker_init() - every room but the doors, the desk and the reload, which need
 * more
 * Return: 0; -errno
 * Owner:  *configp is taken; @seal outlives it */
int broker_init(struct broker *broker, struct mcp_config **configp,
    const struct mcp_seal *seal);

/* broker_adopt() - from now on *configp is the site's, and taken */
void broker_adopt(struct broker *broker, struct mcp_config **configp);
void broker_deinit(struct broker *broker);

/* broker_hold_signals() - those we hear wait (SIG_BLOCK), or come
 * (SIG_UNBLOCK). They wait from the first moment to broker_start(), so that a
 * thread that others make for us never takes one: what it catches, nobody may
 * hear */
void broker_hold_signals(int how);

/* broker_start() - from now on signals are heard, by broker_run() */
void broker_start(struct broker *broker);

/* broker_run() - until SIGTERM or SIGINT; every stream has been told */
void broker_run(struct broker *broker);

/* broker_grown() - there may be more to give back than ever before */
void broker_grown(struct broker *broker);

/* broker_jitter() - a random number from 0 to @span - 1; 0 where that is 0 */
uint64_t broker_jitter(struct broker *broker, uint64_t span);

/* broker_scratch() - the buffer, empty; valid until the next call */
struct mcp_buf *broker_scratch(struct broker *broker);

#endif

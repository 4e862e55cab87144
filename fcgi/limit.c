/* limit.c - I say how often a tool may run, and how often at once */

#include "fcgi/limit.h"
#include "fcgi/call.h"
#include "fcgi/cell.h"
#include "fcgi/handler.h"

#include <mcp/seal.h>

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define KIND "limit"
#define RATE "rate"  /* the cell's key */
#define PLACE_MAX 16 /* bytes of "place255" */
#define MINUTE_US UINT64_C(60000000)
#define MINUTE_MS 60000
#define ROUNDS_MAX 64 /* of comparing; each that fails let another through */

/* --- the rate ----------------------------------------------------------- */

/* A bucket of tokens as one number: it is full again at *full_usp, and each
 * token taken puts that off by what one takes to drop in. More than two minutes
 * ahead it can only have been written by a clock that was set back since: then
 * it begins anew, or it would stay empty until that clock is caught up with. */
uint64_t
limit_take(uint64_t *full_usp, unsigned per_minute, uint64_t now_us)
{
	uint64_t full_us = *full_usp;

	if (full_us < now_us || full_us > now_us + 2 * MINUTE_US)
		full_us = now_us;
	full_us += MINUTE_US / per_minute;
	if (full_us > now_us + MINUTE_US)
		return full_us - now_us - MINUTE_US;
	*full_usp = full_us;
	return 0;
}

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int
refuse_away(struct mcp_buf *why)
{
	mcp_buf_puts(why,
	    "The limits of this tool cannot be counted now: try "
	    "again in 5 s");
	return HANDLER_E_REFUSED;
}

static int
refuse_rate(
    const struct mcp_limit *limit, uint64_t wait_us, struct mcp_buf *why)
{
	mcp_buf_printf(why,
	    limit->each_user
		? "You may run this tool %u times a minute, and have: try again "
		  "in %llu s"
		: "This tool may run %u times a minute, and has: try again in "
		  "%llu s",
	    limit->per_minute,
	    (unsigned long long)(wait_us + 999999) / 1000000);
	return HANDLER_E_REFUSED;
}

/* What the cell holds, if there is one.
 * Return: 0, *versionp 0: there is none; -EPIPE */
static int
read_rate(struct call *call, const struct cell_owner *owner, uint64_t *full_usp,
    uint64_t *versionp)
{
	struct mcp_letter found, question = { 0 };
	int error = cell_ask(
	    call->thread, MCP_CELL_GET, owner->bytes, RATE, &question, &found);

	*full_usp = *versionp = 0;
	if (error != 0)
		return error;
	if (found.outcome != MCP_STATE)
		return found.outcome == MCP_NONE ? 0 : -EPIPE;
	*versionp = found.known;
	if (found.state.len == 8)
		*full_usp = mcp_big_get(found.state.at, 8);
	return 0;
}

/* Return: 0; -EAGAIN somebody else was faster; -EPIPE */
static int
write_rate(struct call *call, const struct cell_owner *owner, uint64_t full_us,
    uint64_t version)
{
	uint8_t bytes[8];
	struct mcp_letter answer,
	    question = {
		    .known = version,
		    .expires = cell_expires(MINUTE_MS),
		    .state = { (const char *)bytes, sizeof(bytes) },
	    };

	mcp_big_put(bytes, full_us, 8);
	if (cell_ask(call->thread,
		version == 0 ? MCP_CELL_CREATE : MCP_CELL_PUT, owner->bytes,
		RATE, &question, &answer) != 0)
		return -EPIPE;
	switch (answer.outcome) {
	case MCP_OK:
		return 0;
	case MCP_EXISTS:
	case MCP_STALE:
	case MCP_NONE:
		return -EAGAIN;
	default:
		return -EPIPE;
	}
}

static int
take_rate(struct call *call, const struct cell_owner *owner,
    const struct mcp_limit *limit, struct mcp_buf *why)
{
	uint64_t full_us, version, wait_us;
	int error = -EAGAIN;

	for (unsigned i = 0; i < ROUNDS_MAX && error == -EAGAIN; i++) {
		error = read_rate(call, owner, &full_us, &version);
		if (error != 0)
			break;
		wait_us = limit_take(&full_us, limit->per_minute, now_us());
		if (wait_us > 0)
			return refuse_rate(limit, wait_us, why);
		error = write_rate(call, owner, full_us, version);
	}
	return error == 0 ? 0 : refuse_away(why);
}

/* --- places ------------------------------------------------------------- */

enum place_condition {
	PLACE_E_TAKEN = 1,
	PLACE_E_ORPHAN /* whoever took it has died */
};

static int
place_ask(struct call *call, enum mcp_wire_cell verb,
    const struct cell_owner *owner, unsigned place, struct mcp_letter *question,
    struct mcp_letter *answer)
{
	char key[PLACE_MAX];

	snprintf(key, sizeof(key), "place%u", place);
	return cell_ask(
	    call->thread, verb, owner->bytes, key, question, answer);
}

/* Return: 0 it is ours, at *versionp; PLACE_E_TAKEN; -EPIPE */
static int
occupy(struct call *call, const struct cell_owner *owner, unsigned place,
    uint64_t *versionp)
{
	struct mcp_letter answer,
	    question = {
		    .known = *versionp,
		    .expires = cell_call_expires(call),
		    .how = 1,
	    };

	if (place_ask(call, *versionp == 0 ? MCP_CELL_CREATE : MCP_CELL_PUT,
		owner, place, &question, &answer) != 0)
		return -EPIPE;
	switch (answer.outcome) {
	case MCP_OK:
		*versionp = answer.known;
		return 0;
	case MCP_EXISTS:
	case MCP_STALE:
	case MCP_NONE:
		return PLACE_E_TAKEN;
	default:
		return -EPIPE;
	}
}

/* Return: PLACE_E_ORPHAN, at *versionp, which is 0 where the cell is gone by
 *         now; PLACE_E_TAKEN; -EPIPE */
static int
look_at_place(struct call *call, const struct cell_owner *owner, unsigned place,
    uint64_t *versionp)
{
	struct mcp_letter found, question = { 0 };

	if (place_ask(call, MCP_CELL_GET, owner, place, &question, &found) != 0)
		return -EPIPE;
	*versionp = found.outcome == MCP_STATE ? found.known : 0;
	if (found.outcome == MCP_NONE ||
	    (found.outcome == MCP_STATE && found.how == 1))
		return PLACE_E_ORPHAN;
	return found.outcome == MCP_STATE ? PLACE_E_TAKEN : -EPIPE;
}

/* First those nobody has ever taken, which is one letter; then, where none is
 * free, those of the dead. */
static int
take_place(struct call *call, const struct cell_owner *owner, unsigned n,
    unsigned *placep, uint64_t *versionp)
{
	unsigned start;
	int condition = PLACE_E_TAKEN;

	mcp_random(&start, sizeof(start));
	start %= n;
	for (unsigned i = 0; i < n && condition == PLACE_E_TAKEN; i++) {
		*placep = (start + i) % n;
		*versionp = 0;
		condition = occupy(call, owner, *placep, versionp);
	}
	for (unsigned i = 0; i < n && condition == PLACE_E_TAKEN; i++) {
		*placep = (start + i) % n;
		condition = look_at_place(call, owner, *placep, versionp);
		if (condition == PLACE_E_ORPHAN)
			condition = occupy(call, owner, *placep, versionp);
	}
	return condition;
}

static int
enter_place(struct call *call, const struct cell_owner *owner,
    const struct mcp_tool *tool, struct mcp_buf *why)
{
	const struct mcp_limit *limit = &tool->limit;
	struct lease lease = { tool, 0, 0 };

	switch (take_place(
	    call, owner, limit->concurrent, &lease.place, &lease.version)) {
	case 0:
		call->lease = lease;
		return 0;
	case PLACE_E_TAKEN:
		mcp_buf_printf(why,
		    limit->each_user
			? "You are running this tool %u times, and may not more "
			  "often at once: try again in 1 s"
			: "This tool is running %u times, and may not more often "
			  "at once: try again in 1 s",
		    limit->concurrent);
		return HANDLER_E_REFUSED;
	default:
		return refuse_away(why);
	}
}

static struct cell_owner
owner_of(const struct call *call, const struct mcp_tool *tool)
{
	return cell_owner_of(call, KIND, tool->name, tool->limit.each_user);
}

int
limit_enter(struct call *call, const struct mcp_tool *tool, struct mcp_buf *why)
{
	const struct mcp_limit *limit = &tool->limit;
	struct cell_owner owner;
	int condition = 0;

	if (limit->concurrent == 0 && limit->per_minute == 0)
		return 0;
	owner = owner_of(call, tool);
	if (limit->concurrent > 0)
		condition = enter_place(call, &owner, tool, why);
	if (condition == 0 && limit->per_minute > 0)
		condition = take_rate(call, &owner, limit, why);
	if (why->failed)
		condition = -ENOMEM;
	if (condition != 0)
		limit_leave(call);
	return condition;
}

void
limit_stay(struct call *call)
{
	struct lease *lease = &call->lease;
	struct cell_owner owner;

	if (lease->tool == NULL)
		return;
	owner = owner_of(call, lease->tool);
	(void)occupy(call, &owner, lease->place, &lease->version);
}

/* A letter that is lost leaves the place taken until the call would have had
 * to end; then it expires. */
void
limit_leave(struct call *call)
{
	struct lease *lease = &call->lease;
	struct mcp_letter answer, question = { .known = lease->version };
	struct cell_owner owner;

	if (lease->tool == NULL)
		return;
	owner = owner_of(call, lease->tool);
	(void)place_ask(
	    call, MCP_CELL_DELETE, &owner, lease->place, &question, &answer);
	lease->tool = NULL;
}

/* roundtrip.c - I post requests and take their answers from the stream
 *
 * Each caller has a stream and a kept connection, and one request under way:
 * initialize, notifications/initialized, and from then on tools/call of echo.
 * The next goes out when both are there, the acknowledgement of the POST and
 * the answer on the stream.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/load/commands.h"
#include "tests/bench/load/post.h"

#define SETTLE_NS (5 * MCP_S)

struct talk;

struct caller {
	struct talk *talk;
	struct reader *reader;
	struct post post;
	uint64_t id; /* of the request under way; 0 initialize; 1 a notice */
	uint64_t sent_ns;
	bool acknowledged, answered;
	bool idle;
};

struct talk {
	struct crowd crowd;
	struct caller *callers;
	struct series late;
	size_t n_idle;
	uint64_t errors;
	uint64_t end_ns; /* 0: only the handshake yet */
	struct mcp_buf scratch;
};

static void
compose(const struct caller *caller, struct mcp_buf *out)
{
	mcp_buf_reset(out);
	if (caller->id == 0)
		mcp_buf_puts(out,
		    "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":"
		    "\"initialize\",\"params\":{\"protocolVersion\":"
		    "\"2024-11-05\",\"capabilities\":{},\"clientInfo\":"
		    "{\"name\":\"load\",\"version\":\"1\"}}}");
	else if (caller->id == 1)
		mcp_buf_puts(out,
		    "{\"jsonrpc\":\"2.0\",\"method\":"
		    "\"notifications/initialized\"}");
	else
		mcp_buf_printf(out,
		    "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64
		    ",\"method\":\"tools/call\",\"params\":{\"name\":\"echo\","
		    "\"arguments\":{\"text\":\"hello %" PRIu64 "\"}}}",
		    caller->id, caller->id);
}

static void
ask(struct caller *caller)
{
	struct mcp_buf *scratch = &caller->talk->scratch;

	compose(caller, scratch);
	caller->idle = false;
	caller->acknowledged = false;
	caller->answered = caller->id == 1;
	caller->sent_ns = mcp_clock_ns();
	post_send(&caller->post, mcp_text_of(caller->reader->endpoint),
	    mcp_buf_view(scratch));
}

/* What is there, is there; the next, unless it is time to rest. */
static void
go_on(struct caller *caller)
{
	struct talk *talk = caller->talk;

	if (!caller->acknowledged || !caller->answered)
		return;
	caller->id++;
	if (caller->id < 2 || mcp_clock_ns() < talk->end_ns) {
		ask(caller);
	} else if (!caller->idle) {
		caller->idle = true;
		talk->n_idle++;
	}
}

static void
on_answer(struct post *post, unsigned status)
{
	struct caller *caller = post->context;

	if (status / 100 != 2)
		caller->talk->errors++;
	caller->acknowledged = true;
	go_on(caller);
}

/* Is @before, the number and @after in there? */
static bool
holds(struct mcp_text data, const char *before, uint64_t id, const char *after)
{
	char part[64];

	snprintf(part, sizeof(part), "%s%" PRIu64 "%s", before, id, after);
	return memmem(data.at, data.len, part, strlen(part)) != NULL;
}

static bool
is_answer(const struct caller *caller, struct mcp_text data)
{
	uint64_t id = caller->id;

	return memmem(data.at, data.len, "\"result\":", 9) != NULL &&
	    (holds(data, "\"id\":", id, "}") ||
		holds(data, "\"id\":", id, ",")) &&
	    (id < 2 || holds(data, "hello ", id, "\""));
}

static void
on_event(struct reader *reader, const char *event, struct mcp_text data)
{
	struct talk *talk = reader->crowd->context;
	struct caller *caller = &talk->callers[reader->number];

	(void)event;
	if (reader->number >= talk->crowd.options->active)
		return;
	if (caller->answered || !is_answer(caller, data)) {
		talk->errors++;
		return;
	}
	caller->answered = true;
	if (caller->id >= 2)
		series_add(&talk->late, mcp_clock_ns() - caller->sent_ns);
	go_on(caller);
}

/* --- all of them --------------------------------------------------------- */

static int
wait_idle(struct talk *talk)
{
	uint64_t now_ns = mcp_clock_ns();
	uint64_t end_ns =
	    SETTLE_NS + (talk->end_ns > now_ns ? talk->end_ns : now_ns);

	while (talk->n_idle < talk->crowd.options->active) {
		(void)loop_turn(&talk->crowd.loop, 100);
		if (mcp_clock_ns() > end_ns)
			return -ETIMEDOUT;
	}
	return 0;
}

static int
shake_hands(struct talk *talk)
{
	struct crowd *crowd = &talk->crowd;
	size_t n = crowd->options->active;
	int error = 0;

	for (size_t i = 0; error == 0 && i < n; i++) {
		struct caller *caller = &talk->callers[i];

		*caller = (struct caller){ .talk = talk,
			.reader = &crowd->readers[i] };
		if (caller->reader->endpoint == NULL)
			return -EPROTO;
		error = post_open(
		    &caller->post, crowd, crowd->n + i, on_answer, caller);
	}
	for (size_t i = 0; error == 0 && i < n; i++)
		ask(&talk->callers[i]);
	return error == 0 ? wait_idle(talk) : error;
}

static int
call(struct talk *talk, struct mcp_buf *out)
{
	const struct options *options = talk->crowd.options;
	struct series *late = &talk->late;
	uint64_t begun_ns = mcp_clock_ns();
	int error;

	talk->n_idle = 0;
	talk->end_ns = begun_ns + (uint64_t)(options->seconds * 1e9);
	for (size_t i = 0; i < options->active; i++)
		ask(&talk->callers[i]);
	error = wait_idle(talk);
	series_sort(late);
	mcp_buf_printf(out,
	    ",\"calls\":%zu,\"per_second\":%.0f,"
	    "\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f",
	    late->n,
	    (double)late->n * 1e9 / (double)(mcp_clock_ns() - begun_ns),
	    in_us(series_at(late, 0.5)), in_us(series_at(late, 0.99)),
	    in_us(series_at(late, 1)));
	return error;
}

int
command_roundtrip(const struct options *options, struct mcp_buf *out)
{
	struct talk talk = { .n_idle = 0 };
	struct crowd *crowd = &talk.crowd;
	int error = crowd_open(crowd, options);

	talk.callers = calloc(options->active, sizeof(*talk.callers));
	if (talk.callers == NULL)
		error = -ENOMEM;
	crowd->on_event = on_event;
	crowd->context = &talk;
	mcp_buf_printf(out, "\"opened\":%zu,\"failed\":%zu,\"active\":%zu",
	    crowd->greeted, crowd->failed, options->active);
	if (error == 0)
		error = shake_hands(&talk);
	if (error == 0)
		error = call(&talk, out);
	mcp_buf_printf(out, ",\"errors\":%" PRIu64 ",\"lost\":%zu", talk.errors,
	    crowd->lost);
	for (size_t i = 0; talk.callers != NULL && i < options->active; i++)
		post_close(&talk.callers[i].post);
	free(talk.callers);
	series_deinit(&talk.late);
	mcp_buf_deinit(&talk.scratch);
	crowd_close(crowd);
	return error;
}

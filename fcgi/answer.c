/* answer.c - I carry a call's words to its caller: on its connection, on its
 * stream, or into replay
 */

#include "fcgi/answer.h"
#include "fcgi/dispatch.h"
#include "fcgi/reply.h"
#include "fcgi/tasks.h"

#include <mcp/sse.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COMMENT_NS (2 * MCP_S)
#define PROGRESS_FIRST_NS (3 * MCP_S) /* then a call counts as slow */
#define PROGRESS_NS (15 * MCP_S)

/* --- letters ------------------------------------------------------------ */

static int
put(struct call *call, struct thread *thread, uint64_t ticket,
    const char *event, struct mcp_text data, struct mcp_letter *answer)
{
	struct mcp_letter question = {
		.kind = MCP_DELIVER,
		.stream = mcp_text_of(call->resumable[0] != '\0' ?
			call->resumable : call->stream),
		.ticket = ticket,
		.event = mcp_text_of(event),
		.data = data,
	};

	return thread_ask(thread, &question, answer);
}

/* --- an event stream on the connection ---------------------------------- */

static bool
is_resumable(const struct call *call)
{
	return call->dialect == DIALECT_LEGACY &&
	    call->revision >= MCP_2025_11_25;
}

/* A first event without data, so that there is an id to come back with.
 * Spec: 2025-11-25 "Sending Messages to the Server" */
static void
prime(struct call *call, struct thread *thread, struct mcp_buf *out)
{
	char id[sizeof(call->resumable) + 2];
	struct mcp_letter answer, question = {
		.kind = MCP_OPEN,
		.stream = mcp_text_of(call->owner),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
		.request = call->message.id,
	};

	if (!is_resumable(call) || thread_ask(thread, &question, &answer) != 0 ||
	    answer.outcome != MCP_STATE || answer.state.len == 0 ||
	    answer.state.len >= sizeof(call->resumable))
		return; /* an answer like any other */
	call->ticket = answer.ticket;
	memcpy(call->resumable, answer.state.at, answer.state.len);
	call->resumable[answer.state.len] = '\0';
	snprintf(id, sizeof(id), "%s.0", call->resumable);
	mcp_sse_prime(
	    out, mcp_text_of(id), call->config->server.limits.retry_ms);
}

static bool
takes_stream(const struct call *call)
{
	return call->streaming ||
	    (call->connection != NULL && !call->batch &&
		http_accepts(gateway_request(call->connection),
		    "text/event-stream", false));
}

/* On the connection, if there still is one. A session's caller who is gone may
 * come back; everybody else's call is over. */
static void
write_out(struct call *call, struct mcp_text bytes)
{
	if (call->connection == NULL || bytes.len == 0)
		return;
	call->written_ns = mcp_clock_ns();
	if (gateway_stream_write(call->connection, bytes) != 0 &&
	    call->dialect != DIALECT_LEGACY)
		atomic_store(&call->cancelled, true);
}

static void
begin(struct call *call, struct thread *thread)
{
	struct mcp_buf first = MCP_BUF_INIT;

	if (call->streaming)
		return;
	reply_stream_begin(call);
	prime(call, thread, &first);
	write_out(call, mcp_buf_view(&first));
	mcp_buf_deinit(&first);
}

/* Into replay first, then out, unless somebody has taken the stream over. */
static void
say(struct call *call, struct thread *thread, uint64_t ticket,
    struct mcp_text message)
{
	struct mcp_letter answer = { 0 };
	struct mcp_buf event = MCP_BUF_INIT;

	begin(call, thread);
	if (call->resumable[0] != '\0' &&
	    put(call, thread, ticket, "message", message, &answer) != 0)
		answer.outcome = MCP_QUESTION; /* out, without an id */
	if (answer.outcome != MCP_TAKEN) {
		mcp_sse_event(&event,
		    answer.outcome == MCP_PARKED ? answer.id : MCP_TEXT_INIT,
		    MCP_TEXT("message"), message);
		write_out(call, mcp_buf_view(&event));
	}
	mcp_buf_deinit(&event);
}

int
answer_notify(struct call *call, struct thread *thread,
    struct mcp_text message)
{
	struct mcp_letter answer;

	if (call->stream[0] != '\0')
		return put(call, thread, 0, "message", message, &answer) == 0 &&
			(answer.outcome == MCP_DELIVERED ||
			    answer.outcome == MCP_PARKED) ? 0 : -EPIPE;
	pthread_mutex_lock(&call->lock);
	if (!takes_stream(call)) {
		pthread_mutex_unlock(&call->lock);
		return -EPIPE;
	}
	say(call, thread, 0, message);
	pthread_mutex_unlock(&call->lock);
	return 0;
}

void
answer_progress(
    struct call *call, double progress, double total, const char *message)
{
	struct mcp_buf out = MCP_BUF_INIT;

	if (call->progress_token.len == 0)
		return;
	mcp_buf_puts(&out,
	    "{\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/progress\",\"params\":{\"progressToken\":");
	mcp_buf_text(&out, call->progress_token);
	mcp_buf_printf(&out, ",\"progress\":%.15g", progress);
	if (total > 0)
		mcp_buf_printf(&out, ",\"total\":%.15g", total);
	if (message != NULL) {
		mcp_buf_puts(&out, ",\"message\":");
		mcp_buf_json_string(&out, mcp_text_of(message));
	}
	mcp_buf_puts(&out, "}}");
	/* first, or a report of ours might come between */
	call->reports = true;
	if (!out.failed)
		(void)answer_notify(call, call->thread, mcp_buf_view(&out));
	mcp_buf_deinit(&out);
}

int
answer_release(struct call *call)
{
	int error = -ENOTSUP;

	pthread_mutex_lock(&call->lock);
	if (is_resumable(call) && takes_stream(call)) {
		begin(call, call->thread);
		if (call->resumable[0] != '\0' && call->connection != NULL)
			gateway_stream_end(&call->connection);
		if (call->resumable[0] != '\0')
			error = 0;
	}
	pthread_mutex_unlock(&call->lock);
	return error;
}

/* --- the result --------------------------------------------------------- */

static void
finish_stream(struct call *call)
{
	struct mcp_letter answer, question = {
		.kind = MCP_CLOSE,
		.stream = mcp_text_of(call->resumable),
	};

	if (call->out.len > 0)
		say(call, call->thread, call->ticket,
		    mcp_buf_view(&call->out));
	if (call->resumable[0] != '\0')
		(void)thread_ask(call->thread, &question, &answer);
	if (call->connection != NULL)
		gateway_stream_end(&call->connection);
}

/* What no event can carry is answered all the same: who was admitted waits. */
static void
fit(struct call *call)
{
	if (call->out.len <= call->config->server.limits.max_event)
		return;
	call_fail(call, JSONRPC_INTERNAL_ERROR,
	    "The answer is larger than an event of this server");
	mcp_buf_reset(&call->out);
	reply_response(call, call->message.id, MCP_TEXT_INIT);
}

static enum reply_condition
deliver(struct call *call)
{
	const char *event = call->dialect == DIALECT_SEED ? "mcp_response" :
							    "message";
	struct mcp_letter answer;

	if (put(call, call->thread, call->ticket, event,
		mcp_buf_view(&call->out), &answer) != 0)
		return REPLY_BROKER_AWAY;
	switch (answer.outcome) {
	case MCP_DELIVERED:
	case MCP_PARKED:
	case MCP_ANSWERED:
		return REPLY_DONE;
	case MCP_OVER_QUOTA:
		return REPLY_CUT;
	default:
		return REPLY_LOST;
	}
}

void
answer_now(struct call *call)
{
	if (call->streaming)
		finish_stream(call);
	reply_call(call, REPLY_DONE);
}

void
answer_finish(struct call *call)
{
	enum reply_condition condition = REPLY_DONE;

	if (call->task[0] != '\0') {
		tasks_finish(call);
		return;
	}
	if (atomic_load(&call->withdrawn))
		mcp_buf_reset(&call->out);
	if (call->stream[0] != '\0' && call->out.len > 0) {
		fit(call);
		condition = deliver(call);
	}
	if (call->streaming)
		finish_stream(call);
	reply_call(call, condition);
}

/* --- signs of life ------------------------------------------------------ */

/* A comment tells a proxy that watches its writes only, Apache say, to look
 * whether its client is still there. */
static void
keep_awake(struct call *call, uint64_t now_ns)
{
	struct mcp_buf comment = MCP_BUF_INIT;

	if (!call->streaming || now_ns <= call->written_ns + COMMENT_NS)
		return;
	mcp_sse_comment(&comment, MCP_TEXT_INIT);
	write_out(call, mcp_buf_view(&comment));
	mcp_buf_deinit(&comment);
}

static void
report(struct call *call, struct thread *thread, uint64_t now_ns)
{
	struct mcp_buf message = MCP_BUF_INIT;

	call->reported_ns = now_ns;
	mcp_buf_puts(&message,
	    "{\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/progress\",\"params\":{\"progressToken\":");
	mcp_buf_text(&message, call->progress_token);
	mcp_buf_printf(&message, ",\"progress\":%.1f}}",
	    (double)(now_ns - call->started_ns) / (double)MCP_S);
	say(call, thread, 0, mcp_buf_view(&message));
	mcp_buf_deinit(&message);
}

/* Of a batch each element is read anew, without our lock. */
static bool
is_slow(const struct call *call, uint64_t now_ns)
{
	return !call->batch && call->progress_token.len > 0 &&
	    call->stream[0] == '\0' && call->method != NULL &&
	    (call->method->traits & METHOD_SLOT) && !call->reports &&
	    takes_stream(call) &&
	    now_ns > call->started_ns + PROGRESS_FIRST_NS &&
	    now_ns > call->reported_ns + PROGRESS_NS;
}

void
answer_tick(struct call *call, struct thread *thread, uint64_t now_ns)
{
	/* who is writing now gives signs of life by itself */
	if (pthread_mutex_trylock(&call->lock) != 0)
		return;
	/* whoever does not read waits alone */
	if (call->connection != NULL && gateway_writable(call->connection)) {
		if (is_slow(call, now_ns))
			report(call, thread, now_ns);
		keep_awake(call, now_ns);
	}
	pthread_mutex_unlock(&call->lock);
}

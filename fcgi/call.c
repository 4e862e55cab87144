/* call.c - I am one running call: its message, its caller, its deadline */

#include "fcgi/call.h"
#include "fcgi/control.h"
#include "fcgi/dispatch.h"
#include "fcgi/reply.h"
#include "fcgi/slots.h"

#include <mcp/log.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
copy(char *to, size_t room, struct mcp_text from)
{
	size_t len = from.len < room ? from.len : room - 1;

	if (len > 0)
		memcpy(to, from.at, len);
	to[len] = '\0';
}

struct call *
call_new(struct thread *thread, struct connection **connectionp)
{
	struct http_request *request = gateway_request(*connectionp);
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL) {
		reply_refusal(thread, connectionp, 503, MCP_OVERLOADED,
		    "The server is out of memory");
		return NULL;
	}
	call->worker = thread->worker;
	call->thread = thread;
	call->started_ns = mcp_clock_ns();
	call->deadline_ns = call->started_ns +
	    thread->worker->config->server.limits.call_ms * MCP_MS;
	call->connection = *connectionp;
	*connectionp = NULL;
	call->body = request->body;
	request->body = MCP_BUF_INIT;
	call->message = MCP_JSONRPC_INIT;
	call->revision = MCP_2025_03_26;
	copy(call->user, sizeof(call->user), request->user);
	mcp_subject(request->user, call->subject);
	return call;
}

void
call_free(struct call *call)
{
	if (call == NULL)
		return;
	mcp_jsonrpc_deinit(&call->message);
	mcp_buf_deinit(&call->body);
	mcp_buf_deinit(&call->error);
	mcp_buf_deinit(&call->data);
	mcp_buf_deinit(&call->out);
	free(call);
}

int
call_fail(struct call *call, int code, const char *format, ...)
{
	char sentence[512];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	call->code = code;
	mcp_buf_reset(&call->error);
	mcp_buf_puts(&call->error, sentence);
	return CALL_E_FAILED;
}

struct mcp_line *
thread_line(struct thread *thread)
{
	struct worker *worker = thread->worker;

	if (!control_broker_here(worker->control))
		return NULL;
	if (thread->line == NULL &&
	    mcp_line_new(worker->bus, worker->process, thread->number,
		&thread->line) != 0)
		mcp_log(MCP_LOG_ERROR, "no line to the broker");
	return thread->line;
}

/* --- the answer's way out ------------------------------------------------------ */

static enum reply_condition
deliver(struct call *call)
{
	struct mcp_line *line = thread_line(call->thread);
	struct mcp_letter answer, question = {
		.kind = MCP_DELIVER,
		.deadline_ns = mcp_clock_ns() + CALL_LETTER_NS,
		.stream = mcp_text_of(call->stream),
		.ticket = call->ticket,
		.event = call->dialect == DIALECT_SEED ?
		    MCP_TEXT("mcp_response") : MCP_TEXT("message"),
		.data = mcp_buf_view(&call->out),
	};

	if (line == NULL || mcp_line_ask(line, &question, &answer) != 0)
		return REPLY_BROKER_AWAY;
	switch (answer.outcome) {
	case MCP_DELIVERED:
	case MCP_PARKED:
	case MCP_ANSWERED:
		return REPLY_DONE;
	case MCP_OVER_QUOTA:
		return REPLY_OVER_QUOTA;
	default:
		return REPLY_LOST;
	}
}

/* What no event can carry is answered all the same: who was admitted waits. */
static void
fit(struct call *call)
{
	if (call->out.len <= call->worker->config->server.limits.max_event)
		return;
	call_fail(call, JSONRPC_INTERNAL_ERROR,
	    "The answer is larger than an event of this server");
	mcp_buf_reset(&call->out);
	reply_response(call, call->message.id, MCP_TEXT_INIT);
}

static void
finish(struct call *call)
{
	enum reply_condition condition = REPLY_DONE;

	if (call->stream[0] != '\0' && call->out.len > 0) {
		fit(call);
		condition = deliver(call);
	}
	reply_call(call, condition);
	call_free(call);
}

/* --- running ------------------------------------------------------------------- */

static void
run(struct call *call)
{
	struct worker *worker = call->worker;

	atomic_fetch_add(&worker->n_running, 1);
	if (call->batch)
		dispatch_batch(call);
	else
		dispatch_run(call);
	atomic_fetch_sub(&worker->n_running, 1);
}

/* The caller hung up while it waited: nobody wants the answer.
 * Spec: a session's caller that merely disconnected has not cancelled */
static bool
unwanted(const struct call *call)
{
	return call->dialect == DIALECT_PLAIN && call->connection != NULL &&
	    gateway_abandoned(call->connection);
}

/* Run @call in its slot, and whoever waited for that slot after it. */
static void
run_in_slot(struct call *call)
{
	struct thread *thread = call->thread;
	struct call *next;

	while (call != NULL) {
		call->thread = thread;
		if (!unwanted(call))
			run(call);
		next = slots_release(call->worker->slots, call);
		finish(call);
		call = next;
	}
}

void
call_start(struct call *call)
{
	bool needs_slot = call->batch ||
	    (call->method != NULL && call->method->slot);

	if (!needs_slot) {
		run(call);
		finish(call);
		return;
	}
	switch (slots_lease(call->worker->slots, call)) {
	case 0:
		run_in_slot(call);
		break;
	case SLOTS_E_FULL:
		call_refuse(call);
		break;
	default: /* parked: it is theirs now */
		break;
	}
}

void
call_refuse(struct call *call)
{
	call_fail(call, MCP_OVERLOADED, "The server is busy: try again");
	if (call->stream[0] == '\0' || call->connection != NULL) {
		reply_call(call, REPLY_BUSY);
		call_free(call);
		return;
	}
	/* acknowledged already: the refusal travels on the stream */
	reply_response(call, call->message.id, MCP_TEXT_INIT);
	finish(call);
}

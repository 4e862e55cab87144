/* call.c - I am one running call: its message, its caller, its deadline */

#include "fcgi/call.h"
#include "fcgi/answer.h"
#include "fcgi/ask.h"
#include "fcgi/calls.h"
#include "fcgi/control.h"
#include "fcgi/dispatch.h"
#include "fcgi/meta.h"
#include "fcgi/permit.h"
#include "fcgi/reply.h"
#include "fcgi/slots.h"
#include "fcgi/snapshot.h"

#include <mcp/log.h>
#include <mcp/tree.h>

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a letter may take; with it a caller is answered within 2 s. */
#define LETTER_NS (1800 * MCP_MS)

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

	if (call == NULL || permit_identify(call, request) != 0) {
		free(call);
		reply_refusal(thread, connectionp, 503, MCP_OVERLOADED,
		    "The server is out of memory");
		return NULL;
	}
	call->worker = thread->worker;
	call->thread = thread;
	call->snapshot = snapshot_hold(thread->snapshot);
	call->config = thread->config;
	call->started_ns = mcp_clock_ns();
	call->deadline_ns =
	    call->started_ns + thread->config->server.limits.call_ms * MCP_MS;
	call->connection = *connectionp;
	*connectionp = NULL;
	call->body = request->body;
	request->body = MCP_BUF_INIT;
	call->message = MCP_JSONRPC_INIT;
	call->revision = MCP_2025_03_26;
	call->log_level = -1;
	call->result_type = "complete";
	pthread_mutex_init(&call->lock, NULL);
	copy(call->user, sizeof(call->user), request->user);
	if (call->config->forwards)
		call->authorization = mcp_text_dup(request->authorization);
	mcp_subject(request->user, call->subject);
	return call;
}

void
call_free(struct call *call)
{
	if (call == NULL)
		return;
	asks_free(call->asks);
	pthread_mutex_destroy(&call->lock);
	call_forget(call);
	free(call->authorization);
	mcp_buf_deinit(&call->body);
	mcp_buf_deinit(&call->verified);
	mcp_buf_deinit(&call->task_result);
	mcp_buf_deinit(&call->error);
	mcp_buf_deinit(&call->data);
	mcp_buf_deinit(&call->out);
	snapshot_drop(call->snapshot);
	free(call);
}

int
call_read(struct call *call, struct mcp_text text, struct mcp_scan_error *errp,
    const char **whyp)
{
	struct mcp_scan_watch meta = { "_meta", MCP_TEXT_INIT };
	int condition = mcp_jsonrpc_parse(text, &call->message, errp, whyp);

	if (condition == 0 && call->message.params.len > 0)
		condition =
		    mcp_tree(call->message.params, &meta, &call->params);
	meta_find(meta.value, &call->meta);
	return condition;
}

void
call_forget(struct call *call)
{
	mcp_jsonrpc_deinit(&call->message);
	json_object_put(call->params);
	call->params = NULL;
	call->progress_token = MCP_TEXT_INIT;
	call->name = NULL;
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

uint64_t
call_until(const struct call *call, unsigned timeout_ms)
{
	uint64_t until_ns = mcp_clock_ns() + timeout_ms * MCP_MS;

	return until_ns < call->deadline_ns ? until_ns : call->deadline_ns;
}

static struct mcp_line *
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

int
thread_ask(struct thread *thread, struct mcp_letter *question,
    struct mcp_letter *answer)
{
	struct mcp_line *line = thread_line(thread);
	uint64_t patience_ns = thread->letter_ns != 0 ? thread->letter_ns :
							LETTER_NS;

	question->deadline_ns = mcp_clock_ns() + patience_ns;
	return line == NULL ? MCP_BUS_E_AWAY :
			      mcp_line_ask(line, question, answer);
}

/* --- running ------------------------------------------------------------ */

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

static void
finish(struct call *call)
{
	calls_leave(call->worker->calls, call);
	answer_finish(call);
	call_free(call);
}

bool
call_is_unwanted(const struct call *call)
{
	return (call->dialect == DIALECT_PLAIN ||
	    call->dialect == DIALECT_MODERN) && call->connection != NULL &&
	    gateway_abandoned(call->connection);
}

/* Run it in its slot, or not. @doubt: its caller may have left. */
static void
run_and_finish(struct call *call, bool doubt)
{
	/* who left while it waited wants no answer */
	bool wanted = !atomic_load(&call->cancelled) &&
	    !(doubt && call_is_unwanted(call));

	if (wanted) {
		slot_fit(call->slot, call->snapshot);
		run(call);
	}
	call->slot = NULL;
	if (!wanted && atomic_load(&call->cut))
		call_refuse(call);
	else
		finish(call);
}

/* Run @call in its slot, and whoever waited for that slot after it. */
static void
run_in_slot(struct call *call, bool doubt)
{
	struct thread *thread = call->thread;
	struct slots *slots;
	struct slot *slot;

	while (call != NULL) {
		call->thread = thread;
		slots = call->worker->slots;
		slot = call->slot;
		/* the answer first: who comes next must not wait behind a
		 * reader, but for the slot alone */
		run_and_finish(call, doubt);
		call = slots_release(slots, slot);
		doubt = true;
	}
}

void
call_run_parked(struct call *call, struct thread *thread)
{
	call->thread = thread;
	run_in_slot(call, true);
}

void
call_start(struct call *call)
{
	bool needs_slot = call->batch ||
	    (call->method != NULL && (call->method->traits & METHOD_SLOT) != 0);

	calls_enter(call->worker->calls, call);
	if (!needs_slot) {
		run(call);
		finish(call);
		return;
	}
	switch (slots_lease(call->worker->slots, call)) {
	case 0:
		run_in_slot(call,
		    call->connection != NULL &&
			gateway_hung_up(call->connection));
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
	/* from here on nobody reports for it */
	calls_leave(call->worker->calls, call);
	call_fail(call, MCP_OVERLOADED, "The server is busy: try again");
	if (call->streaming ||
	    (call->stream[0] != '\0' && call->connection == NULL)) {
		/* begun, or acknowledged: it travels on the stream */
		reply_response(call, call->message.id, MCP_TEXT_INIT);
		answer_finish(call);
	} else {
		reply_call(call, REPLY_BUSY);
	}
	call_free(call);
}

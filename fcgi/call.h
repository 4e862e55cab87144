/* call.h - I am one running call: its message, its caller, its deadline
 *
 * A call is made when a request was read and lives until its answer is out,
 * on one thread at a time. It owns copies of all it needs from the connection,
 * because an answer on a stream is sent long after that connection was given
 * back.
 */
#ifndef FCGI_CALL_H
#define FCGI_CALL_H

#include "fcgi/gateway.h"
#include "fcgi/limit.h"
#include "fcgi/once.h"
#include "fcgi/worker.h"

#include <mcp/jsonrpc.h>
#include <mcp/permit.h>

#include <pthread.h>
#include <sys/queue.h>

#define CALL_USER_MAX 256 /* bytes of a user's name that is logged */

struct asks;
struct json_object;
struct method;
struct slot;
struct snapshot;

/* How the caller speaks, which is how the answer goes out. */
enum dialect {
	DIALECT_PLAIN, /* a bare POST: JSON back */
	DIALECT_LEGACY, /* the same with a session */
	DIALECT_MODERN, /* every request carries everything */
	DIALECT_SEED, /* "sent", and mcp_response on the stream */
	DIALECT_SSE /* 202, and message on the stream */
};

/* What params._meta says, as raw JSON; length 0: absent, or null. */
struct meta {
	struct mcp_text whole;
	struct mcp_text version, capabilities, log_level, progress_token;
};

enum call_condition {
	CALL_E_FAILED = 1 /* call->code, message and data say how */
};

struct call {
	struct worker *worker;
	struct thread *thread; /* that runs it now */
	struct snapshot *snapshot;	 /* what it was read by, held, */
	const struct mcp_config *config; /* and its configuration */
	struct call *next; /* while it waits for a slot, */
	size_t weight; /* and the bytes it holds then */
	struct slot *_Atomic slot; /* NULL: it waits, or has had it */
	uint64_t started_ns;
	uint64_t deadline_ns;

	struct connection *connection; /* NULL: given back already */
	struct mcp_buf body; /* the request's text, and, */
	struct mcp_jsonrpc message; /* parsed, the message that borrows it; */
	struct json_object *params; /* the tree of its params, all but _meta, */
	struct meta meta; /* of which this is known */
	bool batch; /* body is an array of messages instead */

	enum dialect dialect;
	enum mcp_revision revision;
	uint32_t capabilities; /* of the client: enum mcp_capability bits */
	int log_level; /* the least it wants to hear of; -1: nothing */
	bool level_known; /* a session's was asked for */
	struct mcp_text progress_token; /* that of meta, checked; length 0:
					   none */
	const struct method *method;
	char user[CALL_USER_MAX]; /* "" is nobody */
	char *authorization; /* the header, where a back end is to have it */
	struct mcp_identity identity; /* whole, as permits compare it, */
	struct mcp_buf verified;      /* and its bytes */
	uint8_t subject[MCP_SUBJECT_LEN];
	char owner[MCP_WIRE_STREAM_MAX + 1]; /* the stream, or the session's
						name; empty: there is none */
	char stream[MCP_WIRE_STREAM_MAX + 1]; /* the answer goes there */
	uint64_t ticket;
	char session[MCP_SESSION_MAX + 1]; /* made by initialize, or empty */
	const char *name; /* of the tool, prompt or resource, for the log;
			     borrowed from params */

	/* while it runs */
	TAILQ_ENTRY(call) others; /* of struct calls */
	atomic_bool cancelled; /* nobody wants the answer any more, */
	atomic_bool withdrawn; /* and the client has said so; or */
	atomic_bool cut; /* this process ends, and says so in its place */
	void (*on_cancel)(void *); /* see call_on_cancel() */
	void *on_cancel_context;
	pthread_mutex_t lock; /* who writes to the connection */
	atomic_bool streaming; /* the answer is an event stream, begun */
	atomic_bool reports; /* the handler tells its own progress */
	uint64_t written_ns; /* to that stream, the last time */
	uint64_t reported_ns; /* automatic progress, the last time */
	char resumable[MCP_WIRE_STREAM_MAX + 1]; /* that stream's name at the
						    broker, or empty */
	struct asks *asks; /* NULL where the method cannot ask */
	struct lease lease; /* of its tool's "limit", */
	struct once once;   /* and of its "idempotency" */

	/* where it became a task */
	char task[33]; /* its id, or empty */
	bool alone; /* its caller has been answered: no connection is left */
	char task_created[MCP_TIMESTAMP_MAX];
	uint64_t task_version; /* of its cell */
	struct mcp_buf task_result; /* the bare result */

	/* the outcome */
	const char *result_type; /* from 2026-07-28 on; "complete" */
	const struct mcp_cache *cache; /* may the result be kept? NULL: no */
	int code; /* JSON-RPC error; 0: none */
	struct mcp_buf error; /* its message */
	struct mcp_buf data; /* its data, JSON text, may be empty */
	struct mcp_buf out; /* the response or responses, JSON text */
	unsigned status; /* HTTP */
};

/* call_new() - from a request that was read
 * Return: the call; NULL out of memory
 * Owner:  *connectionp is taken, also on failure, and then answered with 503 */
struct call *call_new(struct thread *thread, struct connection **connectionp);
void call_free(struct call *call);

/* call_read() - let @text be the call's message
 * Return: as mcp_jsonrpc_parse()
 * Owner:  @text must outlive the call; call_forget() it before the next one */
int call_read(struct call *call, struct mcp_text text,
    struct mcp_scan_error *errp, const char **whyp);
void call_forget(struct call *call);

/* call_fail() - the call's outcome is this JSON-RPC error
 * Return: CALL_E_FAILED, to be returned on */
int call_fail(struct call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* call_start() - run it now where it needs no slot or one is free; else it
 * waits for one, and runs on the thread that frees it
 * Owner:  @call is taken */
void call_start(struct call *call);

/* call_run_parked() - on @thread, with the slot it has been given
 * Owner:  @call is taken */
void call_run_parked(struct call *call, struct thread *thread);

/* call_refuse() - answer it unrun: no slot was free in time, or the waiting
 * room is full
 * Owner:  @call is taken */
void call_refuse(struct call *call);

/* call_is_unwanted() - has the caller hung up, and does that mean anything?
 * Spec: a legacy session's caller that merely disconnected has not cancelled;
 *       from 2026-07-28 on, and without a session, it has */
bool call_is_unwanted(const struct call *call);

/* call_until() - @timeout_ms from now, but not longer than the call may take
 * Return: nanoseconds of the monotonic clock */
uint64_t call_until(const struct call *call, unsigned timeout_ms);

/* call_on_cancel() - this call is going to wait for a program, a back end or a
 * database: let @wake be run once, with @context, when nobody wants the answer
 * any more; at once where that is so already. It runs on another thread under a
 * lock: it may interrupt, wake or kill, and never wait. NULL ends that, and
 * after it returned no @wake runs. */
void
call_on_cancel(struct call *call, void (*wake)(void *context), void *context);

/* thread_ask() - send @question and wait for its answer
 * Return: 0; MCP_BUS_E_AWAY, also where there is no line; -errno
 * Owner:  as mcp_line_ask() */
int thread_ask(struct thread *thread, struct mcp_letter *question,
    struct mcp_letter *answer);

#endif

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
#include "fcgi/worker.h"

#include <mcp/jsonrpc.h>

#define CALL_USER_MAX 256 /* bytes of a user's name that is logged */

struct method;
struct slot;

/* How the caller speaks, which is how the answer goes out. */
enum dialect {
	DIALECT_PLAIN, /* a bare POST: JSON back */
	DIALECT_LEGACY, /* the same with a session */
	DIALECT_SEED, /* "sent", and mcp_response on the stream */
	DIALECT_SSE /* 202, and message on the stream */
};

enum call_condition {
	CALL_E_FAILED = 1 /* call->code, message and data say how */
};

struct call {
	struct worker *worker;
	struct thread *thread; /* that runs it now */
	struct call *next; /* while it waits for a slot */
	struct slot *slot;
	uint64_t started_ns;
	uint64_t deadline_ns;

	struct connection *connection; /* NULL: given back already */
	struct mcp_buf body; /* the request's text, and, */
	struct mcp_jsonrpc message; /* parsed, the message that borrows it */
	bool batch; /* body is an array of messages instead */

	enum dialect dialect;
	enum mcp_revision revision;
	const struct method *method;
	char user[CALL_USER_MAX]; /* "" is nobody */
	uint8_t subject[MCP_SUBJECT_LEN];
	char stream[MCP_WIRE_STREAM_MAX + 1];
	uint64_t ticket;
	char session[MCP_SESSION_MAX + 1]; /* made by initialize, or empty */
	const char *name; /* of the tool, prompt or resource, for the log;
			     borrowed from message */

	/* the outcome */
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

/* call_fail() - the call's outcome is this JSON-RPC error
 * Return: CALL_E_FAILED, to be returned on */
int call_fail(struct call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* call_start() - run it now where it needs no slot or one is free; else it
 * waits for one, and runs on the thread that frees it
 * Owner:  @call is taken */
void call_start(struct call *call);

/* call_refuse() - answer it unrun: no slot was free in time, or the waiting
 * room is full
 * Owner:  @call is taken */
void call_refuse(struct call *call);

/* thread_line() - the thread's line to the broker, made when first asked for
 * Return: NULL when the broker is away or no line can be made */
struct mcp_line *thread_line(struct thread *thread);

/* How long a letter may take; with it a caller is answered within 2 s. */
#define CALL_LETTER_NS (1800 * MCP_MS)

#endif

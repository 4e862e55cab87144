/* reply.h - every status line and every JSON-RPC error leaves through me
 *
 * Conditions become HTTP status, JSON-RPC code and the dialect's own shape
 * here and nowhere else. Every answer carries the CORS lines of its request
 * and is one line in the log.
 */
#ifndef FCGI_REPLY_H
#define FCGI_REPLY_H

#include "fcgi/call.h"

/* reply_health() - 200, small JSON: who we are, and whether streams work */
void reply_health(struct thread *thread, struct connection **connectionp);

/* reply_preflight() - 204 with what CORS wants to know */
void reply_preflight(struct thread *thread, struct connection **connectionp);

/* reply_not_allowed() - 405; @allow as the header wants it, "POST, OPTIONS" */
void reply_not_allowed(struct thread *thread, struct connection **connectionp,
    const char *allow);

/* reply_refusal() - an HTTP status with a JSON-RPC error without id: for what
 * is refused before a message was read */
void reply_refusal(struct thread *thread, struct connection **connectionp,
    unsigned status, int code, const char *sentence);

/* What a finished or refused call can end in. */
enum reply_condition {
	REPLY_DONE = 0, /* call->out is the response; empty: nothing to say */
	REPLY_BAD, /* 400: call->code and call->error say why */
	REPLY_NO_SESSION, /* 404: unknown, expired, ended or foreign */
	REPLY_NO_STREAM, /* 400 (seed) or 404: unknown or foreign */
	REPLY_OVER_QUOTA, /* 429 */
	REPLY_CUT, /* 429: it was run, and its reader does not read */
	REPLY_BUSY, /* 503: no slot in time */
	REPLY_BROKER_AWAY, /* 503: not known whether */
	REPLY_RUNNING, /* an equal request runs: acknowledged, not run */
	REPLY_LOST /* 500 (seed): the stream died meanwhile */
};

/* reply_call() - answer the call's connection, in its dialect, if it still has
 * one, and write its line in the log
 * Owner:  the connection is given back; @call stays the caller's */
void reply_call(struct call *call, enum reply_condition condition);

/* reply_accepted() - 202 with zero bytes, at once: the answer travels on the
 * stream */
void reply_accepted(struct call *call);

/* reply_stream_begin() - the head of an answer that is an event stream */
void reply_stream_begin(struct call *call);

/* reply_response() - append the response of one message to call->out: @result
 * where call->code is 0, else the error */
void reply_response(struct call *call, struct mcp_text id,
    struct mcp_text result);

#endif

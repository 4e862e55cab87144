/* answer.h - I carry a call's words to its caller: on its connection, on its
 * stream, or into replay
 *
 * Before its result a call may have more to say: progress, log messages, asks.
 * On a POST this turns the answer into an event stream; with a session of
 * 2025-11-25 that stream is resumable: each event is the broker's first, gets
 * its id there, and is written here only while nobody else has taken the
 * stream over.
 *
 * Spec: 2025-11-25 "Transports", "Resumability and Redelivery";
 *       2026-07-28 "Streamable HTTP", "Receiving Messages"
 */
#ifndef FCGI_ANSWER_H
#define FCGI_ANSWER_H

#include "fcgi/call.h"

/* answer_notify() - a message that goes before the result, over @thread's line
 * Units:  @message a JSON-RPC notification or request
 * Return: 0; -EPIPE the caller takes no such thing, or is gone */
int answer_notify(struct call *call, struct thread *thread,
    struct mcp_text message);

/* answer_progress() - tell a caller who asked for it how far its handler is,
 * on the thread that runs it
 * Units:  @total 0 or less: unknown; @message may be NULL */
void answer_progress(
    struct call *call, double progress, double total, const char *message);

/* answer_release() - let the caller's connection go; it comes back for the
 * rest with Last-Event-ID
 * Return: 0; -ENOTSUP its answer cannot be resumed */
int answer_release(struct call *call);

/* answer_now() - what is in call->out is the whole answer, and the call goes on
 * without its connection */
void answer_now(struct call *call);

/* answer_finish() - the result, or nothing where the request was taken back
 * Owner:  the connection is given back; @call stays the caller's */
void answer_finish(struct call *call);

/* answer_tick() - a comment every 2 s on a slow answer; progress every 15 s for
 * a caller who asked for it and whose handler has none */
void answer_tick(struct call *call, struct thread *thread, uint64_t now_ns);

#endif

/* gateway.h - I am the only one who says FCGX_
 *
 * Threads read, slots run. All threads that are on duty (duty.h) wait in one
 * epoll set: the listening socket, the kept connections that are between two
 * requests, the lobby of those whose request has come in part, who leaves us
 * connections (heir.h), and the stop event. A thread takes one ready
 * connection, looks whether its request has come whole, lets libfcgi read it,
 * and hands it to the endpoint. Its answer is given whole, or piece by piece;
 * after that a kept connection goes back into the set and costs no thread, so
 * the web server may keep as many as it likes (fastcgi_keep_conn on).
 */
#ifndef FCGI_GATEWAY_H
#define FCGI_GATEWAY_H

#include "fcgi/http.h"

struct thread;
struct gateway;
struct connection; /* one request of the web server, until it is answered */

/* gateway_new() - over a listening socket, made non-blocking here
 * Return: 0; -errno */
int gateway_new(int listen_fd, struct gateway **gatewayp);
void gateway_free(struct gateway *gateway); /* when no thread runs in it */

/* gateway_run() - a thread's life: returns when the gateway has drained, or
 * @thread goes with a task, or has worked and then waited a while for nothing
 * Return: was it that? Then another may take its place. */
bool gateway_run(struct gateway *gateway, struct thread *thread);

/* gateway_wait() - what @thread runs is going to wait for somebody else: let
 * another read requests meanwhile */
void gateway_wait(struct gateway *gateway, struct thread *thread);

/* gateway_stop() - accept no more, close after each answer, and return from
 * gateway_run() when the last connection is gone or @patience_ms are over */
void gateway_stop(struct gateway *gateway, unsigned patience_ms);

/* gateway_hand_over() - accept no more, and give every connection to @heir_fd
 * (heir.h) as soon as no request is on it; return from gateway_run() as above
 * gateway_sweep() - now and then after that: give those that came to rest in
 * that very moment
 * gateway_inherit() - the other side: serve what comes from @legator_fd too
 * Return: 0; -errno
 * Owner:  @legator_fd is taken; @heir_fd stays the caller's */
void gateway_hand_over(struct gateway *gateway, int heir_fd,
    unsigned patience_ms);
void gateway_sweep(struct gateway *gateway);
int gateway_inherit(struct gateway *gateway, int legator_fd);
int gateway_listener(const struct gateway *gateway); /* its descriptor */

/* gateway_expire() - end requests that take longer than @body_ms to arrive;
 * called about every 100 ms */
void gateway_expire(struct gateway *gateway, unsigned body_ms, uint64_t now_ns);

/* gateway_answer() - write @answer and give the connection back
 * Owner:  *connectionp is taken and NULL after; so are all texts of its
 *         request; @answer stays the caller's
 * Errors: a peer that left is not an error here: nobody is there to be told */
void gateway_answer(struct connection **connectionp,
    const struct http_answer *answer);

/* gateway_stream_begin() - the head of an answer whose body comes in pieces
 * gateway_stream_write() - a piece, flushed
 * gateway_stream_end() - give the connection back
 * One thread at a time: FCGX streams know no locks.
 * Return: 0; -EPIPE nobody reads any more
 * Owner:  as gateway_answer(), with the end */
int gateway_stream_begin(struct connection *connection,
    const struct http_answer *head);
int gateway_stream_write(struct connection *connection, struct mcp_text piece);
void gateway_stream_end(struct connection **connectionp);

/* gateway_hung_up() - had it already when the request was found? This costs
 * nothing, and a half-closed connection counts too. */
bool gateway_hung_up(const struct connection *connection);

/* gateway_abandoned() - has the web server hung up on this request? */
bool gateway_abandoned(const struct connection *connection);

/* gateway_writable() - would a small piece go out without waiting? */
bool gateway_writable(const struct connection *connection);

/* gateway_request() - what came in
 * Owner:  the connection's: it dies, and its texts, when that is given back; a
 *         body may be taken away, MCP_BUF_INIT left in its place */
struct http_request *gateway_request(struct connection *connection);

#endif

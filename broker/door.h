/* door.h - I let a socket in, and hand it over as a stream
 *
 * Who comes in is a visit: a head is read within its limits and its time, then
 * somebody serves it, by answering or by taking its socket away. One request
 * per connection. A body is read only for who asks for it, of others some is
 * let run out, so that the peer gets the answer rather than a reset.
 */
#ifndef BROKER_DOOR_H
#define BROKER_DOOR_H

#include <sys/queue.h>
#include <uv.h>

#include "broker/clock.h"
#include "broker/head.h"
#include "broker/socket.h"

#define DOOR_HEAD_NS (10 * MCP_S) /* to receive a head whole */
#define DOOR_LEAVE_NS (5 * MCP_S) /* to take the answer and go */
#define DOOR_AGAIN_NS (100 * MCP_MS)
#define DOOR_DRAIN_MAX (8u << 20) /* bytes of a body, more than proxies send */
#define DOOR_AWAITED_MAX (32u << 20) /* bytes of all requests waited for */
#define DOOR_SPARED_LEAST 32 /* descriptors that are left for letters */
#define DOOR_SPARED_PART 500 /* or one in so many */
#define DOOR_HEAD_KEPT 896 /* an answer's head is shorter than 900 bytes */

enum door_condition {
	DOOR_E_FULL = 1 /* as many bodies are waited for as may be */
};

struct broker;
struct door;

struct visit {
	struct door *door;
	struct socket *socket; /* NULL: taken */
	struct due due;
	TAILQ_ENTRY(visit) entry;
	struct mcp_buf begun; /* a head or body that is not whole yet */
	struct mcp_text received; /* lent while the visit is served: all */
	struct mcp_text body; /* the same; where it is whole */
	size_t awaited; /* bytes, head and body; 0: no body is waited for */
	size_t seen; /* of it, by head_parse() */
	size_t drained; /* bytes of the body */
	bool answered;
	bool expects; /* more of the body will come */
	bool late; /* what was waited for did not come in time */
};

/* Serve a head: call door_answer(), or take visit->socket, leave NULL there,
 * and call door_leave(), or, while visit->expects, call door_await(). */
typedef void door_serve_fn(struct visit *visit, const struct head *head);

struct door {
	struct broker *broker;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} listener;
	struct due again; /* where memory was short: another try */
	bool trusted; /* a unix socket: what the web server tells is believed */
	bool open;
	int highest_fd; /* that a visit may have */
	door_serve_fn *serve;
	TAILQ_HEAD(visits, visit) visits;
	size_t awaited; /* bytes, by all visits */
};

/* door_open() - let in who comes to @fd, a listening socket, which is taken
 * Return: 0; -errno */
int door_open(struct door *door, struct broker *broker, int fd,
    door_serve_fn *serve);
void door_close(struct door *door); /* visits end at once */

/* door_save() - the listening socket and who is inside, to state.h
 * door_load() - and back, as door_open()
 * Return: 0; -EINVAL; -errno */
void door_save(const struct door *door, struct state_writer *out);
int door_load(struct door *door, struct broker *broker, struct state_reader *in,
    door_serve_fn *serve);

/* door_address() - where it listens: "unix:/path", "127.0.0.1:8080" */
#define DOOR_ADDRESS_MAX 160
void door_address(const struct door *door, char out[DOOR_ADDRESS_MAX]);

/* door_await() - serve this visit again, its head read anew, once the body is
 * there, or is late
 * Units:  @head->body is no more than the caller would hold
 * Return: 0, and @head is gone; DOOR_E_FULL; -ENOMEM */
int door_await(struct visit *visit, const struct head *head,
    uint64_t within_ns);

struct door_answer {
	unsigned status;
	struct mcp_text headers; /* "Name: value" CR LF each; may be empty */
	const char *type; /* of the body; NULL: there is none */
	struct mcp_text body;
	bool omit; /* the body: the method was HEAD */
};

void door_answer(struct visit *visit, const struct door_answer *answer);

/* door_leave() - the visit is over: its socket was taken */
void door_leave(struct visit *visit);

#endif

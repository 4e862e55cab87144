/* socket.h - I am one accepted connection: bytes in, bytes out
 *
 * I know neither HTTP nor SSE. Whoever owns me hears what arrives and that I
 * broke. While nothing waits to be written I am a handle and two pointers: the
 * bytes read pass through one buffer that all of us share, and an outbox is
 * made when the kernel does not take everything, and freed when it is empty.
 * What is in it is charged to somebody, and what many are sent is in it as one
 * parcel that they share.
 */
#ifndef BROKER_SOCKET_H
#define BROKER_SOCKET_H

#include <uv.h>

#include <mcp/text.h>

#include "broker/parcel.h"
#include "broker/quota.h"
#include "broker/state.h"

enum socket_condition {
	SOCKET_E_FULL = 1 /* too much waits already; nothing was taken */
};

struct socket;

/* @len > 0: bytes came, which are lent until you return; @len < 0: it is over,
 * and nothing more will be heard */
typedef void socket_heard_fn(struct socket *socket, ssize_t len,
    const char *bytes);
typedef void socket_empty_fn(struct socket *socket);

/* socket_accept() - take the next connection of @listener and read from it
 * Return: 0; -errno */
int socket_accept(uv_stream_t *listener, socket_heard_fn *heard, void *owner,
    struct socket **socketp);

void *socket_owner(const struct socket *socket);
uv_loop_t *socket_loop(const struct socket *socket);
int socket_fd(const struct socket *socket);
void socket_give(struct socket *socket, socket_heard_fn *heard, void *owner);

struct socket_terms { /* for what has to wait */
	size_t limit; /* bytes of backlog; where none is, any length is taken */
	struct quota *quota; /* NULL: it is charged to nobody; else */
	const uint8_t *subject; /* to this one */
	uint64_t n_events; /* in what is sent, as socket_unsent() counts */
};
#define SOCKET_TERMS_NONE ((struct socket_terms){ SIZE_MAX, NULL, NULL, 0 })

/* socket_send() - write now what the kernel takes, and queue the rest
 * Return: 0; SOCKET_E_FULL; -errno: it is broken */
int socket_send(struct socket *socket, struct mcp_text bytes,
    const struct socket_terms *terms);

/* socket_share() - the same, of @parcel and then @own
 * Owner: @parcel stays the caller's; it is held for as long as it waits */
int socket_share(struct socket *socket, struct parcel *parcel,
    struct mcp_text own, const struct socket_terms *terms);

/* socket_approach() - it is sent something soon: have its record near */
void socket_approach(const struct socket *socket);

size_t socket_backlog(const struct socket *socket); /* bytes */

/* socket_unsent() - call @each for what is in the outbox, in the order in which
 * it goes out: bytes the kernel has not taken, and the number of events that
 * end there */
typedef void socket_unsent_fn(void *context, struct mcp_text bytes,
    uint64_t n_events);
void socket_unsent(const struct socket *socket, socket_unsent_fn *each,
    void *context);

/* socket_of_debt() - whose backlog is charged there */
struct socket *socket_of_debt(struct debt *debt);

/* socket_stalls() - how many times in a row I was asked this while nothing
 * of a backlog was taken by the peer */
unsigned socket_stalls(struct socket *socket);

/* socket_when_empty() - call @empty once nothing waits, perhaps at once; it
 * may close me */
void socket_when_empty(struct socket *socket, socket_empty_fn *empty);

/* socket_save() - its descriptor and what is not written yet, to state.h
 * socket_load() - and back, as socket_accept() and socket_send(); one that
 * broke meanwhile says so as ever. @owner may be given later. Nothing is heard
 * before socket_listen(). Return: 0; -EINVAL; -errno */
void socket_save(const struct socket *socket, struct state_writer *out);
int socket_load(uv_loop_t *loop, struct state_reader *in,
    const struct socket_terms *terms, socket_heard_fn *heard, void *owner,
    struct socket **socketp);

/* socket_listen() - read from it from now on, if that is not done yet
 * Return: 0; -errno */
int socket_listen(struct socket *socket);

/* socket_end() - tell the peer that nothing more comes; it may still send */
void socket_end(struct socket *socket);

/* socket_close() - now; nothing is heard any more. I free myself. */
void socket_close(struct socket *socket);

/* socket_close_all() - every one of this loop; for when it has to end */
void socket_close_all(uv_loop_t *loop);

/* socket_addresses() - of a TCP connection, the peer's and our own, as text;
 * empty for any other */
#define SOCKET_ADDRESS_MAX 48
void socket_addresses(const struct socket *socket,
    char peer[SOCKET_ADDRESS_MAX], char own[SOCKET_ADDRESS_MAX]);

#endif

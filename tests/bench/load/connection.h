/* connection.h - I am one HTTP/1.1 connection of a client
 *
 * I connect, read heads and take bodies out of their framing, a length, chunks
 * or the connection's end; what stands in them is my owner's. One request at a
 * time. Whatever goes wrong is one thing: it is over.
 */
#ifndef BENCH_CONNECTION_H
#define BENCH_CONNECTION_H

#include <netinet/in.h>

#include "tests/bench/load/lines.h"

#define LOOP_BYTES 65536 /* of one read */

struct loop {
	int epoll;
	int timer;
	char bytes[LOOP_BYTES];
};

enum connection_phase {
	PHASE_OVER, /* no socket */
	PHASE_CONNECTING,
	PHASE_HEAD,
	PHASE_BODY,
	PHASE_CHUNK_SIZE,
	PHASE_CHUNK,
	PHASE_CHUNK_END,
	PHASE_TRAILER
};

struct connection;

/* An owner may close the connection in any of them, and free it in none. */
struct connection_calls {
	void (*on_ready)(struct connection *connection); /* it may send */
	void (*on_body)(struct connection *connection, struct mcp_text bytes);
	void (*on_whole)(struct connection *connection, unsigned status);
	void (*on_over)(struct connection *connection);
};

struct connection {
	struct loop *loop;
	const struct connection_calls *calls;
	int fd;
	enum connection_phase phase;
	unsigned status; /* of the answer that is read */
	bool chunked, has_length, is_last;
	uint64_t left; /* of a body or a chunk */
	struct lines lines;
};

int loop_init(struct loop *loop); /* Return: 0; -errno */
void loop_deinit(struct loop *loop);

/* loop_wake() - the next wait ends at @at_ns at the latest, to the microsecond
 */
void loop_wake(struct loop *loop, uint64_t at_ns);

/* loop_turn() - wait at most @wait_ms, and let connections read
 * Return: how many events there were */
int loop_turn(struct loop *loop, int wait_ms);

struct connection_target {
	struct sockaddr_in address;
	unsigned source; /* from 127.0.0.(2 + source % 64): so ports suffice */
	int receive;	 /* bytes of SO_RCVBUF; 0: the usual */
};

/* connection_open() - on_ready or on_over will be called
 * Return: 0; -errno, and nothing will be */
int connection_open(struct connection *connection, struct loop *loop,
    const struct connection_calls *calls,
    const struct connection_target *target);

/* connection_send() - a whole request, now
 * Return: 0; -1 it could not be sent whole */
int connection_send(struct connection *connection, struct mcp_text request);

/* connection_rest() - from now on nothing is read */
void connection_rest(struct connection *connection);

void connection_close(struct connection *connection);

#endif

/* calls.h - I know which calls live in this process, who of them waits for a
 * word of its client, and which were cancelled before they came
 */
#ifndef FCGI_CALLS_H
#define FCGI_CALLS_H

#include "fcgi/call.h"

struct calls;

/* calls_new() - Return: 0; -ENOMEM */
int calls_new(struct calls **callsp);
void calls_free(struct calls *calls);

/* calls_enter() - @call lives from here to calls_leave(); one that was
 * cancelled in the last 5 s enters cancelled */
void calls_enter(struct calls *calls, struct call *call);
void calls_leave(struct calls *calls, struct call *call);

/* calls_let_go() - @call goes on as the task @id, without its connection, which
 * from now on is nobody's but the caller's of this function */
void calls_let_go(struct calls *calls, struct call *call, const char *id);

/* calls_tick() - notice who left, and let slow answers give signs of life, on
 * @thread's line; called about every 100 ms */
void calls_tick(struct calls *calls, struct thread *thread, uint64_t now_ns);

/* calls_cancel() - the client takes a request back
 * Units:  @owner the stream or the session's name; @request the id, raw JSON
 * Return: does it live here? If not, it is remembered */
bool calls_cancel(struct calls *calls, struct mcp_text owner,
    struct mcp_text subject, struct mcp_text request);

/* calls_cut() - who runs has no more time and is answered with an error, who
 * waits to run is refused; tasks go on */
void calls_cut(struct calls *calls);

/* One request of ours that a client is to answer. */
struct wait {
	TAILQ_ENTRY(wait) others;
	struct mcp_buf id; /* as raw JSON */
	const char *key; /* which ask it is; the call's own */
	int how; /* 0: nothing yet; an enum mcp_wire_how */
	struct mcp_buf data; /* the response, where how says so */
};

/* calls_wait_begin() - from now on an answer finds @wait
 * calls_wait() - until so many have heard something, the call is cancelled, or
 * its deadline has passed
 * Units:  @enough how many of @n must have heard something
 * Return: 0; -ECANCELED; -ETIMEDOUT */
void calls_wait_begin(struct calls *calls, struct wait *wait);
int calls_wait(struct calls *calls, struct call *call, struct wait *waits,
    size_t n, size_t enough);
bool calls_heard(struct calls *calls, const struct wait *wait);
void calls_wait_end(struct calls *calls, struct wait *wait);

/* calls_answer() - what a client said
 * Return: was anybody waiting for it? */
bool calls_answer(struct calls *calls, struct mcp_text request, int how,
    struct mcp_text data);

#endif

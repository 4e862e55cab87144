/* stream.h - I am one SSE stream: a socket, or the memory of one
 *
 * A stream has a name, a subject it belongs to, and either a socket (open) or
 * a date by which its reader must be back (parked). Its events are numbered
 * and kept for replay; greetings, heartbeats and comments are not.
 *
 *     event           from      to
 *     accepted        -         open
 *     broke           open      parked; gone where nothing may park
 *     taken over      open      open, on the newer socket
 *     came back       parked    open
 *     expired         parked    gone
 *     pushed out      parked    gone
 *     session ended   any       gone
 *     shutdown        any       gone
 *
 * The stream of a listener is told of changes instead: nothing of it is
 * numbered or kept, and it never parks.
 *
 * The answer to a POST is a stream without reader at first: its worker writes
 * it to a connection of its own, and here, for a reader who lost that one and
 * comes with the id of the last event. It is not parked before it is complete:
 *
 *     opened          -           unfinished
 *     taken           unfinished  open
 *     broke           open        unfinished; parked if it is complete
 *     completed       unfinished  parked
 *     completed       open        parked, once all is written
 *
 * Idle, I cost this record, a socket's, an entry in the clock and one in the
 * hub: keep it so.
 */
#ifndef BROKER_STREAM_H
#define BROKER_STREAM_H

#include "broker/admission.h"
#include "broker/clock.h"
#include "broker/hub.h"
#include "broker/metrics.h"
#include "broker/quota.h"
#include "broker/replay.h"
#include "broker/socket.h"

#define STREAM_ID_MAX 64 /* "<name>.<number>" as text */

enum stream_condition {
	STREAM_E_FULL = QUOTA_E_FULL, /* no more streams: 503 */
	STREAM_E_ADDRESS = QUOTA_E_ADDRESS, /* no more for this one: 429 */
	STREAM_E_SUBSCRIBED, /* no more subscriptions by name: 503 */
	STREAM_E_COMPLETE, /* an answer whose reader has had all of it: 204 */
	STREAM_E_PARKED, /* delivered: kept for the reader's return */
	STREAM_E_CUT, /* delivered: the reader was cut off; kept if it fits */
	STREAM_E_LOST /* delivered to nobody: the reader is away, and the event
			 too large to be kept */
};

struct subscription;

struct stream_note { /* what SESSION set stored */
	size_t len;
	char bytes[];
};

struct stream {
	struct hub_entry entry;
	struct due due; /* open: the next comment; parked: the end */
	struct socket *socket; /* NULL: parked */
	struct account *account; /* who is charged while it is open */
	struct replay *replay; /* NULL: nothing kept */
	struct stream_note *note; /* NULL: nothing stored */
	struct subscription *subscription; /* of STREAM_LISTEN; else NULL */
	struct admission_list admissions;
	TAILQ_ENTRY(stream) parked;
	uint64_t last; /* the number of the last event */
	uint64_t written; /* of the last one that a socket was given */
	uint64_t heartbeat_ns; /* when the next one is due */
	uint8_t subject[MCP_WIRE_SUBJECT_LEN];
	uint32_t n_admissions;
	uint8_t kind; /* enum stream_kind */
	uint8_t dialect; /* enum mcp_wire_dialect; 0: nobody has posted */
	bool no_retry; /* its client fails at a retry: line */
	bool unused; /* when it was parked, nobody had used it */
};
TAILQ_HEAD(stream_queue, stream);

struct resumable { /* a STREAM_ANSWER */
	struct stream stream;
	struct hub_name session; /* whose POST it answers */
	struct table_node node; /* of the first of its session; then along */
	struct resumable *before, *behind;
	LIST_ENTRY(resumable) of_process;
	struct process *process; /* that has more to say; NULL: complete */
	bool taken; /* a reader has come for it */
};

struct streams {
	struct stream_queue parked; /* the oldest first; */
	struct stream_queue unused; /* these make room before those */
	size_t n_parked;
	size_t kept; /* bytes that may be replayed, of all */
	struct table answers; /* the first of each session, by its name */
	size_t n_unfinished; /* of those */
};

/* What the door knows of somebody who wants a stream. */
struct stream_opening {
	enum stream_kind kind;
	const struct hub_name *session; /* of STREAM_SESSION, STREAM_ANSWER */
	const struct listen *listen; /* of STREAM_LISTEN */
	uint8_t subject[MCP_WIRE_SUBJECT_LEN];
	struct mcp_text address; /* who is charged */
	struct mcp_text last_event_id;
	struct mcp_text head; /* the HTTP head, sent first */
	bool no_retry;
};

/* stream_open() - make a stream, or continue one, on this socket
 * Return: 0; STREAM_E_FULL; STREAM_E_ADDRESS; STREAM_E_SUBSCRIBED;
 *         STREAM_E_COMPLETE; -ENOMEM
 * Owner:  *socketp is taken if it succeeds, and NULL then */
int stream_open(struct broker *broker, struct socket **socketp,
    const struct stream_opening *opening);

/* stream_id() - "<name>.<number>", the id of an event, written to @id */
struct mcp_text stream_id(const struct hub_name *name, uint64_t number,
    char id[STREAM_ID_MAX]);

struct stream *stream_find(const struct broker *broker, struct mcp_text name);

/* stream_deliver() - one event, numbered in *numberp and kept for replay
 * Units:  @name holds no control characters
 * Return: 0 queued for a connected reader; STREAM_E_PARKED; STREAM_E_CUT;
 *         STREAM_E_LOST; -ENOMEM nothing was done
 * Owner:  @stream may be gone afterwards, unless 0 or STREAM_E_PARKED */
int stream_deliver(struct broker *broker, struct stream *stream,
    struct mcp_text name, struct mcp_text data, uint64_t *numberp);

/* stream_forward() - the same, of an event that many get
 * Units:  @rest is all of it but the id, as mcp_sse_event() writes it */
int stream_forward(struct broker *broker, struct stream *stream,
    struct mcp_text rest, uint64_t *numberp);

/* stream_broadcast() - tell every listener who asked, and whose it is
 * Units:  @change is a BROADCAST
 * Return: 0, with the number of those told in *toldp; -ENOMEM nothing was
 *         done */
int stream_broadcast(struct broker *broker, const struct mcp_letter *change,
    uint64_t *toldp);

/* stream_answer() - @process begins to answer the request of @letter, an OPEN
 * Return: 0; STREAM_E_FULL; -ENOMEM. *ticketp names its admission, so that it
 *         has an end even if the process has not; 0: there is no request
 * Owner:  the process's, until stream_complete() */
int stream_answer(struct broker *broker, const struct hub_name *session,
    struct process *process, const struct mcp_letter *letter,
    struct stream **streamp, uint64_t *ticketp);

/* stream_answers() - the session whose POST it answers */
const struct hub_name *stream_answers(const struct stream *stream);
bool stream_is_unfinished(const struct stream *stream); /* an answer that is */
bool stream_is_taken(const struct stream *stream); /* one that has a reader */

/* stream_complete() - nothing more will come; who reads it is let go once all
 * is written
 * Owner: @stream may be gone afterwards */
void stream_complete(struct broker *broker, struct stream *stream);

/* stream_complete_of() - all that @process has not finished */
void stream_complete_of(struct broker *broker, struct process *process);

/* stream_end_answers() - their session has ended */
void stream_end_answers(struct broker *broker, const struct hub_name *session);

/* stream_set_note() - Return: 0; -ENOMEM, and it keeps what it had */
int stream_set_note(struct stream *stream, struct mcp_text note);

/* stream_listen() - from now on its reader's goodbye is heard
 * Owner: @stream may be gone afterwards */
void stream_listen(struct broker *broker, struct stream *stream);

/* stream_end() - it is gone: no parking */
void stream_end(struct broker *broker, struct stream *stream,
    enum closed_reason reason);

/* streams_save() / streams_load() - all of them, to and from state.h; processes
 * come before
 * Return: 0; -EINVAL; -errno */
void streams_save(struct broker *broker, struct state_writer *out);
int streams_load(struct broker *broker, struct state_reader *in);

/* stream_farewell() - the broker stops: say so where the client understands
 * it, and when to come back; then end */
void stream_farewell(struct broker *broker, struct stream *stream);

/* --- for stream_state.c alone: steps of the above ------------------------- */

/* stream_blank() - one of that name, which has nothing yet; NULL: no memory */
struct stream *stream_blank(struct broker *broker, enum stream_kind kind,
    const struct hub_name *name);
void stream_free(struct broker *broker, struct stream *stream);

/* stream_list() - an answer can be found by its session */
void stream_list(struct broker *broker, struct resumable *answer);

/* stream_begin() - an answer that @process has to finish */
void stream_begin(struct broker *broker, struct resumable *answer,
    struct process *process);

/* stream_seat() - this is its reader's */
void stream_seat(struct stream *stream, struct socket *socket);

/* stream_take() - an answer lets its reader go with its last event, which may
 * be now */
void stream_take(struct stream *stream);

/* stream_queue_of() - where it stands, or would, while it is parked */
struct stream_queue *stream_queue_of(struct broker *broker,
    const struct stream *stream);

#endif

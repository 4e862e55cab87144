/* stream.c - I am one SSE stream: a socket, or the memory of one */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/sse.h>

#include "broker/broker.h"
#include "broker/notice.h"
#include "broker/watch.h"

#define STALLS_MAX 4 /* comments in a row that found nothing taken */

static const struct mcp_limits *
limits_of(const struct broker *broker)
{
	return &broker->config->server.limits;
}

/* What waits for its reader is charged to its subject. */
static struct socket_terms
terms_of(struct broker *broker, const struct stream *stream, size_t limit)
{
	return (struct socket_terms){ .limit = limit,
		.quota = &broker->quota,
		.subject = stream->subject };
}

struct mcp_text
stream_id(const struct hub_name *name, uint64_t number, char id[STREAM_ID_MAX])
{
	size_t len = hub_name_write(name, id);

	len += (size_t)snprintf(id + len, STREAM_ID_MAX - len, ".%" PRIu64,
	    number);
	return (struct mcp_text){ id, len };
}

static struct resumable *
answer_of(const struct stream *stream)
{
	return CONTAINER(struct resumable, stream, (uintptr_t)stream);
}

bool
stream_is_unfinished(const struct stream *stream)
{
	return stream->kind == STREAM_ANSWER &&
	    answer_of(stream)->process != NULL;
}

/* --- gone --------------------------------------------------------------- */

struct stream_queue *
stream_queue_of(struct broker *broker, const struct stream *stream)
{
	return stream->unused ? &broker->streams.unused :
				&broker->streams.parked;
}

/* Opening and leaving costs nothing, so it must not cost others their streams:
 * who never used his goes first. */
static struct stream *
first_to_go(struct broker *broker)
{
	struct stream *unused = TAILQ_FIRST(&broker->streams.unused);

	return unused != NULL ? unused : TAILQ_FIRST(&broker->streams.parked);
}

static void
unpark(struct broker *broker, struct stream *stream)
{
	if (stream_is_unfinished(stream)) /* it waits for its worker */
		return;
	TAILQ_REMOVE(stream_queue_of(broker, stream), stream, parked);
	broker->streams.n_parked--;
	clock_cancel(&broker->clock, &stream->due);
}

static void
count_events(void *context, struct mcp_text bytes, uint64_t n_events)
{
	uint64_t *np = context;

	(void)bytes;
	*np += n_events;
}

/* The last event that the kernel has taken whole; whether the reader has, only
 * the reader knows. */
static uint64_t
written(const struct stream *stream)
{
	uint64_t unsent = 0;

	if (stream->socket != NULL)
		socket_unsent(stream->socket, count_events, &unsent);
	return stream->written - unsent;
}

/* The socket is somebody else's from now on. */
static void
detached(struct broker *broker, struct stream *stream,
    enum closed_reason reason)
{
	stream->written = written(stream);
	stream->socket = NULL;
	quota_close(&broker->quota, stream->account);
	stream->account = NULL;
	clock_cancel(&broker->clock, &stream->due);
	broker->metrics.closed[reason]++;
}

/* The socket goes, what is remembered stays; the caller parks or frees. */
static void
detach(struct broker *broker, struct stream *stream, enum closed_reason reason)
{
	struct socket *socket = stream->socket;

	detached(broker, stream, reason);
	socket_close(socket);
}

static void
finish(struct broker *broker, struct resumable *answer)
{
	if (answer->process == NULL)
		return;
	answer->process = NULL;
	LIST_REMOVE(answer, of_process);
	broker->streams.n_unfinished--;
}

/* One of those that answer POSTs of @session. */
static struct resumable *
first_answer(const struct broker *broker, const struct hub_name *session)
{
	struct table_node *node =
	    table_find(&broker->streams.answers, hub_name_hash(session));

	for (; node != NULL; node = table_again(node)) {
		struct resumable *answer =
		    CONTAINER(struct resumable, node, node);

		if (hub_name_equal(&answer->session, session))
			return answer;
	}
	return NULL;
}

void
stream_list(struct broker *broker, struct resumable *answer)
{
	struct resumable *first = first_answer(broker, &answer->session);

	answer->before = first;
	answer->behind = first == NULL ? NULL : first->behind;
	if (answer->behind != NULL)
		answer->behind->before = answer;
	if (first != NULL)
		first->behind = answer;
	else
		table_put(&broker->streams.answers, &answer->node,
		    hub_name_hash(&answer->session));
}

/* Where it was the first, the next one is. */
static void
unlist(struct broker *broker, struct resumable *answer)
{
	struct resumable *before = answer->before, *behind = answer->behind;

	if (behind != NULL)
		behind->before = before;
	if (before != NULL) {
		before->behind = behind;
		return;
	}
	table_remove(&broker->streams.answers, &answer->node);
	if (behind != NULL)
		table_put(&broker->streams.answers, &behind->node,
		    hub_name_hash(&behind->session));
}

/* What others have under its name goes with it. A session is more than its
 * stream. */
static void
disown(struct broker *broker, struct stream *stream)
{
	if (stream->kind == STREAM_ANSWER) {
		finish(broker, answer_of(stream));
		unlist(broker, answer_of(stream));
	} else if (stream->kind <= STREAM_PURE) {
		relay_gone(broker, &stream->entry.name);
		session_forget(broker, &stream->entry.name);
	}
}

/* A detached or parked stream ceases to be. */
void
stream_free(struct broker *broker, struct stream *stream)
{
	struct admission *admission;

	while ((admission = LIST_FIRST(&stream->admissions)) != NULL)
		admission_free(broker, admission);
	disown(broker, stream);
	hub_remove(&broker->hub, &stream->entry);
	subscription_free(&broker->topics, stream->subscription);
	replay_free(stream->replay);
	free(stream->note);
	free(stream);
}

static void
expire(struct broker *broker, struct stream *stream, uint64_t *counter)
{
	(*counter)++;
	unpark(broker, stream);
	stream_free(broker, stream);
}

void
stream_end(struct broker *broker, struct stream *stream,
    enum closed_reason reason)
{
	if (stream->socket != NULL)
		detach(broker, stream, reason);
	else
		unpark(broker, stream);
	stream_free(broker, stream);
}

/* --- parked ------------------------------------------------------------- */

/* Wait for the reader's return, if streams may; the oldest makes room. */
static void
park(struct broker *broker, struct stream *stream)
{
	const struct mcp_limits *limits = limits_of(broker);
	uint64_t end = mcp_clock_ns() + limits->resume_ms * MCP_MS;

	if (stream_is_unfinished(stream))
		return;
	if (limits->resume_ms == 0 || limits->max_resumable == 0 ||
	    broker->stopping || stream->kind == STREAM_LISTEN ||
	    clock_set(&broker->clock, &stream->due, end) != 0) {
		stream_free(broker, stream);
		return;
	}
	stream->unused = stream->last == 0 && stream->dialect == 0 &&
	    LIST_EMPTY(&stream->admissions);
	TAILQ_INSERT_TAIL(stream_queue_of(broker, stream), stream, parked);
	if (broker->streams.n_parked++ >= limits->max_resumable)
		expire(broker, first_to_go(broker),
		    &broker->metrics.pushed_out);
}

static void
stream_break(struct broker *broker, struct stream *stream,
    enum closed_reason reason)
{
	detach(broker, stream, reason);
	park(broker, stream);
}

/* Where more waits than may, readers go until it does not.
 * Return: false when @stream, which may be NULL, was one of them */
static bool
shed(struct broker *broker, const struct stream *stream)
{
	struct debt *debt;
	struct stream *slow;
	bool stays = true;

	broker_grown(broker);
	while ((debt = quota_overdrawn(&broker->quota)) != NULL) {
		slow = socket_owner(socket_of_debt(debt));
		if (slow == stream)
			stays = false;
		stream_break(broker, slow, CLOSED_OVER_SHARE);
	}
	return stays;
}

/* --- open --------------------------------------------------------------- */

static void
on_heard(struct socket *socket, ssize_t len, const char *bytes)
{
	(void)bytes; /* one request per connection: nothing more is read */
	if (len < 0)
		stream_break(socket_loop(socket)->data, socket_owner(socket),
		    len == UV_EOF ? CLOSED_LEFT : CLOSED_BROKEN);
}

void
stream_listen(struct broker *broker, struct stream *stream)
{
	if (stream->socket != NULL && socket_listen(stream->socket) != 0)
		stream_break(broker, stream, CLOSED_BROKEN);
}

static bool
wants_heartbeats(const struct stream *stream)
{
	return stream->kind == STREAM_DUAL &&
	    stream->dialect != MCP_DIALECT_SSE;
}

static int
plan_tick(struct broker *broker, struct stream *stream, uint64_t at_ns)
{
	if (wants_heartbeats(stream) && stream->heartbeat_ns < at_ns)
		at_ns = stream->heartbeat_ns;
	return clock_set(&broker->clock, &stream->due, at_ns);
}

/* The first period is between a half and a whole: those who came together do
 * not stay together. */
static int
plan_first_tick(struct broker *broker, struct stream *stream, uint64_t now_ns)
{
	uint64_t comment = limits_of(broker)->comment_ms * MCP_MS;
	uint64_t heartbeat = limits_of(broker)->heartbeat_ms * MCP_MS;

	stream->heartbeat_ns = now_ns + heartbeat -
	    broker_jitter(broker, heartbeat / 2);
	return plan_tick(broker, stream,
	    now_ns + comment - broker_jitter(broker, comment / 2));
}

static void
append_heartbeat(struct mcp_buf *out)
{
	char json[64 + MCP_TIMESTAMP_MAX], now[MCP_TIMESTAMP_MAX];

	mcp_text_timestamp(now);
	snprintf(json, sizeof(json),
	    "{\"type\":\"heartbeat\",\"timestamp\":\"%s\"}", now);
	mcp_sse_event(out, MCP_TEXT_INIT, MCP_TEXT("heartbeat"),
	    mcp_text_of(json));
}

/* What was kept for longer than a break can be resumed, nobody asks for: an
 * idle stream keeps nothing. */
static void
trim(struct broker *broker, struct stream *stream, uint64_t now_ns)
{
	uint64_t age = (limits_of(broker)->resume_ms +
	    2ull * limits_of(broker)->comment_ms) * MCP_MS;

	if (stream->replay != NULL && now_ns > age)
		replay_trim(&stream->replay, now_ns - age);
}

static void
tick(struct broker *broker, struct stream *stream, uint64_t now_ns)
{
	struct socket_terms terms = terms_of(broker, stream, SIZE_MAX);
	struct mcp_buf *out = broker_scratch(broker);
	bool backlog = socket_backlog(stream->socket) > 0;
	int error = 0;

	trim(broker, stream, now_ns);
	if (wants_heartbeats(stream) && stream->heartbeat_ns <= now_ns) {
		append_heartbeat(out);
		stream->heartbeat_ns = now_ns +
		    limits_of(broker)->heartbeat_ms * MCP_MS;
	} else {
		mcp_sse_comment(out, MCP_TEXT("keep-alive"));
	}
	if (backlog && socket_stalls(stream->socket) >= STALLS_MAX) {
		stream_break(broker, stream, CLOSED_STALLED);
		return;
	}
	if (!backlog && !out->failed) /* else it has enough to read */
		error = socket_send(stream->socket, mcp_buf_view(out), &terms);
	if (error != 0 || plan_tick(broker, stream,
		now_ns + limits_of(broker)->comment_ms * MCP_MS) != 0)
		stream_break(broker, stream, CLOSED_BROKEN);
}

static void
on_due(void *context, struct due *due, uint64_t now_ns)
{
	struct stream *stream = CONTAINER(struct stream, due, due);
	struct broker *broker = context;

	if (stream->socket != NULL)
		tick(broker, stream, now_ns);
	else
		expire(broker, stream, &broker->metrics.expired);
}

/* --- opening ------------------------------------------------------------ */

struct stream *
stream_blank(struct broker *broker, enum stream_kind kind,
    const struct hub_name *name)
{
	struct stream *stream = calloc(1,
	    kind == STREAM_ANSWER ? sizeof(struct resumable)
				  : sizeof(struct stream));

	if (stream == NULL)
		return NULL;
	stream->entry.name = *name;
	stream->due = DUE_INIT(on_due);
	stream->kind = (uint8_t)kind;
	LIST_INIT(&stream->admissions);
	hub_add(&broker->hub, &stream->entry);
	broker_grown(broker);
	return stream;
}

static struct stream *
stream_new(struct broker *broker, const struct stream_opening *opening)
{
	char uuid[MCP_UUID_MAX];
	struct hub_name name;
	struct stream *stream;

	if (opening->kind == STREAM_SESSION) {
		name = *opening->session;
	} else {
		mcp_uuid(uuid);
		(void)hub_name_read(mcp_text_of(uuid), &name);
	}
	stream = stream_blank(broker, opening->kind, &name);
	if (stream != NULL)
		memcpy(stream->subject, opening->subject,
		    sizeof(stream->subject));
	return stream;
}

/* "<name>.<number>" of an event that was sent, on a stream of this subject. */
static struct stream *
find_event(const struct broker *broker, const struct stream_opening *opening,
    uint64_t *numberp)
{
	struct mcp_text id = opening->last_event_id, number;
	const char *dot = id.len ? memchr(id.at, '.', id.len) : NULL;
	struct stream *stream;
	uint64_t n;

	if (dot == NULL)
		return NULL;
	number.at = dot + 1;
	number.len = id.len - (size_t)(dot + 1 - id.at);
	id.len = (size_t)(dot - id.at);
	stream = stream_find(broker, id);
	if (stream == NULL || mcp_text_number(number, &n) != 0 ||
	    n > stream->last || memcmp(stream->subject, opening->subject,
		sizeof(stream->subject)) != 0)
		return NULL;
	*numberp = n;
	return stream;
}

static bool
is_answer(const struct stream *stream, const struct hub_name *session)
{
	return stream != NULL && stream->kind == STREAM_ANSWER &&
	    hub_name_equal(&answer_of(stream)->session, session);
}

/* The stream that is to be continued, and the event after which. A session's
 * stream has its name from the session, so it is continued in any case: from
 * what no socket was given yet, where the client does not say. */
static struct stream *
find_earlier(const struct broker *broker, const struct stream_opening *opening,
    uint64_t *fromp)
{
	struct stream *stream = find_event(broker, opening, fromp);
	struct hub_entry *entry;

	if (opening->session == NULL)
		return stream != NULL && stream->kind <= STREAM_PURE ?
		    stream : NULL;
	if (is_answer(stream, opening->session))
		return stream;
	entry = hub_find(&broker->hub, opening->session);
	if (entry == NULL)
		return NULL;
	if (stream == CONTAINER(struct stream, entry, entry))
		return stream;
	stream = CONTAINER(struct stream, entry, entry);
	*fromp = written(stream);
	return stream;
}

static void
append_server_info(const struct broker *broker, struct mcp_buf *out)
{
	const struct mcp_server *server = &broker->config->server;

	mcp_buf_puts(out, ",\"server_info\":{\"name\":");
	mcp_buf_json_string(out, mcp_text_of(server->name));
	mcp_buf_puts(out, ",\"version\":");
	mcp_buf_json_string(out, mcp_text_of(server->version));
	mcp_buf_puts(out, ",\"protocol_version\":\"2024-11-05\"}");
}

static void
append_connected(const struct broker *broker, const struct stream *stream,
    uint64_t from, bool resumed, struct mcp_buf *out)
{
	uint64_t missed = replay_missing(stream->replay, from, stream->last);
	char id[STREAM_ID_MAX], name[HUB_NAME_MAX], now[MCP_TIMESTAMP_MAX];
	struct mcp_buf json = MCP_BUF_INIT;

	hub_name_write(&stream->entry.name, name);
	mcp_text_timestamp(now);
	mcp_buf_printf(&json, "{\"type\":\"connection_established\","
	    "\"connection_id\":\"%s\",\"timestamp\":\"%s\"", name, now);
	append_server_info(broker, &json);
	if (resumed)
		mcp_buf_puts(&json, ",\"resumed\":true");
	if (resumed && missed > 0)
		mcp_buf_printf(&json, ",\"missed\":%" PRIu64, missed);
	mcp_buf_putc(&json, '}');
	if (json.failed)
		out->failed = true;
	mcp_sse_event(out, stream_id(&stream->entry.name, from, id),
	    MCP_TEXT("connected"), mcp_buf_view(&json));
	mcp_buf_deinit(&json);
}

static void
append_endpoint(const struct broker *broker, const struct stream *stream,
    struct mcp_buf *out)
{
	char name[HUB_NAME_MAX];
	struct mcp_buf url = MCP_BUF_INIT;

	hub_name_write(&stream->entry.name, name);
	mcp_buf_printf(&url, "%s/sse/message?connection_id=%s",
	    broker->config->server.mount, name);
	if (url.failed)
		out->failed = true;
	mcp_sse_event(out, MCP_TEXT_INIT, MCP_TEXT("endpoint"),
	    mcp_buf_view(&url));
	mcp_buf_deinit(&url);
}

static unsigned
retry_ms(struct broker *broker, unsigned least_percent, unsigned most_percent)
{
	uint64_t retry = limits_of(broker)->retry_ms;

	return (unsigned)((retry * least_percent + broker_jitter(broker,
	    retry * (most_percent - least_percent) + 1)) / 100);
}

/* Only the seed's dialect has an event that can tell of a gap; a person who
 * looks at a stream of another can see it in a comment. */
static void
append_open(const struct stream *stream, uint64_t from, struct mcp_buf *out)
{
	uint64_t missed = replay_missing(stream->replay, from, stream->last);
	char text[64] = "open";

	if (missed > 0)
		snprintf(text, sizeof(text), "open, missed %" PRIu64, missed);
	if (missed > 0 || stream->kind != STREAM_PURE)
		mcp_sse_comment(out, mcp_text_of(text));
}

/* What everybody is told at once. "endpoint" is the first event for all; then
 * the pure transport gets messages and comments and nothing else, because
 * there is a client that takes every other block for a broken message. */
static void
append_greeting(struct broker *broker, const struct stream *stream,
    uint64_t from, bool resumed, struct mcp_buf *out)
{
	const struct replay_event *event = replay_after(stream->replay, from);

	if (stream->kind <= STREAM_PURE)
		append_endpoint(broker, stream, out);
	if (stream->kind != STREAM_DUAL)
		append_open(stream, from, out);
	if (stream->kind == STREAM_DUAL) {
		if (!stream->no_retry)
			mcp_sse_retry(out, retry_ms(broker, 75, 125));
		append_connected(broker, stream, from, resumed, out);
	}
	if (wants_heartbeats(stream))
		append_heartbeat(out);
	for (; event != NULL; event = event->next)
		mcp_buf_append(out, event->bytes, event->len);
}

static void
append_acknowledgement(struct broker *broker,
    const struct stream_opening *opening, struct mcp_buf *out)
{
	notice_acknowledged(out, opening->listen);
	watch_begin(broker, opening->listen, opening->subject,
	    out->len + limits_of(broker)->max_outbox, out);
}

/* The stream to use: an earlier one, without its socket, or a new one. */
static struct stream *
earlier_or_new(struct broker *broker, const struct stream_opening *opening,
    uint64_t *fromp, bool *resumedp)
{
	struct stream *stream = find_earlier(broker, opening, fromp);

	*resumedp = stream != NULL;
	if (stream == NULL)
		return stream_new(broker, opening);
	if (stream->socket != NULL)
		detach(broker, stream, CLOSED_TAKEN_OVER);
	else
		unpark(broker, stream);
	return stream;
}

static int
subscribe(struct broker *broker, struct stream *stream,
    const struct listen *listen)
{
	int condition = listen == NULL ? 0 : subscription_new(&broker->topics,
	    stream, listen, &stream->subscription);

	return condition == TOPIC_E_FULL ? STREAM_E_SUBSCRIBED : condition;
}

/* All that may fail before the socket is taken. */
static int
prepare(struct broker *broker, struct stream *stream,
    const struct stream_opening *opening)
{
	struct account *account;
	int condition = quota_open(&broker->quota, opening->address, &account);

	if (condition != 0)
		return condition;
	condition = subscribe(broker, stream, opening->listen);
	if (condition == 0)
		condition = plan_first_tick(broker, stream, mcp_clock_ns());
	if (condition != 0) {
		quota_close(&broker->quota, account);
		return condition;
	}
	if (stream->kind != STREAM_ANSWER) /* it stays what it is */
		stream->kind = (uint8_t)opening->kind;
	stream->no_retry = opening->no_retry;
	stream->account = account;
	return 0;
}

static void
on_complete(struct socket *socket)
{
	stream_break(socket_loop(socket)->data, socket_owner(socket),
	    CLOSED_COMPLETE);
}

/* An answer lets its reader go with its last event. */
void
stream_take(struct stream *stream)
{
	answer_of(stream)->taken = true;
	if (!stream_is_unfinished(stream))
		socket_when_empty(stream->socket, on_complete);
}

void
stream_seat(struct stream *stream, struct socket *socket)
{
	stream->socket = socket;
	socket_give(socket, on_heard, stream);
}

/* Whom there is no memory to greet is cut off like any other. */
static void
attach(struct broker *broker, struct stream *stream, struct socket *socket,
    const struct mcp_buf *greeting, uint64_t from)
{
	struct socket_terms terms = terms_of(broker, stream, SIZE_MAX);

	stream_seat(stream, socket);
	stream->written = stream->last;
	terms.n_events = stream->last - from;
	if (greeting->failed ||
	    socket_send(socket, mcp_buf_view(greeting), &terms) != 0)
		stream_break(broker, stream, CLOSED_BROKEN);
	else if (stream->kind == STREAM_ANSWER)
		stream_take(stream);
}

/* Some clients come back after the last event of an answer, for ever. */
static bool
is_read(const struct stream *stream, uint64_t from)
{
	return stream->kind == STREAM_ANSWER && stream->socket == NULL &&
	    !stream_is_unfinished(stream) && from == stream->last;
}

int
stream_open(struct broker *broker, struct socket **socketp,
    const struct stream_opening *opening)
{
	struct mcp_buf *out = broker_scratch(broker);
	struct socket *socket = *socketp;
	struct stream *stream;
	uint64_t from = 0;
	bool resumed;
	int condition;

	stream = earlier_or_new(broker, opening, &from, &resumed);
	if (stream == NULL)
		return -ENOMEM;
	condition = is_read(stream, from) ? STREAM_E_COMPLETE :
					    prepare(broker, stream, opening);
	if (condition != 0) {
		if (resumed)
			park(broker, stream);
		else
			stream_free(broker, stream);
		return condition;
	}
	mcp_buf_text(out, opening->head);
	if (opening->listen != NULL)
		append_acknowledgement(broker, opening, out);
	else
		append_greeting(broker, stream, from, resumed, out);
	broker->metrics.opened[stream->kind]++;
	broker->metrics.resumed += resumed;
	*socketp = NULL;
	attach(broker, stream, socket, out, from);
	(void)shed(broker, stream);
	return 0;
}

/* --- events ------------------------------------------------------------- */

struct stream *
stream_find(const struct broker *broker, struct mcp_text text)
{
	struct hub_name name;
	struct hub_entry *entry;

	if (hub_name_read(text, &name) != 0)
		return NULL;
	entry = hub_find(&broker->hub, &name);
	return entry == NULL ? NULL : CONTAINER(struct stream, entry, entry);
}

/* Kept before it is sent: whatever happens to the socket, the reader can come
 * back for it. */
static bool
keep(struct broker *broker, struct stream *stream, struct mcp_text bytes)
{
	struct replay_bounds bounds = { limits_of(broker)->replay_events,
		limits_of(broker)->replay_bytes, &broker->streams.kept,
		limits_of(broker)->replay_bytes_of_all };
	bool kept = replay_add(&stream->replay, bounds, stream->last,
	    mcp_clock_ns(), bytes) == 0;

	broker->metrics.events++;
	broker->metrics.event_bytes += bytes.len;
	if (!kept && stream->socket == NULL)
		broker->metrics.dropped++;
	return kept;
}

/* Return: 0; STREAM_E_CUT; -errno: it broke */
static int
pass_on(struct broker *broker, struct stream *stream, struct mcp_text bytes)
{
	struct socket_terms terms =
	    terms_of(broker, stream, limits_of(broker)->max_outbox);
	int condition;

	terms.n_events = 1;
	condition = socket_send(stream->socket, bytes, &terms);
	if (condition != 0) {
		stream_break(broker, stream,
		    condition == SOCKET_E_FULL ? CLOSED_OVER_QUOTA
					       : CLOSED_BROKEN);
		return condition == SOCKET_E_FULL ? STREAM_E_CUT : condition;
	}
	stream->written = stream->last;
	return shed(broker, stream) ? 0 : STREAM_E_CUT;
}

/* The event is composed in @out. */
static int
put(struct broker *broker, struct stream *stream, const struct mcp_buf *out,
    uint64_t *numberp)
{
	bool kept;
	int condition;

	if (out->failed)
		return -ENOMEM;
	*numberp = ++stream->last;
	kept = keep(broker, stream, mcp_buf_view(out));
	if (stream->socket == NULL)
		return kept ? STREAM_E_PARKED : STREAM_E_LOST;
	condition = pass_on(broker, stream, mcp_buf_view(out));
	if (condition != 0 && !kept)
		broker->metrics.dropped++;
	if (condition < 0)
		return kept ? STREAM_E_PARKED : STREAM_E_LOST;
	return condition;
}

int
stream_deliver(struct broker *broker, struct stream *stream,
    struct mcp_text name, struct mcp_text data, uint64_t *numberp)
{
	struct mcp_buf *out = broker_scratch(broker);
	char id[STREAM_ID_MAX];

	mcp_sse_event(out, stream_id(&stream->entry.name, stream->last + 1, id),
	    name, data);
	return put(broker, stream, out, numberp);
}

int
stream_forward(struct broker *broker, struct stream *stream,
    struct mcp_text rest, uint64_t *numberp)
{
	struct mcp_buf *out = broker_scratch(broker);
	char id[STREAM_ID_MAX];

	mcp_sse_id(out, stream_id(&stream->entry.name, stream->last + 1, id));
	mcp_buf_text(out, rest);
	return put(broker, stream, out, numberp);
}

/* --- answers to POSTs --------------------------------------------------- */

const struct hub_name *
stream_answers(const struct stream *stream)
{
	return &answer_of(stream)->session;
}

bool
stream_is_taken(const struct stream *stream)
{
	return stream->kind == STREAM_ANSWER && answer_of(stream)->taken;
}

void
stream_begin(struct broker *broker, struct resumable *answer,
    struct process *process)
{
	answer->process = process;
	LIST_INSERT_HEAD(&process->answers, answer, of_process);
	broker->streams.n_unfinished++;
}

static struct resumable *
answer_new(struct broker *broker, const struct hub_name *session,
    struct process *process, struct mcp_text subject)
{
	struct stream_opening opening = { .kind = STREAM_ANSWER };
	struct resumable *answer;
	struct stream *stream;

	memcpy(opening.subject, subject.at, sizeof(opening.subject));
	stream = stream_new(broker, &opening);
	if (stream == NULL)
		return NULL;
	answer = answer_of(stream);
	answer->session = *session;
	stream_list(broker, answer);
	stream_begin(broker, answer, process);
	return answer;
}

int
stream_answer(struct broker *broker, const struct hub_name *session,
    struct process *process, const struct mcp_letter *letter,
    struct stream **streamp, uint64_t *ticketp)
{
	const struct mcp_limits *limits = limits_of(broker);
	struct admission *admission = NULL;
	struct resumable *answer;

	if (limits->resume_ms == 0 || broker->stopping ||
	    broker->streams.n_unfinished >= limits->max_resumable)
		return STREAM_E_FULL;
	answer = answer_new(broker, session, process, letter->subject);
	if (answer == NULL)
		return -ENOMEM;
	if (letter->request.len > 0 && admission_new(broker, &answer->stream,
		process, letter, &admission) != 0) {
		stream_free(broker, &answer->stream);
		return -ENOMEM;
	}
	*ticketp = admission != NULL ? admission->ticket : 0;
	*streamp = &answer->stream;
	return 0;
}

void
stream_complete(struct broker *broker, struct stream *stream)
{
	struct admission *admission;

	while ((admission = LIST_FIRST(&stream->admissions)) != NULL)
		admission_free(broker, admission);
	finish(broker, answer_of(stream));
	if (stream->socket == NULL)
		park(broker, stream);
	else
		socket_when_empty(stream->socket, on_complete);
}

void
stream_complete_of(struct broker *broker, struct process *process)
{
	struct resumable *answer;

	while ((answer = LIST_FIRST(&process->answers)) != NULL)
		stream_complete(broker, &answer->stream);
}

void
stream_end_answers(struct broker *broker, const struct hub_name *session)
{
	struct resumable *answer;

	while ((answer = first_answer(broker, session)) != NULL)
		stream_end(broker, &answer->stream, CLOSED_ENDED);
}

/* --- changes ------------------------------------------------------------ */

/* Return: true when it was told; else it is gone. */
static bool
tell(struct broker *broker, struct stream *stream, struct notice *notice)
{
	struct socket_terms terms =
	    terms_of(broker, stream, limits_of(broker)->max_outbox);
	int condition = socket_share(stream->socket, notice->common,
	    notice_for(notice, subscription_id(stream->subscription)), &terms);

	if (condition != 0)
		stream_break(broker, stream, condition == SOCKET_E_FULL ?
		    CLOSED_OVER_QUOTA : CLOSED_BROKEN);
	return condition == 0;
}

static bool
may_hear(const struct stream *stream, const struct mcp_letter *change)
{
	return change->topic != MCP_TOPIC_TASK ||
	    memcmp(stream->subject, change->subject.at,
		sizeof(stream->subject)) == 0;
}

/* While the kernel sends to one, the records of the next come nearer: @wish has
 * its turn then, and those behind it later. */
static void
approach(const struct wish *wish)
{
	const struct wish *behind;

	if (wish == NULL)
		return;
	socket_approach(wish->subscription->stream->socket);
	behind = LIST_NEXT(wish, of_topic);
	if (behind == NULL)
		return;
	__builtin_prefetch(&behind->subscription->stream->socket);
	__builtin_prefetch(LIST_NEXT(behind, of_topic));
}

/* Who cannot be told is gone, and its wishes with it, so the next wish is
 * looked up before; and nobody else may go meanwhile. */
static uint64_t
tell_all(struct broker *broker, struct wish *wish,
    const struct mcp_letter *change, struct notice *notice)
{
	struct stream *stream;
	struct wish *next;
	uint64_t told = 0;

	for (; wish != NULL; wish = next) {
		next = LIST_NEXT(wish, of_topic);
		approach(next);
		stream = wish->subscription->stream;
		if (may_hear(stream, change))
			told += tell(broker, stream, notice);
	}
	return told;
}

int
stream_broadcast(struct broker *broker, const struct mcp_letter *change,
    uint64_t *toldp)
{
	enum mcp_wire_topic topic = (enum mcp_wire_topic)change->topic;
	struct wish *first = topic_first(&broker->topics, topic, change->data);
	struct notice notice;

	*toldp = 0;
	broker->metrics.broadcasts[topic]++;
	if (first == NULL)
		return 0;
	if (notice_init(&notice, topic, topic == MCP_TOPIC_TASK ?
		change->state : change->data) != 0)
		return -ENOMEM;
	*toldp = tell_all(broker, first, change, &notice);
	(void)shed(broker, NULL);
	notice_deinit(&notice);
	broker->metrics.told += *toldp;
	return 0;
}

int
stream_set_note(struct stream *stream, struct mcp_text text)
{
	struct stream_note *note = malloc(sizeof(*note) + text.len);

	if (note == NULL)
		return -ENOMEM;
	note->len = text.len;
	memcpy(note->bytes, text.at, text.len);
	free(stream->note);
	stream->note = note;
	return 0;
}

/* --- the end of all ----------------------------------------------------- */

static void
append_error(struct mcp_buf *out)
{
	char json[128], now[MCP_TIMESTAMP_MAX];

	mcp_text_timestamp(now);
	snprintf(json, sizeof(json), "{\"type\":\"error\",\"message\":"
	    "\"The server is shutting down\",\"timestamp\":\"%s\"}", now);
	mcp_sse_event(out, MCP_TEXT_INIT, MCP_TEXT("error"),
	    mcp_text_of(json));
}

static void
on_leaving(struct socket *socket, ssize_t len, const char *bytes)
{
	(void)bytes;
	if (len < 0)
		socket_close(socket);
}

/* What a client is told last, in what it understands. */
static void
append_farewell(struct broker *broker, const struct stream *stream,
    struct mcp_buf *out)
{
	if (stream->kind == STREAM_LISTEN) {
		notice_complete(out, subscription_id(stream->subscription));
		return;
	}
	if (stream->kind != STREAM_PURE && !stream->no_retry)
		mcp_sse_retry(out, retry_ms(broker, 100, 300));
	/* only where the client has shown that it speaks the seed's dialect:
	 * others take an event of that name for a broken transport */
	if (stream->kind == STREAM_DUAL && stream->dialect == MCP_DIALECT_SEED)
		append_error(out);
}

void
stream_farewell(struct broker *broker, struct stream *stream)
{
	struct mcp_buf *out = broker_scratch(broker);
	struct socket *socket = stream->socket;

	if (socket == NULL) {
		stream_end(broker, stream, CLOSED_SHUTDOWN);
		return;
	}
	append_farewell(broker, stream, out);
	if (out->len > 0 && !out->failed)
		(void)socket_send(socket, mcp_buf_view(out),
		    &SOCKET_TERMS_NONE);
	/* a slow reader may still take what waits for it */
	socket_give(socket, on_leaving, NULL);
	socket_when_empty(socket, socket_close);
	detached(broker, stream, CLOSED_SHUTDOWN);
	stream_free(broker, stream);
}

/* desk.c - I read letters and answer each of them
 *
 * ZeroMQ's descriptor is an edge: it stirs once, and after that the truth is
 * in the queue. So a turn reads until the queue is empty, or, when it is not
 * after DESK_TURN letters or DESK_TURN_NS, leaves an idle handle behind that
 * goes on in the next turn of the loop. Sending eats edges too; whoever sends
 * outside a turn calls stir().
 *
 * The end of a session is answered late: ENDED goes to every process, numbered
 * and in order, so that "acknowledged up to number n" is all there is to know
 * of a process, and an end is complete when no process that was told of it,
 * and still counts, is behind its number.
 */
#include "broker/desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker/broker.h"
#include "broker/errand.h"
#include "broker/herald.h"
#include "broker/reload.h"
#include "broker/watch.h"

struct ending {
	TAILQ_ENTRY(ending) entry;
	struct due due; /* patience with the processes is over */
	struct mcp_route route; /* who asked */
	uint64_t correlation;
	uint64_t number;
};

static uint64_t
wall_s(void)
{
	return (uint64_t)time(NULL);
}

/* --- sending ------------------------------------------------------------ */

static void stir(struct desk *desk);

/* A letter that finds nobody is counted: whoever asked does not know whether,
 * and asks again or tells its client so. */
static void
answer(struct broker *broker, const struct mcp_route *route,
    const struct mcp_letter *question, struct mcp_letter *letter)
{
	unsigned kind = question->kind < MCP_N_KINDS ? question->kind : 0;

	letter->kind = question->kind;
	letter->correlation = question->correlation;
	letter->deadline_ns = 0;
	broker->metrics.letters[kind][letter->outcome]++;
	if (mcp_switchboard_send(broker->desk.board, route, letter) != 0)
		broker->metrics.unsent++;
}

static void
answer_bare(struct broker *broker, const struct mcp_route *route,
    const struct mcp_letter *question, enum mcp_wire_outcome outcome)
{
	struct mcp_letter letter = { .outcome = outcome };

	answer(broker, route, question, &letter);
}

/* Say what was said before; of an ADMITTED with the note of today. */
static void
answer_again(struct broker *broker, const struct route *route,
    const struct mcp_letter *question, const struct answer *said)
{
	struct mcp_letter letter = { .outcome = said->outcome };
	char id[STREAM_ID_MAX], name[HUB_NAME_MAX];
	struct stream *stream;
	struct mcp_letter first = *question;

	hub_name_write(&said->stream, name);
	first.kind = said->kind;
	if (said->outcome == MCP_ADMITTED) {
		stream = stream_find(broker, mcp_text_of(name));
		letter.ticket = said->number;
		if (stream != NULL && stream->note != NULL)
			letter.state = (struct mcp_text){ stream->note->bytes,
				stream->note->len };
	}
	if (said->outcome == MCP_DELIVERED || said->outcome == MCP_PARKED)
		letter.id = stream_id(&said->stream, said->number, id);
	if (said->kind == MCP_BROADCAST)
		letter.streams = said->number;
	if (said->kind == MCP_CELL)
		letter.known = said->number;
	if (said->kind == MCP_RELOAD) {
		letter.digest = mcp_text_of(broker->config->digest);
		letter.streams = said->number;
	}
	if (said->kind == MCP_UPGRADE) {
		letter.streams = broker->quota.n_streams;
		letter.running = said->number;
	}
	if (said->outcome == MCP_STATE) { /* of OPEN: no other is kept */
		letter.state = mcp_text_of(name);
		letter.ticket = said->number;
	}
	answer(broker, &route->route, &first, &letter);
}

/* Answer, and remember having done so. */
static void
conclude(struct broker *broker, struct route *route,
    const struct mcp_letter *question, struct answer said)
{
	said.kind = (uint8_t)question->kind;
	route_remember(route, question->correlation, said);
	answer_again(broker, route, question, &said);
}

static void
conclude_bare(struct broker *broker, struct route *route,
    const struct mcp_letter *question, enum mcp_wire_outcome outcome)
{
	conclude(broker, route, question,
	    (struct answer){ .outcome = (uint8_t)outcome });
}

/* --- ends of sessions --------------------------------------------------- */

static bool
is_behind(const struct process *process, uint64_t number)
{
	return process->greeted && !process->struck &&
	    process->first <= number && process->known < number;
}

static bool
is_complete(const struct broker *broker, uint64_t number)
{
	const struct process *process;

	TAILQ_FOREACH(process, &broker->processes.all, of_all)
		if (is_behind(process, number))
			return false;
	return true;
}

static void
ending_free(struct broker *broker, struct ending *ending)
{
	TAILQ_REMOVE(&broker->desk.endings, ending, entry);
	clock_cancel(&broker->clock, &ending->due);
	free(ending);
}

void
desk_answer_late(struct broker *broker, const struct mcp_route *to,
    uint64_t correlation, struct mcp_letter *letter)
{
	struct mcp_letter question = { .kind = letter->kind,
		.correlation = correlation };
	struct route *route;

	if (!broker->desk.open)
		return;
	route = route_of(broker, to);
	if (route != NULL)
		route_remember(route, correlation,
		    (struct answer){ .kind = (uint8_t)letter->kind,
			.outcome = (uint8_t)letter->outcome,
			.number = letter->kind == MCP_UPGRADE
			    ? letter->running
			    : letter->streams });
	answer(broker, to, &question, letter);
	stir(&broker->desk);
}

static void
ending_conclude(struct broker *broker, struct ending *ending)
{
	struct mcp_letter letter = { .kind = MCP_SESSION, .outcome = MCP_OK };

	desk_answer_late(broker, &ending->route, ending->correlation, &letter);
	ending_free(broker, ending);
}

/* Numbers rise along the list, and so does what is still waited for. */
static void
settle_endings(struct broker *broker)
{
	struct ending *ending;

	while ((ending = TAILQ_FIRST(&broker->desk.endings)) != NULL &&
	    is_complete(broker, ending->number))
		ending_conclude(broker, ending);
}

static void
on_impatient(void *context, struct due *due, uint64_t now_ns)
{
	struct ending *ending = CONTAINER(struct ending, due, due);
	struct broker *broker = context;
	struct process *process;

	(void)now_ns;
	TAILQ_FOREACH(process, &broker->processes.all, of_all)
		if (is_behind(process, ending->number))
			process->struck = true;
	settle_endings(broker);
	stir(&broker->desk);
}

void
desk_process_gone(struct broker *broker)
{
	if (!broker->desk.open)
		return;
	settle_endings(broker);
	reload_process_gone(broker);
	upgrade_process_gone(broker);
	stir(&broker->desk);
}

static int
pass(struct broker *broker, const struct mcp_route *route,
    struct mcp_text letter)
{
	return mcp_switchboard_pass(broker->desk.board, route, letter);
}

/* One whose control socket is not back since we took over gets it then. */
static int
keep(struct process *process, const struct mcp_letter *letter)
{
	struct mcp_buf bytes = MCP_BUF_INIT;
	int error = mcp_wire_write(letter, &bytes);

	if (error == 0)
		error = process_keep(process, mcp_buf_view(&bytes));
	mcp_buf_deinit(&bytes);
	return error;
}

static int
send_to_process(struct broker *broker, struct process *process,
    const struct mcp_letter *letter)
{
	struct mcp_route route = process_control(process);
	int condition = process->restored ? keep(process, letter)
					  : desk_send(broker, &route, letter);

	if (condition != 0)
		broker->metrics.unsent++;
	return condition;
}

void
desk_process_back(struct broker *broker, struct process *process)
{
	process_send_kept(broker, process, pass);
	stir(&broker->desk);
}

static void
tell_process(struct broker *broker, struct process *process,
    struct mcp_letter *letter)
{
	if (send_to_process(broker, process, letter) != 0)
		process->struck = true; /* it hears of it at its next HELLO */
}

int
desk_tell(struct broker *broker, struct process *process,
    struct mcp_letter *letter)
{
	/* apart from the numbers of ends */
	letter->correlation = DESK_ASKED | ++broker->desk.asked;
	letter->deadline_ns = mcp_clock_ns() + DESK_TELL_NS;
	return send_to_process(broker, process, letter);
}

/* One end, to every process that lives. */
static void
tell_processes(struct broker *broker, const uint8_t *key, uint64_t expires_s,
    uint64_t number)
{
	struct desk *desk = &broker->desk;
	struct mcp_letter letter = { .kind = MCP_ENDED,
		.epoch = broker->ended.epoch, .known = number,
		.correlation = number,
		.deadline_ns = mcp_clock_ns() + DESK_ACKNOWLEDGE_NS };
	struct process *process;

	mcp_buf_reset(&desk->ends);
	mcp_wire_end_write(&desk->ends, key, expires_s);
	letter.ends = mcp_buf_view(&desk->ends);
	TAILQ_FOREACH(process, &broker->processes.all, of_all)
		if (process->greeted && !process->struck)
			tell_process(broker, process, &letter);
}

static int
ending_new(struct broker *broker, const struct mcp_route *route,
    uint64_t correlation, uint64_t number)
{
	struct ending *ending = calloc(1, sizeof(*ending)), *after;

	if (ending == NULL)
		return -ENOMEM;
	ending->due = DUE_INIT(on_impatient);
	ending->route = *route;
	ending->correlation = correlation;
	ending->number = number;
	if (clock_set(&broker->clock, &ending->due,
		mcp_clock_ns() + DESK_ACKNOWLEDGE_NS) != 0) {
		free(ending);
		return -ENOMEM;
	}
	/* behind those with smaller numbers; almost always that is the end */
	after = TAILQ_LAST(&broker->desk.endings, endings);
	while (after != NULL && after->number > number)
		after = TAILQ_PREV(after, endings, entry);
	if (after != NULL)
		TAILQ_INSERT_AFTER(&broker->desk.endings, after, ending, entry);
	else
		TAILQ_INSERT_HEAD(&broker->desk.endings, ending, entry);
	return 0;
}

/* --- letters ------------------------------------------------------------ */

static void
learn_ends(struct broker *broker, struct mcp_text ends)
{
	uint64_t expires, number, now_s = wall_s();
	uint8_t key[ENDED_KEY_LEN];

	for (size_t at = 0; at < ends.len; at += MCP_WIRE_END_LEN) {
		mcp_wire_end_read(ends.at + at, key, &expires);
		(void)ended_add(&broker->ended, key, expires, now_s, &number);
	}
}

static uint64_t
risen(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void
learn_counters(struct broker *broker, struct process *process,
    const struct mcp_letter *hello)
{
	broker->metrics.worker_requests +=
	    risen(hello->requests, process->requests);
	broker->metrics.worker_failed += risen(hello->failed, process->failed);
	for (size_t i = 0; i < MCP_N_QUIRKS &&
	     8 * (i + 1) <= hello->data.len; i++) {
		uint64_t n = mcp_wire_number_read(hello->data.at + 8 * i);

		broker->metrics.quirks[i] += risen(n, process->quirks[i]);
		process->quirks[i] = n;
	}
	if (hello->digest.len < sizeof(process->digest)) {
		memcpy(process->digest, hello->digest.at, hello->digest.len);
		process->digest[hello->digest.len] = '\0';
	}
	process->pid = hello->pid;
	process->requests = hello->requests;
	process->failed = hello->failed;
	process->running = hello->running;
}

static void
welcome(struct broker *broker, const struct mcp_route *route,
    const struct mcp_letter *hello)
{
	struct ended *ended = &broker->ended;
	struct mcp_buf *ends = &broker->desk.ends;
	struct mcp_letter letter = { .outcome = MCP_WELCOME,
		.epoch = ended->epoch,
		.known = ended->known,
		.digest = mcp_text_of(broker->config->digest),
		.state = mcp_text_of(broker->reload.path) };

	mcp_buf_reset(ends);
	ended_since(ended, hello->epoch == ended->epoch ? hello->known : 0,
	    ends);
	letter.ends = mcp_buf_view(ends);
	if (ends->failed) {
		mcp_buf_deinit(ends);
		answer_bare(broker, route, hello, MCP_NO_ROOM);
		return;
	}
	answer(broker, route, hello, &letter);
}

static void
on_hello(struct broker *broker, const struct mcp_route *route,
    const struct mcp_letter *hello, uint64_t now_ns)
{
	struct process *process = process_of(broker, route);

	if (process == NULL) {
		answer_bare(broker, route, hello, MCP_NO_ROOM);
		return;
	}
	process_alive(broker, process, now_ns); /* late, but alive */
	if (hello->ends.len % MCP_WIRE_END_LEN != 0 ||
	    hello->deadline_ns <= now_ns) {
		answer_bare(broker, route, hello, hello->deadline_ns <= now_ns ?
		    MCP_EXPIRED : MCP_MALFORMED);
		return;
	}
	learn_ends(broker, hello->ends);
	learn_counters(broker, process, hello);
	if (hello->epoch == broker->ended.epoch &&
	    hello->known > process->known)
		process->known = hello->known;
	welcome(broker, route, hello);
	if (hello->leaving) {
		upgrade_process_leaves(broker, process);
		process_gone(broker, process);
	} else {
		settle_endings(broker);
	}
}

static bool
is_subject(const struct stream *stream, struct mcp_text subject)
{
	return subject.len == sizeof(stream->subject) &&
	    memcmp(subject.at, stream->subject, subject.len) == 0;
}

/* No client posts to the stream of a listener, or to an answer. */
static bool
is_posted_to(const struct stream *stream)
{
	return stream->kind != STREAM_LISTEN && stream->kind != STREAM_ANSWER;
}

static void
on_admit(struct broker *broker, struct route *route,
    const struct mcp_letter *letter)
{
	struct stream *stream = stream_find(broker, letter->stream);
	struct admission *admission = NULL;
	struct answer said = { .outcome = MCP_ADMITTED };

	if (letter->dialect != MCP_DIALECT_SEED &&
	    letter->dialect != MCP_DIALECT_SSE)
		said.outcome = MCP_MALFORMED;
	else if (stream == NULL || !is_posted_to(stream))
		said.outcome = MCP_GONE;
	else if (!is_subject(stream, letter->subject))
		said.outcome = MCP_FOREIGN;
	else if (admission_runs(stream, letter->request))
		said.outcome = MCP_RUNNING;
	else if (letter->request.len > 0 && stream->n_admissions >=
	    broker->config->server.limits.max_calls_per_stream)
		said.outcome = MCP_OVER_QUOTA;
	else if (letter->request.len > 0 && admission_new(broker, stream,
	    route->process, letter, &admission) != 0)
		said.outcome = MCP_NO_ROOM;
	if (said.outcome == MCP_ADMITTED) {
		stream->dialect = (uint8_t)letter->dialect;
		said.stream = stream->entry.name;
		said.number = admission != NULL ? admission->ticket : 0;
	}
	conclude(broker, route, letter, said);
}

static bool
is_event_name(struct mcp_text name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f)
			return false;
	return true;
}

/* An event that must not be delivered, and why; 0: it may. */
static enum mcp_wire_outcome
judge_delivery(const struct broker *broker, const struct mcp_letter *letter,
    const struct stream *stream, const struct admission *admission)
{
	if (!is_event_name(letter->event))
		return MCP_MALFORMED;
	if (stream == NULL || stream->kind == STREAM_LISTEN ||
	    (stream->kind == STREAM_ANSWER && !stream_is_unfinished(stream)))
		return MCP_GONE;
	if (letter->ticket != 0 &&
	    (admission == NULL || admission->stream != stream))
		return MCP_ANSWERED;
	if (letter->data.len > broker->config->server.limits.max_event)
		return MCP_NO_ROOM;
	return 0;
}

static enum mcp_wire_outcome
outcome_of(int condition)
{
	switch (condition) {
	case 0:
		return MCP_DELIVERED;
	case STREAM_E_PARKED:
		return MCP_PARKED;
	case STREAM_E_CUT:
	case STREAM_E_LOST:
		return MCP_OVER_QUOTA;
	default:
		return MCP_NO_ROOM;
	}
}

/* Whoever writes an answer writes it to its own connection too, as long as no
 * reader has come for it here; that an event was too large to be kept is then
 * no loss. */
static enum mcp_wire_outcome
outcome_of_delivery(const struct stream *stream, bool answer, int condition)
{
	if (!answer || condition < 0)
		return outcome_of(condition);
	return stream_is_taken(stream) ? MCP_TAKEN : MCP_PARKED;
}

/* The pure transport has one name for all, whoever posted and how. */
static struct mcp_text
event_name(const struct stream *stream, const struct mcp_letter *letter)
{
	return stream->kind == STREAM_PURE ? MCP_TEXT("message") :
					     letter->event;
}

static void
on_deliver(struct broker *broker, struct route *route,
    const struct mcp_letter *letter)
{
	struct stream *stream = stream_find(broker, letter->stream);
	struct admission *admission = letter->ticket == 0 ? NULL :
	    admission_find(&broker->admissions, letter->ticket);
	struct answer said = { .outcome = (uint8_t)judge_delivery(broker,
	    letter, stream, admission) };

	if (said.outcome == 0) {
		/* before the stream may be gone; an answer stays */
		bool answer_too = stream->kind == STREAM_ANSWER;

		said.stream = stream->entry.name;
		if (admission != NULL)
			admission_free(broker, admission);
		said.outcome = (uint8_t)outcome_of_delivery(stream, answer_too,
		    stream_deliver(broker, stream, event_name(stream, letter),
			letter->data, &said.number));
	}
	conclude(broker, route, letter, said);
}

static void
on_session_set(struct broker *broker, struct route *route,
    const struct mcp_letter *letter)
{
	struct stream *stream = stream_find(broker, letter->stream);
	enum mcp_wire_outcome outcome = MCP_OK;

	if (stream == NULL || !is_posted_to(stream))
		outcome = MCP_GONE;
	else if (!is_subject(stream, letter->subject))
		outcome = MCP_FOREIGN;
	else if (stream_set_note(stream, letter->state) != 0)
		outcome = MCP_NO_ROOM;
	conclude_bare(broker, route, letter, outcome);
}

static void
on_session_end(struct broker *broker, struct route *route,
    const struct mcp_letter *letter)
{
	struct stream *stream = stream_find(broker, letter->stream);
	struct hub_name name;
	uint64_t number;
	int condition;

	if (hub_name_read(letter->stream, &name) != 0 ||
	    name.form != HUB_SESSION) {
		conclude_bare(broker, route, letter, MCP_MALFORMED);
		return;
	}
	condition = ended_add(&broker->ended, name.key, letter->expires,
	    wall_s(), &number);
	if (condition < 0 ||
	    ending_new(broker, &route->route, letter->correlation, number) !=
		0) {
		conclude_bare(broker, route, letter, MCP_NO_ROOM);
		return;
	}
	route_remember(route, letter->correlation,
	    (struct answer){ .kind = MCP_SESSION });
	if (condition == 0)
		tell_processes(broker, name.key, letter->expires, number);
	if (stream != NULL)
		stream_end(broker, stream, CLOSED_ENDED);
	stream_end_answers(broker, &name);
	relay_gone(broker, &name);
	session_forget(broker, &name);
	settle_endings(broker);
}

/* What only reads is not remembered: asked again, it is read again. */
static void
on_errand(struct broker *broker, struct route *route,
    const struct mcp_letter *letter)
{
	struct answer said = { .kind = (uint8_t)letter->kind };
	struct mcp_letter out;

	errand_run(broker, route->process, letter, &out);
	said.outcome = (uint8_t)out.outcome;
	said.number = letter->kind == MCP_CELL ? out.known : out.ticket;
	if (letter->kind == MCP_OPEN && out.outcome == MCP_STATE)
		(void)hub_name_read(out.state, &said.stream);
	if (letter->kind == MCP_OPEN || out.outcome != MCP_STATE)
		route_remember(route, letter->correlation, said);
	answer(broker, &route->route, letter, &out);
}

static void
on_session(struct broker *broker, struct route *route,
    const struct mcp_letter *letter)
{
	if (letter->verb == MCP_SESSION_SET)
		on_session_set(broker, route, letter);
	else if (letter->verb == MCP_SESSION_END)
		on_session_end(broker, route, letter);
	else
		on_errand(broker, route, letter);
}

static bool
is_broadcast(const struct mcp_letter *letter)
{
	if (letter->topic == MCP_TOPIC_TASK)
		return letter->data.len > 0 &&
		    letter->subject.len == MCP_WIRE_SUBJECT_LEN &&
		    watch_is_task(letter->state);
	if (letter->subject.len > 0 || letter->state.len > 0)
		return false;
	if (letter->topic == MCP_TOPIC_UPDATED)
		return letter->data.len > 0;
	return letter->topic >= MCP_TOPIC_TOOLS &&
	    letter->topic <= MCP_TOPIC_RESOURCES && letter->data.len == 0;
}

static void
on_broadcast(struct broker *broker, struct route *route,
    const struct mcp_letter *letter)
{
	struct answer said = { .outcome = MCP_OK };

	if (!is_broadcast(letter))
		said.outcome = MCP_MALFORMED;
	else if (herald_broadcast(broker, letter, &said.number) != 0)
		said.outcome = MCP_NO_ROOM;
	conclude(broker, route, letter, said);
}

/* Answered when it is done; asked again until then, there is nothing to say. */
static void
on_reload(
    struct broker *broker, struct route *route, const struct mcp_letter *letter)
{
	if (reload_ask(broker, &route->route, letter->correlation) != 0)
		conclude_bare(broker, route, letter, MCP_NO_ROOM);
	else
		route_remember(route, letter->correlation,
		    (struct answer){ .kind = MCP_RELOAD });
}

static void
on_upgrade(struct broker *broker, struct route *route,
    const struct mcp_letter *letter)
{
	if (upgrade_ask(broker, &route->route, letter->correlation) != 0)
		conclude_bare(broker, route, letter, MCP_NO_ROOM);
	else
		route_remember(route, letter->correlation,
		    (struct answer){ .kind = MCP_UPGRADE });
}

/* An answer to one of our own questions. Only that of an end is waited for; of
 * the others it is counted whether somebody was there. */
static void
on_answer(struct broker *broker, const struct mcp_route *route,
    const struct mcp_letter *letter)
{
	struct process *process;

	if (letter->kind == MCP_ANSWER)
		broker->metrics.letters[MCP_ANSWER][letter->outcome]++;
	process = process_of(broker, route);
	if (process != NULL &&
	    (letter->kind == MCP_PREPARE || letter->kind == MCP_COMMIT))
		reload_heard(broker, process, letter);
	if (process != NULL && letter->kind == MCP_UPGRADE)
		upgrade_heard(broker, process, letter);
	if (letter->kind != MCP_ENDED || letter->outcome != MCP_OK)
		return;
	if (process == NULL || letter->correlation > broker->ended.known)
		return;
	if (process->known < letter->correlation)
		process->known = letter->correlation;
	settle_endings(broker);
}

/* A question that may change something: never late, never twice. */
static void
on_question(struct broker *broker, const struct mcp_route *from,
    const struct mcp_letter *letter, uint64_t now_ns)
{
	struct route *route = route_of(broker, from);
	const struct answer *said;

	if (route == NULL) {
		answer_bare(broker, from, letter, MCP_NO_ROOM);
		return;
	}
	said = route_recall(route, letter->correlation);
	if (said != NULL) {
		if (said->outcome != 0) /* else it comes */
			answer_again(broker, route, letter, said);
	} else if (letter->deadline_ns <= now_ns) {
		conclude_bare(broker, route, letter, MCP_EXPIRED);
	} else if (letter->kind == MCP_ADMIT) {
		on_admit(broker, route, letter);
	} else if (letter->kind == MCP_DELIVER) {
		on_deliver(broker, route, letter);
	} else if (letter->kind == MCP_SESSION) {
		on_session(broker, route, letter);
	} else if (letter->kind == MCP_BROADCAST) {
		on_broadcast(broker, route, letter);
	} else if (letter->kind == MCP_RELOAD) {
		on_reload(broker, route, letter);
	} else if (letter->kind == MCP_UPGRADE) {
		on_upgrade(broker, route, letter);
	} else if (letter->kind >= MCP_AWAIT && letter->kind != MCP_ANSWER &&
	    letter->kind <= MCP_CELL) {
		on_errand(broker, route, letter);
	} else { /* one that only we ask */
		conclude_bare(broker, route, letter, MCP_UNKNOWN_KIND);
	}
}

static void
on_unreadable(struct broker *broker, const struct mcp_route *route,
    const struct mcp_letter *letter, int condition)
{
	broker->metrics.letters[0][MCP_MALFORMED]++;
	if (letter->outcome != MCP_QUESTION || letter->correlation == 0)
		return;
	answer_bare(broker, route, letter,
	    condition == MCP_WIRE_E_VERSION ? MCP_VERSION :
	    condition == MCP_WIRE_E_KIND    ? MCP_UNKNOWN_KIND :
					      MCP_MALFORMED);
}

/* --- turns -------------------------------------------------------------- */

/* Return: false when there was none. */
static bool
read_letter(struct broker *broker)
{
	struct mcp_route route;
	struct mcp_letter letter;
	uint64_t now_ns;
	int condition = mcp_switchboard_receive(broker->desk.board, &route,
	    &letter);

	if (condition == MCP_BUS_E_EMPTY || condition < 0)
		return condition == -EINTR;
	now_ns = mcp_clock_ns();
	if (condition > MCP_BUS_E_WIRE)
		on_unreadable(broker, &route, &letter,
		    condition - MCP_BUS_E_WIRE);
	else if (letter.outcome != MCP_QUESTION)
		on_answer(broker, &route, &letter);
	else if (letter.kind == MCP_HELLO)
		on_hello(broker, &route, &letter, now_ns);
	else
		on_question(broker, &route, &letter, now_ns);
	return true;
}

static void
on_more(uv_idle_t *more)
{
	struct broker *broker = more->data;
	uint64_t end_ns = mcp_clock_ns() + DESK_TURN_NS;

	for (int i = 0; i < DESK_TURN && mcp_clock_ns() < end_ns; i++)
		if (!read_letter(broker)) {
			uv_idle_stop(more);
			return;
		}
	uv_idle_start(more, on_more);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct broker *broker = poll->data;

	(void)status;
	(void)events;
	on_more(&broker->desk.more);
}

static void
stir(struct desk *desk)
{
	if (desk->open)
		uv_idle_start(&desk->more, on_more);
}

static void
on_poll_closed(uv_handle_t *poll)
{
	free(poll);
}

/* Bus and switchboard are here; listen to them. */
static int
listen_to(struct broker *broker)
{
	struct desk *desk = &broker->desk;
	int error;

	desk->poll = calloc(1, sizeof(*desk->poll));
	if (desk->poll == NULL)
		return -ENOMEM;
	error = uv_poll_init(&broker->loop, desk->poll,
	    mcp_switchboard_fd(desk->board));
	if (error != 0) {
		free(desk->poll);
		desk->poll = NULL;
		return error;
	}
	desk->poll->data = broker;
	return uv_poll_start(desk->poll, UV_READABLE, on_poll);
}

int
desk_return(struct broker *broker, const char *endpoint)
{
	struct desk *desk = &broker->desk;
	int error = mcp_bus_new(endpoint, &desk->bus);

	if (error == 0)
		error = mcp_switchboard_new(desk->bus, &desk->board);
	if (error == 0)
		error = listen_to(broker);
	if (error != 0)
		return error;
	desk->open = true;
	stir(desk); /* what came before we listened stirs no more */
	return 0;
}

int
desk_open(struct broker *broker, const char *endpoint)
{
	struct desk *desk = &broker->desk;
	int error = uv_idle_init(&broker->loop, &desk->more);

	desk->more.data = broker;
	return error != 0 ? error : desk_return(broker, endpoint);
}

void
desk_leave(struct desk *desk)
{
	desk->open = false;
	uv_idle_stop(&desk->more);
	if (desk->poll != NULL)
		uv_close((uv_handle_t *)desk->poll, on_poll_closed);
	mcp_switchboard_leave(desk->board);
	mcp_bus_free(desk->bus);
	desk->poll = NULL;
	desk->board = NULL;
	desk->bus = NULL;
}

void
desk_forget(struct broker *broker)
{
	struct ending *ending;

	while ((ending = TAILQ_FIRST(&broker->desk.endings)) != NULL)
		ending_free(broker, ending);
}

void
desk_close(struct desk *desk)
{
	struct broker *broker = desk->more.data;

	if (!desk->open)
		return;
	desk_leave(desk);
	desk_forget(broker);
	uv_close((uv_handle_t *)&desk->more, NULL);
	mcp_buf_deinit(&desk->ends);
}

int
desk_send(struct broker *broker, const struct mcp_route *route,
    const struct mcp_letter *letter)
{
	struct desk *desk = &broker->desk;
	int condition = desk->open
	    ? mcp_switchboard_send(desk->board, route, letter)
	    : MCP_BUS_E_AWAY;

	stir(desk);
	return condition;
}

/* --- into the next broker ------------------------------------------------ */

void
desk_save(const struct broker *broker, struct state_writer *out)
{
	const struct ending *ending;
	size_t n = 0;

	state_number(out, broker->desk.asked);
	TAILQ_FOREACH(ending, &broker->desk.endings, entry)
		n++;
	state_number(out, n);
	TAILQ_FOREACH(ending, &broker->desk.endings, entry) {
		state_bytes(out, ending->route.id, sizeof(ending->route.id));
		state_number(out, ending->correlation);
		state_number(out, ending->number);
	}
}

int
desk_load(struct broker *broker, struct state_reader *in)
{
	struct mcp_route route;
	uint64_t n, correlation;
	int error = 0;

	broker->desk.asked = state_read_number(in);
	n = state_read_number(in);
	for (; n > 0 && error == 0 && !in->failed; n--) {
		state_read_bytes(in, route.id, sizeof(route.id));
		correlation = state_read_number(in);
		error = ending_new(broker, &route, correlation,
		    state_read_number(in));
	}
	return error != 0 ? error : state_end(in);
}

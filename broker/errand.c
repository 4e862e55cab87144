/* errand.c - I run what a letter wants of those who keep things */

#include <string.h>
#include <time.h>

#include "broker/broker.h"
#include "broker/errand.h"

static bool
is_whole(struct mcp_text subject)
{
	return subject.len == MCP_WIRE_SUBJECT_LEN;
}

static bool
is_subject(const struct stream *stream, struct mcp_text subject)
{
	return is_whole(subject) &&
	    memcmp(subject.at, stream->subject, subject.len) == 0;
}

/* Under which name is the client known that this letter is about? A session
 * needs no stream for that; the stream of one of its answers is the session.
 * Return: 0, or why there is none */
static enum mcp_wire_outcome
find_client(const struct broker *broker, const struct mcp_letter *letter,
    struct hub_name *name)
{
	const struct stream *stream;

	if (!is_whole(letter->subject))
		return MCP_MALFORMED;
	if (hub_name_read(letter->stream, name) != 0)
		return MCP_GONE;
	if (name->form == HUB_SESSION)
		return ended_has(&broker->ended, name->key) ? MCP_GONE : 0;
	stream = stream_find(broker, letter->stream);
	if (stream == NULL || stream->kind == STREAM_LISTEN)
		return MCP_GONE;
	if (!is_subject(stream, letter->subject))
		return MCP_FOREIGN;
	if (stream->kind == STREAM_ANSWER)
		*name = *stream_answers(stream);
	return 0;
}

/* --- who waits for whose answer ----------------------------------------- */

static enum mcp_wire_outcome
await(struct broker *broker, struct process *process,
    const struct mcp_letter *letter)
{
	struct hub_name name;
	enum mcp_wire_outcome outcome = find_client(broker, letter, &name);

	if (outcome != 0)
		return outcome;
	if (letter->request.len == 0 || letter->call_deadline_ns == 0)
		return MCP_MALFORMED;
	switch (relay_await(broker, process, &name, letter)) {
	case 0:
		return MCP_OK;
	case RELAY_E_PARTY:
		return MCP_OVER_QUOTA;
	case RELAY_E_FOREIGN:
		return MCP_FOREIGN;
	case RELAY_E_KNOWN:
		return MCP_EXISTS;
	default:
		return MCP_NO_ROOM;
	}
}

/* What a process cannot take now waits on; the client may post it again. */
static enum mcp_wire_outcome
respond(struct broker *broker, const struct mcp_letter *letter)
{
	struct mcp_letter answer = { .kind = MCP_ANSWER,
		.request = letter->request, .data = letter->data,
		.how = MCP_HOW_ANSWERED };
	struct hub_name name;
	struct waiting *waiting;
	enum mcp_wire_outcome outcome = find_client(broker, letter, &name);
	int condition;

	if (outcome != 0)
		return outcome == MCP_MALFORMED ? outcome : MCP_UNKNOWN;
	waiting = relay_find(&broker->relay, &name, letter);
	if (waiting == NULL)
		return MCP_UNKNOWN;
	condition = desk_tell(broker, waiting->process, &answer);
	if (condition == MCP_BUS_E_BUSY)
		return MCP_NO_ROOM;
	relay_free(broker, waiting);
	return condition == 0 ? MCP_OK : MCP_UNKNOWN;
}

void
errand_gone(struct broker *broker, struct process *process,
    struct mcp_text request)
{
	struct mcp_letter answer = { .kind = MCP_ANSWER, .request = request,
		.how = MCP_HOW_GONE };

	(void)desk_tell(broker, process, &answer);
}

/* --- who wants no answer any more --------------------------------------- */

static enum mcp_wire_outcome
cancel(struct broker *broker, const struct mcp_letter *letter)
{
	struct stream *stream = stream_find(broker, letter->stream);
	struct mcp_letter question = { .kind = MCP_CANCEL,
		.stream = letter->stream, .subject = letter->subject,
		.request = letter->request };
	struct process *process;

	if (letter->stream.len == 0 || !is_whole(letter->subject))
		return MCP_MALFORMED;
	if (stream != NULL && !is_subject(stream, letter->subject))
		return MCP_FOREIGN;
	if (stream != NULL && letter->request.len > 0)
		admission_cancel(broker, stream, letter->request);
	TAILQ_FOREACH(process, &broker->processes.all, of_all)
		if (process->greeted)
			(void)desk_tell(broker, process, &question);
	return MCP_OK;
}

/* --- what a session has set --------------------------------------------- */

static enum mcp_wire_outcome
get_level(struct broker *broker, const struct hub_name *name,
    const struct mcp_letter *letter, struct mcp_letter *out)
{
	const struct session *session = session_find(&broker->sessions, name);

	if (session == NULL)
		return MCP_STATE;
	if (memcmp(session->subject, letter->subject.at,
		sizeof(session->subject)) != 0)
		return MCP_FOREIGN;
	out->state = mcp_text_of(session->level);
	return MCP_STATE;
}

/* A stream's record goes with the stream, a session's with its seal. */
static uint64_t
end_of(const struct hub_name *name, const struct mcp_letter *letter)
{
	uint64_t now_s = (uint64_t)time(NULL);

	if (name->form == HUB_CONNECTION)
		return CLOCK_NEVER;
	return clock_of_wall(letter->expires != 0 ? letter->expires :
	    now_s + MCP_SESSION_SECONDS, now_s, mcp_clock_ns());
}

static enum mcp_wire_outcome
outcome_of_session(int condition)
{
	switch (condition) {
	case 0:
		return MCP_OK;
	case SESSION_E_FOREIGN:
		return MCP_FOREIGN;
	case SESSION_E_LEVEL:
		return MCP_MALFORMED;
	case SESSION_E_MANY:
		return MCP_OVER_QUOTA;
	default:
		return MCP_NO_ROOM;
	}
}

static enum mcp_wire_outcome
change_session(struct broker *broker, const struct hub_name *name,
    const struct mcp_letter *letter)
{
	struct mcp_text text = letter->state;
	struct session *session;
	int condition = session_of(broker, name,
	    (const uint8_t *)letter->subject.at, end_of(name, letter),
	    &session);

	if (condition == 0 && letter->verb == MCP_SESSION_LEVEL)
		condition = session_set_level(session, text);
	else if (condition == 0 && letter->verb == MCP_SESSION_SUBSCRIBE)
		condition = session_follow(broker, session, text);
	else if (condition == 0)
		session_unfollow(broker, session, text);
	return outcome_of_session(condition);
}

static enum mcp_wire_outcome
run_session(struct broker *broker, const struct mcp_letter *letter,
    struct mcp_letter *out)
{
	struct hub_name name;
	enum mcp_wire_outcome outcome = find_client(broker, letter, &name);

	if (outcome != 0)
		return outcome;
	switch (letter->verb) {
	case MCP_SESSION_GET:
		return get_level(broker, &name, letter, out);
	case MCP_SESSION_UNSUBSCRIBE:
		if (session_find(&broker->sessions, &name) == NULL)
			return MCP_OK;
		break;
	case MCP_SESSION_LEVEL:
	case MCP_SESSION_SUBSCRIBE:
		break;
	default:
		return MCP_MALFORMED;
	}
	if (letter->state.len == 0 || letter->state.len > SESSION_URI_MAX)
		return MCP_MALFORMED;
	return change_session(broker, &name, letter);
}

/* --- answers that can be resumed ---------------------------------------- */

static enum mcp_wire_outcome
open_answer(struct broker *broker, struct process *process,
    const struct mcp_letter *letter, struct mcp_letter *out)
{
	static char text[HUB_NAME_MAX]; /* until the answer is written */
	struct hub_name name;
	struct stream *stream;
	enum mcp_wire_outcome outcome = find_client(broker, letter, &name);

	if (outcome != 0)
		return outcome;
	if (name.form != HUB_SESSION)
		return MCP_GONE;
	if (stream_answer(broker, &name, process, letter, &stream,
		&out->ticket) != 0)
		return MCP_NO_ROOM;
	out->state = (struct mcp_text){ text,
		hub_name_write(&stream->entry.name, text) };
	return MCP_STATE;
}

static enum mcp_wire_outcome
close_answer(struct broker *broker, const struct mcp_letter *letter)
{
	struct stream *stream = stream_find(broker, letter->stream);

	if (stream == NULL || !stream_is_unfinished(stream))
		return MCP_GONE;
	stream_complete(broker, stream);
	return MCP_OK;
}

/* --- small records ------------------------------------------------------ */

static enum mcp_wire_outcome
outcome_of_cell(int condition)
{
	switch (condition) {
	case 0:
		return MCP_OK;
	case CELL_E_EXISTS:
		return MCP_EXISTS;
	case CELL_E_STALE:
		return MCP_STALE;
	case CELL_E_NONE:
		return MCP_NONE;
	case CELL_E_QUOTA:
		return MCP_OVER_QUOTA;
	case CELL_E_PAST:
		return MCP_MALFORMED;
	default:
		return MCP_NO_ROOM;
	}
}

static enum mcp_wire_outcome
get_cell(struct broker *broker, const struct mcp_letter *letter,
    struct mcp_letter *out)
{
	struct cell *cell;

	if (cell_get(broker, letter, &cell) != 0)
		return MCP_NONE;
	out->known = cell->version;
	out->how = cell->orphan;
	out->state = (struct mcp_text){ cell->state, cell->len };
	return MCP_STATE;
}

static enum mcp_wire_outcome
run_cell(struct broker *broker, struct process *process,
    const struct mcp_letter *letter, struct mcp_letter *out)
{
	uint64_t now_s = (uint64_t)time(NULL);
	struct cell *cell = NULL;
	int condition;

	if (letter->stream.len == 0 || !is_whole(letter->subject) ||
	    letter->how > 1)
		return MCP_MALFORMED;
	switch (letter->verb) {
	case MCP_CELL_CREATE:
		condition = cell_create(broker, process, letter, now_s, &cell);
		break;
	case MCP_CELL_GET:
		return get_cell(broker, letter, out);
	case MCP_CELL_PUT:
		condition = cell_put(broker, process, letter, now_s, &cell);
		break;
	case MCP_CELL_DELETE:
		condition = cell_delete(broker, letter);
		break;
	default:
		return MCP_MALFORMED;
	}
	if (condition == 0 && cell != NULL)
		out->known = cell->version;
	return outcome_of_cell(condition);
}

/* --- all of them -------------------------------------------------------- */

void
errand_run(struct broker *broker, struct process *process,
    const struct mcp_letter *letter, struct mcp_letter *out)
{
	*out = (struct mcp_letter){ 0 };
	switch (letter->kind) {
	case MCP_AWAIT:
		out->outcome = await(broker, process, letter);
		break;
	case MCP_RESPONSE:
		out->outcome = respond(broker, letter);
		break;
	case MCP_CANCEL:
		out->outcome = cancel(broker, letter);
		break;
	case MCP_SESSION:
		out->outcome = run_session(broker, letter, out);
		break;
	case MCP_OPEN:
		out->outcome = open_answer(broker, process, letter, out);
		break;
	case MCP_CLOSE:
		out->outcome = close_answer(broker, letter);
		break;
	case MCP_CELL:
		out->outcome = run_cell(broker, process, letter, out);
		break;
	default:
		out->outcome = MCP_MALFORMED;
	}
}

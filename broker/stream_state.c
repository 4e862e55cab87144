/* stream_state.c - I write the streams down, and read them back */

#include <errno.h>
#include <stdlib.h>

#include "broker/broker.h"

enum place { PLACE_OPEN, PLACE_PARKED, PLACE_UNFINISHED };

/* --- down ---------------------------------------------------------------- */

static enum place
place_of(const struct stream *stream)
{
	if (stream->socket != NULL)
		return PLACE_OPEN;
	return stream_is_unfinished(stream) ? PLACE_UNFINISHED : PLACE_PARKED;
}

static void
replay_save(const struct replay *replay, struct state_writer *out)
{
	const struct replay_event *event = replay_after(replay, 0);

	state_number(out, replay == NULL ? 0 : replay->n);
	for (; event != NULL; event = event->next) {
		state_number(out, event->number);
		state_number(out, event->at_ns);
		state_bytes(out, event->bytes, event->len);
	}
}

static void
note_save(const struct stream_note *note, struct state_writer *out)
{
	state_number(out, note != NULL);
	if (note != NULL)
		state_bytes(out, note->bytes, note->len);
}

static void
answer_save(const struct resumable *answer, struct state_writer *out)
{
	const struct process *process = answer->process;

	hub_name_save(&answer->session, out);
	state_number(out, answer->taken);
	state_number(out, process != NULL);
	if (process != NULL)
		state_bytes(out, process->id, sizeof(process->id));
}

static void
reader_save(const struct stream *stream, struct state_writer *out)
{
	state_text(out, quota_address(stream->account));
	socket_save(stream->socket, out);
}

static void
stream_save(const struct stream *stream, struct state_writer *out)
{
	enum place place = place_of(stream);

	state_number(out, stream->kind);
	hub_name_save(&stream->entry.name, out);
	state_number(out, place);
	state_bytes(out, stream->subject, sizeof(stream->subject));
	state_number(out, stream->dialect);
	state_number(out, stream->last);
	state_number(out, stream->written);
	state_number(out, stream->heartbeat_ns);
	state_number(out, stream->no_retry);
	state_number(out, stream->unused);
	state_due(out, &stream->due);
	note_save(stream->note, out);
	replay_save(stream->replay, out);
	subscription_save(stream->subscription, out);
	admissions_save(stream, out);
	if (stream->kind == STREAM_ANSWER)
		answer_save((const struct resumable *)stream, out);
	if (place == PLACE_OPEN)
		reader_save(stream, out);
}

static void
save_unparked(void *context, struct table_node *node)
{
	struct hub_entry *entry = CONTAINER(struct hub_entry, node, node);
	struct stream *stream = CONTAINER(struct stream, entry, entry);

	if (place_of(stream) != PLACE_PARKED)
		stream_save(stream, context);
}

static void
save_parked(struct stream_queue *queue, struct state_writer *out)
{
	const struct stream *stream;

	TAILQ_FOREACH(stream, queue, parked)
		stream_save(stream, out);
}

void
streams_save(struct broker *broker, struct state_writer *out)
{
	state_number(out, broker->admissions.last_ticket);
	state_number(out, broker->hub.by_name.n);
	table_each(&broker->hub.by_name, save_unparked, out);
	save_parked(&broker->streams.parked, out);
	save_parked(&broker->streams.unused, out);
}

/* --- and back ------------------------------------------------------------ */

/* Events are numbered from 1, and each has more than the one before. */
static int
replay_load(struct broker *broker, struct replay **replayp,
    struct state_reader *in)
{
	const struct replay_bounds unbounded = { SIZE_MAX, SIZE_MAX,
		&broker->streams.kept, SIZE_MAX };
	uint64_t n, number, at_ns, last = 0;
	int error = 0;

	for (n = state_read_number(in); n > 0 && error == 0 && !in->failed;
	     n--) {
		number = state_read_number(in);
		at_ns = state_read_number(in);
		if (number <= last)
			return -EINVAL;
		last = number;
		error = replay_add(replayp, unbounded, number, at_ns,
		    state_read_text(in));
	}
	return error;
}

static int
note_load(struct stream *stream, struct state_reader *in)
{
	if (state_read_up_to(in, 1) == 0)
		return 0;
	return stream_set_note(stream, state_read_text(in));
}

static int
answer_load(struct broker *broker, struct resumable *answer,
    struct state_reader *in)
{
	struct process *process;

	hub_name_load(&answer->session, in);
	stream_list(broker, answer);
	answer->taken = state_read_up_to(in, 1) == 1;
	if (state_read_up_to(in, 1) == 0)
		return 0;
	process = process_read(broker, in);
	if (process == NULL)
		return -EINVAL;
	stream_begin(broker, answer, process);
	return 0;
}

static int
reader_load(struct broker *broker, struct stream *stream,
    struct state_reader *in)
{
	struct socket_terms terms = { SIZE_MAX, &broker->quota, stream->subject,
		0 };
	struct socket *socket;
	int error = in->rehearsal ? 0 : ears_add(broker, stream);

	if (error == 0)
		error = quota_admit(&broker->quota, state_read_text(in),
		    &stream->account);
	if (error != 0)
		return error;
	error = socket_load(&broker->loop, in, &terms, NULL, NULL, &socket);
	if (error != 0) {
		quota_close(&broker->quota, stream->account);
		return error;
	}
	stream_seat(stream, socket);
	if (stream->kind == STREAM_ANSWER && !in->rehearsal)
		stream_take(stream);
	return 0;
}

static void
members_load(struct stream *stream, struct state_reader *in)
{
	state_read_bytes(in, stream->subject, sizeof(stream->subject));
	stream->dialect = (uint8_t)state_read_up_to(in, MCP_DIALECT_SSE);
	stream->last = state_read_number(in);
	stream->written = state_read_number(in);
	stream->heartbeat_ns = state_read_number(in);
	stream->no_retry = state_read_up_to(in, 1) == 1;
	stream->unused = state_read_up_to(in, 1) == 1;
}

/* What it has beside itself; its reader comes last, who may go at once. */
static int
belongings_load(struct broker *broker, struct stream *stream, enum place place,
    struct state_reader *in)
{
	int error = note_load(stream, in);

	if (error == 0)
		error = replay_load(broker, &stream->replay, in);
	if (error == 0)
		error = subscription_load(&broker->topics, stream, in,
		    &stream->subscription);
	if (error == 0)
		error = admissions_load(broker, stream, in);
	if (error == 0 && stream->kind == STREAM_ANSWER)
		error = answer_load(broker, (struct resumable *)stream, in);
	if (error != 0 || in->failed)
		return error != 0 ? error : -EINVAL;
	if (place == PLACE_OPEN)
		return reader_load(broker, stream, in);
	if (stream_is_unfinished(stream) != (place == PLACE_UNFINISHED))
		return -EINVAL;
	if (place == PLACE_UNFINISHED) /* and nothing of it is due */
		return clock_at(&broker->clock, &stream->due) == CLOCK_NEVER
		    ? 0
		    : -EINVAL;
	TAILQ_INSERT_TAIL(stream_queue_of(broker, stream), stream, parked);
	broker->streams.n_parked++;
	return 0;
}

static int
stream_load(struct broker *broker, struct state_reader *in)
{
	enum stream_kind kind =
	    (enum stream_kind)state_read_up_to(in, N_STREAM_KINDS - 1);
	struct hub_name name;
	struct stream *stream;
	enum place place;
	uint64_t at_ns;
	int error;

	hub_name_load(&name, in);
	place = (enum place)state_read_up_to(in, PLACE_UNFINISHED);
	if (in->failed || hub_find(&broker->hub, &name) != NULL)
		return -EINVAL;
	stream = stream_blank(broker, kind, &name);
	if (stream == NULL)
		return -ENOMEM;
	members_load(stream, in);
	at_ns = state_read_number(in);
	error = at_ns == CLOCK_NEVER
	    ? 0
	    : clock_set(&broker->clock, &stream->due, at_ns);
	if (error == 0)
		error = belongings_load(broker, stream, place, in);
	if (error != 0) {
		clock_cancel(&broker->clock, &stream->due);
		stream_free(broker, stream);
	}
	return error;
}

int
streams_load(struct broker *broker, struct state_reader *in)
{
	uint64_t n;
	int error = 0;

	broker->admissions.last_ticket = state_read_number(in);
	for (n = state_read_number(in); n > 0 && error == 0 && !in->failed; n--)
		error = stream_load(broker, in);
	return error != 0 ? error : state_end(in);
}

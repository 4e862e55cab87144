/* admission.c - I know which admitted requests still owe an answer */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/jsonrpc.h>

#include "broker/broker.h"

int
admissions_init(struct admissions *admissions, uint64_t first)
{
	admissions->last_ticket = first;
	return table_init(&admissions->by_ticket);
}

void
admissions_deinit(struct admissions *admissions)
{
	table_deinit(&admissions->by_ticket);
}

static void
on_deadline(void *context, struct due *due, uint64_t now_ns)
{
	struct admission *admission = CONTAINER(struct admission, due, due);

	(void)now_ns;
	admission_fail(context, admission,
	    MCP_TEXT("the request was not answered in time"));
}

static uint64_t
next_ticket(struct admissions *admissions)
{
	if (++admissions->last_ticket == 0) /* 0 means none */
		admissions->last_ticket = 1;
	return admissions->last_ticket;
}

static int
admission_make(struct broker *broker, struct stream *stream,
    struct process *process, const struct mcp_letter *letter, uint64_t ticket,
    struct admission **admissionp)
{
	struct admission *admission =
	    malloc(sizeof(*admission) + letter->request.len);

	if (admission == NULL)
		return -ENOMEM;
	admission->due = DUE_INIT(on_deadline);
	if (letter->call_deadline_ns != 0 && clock_set(&broker->clock,
		&admission->due, letter->call_deadline_ns) != 0) {
		free(admission);
		return -ENOMEM;
	}
	admission->stream = stream;
	admission->process = process;
	admission->ticket = ticket;
	admission->dialect = (enum mcp_wire_dialect)letter->dialect;
	admission->len = letter->request.len;
	memcpy(admission->request, letter->request.at, letter->request.len);
	table_put(&broker->admissions.by_ticket, &admission->node,
	    admission->ticket);
	LIST_INSERT_HEAD(&stream->admissions, admission, of_stream);
	LIST_INSERT_HEAD(&process->admissions, admission, of_process);
	stream->n_admissions++;
	*admissionp = admission;
	return 0;
}

int
admission_new(struct broker *broker, struct stream *stream,
    struct process *process, const struct mcp_letter *letter,
    struct admission **admissionp)
{
	return admission_make(broker, stream, process, letter,
	    next_ticket(&broker->admissions), admissionp);
}

void
admission_free(struct broker *broker, struct admission *admission)
{
	clock_cancel(&broker->clock, &admission->due);
	table_remove(&broker->admissions.by_ticket, &admission->node);
	LIST_REMOVE(admission, of_stream);
	LIST_REMOVE(admission, of_process);
	admission->stream->n_admissions--;
	free(admission);
}

struct admission *
admission_find(const struct admissions *admissions, uint64_t ticket)
{
	struct table_node *node = table_find(&admissions->by_ticket, ticket);

	return node == NULL ? NULL : CONTAINER(struct admission, node, node);
}

/* They are few: max_calls_per_stream bounds them. */
bool
admission_runs(const struct stream *stream, struct mcp_text request)
{
	const struct admission *a;

	LIST_FOREACH(a, &stream->admissions, of_stream)
		if (mcp_text_equal((struct mcp_text){ a->request, a->len },
			request))
			return true;
	return false;
}

void
admission_cancel(struct broker *broker, struct stream *stream,
    struct mcp_text request)
{
	struct admission *admission;

	LIST_FOREACH(admission, &stream->admissions, of_stream)
		if (mcp_text_equal(request, (struct mcp_text){
			admission->request, admission->len })) {
			admission_free(broker, admission);
			broker->metrics.admissions_cancelled++;
			return;
		}
}

void
admission_fail(struct broker *broker, struct admission *admission,
    struct mcp_text message)
{
	struct stream *stream = admission->stream;
	bool seed = admission->dialect == MCP_DIALECT_SEED &&
	    stream->kind == STREAM_DUAL;
	struct mcp_text request = { admission->request, admission->len };
	struct mcp_buf error = MCP_BUF_INIT;
	uint64_t number;

	mcp_jsonrpc_error(&error, request, JSONRPC_INTERNAL_ERROR, message,
	    MCP_TEXT_INIT);
	admission_free(broker, admission);
	broker->metrics.admissions_failed++;
	if (!error.failed)
		(void)stream_deliver(broker, stream,
		    seed ? MCP_TEXT("mcp_response") : MCP_TEXT("message"),
		    mcp_buf_view(&error), &number);
	mcp_buf_deinit(&error);
}

void
admissions_save(const struct stream *stream, struct state_writer *out)
{
	const struct admission *admission;
	uint64_t at_ns;

	state_number(out, stream->n_admissions);
	LIST_FOREACH(admission, &stream->admissions, of_stream) {
		at_ns = clock_at(out->clock, &admission->due);
		state_bytes(out, admission->process->id,
		    sizeof(admission->process->id));
		state_number(out, admission->ticket);
		state_number(out, admission->dialect);
		state_number(out, at_ns == CLOCK_NEVER ? 0 : at_ns);
		state_bytes(out, admission->request, admission->len);
	}
}

int
admissions_load(struct broker *broker, struct stream *stream,
    struct state_reader *in)
{
	struct admission *admission;
	struct process *process;
	struct mcp_letter letter;
	uint64_t n, ticket;
	int error;

	for (n = state_read_number(in); n > 0 && !in->failed; n--) {
		process = process_read(broker, in);
		ticket = state_read_number(in);
		letter = (struct mcp_letter){
			.dialect = state_read_number(in),
			.call_deadline_ns = state_read_number(in),
			.request = state_read_text(in),
		};
		if (process == NULL)
			return -EINVAL;
		error = admission_make(broker, stream, process, &letter, ticket,
		    &admission);
		if (error != 0)
			return error;
	}
	return state_end(in);
}

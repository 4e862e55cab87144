/* tasks.c - I let a call go on without its caller */

#include "fcgi/tasks.h"
#include "fcgi/answer.h"
#include "fcgi/ask.h"
#include "fcgi/calls.h"
#include "fcgi/cell.h"
#include "fcgi/crew.h"
#include "fcgi/dispatch.h"
#include "fcgi/meta.h"
#include "fcgi/reply.h"
#include "fcgi/slots.h"

#include <mcp/json.h>
#include <mcp/task.h>

#include <errno.h>
#include <json-c/json.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#define TTL_MS 3600000 /* a task is kept for an hour */
#define ANSWERS_MAX 64 /* in one tasks/update */
#define POLL_MS 1000
#define TAKEN_LEAST_NS (long)MCP_MS
#define TAKEN_MOST_NS (128 * (long)MCP_MS)

/* --- the record --------------------------------------------------------- */

static uint64_t
expires_s(void)
{
	return (uint64_t)time(NULL) + TTL_MS / 1000;
}

/* The task as clients see it, without its closing brace.
 * Spec: SEP-2663 "Tasks" */
static void
put_task(const struct call *call, const char *status, struct mcp_buf *out)
{
	char now[MCP_TIMESTAMP_MAX];

	mcp_text_timestamp(now);
	mcp_buf_printf(out,
	    "{\"taskId\":\"%s\",\"status\":\"%s\",\"createdAt\":\"%s\","
	    "\"lastUpdatedAt\":\"%s\",\"ttlMs\":%d,\"pollIntervalMs\":%d",
	    call->task, status, call->task_created, now, TTL_MS, POLL_MS);
}

static int
cell(struct thread *thread, enum mcp_wire_cell verb, const char *key,
    const uint8_t *subject, struct mcp_letter *question,
    struct mcp_letter *answer)
{
	question->expires = expires_s();
	return cell_ask(thread, verb, subject, key, question, answer);
}

/* Tell those who listen; who polls finds it in the cell. */
static void
tell(struct call *call, struct mcp_text state)
{
	struct mcp_letter answer, question = {
		.kind = MCP_BROADCAST,
		.topic = MCP_TOPIC_TASK,
		.data = mcp_text_of(call->task),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
		.state = state,
	};

	(void)thread_ask(call->thread, &question, &answer);
}

static int
write_task(struct call *call, bool alive, struct mcp_buf *state)
{
	struct mcp_letter answer, question = {
		.known = call->task_version,
		.how = alive,
		.state = mcp_buf_view(state),
	};
	enum mcp_wire_cell verb = call->task_version == 0 ? MCP_CELL_CREATE :
							    MCP_CELL_PUT;

	if (state->failed)
		return -ENOMEM;
	if (state->len > MCP_WIRE_STATE_MAX)
		return -EMSGSIZE;
	if (cell(call->thread, verb, call->task, call->subject, &question,
		&answer) != 0 ||
	    answer.outcome != MCP_OK)
		return -EPIPE;
	call->task_version = answer.known;
	if (verb == MCP_CELL_PUT)
		tell(call, mcp_buf_view(state));
	return 0;
}

/* --- becoming one ------------------------------------------------------- */

int
tasks_need(struct call *call)
{
	if ((call->capabilities & META_CAN_TASKS) != 0)
		return 0;
	mcp_buf_reset(&call->data);
	mcp_buf_puts(&call->data, MCP_TASKS_REQUIRED);
	return call_fail(call, MCP_MISSING_CAPABILITY,
	    "The client has not declared a capability this request needs");
}

static void
make_id(struct call *call)
{
	unsigned char bytes[16];

	mcp_random(bytes, sizeof(bytes));
	sodium_bin2hex(call->task, sizeof(call->task), bytes, sizeof(bytes));
	mcp_text_timestamp(call->task_created);
}

/* The CreateTaskResult, which is the answer to the request. */
static void
answer_created(struct call *call, struct mcp_buf *task)
{
	call->result_type = "task";
	dispatch_complete(call, task);
	reply_response(call, call->message.id, mcp_buf_view(task));
	calls_let_go(call->worker->calls, call, call->task);
	answer_now(call);
	call->streaming = false;
	mcp_buf_reset(&call->out);
	call->result_type = "complete";
	call->deadline_ns = mcp_clock_ns() + TTL_MS * MCP_MS;
}

/* Nobody is there to run @call, and whoever waits behind it. */
static void
refuse_all(struct thread *thread, struct call *call)
{
	while (call != NULL) {
		struct slots *slots = call->worker->slots;
		struct slot *slot = call->slot;

		call->slot = NULL;
		call->thread = thread; /* whose line it is refused on */
		call_refuse(call);
		call = slots_release(slots, slot);
	}
}

/* A task may take long: others get a thread and a slot in place of its own. */
static int
make_room(struct call *call)
{
	struct crew *crew = call->worker->crew;
	struct call *next = NULL;
	int error;

	error = crew_let_go(crew, call->thread);
	if (error != 0)
		return error;
	error = slots_detach(call->worker->slots, call, &next);
	if (error == 0)
		error = crew_replace(crew, next);
	if (error != 0) {
		crew_keep(crew, call->thread);
		refuse_all(call->thread, next);
	}
	return error;
}

int
tasks_become(struct call *call)
{
	struct mcp_buf task = MCP_BUF_INIT;
	int error = 0;

	if (call->task[0] != '\0')
		return 0;
	if ((call->capabilities & META_CAN_TASKS) == 0 ||
	    call->dialect != DIALECT_MODERN)
		return -ENOTSUP;
	make_id(call);
	put_task(call, "working", &task);
	mcp_buf_putc(&task, '}');
	error = make_room(call);
	if (error == 0)
		error = write_task(call, true, &task);
	if (error == 0) {
		answer_created(call, &task);
		limit_stay(call);
		once_stay(call);
	} else {
		call->task[0] = '\0';
	}
	mcp_buf_deinit(&task);
	return error;
}

/* --- while it runs ------------------------------------------------------ */

void
tasks_word(const char *task, const char *key, struct mcp_buf *out)
{
	struct mcp_buf word = MCP_BUF_INIT;

	mcp_buf_printf(&word, "%s:%s", task, key);
	mcp_buf_json_string(out, mcp_buf_view(&word));
	out->failed |= word.failed;
	mcp_buf_deinit(&word);
}

void
tasks_wait_input(struct call *call, struct json_object *pending)
{
	struct mcp_buf task = MCP_BUF_INIT;

	put_task(call, pending != NULL ? "input_required" : "working", &task);
	if (pending != NULL) {
		mcp_buf_puts(&task, ",\"inputRequests\":");
		mcp_buf_puts(&task, mcp_json_text(pending));
	}
	mcp_buf_putc(&task, '}');
	(void)write_task(call, true, &task);
	mcp_buf_deinit(&task);
}

/* --- its end ------------------------------------------------------------ */

static void
put_error(struct mcp_buf *task, int code, struct mcp_text message,
    struct mcp_text data)
{
	mcp_buf_puts(task, ",\"statusMessage\":");
	mcp_buf_json_string(task, message);
	mcp_buf_printf(task, ",\"error\":{\"code\":%d,\"message\":", code);
	mcp_buf_json_string(task, message);
	if (data.len > 0) {
		mcp_buf_puts(task, ",\"data\":");
		mcp_buf_text(task, data);
	}
	mcp_buf_puts(task, "}}");
}

static void
put_end(const struct call *call, struct mcp_text result, struct mcp_buf *task)
{
	if (atomic_load(&call->cancelled)) {
		put_task(call, "cancelled", task);
		mcp_buf_putc(task, '}');
	} else if (call->code != 0) {
		put_task(call, "failed", task);
		put_error(task, call->code, mcp_buf_view(&call->error),
		    mcp_buf_view(&call->data));
	} else {
		put_task(call, "completed", task);
		mcp_buf_puts(task, ",\"result\":");
		mcp_buf_text(task, result);
		mcp_buf_putc(task, '}');
	}
}

void
tasks_finish(struct call *call)
{
	struct mcp_buf task = MCP_BUF_INIT;

	put_end(call, mcp_buf_view(&call->task_result), &task);
	if (write_task(call, false, &task) == -EMSGSIZE) {
		mcp_buf_reset(&task);
		put_task(call, "failed", &task);
		put_error(&task, JSONRPC_INTERNAL_ERROR,
		    MCP_TEXT("The result is larger than a task can hold"),
		    MCP_TEXT_INIT);
		(void)write_task(call, false, &task);
	}
	mcp_buf_deinit(&task);
}

int
tasks_show(struct call *call, const char *id, struct mcp_buf *task)
{
	struct mcp_letter found, question = { 0 };

	if ((call->capabilities & META_CAN_TASKS) == 0 ||
	    call->dialect != DIALECT_MODERN)
		return -ENOTSUP;
	if (cell(call->thread, MCP_CELL_GET, id, call->subject, &question,
		&found) != 0 ||
	    found.outcome != MCP_STATE || found.how == 1)
		return -EPIPE;
	mcp_buf_text(task, found.state);
	return task->failed ? -ENOMEM : 0;
}

/* --- the methods -------------------------------------------------------- */

/* The worker that ran it is gone: it has failed, and stays so. Who watches it
 * was told by the broker. */
static int
bury(struct call *call, const char *id, const struct mcp_letter *found,
    struct mcp_buf *task)
{
	struct mcp_letter answer, question = { .known = found->known };
	int condition = mcp_task_bury(found->state, task);

	if (condition != 0)
		return condition < 0 ? condition : -EINVAL;
	question.state = mcp_buf_view(task);
	(void)cell(call->thread, MCP_CELL_PUT, id, call->subject, &question,
	    &answer);
	return 0;
}

/* Return: 0, and @task is what the client is shown; CALL_E_FAILED; -errno */
static int
find_task(struct call *call, const char **idp, struct mcp_buf *task)
{
	struct mcp_letter found, question = { 0 };
	int condition = tasks_need(call);

	if (condition == 0)
		condition = param_string(call, "taskId", idp);
	if (condition != 0)
		return condition;
	call->name = *idp;
	if (strlen(*idp) != TASK_ID_MAX - 1)
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "There is no such task");
	if (cell(call->thread, MCP_CELL_GET, *idp, call->subject, &question,
		&found) != 0)
		return call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "Tasks are not available now");
	if (found.outcome != MCP_STATE)
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "There is no such task, or it has expired");
	if (found.how == 1)
		return bury(call, *idp, &found, task);
	mcp_buf_text(task, found.state);
	return task->failed ? -ENOMEM : 0;
}

int
tasks_get(struct call *call, struct mcp_buf *result)
{
	const char *id;

	return find_task(call, &id, result);
}

/* Each answer goes where it is waited for; one that is not is ignored. */
static void
pass_on(struct call *call, const char *id, const char *key,
    struct json_object *answer)
{
	struct mcp_buf word = MCP_BUF_INIT, data = MCP_BUF_INIT;
	struct mcp_letter heard, question = {
		.kind = MCP_RESPONSE,
		.stream = mcp_text_of(id),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
	};

	tasks_word(id, key, &word);
	mcp_buf_puts(&data, "{\"result\":");
	mcp_buf_puts(&data, mcp_json_text(answer));
	mcp_buf_putc(&data, '}');
	question.request = mcp_buf_view(&word);
	question.data = mcp_buf_view(&data);
	if (!word.failed && !data.failed && word.len <= MCP_WIRE_REQUEST_MAX)
		(void)thread_ask(call->thread, &question, &heard);
	mcp_buf_deinit(&word);
	mcp_buf_deinit(&data);
}

/* An answer that is none would be the end of the task. */
static int
check_answers(struct call *call, const struct mcp_buf *text,
    struct json_object *answers)
{
	struct json_object *task = mcp_json_parse(mcp_buf_view(text));
	struct json_object *asked = mcp_json_get(task, "inputRequests");
	int condition = 0;

	if (json_object_object_length(answers) > ANSWERS_MAX)
		condition = call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params.inputResponses: more than %d", ANSWERS_MAX);
	json_object_object_foreach(answers, key, answer) {
		const char *method = json_object_get_string(
		    mcp_json_get(mcp_json_get(asked, key), "method"));

		if (condition == 0 && method != NULL &&
		    !asks_fits(method, answer))
			condition = call_fail(call, JSONRPC_INVALID_PARAMS,
			    "params.inputResponses[\"%s\"]: not what %s is "
			    "answered with", key, method);
	}
	json_object_put(task);
	return condition;
}

/* Does the task still wait for one of these? */
static bool
is_asked(struct call *call, const char *id, struct json_object *answers)
{
	struct mcp_letter found, question = { 0 };
	struct json_object *task, *asked;
	bool any = false;

	if (cell(call->thread, MCP_CELL_GET, id, call->subject, &question,
		&found) != 0 ||
	    found.outcome != MCP_STATE)
		return false;
	task = mcp_json_parse(found.state);
	asked = mcp_json_get(task, "inputRequests");
	json_object_object_foreach(answers, key, answer) {
		(void)answer;
		any = any || mcp_json_get(asked, key) != NULL;
	}
	json_object_put(task);
	return any;
}

/* A tasks/get behind our answer is to find that they were taken. The task's own
 * process takes them, usually before the first look. */
static void
await_taken(struct call *call, const char *id, struct json_object *answers)
{
	struct timespec wait = { 0, TAKEN_LEAST_NS };

	while (wait.tv_nsec <= TAKEN_MOST_NS && is_asked(call, id, answers)) {
		nanosleep(&wait, NULL);
		wait.tv_nsec *= 2;
	}
}

int
tasks_update(struct call *call, struct mcp_buf *result)
{
	struct mcp_buf task = MCP_BUF_INIT;
	struct json_object *answers;
	const char *id;
	int condition = find_task(call, &id, &task);

	if (condition == 0)
		condition = param_object(call, "inputResponses", &answers);
	if (condition == 0 && answers == NULL)
		condition = call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params.inputResponses: expected an object");
	if (condition == 0)
		condition = check_answers(call, &task, answers);
	if (condition == 0) {
		json_object_object_foreach(answers, key, answer)
			pass_on(call, id, key, answer);
		await_taken(call, id, answers);
		mcp_buf_puts(result, "{}");
	}
	mcp_buf_deinit(&task);
	return condition;
}

int
tasks_cancel(struct call *call, struct mcp_buf *result)
{
	struct mcp_buf task = MCP_BUF_INIT;
	struct mcp_letter answer, question = {
		.kind = MCP_CANCEL,
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
	};
	const char *id;
	int condition = find_task(call, &id, &task);

	mcp_buf_deinit(&task);
	if (condition != 0)
		return condition;
	question.stream = mcp_text_of(id);
	if (thread_ask(call->thread, &question, &answer) != 0)
		return call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "Tasks are not available now");
	mcp_buf_puts(result, "{}");
	return 0;
}

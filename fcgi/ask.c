/* ask.c - I am what a handler wants to know of its client, and what it was told
 */

#include "fcgi/ask.h"
#include "fcgi/answer.h"
#include "fcgi/calls.h"
#include "fcgi/tasks.h"

#include <mcp/json.h>

#include <errno.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIGEST_LEN 32

/* Almost no call asks: an object that has nothing in it is NULL. */
struct asks {
	struct json_object *told; /* answers by key: of earlier rounds and of
				     this one, as they came */
	struct json_object *used; /* those the handler has asked for */
	struct json_object *pending; /* requests by key */
	char *state; /* the handler's notes */
};

static const struct kind {
	const char *method;
	const char *capability; /* as the client declares it */
	enum mcp_capability bit;
} kinds[] = {
	{ "elicitation/create", "{\"elicitation\":{}}", MCP_CAN_ELICIT },
	{ "elicitation/create", "{\"elicitation\":{\"url\":{}}}",
	    MCP_CAN_ELICIT_URL },
	{ "sampling/createMessage", "{\"sampling\":{}}", MCP_CAN_SAMPLE },
	{ "sampling/createMessage", "{\"sampling\":{\"tools\":{}}}",
	    MCP_CAN_SAMPLE_TOOLS },
	{ "roots/list", "{\"roots\":{}}", MCP_CAN_ROOTS },
};

void
asks_free(struct asks *asks)
{
	if (asks == NULL)
		return;
	json_object_put(asks->told);
	json_object_put(asks->used);
	json_object_put(asks->pending);
	free(asks->state);
	free(asks);
}

/* Owner: @value is taken */
static void
put(struct json_object **objectp, const char *key, struct json_object *value)
{
	if (*objectp == NULL)
		*objectp = json_object_new_object();
	if (*objectp == NULL ||
	    json_object_object_add(*objectp, key, value) != 0)
		json_object_put(value);
}

static const char *
text_of(struct json_object *object)
{
	return object != NULL ? mcp_json_text(object) : "{}";
}

/* --- the seal ----------------------------------------------------------- */

/* What a state belongs to: the method, and the params but for what changes from
 * round to round. */
static int
digest(const struct call *call, unsigned char out[DIGEST_LEN])
{
	crypto_generichash_state hash;
	const char *method = call->message.method;

	crypto_generichash_init(&hash, NULL, 0, DIGEST_LEN);
	crypto_generichash_update(&hash, (const unsigned char *)method,
	    strlen(method) + 1);
	json_object_object_foreach(call->params, name, value) {
		const char *text;

		if (strcmp(name, "requestState") == 0 ||
		    strcmp(name, "inputResponses") == 0)
			continue;
		text = mcp_json_text(value);
		if (text == NULL)
			return -ENOMEM;
		crypto_generichash_update(&hash, (const unsigned char *)name,
		    strlen(name) + 1);
		crypto_generichash_update(&hash, (const unsigned char *)text,
		    strlen(text) + 1);
	}
	crypto_generichash_final(&hash, out, DIGEST_LEN);
	return 0;
}

/* A state's bytes: subject(16) digest(32) expires(8, big-endian), then a JSON
 * object {"answers":{...},"state":"..."}. */
#define STATE_HEAD (MCP_SUBJECT_LEN + DIGEST_LEN + 8)

static int
head_of(const struct call *call, uint64_t expires,
    unsigned char head[STATE_HEAD])
{
	memcpy(head, call->subject, MCP_SUBJECT_LEN);
	mcp_big_put(head + MCP_SUBJECT_LEN + DIGEST_LEN, expires, 8);
	return digest(call, head + MCP_SUBJECT_LEN);
}

static uint64_t
expires_of(const char *head)
{
	return mcp_big_get(head + MCP_SUBJECT_LEN + DIGEST_LEN, 8);
}

static int
refuse_state(struct call *call, const char *why)
{
	return call_fail(call, JSONRPC_INVALID_PARAMS,
	    "params.requestState: %s", why);
}

static int
take_state(struct call *call, const struct mcp_buf *plain)
{
	struct json_object *content, *answers, *state;
	unsigned char head[STATE_HEAD];
	int error;

	if (plain->len < STATE_HEAD)
		return refuse_state(call, "not one of ours");
	error = head_of(call, expires_of(plain->data), head);
	if (error != 0)
		return error;
	if (sodium_memcmp(plain->data, head, STATE_HEAD) != 0)
		return refuse_state(call,
		    "it belongs to another caller or another request");
	if (expires_of(plain->data) <= (uint64_t)time(NULL))
		return refuse_state(call, "it has expired: begin anew");
	content = mcp_json_parse((struct mcp_text){
	    plain->data + STATE_HEAD, plain->len - STATE_HEAD });
	answers = mcp_json_get(content, "answers");
	state = mcp_json_get(content, "state");
	if (answers != NULL) {
		json_object_put(call->asks->told);
		call->asks->told = json_object_get(answers);
	}
	if (state != NULL)
		call->asks->state = strdup(json_object_get_string(state));
	json_object_put(content);
	return 0;
}

static int
open_state(struct call *call, struct json_object *token)
{
	struct mcp_buf plain = MCP_BUF_INIT;
	int condition;

	if (!json_object_is_type(token, json_type_string))
		return refuse_state(call, "expected a string");
	condition = mcp_seal_open(call->worker->seal, MCP_SEAL_STATE,
	    mcp_json_string(token), &plain);
	if (condition == 0)
		condition = take_state(call, &plain);
	else if (condition > 0)
		condition = refuse_state(call, "not one of ours, or altered");
	mcp_buf_deinit(&plain);
	return condition;
}

int
asks_open(struct call *call)
{
	struct json_object *params = call->params;
	struct json_object *token = mcp_json_get(params, "requestState");
	struct json_object *answers = mcp_json_get(params, "inputResponses");
	int condition = 0;

	call->asks = calloc(1, sizeof(*call->asks));
	if (call->asks == NULL)
		return -ENOMEM;
	if (mcp_revision_era(call->revision) == MCP_ERA_LEGACY)
		return 0;
	if (token != NULL)
		condition = open_state(call, token);
	if (condition != 0 || answers == NULL)
		return condition;
	if (!json_object_is_type(answers, json_type_object))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params.inputResponses: expected an object");
	json_object_object_foreach(answers, key, answer) {
		/* what was answered before stands */
		if (mcp_json_get(call->asks->told, key) == NULL)
			put(&call->asks->told, key, json_object_get(answer));
	}
	return 0;
}

/* --- asking ------------------------------------------------------------- */

static const struct kind *
kind_of(enum mcp_capability capability)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].bit == capability)
			return &kinds[i];
	return NULL;
}

int
asks_require(struct call *call, enum mcp_capability capability)
{
	const struct kind *kind = kind_of(capability);

	if (kind == NULL || (call->capabilities & capability) != 0)
		return MCP_DONE;
	mcp_buf_reset(&call->data);
	mcp_buf_printf(&call->data, "{\"requiredCapabilities\":%s}",
	    kind->capability);
	call_fail(call,
	    mcp_revision_era(call->revision) == MCP_ERA_MODERN ?
		MCP_MISSING_CAPABILITY : JSONRPC_INVALID_REQUEST,
	    "The client has not declared a capability this request needs");
	return MCP_FAILED;
}

/* An answer that does not is as good as none, and is asked for again. */
bool
asks_fits(const char *method, struct json_object *answer)
{
	struct json_object *action = mcp_json_get(answer, "action");

	if (!json_object_is_type(answer, json_type_object))
		return false;
	if (strcmp(method, "elicitation/create") == 0)
		return json_object_is_type(action, json_type_string) &&
		    (strcmp(json_object_get_string(action), "accept") == 0 ||
		    strcmp(json_object_get_string(action), "decline") == 0 ||
		    strcmp(json_object_get_string(action), "cancel") == 0);
	if (strcmp(method, "roots/list") == 0)
		return json_object_is_type(mcp_json_get(answer, "roots"),
		    json_type_array);
	return mcp_json_get(answer, "role") != NULL &&
	    mcp_json_get(answer, "content") != NULL;
}

int
asks_put(struct call *call, const char *key, const char *method,
    struct json_object *params, const char **answerp)
{
	struct asks *asks = call->asks;
	struct json_object *answer = mcp_json_get(asks->told, key), *request;

	if (asks_fits(method, answer)) {
		put(&asks->used, key, json_object_get(answer));
		*answerp = mcp_json_text(answer);
		json_object_put(params);
		return *answerp == NULL ? MCP_FAILED : MCP_DONE;
	}
	request = json_object_new_object();
	json_object_object_add(request, "method",
	    json_object_new_string(method));
	json_object_object_add(request, "params", params);
	put(&asks->pending, key, request);
	return MCP_PENDING;
}

const char *
asks_state(struct call *call)
{
	return call->asks->state != NULL ? call->asks->state : "";
}

void
asks_set_state(struct call *call, const char *state)
{
	free(call->asks->state);
	call->asks->state = strdup(state);
}

static int
seal_state(struct call *call, struct mcp_buf *out)
{
	struct asks *asks = call->asks;
	uint64_t expires =
	    (uint64_t)time(NULL) + call->config->server.limits.state_ms / 1000;
	unsigned char head[STATE_HEAD];
	struct mcp_buf plain = MCP_BUF_INIT;
	int error = head_of(call, expires, head);

	mcp_buf_append(&plain, (const char *)head, sizeof(head));
	mcp_buf_puts(&plain, "{\"answers\":");
	mcp_buf_puts(&plain, text_of(asks->used));
	mcp_buf_puts(&plain, ",\"state\":");
	mcp_buf_json_string(&plain, mcp_text_of(asks_state(call)));
	mcp_buf_putc(&plain, '}');
	if (error == 0 && plain.failed)
		error = -ENOMEM;
	if (error == 0)
		error = mcp_seal_close(call->worker->seal, MCP_SEAL_STATE,
		    mcp_buf_view(&plain), out);
	mcp_buf_deinit(&plain);
	return error;
}

/* --- the legacy way: now, and waiting ----------------------------------- */

/* An answer to a task names the task and the key; any other, a number nobody
 * can guess. */
static void
make_id(const struct call *call, struct wait *wait)
{
	unsigned char bytes[16];
	char digits[33];

	if (call->task[0] != '\0') {
		tasks_word(call->task, wait->key, &wait->id);
		return;
	}
	mcp_random(bytes, sizeof(bytes));
	sodium_bin2hex(digits, sizeof(digits), bytes, sizeof(bytes));
	mcp_buf_json_string(&wait->id, mcp_text_of(digits));
}

/* Registered first, then written: an answer cannot come too early. */
static int
send_one(struct call *call, struct wait *wait, struct json_object *request)
{
	struct mcp_letter answer, question = {
		.kind = MCP_AWAIT,
		.stream = mcp_text_of(call->owner),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
		.request = mcp_buf_view(&wait->id),
		.call_deadline_ns = call->deadline_ns,
	};
	struct mcp_buf message = MCP_BUF_INIT;
	int error;

	if (thread_ask(call->thread, &question, &answer) != 0 ||
	    answer.outcome != MCP_OK)
		return -EPIPE;
	if (call->task[0] != '\0')
		return 0; /* its client looks for it in the task */
	mcp_buf_printf(&message, "{\"jsonrpc\":\"2.0\",\"id\":%s,",
	    wait->id.data);
	mcp_buf_puts(&message, mcp_json_text(request) + 1);
	error = message.failed ? -ENOMEM :
				 answer_notify(call, call->thread,
				     mcp_buf_view(&message));
	mcp_buf_deinit(&message);
	return error;
}

/* Return: 0; CALL_E_FAILED */
static int
take_answer(struct call *call, const struct wait *wait,
    struct json_object *response)
{
	struct json_object *result = mcp_json_get(response, "result");
	struct json_object *why =
	    mcp_json_get(mcp_json_get(response, "error"), "message");
	struct json_object *request =
	    mcp_json_get(call->asks->pending, wait->key);
	const char *method =
	    json_object_get_string(mcp_json_get(request, "method"));

	if (asks_fits(method, result)) {
		put(&call->asks->told, wait->key, json_object_get(result));
		return 0;
	}
	return call_fail(call, JSONRPC_INTERNAL_ERROR,
	    "The client did not answer %s: %s", method,
	    json_object_is_type(why, json_type_string) ?
		json_object_get_string(why) : "not as the protocol says");
}

static int
take_answers(struct call *call, struct wait *waits, size_t n)
{
	int condition = 0;

	for (size_t i = 0; condition == 0 && i < n; i++) {
		struct json_object *response;

		if (waits[i].how != MCP_HOW_ANSWERED || waits[i].data.failed)
			return call_fail(call, JSONRPC_INTERNAL_ERROR,
			    "The client is gone");
		response = mcp_json_parse(mcp_buf_view(&waits[i].data));
		condition = take_answer(call, &waits[i], response);
		json_object_put(response);
	}
	return condition;
}

static int
tell_wait_failure(struct call *call, int error)
{
	return call_fail(call, JSONRPC_INTERNAL_ERROR, "%s",
	    error == -ECANCELED	    ? "The request was cancelled" :
		error == -ETIMEDOUT ? "The client did not answer in time" :
				      "The client cannot be asked now");
}

/* What is still to be answered, as the task shows it. */
static void
show_open(struct call *call, const struct wait *waits, size_t n)
{
	struct json_object *open = json_object_new_object();

	for (size_t i = 0; open != NULL && i < n; i++)
		if (!calls_heard(call->worker->calls, &waits[i]))
			json_object_object_add(open, waits[i].key,
			    json_object_get(mcp_json_get(call->asks->pending,
				waits[i].key)));
	tasks_wait_input(call,
	    open != NULL && json_object_object_length(open) > 0 ? open : NULL);
	json_object_put(open);
}

static int
wait_as_task(struct call *call, struct wait *waits, size_t n)
{
	int error = 0;

	for (size_t heard = 0; error == 0 && heard < n; heard++) {
		show_open(call, waits, n);
		error = calls_wait(call->worker->calls, call, waits, n,
		    heard + 1);
	}
	show_open(call, waits, error == 0 ? n : 0);
	return error;
}

static int
travel(struct call *call, struct wait *waits, size_t *np)
{
	int error;

	json_object_object_foreach(call->asks->pending, key, request) {
		struct wait *wait = &waits[(*np)++];

		wait->key = key;
		make_id(call, wait);
		calls_wait_begin(call->worker->calls, wait);
		error = send_one(call, wait, request);
		if (error != 0)
			return tell_wait_failure(call, error);
	}
	error = call->task[0] != '\0' ? wait_as_task(call, waits, *np) :
	    calls_wait(call->worker->calls, call, waits, *np, *np);
	return error == 0 ? take_answers(call, waits, *np) :
			    tell_wait_failure(call, error);
}

int
asks_travel(struct call *call)
{
	struct json_object *pending = call->asks->pending;
	struct wait *waits;
	size_t n = 0;
	int condition;

	if (pending == NULL)
		return 0;
	waits =
	    calloc((size_t)json_object_object_length(pending), sizeof(*waits));
	if (waits == NULL)
		return -ENOMEM;
	condition = travel(call, waits, &n);
	for (size_t i = 0; i < n; i++) {
		calls_wait_end(call->worker->calls, &waits[i]);
		mcp_buf_deinit(&waits[i].data);
		mcp_buf_deinit(&waits[i].id);
	}
	free(waits);
	json_object_put(pending);
	call->asks->pending = NULL;
	return condition;
}

int
asks_result(struct call *call, struct mcp_buf *result)
{
	struct mcp_buf state = MCP_BUF_INIT;
	int condition = seal_state(call, &state);

	if (condition == 0 && state.len > ASK_STATE_MAX)
		condition = call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "What was answered so far is more than a requestState "
		    "can hold");
	if (condition == 0) {
		call->result_type = "input_required";
		mcp_buf_puts(result, "{\"inputRequests\":");
		mcp_buf_puts(result, text_of(call->asks->pending));
		mcp_buf_puts(result, ",\"requestState\":\"");
		mcp_buf_text(result, mcp_buf_view(&state));
		mcp_buf_puts(result, "\"}");
	}
	mcp_buf_deinit(&state);
	return condition;
}

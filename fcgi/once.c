/* once.c - I let one key run once
 *
 * A cell's bytes: what it says (1), the arguments' digest (16), and then
 *   RUNNING   nothing
 *   TASK      the task's id, 32
 *   DONE      is it an error (1), len (4), the content's parts, the structured
 *             content
 *   LARGE     is it an error (1)
 *   FAILED    code (4), len (4), its message, its data
 * Numbers are big-endian. RUNNING and TASK need their process alive.
 */

#include "fcgi/once.h"
#include "fcgi/call.h"
#include "fcgi/handler.h"
#include "fcgi/tasks.h"

#include <mcp/json.h>

#include <errno.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define KIND "once"
#define KEY_LEN_MAX 1024 /* bytes a client may give as its key */
#define HEAD_LEN (1 + ONCE_DIGEST_LEN)
#define ROUNDS_MAX 3 /* where a record expires between two letters */

enum word { RUNNING = 1, TASK, DONE, LARGE, FAILED };

/* --- the arguments ------------------------------------------------------ */

static void
hash_value(crypto_generichash_state *hash, struct json_object *value);

static void
hash_bytes(
    crypto_generichash_state *hash, char type, const char *bytes, size_t len)
{
	unsigned char head[9];

	head[0] = (unsigned char)type;
	mcp_big_put(head + 1, len, 8);
	crypto_generichash_update(hash, head, sizeof(head));
	crypto_generichash_update(hash, (const unsigned char *)bytes, len);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
hash_object(crypto_generichash_state *hash, struct json_object *object)
{
	size_t n = (size_t)json_object_object_length(object), i = 0;
	const char **names = calloc(n + 1, sizeof(*names));

	hash_bytes(hash, 'o', NULL, 0);
	/* without memory the order is the client's: two that differ in it alone
	 * count as different then */
	json_object_object_foreach(object, name, value) {
		if (names != NULL)
			names[i++] = name;
		else
			hash_bytes(hash, 'n', name, strlen(name));
		if (names == NULL)
			hash_value(hash, value);
	}
	if (names != NULL)
		qsort(names, n, sizeof(*names), by_name);
	for (i = 0; names != NULL && i < n; i++) {
		hash_bytes(hash, 'n', names[i], strlen(names[i]));
		hash_value(hash, json_object_object_get(object, names[i]));
	}
	hash_bytes(hash, 'e', NULL, 0);
	free(names);
}

/* As deep as the scanner let the message be. */
static void
hash_value(crypto_generichash_state *hash, struct json_object *value)
{
	struct mcp_text text;

	switch (json_object_get_type(value)) {
	case json_type_object:
		hash_object(hash, value);
		break;
	case json_type_array:
		hash_bytes(hash, 'a', NULL, 0);
		for (size_t i = 0; i < json_object_array_length(value); i++)
			hash_value(hash, json_object_array_get_idx(value, i));
		hash_bytes(hash, 'e', NULL, 0);
		break;
	case json_type_string:
		text = mcp_json_string(value);
		hash_bytes(hash, 's', text.at, text.len);
		break;
	default:
		text =
		    mcp_text_of(value == NULL ? "null" : mcp_json_text(value));
		hash_bytes(hash, 'v', text.at, text.len);
	}
}

void
once_digest(struct json_object *arguments, uint8_t out[ONCE_DIGEST_LEN])
{
	crypto_generichash_state hash;

	crypto_generichash_init(&hash, NULL, 0, ONCE_DIGEST_LEN);
	hash_value(&hash, arguments);
	crypto_generichash_final(&hash, out, ONCE_DIGEST_LEN);
}

/* --- the record --------------------------------------------------------- */

static void
put_head(struct mcp_buf *out, const struct once *once, enum word word)
{
	mcp_buf_putc(out, (char)word);
	mcp_buf_append(out, (const char *)once->digest, ONCE_DIGEST_LEN);
}

static void
put_number(struct mcp_buf *out, uint32_t number)
{
	char bytes[4];

	mcp_big_put(bytes, number, 4);
	mcp_buf_append(out, bytes, sizeof(bytes));
}

/* Cut @len bytes, or what is there, from the front. */
static struct mcp_text
cut(struct mcp_text *left, size_t len)
{
	struct mcp_text front = { left->at, len < left->len ? len : left->len };

	left->at += front.len;
	left->len -= front.len;
	return front;
}

static uint32_t
cut_number(struct mcp_text *left)
{
	struct mcp_text bytes = cut(left, 4);

	return bytes.len == 4 ? (uint32_t)mcp_big_get(bytes.at, 4) : 0;
}

/* Return: 0; MCP_WIRE_STATE_MAX it is too large; -EPIPE */
static int
write_record(struct call *call, struct once *once, bool alive, uint64_t expires,
    const struct mcp_buf *state)
{
	struct mcp_letter answer,
	    question = {
		    .known = once->version,
		    .how = alive,
		    .expires = expires,
		    .state = mcp_buf_view(state),
	    };

	if (state->failed)
		return -ENOMEM;
	if (state->len > MCP_WIRE_STATE_MAX)
		return MCP_WIRE_STATE_MAX;
	if (cell_ask(call->thread,
		once->version == 0 ? MCP_CELL_CREATE : MCP_CELL_PUT,
		once->owner.bytes, once->key, &question, &answer) != 0)
		return -EPIPE;
	if (answer.outcome == MCP_OK)
		once->version = answer.known;
	return (int)answer.outcome;
}

/* --- repeats ------------------------------------------------------------ */

static int
refuse(struct handler_result *result, const char *front, const char *name,
    const char *back)
{
	mcp_buf_puts(&result->text, front);
	mcp_buf_puts(&result->text, name);
	mcp_buf_puts(&result->text, back);
	return result->text.failed ? -ENOMEM : HANDLER_E_REFUSED;
}

static int
repeat_done(struct mcp_text left, struct handler_result *result)
{
	struct mcp_text is_error = cut(&left, 1);
	uint32_t len = cut_number(&left);

	result->is_error = is_error.len == 1 && is_error.at[0] != 0;
	mcp_buf_text(&result->parts, cut(&left, len));
	mcp_buf_text(&result->structured, left);
	return result->parts.failed || result->structured.failed
	    ? -ENOMEM
	    : ONCE_E_REPEATED;
}

static int
repeat_large(struct mcp_text left, struct handler_result *result)
{
	result->is_error = left.len == 1 && left.at[0] != 0;
	mcp_buf_puts(&result->text,
	    "This call was made already, and has run; "
	    "its result was too large to be kept");
	return result->text.failed ? -ENOMEM : ONCE_E_REPEATED;
}

static int
repeat_failed(struct call *call, struct mcp_text left)
{
	int code = (int)(int32_t)cut_number(&left);
	uint32_t len = cut_number(&left);
	struct mcp_text message = cut(&left, len);

	call_fail(call, code, "%.*s", (int)message.len, message.at);
	mcp_buf_reset(&call->data);
	mcp_buf_text(&call->data, left);
	return HANDLER_E_CALL;
}

/* The task's own record is the caller's; it may have come to its end by now,
 * and then its result is about to be ours. */
static int
repeat_task(
    struct call *call, struct mcp_text id, struct handler_result *result)
{
	char key[TASK_ID_MAX] = "";

	if (id.len == TASK_ID_MAX - 1)
		memcpy(key, id.at, id.len);
	return tasks_show(call, key, &result->text) == 0 ? ONCE_E_TASK : 0;
}

static int
repeat(struct call *call, const struct once *once, const char *name,
    const struct mcp_letter *found, struct handler_result *result)
{
	struct mcp_text left = found->state;
	struct mcp_text head = cut(&left, HEAD_LEN);
	int condition = 0;

	if (head.len < HEAD_LEN ||
	    memcmp(head.at + 1, once->digest, ONCE_DIGEST_LEN) != 0)
		return refuse(result, "", name,
		    ": it was given before, with "
		    "other arguments. A new call needs a new one");
	if (found->how == 1)
		return refuse(result, "The first call with this ", name,
		    " was cut off, and nobody knows whether it took effect. "
		    "Look, and if it did not, call again with a new one");
	switch (head.at[0]) {
	case DONE:
		return repeat_done(left, result);
	case LARGE:
		return repeat_large(left, result);
	case FAILED:
		return repeat_failed(call, left);
	case TASK:
		condition = repeat_task(call, left, result);
	}
	return condition != 0
	    ? condition
	    : refuse(result, "The first call with this ", name,
		  " is still running: try again in 1 s");
}

/* --- beginning ---------------------------------------------------------- */

static struct once
once_of(const struct call *call, const struct mcp_tool *tool,
    struct mcp_text key, struct json_object *arguments)
{
	struct once once = { .tool = tool };
	unsigned char hash[(ONCE_KEY_MAX - 1) / 2];

	once.owner = cell_owner_of(call, KIND, tool->name, true);
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)key.at,
	    key.len, NULL, 0);
	sodium_bin2hex(once.key, sizeof(once.key), hash, sizeof(hash));
	once_digest(arguments, once.digest);
	return once;
}

/* How long it may still run, and then be repeated. */
static uint64_t
expires_at_first(const struct call *call, const struct mcp_tool *tool)
{
	return cell_call_expires(call) + tool->idempotency.window_ms / 1000;
}

/* Return: 0 it is ours; MCP_EXISTS; another outcome; -errno */
static int
claim(struct call *call, struct once *once)
{
	struct mcp_buf state = MCP_BUF_INIT;
	int outcome;

	put_head(&state, once, RUNNING);
	outcome = write_record(
	    call, once, true, expires_at_first(call, once->tool), &state);
	mcp_buf_deinit(&state);
	return outcome == MCP_OK ? 0 : outcome;
}

static int
refuse_unkept(int outcome, const char *name, struct handler_result *result)
{
	if (outcome == -ENOMEM)
		return -ENOMEM;
	if (outcome == MCP_OVER_QUOTA)
		return refuse(result, "", name,
		    ": too many of your calls of "
		    "this tool are remembered already, so nothing was run. Try "
		    "again later");
	return refuse(result, "", name,
	    ": whether this call was made before "
	    "cannot be known now, so nothing was run: try again in 5 s");
}

static int
begin(struct call *call, struct once *once, const char *name,
    struct handler_result *result)
{
	int outcome = -EPIPE;

	for (unsigned i = 0; i < ROUNDS_MAX; i++) {
		struct mcp_letter found, question = { 0 };

		outcome = claim(call, once);
		if (outcome == 0) {
			call->once = *once;
			return 0;
		}
		if (outcome != MCP_EXISTS)
			break;
		outcome = cell_ask(call->thread, MCP_CELL_GET,
		    once->owner.bytes, once->key, &question, &found);
		if (outcome == 0 && found.outcome == MCP_STATE)
			return repeat(call, once, name, &found, result);
		if (outcome != 0 || found.outcome != MCP_NONE)
			break;
	}
	return refuse_unkept(outcome, name, result);
}

int
once_begin(struct call *call, const struct mcp_tool *tool,
    struct json_object *arguments, struct handler_result *result)
{
	const char *name = tool->idempotency.argument;
	struct json_object *value;
	struct mcp_text key;
	struct once once;

	call->once.tool = NULL;
	value = name == NULL ? NULL : mcp_json_get(arguments, name);
	if (value == NULL)
		return 0;
	key = mcp_json_string(value);
	if (key.len == 0 || key.len > KEY_LEN_MAX)
		return refuse(result, "", name,
		    ": expected a string that is "
		    "this call's alone, of 1 to 1024 bytes; or leave it out");
	once = once_of(call, tool, key, arguments);
	return begin(call, &once, name, result);
}

/* --- ending ------------------------------------------------------------- */

void
once_stay(struct call *call)
{
	struct once *once = &call->once;
	struct mcp_buf state = MCP_BUF_INIT;

	if (once->tool == NULL)
		return;
	put_head(&state, once, TASK);
	mcp_buf_puts(&state, call->task);
	(void)write_record(
	    call, once, true, expires_at_first(call, once->tool), &state);
	mcp_buf_deinit(&state);
}

/* A statement that failed on SQLite was rolled back; texts and files are only
 * read. Of all else nobody knows. */
static bool
had_no_effect(
    const struct call *call, const struct mcp_handler *handler, int condition)
{
	if (condition == HANDLER_E_REFUSED || condition == HANDLER_E_ASKS)
		return true;
	if (condition == 0 || condition == HANDLER_E_NONE)
		return false;
	switch (handler->kind) {
	case MCP_HANDLER_TEXT:
	case MCP_HANDLER_FILE:
		return true;
	case MCP_HANDLER_SQL:
		return !handler->sql.write ||
		    call->config->databases[handler->sql.database].path != NULL;
	default:
		return false;
	}
}

static void
put_failure(const struct call *call, const struct once *once, int condition,
    struct mcp_buf *state)
{
	struct mcp_text message = mcp_buf_view(&call->error);
	int code = call->code;

	if (condition != HANDLER_E_CALL) {
		message = MCP_TEXT("Internal error");
		code = JSONRPC_INTERNAL_ERROR;
	}
	put_head(state, once, FAILED);
	put_number(state, (uint32_t)code);
	put_number(state, (uint32_t)message.len);
	mcp_buf_text(state, message);
	if (condition == HANDLER_E_CALL)
		mcp_buf_text(state, mcp_buf_view(&call->data));
}

static void
put_done(const struct once *once, const struct handler_result *result,
    struct mcp_buf *state)
{
	put_head(state, once, DONE);
	mcp_buf_putc(state, result->is_error);
	put_number(state, (uint32_t)result->parts.len);
	mcp_buf_text(state, mcp_buf_view(&result->parts));
	mcp_buf_text(state, mcp_buf_view(&result->structured));
}

static void
put_large(const struct once *once, bool is_error, struct mcp_buf *state)
{
	mcp_buf_deinit(state);
	put_head(state, once, LARGE);
	mcp_buf_putc(state, is_error);
}

/* What does not fit, into a cell or into what its owner may keep, is kept as
 * the fact that it was done. */
static void
keep(struct call *call, struct once *once, int condition,
    const struct handler_result *result)
{
	uint64_t expires = cell_expires(once->tool->idempotency.window_ms);
	bool has_failed = condition < 0 || condition == HANDLER_E_CALL;
	struct mcp_buf state = MCP_BUF_INIT;
	int outcome;

	if (has_failed)
		put_failure(call, once, condition, &state);
	else
		put_done(once, result, &state);
	outcome = write_record(call, once, false, expires, &state);
	if (outcome != MCP_OK && outcome != -EPIPE) {
		put_large(once, has_failed || result->is_error, &state);
		(void)write_record(call, once, false, expires, &state);
	}
	mcp_buf_deinit(&state);
}

static void
forget(struct call *call, const struct once *once)
{
	struct mcp_letter answer, question = { .known = once->version };

	(void)cell_ask(call->thread, MCP_CELL_DELETE, once->owner.bytes,
	    once->key, &question, &answer);
}

void
once_end(struct call *call, int condition, const struct handler_result *result)
{
	struct once *once = &call->once;

	if (once->tool == NULL)
		return;
	if (had_no_effect(call, &once->tool->handler, condition))
		forget(call, once);
	else
		keep(call, once, condition, result);
	once->tool = NULL;
}

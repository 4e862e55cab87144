/* fuzz_rows_cursor.c - a cursor goes on where it was made, with the same
 * arguments in whatever order, and nowhere else
 *
 * input = ARGUMENTS, with a "cursor" among them or not
 */
#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "fcgi/rows_cursor.h"

#define KEY                                                                    \
	"000102030405060708090a0b0c0d0e0f"                                     \
	"101112131415161718191a1b1c1d1e1f\n"

static void
begin(struct worker *worker)
{
	struct mcp_seal *seal;

	if (worker->seal != NULL)
		return;
	if (mcp_seal_new(fuzz_file(MCP_TEXT(KEY)), &seal) != 0)
		abort();
	worker->seal = seal;
}

/* @object with @token as its cursor, and its members the other way round */
static struct json_object *
turned(struct json_object *object, const struct mcp_buf *token)
{
	struct json_object *out = json_object_new_object();
	struct lh_entry *entry = json_object_get_object(object)->tail;

	json_object_object_add(out, ROWS_CURSOR_NAME,
	    json_object_new_string_len(token->data, (int)token->len));
	for (; entry != NULL; entry = entry->prev)
		json_object_object_add_ex(out, lh_entry_k(entry),
		    json_object_get(lh_entry_v(entry)), 0);
	json_object_object_add(out, ROWS_CURSOR_NAME,
	    json_object_new_string_len(token->data, (int)token->len));
	return out;
}

static void
goes_on(const struct call *call, struct json_object *arguments)
{
	struct mcp_buf token = MCP_BUF_INIT;
	struct json_object *again;
	uint64_t rows = 0;

	LAW(rows_cursor_close(call, arguments, 12345, &token) == 0);
	again = turned(arguments, &token);
	LAW(rows_cursor_open(call, again, &rows) == 0 && rows == 12345);
	json_object_object_add(again, "one more", NULL);
	json_object_object_add(again, "", json_object_new_string("else"));
	json_object_object_add(again, "x", json_object_new_array());
	LAW(rows_cursor_open(call, again, &rows) == ROWS_CURSOR_E_FOREIGN);
	LAW(rows == 0);
	json_object_put(again);
	mcp_buf_deinit(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct worker worker;
	static struct mcp_config config = { .digest = "0123" };
	struct mcp_text text = { (const char *)data, size };
	struct json_object *arguments = fuzz_json(text, 0);
	struct call *call = calloc(1, sizeof(*call));
	uint64_t rows = 1;
	int condition;

	if (call == NULL)
		abort();
	begin(&worker);
	call->worker = &worker;
	call->config = &config;
	call->name = "list";
	if (json_object_is_type(arguments, json_type_object)) {
		condition = rows_cursor_open(call, arguments, &rows);
		LAW(condition == 0 || condition == ROWS_CURSOR_E_FOREIGN);
		LAW(rows == 0);
		goes_on(call, arguments);
	}
	json_object_put(arguments);
	free(call);
	return 0;
}

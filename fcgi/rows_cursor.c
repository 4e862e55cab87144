/* rows_cursor.c - I am where the rest of a long answer begins */

#include "fcgi/rows_cursor.h"

#include <mcp/json.h>

#include <errno.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* --- the same arguments, in whatever order they are written ------------- */

struct member {
	const char *name;
	struct json_object *value;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(
	    ((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void put_sorted(struct mcp_buf *out, struct json_object *value);

static void
put_object(struct mcp_buf *out, struct json_object *object)
{
	size_t n = 0;
	struct member *members = calloc(
	    (size_t)json_object_object_length(object) + 1, sizeof(*members));

	if (members == NULL) {
		out->failed = true;
		return;
	}
	json_object_object_foreach(object, name, value)
		members[n++] = (struct member){ name, value };
	qsort(members, n, sizeof(*members), compare);
	mcp_buf_putc(out, '{');
	for (size_t i = 0; i < n; i++) {
		mcp_buf_json_string(out, mcp_text_of(members[i].name));
		mcp_buf_putc(out, ':');
		put_sorted(out, members[i].value);
		mcp_buf_putc(out, ',');
	}
	mcp_buf_putc(out, '}');
	free(members);
}

static void
put_array(struct mcp_buf *out, struct json_object *array)
{
	mcp_buf_putc(out, '[');
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		put_sorted(out, json_object_array_get_idx(array, i));
		mcp_buf_putc(out, ',');
	}
	mcp_buf_putc(out, ']');
}

static void
put_sorted(struct mcp_buf *out, struct json_object *value)
{
	const char *text;

	if (json_object_is_type(value, json_type_object)) {
		put_object(out, value);
	} else if (json_object_is_type(value, json_type_array)) {
		put_array(out, value);
	} else if ((text = mcp_json_text(value)) == NULL) {
		out->failed = true;
	} else {
		mcp_buf_puts(out, text);
	}
}

/* All of them but the cursor itself. */
static void
put_arguments(struct mcp_buf *out, struct json_object *arguments)
{
	struct json_object *others = json_object_new_object();

	if (others == NULL) {
		out->failed = true;
		return;
	}
	json_object_object_foreach(arguments, name, value)
		if (strcmp(name, ROWS_CURSOR_NAME) != 0)
			json_object_object_add(
			    others, name, json_object_get(value));
	put_object(out, others);
	json_object_put(others);
}

/* --- sealing ------------------------------------------------------------ */

/* A cursor's content: the word "rows", a hash of all that must be the same,
 * and the number of rows in decimal. The word keeps it apart from the cursors
 * of lists. */
static int
put_head(
    const struct call *call, struct json_object *arguments, struct mcp_buf *out)
{
	unsigned char hash[16];
	char text[2 * sizeof(hash) + 1];
	struct mcp_buf all = MCP_BUF_INIT;

	mcp_buf_printf(&all, "%s:%s:", call->config->digest, call->name);
	mcp_buf_append(
	    &all, (const char *)call->subject, sizeof(call->subject));
	put_arguments(&all, arguments);
	if (all.failed) {
		mcp_buf_deinit(&all);
		return -ENOMEM;
	}
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)all.data,
	    all.len, NULL, 0);
	mcp_buf_deinit(&all);
	sodium_bin2hex(text, sizeof(text), hash, sizeof(hash));
	mcp_buf_printf(out, "rows:%s:", text);
	return out->failed ? -ENOMEM : 0;
}

static int
read_rows(struct mcp_text plain, const struct mcp_buf *head, uint64_t *rowsp)
{
	if (!mcp_text_starts(plain, head->data) ||
	    mcp_text_number((struct mcp_text){ plain.at + head->len,
				plain.len - head->len },
		rowsp) != 0)
		return ROWS_CURSOR_E_FOREIGN;
	return 0;
}

int
rows_cursor_open(
    const struct call *call, struct json_object *arguments, uint64_t *rowsp)
{
	struct mcp_buf head = MCP_BUF_INIT, plain = MCP_BUF_INIT;
	struct json_object *cursor = mcp_json_get(arguments, ROWS_CURSOR_NAME);
	int condition;

	*rowsp = 0;
	if (cursor == NULL)
		return 0;
	condition = put_head(call, arguments, &head);
	if (condition == 0)
		condition = mcp_seal_open(call->worker->seal, MCP_SEAL_CURSOR,
		    mcp_json_string(cursor), &plain);
	if (condition == 0)
		condition = read_rows(mcp_buf_view(&plain), &head, rowsp);
	mcp_buf_deinit(&head);
	mcp_buf_deinit(&plain);
	return condition > 0 ? ROWS_CURSOR_E_FOREIGN : condition;
}

int
rows_cursor_close(const struct call *call, struct json_object *arguments,
    uint64_t rows, struct mcp_buf *out)
{
	struct mcp_buf plain = MCP_BUF_INIT;
	int error = put_head(call, arguments, &plain);

	mcp_buf_printf(&plain, "%llu", (unsigned long long)rows);
	if (error == 0)
		error = plain.failed
		    ? -ENOMEM
		    : mcp_seal_close(call->worker->seal, MCP_SEAL_CURSOR,
			  mcp_buf_view(&plain), out);
	mcp_buf_deinit(&plain);
	return error;
}

/* openapi_at.c - I know where one is in the description, and what leads there
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openapi_parts.h"

#define HOPS_MAX 32 /* references that lead to references */

/* --- memory of one operation --- */

struct arena {
	struct arena *next;
	char bytes[] __attribute__((aligned(16)));
};

void *
openapi_take(struct openapi *openapi, size_t size)
{
	struct arena *arena = calloc(1, sizeof(*arena) + size);

	if (arena == NULL) {
		openapi->no_memory = true;
		return NULL;
	}
	arena->next = openapi->arena;
	openapi->arena = arena;
	return arena->bytes;
}

char *
openapi_print(struct openapi *openapi, const char *format, ...)
{
	va_list arguments, again;
	char *text;
	int len;

	va_start(arguments, format);
	va_copy(again, arguments);
	len = vsnprintf(NULL, 0, format, arguments);
	text = openapi_take(openapi, len < 0 ? 1 : (size_t)len + 1);
	if (text != NULL && len >= 0)
		vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	va_end(arguments);
	return text;
}

void
openapi_release(struct openapi *openapi)
{
	while (openapi->arena != NULL) {
		struct arena *arena = openapi->arena;

		openapi->arena = arena->next;
		free(arena);
	}
}

/* --- values --- */

static const struct openapi_at *
at_new(struct openapi *openapi, struct openapi_at from)
{
	struct openapi_at *at;

	if (from.json == NULL)
		return NULL;
	at = openapi_take(openapi, sizeof(*at));
	if (at != NULL)
		*at = from;
	return at;
}

const struct openapi_at *
openapi_root(struct openapi *openapi)
{
	return at_new(
	    openapi, (struct openapi_at){ .root = "", .json = openapi->root });
}

const struct openapi_at *
openapi_get(
    struct openapi *openapi, const struct openapi_at *up, const char *key)
{
	if (up == NULL)
		return NULL;
	return at_new(openapi,
	    (struct openapi_at){
		.up = up, .key = key, .json = mcp_json_get(up->json, key) });
}

const struct openapi_at *
openapi_element(
    struct openapi *openapi, const struct openapi_at *up, size_t index)
{
	if (up == NULL || !json_object_is_type(up->json, json_type_array))
		return NULL;
	return at_new(openapi,
	    (struct openapi_at){ .up = up,
		.index = index,
		.json = json_object_array_get_idx(up->json, index) });
}

const char *
openapi_string(const struct openapi_at *at, const char *key)
{
	struct json_object *value =
	    at == NULL ? NULL : mcp_json_get(at->json, key);

	return json_object_is_type(value, json_type_string)
	    ? json_object_get_string(value)
	    : NULL;
}

bool
openapi_is_true(const struct openapi_at *at, const char *key)
{
	struct json_object *value =
	    at == NULL ? NULL : mcp_json_get(at->json, key);

	return json_object_is_type(value, json_type_boolean) &&
	    json_object_get_boolean(value);
}

void
openapi_put(struct openapi *openapi, struct json_object *object,
    const char *key, struct json_object *value)
{
	if (value != NULL && object != NULL &&
	    json_object_object_add(object, key, value) == 0)
		return;
	json_object_put(value);
	openapi->no_memory = true;
}

void
openapi_put_string(struct openapi *openapi, struct json_object *object,
    const char *key, const char *string)
{
	if (string == NULL)
		openapi->no_memory = true;
	else
		openapi_put(
		    openapi, object, key, json_object_new_string(string));
}

void
openapi_add(struct openapi *openapi, struct json_object *array,
    struct json_object *value)
{
	if (value != NULL && array != NULL &&
	    json_object_array_add(array, value) == 0)
		return;
	json_object_put(value);
	openapi->no_memory = true;
}

/* --- references --- */

const char *
openapi_reference(const struct openapi_at *at)
{
	return openapi_string(at, "$ref");
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A fragment is a pointer with %XX in it (RFC 6901, "URI Fragment Identifier
 * Representation"). */
static char *
decode(struct openapi *openapi, const char *fragment)
{
	char *pointer = openapi_print(openapi, "%s", fragment), *to = pointer;

	if (pointer == NULL)
		return NULL;
	for (const char *c = pointer; *c != '\0'; c++) {
		if (*c == '%' && hex(c[1]) >= 0 && hex(c[2]) >= 0 &&
		    (hex(c[1]) | hex(c[2])) != 0) {
			*to++ = (char)(hex(c[1]) << 4 | hex(c[2]));
			c += 2;
		} else {
			*to++ = *c;
		}
	}
	*to = '\0';
	return pointer;
}

const struct openapi_at *
openapi_target(struct openapi *openapi, const char *reference)
{
	struct json_object *json = NULL;
	char *pointer;

	if (reference[0] != '#' ||
	    (reference[1] != '/' && reference[1] != '\0'))
		return NULL;
	pointer = decode(openapi, reference + 1);
	if (pointer == NULL)
		return NULL;
	if (json_pointer_get(openapi->root, pointer, &json) < 0)
		return NULL;
	return at_new(
	    openapi, (struct openapi_at){ .root = pointer, .json = json });
}

const struct openapi_at *
openapi_follow(struct openapi *openapi, const struct openapi_at *at)
{
	const struct openapi_at *from = at;

	for (unsigned hops = 0; at != NULL; hops++) {
		const char *reference = openapi_reference(at);

		if (reference == NULL)
			return at;
		if (hops == HOPS_MAX) {
			openapi_warn(
			    openapi, from, "its references lead in a circle");
			return NULL;
		}
		if (reference[0] != '#')
			openapi_warn(openapi, at,
			    "refers to another document, which is not read: "
			    "\"%.100s\". Bundle the description into one file",
			    reference);
		at = openapi_target(openapi, reference);
		if (at == NULL && reference[0] == '#')
			openapi_warn(openapi, from,
			    "refers to what is not there: \"%.100s\"",
			    reference);
	}
	return NULL;
}

/* --- what is told --- */

/* As deep as the scanner let the file be. Without memory there is no place. */
static void
put_pointer(struct mcp_buf *out, const struct openapi_at *at)
{
	if (at == NULL)
		return;
	if (at->up == NULL) {
		mcp_buf_puts(out, at->root);
		return;
	}
	put_pointer(out, at->up);
	mcp_buf_putc(out, '/');
	if (at->key != NULL)
		mcp_buf_pointer_token(out, at->key);
	else
		mcp_buf_number(out, (int64_t)at->index);
}

/* What is quoted comes from the file, and goes to a terminal: a line stays a
 * line. */
static void
flatten(struct mcp_buf *line, size_t from)
{
	for (size_t i = from; i < line->len; i++)
		if ((unsigned char)line->data[i] < ' ' || line->data[i] == 0x7f)
			line->data[i] = '?';
}

void
openapi_warn(struct openapi *openapi, const struct openapi_at *at,
    const char *format, ...)
{
	struct mcp_buf line = MCP_BUF_INIT;
	va_list arguments;
	char *sentence = NULL;
	size_t head;

	va_start(arguments, format);
	if (vasprintf(&sentence, format, arguments) < 0)
		sentence = NULL;
	va_end(arguments);
	mcp_buf_printf(&line, "mcpctl: %s#", openapi->options->file);
	head = line.len;
	put_pointer(&line, at);
	mcp_buf_puts(&line, ": ");
	mcp_buf_puts(&line, sentence == NULL ? "" : sentence);
	flatten(&line, head);
	mcp_buf_putc(&line, '\n');
	if (sentence == NULL || line.failed)
		openapi->no_memory = true;
	else if (!json_object_object_get_ex(
		     openapi->told_already, line.data, NULL)) {
		mcp_buf_text(openapi->told, mcp_buf_view(&line));
		openapi_put(openapi, openapi->told_already, line.data,
		    json_object_new_boolean(true));
	}
	free(sentence);
	mcp_buf_deinit(&line);
}

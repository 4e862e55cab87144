/* openapi_write.c - I write JSON as a person would
 *
 * Two blanks for each level. What is small stays on one line, so that a page
 * shows several tools; the arguments of a tool have a line each.
 */
#include "config.h"

#include <string.h>

#include "openapi_parts.h"

#define LINE_MOST 100 /* columns that one line may fill */
#define NESTED_MOST 2 /* arrays and objects within each other on a line */

static void
put_string(struct mcp_buf *out, const char *string)
{
	mcp_buf_json_string(out, mcp_text_of(string));
}

static void
put_scalar(struct mcp_buf *out, struct json_object *json)
{
	if (json_object_is_type(json, json_type_string))
		mcp_buf_json_string(out, mcp_json_string(json));
	else
		mcp_buf_puts(out, json == NULL ? "null" : mcp_json_text(json));
}

static bool
is_open(struct json_object *json)
{
	return json_object_is_type(json, json_type_object) ||
	    json_object_is_type(json, json_type_array);
}

/* @json on the line that @out ends with; false: it does not fit behind
 * @limit bytes, and is half there */
static bool
put_line(struct mcp_buf *out, struct json_object *json, size_t limit,
    unsigned nested)
{
	bool object = json_object_is_type(json, json_type_object);
	const char *separator = object ? " " : "";

	if (!is_open(json)) {
		put_scalar(out, json);
		return out->len <= limit;
	}
	if (nested == NESTED_MOST)
		return false;
	mcp_buf_putc(out, object ? '{' : '[');
	if (object) {
		json_object_object_foreach(json, key, value) {
			mcp_buf_puts(out, separator);
			put_string(out, key);
			mcp_buf_puts(out, ": ");
			if (!put_line(out, value, limit, nested + 1))
				return false;
			separator = ", ";
		}
	}
	for (size_t i = 0; !object && i < json_object_array_length(json); i++) {
		mcp_buf_puts(out, separator);
		if (!put_line(out, json_object_array_get_idx(json, i), limit,
			nested + 1))
			return false;
		separator = ", ";
	}
	mcp_buf_puts(out,
	    !object				      ? "]"
		: json_object_object_length(json) > 0 ? " }"
						      : "}");
	return out->len <= limit;
}

static void
new_line(struct mcp_buf *out, unsigned indent)
{
	mcp_buf_putc(out, '\n');
	for (unsigned i = 0; i < indent; i++)
		mcp_buf_putc(out, ' ');
}

static size_t
column(const struct mcp_buf *out)
{
	size_t len = out->len;

	while (len > 0 && out->data[len - 1] != '\n')
		len--;
	return out->len - len;
}

static void write_member(struct mcp_buf *out, const char *key,
    struct json_object *value, unsigned indent);

static void
write_open(struct mcp_buf *out, struct json_object *json, unsigned indent)
{
	bool object = json_object_is_type(json, json_type_object);
	const char *separator = "";

	mcp_buf_putc(out, object ? '{' : '[');
	if (object) {
		json_object_object_foreach(json, key, value) {
			mcp_buf_puts(out, separator);
			new_line(out, indent + 2);
			write_member(out, key, value, indent + 2);
			separator = ",";
		}
	}
	for (size_t i = 0; !object && i < json_object_array_length(json); i++) {
		mcp_buf_puts(out, separator);
		new_line(out, indent + 2);
		openapi_write(
		    out, json_object_array_get_idx(json, i), indent + 2);
		separator = ",";
	}
	new_line(out, indent);
	mcp_buf_putc(out, object ? '}' : ']');
}

static void
write_member(struct mcp_buf *out, const char *key, struct json_object *value,
    unsigned indent)
{
	bool spread =
	    (strcmp(key, "properties") == 0 || strcmp(key, "$defs") == 0) &&
	    json_object_is_type(value, json_type_object) &&
	    json_object_object_length(value) > 0;

	put_string(out, key);
	mcp_buf_puts(out, ": ");
	if (spread)
		write_open(out, value, indent);
	else
		openapi_write(out, value, indent);
}

void
openapi_write(struct mcp_buf *out, struct json_object *json, unsigned indent)
{
	size_t len = out->len, limit = len - column(out) + LINE_MOST;

	if (put_line(out, json, limit, 0) || !is_open(json) || out->failed)
		return;
	out->len = len;
	out->data[len] = '\0';
	write_open(out, json, indent);
}

/* postgres_text.c - I write and read values as PostgreSQL does: as text */

#include "fcgi/postgres_text.h"
#include "fcgi/handler.h"

#include <mcp/json.h>

#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_DIGITS 15 /* that a double keeps, whatever they are */
#define NESTED_MAX 6	/* dimensions an array may have, there */

enum shape {
	SHAPE_TEXT,
	SHAPE_BOOLEAN,
	SHAPE_INTEGER,
	SHAPE_REAL,
	SHAPE_NUMERIC,
	SHAPE_BYTES,
	SHAPE_JSON,
	SHAPE_TIMESTAMP,
	SHAPE_ARRAY,
	SHAPE_UNKNOWN
};

struct postgres_type {
	unsigned oid;
	enum shape shape;
	unsigned element; /* of an array */
};

/* by pg_type.dat; those that are not here are texts */
static const struct postgres_type types[] = {
	{ 16, SHAPE_BOOLEAN, 0 },
	{ 17, SHAPE_BYTES, 0 },
	{ 18, SHAPE_TEXT, 0 }, /* char */
	{ 19, SHAPE_TEXT, 0 }, /* name */
	{ 20, SHAPE_INTEGER, 0 },
	{ 21, SHAPE_INTEGER, 0 },
	{ 23, SHAPE_INTEGER, 0 },
	{ 25, SHAPE_TEXT, 0 },
	{ 26, SHAPE_INTEGER, 0 }, /* oid */
	{ 114, SHAPE_JSON, 0 },
	{ 199, SHAPE_ARRAY, 114 },
	{ 651, SHAPE_ARRAY, 650 }, /* cidr */
	{ 700, SHAPE_REAL, 0 },
	{ 701, SHAPE_REAL, 0 },
	{ 705, SHAPE_TEXT, 0 }, /* unknown */
	{ 1000, SHAPE_ARRAY, 16 },
	{ 1001, SHAPE_ARRAY, 17 },
	{ 1002, SHAPE_ARRAY, 18 },
	{ 1003, SHAPE_ARRAY, 19 },
	{ 1005, SHAPE_ARRAY, 21 },
	{ 1007, SHAPE_ARRAY, 23 },
	{ 1009, SHAPE_ARRAY, 25 },
	{ 1014, SHAPE_ARRAY, 1042 },
	{ 1015, SHAPE_ARRAY, 1043 },
	{ 1016, SHAPE_ARRAY, 20 },
	{ 1021, SHAPE_ARRAY, 700 },
	{ 1022, SHAPE_ARRAY, 701 },
	{ 1028, SHAPE_ARRAY, 26 },
	{ 1040, SHAPE_ARRAY, 829 }, /* macaddr */
	{ 1041, SHAPE_ARRAY, 869 }, /* inet */
	{ 1042, SHAPE_TEXT, 0 },    /* character(n) */
	{ 1043, SHAPE_TEXT, 0 },    /* varchar */
	{ 1114, SHAPE_TIMESTAMP, 0 },
	{ 1115, SHAPE_ARRAY, 1114 },
	{ 1182, SHAPE_ARRAY, 1082 }, /* date */
	{ 1183, SHAPE_ARRAY, 1083 }, /* time */
	{ 1184, SHAPE_TIMESTAMP, 0 },
	{ 1185, SHAPE_ARRAY, 1184 },
	{ 1187, SHAPE_ARRAY, 1186 }, /* interval */
	{ 1231, SHAPE_ARRAY, 1700 },
	{ 1270, SHAPE_ARRAY, 1266 }, /* timetz */
	{ 1700, SHAPE_NUMERIC, 0 },
	{ 2951, SHAPE_ARRAY, 2950 }, /* uuid */
	{ 3802, SHAPE_JSON, 0 },
	{ 3807, SHAPE_ARRAY, 3802 },
};

const struct postgres_type *
postgres_type_of(unsigned oid)
{
	static const struct postgres_type unknown = { 0, SHAPE_UNKNOWN, 0 };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].oid == oid)
			return &types[i];
	return &unknown;
}

/* --- in ----------------------------------------------------------------- */

static int
put_json(struct mcp_buf *out, struct json_object *value)
{
	const char *text = mcp_json_text(value);

	if (text == NULL)
		return -ENOMEM;
	mcp_buf_puts(out, text);
	return 0;
}

static int
put_string(struct mcp_buf *out, struct json_object *value)
{
	struct mcp_text text = mcp_json_string(value);

	if (memchr(text.at, '\0', text.len) != NULL)
		return DATABASE_E_NUL;
	mcp_buf_text(out, text);
	return 0;
}

static int
put_bytes(struct mcp_buf *out, struct json_object *value)
{
	struct mcp_text text = mcp_json_string(value);
	unsigned char *bytes;
	size_t len = 0;
	int bad;

	if (!json_object_is_type(value, json_type_string))
		return DATABASE_E_VALUE;
	bytes = malloc(text.len + 1);
	if (bytes == NULL)
		return -ENOMEM;
	bad = sodium_base642bin(bytes, text.len + 1, text.at, text.len, NULL,
	    &len, NULL, sodium_base64_VARIANT_ORIGINAL);
	if (bad == 0 && mcp_buf_reserve(out, 2 * len + 3) == 0) {
		mcp_buf_puts(out, "\\x");
		sodium_bin2hex(out->data + out->len, 2 * len + 1, bytes, len);
		out->len += 2 * len;
	}
	free(bytes);
	return bad == 0 ? 0 : DATABASE_E_VALUE;
}

static int put_array(struct mcp_buf *out, struct json_object *array,
    const struct postgres_type *element, unsigned depth);

/* "Array Value Input": what is in quotes is never taken for NULL */
static int
put_element(struct mcp_buf *out, struct json_object *value,
    const struct postgres_type *element, unsigned depth)
{
	struct mcp_buf plain = MCP_BUF_INIT;
	int condition;

	if (value == NULL) {
		mcp_buf_puts(out, "NULL");
		return 0;
	}
	if (json_object_is_type(value, json_type_array) &&
	    element->shape != SHAPE_JSON)
		return put_array(out, value, element, depth + 1);
	condition = postgres_text_put(&plain, value, element);
	mcp_buf_putc(out, '"');
	for (size_t i = 0; i < plain.len; i++) {
		if (plain.data[i] == '"' || plain.data[i] == '\\')
			mcp_buf_putc(out, '\\');
		mcp_buf_putc(out, plain.data[i]);
	}
	mcp_buf_putc(out, '"');
	out->failed |= plain.failed;
	mcp_buf_deinit(&plain);
	return condition;
}

static int
put_array(struct mcp_buf *out, struct json_object *array,
    const struct postgres_type *element, unsigned depth)
{
	int condition = depth > NESTED_MAX ? DATABASE_E_VALUE : 0;
	size_t n = json_object_array_length(array);

	mcp_buf_putc(out, '{');
	for (size_t i = 0; i < n && condition == 0; i++) {
		if (i > 0)
			mcp_buf_putc(out, ',');
		condition = put_element(
		    out, json_object_array_get_idx(array, i), element, depth);
	}
	mcp_buf_putc(out, '}');
	return condition;
}

int
postgres_text_put(struct mcp_buf *out, struct json_object *value,
    const struct postgres_type *type)
{
	struct database_value real = { .type = DATABASE_REAL };

	if (type->shape == SHAPE_JSON)
		return put_json(out, value);
	if (type->shape == SHAPE_BYTES)
		return put_bytes(out, value);
	switch (json_object_get_type(value)) {
	case json_type_string:
		return put_string(out, value);
	case json_type_double:
		real.real = json_object_get_double(value);
		database_append(out, &real);
		return 0;
	case json_type_array:
		if (type->shape == SHAPE_ARRAY || type->shape == SHAPE_UNKNOWN)
			return put_array(
			    out, value, postgres_type_of(type->element), 1);
		return put_json(out, value);
	default:
		return put_json(out, value);
	}
}

/* --- out ---------------------------------------------------------------- */

static bool
is_exact(struct mcp_text number)
{
	unsigned n = 0;

	for (size_t i = 0; i < number.len; i++) {
		if (isdigit((unsigned char)number.at[i]))
			n++;
		else if (number.at[i] != '.' &&
		    !(i == 0 && number.at[i] == '-'))
			return false; /* NaN, Infinity */
	}
	return n <= EXACT_DIGITS;
}

/* 2025-06-21 08:31:48.5+02 becomes 2025-06-21T08:31:48.5+02:00; what ISO 8601
 * has no words for stays as it is. */
static void
get_timestamp(struct mcp_text text, struct mcp_buf *scratch)
{
	const char *blank = memchr(text.at, ' ', text.len);
	const char *end = text.at + text.len, *zone;

	mcp_buf_text(scratch, text);
	if (scratch->failed || blank == NULL ||
	    memchr(text.at, 'B', text.len) != NULL)
		return;
	scratch->data[blank - text.at] = 'T';
	for (zone = blank; zone < end && *zone != '+' && *zone != '-';)
		zone++;
	if (end - zone != 3)
		return;
	if (zone[1] == '0' && zone[2] == '0') {
		scratch->len -= 3;
		mcp_buf_putc(scratch, 'Z');
	} else {
		mcp_buf_puts(scratch, ":00");
	}
}

static void
get_bytes(struct mcp_text text, struct mcp_buf *scratch)
{
	size_t len = 0;

	if (text.len < 2 || mcp_buf_reserve(scratch, text.len / 2 + 1) != 0)
		return;
	sodium_hex2bin((unsigned char *)scratch->data, text.len / 2,
	    text.at + 2, text.len - 2, NULL, &len, NULL);
	scratch->len = len;
}

/* One array's text, being read. */
struct reading {
	const char *at, *end;
	const struct postgres_type *element;
	struct mcp_buf *out;
};

static void
get_quoted(struct reading *reading, struct mcp_buf *plain)
{
	for (reading->at++; reading->at < reading->end; reading->at++) {
		if (*reading->at == '"')
			break;
		if (*reading->at == '\\' && reading->at + 1 < reading->end)
			reading->at++;
		mcp_buf_putc(plain, *reading->at);
	}
	reading->at++;
}

static void
get_bare(struct reading *reading, struct mcp_buf *plain)
{
	while (reading->at < reading->end && *reading->at != ',' &&
	    *reading->at != '}')
		mcp_buf_putc(plain, *reading->at++);
}

static void
get_element(struct reading *reading)
{
	struct mcp_buf plain = MCP_BUF_INIT, scratch = MCP_BUF_INIT;
	struct database_value value = { .type = DATABASE_NULL };
	bool quoted = *reading->at == '"';

	mcp_buf_puts(&plain, ""); /* a string, be it empty */
	if (quoted)
		get_quoted(reading, &plain);
	else
		get_bare(reading, &plain);
	if (quoted || !mcp_text_is(mcp_buf_view(&plain), "NULL"))
		postgres_text_get(
		    mcp_buf_view(&plain), reading->element, &scratch, &value);
	database_append(reading->out, &value);
	reading->out->failed |= plain.failed || scratch.failed;
	mcp_buf_deinit(&plain);
	mcp_buf_deinit(&scratch);
}

/* Braces and commas are those of JSON, but for their shape. */
static void
get_array(
    struct mcp_text text, const struct postgres_type *type, struct mcp_buf *out)
{
	struct reading reading = { text.at, text.at + text.len,
		postgres_type_of(type->element), out };

	/* "[0:1]={...}": where it begins to count is not told */
	while (reading.at < reading.end && *reading.at != '{')
		reading.at++;
	while (reading.at < reading.end) {
		if (strchr("{},", *reading.at) == NULL) {
			get_element(&reading);
			continue;
		}
		mcp_buf_putc(out,
		    *reading.at == '{'	     ? '['
			: *reading.at == '}' ? ']'
					     : ',');
		reading.at++;
	}
}

void
postgres_text_get(struct mcp_text text, const struct postgres_type *type,
    struct mcp_buf *scratch, struct database_value *out)
{
	mcp_buf_reset(scratch);
	*out = (struct database_value){ .type = DATABASE_TEXT, .text = text };
	switch (type->shape) {
	case SHAPE_BOOLEAN:
		out->type = DATABASE_JSON;
		out->text = text.len > 0 && text.at[0] == 't'
		    ? MCP_TEXT("true")
		    : MCP_TEXT("false");
		return;
	case SHAPE_INTEGER:
		out->type = DATABASE_INTEGER;
		out->integer = strtoll(text.at, NULL, 10);
		return;
	case SHAPE_REAL:
		out->type = DATABASE_REAL;
		out->real = strtod(text.at, NULL);
		return;
	case SHAPE_NUMERIC:
		if (is_exact(text))
			out->type = DATABASE_JSON;
		return;
	case SHAPE_JSON:
		out->type = DATABASE_JSON;
		return;
	case SHAPE_BYTES:
		out->type = DATABASE_BLOB;
		get_bytes(text, scratch);
		break;
	case SHAPE_TIMESTAMP:
		get_timestamp(text, scratch);
		break;
	case SHAPE_ARRAY:
		out->type = DATABASE_JSON;
		get_array(text, type, scratch);
		break;
	default:
		return;
	}
	out->text = mcp_buf_view(scratch);
}

/* --- what can come out -------------------------------------------------- */

void
postgres_text_claim(const struct postgres_type *type, struct mcp_buf *out)
{
	static const char *const names[] = {
		[SHAPE_BOOLEAN] = "\"boolean\"",
		[SHAPE_INTEGER] = "\"integer\"",
		[SHAPE_REAL] = "\"number\"",
		[SHAPE_NUMERIC] = "\"number\",\"string\"",
		[SHAPE_ARRAY] = "\"array\"",
		[SHAPE_TEXT] = "\"string\"",
		[SHAPE_BYTES] = "\"string\"",
		[SHAPE_TIMESTAMP] = "\"string\"",
		[SHAPE_UNKNOWN] = "\"string\"",
	};

	if (type->shape == SHAPE_JSON)
		mcp_buf_puts(out, "{}");
	else
		mcp_buf_printf(
		    out, "{\"type\":[%s,\"null\"]}", names[type->shape]);
}

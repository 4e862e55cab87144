/* tree.c - I make the json-c tree of a text that mcp_scan() accepted
 *
 * Law: RFC 8259. Depth was bounded by the scan, and so is the recursion here.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <mcp/scan.h>
#include <mcp/tree.h>

#define AT_HAND 128 /* bytes of a key or number, before the heap is asked */

struct reader {
	const char *at;
	const char *end;
	bool failed; /* out of memory */
	struct mcp_scan_watch *aside; /* while the outermost begins; NULL */
};

static struct json_object *read_value(struct reader *reader);

static void
skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end &&
	    (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' ||
		*reader->at == '\r'))
		reader->at++;
}

/* Out of memory, unless there is @object. */
static struct json_object *
made(struct reader *reader, struct json_object *object)
{
	reader->failed = reader->failed || object == NULL;
	return object;
}

/* --- strings ---------------------------------------------------------------
 */

/* The content of the string at reader->at, which is passed.
 * Return: its raw text; *escapedp: has it escapes? */
static struct mcp_text
raw_string(struct reader *reader, bool *escapedp)
{
	const char *start = ++reader->at;

	*escapedp = false;
	while (*reader->at != '"') {
		*escapedp = *escapedp || *reader->at == '\\';
		reader->at += *reader->at == '\\' ? 2 : 1;
	}
	return (struct mcp_text){ start, (size_t)(reader->at++ - start) };
}

/* A copy with its NUL, escapes resolved: in @at_hand if it fits there.
 * Return: NULL out of memory; else free it, where it is not @at_hand */
static char *
copy(struct mcp_text raw, bool escaped, char at_hand[AT_HAND], size_t *lenp)
{
	char *out = raw.len < AT_HAND ? at_hand : malloc(raw.len + 1);

	if (out == NULL)
		return NULL;
	*lenp = raw.len;
	if (escaped)
		*lenp = mcp_scan_resolve(raw, out);
	else if (raw.len > 0)
		memcpy(out, raw.at, raw.len);
	out[*lenp] = '\0';
	return out;
}

static struct json_object *
read_string(struct reader *reader)
{
	char at_hand[AT_HAND], *text;
	struct json_object *string = NULL;
	struct mcp_text raw;
	bool escaped;
	size_t len;

	raw = raw_string(reader, &escaped);
	if (!escaped)
		return made(reader,
		    json_object_new_string_len(raw.at, (int)raw.len));
	text = copy(raw, escaped, at_hand, &len);
	if (text != NULL)
		string = json_object_new_string_len(text, (int)len);
	if (text != at_hand)
		free(text);
	return made(reader, string);
}

/* --- numbers ---------------------------------------------------------------
 */

static bool
is_of_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
	    c == 'e' || c == 'E';
}

static struct json_object *
number_of(const char *text)
{
	long long number;

	if (strpbrk(text, ".eE") != NULL)
		return json_object_new_double_s(strtod(text, NULL), text);
	errno = 0;
	number = strtoll(text, NULL, 10);
	return errno == 0 ? json_object_new_int64(number)
			  : json_object_new_uint64(strtoull(text, NULL, 10));
}

static struct json_object *
read_number(struct reader *reader)
{
	char at_hand[AT_HAND], *text;
	struct json_object *number = NULL;
	struct mcp_text raw = { reader->at, 0 };
	size_t len;

	while (reader->at < reader->end && is_of_number(*reader->at))
		reader->at++;
	raw.len = (size_t)(reader->at - raw.at);
	text = copy(raw, false, at_hand, &len);
	if (text != NULL)
		number = number_of(text);
	if (text != at_hand)
		free(text);
	return made(reader, number);
}

/* --- what holds others -----------------------------------------------------
 */

/* Past "," or the closing bracket. Return: does another one follow? */
static bool
goes_on(struct reader *reader)
{
	skip_blanks(reader);
	return *reader->at++ == ',';
}

static bool
is_empty(struct reader *reader, char close)
{
	reader->at++;
	skip_blanks(reader);
	if (*reader->at != close)
		return false;
	reader->at++;
	return true;
}

static struct json_object *
read_array(struct reader *reader)
{
	struct json_object *array = made(reader, json_object_new_array());
	struct json_object *value;

	if (array == NULL || is_empty(reader, ']'))
		return array;
	do {
		value = read_value(reader);
		if (!reader->failed && json_object_array_add(array, value) == 0)
			continue;
		json_object_put(value);
		reader->failed = true;
	} while (!reader->failed && goes_on(reader));
	return array;
}

static void
note(struct reader *reader, struct mcp_scan_watch *aside)
{
	const char *start = reader->at;

	reader->at = mcp_scan_past(start, reader->end);
	aside->value = (struct mcp_text){ start, (size_t)(reader->at - start) };
}

static void
add(struct reader *reader, struct json_object *object, const char *key)
{
	struct json_object *value = read_value(reader);

	if (!reader->failed &&
	    json_object_object_add_ex(object, key, value,
		JSON_C_OBJECT_ADD_KEY_IS_NEW) == 0)
		return;
	json_object_put(value);
	reader->failed = true;
}

/* The key and its value; the scan has seen that the key is new. */
static void
read_member(struct reader *reader, struct json_object *object,
    struct mcp_scan_watch *aside)
{
	char at_hand[AT_HAND], *key;
	struct mcp_text raw;
	bool escaped;
	size_t len;

	skip_blanks(reader);
	raw = raw_string(reader, &escaped);
	key = copy(raw, escaped, at_hand, &len);
	skip_blanks(reader);
	reader->at++; /* the colon */
	skip_blanks(reader);
	if (key == NULL)
		reader->failed = true;
	else if (aside != NULL && strcmp(key, aside->name) == 0)
		note(reader, aside);
	else
		add(reader, object, key);
	if (key != at_hand)
		free(key);
}

static struct json_object *
read_object(struct reader *reader, struct mcp_scan_watch *aside)
{
	struct json_object *object = made(reader, json_object_new_object());

	if (object == NULL || is_empty(reader, '}'))
		return object;
	do
		read_member(reader, object, aside);
	while (!reader->failed && goes_on(reader));
	return object;
}

/* --- values ----------------------------------------------------------------
 */

static struct json_object *
read_word(struct reader *reader)
{
	char first = *reader->at;

	reader->at += first == 'f' ? 5 : 4;
	return first == 'n'
	    ? NULL
	    : made(reader, json_object_new_boolean(first == 't'));
}

static struct json_object *
read_value(struct reader *reader)
{
	struct mcp_scan_watch *aside = reader->aside;

	reader->aside = NULL;
	skip_blanks(reader);
	switch (*reader->at) {
	case '{':
		return read_object(reader, aside);
	case '[':
		return read_array(reader);
	case '"':
		return read_string(reader);
	case 't':
	case 'f':
	case 'n':
		return read_word(reader);
	default:
		return read_number(reader);
	}
}

int
mcp_tree(struct mcp_text json, struct mcp_scan_watch *aside,
    struct json_object **treep)
{
	struct reader reader = { json.at, json.at + json.len, false, aside };

	*treep = NULL;
	if (aside != NULL)
		aside->value = MCP_TEXT_INIT;
	if (json.len > INT_MAX)
		return -EMSGSIZE;
	*treep = read_value(&reader);
	if (!reader.failed)
		return 0;
	json_object_put(*treep);
	*treep = NULL;
	return -ENOMEM;
}

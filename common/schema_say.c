/* schema_say.c - I put problems into words a model can act on
 *
 * Each is told by the path of the argument, what was expected, and what came;
 * what is shown of its own input is cut short.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "schema_parts.h"

#define SHOWN_MAX 40	     /* bytes of a key or value of the instance */
#define LISTED_MAX 20	     /* names enumerated in a sentence */
#define COMPARED_MAX 1000    /* names among which a like one is looked for */
#define NAME_MAX_COMPARED 48 /* bytes of names compared for likeness */

static const struct {
	const char *name;
	unsigned bit;
	const char *said;
} types[] = {
	{ "string", TYPE_STRING, "a string" },
	{ "integer", TYPE_INTEGER, "an integer" },
	{ "number", TYPE_NUMBER, "a number" },
	{ "boolean", TYPE_BOOLEAN, "a boolean" },
	{ "array", TYPE_ARRAY, "an array" },
	{ "object", TYPE_OBJECT, "an object" },
	{ "null", TYPE_NULL, "null" },
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

/* The first SHOWN_MAX bytes of @text, not ending within a character. */
static struct mcp_text
shorten(struct mcp_text text)
{
	size_t len = SHOWN_MAX;

	if (text.len <= SHOWN_MAX)
		return text;
	while (len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
		len--;
	return (struct mcp_text){ text.at, len };
}

void
say_quoted(struct mcp_buf *out, const char *name)
{
	struct mcp_text text = mcp_text_of(name), shown = shorten(text);

	mcp_buf_json_string(out, shown);
	if (shown.len < text.len)
		mcp_buf_puts(out, "...");
}

static bool
is_plain_name(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	return *name != '\0' && strlen(name) <= SHOWN_MAX &&
	    name[strspn(name, plain)] == '\0';
}

/* address.city, tags[2], ["odd name"] */
void
say_path(struct mcp_buf *out, const struct place *place)
{
	if (place->parent == NULL)
		return;
	say_path(out, place->parent);
	if (place->is_name) {
		mcp_buf_puts(
		    out, place->parent->parent ? ", the name " : "the name ");
		say_quoted(out, place->key);
	} else if (place->key == NULL)
		mcp_buf_printf(out, "[%zu]", place->index);
	else if (is_plain_name(place->key)) {
		if (place->parent->parent != NULL)
			mcp_buf_putc(out, '.');
		mcp_buf_puts(out, place->key);
	} else {
		mcp_buf_putc(out, '[');
		say_quoted(out, place->key);
		mcp_buf_putc(out, ']');
	}
}

/* A JSON pointer (RFC 6901). */
void
say_pointer(struct mcp_buf *out, const struct place *place)
{
	if (place->parent != NULL)
		say_pointer(out, place->parent);
	if (place->key == NULL) {
		if (place->parent != NULL)
			mcp_buf_printf(out, "/%zu", place->index);
		return;
	}
	mcp_buf_putc(out, '/');
	mcp_buf_pointer_token(out, place->key);
}

const char *
say_separator(size_t i, size_t n)
{
	return i == 0 ? "" : i + 1 < n ? ", " : " or ";
}

void
say_types(struct mcp_buf *out, unsigned wanted)
{
	size_t n = (size_t)__builtin_popcount(wanted), said = 0;

	for (size_t i = 0; i < N_TYPES; i++)
		if (wanted & types[i].bit) {
			mcp_buf_puts(out, say_separator(said++, n));
			mcp_buf_puts(out, types[i].said);
		}
}

static bool
differ(char a, char b)
{
	return tolower((unsigned char)a) != tolower((unsigned char)b);
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters one would have to insert, drop, replace or swap with their
 * neighbour (optimal string alignment); upper and lower case are the same. */
static unsigned
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][NAME_MAX_COMPARED + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2], *spare;

	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		spare = before;
		before = above;
		above = row;
		row = spare;
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1,
			    above[j - 1] + differ(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && !differ(a[i - 1], b[j - 2]) &&
			    !differ(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[b_len];
}

/* Less than half of the longer name may differ. */
bool
is_like(const char *a, const char *b, unsigned *bestp)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned d;

	if (a_len > NAME_MAX_COMPARED || b_len > NAME_MAX_COMPARED)
		return false;
	d = distance(a, a_len, b, b_len);
	if (d >= *bestp || 2 * d >= (a_len > b_len ? a_len : b_len))
		return false;
	*bestp = d;
	return true;
}

/* --- problems --- */

struct mcp_buf *
visit_problem(struct visit *visit)
{
	bool first = visit->n_problems++ == 0;
	const char *joint = visit->joint;

	if (visit->why == NULL)
		return NULL;
	visit->joint = NULL;
	if (joint != NULL)
		mcp_buf_puts(visit->why, joint);
	else if (!first)
		mcp_buf_puts(visit->why, "; ");
	return visit->why;
}

struct mcp_buf *
visit_problem_at(struct visit *visit, const struct place *place)
{
	struct mcp_buf *out = visit_problem(visit);

	if (out == NULL)
		return NULL;
	if (place->parent == NULL)
		mcp_buf_puts(out, "arguments");
	say_path(out, place);
	mcp_buf_puts(out, ": ");
	return out;
}

struct mcp_buf *
visit_expected(struct visit *visit, const struct place *place)
{
	struct mcp_buf *out = visit_problem_at(visit, place);

	if (out != NULL)
		mcp_buf_puts(out, "expected ");
	return out;
}

struct mcp_buf *
visit_problem_member(struct visit *visit, const struct place *place,
    const char *which, const char *name)
{
	struct mcp_buf *out = visit_problem(visit);

	if (out == NULL)
		return NULL;
	say_path(out, place);
	if (place->parent != NULL)
		mcp_buf_puts(out, ": ");
	mcp_buf_puts(out, which);
	mcp_buf_puts(out, place->parent ? " property " : " argument ");
	say_quoted(out, name);
	return out;
}

void
say_value(struct mcp_buf *out, struct json_object *value)
{
	struct mcp_text text;

	if (json_object_is_type(value, json_type_string)) {
		say_quoted(out, json_object_get_string(value));
		return;
	}
	text = mcp_text_of(json_object_to_json_string_ext(
	    value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	mcp_buf_text(out, shorten(text));
	if (text.len > SHOWN_MAX)
		mcp_buf_puts(out, "...");
}

/* A scalar is shown; what may be large is only named. */
void
say_got(struct mcp_buf *out, struct json_object *value)
{
	mcp_buf_puts(out, ", got ");
	if (value_type(value) & (TYPE_OBJECT | TYPE_ARRAY))
		say_types(out, value_type(value));
	else
		say_value(out, value);
}

void
say_type_of(struct mcp_buf *out, struct json_object *value)
{
	if (json_object_is_type(value, json_type_double)) {
		mcp_buf_puts(out, "the number ");
		say_value(out, value);
	} else
		say_types(out, value_type(value) & ~(unsigned)TYPE_NUMBER);
}

/* The check of a closed object has the names it knows before its patterns; of
 * an unevaluated one others know more, and they are not told apart. */
void
say_unknown(struct mcp_buf *out, const struct check *check, const char *name)
{
	bool all = check->keyword->vocabulary == VOCABULARY_APPLICATOR;
	const char *like = NULL;
	unsigned best = ~0u;
	size_t i, n = all ? check->count : 0;

	for (i = 0; i < check->count && i < COMPARED_MAX; i++)
		if (is_like(name, check->members[i].name, &best))
			like = check->members[i].name;
	if (like != NULL) {
		mcp_buf_puts(out, " (did you mean ");
		say_quoted(out, like);
		mcp_buf_puts(out, "?)");
		return;
	}
	for (i = 0; i < n && i < LISTED_MAX; i++) {
		mcp_buf_puts(out, i == 0 ? " (known: " : ", ");
		say_quoted(out, check->members[i].name);
	}
	if (i < n)
		mcp_buf_puts(out, ", ...");
	mcp_buf_puts(out, i > 0 ? ")" : "");
}

/* --- types by name --- */

unsigned
type_named(const char *name)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].bit;
	return 0;
}

const char *
type_like(const char *name)
{
	const char *found = NULL;
	unsigned best = ~0u;

	for (size_t i = 0; i < N_TYPES; i++)
		if (is_like(name, types[i].name, &best))
			found = types[i].name;
	return found;
}

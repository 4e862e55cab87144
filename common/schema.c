/* schema.c - I say whether this JSON obeys that JSON Schema
 *
 * Compiled, a schema is a node for each sub-schema, and a node is a list of
 * checks which must all hold. A keyword is a row of one table: its name, what
 * reads it, what runs it. Another keyword of JSON Schema 2020-12 is another
 * row; it reads what it needs of its neighbours when it is compiled, so that
 * checks know nothing of each other. The table's order is the order in which
 * problems are told.
 *
 * Whoever reads the outcome is a model about to try again: it is told every
 * problem at once (up to a limit), each by the path of the argument, and what
 * is shown of its own input is cut short.
 *
 * Two keywords not yet checked change what others mean, and are heeded for
 * that: items begins behind prefixItems, and additionalProperties is not
 * judged beside patternProperties. So nothing valid is ever refused.
 *
 * Law: JSON Schema 2020-12, "Core", "Applicator", "Validation"
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <mcp/json.h>
#include <mcp/schema.h>

#define PROBLEMS_MAX 8	     /* told of one instance */
#define SHOWN_MAX 40	     /* bytes of a key or value of the instance */
#define LISTED_MAX 20	     /* values or names enumerated in a sentence */
#define NAME_MAX_COMPARED 48 /* bytes of names compared for likeness */

enum type {
	TYPE_NULL = 1,
	TYPE_BOOLEAN = 2,
	TYPE_OBJECT = 4,
	TYPE_ARRAY = 8,
	TYPE_NUMBER = 16,
	TYPE_STRING = 32,
	TYPE_INTEGER = 64
};

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

struct member {
	char *name;
	struct mcp_schema *schema; /* NULL where only the name matters */
};

/* What a check needs; each keyword uses its part. Values are copies of ours,
 * read only in ways that leave no mark on them, for threads share them. */
struct check {
	const struct keyword *keyword;
	unsigned types;
	long double limit; /* holds every 64-bit integer and every double */
	size_t count;
	struct member *members;
	size_t n_members;
	struct mcp_schema *schema;
	struct json_object *value;
	char *said; /* the limit or the values, as people read them */
};

struct mcp_schema {
	bool never; /* the schema "false" */
	struct check *checks;
	size_t n_checks;
};

/* A step into a schema or an instance; the steps before it are its parents,
 * on the C stack. */
struct place {
	const struct place *parent; /* NULL: this is the root */
	const char *key;	    /* NULL: an element */
	size_t index;
};

struct visit {
	struct mcp_buf *why;
	unsigned n_problems;
};

struct source {
	struct json_object *node; /* the schema the keyword stands in */
	struct place place;	  /* of the keyword */
	struct mcp_buf *where;
	struct mcp_buf *why;
};

struct keyword {
	const char *name;
	/* Return: 0; MCP_SCHEMA_E_BAD; -ENOMEM. @check is freed by the caller
	 */
	int (*compile)(const struct source *source, struct json_object *value,
	    struct check *check);
	/* Return: true if the other checks of the node are worth a look */
	bool (*run)(const struct check *check, struct visit *visit,
	    const struct place *place, struct json_object *instance);
};

static int compile_node(const struct source *from, const struct place *place,
    struct json_object *json, struct mcp_schema **schemap);
static void visit_node(const struct mcp_schema *schema, struct visit *visit,
    const struct place *place, struct json_object *instance);

/* --- words --------------------------------------------------------------- */

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

static void
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
static void
say_path(struct mcp_buf *out, const struct place *place)
{
	if (place->parent == NULL)
		return;
	say_path(out, place->parent);
	if (place->key == NULL)
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
static void
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
	for (const char *at = place->key; *at != '\0'; at++) {
		if (*at == '~' || *at == '/')
			mcp_buf_puts(out, *at == '~' ? "~0" : "~1");
		else
			mcp_buf_putc(out, *at);
	}
}

static const char *
separator(size_t i, size_t n)
{
	return i == 0 ? "" : i + 1 < n ? ", " : " or ";
}

static void
say_types(struct mcp_buf *out, unsigned wanted)
{
	size_t n = (size_t)__builtin_popcount(wanted), said = 0;

	for (size_t i = 0; i < N_TYPES; i++)
		if (wanted & types[i].bit) {
			mcp_buf_puts(out, separator(said++, n));
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
static bool
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

/* --- numbers and equality ------------------------------------------------ */

static long double
number_of(struct json_object *value)
{
	if (json_object_is_type(value, json_type_double))
		return json_object_get_double(value);
	if (json_object_get_int64(value) < 0)
		return (long double)json_object_get_int64(value);
	return (long double)json_object_get_uint64(value);
}

static bool
is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	    json_object_is_type(value, json_type_double);
}

/* No double from 2^53 on has a fraction. */
static bool
is_whole(double number)
{
	return number <= -0x1p53 || number >= 0x1p53 ||
	    (double)(int64_t)number == number;
}

static unsigned
type_of(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return TYPE_NULL;
	case json_type_boolean:
		return TYPE_BOOLEAN;
	case json_type_object:
		return TYPE_OBJECT;
	case json_type_array:
		return TYPE_ARRAY;
	case json_type_string:
		return TYPE_STRING;
	case json_type_int:
		return TYPE_NUMBER | TYPE_INTEGER;
	default:
		return is_whole(json_object_get_double(value))
		    ? TYPE_NUMBER | TYPE_INTEGER
		    : TYPE_NUMBER;
	}
}

static bool equal(struct json_object *a, struct json_object *b);

static bool
equal_arrays(struct json_object *a, struct json_object *b)
{
	size_t n = json_object_array_length(a);

	if (n != json_object_array_length(b))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!equal(json_object_array_get_idx(a, i),
			json_object_array_get_idx(b, i)))
			return false;
	return true;
}

static bool
equal_objects(struct json_object *a, struct json_object *b)
{
	struct json_object *other;

	if (json_object_object_length(a) != json_object_object_length(b))
		return false;
	json_object_object_foreach(a, key, value)
		if (!json_object_object_get_ex(b, key, &other) ||
		    !equal(value, other))
			return false;
	return true;
}

/* As JSON Schema sees it, where 1 is 1.0; json_object_equal(3) does not. */
static bool
equal(struct json_object *a, struct json_object *b)
{
	if (is_number(a) && is_number(b))
		return number_of(a) == number_of(b);
	if (json_object_get_type(a) != json_object_get_type(b))
		return false;
	switch (json_object_get_type(a)) {
	case json_type_array:
		return equal_arrays(a, b);
	case json_type_object:
		return equal_objects(a, b);
	default:
		return json_object_equal(a, b);
	}
}

/* --- problems ------------------------------------------------------------ */

static struct mcp_buf *
problem(struct visit *visit)
{
	if (visit->n_problems++ > 0)
		mcp_buf_puts(visit->why, "; ");
	return visit->why;
}

static bool
is_full(const struct visit *visit)
{
	return visit->n_problems >= PROBLEMS_MAX || visit->why->failed;
}

/* "email: expected " */
static struct mcp_buf *
problem_expected(struct visit *visit, const struct place *place)
{
	struct mcp_buf *out = problem(visit);

	if (place->parent == NULL)
		mcp_buf_puts(out, "arguments");
	say_path(out, place);
	mcp_buf_puts(out, ": expected ");
	return out;
}

/* A problem of an object with one of its members: missing, unknown. */
static struct mcp_buf *
problem_member(struct visit *visit, const struct place *place,
    const char *which, const char *name)
{
	struct mcp_buf *out = problem(visit);

	say_path(out, place);
	if (place->parent != NULL)
		mcp_buf_puts(out, ": ");
	mcp_buf_puts(out, which);
	mcp_buf_puts(out, place->parent ? " property " : " argument ");
	say_quoted(out, name);
	return out;
}

static void
say_value(struct mcp_buf *out, struct json_object *value)
{
	struct mcp_text text;

	if (json_object_is_type(value, json_type_string)) {
		say_quoted(out, json_object_get_string(value));
		return;
	}
	text = mcp_text_of(mcp_json_text(value));
	mcp_buf_text(out, shorten(text));
	if (text.len > SHOWN_MAX)
		mcp_buf_puts(out, "...");
}

/* A scalar is shown; what may be large is only named. */
static void
say_got(struct mcp_buf *out, struct json_object *value)
{
	mcp_buf_puts(out, ", got ");
	if (type_of(value) & (TYPE_OBJECT | TYPE_ARRAY))
		say_types(out, type_of(value));
	else
		say_value(out, value);
}

static void
say_type_of(struct mcp_buf *out, struct json_object *value)
{
	if (json_object_is_type(value, json_type_double)) {
		mcp_buf_puts(out, "the number ");
		say_value(out, value);
	} else
		say_types(out, type_of(value) & ~(unsigned)TYPE_NUMBER);
}

/* --- compiling: what goes wrong ------------------------------------------ */

/* @what continues a sentence that begins with the keyword's name. */
static int
bad_at(const struct source *source, const struct place *place, const char *what)
{
	say_pointer(source->where, place);
	if (source->place.key != NULL)
		mcp_buf_printf(source->why, "\"%s\" ", source->place.key);
	mcp_buf_puts(source->why, what);
	return source->where->failed || source->why->failed ? -ENOMEM
							    : MCP_SCHEMA_E_BAD;
}

static int
bad(const struct source *source, const char *what)
{
	return bad_at(source, &source->place, what);
}

static int
members_reserve(struct check *check, size_t n)
{
	check->members = calloc(n > 0 ? n : 1, sizeof(*check->members));
	return check->members == NULL ? -ENOMEM : 0;
}

static struct member *
member_add(struct check *check, const char *name)
{
	struct member *member = &check->members[check->n_members];

	member->name = strdup(name);
	if (member->name == NULL)
		return NULL;
	check->n_members++;
	return member;
}

static int
member_compare(const void *a, const void *b)
{
	return strcmp(
	    ((const struct member *)a)->name, ((const struct member *)b)->name);
}

static const struct member *
member_find(const struct check *check, const char *name)
{
	struct member wanted = { (char *)(uintptr_t)name, NULL };

	return bsearch(&wanted, check->members, check->n_members,
	    sizeof(wanted), member_compare);
}

/* The buffer's text becomes the check's; an empty or broken one is no memory.
 */
static int
keep_said(struct check *check, struct mcp_buf *buf)
{
	check->said = buf->failed ? NULL : buf->data;
	if (check->said == NULL)
		mcp_buf_deinit(buf);
	return check->said == NULL ? -ENOMEM : 0;
}

/* --- type ---------------------------------------------------------------- */

static const char *
type_like(const char *name)
{
	const char *found = NULL;
	unsigned best = ~0u;

	for (size_t i = 0; i < N_TYPES; i++)
		if (is_like(name, types[i].name, &best))
			found = types[i].name;
	return found;
}

static int
bad_type(
    const struct source *source, const struct place *place, const char *name)
{
	const char *like = type_like(name);
	int rc = bad_at(source, place, "names no type: ");

	say_quoted(source->why, name);
	if (like != NULL)
		mcp_buf_printf(source->why, " (did you mean \"%s\"?)", like);
	else
		mcp_buf_puts(source->why,
		    " (there are string, integer, "
		    "number, boolean, array, object and null)");
	return rc;
}

static int
type_add(const struct source *source, const struct place *place,
    struct json_object *value, struct check *check)
{
	const char *name;

	if (!json_object_is_type(value, json_type_string))
		return bad_at(source, place,
		    "must be the name of a type, or an array of such names");
	name = json_object_get_string(value);
	for (size_t i = 0; i < N_TYPES; i++)
		if (strcmp(types[i].name, name) == 0) {
			check->types |= types[i].bit;
			return 0;
		}
	return bad_type(source, place, name);
}

static int
compile_type(
    const struct source *source, struct json_object *value, struct check *check)
{
	int rc = 0;

	if (!json_object_is_type(value, json_type_array))
		return type_add(source, &source->place, value, check);
	if (json_object_array_length(value) == 0)
		return bad(source, "must name at least one type");
	for (size_t i = 0; rc == 0 && i < json_object_array_length(value); i++)
		rc =
		    type_add(source, &(struct place){ &source->place, NULL, i },
			json_object_array_get_idx(value, i), check);
	return rc;
}

static bool
run_type(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct mcp_buf *out;

	if (check->types & type_of(instance))
		return true;
	out = problem_expected(visit, place);
	say_types(out, check->types);
	mcp_buf_puts(out, ", got ");
	say_type_of(out, instance);
	return false;
}

/* --- enum, const --------------------------------------------------------- */

static int
say_values(struct check *check)
{
	struct mcp_buf buf = MCP_BUF_INIT;
	size_t n = json_object_array_length(check->value), i;

	mcp_buf_puts(&buf, n > 1 ? "one of " : n == 0 ? "nothing at all" : "");
	for (i = 0; i < n && i < LISTED_MAX; i++) {
		mcp_buf_puts(&buf, separator(i, n));
		say_value(&buf, json_object_array_get_idx(check->value, i));
	}
	if (i < n)
		mcp_buf_printf(&buf, " and %zu more", n - i);
	return keep_said(check, &buf);
}

static int
compile_enum(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!json_object_is_type(value, json_type_array))
		return bad(source, "must be an array of values");
	if (json_object_deep_copy(value, &check->value, NULL) != 0)
		return -ENOMEM;
	return say_values(check);
}

static int
compile_const(
    const struct source *source, struct json_object *value, struct check *check)
{
	struct json_object *copy = NULL;

	(void)source;
	check->value = json_object_new_array();
	if (check->value == NULL)
		return -ENOMEM;
	if (value != NULL && json_object_deep_copy(value, &copy, NULL) != 0)
		return -ENOMEM;
	if (json_object_array_add(check->value, copy) != 0) {
		json_object_put(copy);
		return -ENOMEM;
	}
	return say_values(check);
}

static bool
run_enum(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n = json_object_array_length(check->value);
	struct mcp_buf *out;

	for (size_t i = 0; i < n; i++)
		if (equal(json_object_array_get_idx(check->value, i), instance))
			return true;
	out = problem_expected(visit, place);
	mcp_buf_puts(out, check->said);
	say_got(out, instance);
	return false;
}

/* --- minimum and its kin ------------------------------------------------- */

static int
compile_limit(
    const struct source *source, struct json_object *value, struct check *check)
{
	struct mcp_buf buf = MCP_BUF_INIT;

	if (!is_number(value))
		return bad(source, "must be a number");
	check->limit = number_of(value);
	say_value(&buf, value);
	return keep_said(check, &buf);
}

static bool
limit_passed(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance,
    const char *relation)
{
	struct mcp_buf *out = problem_expected(visit, place);

	mcp_buf_puts(out, relation);
	mcp_buf_puts(out, check->said);
	say_got(out, instance);
	return true;
}

static bool
run_minimum(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	return !is_number(instance) || number_of(instance) >= check->limit ||
	    limit_passed(check, visit, place, instance, "at least ");
}

static bool
run_maximum(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	return !is_number(instance) || number_of(instance) <= check->limit ||
	    limit_passed(check, visit, place, instance, "at most ");
}

static bool
run_exclusive_minimum(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	return !is_number(instance) || number_of(instance) > check->limit ||
	    limit_passed(check, visit, place, instance, "more than ");
}

static bool
run_exclusive_maximum(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	return !is_number(instance) || number_of(instance) < check->limit ||
	    limit_passed(check, visit, place, instance, "less than ");
}

/* --- minLength, minItems and their kin ----------------------------------- */

static int
compile_count(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!is_number(value) || number_of(value) < 0 ||
	    !(type_of(value) & TYPE_INTEGER))
		return bad(source, "must be a whole number, 0 or more");
	check->count = number_of(value) < (long double)SIZE_MAX
	    ? (size_t)number_of(value)
	    : SIZE_MAX;
	return 0;
}

static void
problem_count(const struct check *check, struct visit *visit,
    const struct place *place, const char *relation, const char *what,
    size_t got)
{
	struct mcp_buf *out = problem_expected(visit, place);

	mcp_buf_printf(out, "%s %zu %s%s, got %zu", relation, check->count,
	    what, check->count == 1 ? "" : "s", got);
}

static size_t
code_points(struct json_object *string)
{
	const char *at = json_object_get_string(string);
	size_t len = (size_t)json_object_get_string_len(string), n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)at[i] & 0xc0) != 0x80;
	return n;
}

static bool
run_min_length(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	if (json_object_is_type(instance, json_type_string) &&
	    code_points(instance) < check->count)
		problem_count(check, visit, place, "at least", "character",
		    code_points(instance));
	return true;
}

static bool
run_max_length(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	if (json_object_is_type(instance, json_type_string) &&
	    code_points(instance) > check->count)
		problem_count(check, visit, place, "at most", "character",
		    code_points(instance));
	return true;
}

static bool
run_min_items(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	if (json_object_is_type(instance, json_type_array) &&
	    json_object_array_length(instance) < check->count)
		problem_count(check, visit, place, "at least", "item",
		    json_object_array_length(instance));
	return true;
}

static bool
run_max_items(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	if (json_object_is_type(instance, json_type_array) &&
	    json_object_array_length(instance) > check->count)
		problem_count(check, visit, place, "at most", "item",
		    json_object_array_length(instance));
	return true;
}

/* --- required ------------------------------------------------------------ */

static int
compile_required(
    const struct source *source, struct json_object *value, struct check *check)
{
	struct json_object *name;

	if (!json_object_is_type(value, json_type_array))
		return bad(source, "must be an array of names");
	if (members_reserve(check, json_object_array_length(value)) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		name = json_object_array_get_idx(value, i);
		if (!json_object_is_type(name, json_type_string))
			return bad_at(source,
			    &(struct place){ &source->place, NULL, i },
			    "must be an array of names");
		if (member_add(check, json_object_get_string(name)) == NULL)
			return -ENOMEM;
	}
	return 0;
}

static bool
run_required(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	if (!json_object_is_type(instance, json_type_object))
		return true;
	for (size_t i = 0; i < check->n_members && !is_full(visit); i++)
		if (!json_object_object_get_ex(
			instance, check->members[i].name, NULL))
			problem_member(visit, place, "missing required",
			    check->members[i].name);
	return true;
}

/* --- properties ---------------------------------------------------------- */

static int
compile_properties(
    const struct source *source, struct json_object *value, struct check *check)
{
	struct member *member;
	int rc;

	if (!json_object_is_type(value, json_type_object))
		return bad(source, "must be an object of schemas");
	rc = members_reserve(check, (size_t)json_object_object_length(value));
	if (rc != 0)
		return rc;
	json_object_object_foreach(value, name, schema) {
		member = member_add(check, name);
		if (member == NULL)
			return -ENOMEM;
		rc = compile_node(source,
		    &(struct place){ &source->place, name, 0 }, schema,
		    &member->schema);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static bool
run_properties(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct json_object *value;
	const struct member *member = check->members;

	if (!json_object_is_type(instance, json_type_object))
		return true;
	for (size_t i = 0; i < check->n_members; i++, member++)
		if (json_object_object_get_ex(instance, member->name, &value))
			visit_node(member->schema, visit,
			    &(struct place){ place, member->name, 0 }, value);
	return true;
}

/* --- additionalProperties ------------------------------------------------ */

static int
known_names(const struct source *source, struct check *check)
{
	struct json_object *properties = NULL;

	json_object_object_get_ex(source->node, "properties", &properties);
	if (!json_object_is_type(properties, json_type_object))
		return members_reserve(check, 0);
	if (members_reserve(
		check, (size_t)json_object_object_length(properties)) != 0)
		return -ENOMEM;
	json_object_object_foreach(properties, name, schema) {
		(void)schema;
		if (member_add(check, name) == NULL)
			return -ENOMEM;
	}
	qsort(check->members, check->n_members, sizeof(*check->members),
	    member_compare);
	return 0;
}

static int
compile_additional(
    const struct source *source, struct json_object *value, struct check *check)
{
	int rc = known_names(source, check);

	if (rc == 0)
		rc =
		    compile_node(source, &source->place, value, &check->schema);
	if (rc == 0 &&
	    json_object_object_get_ex(
		source->node, "patternProperties", NULL)) {
		mcp_schema_free(check->schema);
		check->schema = NULL; /* not judged */
	}
	return rc;
}

static void
problem_unknown(const struct check *check, struct visit *visit,
    const struct place *place, const char *name)
{
	struct mcp_buf *out = problem_member(visit, place, "unknown", name);
	const char *like = NULL;
	unsigned best = ~0u;
	size_t i;

	for (i = 0; i < check->n_members; i++)
		if (is_like(name, check->members[i].name, &best))
			like = check->members[i].name;
	if (like != NULL) {
		mcp_buf_puts(out, " (did you mean ");
		say_quoted(out, like);
		mcp_buf_puts(out, "?)");
		return;
	}
	for (i = 0; i < check->n_members && i < LISTED_MAX; i++) {
		mcp_buf_puts(out, i == 0 ? " (known: " : ", ");
		say_quoted(out, check->members[i].name);
	}
	if (i < check->n_members)
		mcp_buf_puts(out, ", ...");
	mcp_buf_puts(out, i > 0 ? ")" : "");
}

static bool
run_additional(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	if (!json_object_is_type(instance, json_type_object) ||
	    check->schema == NULL)
		return true;
	json_object_object_foreach(instance, name, value) {
		if (member_find(check, name) != NULL || is_full(visit))
			continue;
		if (check->schema->never)
			problem_unknown(check, visit, place, name);
		else
			visit_node(check->schema, visit,
			    &(struct place){ place, name, 0 }, value);
	}
	return true;
}

/* --- items --------------------------------------------------------------- */

static int
compile_items(
    const struct source *source, struct json_object *value, struct check *check)
{
	struct json_object *prefix = NULL;

	if (json_object_is_type(value, json_type_array))
		return bad(source,
		    "must be a schema; an array of schemas is "
		    "called prefixItems since JSON Schema 2020-12");
	json_object_object_get_ex(source->node, "prefixItems", &prefix);
	if (json_object_is_type(prefix, json_type_array))
		check->count = json_object_array_length(prefix);
	return compile_node(source, &source->place, value, &check->schema);
}

static bool
run_items(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_array))
		return true;
	n = json_object_array_length(instance);
	for (size_t i = check->count; i < n && !is_full(visit); i++)
		visit_node(check->schema, visit,
		    &(struct place){ place, NULL, i },
		    json_object_array_get_idx(instance, i));
	return true;
}

/* --- the table ----------------------------------------------------------- */

static const struct keyword keywords[] = {
	{ "type", compile_type, run_type },
	{ "const", compile_const, run_enum },
	{ "enum", compile_enum, run_enum },
	{ "minimum", compile_limit, run_minimum },
	{ "maximum", compile_limit, run_maximum },
	{ "exclusiveMinimum", compile_limit, run_exclusive_minimum },
	{ "exclusiveMaximum", compile_limit, run_exclusive_maximum },
	{ "minLength", compile_count, run_min_length },
	{ "maxLength", compile_count, run_max_length },
	{ "minItems", compile_count, run_min_items },
	{ "maxItems", compile_count, run_max_items },
	{ "items", compile_items, run_items },
	{ "required", compile_required, run_required },
	{ "properties", compile_properties, run_properties },
	{ "additionalProperties", compile_additional, run_additional },
};
#define N_KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

static int
compile_keyword(const struct source *source, const struct keyword *keyword,
    struct json_object *value, struct mcp_schema *schema)
{
	struct check *checks =
	    reallocarray(schema->checks, schema->n_checks + 1, sizeof(*checks));

	if (checks == NULL)
		return -ENOMEM;
	schema->checks = checks;
	checks += schema->n_checks++;
	*checks = (struct check){ .keyword = keyword };
	return keyword->compile(source, value, checks);
}

static int
compile_keywords(const struct source *from, const struct place *place,
    struct json_object *json, struct mcp_schema *schema)
{
	struct json_object *value;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < N_KEYWORDS; i++) {
		struct source source = { json, { place, keywords[i].name, 0 },
			from->where, from->why };
		if (json_object_object_get_ex(json, keywords[i].name, &value))
			rc = compile_keyword(
			    &source, &keywords[i], value, schema);
	}
	return rc;
}

/* @from is the keyword that holds the schema, to be named if it is none. */
static int
compile_node(const struct source *from, const struct place *place,
    struct json_object *json, struct mcp_schema **schemap)
{
	struct mcp_schema *schema;
	int rc = 0;

	if (!json_object_is_type(json, json_type_object) &&
	    !json_object_is_type(json, json_type_boolean))
		return bad_at(from, place,
		    from->place.key
			? "must hold a schema, which is an object or a boolean"
			: "a schema is an object or a boolean");
	schema = calloc(1, sizeof(*schema));
	if (schema == NULL)
		return -ENOMEM;
	if (json_object_is_type(json, json_type_boolean))
		schema->never = !json_object_get_boolean(json);
	else
		rc = compile_keywords(from, place, json, schema);
	if (rc == 0)
		*schemap = schema;
	else
		mcp_schema_free(schema);
	return rc;
}

static void
visit_node(const struct mcp_schema *schema, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	const struct check *check = schema->checks;
	struct mcp_buf *out;
	bool on = true;

	if (schema->never && !is_full(visit)) {
		out = problem_expected(visit, place);
		mcp_buf_puts(out, "nothing here, got ");
		say_type_of(out, instance);
	}
	for (size_t i = 0; on && i < schema->n_checks; i++, check++)
		on = !is_full(visit) &&
		    check->keyword->run(check, visit, place, instance);
}

int
mcp_schema_new(struct json_object *json, struct mcp_schema **schemap,
    struct mcp_buf *where, struct mcp_buf *why)
{
	struct source source = { NULL, { NULL, NULL, 0 }, where, why };

	return compile_node(&source, &source.place, json, schemap);
}

static void
check_deinit(struct check *check)
{
	for (size_t i = 0; i < check->n_members; i++) {
		free(check->members[i].name);
		mcp_schema_free(check->members[i].schema);
	}
	free(check->members);
	mcp_schema_free(check->schema);
	json_object_put(check->value);
	free(check->said);
}

void
mcp_schema_free(struct mcp_schema *schema)
{
	if (schema == NULL)
		return;
	for (size_t i = 0; i < schema->n_checks; i++)
		check_deinit(&schema->checks[i]);
	free(schema->checks);
	free(schema);
}

int
mcp_schema_check(const struct mcp_schema *schema, struct json_object *instance,
    struct mcp_buf *why)
{
	struct visit visit = { why, 0 };
	const struct place root = { NULL, NULL, 0 };

	visit_node(schema, &visit, &root, instance);
	if (why->failed)
		return -ENOMEM;
	return visit.n_problems > 0 ? MCP_SCHEMA_E_INVALID : 0;
}

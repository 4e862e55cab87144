/* openapi_schema.c - I translate schemas to JSON Schema 2020-12
 *
 * OpenAPI 3.0 has a dialect of its own; 3.1 is 2020-12 with a few members more.
 * Both pass the same table, which is also the order members are written in.
 *
 * References: all schemas of a tool are counted first, each target once. What
 * one reference leads to is then written in its place; a target of two, and so
 * each that lies on a circle, becomes a member of "$defs". Nothing is written
 * twice, so no description can grow on its way through, and no recursion of
 * mine is deeper than the document and INLINE_MAX allow.
 *
 * Law: OpenAPI 3.0.3, "Schema Object"; OpenAPI 3.1.0, "Schema Object"; JSON
 *      Schema 2020-12
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <mcp/schema.h>

#include "openapi_parts.h"

#define INLINE_MAX 24 /* deeper than this, references become "$defs" */
#define MEND_MAX 50   /* keywords of one schema */

enum carried {
	PLAIN,	 /* as it is */
	OWN,	 /* as it is, but a copy, since it may be mended */
	WORDS,	 /* a description, on one line */
	BOUND,	 /* a number, but 3.0 has booleans for exclusive ones */
	NAMES,	 /* "required": but for properties that are hidden */
	SCHEMA,	 /* a schema */
	SCHEMAS, /* an array of schemas */
	MEMBERS, /* an object of schemas */
	BELOW,	 /* "examples" and their like: see carry_example() */
};

struct keyword {
	const char *name;
	enum carried carried;
};

/* clang-format off */
static const struct keyword keywords[] = {
	{ "title", PLAIN },
	{ "type", PLAIN },
	{ "format", PLAIN },
	{ "const", PLAIN },
	{ "enum", PLAIN },
	{ "pattern", PLAIN },
	{ "minLength", PLAIN },
	{ "maxLength", PLAIN },
	{ "multipleOf", PLAIN },
	{ "minimum", BOUND },
	{ "exclusiveMinimum", BOUND },
	{ "maximum", BOUND },
	{ "exclusiveMaximum", BOUND },
	{ "minItems", PLAIN },
	{ "maxItems", PLAIN },
	{ "uniqueItems", PLAIN },
	{ "minContains", PLAIN },
	{ "maxContains", PLAIN },
	{ "minProperties", PLAIN },
	{ "maxProperties", PLAIN },
	{ "contentEncoding", PLAIN },
	{ "contentMediaType", PLAIN },
	{ "description", WORDS },
	{ "default", PLAIN },
	{ "deprecated", PLAIN },
	{ "examples", BELOW },
	{ "prefixItems", SCHEMAS },
	{ "items", SCHEMA },
	{ "contains", SCHEMA },
	{ "unevaluatedItems", SCHEMA },
	{ "properties", MEMBERS },
	{ "required", NAMES },
	{ "patternProperties", MEMBERS },
	{ "dependentSchemas", MEMBERS },
	{ "dependentRequired", OWN },
	{ "propertyNames", SCHEMA },
	{ "additionalProperties", SCHEMA },
	{ "unevaluatedProperties", SCHEMA },
	{ "allOf", SCHEMAS },
	{ "anyOf", SCHEMAS },
	{ "oneOf", SCHEMAS },
	{ "not", SCHEMA },
	{ "if", SCHEMA },
	{ "then", SCHEMA },
	{ "else", SCHEMA },
};
#define N_KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

/* They say what a name means, and the names are not carried. */
static const char *const anchors[] = { "$id", "$anchor", "$dynamicAnchor",
	"$dynamicRef", "$recursiveRef" };
/* clang-format on */

int
openapi_schemas_init(
    struct openapi_schemas *schemas, struct openapi *openapi, bool response)
{
	*schemas = (struct openapi_schemas){ .openapi = openapi,
		.response = response,
		.uses = json_object_new_object(),
		.names = json_object_new_object(),
		.defs = json_object_new_object(),
		.queue = json_object_new_array() };
	if (schemas->uses != NULL && schemas->names != NULL &&
	    schemas->defs != NULL && schemas->queue != NULL)
		return 0;
	openapi->no_memory = true;
	return -1;
}

void
openapi_schemas_deinit(struct openapi_schemas *schemas)
{
	json_object_put(schemas->uses);
	json_object_put(schemas->names);
	json_object_put(schemas->defs);
	json_object_put(schemas->queue);
}

bool
openapi_schemas_is_too_much(const struct openapi_schemas *schemas)
{
	return schemas->n > OPENAPI_SCHEMAS_MAX;
}

/* Each schema that is looked at counts; too many, and it is let go. */
static bool
is_enough(struct openapi_schemas *schemas)
{
	return openapi_schemas_is_too_much(schemas) ||
	    schemas->openapi->no_memory || schemas->n++ == OPENAPI_SCHEMAS_MAX;
}

bool
openapi_is_hidden(
    struct openapi *openapi, const struct openapi_at *at, bool response)
{
	const char *key = response ? "writeOnly" : "readOnly";
	const char *reference;

	if (openapi_is_true(at, key))
		return true;
	reference = at == NULL ? NULL : openapi_reference(at);
	if (reference == NULL)
		return false;
	return openapi_is_true(openapi_target(openapi, reference), key);
}

/* --- counting --- */

typedef void (*each_fn)(
    struct openapi_schemas *schemas, const struct openapi_at *at);

/* 3.0 lets nothing stand beside a reference. */
static bool
has_siblings(struct openapi_schemas *schemas, const struct openapi_at *at)
{
	return !schemas->openapi->is_30 &&
	    json_object_object_length(at->json) > 1;
}

static void
each_member(
    struct openapi_schemas *schemas, const struct openapi_at *at, each_fn each)
{
	if (!json_object_is_type(at->json, json_type_object))
		return;
	json_object_object_foreach(at->json, key, value) {
		const struct openapi_at *member =
		    openapi_get(schemas->openapi, at, key);

		(void)value;
		if (member != NULL &&
		    !openapi_is_hidden(
			schemas->openapi, member, schemas->response))
			each(schemas, member);
	}
}

static void
each_element(
    struct openapi_schemas *schemas, const struct openapi_at *at, each_fn each)
{
	size_t n = json_object_is_type(at->json, json_type_array)
	    ? json_object_array_length(at->json)
	    : 0;

	for (size_t i = 0; i < n; i++) {
		const struct openapi_at *element =
		    openapi_element(schemas->openapi, at, i);

		if (element != NULL)
			each(schemas, element);
	}
}

static void
count_reference(struct openapi_schemas *schemas, const char *reference)
{
	struct json_object *uses = mcp_json_get(schemas->uses, reference);
	const struct openapi_at *target;

	if (uses != NULL) {
		json_object_int_inc(uses, 1);
		return;
	}
	target = openapi_target(schemas->openapi, reference);
	if (target == NULL)
		return;
	openapi_put(schemas->openapi, schemas->uses, reference,
	    json_object_new_int64(1));
	openapi_add(schemas->openapi, schemas->queue,
	    json_object_new_string(reference));
}

static void
count(struct openapi_schemas *schemas, const struct openapi_at *at)
{
	const char *reference = openapi_reference(at);

	if (is_enough(schemas))
		return;
	if (reference != NULL)
		count_reference(schemas, reference);
	if (reference != NULL && !has_siblings(schemas, at))
		return;
	for (size_t i = 0; i < N_KEYWORDS; i++) {
		const struct openapi_at *member =
		    openapi_get(schemas->openapi, at, keywords[i].name);

		if (member == NULL)
			continue;
		if (keywords[i].carried == SCHEMA)
			count(schemas, member);
		else if (keywords[i].carried == SCHEMAS)
			each_element(schemas, member, count);
		else if (keywords[i].carried == MEMBERS)
			each_member(schemas, member, count);
	}
}

/* the next reference of the queue; NULL at its end */
static const char *
next_reference(struct openapi_schemas *schemas, size_t i)
{
	return json_object_get_string(
	    json_object_array_get_idx(schemas->queue, i));
}

static void
empty_queue(struct openapi_schemas *schemas)
{
	json_object_array_del_idx(
	    schemas->queue, 0, json_object_array_length(schemas->queue));
}

void
openapi_schemas_count(
    struct openapi_schemas *schemas, const struct openapi_at *at)
{
	const char *reference;

	if (at != NULL)
		count(schemas, at);
	for (size_t i = 0; (reference = next_reference(schemas, i)) != NULL;
	     i++) {
		at = openapi_target(schemas->openapi, reference);
		if (at != NULL)
			count(schemas, at);
	}
	empty_queue(schemas);
}

/* --- references --- */

static struct json_object *carry(struct openapi_schemas *schemas,
    const struct openapi_at *at, unsigned depth);

/* its last word, made fit; two of one name are numbered */
static const char *
def_name(struct openapi_schemas *schemas, const char *reference)
{
	struct openapi *openapi = schemas->openapi;
	const char *last = strrchr(reference, '/');
	const char *word =
	    openapi_argument_name(openapi, last == NULL ? "root" : last + 1);
	const char *name = word;

	for (unsigned n = 2; name != NULL &&
	     json_object_object_get_ex(schemas->defs, name, NULL);
	     n++)
		name = openapi_print(openapi, "%s_%u", word, n);
	return name;
}

/* The name is taken at once, and what it names follows when there is time. */
static struct json_object *
refer(struct openapi_schemas *schemas, const char *reference)
{
	struct openapi *openapi = schemas->openapi;
	struct json_object *schema = json_object_new_object();
	const char *name =
	    json_object_get_string(mcp_json_get(schemas->names, reference));

	if (name == NULL) {
		name = def_name(schemas, reference);
		if (name == NULL)
			return schema;
		openapi_put(openapi, schemas->defs, name,
		    json_object_new_boolean(true));
		openapi_put_string(openapi, schemas->names, reference, name);
		openapi_add(
		    openapi, schemas->queue, json_object_new_string(reference));
	}
	openapi_put_string(openapi, schema, "$ref",
	    openapi_print(openapi, "#/$defs/%s", name));
	return schema;
}

static struct json_object *
carry_reference(struct openapi_schemas *schemas, const struct openapi_at *at,
    const char *reference, unsigned depth)
{
	const struct openapi_at *target =
	    openapi_target(schemas->openapi, reference);
	struct json_object *uses = mcp_json_get(schemas->uses, reference);

	if (openapi_follow(schemas->openapi, at) == NULL || target == NULL)
		return json_object_new_object();
	if (json_object_get_int64(uses) == 1 && depth < INLINE_MAX)
		return carry(schemas, target, depth + 1);
	return refer(schemas, reference);
}

/* --- members --- */

static struct json_object *
carry_members(struct openapi_schemas *schemas, const struct openapi_at *at,
    unsigned depth)
{
	struct json_object *out = json_object_new_object();

	if (!json_object_is_type(at->json, json_type_object))
		return out;
	json_object_object_foreach(at->json, key, value) {
		const struct openapi_at *member =
		    openapi_get(schemas->openapi, at, key);

		(void)value;
		if (member != NULL &&
		    !openapi_is_hidden(
			schemas->openapi, member, schemas->response))
			openapi_put(schemas->openapi, out, key,
			    carry(schemas, member, depth + 2));
	}
	return out;
}

static struct json_object *
carry_elements(struct openapi_schemas *schemas, const struct openapi_at *at,
    unsigned depth)
{
	struct json_object *out = json_object_new_array();
	size_t n = json_object_is_type(at->json, json_type_array)
	    ? json_object_array_length(at->json)
	    : 0;

	for (size_t i = 0; i < n; i++) {
		const struct openapi_at *element =
		    openapi_element(schemas->openapi, at, i);

		if (element != NULL)
			openapi_add(schemas->openapi, out,
			    carry(schemas, element, depth + 2));
	}
	return out;
}

/* "required", but for what is hidden; @schema is the one it stands in */
static struct json_object *
carry_names(struct openapi_schemas *schemas, const struct openapi_at *schema,
    const struct openapi_at *names)
{
	struct openapi *openapi = schemas->openapi;
	const struct openapi_at *properties =
	    openapi_get(openapi, schema, "properties");
	struct json_object *out = json_object_new_array();
	size_t n = json_object_array_length(names->json);

	for (size_t i = 0; i < n; i++) {
		struct json_object *name =
		    json_object_array_get_idx(names->json, i);

		if (!json_object_is_type(name, json_type_string))
			continue;
		if (!openapi_is_hidden(openapi,
			openapi_get(
			    openapi, properties, json_object_get_string(name)),
			schemas->response))
			openapi_add(openapi, out, json_object_get(name));
	}
	return out;
}

/* 3.0: "exclusiveMinimum": true beside "minimum": 5 is 2020-12's
 * "exclusiveMinimum": 5 */
static void
carry_bound(struct openapi_schemas *schemas, const struct openapi_at *at,
    const char *name, struct json_object *out)
{
	bool low = strstr(name, "inimum") != NULL;
	bool exclusive = name[0] == 'e';
	struct json_object *value = mcp_json_get(at->json, name);

	if (json_object_is_type(value, json_type_boolean))
		return;
	if (!exclusive &&
	    openapi_is_true(at, low ? "exclusiveMinimum" : "exclusiveMaximum"))
		name = low ? "exclusiveMinimum" : "exclusiveMaximum";
	openapi_put(schemas->openapi, out, name, json_object_get(value));
}

/* "example" is one of "examples". */
static void
carry_example(struct openapi_schemas *schemas, const struct openapi_at *at,
    struct json_object *out)
{
	struct json_object *examples = mcp_json_get(at->json, "examples");
	struct json_object *example = mcp_json_get(at->json, "example");

	if (json_object_is_type(examples, json_type_array)) {
		openapi_put(schemas->openapi, out, "examples",
		    json_object_get(examples));
	} else if (example != NULL) {
		examples = json_object_new_array();
		openapi_add(
		    schemas->openapi, examples, json_object_get(example));
		openapi_put(schemas->openapi, out, "examples", examples);
	}
}

/* null is a value here: "default": null, "const": null */
static void
carry_plain(struct openapi_schemas *schemas, const struct openapi_at *at,
    const char *name, struct json_object *out)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(at->json, name, &value))
		return;
	if (value != NULL)
		openapi_put(
		    schemas->openapi, out, name, json_object_get(value));
	else if (json_object_object_add(out, name, NULL) < 0)
		schemas->openapi->no_memory = true;
}

static void
carry_own(struct openapi *openapi, const struct openapi_at *member,
    const char *name, struct json_object *out)
{
	struct json_object *copy = NULL;

	if (json_object_deep_copy(member->json, &copy, NULL) < 0)
		copy = NULL;
	openapi_put(openapi, out, name, copy);
}

static void
carry_keyword(struct openapi_schemas *schemas, const struct openapi_at *at,
    const struct keyword *keyword, struct json_object *out, unsigned depth)
{
	struct openapi *openapi = schemas->openapi;
	const struct openapi_at *member =
	    openapi_get(openapi, at, keyword->name);

	if (keyword->carried == BELOW)
		carry_example(schemas, at, out);
	else if (keyword->carried == PLAIN)
		carry_plain(schemas, at, keyword->name, out);
	else if (member == NULL)
		return;
	else if (keyword->carried == OWN)
		carry_own(openapi, member, keyword->name, out);
	else if (keyword->carried == BOUND)
		carry_bound(schemas, at, keyword->name, out);
	else if (keyword->carried == SCHEMA)
		openapi_put(openapi, out, keyword->name,
		    carry(schemas, member, depth + 1));
	else if (keyword->carried == SCHEMAS)
		openapi_put(openapi, out, keyword->name,
		    carry_elements(schemas, member, depth));
	else if (keyword->carried == MEMBERS)
		openapi_put(openapi, out, keyword->name,
		    carry_members(schemas, member, depth));
	else if (keyword->carried == WORDS &&
	    json_object_is_type(member->json, json_type_string))
		openapi_put_string(openapi, out, keyword->name,
		    openapi_sentences(
			openapi, json_object_get_string(member->json)));
	else if (keyword->carried == NAMES &&
	    json_object_is_type(member->json, json_type_array)) {
		struct json_object *names = carry_names(schemas, at, member);

		if (names != NULL && json_object_array_length(names) == 0)
			json_object_put(names);
		else
			openapi_put(openapi, out, keyword->name, names);
	}
}

/* --- 3.0's "nullable" --- */

static void
allow_null_value(struct openapi *openapi, struct json_object *schema)
{
	struct json_object *old = mcp_json_get(schema, "enum");
	struct json_object *values;
	size_t n;

	if (!json_object_is_type(old, json_type_array))
		return;
	values = json_object_new_array();
	n = json_object_array_length(old);
	for (size_t i = 0; values != NULL && i < n; i++) {
		struct json_object *value = json_object_array_get_idx(old, i);

		if (value != NULL)
			openapi_add(openapi, values, json_object_get(value));
	}
	if (values == NULL || json_object_array_add(values, NULL) < 0)
		openapi->no_memory = true;
	openapi_put(openapi, schema, "enum", values);
}

static struct json_object *
null_schema(struct openapi *openapi)
{
	struct json_object *schema = json_object_new_object();

	openapi_put_string(openapi, schema, "type", "null");
	return schema;
}

/* "nullable" beside "allOf" is how 3.0's people say that what is referred to
 * may be null; so anything, or null. */
static struct json_object *
wrap_null(struct openapi *openapi, struct json_object *schema)
{
	struct json_object *out = json_object_new_object();
	struct json_object *either = json_object_new_array();
	const char *words =
	    json_object_get_string(mcp_json_get(schema, "description"));

	if (words != NULL)
		openapi_put_string(openapi, out, "description", words);
	json_object_object_del(schema, "description");
	openapi_add(openapi, either, schema);
	openapi_add(openapi, either, null_schema(openapi));
	openapi_put(openapi, out, "anyOf", either);
	return out;
}

static struct json_object *
allow_null(struct openapi *openapi, struct json_object *schema)
{
	struct json_object *type = mcp_json_get(schema, "type");
	struct json_object *either = mcp_json_get(schema, "anyOf");
	struct json_object *types;

	if (json_object_is_type(type, json_type_string)) {
		types = json_object_new_array();
		openapi_add(openapi, types, json_object_get(type));
		openapi_add(openapi, types, json_object_new_string("null"));
		openapi_put(openapi, schema, "type", types);
		allow_null_value(openapi, schema);
		return schema;
	}
	if (either == NULL)
		either = mcp_json_get(schema, "oneOf");
	if (json_object_is_type(either, json_type_array)) {
		openapi_add(openapi, either, null_schema(openapi));
		return schema;
	}
	return mcp_json_get(schema, "allOf") == NULL &&
		mcp_json_get(schema, "$ref") == NULL
	    ? schema
	    : wrap_null(openapi, schema);
}

/* --- a schema --- */

static void
warn_anchors(struct openapi *openapi, const struct openapi_at *at)
{
	for (size_t i = 0; i < sizeof(anchors) / sizeof(anchors[0]); i++)
		if (mcp_json_get(at->json, anchors[i]) != NULL)
			openapi_warn(openapi, at,
			    "\"%s\" is left out. Refer to schemas as "
			    "\"#/components/schemas/NAME\"",
			    anchors[i]);
}

/* Can @key of @beside become a member of @target without another meaning? */
static bool
clashes(struct json_object *target, const char *key)
{
	static const char *const neighbourly[] = { "additionalProperties",
		"unevaluatedProperties", "unevaluatedItems", "items", "then",
		"else", "minContains", "maxContains" };

	if (strcmp(key, "description") == 0 || strcmp(key, "title") == 0)
		return false;
	for (size_t i = 0; i < sizeof(neighbourly) / sizeof(neighbourly[0]);
	     i++)
		if (strcmp(key, neighbourly[i]) == 0)
			return true;
	return json_object_object_get_ex(target, key, NULL);
}

/* What is said beside a reference holds as well. Where one of the two is told
 * already, both stand under "allOf". */
static struct json_object *
join(struct openapi *openapi, struct json_object *target,
    struct json_object *beside)
{
	struct json_object *both, *out;
	bool clash = !json_object_is_type(target, json_type_object);

	json_object_object_foreach(beside, key, value) {
		(void)value;
		clash = clash || clashes(target, key);
	}
	if (!clash) {
		json_object_object_foreach(beside, name, member)
			if (json_object_object_add(
				target, name, json_object_get(member)) < 0)
				openapi->no_memory = true;
		json_object_put(beside);
		return target;
	}
	both = json_object_new_array();
	out = json_object_new_object();
	openapi_add(openapi, both, target);
	openapi_add(openapi, both, beside);
	openapi_put(openapi, out, "allOf", both);
	return out;
}

/* 3.0's way to say something beside a reference is an "allOf" of one. */
static struct json_object *
unwrap(struct openapi *openapi, struct json_object *schema)
{
	struct json_object *all = mcp_json_get(schema, "allOf"), *one;

	if (!json_object_is_type(all, json_type_array) ||
	    json_object_array_length(all) != 1)
		return schema;
	one = json_object_get(json_object_array_get_idx(all, 0));
	json_object_object_del(schema, "allOf");
	return join(openapi, one, schema);
}

static struct json_object *
carry_object(struct openapi_schemas *schemas, const struct openapi_at *at,
    unsigned depth)
{
	struct openapi *openapi = schemas->openapi;
	struct json_object *out = json_object_new_object();

	warn_anchors(openapi, at);
	for (size_t i = 0; out != NULL && i < N_KEYWORDS; i++)
		carry_keyword(schemas, at, &keywords[i], out, depth);
	if (out != NULL)
		out = unwrap(openapi, out);
	if (openapi->is_30 && openapi_is_true(at, "nullable"))
		return allow_null(openapi, out);
	return out;
}

static struct json_object *
carry(struct openapi_schemas *schemas, const struct openapi_at *at,
    unsigned depth)
{
	const char *reference = openapi_reference(at);
	struct json_object *target;

	if (is_enough(schemas))
		return json_object_new_object();
	if (json_object_is_type(at->json, json_type_boolean))
		return json_object_get(at->json);
	if (!json_object_is_type(at->json, json_type_object)) {
		openapi_warn(schemas->openapi, at,
		    "is no schema; anything is taken there");
		return json_object_new_object();
	}
	if (reference == NULL)
		return carry_object(schemas, at, depth);
	target = carry_reference(schemas, at, reference, depth);
	if (target == NULL || !has_siblings(schemas, at))
		return target;
	return join(schemas->openapi, target, carry_object(schemas, at, depth));
}

struct json_object *
openapi_schemas_carry(
    struct openapi_schemas *schemas, const struct openapi_at *at)
{
	return at == NULL ? json_object_new_object() : carry(schemas, at, 0);
}

void
openapi_schemas_finish(
    struct openapi_schemas *schemas, struct json_object *schema)
{
	struct openapi *openapi = schemas->openapi;
	const char *reference;

	for (size_t i = 0; (reference = next_reference(schemas, i)) != NULL;
	     i++) {
		const struct openapi_at *target =
		    openapi_target(openapi, reference);
		const char *name = json_object_get_string(
		    mcp_json_get(schemas->names, reference));

		if (target != NULL && name != NULL)
			openapi_put(openapi, schemas->defs, name,
			    carry(schemas, target, 0));
	}
	empty_queue(schemas);
	if (json_object_object_length(schemas->defs) > 0)
		openapi_put(
		    openapi, schema, "$defs", json_object_get(schemas->defs));
}

/* --- does it compile? --- */

/* Take the member at @pointer out of @schema, or, where that is an element,
 * the member it is in; @pointer becomes what was taken. */
static bool
take_out(struct json_object *schema, char *pointer)
{
	for (;;) {
		struct json_object *parent = NULL;
		char *last = strrchr(pointer, '/');

		if (last == NULL)
			return false;
		*last = '\0';
		if (json_pointer_get(schema, pointer, &parent) == 0 &&
		    json_object_is_type(parent, json_type_object) &&
		    json_object_object_get_ex(parent, last + 1, NULL)) {
			json_object_object_del(parent, last + 1);
			*last = '/';
			return true;
		}
	}
}

bool
openapi_mend(struct openapi *openapi, const struct openapi_at *at,
    struct json_object *schema)
{
	int r = MCP_SCHEMA_E_BAD;

	for (unsigned n = 0; r == MCP_SCHEMA_E_BAD && n < MEND_MAX; n++) {
		struct mcp_buf where = MCP_BUF_INIT, why = MCP_BUF_INIT;
		struct mcp_schema *compiled = NULL;

		r = mcp_schema_new(schema, &compiled, &where, &why);
		mcp_schema_free(compiled);
		if (r == MCP_SCHEMA_E_BAD && where.data != NULL &&
		    take_out(schema, where.data))
			openapi_warn(openapi, at,
			    "%s is left out of its schema: %s", where.data,
			    why.data == NULL ? "" : why.data);
		else if (r == MCP_SCHEMA_E_BAD)
			r = MCP_SCHEMA_E_BOUNDS;
		mcp_buf_deinit(&where);
		mcp_buf_deinit(&why);
	}
	if (r < 0)
		openapi->no_memory = true;
	return r == 0;
}

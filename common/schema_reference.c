/* schema_reference.c - I am the keywords that name schemas, and that name them
 * elsewhere
 *
 * Law: JSON Schema 2020-12, "Core", "Lexical Scope and Dynamic Scope"
 */
#include <errno.h>
#include <string.h>

#include "schema_parts.h"

/* --- $id, $anchor, $defs: only their form; the library has read them ------ */

static int
compile_id(
    const struct source *source, struct json_object *value, struct check *check)
{
	const char *fragment;

	(void)check;
	if (!json_object_is_type(value, json_type_string))
		return schema_bad(source, "must be a URI reference");
	fragment = strchr(json_object_get_string(value), '#');
	return fragment == NULL || fragment[1] == '\0'
	    ? 0
	    : schema_bad(source, "must have no fragment; that is an $anchor");
}

static int
compile_anchor(
    const struct source *source, struct json_object *value, struct check *check)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_",
			  rest[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-.";
	const char *name = json_object_get_string(value);

	(void)check;
	if (json_object_is_type(value, json_type_string) &&
	    strspn(name, first) > 0 && name[strspn(name, rest)] == '\0')
		return 0;
	return schema_bad(source,
	    "must be a name: a letter or _, then letters, digits, -, _ and .");
}

static int
compile_definitions(
    const struct source *source, struct json_object *value, struct check *check)
{
	const struct node *node;
	int rc = 0;

	(void)check;
	if (!json_object_is_type(value, json_type_object))
		return schema_bad(source, "must be an object of schemas");
	json_object_object_foreach(value, name, schema)
		if (rc == 0)
			rc = schema_sub(source, AT_KEY(&source->place, name),
			    schema, &node);
	return rc;
}

/* --- $ref ---------------------------------------------------------------- */

static int
compile_ref(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!json_object_is_type(value, json_type_string))
		return schema_bad(source, "must be a URI reference");
	return schema_refer(
	    source, json_object_get_string(value), &check->node, NULL);
}

static bool
run_ref(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	schema_visit(check->node, visit, place, instance);
	return true;
}

/* --- $dynamicRef --------------------------------------------------------- */

/* The candidates are added once all is compiled. */
static int
compile_dynamic_ref(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!json_object_is_type(value, json_type_string))
		return schema_bad(source, "must be a URI reference");
	return schema_refer(
	    source, json_object_get_string(value), &check->node, &check->said);
}

static const struct node *
candidate_of(const struct check *check, unsigned resource)
{
	for (size_t i = 0; i < check->n_members; i++)
		if (check->members[i].node->resource == resource)
			return check->members[i].node;
	return NULL;
}

/* The outermost resource that has the anchor; the chain begins innermost. */
static bool
run_dynamic_ref(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	const struct scope *scope = visit->scope;
	const struct node *node = check->node, *found;

	for (; check->n_members > 0 && scope != NULL; scope = scope->outer) {
		if (!visit_charge(visit, 1 + check->n_members / 8))
			return true;
		found = candidate_of(check, scope->resource);
		if (found != NULL)
			node = found;
	}
	schema_visit(node, visit, place, instance);
	return true;
}

/* --- the tables ---------------------------------------------------------- */

#define ROW(name, holds, compile, run)                                         \
	{                                                                      \
		name, VOCABULARY_CORE, holds, compile, run                     \
	}

const struct keyword schema_reference_keywords[] = {
	ROW("$id", HOLDS_NONE, compile_id, NULL),
	ROW("$anchor", HOLDS_NONE, compile_anchor, NULL),
	ROW("$dynamicAnchor", HOLDS_NONE, compile_anchor, NULL),
	ROW("$defs", HOLDS_MAP, compile_definitions, NULL),
	ROW("definitions", HOLDS_MAP, NULL, NULL),
	ROW("$ref", HOLDS_NONE, compile_ref, run_ref),
	ROW("$dynamicRef", HOLDS_NONE, compile_dynamic_ref, run_dynamic_ref),
	{ NULL, 0, HOLDS_NONE, NULL, NULL },
};

const struct keyword *const schema_keywords[] = {
	schema_validation_keywords,
	schema_reference_keywords,
	schema_applicator_keywords,
	schema_unevaluated_keywords,
	NULL,
};

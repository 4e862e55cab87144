/* schema_applicator.c - I am the keywords that apply other schemas
 *
 * To the same value (allOf, if), or to what is in it (properties, items). Who
 * has looked at a member or an item leaves a mark, if somebody wants to know
 * which are left over.
 *
 * Law: JSON Schema 2020-12, "Applicator", "Unevaluated Locations"
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema_parts.h"

#define TOLD_MAX 4 /* alternatives of which it is told why they fail */

static struct json_object *
neighbour(const struct source *source, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(source->node, name, &value);
	return value;
}

static int
compile_schema(
    const struct source *source, struct json_object *value, struct check *check)
{
	return schema_sub(source, &source->place, value, &check->node);
}

/* Members with their schemas; @is_pattern: the names are expressions. */
static int
compile_map(const struct source *source, struct json_object *value,
    struct check *check, bool is_pattern)
{
	struct member *member;
	int rc;

	if (!json_object_is_type(value, json_type_object))
		return schema_bad(source, "must be an object of schemas");
	rc = schema_members_reserve(
	    check, (size_t)json_object_object_length(value));
	if (rc != 0)
		return rc;
	json_object_object_foreach(value, name, schema) {
		struct place place = { &source->place, name, 0, false };

		member = schema_member_add(check, name);
		if (member == NULL)
			return -ENOMEM;
		if (is_pattern)
			rc = schema_need_pattern(
			    source, &place, name, &member->pattern);
		if (rc == 0)
			rc = schema_sub(source, &place, schema, &member->node);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
compile_named(
    const struct source *source, struct json_object *value, struct check *check)
{
	return compile_map(source, value, check, false);
}

/* A list of schemas; no member has a name. */
static int
compile_list(
    const struct source *source, struct json_object *value, struct check *check)
{
	size_t n;
	int rc;

	if (!json_object_is_type(value, json_type_array))
		return schema_bad(source, "must be an array of schemas");
	n = json_object_array_length(value);
	if (n == 0)
		return schema_bad(source, "must hold at least one schema");
	rc = schema_members_reserve(check, n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = schema_sub(source, AT_INDEX(&source->place, i),
		    json_object_array_get_idx(value, i),
		    &check->members[i].node);
		check->n_members++;
	}
	return rc;
}

/* --- items, prefixItems, contains ---------------------------------------- */

static bool
run_prefix(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_array))
		return true;
	n = json_object_array_length(instance);
	if (n > check->n_members)
		n = check->n_members;
	for (size_t i = 0; i < n && !visit_is_full(visit); i++)
		schema_visit_child(check->members[i].node, visit,
		    AT_INDEX(place, i), json_object_array_get_idx(instance, i));
	visit_mark(visit, MARK_ITEMS, n);
	return true;
}

static int
compile_items(
    const struct source *source, struct json_object *value, struct check *check)
{
	struct json_object *prefix = neighbour(source, "prefixItems");

	if (json_object_is_type(value, json_type_array))
		return schema_bad(source,
		    "must be a schema; an array of schemas is "
		    "called prefixItems since JSON Schema 2020-12");
	if (json_object_is_type(prefix, json_type_array))
		check->count = json_object_array_length(prefix);
	return compile_schema(source, value, check);
}

static bool
run_items(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_array))
		return true;
	n = json_object_array_length(instance);
	for (size_t i = check->count; i < n && !visit_is_full(visit); i++)
		schema_visit_child(check->node, visit, AT_INDEX(place, i),
		    json_object_array_get_idx(instance, i));
	visit_mark(visit, MARK_ITEMS, SIZE_MAX);
	return true;
}

static size_t
neighbour_count(const struct source *source, const char *name, size_t none)
{
	struct json_object *value = neighbour(source, name);

	if (!value_is_number(value) || value_number(value) < 0)
		return none;
	return value_number(value) < (long double)SIZE_MAX
	    ? (size_t)value_number(value)
	    : SIZE_MAX;
}

static int
compile_contains(
    const struct source *source, struct json_object *value, struct check *check)
{
	check->count = neighbour_count(source, "minContains", 1);
	check->most = neighbour_count(source, "maxContains", SIZE_MAX);
	return compile_schema(source, value, check);
}

static void
tell_contains(const struct check *check, struct visit *visit,
    const struct place *place, size_t got)
{
	struct mcp_buf *out = visit_expected(visit, place);
	bool lacks = got < check->count;
	size_t limit = lacks ? check->count : check->most;

	if (out != NULL)
		mcp_buf_printf(out,
		    "%s %zu item%s as \"contains\" describes, got %zu",
		    lacks ? "at least" : "at most", limit,
		    limit == 1 ? "" : "s", got);
}

/* All are looked at only if their number, or which they are, matters. */
static bool
run_contains(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n, got = 0;
	bool all = visit->tracks || check->most != SIZE_MAX;

	if (!json_object_is_type(instance, json_type_array))
		return true;
	n = json_object_array_length(instance);
	for (size_t i = 0; i < n && visit->stopped == 0; i++) {
		if (!all && got >= check->count)
			break;
		if (!schema_child_holds(check->node, visit, AT_INDEX(place, i),
			json_object_array_get_idx(instance, i)))
			continue;
		got++;
		visit_mark(visit, MARK_ITEM, i);
	}
	if (visit->stopped == 0 && (got < check->count || got > check->most))
		tell_contains(check, visit, place, got);
	return true;
}

/* --- properties and their kin -------------------------------------------- */

static bool
run_properties(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	const struct member *member = check->members;
	struct lh_table *table = json_object_get_object(instance);
	struct lh_entry *entry;

	if (table == NULL || !visit_charge(visit, check->n_members / 4))
		return true;
	for (size_t i = 0; i < check->n_members; i++, member++) {
		entry = value_member(table, member->name);
		if (entry == NULL)
			continue;
		schema_visit_child(member->node, visit,
		    AT_KEY(place, member->name),
		    (struct json_object *)lh_entry_v(entry));
		visit_mark(visit, entry, 0);
	}
	return true;
}

static int
compile_patterns(
    const struct source *source, struct json_object *value, struct check *check)
{
	return compile_map(source, value, check, true);
}

static bool
name_matches(const struct member *member, struct visit *visit, const char *name)
{
	return pattern_matches(member->pattern, visit, mcp_text_of(name));
}

static bool
run_patterns(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct lh_table *table = json_object_get_object(instance);
	struct lh_entry *entry;
	const char *name;

	if (table == NULL)
		return true;
	lh_foreach(table, entry)
	{
		name = lh_entry_k(entry);
		for (size_t i = 0; i < check->n_members; i++) {
			if (visit_is_full(visit))
				return true;
			if (!name_matches(&check->members[i], visit, name))
				continue;
			schema_visit_child(check->members[i].node, visit,
			    AT_KEY(place, name),
			    (struct json_object *)lh_entry_v(entry));
			visit_mark(visit, entry, 0);
		}
	}
	return true;
}

static size_t
length_of(struct json_object *object)
{
	return json_object_is_type(object, json_type_object)
	    ? (size_t)json_object_object_length(object)
	    : 0;
}

static int
add_names(struct check *check, struct json_object *names)
{
	json_object_object_foreach(names, name, schema) {
		(void)schema;
		if (schema_member_add(check, name) == NULL)
			return -ENOMEM;
	}
	check->count = check->n_members;
	schema_members_sort(check);
	return 0;
}

static int
add_patterns(const struct source *source, struct check *check,
    struct json_object *patterns)
{
	struct member *member;
	int rc = 0;

	json_object_object_foreach(patterns, text, schema) {
		(void)schema;
		member = schema_member_add(check, text);
		if (member == NULL)
			return -ENOMEM;
		rc = schema_need_pattern(
		    source, &source->place, text, &member->pattern);
		if (rc != 0)
			return rc;
	}
	return rc;
}

/* What is known by name, @count of them, sorted; then what by pattern. */
static int
known_names(const struct source *source, struct check *check)
{
	struct json_object *names = neighbour(source, "properties"),
			   *patterns = neighbour(source, "patternProperties");
	int rc = schema_members_reserve(
	    check, length_of(names) + length_of(patterns));

	if (rc == 0 && length_of(names) > 0)
		rc = add_names(check, names);
	if (rc == 0 && length_of(patterns) > 0)
		rc = add_patterns(source, check, patterns);
	return rc;
}

static int
compile_additional(
    const struct source *source, struct json_object *value, struct check *check)
{
	int rc = known_names(source, check);

	return rc == 0 ? compile_schema(source, value, check) : rc;
}

static bool
is_known(const struct check *check, struct visit *visit, const char *name)
{
	if (schema_member_find(check, name) != NULL)
		return true;
	for (size_t i = check->count; i < check->n_members; i++)
		if (name_matches(&check->members[i], visit, name))
			return true;
	return false;
}

/* A member nobody else has looked at. */
static void
visit_extra(const struct check *check, struct visit *visit,
    const struct place *place, const char *name, struct json_object *value)
{
	struct mcp_buf *out;

	if (!check->node->never) {
		schema_visit_child(
		    check->node, visit, AT_KEY(place, name), value);
		return;
	}
	out = visit_problem_member(visit, place, "unknown", name);
	if (out != NULL)
		say_unknown(out, check, name);
}

static bool
run_additional(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct lh_table *table = json_object_get_object(instance);
	struct lh_entry *entry;
	const char *name;

	if (table == NULL)
		return true;
	lh_foreach(table, entry)
	{
		name = lh_entry_k(entry);
		if (visit_is_full(visit) || !visit_charge(visit, 1) ||
		    is_known(check, visit, name) || visit->stopped != 0)
			continue;
		visit_extra(check, visit, place, name,
		    (struct json_object *)lh_entry_v(entry));
		visit_mark(visit, entry, 0);
	}
	return true;
}

static bool
run_names(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct json_object *string;

	if (!json_object_is_type(instance, json_type_object))
		return true;
	json_object_object_foreach(instance, name, value) {
		(void)value;
		if (visit_is_full(visit))
			break;
		string = json_object_new_string(name);
		if (string == NULL) {
			visit_stop(visit, -ENOMEM);
			break;
		}
		schema_visit_child(
		    check->node, visit, AT_NAME(place, name), string);
		json_object_put(string);
	}
	return true;
}

static bool
run_dependent_schemas(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	if (!json_object_is_type(instance, json_type_object) ||
	    !visit_charge(visit, check->n_members / 4))
		return true;
	for (size_t i = 0; i < check->n_members && !visit_is_full(visit); i++)
		if (json_object_object_get_ex(
			instance, check->members[i].name, NULL))
			schema_visit(
			    check->members[i].node, visit, place, instance);
	return true;
}

/* --- allOf, anyOf, oneOf, not, if ---------------------------------------- */

static bool
run_all_of(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	for (size_t i = 0; i < check->n_members && !visit_is_full(visit); i++)
		schema_visit(check->members[i].node, visit, place, instance);
	return true;
}

/* Why does none fit? Each alternative says its first problem; and one that is
 * made of alternatives itself only says so. */
static void
tell_alternatives(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct mcp_buf *out = visit_problem_at(visit, place);
	unsigned n_problems = visit->n_problems, limit = visit->limit;
	size_t i;

	if (out == NULL)
		return;
	mcp_buf_printf(out, "fits none of %zu alternatives", check->n_members);
	if (visit->tells)
		return;
	visit->tells = true;
	visit->limit = n_problems + 1;
	for (i = 0; i < check->n_members && i < TOLD_MAX; i++) {
		visit->joint = i == 0 ? " (" : ", or ";
		schema_visit(check->members[i].node, visit, place, instance);
		visit->n_problems = n_problems;
	}
	visit->joint = NULL;
	visit->limit = limit;
	visit->tells = false;
	mcp_buf_puts(out, i < check->n_members ? ", or ...)" : ")");
}

static bool
run_any_of(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	bool fits = false;

	for (size_t i = 0; i < check->n_members && visit->stopped == 0; i++) {
		if (fits && !visit->tracks)
			break;
		fits |= schema_holds(
		    check->members[i].node, visit, place, instance);
	}
	if (!fits && visit->stopped == 0)
		tell_alternatives(check, visit, place, instance);
	return true;
}

static void
tell_many(
    struct visit *visit, const struct place *place, size_t first, size_t other)
{
	struct mcp_buf *out = visit_problem_at(visit, place);

	if (out != NULL)
		mcp_buf_printf(out,
		    "fits alternatives %zu and %zu of those of which exactly "
		    "one must fit",
		    first + 1, other + 1);
}

static bool
run_one_of(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t fits = SIZE_MAX;

	for (size_t i = 0; i < check->n_members && visit->stopped == 0; i++) {
		if (!schema_holds(
			check->members[i].node, visit, place, instance))
			continue;
		if (fits != SIZE_MAX) {
			tell_many(visit, place, fits, i);
			return true;
		}
		fits = i;
	}
	if (fits == SIZE_MAX && visit->stopped == 0)
		tell_alternatives(check, visit, place, instance);
	return true;
}

static bool
run_not(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n_marks = visit->n_marks;
	struct mcp_buf *out;

	if (!schema_holds(check->node, visit, place, instance))
		return true;
	visit->n_marks = n_marks;
	out = visit_problem_at(visit, place);
	if (out == NULL)
		return true;
	mcp_buf_puts(out, "is of the kind that \"not\" excludes");
	say_got(out, instance);
	return true;
}

static int
compile_branch(
    const struct source *source, const char *name, const struct node **nodep)
{
	struct source branch = *source;
	struct json_object *value;

	if (!json_object_object_get_ex(source->node, name, &value))
		return 0;
	branch.place.key = name;
	return schema_sub(&branch, &branch.place, value, nodep);
}

/* @members[0] and @otherwise, if they are there. */
static int
compile_if(
    const struct source *source, struct json_object *value, struct check *check)
{
	int rc = schema_members_reserve(check, 1);

	if (rc == 0)
		rc = compile_schema(source, value, check);
	if (rc == 0)
		rc = compile_branch(source, "then", &check->members[0].node);
	if (rc == 0)
		rc = compile_branch(source, "else", &check->otherwise);
	return rc;
}

static bool
run_if(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	const struct node *next;

	if (schema_holds(check->node, visit, place, instance))
		next = check->members[0].node;
	else
		next = check->otherwise;
	if (next != NULL && visit->stopped == 0)
		schema_visit(next, visit, place, instance);
	return true;
}

/* --- unevaluatedProperties, unevaluatedItems ----------------------------- */

/* What did not hold has left no marks; to tell that all it names is unknown
 * would send the reader the wrong way. */
static bool
has_failed(const struct visit *visit)
{
	return visit->n_problems > visit->problems_from || visit->stopped != 0;
}

static bool
is_marked(struct visit *visit, const void *entry, size_t index)
{
	const struct mark *mark;

	if (!visit_charge(visit, 1 + (visit->n_marks - visit->marks_from) / 8))
		return true;
	for (size_t i = visit->marks_from; i < visit->n_marks; i++) {
		mark = &visit->marks[i];
		if (mark->entry == MARK_ITEMS
			? index < mark->index
			: mark->entry == entry && mark->index == index)
			return true;
	}
	return false;
}

static bool
run_unevaluated_properties(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct lh_table *table = json_object_get_object(instance);
	struct lh_entry *entry;

	if (table == NULL || has_failed(visit) || is_marked(visit, MARK_ALL, 0))
		return true;
	lh_foreach(table, entry) if (!visit_is_full(visit) &&
	    !is_marked(visit, entry, 0)) visit_extra(check, visit, place,
	    lh_entry_k(entry), (struct json_object *)lh_entry_v(entry));
	visit_mark(visit, MARK_ALL, 0);
	return true;
}

static bool
run_unevaluated_items(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_array) ||
	    has_failed(visit))
		return true;
	n = json_object_array_length(instance);
	for (size_t i = 0; i < n && !visit_is_full(visit); i++)
		if (!is_marked(visit, MARK_ITEM, i))
			schema_visit_child(check->node, visit,
			    AT_INDEX(place, i),
			    json_object_array_get_idx(instance, i));
	visit_mark(visit, MARK_ITEMS, SIZE_MAX);
	return true;
}

/* --- the tables ---------------------------------------------------------- */

#define ROW(name, holds, compile, run)                                         \
	{                                                                      \
		name, VOCABULARY_APPLICATOR, holds, compile, run               \
	}

const struct keyword schema_applicator_keywords[] = {
	ROW("prefixItems", HOLDS_ARRAY, compile_list, run_prefix),
	ROW("items", HOLDS_SCHEMA, compile_items, run_items),
	ROW("contains", HOLDS_SCHEMA, compile_contains, run_contains),
	ROW("properties", HOLDS_MAP, compile_named, run_properties),
	ROW("patternProperties", HOLDS_MAP, compile_patterns, run_patterns),
	ROW("additionalProperties", HOLDS_SCHEMA, compile_additional,
	    run_additional),
	ROW("propertyNames", HOLDS_SCHEMA, compile_schema, run_names),
	ROW("dependentSchemas", HOLDS_MAP, compile_named,
	    run_dependent_schemas),
	ROW("allOf", HOLDS_ARRAY, compile_list, run_all_of),
	ROW("anyOf", HOLDS_ARRAY, compile_list, run_any_of),
	ROW("oneOf", HOLDS_ARRAY, compile_list, run_one_of),
	ROW("not", HOLDS_SCHEMA, compile_schema, run_not),
	ROW("if", HOLDS_SCHEMA, compile_if, run_if),
	ROW("then", HOLDS_SCHEMA, NULL, NULL),
	ROW("else", HOLDS_SCHEMA, NULL, NULL),
	ROW("contentSchema", HOLDS_SCHEMA, NULL, NULL),
	{ NULL, 0, HOLDS_NONE, NULL, NULL },
};

/* These come last: they look at what all others have left. */
const struct keyword schema_unevaluated_keywords[] = {
	{ "unevaluatedItems", VOCABULARY_UNEVALUATED, HOLDS_SCHEMA,
	    compile_schema, run_unevaluated_items },
	{ "unevaluatedProperties", VOCABULARY_UNEVALUATED, HOLDS_SCHEMA,
	    compile_additional, run_unevaluated_properties },
	{ NULL, 0, HOLDS_NONE, NULL, NULL },
};

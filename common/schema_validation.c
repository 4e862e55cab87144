/* schema_validation.c - I am the keywords that look at one value by itself
 *
 * Law: JSON Schema 2020-12, "Validation", of which "format" is checked only
 *      where that is asked for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema_parts.h"

#define LISTED_MAX 20 /* values enumerated in a sentence */

/* --- type ---------------------------------------------------------------- */

static int
bad_type(
    const struct source *source, const struct place *place, const char *name)
{
	const char *like = type_like(name);
	int rc = schema_bad_at(source, place, "names no type: ");
	struct mcp_buf *why = schema_why(source);

	say_quoted(why, name);
	if (like != NULL)
		mcp_buf_printf(why, " (did you mean \"%s\"?)", like);
	else
		mcp_buf_puts(why,
		    " (there are string, integer, "
		    "number, boolean, array, object and null)");
	return rc;
}

static int
type_add(const struct source *source, const struct place *place,
    struct json_object *value, struct check *check)
{
	unsigned type;

	if (!json_object_is_type(value, json_type_string))
		return schema_bad_at(source, place,
		    "must be the name of a type, or an array of such names");
	type = type_named(json_object_get_string(value));
	check->types |= type;
	return type != 0
	    ? 0
	    : bad_type(source, place, json_object_get_string(value));
}

static int
compile_type(
    const struct source *source, struct json_object *value, struct check *check)
{
	int rc = 0;

	if (!json_object_is_type(value, json_type_array))
		return type_add(source, &source->place, value, check);
	if (json_object_array_length(value) == 0)
		return schema_bad(source, "must name at least one type");
	for (size_t i = 0; rc == 0 && i < json_object_array_length(value); i++)
		rc = type_add(source, AT_INDEX(&source->place, i),
		    json_object_array_get_idx(value, i), check);
	return rc;
}

static bool
run_type(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct mcp_buf *out;

	if (check->types & value_type(instance))
		return true;
	out = visit_expected(visit, place);
	if (out == NULL)
		return false;
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
		mcp_buf_puts(&buf, say_separator(i, n));
		say_value(&buf, json_object_array_get_idx(check->value, i));
	}
	if (i < n)
		mcp_buf_printf(&buf, " and %zu more", n - i);
	return schema_keep_said(check, &buf);
}

static int
compile_enum(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!json_object_is_type(value, json_type_array))
		return schema_bad(source, "must be an array of values");
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
		if (value_equal(visit,
			json_object_array_get_idx(check->value, i), instance))
			return true;
	out = visit_expected(visit, place);
	if (out == NULL)
		return false;
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

	if (!value_is_number(value))
		return schema_bad(source, "must be a number");
	check->limit = value_number(value);
	say_value(&buf, value);
	return schema_keep_said(check, &buf);
}

static bool
limit_passed(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance,
    const char *relation)
{
	struct mcp_buf *out = visit_expected(visit, place);

	if (out == NULL)
		return true;
	mcp_buf_puts(out, relation);
	mcp_buf_puts(out, check->said);
	say_got(out, instance);
	return true;
}

static bool
run_minimum(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	return !value_is_number(instance) ||
	    value_number(instance) >= check->limit ||
	    limit_passed(check, visit, place, instance, "at least ");
}

static bool
run_maximum(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	return !value_is_number(instance) ||
	    value_number(instance) <= check->limit ||
	    limit_passed(check, visit, place, instance, "at most ");
}

static bool
run_exclusive_minimum(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	return !value_is_number(instance) ||
	    value_number(instance) > check->limit ||
	    limit_passed(check, visit, place, instance, "more than ");
}

static bool
run_exclusive_maximum(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	return !value_is_number(instance) ||
	    value_number(instance) < check->limit ||
	    limit_passed(check, visit, place, instance, "less than ");
}

static int
compile_multiple(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!value_is_number(value) || !(value_number(value) > 0))
		return schema_bad(source, "must be a number greater than 0");
	if (json_object_deep_copy(value, &check->value, NULL) != 0)
		return -ENOMEM;
	return compile_limit(source, value, check);
}

static bool
run_multiple(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	return !value_is_number(instance) ||
	    value_is_multiple(instance, check->value) ||
	    limit_passed(check, visit, place, instance, "a multiple of ");
}

/* --- minLength, minItems and their kin ----------------------------------- */

int
schema_compile_count(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!value_is_number(value) || value_number(value) < 0 ||
	    !(value_type(value) & TYPE_INTEGER))
		return schema_bad(source, "must be a whole number, 0 or more");
	check->count = value_number(value) < (long double)SIZE_MAX
	    ? (size_t)value_number(value)
	    : SIZE_MAX;
	return 0;
}

static bool
tell_count(const struct check *check, struct visit *visit,
    const struct place *place, const char *relation, const char *what,
    size_t got)
{
	struct mcp_buf *out = visit_expected(visit, place);

	if (out == NULL)
		return true;
	mcp_buf_printf(out, "%s %zu %s%s, got %zu", relation, check->count,
	    what, check->count == 1 ? "" : "s", got);
	return true;
}

static bool
run_min_length(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_string))
		return true;
	n = value_code_points(instance);
	return n >= check->count ||
	    tell_count(check, visit, place, "at least", "character", n);
}

static bool
run_max_length(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_string))
		return true;
	n = value_code_points(instance);
	return n <= check->count ||
	    tell_count(check, visit, place, "at most", "character", n);
}

static bool
run_min_items(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_array))
		return true;
	n = json_object_array_length(instance);
	return n >= check->count ||
	    tell_count(check, visit, place, "at least", "item", n);
}

static bool
run_max_items(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_array))
		return true;
	n = json_object_array_length(instance);
	return n <= check->count ||
	    tell_count(check, visit, place, "at most", "item", n);
}

static bool
run_min_properties(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_object))
		return true;
	n = (size_t)json_object_object_length(instance);
	return n >= check->count ||
	    tell_count(check, visit, place, "at least", "member", n);
}

static bool
run_max_properties(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t n;

	if (!json_object_is_type(instance, json_type_object))
		return true;
	n = (size_t)json_object_object_length(instance);
	return n <= check->count ||
	    tell_count(check, visit, place, "at most", "member", n);
}

/* --- uniqueItems --------------------------------------------------------- */

static int
compile_unique(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!json_object_is_type(value, json_type_boolean))
		return schema_bad(source, "must be true or false");
	check->count = json_object_get_boolean(value) ? 1 : 0;
	return 0;
}

static bool
run_unique(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct mcp_buf *out;
	size_t twins[2];

	if (check->count == 0 ||
	    !json_object_is_type(instance, json_type_array) ||
	    !value_twins(visit, instance, twins))
		return true;
	out = visit_expected(visit, place);
	if (out != NULL)
		mcp_buf_printf(out,
		    "items that all differ, but [%zu] equals [%zu]", twins[1],
		    twins[0]);
	return true;
}

/* --- pattern, format ----------------------------------------------------- */

static struct mcp_text
text_of(struct json_object *string)
{
	return (struct mcp_text){ json_object_get_string(string),
		(size_t)json_object_get_string_len(string) };
}

static int
compile_pattern(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!json_object_is_type(value, json_type_string))
		return schema_bad(source, "must be a regular expression");
	return schema_need_pattern(source, &source->place,
	    json_object_get_string(value), &check->pattern);
}

static bool
run_pattern(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct mcp_buf *out;

	if (!json_object_is_type(instance, json_type_string) ||
	    pattern_matches(check->pattern, visit, text_of(instance)) ||
	    visit->stopped != 0)
		return true;
	out = visit_expected(visit, place);
	if (out == NULL)
		return true;
	mcp_buf_printf(out, "a string that matches the pattern %s",
	    pattern_text(check->pattern));
	say_got(out, instance);
	return true;
}

static int
compile_format(
    const struct source *source, struct json_object *value, struct check *check)
{
	if (!json_object_is_type(value, json_type_string))
		return schema_bad(source, "must be the name of a format");
	if (schema_wants_formats(source))
		check->format = format_named(json_object_get_string(value));
	return 0;
}

static bool
run_format(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct mcp_buf *out;

	if (check->format == NULL ||
	    !json_object_is_type(instance, json_type_string))
		return true;
	if (!visit_charge(
		visit, (uint64_t)json_object_get_string_len(instance) / 8) ||
	    format_holds(check->format, text_of(instance)))
		return true;
	out = visit_expected(visit, place);
	if (out == NULL)
		return true;
	mcp_buf_printf(
	    out, "a string of the format \"%s\"", format_name(check->format));
	say_got(out, instance);
	return true;
}

/* --- required, dependentRequired ----------------------------------------- */

static int
check_names(const struct source *source, const struct place *place,
    struct json_object *value)
{
	struct json_object *name;

	if (!json_object_is_type(value, json_type_array))
		return schema_bad_at(
		    source, place, "must be an array of names");
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		name = json_object_array_get_idx(value, i);
		if (!json_object_is_type(name, json_type_string))
			return schema_bad_at(source, AT_INDEX(place, i),
			    "must be an array of names");
	}
	return 0;
}

static int
compile_required(
    const struct source *source, struct json_object *value, struct check *check)
{
	int rc = check_names(source, &source->place, value);
	struct json_object *name;

	if (rc == 0)
		rc = schema_members_reserve(
		    check, json_object_array_length(value));
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		name = json_object_array_get_idx(value, i);
		if (schema_member_add(check, json_object_get_string(name)) ==
		    NULL)
			return -ENOMEM;
	}
	return 0;
}

static bool
run_required(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	struct lh_table *table = json_object_get_object(instance);

	if (table == NULL || !visit_charge(visit, check->n_members / 4))
		return true;
	for (size_t i = 0; i < check->n_members && !visit_is_full(visit); i++)
		if (value_member(table, check->members[i].name) == NULL)
			visit_problem_member(visit, place, "missing required",
			    check->members[i].name);
	return true;
}

static int
compile_dependent_required(
    const struct source *source, struct json_object *value, struct check *check)
{
	int rc;

	if (!json_object_is_type(value, json_type_object))
		return schema_bad(
		    source, "must be an object of arrays of names");
	json_object_object_foreach(value, name, needed) {
		rc = check_names(source, AT_KEY(&source->place, name), needed);
		if (rc != 0)
			return rc;
	}
	if (json_object_deep_copy(value, &check->value, NULL) != 0)
		return -ENOMEM;
	return 0;
}

static void
require_beside(struct visit *visit, const struct place *place,
    struct json_object *instance, const char *name, struct json_object *needed)
{
	size_t n = json_object_array_length(needed);
	struct mcp_buf *out;
	const char *other;

	for (size_t i = 0; i < n && visit_charge(visit, 1); i++) {
		other = json_object_get_string(
		    json_object_array_get_idx(needed, i));
		if (visit_is_full(visit) ||
		    json_object_object_get_ex(instance, other, NULL))
			continue;
		out = visit_problem_member(
		    visit, place, "missing required", other);
		if (out == NULL)
			continue;
		mcp_buf_puts(out, " (needed beside ");
		say_quoted(out, name);
		mcp_buf_putc(out, ')');
	}
}

static bool
run_dependent_required(const struct check *check, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	if (!json_object_is_type(instance, json_type_object))
		return true;
	json_object_object_foreach(check->value, name, needed) {
		if (!visit_charge(visit, 1))
			break;
		if (json_object_object_get_ex(instance, name, NULL))
			require_beside(visit, place, instance, name, needed);
	}
	return true;
}

/* --- the table ----------------------------------------------------------- */

#define ROW(name, compile, run)                                                \
	{                                                                      \
		name, VOCABULARY_VALIDATION, HOLDS_NONE, compile, run          \
	}

const struct keyword schema_validation_keywords[] = {
	ROW("type", compile_type, run_type),
	ROW("const", compile_const, run_enum),
	ROW("enum", compile_enum, run_enum),
	ROW("minimum", compile_limit, run_minimum),
	ROW("maximum", compile_limit, run_maximum),
	ROW("exclusiveMinimum", compile_limit, run_exclusive_minimum),
	ROW("exclusiveMaximum", compile_limit, run_exclusive_maximum),
	ROW("multipleOf", compile_multiple, run_multiple),
	ROW("minLength", schema_compile_count, run_min_length),
	ROW("maxLength", schema_compile_count, run_max_length),
	ROW("pattern", compile_pattern, run_pattern),
	{ "format", VOCABULARY_FORMAT, HOLDS_NONE, compile_format, run_format },
	ROW("minItems", schema_compile_count, run_min_items),
	ROW("maxItems", schema_compile_count, run_max_items),
	ROW("uniqueItems", compile_unique, run_unique),
	ROW("minContains", schema_compile_count, NULL),
	ROW("maxContains", schema_compile_count, NULL),
	ROW("minProperties", schema_compile_count, run_min_properties),
	ROW("maxProperties", schema_compile_count, run_max_properties),
	ROW("required", compile_required, run_required),
	ROW("dependentRequired", compile_dependent_required,
	    run_dependent_required),
	{ NULL, 0, HOLDS_NONE, NULL, NULL },
};

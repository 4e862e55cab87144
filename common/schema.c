/* schema.c - I say whether this JSON obeys that JSON Schema
 *
 * I walk instance and nodes together. Whoever reads the outcome is a model
 * about to try again: it is told every problem at once, up to a limit; where
 * only a verdict is asked for, as within "not", the first problem is enough.
 *
 * Whatever is done costs steps, and a visit has so many. Walking into a
 * sub-schema costs depth, and the C stack is as deep as that is allowed to be.
 * So schemas that refer to themselves without end, alternatives of
 * alternatives, and regular expressions that go back and forth all end soon,
 * and alike.
 *
 * Law: JSON Schema 2020-12, "Core", "Applicator", "Validation", "Unevaluated"
 */
#include <errno.h>
#include <stdlib.h>

#include "schema_parts.h"

#define PROBLEMS_MAX 8 /* told of one instance */

const char schema_mark_items[] = "", schema_mark_item[] = "",
	   schema_mark_all[] = "";

/* Nothing is left to be spent, so that everybody finds out. */
bool
visit_stop(struct visit *visit, int condition)
{
	visit->steps = 0;
	if (visit->stopped == 0)
		visit->stopped = condition;
	return false;
}

static bool
marks_grow(struct visit *visit)
{
	size_t cap = visit->marks_cap > 0 ? 2 * visit->marks_cap : 32;
	struct mark *marks = reallocarray(visit->marks, cap, sizeof(*marks));

	if (marks == NULL)
		return visit_stop(visit, -ENOMEM);
	visit->marks = marks;
	visit->marks_cap = cap;
	return true;
}

void
visit_add_mark(struct visit *visit, const void *entry, size_t index)
{
	if (!visit_charge(visit, 1) ||
	    (visit->n_marks == visit->marks_cap && !marks_grow(visit)))
		return;
	visit->marks[visit->n_marks++] = (struct mark){ entry, index };
}

static void
tell_never(struct visit *visit, const struct place *place,
    struct json_object *instance)
{
	struct mcp_buf *out = visit_expected(visit, place);

	if (out == NULL)
		return;
	mcp_buf_puts(out, "nothing here, got ");
	say_type_of(out, instance);
}

static void
run_checks(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	const struct check *check = node->checks;
	bool on = true;

	if (node->never && !visit_is_full(visit))
		tell_never(visit, place, instance);
	for (size_t i = 0; on && i < node->n_checks; i++, check++)
		on = !visit_is_full(visit) &&
		    check->keyword->run(check, visit, place, instance);
}

/* The marks of a node that looks back are its own, and, if they are wanted
 * further out, those of the node around it as well. */
static void
run_looking_back(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	size_t marks_from = visit->marks_from, n_marks = visit->n_marks;
	unsigned problems_from = visit->problems_from;
	bool tracks = visit->tracks;

	visit->marks_from = n_marks;
	visit->problems_from = visit->n_problems;
	visit->tracks = true;
	run_checks(node, visit, place, instance);
	visit->tracks = tracks;
	visit->problems_from = problems_from;
	visit->marks_from = marks_from;
	if (!tracks)
		visit->n_marks = n_marks;
}

void
schema_visit(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	const struct scope *outer = visit->scope;
	const struct scope scope = { outer, node->resource };

	if (visit->depth == MCP_SCHEMA_DEPTH_MAX)
		visit_stop(visit, MCP_SCHEMA_E_BOUNDS);
	if (!visit_charge(visit, 1 + node->n_checks))
		return;
	if (outer == NULL || outer->resource != node->resource)
		visit->scope = &scope;
	visit->depth++;
	if (node->looks_back)
		run_looking_back(node, visit, place, instance);
	else
		run_checks(node, visit, place, instance);
	visit->depth--;
	visit->scope = outer;
}

void
schema_visit_child(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	bool tracks = visit->tracks;

	visit->tracks = false;
	schema_visit(node, visit, place, instance);
	visit->tracks = tracks;
}

bool
schema_holds(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	unsigned n_problems = visit->n_problems, limit = visit->limit;
	struct mcp_buf *why = visit->why;
	size_t n_marks = visit->n_marks;
	bool holds;

	visit->n_problems = 0;
	visit->limit = 1;
	visit->why = NULL;
	schema_visit(node, visit, place, instance);
	holds = visit->n_problems == 0 && visit->stopped == 0;
	visit->why = why;
	visit->limit = limit;
	visit->n_problems = n_problems;
	if (!holds)
		visit->n_marks = n_marks;
	return holds;
}

bool
schema_child_holds(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance)
{
	bool tracks = visit->tracks, holds;

	visit->tracks = false;
	holds = schema_holds(node, visit, place, instance);
	visit->tracks = tracks;
	return holds;
}

static int
tell_bounds(struct mcp_buf *why, size_t len)
{
	if (why->data != NULL && why->len > len) {
		why->len = len;
		why->data[len] = '\0';
	}
	mcp_buf_puts(why,
	    "these arguments take too long to check against the schema. Send "
	    "fewer, shorter or simpler ones");
	return why->failed ? -ENOMEM : MCP_SCHEMA_E_BOUNDS;
}

/* One by one: this is done for each call of a tool, and a compiler that clears
 * a structure first takes its time. */
static void
visit_init(struct visit *visit, struct mcp_buf *why)
{
	visit->why = why;
	visit->joint = NULL;
	visit->n_problems = 0;
	visit->limit = PROBLEMS_MAX;
	visit->stopped = 0;
	visit->depth = 0;
	visit->steps = MCP_SCHEMA_STEPS_MAX;
	visit->scope = NULL;
	visit->tells = false;
	visit->tracks = false;
	visit->marks = NULL;
	visit->n_marks = 0;
	visit->marks_cap = 0;
	visit->marks_from = 0;
	visit->problems_from = 0;
	visit->matcher = NULL;
}

int
mcp_schema_check(const struct mcp_schema *schema, struct json_object *instance,
    struct mcp_buf *why)
{
	const struct place root = AT_ROOT;
	struct visit visit;
	size_t len = why->len;

	visit_init(&visit, why);
	schema_visit(schema->root, &visit, &root, instance);
	if (visit.marks != NULL)
		free(visit.marks);
	if (visit.matcher != NULL)
		matcher_free(visit.matcher);
	if (visit.stopped == MCP_SCHEMA_E_BOUNDS)
		return tell_bounds(why, len);
	if (visit.stopped < 0 || why->failed)
		return -ENOMEM;
	return visit.n_problems > 0 ? MCP_SCHEMA_E_INVALID : 0;
}

static void
check_deinit(struct check *check)
{
	for (size_t i = 0; i < check->n_members; i++)
		free(check->members[i].name);
	free(check->members);
	json_object_put(check->value);
	free(check->said);
}

static void
node_free(struct node *node)
{
	for (size_t i = 0; i < node->n_checks; i++)
		check_deinit(&node->checks[i]);
	free(node->checks);
	free(node->origin);
	free(node);
}

void
mcp_schema_free(struct mcp_schema *schema)
{
	struct node *node;
	struct pattern *pattern;

	if (schema == NULL)
		return;
	while ((node = schema->nodes) != NULL) {
		schema->nodes = node->next;
		node_free(node);
	}
	while ((pattern = schema->patterns) != NULL) {
		schema->patterns = pattern_next(pattern);
		pattern_free(pattern);
	}
	free(schema);
}

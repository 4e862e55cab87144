/* config_complete.c - I read what may be proposed for an argument
 *
 * An argument of a prompt and a place of a resource template may have a
 * "complete", never listed: a statement that is given what was typed so far as
 * :value, or plain values. What a client has settled already it may send along,
 * so the other arguments are inputs too; one not sent is NULL.
 *
 * Spec: MCP 2026-07-28 "Completion"
 */

#include "config_parse.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 10000 /* of one argument; all are looked at */

static void
read_values(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	if (json_object_is_type(at->json, json_type_array) &&
	    json_object_array_length(at->json) > VALUES_MAX)
		config_problem(reader, at,
		    "\"values\" are more than %d. Put them into a database",
		    VALUES_MAX);
	else
		config_strings(reader, key, at, base);
}

/* What a proposal has no use for. */
static void
check_sql(struct config_reader *reader, const struct config_at *at)
{
	static const char *const without[] = { "write", "empty" };
	struct config_at sql, member;

	if (!config_get(at, "sql", &sql))
		return;
	for (size_t i = 0; i < sizeof(without) / sizeof(*without); i++)
		if (config_get(&sql, without[i], &member))
			config_problem(reader, &member,
			    "\"%s\" has no place in a completion. Take it out",
			    without[i]);
	if (config_get(&sql, "result", &member) &&
	    json_object_is_type(member.json, json_type_string) &&
	    strcmp(json_object_get_string(member.json), "rows") != 0)
		config_problem(reader, &member,
		    "a completion is made of rows, of each its first column. "
		    "Take \"result\" out");
}

static void
check_completion(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	struct mcp_completion *completion = base;

	(void)table;
	completion->handler.sql.result = MCP_SQL_ROWS;
	check_sql(reader, at);
	if (config_has(at, "sql") == config_has(at, "values"))
		config_problem(reader, at,
		    "\"complete\" needs either \"sql\" or \"values\". Give it "
		    "one of them");
}

static const struct config_key keys[] = {
	{ "sql", .read = config_sql,
	    CONFIG_KEPT(struct mcp_completion, handler) },
	{ "values", .read = read_values,
	    CONFIG_KEPT(struct mcp_completion, values) },
};
static const struct config_table completion_table =
    CONFIG_TABLE("\"complete\"", keys, check_completion);

struct others {
	const struct config_inputs *all;
	const char *own;
};

static bool
is_other(const void *of, const char *name)
{
	const struct others *others = of;

	return strcmp(name, "value") == 0 ||
	    (strcmp(name, others->own) != 0 &&
		others->all->has(others->all->of, name));
}

struct mcp_completion *
config_completion(struct config_reader *reader,
    struct config_completions completions, const char *argument)
{
	struct mcp_completion *all =
	    realloc(*completions.allp, (*completions.np + 1) * sizeof(*all));

	if (all == NULL) {
		reader->no_memory = true;
		return NULL;
	}
	*completions.allp = all;
	all += *completions.np;
	memset(all, 0, sizeof(*all));
	config_keep(reader, &all->argument, argument);
	if (all->argument == NULL)
		return NULL;
	++*completions.np;
	return all;
}

void
config_complete(struct config_reader *reader, const struct config_at *at,
    struct config_completions completions, const char *argument,
    const struct config_inputs *inputs)
{
	const struct others others = { inputs, argument };
	const struct config_inputs bound = { is_other, &others,
		"\"value\", nor another argument" };
	struct mcp_completion *completion =
	    config_completion(reader, completions, argument);

	if (completion == NULL)
		return;
	config_object(reader, at, &completion_table, completion);
	config_handler_check(reader, at, &completion->handler, &bound);
}

void
config_completions_free(struct mcp_completion *completions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(completions[i].argument);
		config_handler_deinit(&completions[i].handler);
		config_strings_deinit(&completions[i].values);
	}
	free(completions);
}

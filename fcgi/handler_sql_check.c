/* handler_sql_check.c - I ask every statement beforehand what it will answer
 *
 * What is claimed of a tool's answers must hold for each of them, the one
 * without a row included: that is an empty object.
 */

#include "fcgi/database.h"
#include "fcgi/handler_sql.h"

#include <mcp/revision.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (5 * MCP_S) /* for all statements together */

struct check {
	struct mcp_config *config;
	struct mcp_problems *problems;
	struct sql_handles *handles;
	bool *away; /* by number of the database: it was told */
	bool no_memory;
};

/* One statement, and how its entry is called. */
struct asked {
	const char *kind, *name;
	const struct mcp_sql *sql;
	const struct database_engine *engine;
	struct database_statement *statement;
};

/* --- what it says ------------------------------------------------------- */

static const char *
said(const struct asked *asked)
{
	const struct mcp_buf *words = &asked->statement->database->said;

	return words->len > 0 ? words->data : "it does not say why";
}

/* A file that is not there is a slip; a server may be late. */
static void
tell_away(struct check *check, const struct asked *asked)
{
	unsigned number = asked->sql->database;
	const struct mcp_database *database = &check->config->databases[number];

	if (database->engine == MCP_ENGINE_SQLITE)
		mcp_problems_add(check->problems, false, check->config->path, 0,
		    "%s \"%s\": cannot open database \"%s\" (%s): %s. Create "
		    "the file, or correct its url",
		    asked->kind, asked->name, database->name, database->path,
		    said(asked));
	else if (!check->away[number])
		mcp_problems_add(check->problems, true, check->config->path, 0,
		    "database \"%s\" cannot be reached: %s. Its statements "
		    "are not checked, and run as soon as it can be",
		    database->name, said(asked));
	check->away[number] = true;
}

static void
tell_twins(struct check *check, const struct asked *asked)
{
	int n = asked->engine->n_columns(asked->statement);

	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++) {
			const char *name =
			    asked->engine->column_name(asked->statement, i);

			if (strcmp(name,
				asked->engine->column_name(
				    asked->statement, j)) != 0)
				continue;
			mcp_problems_add(check->problems, true,
			    check->config->path, 0,
			    "%s \"%s\": two columns are called \"%s\", and "
			    "clients see one of them. Rename it with AS",
			    asked->kind, asked->name, name);
			return;
		}
}

/* Return: is it prepared? */
static bool
ask(struct check *check, struct asked *asked)
{
	int condition;

	if (check->away[asked->sql->database] &&
	    check->config->databases[asked->sql->database].engine !=
		MCP_ENGINE_SQLITE)
		return false;
	asked->statement = sql_handles_statement(check->handles, asked->sql);
	if (asked->statement == NULL) {
		check->no_memory = true;
		return false;
	}
	asked->engine = asked->statement->database->engine;
	database_forget(asked->statement->database);
	asked->statement->database->deadline_ns = mcp_clock_ns() + PATIENCE_NS;
	condition = asked->engine->prepare(asked->statement);
	if (condition < 0)
		check->no_memory = true;
	else if (condition == DATABASE_E_AWAY || condition == DATABASE_E_LOST ||
	    condition == DATABASE_E_STOPPED)
		tell_away(check, asked);
	else if (condition != 0)
		mcp_problems_add(check->problems, false, check->config->path, 0,
		    "%s \"%s\": the query does not prepare: %s. Correct it",
		    asked->kind, asked->name, said(asked));
	else if (!asked->sql->write && !asked->engine->reads(asked->statement))
		mcp_problems_add(check->problems, false, check->config->path, 0,
		    "%s \"%s\": the query writes. Say \"write\": true, or let "
		    "it only read",
		    asked->kind, asked->name);
	else
		tell_twins(check, asked);
	return condition == 0;
}

/* --- what can be claimed ------------------------------------------------ */

/* Of two columns of one name the last is seen. */
static bool
is_last(const struct asked *asked, int at)
{
	const char *name = asked->engine->column_name(asked->statement, at);
	int n = asked->engine->n_columns(asked->statement);

	for (int i = at + 1; i < n; i++)
		if (strcmp(name,
			asked->engine->column_name(asked->statement, i)) == 0)
			return false;
	return true;
}

/* The names of the columns, and, of each where that is wanted, what it holds. */
static void
put_columns(const struct asked *asked, bool claims, struct mcp_buf *out)
{
	const struct database_engine *engine = asked->engine;
	int n = engine->n_columns(asked->statement);
	bool first = true;

	for (int at = 0; at < n; at++) {
		if (!is_last(asked, at))
			continue;
		if (!first)
			mcp_buf_putc(out, ',');
		first = false;
		mcp_buf_json_string(out,
		    mcp_text_of(engine->column_name(asked->statement, at)));
		if (!claims)
			continue;
		mcp_buf_putc(out, ':');
		engine->claim(asked->statement, at, out);
	}
}

static void
claim_names(const struct asked *asked, struct mcp_buf *out)
{
	mcp_buf_puts(out, "\"required\":[");
	put_columns(asked, false, out);
	mcp_buf_putc(out, ']');
}

static void
claim_columns(const struct asked *asked, struct mcp_buf *out)
{
	mcp_buf_puts(out, "\"properties\":{");
	put_columns(asked, true, out);
	mcp_buf_putc(out, '}');
}

/* "anyOf": all of @names, or nothing at all */
#define OR_NOTHING ",{\"maxProperties\":0}]}"

static void
claim_one(const struct asked *asked, struct mcp_buf *out)
{
	mcp_buf_puts(out, "{\"type\":\"object\",");
	claim_columns(asked, out);
	mcp_buf_puts(out, ",\"anyOf\":[{");
	claim_names(asked, out);
	mcp_buf_puts(out, "}" OR_NOTHING);
}

static void
claim_rows(const struct asked *asked, struct mcp_buf *out)
{
	mcp_buf_puts(out,
	    "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\","
	    "\"items\":{\"type\":\"object\",");
	claim_columns(asked, out);
	mcp_buf_putc(out, ',');
	claim_names(asked, out);
	mcp_buf_puts(out, "}},\"truncated\":{\"type\":\"boolean\"}");
	if (asked->sql->pages)
		mcp_buf_puts(out, ",\"nextCursor\":{\"type\":\"string\"}");
	mcp_buf_puts(out, "},\"required\":[\"rows\"]}");
}

static void
claim_value(const struct asked *asked, struct mcp_buf *out)
{
	mcp_buf_puts(out, "{\"type\":\"object\",\"properties\":{\"value\":");
	asked->engine->claim(asked->statement, 0, out);
	mcp_buf_puts(out, "},\"anyOf\":[{\"required\":[\"value\"]}" OR_NOTHING);
}

static void
claim_all(const struct asked *asked, struct mcp_buf *out)
{
	if (asked->engine->n_columns(asked->statement) == 0)
		mcp_buf_puts(out,
		    "{\"type\":\"object\",\"properties\":{\"changes\":"
		    "{\"type\":\"integer\"}},\"required\":[\"changes\"]}");
	else if (asked->sql->result == MCP_SQL_ROWS)
		claim_rows(asked, out);
	else if (asked->sql->result == MCP_SQL_VALUE)
		claim_value(asked, out);
	else
		claim_one(asked, out);
}

static void
add_output(
    struct check *check, const struct asked *asked, struct mcp_tool *tool)
{
	struct mcp_buf schema = MCP_BUF_INIT;

	claim_all(asked, &schema);
	if (schema.failed || mcp_config_add_output(tool, schema.data) != 0)
		check->no_memory = true;
	mcp_buf_deinit(&schema);
}

/* --- all of them -------------------------------------------------------- */

static void
check_tool(struct check *check, struct mcp_tool *tool)
{
	struct asked asked = { "tool", tool->name, &tool->handler.sql, NULL,
		NULL };

	if (tool->handler.kind == MCP_HANDLER_SQL && ask(check, &asked) &&
	    !tool->has_output)
		add_output(check, &asked, tool);
}

static void
check_one(struct check *check, const char *kind, const char *name,
    const struct mcp_handler *handler)
{
	struct asked asked = { kind, name, &handler->sql, NULL, NULL };

	if (handler->kind == MCP_HANDLER_SQL)
		ask(check, &asked);
}

static void
check_completions(struct check *check, const char *name,
    const struct mcp_completion *completions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_one(
		    check, "completion of", name, &completions[i].handler);
}

static void
check_all(struct check *check)
{
	struct mcp_config *config = check->config;

	for (size_t i = 0; i < config->n_tools; i++)
		check_tool(check, &config->tools[i]);
	for (size_t i = 0; i < config->n_resources; i++)
		check_one(check, "resource", config->resources[i].uri,
		    &config->resources[i].handler);
	for (size_t i = 0; i < config->n_templates; i++) {
		check_one(check, "resource template", config->templates[i].uri,
		    &config->templates[i].handler);
		check_completions(check, config->templates[i].uri,
		    config->templates[i].completions,
		    config->templates[i].n_completions);
	}
	for (size_t i = 0; i < config->n_prompts; i++) {
		check_one(check, "prompt", config->prompts[i].name,
		    &config->prompts[i].handler);
		check_completions(check, config->prompts[i].name,
		    config->prompts[i].completions,
		    config->prompts[i].n_completions);
	}
}

int
handler_sql_check(struct mcp_config *config, struct mcp_problems *problems)
{
	struct check check = { .config = config, .problems = problems };

	if (database_engines(config, problems) != 0)
		return 0;
	check.handles = sql_handles_new(config);
	check.away = calloc(config->n_databases + 1, sizeof(*check.away));
	if (check.handles == NULL || check.away == NULL)
		check.no_memory = true;
	else
		check_all(&check);
	sql_handles_free(check.handles);
	free(check.away);
	return check.no_memory ? -ENOMEM : 0;
}

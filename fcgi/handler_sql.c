/* handler_sql.c - I am the operator's statement, on whichever database */

#include "fcgi/handler_sql.h"
#include "fcgi/call.h"
#include "fcgi/database.h"
#include "fcgi/rows_cursor.h"
#include "fcgi/slots.h"

#include <mcp/json.h>
#include <mcp/log.h>

#include <errno.h>
#include <stdlib.h>

struct sql_handles {
	const struct mcp_config *config;
	struct database **read, **write; /* by number; NULL until first used */
	struct database_statement **statements; /* by mcp_sql.number */
};

struct sql_handles *
sql_handles_new(const struct mcp_config *config)
{
	struct sql_handles *handles = calloc(1, sizeof(*handles));
	size_t n = config->n_databases + 1;

	if (handles == NULL)
		return NULL;
	handles->config = config;
	handles->read = calloc(n, sizeof(struct database *));
	handles->write = calloc(n, sizeof(struct database *));
	handles->statements = calloc(
	    config->n_statements + 1, sizeof(struct database_statement *));
	if (!handles->read || !handles->write || !handles->statements) {
		free(handles->read);
		free(handles->write);
		free(handles->statements);
		free(handles);
		return NULL;
	}
	return handles;
}

void
sql_handles_free(struct sql_handles *handles)
{
	if (handles == NULL)
		return;
	for (size_t i = 0; i < handles->config->n_statements; i++)
		database_statement_free(handles->statements[i]);
	for (size_t i = 0; i < handles->config->n_databases; i++) {
		database_free(handles->read[i]);
		database_free(handles->write[i]);
	}
	free(handles->read);
	free(handles->write);
	free(handles->statements);
	free(handles);
}

/* Is there one that is kept, however long nobody uses it? */
static bool
is_any_kept(const struct sql_handles *handles)
{
	for (size_t i = 0; i < handles->config->n_databases; i++)
		if (handles->write[i] != NULL ||
		    (handles->read[i] != NULL && !handles->read[i]->brief))
			return true;
	return false;
}

struct sql_handles *
sql_handles_shed(struct sql_handles **handlesp)
{
	struct sql_handles *handles = *handlesp, *shed;

	if (!is_any_kept(handles)) {
		*handlesp = NULL;
		return handles;
	}
	shed = sql_handles_new(handles->config);
	if (shed == NULL)
		return NULL;
	for (size_t i = 0; i < handles->config->n_statements; i++) {
		if (handles->statements[i] == NULL ||
		    !handles->statements[i]->database->brief)
			continue;
		shed->statements[i] = handles->statements[i];
		handles->statements[i] = NULL;
	}
	for (size_t i = 0; i < handles->config->n_databases; i++) {
		if (handles->read[i] == NULL || !handles->read[i]->brief)
			continue;
		shed->read[i] = handles->read[i];
		handles->read[i] = NULL;
	}
	return shed;
}

struct database_statement *
sql_handles_statement(struct sql_handles *handles, const struct mcp_sql *sql)
{
	struct database **all = sql->write ? handles->write : handles->read;
	struct database **databasep = &all[sql->database];
	struct database_statement **statementp =
	    &handles->statements[sql->number];

	if (*databasep == NULL)
		*databasep = database_new(
		    &handles->config->databases[sql->database], sql->write);
	if (*databasep != NULL && *statementp == NULL)
		*statementp =
		    (*databasep)->engine->statement_new(*databasep, sql->query);
	return *statementp;
}

/* --- one run ------------------------------------------------------------ */

/* Beside an enum database_condition: a row is larger than the answer may be */
#define RUN_E_BIG (DATABASE_E_FAILED + 1)

struct run {
	struct call *call;
	const struct mcp_sql *sql;
	struct json_object *values;
	struct handler_result *result;
	struct database *database;
	const struct database_engine *engine;
	struct database_statement *statement;
	uint64_t skip;	    /* rows the caller has had */
	uint64_t n_stepped; /* rows the database has shown */
};

static int
step(struct run *run)
{
	int condition = run->engine->step(run->statement);

	if (condition == DATABASE_E_ROW)
		run->n_stepped++;
	return condition;
}

static void
append_row(struct run *run, struct mcp_buf *out)
{
	int n = run->engine->n_columns(run->statement);
	struct database_value value;

	mcp_buf_putc(out, '{');
	for (int at = 0; at < n; at++) {
		if (at > 0)
			mcp_buf_putc(out, ',');
		mcp_buf_json_string(out,
		    mcp_text_of(run->engine->column_name(run->statement, at)));
		mcp_buf_putc(out, ':');
		run->engine->value(run->statement, at, &value);
		database_append(out, &value);
	}
	mcp_buf_putc(out, '}');
}

/* The takers below return DATABASE_E_ROW where they have had enough, and 0
 * where the statement has come to its end. */

static int
take_one(struct run *run)
{
	struct handler_result *result = run->result;
	int condition = step(run);

	if (condition != DATABASE_E_ROW)
		return condition;
	append_row(run, &result->text);
	if (result->text.len > run->sql->max_bytes)
		return RUN_E_BIG;
	mcp_buf_text(&result->structured, mcp_buf_view(&result->text));
	return condition;
}

static int
take_value(struct run *run)
{
	struct handler_result *result = run->result;
	struct database_value value;
	int condition = step(run);

	if (condition != DATABASE_E_ROW)
		return condition;
	run->engine->value(run->statement, 0, &value);
	mcp_buf_puts(&result->structured, "{\"value\":");
	database_append(&result->structured, &value);
	mcp_buf_putc(&result->structured, '}');
	if (result->structured.len > run->sql->max_bytes)
		return RUN_E_BIG;
	database_append_plain(&result->text, &value);
	return condition;
}

static void
close_rows(struct run *run)
{
	struct handler_result *result = run->result;
	struct mcp_buf *out = &result->structured;

	mcp_buf_putc(&result->text, ']');
	mcp_buf_puts(out, "{\"rows\":");
	mcp_buf_text(out, mcp_buf_view(&result->text));
	if (result->truncated)
		mcp_buf_puts(out, ",\"truncated\":true");
	if (result->cursor.len > 0) {
		mcp_buf_puts(out, ",\"nextCursor\":");
		mcp_buf_json_string(out, mcp_buf_view(&result->cursor));
	}
	mcp_buf_putc(out, '}');
}

static int
cut_rows(struct run *run, uint64_t n)
{
	run->result->truncated = true;
	if (!run->sql->pages)
		return 0;
	return rows_cursor_close(
	    run->call, run->values, run->skip + n, &run->result->cursor);
}

/* Another row, where it still fits. */
static bool
add_row(struct run *run, uint64_t n)
{
	struct mcp_buf *text = &run->result->text;
	size_t before = text->len;

	if (n == run->sql->max_rows)
		return false;
	if (n > 0)
		mcp_buf_putc(text, ',');
	append_row(run, text);
	if (text->len <= run->sql->max_bytes)
		return true;
	text->len = before;
	return false;
}

static int
take_rows(struct run *run)
{
	uint64_t n = 0;
	int condition, error = 0;

	mcp_buf_putc(&run->result->text, '[');
	while ((condition = step(run)) == DATABASE_E_ROW) {
		if (run->n_stepped <= run->skip)
			continue;
		if (!add_row(run, n))
			break;
		n++;
	}
	if (condition == DATABASE_E_ROW && n == 0)
		return RUN_E_BIG;
	if (condition == DATABASE_E_ROW)
		error = cut_rows(run, n);
	close_rows(run);
	return error != 0 ? error : condition;
}

static int
take_changes(struct run *run)
{
	struct handler_result *result = run->result;
	int condition = step(run);

	if (condition == 0)
		mcp_buf_printf(&result->text, "{\"changes\":%lld}",
		    (long long)run->engine->n_changes(run->statement));
	mcp_buf_text(&result->structured, mcp_buf_view(&result->text));
	return condition;
}

static int
take(struct run *run)
{
	if (run->engine->n_columns(run->statement) == 0)
		return take_changes(run);
	if (run->sql->result == MCP_SQL_ROWS)
		return take_rows(run);
	if (run->sql->result == MCP_SQL_VALUE)
		return take_value(run);
	return take_one(run);
}

/* What writes has written only when it has come to its end. */
static int
finish(struct run *run, int condition)
{
	int rest = DATABASE_E_ROW;

	if (!run->sql->write ||
	    (condition != DATABASE_E_ROW && condition != RUN_E_BIG))
		return condition;
	while (rest == DATABASE_E_ROW)
		rest = step(run);
	return rest != 0 ? rest : condition;
}

static void
reset(struct run *run)
{
	mcp_buf_reset(&run->result->text);
	mcp_buf_reset(&run->result->structured);
	mcp_buf_reset(&run->result->cursor);
	run->result->truncated = false;
	run->n_stepped = 0;
}

static int
run_once(struct run *run)
{
	int condition;

	database_forget(run->database);
	condition = run->engine->prepare(run->statement);
	if (condition != 0)
		return condition;
	condition = run->engine->start(run->statement, run->values);
	if (condition == 0)
		condition = finish(run, take(run));
	run->engine->stop(run->statement);
	return condition;
}

/* A connection may have died while nobody looked, and a table may have been
 * altered: once more, where nothing can have happened yet. */
static int
run_twice(struct run *run)
{
	int condition = run_once(run);

	if (run->n_stepped > 0 ||
	    (condition != DATABASE_E_STALE &&
		(condition != DATABASE_E_LOST || run->sql->write)))
		return condition;
	reset(run);
	return run_once(run);
}

/* --- what is said of it ------------------------------------------------- */

static const char *const sentences[] = {
	[DATABASE_E_STOPPED] =
	    "The query took too long and was stopped: ask for less",
	[DATABASE_E_BUSY] = "The database is busy: try again",
	[DATABASE_E_FULL] = "The database is full, and nothing was written: "
			    "somebody has to make room first",
	[DATABASE_E_AWAY] = "The database cannot be reached: try again later",
	[DATABASE_E_LOST] = "The database went away before it had answered: "
			    "try again later",
	[DATABASE_E_STALE] = "The database was altered in this moment: try "
			     "again",
	[DATABASE_E_VALUE] = "The database cannot take one of these values: "
			     "write numbers, dates (2025-06-21) and the like "
			     "as such, and no larger than they may be",
	[DATABASE_E_NUL] = "The database cannot take a text with a NUL "
			   "character in it: take it out",
	[DATABASE_E_UNIQUE] =
	    "The database refuses these values: what may be there only once "
	    "is there already (a unique constraint). Change them, or look up "
	    "what is there",
	[DATABASE_E_FOREIGN_KEY] =
	    "The database refuses this: it refers to something that is not "
	    "there, or takes away what others refer to (a foreign key "
	    "constraint). Look that up first",
	[DATABASE_E_NOT_NULL] =
	    "The database refuses these values: one that must be there is "
	    "missing (a not-null constraint). Give it",
	[DATABASE_E_CHECK] =
	    "The database refuses these values: one of them is none of those "
	    "allowed (a check constraint). Change it",
	[DATABASE_E_CONSTRAINT] = "The database refuses these values: a "
				  "constraint is not satisfied",
	[DATABASE_E_FAILED] = "The database could not answer; the server's "
			      "log says why",
};

/* Whose value it was is said where it is known. */
static void
say(struct run *run, int condition, struct mcp_buf *out)
{
	const struct database *database = run->database;

	if (condition == DATABASE_E_LOST && run->sql->write)
		mcp_buf_puts(out,
		    "The database went away, and whether it "
		    "made the change is not known: look before you try again");
	else if (condition == DATABASE_E_VALUE && database->culprit != NULL)
		mcp_buf_printf(out,
		    "%s: the database cannot take this value: "
		    "write a number, a date (2025-06-21) or the like as such, "
		    "and no larger than it may be",
		    database->culprit);
	else if (condition == DATABASE_E_NUL && database->culprit != NULL)
		mcp_buf_printf(out,
		    "%s: the database cannot take a text with "
		    "a NUL character in it: take it out",
		    database->culprit);
	else
		mcp_buf_puts(out, sentences[condition]);
}

/* The caller's values are none of the log's business. */
static void
write_down(struct run *run, int condition)
{
	const struct database *database = run->database;

	if (condition == DATABASE_E_VALUE || condition == DATABASE_E_NUL)
		mcp_log(MCP_LOG_INFO, "sql: a value does not fit: %s",
		    database->culprit == NULL ? "which one is unknown"
					      : database->culprit);
	else
		mcp_log(MCP_LOG_ERROR, "sql: %s",
		    database->said.len > 0 ? database->said.data
					   : "stopped by the clock, or by who "
					     "wanted it");
}

static int
tell_failure(struct run *run, int condition)
{
	const struct mcp_config *config = run->call->config;
	struct mcp_buf *text = &run->result->text;

	reset(run);
	if (condition < 0)
		return condition;
	say(run, condition, text);
	if (config->databases[run->sql->database].tells &&
	    run->database->said.len > 0) {
		mcp_buf_puts(text, ". It says: ");
		mcp_buf_text(text, mcp_buf_view(&run->database->said));
	}
	write_down(run, condition);
	return text->failed ? -ENOMEM : HANDLER_E_FAILED;
}

static int
tell_big(struct run *run)
{
	struct mcp_buf *text = &run->result->text;

	reset(run);
	if (run->sql->write)
		mcp_buf_puts(text, "The change was made. ");
	mcp_buf_printf(text,
	    "One row of the answer is larger than the %zu bytes this tool may "
	    "send: ask for another, or have its max_bytes raised",
	    run->sql->max_bytes);
	return text->failed ? -ENOMEM : HANDLER_E_FAILED;
}

static int
tell_foreign(struct handler_result *result)
{
	mcp_buf_puts(&result->text,
	    ROWS_CURSOR_NAME
	    ": it does not continue this call. Repeat the "
	    "arguments of the answer it came with, or leave it out to begin "
	    "anew");
	return result->text.failed ? -ENOMEM : HANDLER_E_FAILED;
}

static int
tell_empty(struct run *run)
{
	const struct mcp_sql *sql = run->sql;

	reset(run);
	if (sql->empty.n > 0)
		mcp_template_expand(&sql->empty, handler_value, run->values,
		    &run->result->text);
	else
		mcp_buf_puts(&run->result->text, "No row was found");
	mcp_buf_puts(&run->result->structured, "{}");
	return HANDLER_E_NONE;
}

/* --- all of it ---------------------------------------------------------- */

static int
get_statement(struct run *run)
{
	struct slot *slot = run->call->slot;

	if (slot->sql == NULL)
		slot->sql = sql_handles_new(run->call->config);
	if (slot->sql == NULL)
		return -ENOMEM;
	run->statement = sql_handles_statement(slot->sql, run->sql);
	if (run->statement == NULL)
		return -ENOMEM;
	run->database = run->statement->database;
	run->engine = run->database->engine;
	return 0;
}

static int
run_watched(struct run *run)
{
	struct call *call = run->call;
	int condition;

	run->database->deadline_ns = call_until(call, run->sql->timeout_ms);
	run->database->call = call;
	if (run->engine->wake != NULL)
		call_on_cancel(call, run->engine->wake, run->database);
	condition = run_twice(run);
	if (run->engine->wake != NULL)
		call_on_cancel(call, NULL, NULL);
	run->database->call = NULL;
	return condition;
}

static bool
is_empty(const struct run *run)
{
	return run->n_stepped == 0 && run->sql->result != MCP_SQL_ROWS &&
	    run->result->text.len == 0;
}

int
handler_sql_run(struct call *call, const struct mcp_sql *sql,
    struct json_object *values, struct handler_result *result)
{
	struct run run = {
		.call = call, .sql = sql, .values = values, .result = result
	};
	int condition = get_statement(&run);

	if (condition == 0 && sql->pages)
		condition = rows_cursor_open(call, values, &run.skip);
	if (condition == ROWS_CURSOR_E_FOREIGN)
		return tell_foreign(result);
	if (condition != 0)
		return condition;
	condition = run_watched(&run);
	if (condition == RUN_E_BIG)
		return tell_big(&run);
	if (condition != 0 && condition != DATABASE_E_ROW)
		return tell_failure(&run, condition);
	if (result->text.failed || result->structured.failed)
		return -ENOMEM;
	return is_empty(&run) ? tell_empty(&run) : 0;
}

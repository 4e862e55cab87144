/* handler_sql.c - I am the only one who says sqlite3_ */

#include "fcgi/handler_sql.h"
#include "fcgi/call.h"
#include "fcgi/slots.h"

#include <mcp/json.h>
#include <mcp/log.h>

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_BETWEEN_LOOKS 2000 /* virtual machine instructions */
#define LITTLE_NAP_MS 5 /* while somebody else holds the database */

struct sql_handles {
	const struct mcp_config *config;
	sqlite3 **read, **write; /* by database; NULL until first used */
	sqlite3_stmt **statements; /* by mcp_sql.number */
	uint64_t deadline_ns; /* of the statement that runs, */
	const struct call *call; /* and whom it runs for; NULL: nobody */
};

void
sql_handles_free(struct sql_handles *handles)
{
	if (handles == NULL)
		return;
	for (size_t i = 0; i < handles->config->n_statements; i++)
		sqlite3_finalize(handles->statements[i]);
	for (size_t i = 0; i < handles->config->n_databases; i++) {
		sqlite3_close(handles->read[i]);
		sqlite3_close(handles->write[i]);
	}
	free(handles->read);
	free(handles->write);
	free(handles->statements);
	free(handles);
}

static struct sql_handles *
handles_new(const struct mcp_config *config)
{
	struct sql_handles *handles = calloc(1, sizeof(*handles));
	size_t n = config->n_databases + 1;

	if (handles == NULL)
		return NULL;
	handles->config = config;
	handles->read = calloc(n, sizeof(sqlite3 *));
	handles->write = calloc(n, sizeof(sqlite3 *));
	handles->statements = calloc(config->n_statements + 1,
	    sizeof(sqlite3_stmt *));
	if (!handles->read || !handles->write || !handles->statements) {
		free(handles->read);
		free(handles->write);
		free(handles->statements);
		free(handles);
		return NULL;
	}
	return handles;
}

/* --- the clock ---------------------------------------------------------- */

static int
on_progress(void *argument)
{
	const struct sql_handles *handles = argument;

	return mcp_clock_ns() > handles->deadline_ns ||
	    (handles->call != NULL && atomic_load(&handles->call->cancelled));
}

static int
on_busy(void *argument, int times)
{
	(void)times;
	if (on_progress(argument))
		return 0;
	sqlite3_sleep(LITTLE_NAP_MS);
	return 1;
}

/* --- opening and preparing ---------------------------------------------- */

static int
open_database(const char *path, bool write, sqlite3 **dbp)
{
	int flags = SQLITE_OPEN_NOMUTEX |
	    (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	int code = sqlite3_open_v2(path, dbp, flags, NULL);

	if (code == SQLITE_OK)
		sqlite3_extended_result_codes(*dbp, 1);
	return code;
}

static int
prepare(struct sql_handles *handles, const struct mcp_sql *sql,
    sqlite3_stmt **statementp)
{
	sqlite3 **dbs = sql->write ? handles->write : handles->read;
	sqlite3 **dbp = &dbs[sql->database];
	int code = SQLITE_OK;

	if (*dbp == NULL) {
		code = open_database(handles->config->databases[sql->database]
					 .path, sql->write, dbp);
		if (code != SQLITE_OK) {
			sqlite3_close(*dbp);
			*dbp = NULL;
			return code;
		}
		sqlite3_progress_handler(*dbp, STEPS_BETWEEN_LOOKS, on_progress,
		    handles);
		sqlite3_busy_handler(*dbp, on_busy, handles);
	}
	*statementp = handles->statements[sql->number];
	if (*statementp == NULL)
		code = sqlite3_prepare_v3(*dbp, sql->query, -1,
		    SQLITE_PREPARE_PERSISTENT, statementp, NULL);
	handles->statements[sql->number] = *statementp;
	return code;
}

/* --- binding ------------------------------------------------------------ */

static int
bind_text(sqlite3_stmt *statement, int at, const char *text, size_t len)
{
	/* the values outlive the statement's run */
	return sqlite3_bind_text64(statement, at, text, len, SQLITE_STATIC,
	    SQLITE_UTF8);
}

static int
bind_value(sqlite3_stmt *statement, int at, struct json_object *value)
{
	const char *text;

	switch (json_object_get_type(value)) {
	case json_type_null:
		return sqlite3_bind_null(statement, at);
	case json_type_boolean:
		return sqlite3_bind_int(statement, at,
		    json_object_get_boolean(value));
	case json_type_int:
		return sqlite3_bind_int64(statement, at,
		    json_object_get_int64(value));
	case json_type_double:
		return sqlite3_bind_double(statement, at,
		    json_object_get_double(value));
	case json_type_string:
		return bind_text(statement, at, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	default: /* arrays and objects go in as JSON, for json_each() */
		text = mcp_json_text(value);
		return text == NULL ? SQLITE_NOMEM :
		    bind_text(statement, at, text, strlen(text));
	}
}

static int
bind_all(sqlite3_stmt *statement, struct json_object *values)
{
	int n = sqlite3_bind_parameter_count(statement);
	int code = SQLITE_OK;

	for (int at = 1; at <= n && code == SQLITE_OK; at++) {
		const char *name = sqlite3_bind_parameter_name(statement, at);
		struct json_object *value = NULL;

		if (name != NULL && values != NULL)
			json_object_object_get_ex(values, name + 1, &value);
		code = bind_value(statement, at, value);
	}
	return code;
}

/* --- rows --------------------------------------------------------------- */

static void
append_double(struct mcp_buf *out, double number)
{
	char digits[32];

	if (!isfinite(number)) {
		mcp_buf_puts(out, "null");
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, number);
		if (strtod(digits, NULL) == number)
			break;
	}
	mcp_buf_puts(out, digits);
}

/* The bytes of a text or a blob, whatever they are; their number is asked
 * last. */
static struct mcp_text
column_bytes(sqlite3_stmt *statement, int at)
{
	const char *bytes = sqlite3_column_blob(statement, at);

	return (struct mcp_text){ bytes,
		(size_t)sqlite3_column_bytes(statement, at) };
}

static void
append_value(struct mcp_buf *out, sqlite3_stmt *statement, int at)
{
	switch (sqlite3_column_type(statement, at)) {
	case SQLITE_INTEGER:
		mcp_buf_number(out, sqlite3_column_int64(statement, at));
		break;
	case SQLITE_FLOAT:
		append_double(out, sqlite3_column_double(statement, at));
		break;
	case SQLITE_TEXT:
		mcp_buf_json_string(out, column_bytes(statement, at));
		break;
	case SQLITE_BLOB:
		mcp_buf_putc(out, '"');
		handler_base64(out, column_bytes(statement, at));
		mcp_buf_putc(out, '"');
		break;
	default:
		mcp_buf_puts(out, "null");
	}
}

static void
append_row(struct mcp_buf *out, sqlite3_stmt *statement)
{
	int n = sqlite3_column_count(statement);

	mcp_buf_putc(out, '{');
	for (int at = 0; at < n; at++) {
		if (at > 0)
			mcp_buf_putc(out, ',');
		mcp_buf_json_string(out,
		    mcp_text_of(sqlite3_column_name(statement, at)));
		mcp_buf_putc(out, ':');
		append_value(out, statement, at);
	}
	mcp_buf_putc(out, '}');
}

/* --- running ------------------------------------------------------------ */

/* Each returns SQLite's last word: SQLITE_ROW or SQLITE_DONE where all went
 * well. */

static int
run_one(sqlite3_stmt *statement, struct handler_result *result)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		append_row(&result->text, statement);
	mcp_buf_text(&result->structured, mcp_buf_view(&result->text));
	return code;
}

static int
run_value(sqlite3_stmt *statement, struct handler_result *result)
{
	int code = sqlite3_step(statement);

	if (code != SQLITE_ROW)
		return code;
	mcp_buf_puts(&result->structured, "{\"value\":");
	append_value(&result->structured, statement, 0);
	mcp_buf_putc(&result->structured, '}');
	if (sqlite3_column_type(statement, 0) == SQLITE_TEXT)
		mcp_buf_text(&result->text, column_bytes(statement, 0));
	else
		append_value(&result->text, statement, 0);
	return code;
}

static int
run_rows(sqlite3_stmt *statement, const struct mcp_sql *sql,
    struct handler_result *result)
{
	struct mcp_buf *text = &result->text;
	unsigned n = 0;
	size_t before;
	int code;

	mcp_buf_putc(text, '[');
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		before = text->len;
		if (n > 0)
			mcp_buf_putc(text, ',');
		if (n < sql->max_rows)
			append_row(text, statement);
		if (n == sql->max_rows || text->len > sql->max_bytes) {
			text->len = before;
			result->truncated = true;
			code = SQLITE_DONE;
			break;
		}
		n++;
	}
	mcp_buf_putc(text, ']');
	mcp_buf_puts(&result->structured, "{\"rows\":");
	mcp_buf_text(&result->structured, mcp_buf_view(text));
	mcp_buf_puts(&result->structured,
	    result->truncated ? ",\"truncated\":true}" : "}");
	return code;
}

static int
run_change(sqlite3_stmt *statement, struct handler_result *result)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_DONE)
		mcp_buf_printf(&result->text, "{\"changes\":%d}",
		    sqlite3_changes(sqlite3_db_handle(statement)));
	mcp_buf_text(&result->structured, mcp_buf_view(&result->text));
	return code;
}

static int
step(sqlite3_stmt *statement, const struct mcp_sql *sql,
    struct handler_result *result)
{
	if (sqlite3_column_count(statement) == 0)
		return run_change(statement, result);
	if (sql->result == MCP_SQL_ROWS)
		return run_rows(statement, sql, result);
	if (sql->result == MCP_SQL_VALUE)
		return run_value(statement, result);
	return run_one(statement, result);
}

static int
tell_failure(int code, const char *detail, struct handler_result *result)
{
	mcp_buf_reset(&result->text);
	mcp_buf_reset(&result->structured);
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_INTERRUPT:
		mcp_buf_puts(&result->text, "The query took too long and was "
		    "stopped: ask for less");
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		mcp_buf_puts(&result->text, "The database is busy: try again");
		break;
	case SQLITE_CONSTRAINT:
		mcp_buf_puts(&result->text,
		    "The database refuses these values: a constraint is not "
		    "satisfied");
		break;
	default:
		mcp_buf_puts(&result->text, "The database could not answer; "
		    "the server's log says why");
	}
	mcp_log(MCP_LOG_ERROR, "sql: %s", detail);
	return HANDLER_E_FAILED;
}

static int
tell_empty(const struct mcp_sql *sql, struct json_object *values,
    struct handler_result *result)
{
	mcp_buf_reset(&result->structured);
	if (sql->empty.n > 0)
		mcp_template_expand(&sql->empty, handler_value, values,
		    &result->text);
	else
		mcp_buf_puts(&result->text, "No row was found");
	return HANDLER_E_NONE;
}

static uint64_t
deadline(const struct call *call, const struct mcp_sql *sql)
{
	uint64_t own = mcp_clock_ns() + sql->timeout_ms * MCP_MS;

	return own < call->deadline_ns ? own : call->deadline_ns;
}

int
handler_sql_run(struct call *call, const struct mcp_sql *sql,
    struct json_object *values, struct handler_result *result)
{
	sqlite3_stmt *statement = NULL;
	struct sql_handles *handles = call->slot->sql;
	char detail[256];
	int code;

	if (handles == NULL)
		handles = call->slot->sql = handles_new(call->config);
	if (handles == NULL)
		return -ENOMEM;
	handles->deadline_ns = deadline(call, sql);
	handles->call = call;
	code = prepare(handles, sql, &statement);
	if (code != SQLITE_OK)
		return tell_failure(code, sqlite3_errstr(code), result);
	code = bind_all(statement, values);
	if (code == SQLITE_OK)
		code = step(statement, sql, result);
	snprintf(detail, sizeof(detail), "%s",
	    sqlite3_errmsg(sqlite3_db_handle(statement)));
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return tell_failure(code, detail, result);
	if (result->text.failed || result->structured.failed)
		return -ENOMEM;
	return result->text.len == 0 && code == SQLITE_DONE ?
	    tell_empty(sql, values, result) : 0;
}

/* --- checking ----------------------------------------------------------- */

static void
check_one(struct sql_handles *handles, const char *what, const char *name,
    const struct mcp_handler *handler, struct mcp_problems *problems)
{
	const struct mcp_config *config = handles->config;
	const struct mcp_database *database;
	sqlite3_stmt *statement = NULL;
	sqlite3 *db;
	int code;

	if (handler->kind != MCP_HANDLER_SQL)
		return;
	database = &config->databases[handler->sql.database];
	code = prepare(handles, &handler->sql, &statement);
	db = (handler->sql.write ? handles->write :
				   handles->read)[handler->sql.database];
	if (db == NULL)
		mcp_problems_add(problems, false, config->path, 0,
		    "%s \"%s\": cannot open database \"%s\" (%s): %s. Create "
		    "the file, or correct its url",
		    what, name, database->name, database->path,
		    sqlite3_errstr(code));
	else if (code != SQLITE_OK)
		mcp_problems_add(problems, false, config->path, 0,
		    "%s \"%s\": the query does not prepare: %s. Correct it",
		    what, name, sqlite3_errmsg(db));
	else if (!handler->sql.write && !sqlite3_stmt_readonly(statement))
		mcp_problems_add(problems, false, config->path, 0,
		    "%s \"%s\": the query writes. Say \"write\": true, or let "
		    "it only read",
		    what, name);
}

static void
check_completions(struct sql_handles *handles, const char *name,
    const struct mcp_completion *completions, size_t n,
    struct mcp_problems *problems)
{
	for (size_t i = 0; i < n; i++)
		check_one(handles, "completion of", name,
		    &completions[i].handler, problems);
}

int
handler_sql_check(const struct mcp_config *config,
    struct mcp_problems *problems)
{
	struct sql_handles *handles = handles_new(config);

	if (handles == NULL)
		return -ENOMEM;
	handles->deadline_ns = mcp_clock_ns() + 5 * MCP_S;
	for (size_t i = 0; i < config->n_tools; i++)
		check_one(handles, "tool", config->tools[i].name,
		    &config->tools[i].handler, problems);
	for (size_t i = 0; i < config->n_resources; i++)
		check_one(handles, "resource", config->resources[i].uri,
		    &config->resources[i].handler, problems);
	for (size_t i = 0; i < config->n_templates; i++) {
		check_one(handles, "resource template",
		    config->templates[i].uri, &config->templates[i].handler,
		    problems);
		check_completions(handles, config->templates[i].uri,
		    config->templates[i].completions,
		    config->templates[i].n_completions, problems);
	}
	for (size_t i = 0; i < config->n_prompts; i++) {
		check_one(handles, "prompt", config->prompts[i].name,
		    &config->prompts[i].handler, problems);
		check_completions(handles, config->prompts[i].name,
		    config->prompts[i].completions,
		    config->prompts[i].n_completions, problems);
	}
	sql_handles_free(handles);
	return 0;
}

/* sqlite.c - I am the only one who says sqlite3_
 *
 * A running statement looks at the clock and at its call every few thousand
 * steps, and while it waits for somebody else's lock. A value has the type it
 * was stored with, whatever its column was declared as, so little can be
 * claimed of a column beforehand.
 */

#include "fcgi/database.h"

#include <mcp/json.h>

#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_BETWEEN_LOOKS 2000 /* virtual machine instructions */
#define LITTLE_NAP_MS 5		 /* while somebody else holds the database */
#define LOOKASIDE_BYTES 256 /* of one piece of a handle's own memory, */
#define LOOKASIDE_N 64 /* and how many */

struct sqlite {
	struct database base;
	const char *path; /* the configuration's */
	bool write;
	sqlite3 *db; /* NULL until first used */
};

struct sqlite_statement {
	struct database_statement base;
	sqlite3_stmt *compiled; /* NULL until first used */
};

/* --- what became of it -------------------------------------------------- */

static int
constraint(int code)
{
	switch (code) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return DATABASE_E_UNIQUE;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return DATABASE_E_FOREIGN_KEY;
	case SQLITE_CONSTRAINT_NOTNULL:
		return DATABASE_E_NOT_NULL;
	case SQLITE_CONSTRAINT_CHECK:
		return DATABASE_E_CHECK;
	default:
		return DATABASE_E_CONSTRAINT;
	}
}

static int
condition_of(struct sqlite *sqlite, int code)
{
	if (code == SQLITE_OK || code == SQLITE_DONE)
		return 0;
	if (code == SQLITE_ROW)
		return DATABASE_E_ROW;
	database_says(&sqlite->base,
	    sqlite->db != NULL ? sqlite3_errmsg(sqlite->db)
			       : sqlite3_errstr(code));
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_INTERRUPT:
		return DATABASE_E_STOPPED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return DATABASE_E_BUSY;
	case SQLITE_FULL:
		return DATABASE_E_FULL;
	case SQLITE_CONSTRAINT:
		return constraint(code);
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return DATABASE_E_VALUE;
	default:
		return DATABASE_E_FAILED;
	}
}

/* --- a session ---------------------------------------------------------- */

static struct database *
session_new(const struct mcp_database *about, bool write)
{
	struct sqlite *sqlite = calloc(1, sizeof(*sqlite));

	if (sqlite == NULL)
		return NULL;
	sqlite->path = about->path;
	sqlite->write = write;
	/* of those that write the last to close writes the log back, and that
	 * may take a while */
	sqlite->base.brief = !write;
	return &sqlite->base;
}

static void
session_free(struct database *database)
{
	struct sqlite *sqlite = (struct sqlite *)database;

	sqlite3_close(sqlite->db);
	free(sqlite);
}

static int
on_progress(void *argument)
{
	return database_is_late(argument);
}

static int
on_busy(void *argument, int times)
{
	(void)times;
	if (database_is_late(argument))
		return 0;
	sqlite3_sleep(LITTLE_NAP_MS);
	return 1;
}

/* SQLite counts its memory, under one lock for all threads, and nobody asks.
 * A handle begins with 20 pages and 120 KiB more, all its own, to compile much
 * and look at much; ours compile once, and look at what is asked for. */
static void
configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	sqlite3_config(SQLITE_CONFIG_LOOKASIDE, LOOKASIDE_BYTES, LOOKASIDE_N);
}

/* What a table says of its references is meant: who writes obeys it. */
static int
connect_to(struct sqlite *sqlite)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_NOMUTEX |
	    (sqlite->write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	int code;

	if (sqlite->db != NULL)
		return 0;
	pthread_once(&once, configure);
	code = sqlite3_open_v2(sqlite->path, &sqlite->db, flags, NULL);
	if (code == SQLITE_OK && sqlite->write)
		code = sqlite3_db_config(
		    sqlite->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	if (code != SQLITE_OK) {
		sqlite3_close(sqlite->db);
		sqlite->db = NULL;
		condition_of(sqlite, code);
		return code == SQLITE_NOMEM ? -ENOMEM : DATABASE_E_AWAY;
	}
	sqlite3_extended_result_codes(sqlite->db, 1);
	sqlite3_progress_handler(
	    sqlite->db, STEPS_BETWEEN_LOOKS, on_progress, &sqlite->base);
	sqlite3_busy_handler(sqlite->db, on_busy, &sqlite->base);
	return 0;
}

/* --- a statement -------------------------------------------------------- */

static struct database_statement *
statement_new(struct database *database, const char *query)
{
	struct sqlite_statement *statement = calloc(1, sizeof(*statement));

	if (statement == NULL)
		return NULL;
	statement->base.database = database;
	statement->base.query = query;
	return &statement->base;
}

static void
statement_free(struct database_statement *base)
{
	struct sqlite_statement *statement = (struct sqlite_statement *)base;

	sqlite3_finalize(statement->compiled);
	free(statement);
}

static sqlite3_stmt *
compiled(const struct database_statement *base)
{
	return ((const struct sqlite_statement *)base)->compiled;
}

static int
prepare(struct database_statement *base)
{
	struct sqlite_statement *statement = (struct sqlite_statement *)base;
	struct sqlite *sqlite = (struct sqlite *)base->database;
	int condition = connect_to(sqlite);

	if (condition != 0 || statement->compiled != NULL)
		return condition;
	return condition_of(sqlite,
	    sqlite3_prepare_v3(sqlite->db, base->query, -1,
		SQLITE_PREPARE_PERSISTENT, &statement->compiled, NULL));
}

static bool
reads(const struct database_statement *base)
{
	return sqlite3_stmt_readonly(compiled(base));
}

static int
n_columns(const struct database_statement *base)
{
	return sqlite3_column_count(compiled(base));
}

static const char *
column_name(const struct database_statement *base, int at)
{
	return sqlite3_column_name(compiled(base), at);
}

static void
claim(const struct database_statement *base, int at, struct mcp_buf *out)
{
	const char *declared = sqlite3_column_decltype(compiled(base), at);

	mcp_buf_puts(out, "{\"type\":[\"string\",\"number\",\"null\"]");
	if (declared != NULL) {
		mcp_buf_puts(out, ",\"description\":");
		mcp_buf_json_string(out, mcp_text_of(declared));
	}
	mcp_buf_putc(out, '}');
}

/* --- binding ------------------------------------------------------------ */

static int
bind_text(sqlite3_stmt *statement, int at, const char *text, size_t len)
{
	/* the values outlive the statement's run */
	return sqlite3_bind_text64(
	    statement, at, text, len, SQLITE_STATIC, SQLITE_UTF8);
}

static int
bind_value(sqlite3_stmt *statement, int at, struct json_object *value)
{
	const char *text;

	switch (json_object_get_type(value)) {
	case json_type_null:
		return sqlite3_bind_null(statement, at);
	case json_type_boolean:
		return sqlite3_bind_int(
		    statement, at, json_object_get_boolean(value));
	case json_type_int:
		return sqlite3_bind_int64(
		    statement, at, json_object_get_int64(value));
	case json_type_double:
		return sqlite3_bind_double(
		    statement, at, json_object_get_double(value));
	case json_type_string:
		return bind_text(statement, at, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	default: /* arrays and objects go in as JSON, for json_each() */
		text = mcp_json_text(value);
		return text == NULL
		    ? SQLITE_NOMEM
		    : bind_text(statement, at, text, strlen(text));
	}
}

static int
start(struct database_statement *base, struct json_object *values)
{
	sqlite3_stmt *statement = compiled(base);
	int n = sqlite3_bind_parameter_count(statement);
	int code = SQLITE_OK;

	for (int at = 1; at <= n && code == SQLITE_OK; at++) {
		const char *name = sqlite3_bind_parameter_name(statement, at);
		struct json_object *value = NULL;

		if (name != NULL && values != NULL)
			json_object_object_get_ex(values, name + 1, &value);
		code = bind_value(statement, at, value);
	}
	return condition_of((struct sqlite *)base->database, code);
}

/* --- rows --------------------------------------------------------------- */

static int
step(struct database_statement *base)
{
	return condition_of(
	    (struct sqlite *)base->database, sqlite3_step(compiled(base)));
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
value(struct database_statement *base, int at, struct database_value *out)
{
	static const enum database_type types[] = {
		[SQLITE_INTEGER] = DATABASE_INTEGER,
		[SQLITE_FLOAT] = DATABASE_REAL,
		[SQLITE_TEXT] = DATABASE_TEXT,
		[SQLITE_BLOB] = DATABASE_BLOB,
		[SQLITE_NULL] = DATABASE_NULL,
	};
	sqlite3_stmt *statement = compiled(base);

	out->type = types[sqlite3_column_type(statement, at)];
	if (out->type == DATABASE_INTEGER)
		out->integer = sqlite3_column_int64(statement, at);
	else if (out->type == DATABASE_REAL)
		out->real = sqlite3_column_double(statement, at);
	else if (out->type != DATABASE_NULL)
		out->text = column_bytes(statement, at);
}

static int64_t
n_changes(const struct database_statement *base)
{
	return sqlite3_changes(((const struct sqlite *)base->database)->db);
}

static void
stop(struct database_statement *base)
{
	sqlite3_reset(compiled(base));
	sqlite3_clear_bindings(compiled(base));
}

const struct database_engine sqlite_engine = {
	.new = session_new,
	.free = session_free,
	.statement_new = statement_new,
	.statement_free = statement_free,
	.prepare = prepare,
	.reads = reads,
	.n_columns = n_columns,
	.column_name = column_name,
	.claim = claim,
	.start = start,
	.step = step,
	.value = value,
	.n_changes = n_changes,
	.stop = stop,
};

/* database.h - I am one session with a database, whichever engine keeps it
 *
 * handler_sql knows of statements, values and rows, and of no engine; what it
 * needs of one is this table of functions, and sqlite.c and postgres.c each
 * fill one. A session belongs to a slot and to one of its threads at a time.
 * It is made without asking the database, connects when a statement first
 * needs it, and again when the connection was lost.
 *
 * A failure is a condition the caller can make a sentence of; what the engine
 * itself said of it is in @said, for the log.
 */
#ifndef FCGI_DATABASE_H
#define FCGI_DATABASE_H

#include <mcp/config.h>

struct call;
struct json_object;
struct database_engine;

enum database_condition {
	DATABASE_E_ROW = 1, /* here is one */
	DATABASE_E_STOPPED, /* by the clock, or nobody wants the answer */
	DATABASE_E_BUSY, /* now, and not for ever */
	DATABASE_E_FULL, /* there is no room for what was to be written */
	DATABASE_E_AWAY, /* it cannot be reached */
	DATABASE_E_LOST, /* it went away: the next statement connects */
	DATABASE_E_STALE, /* the statement did not run; it will be prepared
			     anew */
	DATABASE_E_VALUE, /* a value does not go in: @culprit, if known */
	DATABASE_E_NUL, /* likewise: it holds a NUL character */
	DATABASE_E_UNIQUE,
	DATABASE_E_FOREIGN_KEY,
	DATABASE_E_NOT_NULL,
	DATABASE_E_CHECK,
	DATABASE_E_CONSTRAINT, /* another one */
	DATABASE_E_FAILED
};

enum database_type {
	DATABASE_NULL,
	DATABASE_INTEGER,
	DATABASE_REAL,
	DATABASE_TEXT,
	DATABASE_BLOB,
	DATABASE_JSON /* text is JSON already */
};

struct database_value {
	enum database_type type;
	int64_t integer;
	double real;
	struct mcp_text text; /* until the next step */
};

struct database {
	const struct database_engine *engine;
	bool brief; /* it may be closed: another is made in no time */
	uint64_t deadline_ns; /* of the statement that runs, */
	struct call *call;    /* and whom it runs for; NULL: nobody */
	struct mcp_buf said;  /* by the engine, of the last failure */
	char *culprit;	      /* the name of a value; NULL: who knows */
};

struct database_statement {
	struct database *database;
	const char *query; /* the configuration's */
};

/* Each int is 0, an enum database_condition or -errno, and NULL out of memory;
 * a failure leaves the session as good as before, or disconnected. */
struct database_engine {
	struct database *(*new)(const struct mcp_database *about, bool write);
	void (*free)(struct database *database);

	/* from another thread: what waits shall look at its call; NULL where
	 * nothing waits for long without looking */
	void (*wake)(void *database);

	struct database_statement *(*statement_new)(
	    struct database *database, const char *query);
	void (*statement_free)(struct database_statement *statement);

	/* connect and prepare, each where that is still to be done */
	int (*prepare)(struct database_statement *statement);

	/* of a prepared one: would it only read, as far as can be told? */
	bool (*reads)(const struct database_statement *statement);
	int (*n_columns)(const struct database_statement *statement);
	const char *(*column_name)(
	    const struct database_statement *statement, int at);

	/* append a JSON Schema that holds for every value of a column */
	void (*claim)(const struct database_statement *statement, int at,
	    struct mcp_buf *out);

	/* bind @values by name, which outlive the run, and run */
	int (*start)(
	    struct database_statement *statement, struct json_object *values);

	/* DATABASE_E_ROW; 0: that was all */
	int (*step)(struct database_statement *statement);
	void (*value)(struct database_statement *statement, int at,
	    struct database_value *out);
	int64_t (*n_changes)(const struct database_statement *statement);

	/* after a start, come what may: no more of it */
	void (*stop)(struct database_statement *statement);
};

extern const struct database_engine sqlite_engine;

/* database_engines() - see that there is one for each database of @config:
 * that of PostgreSQL is a part of its own (part.h)
 * Return: 0; DATABASE_E_AWAY, and @problems says which is not there */
int database_engines(const struct mcp_config *config,
    struct mcp_problems *problems);

/* database_new() - Return: NULL: out of memory */
struct database *database_new(const struct mcp_database *about, bool write);
void database_free(struct database *database);
void database_statement_free(struct database_statement *statement);

/* database_is_late() - is the statement to be stopped? */
bool database_is_late(const struct database *database);

/* database_forget() - the last failure
 * database_says() - of this one: what the engine said, in one line */
void database_forget(struct database *database);
void database_says(struct database *database, const char *words);

/* database_append() - @value as JSON; a blob in base64
 * database_append_plain() - the same, a text without quotes */
void database_append(struct mcp_buf *out, const struct database_value *value);
void
database_append_plain(struct mcp_buf *out, const struct database_value *value);

#endif

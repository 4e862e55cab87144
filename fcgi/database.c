/* database.c - I am one session with a database, whichever engine keeps it */

#include "fcgi/database.h"
#include "fcgi/call.h"
#include "fcgi/handler.h"
#include "fcgi/part.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Whoever has a snapshot that needs one can see it: it was there before. */
static const struct database_engine *engines[MCP_N_ENGINES] = {
	[MCP_ENGINE_SQLITE] = &sqlite_engine,
};

static const char *const parts[MCP_N_ENGINES] = {
	[MCP_ENGINE_POSTGRES] = "postgres.so",
};

int
database_engines(const struct mcp_config *config, struct mcp_problems *problems)
{
	for (size_t i = 0; i < config->n_databases; i++) {
		enum mcp_engine engine = config->databases[i].engine;

		if (engines[engine] == NULL)
			engines[engine] =
			    part_fetch(parts[engine], config, problems);
		if (engines[engine] == NULL)
			return DATABASE_E_AWAY;
	}
	return 0;
}

struct database *
database_new(const struct mcp_database *about, bool write)
{
	const struct database_engine *engine = engines[about->engine];
	struct database *database = engine->new (about, write);

	if (database != NULL)
		database->engine = engine;
	return database;
}

void
database_free(struct database *database)
{
	if (database == NULL)
		return;
	mcp_buf_deinit(&database->said);
	free(database->culprit);
	database->engine->free(database);
}

void
database_statement_free(struct database_statement *statement)
{
	if (statement != NULL)
		statement->database->engine->statement_free(statement);
}

bool
database_is_late(const struct database *database)
{
	return mcp_clock_ns() > database->deadline_ns ||
	    (database->call != NULL && atomic_load(&database->call->cancelled));
}

void
database_forget(struct database *database)
{
	mcp_buf_reset(&database->said);
	free(database->culprit);
	database->culprit = NULL;
}

void
database_says(struct database *database, const char *words)
{
	mcp_buf_reset(&database->said);
	for (; words != NULL && *words != '\0'; words++)
		if (*words != '\n')
			mcp_buf_putc(&database->said, *words);
		else if (words[1] != '\0')
			mcp_buf_puts(&database->said, "; ");
}

/* --- values ------------------------------------------------------------- */

/* In as few digits as tell it from every other. */
static void
append_real(struct mcp_buf *out, double number)
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

void
database_append(struct mcp_buf *out, const struct database_value *value)
{
	switch (value->type) {
	case DATABASE_INTEGER:
		mcp_buf_number(out, value->integer);
		break;
	case DATABASE_REAL:
		append_real(out, value->real);
		break;
	case DATABASE_TEXT:
		mcp_buf_json_string(out, value->text);
		break;
	case DATABASE_BLOB:
		mcp_buf_putc(out, '"');
		handler_base64(out, value->text);
		mcp_buf_putc(out, '"');
		break;
	case DATABASE_JSON:
		mcp_buf_text(out, value->text);
		break;
	case DATABASE_NULL:
		mcp_buf_puts(out, "null");
	}
}

void
database_append_plain(struct mcp_buf *out, const struct database_value *value)
{
	if (value->type == DATABASE_TEXT)
		mcp_buf_text(out, value->text);
	else
		database_append(out, value);
}

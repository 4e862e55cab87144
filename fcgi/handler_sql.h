/* handler_sql.h - I am the operator's statement, on whichever database
 *
 * Prepared once per slot on a session that can only read unless the tool says
 * write, its :names bound from values. Rows, bytes and time are capped; what
 * the engine makes of it, I do not know (database.h).
 */
#ifndef FCGI_HANDLER_SQL_H
#define FCGI_HANDLER_SQL_H

#include "fcgi/handler.h"

struct database_statement;
struct sql_handles; /* of one slot */

/* sql_handles_new() - for all statements of @config, none of them made yet
 * Return: NULL: out of memory */
struct sql_handles *sql_handles_new(const struct mcp_config *config);
void sql_handles_free(struct sql_handles *handles);

/* sql_handles_shed() - those of @handles that may be closed while nobody uses
 * them; they are made anew when somebody does
 * Return: the caller's to free; NULL without memory. *handlesp is NULL then
 *         where nothing is left */
struct sql_handles *sql_handles_shed(struct sql_handles **handlesp);

/* sql_handles_statement() - that of @sql, with its database, both made at
 * their first use and asked nothing
 * Return: NULL: out of memory */
struct database_statement *
sql_handles_statement(struct sql_handles *handles, const struct mcp_sql *sql);

/* handler_sql_run() - see handler_run()
 * Shape:  one: text and structured are the row as an object; rows: text is the
 *         array, structured {"rows":[...]}; value: text is the bare value,
 *         structured {"value":...}; a statement that writes and returns no
 *         columns: {"changes":N}. Where no row is, structured is {}. Where
 *         rows were cut, structured also has "truncated", and "nextCursor"
 *         where they can be continued */
int handler_sql_run(struct call *call, const struct mcp_sql *sql,
    struct json_object *values, struct handler_result *result);

/* handler_sql_check() - does every statement of the snapshot prepare? A tool
 * that gives no outputSchema gets what is found out of its columns. A server
 * that is away is a warning: what speaks with it may come up later
 * Return: 0; problems are added to @problems; -ENOMEM */
int handler_sql_check(struct mcp_config *config, struct mcp_problems *problems);

#endif

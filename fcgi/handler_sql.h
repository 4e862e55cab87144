/* handler_sql.h - I am the only one who says sqlite3_
 *
 * The operator's statement, prepared once per slot on a handle that can only
 * read unless the tool says write, its :names bound from values. Rows, bytes
 * and time are capped; a running statement looks at the clock and at its call
 * every few thousand steps.
 */
#ifndef FCGI_HANDLER_SQL_H
#define FCGI_HANDLER_SQL_H

#include "fcgi/handler.h"

struct sql_handles; /* of one slot */

void sql_handles_free(struct sql_handles *handles);

/* handler_sql_run() - see handler_run()
 * Shape:  one: text and structured are the row as an object; rows: text is the
 *         array, structured {"rows":[...]}; value: text is the bare value,
 *         structured {"value":...}; a statement that writes and returns no
 *         columns: {"changes":N} */
int handler_sql_run(struct call *call, const struct mcp_sql *sql,
    struct json_object *values, struct handler_result *result);

/* handler_sql_check() - does every statement of the snapshot prepare?
 * Return: 0; problems are added to @problems */
int handler_sql_check(const struct mcp_config *config,
    struct mcp_problems *problems);

#endif

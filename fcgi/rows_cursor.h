/* rows_cursor.h - I am where the rest of a long answer begins
 *
 * A statement whose rows were cut is run again for the rest, and what the
 * caller has had already is skipped. The place travels with the client, sealed
 * {digest of the configuration, tool, arguments, subject, rows}: nobody goes
 * on with somebody else's, with other arguments, or under another file.
 */
#ifndef FCGI_ROWS_CURSOR_H
#define FCGI_ROWS_CURSOR_H

#include "fcgi/call.h"

#define ROWS_CURSOR_NAME "cursor" /* of the argument */

enum rows_cursor_condition {
	ROWS_CURSOR_E_FOREIGN = 1 /* it is none of this call's */
};

/* rows_cursor_open() - the rows to skip, as the arguments of @call say
 * Return: 0, also where no cursor is given; ROWS_CURSOR_E_FOREIGN; -ENOMEM */
int rows_cursor_open(
    const struct call *call, struct json_object *arguments, uint64_t *rowsp);

/* rows_cursor_close() - append the cursor that skips @rows
 * Return: 0; -ENOMEM */
int rows_cursor_close(const struct call *call, struct json_object *arguments,
    uint64_t rows, struct mcp_buf *out);

#endif

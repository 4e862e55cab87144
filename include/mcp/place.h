/* place.h - I know where in a statement a value stands
 *
 * A statement of the operator's names its values, :email, and nothing else in
 * it is ever replaced. Where a name is a name, and where the same letters are
 * a text, a comment or an operator, each engine says in its own way.
 */
#ifndef MCP_PLACE_H
#define MCP_PLACE_H

#include <mcp/text.h>

enum mcp_engine { MCP_ENGINE_SQLITE, MCP_ENGINE_POSTGRES, MCP_N_ENGINES };

/* mcp_place_next() - the next value of a statement, its mark included
 * Shape:  SQLite: ":a", "@a", "$a", "?" and "?1", outside of 'text', "name",
 *         `name`, [name] and comments. PostgreSQL: ":a" and "$1", outside of
 *         'text', E'te\'xt', "name", $tag$text$tag$ and nested comments.
 *         "::" is a cast in both
 * Return: where it begins, *lenp its bytes; NULL: there is none */
const char *
mcp_place_next(enum mcp_engine engine, const char *at, size_t *lenp);

#endif

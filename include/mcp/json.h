/* json.h - I ask a json-c tree, and say on one line what it holds
 *
 * json-c wants to know what an object is before it is asked for a member, and
 * two flags before it writes plainly. That is said here once.
 */
#ifndef MCP_JSON_H
#define MCP_JSON_H

#include <mcp/text.h>

struct json_object;

/* mcp_json_parse() - the tree of what mcp_scan() accepted, or of what was made
 * of that
 * Return: NULL where it is null, cannot be read, or without memory
 * Owner:  the caller's to put */
struct json_object *mcp_json_parse(struct mcp_text json);

/* mcp_json_get() - the member @name of @object
 * Return: NULL where there is none, it is null, or @object is no object
 * Owner:  borrowed from @object */
struct json_object *mcp_json_get(struct json_object *object, const char *name);

/* mcp_json_string() - what a JSON string holds, a NUL within included
 * Return: length 0 where @value is no string
 * Owner:  borrowed from @value */
struct mcp_text mcp_json_string(struct json_object *value);

/* mcp_json_text() - @value as JSON, without blanks
 * Return: NULL without memory
 * Owner:  lives until @value is written again, or ends */
const char *mcp_json_text(struct json_object *value);

#endif

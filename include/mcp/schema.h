/* schema.h - I say whether this JSON obeys that JSON Schema
 *
 * The door is the one of JSON Schema 2020-12; behind it, so far: type,
 * properties, required, additionalProperties, items, enum, const, minimum,
 * maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, minItems,
 * maxItems and boolean schemas. Other keywords are listed to clients unchanged
 * and not checked. Compiled once, immutable after, shared by threads.
 */
#ifndef MCP_SCHEMA_H
#define MCP_SCHEMA_H

#include <mcp/text.h>

struct json_object;
struct mcp_schema;

enum mcp_schema_condition {
	MCP_SCHEMA_E_BAD = 1, /* the schema itself is none */
	MCP_SCHEMA_E_INVALID /* the instance does not obey */
};

/* mcp_schema_new() - compile
 * Return: 0; MCP_SCHEMA_E_BAD with a sentence and the JSON pointer of the
 *         offending keyword appended to @why and @where; -ENOMEM
 * Owner:  @json is only read, and not kept */
int mcp_schema_new(struct json_object *json, struct mcp_schema **schemap,
    struct mcp_buf *where, struct mcp_buf *why);
void mcp_schema_free(struct mcp_schema *schema);

/* mcp_schema_check() - does @instance obey? NULL stands for JSON null
 * Return: 0; MCP_SCHEMA_E_INVALID with one sentence a model can act on
 *         appended to @why: which argument, what was expected, what came
 *         ("email: expected a string, got an integer"); -ENOMEM */
int mcp_schema_check(const struct mcp_schema *schema,
    struct json_object *instance, struct mcp_buf *why);

#endif

/* schema.h - I say whether this JSON obeys that JSON Schema
 *
 * The whole of JSON Schema 2020-12 that a validator must have: core,
 * applicator, validation, unevaluated; format and content are annotations, and
 * the common formats are checked where that is asked for. Every other dialect
 * is refused. What a schema refers to is in its own document, in a document
 * that was given beforehand, or nowhere: nothing is ever fetched. Regular
 * expressions are those of ECMA-262, as far as PCRE2 can be told to read them;
 * without PCRE2 a schema that needs one is refused.
 *
 * Compiled once, immutable after, shared by threads. Neither a schema nor an
 * instance takes more than a bounded time: what would is told as a condition
 * of its own.
 */
#ifndef MCP_SCHEMA_H
#define MCP_SCHEMA_H

#include <mcp/text.h>

struct json_object;
struct mcp_schema;
struct mcp_schema_documents;

#define MCP_SCHEMA_NODES_MAX 10000   /* sub-schemas of one schema */
#define MCP_SCHEMA_NESTED_MAX 128    /* sub-schemas within each other */
#define MCP_SCHEMA_DEPTH_MAX 1024    /* sub-schemas at work at one moment */
#define MCP_SCHEMA_STEPS_MAX 2000000 /* of one check, some 50 ns each */
#define MCP_SCHEMA_PATTERN_MAX 4096  /* bytes of a regular expression */

enum mcp_schema_condition {
	MCP_SCHEMA_E_BAD = 1, /* the schema itself is none */
	MCP_SCHEMA_E_INVALID, /* the instance does not obey */
	MCP_SCHEMA_E_BOUNDS   /* schema or instance is too much to look at */
};

/* mcp_schema_documents_new() - schemas that others may refer to, by URI */
struct mcp_schema_documents *mcp_schema_documents_new(void);
void mcp_schema_documents_free(struct mcp_schema_documents *documents);

/* mcp_schema_documents_add() - a document goes by @uri, and by its "$id"
 * Return: 0; -EINVAL: @uri has a fragment; -EEXIST; -ENOMEM
 * Owner:  a reference of @json is taken; nobody may change it as long as
 *         schemas are compiled with @documents */
int mcp_schema_documents_add(struct mcp_schema_documents *documents,
    const char *uri, struct json_object *json);

struct mcp_schema_options {
	const struct mcp_schema_documents *documents; /* NULL: none */
	bool formats; /* "format" must hold where we know it */
};

#define MCP_SCHEMA_OPTIONS_INIT ((struct mcp_schema_options){ NULL, false })

/* mcp_schema_new() - compile; as mcp_schema_new_with() the initial options
 * Return: 0; MCP_SCHEMA_E_BAD or MCP_SCHEMA_E_BOUNDS with a sentence and the
 *         JSON pointer of the offending keyword appended to @why and @where;
 *         -ENOMEM
 * Owner:  @json is only read, and not kept */
int mcp_schema_new(struct json_object *json, struct mcp_schema **schemap,
    struct mcp_buf *where, struct mcp_buf *why);
int mcp_schema_new_with(struct json_object *json,
    const struct mcp_schema_options *options, struct mcp_schema **schemap,
    struct mcp_buf *where, struct mcp_buf *why);
void mcp_schema_free(struct mcp_schema *schema);

/* mcp_schema_check() - does @instance obey? NULL stands for JSON null
 * Return: 0; MCP_SCHEMA_E_INVALID with one sentence a model can act on
 *         appended to @why: which argument, what was expected, what came
 *         ("email: expected a string, got an integer"); MCP_SCHEMA_E_BOUNDS
 *         with a sentence, and nobody knows whether it obeys; -ENOMEM */
int mcp_schema_check(const struct mcp_schema *schema,
    struct json_object *instance, struct mcp_buf *why);

#endif

/* openapi.h - I turn an OpenAPI description into tools a person can edit
 *
 * What comes in is the tree of an OpenAPI 3 document; what goes out is the
 * text of a file for "include" in mcp.json: a heading comment, then one tool
 * for each operation, for the "http" handler. The same input gives the same
 * bytes. What cannot be carried over is told, each time with the JSON pointer
 * it stands at; nothing is lost in silence.
 *
 * I never follow a reference out of the document, never write a secret (only
 * the name of the environment variable that is to hold it), and never
 * promise what the configuration would refuse: each tool I write has been
 * read by it.
 *
 * Spec: OpenAPI Specification 3.0.3 and 3.1.0; MCP 2025-11-25, "Tools"
 */
#ifndef OPENAPI_H
#define OPENAPI_H

#include <mcp/text.h>

struct json_object;

#define OPENAPI_OPERATIONS_MAX 1000  /* the rest is left out, and told */
#define OPENAPI_SCHEMAS_MAX 20000    /* looks at sub-schemas, of one tool */
#define OPENAPI_TOOL_MAX (1u << 20)  /* bytes of one tool */
#define OPENAPI_TEXT_MAX (64u << 20) /* bytes of all */

enum openapi_condition {
	OPENAPI_E_NOTHING = 1, /* no tool came of it; @told says why */
};

struct openapi_options {
	const char *file;     /* its name for comments and warnings */
	const char *base_url; /* where the back end is; NULL: as described */
	const char *prefix;   /* of each tool's name; "" for none */
	const char **tags;    /* whose operations are wanted */
	size_t n_tags;
	const char **operations; /* operations wanted, by id or tool name */
	size_t n_operations;	 /* 0, and no tag: all are */
	bool read_only;		 /* only GET and HEAD */
	bool no_output;		 /* no "outputSchema" */
};

/* openapi_import() - the text of a tools file, appended to @out
 * Shape:  @told gets lines, each with "mcpctl: ", the file, the JSON pointer
 *         and a sentence
 * Return: 0; OPENAPI_E_NOTHING, @out unchanged; -ENOMEM, @out undefined
 * Owner:  @json is only read */
int
openapi_import(struct json_object *json, const struct openapi_options *options,
    struct mcp_buf *out, struct mcp_buf *told);

#endif

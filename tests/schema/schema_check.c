/* schema_check.c - I say, line by line, whether an instance obeys its schema
 *
 * Input:  one JSON object a line: "schema", "instance"; optionally "formats":
 *         true, and "documents": an object of schemas by URI.
 * Output: one line for each: valid, invalid, bad, bounds, and, after a blank,
 *         the sentence that says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <mcp/schema.h>

static int
add_documents(struct mcp_schema_documents *documents, struct json_object *all)
{
	int rc = 0;

	if (!json_object_is_type(all, json_type_object))
		return 0;
	json_object_object_foreach(all, uri, json)
		if (rc == 0)
			rc = mcp_schema_documents_add(documents, uri, json);
	return rc;
}

static const char *
word_of(int condition)
{
	switch (condition) {
	case 0:
		return "valid";
	case MCP_SCHEMA_E_INVALID:
		return "invalid";
	case MCP_SCHEMA_E_BAD:
		return "bad";
	case MCP_SCHEMA_E_BOUNDS:
		return "bounds";
	default:
		return "error";
	}
}

static int
check(struct json_object *line, struct mcp_buf *why)
{
	struct mcp_schema_options options = MCP_SCHEMA_OPTIONS_INIT;
	struct mcp_schema_documents *documents = mcp_schema_documents_new();
	struct mcp_buf where = MCP_BUF_INIT;
	struct mcp_schema *schema = NULL;
	int rc = documents == NULL
	    ? -1
	    : add_documents(
		  documents, json_object_object_get(line, "documents"));

	options.documents = documents;
	options.formats =
	    json_object_get_boolean(json_object_object_get(line, "formats"));
	if (rc == 0)
		rc = mcp_schema_new_with(json_object_object_get(line, "schema"),
		    &options, &schema, &where, why);
	if (rc == 0)
		rc = mcp_schema_check(
		    schema, json_object_object_get(line, "instance"), why);
	mcp_schema_free(schema);
	mcp_schema_documents_free(documents);
	mcp_buf_deinit(&where);
	return rc;
}

int
main(void)
{
	char *text = NULL;
	size_t cap = 0;

	while (getline(&text, &cap, stdin) > 0) {
		struct json_object *line = json_tokener_parse(text);
		struct mcp_buf why = MCP_BUF_INIT;
		const char *word = line ? word_of(check(line, &why)) : "error";

		printf("%s %s\n", word, why.len > 0 ? why.data : "");
		mcp_buf_deinit(&why);
		json_object_put(line);
	}
	free(text);
	return 0;
}

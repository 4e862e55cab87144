/* config_schemas.c - I know the documents that schemas may refer to
 *
 * A document is a file of "schemas" and goes by its "$id". It is there before
 * any section is read, and stays: what plugins register is compiled last.
 */

#include "config_parse.h"
#include "schema_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Law: JSON Schema 2020-12, "The "$id" Keyword": absolute, without fragment */
static bool
is_absolute(const char *uri)
{
	const char *colon = strchr(uri, ':');

	return colon != NULL && colon != uri &&
	    strcspn(uri, "/?#") > (size_t)(colon - uri) &&
	    strchr(uri, '#') == NULL;
}

static void
add_document(struct config_reader *reader, const struct config_at *whole)
{
	struct config_at id;
	const char *uri;
	int r;

	if (!config_get(whole, "$id", &id)) {
		config_problem(reader, whole,
		    "the schema has no \"$id\", and by that others refer to "
		    "it. Write \"$id\": \"https://...\" into it");
		return;
	}
	if (!config_is(reader, &id, json_type_string))
		return;
	uri = json_object_get_string(id.json);
	r = is_absolute(uri) ? mcp_schema_documents_add(
				   reader->config->documents, uri, whole->json)
			     : -EINVAL;
	if (r == -EINVAL)
		config_problem(reader, &id,
		    "\"%.*s\" is no absolute URI without \"#\". Write it as "
		    "\"https://...\"; nothing is fetched from there",
		    CONFIG_QUOTE(uri));
	else if (r == -EEXIST)
		config_problem(reader, &id,
		    "another schema has the \"$id\" \"%.*s\". Rename one, or "
		    "take it out",
		    CONFIG_QUOTE(uri));
	else if (r != 0)
		reader->no_memory = true;
}

/* Told here, at their own lines, and not at every tool that refers there. */
static void
check_document(struct config_reader *reader, const struct config_at *whole)
{
	struct mcp_schema *schema = NULL;

	config_schema_compile(reader, whole, &schema);
	mcp_schema_free(schema);
}

static void
each_document(struct config_reader *reader,
    void (*act)(struct config_reader *, const struct config_at *))
{
	for (size_t i = 0; i < reader->n_files && !reader->no_memory; i++) {
		const struct config_file *file = &reader->files[i];
		struct config_at whole = { NULL, NULL, 0, file->json, file };

		if (file->is_schema &&
		    json_object_is_type(file->json, json_type_object))
			act(reader, &whole);
	}
}

void
config_schemas(struct config_reader *reader)
{
	reader->config->documents = mcp_schema_documents_new();
	if (reader->config->documents == NULL) {
		reader->no_memory = true;
		return;
	}
	each_document(reader, add_document);
	if (reader->n_errors == 0)
		each_document(reader, check_document);
}

void
config_schema_compile(struct config_reader *reader, const struct config_at *at,
    struct mcp_schema **schemap)
{
	const struct mcp_schema_options options = { reader->config->documents,
		reader->config->server.formats };
	struct mcp_buf where = MCP_BUF_INIT, why = MCP_BUF_INIT;
	int r = mcp_schema_new_with(at->json, &options, schemap, &where, &why);
	const char *reason = why.data == NULL ? "nobody knows why" : why.data;

	if (r < 0 || where.failed || why.failed)
		reader->no_memory = true;
	else if (r > 0 && at->key == NULL)
		config_problem_below(reader, at,
		    where.data == NULL ? "" : where.data,
		    "this is no JSON Schema: %s. Mend it there", reason);
	else if (r > 0)
		config_problem_below(reader, at,
		    where.data == NULL ? "" : where.data,
		    "\"%s\" is no JSON Schema: %s. Mend it there", at->key,
		    reason);
	mcp_buf_deinit(&where);
	mcp_buf_deinit(&why);
}

/* --- what clients are shown --- */

/* What was found on the way, by URI. */
struct bundle {
	struct config_reader *reader;
	struct json_object *found;
};

static void bundle_all(struct bundle *bundle, struct json_object *json);

/* The member takes a reference of its own. */
static bool
put(struct config_reader *reader, struct json_object *object, const char *name,
    struct json_object *value)
{
	if (json_object_object_add(object, name, json_object_get(value)) == 0)
		return true;
	json_object_put(value);
	reader->no_memory = true;
	return false;
}

static void
bundle_document(struct bundle *bundle, const char *uri)
{
	struct json_object *document =
	    mcp_schema_documents_find(bundle->reader->config->documents, uri);

	if (document != NULL &&
	    !json_object_object_get_ex(bundle->found, uri, NULL) &&
	    put(bundle->reader, bundle->found, uri, document))
		bundle_all(bundle, document);
}

static void
bundle_reference(struct bundle *bundle, struct json_object *json)
{
	const char *uri = json_object_get_string(json);
	char *front = mcp_text_dup((struct mcp_text){ uri, strcspn(uri, "#") });

	if (front == NULL)
		bundle->reader->no_memory = true;
	else if (front[0] != '\0')
		bundle_document(bundle, front);
	free(front);
}

/* As deep as the scanner let the files be; each document is entered once. */
static void
bundle_all(struct bundle *bundle, struct json_object *json)
{
	if (json_object_is_type(json, json_type_array))
		for (size_t i = 0; i < json_object_array_length(json); i++)
			bundle_all(bundle, json_object_array_get_idx(json, i));
	if (!json_object_is_type(json, json_type_object))
		return;
	json_object_object_foreach(json, name, value) {
		if (strcmp(name, "$ref") == 0 &&
		    json_object_is_type(value, json_type_string))
			bundle_reference(bundle, value);
		else
			bundle_all(bundle, value);
	}
}

/* Beside what the schema defines itself; "$defs" is an object, or the schema
 * would not have been compiled. */
static void
add_definitions(struct bundle *bundle, struct json_object *schema)
{
	struct json_object *defs = json_object_object_get(schema, "$defs");

	if (defs == NULL) {
		put(bundle->reader, schema, "$defs", bundle->found);
		return;
	}
	json_object_object_foreach(bundle->found, uri, document)
		put(bundle->reader, defs, uri, document);
}

void
config_schema_bundle(struct config_reader *reader, const struct config_at *tool,
    const char *name)
{
	struct bundle bundle = { reader, NULL };
	struct config_at schema;

	if (reader->n_errors > 0 || !config_get(tool, name, &schema) ||
	    !json_object_is_type(schema.json, json_type_object))
		return;
	bundle.found = json_object_new_object();
	if (bundle.found == NULL) {
		reader->no_memory = true;
		return;
	}
	bundle_all(&bundle, schema.json);
	if (json_object_object_length(bundle.found) > 0 && !reader->no_memory)
		add_definitions(&bundle, schema.json);
	json_object_put(bundle.found);
}

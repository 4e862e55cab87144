/* schema_library.c - I know what the URIs in a schema name
 *
 * A document is read once: each sub-schema with an "$id" is a resource of its
 * own, and anchors are names within theirs. One table takes a whole URI, with
 * or without a fragment, to what it names. Only what stands where a keyword
 * holds a schema is read; an "$id" within "const" or "examples" is just data.
 *
 * Documents given beforehand are read when somebody asks for them; the
 * meta-schemas too. What is neither is nowhere: I have no way to the network.
 *
 * Law: JSON Schema 2020-12, "Core", "Base URI, Anchors, and Dereferencing";
 *      RFC 6901
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_parts.h"

#define READ_MAX 200000 /* sub-schemas in all documents read */

/* --- documents ----------------------------------------------------------- */

struct document {
	struct document *next;
	char *uri;
	struct json_object *json;
};

struct mcp_schema_documents {
	struct document *first;
};

struct mcp_schema_documents *
mcp_schema_documents_new(void)
{
	return calloc(1, sizeof(struct mcp_schema_documents));
}

void
mcp_schema_documents_free(struct mcp_schema_documents *documents)
{
	struct document *document;

	if (documents == NULL)
		return;
	while ((document = documents->first) != NULL) {
		documents->first = document->next;
		json_object_put(document->json);
		free(document->uri);
		free(document);
	}
	free(documents);
}

int
mcp_schema_documents_add(struct mcp_schema_documents *documents,
    const char *uri, struct json_object *json)
{
	struct document *document, **last = &documents->first;

	if (strchr(uri, '#') != NULL)
		return -EINVAL;
	for (; *last != NULL; last = &(*last)->next)
		if (strcmp((*last)->uri, uri) == 0)
			return -EEXIST;
	document = calloc(1, sizeof(*document));
	if (document == NULL)
		return -ENOMEM;
	document->uri = strdup(uri);
	if (document->uri == NULL) {
		free(document);
		return -ENOMEM;
	}
	document->json = json_object_get(json);
	*last = document;
	return 0;
}

struct json_object *
mcp_schema_documents_find(
    const struct mcp_schema_documents *documents, const char *uri)
{
	const struct document *document = documents ? documents->first : NULL;

	for (; document != NULL; document = document->next)
		if (strcmp(document->uri, uri) == 0)
			return document->json;
	return NULL;
}

/* --- the library --------------------------------------------------------- */

struct library {
	const struct mcp_schema_documents *documents;
	struct lh_table *names; /* URI -> struct target, both ours */
	struct lh_table *roots; /* JSON -> struct resource */
	struct resource *resources, **last;
	struct json_object *metas; /* an array of those parsed */
	unsigned n_resources;
	unsigned n_read;
	bool has_read_all;
};

static void
name_free(struct lh_entry *entry)
{
	free(lh_entry_k(entry));
	free(lh_entry_v(entry));
}

int
library_new(
    const struct mcp_schema_documents *documents, struct library **libraryp)
{
	struct library *library = calloc(1, sizeof(*library));

	if (library == NULL)
		return -ENOMEM;
	library->documents = documents;
	library->last = &library->resources;
	library->names = lh_kchar_table_new(16, name_free);
	library->roots = lh_kptr_table_new(16, NULL);
	library->metas = json_object_new_array();
	if (library->names == NULL || library->roots == NULL ||
	    library->metas == NULL) {
		library_free(library);
		return -ENOMEM;
	}
	*libraryp = library;
	return 0;
}

void
library_free(struct library *library)
{
	struct resource *resource;

	if (library == NULL)
		return;
	while ((resource = library->resources) != NULL) {
		library->resources = resource->next;
		free(resource->uri);
		free(resource);
	}
	if (library->names != NULL)
		lh_table_free(library->names);
	if (library->roots != NULL)
		lh_table_free(library->roots);
	json_object_put(library->metas);
	free(library);
}

struct resource *
library_resources(const struct library *library)
{
	return library->resources;
}

struct resource *
library_root(const struct library *library, struct json_object *json)
{
	void *found = NULL;

	lh_table_lookup_ex(library->roots, json, &found);
	return found;
}

/* --- reading ------------------------------------------------------------- */

/* The first to take a name has it. The name is ours from now on. */
static int
name_add(struct library *library, char *uri, struct json_object *json,
    struct resource *resource, bool is_dynamic)
{
	struct target *target;
	struct lh_entry *known;

	if (uri == NULL)
		return -ENOMEM;
	known = lh_table_lookup_entry(library->names, uri);
	if (known != NULL) {
		target = lh_entry_v(known);
		target->is_dynamic |= is_dynamic && target->json == json;
		free(uri);
		return 0;
	}
	target = malloc(sizeof(*target));
	if (target != NULL) {
		*target = (struct target){ json, resource, is_dynamic };
		if (lh_table_insert(library->names, uri, target) == 0)
			return 0;
	}
	free(target);
	free(uri);
	return -ENOMEM;
}

static char *
anchor_uri(const struct resource *resource, const char *name)
{
	char *uri;

	return asprintf(&uri, "%s#%s", resource->uri, name) < 0 ? NULL : uri;
}

/* @uri is the resource's own from now on. */
static int
resource_add(struct library *library, char *uri, struct json_object *root,
    struct resource *parent, struct resource **resourcep)
{
	struct resource *resource = calloc(1, sizeof(*resource));
	char *fragment = strchr(uri, '#');

	if (resource == NULL) {
		free(uri);
		return -ENOMEM;
	}
	if (fragment != NULL)
		*fragment = '\0';
	resource->uri = uri;
	resource->parent = parent;
	resource->root = root;
	resource->number = library->n_resources++;
	*library->last = resource;
	library->last = &resource->next;
	*resourcep = resource;
	if (lh_table_lookup_entry(library->roots, root) == NULL &&
	    lh_table_insert(library->roots, root, resource) != 0)
		return -ENOMEM;
	return name_add(library, strdup(uri), root, resource, false);
}

static const char *
string_of(struct json_object *schema, const char *keyword)
{
	struct json_object *value = json_object_object_get(schema, keyword);

	return json_object_is_type(value, json_type_string)
	    ? json_object_get_string(value)
	    : NULL;
}

static int
read_anchor(struct library *library, struct json_object *schema,
    struct resource *resource, const char *keyword, bool is_dynamic)
{
	const char *name = string_of(schema, keyword);

	return name == NULL ? 0
			    : name_add(library, anchor_uri(resource, name),
				  schema, resource, is_dynamic);
}

static int read_schema(struct library *library, struct json_object *schema,
    struct resource *resource, unsigned depth);

static int
read_held(struct library *library, enum schema_holds holds,
    struct json_object *value, struct resource *resource, unsigned depth)
{
	int rc = 0;

	if (holds == HOLDS_SCHEMA)
		return read_schema(library, value, resource, depth);
	if (holds == HOLDS_ARRAY && json_object_is_type(value, json_type_array))
		for (size_t i = 0;
		     rc == 0 && i < json_object_array_length(value); i++)
			rc = read_schema(library,
			    json_object_array_get_idx(value, i), resource,
			    depth);
	if (holds == HOLDS_MAP &&
	    json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, schema) {
			(void)name;
			if (rc == 0)
				rc = read_schema(
				    library, schema, resource, depth);
		}
	}
	return rc;
}

static int
read_id(struct library *library, struct json_object *schema,
    struct resource **resourcep)
{
	const char *id = string_of(schema, "$id");
	char *uri;

	if (id == NULL || library_root(library, schema) != NULL)
		return 0;
	if (uri_resolve((*resourcep)->uri, id, &uri) != 0)
		return -ENOMEM;
	return resource_add(library, uri, schema, *resourcep, resourcep);
}

static int
read_schema(struct library *library, struct json_object *schema,
    struct resource *resource, unsigned depth)
{
	struct json_object *value;
	int rc;

	if (!json_object_is_type(schema, json_type_object))
		return 0;
	if (depth == MCP_SCHEMA_NESTED_MAX || library->n_read++ == READ_MAX)
		return MCP_SCHEMA_E_BOUNDS;
	rc = read_id(library, schema, &resource);
	if (rc == 0)
		rc = read_anchor(library, schema, resource, "$anchor", false);
	if (rc == 0)
		rc = read_anchor(
		    library, schema, resource, "$dynamicAnchor", true);
	for (size_t i = 0; schema_keywords[i] != NULL; i++)
		for (const struct keyword *row = schema_keywords[i];
		     rc == 0 && row->name != NULL; row++)
			if (row->holds != HOLDS_NONE &&
			    json_object_object_get_ex(
				schema, row->name, &value))
				rc = read_held(library, row->holds, value,
				    resource, depth + 1);
	return rc;
}

/* The root's resource goes by its "$id"; where it was found it is known too.
 */
int
library_read(struct library *library, const char *uri, struct json_object *json,
    struct resource **resourcep)
{
	const char *id = string_of(json, "$id");
	struct resource *resource;
	char *own;
	int rc = uri_resolve(uri, id != NULL ? id : "", &own);

	if (rc == 0)
		rc = resource_add(library, own, json, NULL, &resource);
	if (rc == 0)
		rc = name_add(library, strdup(uri), json, resource, false);
	if (rc == 0)
		rc = read_schema(library, json, resource, 0);
	if (rc == 0)
		*resourcep = resource;
	return rc;
}

/* --- finding ------------------------------------------------------------- */

static int
read_meta(struct library *library, const char *uri, const char *text)
{
	struct json_object *json = json_tokener_parse(text);
	struct resource *resource;

	if (json == NULL)
		return -ENOMEM;
	if (json_object_array_add(library->metas, json) != 0) {
		json_object_put(json);
		return -ENOMEM;
	}
	return library_read(library, uri, json, &resource);
}

static bool
is_read(const struct library *library, const char *uri)
{
	return lh_table_lookup_entry(library->names, uri) != NULL;
}

/* Somewhere in what was given there may be an "$id" which says so. */
static int
read_all(struct library *library)
{
	const struct document *document =
	    library->documents ? library->documents->first : NULL;
	struct resource *resource;
	int rc = 0;

	if (library->has_read_all)
		return 0;
	library->has_read_all = true;
	for (; rc == 0 && document != NULL; document = document->next)
		if (!is_read(library, document->uri))
			rc = library_read(
			    library, document->uri, document->json, &resource);
	return rc;
}

static int
find_resource(struct library *library, const char *uri, struct target *target)
{
	struct json_object *json;
	struct resource *resource;
	const char *meta;
	struct lh_entry *entry;
	int rc = 0;

	if (!is_read(library, uri)) {
		json = mcp_schema_documents_find(library->documents, uri);
		meta = schema_meta(uri);
		if (json != NULL)
			rc = library_read(library, uri, json, &resource);
		else if (meta != NULL)
			rc = read_meta(library, uri, meta);
		else
			rc = read_all(library);
	}
	entry = lh_table_lookup_entry(library->names, uri);
	if (rc == 0 && entry == NULL)
		return MCP_SCHEMA_E_BAD;
	if (rc == 0)
		*target = *(struct target *)lh_entry_v(entry);
	return rc;
}

static int
hex_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c | 0x20);

	return at == NULL ? -1 : (int)(at - digits);
}

static void
decode_percent(char *text)
{
	char *out = text;

	while (*text != '\0') {
		if (*text == '%' && hex_of(text[1]) >= 0 &&
		    hex_of(text[2]) >= 0) {
			*out++ = (char)(hex_of(text[1]) * 16 + hex_of(text[2]));
			text += 3;
		} else
			*out++ = *text++;
	}
	*out = '\0';
}

/* ~1 is a slash, ~0 a tilde. */
static void
decode_token(char *token)
{
	char *out = token;

	for (; *token != '\0'; token++) {
		if (token[0] == '~' && (token[1] == '0' || token[1] == '1'))
			*out++ = *++token == '0' ? '~' : '/';
		else
			*out++ = *token;
	}
	*out = '\0';
}

static bool
is_index(const char *token, size_t *indexp)
{
	uint64_t index;

	if (mcp_text_number(mcp_text_of(token), &index) != 0 ||
	    (token[0] == '0' && token[1] != '\0'))
		return false;
	*indexp = (size_t)index;
	return true;
}

/* One token of a JSON pointer; what begins a resource, belongs to it. */
static bool
step_into(
    const struct library *library, struct target *target, const char *token)
{
	struct resource *resource;
	size_t index;

	if (json_object_is_type(target->json, json_type_array)) {
		if (!is_index(token, &index) ||
		    index >= json_object_array_length(target->json))
			return false;
		target->json = json_object_array_get_idx(target->json, index);
	} else if (!json_object_is_type(target->json, json_type_object) ||
	    !json_object_object_get_ex(target->json, token, &target->json))
		return false;
	resource = library_root(library, target->json);
	if (resource != NULL)
		target->resource = resource;
	return true;
}

static int
follow_pointer(
    const struct library *library, char *pointer, struct target *target)
{
	char *token, *rest = pointer + 1;

	while ((token = strsep(&rest, "/")) != NULL) {
		decode_token(token);
		if (!step_into(library, target, token))
			return MCP_SCHEMA_E_BAD;
	}
	target->is_dynamic = false;
	return 0;
}

static int
find_anchor(
    const struct library *library, const char *name, struct target *target)
{
	char *uri = anchor_uri(target->resource, name);
	struct lh_entry *entry;

	if (uri == NULL)
		return -ENOMEM;
	entry = lh_table_lookup_entry(library->names, uri);
	free(uri);
	if (entry == NULL)
		return MCP_SCHEMA_E_BAD;
	*target = *(struct target *)lh_entry_v(entry);
	return 0;
}

int
library_find(struct library *library, const char *uri, struct target *target)
{
	char *copy = strdup(uri), *fragment;
	int rc;

	if (copy == NULL)
		return -ENOMEM;
	fragment = strchr(copy, '#');
	if (fragment != NULL)
		*fragment++ = '\0';
	rc = find_resource(library, copy, target);
	if (rc == 0 && fragment != NULL && *fragment != '\0') {
		decode_percent(fragment);
		rc = *fragment == '/'
		    ? follow_pointer(library, fragment, target)
		    : find_anchor(library, fragment, target);
	}
	free(copy);
	return rc;
}

int
library_dynamic(const struct library *library, struct resource *resource,
    const char *name, struct target *target)
{
	struct target found = { NULL, resource, false };
	int rc = find_anchor(library, name, &found);

	*target = found;
	if (rc == MCP_SCHEMA_E_BAD || !found.is_dynamic)
		target->json = NULL;
	return rc < 0 ? rc : 0;
}

/* schema_compile.c - I make a JSON Schema into nodes and checks
 *
 * What stands within a schema is compiled where it stands; what it refers to
 * waits in line, so that a chain of references is as long as it likes. A node
 * belongs to a piece of JSON as seen from a resource, and there is one of it.
 * The operator reads what goes wrong: each problem names the keyword, and the
 * pointer to it within the document.
 *
 * Law: JSON Schema 2020-12, "Core": "Identifiers", "Schema References",
 *      "Meta-Schemas and Vocabularies"
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema_parts.h"

#define META "https://json-schema.org/draft/2020-12/"
#define ROOT_URI ""	       /* a document without "$id" has no name */
#define CANDIDATES_MAX 1000000 /* of all dynamic references */

struct compiler {
	struct mcp_schema *schema;
	struct library *library;
	const struct mcp_schema_options *options;
	struct lh_table *known; /* JSON -> struct node */
	struct node **last;	/* of the schema's nodes */
	size_t n_nodes;
	unsigned depth;
	struct mcp_buf *where, *why;
	const char *origin; /* what led to a node that stands elsewhere */
};

/* --- what goes wrong ----------------------------------------------------- */

struct mcp_buf *
schema_why(const struct source *source)
{
	return source->compiler->why;
}

static int
fail(const struct source *source, const struct place *place, int condition)
{
	struct compiler *compiler = source->compiler;

	if (compiler->origin != NULL)
		mcp_buf_puts(compiler->where, compiler->origin);
	else
		say_pointer(compiler->where, place);
	return compiler->where->failed ? -ENOMEM : condition;
}

int
schema_bad_at(
    const struct source *source, const struct place *place, const char *what)
{
	struct mcp_buf *why = source->compiler->why;
	int rc = fail(source, place, MCP_SCHEMA_E_BAD);

	if (source->compiler->origin != NULL)
		mcp_buf_puts(why, "what is referred to here fails: ");
	if (source->place.key != NULL)
		mcp_buf_printf(why, "\"%s\" ", source->place.key);
	mcp_buf_puts(why, what);
	return why->failed ? -ENOMEM : rc;
}

int
schema_bad(const struct source *source, const char *what)
{
	return schema_bad_at(source, &source->place, what);
}

static int
too_much(const struct source *source, const struct place *place)
{
	mcp_buf_printf(source->compiler->why,
	    "it has more than %d sub-schemas, or more than %d within each other",
	    MCP_SCHEMA_NODES_MAX, MCP_SCHEMA_NESTED_MAX);
	return source->compiler->why->failed
	    ? -ENOMEM
	    : fail(source, place, MCP_SCHEMA_E_BOUNDS);
}

/* --- members ------------------------------------------------------------- */

int
schema_members_reserve(struct check *check, size_t n)
{
	check->members = calloc(n > 0 ? n : 1, sizeof(*check->members));
	return check->members == NULL ? -ENOMEM : 0;
}

struct member *
schema_member_add(struct check *check, const char *name)
{
	struct member *member = &check->members[check->n_members];

	member->name = strdup(name);
	if (member->name == NULL)
		return NULL;
	check->n_members++;
	return member;
}

static int
member_compare(const void *a, const void *b)
{
	return strcmp(
	    ((const struct member *)a)->name, ((const struct member *)b)->name);
}

void
schema_members_sort(struct check *check)
{
	qsort(check->members, check->n_members, sizeof(*check->members),
	    member_compare);
}

const struct member *
schema_member_find(const struct check *check, const char *name)
{
	struct member wanted = { .name = (char *)(uintptr_t)name };

	return bsearch(&wanted, check->members, check->count, sizeof(wanted),
	    member_compare);
}

int
schema_keep_said(struct check *check, struct mcp_buf *buf)
{
	check->said = buf->failed ? NULL : buf->data;
	if (check->said == NULL)
		mcp_buf_deinit(buf);
	return check->said == NULL ? -ENOMEM : 0;
}

/* --- patterns and formats ------------------------------------------------ */

int
schema_need_pattern(const struct source *source, const struct place *place,
    const char *text, const struct pattern **patternp)
{
	struct mcp_schema *schema = source->compiler->schema;
	struct mcp_buf why = MCP_BUF_INIT;
	struct pattern *pattern = schema->patterns;
	int rc;

	for (; pattern != NULL; pattern = pattern_next(pattern))
		if (strcmp(pattern_text(pattern), text) == 0) {
			*patternp = pattern;
			return 0;
		}
	rc = pattern_new(text, &pattern, &why);
	if (rc == 0) {
		pattern_chain(pattern, schema->patterns);
		schema->patterns = pattern;
		*patternp = pattern;
	} else if (rc > 0) {
		rc = schema_bad_at(source, place, "");
		mcp_buf_text(source->compiler->why, mcp_buf_view(&why));
	}
	mcp_buf_deinit(&why);
	return rc;
}

bool
schema_wants_formats(const struct source *source)
{
	return source->compiler->options->formats ||
	    (source->resource->vocabularies & VOCABULARY_FORMAT_ASSERTION);
}

/* --- nodes --------------------------------------------------------------- */

static int
node_new(const struct source *source, const struct place *place,
    struct json_object *json, struct resource *resource, struct node **nodep)
{
	struct compiler *compiler = source->compiler;
	struct lh_entry *entry = lh_table_lookup_entry(compiler->known, json);
	struct node *node;

	if (compiler->n_nodes == MCP_SCHEMA_NODES_MAX)
		return too_much(source, place);
	node = calloc(1, sizeof(*node));
	if (node == NULL)
		return -ENOMEM;
	node->json = json;
	node->from = resource;
	node->resource = resource->number;
	if (entry != NULL) {
		node->same = ((struct node *)lh_entry_v(entry))->same;
		((struct node *)lh_entry_v(entry))->same = node;
	} else if (lh_table_insert(compiler->known, json, node) != 0) {
		free(node);
		return -ENOMEM;
	}
	compiler->n_nodes++;
	*compiler->last = node;
	compiler->last = &node->next;
	*nodep = node;
	return 0;
}

/* The node of this JSON, seen from its own resource, or from this one. */
static int
node_get(const struct source *source, const struct place *place,
    struct json_object *json, struct resource *resource, struct node **nodep)
{
	struct compiler *compiler = source->compiler;
	struct resource *own = library_root(compiler->library, json);
	struct lh_entry *entry = lh_table_lookup_entry(compiler->known, json);
	struct node *node = entry ? lh_entry_v(entry) : NULL;

	if (own != NULL)
		resource = own;
	for (; node != NULL; node = node->same)
		if (node->from == resource) {
			*nodep = node;
			return 0;
		}
	return node_new(source, place, json, resource, nodep);
}

/* --- dialects ------------------------------------------------------------ */

static const struct {
	const char *uri;
	unsigned bit;
} vocabularies[] = {
	{ META "vocab/core", VOCABULARY_CORE },
	{ META "vocab/applicator", VOCABULARY_APPLICATOR },
	{ META "vocab/unevaluated", VOCABULARY_UNEVALUATED },
	{ META "vocab/validation", VOCABULARY_VALIDATION },
	{ META "vocab/format-annotation", VOCABULARY_FORMAT },
	{ META "vocab/format-assertion",
	    VOCABULARY_FORMAT | VOCABULARY_FORMAT_ASSERTION },
	{ META "vocab/meta-data", VOCABULARY_OTHER },
	{ META "vocab/content", VOCABULARY_OTHER },
};

static unsigned
vocabulary_named(const char *uri)
{
	for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]);
	     i++)
		if (strcmp(vocabularies[i].uri, uri) == 0)
			return vocabularies[i].bit;
	return 0;
}

static int
bad_dialect(const struct source *source, const char *what, const char *uri)
{
	struct mcp_buf *why = source->compiler->why;
	int rc = schema_bad(source, what);

	say_quoted(why, uri);
	mcp_buf_puts(why,
	    ". What is spoken here is JSON Schema 2020-12, \"" META "schema\"");
	return why->failed ? -ENOMEM : rc;
}

/* A meta-schema of one's own says which vocabularies its schemas are of. */
static int
read_vocabularies(const struct source *source, struct json_object *meta,
    unsigned *vocabulariesp)
{
	struct json_object *list = NULL;
	unsigned bit;

	*vocabulariesp = VOCABULARIES_2020_12;
	if (!json_object_is_type(meta, json_type_object) ||
	    !json_object_object_get_ex(meta, "$vocabulary", &list) ||
	    !json_object_is_type(list, json_type_object))
		return 0;
	*vocabulariesp = VOCABULARY_CORE;
	json_object_object_foreach(list, uri, is_needed) {
		bit = vocabulary_named(uri);
		if (bit == 0 && json_object_get_boolean(is_needed))
			return bad_dialect(source,
			    "needs a vocabulary that is not known here: ", uri);
		*vocabulariesp |= bit;
	}
	return 0;
}

static bool
is_2020_12(const char *uri)
{
	size_t len = strlen(META "schema");

	return strncmp(uri, META "schema", len) == 0 &&
	    (uri[len] == '\0' || strcmp(uri + len, "#") == 0);
}

/* What has no scheme is no URI, and names nothing. */
static int
read_dialect(
    const struct source *source, const char *uri, unsigned *vocabulariesp)
{
	struct target meta;
	int rc;

	*vocabulariesp = VOCABULARIES_2020_12;
	if (is_2020_12(uri))
		return 0;
	if (strstr(uri, "json-schema.org/") != NULL)
		return bad_dialect(
		    source, "names another dialect of JSON Schema: ", uri);
	if (!uri_has_scheme(uri))
		return 0;
	rc = library_find(source->compiler->library, uri, &meta);
	if (rc == MCP_SCHEMA_E_BAD)
		return bad_dialect(
		    source, "names a dialect that is not known here: ", uri);
	if (rc == MCP_SCHEMA_E_BOUNDS)
		return too_much(source, &source->place);
	return rc == 0 ? read_vocabularies(source, meta.json, vocabulariesp)
		       : rc;
}

/* A resource that does not say speaks as the one it stands in. */
static int
need_dialect(const struct source *from, const struct place *place,
    struct resource *resource)
{
	struct source source = { from->compiler, resource->root, resource,
		{ place, "$schema", 0, false } };
	struct json_object *value = NULL;
	unsigned found = VOCABULARIES_2020_12;
	int rc = 0;

	if (resource->vocabularies != 0)
		return 0;
	if (json_object_is_type(resource->root, json_type_object) &&
	    json_object_object_get_ex(resource->root, "$schema", &value)) {
		if (!json_object_is_type(value, json_type_string))
			return schema_bad(&source, "must be a URI");
		rc = read_dialect(
		    &source, json_object_get_string(value), &found);
	} else {
		if (resource->parent != NULL)
			rc = need_dialect(from, place, resource->parent);
		if (rc == 0 && resource->parent != NULL)
			found = resource->parent->vocabularies;
	}
	if (rc == 0)
		resource->vocabularies = found;
	return rc;
}

/* --- compiling ----------------------------------------------------------- */

static int
compile_keyword(const struct source *source, const struct keyword *keyword,
    struct json_object *value, struct node *node)
{
	struct check *checks =
	    reallocarray(node->checks, node->n_checks + 1, sizeof(*checks));
	int rc;

	if (checks == NULL)
		return -ENOMEM;
	node->checks = checks;
	checks += node->n_checks;
	*checks = (struct check){ .keyword = keyword };
	node->n_checks++;
	rc = keyword->compile(source, value, checks);
	if (rc == 0 && keyword->run == NULL)
		node->n_checks--;
	return rc;
}

static int
compile_keywords(const struct source *from, const struct place *place,
    struct node *node, const struct keyword *row)
{
	struct json_object *value;
	int rc = 0;

	for (; rc == 0 && row->name != NULL; row++) {
		struct source source = { from->compiler, node->json, node->from,
			{ place, row->name, 0, false } };

		if (row->compile == NULL ||
		    !(row->vocabulary & node->from->vocabularies) ||
		    !json_object_object_get_ex(node->json, row->name, &value))
			continue;
		rc = compile_keyword(&source, row, value, node);
		if (row->vocabulary == VOCABULARY_UNEVALUATED)
			node->looks_back = true;
	}
	return rc;
}

static int
compile_node(
    const struct source *from, const struct place *place, struct node *node)
{
	struct compiler *compiler = from->compiler;
	int rc;

	if (node->compiled)
		return 0;
	node->compiled = true;
	if (json_object_is_type(node->json, json_type_boolean)) {
		node->never = !json_object_get_boolean(node->json);
		return 0;
	}
	rc = need_dialect(from, place, node->from);
	if (compiler->depth == MCP_SCHEMA_NESTED_MAX)
		rc = too_much(from, place);
	compiler->depth++;
	for (size_t i = 0; rc == 0 && schema_keywords[i] != NULL; i++)
		rc = compile_keywords(from, place, node, schema_keywords[i]);
	compiler->depth--;
	return rc;
}

/* @from is the keyword that holds the schema, to be named if it is none. */
static int
require_schema(const struct source *from, const struct place *place,
    struct json_object *json)
{
	if (json_object_is_type(json, json_type_object) ||
	    json_object_is_type(json, json_type_boolean))
		return 0;
	return schema_bad_at(from, place,
	    from->place.key
		? "must hold a schema, which is an object or a boolean"
		: "a schema is an object or a boolean");
}

int
schema_sub(const struct source *source, const struct place *place,
    struct json_object *json, const struct node **nodep)
{
	struct node *node;
	int rc = require_schema(source, place, json);

	if (rc == 0)
		rc = node_get(source, place, json, source->resource, &node);
	if (rc == 0)
		rc = compile_node(source, place, node);
	if (rc == 0)
		*nodep = node;
	return rc;
}

/* --- references ---------------------------------------------------------- */

/* Where the reference stands, for what may be wrong at its other end. */
static int
remember_origin(const struct source *source, struct node *node)
{
	struct mcp_buf buf = MCP_BUF_INIT;

	if (node->compiled || node->origin != NULL)
		return 0;
	if (source->compiler->origin != NULL)
		mcp_buf_puts(&buf, source->compiler->origin);
	else
		say_pointer(&buf, &source->place);
	if (buf.failed || buf.data == NULL) {
		mcp_buf_deinit(&buf);
		return -ENOMEM;
	}
	node->origin = buf.data;
	return 0;
}

static int
bad_reference(const struct source *source, const char *reference)
{
	struct mcp_buf *why = source->compiler->why;
	int rc = schema_bad(source, "leads nowhere: ");

	mcp_buf_json_string(why, mcp_text_of(reference));
	mcp_buf_puts(why,
	    " is neither in this document nor in one that was "
	    "given beforehand, and nothing is fetched");
	return why->failed ? -ENOMEM : rc;
}

static int
find_target(
    const struct source *source, const char *reference, struct target *target)
{
	char *uri;
	int rc = uri_resolve(source->resource->uri, reference, &uri);

	if (rc != 0)
		return rc;
	rc = library_find(source->compiler->library, uri, target);
	free(uri);
	if (rc == MCP_SCHEMA_E_BAD)
		return bad_reference(source, reference);
	if (rc == MCP_SCHEMA_E_BOUNDS)
		return too_much(source, &source->place);
	return rc;
}

/* @dynamicp: the anchor, if the target is to be found while checking. */
int
schema_refer(const struct source *source, const char *reference,
    const struct node **nodep, char **dynamicp)
{
	const char *fragment = strchr(reference, '#');
	struct target target;
	struct node *node;
	int rc = find_target(source, reference, &target);

	if (rc == 0)
		rc = require_schema(source, &source->place, target.json);
	if (rc == 0)
		rc = node_get(source, &source->place, target.json,
		    target.resource, &node);
	if (rc == 0)
		rc = remember_origin(source, node);
	if (rc == 0 && dynamicp != NULL && target.is_dynamic) {
		*dynamicp = strdup(fragment + 1);
		rc = *dynamicp == NULL ? -ENOMEM : 0;
	}
	if (rc == 0)
		*nodep = node;
	return rc;
}

/* --- dynamic references -------------------------------------------------- */

/* All resources that know the anchor are candidates; which it is depends on
 * the way one has come. */
static int
add_candidates(const struct source *source, struct check *check)
{
	struct resource *resource =
	    library_resources(source->compiler->library);
	struct target target;
	struct node *node;
	int rc = 0;

	check->n_members = 0;
	for (; rc == 0 && resource != NULL; resource = resource->next) {
		rc = library_dynamic(
		    source->compiler->library, resource, check->said, &target);
		if (rc != 0 || target.json == NULL)
			continue;
		rc = node_get(source, &source->place, target.json,
		    target.resource, &node);
		if (rc == 0)
			check->members[check->n_members++].node = node;
	}
	return rc;
}

static int
fill_candidates(const struct source *source, struct check *check, size_t n)
{
	free(check->members);
	check->members = NULL;
	check->n_members = 0;
	return schema_members_reserve(check, n) != 0
	    ? -ENOMEM
	    : add_candidates(source, check);
}

static size_t
count_resources(const struct compiler *compiler)
{
	const struct resource *resource = library_resources(compiler->library);
	size_t n = 0;

	for (; resource != NULL; resource = resource->next)
		n++;
	return n;
}

/* Once all is compiled, it is known which resources there are; but candidates
 * that were not yet compiled may lead to more. */
static int
fill_dynamic(const struct source *source)
{
	const struct compiler *compiler = source->compiler;
	size_t n = count_resources(compiler), sum = 0;
	struct node *node = compiler->schema->nodes;
	int rc = 0;

	for (; rc == 0 && node != NULL; node = node->next)
		for (size_t i = 0; rc == 0 && i < node->n_checks; i++) {
			struct check *check = &node->checks[i];

			if (strcmp(check->keyword->name, "$dynamicRef") != 0 ||
			    check->said == NULL)
				continue;
			sum += n;
			rc = sum > CANDIDATES_MAX
			    ? too_much(source, &source->place)
			    : fill_candidates(source, check, n);
		}
	return rc;
}

/* --- the door ------------------------------------------------------------ */

/* Those in line; compiling one may add others at the end of it. */
static int
compile_waiting(const struct source *source, struct node **atp)
{
	const struct place place = AT_ROOT;
	int rc = 0;

	while (rc == 0 && *atp != NULL) {
		source->compiler->origin = (*atp)->origin;
		rc = compile_node(source, &place, *atp);
		source->compiler->origin = NULL;
		atp = &(*atp)->next;
	}
	return rc;
}

static int
compile_all(struct compiler *compiler, struct json_object *json)
{
	struct source source = { compiler, NULL, NULL, AT_ROOT };
	const struct node *root;
	size_t n_nodes = 0;
	int rc = require_schema(&source, &source.place, json);

	if (rc == 0)
		rc = library_read(
		    compiler->library, ROOT_URI, json, &source.resource);
	if (rc == MCP_SCHEMA_E_BOUNDS)
		return too_much(&source, &source.place);
	if (rc == 0)
		rc = schema_sub(&source, &source.place, json, &root);
	while (rc == 0 && n_nodes < compiler->n_nodes) {
		n_nodes = compiler->n_nodes;
		rc = compile_waiting(&source, &compiler->schema->nodes);
		if (rc == 0)
			rc = fill_dynamic(&source);
	}
	if (rc == 0)
		compiler->schema->root = compiler->schema->nodes;
	return rc;
}

/* What was of use while compiling only. */
static void
forget(struct mcp_schema *schema)
{
	for (struct node *node = schema->nodes; node; node = node->next) {
		free(node->origin);
		node->origin = NULL;
		node->json = NULL;
		node->same = NULL;
		node->from = NULL;
	}
}

int
mcp_schema_new_with(struct json_object *json,
    const struct mcp_schema_options *options, struct mcp_schema **schemap,
    struct mcp_buf *where, struct mcp_buf *why)
{
	struct compiler compiler = {
		.options = options, .where = where, .why = why
	};
	int rc = library_new(options->documents, &compiler.library);

	compiler.schema = calloc(1, sizeof(*compiler.schema));
	compiler.known = lh_kptr_table_new(64, NULL);
	if (rc != 0 || compiler.schema == NULL || compiler.known == NULL) {
		rc = -ENOMEM;
	} else {
		compiler.last = &compiler.schema->nodes;
		rc = compile_all(&compiler, json);
	}
	library_free(compiler.library);
	if (compiler.known != NULL)
		lh_table_free(compiler.known);
	if (rc == 0) {
		forget(compiler.schema);
		*schemap = compiler.schema;
	} else
		mcp_schema_free(compiler.schema);
	return rc;
}

int
mcp_schema_new(struct json_object *json, struct mcp_schema **schemap,
    struct mcp_buf *where, struct mcp_buf *why)
{
	const struct mcp_schema_options options = MCP_SCHEMA_OPTIONS_INIT;

	return mcp_schema_new_with(json, &options, schemap, where, why);
}

/* schema_parts.h - I am what the files of schema share
 *
 * Compiled, a schema is a node for each sub-schema, and a node is a list of
 * checks which must all hold. A keyword is a row of a table: its name, its
 * vocabulary, what reads it, what runs it. It reads what it needs of its
 * neighbours when it is compiled, so that checks know nothing of each other;
 * only the unevaluated ones look at what the others have left behind, the
 * marks of a visit.
 *
 * A reference is a pointer from one node to another, found when compiling. All
 * nodes are owned by their schema, in one list; so they may point in circles.
 */
#ifndef SCHEMA_PARTS_H
#define SCHEMA_PARTS_H

#include <json-c/json.h>

#include <mcp/schema.h>

enum schema_type {
	TYPE_NULL = 1,
	TYPE_BOOLEAN = 2,
	TYPE_OBJECT = 4,
	TYPE_ARRAY = 8,
	TYPE_NUMBER = 16,
	TYPE_STRING = 32,
	TYPE_INTEGER = 64
};

enum schema_vocabulary {
	VOCABULARY_CORE = 1,
	VOCABULARY_APPLICATOR = 2,
	VOCABULARY_UNEVALUATED = 4,
	VOCABULARY_VALIDATION = 8,
	VOCABULARY_FORMAT = 16,
	VOCABULARY_FORMAT_ASSERTION = 32,
	VOCABULARY_OTHER = 64 /* known, with nothing in it to check */
};

#define VOCABULARIES_2020_12                                                   \
	(VOCABULARY_CORE | VOCABULARY_APPLICATOR | VOCABULARY_UNEVALUATED |    \
	    VOCABULARY_VALIDATION | VOCABULARY_FORMAT)

struct keyword;
struct node;
struct pattern;
struct format;
struct compiler;
struct visit;

struct member {
	char *name;
	const struct node *node;       /* NULL where only the name matters */
	const struct pattern *pattern; /* NULL: the name is a name */
};

/* What a check needs; each keyword uses its part. Values are copies of ours,
 * read only in ways that leave no mark on them, for threads share them. */
struct check {
	const struct keyword *keyword;
	unsigned types;
	long double limit; /* holds every 64-bit integer and every double */
	size_t count, most;
	struct member *members; /* names, or schemas in their order */
	size_t n_members;
	const struct node *node, *otherwise; /* owned by the schema */
	const struct pattern *pattern;
	const struct format *format;
	struct json_object *value;
	char *said; /* the limit, the values or the name, as people read them */
};

struct node {
	struct node *next; /* of all, in the order they are to be compiled */
	bool never;	   /* the schema "false" */
	bool looks_back;   /* an unevaluated keyword reads the marks */
	unsigned resource; /* the number of its schema resource */
	struct check *checks;
	size_t n_checks;

	/* while compiling */
	struct node *same; /* another of the same JSON */
	struct json_object *json;
	struct resource *from;
	char *origin; /* the reference that led here; NULL: the place does */
	bool compiled;
};

struct mcp_schema {
	struct node *root;
	struct node *nodes; /* all, the root among them */
	struct pattern *patterns;
};

/* A step into a schema or an instance; the steps before it are its parents,
 * on the C stack. */
struct place {
	const struct place *parent; /* NULL: this is the root */
	const char *key;	    /* NULL: an element */
	size_t index;
	bool is_name; /* the key itself is the value */
};

#define AT_KEY(parent, key) (&(struct place){ parent, key, 0, false })
#define AT_INDEX(parent, index) (&(struct place){ parent, NULL, index, false })
#define AT_NAME(parent, key) (&(struct place){ parent, key, 0, true })
#define AT_ROOT ((struct place){ NULL, NULL, 0, false })

/* --- a schema that is being compiled ------------------------------------- */

struct source {
	struct compiler *compiler;
	struct json_object *node; /* the schema the keyword stands in */
	struct resource *resource;
	struct place place; /* of the keyword */
};

/* Which sub-schemas a keyword holds; "$id" counts in these only. */
enum schema_holds { HOLDS_NONE, HOLDS_SCHEMA, HOLDS_ARRAY, HOLDS_MAP };

struct keyword {
	const char *name;
	enum schema_vocabulary vocabulary;
	enum schema_holds holds;
	/* NULL: another keyword reads this one.
	 * Return: 0; MCP_SCHEMA_E_BAD; MCP_SCHEMA_E_BOUNDS; -ENOMEM. @check is
	 * freed by the caller */
	int (*compile)(const struct source *source, struct json_object *value,
	    struct check *check);
	/* NULL: nothing to run.
	 * Return: true if the other checks of the node are worth a look */
	bool (*run)(const struct check *check, struct visit *visit,
	    const struct place *place, struct json_object *instance);
};

/* The order of these, and within, is the order in which problems are told. */
extern const struct keyword schema_validation_keywords[];
extern const struct keyword schema_reference_keywords[];
extern const struct keyword schema_applicator_keywords[];
extern const struct keyword schema_unevaluated_keywords[];
extern const struct keyword *const schema_keywords[]; /* all, NULL ends */

/* schema_bad() - @what continues a sentence that begins with the keyword */
int schema_bad(const struct source *source, const char *what);
int schema_bad_at(
    const struct source *source, const struct place *place, const char *what);
struct mcp_buf *schema_why(const struct source *source);

/* schema_sub() - the node of a sub-schema that stands here */
int schema_sub(const struct source *source, const struct place *place,
    struct json_object *json, const struct node **nodep);
int schema_refer(const struct source *source, const char *reference,
    const struct node **nodep, char **dynamicp);
int schema_need_pattern(const struct source *source, const struct place *place,
    const char *text, const struct pattern **patternp);
bool schema_wants_formats(const struct source *source);

int schema_members_reserve(struct check *check, size_t n);
struct member *schema_member_add(struct check *check, const char *name);
void schema_members_sort(struct check *check);
const struct member *
schema_member_find(const struct check *check, const char *name);
/* The buffer's text becomes the check's; an empty one is no memory. */
int schema_keep_said(struct check *check, struct mcp_buf *buf);
int schema_compile_count(const struct source *source, struct json_object *value,
    struct check *check);

/* --- documents, resources, names ----------------------------------------- */

/* A schema resource: a document, or what has an "$id" within one. */
struct resource {
	struct resource *next;
	struct resource *parent; /* it stands in this one */
	char *uri;
	struct json_object *root;
	unsigned number;
	unsigned vocabularies; /* 0: nobody has asked yet */
};

struct target {
	struct json_object *json;
	struct resource *resource;
	bool is_dynamic;
};

struct library;

int library_new(
    const struct mcp_schema_documents *documents, struct library **libraryp);
void library_free(struct library *library);
struct resource *library_resources(const struct library *library);

/* library_read() - index @json, which goes by @uri
 * Return: 0, and @resourcep is that of its root; MCP_SCHEMA_E_BOUNDS; -ENOMEM
 */
int library_read(struct library *library, const char *uri,
    struct json_object *json, struct resource **resourcep);

/* library_find() - what an absolute URI, with or without a fragment, names
 * Return: 0; MCP_SCHEMA_E_BAD: nothing known; MCP_SCHEMA_E_BOUNDS; -ENOMEM */
int
library_find(struct library *library, const char *uri, struct target *target);

/* library_root() - the resource whose root @json is; NULL: it is no root */
struct resource *
library_root(const struct library *library, struct json_object *json);

/* library_dynamic() - the "$dynamicAnchor" @name of @resource
 * Return: 0, @target->json is NULL if there is none; -ENOMEM */
int library_dynamic(const struct library *library, struct resource *resource,
    const char *name, struct target *target);

struct json_object *mcp_schema_documents_find(
    const struct mcp_schema_documents *documents, const char *uri);
/* schema_meta() - the text of a meta-schema of 2020-12; NULL: none of these */
const char *schema_meta(const char *uri);

/* uri_resolve() - @reference as seen from @base
 * Return: 0, @urip is the caller's to free; -ENOMEM
 * Spec:   RFC 3986, "Reference Resolution" */
int uri_resolve(const char *base, const char *reference, char **urip);
bool uri_has_scheme(const char *uri);
/* uri_is() - the whole of the grammar, for "format" */
bool uri_is(struct mcp_text text, bool may_be_relative);

/* --- an instance that is being checked ----------------------------------- */

/* The schema resources one has come through; the dynamic scope. */
struct scope {
	const struct scope *outer;
	unsigned resource;
};

/* What a keyword has evaluated of the instance it looked at. */
struct mark {
	const void *entry; /* of the object; MARK_* */
	size_t index;
};

extern const char schema_mark_items[], schema_mark_item[], schema_mark_all[];
#define MARK_ITEMS schema_mark_items /* those before index */
#define MARK_ITEM schema_mark_item   /* the one at index */
#define MARK_ALL schema_mark_all     /* all properties */

struct visit {
	struct mcp_buf *why; /* NULL: only the verdict is asked for */
	const char *joint;   /* between this problem and the one before */
	unsigned n_problems, limit;
	int stopped; /* MCP_SCHEMA_E_BOUNDS; -ENOMEM */
	unsigned depth;
	uint64_t steps; /* left */
	const struct scope *scope;
	bool tells; /* alternatives, and then not those within them */
	bool tracks;
	struct mark *marks;
	size_t n_marks, marks_cap;
	size_t marks_from;	/* those of the node that looks back */
	unsigned problems_from; /* likewise */
	struct matcher *matcher;
};

void schema_visit(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance);
/* For what is within the instance: nothing it evaluates concerns the outside.
 */
void schema_visit_child(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance);
/* schema_holds() - silently; leaves no marks if it does not hold */
bool schema_holds(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance);
bool schema_child_holds(const struct node *node, struct visit *visit,
    const struct place *place, struct json_object *instance);

bool visit_stop(struct visit *visit, int condition);
void visit_add_mark(struct visit *visit, const void *entry, size_t index);

static inline bool
visit_charge(struct visit *visit, uint64_t steps)
{
	if (visit->steps < steps)
		return visit_stop(visit, MCP_SCHEMA_E_BOUNDS);
	visit->steps -= steps;
	return true;
}

static inline void
visit_mark(struct visit *visit, const void *entry, size_t index)
{
	if (visit->tracks)
		visit_add_mark(visit, entry, index);
}

static inline bool
visit_is_full(const struct visit *visit)
{
	return visit->n_problems >= visit->limit || visit->stopped != 0;
}

/* --- problems; NULL: counted, and nobody wants to read it ---------------- */

struct mcp_buf *visit_problem(struct visit *visit);
/* "email: " */
struct mcp_buf *
visit_problem_at(struct visit *visit, const struct place *place);
/* "email: expected " */
struct mcp_buf *visit_expected(struct visit *visit, const struct place *place);
/* A problem of an object with one of its members: missing, unknown. */
struct mcp_buf *visit_problem_member(struct visit *visit,
    const struct place *place, const char *which, const char *name);

const char *say_separator(size_t i, size_t n);
void say_quoted(struct mcp_buf *out, const char *name);
void say_path(struct mcp_buf *out, const struct place *place);
void say_pointer(struct mcp_buf *out, const struct place *place);
void say_types(struct mcp_buf *out, unsigned wanted);
void say_type_of(struct mcp_buf *out, struct json_object *value);
void say_value(struct mcp_buf *out, struct json_object *value);
void say_got(struct mcp_buf *out, struct json_object *value);
void
say_unknown(struct mcp_buf *out, const struct check *check, const char *name);
/* The best is to begin as ~0u. */
bool is_like(const char *a, const char *b, unsigned *bestp);

/* --- values -------------------------------------------------------------- */

static inline bool
value_is_number(struct json_object *value)
{
	enum json_type type = json_object_get_type(value);

	return type == json_type_int || type == json_type_double;
}

/* value_member() - of an object's table; NULL: there is none of that name */
struct lh_entry *value_member(struct lh_table *table, const char *name);
long double value_number(struct json_object *value);
unsigned value_type(struct json_object *value);
/* As JSON Schema sees it, where 1 is 1.0; json_object_equal(3) does not. */
bool
value_equal(struct visit *visit, struct json_object *a, struct json_object *b);
bool value_is_multiple(struct json_object *value, struct json_object *of);
/* value_twins() - two equal items of an array
 * Return: true, and where they are; false: none, or the visit was stopped */
bool
value_twins(struct visit *visit, struct json_object *array, size_t twins[2]);
size_t value_code_points(struct json_object *string);
unsigned type_named(const char *name); /* 0: none */
const char *type_like(const char *name);

/* --- patterns, formats --------------------------------------------------- */

/* pattern_new() - Return: 0; MCP_SCHEMA_E_BAD with what continues "... is no
 * regular expression of ECMA-262: "; -ENOMEM */
int
pattern_new(const char *text, struct pattern **patternp, struct mcp_buf *why);
void pattern_free(struct pattern *pattern);
struct pattern *pattern_next(const struct pattern *pattern);
void pattern_chain(struct pattern *pattern, struct pattern *next);
const char *pattern_text(const struct pattern *pattern);
/* false too if the visit was stopped */
bool pattern_matches(const struct pattern *pattern, struct visit *visit,
    struct mcp_text subject);
void matcher_free(struct matcher *matcher);

const struct format *format_named(const char *name); /* NULL: not known */
const char *format_name(const struct format *format);
bool format_holds(const struct format *format, struct mcp_text text);

#endif

/* config_parse.h - I read JSON by tables: a key, how to read it, where it goes
 *
 * A table row is one key of an object. A reader checks the value and writes
 * what is kept into the struct that is being filled; what it dislikes becomes
 * a problem, and reading goes on, so that all problems are told at once. Only
 * memory may end it early: @no_memory is looked at once, at the end.
 *
 * The same rows say which members clients are shown, and since when.
 */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include <mcp/config.h>

#include <json-c/json.h>

#define CONFIG_FILE_MAX (4u << 20) /* bytes of one file */
#define CONFIG_FILES_MAX 256	   /* the main one and those it includes */
#define CONFIG_PACK_MAX (64u << 20) /* bytes of all of them */
#define CONFIG_TOLD_MAX 100 /* errors told, and warnings; then it is enough */

struct config_file {
	char *path; /* as reached from here: what problems are told under */
	char *whole;	 /* the same from the root */
	char *directory; /* absolute: what relative paths in it start from */
	char *bytes;	 /* NUL-terminated */
	size_t len;
	struct json_object *json; /* NULL: could not be read */
	bool is_schema; /* one of "schemas": a document, and no sections */
	char *entry; /* what a plugin registers, 'tool \"x\"': told instead of
			a line; NULL: a file */
};

struct config_reader {
	struct mcp_config *config;
	struct mcp_problems *problems;
	struct config_pack *pack;  /* where files come from; NULL: the disk */
	struct config_file *files; /* in the order read, the main one first */
	size_t n_files;
	unsigned n_errors;
	unsigned n_warnings;
	bool no_memory;
};

/* A value and the way down to it; the chain lives on the stack. */
struct config_at {
	const struct config_at *up; /* NULL: the whole file */
	const char *key;	    /* NULL: an element of an array */
	size_t index;
	struct json_object *json;
	const struct config_file *file;
};

struct config_key;
struct config_table;

typedef void (*config_read_fn)(struct config_reader *reader,
    const struct config_key *key, const struct config_at *at, void *base);

enum config_shown {
	CONFIG_HIDDEN, /* from clients */
	CONFIG_SHOWN,
	CONFIG_SHOWN_WITH /* + the enum mcp_field it came with */
};
#define CONFIG_SINCE(field) (CONFIG_SHOWN_WITH + (field))

/* An array of structs that grows with each element read. */
struct config_list {
	const struct config_table *table; /* of one element */
	size_t n_where;			  /* offset of the count */
	size_t size;			  /* of the struct; 0: checked only */
};

struct config_key {
	const char *name;
	config_read_fn read;
	bool required;
	bool kept; /* at offset @where of the struct; else checked only */
	size_t where;
	int shown;		     /* an enum config_shown */
	uint64_t usual, least, most; /* of a number; lengths of a string */
	/* not even where @shown says so, unless; NULL: always */
	bool (*listed)(struct json_object *json, enum mcp_revision revision);
	const char *const *choices; /* of a string; NULL ends them */
	const char *(*wrong)(const char *string); /* the remedy; NULL: fine */
	const struct config_table *table;	  /* of an object */
	const struct config_list *list;		  /* of an array of objects */
};
/* clang-format off */
#define CONFIG_KEPT(type, member) \
	.kept = true, .where = offsetof(type, member)
#define CONFIG_RANGE(usual_, least_, most_) \
	.usual = usual_, .least = least_, .most = most_
/* clang-format on */

struct config_table {
	const char *noun; /* "a tool" */
	const struct config_key *keys;
	size_t n;
	/* what only the whole can tell; NULL: nothing */
	void (*check)(struct config_reader *reader, const struct config_at *at,
	    const struct config_table *table, void *base);
};
/* clang-format off */
#define CONFIG_TABLE(noun_, keys_, check_) \
	{ noun_, keys_, sizeof(keys_) / sizeof(*(keys_)), check_ }
/* clang-format on */

/* --- readers, for the rows --- */
void config_string(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* char * */
void config_strings(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* struct mcp_strings */
void config_template(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* struct mcp_template */
void config_bool(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base);
void config_count(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* unsigned */
void config_size(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* size_t */
void
config_milliseconds(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* uint64_t */
void config_fraction(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* 0 to 1, checked only */
void config_member(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* a struct inside, by its table */
void config_elements(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* by its list */
void config_anything(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at,
    void *base); /* an object that is passed through */

/* --- for those who write readers --- */

/* config_object() - read the object at @at by @table into @base, then check */
void config_object(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base);

/* config_unknown() - tell that @at is no key of @table, and the nearest */
void config_unknown(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table);
const struct config_key *
config_key(const struct config_table *table, const char *name);

/* config_usual() - fill in the numbers of @table that the file may leave out */
void config_usual(const struct config_table *table, void *base);

/* config_get() - the member @name of the object at @at
 * Owner:  *memberp points to @at, @name and the tree */
bool config_get(
    const struct config_at *at, const char *name, struct config_at *memberp);
bool config_has(const struct config_at *at, const char *name);

/* config_named() - @read each member of the object at @at, whose keys are names
 * of the operator's; that it is none is told */
typedef void (*config_named_fn)(
    struct config_reader *reader, const struct config_at *at, void *base);
void config_named(struct config_reader *reader, const struct config_at *at,
    config_named_fn read, void *base);

/* config_is() - is it of that type? If not, that is told */
bool config_is(struct config_reader *reader, const struct config_at *at,
    enum json_type type);

/* config_keep() - put a copy of @string into *@fieldp, which owns it */
void
config_keep(struct config_reader *reader, char **fieldp, const char *string);

/* config_add_string() - put a copy of @string behind the others */
void config_add_string(struct config_reader *reader,
    struct mcp_strings *strings, const char *string);

/* config_one_more() - a zeroed struct at the end of the array of @key's list
 * Return: NULL: no memory, and the reader knows */
void *config_one_more(
    struct config_reader *reader, const struct config_key *key, void *base);

/* config_near() - the one of @n names that @name is most likely a slip of
 * Return: NULL: none is near */
const char *config_near(const char *name,
    const char *(*nth)(const void *of, size_t i), const void *of, size_t n);

/* config_problem() - told with file and line of @at, and, in
 * config_problem_below(), of what lies at the JSON pointer @below from there */
void config_problem(struct config_reader *reader, const struct config_at *at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_problem_below(struct config_reader *reader,
    const struct config_at *at, const char *below, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void config_warning(struct config_reader *reader, const struct config_at *at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What is quoted from a file in a problem is cut to a readable length:
 * "%.*s", CONFIG_QUOTE(string) */
int config_quote_len(const char *string);
#define CONFIG_QUOTE(string) config_quote_len(string), (string)

/* --- config_file: the main file, and those it includes --- */
void config_files_read(struct config_reader *reader, const char *path);
void config_files_free(struct config_reader *reader);

/* config_file_parse() - @file->bytes become @file->json, an object, or there
 * is a problem */
void config_file_parse(struct config_reader *reader, struct config_file *file);

/* config_path() - @path as seen from the directory of @file
 * Return: the caller's to free; NULL: no memory, and the reader knows */
char *config_path(struct config_reader *reader, const struct config_file *file,
    const char *path);

/* --- config_pack: all files in one --- */
struct config_pack;
#define CONFIG_PACK_HEAD 16 /* bytes that tell it from JSON */
bool config_pack_is(struct mcp_text bytes);

/* config_pack_open() - Return: 0; -EBADMSG it is cut or altered; -ENOMEM
 * Owner: *bytesp is taken on success */
int config_pack_open(char **bytesp, size_t len, struct config_pack **packp);
void config_pack_free(struct config_pack *pack);

/* config_pack_path() - of file number @i, in @out; NULL: there are not so many,
 * or no memory, and then @out has failed */
const char *
config_pack_path(const struct config_pack *pack, size_t i, struct mcp_buf *out);
bool config_pack_find(const struct config_pack *pack, const char *path,
    struct mcp_text *wholep, struct mcp_text *bytesp);
void config_pack_write(const struct config_reader *reader, struct mcp_buf *out);

/* --- config_server: the house --- */
extern const struct config_table config_server_table;
extern const struct config_table config_limit_table;
void config_databases(struct config_reader *reader,
    const struct config_key *key, const struct config_at *at, void *base);

/* "ttlMs" and "cacheScope", of lists and of what is read */
#define CONFIG_TTL_MOST UINT64_C(31536000000) /* a year */
void config_scope(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* bool: is it public? */

/* config_server_usual() - what the file left out of "server" */
void config_server_usual(struct config_reader *reader);

/* --- config_entry: what is offered; and all sections of a file --- */
extern const struct config_table config_sections; /* in the order to be read */

/* --- config: what is read so far --- */

/* Where an entry that a plugin registered is taken back to. */
struct config_mark {
	size_t n_tools, n_resources, n_templates, n_prompts;
	unsigned n_statements;
};
struct config_mark config_mark(const struct mcp_config *config);
void config_rewind(struct mcp_config *config, struct config_mark mark);
void config_strings_deinit(struct mcp_strings *strings);

/* --- config_mirror: x-mcp-header --- */
void config_mirrors(struct config_reader *reader, const struct config_at *tool,
    struct mcp_tool *out);
void config_mirrors_free(struct mcp_mirror *mirrors, size_t n);

/* --- config_http: a request to a back end --- */
void config_http(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* struct mcp_handler */
struct config_inputs;
void config_http_check(struct config_reader *reader, const struct config_at *at,
    const struct mcp_http *http, const struct config_inputs *inputs);
void config_http_free(struct mcp_http *http);

/* --- config_handler: sql, text, file and plugin --- */

/* config_claim() - is @kind the entry's only handler? If not, that is told */
bool config_claim(struct config_reader *reader, const struct config_at *at,
    struct mcp_handler *handler, enum mcp_handler_kind kind);

void config_sql(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* struct mcp_handler, as all */
void config_text(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base);
void config_text_file(struct config_reader *reader,
    const struct config_key *key, const struct config_at *at, void *base);
void config_plugin(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base);
void config_plugins(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* those no entry need name */

/* The names a handler may use: those of a tool's properties, say. */
struct config_inputs {
	bool (*has)(const void *of, const char *name);
	const void *of;
	const char *noun; /* "a property of the tool's inputSchema" */
};

/* config_handler_check() - is there one, and are its places inputs? */
void
config_handler_check(struct config_reader *reader, const struct config_at *at,
    const struct mcp_handler *handler, const struct config_inputs *inputs);
void
config_template_check(struct config_reader *reader, const struct config_at *at,
    const struct mcp_template *template, const struct config_inputs *inputs);
void config_handler_deinit(struct mcp_handler *handler);

/* --- config_exec: a program --- */
void config_exec(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* struct mcp_handler */

/* config_exec_check() - are the places of the object at @at inputs? */
void config_exec_check(struct config_reader *reader, const struct config_at *at,
    const struct mcp_exec *exec, const struct config_inputs *inputs);
void config_exec_deinit(struct mcp_exec *exec);

/* --- config_access: who may use what, how often, and once --- */
/* clang-format off */
#define CONFIG_ACCESS(type) \
	{ "allow", .read = config_allow, CONFIG_KEPT(type, access) }, \
	{ "bind", .read = config_bind, CONFIG_KEPT(type, access) }
/* clang-format on */
extern const struct config_table config_tool_limit_table;
void
config_idempotency(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* struct mcp_idempotency */
void config_allow(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base); /* struct mcp_access, as below */
void config_bind(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base);
void config_roles(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base);

/* What else a handler may use: the bound names join the other inputs. */
struct config_bound {
	const struct config_inputs *others;
	const struct mcp_access *access;
};

/* config_with_bound() - @bound as inputs
 * Owner: borrows @bound and what it points to */
struct config_inputs config_with_bound(const struct config_bound *bound);

/* config_access_check() - may nobody but the server set what is bound, and
 * does no shared cache show to one what is another's? It may keep the list the
 * entry stands in, or what the entry says. */
void config_access_check(struct config_reader *reader,
    const struct config_at *at, const struct config_bound *bound,
    bool list_is_public, bool entry_is_public);

/* config_tool_access() - the same of a tool, its limit and its idempotency */
void config_tool_access(struct config_reader *reader,
    const struct config_at *at, const struct mcp_tool *tool);
void config_access_deinit(struct mcp_access *access);
void config_roles_free(struct mcp_role *roles, size_t n);

/* --- config_schemas: documents that schemas may refer to --- */
void config_schemas(struct config_reader *reader);

/* config_schema_compile() - the schema at @at, by the documents and formats of
 * the snapshot */
void config_schema_compile(struct config_reader *reader,
    const struct config_at *at, struct mcp_schema **schemap);

/* config_schema_bundle() - put the documents that the schema @name of @tool
 * refers to into its "$defs": clients fetch nothing either
 * Law: JSON Schema 2020-12, "Bundling" */
void config_schema_bundle(struct config_reader *reader,
    const struct config_at *tool, const char *name);

/* --- config_clients: what clients refuse --- */
void
config_clients_tool(struct config_reader *reader, const struct config_at *at);
void config_clients_all(struct config_reader *reader);

/* --- config_complete: what may be proposed for an argument --- */
struct config_completions {
	struct mcp_completion **allp;
	size_t *np;
};

/* config_complete() - read the object at @at, which says it for @argument
 * Owner: @inputs are all arguments, @argument among them */
void config_complete(struct config_reader *reader, const struct config_at *at,
    struct config_completions completions, const char *argument,
    const struct config_inputs *inputs);

/* config_completion() - Return: one more for @argument; NULL: no memory, and
 * the reader knows */
struct mcp_completion *config_completion(struct config_reader *reader,
    struct config_completions completions, const char *argument);
void config_completions_free(struct mcp_completion *completions, size_t n);

/* --- config_listing: what clients are shown --- */

/* config_listing() - the object at @at as each revision lists it */
void config_listing(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, char *listing[MCP_N_REVISIONS]);

#endif

/* config.h - I turn mcp.json into one immutable snapshot, or say what is wrong
 *
 * Everything a worker or the broker knows of a site is in struct mcp_config,
 * built once by mcp_config_load() and never changed after: threads share it
 * without locks. What clients are shown is kept as JSON text, what is checked
 * is compiled; no json-c object survives but the schema documents, which nobody
 * looks at once all plugins have registered.
 *
 * The file is JSON with comments; relative paths are relative to the file that
 * names them; "include" adds the tools, resources, resourceTemplates, prompts
 * and databases of other files. An unknown key is a problem that names the
 * nearest known one. All problems are told at once, each with file and line.
 */
#ifndef MCP_CONFIG_H
#define MCP_CONFIG_H

#include <mcp/place.h>
#include <mcp/quirk.h>
#include <mcp/revision.h>
#include <mcp/schema.h>
#include <mcp/text.h>
#include <mcp/uri_template.h>

enum mcp_config_condition {
	MCP_CONFIG_E_PROBLEMS = 1 /* the list says which */
};

struct mcp_strings {
	char **at;
	size_t n;
};

/* "allow": who may use an entry; see permit.h */
struct mcp_allow {
	bool given; /* false: everybody */
	struct mcp_strings users, roles, scopes;
};

/* "bind": what the server knows of the caller, as an input of the handler */
enum mcp_bound { MCP_BOUND_USER, MCP_BOUND_ROLES, MCP_BOUND_SCOPES };
struct mcp_bind {
	char *name;
	enum mcp_bound what;
};

struct mcp_access {
	struct mcp_allow allow;
	struct mcp_bind *binds;
	size_t n_binds;
};

/* "limit" of a tool: how often it may run, and how often at once */
struct mcp_limit {
	unsigned concurrent; /* 0: as often as it is called */
	unsigned per_minute; /* likewise */
	bool each_user;	     /* counted for each; false: for the site */
};

/* "idempotency" of a tool */
struct mcp_idempotency {
	char *argument; /* that holds the key; NULL: there is none */
	uint64_t window_ms;
};

/* Who has a role, as mcp.json says it. */
struct mcp_role {
	char *name;
	struct mcp_strings users;
};

/* One problem, as a person reads it: FILE:LINE: WHAT. REMEDY */
struct mcp_problem {
	char *file;
	unsigned line; /* 0: the file as a whole */
	char *what; /* a sentence, with what to do about it */
	bool warning; /* served all the same */
};

struct mcp_problems {
	struct mcp_problem *at;
	size_t n;
	size_t n_errors; /* those that are no warnings */
};
#define MCP_PROBLEMS_INIT ((struct mcp_problems){ NULL, 0, 0 })

/* "limits" of the file; every one has a default, a least and a most. */
struct mcp_limits {
	size_t max_body; /* bytes of a POST body; 4 MiB */
	unsigned body_ms; /* to receive a request whole; 10,000 */
	unsigned call_ms; /* for a handler; 60,000 */
	size_t max_result; /* bytes of one answer; 8 MiB */
	unsigned max_parked; /* requests of a process waiting for a slot; 512 */
	size_t max_parked_bytes; /* what they may hold; 64 MiB */
	unsigned parked_ms; /* how long they may; 10,000 */
	unsigned max_streams; /* open SSE streams; 100,000 */
	unsigned max_streams_per_address; /* 0: no limit; 0 */
	unsigned max_calls_per_stream; /* admitted and unanswered; 64 */
	size_t max_event; /* bytes of one event; 8 MiB */
	size_t max_outbox; /* bytes waiting for one reader; 1 MiB */
	size_t max_outbox_per_subject; /* for all of one user's; 64 MiB */
	size_t max_outbox_of_all; /* for all readers; 256 MiB */
	unsigned heartbeat_ms; /* seed "heartbeat" events; 30,000 */
	unsigned comment_ms; /* keep-alive comments; 15,000 */
	unsigned retry_ms; /* the retry: clients are told; 2,000 */
	unsigned resume_ms; /* how long a broken stream stays parked; 60,000 */
	unsigned max_resumable; /* parked streams; 4,096 */
	unsigned replay_events; /* a stream's ring: count; 64 */
	size_t replay_bytes; /* and bytes; 256 KiB */
	size_t replay_bytes_of_all; /* of all rings; 256 MiB */
	unsigned page_size; /* entries of a list in one answer; 1,000 */
	unsigned state_ms; /* how long a requestState is good; 600,000 */
};

/* How long, and for whom, clients may keep an answer.
 * Spec: 2026-07-28 "Caching" */
struct mcp_cache {
	uint64_t ttl_ms;
	bool is_public;
};

struct mcp_server {
	char *name; /* "mcp-fcgi" */
	char *title; /* NULL: none */
	char *version; /* ours */
	char *instructions; /* NULL: none */
	char *mount; /* "/mcp"; no slash at its end */
	struct mcp_strings allowed_origins; /* "https://app.example", or "*" */
	struct mcp_strings allowed_hosts; /* n 0: see mcp_gate_check() */
	struct mcp_limits limits;
	bool strict[MCP_N_QUIRKS]; /* tolerances that are switched off */
	bool formats; /* a schema's "format" must hold where we know it */
	struct { /* "cache": one a list; 60,000 and private */
		struct mcp_cache discover, tools, resources, templates, prompts;
	} cache;
};

struct mcp_database {
	char *name;
	char *url; /* as written */
	enum mcp_engine engine;
	char *path; /* sqlite: the file, absolute */
	bool tells; /* its own words of a failure, to the caller */
};

/* A text with {name} places; "{{" and "}}" stand for single braces. */
struct mcp_template_piece {
	char *text; /* literal, or the name of a place */
	size_t len;
	bool place;
};
struct mcp_template {
	struct mcp_template_piece *pieces;
	size_t n;
};

/* mcp_template_expand() - append @template, each place replaced by @value's
 * text for it (a place without value stays empty) */
typedef struct mcp_text (*mcp_template_fn)(void *context, const char *name);
void mcp_template_expand(const struct mcp_template *template,
    mcp_template_fn value, void *context, struct mcp_buf *out);

enum mcp_handler_kind {
	MCP_HANDLER_NONE = 0,
	MCP_HANDLER_SQL,
	MCP_HANDLER_TEXT,
	MCP_HANDLER_FILE,
	MCP_HANDLER_PLUGIN,
	MCP_HANDLER_EXEC,
	MCP_HANDLER_HTTP
};

enum mcp_sql_result { MCP_SQL_ONE, MCP_SQL_ROWS, MCP_SQL_VALUE };

struct mcp_sql {
	unsigned number; /* of all statements of the snapshot, from 0 */
	unsigned database; /* index into mcp_config.databases */
	char *query;
	enum mcp_sql_result result; /* "one" */
	bool write; /* false: a read-only handle */
	struct mcp_template empty; /* said where no row is; n 0: our own */
	unsigned max_rows; /* 1,000 */
	size_t max_bytes; /* of the result's JSON; 1 MiB */
	unsigned timeout_ms; /* 10,000 */
	bool pages; /* a tool's rows, which its argument "cursor" continues */
};

enum mcp_exec_output { MCP_EXEC_TEXT, MCP_EXEC_JSON, MCP_EXEC_BYTES };

struct mcp_exec_variable {
	char *name;
	struct mcp_template value;
};

/* What the program and what it starts may use, each process of them; 0: as
 * much as this server may itself. */
struct mcp_exec_limits {
	unsigned cpu_s;	    /* of processor time; 60 */
	size_t memory;	    /* bytes of address space; 1 GiB */
	unsigned files;	    /* open at a time; 256 */
	size_t file_size;   /* bytes of a file it writes; 64 MiB */
	unsigned processes; /* and threads of the user, all together; 0 */
};

struct mcp_exec {
	char *program;		   /* absolute path */
	struct mcp_template *argv; /* without the program */
	size_t n_argv;
	bool dashes;		   /* a value may begin an element with "-" */
	struct mcp_template input; /* n 0: there is none */
	struct mcp_exec_variable *env;
	size_t n_env;
	char *directory;     /* absolute; NULL: the root */
	unsigned timeout_ms; /* 10,000 */
	enum mcp_exec_output output;
	char *mime_type;  /* of bytes; else NULL */
	size_t max_bytes; /* of the output; 1 MiB */
	bool progress;	  /* lines on descriptor 3 are progress */
	struct mcp_exec_limits limits;
};

enum mcp_http_method {
	MCP_HTTP_GET,
	MCP_HTTP_HEAD,
	MCP_HTTP_POST,
	MCP_HTTP_PUT,
	MCP_HTTP_PATCH,
	MCP_HTTP_DELETE
};

enum mcp_http_output { MCP_HTTP_AUTO, MCP_HTTP_JSON, MCP_HTTP_TEXT };

/* What stands in the query, the headers or the body of a request. */
enum mcp_http_value_kind {
	MCP_HTTP_LITERAL, /* the text, which is JSON, as it stands */
	MCP_HTTP_ARGUMENT, /* the value of the template's only place */
	MCP_HTTP_TEMPLATE, /* a string with places */
	MCP_HTTP_SECRET, /* the text, once it was read */
	MCP_HTTP_ARRAY,
	MCP_HTTP_OBJECT
};
struct mcp_http_value {
	enum mcp_http_value_kind kind;
	char *name; /* NULL: an element of an array */
	char *text;
	struct mcp_template template;
	struct mcp_http_value *members;
	size_t n;
	char *variable; /* a secret's, of the environment; */
	char *file; /* or its file, absolute */
	char *prefix; /* what stands before it; NULL: nothing */
};

/* A request to a back end of the site. */
struct mcp_http {
	enum mcp_http_method method; /* GET */
	char *origin; /* "http://127.0.0.1:3000" */
	struct mcp_template path; /* what stands behind it */
	char *socket; /* absolute path; NULL: the origin's host and port */
	struct mcp_http_value query, headers; /* objects */
	struct mcp_http_value json, form; /* the body, as one of them, */
	bool has_json, has_form;
	struct mcp_template body; /* or as it stands */
	char *content_type; /* of that; NULL: plain text */
	struct {
		char *user; /* the header of the caller's name; NULL: none */
		bool authorization; /* the caller's own header */
	} forward;
	enum mcp_http_output output; /* "auto" */
	struct mcp_template empty; /* said of 404 and 410; n 0: an error */
	bool ok[500]; /* statuses from 100 on that are no failure; 2xx */
	unsigned timeout_ms; /* of all tries; 10,000 */
	unsigned connect_ms; /* of each; 2,000 */
	size_t max_bytes; /* of the answer's body; 1 MiB */
	unsigned retries; /* of what may be done twice; 1 */
	char *ca; /* absolute path; NULL: those of the system */
};

struct mcp_handler {
	enum mcp_handler_kind kind;
	struct mcp_http *http;
	struct mcp_sql sql;
	struct mcp_exec exec;
	struct mcp_template text;
	char *file; /* absolute path */
	char *plugin; /* absolute path of the shared object */
	void *function; /* of the plugin, as mcp_config_add() gave it; NULL in a
			   program that loads no plugins */
};

/* What may be proposed for an argument of a prompt or a place of a template:
 * rows of a statement (bound :value is what was typed, the first column
 * counts), a plugin's values, or those of a list that begin so. */
struct mcp_completion {
	char *argument;
	struct mcp_handler handler; /* NONE: values */
	struct mcp_strings values;
};

/* An argument that clients mirror into a header.
 * Spec: 2026-07-28 "Streamable HTTP", "Custom Headers from Tool Parameters" */
struct mcp_mirror {
	char *header; /* "Mcp-Param-Region" */
	char *variable; /* "HTTP_MCP_PARAM_REGION", as CGI has it */
	struct mcp_strings path; /* the properties that lead to it */
};

struct mcp_tool {
	char *name;
	struct mcp_schema *input; /* compiled inputSchema */
	struct mcp_mirror *mirrors;
	size_t n_mirrors;
	struct mcp_handler handler;
	bool has_output;		/* it gives an outputSchema */
	struct mcp_access access;
	struct mcp_limit limit;
	struct mcp_idempotency idempotency;
	char *listing[MCP_N_REVISIONS]; /* as tools/list shows it, JSON */
};

struct mcp_resource { /* or a resource template */
	char *uri; /* or uriTemplate */
	char *mime_type; /* NULL: unknown */
	struct mcp_uri_template *template; /* of a uriTemplate; else NULL */
	struct mcp_cache cache; /* "ttlMs" and "cacheScope"; 0 and private */
	struct mcp_completion *completions;
	size_t n_completions;
	struct mcp_handler handler;
	struct mcp_access access;
	char *listing[MCP_N_REVISIONS];
};

struct mcp_argument {
	char *name;
	bool required;
};

struct mcp_message {
	char *role; /* "user" or "assistant" */
	struct mcp_template text;
};

struct mcp_prompt {
	char *name;
	char *description; /* NULL: none */
	struct mcp_argument *arguments;
	size_t n_arguments;
	struct mcp_message *messages;
	size_t n_messages;
	struct mcp_completion *completions;
	size_t n_completions;
	struct mcp_handler handler; /* PLUGIN: it makes the messages; SQL with
				       result one, or NONE: its columns
				       are places of the messages; no row is
				       an error of the caller */
	struct mcp_access access;
	char *listing[MCP_N_REVISIONS];
};

struct mcp_config {
	char *path; /* of the main file, absolute */
	char digest[65]; /* of all files read and which plugins they name,
			    hexadecimal */
	struct mcp_server server;
	struct mcp_role *roles;
	size_t n_roles;
	struct mcp_schema_documents *documents; /* schemas may refer to; also
						   those of plugins, which are
						   compiled last */
	struct mcp_database *databases;
	size_t n_databases;
	struct mcp_tool *tools; /* in the file's order */
	size_t n_tools;
	struct mcp_resource *resources;
	size_t n_resources;
	struct mcp_resource *templates;
	size_t n_templates;
	struct mcp_prompt *prompts;
	size_t n_prompts;
	unsigned n_statements; /* sql handlers, numbered from 0 */
	bool forwards; /* some http handler wants the caller's Authorization */
	struct mcp_strings plugins; /* absolute paths, in the file's order, and
				       those that only a handler names */
};

/* mcp_config_load() - read, check and compile @path and what it includes
 * Return: 0 (there may be warnings); MCP_CONFIG_E_PROBLEMS; -errno, where not
 *         even a problem could be written down
 * Owner:  *configp and @problems are the caller's */
int mcp_config_load(const char *path, struct mcp_config **configp,
    struct mcp_problems *problems);

/* mcp_config_load_packed() - likewise; @pack gets all files in one, as they
 * were read: saved as a file, it is loaded like the main file, anywhere and at
 * any time, and gives the same snapshot */
int mcp_config_load_packed(const char *path, struct mcp_config **configp,
    struct mcp_buf *pack, struct mcp_problems *problems);
void mcp_config_free(struct mcp_config *config);

/* mcp_problems_add() - also for those who check more than the file's form
 * (a statement that does not prepare, say) */
void mcp_problems_add(struct mcp_problems *problems, bool warning,
    const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* mcp_problems_tell() - a line each; mcp_problems_print() - to @fd */
void
mcp_problems_tell(const struct mcp_problems *problems, struct mcp_buf *out);
void mcp_problems_print(const struct mcp_problems *problems, int fd);
void mcp_problems_deinit(struct mcp_problems *problems);

/* mcp_config_add() - what a plugin registers, before anybody else has seen the
 * snapshot: @json is an entry as mcp.json would have it, without a handler.
 * Where mcp.json has an entry of that name (or URI) whose handler is this
 * plugin, the file's words stand and only the function is taken.
 * Units:  @plugin its absolute path; for MCP_ENTRY_COMPLETION @json is
 *         {"ref": NAME-OR-URITEMPLATE, "argument": NAME}
 * Return: 0; MCP_CONFIG_E_PROBLEMS, added to @problems; -ENOMEM
 * Owner:  @function is kept, not owned */
enum mcp_entry {
	MCP_ENTRY_TOOL,
	MCP_ENTRY_RESOURCE, /* with "uri" or "uriTemplate" */
	MCP_ENTRY_PROMPT,
	MCP_ENTRY_COMPLETION
};
int mcp_config_add(struct mcp_config *config, enum mcp_entry entry,
    const char *plugin, struct mcp_text json, void *function,
    struct mcp_problems *problems);

/* mcp_config_unbound() - after all plugins: a problem for each entry whose
 * plugin registered no such name */
void mcp_config_unbound(const struct mcp_config *config,
    struct mcp_problems *problems);

/* mcp_config_save() - write @pack into @dir, under its snapshot's digest
 * Return: 0, its path in *pathp, the caller's to free; -errno */
int mcp_config_save(const struct mcp_config *config, struct mcp_text pack,
    const char *dir, char **pathp);

/* mcp_config_changes() - which lists do clients see otherwise in @after?
 * Return: enum mcp_lists, added up */
enum mcp_lists {
	MCP_LISTS_TOOLS = 1,
	MCP_LISTS_PROMPTS = 2,
	MCP_LISTS_RESOURCES = 4
};
unsigned mcp_config_changes(
    const struct mcp_config *before, const struct mcp_config *after);

/* mcp_config_add_output() - what was found out of a tool that gives no
 * outputSchema, before anybody else has seen the snapshot
 * Units:  @schema JSON text, "type": "object"
 * Return: 0; -ENOMEM, @tool unchanged */
int mcp_config_add_output(struct mcp_tool *tool, const char *schema);

/* mcp_config_uses() - has a tool, a resource or a template such a handler? */
bool
mcp_config_uses(const struct mcp_config *config, enum mcp_handler_kind kind);

const struct mcp_tool *mcp_config_tool(const struct mcp_config *config,
    const char *name);
const struct mcp_prompt *mcp_config_prompt(const struct mcp_config *config,
    const char *name);
const struct mcp_resource *mcp_config_resource(const struct mcp_config *config,
    const char *uri);

#endif

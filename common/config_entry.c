/* config_entry.c - I am the tables of what is offered to clients
 *
 * The order of rows is the order of the manual; that of the file is free. What
 * one key can tell is checked where it is read; what takes two of them, once
 * the object is read, by the function its table names.
 */

#include "config_parse.h"

#include <errno.h>
#include <string.h>

#define ENTRIES_MAX 10000 /* of a kind; each is compared with each */
#define ARGUMENTS_MAX 100 /* of a prompt */
#define WORDS_MAX 1024	  /* bytes of what has no limit of its own */
#define TOOL_NAME_MAX 128 /* "Tools", "Tool Names" */
#define TOOL_NAME_WELL 64 /* what all clients take */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* --- what several kinds of entries have --- */

static const struct config_key icon_keys[] = {
	{ "src", .read = config_string, .required = true, .least = 1,
	    .shown = CONFIG_SHOWN },
	{ "mimeType", .read = config_string, .shown = CONFIG_SHOWN },
	{ "sizes", .read = config_strings, .shown = CONFIG_SHOWN },
	{ "theme", .read = config_string, .shown = CONFIG_SHOWN,
	    .choices = (const char *const[]){ "light", "dark", NULL } },
};
static const struct config_table icon_table =
    CONFIG_TABLE("an icon", icon_keys, NULL);
static const struct config_list icons = { &icon_table, 0, 0 };

static const struct config_key annotation_keys[] = {
	{ "audience", .read = config_strings, .shown = CONFIG_SHOWN,
	    .choices = (const char *const[]){ "user", "assistant", NULL } },
	{ "priority", .read = config_fraction, .shown = CONFIG_SHOWN },
	{ "lastModified", .read = config_string,
	    .shown = CONFIG_SINCE(MCP_FIELD_TITLE) /* came with it */ },
};
static const struct config_table annotation_table =
    CONFIG_TABLE("\"annotations\"", annotation_keys, NULL);

/* clang-format off */
#define TITLE { "title", .read = config_string, \
	.shown = CONFIG_SINCE(MCP_FIELD_TITLE) }
#define DESCRIPTION { "description", .read = config_string, \
	.shown = CONFIG_SHOWN }
#define ICONS { "icons", .read = config_elements, .list = &icons, \
	.shown = CONFIG_SINCE(MCP_FIELD_ICONS) }
/* "_meta" of an entry came with the titles, in 2025-06-18 */
#define META { "_meta", .read = config_anything, \
	.shown = CONFIG_SINCE(MCP_FIELD_TITLE) }
#define HANDLERS(type) \
	{ "sql", .read = config_sql, CONFIG_KEPT(type, handler) }, \
	{ "text", .read = config_text, CONFIG_KEPT(type, handler) }, \
	{ "file", .read = config_text_file, CONFIG_KEPT(type, handler) }, \
	{ "exec", .read = config_exec, CONFIG_KEPT(type, handler) }, \
	{ "http", .read = config_http, CONFIG_KEPT(type, handler) }, \
	{ "plugin", .read = config_plugin, CONFIG_KEPT(type, handler) }
/* clang-format on */

/* A handler that is not built yet has been told of already. */
static void
require_handler(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, const struct mcp_handler *handler)
{
	if (handler->kind == MCP_HANDLER_NONE)
		config_problem(reader, at,
		    "%s needs a handler. Give it \"sql\", \"text\", "
		    "\"file\", \"exec\", \"http\" or \"plugin\"",
		    table->noun);
}

static void
tell_twice(struct config_reader *reader, const struct config_at *at,
    const char *key, const char *name)
{
	struct config_at member;

	if (config_get(at, key, &member))
		config_problem(reader, &member,
		    "there is another with the \"%s\" \"%.*s\". Rename one, "
		    "or take it out",
		    key, CONFIG_QUOTE(name));
}

static bool
is_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* --- schemas --- */

/* Spec: "Tools", "Tool": a JSON Schema whose "type" is "object" */
static bool
is_object_schema(struct config_reader *reader, const struct config_at *at)
{
	struct config_at type;

	if (!config_is(reader, at, json_type_object))
		return false;
	if (config_get(at, "type", &type) &&
	    json_object_is_type(type.json, json_type_string) &&
	    strcmp(json_object_get_string(type.json), "object") == 0)
		return true;
	config_problem(reader, at,
	    "\"%s\" does not describe an object. Write \"type\": \"object\" "
	    "into it",
	    at->key);
	return false;
}

static void
read_output_schema(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_tool *tool = base;
	struct mcp_schema *schema = NULL;

	(void)key;
	tool->has_output = true;
	if (!config_is(reader, at, json_type_object))
		return;
	config_schema_compile(reader, at, &schema);
	mcp_schema_free(schema);
}

/* Before 2026-07-28 the output of a tool was always an object.
 * Spec: 2025-11-25 and 2026-07-28 "Schema Reference", "Tool" */
static bool
is_output_known(struct json_object *json, enum mcp_revision revision)
{
	struct json_object *type = json_object_object_get(json, "type");

	return mcp_revision_has(revision, MCP_FIELD_RESULT_TYPE) ||
	    (json_object_is_type(type, json_type_string) &&
		strcmp(json_object_get_string(type), "object") == 0);
}

static void
read_schema(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_tool *tool = base;

	(void)key;
	if (is_object_schema(reader, at))
		config_schema_compile(reader, at, &tool->input);
}

/* The member takes the reference, if it takes anything. */
static void
set_member(struct config_reader *reader, struct json_object *object,
    const char *name, struct json_object *value)
{
	if (value != NULL && json_object_object_add(object, name, value) == 0)
		return;
	json_object_put(value);
	reader->no_memory = true;
}

/* Some clients fall over a tool without "inputSchema" or "properties", so
 * both are always listed. */
static void
complete_schema(struct config_reader *reader, const struct config_at *at,
    struct mcp_tool *tool)
{
	struct config_at schema;

	if (!config_has(at, "inputSchema")) {
		set_member(
		    reader, at->json, "inputSchema", json_object_new_object());
		if (!config_get(at, "inputSchema", &schema))
			return;
		set_member(reader, schema.json, "type",
		    json_object_new_string("object"));
		if (!reader->no_memory)
			config_schema_compile(reader, &schema, &tool->input);
	}
	if (config_get(at, "inputSchema", &schema) &&
	    json_object_is_type(schema.json, json_type_object) &&
	    !config_has(&schema, "properties"))
		set_member(reader, schema.json, "properties",
		    json_object_new_object());
}

/* --- tools --- */

static const struct config_key hint_keys[] = {
	{ "title", .read = config_string, .shown = CONFIG_SHOWN },
	{ "readOnlyHint", .read = config_bool, .shown = CONFIG_SHOWN },
	{ "destructiveHint", .read = config_bool, .shown = CONFIG_SHOWN },
	{ "idempotentHint", .read = config_bool, .shown = CONFIG_SHOWN },
	{ "openWorldHint", .read = config_bool, .shown = CONFIG_SHOWN },
};
static const struct config_table hint_table =
    CONFIG_TABLE("a tool's \"annotations\"", hint_keys, NULL);

static const char *
wrong_tool_name(const char *name)
{
	if (strspn(name, LETTERS DIGITS "_.-") != strlen(name))
		return "Use letters, digits, \"_\", \"-\" and \".\" only";
	return NULL;
}

/* Both are legal, and both have cost users a client. */
static void
check_tool_name(
    struct config_reader *reader, const struct config_at *at, const char *name)
{
	struct config_at member;

	if (!config_get(at, "name", &member))
		return;
	if (strspn(name, LETTERS DIGITS "_") != strlen(name))
		config_warning(reader, &member,
		    "some clients refuse the name \"%.*s\". Letters, digits "
		    "and \"_\" are safe everywhere",
		    CONFIG_QUOTE(name));
	if (strlen(name) > TOOL_NAME_WELL)
		config_warning(reader, &member,
		    "some clients refuse a name of %zu characters. Up to %d "
		    "are safe everywhere",
		    strlen(name), TOOL_NAME_WELL);
}

static bool
has_property(const void *of, const char *name)
{
	return config_has(of, name);
}

static void
check_places(struct config_reader *reader, const struct config_at *at,
    const struct mcp_tool *tool)
{
	struct config_at schema, properties;
	const struct config_inputs own = { has_property, &properties,
		"a property of the tool's inputSchema" };
	const struct config_bound bound = { &own, &tool->access };
	const struct config_inputs inputs = config_with_bound(&bound);

	if (config_get(at, "inputSchema", &schema) &&
	    config_get(&schema, "properties", &properties))
		config_handler_check(reader, at, &tool->handler, &inputs);
}

static void
check_hints(struct config_reader *reader, const struct config_at *at,
    const struct mcp_tool *tool)
{
	struct config_at annotations, hint;

	if (tool->handler.kind == MCP_HANDLER_SQL && tool->handler.sql.write &&
	    config_get(at, "annotations", &annotations) &&
	    config_get(&annotations, "readOnlyHint", &hint) &&
	    json_object_get_boolean(hint.json))
		config_warning(reader, &hint,
		    "readOnlyHint is true, and the statement may write. Take "
		    "one of the two back");
}

static struct json_object *
cursor_schema(struct config_reader *reader)
{
	struct json_object *schema = json_object_new_object();

	if (schema == NULL) {
		reader->no_memory = true;
		return NULL;
	}
	set_member(reader, schema, "type", json_object_new_string("string"));
	set_member(reader, schema, "description",
	    json_object_new_string("To go on where an answer was cut: its "
				   "nextCursor, and the same arguments"));
	return schema;
}

/* Rows that are cut are continued by an argument of ours, unless the tool has
 * one of that name. */
static void
add_cursor(struct config_reader *reader, const struct config_at *at,
    struct mcp_tool *tool)
{
	struct mcp_sql *sql = &tool->handler.sql;
	struct config_at schema, properties;

	if (tool->handler.kind != MCP_HANDLER_SQL || sql->write ||
	    sql->result != MCP_SQL_ROWS || tool->input == NULL ||
	    !config_get(at, "inputSchema", &schema) ||
	    !config_get(&schema, "properties", &properties) ||
	    config_has(&properties, "cursor"))
		return;
	set_member(reader, properties.json, "cursor", cursor_schema(reader));
	if (reader->no_memory)
		return;
	mcp_schema_free(tool->input);
	tool->input = NULL;
	config_schema_compile(reader, &schema, &tool->input);
	sql->pages = true;
}

static void
check_tool(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	struct mcp_tool *tool = base;
	const struct mcp_config *config = reader->config;

	require_handler(reader, at, table, &tool->handler);
	complete_schema(reader, at, tool);
	check_places(reader, at, tool);
	check_hints(reader, at, tool);
	add_cursor(reader, at, tool);
	config_mirrors(reader, at, tool);
	config_tool_access(reader, at, tool);
	if (tool->name != NULL)
		check_tool_name(reader, at, tool->name);
	for (size_t i = 0; i + 1 < config->n_tools; i++)
		if (is_same(config->tools[i].name, tool->name))
			tell_twice(reader, at, "name", tool->name);
	config_clients_tool(reader, at);
	config_schema_bundle(reader, at, "inputSchema");
	config_schema_bundle(reader, at, "outputSchema");
	config_listing(reader, at, table, tool->listing);
}

static const struct config_key tool_keys[] = {
	{ "name", .read = config_string, .required = true, .least = 1,
	    .most = TOOL_NAME_MAX, .wrong = wrong_tool_name,
	    .shown = CONFIG_SHOWN, CONFIG_KEPT(struct mcp_tool, name) },
	TITLE,
	DESCRIPTION,
	{ "inputSchema", .read = read_schema, .shown = CONFIG_SHOWN,
	    CONFIG_KEPT(struct mcp_tool, input) },
	{ "outputSchema", .read = read_output_schema, .listed = is_output_known,
	    .shown = CONFIG_SINCE(MCP_FIELD_OUTPUT_SCHEMA) },
	{ "annotations", .read = config_member, .table = &hint_table,
	    .shown = CONFIG_SINCE(MCP_FIELD_ANNOTATIONS) },
	ICONS,
	META,
	HANDLERS(struct mcp_tool),
	CONFIG_ACCESS(struct mcp_tool),
	{ "limit", .read = config_member, .table = &config_tool_limit_table,
	    CONFIG_KEPT(struct mcp_tool, limit) },
	{ "idempotency", .read = config_idempotency,
	    CONFIG_KEPT(struct mcp_tool, idempotency) },
};
static const struct config_table tool_table =
    CONFIG_TABLE("a tool", tool_keys, check_tool);

/* --- resources --- */

static const char *
wrong_uri(const char *uri)
{
	size_t scheme = strspn(uri, LETTERS DIGITS "+.-");

	if (strchr(LETTERS, uri[0]) == NULL || uri[scheme] != ':')
		return "Begin it with a scheme, \"docs://handbook\"";
	for (const char *c = uri; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || strchr("\"<>\\^`", *c) != NULL)
			return "Write what no URI may hold as %XX";
	return NULL;
}

static const char *
wrong_plain_uri(const char *uri)
{
	if (strpbrk(uri, "{}") != NULL)
		return "Places belong to \"resourceTemplates\"";
	return wrong_uri(uri);
}

static void
check_uri(struct config_reader *reader, const struct config_at *at,
    const char *key, const struct mcp_resource *all, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (is_same(all[i].uri, all[n - 1].uri))
			tell_twice(reader, at, key, all[n - 1].uri);
}

static void
check_resource(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	struct mcp_resource *resource = base;
	const struct mcp_config *config = reader->config;
	const struct config_inputs none = { NULL, NULL,
		"A resource has no arguments; \"resourceTemplates\" have" };
	const struct config_bound bound = { &none, &resource->access };
	const struct config_inputs inputs = config_with_bound(&bound);

	require_handler(reader, at, table, &resource->handler);
	config_handler_check(reader, at, &resource->handler, &inputs);
	config_access_check(reader, at, &bound,
	    config->server.cache.resources.is_public,
	    resource->cache.is_public);
	check_uri(reader, at, "uri", config->resources, config->n_resources);
	config_listing(reader, at, table, resource->listing);
}

static const char *const scopes[] = { "public", "private", NULL };

/* clang-format off */
#define RESOURCE_KEYS \
	{ "name", .read = config_string, .required = true, .least = 1, \
	    .most = WORDS_MAX, .shown = CONFIG_SHOWN }, \
	TITLE, \
	DESCRIPTION, \
	{ "mimeType", .read = config_string, .least = 1, .most = WORDS_MAX, \
	    .shown = CONFIG_SHOWN, \
	    CONFIG_KEPT(struct mcp_resource, mime_type) }, \
	{ "annotations", .read = config_member, .table = &annotation_table, \
	    .shown = CONFIG_SHOWN }, \
	{ "ttlMs", .read = config_milliseconds, .most = CONFIG_TTL_MOST, \
	    CONFIG_KEPT(struct mcp_resource, cache.ttl_ms) }, \
	{ "cacheScope", .read = config_scope, .choices = scopes, \
	    CONFIG_KEPT(struct mcp_resource, cache.is_public) }, \
	ICONS, \
	META, \
	HANDLERS(struct mcp_resource), \
	CONFIG_ACCESS(struct mcp_resource)
/* clang-format on */

static const struct config_key resource_keys[] = {
	{ "uri", .read = config_string, .required = true, .least = 1,
	    .most = WORDS_MAX, .wrong = wrong_plain_uri, .shown = CONFIG_SHOWN,
	    CONFIG_KEPT(struct mcp_resource, uri) },
	{ "size", .read = config_size, .most = (UINT64_C(1) << 53) - 1,
	    .shown = CONFIG_SHOWN },
	RESOURCE_KEYS,
};
static const struct config_table resource_table =
    CONFIG_TABLE("a resource", resource_keys, check_resource);

/* --- resource templates --- */

static void
read_uri_template(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_resource *resource = base;
	struct mcp_buf why = MCP_BUF_INIT;
	int r;

	config_string(reader, key, at, base);
	if (resource->uri == NULL)
		return;
	r = mcp_uri_template_new(resource->uri, &resource->template, &why);
	if (r < 0 || why.failed)
		reader->no_memory = true;
	else if (r == MCP_URI_TEMPLATE_E_BAD)
		config_problem(reader, at, "in \"%s\" %s", at->key, why.data);
	else if (mcp_uri_template_name(resource->template, 0) == NULL)
		config_problem(reader, at,
		    "\"%.*s\" has no {place}. Declare it under \"resources\"",
		    CONFIG_QUOTE(resource->uri));
	mcp_buf_deinit(&why);
}

static bool
has_place(const void *of, const char *name)
{
	const char *place;

	for (size_t i = 0; (place = mcp_uri_template_name(of, i)) != NULL; i++)
		if (strcmp(place, name) == 0)
			return true;
	return false;
}

static void
complete_places(struct config_reader *reader, const struct config_at *at,
    struct mcp_resource *resource, const struct config_inputs *places,
    const struct config_inputs *inputs)
{
	const struct config_completions completions = { &resource->completions,
		&resource->n_completions };
	struct config_at complete;

	if (!config_get(at, "complete", &complete) ||
	    !json_object_is_type(complete.json, json_type_object))
		return;
	json_object_object_foreach(complete.json, name, json) {
		struct config_at one = { &complete, name, 0, json, at->file };

		if (has_place(places->of, name))
			config_complete(
			    reader, &one, completions, name, inputs);
		else
			config_problem(reader, &one,
			    "\"%.*s\" is not %s. Mend its name",
			    CONFIG_QUOTE(name), inputs->noun);
	}
}

static void
check_template(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	struct mcp_resource *resource = base;
	const struct mcp_config *config = reader->config;
	const struct config_inputs places = { has_place, resource->template,
		"a place of its uriTemplate" };
	const struct config_bound bound = { &places, &resource->access };
	const struct config_inputs inputs = config_with_bound(&bound);

	require_handler(reader, at, table, &resource->handler);
	if (resource->template != NULL) {
		config_handler_check(reader, at, &resource->handler, &inputs);
		complete_places(reader, at, resource, &places, &inputs);
		config_access_check(reader, at, &bound,
		    config->server.cache.templates.is_public,
		    resource->cache.is_public);
	}
	check_uri(
	    reader, at, "uriTemplate", config->templates, config->n_templates);
	config_listing(reader, at, table, resource->listing);
}

static const struct config_key template_keys[] = {
	{ "uriTemplate", .read = read_uri_template, .required = true,
	    .least = 1, .most = WORDS_MAX, .wrong = wrong_uri,
	    .shown = CONFIG_SHOWN, CONFIG_KEPT(struct mcp_resource, uri) },
	{ "complete", .read = config_anything }, /* see complete_places() */
	RESOURCE_KEYS,
};
static const struct config_table template_table =
    CONFIG_TABLE("a resource template", template_keys, check_template);

/* --- prompts --- */

static const char *
wrong_argument_name(const char *name)
{
	if (strspn(name, LETTERS DIGITS "_.-") != strlen(name))
		return "Use letters, digits, \"_\", \"-\" and \".\" only: it "
		       "is a {place} too";
	return NULL;
}

static const struct config_key argument_keys[] = {
	{ "name", .read = config_string, .required = true, .least = 1,
	    .most = WORDS_MAX, .wrong = wrong_argument_name,
	    .shown = CONFIG_SHOWN, CONFIG_KEPT(struct mcp_argument, name) },
	TITLE, DESCRIPTION,
	{ "required", .read = config_bool, .shown = CONFIG_SHOWN,
	    CONFIG_KEPT(struct mcp_argument, required) },
	{ "complete", .read = config_anything }, /* see complete_arguments() */
};
static const struct config_table argument_table =
    CONFIG_TABLE("an argument", argument_keys, NULL);
static const struct config_list arguments = { &argument_table,
	offsetof(struct mcp_prompt, n_arguments), sizeof(struct mcp_argument) };

static const struct config_key message_keys[] = {
	{ "role", .read = config_string, .required = true,
	    .choices = (const char *const[]){ "user", "assistant", NULL },
	    CONFIG_KEPT(struct mcp_message, role) },
	{ "text", .read = config_template, .required = true, .least = 1,
	    CONFIG_KEPT(struct mcp_message, text) },
};
static const struct config_table message_table =
    CONFIG_TABLE("a message", message_keys, NULL);
static const struct config_list messages = { &message_table,
	offsetof(struct mcp_prompt, n_messages), sizeof(struct mcp_message) };

static bool
has_argument(const void *of, const char *name)
{
	const struct mcp_prompt *prompt = of;

	for (size_t i = 0; i < prompt->n_arguments; i++)
		if (is_same(prompt->arguments[i].name, name))
			return true;
	return false;
}

static void
check_arguments(struct config_reader *reader, const struct config_at *at,
    const struct mcp_prompt *prompt)
{
	for (size_t i = 0; i < prompt->n_arguments; i++)
		for (size_t j = 0; j < i; j++)
			if (is_same(prompt->arguments[j].name,
				prompt->arguments[i].name))
				config_problem(reader, at,
				    "two arguments have the name \"%.*s\". "
				    "Rename one, or take it out",
				    CONFIG_QUOTE(prompt->arguments[i].name));
}

static void
complete_arguments(struct config_reader *reader, const struct config_at *at,
    struct mcp_prompt *prompt, const struct config_inputs *inputs)
{
	const struct config_completions completions = { &prompt->completions,
		&prompt->n_completions };
	struct config_at list, argument, complete;

	if (!config_get(at, "arguments", &list))
		return;
	for (size_t i = 0; i < prompt->n_arguments; i++) {
		argument = (struct config_at){ &list, NULL, i,
			json_object_array_get_idx(list.json, i), at->file };
		if (prompt->arguments[i].name != NULL &&
		    config_get(&argument, "complete", &complete) &&
		    json_object_is_type(complete.json, json_type_object))
			config_complete(reader, &complete, completions,
			    prompt->arguments[i].name, inputs);
	}
}

/* A plugin makes the messages itself. */
static void
require_messages(struct config_reader *reader, const struct config_at *at,
    const struct mcp_prompt *prompt)
{
	bool plugin = prompt->handler.kind == MCP_HANDLER_PLUGIN;
	struct config_at member;

	if (!config_get(at, "messages", &member) && !plugin)
		config_problem(reader, at,
		    "a prompt needs \"messages\" or a \"plugin\", and there "
		    "is neither. Add one");
	else if (config_has(at, "messages") && plugin)
		config_problem(reader, &member,
		    "\"messages\" stand beside a plugin, which makes them. "
		    "Keep one of the two");
}

/* With a statement a place may be any of its columns, and which those are is
 * known only to who prepares it. */
static void
check_messages(struct config_reader *reader, const struct config_at *at,
    const struct mcp_prompt *prompt, const struct config_inputs *inputs)
{
	struct config_at list, message, text;

	if (prompt->handler.kind != MCP_HANDLER_NONE ||
	    !config_get(at, "messages", &list))
		return;
	for (size_t i = 0; i < prompt->n_messages; i++) {
		message = (struct config_at){ &list, NULL, i,
			json_object_array_get_idx(list.json, i), at->file };
		if (config_get(&message, "text", &text))
			config_template_check(
			    reader, &text, &prompt->messages[i].text, inputs);
	}
}

/* The row is the prompt's subject: there is one. */
static void
check_row(struct config_reader *reader, const struct config_at *at,
    const struct mcp_prompt *prompt)
{
	struct config_at sql, result;

	if (prompt->handler.sql.result != MCP_SQL_ONE &&
	    config_get(at, "sql", &sql) && config_get(&sql, "result", &result))
		config_problem(reader, &result,
		    "a prompt speaks of one row. Write \"result\": \"one\"");
}

static void
check_prompt(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	struct mcp_prompt *prompt = base;
	const struct mcp_config *config = reader->config;
	const struct config_inputs own = { has_argument, prompt,
		"an argument of the prompt" };
	const struct config_bound bound = { &own, &prompt->access };
	const struct config_inputs inputs = config_with_bound(&bound);

	check_arguments(reader, at, prompt);
	require_messages(reader, at, prompt);
	complete_arguments(reader, at, prompt, &inputs);
	config_handler_check(reader, at, &prompt->handler, &inputs);
	check_messages(reader, at, prompt, &inputs);
	check_row(reader, at, prompt);
	config_access_check(
	    reader, at, &bound, config->server.cache.prompts.is_public, false);
	for (size_t i = 0; i + 1 < config->n_prompts; i++)
		if (is_same(config->prompts[i].name, prompt->name))
			tell_twice(reader, at, "name", prompt->name);
	config_listing(reader, at, table, prompt->listing);
}

static const struct config_key prompt_keys[] = {
	{ "name", .read = config_string, .required = true, .least = 1,
	    .most = WORDS_MAX, .shown = CONFIG_SHOWN,
	    CONFIG_KEPT(struct mcp_prompt, name) },
	TITLE,
	{ "description", .read = config_string, .shown = CONFIG_SHOWN,
	    CONFIG_KEPT(struct mcp_prompt, description) },
	{ "arguments", .read = config_elements, .list = &arguments,
	    .most = ARGUMENTS_MAX, .shown = CONFIG_SHOWN,
	    CONFIG_KEPT(struct mcp_prompt, arguments) },
	{ "messages", .read = config_elements, .list = &messages, .least = 1,
	    .most = ENTRIES_MAX, CONFIG_KEPT(struct mcp_prompt, messages) },
	{ "sql", .read = config_sql, CONFIG_KEPT(struct mcp_prompt, handler) },
	{ "plugin", .read = config_plugin,
	    CONFIG_KEPT(struct mcp_prompt, handler) },
	ICONS,
	META,
	CONFIG_ACCESS(struct mcp_prompt),
};
static const struct config_table prompt_table =
    CONFIG_TABLE("a prompt", prompt_keys, check_prompt);

/* --- the sections of a file --- */

/* clang-format off */
#define LIST(member, table, type) \
	static const struct config_list member##_list = { table, \
		offsetof(struct mcp_config, n_##member), sizeof(type) }
#define ENTRIES(name, member) \
	{ name, .read = config_elements, .list = &member##_list, \
	    .most = ENTRIES_MAX, CONFIG_KEPT(struct mcp_config, member) }
/* clang-format on */

LIST(tools, &tool_table, struct mcp_tool);
LIST(resources, &resource_table, struct mcp_resource);
LIST(templates, &template_table, struct mcp_resource);
LIST(prompts, &prompt_table, struct mcp_prompt);

/* config_file has followed them before any section is read */
static void
read_include(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	(void)reader;
	(void)key;
	(void)at;
	(void)base;
}

static const struct config_key section_keys[] = {
	{ "$schema", .read = config_string }, /* for editors */
	{ "server", .read = config_member, .table = &config_server_table,
	    CONFIG_KEPT(struct mcp_config, server) },
	{ "limits", .read = config_member, .table = &config_limit_table,
	    CONFIG_KEPT(struct mcp_config, server.limits) },
	{ "include", .read = read_include },
	{ "schemas", .read = read_include }, /* before these, as well */
	{ "roles", .read = config_roles },
	{ "databases", .read = config_databases },
	{ "plugins", .read = config_plugins },
	ENTRIES("tools", tools),
	ENTRIES("resources", resources),
	ENTRIES("resourceTemplates", templates),
	ENTRIES("prompts", prompts),
};
const struct config_table config_sections =
    CONFIG_TABLE("the file", section_keys, NULL);

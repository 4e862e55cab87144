/* config_handler.c - I read how an answer is made: sql, text, file or plugin */

#include "config_parse.h"
#include "template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const result_names[] = { "one", "rows", "value", NULL };

bool
config_claim(struct config_reader *reader, const struct config_at *at,
    struct mcp_handler *handler, enum mcp_handler_kind kind)
{
	if (handler->kind == MCP_HANDLER_NONE) {
		handler->kind = kind;
		return true;
	}
	config_problem(reader, at,
	    "\"%s\" is a second handler, and one answers. Keep one of them",
	    at->key);
	return false;
}

/* --- sql --- */

static const char *
nth_database(const void *of, size_t i)
{
	const struct mcp_config *config = of;

	return config->databases[i].name;
}

static void
read_database(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_sql *sql = base;
	const struct mcp_config *config = reader->config;
	const char *name, *nearest;

	(void)key;
	if (!config_is(reader, at, json_type_string))
		return;
	name = json_object_get_string(at->json);
	for (size_t i = 0; i < config->n_databases; i++)
		if (strcmp(config->databases[i].name, name) == 0) {
			sql->database = (unsigned)i;
			return;
		}
	nearest = config_near(name, nth_database, config, config->n_databases);
	if (nearest != NULL)
		config_problem(reader, at,
		    "there is no database \"%.*s\". Did you mean \"%s\"?",
		    CONFIG_QUOTE(name), nearest);
	else
		config_problem(reader, at,
		    "there is no database \"%.*s\". Declare it under "
		    "\"databases\"",
		    CONFIG_QUOTE(name));
}

static void
read_result(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_sql *sql = base;
	const char *name;

	config_string(reader, key, at, NULL);
	if (!json_object_is_type(at->json, json_type_string))
		return;
	name = json_object_get_string(at->json);
	for (int i = 0; result_names[i] != NULL; i++)
		if (strcmp(result_names[i], name) == 0)
			sql->result = (enum mcp_sql_result)i;
}

static const struct config_key sql_keys[] = {
	{ "database", .read = read_database, .required = true },
	{ "query", .read = config_string, .required = true, .least = 1,
	    CONFIG_KEPT(struct mcp_sql, query) },
	{ "result", .read = read_result, .choices = result_names },
	{ "write", .read = config_bool, CONFIG_KEPT(struct mcp_sql, write) },
	{ "empty", .read = config_template, .least = 1,
	    CONFIG_KEPT(struct mcp_sql, empty) },
	{ "max_rows", .read = config_count, .usual = 1000, .least = 1,
	    .most = 1000000, CONFIG_KEPT(struct mcp_sql, max_rows) },
	{ "max_bytes", .read = config_size, .usual = 1 << 20, .least = 64,
	    .most = 1 << 30, CONFIG_KEPT(struct mcp_sql, max_bytes) },
	{ "timeout_ms", .read = config_count, .usual = 10000, .least = 1,
	    .most = 3600000, CONFIG_KEPT(struct mcp_sql, timeout_ms) },
};
static const struct config_table sql_table =
    CONFIG_TABLE("\"sql\"", sql_keys, NULL);

void
config_sql(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_handler *handler = (void *)((char *)base + key->where);

	if (!config_claim(reader, at, handler, MCP_HANDLER_SQL))
		return;
	config_usual(&sql_table, &handler->sql);
	handler->sql.number = reader->config->n_statements++;
	config_object(reader, at, &sql_table, &handler->sql);
}

/* --- text and file --- */

void
config_text(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_handler *handler = (void *)((char *)base + key->where);
	const struct config_key text = { "text",
		CONFIG_KEPT(struct mcp_handler, text) };

	if (config_claim(reader, at, handler, MCP_HANDLER_TEXT))
		config_template(reader, &text, at, handler);
}

/* Missing is missing for everybody; what this program may not read, the one
 * that serves it perhaps may. */
static void
look_at_file(
    struct config_reader *reader, const struct config_at *at, const char *path)
{
	struct stat is;

	if (stat(path, &is) == 0 && !S_ISREG(is.st_mode))
		config_problem(reader, at,
		    "%s is no regular file. Name one that can be read whole",
		    path);
	else if (stat(path, &is) < 0 && (errno == ENOENT || errno == ENOTDIR))
		config_problem(reader, at,
		    "%s does not exist. Relative paths start from %s", path,
		    at->file->directory);
	else if (stat(path, &is) < 0)
		config_warning(reader, at,
		    "%s cannot be looked at: %s. Check the modes on the way",
		    path, strerror(errno));
}

void
config_text_file(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_handler *handler = (void *)((char *)base + key->where);

	if (!config_claim(reader, at, handler, MCP_HANDLER_FILE) ||
	    !config_is(reader, at, json_type_string))
		return;
	handler->file =
	    config_path(reader, at->file, json_object_get_string(at->json));
	if (handler->file != NULL)
		look_at_file(reader, at, handler->file);
}

/* --- plugin --- */

static bool
is_among(const struct mcp_strings *strings, const char *string)
{
	for (size_t i = 0; i < strings->n; i++)
		if (strcmp(strings->at[i], string) == 0)
			return true;
	return false;
}

/* One file, one plugin, by whichever name it is reached.
 * Return: the caller's to free; NULL: there is none, or no memory */
static char *
plugin_path(struct config_reader *reader, const struct config_at *at)
{
	char *path, *real;

	if (!config_is(reader, at, json_type_string))
		return NULL;
	path = config_path(reader, at->file, json_object_get_string(at->json));
	if (path == NULL)
		return NULL;
	look_at_file(reader, at, path);
	real = realpath(path, NULL);
	if (real == NULL)
		real = path; /* told, or perhaps seen by who serves it */
	else
		free(path);
	if (!is_among(&reader->config->plugins, real))
		config_add_string(reader, &reader->config->plugins, real);
	return real;
}

void
config_plugin(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_handler *handler = (void *)((char *)base + key->where);

	if (config_claim(reader, at, handler, MCP_HANDLER_PLUGIN))
		handler->plugin = plugin_path(reader, at);
}

void
config_plugins(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	(void)key;
	(void)base;
	if (!config_is(reader, at, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(at->json); i++)
		free(plugin_path(reader,
		    &(struct config_at){ at, NULL, i,
			json_object_array_get_idx(at->json, i), at->file }));
}

void
config_handler_deinit(struct mcp_handler *handler)
{
	free(handler->sql.query);
	template_deinit(&handler->sql.empty);
	config_exec_deinit(&handler->exec);
	template_deinit(&handler->text);
	free(handler->file);
	free(handler->plugin);
	config_http_free(handler->http);
}

/* --- are the places inputs? --- */

static void
tell_place(struct config_reader *reader, const struct config_at *at,
    const char *front, const char *name, const char *back,
    const struct config_inputs *inputs)
{
	if (inputs->has == NULL)
		config_problem(reader, at,
		    "there is nothing to put in place of %s%.*s%s. %s", front,
		    CONFIG_QUOTE(name), back, inputs->noun);
	else if (!inputs->has(inputs->of, name))
		config_problem(reader, at,
		    "%s%.*s%s is not %s. Declare it there, or mend its name",
		    front, CONFIG_QUOTE(name), back, inputs->noun);
}

void
config_template_check(struct config_reader *reader, const struct config_at *at,
    const struct mcp_template *template, const struct config_inputs *inputs)
{
	for (size_t i = 0; i < template->n; i++)
		if (template->pieces[i].place)
			tell_place(reader, at, "{", template->pieces[i].text,
			    "}", inputs);
}

static void
check_place(struct config_reader *reader, const struct config_at *at,
    struct mcp_text place, const struct config_inputs *inputs)
{
	char *name = mcp_text_dup(place);

	if (name == NULL)
		reader->no_memory = true;
	else if (name[0] == ':')
		tell_place(reader, at, ":", name + 1, "", inputs);
	else
		config_problem(reader, at,
		    "\"%.*s\" is bound by no name. Write :name",
		    CONFIG_QUOTE(name));
	free(name);
}

static void
check_query(struct config_reader *reader, const struct config_at *at,
    const struct mcp_sql *sql, const struct config_inputs *inputs)
{
	const struct mcp_config *config = reader->config;
	const char *query = sql->query;
	enum mcp_engine engine = MCP_ENGINE_SQLITE;
	size_t len = 0;

	if (sql->database < config->n_databases)
		engine = config->databases[sql->database].engine;
	while ((query = mcp_place_next(engine, query, &len)) != NULL) {
		check_place(
		    reader, at, (struct mcp_text){ query, len }, inputs);
		query += len;
	}
}

static void
check_sql(struct config_reader *reader, const struct config_at *at,
    const struct mcp_sql *sql, const struct config_inputs *inputs)
{
	struct config_at member;

	if (sql->query != NULL && config_get(at, "query", &member))
		check_query(reader, &member, sql, inputs);
	if (!config_get(at, "empty", &member))
		return;
	config_template_check(reader, &member, &sql->empty, inputs);
	if (sql->result == MCP_SQL_ROWS)
		config_warning(reader, &member,
		    "\"rows\" without a row are an empty list, and \"empty\" "
		    "is never said. Take it out");
}

void
config_handler_check(struct config_reader *reader, const struct config_at *at,
    const struct mcp_handler *handler, const struct config_inputs *inputs)
{
	struct config_at member;

	if (handler->kind == MCP_HANDLER_SQL && config_get(at, "sql", &member))
		check_sql(reader, &member, &handler->sql, inputs);
	if (handler->kind == MCP_HANDLER_EXEC &&
	    config_get(at, "exec", &member))
		config_exec_check(reader, &member, &handler->exec, inputs);
	if (handler->kind == MCP_HANDLER_TEXT &&
	    config_get(at, "text", &member))
		config_template_check(reader, &member, &handler->text, inputs);
	if (handler->kind == MCP_HANDLER_HTTP &&
	    config_get(at, "http", &member))
		config_http_check(reader, &member, handler->http, inputs);
}

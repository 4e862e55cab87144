/* config.c - I turn mcp.json into one immutable snapshot, or say what is wrong
 *
 * First all files are read, then the sections, each through all files: so a
 * tool may speak of a database that another file declares. What each section
 * holds is said by tables (config_server, config_entry), how a table is read
 * by config_parse.
 */

#include "config_parse.h"
#include "template.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- what every file may hold, and what the main one alone --- */

static bool
is_of_main(const char *section)
{
	return strcmp(section, "server") == 0 ||
	    strcmp(section, "limits") == 0 || strcmp(section, "include") == 0;
}

static void
check_sections(struct config_reader *reader, const struct config_file *file)
{
	struct config_at whole = { NULL, NULL, 0, file->json, file };

	if (file->is_schema ||
	    !json_object_is_type(file->json, json_type_object))
		return;
	json_object_object_foreach(file->json, name, json) {
		struct config_at at = { &whole, name, 0, json, file };

		if (config_key(&config_sections, name) == NULL)
			config_unknown(reader, &at, &config_sections);
		else if (file != reader->files && is_of_main(name))
			config_problem(reader, &at,
			    "\"%s\" stands in an included file. Move it to %s",
			    name, reader->files[0].path);
	}
}

static void
read_section(struct config_reader *reader, const struct config_key *key)
{
	for (size_t i = 0; i < reader->n_files; i++) {
		const struct config_file *file = &reader->files[i];
		struct config_at whole = { NULL, NULL, 0, file->json, file };
		struct config_at at;

		if (!file->is_schema && config_get(&whole, key->name, &at) &&
		    !(i > 0 && is_of_main(key->name)))
			key->read(reader, key, &at, reader->config);
	}
}

static void
read_sections(struct config_reader *reader)
{
	for (size_t i = 0; i < reader->n_files; i++)
		check_sections(reader, &reader->files[i]);
	config_usual(&config_server_table, &reader->config->server);
	config_usual(&config_limit_table, &reader->config->server.limits);
	config_schemas(reader);
	for (size_t i = 0; i < config_sections.n && !reader->no_memory; i++)
		read_section(reader, &config_sections.keys[i]);
	config_server_usual(reader);
	config_clients_all(reader);
}

/* A plugin is known by its file: one that was built anew is another. */
static void
digest_plugin(crypto_generichash_state *state, const char *path)
{
	struct stat is;

	if (stat(path, &is) != 0)
		return;
	const uint64_t known[] = { is.st_dev, is.st_ino, (uint64_t)is.st_size,
		(uint64_t)is.st_mtim.tv_sec, (uint64_t)is.st_mtim.tv_nsec };

	crypto_generichash_update(
	    state, (const unsigned char *)known, sizeof(known));
}

static void
digest(struct config_reader *reader)
{
	struct mcp_config *config = reader->config;
	crypto_generichash_state state;
	unsigned char hash[crypto_generichash_BYTES];

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	for (size_t i = 0; i < reader->n_files; i++) {
		const struct config_file *file = &reader->files[i];

		if (file->bytes == NULL || file->whole == NULL)
			continue;
		crypto_generichash_update(&state,
		    (const unsigned char *)file->whole,
		    strlen(file->whole) + 1);
		crypto_generichash_update(
		    &state, (const unsigned char *)file->bytes, file->len + 1);
	}
	for (size_t i = 0; i < config->plugins.n; i++)
		digest_plugin(&state, config->plugins.at[i]);
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(
	    config->digest, sizeof(config->digest), hash, sizeof(hash));
}

/* --- problems are told in the order of the files --- */

static size_t
rank(const struct config_reader *reader, const struct mcp_problem *problem)
{
	size_t i = 0;

	while (i < reader->n_files &&
	    strcmp(reader->files[i].path, problem->file) != 0)
		i++;
	return i;
}

static bool
is_after(const struct config_reader *reader, const struct mcp_problem *a,
    const struct mcp_problem *b)
{
	size_t rank_a = rank(reader, a), rank_b = rank(reader, b);

	return rank_a != rank_b ? rank_a > rank_b : a->line > b->line;
}

/* by insertion: they are few, and those of one line keep their order */
static void
sort_problems(const struct config_reader *reader, size_t first)
{
	struct mcp_problem *at = reader->problems->at;

	for (size_t i = first; i < reader->problems->n; i++) {
		struct mcp_problem problem = at[i];
		size_t j = i;

		for (; j > first && is_after(reader, &at[j - 1], &problem); j--)
			at[j] = at[j - 1];
		at[j] = problem;
	}
}

int
mcp_config_load(const char *path, struct mcp_config **configp,
    struct mcp_problems *problems)
{
	return mcp_config_load_packed(path, configp, NULL, problems);
}

int
mcp_config_load_packed(const char *path, struct mcp_config **configp,
    struct mcp_buf *pack, struct mcp_problems *problems)
{
	struct config_reader reader = { .problems = problems };
	size_t first = problems->n;
	int r = 0;

	if (sodium_init() < 0)
		return -ENOSYS;
	reader.config = calloc(1, sizeof(*reader.config));
	if (reader.config == NULL)
		return -ENOMEM;
	config_files_read(&reader, path);
	if (!reader.no_memory) {
		read_sections(&reader);
		digest(&reader);
		sort_problems(&reader, first);
	}
	if (reader.no_memory)
		r = -ENOMEM;
	else if (reader.n_errors > 0)
		r = MCP_CONFIG_E_PROBLEMS;
	if (r == 0 && pack != NULL)
		config_pack_write(&reader, pack);
	if (r == 0 && pack != NULL && pack->failed)
		r = -ENOMEM;
	config_files_free(&reader);
	if (r == 0)
		*configp = reader.config;
	else
		mcp_config_free(reader.config);
	return r;
}

/* --- the end --- */

void
config_strings_deinit(struct mcp_strings *strings)
{
	for (size_t i = 0; i < strings->n; i++)
		free(strings->at[i]);
	free(strings->at);
}

static void
server_deinit(struct mcp_server *server)
{
	free(server->name);
	free(server->title);
	free(server->version);
	free(server->instructions);
	free(server->mount);
	config_strings_deinit(&server->allowed_origins);
	config_strings_deinit(&server->allowed_hosts);
}

static void
listing_deinit(char *listing[MCP_N_REVISIONS])
{
	for (size_t i = 0; i < MCP_N_REVISIONS; i++)
		free(listing[i]);
}

static void
databases_free(struct mcp_database *databases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(databases[i].name);
		free(databases[i].url);
		free(databases[i].path);
	}
	free(databases);
}

static void
tool_deinit(struct mcp_tool *tool)
{
	free(tool->name);
	mcp_schema_free(tool->input);
	config_mirrors_free(tool->mirrors, tool->n_mirrors);
	config_handler_deinit(&tool->handler);
	config_access_deinit(&tool->access);
	free(tool->idempotency.argument);
	listing_deinit(tool->listing);
}

static void
resource_deinit(struct mcp_resource *resource)
{
	free(resource->uri);
	free(resource->mime_type);
	mcp_uri_template_free(resource->template);
	config_completions_free(resource->completions, resource->n_completions);
	config_handler_deinit(&resource->handler);
	config_access_deinit(&resource->access);
	listing_deinit(resource->listing);
}

static void
prompt_deinit(struct mcp_prompt *prompt)
{
	free(prompt->name);
	free(prompt->description);
	for (size_t i = 0; i < prompt->n_arguments; i++)
		free(prompt->arguments[i].name);
	free(prompt->arguments);
	for (size_t i = 0; i < prompt->n_messages; i++) {
		free(prompt->messages[i].role);
		template_deinit(&prompt->messages[i].text);
	}
	free(prompt->messages);
	config_completions_free(prompt->completions, prompt->n_completions);
	config_handler_deinit(&prompt->handler);
	config_access_deinit(&prompt->access);
	listing_deinit(prompt->listing);
}

struct config_mark
config_mark(const struct mcp_config *config)
{
	return (struct config_mark){ config->n_tools, config->n_resources,
		config->n_templates, config->n_prompts, config->n_statements };
}

void
config_rewind(struct mcp_config *config, struct config_mark mark)
{
	while (config->n_tools > mark.n_tools)
		tool_deinit(&config->tools[--config->n_tools]);
	while (config->n_resources > mark.n_resources)
		resource_deinit(&config->resources[--config->n_resources]);
	while (config->n_templates > mark.n_templates)
		resource_deinit(&config->templates[--config->n_templates]);
	while (config->n_prompts > mark.n_prompts)
		prompt_deinit(&config->prompts[--config->n_prompts]);
	config->n_statements = mark.n_statements;
}

void
mcp_config_free(struct mcp_config *config)
{
	if (config == NULL)
		return;
	config_rewind(config, (struct config_mark){ 0, 0, 0, 0, 0 });
	free(config->tools);
	free(config->resources);
	free(config->templates);
	free(config->prompts);
	free(config->path);
	server_deinit(&config->server);
	config_roles_free(config->roles, config->n_roles);
	mcp_schema_documents_free(config->documents);
	databases_free(config->databases, config->n_databases);
	config_strings_deinit(&config->plugins);
	free(config);
}

/* --- who looks something up --- */

static bool
is_among(
    const struct mcp_resource *resources, size_t n, enum mcp_handler_kind kind)
{
	for (size_t i = 0; i < n; i++)
		if (resources[i].handler.kind == kind)
			return true;
	return false;
}

bool
mcp_config_uses(const struct mcp_config *config, enum mcp_handler_kind kind)
{
	for (size_t i = 0; i < config->n_tools; i++)
		if (config->tools[i].handler.kind == kind)
			return true;
	return is_among(config->resources, config->n_resources, kind) ||
	    is_among(config->templates, config->n_templates, kind);
}

const struct mcp_tool *
mcp_config_tool(const struct mcp_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_tools; i++)
		if (strcmp(config->tools[i].name, name) == 0)
			return &config->tools[i];
	return NULL;
}

const struct mcp_prompt *
mcp_config_prompt(const struct mcp_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_prompts; i++)
		if (strcmp(config->prompts[i].name, name) == 0)
			return &config->prompts[i];
	return NULL;
}

const struct mcp_resource *
mcp_config_resource(const struct mcp_config *config, const char *uri)
{
	for (size_t i = 0; i < config->n_resources; i++)
		if (strcmp(config->resources[i].uri, uri) == 0)
			return &config->resources[i];
	return NULL;
}

/* config_plugin.c - I add what plugins register to what the files declare
 *
 * A registered entry is read by the row of mcp.json that reads its kind, with
 * the handler already in its place: so it is checked, listed and mirrored like
 * any other, and a handler of its own is one too many. It is added whole or
 * not at all. Its text comes from C, where no line number leads: problems name
 * the plugin and the entry.
 */

#include "config_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 4096 /* bytes of a ref */

struct registered {
	enum mcp_entry entry;
	const char *plugin;
	void *function;
};

/* A kind of entry: where it goes, and what it is known by. */
struct kind {
	const char *section;
	const char *key;
	const char *noun;
};
static const struct kind kinds[] = { { "tools", "name", "tool" },
	{ "prompts", "name", "prompt" }, { "resources", "uri", "resource" },
	{ "resourceTemplates", "uriTemplate", "resource template" } };
enum { TOOL, PROMPT, RESOURCE, TEMPLATE };

static const struct kind *
kind_of(enum mcp_entry entry, const struct config_at *at)
{
	if (entry == MCP_ENTRY_TOOL)
		return &kinds[TOOL];
	if (entry == MCP_ENTRY_PROMPT)
		return &kinds[PROMPT];
	return &kinds[config_has(at, "uriTemplate") ? TEMPLATE : RESOURCE];
}

/* --- all entries of a kind, whatever it is --- */

struct entry {
	const char *name;
	struct mcp_handler *handler;
};

/* Return: false: there are not so many */
static bool
entry_at(const struct mcp_config *config, const struct kind *kind, size_t i,
    struct entry *entry)
{
	switch (kind - kinds) {
	case TOOL:
		if (i >= config->n_tools)
			return false;
		*entry = (struct entry){ config->tools[i].name,
			&config->tools[i].handler };
		return true;
	case PROMPT:
		if (i >= config->n_prompts)
			return false;
		*entry = (struct entry){ config->prompts[i].name,
			&config->prompts[i].handler };
		return true;
	case RESOURCE:
		if (i >= config->n_resources)
			return false;
		*entry = (struct entry){ config->resources[i].uri,
			&config->resources[i].handler };
		return true;
	default:
		if (i >= config->n_templates)
			return false;
		*entry = (struct entry){ config->templates[i].uri,
			&config->templates[i].handler };
		return true;
	}
}

/* What handler of the file's has waited for this? */
static struct mcp_handler *
waiting(const struct mcp_config *config, const struct kind *kind,
    const char *name, const char *plugin)
{
	struct entry entry;

	for (size_t i = 0; entry_at(config, kind, i, &entry); i++)
		if (strcmp(entry.name, name) == 0 &&
		    entry.handler->kind == MCP_HANDLER_PLUGIN &&
		    entry.handler->function == NULL &&
		    strcmp(entry.handler->plugin, plugin) == 0)
			return entry.handler;
	return NULL;
}

/* --- an entry --- */

static const char *
name_of(const struct config_at *at, const struct kind *kind)
{
	struct config_at member;

	if (!config_get(at, kind->key, &member) ||
	    !json_object_is_type(member.json, json_type_string))
		return NULL;
	return json_object_get_string(member.json);
}

/* From here on problems are told of this entry. */
static void
tell_of(struct config_reader *reader, const struct kind *kind, const char *name)
{
	struct mcp_buf of = MCP_BUF_INIT;

	if (name == NULL)
		mcp_buf_printf(&of, "a %s", kind->noun);
	else
		mcp_buf_printf(
		    &of, "%s \"%.*s\"", kind->noun, CONFIG_QUOTE(name));
	if (of.failed) {
		mcp_buf_deinit(&of);
		reader->no_memory = true;
		return;
	}
	free(reader->files[0].entry);
	reader->files[0].entry = of.data;
}

static bool
has_room(struct config_reader *reader, const struct config_at *at,
    const struct kind *kind, const struct config_key *key)
{
	struct entry entry;

	if (!entry_at(reader->config, kind, (size_t)key->most - 1, &entry))
		return true;
	config_problem(reader, at,
	    "there are %u of these already. Take some "
	    "out",
	    (unsigned)key->most);
	return false;
}

static void
bind(struct config_reader *reader, struct mcp_handler *handler,
    const struct registered *registered)
{
	handler->kind = MCP_HANDLER_PLUGIN;
	handler->function = registered->function;
	config_keep(reader, &handler->plugin, registered->plugin);
}

static void
add_entry(struct config_reader *reader, const struct config_at *at,
    const struct registered *registered, const struct kind *kind)
{
	const struct config_key *key =
	    config_key(&config_sections, kind->section);
	struct entry entry;
	size_t n = 0;
	void *one;

	if (!has_room(reader, at, kind, key))
		return;
	one = config_one_more(reader, key, reader->config);
	if (one == NULL)
		return;
	while (entry_at(reader->config, kind, n, &entry))
		n++;
	bind(reader, entry.handler, registered);
	config_object(reader, at, key->list->table, one);
}

static void
read_entry(struct config_reader *reader, const struct config_at *at,
    const struct registered *registered)
{
	const struct kind *kind = kind_of(registered->entry, at);
	const char *name = name_of(at, kind);
	struct mcp_handler *handler = NULL;

	tell_of(reader, kind, name);
	if (name != NULL)
		handler =
		    waiting(reader->config, kind, name, registered->plugin);
	if (handler != NULL)
		handler->function = registered->function;
	else if (!reader->no_memory)
		add_entry(reader, at, registered, kind);
}

/* --- a completion --- */

struct reference {
	char *to;
	char *argument;
};
static const struct config_key reference_keys[] = {
	{ "ref", .read = config_string, .required = true, .least = 1,
	    .most = WORDS_MAX, CONFIG_KEPT(struct reference, to) },
	{ "argument", .read = config_string, .required = true, .least = 1,
	    .most = WORDS_MAX, CONFIG_KEPT(struct reference, argument) },
};
static const struct config_table reference_table =
    CONFIG_TABLE("a completion", reference_keys, NULL);

static bool
prompt_has(const struct mcp_prompt *prompt, const char *argument)
{
	for (size_t i = 0; i < prompt->n_arguments; i++)
		if (strcmp(prompt->arguments[i].name, argument) == 0)
			return true;
	return false;
}

static bool
template_has(const struct mcp_resource *template, const char *place)
{
	const char *name;
	size_t i = 0;

	while ((name = mcp_uri_template_name(template->template, i++)) != NULL)
		if (strcmp(name, place) == 0)
			return true;
	return false;
}

/* Where the completions are that @reference speaks of.
 * Return: 0; MCP_CONFIG_E_PROBLEMS: nowhere, *hasp says what is missing */
static int
refer(struct mcp_config *config, const struct reference *reference,
    struct config_completions *foundp, bool *hasp)
{
	for (size_t i = 0; i < config->n_prompts; i++)
		if (strcmp(config->prompts[i].name, reference->to) == 0) {
			*foundp = (struct config_completions){
				&config->prompts[i].completions,
				&config->prompts[i].n_completions
			};
			*hasp = prompt_has(
			    &config->prompts[i], reference->argument);
			return 0;
		}
	for (size_t i = 0; i < config->n_templates; i++)
		if (strcmp(config->templates[i].uri, reference->to) == 0) {
			*foundp = (struct config_completions){
				&config->templates[i].completions,
				&config->templates[i].n_completions
			};
			*hasp = template_has(
			    &config->templates[i], reference->argument);
			return 0;
		}
	return MCP_CONFIG_E_PROBLEMS;
}

static bool
is_completed(struct config_completions completions, const char *argument)
{
	for (size_t i = 0; i < *completions.np; i++)
		if (strcmp((*completions.allp)[i].argument, argument) == 0)
			return true;
	return false;
}

static void
bind_completion(struct config_reader *reader,
    struct config_completions completions, const char *argument,
    const struct registered *registered)
{
	struct mcp_completion *completion;
	char *plugin = NULL;

	config_keep(reader, &plugin, registered->plugin);
	if (plugin == NULL)
		return;
	completion = config_completion(reader, completions, argument);
	if (completion == NULL) {
		free(plugin);
		return;
	}
	completion->handler.kind = MCP_HANDLER_PLUGIN;
	completion->handler.plugin = plugin;
	completion->handler.function = registered->function;
}

static void
add_completion(struct config_reader *reader, const struct config_at *at,
    const struct registered *registered, const struct reference *reference)
{
	struct config_completions completions = { NULL, NULL };
	bool has = false;

	if (refer(reader->config, reference, &completions, &has) != 0)
		config_problem(reader, at,
		    "there is no prompt and no uriTemplate \"%.*s\". Register "
		    "it first, or mend its name",
		    CONFIG_QUOTE(reference->to));
	else if (!has)
		config_problem(reader, at,
		    "\"%.*s\" has no argument \"%.*s\". Mend its name",
		    CONFIG_QUOTE(reference->to),
		    CONFIG_QUOTE(reference->argument));
	else if (is_completed(completions, reference->argument))
		config_problem(reader, at,
		    "\"%.*s\" of \"%.*s\" has another completion. Keep one",
		    CONFIG_QUOTE(reference->argument),
		    CONFIG_QUOTE(reference->to));
	else
		bind_completion(
		    reader, completions, reference->argument, registered);
}

static void
read_completion(struct config_reader *reader, const struct config_at *at,
    const struct registered *registered)
{
	static const struct kind completion = { NULL, NULL, "completion" };
	struct reference reference = { NULL, NULL };

	tell_of(reader, &completion, NULL);
	config_object(reader, at, &reference_table, &reference);
	if (reader->n_errors == 0 && !reader->no_memory)
		add_completion(reader, at, registered, &reference);
	free(reference.to);
	free(reference.argument);
}

/* --- all of it --- */

static void
take_text(
    struct config_reader *reader, const char *plugin, struct mcp_text json)
{
	struct config_file *file = calloc(1, sizeof(*file));

	reader->files = file;
	if (file == NULL) {
		reader->no_memory = true;
		return;
	}
	reader->n_files = 1;
	file->path = strdup(plugin);
	file->directory = strdup("/");
	file->entry = strdup("a definition");
	file->bytes = mcp_text_dup(json);
	file->len = json.len;
	if (file->path == NULL || file->directory == NULL ||
	    file->entry == NULL || file->bytes == NULL)
		reader->no_memory = true;
}

static void
read_text(struct config_reader *reader, const struct registered *registered)
{
	struct config_file *file = reader->files;
	struct config_at whole = { NULL, NULL, 0, NULL, file };
	struct config_at at = { &whole, "definition", 0, NULL, file };

	if (file->len > CONFIG_FILE_MAX)
		config_problem(reader, &at,
		    "this is more than %u bytes. Shorten it", CONFIG_FILE_MAX);
	else
		config_file_parse(reader, file);
	whole.json = at.json = file->json;
	if (reader->n_errors > 0 || reader->no_memory)
		return;
	if (registered->entry == MCP_ENTRY_COMPLETION)
		read_completion(reader, &at, registered);
	else
		read_entry(reader, &at, registered);
}

int
mcp_config_add(struct mcp_config *config, enum mcp_entry entry,
    const char *plugin, struct mcp_text json, void *function,
    struct mcp_problems *problems)
{
	const struct registered registered = { entry, plugin, function };
	struct config_reader reader = { .config = config,
		.problems = problems };
	struct config_mark mark = config_mark(config);

	take_text(&reader, plugin, json);
	if (!reader.no_memory)
		read_text(&reader, &registered);
	config_files_free(&reader);
	if (reader.n_errors == 0 && !reader.no_memory)
		return 0;
	config_rewind(config, mark);
	return reader.no_memory ? -ENOMEM : MCP_CONFIG_E_PROBLEMS;
}

void
mcp_config_unbound(
    const struct mcp_config *config, struct mcp_problems *problems)
{
	struct entry entry;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		for (size_t i = 0; entry_at(config, &kinds[k], i, &entry); i++)
			if (entry.handler->kind == MCP_HANDLER_PLUGIN &&
			    entry.handler->function == NULL)
				mcp_problems_add(problems, false,
				    entry.handler->plugin, 0,
				    "it registers no %s \"%.*s\", which %s "
				    "expects of it. Register it, or mend the "
				    "name",
				    kinds[k].noun, CONFIG_QUOTE(entry.name),
				    config->path);
}

/* config_clients.c - I know what clients and their models refuse, and warn of
 * it
 *
 * All of it is legal here, and a warning stops no file. But a client may hand
 * all tools of all its servers to a model in one request, and where the model
 * refuses one of them, the user has lost them all.
 */

#include "config_parse.h"
#include "schema_parts.h"

#include <mcp/json.h>

#include <string.h>

#define DESCRIPTION_WELL 1024 /* characters */
#define PROPERTY_WELL 64
#define SCHEMA_WELL 16384 /* bytes */
#define LEVELS_WELL 10	  /* of objects and arrays within each other */
#define TOOLS_WELL 100

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* --- the schema as a whole --- */

static void
warn_of_root(struct config_reader *reader, const struct config_at *schema)
{
	static const char *const refused[] = { "anyOf", "oneOf", "allOf", "not",
		"enum", "$ref" };
	struct config_at member;

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (config_get(schema, refused[i], &member))
			config_warning(reader, &member,
			    "models of %s refuse a tool with \"%s\" at the top "
			    "of its inputSchema. Move it into a property",
			    i < 3 ? "Anthropic and OpenAI" : "OpenAI",
			    refused[i]);
}

static void
warn_of_names(struct config_reader *reader, const struct config_at *schema)
{
	struct config_at properties;

	if (!config_get(schema, "properties", &properties) ||
	    !json_object_is_type(properties.json, json_type_object))
		return;
	json_object_object_foreach(properties.json, name, json) {
		struct config_at one = { &properties, name, 0, json,
			schema->file };

		if (strspn(name, LETTERS DIGITS "_.-") != strlen(name) ||
		    strlen(name) > PROPERTY_WELL || name[0] == '\0')
			config_warning(reader, &one,
			    "models of Anthropic refuse an argument \"%.*s\". "
			    "Up to %d letters, digits, \"_\", \".\" and \"-\" "
			    "are safe everywhere",
			    CONFIG_QUOTE(name), PROPERTY_WELL);
	}
}

static void
warn_of_size(struct config_reader *reader, const struct config_at *schema)
{
	const char *text = mcp_json_text(schema->json);

	if (text == NULL)
		reader->no_memory = true;
	else if (strlen(text) > SCHEMA_WELL)
		config_warning(reader, schema,
		    "the schema has %zu bytes, every conversation carries "
		    "them, and some models refuse it. Up to %d are safe "
		    "everywhere",
		    strlen(text), SCHEMA_WELL);
}

/* --- what is within it --- */

/* Each is said once of a tool. */
struct walk {
	struct config_reader *reader;
	bool types, formats, levels;
};

static void
warn_of_type(struct walk *walk, const struct config_at *schema)
{
	struct config_at type;

	if (walk->types || !config_get(schema, "type", &type) ||
	    !json_object_is_type(type.json, json_type_array))
		return;
	walk->types = true;
	config_warning(walk->reader, &type,
	    "models of Google refuse a \"type\" that is a list. Write one "
	    "type, and leave the argument out of \"required\" where it may be "
	    "null");
}

static bool
is_format(const char *name)
{
	/* those of JSON Schema we do not check, and those of OpenAPI */
	static const char *const others[] = { "idn-email", "idn-hostname",
		"iri", "iri-reference", "int32", "int64", "float", "double",
		"byte", "binary", "password" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(others[i], name) == 0)
			return true;
	return format_named(name) != NULL;
}

static void
warn_of_format(struct walk *walk, const struct config_at *schema)
{
	struct config_at format;
	const char *name;

	if (walk->formats || !config_get(schema, "format", &format) ||
	    !json_object_is_type(format.json, json_type_string))
		return;
	name = json_object_get_string(format.json);
	if (is_format(name))
		return;
	walk->formats = true;
	config_warning(walk->reader, &format,
	    "there is no format \"%.*s\": clients ignore it or refuse it, and "
	    "nobody checks it. Mend its name, or say it in \"description\"",
	    CONFIG_QUOTE(name));
}

static void
warn_of_level(struct walk *walk, const struct config_at *schema, unsigned level)
{
	if (walk->levels || level <= LEVELS_WELL)
		return;
	walk->levels = true;
	config_warning(walk->reader, schema,
	    "models of OpenAI refuse objects nested more than %d deep. "
	    "Flatten it",
	    LEVELS_WELL);
}

static void
look_at(struct walk *walk, const struct config_at *schema, unsigned level);

static void
look_at_members(struct walk *walk, const struct config_at *at, unsigned level)
{
	json_object_object_foreach(at->json, name, json)
		look_at(walk,
		    &(struct config_at){ at, name, 0, json, at->file }, level);
}

static void
look_at_elements(struct walk *walk, const struct config_at *at, unsigned level)
{
	for (size_t i = 0; i < json_object_array_length(at->json); i++)
		look_at(walk,
		    &(struct config_at){ at, NULL, i,
			json_object_array_get_idx(at->json, i), at->file },
		    level);
}

/* As deep as the scanner let the file be. */
static void
look_at(struct walk *walk, const struct config_at *schema, unsigned level)
{
	static const char *const same[] = { "anyOf", "oneOf", "allOf" };
	struct config_at member;

	if (!json_object_is_type(schema->json, json_type_object))
		return;
	warn_of_type(walk, schema);
	warn_of_format(walk, schema);
	warn_of_level(walk, schema, level);
	if (config_get(schema, "properties", &member) &&
	    json_object_is_type(member.json, json_type_object))
		look_at_members(walk, &member, level + 1);
	if (config_get(schema, "items", &member))
		look_at(walk, &member, level + 1);
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		if (config_get(schema, same[i], &member) &&
		    json_object_is_type(member.json, json_type_array))
			look_at_elements(walk, &member, level);
}

/* --- tools --- */

/* Characters, as the models count them: not the bytes within one. */
static size_t
count_characters(const char *string)
{
	size_t n = 0;

	for (; *string != '\0'; string++)
		n += ((unsigned char)*string & 0xc0) != 0x80;
	return n;
}

static void
warn_of_description(struct config_reader *reader, const struct config_at *tool)
{
	struct config_at member;
	size_t n;

	if (!config_get(tool, "description", &member) ||
	    !json_object_is_type(member.json, json_type_string))
		return;
	n = count_characters(json_object_get_string(member.json));
	if (n > DESCRIPTION_WELL)
		config_warning(reader, &member,
		    "models of OpenAI refuse a description of %zu characters, "
		    "and Claude Code cuts it at 2048. Up to %d are safe "
		    "everywhere",
		    n, DESCRIPTION_WELL);
}

void
config_clients_tool(struct config_reader *reader, const struct config_at *tool)
{
	struct walk walk = { reader, false, false, false };
	struct config_at schema;

	if (reader->n_errors > 0)
		return; /* first that it is served at all */
	warn_of_description(reader, tool);
	if (!config_get(tool, "inputSchema", &schema) ||
	    !json_object_is_type(schema.json, json_type_object))
		return;
	warn_of_root(reader, &schema);
	warn_of_names(reader, &schema);
	warn_of_size(reader, &schema);
	look_at(&walk, &schema, 0);
}

/* Act on each tool of the files that has, or has not, a description.
 * Return: how many these are */
static size_t
each_tool(struct config_reader *reader, bool described,
    void (*act)(struct config_reader *, const struct config_at *))
{
	size_t n = 0;

	for (size_t i = 0; i < reader->n_files; i++) {
		const struct config_file *file = &reader->files[i];
		struct config_at whole = { NULL, NULL, 0, file->json, file };
		struct config_at list;

		if (file->is_schema || !config_get(&whole, "tools", &list) ||
		    !json_object_is_type(list.json, json_type_array))
			continue;
		for (size_t j = 0; j < json_object_array_length(list.json);
		     j++) {
			struct config_at tool = { &list, NULL, j,
				json_object_array_get_idx(list.json, j), file };

			if (config_has(&tool, "description") != described)
				continue;
			n++;
			if (act != NULL)
				act(reader, &tool);
		}
	}
	return n;
}

static void
warn_of_silence(struct config_reader *reader, const struct config_at *tool)
{
	config_warning(reader, tool,
	    "the tool has no \"description\", by which a model chooses, and "
	    "some models refuse it. Write one, as most others have");
}

void
config_clients_all(struct config_reader *reader)
{
	const struct config_file *main = &reader->files[0];
	struct config_at whole = { NULL, NULL, 0, main->json, main };
	size_t n = reader->config->n_tools;

	if (reader->n_errors > 0)
		return;
	/* where hardly any has one, that is known, and told a hundred times it
	 * is noise */
	if (each_tool(reader, true, NULL) > each_tool(reader, false, NULL))
		each_tool(reader, false, warn_of_silence);
	if (n > TOOLS_WELL)
		config_warning(reader, &whole,
		    "these are %zu tools. Models of OpenAI take 128 of all "
		    "servers together, and some clients 40: with many, a model "
		    "chooses badly. Up to %d are safe in most",
		    n, TOOLS_WELL);
}

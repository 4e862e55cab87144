/* config_mirror.c - I find the arguments that clients mirror into headers
 *
 * A client throws away a tool whose x-mcp-header breaks one of the rules, and
 * says so to nobody here. So each rule is one of ours when the file is read,
 * and the whole schema is searched, for an x-mcp-header that stands where it
 * is not to stand breaks the tool as well.
 *
 * What "properties" and its like hold are schemas by names of the operator's:
 * an argument may well be called x-mcp-header. What "enum" and its like hold
 * is data, and no schema at all.
 *
 * Law: MCP 2026-07-28, "Streamable HTTP", "Schema Extension"; RFC 9110,
 *      "Tokens"
 */

#include "config_parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "Mcp-Param-"
#define TOKEN_OTHERS "!#$%&'*+-.^_`|~" /* besides letters and digits */

static const char *const by_name[] = { "properties", "patternProperties",
	"dependentSchemas", "dependencies", "$defs", "definitions", NULL };
static const char *const data[] = { "enum", "const", "default", "examples",
	NULL };

static bool
is_one_of(const char *name, const char *const *names)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

/* --- one x-mcp-header --- */

static bool
is_token(const char *string)
{
	size_t len = 0;

	while (isalnum((unsigned char)string[len]) ||
	    (string[len] != '\0' && strchr(TOKEN_OTHERS, string[len]) != NULL))
		len++;
	return len > 0 && string[len] == '\0';
}

/* Letters and digits in ASCII, "-" between them: this every server forwards. */
static bool
is_forwarded(const char *string)
{
	while (isalnum((unsigned char)*string) || *string == '-')
		string++;
	return *string == '\0';
}

static bool
is_primitive(const struct config_at *schema)
{
	static const char *const types[] = { "string", "integer", "boolean",
		NULL };
	struct config_at type;

	return config_get(schema, "type", &type) &&
	    json_object_is_type(type.json, json_type_string) &&
	    is_one_of(json_object_get_string(type.json), types);
}

/* As CGI has it. Names that differ only there would be one variable, so they
 * are taken to be the same. */
static char *
variable(const char *header)
{
	struct mcp_buf out = MCP_BUF_INIT;

	mcp_buf_puts(&out, "HTTP_");
	for (; *header != '\0'; header++)
		mcp_buf_putc(&out,
		    isalnum((unsigned char)*header)
			? (char)toupper((unsigned char)*header)
			: '_');
	if (!out.failed)
		return out.data;
	mcp_buf_deinit(&out);
	return NULL;
}

/* The keys on the way from the tool's schema, without each "properties". */
static void
put_path(struct config_reader *reader, const struct config_at *schema,
    struct mcp_strings *path)
{
	if (schema->up->key == NULL ||
	    strcmp(schema->up->key, "properties") != 0)
		return;
	put_path(reader, schema->up->up, path);
	config_add_string(reader, path, schema->key);
}

static void
add_mirror(struct config_reader *reader, const struct config_at *schema,
    const char *name, struct mcp_tool *tool)
{
	struct mcp_mirror *mirrors =
	    realloc(tool->mirrors, (tool->n_mirrors + 1) * sizeof(*mirrors));
	struct mcp_mirror *mirror;
	struct mcp_buf header = MCP_BUF_INIT;

	mcp_buf_puts(&header, PREFIX);
	mcp_buf_puts(&header, name);
	if (mirrors == NULL || header.failed) {
		tool->mirrors = mirrors != NULL ? mirrors : tool->mirrors;
		mcp_buf_deinit(&header);
		reader->no_memory = true;
		return;
	}
	tool->mirrors = mirrors;
	mirror = &mirrors[tool->n_mirrors++];
	*mirror = (struct mcp_mirror){ header.data, variable(header.data),
		{ NULL, 0 } };
	if (mirror->variable == NULL)
		reader->no_memory = true;
	put_path(reader, schema, &mirror->path);
}

static void
refuse_twin(struct config_reader *reader, const struct config_at *at,
    const struct mcp_tool *tool)
{
	const struct mcp_mirror *last = &tool->mirrors[tool->n_mirrors - 1];

	for (size_t i = 0; i + 1 < tool->n_mirrors; i++)
		if (last->variable != NULL &&
		    strcmp(tool->mirrors[i].variable, last->variable) == 0)
			config_problem(reader, at,
			    "%s is the same header as %s of another argument. "
			    "Rename one",
			    last->header, tool->mirrors[i].header);
}

static void
read_mirror(struct config_reader *reader, const struct config_at *at,
    struct mcp_tool *tool)
{
	const char *name = json_object_get_string(at->json);

	if (!is_token(name)) {
		config_problem(reader, at,
		    "\"%.*s\" is no part of a header's name. Use letters, "
		    "digits and \"-\"",
		    CONFIG_QUOTE(name));
		return;
	}
	if (!is_primitive(at->up)) {
		config_problem(reader, at,
		    "only a string, an integer or a boolean goes into a "
		    "header. Write that \"type\" beside it, or take it out");
		return;
	}
	if (!is_forwarded(name))
		config_warning(reader, at,
		    "most web servers drop the header " PREFIX
		    "%.*s, and then the tool cannot be called. Use letters, "
		    "digits and \"-\"",
		    CONFIG_QUOTE(name));
	add_mirror(reader, at->up, name, tool);
	if (!reader->no_memory)
		refuse_twin(reader, at, tool);
}

/* --- the whole schema --- */

enum reach {
	ROOT,	  /* the arguments themselves */
	ARGUMENT, /* through "properties" only */
	ELSEWHERE
};

static void search(struct config_reader *reader, const struct config_at *schema,
    enum reach reach, struct mcp_tool *tool);

/* @at is no schema, but may hold some. */
static void
search_below(struct config_reader *reader, const struct config_at *at,
    enum reach reach, struct mcp_tool *tool)
{
	size_t n;

	if (json_object_is_type(at->json, json_type_array)) {
		n = json_object_array_length(at->json);
		for (size_t i = 0; i < n; i++)
			search(reader,
			    &(struct config_at){ at, NULL, i,
				json_object_array_get_idx(at->json, i),
				at->file },
			    ELSEWHERE, tool);
	}
	if (!json_object_is_type(at->json, json_type_object))
		return;
	json_object_object_foreach(at->json, name, json)
		search(reader,
		    &(struct config_at){ at, name, 0, json, at->file }, reach,
		    tool);
}

static void
look_at_header(struct config_reader *reader, const struct config_at *at,
    enum reach reach, struct mcp_tool *tool)
{
	if (reach != ARGUMENT)
		config_problem(reader, at,
		    "\"x-mcp-header\" stands where no argument is, or only "
		    "perhaps. Put it into one that \"properties\" alone lead "
		    "to");
	else if (config_is(reader, at, json_type_string))
		read_mirror(reader, at, tool);
}

static void
search_keyword(struct config_reader *reader, const struct config_at *at,
    enum reach reach, struct mcp_tool *tool)
{
	if (strcmp(at->key, "x-mcp-header") == 0)
		look_at_header(reader, at, reach, tool);
	else if (strcmp(at->key, "properties") == 0)
		search_below(reader, at,
		    reach == ELSEWHERE ? ELSEWHERE : ARGUMENT, tool);
	else if (is_one_of(at->key, by_name))
		search_below(reader, at, ELSEWHERE, tool);
	else if (json_object_is_type(at->json, json_type_array))
		search_below(reader, at, ELSEWHERE, tool);
	else
		search(reader, at, ELSEWHERE, tool);
}

/* As deep as the scanner let the file be. */
static void
search(struct config_reader *reader, const struct config_at *schema,
    enum reach reach, struct mcp_tool *tool)
{
	if (json_object_is_type(schema->json, json_type_array))
		search_below(reader, schema, ELSEWHERE, tool);
	if (!json_object_is_type(schema->json, json_type_object))
		return;
	json_object_object_foreach(schema->json, name, json)
		if (!is_one_of(name, data))
			search_keyword(reader,
			    &(struct config_at){
				schema, name, 0, json, schema->file },
			    reach, tool);
}

void
config_mirrors(struct config_reader *reader, const struct config_at *tool,
    struct mcp_tool *out)
{
	struct config_at schema;

	if (config_get(tool, "inputSchema", &schema))
		search(reader, &schema, ROOT, out);
}

void
config_mirrors_free(struct mcp_mirror *mirrors, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(mirrors[i].header);
		free(mirrors[i].variable);
		config_strings_deinit(&mirrors[i].path);
	}
	free(mirrors);
}

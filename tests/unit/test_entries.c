/* test_entries.c - plugins, mirrors, completions and cache hints of what a site
 * offers */

#include "config.h"

#include <mcp/config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* One directory for each test; the plugins in it are files, never loaded. */
struct site {
	char directory[32];
	char main[64];
	char plugin[64]; /* a.so */
	struct mcp_config *config;
	struct mcp_problems problems;
};

static const char *const names[] = { "mcp.json", "a.so", "b.so", "link.so" };

static char *
path_in(const struct site *site, const char *name, char out[64])
{
	snprintf(out, 64, "%s/%s", site->directory, name);
	return out;
}

static void
put(const struct site *site, const char *name, const char *text)
{
	char path[64];
	FILE *file = fopen(path_in(site, name, path), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

static int
open_site(void **state)
{
	struct site *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return -1;
	strcpy(site->directory, "/tmp/test_entries.XXXXXX");
	if (mkdtemp(site->directory) == NULL)
		return -1;
	path_in(site, "mcp.json", site->main);
	path_in(site, "a.so", site->plugin);
	put(site, "a.so", "");
	put(site, "b.so", "");
	*state = site;
	return 0;
}

static int
close_site(void **state)
{
	struct site *site = *state;
	char path[64];

	mcp_config_free(site->config);
	mcp_problems_deinit(&site->problems);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(path_in(site, names[i], path));
	rmdir(site->directory);
	free(site);
	return 0;
}

static int
load(struct site *site, const char *text)
{
	mcp_config_free(site->config);
	site->config = NULL;
	mcp_problems_deinit(&site->problems);
	put(site, "mcp.json", text);
	return mcp_config_load(site->main, &site->config, &site->problems);
}

static const struct mcp_config *
load_well(struct site *site, const char *text)
{
	int r = load(site, text);

	if (r != 0 || site->problems.n > 0)
		mcp_problems_print(&site->problems, STDERR_FILENO);
	assert_int_equal(r, 0);
	assert_int_equal(site->problems.n, 0);
	return site->config;
}

/* All that was told since the last time is this one sentence. */
static void
assert_told(struct site *site, bool warning, const char *words)
{
	if (site->problems.n != 1 || site->problems.at[0].warning != warning ||
	    strstr(site->problems.at[0].what, words) == NULL) {
		mcp_problems_print(&site->problems, STDERR_FILENO);
		fail_msg("not told once and alone: \"%s\"", words);
	}
}

static void
assert_problem(struct site *site, const char *text, const char *words)
{
	assert_int_equal(load(site, text), MCP_CONFIG_E_PROBLEMS);
	assert_told(site, false, words);
	mcp_problems_deinit(&site->problems);
}

/* --- x-mcp-header --- */

static const char *
schema(const char *members)
{
	static char text[2048];

	snprintf(text, sizeof(text),
	    "{\"tools\":[{\"name\":\"t\",\"text\":\"x\",\"inputSchema\":"
	    "{\"type\":\"object\",%s}}]}",
	    members);
	return text;
}

static const char *
property(const char *members)
{
	static char text[1024];

	snprintf(text, sizeof(text), "\"properties\":{\"p\":{%s}}", members);
	return schema(text);
}

#define HEADER "\"x-mcp-header\":\"A\""
#define STRING_HEADER "{\"type\":\"string\"," HEADER "}"

static void
mirrored_arguments_are_found(void **state)
{
	struct site *site = *state;
	const struct mcp_tool *tool = load_well(site,
	    schema("\"properties\":{"
		   "\"region\":{\"type\":\"string\",\"x-mcp-header\":"
		   "\"Region\"},\"not\":{\"type\":\"integer\"},"
		   "\"properties\":{\"type\":\"object\",\"properties\":{"
		   "\"deep\":{\"type\":\"boolean\",\"x-mcp-header\":"
		   "\"tenant-id2\"}}}}"))
					  ->tools;

	assert_int_equal(tool->n_mirrors, 2);
	assert_string_equal(tool->mirrors[0].header, "Mcp-Param-Region");
	assert_string_equal(tool->mirrors[0].variable, "HTTP_MCP_PARAM_REGION");
	assert_int_equal(tool->mirrors[0].path.n, 1);
	assert_string_equal(tool->mirrors[0].path.at[0], "region");
	assert_string_equal(tool->mirrors[1].header, "Mcp-Param-tenant-id2");
	assert_string_equal(
	    tool->mirrors[1].variable, "HTTP_MCP_PARAM_TENANT_ID2");
	assert_int_equal(tool->mirrors[1].path.n, 2);
	assert_string_equal(tool->mirrors[1].path.at[0], "properties");
	assert_string_equal(tool->mirrors[1].path.at[1], "deep");
	assert_int_equal(
	    load_well(site, property("\"type\":\"string\""))->tools->n_mirrors,
	    0);
}

static void
a_mirror_is_a_token_of_its_own(void **state)
{
	struct site *site = *state;
	static const char *const bad[] = { "", "a b", "a:b", "a\\r\\n", "\\t",
		"\xc3\xa4", "a/b", "(a)" };
	char text[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text),
		    "\"type\":\"string\",\"x-mcp-header\":\"%s\"", bad[i]);
		assert_problem(
		    site, property(text), "is no part of a header's name");
	}
	assert_problem(site, property("\"type\":\"string\",\"x-mcp-header\":7"),
	    "\"x-mcp-header\" is a number. Give a string");
	assert_problem(site,
	    schema("\"properties\":{\"p\":{\"type\":\"string\","
		   "\"x-mcp-header\":\"Region\"},\"q\":{\"type\":\"object\","
		   "\"properties\":{\"r\":{\"type\":\"string\","
		   "\"x-mcp-header\":\"REGION\"}}}}"),
	    "Mcp-Param-REGION is the same header as Mcp-Param-Region");
}

static void
a_mirror_few_servers_forward_is_warned_of(void **state)
{
	struct site *site = *state;

	assert_int_equal(
	    load(
		site, property("\"type\":\"string\",\"x-mcp-header\":\"a_b\"")),
	    0);
	assert_told(site, true, "most web servers drop");
	assert_string_equal(
	    site->config->tools[0].mirrors[0].variable, "HTTP_MCP_PARAM_A_B");
}

static void
only_a_primitive_is_mirrored(void **state)
{
	struct site *site = *state;
	static const char *const bad[] = { "\"type\":\"number\",",
		"\"type\":\"object\",", "\"type\":\"array\",",
		"\"type\":\"null\",", "\"type\":[\"string\",\"null\"],", "",
		"\"enum\":[\"a\"],", "\"$ref\":\"#\"," };
	char text[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "%s" HEADER, bad[i]);
		assert_problem(site, property(text),
		    "only a string, an integer or a boolean");
	}
	load_well(site, property("\"type\":\"integer\"," HEADER));
	load_well(site, property("\"type\":\"boolean\"," HEADER));
}

static void
a_mirror_stands_on_the_way_of_properties(void **state)
{
	struct site *site = *state;
	static const char *const places[] = { HEADER,
		"\"properties\":{\"p\":{\"type\":\"array\",\"items\":%s}}",
		"\"properties\":{\"p\":{\"prefixItems\":[%s]}}",
		"\"properties\":{\"p\":{\"contains\":%s}}",
		"\"properties\":{\"p\":{\"oneOf\":[%s]}}",
		("\"properties\":{\"p\":{\"items\":{\"type\":\"object\","
		 "\"properties\":{\"q\":%s}}}}"),
		"\"allOf\":[{\"properties\":{\"p\":%s}}]",
		"\"anyOf\":[{},{\"properties\":{\"p\":%s}}]",
		"\"not\":{\"properties\":{\"p\":%s}}",
		"\"if\":{\"properties\":{\"p\":%s}}",
		"\"then\":{\"properties\":{\"p\":%s}}",
		"\"else\":{\"properties\":{\"p\":%s}}", "\"$defs\":{\"d\":%s}",
		"\"definitions\":{\"d\":%s}",
		"\"$defs\":{\"d\":{\"properties\":{\"p\":%s}}}",
#ifdef HAVE_PCRE2
		"\"patternProperties\":{\"^x\":%s}",
#endif
		"\"additionalProperties\":%s", "\"unevaluatedProperties\":%s",
		"\"dependentSchemas\":{\"p\":{\"properties\":{\"p\":%s}}}",
		"\"propertyNames\":%s", "\"of-nobody\":{\"x\":[[%s]]}" };
	char text[256];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const char *hole = strstr(places[i], "%s");
		int front = hole == NULL ? (int)strlen(places[i])
					 : (int)(hole - places[i]);

		snprintf(text, sizeof(text), "%.*s%s%s", front, places[i],
		    hole == NULL ? "" : STRING_HEADER,
		    hole == NULL ? "" : hole + 2);
		assert_problem(site, schema(text),
		    "\"x-mcp-header\" stands where no argument is");
	}
}

static void
an_argument_may_be_called_x_mcp_header(void **state)
{
	struct site *site = *state;

	load_well(site,
	    schema("\"properties\":{\"x-mcp-header\":{\"type\":\"object\"}},"
		   "\"$defs\":{\"x-mcp-header\":{\"enum\":[{" HEADER "}]}},"
		   "\"default\":{" HEADER "},\"examples\":[{" HEADER "}],"
		   "\"const\":{" HEADER "}"));
	assert_int_equal(site->config->tools[0].n_mirrors, 0);
}

/* --- plugins named by the file --- */

static void
a_plugin_is_named_once(void **state)
{
	struct site *site = *state;
	const struct mcp_config *config;
	char path[64];

	assert_int_equal(symlink("b.so", path_in(site, "link.so", path)), 0);
	config = load_well(site,
	    "{\"tools\":[{\"name\":\"t\",\"plugin\":\"a.so\"}],"
	    "\"resources\":[{\"uri\":\"x:r\",\"name\":\"r\","
	    "\"plugin\":\"./b.so\"}],"
	    "\"resourceTemplates\":[{\"uriTemplate\":\"x:{p}\",\"name\":\"n\","
	    "\"plugin\":\"a.so\"}],"
	    "\"prompts\":[{\"name\":\"p\",\"plugin\":\"a.so\"}],"
	    "\"plugins\":[\"link.so\"]}");
	assert_int_equal(config->plugins.n, 2);
	assert_string_equal(config->plugins.at[0], path_in(site, "b.so", path));
	assert_string_equal(config->plugins.at[1], site->plugin);
	assert_int_equal(config->tools[0].handler.kind, MCP_HANDLER_PLUGIN);
	assert_string_equal(config->tools[0].handler.plugin, site->plugin);
	assert_null(config->tools[0].handler.function);
	assert_string_equal(
	    config->resources[0].handler.plugin, path_in(site, "b.so", path));
	assert_int_equal(config->templates[0].handler.kind, MCP_HANDLER_PLUGIN);
	assert_int_equal(config->prompts[0].handler.kind, MCP_HANDLER_PLUGIN);
	assert_int_equal(config->prompts[0].n_messages, 0);
	assert_string_equal(config->tools[0].listing[MCP_2024_11_05],
	    "{\"name\":\"t\",\"inputSchema\":{\"type\":\"object\","
	    "\"properties\":{}}}");
}

static void
a_plugin_that_is_not_there_is_a_problem(void **state)
{
	struct site *site = *state;

	assert_problem(site, "{\"plugins\":[\"c.so\"]}", "c.so does not exist");
	assert_problem(site, "{\"plugins\":[\".\"]}", "is no regular file");
	assert_problem(site, "{\"plugins\":\"a.so\"}", "Give an array");
	assert_problem(site, "{\"plugins\":[7]}", "Give a string");
	assert_problem(site,
	    "{\"tools\":[{\"name\":\"t\",\"plugin\":\"c.so\"}]}",
	    "c.so does not exist");
	assert_problem(site,
	    "{\"tools\":[{\"name\":\"t\",\"plugin\":\"a.so\",\"text\":\"\"}]}",
	    "\"text\" is a second handler");
}

static void
messages_or_a_plugin(void **state)
{
	struct site *site = *state;

	assert_problem(site, "{\"prompts\":[{\"name\":\"p\"}]}",
	    "a prompt needs \"messages\" or a \"plugin\"");
	assert_problem(site,
	    "{\"prompts\":[{\"name\":\"p\",\"plugin\":\"a.so\",\"messages\":["
	    "{\"role\":\"user\",\"text\":\"x\"}]}]}",
	    "\"messages\" stand beside a plugin");
}

/* --- plugins registering --- */

static int one, other; /* stand for functions */

static int
add(struct site *site, enum mcp_entry entry, const char *json)
{
	mcp_problems_deinit(&site->problems);
	return mcp_config_add(site->config, entry, site->plugin,
	    mcp_text_of(json), &one, &site->problems);
}

static void
assert_refused(struct site *site, enum mcp_entry entry, const char *json,
    const char *words)
{
	assert_int_equal(add(site, entry, json), MCP_CONFIG_E_PROBLEMS);
	assert_told(site, false, words);
	assert_string_equal(site->problems.at[0].file, site->plugin);
	assert_int_equal(site->problems.at[0].line, 0);
}

static void
what_is_registered_is_listed_like_the_rest(void **state)
{
	struct site *site = *state;
	const struct mcp_tool *tool;

	load_well(site, "{\"plugins\":[\"a.so\"]}");
	assert_int_equal(
	    add(site, MCP_ENTRY_TOOL,
		"{\"name\":\"t\",\"title\":\"T\",\"inputSchema\":{\"type\":"
		"\"object\",\"properties\":{\"p\":{\"type\":\"string\","
		"\"x-mcp-header\":\"P\"}}},\"annotations\":{"
		"\"readOnlyHint\":true}}"),
	    0);
	tool = mcp_config_tool(site->config, "t");
	assert_non_null(tool);
	assert_int_equal(tool->handler.kind, MCP_HANDLER_PLUGIN);
	assert_ptr_equal(tool->handler.function, &one);
	assert_string_equal(tool->handler.plugin, site->plugin);
	assert_non_null(tool->input);
	assert_int_equal(tool->n_mirrors, 1);
	assert_string_equal(tool->listing[MCP_2024_11_05],
	    "{\"name\":\"t\",\"inputSchema\":{\"type\":\"object\","
	    "\"properties\":{\"p\":{\"type\":\"string\","
	    "\"x-mcp-header\":\"P\"}}}}");
	assert_non_null(
	    strstr(tool->listing[MCP_2026_07_28], "\"title\":\"T\""));
	assert_int_equal(add(site, MCP_ENTRY_TOOL, "{\"name\":\"u\"}"), 0);
	assert_string_equal(site->config->tools[1].listing[MCP_2026_07_28],
	    "{\"name\":\"u\",\"inputSchema\":{\"type\":\"object\","
	    "\"properties\":{}}}");
	assert_int_equal(site->config->plugins.n, 1);
}

static void
every_kind_can_be_registered(void **state)
{
	struct site *site = *state;
	const struct mcp_config *config = load_well(site, "{}");

	assert_int_equal(add(site, MCP_ENTRY_RESOURCE,
			     "{\"uri\":\"x:r\",\"name\":\"r\",\"mimeType\":"
			     "\"text/plain\",\"ttlMs\":5}"),
	    0);
	assert_int_equal(add(site, MCP_ENTRY_RESOURCE,
			     "{\"uriTemplate\":\"x:{p}/data\",\"name\":\"n\"}"),
	    0);
	assert_int_equal(
	    add(site, MCP_ENTRY_PROMPT,
		"{\"name\":\"p\",\"description\":\"d\",\"arguments\":["
		"{\"name\":\"a\",\"required\":true,"
		"\"complete\":{\"values\":[\"v\"]}},{\"name\":\"b\"}]}"),
	    0);
	assert_int_equal(config->n_resources, 1);
	assert_string_equal(config->resources[0].mime_type, "text/plain");
	assert_int_equal(config->resources[0].cache.ttl_ms, 5);
	assert_int_equal(config->n_templates, 1);
	assert_string_equal(
	    mcp_uri_template_name(config->templates[0].template, 0), "p");
	assert_ptr_equal(config->templates[0].handler.function, &one);
	assert_int_equal(config->n_prompts, 1);
	assert_int_equal(config->prompts[0].n_arguments, 2);
	assert_int_equal(config->prompts[0].n_completions, 1);
	assert_string_equal(config->prompts[0].listing[MCP_2026_07_28],
	    "{\"name\":\"p\",\"description\":\"d\",\"arguments\":["
	    "{\"name\":\"a\",\"required\":true},{\"name\":\"b\"}]}");
}

static void
the_words_of_the_file_stand(void **state)
{
	struct site *site = *state;
	const struct mcp_config *config = load_well(site,
	    "{\"tools\":[{\"name\":\"t\",\"description\":\"ours\","
	    "\"plugin\":\"a.so\"},{\"name\":\"u\",\"plugin\":\"b.so\"},"
	    "{\"name\":\"v\",\"text\":\"x\"}],"
	    "\"resourceTemplates\":[{\"uriTemplate\":\"x:{p}\",\"name\":\"n\","
	    "\"plugin\":\"a.so\"}]}");

	assert_int_equal(add(site, MCP_ENTRY_TOOL,
			     "{\"name\":\"t\",\"description\":\"theirs\"}"),
	    0);
	assert_int_equal(config->n_tools, 3);
	assert_ptr_equal(config->tools[0].handler.function, &one);
	assert_non_null(
	    strstr(config->tools[0].listing[MCP_2026_07_28], "ours"));
	assert_int_equal(add(site, MCP_ENTRY_RESOURCE,
			     "{\"uriTemplate\":\"x:{p}\",\"name\":\"m\"}"),
	    0);
	assert_int_equal(config->n_templates, 1);
	assert_ptr_equal(config->templates[0].handler.function, &one);
	assert_refused(site, MCP_ENTRY_TOOL, "{\"name\":\"t\"}",
	    "tool \"t\": there is another with the \"name\" \"t\"");
	assert_refused(site, MCP_ENTRY_TOOL, "{\"name\":\"u\"}",
	    "tool \"u\": there is another with the \"name\" \"u\"");
	assert_refused(site, MCP_ENTRY_TOOL, "{\"name\":\"v\"}",
	    "tool \"v\": there is another with the \"name\" \"v\"");
	assert_int_equal(config->n_tools, 3);
}

static void
what_is_refused_leaves_no_trace(void **state)
{
	struct site *site = *state;
	const struct mcp_config *config = load_well(site,
	    "{\"databases\":{\"d\":{\"url\":\"sqlite:d\"}},"
	    "\"tools\":[{\"name\":\"t\",\"text\":\"x\"}]}");

	assert_refused(site, MCP_ENTRY_TOOL, "{\"name\":}", "a definition: ");
	assert_refused(
	    site, MCP_ENTRY_TOOL, "[]", "a definition: it is an array");
	assert_refused(site, MCP_ENTRY_TOOL, "{\"name\":\"a\",\"name\":\"b\"}",
	    "line 1, column");
	assert_refused(site, MCP_ENTRY_TOOL, "{\"description\":\"\"}",
	    "a tool: a tool needs a \"name\"");
	assert_refused(site, MCP_ENTRY_TOOL,
	    "{\"name\":\"x\",\"inputSchem\":{\"type\":\"object\"}}",
	    "tool \"x\": \"inputSchem\" is no key of a tool. Did you mean");
	assert_refused(site, MCP_ENTRY_TOOL, "{\"name\":\"x\",\"text\":\"y\"}",
	    "tool \"x\": \"text\" is a second handler");
	assert_refused(site, MCP_ENTRY_TOOL,
	    "{\"name\":\"x\",\"inputSchema\":{\"type\":\"object\"," HEADER "}}",
	    "stands where no argument is");
	assert_refused(site, MCP_ENTRY_RESOURCE, "{\"name\":\"x\"}",
	    "a resource: a resource needs a \"uri\"");
	assert_refused(site, MCP_ENTRY_RESOURCE,
	    "{\"uriTemplate\":\"x:{a\",\"name\":\"x\"}", "never closed");
	assert_refused(site, MCP_ENTRY_PROMPT,
	    "{\"name\":\"p\",\"messages\":[{\"role\":\"user\","
	    "\"text\":\"x\"}]}",
	    "\"messages\" stand beside a plugin");
	assert_refused(site, MCP_ENTRY_PROMPT,
	    "{\"name\":\"p\",\"arguments\":[{\"name\":\"a\",\"complete\":"
	    "{\"sql\":{\"database\":\"d\",\"query\":\"SELECT :b\"}}}]}",
	    ":b is not \"value\"");
	assert_int_equal(config->n_tools, 1);
	assert_int_equal(config->n_resources, 0);
	assert_int_equal(config->n_templates, 0);
	assert_int_equal(config->n_prompts, 0);
	assert_int_equal(config->n_statements, 0);
}

static void
a_completion_is_registered(void **state)
{
	struct site *site = *state;
	const struct mcp_config *config = load_well(site,
	    "{\"prompts\":[{\"name\":\"p\",\"plugin\":\"a.so\",\"arguments\":["
	    "{\"name\":\"a\"},{\"name\":\"b\",\"complete\":{\"values\":[]}}]}],"
	    "\"resourceTemplates\":[{\"uriTemplate\":\"x:{c}\",\"name\":\"n\","
	    "\"plugin\":\"a.so\"}]}");

	assert_int_equal(add(site, MCP_ENTRY_COMPLETION,
			     "{\"ref\":\"p\",\"argument\":\"a\"}"),
	    0);
	assert_int_equal(config->prompts[0].n_completions, 2);
	assert_string_equal(config->prompts[0].completions[1].argument, "a");
	assert_int_equal(
	    config->prompts[0].completions[1].handler.kind, MCP_HANDLER_PLUGIN);
	assert_ptr_equal(
	    config->prompts[0].completions[1].handler.function, &one);
	assert_int_equal(add(site, MCP_ENTRY_COMPLETION,
			     "{\"ref\":\"x:{c}\",\"argument\":\"c\"}"),
	    0);
	assert_int_equal(config->templates[0].n_completions, 1);
	assert_refused(site, MCP_ENTRY_COMPLETION,
	    "{\"ref\":\"q\",\"argument\":\"a\"}", "there is no prompt");
	assert_refused(site, MCP_ENTRY_COMPLETION,
	    "{\"ref\":\"p\",\"argument\":\"c\"}",
	    "\"p\" has no argument \"c\"");
	assert_refused(site, MCP_ENTRY_COMPLETION,
	    "{\"ref\":\"x:{c}\",\"argument\":\"d\"}", "has no argument \"d\"");
	assert_refused(site, MCP_ENTRY_COMPLETION,
	    "{\"ref\":\"p\",\"argument\":\"b\"}", "has another completion");
	assert_refused(site, MCP_ENTRY_COMPLETION, "{\"ref\":\"p\"}",
	    "a completion: a completion needs a \"argument\"");
	assert_int_equal(config->prompts[0].n_completions, 2);
}

static void
what_no_plugin_registered_is_told(void **state)
{
	struct site *site = *state;

	load_well(site,
	    "{\"tools\":[{\"name\":\"t\",\"plugin\":\"a.so\"},"
	    "{\"name\":\"u\",\"plugin\":\"a.so\"}],"
	    "\"resourceTemplates\":[{\"uriTemplate\":\"x:{p}\",\"name\":\"n\","
	    "\"plugin\":\"a.so\"}]}");
	assert_int_equal(add(site, MCP_ENTRY_TOOL, "{\"name\":\"t\"}"), 0);
	mcp_config_unbound(site->config, &site->problems);
	assert_int_equal(site->problems.n_errors, 2);
	assert_non_null(strstr(
	    site->problems.at[0].what, "it registers no tool \"u\", which "));
	assert_string_equal(site->problems.at[0].file, site->plugin);
	assert_non_null(strstr(
	    site->problems.at[1].what, "no resource template \"x:{p}\""));
	mcp_problems_deinit(&site->problems);
	load_well(site, "{\"tools\":[{\"name\":\"t\",\"text\":\"x\"}]}");
	mcp_config_unbound(site->config, &site->problems);
	assert_int_equal(site->problems.n, 0);
}

static void
many_can_be_registered(void **state)
{
	struct site *site = *state;
	char json[64];

	load_well(site, "{}");
	for (int i = 0; i < 300; i++) {
		snprintf(json, sizeof(json), "{\"name\":\"t%d\"}", i);
		assert_int_equal(
		    mcp_config_add(site->config, MCP_ENTRY_TOOL, site->plugin,
			mcp_text_of(json), i % 2 == 0 ? &one : &other,
			&site->problems),
		    0);
	}
	assert_int_equal(site->config->n_tools, 300);
	assert_ptr_equal(
	    mcp_config_tool(site->config, "t7")->handler.function, &other);
	assert_non_null(strstr(
	    mcp_config_tool(site->config, "t299")->listing[MCP_2025_11_25],
	    "t299"));
}

/* --- cache and limits --- */

static void
lists_are_kept_a_minute_and_by_one_client(void **state)
{
	struct site *site = *state;
	const struct mcp_server *server = &load_well(site, "{}")->server;

	assert_int_equal(server->cache.discover.ttl_ms, 60000);
	assert_int_equal(server->cache.tools.ttl_ms, 60000);
	assert_int_equal(server->cache.resources.ttl_ms, 60000);
	assert_int_equal(server->cache.templates.ttl_ms, 60000);
	assert_int_equal(server->cache.prompts.ttl_ms, 60000);
	assert_false(server->cache.prompts.is_public);
	assert_int_equal(server->limits.page_size, 1000);
	assert_int_equal(server->limits.state_ms, 600000);
}

static void
the_file_says_how_long_lists_are_kept(void **state)
{
	struct site *site = *state;
	const struct mcp_server *server = &load_well(site,
	    "{\"limits\":{\"page_size\":1,\"state_ms\":1000},"
	    "\"server\":{\"name\":\"n\",\"cache\":{"
	    "\"tools\":{\"cacheScope\":\"public\"},"
	    "\"resourceTemplates\":{\"ttlMs\":0,\"cacheScope\":\"private\"},"
	    "\"prompts\":{\"ttlMs\":31536000000}}}}")
					       ->server;

	assert_string_equal(server->name, "n");
	assert_int_equal(server->cache.tools.ttl_ms, 60000);
	assert_true(server->cache.tools.is_public);
	assert_int_equal(server->cache.templates.ttl_ms, 0);
	assert_false(server->cache.templates.is_public);
	assert_int_equal(server->cache.prompts.ttl_ms, 31536000000);
	assert_int_equal(server->cache.discover.ttl_ms, 60000);
	assert_int_equal(server->limits.page_size, 1);
	assert_int_equal(server->limits.state_ms, 1000);
	assert_problem(site, "{\"limits\":{\"page_size\":0}}",
	    "Give a whole number from 1");
	assert_problem(site, "{\"server\":{\"cache\":{\"tool\":{}}}}",
	    "Did you mean \"tools\"?");
	assert_problem(site,
	    "{\"server\":{\"cache\":{\"tools\":{\"ttlMs\":-1}}}}",
	    "Give a whole number from 0");
	assert_problem(site,
	    "{\"server\":{\"cache\":{\"tools\":{\"cacheScope\":\"all\"}}}}",
	    "Choose one of \"public\", \"private\"");
}

static void
a_resource_says_how_long_it_is_kept(void **state)
{
	struct site *site = *state;
	const struct mcp_config *config = load_well(site,
	    "{\"resources\":[{\"uri\":\"x:a\",\"name\":\"a\",\"text\":\"\","
	    "\"ttlMs\":7,\"cacheScope\":\"public\"},"
	    "{\"uri\":\"x:b\",\"name\":\"b\",\"text\":\"\"}],"
	    "\"resourceTemplates\":[{\"uriTemplate\":\"x:{c}\",\"name\":\"c\","
	    "\"text\":\"\",\"ttlMs\":8}]}");

	assert_int_equal(config->resources[0].cache.ttl_ms, 7);
	assert_true(config->resources[0].cache.is_public);
	assert_int_equal(config->resources[1].cache.ttl_ms, 0);
	assert_false(config->resources[1].cache.is_public);
	assert_int_equal(config->templates[0].cache.ttl_ms, 8);
	assert_string_equal(config->resources[0].listing[MCP_2026_07_28],
	    "{\"uri\":\"x:a\",\"name\":\"a\"}");
}

/* --- completions --- */

#define DATABASE "\"databases\":{\"d\":{\"url\":\"sqlite:d\"}}"
#define SQL(query) "{\"sql\":{\"database\":\"d\",\"query\":\"" query "\"}}"

static const char *
prompt(const char *complete)
{
	static char text[1024];

	snprintf(text, sizeof(text),
	    "{" DATABASE ",\"prompts\":[{\"name\":\"p\",\"messages\":["
	    "{\"role\":\"user\",\"text\":\"x\"}],\"arguments\":["
	    "{\"name\":\"a\",\"complete\":%s},{\"name\":\"b\"}]}]}",
	    complete);
	return text;
}

static void
an_argument_of_a_prompt_is_completed(void **state)
{
	struct site *site = *state;
	const struct mcp_completion *completion;
	const struct mcp_prompt *found = load_well(
	    site, prompt(SQL("SELECT x FROM y WHERE x > :value AND z = :b")))
					     ->prompts;

	assert_int_equal(found->n_completions, 1);
	completion = found->completions;
	assert_string_equal(completion->argument, "a");
	assert_int_equal(completion->handler.kind, MCP_HANDLER_SQL);
	assert_int_equal(completion->handler.sql.result, MCP_SQL_ROWS);
	assert_int_equal(completion->handler.sql.max_rows, 1000);
	assert_int_equal(site->config->n_statements, 1);
	assert_string_equal(found->listing[MCP_2026_07_28],
	    "{\"name\":\"p\",\"arguments\":[{\"name\":\"a\"},"
	    "{\"name\":\"b\"}]}");
	completion = load_well(site, prompt("{\"values\":[\"v\",\"w\"]}"))
			 ->prompts->completions;
	assert_int_equal(completion->handler.kind, MCP_HANDLER_NONE);
	assert_int_equal(completion->values.n, 2);
	assert_string_equal(completion->values.at[1], "w");
}

static void
a_place_of_a_template_is_completed(void **state)
{
	struct site *site = *state;
	const struct mcp_resource *template = load_well(site,
	    "{" DATABASE ",\"resourceTemplates\":[{\"uriTemplate\":"
	    "\"x:{a}{?b}\",\"name\":\"n\",\"text\":\"\",\"complete\":{"
	    "\"b\":" SQL("SELECT :value, :a") ",\"a\":{\"values\":[\"v\"]}}}]}")
						  ->templates;

	assert_int_equal(template->n_completions, 2);
	assert_string_equal(template->completions[0].argument, "b");
	assert_int_equal(
	    template->completions[0].handler.kind, MCP_HANDLER_SQL);
	assert_string_equal(template->completions[1].values.at[0], "v");
	assert_string_equal(template->listing[MCP_2026_07_28],
	    "{\"uriTemplate\":\"x:{a}{?b}\",\"name\":\"n\"}");
	assert_problem(site,
	    "{\"resourceTemplates\":[{\"uriTemplate\":\"x:{a}\",\"name\":\"n\","
	    "\"text\":\"\",\"complete\":{\"c\":{\"values\":[]}}}]}",
	    "\"c\" is not a place of its uriTemplate");
	assert_problem(site,
	    "{\"resources\":[{\"uri\":\"x:a\",\"name\":\"n\","
	    "\"text\":\"\",\"complete\":{}}]}",
	    "\"complete\" is no key of a resource");
}

static void
completions_are_checked(void **state)
{
	struct site *site = *state;

	assert_problem(site, prompt(SQL("SELECT :a")), ":a is not \"value\"");
	assert_problem(site, prompt(SQL("SELECT :c")), ":c is not \"value\"");
	assert_problem(site, prompt("[]"), "\"complete\" is an array");
	assert_problem(site, prompt("{}"), "either \"sql\" or \"values\"");
	assert_problem(site,
	    prompt("{\"values\":[],\"sql\":{\"database\":\"d\","
		   "\"query\":\"SELECT 1\"}}"),
	    "either \"sql\" or \"values\"");
	assert_problem(site, prompt("{\"value\":[],\"values\":[]}"),
	    "Did you mean \"values\"?");
	assert_problem(site, prompt("{\"values\":[1]}"), "Give a string");
	assert_problem(site,
	    prompt("{\"sql\":{\"database\":\"d\",\"query\":\"SELECT 1\","
		   "\"write\":true}}"),
	    "\"write\" has no place in a completion");
	assert_problem(site,
	    prompt("{\"sql\":{\"database\":\"d\",\"query\":\"SELECT 1\","
		   "\"result\":\"one\"}}"),
	    "made of rows");
}

/* --- what is listed --- */

#define EVERY_KEYWORD                                                           \
	"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","        \
	"\"$id\":\"https://x/y\",\"type\":\"object\",\"$comment\":\"c\","       \
	"\"$defs\":{\"d\":{\"$anchor\":\"e\",\"type\":\"number\","              \
	"\"multipleOf\":0.10,\"maximum\":1e3}},"                                \
	"\"properties\":{\"z\":{\"$ref\":\"#e\"},\"a\":{\"type\":[\"string\","  \
	"\"null\"],\"format\":\"email\",\"default\":null,"                      \
	"\"pattern\":\"^\\\\d/\"},\"l\":{\"prefixItems\":[true,{}],"            \
	"\"items\":false,\"uniqueItems\":true,\"contains\":{\"const\":1.0}}},"  \
	"\"allOf\":[{\"if\":{\"required\":[\"z\"]},\"then\":{\"minProperties\"" \
	":2},\"else\":{\"not\":{}}}],\"anyOf\":[{},{}],\"oneOf\":[true],"       \
	"\"patternProperties\":{\"^x-\":{}},\"dependentRequired\":{\"a\":["     \
	"\"z\"]},\"unevaluatedProperties\":false,\"examples\":[{\"z\":"         \
	"12345678901234567890}],\"of-nobody\":[[]],\"deprecated\":true}"

static void
every_keyword_of_a_schema_is_listed_as_it_stands(void **state)
{
#ifdef HAVE_PCRE2
	struct site *site = *state;
	const struct mcp_tool *tool;

	/* served, though some of it is warned of */
	assert_int_equal(load(site,
			     "{\"tools\":[{\"name\":\"t\",\"text\":\"x\","
			     "\"inputSchema\":" EVERY_KEYWORD ","
			     "\"outputSchema\":" EVERY_KEYWORD "}]}"),
	    0);
	tool = site->config->tools;
	assert_string_equal(tool->listing[MCP_2026_07_28],
	    "{\"name\":\"t\",\"inputSchema\":" EVERY_KEYWORD
	    ",\"outputSchema\":" EVERY_KEYWORD "}");
	assert_string_equal(tool->listing[MCP_2024_11_05],
	    "{\"name\":\"t\",\"inputSchema\":" EVERY_KEYWORD "}");
#else
	(void)state;
	skip(); /* it has a pattern */
#endif
}

static void
an_output_that_is_no_object_is_listed_since_2026_07_28(void **state)
{
	struct site *site = *state;
	const struct mcp_tool *tool = load_well(site,
	    "{\"tools\":[{\"name\":\"t\",\"text\":\"x\",\"outputSchema\":"
	    "{\"type\":\"array\"}}]}")
					  ->tools;

	assert_null(strstr(tool->listing[MCP_2025_11_25], "outputSchema"));
	assert_non_null(strstr(tool->listing[MCP_2026_07_28],
	    "\"outputSchema\":{\"type\":\"array\"}"));
}

static void
what_decorates_an_entry_comes_with_its_revision(void **state)
{
	struct site *site = *state;
	const struct mcp_config *config = load_well(site,
	    "{\"resources\":[{\"uri\":\"x:r\",\"name\":\"r\",\"size\":"
	    "9007199254740991,\"text\":\"\",\"title\":\"T\",\"annotations\":{"
	    "\"audience\":[\"user\"],\"lastModified\":\"2026\"},"
	    "\"icons\":[{\"src\":\"data:,\",\"theme\":\"dark\"}]}]}");
	char *const *listing = config->resources[0].listing;

	assert_string_equal(listing[MCP_2024_11_05],
	    "{\"uri\":\"x:r\",\"name\":\"r\",\"size\":9007199254740991,"
	    "\"annotations\":{\"audience\":[\"user\"]}}");
	assert_string_equal(listing[MCP_2025_06_18],
	    "{\"uri\":\"x:r\",\"name\":\"r\",\"size\":9007199254740991,"
	    "\"title\":\"T\",\"annotations\":{\"audience\":[\"user\"],"
	    "\"lastModified\":\"2026\"}}");
	assert_string_equal(listing[MCP_2026_07_28],
	    "{\"uri\":\"x:r\",\"name\":\"r\",\"size\":9007199254740991,"
	    "\"title\":\"T\",\"annotations\":{\"audience\":[\"user\"],"
	    "\"lastModified\":\"2026\"},"
	    "\"icons\":[{\"src\":\"data:,\",\"theme\":\"dark\"}]}");
}

/* json-c takes the first for a comment that ends where the second does. */
static void
a_comment_of_stars_hides_nothing(void **state)
{
	const struct mcp_config *config = load_well(*state,
	    "{ \"tools\": [ { \"name\": \"t\", \"text\": \"!\",\n"
	    "/** who may **/ \"allow\": { \"users\": [\"ann\"] }, /***/\n"
	    "\"title\": \"T\" } ] }");

	assert_int_equal(config->n_tools, 1);
	assert_int_equal(config->tools[0].access.allow.users.n, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_comment_of_stars_hides_nothing),
		TEST(mirrored_arguments_are_found),
		TEST(a_mirror_is_a_token_of_its_own),
		TEST(a_mirror_few_servers_forward_is_warned_of),
		TEST(only_a_primitive_is_mirrored),
		TEST(a_mirror_stands_on_the_way_of_properties),
		TEST(an_argument_may_be_called_x_mcp_header),
		TEST(a_plugin_is_named_once),
		TEST(a_plugin_that_is_not_there_is_a_problem),
		TEST(messages_or_a_plugin),
		TEST(what_is_registered_is_listed_like_the_rest),
		TEST(every_kind_can_be_registered),
		TEST(the_words_of_the_file_stand),
		TEST(what_is_refused_leaves_no_trace),
		TEST(a_completion_is_registered),
		TEST(what_no_plugin_registered_is_told),
		TEST(many_can_be_registered),
		TEST(lists_are_kept_a_minute_and_by_one_client),
		TEST(the_file_says_how_long_lists_are_kept),
		TEST(a_resource_says_how_long_it_is_kept),
		TEST(an_argument_of_a_prompt_is_completed),
		TEST(a_place_of_a_template_is_completed),
		TEST(completions_are_checked),
		TEST(every_keyword_of_a_schema_is_listed_as_it_stands),
		TEST(an_output_that_is_no_object_is_listed_since_2026_07_28),
		TEST(what_decorates_an_entry_comes_with_its_revision),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("entries", tests, NULL, NULL);
}

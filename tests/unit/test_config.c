/* test_config.c - what a file means, and what is said of one that is wrong */

#include "config.h"

#include <mcp/config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* One directory for all; each file written into it is one the tests name. */
struct site {
	char directory[32];
	char main[64];
	struct mcp_config *config;
	struct mcp_problems problems;
};

static const char *const names[] = { "mcp.json", "more.json", "a.part.json",
	"b.part.json", "book.md" };

static char *
path_in(const struct site *site, const char *name, char out[64])
{
	snprintf(out, 64, "%s/%s", site->directory, name);
	return out;
}

static int
open_site(void **state)
{
	struct site *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return -1;
	strcpy(site->directory, "/tmp/test_config.XXXXXX");
	if (mkdtemp(site->directory) == NULL)
		return -1;
	path_in(site, "mcp.json", site->main);
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

static void
put(const struct site *site, const char *name, const char *bytes, size_t len)
{
	char path[64];
	FILE *file = fopen(path_in(site, name, path), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static int
load_bytes(struct site *site, const char *bytes, size_t len)
{
	mcp_config_free(site->config);
	site->config = NULL;
	mcp_problems_deinit(&site->problems);
	put(site, "mcp.json", bytes, len);
	return mcp_config_load(site->main, &site->config, &site->problems);
}

static int
load(struct site *site, const char *text)
{
	return load_bytes(site, text, strlen(text));
}

static void
print_problems(const struct site *site)
{
	mcp_problems_print(&site->problems, STDERR_FILENO);
}

static void
load_well(struct site *site, const char *text)
{
	int r = load(site, text);

	if (r != 0)
		print_problems(site);
	assert_int_equal(r, 0);
	assert_int_equal(site->problems.n_errors, 0);
}

/* Is there a problem on @line of @name whose words contain @words? */
static void
assert_told(
    const struct site *site, const char *name, unsigned line, const char *words)
{
	for (size_t i = 0; i < site->problems.n; i++) {
		const struct mcp_problem *problem = &site->problems.at[i];
		const char *file = strrchr(problem->file, '/') + 1;

		if (problem->line == line && strcmp(file, name) == 0 &&
		    strstr(problem->what, words) != NULL)
			return;
	}
	print_problems(site);
	fail_msg("nothing was told of %s:%u with \"%s\"", name, line, words);
}

/* @text has exactly one problem, and it is this one. */
static void
assert_problem(
    struct site *site, const char *text, unsigned line, const char *words)
{
	assert_int_equal(load(site, text), MCP_CONFIG_E_PROBLEMS);
	assert_null(site->config);
	if (site->problems.n != 1)
		print_problems(site);
	assert_int_equal(site->problems.n, 1);
	assert_int_equal(site->problems.n_errors, 1);
	assert_told(site, "mcp.json", line, words);
}

/* A file with one tool, its members given. */
static const char *
tool(const char *members)
{
	static char text[4096];

	snprintf(text, sizeof(text),
	    "{\"databases\":{\"crm\":{\"url\":\"sqlite:c.db\"}},\"tools\":[{\n"
	    "%s\n}]}",
	    members);
	return text;
}

#define QUERY(sql) "\"sql\":{\"database\":\"crm\",\"query\":\"" sql "\"}"
#define EMAIL                                                                  \
	"\"inputSchema\":{\"type\":\"object\",\"properties\":"                 \
	"{\"email\":{\"type\":\"string\"}}},\n"

/* --- what is read --- */

static void
nothing_at_all_gives_every_default(void **state)
{
	struct site *site = *state;
	const struct mcp_server *server;

	load_well(site, "{}");
	server = &site->config->server;
	assert_string_equal(server->name, "mcp-fcgi");
	assert_non_null(server->version);
	assert_null(server->title);
	assert_string_equal(server->mount, "/mcp");
	assert_int_equal(server->allowed_hosts.n, 0);
	assert_int_equal(server->limits.max_body, 4 << 20);
	assert_int_equal(server->limits.body_ms, 10000);
	assert_int_equal(server->limits.max_streams, 100000);
	assert_int_equal(server->limits.max_streams_per_address, 0);
	assert_int_equal(server->limits.comment_ms, 15000);
	assert_int_equal(server->limits.max_resumable, 4096);
	assert_int_equal(server->limits.replay_bytes, 256 << 10);
	assert_int_equal(server->limits.max_outbox_per_subject, 64 << 20);
	assert_int_equal(server->limits.max_outbox_of_all, 256 << 20);
	assert_string_equal(site->config->path, site->main);
	assert_int_equal(strlen(site->config->digest), 64);
}

static void
server_and_limits_are_read(void **state)
{
	struct site *site = *state;
	const struct mcp_server *server;

	load_well(site,
	    "// a comment\n{ \"server\": { \"name\": \"crm\", /* and */\n"
	    "  \"title\": \"CRM\", \"version\": \"2\", \"mount\": \"/a/mcp/\","
	    "  \"instructions\": \"Be kind.\","
	    "  \"allowed_origins\": [\"https://a.example\", \"*\"],"
	    "  \"allowed_hosts\": [\"a.example\"] },"
	    "  \"limits\": { \"max_body\": 1000, \"replay_events\": 0 } }");
	server = &site->config->server;
	assert_string_equal(server->name, "crm");
	assert_string_equal(server->title, "CRM");
	assert_string_equal(server->version, "2");
	assert_string_equal(server->instructions, "Be kind.");
	assert_string_equal(server->mount, "/a/mcp");
	assert_int_equal(server->allowed_origins.n, 2);
	assert_string_equal(server->allowed_origins.at[1], "*");
	assert_string_equal(server->allowed_hosts.at[0], "a.example");
	assert_int_equal(server->limits.max_body, 1000);
	assert_int_equal(server->limits.replay_events, 0);
	assert_int_equal(server->limits.call_ms, 60000);
}

static struct mcp_text
value_of(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "email") == 0 ? MCP_TEXT("a@b") : MCP_TEXT_INIT;
}

static void
a_statement_is_read_whole(void **state)
{
	struct site *site = *state;
	struct mcp_buf said = MCP_BUF_INIT;
	const struct mcp_tool *found;
	const struct mcp_sql *sql;
	char path[64];

	load_well(site,
	    tool("\"name\":\"get\"," EMAIL "\"sql\":{\"database\":\"crm\","
		 "\"query\":\"SELECT :email\",\"result\":\"value\","
		 "\"write\":true,\"empty\":\"{{no}} {email}{email}!\","
		 "\"max_rows\":5,\"max_bytes\":100,\"timeout_ms\":7}"));
	found = mcp_config_tool(site->config, "get");
	assert_non_null(found);
	assert_null(mcp_config_tool(site->config, "Get"));
	assert_non_null(found->input);
	assert_int_equal(found->handler.kind, MCP_HANDLER_SQL);
	sql = &found->handler.sql;
	assert_string_equal(sql->query, "SELECT :email");
	assert_int_equal(sql->result, MCP_SQL_VALUE);
	assert_true(sql->write);
	assert_int_equal(sql->max_rows, 5);
	assert_int_equal(sql->max_bytes, 100);
	assert_int_equal(sql->timeout_ms, 7);
	mcp_template_expand(&sql->empty, value_of, NULL, &said);
	assert_string_equal(said.data, "{no} a@ba@b!");
	mcp_buf_deinit(&said);
	assert_string_equal(
	    site->config->databases[0].path, path_in(site, "c.db", path));
}

static void
statements_are_numbered(void **state)
{
	struct site *site = *state;

	load_well(site,
	    "{ \"databases\": { \"a\": { \"url\": \"sqlite:/a\" },"
	    "                   \"b\": { \"url\": \"sqlite:/b\" } },"
	    "  \"tools\": [ { \"name\": \"t\", \"sql\": { \"database\": \"b\","
	    "               \"query\": \"SELECT 1\" } } ],"
	    "  \"resources\": [ { \"uri\": \"x:r\", \"name\": \"r\", \"sql\":"
	    "   { \"database\": \"a\", \"query\": \"SELECT 2\" } } ] }");
	assert_int_equal(site->config->n_statements, 2);
	assert_int_equal(site->config->tools[0].handler.sql.number, 0);
	assert_int_equal(site->config->tools[0].handler.sql.database, 1);
	assert_int_equal(site->config->resources[0].handler.sql.number, 1);
	assert_int_equal(site->config->resources[0].handler.sql.database, 0);
	assert_int_equal(site->config->tools[0].handler.sql.max_rows, 1000);
	assert_string_equal(site->config->databases[1].path, "/b");
}

static void
a_resource_and_a_template_are_read(void **state)
{
	struct site *site = *state;
	const struct mcp_resource *template;
	char path[64];

	put(site, "book.md", "# Hi", 4);
	load_well(site,
	    "{ \"resources\": [ { \"uri\": \"docs://book\", \"name\": \"b\","
	    "  \"mimeType\": \"text/markdown\", \"file\": \"book.md\" } ],"
	    "  \"resourceTemplates\": [ { \"name\": \"c\","
	    "  \"text\": \"{a} of {b}\", \"uriTemplate\": \"x://{a}/{b}\" } ] }");
	assert_non_null(mcp_config_resource(site->config, "docs://book"));
	assert_string_equal(
	    site->config->resources[0].mime_type, "text/markdown");
	assert_string_equal(site->config->resources[0].handler.file,
	    path_in(site, "book.md", path));
	template = &site->config->templates[0];
	assert_string_equal(mcp_uri_template_name(template->template, 0), "a");
	assert_string_equal(mcp_uri_template_name(template->template, 1), "b");
	assert_null(mcp_uri_template_name(template->template, 2));
	assert_int_equal(template->handler.text.n, 3);
}

static void
a_prompt_is_read(void **state)
{
	struct site *site = *state;
	const struct mcp_prompt *prompt;

	load_well(site,
	    "{ \"databases\": { \"a\": { \"url\": \"sqlite:/a\" } },"
	    "  \"prompts\": [ { \"name\": \"p\", \"description\": \"d\","
	    "  \"arguments\": [ { \"name\": \"x\", \"required\": true },"
	    "                   { \"name\": \"y\" } ],"
	    "  \"sql\": { \"database\": \"a\", \"query\": \"SELECT :x AS z\" },"
	    "  \"messages\": [ { \"role\": \"assistant\","
	    "                    \"text\": \"{x} {z}\" } ] } ] }");
	prompt = mcp_config_prompt(site->config, "p");
	assert_non_null(prompt);
	assert_string_equal(prompt->description, "d");
	assert_int_equal(prompt->n_arguments, 2);
	assert_true(prompt->arguments[0].required);
	assert_false(prompt->arguments[1].required);
	assert_int_equal(prompt->n_messages, 1);
	assert_string_equal(prompt->messages[0].role, "assistant");
	assert_int_equal(prompt->handler.kind, MCP_HANDLER_SQL);
}

/* --- what is listed --- */

static void
each_revision_lists_what_it_knows(void **state)
{
	struct site *site = *state;
	char *const *listing;

	load_well(site,
	    tool("\"title\":\"T\",\"name\":\"a\",\"text\":\"hi\","
		 "\"outputSchema\":{\"type\":\"object\"},"
		 "\"annotations\":{\"readOnlyHint\":true},"
		 "\"icons\":[{\"src\":\"https://x/y.png\"}],"
		 "\"_meta\":{\"a/b\":1.50},\"description\":\"\\u00e4/\""));
	listing = site->config->tools[0].listing;
	assert_null(listing[MCP_REVISION_NONE]);
	assert_string_equal(listing[MCP_2024_11_05],
	    "{\"name\":\"a\",\"description\":\"\xc3\xa4/\",\"inputSchema\":"
	    "{\"type\":\"object\",\"properties\":{}}}");
	assert_string_equal(listing[MCP_2025_03_26],
	    "{\"name\":\"a\",\"annotations\":{\"readOnlyHint\":true},"
	    "\"description\":\"\xc3\xa4/\",\"inputSchema\":"
	    "{\"type\":\"object\",\"properties\":{}}}");
	assert_string_equal(listing[MCP_2025_06_18],
	    "{\"title\":\"T\",\"name\":\"a\",\"outputSchema\":{\"type\":"
	    "\"object\"},\"annotations\":{\"readOnlyHint\":true},"
	    "\"_meta\":{\"a/b\":1.50},\"description\":\"\xc3\xa4/\","
	    "\"inputSchema\":{\"type\":\"object\",\"properties\":{}}}");
	assert_non_null(strstr(listing[MCP_2025_11_25],
	    "\"icons\":[{\"src\":\"https://x/y.png\"}]"));
	assert_string_equal(listing[MCP_2025_11_25], listing[MCP_2026_07_28]);
}

static void
properties_are_always_listed(void **state)
{
	struct site *site = *state;

	load_well(site,
	    tool("\"name\":\"a\",\"inputSchema\":{\"type\":\"object\"},"
		 "\"text\":\"hi\""));
	assert_string_equal(site->config->tools[0].listing[MCP_2024_11_05],
	    "{\"name\":\"a\",\"inputSchema\":{\"type\":\"object\","
	    "\"properties\":{}}}");
}

static void
arguments_have_titles_since_2025_06_18(void **state)
{
	struct site *site = *state;
	char *const *listing;

	load_well(site,
	    "{ \"prompts\": [ { \"name\": \"p\", \"arguments\": ["
	    "  { \"name\": \"x\", \"title\": \"X\" } ],"
	    "  \"messages\": [ { \"role\": \"user\", \"text\": \"{x}\" } ] } ] }");
	listing = site->config->prompts[0].listing;
	assert_string_equal(listing[MCP_2025_03_26],
	    "{\"name\":\"p\",\"arguments\":[{\"name\":\"x\"}]}");
	assert_string_equal(listing[MCP_2026_07_28],
	    "{\"name\":\"p\",\"arguments\":[{\"name\":\"x\","
	    "\"title\":\"X\"}]}");
}

static void
a_handler_is_never_listed(void **state)
{
	struct site *site = *state;

	put(site, "book.md", "# Hi", 4);
	load_well(site,
	    "{ \"resources\": [ { \"uri\": \"a:b\", \"name\": \"n\","
	    "  \"size\": 4, \"file\": \"book.md\" } ] }");
	for (int i = MCP_REVISION_FIRST; i <= MCP_REVISION_LAST; i++)
		assert_string_equal(site->config->resources[0].listing[i],
		    "{\"uri\":\"a:b\",\"name\":\"n\",\"size\":4}");
}

/* --- included files --- */

#define ONE_TOOL(name)                                                         \
	"{ \"tools\": [ { \"name\": \"" name "\", \"text\": \"t\" } ] }"

static void
included_files_add_to_the_main_one(void **state)
{
	struct site *site = *state;
	char before[65];

	load_well(site, ONE_TOOL("m"));
	strcpy(before, site->config->digest);
	put(site, "b.part.json", ONE_TOOL("b"), strlen(ONE_TOOL("b")));
	put(site, "a.part.json", ONE_TOOL("a"), strlen(ONE_TOOL("a")));
	load_well(site,
	    "{ \"include\": [ \"*.part.json\", \"none.d/*\" ], \"tools\": ["
	    "  { \"name\": \"m\", \"text\": \"t\" } ] }");
	assert_int_equal(site->config->n_tools, 3);
	assert_string_equal(site->config->tools[0].name, "m");
	assert_string_equal(site->config->tools[1].name, "a");
	assert_string_equal(site->config->tools[2].name, "b");
	assert_string_not_equal(site->config->digest, before);
	strcpy(before, site->config->digest);
	put(site, "b.part.json", ONE_TOOL("c"), strlen(ONE_TOOL("c")));
	mcp_config_free(site->config);
	assert_int_equal(
	    mcp_config_load(site->main, &site->config, &site->problems), 0);
	assert_string_not_equal(site->config->digest, before);
}

static void
a_tool_may_use_the_database_of_a_later_file(void **state)
{
	struct site *site = *state;
	const char *more = "{\"databases\":{\"d\":{\"url\":\"sqlite:d\"}}}";

	put(site, "more.json", more, strlen(more));
	load_well(site,
	    "{ \"tools\": [ { \"name\": \"t\", \"sql\": { \"database\": \"d\","
	    "  \"query\": \"SELECT 1\" } } ], \"include\": [\"more.json\"] }");
	assert_int_equal(site->config->n_databases, 1);
}

static void
an_included_file_has_problems_of_its_own(void **state)
{
	struct site *site = *state;
	const char *more = "{\n\"server\": {},\n\"tols\": [],\n"
			   "\"tools\": [{}] }";

	put(site, "more.json", more, strlen(more));
	assert_int_equal(load(site,
			     "{ \"include\": [\n\"more.json\",\n\"no.json\",\n"
			     "\"*/x.json\",\n7, \".\" ] }"),
	    MCP_CONFIG_E_PROBLEMS);
	assert_told(site, "mcp.json", 3, "no.json cannot be read: No such");
	assert_told(site, "mcp.json", 4, "wildcards in its directory");
	assert_told(site, "mcp.json", 5,
	    "element 4 of \"include\" is a number. Give a string");
	assert_told(site, "mcp.json", 5, "is no regular file");
	assert_int_equal(site->problems.n_errors, 8);
	assert_told(site, "more.json", 2, "\"server\" stands in an included");
	assert_told(site, "more.json", 3, "Did you mean \"tools\"?");
	assert_told(site, "more.json", 4, "a tool needs a \"name\"");
	assert_told(site, "more.json", 4, "a tool needs a handler");
}

/* --- problems --- */

static void
a_file_that_is_not_there_is_a_problem(void **state)
{
	struct site *site = *state;

	assert_int_equal(mcp_config_load("/nowhere/mcp.json", &site->config,
			     &site->problems),
	    MCP_CONFIG_E_PROBLEMS);
	assert_told(site, "mcp.json", 0, "cannot be read: No such file");
}

static void
what_is_not_json_is_told_with_its_line(void **state)
{
	struct site *site = *state;

	assert_problem(site, "{\n \"server\": {},\n}", 3, "comma");
	assert_problem(site, "{\n\"server\": {},\n\"server\": {} }", 3,
	    "Keep one of the two");
	assert_problem(
	    site, "{\n\"a\": \"\xff\" }", 2, "Save the file as UTF-8");
	assert_problem(site, "", 1, "the text is empty");
	assert_problem(site, "[]", 1, "the file is an array. Give an object");
	assert_problem(site, "null", 0, "the file is null");
	assert_problem(site, "12", 1, "the file is a number");
}

static void
an_unknown_key_names_the_nearest_known_one(void **state)
{
	struct site *site = *state;

	assert_problem(site, "{\n\"sever\": {} }", 2,
	    "\"sever\" is no key of the file. Did you mean \"server\"?");
	assert_problem(site, "{ \"limits\": {\n\"max_bdy\": 1 } }", 2,
	    "Did you mean \"max_body\"?");
	assert_problem(site,
	    tool("\"name\":\"a\",\"text\":\"x\",\n\"input_schema\":{}"), 3,
	    "Did you mean \"inputSchema\"?");
	assert_problem(site, "{ \"server\": {\n\n\"zzzzzzzzzz\": 1 } }", 3,
	    "There are \"name\", \"title\", ");
}

static void
all_problems_are_told_in_the_order_of_lines(void **state)
{
	struct site *site = *state;

	assert_int_equal(load(site,
			     "{ \"tools\": [ 7,\n { \"name\": 8 } ],\n"
			     "\"server\": [],\n\"limits\": { \"max_body\": 1 },"
			     "\n\"databases\": { \"a\": 9 } }"),
	    MCP_CONFIG_E_PROBLEMS);
	assert_told(site, "mcp.json", 1, "element 1 of \"tools\" is a number");
	assert_told(site, "mcp.json", 2, "\"name\" is a number. Give a string");
	assert_told(site, "mcp.json", 3, "\"server\" is an array");
	assert_told(site, "mcp.json", 4,
	    "\"max_body\" is 1. Give a whole number from 256 to 67108864");
	assert_told(site, "mcp.json", 5, "\"a\" is a number. Give an object");
	for (size_t i = 1; i < site->problems.n; i++)
		assert_true(
		    site->problems.at[i - 1].line <= site->problems.at[i].line);
}

static void
numbers_are_whole_and_within_their_range(void **state)
{
	struct site *site = *state;

	assert_problem(site, "{\"limits\":{\"body_ms\":-1}}", 1, "is -1");
	assert_problem(
	    site, "{\"limits\":{\"body_ms\":1.5}}", 1, "is a fraction");
	assert_problem(site, "{\"limits\":{\"body_ms\":18446744073709551615}}",
	    1, "Give a whole number from 10 to 3600000");
	assert_problem(site, "{\"limits\":{\"body_ms\":\"10\"}}", 1,
	    "is a string. Give a number");
}

static void
the_server_is_checked(void **state)
{
	struct site *site = *state;

	assert_problem(site, "{\"server\":{\"name\":\"\"}}", 1, "is empty");
	assert_problem(site, "{\"server\":{\"mount\":\"mcp\"}}", 1,
	    "Begin it with a \"/\"");
	assert_problem(site, "{\"server\":{\"mount\":\"/a/../b\"}}", 1, "/.");
	assert_problem(site, "{\"server\":{\"mount\":\"/a b\"}}", 1, "letters");
	assert_problem(site,
	    "{\"server\":{\"allowed_origins\":[\"*\",\n\"a.example\"]}}", 2,
	    "Write scheme, host and port");
	assert_problem(site, "{\"server\":{\"allowed_hosts\":[\"http://a\"]}}",
	    1, "a host name alone");
}

static void
databases_are_checked(void **state)
{
	struct site *site = *state;

	assert_problem(site,
	    "{\"databases\":{\"a\":{\"url\":\"mysql://a@/b\"}}}", 1,
	    "the url of no database we know");
#ifdef HAVE_LIBPQ
	load_well(site,
	    "{\"databases\":{\"a\":{\"url\":\"postgresql://a@/b\"},"
	    "\"b\":{\"url\":\"postgres:///c\",\"errors\":\"full\"}}}");
	assert_int_equal(
	    site->config->databases[1].engine, MCP_ENGINE_POSTGRES);
	assert_false(site->config->databases[0].tells);
	assert_true(site->config->databases[1].tells);
#else
	assert_problem(site,
	    "{\"databases\":{\"a\":{\"url\":\"postgresql://a@/b\"}}}", 1,
	    "built without PostgreSQL");
#endif
	assert_problem(site,
	    "{\"databases\":{\"a\":{\"url\":\"sqlite:a\","
	    "\"errors\":\"all\"}}}",
	    1, "\"full\"");
	assert_problem(site, "{\"databases\":{\"a\":{\"url\":\"mysql:x\"}}}", 1,
	    "Write sqlite:PATH");
	assert_problem(site,
	    "{\"databases\":{\"a\":{\"url\":\"sqlite::memory:\"}}}", 1,
	    "names no file");
	assert_problem(site, "{\"databases\":{\n\"a\":{}}}", 2,
	    "a database needs a \"url\"");
	assert_problem(site,
	    tool("\"name\":\"a\",\n\"sql\":{\"database\":\"crn\","
		 "\"query\":\"SELECT 1\"}"),
	    3, "there is no database \"crn\". Did you mean \"crm\"?");
	assert_problem(site,
	    tool("\"name\":\"a\",\n\"sql\":{\"database\":\"orders\","
		 "\"query\":\"SELECT 1\"}"),
	    3, "Declare it under \"databases\"");
}

static void
a_tool_has_one_handler(void **state)
{
	struct site *site = *state;

	assert_problem(
	    site, tool("\"name\":\"a\""), 1, "a tool needs a handler");
	assert_problem(site,
	    tool("\"name\":\"a\",\"text\":\"x\",\n"
		 "\"file\":\"y\""),
	    3, "\"file\" is a second handler");
	assert_problem(site, tool("\"name\":\"a\",\n\"http\":{}"), 3,
	    "needs a \"url\"");
	assert_problem(site, tool("\"name\":\"a\",\n\"file\":\"nosuch\""), 3,
	    "nosuch does not exist");
	assert_problem(site, tool("\"name\":\"a\",\n\"file\":\".\""), 3,
	    "is no regular file");
}

static void
tool_names_are_what_clients_take(void **state)
{
	struct site *site = *state;
	char text[400], name[140];

	assert_problem(site, tool("\"name\":\"a b\",\"text\":\"x\""), 2,
	    "Use letters, digits");
	memset(name, 'n', sizeof(name));
	name[129] = '\0';
	snprintf(text, sizeof(text), "\"name\":\"%s\",\"text\":\"x\"", name);
	assert_problem(site, tool(text), 2, "Give it at most 128");
	name[128] = '\0';
	snprintf(text, sizeof(text), "\"name\":\"%s\",\"text\":\"x\"", name);
	load_well(site, tool(text));
	assert_int_equal(site->problems.n, 1);
	assert_true(site->problems.at[0].warning);
	assert_told(site, "mcp.json", 2, "a name of 128 characters");
	load_well(site, tool("\"name\":\"a.b-c\",\"text\":\"x\""));
	assert_told(site, "mcp.json", 2, "some clients refuse the name");
	load_well(site, tool("\"name\":\"a_b\",\"text\":\"x\""));
	assert_int_equal(site->problems.n, 0);
}

static void
nothing_is_declared_twice(void **state)
{
	struct site *site = *state;

	assert_problem(site,
	    "{\"tools\":[{\"name\":\"a\",\"text\":\"x\"},\n"
	    "{\"name\":\"a\",\"text\":\"y\"}]}",
	    2, "another with the \"name\" \"a\"");
	assert_problem(site,
	    "{\"resources\":[{\"uri\":\"a:b\",\"name\":\"1\",\"text\":\"x\"},\n"
	    "{\"uri\":\"a:b\",\"name\":\"2\",\"text\":\"y\"}]}",
	    2, "another with the \"uri\" \"a:b\"");
	assert_problem(site,
	    "{\"prompts\":[{\"name\":\"p\",\"messages\":[{\"role\":\"user\","
	    "\"text\":\"x\"}],\n\"arguments\":[{\"name\":\"a\"},"
	    "{\"name\":\"a\"}]}]}",
	    1, "two arguments have the name \"a\"");
}

static void
a_schema_describes_an_object(void **state)
{
	struct site *site = *state;

	assert_problem(site,
	    tool("\"name\":\"a\",\"text\":\"x\",\n\"inputSchema\":{}"), 3,
	    "Write \"type\": \"object\" into it");
	assert_problem(site,
	    tool("\"name\":\"a\",\"text\":\"x\",\n\"inputSchema\":true"), 3,
	    "Give an object");
	assert_problem(site,
	    tool("\"name\":\"a\",\"text\":\"x\",\n\"outputSchema\":"
		 "{\"type\":\"text\"}"),
	    3, "is no JSON Schema: ");
	assert_problem(site,
	    tool("\"name\":\"a\",\"text\":\"x\",\"inputSchema\":"
		 "{\"type\":\"object\",\"properties\":{\n\"b\":{\n"
		 "\"type\":\"nothing\"}}}"),
	    4, "is no JSON Schema: ");
}

static void
places_of_a_statement_are_properties(void **state)
{
	struct site *site = *state;

	assert_problem(site,
	    tool("\"name\":\"a\"," EMAIL QUERY("SELECT :mail")), 3,
	    ":mail is not a property of the tool's inputSchema");
	assert_problem(site, tool("\"name\":\"a\"," EMAIL QUERY("SELECT ?")), 3,
	    "Write :name");
	assert_problem(site, tool("\"name\":\"a\"," EMAIL QUERY("SELECT @b")),
	    3, "\"@b\" is bound by no name");
	load_well(site,
	    tool("\"name\":\"a\"," EMAIL QUERY(
		"SELECT ':a', \\\":b\\\", `:c`, [:d], x::int, :email "
		"-- :e ?\\n /* :f */ 'it''s :g'")));
	load_well(site, tool("\"name\":\"a\"," EMAIL QUERY("SELECT ':a")));
	load_well(site, tool("\"name\":\"a\"," EMAIL QUERY("SELECT 1 --")));
	load_well(site, tool("\"name\":\"a\"," EMAIL QUERY("SELECT 1 /*")));
}

static void
places_of_a_text_are_inputs(void **state)
{
	struct site *site = *state;

	assert_problem(site, tool("\"name\":\"a\"," EMAIL "\"text\":\"{x}\""),
	    3, "{x} is not a property");
	assert_problem(site,
	    tool("\"name\":\"a\"," EMAIL "\"sql\":{\"database\":\"crm\","
		 "\"query\":\"SELECT 1\",\n\"empty\":\"{y}\"}"),
	    4, "{y} is not a property");
	assert_problem(
	    site, tool("\"name\":\"a\",\n\"text\":\"{x\""), 3, "never closed");
	assert_problem(
	    site, tool("\"name\":\"a\",\n\"text\":\"x}\""), 3, "Write \"}}\"");
	assert_problem(site, tool("\"name\":\"a\",\n\"text\":\"{x y}\""), 3,
	    "more than a name");
	assert_problem(site,
	    "{\"resources\":[{\"uri\":\"a:b\",\"name\":\"n\","
	    "\"text\":\"{x}\"}]}",
	    1, "A resource has no arguments");
	assert_problem(site,
	    "{\"prompts\":[{\"name\":\"p\",\"messages\":[{\"role\":\"user\","
	    "\"text\":\"{x}\"}]}]}",
	    1, "{x} is not an argument");
}

static void
what_has_no_effect_is_warned_of(void **state)
{
	struct site *site = *state;

	load_well(site,
	    tool("\"name\":\"a\",\"sql\":{\"database\":\"crm\","
		 "\"query\":\"SELECT 1\",\"result\":\"rows\",\n"
		 "\"empty\":\"none\"}"));
	assert_told(site, "mcp.json", 3, "\"empty\" is never said");
	load_well(site,
	    tool("\"name\":\"a\",\"annotations\":{\n\"readOnlyHint\":true},"
		 "\"sql\":{\"database\":\"crm\",\"query\":\"SELECT 1\","
		 "\"write\":true}"));
	assert_told(site, "mcp.json", 3, "the statement may write");
}

static const char *
uri_template(const char *uri)
{
	static char text[256];

	snprintf(text, sizeof(text),
	    "{\"resourceTemplates\":[{\"uriTemplate\":\"%s\",\"name\":\"n\","
	    "\"text\":\"x\"}]}",
	    uri);
	return text;
}

static void
uris_are_uris(void **state)
{
	struct site *site = *state;

	load_well(site, uri_template("a://{b}"));
	assert_problem(site, uri_template("a://b"), 1, "has no {place}");
	load_well(site, uri_template("a://{+b}"));
	load_well(site, uri_template("a://{b,c}{?d}"));
	assert_problem(site, uri_template("a://{b*}"), 1, "level 4");
	assert_problem(site, uri_template("a://{b-c}"), 1, "more than a name");
	assert_problem(site, uri_template("a://{b}/{b}"), 1, "appears twice");
	assert_problem(site, uri_template("a://{{b}}"), 1, "more than a name");
	assert_problem(site, uri_template("{b}"), 1, "with a scheme");
	assert_problem(site, uri_template("a:/ {b}"), 1, "%XX");
	assert_problem(site,
	    "{\"resources\":[{\"uri\":\"a:{b}\",\"name\":\"n\","
	    "\"text\":\"x\"}]}",
	    1, "belong to \"resourceTemplates\"");
}

static void
a_prompt_speaks_of_one_row(void **state)
{
	struct site *site = *state;

	assert_problem(site,
	    "{\"databases\":{\"d\":{\"url\":\"sqlite:d\"}},\"prompts\":[{"
	    "\"name\":\"p\",\"messages\":[{\"role\":\"user\",\"text\":\"{x}\"}],"
	    "\"sql\":{\"database\":\"d\",\"query\":\"SELECT 1\",\n"
	    "\"result\":\"rows\"}}]}",
	    2, "a prompt speaks of one row");
	assert_problem(site, "{\"prompts\":[{\"name\":\"p\",\"messages\":[]}]}",
	    1, "\"messages\" is empty. Add a message");
	assert_problem(site,
	    "{\"prompts\":[{\"name\":\"p\",\"messages\":[{\"role\":\"system\","
	    "\"text\":\"x\"}]}]}",
	    1, "Choose one of \"user\", \"assistant\"");
}

static void
a_nul_is_refused_wherever_it_stands(void **state)
{
	struct site *site = *state;

	assert_problem(site,
	    tool("\"name\":\"a\",\"text\":\"x\",\"_meta\":{\"k\":[1,\n"
		 "\"a\\u0000b\"]}"),
	    3, "NUL");
	assert_problem(
	    site, tool("\"name\":\"a\",\"text\":\"x\\u0000\""), 2, "NUL");
}

static void
what_a_file_says_cannot_break_a_line(void **state)
{
	struct site *site = *state;

	assert_int_equal(
	    load(site, "{\"a\\nb\\u001b\":1}"), MCP_CONFIG_E_PROBLEMS);
	assert_told(site, "mcp.json", 1, "\"a?b?\" is no key");
}

/* --- hostile files --- */

static void
a_thousand_problems_are_cut_short(void **state)
{
	struct site *site = *state;
	struct mcp_buf text = MCP_BUF_INIT;

	mcp_buf_puts(&text, "{\"tools\":[0");
	for (int i = 0; i < 1000; i++)
		mcp_buf_puts(&text, ",{\"name\":[]}");
	mcp_buf_puts(&text, "]}");
	assert_int_equal(
	    load_bytes(site, text.data, text.len), MCP_CONFIG_E_PROBLEMS);
	assert_int_equal(site->problems.n, 100);
	mcp_buf_deinit(&text);
}

static void
a_deep_or_huge_file_is_refused(void **state)
{
	struct site *site = *state;
	char *huge = malloc((4 << 20) + 2);

	assert_non_null(huge);
	memset(huge, '[', 1000);
	assert_int_equal(load_bytes(site, huge, 1000), MCP_CONFIG_E_PROBLEMS);
	assert_told(site, "mcp.json", 1, "Nest less deeply");
	memset(huge, ' ', (4 << 20) + 2);
	assert_int_equal(
	    load_bytes(site, huge, (4 << 20) + 1), MCP_CONFIG_E_PROBLEMS);
	assert_told(site, "mcp.json", 0, "larger than");
	free(huge);
}

/* every value of a good file, one after the other, becomes one of each type */
static void
wrong_types_anywhere_are_survived(void **state)
{
	static const char good[] =
	    "{\"server\":{\"name\":\"a\",\"allowed_hosts\":[\"b\"],\"cache\":{"
	    "\"tools\":{\"ttlMs\":1,\"cacheScope\":\"public\"}}},"
	    "\"limits\":{\"max_body\":1000},\"include\":[\"*.part.json\"],"
	    "\"databases\":{\"d\":{\"url\":\"sqlite:d\"}},\"tools\":[{"
	    "\"name\":\"t\",\"inputSchema\":{\"type\":\"object\","
	    "\"properties\":{\"x\":{\"type\":\"string\",\"x-mcp-header\":"
	    "\"X\"}}},\"annotations\":{"
	    "\"title\":\"b\"},\"icons\":[{\"src\":\"c\",\"sizes\":[\"1x1\"]}],"
	    "\"sql\":{\"database\":\"d\",\"query\":\"SELECT :x\",\"result\":"
	    "\"one\",\"empty\":\"{x}\",\"write\":false,\"max_rows\":1}}],"
	    "\"resourceTemplates\":[{\"uriTemplate\":\"a:{b}\",\"name\":\"n\","
	    "\"annotations\":{\"priority\":0.5,\"audience\":[\"user\"]},"
	    "\"text\":\"{b}\",\"ttlMs\":1,\"complete\":{\"b\":{\"sql\":{"
	    "\"database\":\"d\",\"query\":\"SELECT :value\"}}}}],"
	    "\"plugins\":[],\"prompts\":[{\"name\":\"p\",\"arguments\":[{"
	    "\"name\":\"a\",\"required\":true,\"complete\":{\"values\":["
	    "\"v\"]}}],\"messages\":[{\"role\":"
	    "\"user\",\"text\":\"{a}\"}]}]}";
	static const char *const others[] = { "null", "7", "-1", "1e999",
		"\"\"", "true", "[]", "{}", "[null]", "[[]]", "\"{\"", "[{}]" };
	struct site *site = *state;
	size_t n = 0;

	load_well(site, good);
	for (const char *colon = good; (colon = strchr(colon, ':')) != NULL;
	     colon++)
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
			struct mcp_buf text = MCP_BUF_INIT;
			struct mcp_config *config = NULL;
			struct mcp_problems problems = MCP_PROBLEMS_INIT;
			const char *rest = colon + 1;
			int depth = 0;

			do
				depth += (*rest == '{' || *rest == '[') -
				    (*rest == '}' || *rest == ']');
			while (*++rest != '\0' && depth > 0);
			if (rest == colon + 2)
				rest += strcspn(rest, ",}]");
			mcp_buf_append(&text, good, (size_t)(colon - good) + 1);
			mcp_buf_puts(&text, others[i]);
			mcp_buf_puts(&text, rest);
			put(site, "mcp.json", text.data, text.len);
			mcp_buf_deinit(&text);
			n += mcp_config_load(site->main, &config, &problems) ==
			    MCP_CONFIG_E_PROBLEMS;
			mcp_config_free(config);
			mcp_problems_deinit(&problems);
		}
	assert_true(n > 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_at_all_gives_every_default),
		TEST(server_and_limits_are_read),
		TEST(a_statement_is_read_whole),
		TEST(statements_are_numbered),
		TEST(a_resource_and_a_template_are_read),
		TEST(a_prompt_is_read),
		TEST(each_revision_lists_what_it_knows),
		TEST(properties_are_always_listed),
		TEST(arguments_have_titles_since_2025_06_18),
		TEST(a_handler_is_never_listed),
		TEST(included_files_add_to_the_main_one),
		TEST(a_tool_may_use_the_database_of_a_later_file),
		TEST(an_included_file_has_problems_of_its_own),
		TEST(a_file_that_is_not_there_is_a_problem),
		TEST(what_is_not_json_is_told_with_its_line),
		TEST(an_unknown_key_names_the_nearest_known_one),
		TEST(all_problems_are_told_in_the_order_of_lines),
		TEST(numbers_are_whole_and_within_their_range),
		TEST(the_server_is_checked),
		TEST(databases_are_checked),
		TEST(a_tool_has_one_handler),
		TEST(tool_names_are_what_clients_take),
		TEST(nothing_is_declared_twice),
		TEST(a_schema_describes_an_object),
		TEST(places_of_a_statement_are_properties),
		TEST(places_of_a_text_are_inputs),
		TEST(what_has_no_effect_is_warned_of),
		TEST(uris_are_uris),
		TEST(a_prompt_speaks_of_one_row),
		TEST(a_nul_is_refused_wherever_it_stands),
		TEST(what_a_file_says_cannot_break_a_line),
		TEST(a_thousand_problems_are_cut_short),
		TEST(a_deep_or_huge_file_is_refused),
		TEST(wrong_types_anywhere_are_survived),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}

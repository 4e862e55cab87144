/* config_server.c - I am the tables of the house: server, limits, databases */

#include "config_parse.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>
#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

#define WORDS_MAX 1024 /* bytes of a name, a title, a version */
#define DATABASES_MAX 1000u
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* --- server --- */

static const char *
wrong_mount(const char *mount)
{
	if (mount[0] != '/')
		return "Begin it with a \"/\"";
	if (mount[strspn(mount, LETTERS DIGITS "/_.~-")] != '\0')
		return "Use letters, digits, \"/\", \"_\", \".\", \"~\" and "
		       "\"-\"";
	if (strstr(mount, "//") != NULL || strstr(mount, "/.") != NULL)
		return "Take \"//\" and \"/.\" out";
	return NULL;
}

static const char *
wrong_origin(const char *origin)
{
	const char *host = strstr(origin, "://");

	if (strcmp(origin, "*") == 0)
		return NULL;
	if (host == NULL || host == origin || host[3] == '\0' ||
	    strpbrk(host + 3, "/?#@ ") != NULL)
		return "Write scheme, host and port as browsers send them, "
		       "\"https://app.example\", or \"*\"";
	return NULL;
}

static const char *
wrong_host(const char *host)
{
	if (host[0] == '\0' || strpbrk(host, "/?#@ ") != NULL)
		return "Write a host name alone, \"app.example\"";
	return NULL;
}

static void
read_mount(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_server *server = base;
	size_t len;

	config_string(reader, key, at, base);
	if (server->mount == NULL)
		return;
	len = strlen(server->mount);
	if (len > 0 && server->mount[len - 1] == '/')
		server->mount[len - 1] = '\0';
}

/* --- how long lists are good --- */

void
config_scope(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	bool *is_public = (void *)((char *)base + key->where);

	config_string(reader, key, at, NULL);
	if (json_object_is_type(at->json, json_type_string))
		*is_public =
		    strcmp(json_object_get_string(at->json), "public") == 0;
}

static const struct config_key list_keys[] = {
	{ "ttlMs", .read = config_milliseconds, .usual = 60000,
	    .most = CONFIG_TTL_MOST, CONFIG_KEPT(struct mcp_cache, ttl_ms) },
	{ "cacheScope", .read = config_scope,
	    .choices = (const char *const[]){ "public", "private", NULL },
	    CONFIG_KEPT(struct mcp_cache, is_public) },
};
static const struct config_table list_table =
    CONFIG_TABLE("a list of \"cache\"", list_keys, NULL);

#define LIST(name, member)                                                     \
	{                                                                      \
		name, .read = config_member, .table = &list_table,             \
		      CONFIG_KEPT(struct mcp_server, cache.member)             \
	}

static const struct config_key cache_keys[] = {
	LIST("discover", discover),
	LIST("tools", tools),
	LIST("resources", resources),
	LIST("resourceTemplates", templates),
	LIST("prompts", prompts),
};
static const struct config_table cache_table =
    CONFIG_TABLE("\"cache\"", cache_keys, NULL);

/* --- what is tolerated --- */

static const char *
nth_quirk(const void *of, size_t i)
{
	const struct mcp_quirk_row *quirks = of;

	return quirks[i].name;
}

static void
read_tolerance(struct config_reader *reader, const struct config_at *at,
    struct mcp_server *server)
{
	const char *nearest;

	for (size_t i = 0; i < MCP_N_QUIRKS; i++) {
		if (strcmp(mcp_quirks[i].name, at->key) != 0)
			continue;
		if (config_is(reader, at, json_type_boolean))
			server->strict[i] = !json_object_get_boolean(at->json);
		return;
	}
	nearest = config_near(at->key, nth_quirk, mcp_quirks, MCP_N_QUIRKS);
	config_problem(reader, at,
	    "there is no tolerance \"%.*s\". %s%s%s", CONFIG_QUOTE(at->key),
	    nearest != NULL ? "Did you mean \"" : "The manual lists them",
	    nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

static void
read_tolerances(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	(void)key;
	if (!config_is(reader, at, json_type_object))
		return;
	json_object_object_foreach(at->json, name, json) {
		struct config_at member = { at, name, 0, json, at->file };

		read_tolerance(reader, &member, base);
	}
}

static const struct config_key server_keys[] = {
	{ "name", .read = config_string, .least = 1, .most = WORDS_MAX,
	    CONFIG_KEPT(struct mcp_server, name) },
	{ "title", .read = config_string, .most = WORDS_MAX,
	    CONFIG_KEPT(struct mcp_server, title) },
	{ "version", .read = config_string, .least = 1, .most = WORDS_MAX,
	    CONFIG_KEPT(struct mcp_server, version) },
	{ "instructions", .read = config_string,
	    CONFIG_KEPT(struct mcp_server, instructions) },
	{ "mount", .read = read_mount, .least = 1, .most = WORDS_MAX,
	    .wrong = wrong_mount, CONFIG_KEPT(struct mcp_server, mount) },
	{ "allowed_origins", .read = config_strings, .wrong = wrong_origin,
	    CONFIG_KEPT(struct mcp_server, allowed_origins) },
	{ "allowed_hosts", .read = config_strings, .wrong = wrong_host,
	    CONFIG_KEPT(struct mcp_server, allowed_hosts) },
	{ "tolerances", .read = read_tolerances, .kept = true },
	{ "formats", .read = config_bool,
	    CONFIG_KEPT(struct mcp_server, formats) },
	/* its rows count from the server too */
	{ "cache", .read = config_member, .table = &cache_table, .kept = true },
};
const struct config_table config_server_table =
    CONFIG_TABLE("\"server\"", server_keys, NULL);

/* --- limits --- */

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define MILLION 1000000
#define HOUR_MS 3600000

/* clang-format off */
#define COUNT(member, ...) \
	{ #member, config_count, CONFIG_RANGE(__VA_ARGS__), \
	    CONFIG_KEPT(struct mcp_limits, member) }
#define SIZE(member, ...) \
	{ #member, config_size, CONFIG_RANGE(__VA_ARGS__), \
	    CONFIG_KEPT(struct mcp_limits, member) }

static const struct config_key limit_keys[] = {
	/*    name			usual	  least	most */
	SIZE( max_body,			MIB(4),	  256,	MIB(64)),
	COUNT(body_ms,			10000,	  10,	HOUR_MS),
	COUNT(call_ms,			60000,	  10,	HOUR_MS),
	SIZE( max_result,		MIB(8),	  256,	MIB(64)),
	COUNT(max_parked,		512,	  0,	1 * MILLION),
	SIZE( max_parked_bytes,		MIB(64),  0,	MIB(65536)),
	COUNT(parked_ms,		10000,	  1,	HOUR_MS),
	COUNT(max_streams,		100000,	  1,	10 * MILLION),
	COUNT(max_streams_per_address,	0,	  0,	10 * MILLION),
	COUNT(max_calls_per_stream,	64,	  1,	65536),
	SIZE( max_event,		MIB(8),	  256,	MIB(15)),
	SIZE( max_outbox,		MIB(1),	  256,	MIB(1024)),
	SIZE( max_outbox_per_subject,	MIB(64),  256,	MIB(65536)),
	SIZE( max_outbox_of_all,	MIB(256), 256,	MIB(65536)),
	COUNT(heartbeat_ms,		30000,	  10,	HOUR_MS),
	COUNT(comment_ms,		15000,	  10,	HOUR_MS),
	COUNT(retry_ms,			2000,	  0,	HOUR_MS),
	COUNT(resume_ms,		60000,	  0,	HOUR_MS),
	COUNT(max_resumable,		4096,	  0,	10 * MILLION),
	COUNT(replay_events,		64,	  0,	65536),
	SIZE( replay_bytes,		KIB(256), 0,	MIB(1024)),
	SIZE( replay_bytes_of_all,	MIB(256), 0,	MIB(65536)),
	COUNT(page_size,		1000,	  1,	1 * MILLION),
	COUNT(state_ms,			600000,	  10,	168 * HOUR_MS),
};
/* clang-format on */
const struct config_table config_limit_table =
    CONFIG_TABLE("\"limits\"", limit_keys, NULL);

static void
keep_unless(struct config_reader *reader, char **fieldp, const char *usual)
{
	if (*fieldp == NULL)
		config_keep(reader, fieldp, usual);
}

void
config_server_usual(struct config_reader *reader)
{
	struct mcp_server *server = &reader->config->server;

	keep_unless(reader, &server->name, "mcp-fcgi");
	keep_unless(reader, &server->version, PACKAGE_VERSION);
	keep_unless(reader, &server->mount, "/mcp");
}

/* --- databases --- */

static bool
is_postgres(const char *url)
{
	return strncmp(url, "postgresql://", 13) == 0 ||
	    strncmp(url, "postgres://", 11) == 0;
}

static void
read_postgres(struct config_reader *reader, const struct config_at *at,
    struct mcp_database *database)
{
	database->engine = MCP_ENGINE_POSTGRES;
#ifndef HAVE_LIBPQ
	config_problem(reader, at,
	    "this mcp-fcgi was built without PostgreSQL. Build it with libpq, "
	    "or use sqlite:PATH");
#else
	(void)reader;
	(void)at;
#endif
}

static void
read_url(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_database *database = base;
	const char *url;

	config_string(reader, key, at, base);
	url = database->url;
	if (url == NULL)
		return;
	if (is_postgres(url))
		read_postgres(reader, at, database);
	else if (strncmp(url, "sqlite:", 7) != 0)
		/* it may hold a password: it is not repeated */
		config_problem(reader, at,
		    "this is the url of no database we know. Write "
		    "sqlite:PATH or postgresql://HOST/NAME");
	else if (url[7] == '\0' || url[7] == ':')
		config_problem(reader, at,
		    "\"%.*s\" names no file. Write sqlite:PATH, relative to "
		    "this file or absolute",
		    CONFIG_QUOTE(url));
	else
		database->path = config_path(reader, at->file, url + 7);
}

static void
read_errors(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_database *database = base;

	config_string(reader, key, at, NULL);
	database->tells = json_object_is_type(at->json, json_type_string) &&
	    strcmp(json_object_get_string(at->json), "full") == 0;
}

static const struct config_key database_keys[] = {
	{ "url", .read = read_url, .required = true, .least = 1,
	    CONFIG_KEPT(struct mcp_database, url) },
	{ "errors", .read = read_errors,
	    .choices = (const char *const[]){ "short", "full", NULL } },
};
static const struct config_table database_table =
    CONFIG_TABLE("a database", database_keys, NULL);

static struct mcp_database *
new_database(struct config_reader *reader)
{
	struct mcp_config *config = reader->config;
	struct mcp_database *databases = realloc(
	    config->databases, (config->n_databases + 1) * sizeof(*databases));

	if (databases == NULL) {
		reader->no_memory = true;
		return NULL;
	}
	config->databases = databases;
	databases += config->n_databases++;
	memset(databases, 0, sizeof(*databases));
	return databases;
}

static bool
is_declared(const struct mcp_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_databases; i++)
		if (config->databases[i].name != NULL &&
		    strcmp(config->databases[i].name, name) == 0)
			return true;
	return false;
}

static void
read_database(
    struct config_reader *reader, const struct config_at *at, void *base)
{
	struct mcp_database *database;

	(void)base;
	if (is_declared(reader->config, at->key)) {
		config_problem(reader, at,
		    "there is another database \"%.*s\". Rename one, or take "
		    "it out",
		    CONFIG_QUOTE(at->key));
		return;
	}
	if (reader->config->n_databases == DATABASES_MAX) {
		config_problem(reader, at,
		    "these are more than %u databases. Take some out",
		    DATABASES_MAX);
		return;
	}
	database = new_database(reader);
	if (database == NULL)
		return;
	config_keep(reader, &database->name, at->key);
	config_object(reader, at, &database_table, database);
}

void
config_databases(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	(void)key;
	config_named(reader, at, read_database, base);
}

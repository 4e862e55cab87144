/* config_access.c - I read who may use what, how often, and what runs once */

#include "config_parse.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 1024	     /* bytes of a name, a role, a scope */
#define ROLES_MAX 1000u	     /* and each caller is looked for in each */
#define CONCURRENT_MAX 256   /* each is a record that may be looked at */
#define PER_MINUTE_MAX 60000 /* one in a millisecond */
#define DAY_MS 86400000
#define WEEK_MS 604800000
#define WINDOW_LEAST_MS 1000 /* records expire by the second */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* --- allow --- */

/* The web server writes them with blanks between them. */
static const char *
wrong_word(const char *word)
{
	if (strpbrk(word, " \t\r\n") != NULL)
		return "Blanks stand between such words. Write each as a "
		       "string of its own";
	return NULL;
}

static void
read_names(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	config_strings(reader, key, at, base);
	if (json_object_is_type(at->json, json_type_array) &&
	    json_object_array_length(at->json) == 0)
		config_problem(reader, at,
		    "\"%s\" is empty. Name somebody, or take it out", at->key);
}

static void
check_allow(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	(void)table;
	(void)base;
	if (json_object_object_length(at->json) == 0)
		config_problem(reader, at,
		    "\"allow\" names nobody. Give it \"users\", \"roles\" or "
		    "\"scopes\", or take it out: then everybody may");
}

static const struct config_key allow_keys[] = {
	{ "users", .read = read_names, .least = 1, .most = WORDS_MAX,
	    CONFIG_KEPT(struct mcp_allow, users) },
	{ "roles", .read = read_names, .least = 1, .most = WORDS_MAX,
	    .wrong = wrong_word, CONFIG_KEPT(struct mcp_allow, roles) },
	{ "scopes", .read = read_names, .least = 1, .most = WORDS_MAX,
	    .wrong = wrong_word, CONFIG_KEPT(struct mcp_allow, scopes) },
};
static const struct config_table allow_table =
    CONFIG_TABLE("\"allow\"", allow_keys, check_allow);

void
config_allow(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_access *access = (void *)((char *)base + key->where);

	access->allow.given = true;
	config_object(reader, at, &allow_table, &access->allow);
}

/* --- bind --- */

static const char *const bound_names[] = { "user", "roles", "scopes", NULL };

static const char *
wrong_input(const char *name)
{
	if (name[0] == '\0' ||
	    strspn(name, LETTERS DIGITS "_.-") != strlen(name))
		return "Use letters, digits, \"_\", \"-\" and \".\" only: it "
		       "is an input";
	return NULL;
}

static void
add_bind(struct config_reader *reader, struct mcp_access *access,
    const char *name, enum mcp_bound what)
{
	struct mcp_bind *binds =
	    realloc(access->binds, (access->n_binds + 1) * sizeof(*binds));

	if (binds == NULL) {
		reader->no_memory = true;
		return;
	}
	access->binds = binds;
	binds += access->n_binds;
	*binds = (struct mcp_bind){ NULL, what };
	config_keep(reader, &binds->name, name);
	if (binds->name != NULL)
		access->n_binds++;
}

static void
read_one_bind(
    struct config_reader *reader, const struct config_at *at, void *access)
{
	const struct config_key what = { at->key, .choices = bound_names };
	const char *remedy = wrong_input(at->key);

	if (remedy != NULL)
		config_problem(reader, at, "\"%.*s\" cannot be bound. %s",
		    CONFIG_QUOTE(at->key), remedy);
	config_string(reader, &what, at, NULL);
	if (!json_object_is_type(at->json, json_type_string))
		return;
	for (int i = 0; bound_names[i] != NULL; i++)
		if (strcmp(bound_names[i], json_object_get_string(at->json)) ==
		    0)
			add_bind(reader, access, at->key, (enum mcp_bound)i);
}

void
config_bind(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_access *access = (void *)((char *)base + key->where);

	config_named(reader, at, read_one_bind, access);
}

static bool
is_bound(const struct mcp_access *access, const char *name)
{
	for (size_t i = 0; i < access->n_binds; i++)
		if (strcmp(access->binds[i].name, name) == 0)
			return true;
	return false;
}

static bool
is_input(const void *of, const char *name)
{
	const struct config_bound *bound = of;
	const struct config_inputs *others = bound->others;

	return is_bound(bound->access, name) ||
	    (others->has != NULL && others->has(others->of, name));
}

struct config_inputs
config_with_bound(const struct config_bound *bound)
{
	if (bound->access->n_binds == 0)
		return *bound->others;
	return (struct config_inputs){ is_input, bound,
		bound->others->has == NULL ? "bound by \"bind\""
					   : bound->others->noun };
}

/* What the model can set and what it cannot are two names. */
static void
check_binds(struct config_reader *reader, const struct config_at *at,
    const struct config_bound *bound)
{
	const struct config_inputs *others = bound->others;
	struct config_at bind, one;

	if (others->has == NULL || !config_get(at, "bind", &bind))
		return;
	for (size_t i = 0; i < bound->access->n_binds; i++) {
		const char *name = bound->access->binds[i].name;

		if (others->has(others->of, name) &&
		    config_get(&bind, name, &one))
			config_problem(reader, &one,
			    "\"%.*s\" is bound, and %s too. Take it out there, "
			    "or rename one",
			    CONFIG_QUOTE(name), others->noun);
	}
}

void
config_access_check(struct config_reader *reader, const struct config_at *at,
    const struct config_bound *bound, bool list_is_public, bool entry_is_public)
{
	struct config_at member;

	check_binds(reader, at, bound);
	if ((list_is_public || entry_is_public) &&
	    config_get(at, "allow", &member))
		config_problem(reader, &member,
		    "\"allow\" stands beside \"cacheScope\": \"public\", and a "
		    "shared cache would show it to all. Write \"private\" %s",
		    entry_is_public ? "here" : "under \"cache\"");
	if (entry_is_public && config_get(at, "bind", &member))
		config_problem(reader, &member,
		    "\"bind\" stands beside \"cacheScope\": \"public\", and a "
		    "shared cache would show one's answer to all. Write "
		    "\"private\" here");
}

void
config_access_deinit(struct mcp_access *access)
{
	config_strings_deinit(&access->allow.users);
	config_strings_deinit(&access->allow.roles);
	config_strings_deinit(&access->allow.scopes);
	for (size_t i = 0; i < access->n_binds; i++)
		free(access->binds[i].name);
	free(access->binds);
}

/* --- roles --- */

static struct mcp_role *
role_of(struct config_reader *reader, const char *name)
{
	struct mcp_config *config = reader->config;
	struct mcp_role *roles;

	for (size_t i = 0; i < config->n_roles; i++)
		if (strcmp(config->roles[i].name, name) == 0)
			return &config->roles[i];
	roles = realloc(config->roles, (config->n_roles + 1) * sizeof(*roles));
	if (roles == NULL) {
		reader->no_memory = true;
		return NULL;
	}
	config->roles = roles;
	roles += config->n_roles;
	memset(roles, 0, sizeof(*roles));
	config_keep(reader, &roles->name, name);
	if (roles->name == NULL)
		return NULL;
	config->n_roles++;
	return roles;
}

static void
read_role(struct config_reader *reader, const struct config_at *at, void *base)
{
	static const struct config_key users = { "users", .least = 1,
		.most = WORDS_MAX, CONFIG_KEPT(struct mcp_role, users) };
	const char *remedy = wrong_word(at->key);
	struct mcp_role *role;

	(void)base;
	if (at->key[0] == '\0')
		remedy = "Give it a name";
	if (remedy != NULL)
		config_problem(reader, at, "the role is \"%.*s\". %s",
		    CONFIG_QUOTE(at->key), remedy);
	if (reader->config->n_roles >= ROLES_MAX) {
		config_problem(reader, at,
		    "these are more than %u roles. Take some out", ROLES_MAX);
		return;
	}
	role = role_of(reader, at->key);
	if (role != NULL)
		config_strings(reader, &users, at, role);
}

/* A role may be given in several files: then all of them say who has it. */
void
config_roles(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	(void)key;
	config_named(reader, at, read_role, base);
}

void
config_roles_free(struct mcp_role *roles, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(roles[i].name);
		config_strings_deinit(&roles[i].users);
	}
	free(roles);
}

/* --- limit --- */

static void
read_each(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_limit *limit = base;

	config_string(reader, key, at, NULL);
	if (json_object_is_type(at->json, json_type_string))
		limit->each_user =
		    strcmp(json_object_get_string(at->json), "user") == 0;
}

static void
check_limit(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	(void)table;
	(void)base;
	if (!config_has(at, "concurrent") && !config_has(at, "per_minute"))
		config_problem(reader, at,
		    "\"limit\" limits nothing. Give it \"concurrent\" or "
		    "\"per_minute\"");
}

static const struct config_key limit_keys[] = {
	{ "concurrent", .read = config_count, .least = 1,
	    .most = CONCURRENT_MAX, CONFIG_KEPT(struct mcp_limit, concurrent) },
	{ "per_minute", .read = config_count, .least = 1,
	    .most = PER_MINUTE_MAX, CONFIG_KEPT(struct mcp_limit, per_minute) },
	{ "each", .read = read_each,
	    .choices = (const char *const[]){ "site", "user", NULL } },
};
const struct config_table config_tool_limit_table =
    CONFIG_TABLE("\"limit\"", limit_keys, check_limit);

/* --- idempotency --- */

static const struct config_key idempotency_keys[] = {
	{ "argument", .read = config_string, .required = true, .least = 1,
	    .most = WORDS_MAX, CONFIG_KEPT(struct mcp_idempotency, argument) },
	{ "window_ms", .read = config_milliseconds, .usual = DAY_MS,
	    .least = WINDOW_LEAST_MS, .most = WEEK_MS,
	    CONFIG_KEPT(struct mcp_idempotency, window_ms) },
};
static const struct config_table idempotency_table =
    CONFIG_TABLE("\"idempotency\"", idempotency_keys, NULL);

void
config_idempotency(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	void *idempotency = (char *)base + key->where;

	config_usual(&idempotency_table, idempotency);
	config_object(reader, at, &idempotency_table, idempotency);
}

/* A "type" that is written elsewhere, by $ref say, is seen when it comes. */
static bool
may_be_string(const struct config_at *property)
{
	struct config_at type;

	if (!config_get(property, "type", &type))
		return true;
	if (json_object_is_type(type.json, json_type_string))
		return strcmp(json_object_get_string(type.json), "string") == 0;
	for (size_t i = 0; json_object_is_type(type.json, json_type_array) &&
	     i < json_object_array_length(type.json);
	     i++)
		if (strcmp(json_object_get_string(
			       json_object_array_get_idx(type.json, i)),
			"string") == 0)
			return true;
	return false;
}

static void
check_key(struct config_reader *reader, const struct config_at *at,
    const struct config_at *properties, const char *name)
{
	struct config_at idempotency, argument, property;

	if (name == NULL || !config_get(at, "idempotency", &idempotency) ||
	    !config_get(&idempotency, "argument", &argument))
		return;
	if (!config_get(properties, name, &property))
		config_problem(reader, &argument,
		    "\"%.*s\" is not a property of the tool's inputSchema. "
		    "Declare it there, or mend its name",
		    CONFIG_QUOTE(name));
	else if (!may_be_string(&property))
		config_problem(reader, &argument,
		    "\"%.*s\" is no string. Give it the \"type\" \"string\"",
		    CONFIG_QUOTE(name));
}

static bool
has_property(const void *of, const char *name)
{
	return config_has(of, name);
}

/* What nobody but the server sets can be required of nobody else. */
static void
check_required(struct config_reader *reader, const struct config_at *schema,
    const struct mcp_tool *tool)
{
	struct config_at required;
	struct json_object *name;

	if (!config_get(schema, "required", &required) ||
	    !json_object_is_type(required.json, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(required.json); i++) {
		name = json_object_array_get_idx(required.json, i);
		if (json_object_is_type(name, json_type_string) &&
		    is_bound(&tool->access, json_object_get_string(name)))
			config_problem(reader, &required,
			    "\"%.*s\" is required, and bound. Take it out of "
			    "\"required\"",
			    CONFIG_QUOTE(json_object_get_string(name)));
	}
}

void
config_tool_access(struct config_reader *reader, const struct config_at *at,
    const struct mcp_tool *tool)
{
	struct config_at schema, properties;
	const struct config_inputs others = { has_property, &properties,
		"a property of the tool's inputSchema" };
	const struct config_bound bound = { &others, &tool->access };

	if (!config_get(at, "inputSchema", &schema) ||
	    !config_get(&schema, "properties", &properties))
		return;
	config_access_check(reader, at, &bound,
	    reader->config->server.cache.tools.is_public, false);
	check_required(reader, &schema, tool);
	check_key(reader, at, &properties, tool->idempotency.argument);
}

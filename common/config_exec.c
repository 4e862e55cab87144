/* config_exec.c - I read how a program is to be run
 *
 * What stands still is checked here: that the program is there and may be run,
 * that the directory is one, that names are names. What values make of the
 * rest, the worker sees.
 */

#include "config_parse.h"
#include "template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ELEMENTS_MAX 256 /* of "argv"; as many variables */
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* --- the program and its arguments --- */

/* What is wrong with a path for everybody is told; what is wrong with it for
 * this program perhaps is not for the one that serves it. */
static void
look_at_program(
    struct config_reader *reader, const struct config_at *at, const char *path)
{
	struct stat is;

	if (stat(path, &is) != 0 && (errno == ENOENT || errno == ENOTDIR))
		config_problem(reader, at,
		    "%s does not exist. A program is named by its path, and "
		    "relative ones start from %s",
		    path, at->file->directory);
	else if (stat(path, &is) != 0)
		config_warning(reader, at,
		    "%s cannot be looked at: %s. Check the modes on the way",
		    path, strerror(errno));
	else if (!S_ISREG(is.st_mode))
		config_problem(
		    reader, at, "%s is no regular file. Name a program", path);
	else if ((is.st_mode & 0111) == 0)
		config_problem(reader, at,
		    "%s is not executable. Make it so: chmod +x", path);
	else if (access(path, X_OK) != 0)
		config_warning(reader, at,
		    "%s may not be run by this user. Check its modes", path);
}

static void
read_program(struct config_reader *reader, const struct config_at *at,
    struct mcp_exec *exec)
{
	const struct config_key row = { "argv", .least = 1, .kept = true };
	struct mcp_template text = { NULL, 0 };

	config_template(reader, &row, at, &text);
	if (text.n > 1 || (text.n == 1 && text.pieces[0].place))
		config_problem(reader, at,
		    "the program has a {place}, and is not to be chosen from "
		    "outside. Write its path");
	else if (text.n == 1)
		exec->program =
		    config_path(reader, at->file, text.pieces[0].text);
	if (exec->program != NULL)
		look_at_program(reader, at, exec->program);
	template_deinit(&text);
}

static void
read_element(struct config_reader *reader, const struct config_at *at,
    struct mcp_exec *exec)
{
	const struct config_key row = { "argv", .kept = true };

	config_template(reader, &row, at, &exec->argv[exec->n_argv++]);
}

static void
read_argv(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_exec *exec = base;
	size_t n;

	(void)key;
	if (!config_is(reader, at, json_type_array))
		return;
	n = json_object_array_length(at->json);
	if (n == 0 || n > ELEMENTS_MAX) {
		config_problem(reader, at,
		    "\"argv\" has %zu elements. Give it a program and at most "
		    "%d arguments",
		    n, ELEMENTS_MAX - 1);
		return;
	}
	exec->argv = calloc(n, sizeof(*exec->argv));
	if (exec->argv == NULL) {
		reader->no_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct config_at element = { at, NULL, i,
			json_object_array_get_idx(at->json, i), at->file };

		if (i == 0)
			read_program(reader, &element, exec);
		else
			read_element(reader, &element, exec);
	}
}

/* --- where it runs --- */

static const char *
wrong_name(const char *name)
{
	if (name[0] == '\0' || strchr(DIGITS, name[0]) != NULL ||
	    strspn(name, LETTERS DIGITS "_") != strlen(name))
		return "A variable has letters, digits and \"_\", and begins "
		       "with no digit";
	if (strcmp(name, "MCP_PROGRESS_FD") == 0)
		return "It is set by \"progress\"";
	return NULL;
}

static void
read_variable(
    struct config_reader *reader, const struct config_at *at, void *base)
{
	struct mcp_exec *exec = base;
	const struct config_key row = { "env",
		CONFIG_KEPT(struct mcp_exec_variable, value) };
	struct mcp_exec_variable *variable = &exec->env[exec->n_env];
	const char *remedy = wrong_name(at->key);

	if (remedy != NULL) {
		config_problem(reader, at, "\"%.*s\" cannot be set. %s",
		    CONFIG_QUOTE(at->key), remedy);
		return;
	}
	*variable = (struct mcp_exec_variable){ NULL, { NULL, 0 } };
	config_keep(reader, &variable->name, at->key);
	config_template(reader, &row, at, variable);
	exec->n_env++;
}

static void
read_env(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_exec *exec = base;
	size_t n;

	(void)key;
	if (!config_is(reader, at, json_type_object))
		return;
	n = (size_t)json_object_object_length(at->json);
	if (n > ELEMENTS_MAX) {
		config_problem(reader, at,
		    "\"env\" has %zu variables. Give it at most %d", n,
		    ELEMENTS_MAX);
		return;
	}
	exec->env = calloc(n + 1, sizeof(*exec->env));
	if (exec->env == NULL) {
		reader->no_memory = true;
		return;
	}
	config_named(reader, at, read_variable, exec);
}

static void
read_directory(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_exec *exec = base;
	struct stat is;

	(void)key;
	if (!config_is(reader, at, json_type_string))
		return;
	exec->directory =
	    config_path(reader, at->file, json_object_get_string(at->json));
	if (exec->directory == NULL)
		return;
	if (stat(exec->directory, &is) != 0)
		config_problem(reader, at,
		    "%s cannot be entered: %s. Relative paths start from %s",
		    exec->directory, strerror(errno), at->file->directory);
	else if (!S_ISDIR(is.st_mode))
		config_problem(reader, at, "%s is no directory. Name one",
		    exec->directory);
}

/* --- what comes back --- */

/* Spec: RFC 6838, "Naming Requirements" */
static bool
is_mime_type(const char *type)
{
	size_t front = strspn(type, LETTERS DIGITS "!#$&-^_.+");

	return front > 0 && type[front] == '/' && type[front + 1] != '\0' &&
	    strspn(type + front + 1, LETTERS DIGITS "!#$&-^_.+") ==
	    strlen(type + front + 1);
}

static const char *
wrong_output(const char *output)
{
	if (strcmp(output, "text") != 0 && strcmp(output, "json") != 0 &&
	    !is_mime_type(output))
		return "Write \"text\", \"json\" or a MIME type, "
		       "\"image/png\"";
	return NULL;
}

static void
read_output(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_exec *exec = base;

	config_string(reader, key, at, base);
	if (exec->mime_type == NULL)
		return;
	exec->output = MCP_EXEC_BYTES;
	if (strchr(exec->mime_type, '/') != NULL)
		return;
	exec->output = strcmp(exec->mime_type, "json") == 0 ? MCP_EXEC_JSON
							    : MCP_EXEC_TEXT;
	free(exec->mime_type);
	exec->mime_type = NULL;
}

/* --- the tables --- */

static const struct config_key limit_keys[] = {
	{ "cpu_s", .read = config_count, CONFIG_RANGE(60, 0, 86400),
	    CONFIG_KEPT(struct mcp_exec_limits, cpu_s) },
	{ "memory", .read = config_size,
	    CONFIG_RANGE(1 << 30, 0, UINT64_C(1) << 46),
	    CONFIG_KEPT(struct mcp_exec_limits, memory) },
	{ "files", .read = config_count, CONFIG_RANGE(256, 0, 1 << 20),
	    CONFIG_KEPT(struct mcp_exec_limits, files) },
	{ "file_size", .read = config_size,
	    CONFIG_RANGE(64 << 20, 0, UINT64_C(1) << 46),
	    CONFIG_KEPT(struct mcp_exec_limits, file_size) },
	{ "processes", .read = config_count, CONFIG_RANGE(0, 0, 1 << 20),
	    CONFIG_KEPT(struct mcp_exec_limits, processes) },
};
static const struct config_table limit_table =
    CONFIG_TABLE("\"limits\" of a program", limit_keys, NULL);

static const struct config_key exec_keys[] = {
	{ "argv", .read = read_argv, .required = true },
	{ "stdin", .read = config_template,
	    CONFIG_KEPT(struct mcp_exec, input) },
	{ "env", .read = read_env },
	{ "directory", .read = read_directory },
	{ "timeout_ms", .read = config_count, CONFIG_RANGE(10000, 1, 3600000),
	    CONFIG_KEPT(struct mcp_exec, timeout_ms) },
	{ "output", .read = read_output, .wrong = wrong_output, .least = 1,
	    .most = 255, CONFIG_KEPT(struct mcp_exec, mime_type) },
	{ "max_bytes", .read = config_size, CONFIG_RANGE(1 << 20, 64, 1 << 30),
	    CONFIG_KEPT(struct mcp_exec, max_bytes) },
	{ "limits", .read = config_member, .table = &limit_table,
	    CONFIG_KEPT(struct mcp_exec, limits) },
	{ "dashes", .read = config_bool, CONFIG_KEPT(struct mcp_exec, dashes) },
	{ "progress", .read = config_bool,
	    CONFIG_KEPT(struct mcp_exec, progress) },
};
static const struct config_table exec_table =
    CONFIG_TABLE("\"exec\"", exec_keys, NULL);

void
config_exec(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_handler *handler = (void *)((char *)base + key->where);

	if (!config_claim(reader, at, handler, MCP_HANDLER_EXEC))
		return;
	config_usual(&exec_table, &handler->exec);
	config_object(reader, at, &exec_table, &handler->exec);
}

void
config_exec_deinit(struct mcp_exec *exec)
{
	for (size_t i = 0; i < exec->n_argv; i++)
		template_deinit(&exec->argv[i]);
	for (size_t i = 0; i < exec->n_env; i++) {
		free(exec->env[i].name);
		template_deinit(&exec->env[i].value);
	}
	free(exec->argv);
	free(exec->env);
	template_deinit(&exec->input);
	free(exec->program);
	free(exec->directory);
	free(exec->mime_type);
}

/* --- are the places inputs? --- */

void
config_exec_check(struct config_reader *reader, const struct config_at *at,
    const struct mcp_exec *exec, const struct config_inputs *inputs)
{
	struct config_at argv, env, member;

	if (config_get(at, "argv", &argv))
		for (size_t i = 0; i < exec->n_argv; i++) {
			member = (struct config_at){ &argv, NULL, i + 1,
				json_object_array_get_idx(argv.json, i + 1),
				at->file };
			config_template_check(
			    reader, &member, &exec->argv[i], inputs);
		}
	if (config_get(at, "env", &env))
		for (size_t i = 0; i < exec->n_env; i++)
			if (exec->env[i].name != NULL &&
			    config_get(&env, exec->env[i].name, &member))
				config_template_check(reader, &member,
				    &exec->env[i].value, inputs);
	if (config_get(at, "stdin", &member))
		config_template_check(reader, &member, &exec->input, inputs);
}

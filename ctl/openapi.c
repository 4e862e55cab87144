/* openapi.c - I turn an OpenAPI description into tools
 *
 * First all operations get their names, in the order of the description, so
 * that a name does not depend on which operations are wanted; then each one
 * that is wanted becomes a tool, is written, and is forgotten.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mcp/config.h>
#include <mcp/scan.h>

#include "openapi_parts.h"

#define HEADING_MOST 100 /* bytes of a title or a version */

/* Spec: "Path Item Object"; the last two no tool sends. */
static const struct method {
	const char *key;
	const char *name; /* NULL: not sent */
	bool reads;
} methods[] = {
	{ "get", "GET", true },
	{ "head", "HEAD", true },
	{ "post", "POST", false },
	{ "put", "PUT", false },
	{ "patch", "PATCH", false },
	{ "delete", "DELETE", false },
	{ "options", NULL, true },
	{ "trace", NULL, true },
};
#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

/* An operation that has a name: all is borrowed from the description, or from
 * the tree of names. */
struct found {
	const char *path;
	const struct method *method;
	const char *name;
};

struct import {
	struct openapi openapi;
	struct found found[OPENAPI_OPERATIONS_MAX];
	size_t n_found;
	size_t n_made;
	size_t n_wanted;
	struct mcp_buf tools;
};

/* --- which there are --- */

static const struct method *
method_of(const char *key)
{
	for (size_t i = 0; i < N_METHODS; i++)
		if (strcmp(methods[i].key, key) == 0)
			return &methods[i];
	return NULL;
}

static const struct openapi_at *
path_item(struct openapi *openapi, const char *path)
{
	const struct openapi_at *at = openapi_root(openapi);

	at = openapi_get(openapi, at, "paths");
	return openapi_follow(openapi, openapi_get(openapi, at, path));
}

/* the key that the tree of names has for @name, which lives on */
static const char *
kept_name(struct openapi *openapi, const char *name)
{
	struct json_object_iter it;

	json_object_object_foreachC(openapi->names, it)
	{
		if (name != NULL && strcmp(it.key, name) == 0)
			return it.key;
	}
	return NULL;
}

static bool
add_found(struct import *import, const char *path, const struct method *method,
    const struct openapi_at *at)
{
	struct openapi *openapi = &import->openapi;
	const char *name;

	if (import->n_found == OPENAPI_OPERATIONS_MAX) {
		openapi_warn(openapi, at,
		    "this and all operations behind are left out; %d are "
		    "enough for one description",
		    OPENAPI_OPERATIONS_MAX);
		return false;
	}
	name = kept_name(openapi,
	    openapi_tool_name(
		openapi, openapi_string(at, "operationId"), method->key, path));
	if (name == NULL)
		return false;
	import->found[import->n_found++] = (struct found){ path, method, name };
	return true;
}

/* In the order that the description has them in. */
static bool
find_in_path(
    struct import *import, const char *path, const struct openapi_at *item)
{
	struct openapi *openapi = &import->openapi;

	json_object_object_foreach(item->json, key, value) {
		const struct method *method = method_of(key);
		const struct openapi_at *at;

		(void)value;
		if (method == NULL)
			continue;
		at = openapi_get(openapi, item, key);
		if (at == NULL ||
		    !json_object_is_type(at->json, json_type_object))
			continue;
		if (method->name == NULL) {
			openapi_warn(openapi, at,
			    "no tool sends this method; it is left out");
			continue;
		}
		if (!add_found(import, path, method, at))
			return false;
	}
	return true;
}

static void
find_operations(struct import *import)
{
	struct openapi *openapi = &import->openapi;
	const struct openapi_at *paths =
	    openapi_get(openapi, openapi_root(openapi), "paths");

	if (paths == NULL ||
	    !json_object_is_type(paths->json, json_type_object))
		return;
	json_object_object_foreach(paths->json, path, value) {
		const struct openapi_at *at = openapi_get(openapi, paths, path);
		const struct openapi_at *item;

		(void)value;
		if (strncmp(path, "x-", 2) == 0 || at == NULL)
			continue;
		item = openapi_follow(openapi, at);
		if (item == NULL ||
		    !json_object_is_type(item->json, json_type_object))
			continue;
		if (path[0] != '/' || strpbrk(path, "?#") != NULL)
			openapi_warn(openapi, at,
			    "a path begins with \"/\" and has no \"?\" or "
			    "\"#\"; it is left out");
		else if (!find_in_path(import, path, item))
			return;
	}
}

/* --- which are wanted --- */

static bool
is_one_of(const char *name, const char **names, size_t n)
{
	for (size_t i = 0; name != NULL && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool
is_tagged(struct openapi *openapi, const struct openapi_at *at)
{
	const struct openapi_options *options = openapi->options;
	struct json_object *tags = mcp_json_get(at->json, "tags");
	size_t n = json_object_is_type(tags, json_type_array)
	    ? json_object_array_length(tags)
	    : 0;

	for (size_t i = 0; i < n; i++)
		if (is_one_of(json_object_get_string(
				  json_object_array_get_idx(tags, i)),
			options->tags, options->n_tags))
			return true;
	return false;
}

static bool
is_wanted(struct openapi *openapi, const struct found *found,
    const struct openapi_at *at)
{
	const struct openapi_options *options = openapi->options;
	bool named = is_one_of(openapi_string(at, "operationId"),
			 options->operations, options->n_operations) ||
	    is_one_of(found->name, options->operations, options->n_operations);

	if (options->read_only && !found->method->reads)
		return false;
	if (options->n_tags + options->n_operations > 0 && !named &&
	    !is_tagged(openapi, at))
		return false;
	if (!openapi_is_true(at, "deprecated") || named)
		return true;
	openapi_warn(openapi, at,
	    "is deprecated and left out; --operation %s takes it", found->name);
	return false;
}

/* --- what comes of them --- */

#ifdef HAVE_CURL
/* The first thing that is wrong; a warning is nothing wrong. */
static const char *
first_error(const struct mcp_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		if (!problems->at[i].warning)
			return problems->at[i].what;
	return "";
}

static bool
is_taken(struct openapi *openapi, const struct openapi_at *at,
    struct mcp_text file)
{
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	struct mcp_config *config = NULL;
	int fd = memfd_create("tools", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : mcp_text_write(fd, file);
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (r == 0)
		r = mcp_config_load(path, &config, &problems);
	if (r < 0)
		openapi->no_memory = true;
	else if (r > 0)
		openapi_warn(openapi, at,
		    "the configuration would not take the tool: %s; the "
		    "operation is left out",
		    first_error(&problems));
	mcp_config_free(config);
	mcp_problems_deinit(&problems);
	if (fd >= 0)
		close(fd);
	return r == 0;
}
#else
/* A program without back ends would refuse every tool of ours. */
static bool
is_taken(struct openapi *openapi, const struct openapi_at *at,
    struct mcp_text file)
{
	(void)openapi;
	(void)at;
	(void)file;
	return true;
}
#endif

/* What the configuration would refuse is not written. */
static bool
is_readable(struct openapi *openapi, const struct openapi_at *at,
    const struct mcp_buf *tool)
{
	struct mcp_buf file = MCP_BUF_INIT;
	struct mcp_scan_error error = { .what = "" };
	bool good = false;
	int r;

	mcp_buf_puts(&file, "{\"tools\":[");
	mcp_buf_text(&file, mcp_buf_view(tool));
	mcp_buf_puts(&file, "]}");
	r = file.failed || tool->failed
	    ? -1
	    : mcp_scan(mcp_buf_view(&file), 0, NULL, 0, &error);
	if (r < 0)
		openapi->no_memory = true;
	else if (r > 0)
		openapi_warn(openapi, at,
		    "the tool would have %s; the operation is left out",
		    error.what);
	else if (tool->len > OPENAPI_TOOL_MAX)
		openapi_warn(openapi, at,
		    "the tool would be larger than %u bytes; the operation is "
		    "left out",
		    OPENAPI_TOOL_MAX);
	else
		good = is_taken(openapi, at, mcp_buf_view(&file));
	mcp_buf_deinit(&file);
	return good;
}

static void
write_tool(struct import *import, const struct openapi_at *at,
    struct json_object *json)
{
	struct mcp_buf tool = MCP_BUF_INIT;

	openapi_write(&tool, json, 4);
	if (is_readable(&import->openapi, at, &tool)) {
		mcp_buf_puts(
		    &import->tools, import->n_made > 0 ? ",\n\n    " : "    ");
		mcp_buf_text(&import->tools, mcp_buf_view(&tool));
		import->n_made++;
	}
	mcp_buf_deinit(&tool);
}

static void
make_tool(struct import *import, const struct found *found)
{
	struct openapi *openapi = &import->openapi;
	const struct openapi_at *item = path_item(openapi, found->path);
	struct openapi_operation operation = {
		.name = found->name,
		.method = found->method->name,
		.path = found->path,
		.item = item,
		.at = openapi_get(openapi, item, found->method->key),
	};
	struct json_object *tool;

	if (operation.at == NULL || !is_wanted(openapi, found, operation.at))
		return;
	import->n_wanted++;
	tool = openapi_tool(openapi, &operation);
	if (tool != NULL)
		write_tool(import, operation.at, tool);
	json_object_put(tool);
}

/* --- the heading --- */

/* Words of the description for a comment: one line, and not too long. */
static void
put_words(struct openapi *openapi, struct mcp_buf *out, const char *words)
{
	char *line = openapi_sentences(openapi, words);
	size_t len = line == NULL ? 0 : strlen(line);

	if (len > HEADING_MOST) {
		len = HEADING_MOST;
		while (len > 0 && ((unsigned char)line[len] & 0xc0) == 0x80)
			len--;
	}
	mcp_buf_append(out, line == NULL ? "" : line, len);
}

static void
put_heading(struct openapi *openapi, struct mcp_buf *out)
{
	const struct openapi_at *info =
	    openapi_get(openapi, openapi_root(openapi), "info");
	const char *title = openapi_string(info, "title");
	struct json_object *version =
	    info == NULL ? NULL : mcp_json_get(info->json, "version");

	mcp_buf_puts(out, "// ");
	put_words(openapi, out, title == NULL ? "An API" : title);
	if (version != NULL) {
		mcp_buf_puts(out, ", version ");
		put_words(openapi, out, json_object_get_string(version));
	}
	mcp_buf_puts(out, ": tools made from ");
	put_words(openapi, out, openapi->options->file);
	mcp_buf_puts(out,
	    " by mcpctl import.\n"
	    "// The file is yours now. Take out what no model needs, say in "
	    "each description when\n"
	    "// the tool is the right one, and name the file in \"include\" of "
	    "mcp.json.\n");
}

static void
put_secrets(struct openapi *openapi, struct mcp_buf *out)
{
	if (json_object_object_length(openapi->secrets) == 0)
		return;
	mcp_buf_puts(out,
	    "//\n// Secrets are read from the environment of mcp-fcgi; "
	    "set these before it starts:\n");
	json_object_object_foreach(openapi->secrets, name, what) {
		mcp_buf_printf(out, "//   %s  ", name);
		put_words(openapi, out, json_object_get_string(what));
		mcp_buf_putc(out, '\n');
	}
}

/* --- is it one? --- */

static bool
is_openapi_3(struct openapi *openapi)
{
	struct json_object *root = openapi->root;
	const char *version =
	    json_object_get_string(mcp_json_get(root, "openapi"));
	const struct openapi_at *at = openapi_root(openapi);

	if (at == NULL)
		return false;
	if (version == NULL && mcp_json_get(root, "swagger") != NULL)
		openapi_warn(openapi, at,
		    "this is Swagger 2, not OpenAPI 3. Convert it first");
	else if (version == NULL)
		openapi_warn(openapi, at,
		    "this is no OpenAPI description: it has no \"openapi\"");
	else if (version[0] != '3' || (version[1] != '.' && version[1] != '\0'))
		openapi_warn(openapi, at,
		    "only OpenAPI 3.0 and 3.1 are known, not \"%.20s\"",
		    version);
	openapi->is_30 = version != NULL && strncmp(version, "3.0", 3) == 0;
	return version != NULL && version[0] == '3' &&
	    (version[1] == '.' || version[1] == '\0');
}

static void
tell_of_nothing(struct import *import)
{
	struct openapi *openapi = &import->openapi;
	const struct openapi_at *at = openapi_root(openapi);

	if (at == NULL || import->n_made > 0)
		return;
	if (import->n_found == 0)
		openapi_warn(openapi, at,
		    "there is no operation in \"paths\", so no tool was made");
	else if (import->n_wanted == 0)
		openapi_warn(openapi, at,
		    "none of its operations is wanted, so no tool was made");
	else
		openapi_warn(openapi, at, "no tool could be made");
}

/* An operation that was asked for by name and is not there is a mistake in
 * the question. */
static void
tell_unknown(struct import *import)
{
	struct openapi *openapi = &import->openapi;
	const struct openapi_options *options = openapi->options;

	for (size_t i = 0; i < options->n_operations; i++) {
		bool known = false;

		for (size_t j = 0; j < import->n_found && !known; j++) {
			const struct found *found = &import->found[j];
			const char *id =
			    openapi_string(openapi_get(openapi,
					       path_item(openapi, found->path),
					       found->method->key),
				"operationId");

			known = is_one_of(
				    found->name, &options->operations[i], 1) ||
			    is_one_of(id, &options->operations[i], 1);
		}
		if (!known)
			openapi_warn(openapi, openapi_root(openapi),
			    "there is no operation \"%.100s\"",
			    options->operations[i]);
	}
}

static void
make_tools(struct import *import)
{
	struct openapi *openapi = &import->openapi;

	for (size_t i = 0; i < import->n_found && !openapi->no_memory; i++) {
		if (import->tools.len > OPENAPI_TEXT_MAX) {
			openapi_warn(openapi, openapi_root(openapi),
			    "this is more than anybody reads; the rest is left "
			    "out. Choose with --tag or --operation");
			return;
		}
		make_tool(import, &import->found[i]);
		openapi_release(openapi);
	}
}

static int
finish(struct import *import, struct mcp_buf *out)
{
	struct openapi *openapi = &import->openapi;

	tell_unknown(import);
	tell_of_nothing(import);
	if (openapi->no_memory || import->tools.failed)
		return -ENOMEM;
	if (import->n_made == 0)
		return OPENAPI_E_NOTHING;
	put_heading(openapi, out);
	put_secrets(openapi, out);
	mcp_buf_puts(out, "{\n  \"tools\": [\n");
	mcp_buf_text(out, mcp_buf_view(&import->tools));
	mcp_buf_puts(out, "\n  ]\n}\n");
	return openapi->no_memory || out->failed || openapi->told->failed
	    ? -ENOMEM
	    : 0;
}

int
openapi_import(struct json_object *json, const struct openapi_options *options,
    struct mcp_buf *out, struct mcp_buf *told)
{
	struct import *import = calloc(1, sizeof(*import));
	struct openapi *openapi = import == NULL ? NULL : &import->openapi;
	int r = -ENOMEM;

	if (import == NULL)
		return -ENOMEM;
	openapi->options = options;
	openapi->root = json;
	openapi->told = told;
	openapi->told_already = json_object_new_object();
	openapi->names = json_object_new_object();
	openapi->secrets = json_object_new_object();
	if (openapi->told_already == NULL || openapi->names == NULL ||
	    openapi->secrets == NULL)
		goto out;
	r = OPENAPI_E_NOTHING;
	if (is_openapi_3(openapi)) {
		find_operations(import);
		openapi_release(openapi);
		make_tools(import);
		r = finish(import, out);
	} else if (openapi->no_memory) {
		r = -ENOMEM;
	}
out:
	openapi_release(openapi);
	mcp_buf_deinit(&import->tools);
	json_object_put(openapi->told_already);
	json_object_put(openapi->names);
	json_object_put(openapi->secrets);
	free(import);
	return r;
}

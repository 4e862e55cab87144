/* config_save.c - I keep a snapshot as a file, and tell two of them apart */

#include <mcp/config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- as a file --- */

static int
write_all(int fd, struct mcp_text text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.at, text.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text.at += n;
			text.len -= (size_t)n;
		}
	}
	return 0;
}

/* It may hold what only the site's programs are to read. */
static int
write_file(const char *path, struct mcp_text text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error = fd < 0 ? -errno : write_all(fd, text);

	if (fd >= 0 && close(fd) != 0 && error == 0)
		error = -errno;
	return error;
}

/* Written under a name of this process and renamed: whoever sees the file sees
 * all of it. */
int
mcp_config_save(const struct mcp_config *config, struct mcp_text pack,
    const char *dir, char **pathp)
{
	char *path, *draft = NULL;
	int error = -ENOMEM;

	if (asprintf(&path, "%s/snapshot-%s", dir, config->digest) < 0)
		return -ENOMEM;
	if (asprintf(&draft, "%s.%ld", path, (long)getpid()) < 0)
		draft = NULL;
	if (draft != NULL) {
		(void)unlink(draft);
		error = write_file(draft, pack);
		if (error == 0 && rename(draft, path) != 0)
			error = -errno;
		if (error != 0)
			(void)unlink(draft);
	}
	free(draft);
	if (error == 0)
		*pathp = path;
	else
		free(path);
	return error;
}

/* --- what has changed --- */

/* The newest revision's listing has all that any other's has. */

static const char *
nth_tool(const struct mcp_config *config, size_t i)
{
	return i >= config->n_tools ? NULL :
	    config->tools[i].listing[MCP_REVISION_LAST];
}

static const char *
nth_prompt(const struct mcp_config *config, size_t i)
{
	return i >= config->n_prompts ? NULL :
	    config->prompts[i].listing[MCP_REVISION_LAST];
}

/* Templates have a list of their own, and no notification of their own. */
static const char *
nth_resource(const struct mcp_config *config, size_t i)
{
	return i >= config->n_resources ? NULL :
	    config->resources[i].listing[MCP_REVISION_LAST];
}

static const char *
nth_template(const struct mcp_config *config, size_t i)
{
	return i >= config->n_templates ? NULL :
	    config->templates[i].listing[MCP_REVISION_LAST];
}

static bool
is_same(const struct mcp_config *before, const struct mcp_config *after,
    const char *(*nth)(const struct mcp_config *config, size_t i))
{
	for (size_t i = 0;; i++) {
		const char *one = nth(before, i), *other = nth(after, i);

		if (one == NULL || other == NULL)
			return one == other;
		if (strcmp(one, other) != 0)
			return false;
	}
}

unsigned
mcp_config_changes(const struct mcp_config *before,
    const struct mcp_config *after)
{
	unsigned lists = 0;

	if (!is_same(before, after, nth_tool))
		lists |= MCP_LISTS_TOOLS;
	if (!is_same(before, after, nth_prompt))
		lists |= MCP_LISTS_PROMPTS;
	if (!is_same(before, after, nth_resource) ||
	    !is_same(before, after, nth_template))
		lists |= MCP_LISTS_RESOURCES;
	return lists;
}

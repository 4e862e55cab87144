/* config_save.c - I keep a snapshot as a file, and tell two of them apart */

#include <mcp/config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- as a file --- */

/* It may hold what only the site's programs are to read. */
static int
write_file(const char *path, struct mcp_text text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error = fd < 0 ? -errno : mcp_text_write(fd, text);

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

/* An entry as clients see it, and who of them does. The newest revision's
 * listing has all that any other's has. */
struct shown {
	const char *listing; /* NULL: there are not so many */
	const struct mcp_allow *allow;
};

#define SHOWN(entries, n, i)                                                   \
	((i) >= (n) ? (struct shown){ NULL, NULL }                             \
		    : (struct shown){ (entries)[i].listing[MCP_REVISION_LAST], \
			  &(entries)[i].access.allow })

static struct shown
nth_tool(const struct mcp_config *config, size_t i)
{
	return SHOWN(config->tools, config->n_tools, i);
}

static struct shown
nth_prompt(const struct mcp_config *config, size_t i)
{
	return SHOWN(config->prompts, config->n_prompts, i);
}

/* Templates have a list of their own, and no notification of their own. */
static struct shown
nth_resource(const struct mcp_config *config, size_t i)
{
	return SHOWN(config->resources, config->n_resources, i);
}

static struct shown
nth_template(const struct mcp_config *config, size_t i)
{
	return SHOWN(config->templates, config->n_templates, i);
}

static bool
is_same_strings(const struct mcp_strings *a, const struct mcp_strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->at[i], b->at[i]) != 0)
			return false;
	return true;
}

static bool
is_same_roles(const struct mcp_config *a, const struct mcp_config *b)
{
	if (a->n_roles != b->n_roles)
		return false;
	for (size_t i = 0; i < a->n_roles; i++)
		if (strcmp(a->roles[i].name, b->roles[i].name) != 0 ||
		    !is_same_strings(&a->roles[i].users, &b->roles[i].users))
			return false;
	return true;
}

static bool
is_same_allow(const struct mcp_allow *a, const struct mcp_allow *b, bool roles)
{
	return a->given == b->given && (roles || a->roles.n == 0) &&
	    is_same_strings(&a->users, &b->users) &&
	    is_same_strings(&a->roles, &b->roles) &&
	    is_same_strings(&a->scopes, &b->scopes);
}

static bool
is_same(const struct mcp_config *before, const struct mcp_config *after,
    struct shown (*nth)(const struct mcp_config *config, size_t i))
{
	bool roles = is_same_roles(before, after);

	for (size_t i = 0;; i++) {
		struct shown one = nth(before, i), other = nth(after, i);

		if (one.listing == NULL || other.listing == NULL)
			return one.listing == other.listing;
		if (strcmp(one.listing, other.listing) != 0 ||
		    !is_same_allow(one.allow, other.allow, roles))
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

/* shelf.c - I keep the site's snapshot as a file, and find it again */
#include "broker/shelf.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcp/log.h>

/* Return: 0; -errno, told */
static int
load(const char *path, const char *dir, struct mcp_config **configp,
    char **keptp)
{
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	struct mcp_buf pack = MCP_BUF_INIT;
	int condition = mcp_config_load_packed(path, configp, &pack, &problems);
	int error = 0;

	mcp_problems_print(&problems, STDERR_FILENO);
	mcp_problems_deinit(&problems);
	if (condition == 0)
		error =
		    mcp_config_save(*configp, mcp_buf_view(&pack), dir, keptp);
	if (error != 0)
		mcp_log(MCP_LOG_ERROR, "no snapshot in %s: %s", dir,
		    strerror(-error));
	mcp_buf_deinit(&pack);
	if (condition < 0)
		mcp_log(MCP_LOG_ERROR, "configuration %s: %s", path,
		    strerror(-condition));
	return condition > 0 ? -EINVAL : condition;
}

/* What lies in @dir.
 * Return: are there any? Then globfree() is due. */
static bool
find(const char *dir, glob_t *foundp)
{
	char *pattern;
	bool any;

	if (asprintf(&pattern, "%s/snapshot-*", dir) < 0)
		return false;
	any = glob(pattern, 0, NULL, foundp) == 0;
	free(pattern);
	return any;
}

/* What was the site's when a broker here ended, or was killed. */
static int
load_last(const char *dir, struct mcp_config **configp, char **keptp)
{
	int error = -ENOENT;
	glob_t found;

	if (!find(dir, &found))
		return error;
	for (size_t i = 0; error != 0 && i < found.gl_pathc; i++)
		error = load(found.gl_pathv[i], dir, configp, keptp);
	globfree(&found);
	return error;
}

/* Those of brokers before us are nobody's any more. */
static void
tidy(const char *dir, const char *kept)
{
	glob_t found;

	if (kept == NULL || !find(dir, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (strcmp(found.gl_pathv[i], kept) != 0)
			(void)unlink(found.gl_pathv[i]);
	globfree(&found);
}

int
shelf_load(const char *file, const char *dir, struct mcp_config **configp,
    char **keptp)
{
	int error = load(file, dir, configp, keptp);

	if (error == -EINVAL && load_last(dir, configp, keptp) == 0) {
		mcp_log(MCP_LOG_ERROR,
		    "%s is not served: the site stays as it was. Mend it, and "
		    "reload",
		    file);
		error = 0;
	}
	if (error == 0)
		tidy(dir, *keptp);
	return error;
}

int
shelf_take(const char *path, struct mcp_config **configp)
{
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	int condition = mcp_config_load(path, configp, &problems);

	mcp_problems_print(&problems, STDERR_FILENO);
	mcp_problems_deinit(&problems);
	if (condition < 0)
		mcp_log(MCP_LOG_ERROR, "%s: %s", path, strerror(-condition));
	return condition > 0 ? -EINVAL : condition;
}

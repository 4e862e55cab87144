/* program.c - I know where our other programs are */

#include <mcp/program.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The directory of our own executable, with its slash; "" if unknown. */
static void
own_directory(char out[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	out[len < 0 ? 0 : len] = '\0';
	slash = strrchr(out, '/');
	if (slash != NULL)
		slash[1] = '\0';
}

static char *
find_in(const char *directory, const char *between, const char *name)
{
	char *path;

	if (asprintf(&path, "%s%s%s", directory, between, name) < 0)
		return NULL;
	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *
mcp_program_find(const char *name, const char *directory)
{
	char own[PATH_MAX];
	char *path = NULL;

	own_directory(own);
	if (own[0] != '\0')
		path = find_in(own, "", name);
	return path != NULL ? path : find_in(directory, "/", name);
}

char *
mcp_program(const char *name)
{
	char *path = mcp_program_find(name, MCP_SBINDIR);

	return path != NULL ? path : strdup(name);
}

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

char *
mcp_program(const char *name)
{
	char own[PATH_MAX];
	const char *places[] = { own, MCP_SBINDIR "/" };
	char *path;

	own_directory(own);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i][0] == '\0')
			continue;
		if (asprintf(&path, "%s%s", places[i], name) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return strdup(name);
}

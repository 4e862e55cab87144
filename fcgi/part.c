/* part.c - I fetch the parts of the worker that few sites need */

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fcgi/part.h"

#include <mcp/config.h>
#include <mcp/program.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* Return: the table; NULL: *whyp says why, until the next dl...() */
static const void *
look_up(void *object, const char **whyp)
{
	const char *version = dlsym(object, "part_version");
	const void *const *table = dlsym(object, "part_table");

	*whyp = "it is no part of ours";
	if (version == NULL || table == NULL)
		return NULL;
	*whyp = "it belongs to another version of mcp-fcgi: upgrade this one";
	return strcmp(version, PACKAGE_VERSION) == 0 ? *table : NULL;
}

/* It is never closed: libcurl does not like to be loaded twice. */
static const void *
open_part(const char *path, const char **whyp)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (object != NULL)
		return look_up(object, whyp);
	*whyp = dlerror();
	return NULL;
}

const void *
part_fetch(const char *name, const struct mcp_config *config,
    struct mcp_problems *problems)
{
	char *path = mcp_program_find(name, MCP_PKGLIBEXECDIR);
	const char *why = "it is neither beside mcp-fcgi nor "
			  "in " MCP_PKGLIBEXECDIR;
	const void *table = path == NULL ? NULL : open_part(path, &why);

	if (table == NULL)
		mcp_problems_add(problems, false, config->path, 0,
		    "this site needs %s, which cannot be loaded: %s",
		    path != NULL ? path : name, why);
	free(path);
	return table;
}

/* handler_plugin.h - I run functions of shared objects
 *
 * The worker's side of include/mcp/plugin.h: loading, registration and what a
 * handler may say and ask while it runs.
 */
#ifndef FCGI_HANDLER_PLUGIN_H
#define FCGI_HANDLER_PLUGIN_H

#include "fcgi/handler.h"

struct plugins; /* the loaded ones */

/* plugins_load() - load what the snapshot names and let it register
 * Return: 0, problems are added to @problems; -ENOMEM
 * Owner:  *pluginsp must outlive @config's use */
int plugins_load(struct mcp_config *config, struct plugins **pluginsp,
    struct mcp_problems *problems);
void plugins_free(struct plugins *plugins);

/* handler_plugin_run() - see handler_run(); @function as registered */
int handler_plugin_run(struct call *call, void *function,
    struct json_object *values, struct handler_result *result);

#endif

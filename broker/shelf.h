/* shelf.h - I keep the site's snapshot as a file, and find it again
 *
 * It lies in the runtime directory, under its digest, for processes that come
 * later. One of an earlier broker there is what the site was; it is served
 * where the operator's file cannot be, and goes once there is another.
 */
#ifndef BROKER_SHELF_H
#define BROKER_SHELF_H

#include <mcp/config.h>

/* shelf_load() - read the operator's @file, and keep it in @dir; that it cannot
 * be kept is told, and no reason not to serve
 * Return: 0; -errno, told: -EINVAL it has problems, and there was nothing
 * Owner:  *configp and *keptp, the path it is kept at or NULL, are the
 *         caller's */
int shelf_load(const char *file, const char *dir, struct mcp_config **configp,
    char **keptp);

/* shelf_take() - what was kept at @path
 * Return: 0; -errno, told */
int shelf_take(const char *path, struct mcp_config **configp);

#endif

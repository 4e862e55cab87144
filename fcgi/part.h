/* part.h - I fetch the parts of the worker that few sites need
 *
 * What says curl_ and what says PQ bring two dozen libraries with them, which
 * take longer to load than all the rest of a worker. So each of the two is a
 * shared object of its own, beside this program or in pkglibexecdir, and is
 * fetched when a site names it for the first time. It stays until the end.
 *
 * A part shares our structures, so it is of our version or of no use: a worker
 * that has not been upgraded yet does not take the part of the next one.
 */
#ifndef FCGI_PART_H
#define FCGI_PART_H

struct mcp_config;
struct mcp_problems;

/* What a part says of itself, and the table of its functions. */
#define PART(table)                                                            \
	extern const char part_version[];                                      \
	const char part_version[] = PACKAGE_VERSION;                           \
	extern const void *const part_table;                                   \
	const void *const part_table = &(table)

/* part_fetch() - the table of the part in the file @name, which @config needs
 * Return: NULL, and @problems has one more */
const void *part_fetch(const char *name, const struct mcp_config *config,
    struct mcp_problems *problems);

#endif

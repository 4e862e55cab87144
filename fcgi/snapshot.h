/* snapshot.h - I am the site as it was when a request was read
 *
 * One configuration and the plugins it names, never changed, shared by count.
 * A thread holds the newest one it has looked at, a call the one of the thread
 * that read it, a slot the one its handles were made for; with the last holder
 * it goes. So a reload meets no running call: what it read, it finishes with.
 */
#ifndef FCGI_SNAPSHOT_H
#define FCGI_SNAPSHOT_H

#include <mcp/config.h>

struct plugins;
struct snapshot;
struct thread;
struct worker;

enum snapshot_condition {
	SNAPSHOT_E_PROBLEMS = 1 /* the list says which */
};

/* snapshot_load() - read @path, load its plugins, prepare its statements
 * Shape:  @pack, NULL unless it is wanted, as mcp_config_load_packed()
 * Return: 0 (there may be warnings); SNAPSHOT_E_PROBLEMS; -errno
 * Owner:  *snapshotp has one holder, the caller */
int snapshot_load(const char *path, struct snapshot **snapshotp,
    struct mcp_buf *pack, struct mcp_problems *problems);

/* snapshot_hold() - one more holder; returns @snapshot
 * snapshot_drop() - one holder less; NULL is nobody's */
struct snapshot *snapshot_hold(struct snapshot *snapshot);
void snapshot_drop(struct snapshot *snapshot);

const struct mcp_config *snapshot_config(const struct snapshot *snapshot);

/* snapshot_put() - from now on @snapshot is the site
 * Owner: *snapshotp is taken, NULL after; who holds the one before keeps it */
void snapshot_put(struct worker *worker, struct snapshot **snapshotp);

/* snapshot_look() - let @thread hold the newest one, in thread->config; called
 * between two requests. It costs a load unless something has changed. */
void snapshot_look(struct thread *thread);

/* snapshot_leave() - @thread holds none any more */
void snapshot_leave(struct thread *thread);

#endif

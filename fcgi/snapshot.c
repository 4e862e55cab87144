/* snapshot.c - I am the site as it was when a request was read */

#include "fcgi/snapshot.h"
#include "fcgi/handler_exec.h"
#include "fcgi/handler_http.h"
#include "fcgi/handler_plugin.h"
#include "fcgi/handler_sql.h"
#include "fcgi/worker.h"

#include <errno.h>
#include <stdlib.h>

struct snapshot {
	struct mcp_config *config;
	struct plugins *plugins;
	atomic_uint n_holders;
};

static void
snapshot_free(struct snapshot *snapshot)
{
	mcp_config_free(snapshot->config);
	plugins_free(snapshot->plugins);
	free(snapshot);
}

int
snapshot_load(const char *path, struct snapshot **snapshotp,
    struct mcp_buf *pack, struct mcp_problems *problems)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	unsigned before = (unsigned)problems->n_errors;
	int condition;

	if (snapshot == NULL)
		return -ENOMEM;
	atomic_init(&snapshot->n_holders, 1);
	condition =
	    mcp_config_load_packed(path, &snapshot->config, pack, problems);
	if (condition == 0)
		condition = plugins_load(snapshot->config, &snapshot->plugins,
		    problems);
	if (condition == 0)
		condition = handler_sql_check(snapshot->config, problems);
	if (condition == 0)
		condition = handler_exec_check(snapshot->config, problems);
	if (condition == 0)
		condition = handler_http_check(snapshot->config, problems);
	if (condition > 0 || (condition == 0 && problems->n_errors > before))
		condition = SNAPSHOT_E_PROBLEMS;
	if (condition == 0)
		*snapshotp = snapshot;
	else
		snapshot_free(snapshot);
	return condition;
}

struct snapshot *
snapshot_hold(struct snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->n_holders, 1);
	return snapshot;
}

void
snapshot_drop(struct snapshot *snapshot)
{
	if (snapshot != NULL &&
	    atomic_fetch_sub(&snapshot->n_holders, 1) == 1)
		snapshot_free(snapshot);
}

const struct mcp_config *
snapshot_config(const struct snapshot *snapshot)
{
	return snapshot->config;
}

void
snapshot_put(struct worker *worker, struct snapshot **snapshotp)
{
	struct snapshot *before;

	pthread_mutex_lock(&worker->site_lock);
	before = worker->site;
	worker->site = *snapshotp;
	*snapshotp = NULL;
	atomic_fetch_add(&worker->site_turn, 1);
	pthread_mutex_unlock(&worker->site_lock);
	snapshot_drop(before);
}

void
snapshot_look(struct thread *thread)
{
	struct worker *worker = thread->worker;
	struct snapshot *before = thread->snapshot;

	if (before != NULL &&
	    atomic_load(&worker->site_turn) == thread->site_turn)
		return;
	pthread_mutex_lock(&worker->site_lock);
	thread->snapshot = snapshot_hold(worker->site);
	thread->site_turn = atomic_load(&worker->site_turn);
	pthread_mutex_unlock(&worker->site_lock);
	thread->config = thread->snapshot->config;
	snapshot_drop(before);
}

void
snapshot_leave(struct thread *thread)
{
	snapshot_drop(thread->snapshot);
	thread->snapshot = NULL;
	thread->config = NULL;
}

/* loader.c - I get the next snapshot ready while this one serves */

#include "fcgi/loader.h"
#include "fcgi/snapshot.h"

#include <mcp/log.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct loader {
	int wake_fd;
	pthread_t id;
	bool begun; /* there is a thread to join */

	/* the thread's, until it is done */
	char *path;
	char *digest;
	struct snapshot *snapshot;
	struct mcp_buf why;

	pthread_mutex_t lock;
	bool done;
};

int
loader_new(int wake_fd, struct loader **loaderp)
{
	struct loader *loader = calloc(1, sizeof(*loader));

	if (loader == NULL)
		return -ENOMEM;
	loader->wake_fd = wake_fd;
	pthread_mutex_init(&loader->lock, NULL);
	*loaderp = loader;
	return 0;
}

static void
forget(struct loader *loader)
{
	free(loader->path);
	free(loader->digest);
	mcp_buf_deinit(&loader->why);
	loader->path = loader->digest = NULL;
	loader->why = MCP_BUF_INIT;
	loader->done = false;
}

void
loader_free(struct loader *loader)
{
	if (loader == NULL)
		return;
	if (loader->begun)
		pthread_join(loader->id, NULL);
	snapshot_drop(loader->snapshot);
	forget(loader);
	pthread_mutex_destroy(&loader->lock);
	free(loader);
}

/* Between two processes that load the same file a plugin may have been built
 * anew: then they would not be the same site. */
static void
check_digest(struct loader *loader)
{
	if (strcmp(snapshot_config(loader->snapshot)->digest,
		loader->digest) == 0)
		return;
	snapshot_drop(loader->snapshot);
	loader->snapshot = NULL;
	mcp_buf_puts(&loader->why,
	    "a plugin has changed meanwhile: reload once more\n");
}

static void *
load(void *argument)
{
	struct loader *loader = argument;
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	int condition = snapshot_load(loader->path, &loader->snapshot, NULL,
	    &problems);
	uint64_t one = 1;

	if (condition == 0)
		check_digest(loader);
	else if (condition < 0)
		mcp_buf_printf(&loader->why, "%s: %s\n", loader->path,
		    strerror(-condition));
	else
		mcp_problems_tell(&problems, &loader->why);
	mcp_problems_deinit(&problems);
	pthread_mutex_lock(&loader->lock);
	loader->done = true;
	pthread_mutex_unlock(&loader->lock);
	if (write(loader->wake_fd, &one, sizeof(one)) < 0)
		mcp_log(MCP_LOG_ERROR, "the control thread sleeps on");
	return NULL;
}

int
loader_begin(struct loader *loader, struct mcp_text path, struct mcp_text digest)
{
	int error;

	if (loader->begun)
		return LOADER_E_BUSY;
	loader->path = mcp_text_dup(path);
	loader->digest = mcp_text_dup(digest);
	error = loader->path == NULL || loader->digest == NULL ? -ENOMEM :
	    -pthread_create(&loader->id, NULL, load, loader);
	loader->begun = error == 0;
	if (error != 0)
		forget(loader);
	return error;
}

int
loader_take(struct loader *loader, struct snapshot **snapshotp,
    struct mcp_buf *why)
{
	int condition = 0;
	bool done;

	if (!loader->begun)
		return -ENOENT;
	pthread_mutex_lock(&loader->lock);
	done = loader->done;
	pthread_mutex_unlock(&loader->lock);
	if (!done)
		return LOADER_E_BUSY;
	pthread_join(loader->id, NULL);
	loader->begun = false;
	if (loader->snapshot == NULL) {
		condition = LOADER_E_REFUSED;
		mcp_buf_text(why, mcp_buf_view(&loader->why));
	}
	*snapshotp = loader->snapshot;
	loader->snapshot = NULL;
	forget(loader);
	return condition;
}

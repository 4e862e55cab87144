/* loader.h - I get the next snapshot ready while this one serves
 *
 * On a thread of its own, because plugins and databases may take their time
 * and the control thread has others to hear. One at a time; what is asked for
 * meanwhile takes its place.
 */
#ifndef FCGI_LOADER_H
#define FCGI_LOADER_H

#include <mcp/text.h>

struct loader;
struct snapshot;

enum loader_condition {
	LOADER_E_BUSY = 1, /* it is at it */
	LOADER_E_REFUSED /* it cannot be; a reason was told */
};

/* loader_new() - Return: 0; -ENOMEM
 * Owner: @wake_fd, an eventfd, stays the caller's: written when one is ready */
int loader_new(int wake_fd, struct loader **loaderp);
void loader_free(struct loader *loader); /* waits for the thread */

/* loader_begin() - load the file @path, whose snapshot has @digest
 * Return: 0; LOADER_E_BUSY; -errno */
int loader_begin(struct loader *loader, struct mcp_text path,
    struct mcp_text digest);

/* loader_take() - what came of it
 * Return: 0, *snapshotp is the caller's; LOADER_E_BUSY; LOADER_E_REFUSED, why in
 *         @why; -ENOENT nothing was begun. The last two and 0 are said once. */
int loader_take(struct loader *loader, struct snapshot **snapshotp,
    struct mcp_buf *why);

#endif

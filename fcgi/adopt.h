/* adopt.h - I bring this process from one snapshot to the next
 *
 * The broker says PREPARE, and, when all processes have, COMMIT. A process that
 * was not there reads in WELCOME which snapshot is the site's, and takes that
 * by itself. All of it happens on the control thread, but for the loading.
 *
 * Spec: doc/wire.txt, section 4, PREPARE, COMMIT and RELOAD
 */
#ifndef FCGI_ADOPT_H
#define FCGI_ADOPT_H

#include "fcgi/worker.h"

struct adopt;

/* adopt_new() - Return: 0; -ENOMEM
 * Owner: @wake_fd, as loader_new() */
int adopt_new(struct worker *worker, int wake_fd, struct adopt **adoptp);
void adopt_free(struct adopt *adopt);

/* adopt_prepare() - of PREPARE; it is answered on @line when that is done
 * adopt_commit() - of COMMIT; it is answered at once, and then @thread, which
 * calls, holds the new one */
void adopt_prepare(struct adopt *adopt, struct mcp_line *line,
    const struct mcp_letter *question);
void adopt_commit(struct adopt *adopt, struct mcp_line *line,
    const struct mcp_letter *question, struct thread *thread);

/* adopt_welcome() - the site's snapshot is @digest, in the file @path */
void adopt_welcome(struct adopt *adopt, struct mcp_text digest,
    struct mcp_text path, uint64_t now_ns);

/* adopt_tick() - look whether something was loaded; called often, and after
 * the eventfd stirred */
void adopt_tick(struct adopt *adopt, struct mcp_line *line, uint64_t now_ns);

#endif

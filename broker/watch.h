/* watch.h - I tell those who watch a task how it is
 *
 * A task is a cell whose bytes are the JSON object that clients see. Its worker
 * tells of each change (BROADCAST); I know how it is when somebody begins to
 * watch, and that it has failed when its worker dies.
 *
 * Spec: SEP-2663 "Task Status Notifications"
 */
#ifndef BROKER_WATCH_H
#define BROKER_WATCH_H

#include "broker/cells.h"
#include "broker/listen.h"

/* watch_is_task() - may these bytes be shown as one? */
bool watch_is_task(struct mcp_text state);

/* watch_choose() - of @listen's tasks, keep those that are there and
 * @subject's */
void watch_choose(const struct broker *broker, struct listen *listen,
    const uint8_t subject[MCP_WIRE_SUBJECT_LEN]);

/* watch_begin() - append to the greeting how each of them is, so that nothing
 * happens between a tasks/get and this; those beyond @most bytes are for
 * tasks/get alone */
void watch_begin(const struct broker *broker, const struct listen *listen,
    const uint8_t subject[MCP_WIRE_SUBJECT_LEN], size_t most,
    struct mcp_buf *out);

/* watch_orphan() - of cells.h: if it is a task that somebody watches, they hear
 * that it has failed */
void watch_orphan(struct broker *broker, const struct cell *cell);

#endif

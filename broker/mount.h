/* mount.h - I know what stands at which path of the mount
 *
 * A stream is opened here or refused. What belongs to the workers and came to
 * me all the same is told so: never a guess, never a redirect.
 *
 * Spec: "Streamable HTTP", "Listening for Messages from the Server"; 2024-11-05
 *       "HTTP with SSE"; 2026-07-28 "Subscriptions"
 */
#ifndef BROKER_MOUNT_H
#define BROKER_MOUNT_H

#include "broker/door.h"

void mount_serve(struct visit *visit, const struct head *head);

#endif

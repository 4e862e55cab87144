/* herald.h - I tell the older dialects that something has changed
 *
 * They did not ask with a request that stays open: a session is told on its
 * stream if it has one, other streams once they have initialized; and of a
 * single resource, who has subscribed to it. What I tell is numbered and kept
 * like all that is delivered.
 *
 * Spec: 2025-11-25 "Tools", "Prompts", "Resources": "List Changed
 *       Notification", "Subscriptions"
 */
#ifndef BROKER_HERALD_H
#define BROKER_HERALD_H

#include <mcp/wire.h>

struct broker;

/* herald_tell() - whoever it concerns
 * Units:  @uri of MCP_TOPIC_UPDATED
 * Return: 0, those told added to *toldp; -ENOMEM nobody was */
int herald_tell(struct broker *broker, enum mcp_wire_topic topic,
    struct mcp_text uri, uint64_t *toldp);

/* herald_broadcast() - they, and whoever listens for it (topic.h); @letter a
 * BROADCAST
 * Return: 0, those told added to *toldp; -ENOMEM not all were */
int herald_broadcast(
    struct broker *broker, const struct mcp_letter *letter, uint64_t *toldp);

#endif

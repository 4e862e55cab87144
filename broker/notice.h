/* notice.h - I word what a listener is told
 *
 * Everybody is told with the id of their own subscription. It comes last, so
 * that what is the same for all, and may be long, is composed and kept once.
 *
 * Spec: 2026-07-28 "Subscriptions"; SEP-2663 "Task Status Notifications"
 */
#ifndef BROKER_NOTICE_H
#define BROKER_NOTICE_H

#include "broker/listen.h"
#include "broker/parcel.h"

struct notice {
	struct parcel *common; /* what all are told; */
	struct mcp_buf own; /* then the id of one, */
	char tail[8]; /* and this */
};

/* notice_init() - something has changed
 * Units:  @what of MCP_TOPIC_UPDATED is the URI, of MCP_TOPIC_TASK the task, a
 *         JSON object that is not empty; else not looked at
 * Return: 0; -ENOMEM */
int notice_init(struct notice *notice, enum mcp_wire_topic topic,
    struct mcp_text what);
void notice_deinit(struct notice *notice);

/* notice_for() - what follows notice->common for the subscription @id, at most
 * MCP_WIRE_REQUEST_MAX bytes of raw JSON
 * Owner:  the text lives until the next one */
struct mcp_text notice_for(struct notice *notice, struct mcp_text id);

/* notice_plain() - append the JSON that the legacy eras are told, without id;
 * of tasks they are told nothing */
void notice_plain(struct mcp_buf *json, enum mcp_wire_topic topic,
    struct mcp_text uri);

/* notice_acknowledged() - append the first event of all: what is honoured */
void notice_acknowledged(struct mcp_buf *out, const struct listen *listen);

/* notice_complete() - append the last: the answer to the request */
void notice_complete(struct mcp_buf *out, struct mcp_text id);

#endif

/* herald.c - I tell the older dialects that something has changed
 *
 * To tell one stream can cost another its place among the parked, so names are
 * gathered first, and each is looked up again when its turn has come. What they
 * are told is formatted once; each puts its own id in front.
 */
#include <errno.h>
#include <string.h>

#include <mcp/sse.h>

#include "broker/broker.h"
#include "broker/herald.h"
#include "broker/notice.h"

static bool
has_begun(const struct stream *stream)
{
	return stream->kind == STREAM_SESSION ||
	    (stream->kind <= STREAM_PURE && stream->note != NULL);
}

static void
gather(void *context, struct table_node *node)
{
	struct hub_entry *entry = CONTAINER(struct hub_entry, node, node);

	if (has_begun(CONTAINER(struct stream, entry, entry)))
		mcp_buf_append(context, (const char *)&entry->name,
		    sizeof(entry->name));
}

static bool
tell(struct broker *broker, const struct hub_name *name, struct mcp_text event)
{
	struct hub_entry *entry = hub_find(&broker->hub, name);
	uint64_t number;
	int condition;

	if (entry == NULL)
		return false;
	condition = stream_forward(broker,
	    CONTAINER(struct stream, entry, entry), event, &number);
	return condition == 0 || condition == STREAM_E_PARKED;
}

static uint64_t
tell_all(struct broker *broker, struct mcp_text names, struct mcp_text event)
{
	struct hub_name name;
	uint64_t told = 0;

	for (size_t at = 0; at < names.len; at += sizeof(name)) {
		memcpy(&name, names.at + at, sizeof(name));
		told += tell(broker, &name, event);
	}
	return told;
}

int
herald_broadcast(
    struct broker *broker, const struct mcp_letter *letter, uint64_t *toldp)
{
	int error = stream_broadcast(broker, letter, toldp);

	return error != 0
	    ? error
	    : herald_tell(broker, (enum mcp_wire_topic)letter->topic,
		  letter->data, toldp);
}

int
herald_tell(struct broker *broker, enum mcp_wire_topic topic,
    struct mcp_text uri, uint64_t *toldp)
{
	struct mcp_buf names = MCP_BUF_INIT, json = MCP_BUF_INIT;
	struct mcp_buf event = MCP_BUF_INIT; /* but for its id */
	int error = 0;

	if (topic > MCP_TOPIC_UPDATED) /* they have no words for it */
		return 0;
	if (topic == MCP_TOPIC_UPDATED)
		session_followers(&broker->sessions, uri, &names);
	else if (broker->offered & LISTEN_TOPIC(topic))
		table_each(&broker->hub.by_name, gather, &names);
	notice_plain(&json, topic, uri);
	mcp_sse_event(&event, MCP_TEXT_INIT, MCP_TEXT("message"),
	    mcp_buf_view(&json));
	if (names.failed || json.failed || event.failed)
		error = -ENOMEM;
	else
		*toldp += tell_all(broker, mcp_buf_view(&names),
		    mcp_buf_view(&event));
	mcp_buf_deinit(&names);
	mcp_buf_deinit(&json);
	mcp_buf_deinit(&event);
	return error;
}

/* session.h - I keep what a legacy session has set for itself
 *
 * Its log level, and the resources of which it wants to hear. Most sessions
 * set neither and cost nothing: a record is made at first need. Streams that
 * are a session by themselves (HTTP+SSE, seed) have the same under their own
 * name, and lose it with the stream.
 *
 * Spec: 2025-11-25 "Resources", "Subscriptions"; "Logging"
 */
#ifndef BROKER_SESSION_H
#define BROKER_SESSION_H

#include <sys/queue.h>

#include <mcp/wire.h>

#include "broker/clock.h"
#include "broker/hub.h"
#include "broker/state.h"
#include "broker/table.h"

#define SESSIONS_MAX 65536 /* the one used least recently is forgotten first */
#define SESSION_LEVEL_MAX 16 /* of its name, with its NUL */
#define SESSION_URI_MAX 8192
#define SESSION_FOLLOWS_MAX 1000
#define SESSIONS_BYTES_MAX (64u << 20) /* of all URIs, and who follows them */

enum session_condition {
	SESSION_E_FOREIGN = 1, /* it belongs to somebody else */
	SESSION_E_LEVEL, /* no level has such a name */
	SESSION_E_MANY, /* it follows as much as it may */
	SESSION_E_FULL /* all do */
};

struct broker;
struct follow; /* of one resource, by one session */

struct session {
	struct table_node node; /* by name */
	struct due due;
	TAILQ_ENTRY(session) by_use;
	LIST_HEAD(, follow) follows;
	struct hub_name name;
	uint16_t n_follows;
	uint8_t subject[MCP_WIRE_SUBJECT_LEN];
	char level[SESSION_LEVEL_MAX]; /* empty: none was set */
};

struct sessions {
	struct table by_name;
	struct table by_uri; /* what is followed */
	TAILQ_HEAD(session_queue, session) by_use; /* the longest idle first */
	size_t n_follows;
	size_t bytes;
};

int sessions_init(struct sessions *sessions); /* 0; -ENOMEM */
void sessions_deinit(struct broker *broker);

/* session_of() - the record of that name, made if there is none
 * Units:  @until_ns CLOCK_NEVER: until it is forgotten
 * Return: 0; SESSION_E_FOREIGN; -ENOMEM */
int session_of(struct broker *broker, const struct hub_name *name,
    const uint8_t subject[MCP_WIRE_SUBJECT_LEN], uint64_t until_ns,
    struct session **sessionp);

/* session_find() - NULL if it has set nothing; finding is using */
struct session *session_find(struct sessions *sessions,
    const struct hub_name *name);

int session_set_level(struct session *session, struct mcp_text level);

/* session_follow() - it wants to hear of @uri, perhaps not for the first time
 * Return: 0; SESSION_E_MANY; SESSION_E_FULL; -ENOMEM */
int session_follow(struct broker *broker, struct session *session,
    struct mcp_text uri);
void session_unfollow(struct broker *broker, struct session *session,
    struct mcp_text uri);

/* session_followers() - append the name, a struct hub_name, of each that
 * follows @uri */
void session_followers(const struct sessions *sessions, struct mcp_text uri,
    struct mcp_buf *names);

/* session_forget() - if there is anything */
void session_forget(struct broker *broker, const struct hub_name *name);

/* sessions_save() / sessions_load() - to and from state.h
 * Return: 0; -EINVAL; -ENOMEM */
void sessions_save(const struct broker *broker, struct state_writer *out);
int sessions_load(struct broker *broker, struct state_reader *in);

#endif

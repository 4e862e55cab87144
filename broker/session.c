/* session.c - I keep what a legacy session has set for itself */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

struct follow {
	struct table_node node; /* by URI */
	LIST_ENTRY(follow) of_session;
	struct session *session;
	size_t len;
	char uri[];
};

int
sessions_init(struct sessions *sessions)
{
	int error = table_init(&sessions->by_name);

	TAILQ_INIT(&sessions->by_use);
	sessions->bytes = 0;
	return error != 0 ? error : table_init(&sessions->by_uri);
}

/* --- following ---------------------------------------------------------- */

static bool
is_of(const struct follow *follow, struct mcp_text uri)
{
	return mcp_text_equal(uri,
	    (struct mcp_text){ follow->uri, follow->len });
}

static size_t
size_of(struct mcp_text uri)
{
	return sizeof(struct follow) + uri.len;
}

static struct follow *
find_follow(const struct session *session, struct mcp_text uri)
{
	struct follow *follow;

	LIST_FOREACH(follow, &session->follows, of_session)
		if (is_of(follow, uri))
			return follow;
	return NULL;
}

static void
follow_free(struct sessions *sessions, struct follow *follow)
{
	struct mcp_text uri = { follow->uri, follow->len };

	sessions->bytes -= size_of(uri);
	follow->session->n_follows--;
	table_remove(&sessions->by_uri, &follow->node);
	LIST_REMOVE(follow, of_session);
	free(follow);
}

int
session_follow(struct broker *broker, struct session *session,
    struct mcp_text uri)
{
	struct sessions *sessions = &broker->sessions;
	struct follow *follow;

	if (find_follow(session, uri) != NULL)
		return 0;
	if (session->n_follows >= SESSION_FOLLOWS_MAX)
		return SESSION_E_MANY;
	if (sessions->bytes + size_of(uri) > SESSIONS_BYTES_MAX)
		return SESSION_E_FULL;
	follow = malloc(size_of(uri));
	if (follow == NULL)
		return -ENOMEM;
	follow->session = session;
	follow->len = uri.len;
	memcpy(follow->uri, uri.at, uri.len);
	sessions->bytes += size_of(uri);
	session->n_follows++;
	table_put(&sessions->by_uri, &follow->node,
	    table_hash(uri.at, uri.len));
	LIST_INSERT_HEAD(&session->follows, follow, of_session);
	return 0;
}

void
session_unfollow(struct broker *broker, struct session *session,
    struct mcp_text uri)
{
	struct follow *follow = find_follow(session, uri);

	if (follow != NULL)
		follow_free(&broker->sessions, follow);
}

void
session_followers(const struct sessions *sessions, struct mcp_text uri,
    struct mcp_buf *names)
{
	struct table_node *node = table_find(&sessions->by_uri,
	    table_hash(uri.at, uri.len));

	for (; node != NULL; node = table_again(node)) {
		struct follow *follow = CONTAINER(struct follow, node, node);

		if (is_of(follow, uri))
			mcp_buf_append(names,
			    (const char *)&follow->session->name,
			    sizeof(follow->session->name));
	}
}

/* --- records ------------------------------------------------------------ */

static void
use(struct sessions *sessions, struct session *session)
{
	TAILQ_REMOVE(&sessions->by_use, session, by_use);
	TAILQ_INSERT_TAIL(&sessions->by_use, session, by_use);
}

struct session *
session_find(struct sessions *sessions, const struct hub_name *name)
{
	struct table_node *node = table_find(&sessions->by_name,
	    hub_name_hash(name));

	for (; node != NULL; node = table_again(node)) {
		struct session *session = CONTAINER(struct session, node, node);

		if (hub_name_equal(&session->name, name)) {
			use(sessions, session);
			return session;
		}
	}
	return NULL;
}

static void
session_free(struct broker *broker, struct session *session)
{
	struct sessions *sessions = &broker->sessions;
	struct follow *follow;

	while ((follow = LIST_FIRST(&session->follows)) != NULL)
		follow_free(sessions, follow);
	clock_cancel(&broker->clock, &session->due);
	TAILQ_REMOVE(&sessions->by_use, session, by_use);
	table_remove(&sessions->by_name, &session->node);
	free(session);
}

void
session_forget(struct broker *broker, const struct hub_name *name)
{
	struct session *session = session_find(&broker->sessions, name);

	if (session != NULL)
		session_free(broker, session);
}

void
sessions_deinit(struct broker *broker)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&broker->sessions.by_use)) != NULL)
		session_free(broker, session);
	table_deinit(&broker->sessions.by_name);
	table_deinit(&broker->sessions.by_uri);
}

static void
on_expired(void *context, struct due *due, uint64_t now_ns)
{
	(void)now_ns;
	session_free(context, CONTAINER(struct session, due, due));
}

static struct session *
session_new(struct broker *broker, const struct hub_name *name,
    const uint8_t *subject, uint64_t until_ns)
{
	struct sessions *sessions = &broker->sessions;
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->due = DUE_INIT(on_expired);
	if (until_ns != CLOCK_NEVER &&
	    clock_set(&broker->clock, &session->due, until_ns) != 0) {
		free(session);
		return NULL;
	}
	session->name = *name;
	memcpy(session->subject, subject, sizeof(session->subject));
	LIST_INIT(&session->follows);
	if (sessions->by_name.n >= SESSIONS_MAX)
		session_free(broker, TAILQ_FIRST(&sessions->by_use));
	table_put(&sessions->by_name, &session->node, hub_name_hash(name));
	TAILQ_INSERT_TAIL(&sessions->by_use, session, by_use);
	return session;
}

int
session_of(struct broker *broker, const struct hub_name *name,
    const uint8_t subject[MCP_WIRE_SUBJECT_LEN], uint64_t until_ns,
    struct session **sessionp)
{
	struct sessions *sessions = &broker->sessions;
	struct session *session = session_find(sessions, name);

	if (session == NULL) {
		session = session_new(broker, name, subject, until_ns);
		if (session == NULL)
			return -ENOMEM;
	}
	if (memcmp(session->subject, subject, sizeof(session->subject)) != 0)
		return SESSION_E_FOREIGN;
	*sessionp = session;
	return 0;
}

int
session_set_level(struct session *session, struct mcp_text level)
{
	if (level.len == 0 || level.len >= sizeof(session->level) ||
	    memchr(level.at, '\0', level.len) != NULL)
		return SESSION_E_LEVEL;
	memcpy(session->level, level.at, level.len);
	session->level[level.len] = '\0';
	return 0;
}

/* --- into the next broker ------------------------------------------------ */

void
sessions_save(const struct broker *broker, struct state_writer *out)
{
	const struct session *session;
	const struct follow *follow;

	state_number(out, broker->sessions.by_name.n);
	TAILQ_FOREACH(session, &broker->sessions.by_use, by_use)
	{
		hub_name_save(&session->name, out);
		state_bytes(out, session->subject, sizeof(session->subject));
		state_number(out, clock_at(&broker->clock, &session->due));
		state_text(out, mcp_text_of(session->level));
		state_number(out, session->n_follows);
		LIST_FOREACH(follow, &session->follows, of_session)
		state_bytes(out, follow->uri, follow->len);
	}
}

static int
follows_load(
    struct broker *broker, struct session *session, struct state_reader *in)
{
	uint64_t n = state_read_up_to(in, SESSION_FOLLOWS_MAX);
	int condition = 0;

	for (; n > 0 && condition == 0 && !in->failed; n--)
		condition =
		    session_follow(broker, session, state_read_text(in));
	return condition > 0 ? -EINVAL : condition;
}

static int
session_load(struct broker *broker, struct state_reader *in)
{
	uint8_t subject[MCP_WIRE_SUBJECT_LEN];
	struct hub_name name;
	struct session *session;
	struct mcp_text level;

	hub_name_load(&name, in);
	state_read_bytes(in, subject, sizeof(subject));
	session = session_new(broker, &name, subject, state_read_number(in));
	if (session == NULL)
		return -ENOMEM;
	level = state_read_text(in);
	if (level.len > 0 && session_set_level(session, level) != 0)
		return -EINVAL;
	return follows_load(broker, session, in);
}

int
sessions_load(struct broker *broker, struct state_reader *in)
{
	uint64_t n = state_read_up_to(in, SESSIONS_MAX);
	int error = 0;

	for (; n > 0 && error == 0 && !in->failed; n--)
		error = session_load(broker, in);
	return error != 0 ? error : state_end(in);
}

/* session.c - I keep what a legacy session has set for itself */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

struct followed { /* a resource; kept once, however many follow it */
	struct table_node node; /* by URI */
	LIST_HEAD(, follow) follows; /* never empty */
	size_t len;
	char uri[];
};

struct follow {
	LIST_ENTRY(follow) of_uri;
	LIST_ENTRY(follow) of_session;
	struct followed *followed;
	struct session *session;
};

int
sessions_init(struct sessions *sessions)
{
	int error = table_init(&sessions->by_name);

	TAILQ_INIT(&sessions->by_use);
	sessions->n_follows = 0;
	sessions->bytes = 0;
	return error != 0 ? error : table_init(&sessions->by_uri);
}

/* --- following ---------------------------------------------------------- */

static struct followed *
find_followed(const struct sessions *sessions, struct mcp_text uri)
{
	struct table_node *node =
	    table_find(&sessions->by_uri, table_hash(uri.at, uri.len));

	for (; node != NULL; node = table_again(node)) {
		struct followed *followed =
		    CONTAINER(struct followed, node, node);

		if (mcp_text_equal(uri,
			(struct mcp_text){ followed->uri, followed->len }))
			return followed;
	}
	return NULL;
}

static size_t
size_of(size_t len)
{
	return sizeof(struct followed) + len;
}

static bool
has_room(const struct sessions *sessions, size_t bytes)
{
	return bytes <= SESSIONS_BYTES_MAX - sessions->bytes;
}

static struct followed *
followed_new(struct sessions *sessions, struct mcp_text uri)
{
	struct followed *followed = malloc(size_of(uri.len));

	if (followed == NULL)
		return NULL;
	LIST_INIT(&followed->follows);
	followed->len = uri.len;
	memcpy(followed->uri, uri.at, uri.len);
	sessions->bytes += size_of(uri.len);
	table_put(&sessions->by_uri, &followed->node,
	    table_hash(uri.at, uri.len));
	return followed;
}

static void
followed_free(struct sessions *sessions, struct followed *followed)
{
	sessions->bytes -= size_of(followed->len);
	table_remove(&sessions->by_uri, &followed->node);
	free(followed);
}

/* At most SESSION_FOLLOWS_MAX are looked at. */
static struct follow *
find_follow(const struct session *session, const struct followed *followed)
{
	struct follow *follow;

	LIST_FOREACH(follow, &session->follows, of_session)
		if (follow->followed == followed)
			return follow;
	return NULL;
}

static void
follow_free(struct sessions *sessions, struct follow *follow)
{
	struct followed *followed = follow->followed;

	sessions->n_follows--;
	sessions->bytes -= sizeof(*follow);
	follow->session->n_follows--;
	LIST_REMOVE(follow, of_uri);
	LIST_REMOVE(follow, of_session);
	free(follow);
	if (LIST_EMPTY(&followed->follows))
		followed_free(sessions, followed);
}

static int
follow_new(struct sessions *sessions, struct session *session,
    struct followed *followed, struct mcp_text uri)
{
	struct follow *follow = malloc(sizeof(*follow));

	if (follow != NULL && followed == NULL)
		followed = followed_new(sessions, uri);
	if (follow == NULL || followed == NULL) {
		free(follow);
		return -ENOMEM;
	}
	follow->followed = followed;
	follow->session = session;
	sessions->n_follows++;
	sessions->bytes += sizeof(*follow);
	session->n_follows++;
	LIST_INSERT_HEAD(&followed->follows, follow, of_uri);
	LIST_INSERT_HEAD(&session->follows, follow, of_session);
	return 0;
}

int
session_follow(struct broker *broker, struct session *session,
    struct mcp_text uri)
{
	struct sessions *sessions = &broker->sessions;
	struct followed *followed = find_followed(sessions, uri);

	if (followed != NULL && find_follow(session, followed) != NULL)
		return 0;
	if (session->n_follows >= SESSION_FOLLOWS_MAX)
		return SESSION_E_MANY;
	if (!has_room(sessions,
		sizeof(struct follow) +
		    (followed != NULL ? 0 : size_of(uri.len))))
		return SESSION_E_FULL;
	return follow_new(sessions, session, followed, uri);
}

void
session_unfollow(struct broker *broker, struct session *session,
    struct mcp_text uri)
{
	struct followed *followed = find_followed(&broker->sessions, uri);
	struct follow *follow =
	    followed == NULL ? NULL : find_follow(session, followed);

	if (follow != NULL)
		follow_free(&broker->sessions, follow);
}

void
session_followers(const struct sessions *sessions, struct mcp_text uri,
    struct mcp_buf *names)
{
	const struct followed *followed = find_followed(sessions, uri);
	const struct follow *follow;

	if (followed == NULL)
		return;
	LIST_FOREACH(follow, &followed->follows, of_uri)
		mcp_buf_append(names, (const char *)&follow->session->name,
		    sizeof(follow->session->name));
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
	TAILQ_FOREACH(session, &broker->sessions.by_use, by_use) {
		hub_name_save(&session->name, out);
		state_bytes(out, session->subject, sizeof(session->subject));
		state_due(out, &session->due);
		state_text(out, mcp_text_of(session->level));
		state_number(out, session->n_follows);
		LIST_FOREACH(follow, &session->follows, of_session)
			state_bytes(out, follow->followed->uri,
			    follow->followed->len);
	}
}

static int
follows_load(struct broker *broker, struct session *session,
    struct state_reader *in)
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

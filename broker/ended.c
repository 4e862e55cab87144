/* ended.c - I remember which sessions are over */

#include "broker/ended.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/wire.h>

struct ended_session {
	struct table_node node;
	TAILQ_ENTRY(ended_session) entry;
	uint64_t number;
	uint64_t expires_s;
	uint8_t key[ENDED_KEY_LEN];
};

int
ended_init(struct ended *ended, uint64_t epoch)
{
	ended->n = 0;
	ended->known = 0;
	ended->epoch = epoch;
	TAILQ_INIT(&ended->order);
	return table_init(&ended->by_key);
}

static void
forget(struct ended *ended, struct ended_session *session)
{
	table_remove(&ended->by_key, &session->node);
	TAILQ_REMOVE(&ended->order, session, entry);
	ended->n--;
	free(session);
}

void
ended_deinit(struct ended *ended)
{
	struct ended_session *session;

	while ((session = TAILQ_FIRST(&ended->order)) != NULL)
		forget(ended, session);
	table_deinit(&ended->by_key);
}

/* Keys are random and were sealed by us: their own bytes are the hash. */
static uint64_t
hash_of(const uint8_t key[ENDED_KEY_LEN])
{
	uint64_t hash;

	memcpy(&hash, key, sizeof(hash));
	return hash;
}

static struct ended_session *
find(const struct ended *ended, const uint8_t key[ENDED_KEY_LEN])
{
	struct table_node *node = table_find(&ended->by_key, hash_of(key));

	for (; node != NULL; node = table_again(node)) {
		struct ended_session *session =
		    CONTAINER(struct ended_session, node, node);

		if (memcmp(session->key, key, ENDED_KEY_LEN) == 0)
			return session;
	}
	return NULL;
}

/* Sessions end roughly in the order in which they would have expired, so the
 * oldest two are looked at whenever one is added. */
static void
forget_old(struct ended *ended, uint64_t now_s)
{
	struct ended_session *first;

	for (int i = 0; i < 2; i++) {
		first = TAILQ_FIRST(&ended->order);
		if (first != NULL &&
		    (first->expires_s <= now_s || ended->n >= ENDED_MAX))
			forget(ended, first);
	}
}

static int
remember(struct ended *ended, const uint8_t key[ENDED_KEY_LEN],
    uint64_t expires_s, uint64_t number)
{
	struct ended_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return -ENOMEM;
	session->number = number;
	session->expires_s = expires_s;
	memcpy(session->key, key, ENDED_KEY_LEN);
	table_put(&ended->by_key, &session->node, hash_of(key));
	TAILQ_INSERT_TAIL(&ended->order, session, entry);
	ended->n++;
	return 0;
}

int
ended_add(struct ended *ended, const uint8_t key[ENDED_KEY_LEN],
    uint64_t expires_s, uint64_t now_s, uint64_t *numberp)
{
	struct ended_session *session = find(ended, key);

	*numberp = session != NULL ? session->number : ended->known;
	if (session != NULL)
		return ENDED_E_KNOWN;
	if (expires_s <= now_s)
		return ENDED_E_EXPIRED;
	forget_old(ended, now_s);
	if (remember(ended, key, expires_s, ended->known + 1) != 0)
		return -ENOMEM;
	*numberp = ++ended->known;
	return 0;
}

bool
ended_has(const struct ended *ended, const uint8_t key[ENDED_KEY_LEN])
{
	return find(ended, key) != NULL;
}

void
ended_since(const struct ended *ended, uint64_t known, struct mcp_buf *out)
{
	const struct ended_session *session =
	    TAILQ_LAST(&ended->order, ended_order);

	for (; session != NULL && session->number > known;
	     session = TAILQ_PREV(session, ended_order, entry))
		mcp_wire_end_write(out, session->key, session->expires_s);
}

void
ended_save(const struct ended *ended, struct state_writer *out)
{
	const struct ended_session *session;

	state_number(out, ended->epoch);
	state_number(out, ended->known);
	state_number(out, ended->n);
	TAILQ_FOREACH(session, &ended->order, entry) {
		state_bytes(out, session->key, sizeof(session->key));
		state_number(out, session->expires_s);
		state_number(out, session->number);
	}
}

int
ended_load(struct ended *ended, struct state_reader *in)
{
	uint8_t key[ENDED_KEY_LEN];
	uint64_t n, expires_s;

	ended->epoch = state_read_number(in);
	ended->known = state_read_number(in);
	for (n = state_read_up_to(in, ENDED_MAX); n > 0 && !in->failed; n--) {
		state_read_bytes(in, key, sizeof(key));
		expires_s = state_read_number(in);
		if (remember(ended, key, expires_s, state_read_number(in)) != 0)
			return -ENOMEM;
	}
	return state_end(in);
}

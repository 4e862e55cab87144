/* ended.h - I remember which sessions are over
 *
 * A session is a sealed token that opens until it expires; that it was ended
 * before is known only because somebody remembers. The workers each remember
 * too, so that a broker that starts anew learns it back from them. Every end
 * has a number, and "what you have not heard" is what is beyond a number.
 */
#ifndef BROKER_ENDED_H
#define BROKER_ENDED_H

#include <sys/queue.h>

#include "broker/state.h"
#include "broker/table.h"

#define ENDED_MAX 65536 /* the oldest are forgotten first */
#define ENDED_KEY_LEN 16

enum ended_condition {
	ENDED_E_KNOWN = 1, /* it was remembered already */
	ENDED_E_EXPIRED /* it would not open anyway: not remembered */
};

struct ended_session;

struct ended {
	struct table by_key;
	TAILQ_HEAD(ended_order, ended_session) order;
	size_t n;
	uint64_t known; /* the number of the last one */
	uint64_t epoch; /* drawn at start: whose numbers these are */
};

int ended_init(struct ended *ended, uint64_t epoch); /* 0; -ENOMEM */
void ended_deinit(struct ended *ended);

/* ended_add() - the session is over
 * Return: 0; a condition; -ENOMEM. *numberp is its number, also if known */
int ended_add(struct ended *ended, const uint8_t key[ENDED_KEY_LEN],
    uint64_t expires_s, uint64_t now_s, uint64_t *numberp);

bool ended_has(const struct ended *ended, const uint8_t key[ENDED_KEY_LEN]);

/* ended_since() - append those beyond number @known, as letters carry them */
void ended_since(const struct ended *ended, uint64_t known,
    struct mcp_buf *out);

/* ended_save() / ended_load() - to and from state.h; loading fills one that was
 * just made
 * Return: 0; -EINVAL; -ENOMEM */
void ended_save(const struct ended *ended, struct state_writer *out);
int ended_load(struct ended *ended, struct state_reader *in);

#endif

/* quota.h - I charge somebody for whatever waits
 *
 * An open stream is charged to the house and, where a limit per address is
 * set, to the address it came from. What a slow reader has not taken yet is
 * charged, in bytes, to the subject it belongs to and to the house. Somebody
 * who owes nothing has no account and no purse.
 *
 * When the slow readers of one subject, or all of them, owe more than they may,
 * the one goes who has taken nothing for the longest: so those who sleep do not
 * cost those who are only late their streams. One who owes alone is judged by
 * the limit of a stream, and not here.
 */
#ifndef BROKER_QUOTA_H
#define BROKER_QUOTA_H

#include <sys/queue.h>

#include <mcp/wire.h>

#include "broker/table.h"

enum quota_condition {
	QUOTA_E_FULL = 1, /* the house has as many streams as it may */
	QUOTA_E_ADDRESS /* this address has */
};

struct account;

struct debt { /* of one reader; all zero: it owes nothing */
	TAILQ_ENTRY(debt) of_subject, of_house;
	struct purse *purse;
	size_t bytes;
};
TAILQ_HEAD(debts, debt);

struct purse { /* of one subject, or of the house */
	struct table_node node; /* by subject */
	TAILQ_ENTRY(purse) of_over;
	struct debts debts; /* who has taken nothing for the longest first */
	size_t n_debts;
	size_t bytes;
	bool over; /* it owes too much, and not alone */
	uint8_t subject[MCP_WIRE_SUBJECT_LEN];
};

struct quota {
	struct table accounts;
	size_t n_streams;
	size_t max_streams;
	size_t max_per_address; /* 0: no limit */
	struct table purses;
	TAILQ_HEAD(, purse) over; /* of the subjects */
	struct purse house;
	size_t max_bytes; /* of all; may be changed at any time, */
	size_t max_bytes_per_subject; /* as this one */
};

int quota_init(struct quota *quota, size_t max_streams,
    size_t max_per_address); /* 0; -ENOMEM */
void quota_deinit(struct quota *quota);

/* quota_open() - charge one stream; an empty @address is charged to the house
 * alone
 * Return: 0, with *accountp possibly NULL; a condition; -ENOMEM
 * Owner:  quota_close() takes the charge back, once */
int quota_open(struct quota *quota, struct mcp_text address,
    struct account **accountp);

/* quota_admit() - likewise, whatever the limits: it was let in before
 * Return: 0; -ENOMEM */
int quota_admit(struct quota *quota, struct mcp_text address,
    struct account **accountp);

/* quota_address() - who is charged; empty: the house alone */
struct mcp_text quota_address(const struct account *account);
void quota_close(struct quota *quota, struct account *account);

/* quota_charge() - @bytes more wait for this reader, who is of @subject
 * Return: 0; -ENOMEM
 * Owner:  @debt is the caller's, and stays where it is until it is paid */
int quota_charge(struct quota *quota, struct debt *debt,
    const uint8_t subject[MCP_WIRE_SUBJECT_LEN], size_t bytes);

/* quota_pay() - the reader has taken @bytes of them */
void quota_pay(struct quota *quota, struct debt *debt, size_t bytes);
void quota_forgive(struct quota *quota, struct debt *debt); /* all of them */

/* quota_overdrawn() - whose reader has to go; NULL: nobody's. Forgive it, and
 * ask again. */
struct debt *quota_overdrawn(const struct quota *quota);

#endif

/* quota.h - whatever waits is charged to somebody
 *
 * An open stream is charged to the house and, where a limit per address is
 * set, to the address it came from. Somebody who owes nothing has no account.
 */
#ifndef BROKER_QUOTA_H
#define BROKER_QUOTA_H

#include "broker/table.h"

enum quota_condition {
	QUOTA_E_FULL = 1, /* the house has as many streams as it may */
	QUOTA_E_ADDRESS /* this address has */
};

struct account;

struct quota {
	struct table accounts;
	size_t n_streams;
	size_t max_streams;
	size_t max_per_address; /* 0: no limit */
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

/* quota_charge() - likewise, whatever the limits: it was let in before
 * Return: 0; -ENOMEM */
int quota_charge(
    struct quota *quota, struct mcp_text address, struct account **accountp);

/* quota_address() - who is charged; empty: the house alone */
struct mcp_text quota_address(const struct account *account);
void quota_close(struct quota *quota, struct account *account);

#endif

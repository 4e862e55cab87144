/* quota.c - whatever waits is charged to somebody */

#include "broker/quota.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct account {
	struct table_node node;
	size_t n_streams;
	size_t len;
	char address[];
};

int
quota_init(struct quota *quota, size_t max_streams, size_t max_per_address)
{
	quota->n_streams = 0;
	quota->max_streams = max_streams;
	quota->max_per_address = max_per_address;
	return table_init(&quota->accounts);
}

void
quota_deinit(struct quota *quota)
{
	struct table_node *node;

	while ((node = table_any(&quota->accounts)) != NULL) {
		table_remove(&quota->accounts, node);
		free(CONTAINER(struct account, node, node));
	}
	table_deinit(&quota->accounts);
}

static struct account *
find(const struct quota *quota, struct mcp_text address, uint64_t hash)
{
	struct table_node *node = table_find(&quota->accounts, hash);

	for (; node != NULL; node = table_again(node)) {
		struct account *account = CONTAINER(struct account, node, node);

		if (account->len == address.len &&
		    memcmp(account->address, address.at, address.len) == 0)
			return account;
	}
	return NULL;
}

static struct account *
find_or_new(struct quota *quota, struct mcp_text address)
{
	uint64_t hash = table_hash(address.at, address.len);
	struct account *account = find(quota, address, hash);

	if (account != NULL)
		return account;
	account = malloc(sizeof(*account) + address.len);
	if (account == NULL)
		return NULL;
	account->n_streams = 0;
	account->len = address.len;
	memcpy(account->address, address.at, address.len);
	table_put(&quota->accounts, &account->node, hash);
	return account;
}

int
quota_charge(
    struct quota *quota, struct mcp_text address, struct account **accountp)
{
	struct account *account = NULL;

	if (quota->max_per_address > 0 && address.len > 0) {
		account = find_or_new(quota, address);
		if (account == NULL)
			return -ENOMEM;
		account->n_streams++;
	}
	quota->n_streams++;
	*accountp = account;
	return 0;
}

int
quota_open(
    struct quota *quota, struct mcp_text address, struct account **accountp)
{
	struct account *account;
	int error;

	if (quota->n_streams >= quota->max_streams)
		return QUOTA_E_FULL;
	error = quota_charge(quota, address, &account);
	if (error != 0)
		return error;
	if (account != NULL && account->n_streams > quota->max_per_address) {
		quota_close(quota, account);
		return QUOTA_E_ADDRESS;
	}
	*accountp = account;
	return 0;
}

struct mcp_text
quota_address(const struct account *account)
{
	return account == NULL
	    ? MCP_TEXT_INIT
	    : (struct mcp_text){ account->address, account->len };
}

void
quota_close(struct quota *quota, struct account *account)
{
	quota->n_streams--;
	if (account == NULL || --account->n_streams > 0)
		return;
	table_remove(&quota->accounts, &account->node);
	free(account);
}

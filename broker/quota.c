/* quota.c - I charge somebody for whatever waits */

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
	quota->max_bytes = quota->max_bytes_per_subject = SIZE_MAX;
	memset(&quota->house, 0, sizeof(quota->house));
	TAILQ_INIT(&quota->house.debts);
	TAILQ_INIT(&quota->over);
	if (table_init(&quota->accounts) != 0)
		return -ENOMEM;
	return table_init(&quota->purses);
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
	while ((node = table_any(&quota->purses)) != NULL) {
		table_remove(&quota->purses, node);
		free(CONTAINER(struct purse, node, node));
	}
	table_deinit(&quota->purses);
}

/* --- streams ------------------------------------------------------------ */

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
quota_admit(struct quota *quota, struct mcp_text address,
    struct account **accountp)
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
quota_open(struct quota *quota, struct mcp_text address,
    struct account **accountp)
{
	struct account *account;
	int error;

	if (quota->n_streams >= quota->max_streams)
		return QUOTA_E_FULL;
	error = quota_admit(quota, address, &account);
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

/* --- bytes -------------------------------------------------------------- */

static struct purse *
find_purse(const struct quota *quota, const uint8_t *subject, uint64_t hash)
{
	struct table_node *node = table_find(&quota->purses, hash);

	for (; node != NULL; node = table_again(node)) {
		struct purse *purse = CONTAINER(struct purse, node, node);

		if (memcmp(purse->subject, subject, sizeof(purse->subject)) ==
		    0)
			return purse;
	}
	return NULL;
}

static struct purse *
purse_of(struct quota *quota, const uint8_t *subject)
{
	uint64_t hash = table_hash(subject, MCP_WIRE_SUBJECT_LEN);
	struct purse *purse = find_purse(quota, subject, hash);

	if (purse != NULL)
		return purse;
	purse = calloc(1, sizeof(*purse));
	if (purse == NULL)
		return NULL;
	TAILQ_INIT(&purse->debts);
	memcpy(purse->subject, subject, sizeof(purse->subject));
	table_put(&quota->purses, &purse->node, hash);
	return purse;
}

static bool
is_over(const struct purse *purse, size_t most)
{
	return purse->bytes > most && purse->n_debts > 1;
}

static void
judge(struct quota *quota, struct purse *purse)
{
	bool over = is_over(purse, quota->max_bytes_per_subject);

	if (over && !purse->over)
		TAILQ_INSERT_TAIL(&quota->over, purse, of_over);
	else if (!over && purse->over)
		TAILQ_REMOVE(&quota->over, purse, of_over);
	purse->over = over;
}

static void
begin(struct quota *quota, struct debt *debt, struct purse *purse)
{
	debt->purse = purse;
	TAILQ_INSERT_TAIL(&purse->debts, debt, of_subject);
	purse->n_debts++;
	TAILQ_INSERT_TAIL(&quota->house.debts, debt, of_house);
	quota->house.n_debts++;
}

static void
end(struct quota *quota, struct debt *debt)
{
	struct purse *purse = debt->purse;

	debt->purse = NULL;
	TAILQ_REMOVE(&purse->debts, debt, of_subject);
	TAILQ_REMOVE(&quota->house.debts, debt, of_house);
	quota->house.n_debts--;
	purse->n_debts--;
	judge(quota, purse);
	if (purse->n_debts > 0)
		return;
	table_remove(&quota->purses, &purse->node);
	free(purse);
}

int
quota_charge(struct quota *quota, struct debt *debt,
    const uint8_t subject[MCP_WIRE_SUBJECT_LEN], size_t bytes)
{
	struct purse *purse = debt->purse;

	if (purse == NULL)
		purse = purse_of(quota, subject);
	if (purse == NULL)
		return -ENOMEM;
	if (debt->purse == NULL)
		begin(quota, debt, purse);
	debt->bytes += bytes;
	purse->bytes += bytes;
	quota->house.bytes += bytes;
	judge(quota, purse);
	return 0;
}

/* Whoever has taken something is the last to go. */
static void
refresh(struct quota *quota, struct debt *debt)
{
	TAILQ_REMOVE(&debt->purse->debts, debt, of_subject);
	TAILQ_INSERT_TAIL(&debt->purse->debts, debt, of_subject);
	TAILQ_REMOVE(&quota->house.debts, debt, of_house);
	TAILQ_INSERT_TAIL(&quota->house.debts, debt, of_house);
}

void
quota_pay(struct quota *quota, struct debt *debt, size_t bytes)
{
	if (debt->purse == NULL)
		return;
	if (bytes > debt->bytes)
		bytes = debt->bytes;
	debt->bytes -= bytes;
	debt->purse->bytes -= bytes;
	quota->house.bytes -= bytes;
	refresh(quota, debt);
	if (debt->bytes == 0)
		end(quota, debt);
	else
		judge(quota, debt->purse);
}

void
quota_forgive(struct quota *quota, struct debt *debt)
{
	quota_pay(quota, debt, debt->bytes);
}

struct debt *
quota_overdrawn(const struct quota *quota)
{
	const struct purse *purse = TAILQ_FIRST(&quota->over);

	if (purse == NULL && is_over(&quota->house, quota->max_bytes))
		purse = &quota->house;
	return purse == NULL ? NULL : TAILQ_FIRST(&purse->debts);
}

/* table.c - I find a thing by its key; I own none of them
 *
 * Linear hashing: with n buckets, 2^k <= n < 2^(k+1), a hash is first taken
 * modulo 2^(k+1), and where that bucket does not exist yet, modulo 2^k. One
 * more bucket means splitting exactly one old one, and one less, joining two.
 */
#include "broker/table.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#define FIRST 64 /* buckets; a power of two */

int
table_init(struct table *table)
{
	*table = (struct table){ NULL, FIRST, FIRST, 0, false };
	table->buckets = calloc(FIRST, sizeof(*table->buckets));
	return table->buckets != NULL ? 0 : -ENOMEM;
}

void
table_deinit(struct table *table)
{
	free(table->buckets);
	*table = (struct table){ NULL, 0, 0, 0, false };
}

/* The smallest power of two that is not below @n. */
static size_t
power(size_t n)
{
	return n < 2 ? 1 : (size_t)1 << (64 - __builtin_clzll(n - 1));
}

static struct table_node **
bucket_of(const struct table *table, uint64_t hash)
{
	size_t span = power(table->n_buckets), at = hash & (span - 1);

	if (at >= table->n_buckets)
		at &= span / 2 - 1;
	return &table->buckets[at];
}

static bool
has_room(struct table *table)
{
	struct table_node **buckets;

	if (table->n_buckets < table->cap)
		return true;
	buckets = realloc(table->buckets, 2 * table->cap * sizeof(*buckets));
	if (buckets == NULL)
		return false;
	table->buckets = buckets;
	table->cap *= 2;
	return true;
}

/* One more bucket; what belongs there comes from its lower half. */
static void
split(struct table *table)
{
	size_t fresh = table->n_buckets, span = power(fresh + 1);
	struct table_node **from, *node;

	if (!has_room(table))
		return;
	table->buckets[fresh] = NULL;
	table->n_buckets++;
	from = &table->buckets[fresh - span / 2];
	while ((node = *from) != NULL) {
		if ((node->hash & (span - 1)) != fresh) {
			from = &node->next;
			continue;
		}
		*from = node->next;
		node->next = table->buckets[fresh];
		table->buckets[fresh] = node;
	}
}

static bool
has_too_many(const struct table *table)
{
	return !table->visited && table->n_buckets > FIRST &&
	    table->n < table->n_buckets / 2;
}

/* One bucket less: the last one goes back to the one it came from. */
static void
join(struct table *table)
{
	size_t last = table->n_buckets - 1, span = power(table->n_buckets);
	struct table_node **end = &table->buckets[last - span / 2];
	struct table_node **buckets;

	while (*end != NULL)
		end = &(*end)->next;
	*end = table->buckets[last];
	table->n_buckets--;
	if (table->n_buckets > table->cap / 4 || table->cap == FIRST)
		return;
	buckets = realloc(table->buckets, table->cap / 2 * sizeof(*buckets));
	if (buckets == NULL)
		return;
	table->buckets = buckets;
	table->cap /= 2;
}

void
table_put(struct table *table, struct table_node *node, uint64_t hash)
{
	struct table_node **bucket;

	if (table->n >= table->n_buckets)
		split(table);
	bucket = bucket_of(table, hash);
	node->hash = hash;
	node->next = *bucket;
	*bucket = node;
	table->n++;
}

void
table_remove(struct table *table, struct table_node *node)
{
	struct table_node **at = bucket_of(table, node->hash);

	while (*at != NULL && *at != node)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = node->next;
	table->n--;
	/* two at a time: half as many nodes, half as many buckets */
	for (int i = 0; i < 2 && has_too_many(table); i++)
		join(table);
}

static struct table_node *
first_of(struct table_node *node, uint64_t hash)
{
	while (node != NULL && node->hash != hash)
		node = node->next;
	return node;
}

struct table_node *
table_find(const struct table *table, uint64_t hash)
{
	return first_of(*bucket_of(table, hash), hash);
}

struct table_node *
table_again(const struct table_node *node)
{
	return first_of(node->next, node->hash);
}

struct table_node *
table_any(const struct table *table)
{
	for (size_t i = 0; table->n > 0 && i < table->n_buckets; i++)
		if (table->buckets[i] != NULL)
			return table->buckets[i];
	return NULL;
}

void
table_each(struct table *table,
    void (*visit)(void *context, struct table_node *node), void *context)
{
	struct table_node *node, *next;

	table->visited = true; /* and each node stays in its bucket */
	for (size_t i = 0; i < table->n_buckets; i++)
		for (node = table->buckets[i]; node != NULL; node = next) {
			next = node->next;
			visit(context, node);
		}
	table->visited = false;
}

uint64_t
table_hash(const void *key, size_t len)
{
	static uint8_t secret[crypto_shorthash_KEYBYTES];
	static bool drawn;
	uint64_t hash;

	if (!drawn) {
		randombytes_buf(secret, sizeof(secret));
		drawn = true;
	}
	crypto_shorthash((unsigned char *)&hash, key, len, secret);
	return hash;
}

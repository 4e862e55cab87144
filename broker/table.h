/* table.h - I find a thing by its key; I own none of them
 *
 * Intrusive: a thing that can be found carries a node. The table grows and
 * shrinks by one bucket at a time (linear hashing): no single insertion pays
 * for all the others, and nobody for a crowd that has left. Where the key was
 * chosen by somebody outside, its hash comes from table_hash(), which is keyed
 * anew in every process.
 */
#ifndef BROKER_TABLE_H
#define BROKER_TABLE_H

#include <mcp/text.h>

/* the thing around its member */
#define CONTAINER(type, member, pointer) \
	((type *)(void *)((char *)(pointer) - offsetof(type, member)))

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	struct table_node **buckets;
	size_t n_buckets; /* in use */
	size_t cap; /* a power of two */
	size_t n;
	bool visited; /* by table_each() */
};

int table_init(struct table *table); /* 0; -ENOMEM */
void table_deinit(struct table *table);

/* table_put() - always succeeds: where memory is short, chains grow longer */
void table_put(struct table *table, struct table_node *node, uint64_t hash);
void table_remove(struct table *table, struct table_node *node);

/* table_find() - the first node with this hash; then table_again() for more.
 * The caller compares keys. */
struct table_node *table_find(const struct table *table, uint64_t hash);
struct table_node *table_again(const struct table_node *node);

/* table_any() - some node, NULL if there is none: to empty a table */
struct table_node *table_any(const struct table *table);

/* table_each() - call @visit for every node; it may remove the one it is
 * given, and put none */
void table_each(struct table *table,
    void (*visit)(void *context, struct table_node *node), void *context);

uint64_t table_hash(const void *key, size_t len);

#endif

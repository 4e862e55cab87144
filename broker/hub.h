/* hub.h - I find streams by their name
 *
 * A stream's name is 16 bytes, written either as a UUID (a connection id, drawn
 * by us) or as 32 hexadecimal digits (a session's name, sealed by us). Both
 * are random, so their own bytes are the hash.
 */
#ifndef BROKER_HUB_H
#define BROKER_HUB_H

#include "broker/state.h"
#include "broker/table.h"

#define HUB_NAME_MAX 37 /* a name as text, with its NUL */

enum hub_form { HUB_CONNECTION, HUB_SESSION };

struct hub_name {
	uint8_t key[16];
	uint8_t form; /* enum hub_form */
};

enum hub_condition {
	HUB_E_NAME = 1 /* that is no name of a stream */
};

/* hub_name_read() - exactly as hub_name_write() writes it, small letters
 * Return: 0; HUB_E_NAME */
int hub_name_read(struct mcp_text text, struct hub_name *out);
size_t hub_name_write(const struct hub_name *name, char out[HUB_NAME_MAX]);

bool hub_name_equal(const struct hub_name *a, const struct hub_name *b);
uint64_t hub_name_hash(const struct hub_name *name);

/* to and from state.h */
void hub_name_save(const struct hub_name *name, struct state_writer *out);
void hub_name_load(struct hub_name *name, struct state_reader *in);

struct hub_entry {
	struct table_node node;
	struct hub_name name;
};

struct hub {
	struct table by_name;
};

int hub_init(struct hub *hub); /* 0; -ENOMEM */
void hub_deinit(struct hub *hub);

/* hub_add() - @entry, whose name is filled, can be found from now on */
void hub_add(struct hub *hub, struct hub_entry *entry);
void hub_remove(struct hub *hub, struct hub_entry *entry);
struct hub_entry *hub_find(const struct hub *hub, const struct hub_name *name);

#endif

/* hub.c - I find streams by their name */

#include "broker/hub.h"

#include <string.h>

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_dash(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int
hub_name_read(struct mcp_text text, struct hub_name *out)
{
	bool uuid = text.len == 36;
	struct hub_name name = { { 0 }, uuid ? HUB_CONNECTION : HUB_SESSION };
	const char *at = text.at;

	if (!uuid && text.len != 32)
		return HUB_E_NAME;
	for (size_t i = 0; i < sizeof(name.key); i++) {
		int high, low;

		if (uuid && is_dash(i) && *at++ != '-')
			return HUB_E_NAME;
		high = digit(*at++);
		low = digit(*at++);
		if (high < 0 || low < 0)
			return HUB_E_NAME;
		name.key[i] = (uint8_t)(high << 4 | low);
	}
	*out = name;
	return 0;
}

size_t
hub_name_write(const struct hub_name *name, char out[HUB_NAME_MAX])
{
	static const char digits[] = "0123456789abcdef";
	char *at = out;

	for (size_t i = 0; i < sizeof(name->key); i++) {
		if (name->form == HUB_CONNECTION && is_dash(i))
			*at++ = '-';
		*at++ = digits[name->key[i] >> 4];
		*at++ = digits[name->key[i] & 15];
	}
	*at = '\0';
	return (size_t)(at - out);
}

void
hub_name_save(const struct hub_name *name, struct state_writer *out)
{
	state_bytes(out, name->key, sizeof(name->key));
	state_number(out, name->form);
}

void
hub_name_load(struct hub_name *name, struct state_reader *in)
{
	state_read_bytes(in, name->key, sizeof(name->key));
	name->form = (uint8_t)state_read_up_to(in, HUB_SESSION);
}

int
hub_init(struct hub *hub)
{
	return table_init(&hub->by_name);
}

void
hub_deinit(struct hub *hub)
{
	table_deinit(&hub->by_name);
}

bool
hub_name_equal(const struct hub_name *a, const struct hub_name *b)
{
	return a->form == b->form &&
	    memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

uint64_t
hub_name_hash(const struct hub_name *name)
{
	uint64_t hash;

	/* the end: a UUID's version and variant bits are before it */
	memcpy(&hash, name->key + 8, sizeof(hash));
	return hash >> 8;
}

void
hub_add(struct hub *hub, struct hub_entry *entry)
{
	table_put(&hub->by_name, &entry->node, hub_name_hash(&entry->name));
}

void
hub_remove(struct hub *hub, struct hub_entry *entry)
{
	table_remove(&hub->by_name, &entry->node);
}

struct hub_entry *
hub_find(const struct hub *hub, const struct hub_name *name)
{
	struct table_node *node = table_find(&hub->by_name,
	    hub_name_hash(name));

	for (; node != NULL; node = table_again(node)) {
		struct hub_entry *entry = CONTAINER(struct hub_entry, node,
		    node);

		if (hub_name_equal(&entry->name, name))
			return entry;
	}
	return NULL;
}

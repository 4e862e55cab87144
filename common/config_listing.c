/* config_listing.c - I write what clients are shown, revision by revision */

#include "config_parse.h"

#include <mcp/json.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool
is_shown(const struct config_key *key, struct json_object *json,
    enum mcp_revision revision)
{
	if (key->listed != NULL && !key->listed(json, revision))
		return false;
	if (key->shown < CONFIG_SHOWN_WITH)
		return key->shown == CONFIG_SHOWN;
	return mcp_revision_has(
	    revision, (enum mcp_field)(key->shown - CONFIG_SHOWN_WITH));
}

static void
put_plain(struct mcp_buf *out, struct json_object *json)
{
	const char *text = mcp_json_text(json);

	if (text == NULL)
		out->failed = true;
	else
		mcp_buf_puts(out, text);
}

static void put_object(struct mcp_buf *out, struct json_object *json,
    const struct config_table *table, enum mcp_revision revision);

static void
put_elements(struct mcp_buf *out, struct json_object *json,
    const struct config_table *table, enum mcp_revision revision)
{
	mcp_buf_putc(out, '[');
	for (size_t i = 0; i < json_object_array_length(json); i++) {
		if (i > 0)
			mcp_buf_putc(out, ',');
		put_object(
		    out, json_object_array_get_idx(json, i), table, revision);
	}
	mcp_buf_putc(out, ']');
}

static void
put_value(struct mcp_buf *out, struct json_object *json,
    const struct config_key *key, enum mcp_revision revision)
{
	if (key->table != NULL)
		put_object(out, json, key->table, revision);
	else if (key->list != NULL)
		put_elements(out, json, key->list->table, revision);
	else
		put_plain(out, json);
}

/* in the order of the file */
static void
put_object(struct mcp_buf *out, struct json_object *json,
    const struct config_table *table, enum mcp_revision revision)
{
	bool first = true;

	mcp_buf_putc(out, '{');
	json_object_object_foreach(json, name, value) {
		const struct config_key *key = config_key(table, name);

		if (!is_shown(key, value, revision))
			continue;
		if (!first)
			mcp_buf_putc(out, ',');
		first = false;
		mcp_buf_json_string(out, mcp_text_of(name));
		mcp_buf_putc(out, ':');
		put_value(out, value, key, revision);
	}
	mcp_buf_putc(out, '}');
}

/* What has problems is not listed: from here on every key is known and every
 * value of its type. */
void
config_listing(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, char *listing[MCP_N_REVISIONS])
{
	if (reader->n_errors > 0 || reader->no_memory)
		return;
	for (int i = MCP_REVISION_FIRST; i <= MCP_REVISION_LAST; i++) {
		struct mcp_buf out = MCP_BUF_INIT;

		put_object(&out, at->json, table, (enum mcp_revision)i);
		if (out.failed) {
			reader->no_memory = true;
			mcp_buf_deinit(&out);
			return;
		}
		listing[i] = out.data;
	}
}

/* Before the brace that ends the object. */
static char *
with_output(const char *listing, const char *schema)
{
	struct mcp_buf out = MCP_BUF_INIT;

	mcp_buf_append(&out, listing, strlen(listing) - 1);
	mcp_buf_puts(&out, ",\"outputSchema\":");
	mcp_buf_puts(&out, schema);
	mcp_buf_putc(&out, '}');
	if (out.failed)
		mcp_buf_deinit(&out);
	return out.data;
}

int
mcp_config_add_output(struct mcp_tool *tool, const char *schema)
{
	char *fresh[MCP_N_REVISIONS] = { NULL };

	for (int i = MCP_REVISION_FIRST; i <= MCP_REVISION_LAST; i++) {
		if (!mcp_revision_has(
			(enum mcp_revision)i, MCP_FIELD_OUTPUT_SCHEMA))
			continue;
		fresh[i] = with_output(tool->listing[i], schema);
		if (fresh[i] == NULL)
			goto fail;
	}
	for (int i = MCP_REVISION_FIRST; i <= MCP_REVISION_LAST; i++)
		if (fresh[i] != NULL) {
			free(tool->listing[i]);
			tool->listing[i] = fresh[i];
		}
	tool->has_output = true;
	return 0;
fail:
	for (int i = MCP_REVISION_FIRST; i <= MCP_REVISION_LAST; i++)
		free(fresh[i]);
	return -ENOMEM;
}

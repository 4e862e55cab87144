/* revision.h - I know which MCP revisions exist, their era, and what each one
 * changed
 *
 * Revisions compare: a later one is the greater number.
 */
#ifndef MCP_REVISION_H
#define MCP_REVISION_H

#include <mcp/text.h>

enum mcp_revision {
	MCP_REVISION_NONE = 0, /* no revision of ours */
	MCP_2024_11_05,
	MCP_2025_03_26,
	MCP_2025_06_18,
	MCP_2025_11_25,
	MCP_2026_07_28
};
#define MCP_REVISION_FIRST MCP_2024_11_05
#define MCP_REVISION_LAST MCP_2026_07_28
#define MCP_REVISION_LEGACY_LAST MCP_2025_11_25
#define MCP_N_REVISIONS (MCP_REVISION_LAST + 1) /* to index by revision */

enum mcp_era {
	MCP_ERA_LEGACY, /* initialize, sessions */
	MCP_ERA_MODERN /* every request carries everything */
};

/* mcp_revision_of() - "2025-06-18" to its number
 * Return: the revision; MCP_REVISION_NONE when it is none of ours */
enum mcp_revision mcp_revision_of(struct mcp_text name);

const char *mcp_revision_name(enum mcp_revision revision);
enum mcp_era mcp_revision_era(enum mcp_revision revision);

/* mcp_revision_offer() - the answer to an initialize that asks for @asked
 * Return: @asked where it is a legacy revision of ours, else the latest legacy
 * Spec:   "Lifecycle", "Version Negotiation" */
enum mcp_revision mcp_revision_offer(enum mcp_revision asked);

/* Wire fields that appeared or vanished; mcp_revision_has() reads the table. */
enum mcp_field {
	MCP_FIELD_ANNOTATIONS, /* on tools */
	MCP_FIELD_AUDIO, /* content */
	MCP_FIELD_BATCH, /* JSON-RPC arrays; came and went */
	MCP_FIELD_COMPLETIONS, /* capability */
	MCP_FIELD_TITLE,
	MCP_FIELD_OUTPUT_SCHEMA, /* and structuredContent */
	MCP_FIELD_RESOURCE_LINK,
	MCP_FIELD_ICONS,
	MCP_FIELD_RESULT_TYPE, /* and ttlMs, cacheScope, serverInfo in _meta */
	MCP_N_FIELDS
};
bool mcp_revision_has(enum mcp_revision revision, enum mcp_field field);

#endif

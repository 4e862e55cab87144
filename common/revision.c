/* revision.c - I know which MCP revisions exist, their era, and what each one
 * changed */
#include <mcp/revision.h>

static const struct {
	const char *name;
	enum mcp_era era;
} revisions[MCP_N_REVISIONS] = {
	[MCP_REVISION_NONE] = { "", MCP_ERA_LEGACY },
	[MCP_2024_11_05] = { "2024-11-05", MCP_ERA_LEGACY },
	[MCP_2025_03_26] = { "2025-03-26", MCP_ERA_LEGACY },
	[MCP_2025_06_18] = { "2025-06-18", MCP_ERA_LEGACY },
	[MCP_2025_11_25] = { "2025-11-25", MCP_ERA_LEGACY },
	[MCP_2026_07_28] = { "2026-07-28", MCP_ERA_MODERN },
};

/* "Key Changes" of each revision: the first and the last that has it. */
static const struct {
	enum mcp_revision first, last;
} fields[MCP_N_FIELDS] = {
	[MCP_FIELD_ANNOTATIONS] = { MCP_2025_03_26, MCP_REVISION_LAST },
	[MCP_FIELD_AUDIO] = { MCP_2025_03_26, MCP_REVISION_LAST },
	[MCP_FIELD_BATCH] = { MCP_2025_03_26, MCP_2025_03_26 },
	[MCP_FIELD_COMPLETIONS] = { MCP_2025_03_26, MCP_REVISION_LAST },
	[MCP_FIELD_TITLE] = { MCP_2025_06_18, MCP_REVISION_LAST },
	[MCP_FIELD_OUTPUT_SCHEMA] = { MCP_2025_06_18, MCP_REVISION_LAST },
	[MCP_FIELD_RESOURCE_LINK] = { MCP_2025_06_18, MCP_REVISION_LAST },
	[MCP_FIELD_ICONS] = { MCP_2025_11_25, MCP_REVISION_LAST },
	[MCP_FIELD_RESULT_TYPE] = { MCP_2026_07_28, MCP_REVISION_LAST },
};

enum mcp_revision
mcp_revision_of(struct mcp_text name)
{
	enum mcp_revision revision;

	for (revision = MCP_REVISION_LAST; revision >= MCP_REVISION_FIRST;
	     revision--)
		if (mcp_text_is(name, revisions[revision].name))
			return revision;
	return MCP_REVISION_NONE;
}

const char *
mcp_revision_name(enum mcp_revision revision)
{
	return revisions[revision].name;
}

enum mcp_era
mcp_revision_era(enum mcp_revision revision)
{
	return revisions[revision].era;
}

enum mcp_revision
mcp_revision_offer(enum mcp_revision asked)
{
	if (asked < MCP_REVISION_FIRST || asked > MCP_REVISION_LEGACY_LAST)
		return MCP_REVISION_LEGACY_LAST;
	return asked;
}

bool
mcp_revision_has(enum mcp_revision revision, enum mcp_field field)
{
	return revision >= fields[field].first &&
	    revision <= fields[field].last;
}

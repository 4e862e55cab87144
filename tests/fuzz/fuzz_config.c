/* fuzz_config.c - mcp.json becomes a snapshot, or a list of problems; as a pack
 * it is the same one again
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include <mcp/config.h>

static void
is_told(const struct mcp_problems *problems, int condition)
{
	LAW((condition == MCP_CONFIG_E_PROBLEMS) == (problems->n_errors > 0));
	for (size_t i = 0; i < problems->n; i++)
		LAW(problems->at[i].file != NULL &&
		    problems->at[i].what != NULL);
}

/* What clients are shown is JSON in each revision that shows it. */
static void
is_shown(char *const listing[MCP_N_REVISIONS])
{
	for (int i = MCP_REVISION_FIRST; i < MCP_N_REVISIONS; i++)
		LAW(listing[i] == NULL ||
		    fuzz_is_json(mcp_text_of(listing[i])));
}

static void
is_a_snapshot(const struct mcp_config *config)
{
	LAW(strlen(config->digest) == 64);
	for (size_t i = 0; i < config->n_tools; i++) {
		LAW(config->tools[i].input != NULL);
		is_shown(config->tools[i].listing);
	}
	for (size_t i = 0; i < config->n_resources; i++)
		is_shown(config->resources[i].listing);
	for (size_t i = 0; i < config->n_templates; i++) {
		LAW(config->templates[i].template != NULL);
		is_shown(config->templates[i].listing);
	}
	for (size_t i = 0; i < config->n_prompts; i++)
		is_shown(config->prompts[i].listing);
	LAW(mcp_config_changes(config, config) == 0);
}

/* Not always: a pack costs 64 MiB of address space to read. */
static void
is_the_same_packed(const struct mcp_config *config, const struct mcp_buf *pack)
{
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	struct mcp_config *again = NULL;

	if (config->digest[0] != '0')
		return;
	LAW(mcp_config_load(fuzz_file(mcp_buf_view(pack)), &again, &problems) ==
	    0);
	LAW(strcmp(again->digest, config->digest) == 0);
	LAW(mcp_config_changes(config, again) == 0);
	mcp_config_free(again);
	mcp_problems_deinit(&problems);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text text = { (const char *)data, size };
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	struct mcp_buf pack = MCP_BUF_INIT, told = MCP_BUF_INIT;
	struct mcp_config *config = NULL;
	int condition =
	    mcp_config_load_packed(fuzz_file(text), &config, &pack, &problems);

	LAW(condition == 0 || condition == MCP_CONFIG_E_PROBLEMS);
	LAW((condition == 0) == (config != NULL));
	is_told(&problems, condition);
	mcp_problems_tell(&problems, &told);
	if (condition == 0) {
		is_a_snapshot(config);
		is_the_same_packed(config, &pack);
	}
	mcp_config_free(config);
	mcp_problems_deinit(&problems);
	mcp_buf_deinit(&pack);
	mcp_buf_deinit(&told);
	return 0;
}

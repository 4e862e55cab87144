/* fuzz_config_pack.c - a pack is whole, or it is none: its files lie in it side
 * by side
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_parse.h"

/* All that is in it adds up to it. */
static void
adds_up(const struct config_pack *pack, struct mcp_text all)
{
	struct mcp_buf path = MCP_BUF_INIT;
	struct mcp_text whole, bytes;
	size_t n = 0, len = CONFIG_PACK_HEAD;

	while (config_pack_path(pack, n, &path) != NULL) {
		if (strlen(path.data) == path.len)
			LAW(config_pack_find(pack, path.data, &whole, &bytes));
		n++;
		len += path.len;
	}
	LAW(n > 0 && n <= CONFIG_FILES_MAX && len <= all.len);
	LAW(!path.failed);
	mcp_buf_deinit(&path);
}

/* With a problem or without, it does not run out of memory. */
static void
loads(struct mcp_text all)
{
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	struct mcp_config *config = NULL;
	int condition = mcp_config_load(fuzz_file(all), &config, &problems);

	LAW(condition == 0 || condition == MCP_CONFIG_E_PROBLEMS);
	mcp_config_free(config);
	mcp_problems_deinit(&problems);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text all = { (const char *)data, size };
	struct config_pack *pack = NULL;
	char *bytes;
	int error;

	if (!config_pack_is(all))
		return 0;
	bytes = malloc(size);
	if (bytes == NULL)
		abort();
	memcpy(bytes, data, size);
	error = config_pack_open(&bytes, size, &pack);
	LAW(error == 0 || error == -EBADMSG);
	LAW((error == 0) == (bytes == NULL));
	if (error == 0) {
		adds_up(pack, all);
		loads(all);
	}
	config_pack_free(pack);
	free(bytes);
	return 0;
}

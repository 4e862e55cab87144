/* fuzz_openapi.c - a description becomes a file that the configuration takes,
 * the same each time
 *
 * input = options DESCRIPTION, in JSON or in YAML
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>

#include <mcp/config.h>
#include <mcp/scan.h>

#include "ctl/openapi.h"
#include "ctl/yaml.h"

static struct json_object *
description(struct mcp_text text)
{
	struct json_object *json = fuzz_json(text, MCP_SCAN_MANY);
	struct mcp_buf why = MCP_BUF_INIT;
	unsigned line;

	if (json == NULL)
		(void)yaml_read(text, &json, &line, &why);
	mcp_buf_deinit(&why);
	return json;
}

/* "each tool I write has passed the scanner, and its schemas compile" */
static void
is_taken(struct mcp_text tools)
{
#ifdef HAVE_CURL
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	struct mcp_config *config = NULL;

	if (mcp_config_load(fuzz_file(tools), &config, &problems) != 0)
		mcp_problems_print(&problems, 2);
	LAW(problems.n_errors == 0 && config != NULL);
	LAW(config->n_tools > 0);
	mcp_config_free(config);
	mcp_problems_deinit(&problems);
#endif
	LAW(mcp_scan(tools, MCP_SCAN_COMMENTS, NULL, 0, NULL) == 0);
}

static void
import(struct json_object *json, const struct openapi_options *options)
{
	struct mcp_buf out = MCP_BUF_INIT, told = MCP_BUF_INIT;
	struct mcp_buf again = MCP_BUF_INIT;
	int condition = openapi_import(json, options, &out, &told);

	LAW(condition == 0 || condition == OPENAPI_E_NOTHING);
	LAW((condition == 0) == (out.len > 0));
	LAW(condition == 0 || told.len > 0);
	LAW(mcp_text_is_utf8(mcp_buf_view(&told)));
	if (condition == 0)
		is_taken(mcp_buf_view(&out));
	mcp_buf_reset(&told);
	LAW(openapi_import(json, options, &again, &told) == condition);
	LAW(mcp_text_equal(mcp_buf_view(&out), mcp_buf_view(&again)));
	mcp_buf_deinit(&out);
	mcp_buf_deinit(&told);
	mcp_buf_deinit(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text text = { (const char *)data, size };
	unsigned bits = fuzz_pick(&text, 8);
	struct openapi_options options = { .file = "fuzz",
		.prefix = "",
		.base_url = bits & 1 ? "https://back.example/v1" : NULL,
		.read_only = bits & 2,
		.no_output = bits & 4 };
	struct json_object *json = description(text);

	if (json_object_is_type(json, json_type_object))
		import(json, &options);
	json_object_put(json);
	return 0;
}

/* fuzz_yaml.c - YAML becomes what JSON can say, or is refused with a reason */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>

#include <mcp/json.h>

#include "ctl/yaml.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text yaml = { (const char *)data, size };
	struct mcp_buf why = MCP_BUF_INIT;
	struct json_object *json = NULL;
	unsigned line = 0;
	int condition = yaml_read(yaml, &json, &line, &why);

	LAW(condition == 0 || condition == YAML_E_BAD ||
	    condition == YAML_E_ABSENT);
	LAW((condition == 0) == (why.len == 0));
	LAW(condition == 0 || json == NULL);
	LAW(fuzz_is_json(mcp_text_of(mcp_json_text(json))));
	json_object_put(json);
	mcp_buf_deinit(&why);
	return 0;
}

/* fuzz_scan.c - what the strict eye accepts, json-c reads, and nobody else
 * reads otherwise
 *
 * input = flags JSON
 */
#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>

#include <mcp/json.h>
#include <mcp/scan.h>

static void
refused(struct mcp_text json, int condition, const struct mcp_scan_error *error)
{
	LAW(condition >= MCP_SCAN_E_SYNTAX && condition <= MCP_SCAN_E_NUL);
	LAW(error->offset <= json.len);
	LAW(error->line >= 1 && error->column >= 1 && error->what != NULL);
}

/* Of an array that was accepted each element is a value by itself. */
static void
elements(struct mcp_text json)
{
	struct mcp_text value = MCP_TEXT_INIT;

	while (mcp_scan_next(json, &value) == 0)
		LAW(value.len > 0 && fuzz_lies_in(value, json) &&
		    fuzz_is_json(value));
}

static void
accepted(struct mcp_text json, unsigned flags)
{
	struct json_object *tree = fuzz_json(json, flags);

	LAW(fuzz_is_json(mcp_text_of(mcp_json_text(tree))));
	LAW(mcp_scan_line(json, flags, "/a/0/b") >=
	    mcp_scan_line(json, flags, ""));
	json_object_put(tree);
	if ((flags & MCP_SCAN_COMMENTS) == 0)
		elements(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text json = { (const char *)data, size };
	unsigned flags = fuzz_pick(&json, 4);
	struct mcp_scan_watch watch = { "id", MCP_TEXT_INIT };
	struct mcp_scan_error error;
	int condition = mcp_scan(json, flags, &watch, 1, &error);

	if (condition != 0)
		refused(json, condition, &error);
	else
		accepted(json, flags);
	LAW(fuzz_lies_in(watch.value, json));
	LAW(condition != 0 || watch.value.len == 0 ||
	    mcp_scan(watch.value, flags, NULL, 0, NULL) == 0);
	return 0;
}

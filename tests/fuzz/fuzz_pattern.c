/* fuzz_pattern.c - a regular expression is read or refused with a reason, and
 * no text keeps it busy for ever
 *
 * input = EXPRESSION NUL TEXT
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/schema_parts.h"

static bool
matches(const struct pattern *pattern, struct mcp_text text, int *stoppedp)
{
	struct visit visit = { .steps = MCP_SCHEMA_STEPS_MAX / 10 };
	bool yes = pattern_matches(pattern, &visit, text);

	matcher_free(visit.matcher);
	LAW(visit.stopped == 0 || visit.stopped == MCP_SCHEMA_E_BOUNDS);
	LAW(visit.stopped == 0 || !yes);
	*stoppedp = visit.stopped;
	return yes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text text = { (const char *)data, size };
	char *expression = fuzz_cut(&text);
	struct mcp_buf why = MCP_BUF_INIT;
	struct pattern *pattern = NULL;
	int condition = 0, stopped, again;
	bool yes;

	if (mcp_text_is_utf8(mcp_text_of(expression)) &&
	    strlen(expression) <= MCP_SCHEMA_PATTERN_MAX &&
	    mcp_text_is_utf8(text))
		condition = pattern_new(expression, &pattern, &why);
	LAW(condition == 0 || condition == MCP_SCHEMA_E_BAD);
	LAW((condition == 0) == (why.len == 0));
	LAW(condition == 0 || pattern == NULL);
	if (pattern != NULL) {
		LAW(strcmp(pattern_text(pattern), expression) == 0);
		yes = matches(pattern, text, &stopped);
		LAW(matches(pattern, text, &again) == yes && again == stopped);
	}
	pattern_free(pattern);
	mcp_buf_deinit(&why);
	free(expression);
	return 0;
}

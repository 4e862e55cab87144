/* fuzz_back_answer.c - whatever a back end answers becomes a result, nothing,
 * or a sentence
 *
 * input = status output options CONTENT-TYPE NUL BODY
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include <mcp/scan.h>

#include "fcgi/back_answer.h"

static const unsigned statuses[] = { 200, 204, 302, 400, 404, 422, 429, 503 };
#define N_STATUSES (sizeof(statuses) / sizeof(statuses[0]))

static void
is_a_result(const struct handler_result *result, int condition)
{
	struct mcp_text structured = mcp_buf_view(&result->structured);
	int scanned = 0;

	LAW(condition == 0 || condition == HANDLER_E_FAILED ||
	    condition == HANDLER_E_NONE);
	LAW(condition == 0 || (result->text.len > 0 && structured.len == 0));
	/* what is wrapped may stand one level too deep */
	if (structured.len > 0)
		scanned = mcp_scan(structured, 0, NULL, 0, NULL);
	LAW(scanned == 0 || scanned == MCP_SCAN_E_DEPTH);
	LAW(structured.len == 0 || structured.at[0] == '{');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text rest = { (const char *)data, size };
	struct back_answer answer = BACK_ANSWER_INIT;
	struct handler_result result = HANDLER_RESULT_INIT;
	static struct mcp_http http;
	unsigned options;
	char *type;

	answer.status = statuses[fuzz_pick(&rest, N_STATUSES)];
	http.output = (enum mcp_http_output)fuzz_pick(&rest, 3);
	for (unsigned ok = 200; ok < 300; ok++)
		http.ok[ok - 100] = true;
	options = fuzz_pick(&rest, 4);
	answer.cut = options & 1;
	type = fuzz_cut(&rest);
	snprintf(answer.type, sizeof(answer.type), "%s", type);
	free(type);
	mcp_buf_text(&answer.body, rest);
	is_a_result(&result,
	    back_answer_result(&http, options & 2, NULL, &answer, &result));
	mcp_buf_deinit(&answer.body);
	handler_result_deinit(&result);
	return 0;
}

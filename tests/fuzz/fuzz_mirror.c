/* fuzz_mirror.c - a header says what the body says, plain or in Base64, or the
 * request is refused
 *
 * input = MCP-NAME NUL MCP-PARAM-A NUL MCP-PARAM-N NUL BODY
 */
#include "tests/fuzz/fuzz.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/dispatch.h"
#include "fcgi/meta.h"

static const char site[] =
    "{\"tools\":[{\"name\":\"t\",\"text\":\"!\",\"inputSchema\":{\"type\":"
    "\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":"
    "\"A\"},\"n\":{\"type\":\"integer\",\"x-mcp-header\":\"N\"}}}}]}";

static const struct mcp_config *
config(void)
{
	static struct mcp_config *config;
	struct mcp_problems problems = MCP_PROBLEMS_INIT;

	if (config == NULL &&
	    mcp_config_load(fuzz_file(mcp_text_of(site)), &config, &problems) !=
		0) {
		mcp_problems_print(&problems, 2);
		abort();
	}
	mcp_problems_deinit(&problems);
	return config;
}

/* Return: what meta_mirrors() says of @body under these headers */
static int
mirrors(const char *method, char *const headers[3], struct mcp_text body)
{
	static const struct method known = { "tools/call", tools_call,
		MCP_2026_07_28, MCP_2026_07_28, 0, "name" };
	struct call *call = calloc(1, sizeof(*call));
	char *variables[] = { headers[1], headers[2], NULL };
	struct http_request request = { .mcp_method = mcp_text_of(method),
		.mcp_name = mcp_text_of(headers[0]),
		.variables = variables };
	struct mcp_scan_error error;
	const char *why;
	int condition = CALL_E_FAILED;

	if (call == NULL)
		abort();
	call->config = config();
	call->method = &known;
	if (call_read(call, body, &error, &why) == 0 &&
	    call->message.method != NULL) {
		condition = meta_mirrors(call, &request);
		LAW(condition == 0 || condition == CALL_E_FAILED);
		LAW(condition == 0 || call->code == MCP_HEADER_MISMATCH);
	}
	call_forget(call);
	mcp_buf_deinit(&call->error);
	mcp_buf_deinit(&call->data);
	free(call);
	return condition;
}

static void
wrap(struct mcp_text text, struct mcp_buf *out)
{
	size_t room =
	    sodium_base64_encoded_len(text.len, sodium_base64_VARIANT_ORIGINAL);
	char *base64 = malloc(room);

	sodium_bin2base64(base64, room, (const unsigned char *)text.at,
	    text.len, sodium_base64_VARIANT_ORIGINAL);
	mcp_buf_printf(out, "=?base64?%s?=", base64);
	free(base64);
}

/* Any name fits the header that says it in Base64, and no other name's. */
static void
fits_in_base64(struct mcp_text name)
{
	struct mcp_buf body = MCP_BUF_INIT, header = MCP_BUF_INIT;
	char absent[] = "ABSENT=";

	mcp_buf_puts(&body,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\","
	    "\"params\":{\"name\":");
	mcp_buf_json_string(&body, name);
	mcp_buf_puts(&body, "}}");
	wrap(name, &header);
	LAW(mirrors("tools/call", (char *[]){ header.data, absent, absent },
		mcp_buf_view(&body)) == 0);
	mcp_buf_reset(&header);
	wrap((struct mcp_text){ name.at, name.len - 1 }, &header);
	LAW(mirrors("tools/call", (char *[]){ header.data, absent, absent },
		mcp_buf_view(&body)) == CALL_E_FAILED);
	mcp_buf_deinit(&body);
	mcp_buf_deinit(&header);
}

static char *
variable(const char *name, struct mcp_text *restp)
{
	char *value = fuzz_cut(restp), *entry;

	if (asprintf(&entry, "HTTP_MCP_PARAM_%s=%s", name, value) < 0)
		abort();
	free(value);
	return entry;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text rest = { (const char *)data, size };
	char *headers[3];

	headers[0] = fuzz_cut(&rest);
	headers[1] = variable("A", &rest);
	headers[2] = variable("N", &rest);
	(void)mirrors("tools/call", headers, rest);
	if (rest.len > 0 && mcp_text_is_utf8(rest))
		fits_in_base64(rest);
	for (size_t i = 0; i < 3; i++)
		free(headers[i]);
	return 0;
}

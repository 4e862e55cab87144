/* fuzz_gate.c - who does not pass is told nothing, and what is told is told in
 * lines
 *
 * input = site HOST NUL ORIGIN NUL ADDRESS NUL WANTED, each as a head has it
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <mcp/config.h>
#include <mcp/gate.h>

static char host[] = "crm.example", origin[] = "https://app.example";
static char any[] = "*";
static char *hosts[] = { host }, *origins[] = { origin }, *anys[] = { any };
static const struct mcp_server sites[] = {
	{ .allowed_hosts = { NULL, 0 } },
	{ .allowed_hosts = { hosts, 1 }, .allowed_origins = { origins, 1 } },
	{ .allowed_hosts = { anys, 1 }, .allowed_origins = { anys, 1 } },
};

static bool
has_controls(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' && *text != '\t')
			return true;
	return false;
}

/* "Name: value" CR LF each, whatever was asked */
static void
are_lines(struct mcp_text out)
{
	while (out.len > 0) {
		const char *end = memchr(out.at, '\n', out.len);
		size_t len = end == NULL ? 0 : (size_t)(end - out.at) + 1;

		LAW(len > 2 && end[-1] == '\r');
		LAW(memchr(out.at, '\r', len) == end - 1);
		LAW(memchr(out.at, ':', len) != NULL);
		out.at += len;
		out.len -= len;
	}
}

static void
told(const struct mcp_server *site, const struct mcp_gate_request *request)
{
	int condition = mcp_gate_check(site, request);
	struct mcp_buf out = MCP_BUF_INIT;

	LAW(condition >= 0 && condition <= MCP_GATE_E_HOST);
	mcp_gate_cors(site, request, true, &out);
	are_lines(mcp_buf_view(&out));
	if (condition != 0 || request->origin.len == 0)
		LAW(strstr(out.data, "Access-Control-Allow-Origin") == NULL);
	mcp_buf_deinit(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text rest = { (const char *)data, size };
	const struct mcp_server *site = &sites[fuzz_pick(&rest, 3)];
	char *parts[4];
	bool clean = true;

	for (size_t i = 0; i < 4; i++) {
		parts[i] = fuzz_cut(&rest);
		clean = clean && !has_controls(parts[i]);
	}
	if (clean)
		told(site,
		    &(struct mcp_gate_request){ mcp_text_of(parts[0]),
			mcp_text_of(parts[1]), mcp_text_of(parts[2]),
			mcp_text_of(parts[3]) });
	for (size_t i = 0; i < 4; i++)
		free(parts[i]);
	return 0;
}

/* fuzz_listen.c - a filter is honoured within its limits, or refused in JSON
 *
 * input = VERSION NUL METHOD NUL BODY: two headers, and what they stand before
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "broker/listen.h"
#include "broker/notice.h"

static const struct mcp_config config = {
	.n_tools = 1, .n_prompts = 1, .n_resources = 1
};

static void
is_refused(const struct listen *listen)
{
	struct mcp_buf out = MCP_BUF_INIT;

	LAW(listen->code != 0 && listen->why[0] != '\0');
	mcp_jsonrpc_error(&out, listen->id, listen->code,
	    mcp_text_of(listen->why), mcp_buf_view(&listen->data));
	LAW(fuzz_is_json(mcp_buf_view(&out)));
	mcp_buf_deinit(&out);
}

/* "data: JSON" */
static void
is_an_event(struct mcp_text event)
{
	const char *data =
	    event.len == 0 ? NULL : memmem(event.at, event.len, "data: ", 6);
	size_t left;

	LAW(data != NULL);
	left = event.len - (size_t)(data + 6 - event.at);
	LAW(left > 2 && memcmp(data + 6 + left - 2, "\n\n", 2) == 0);
	LAW(memchr(data + 6, '\n', left) == data + 6 + left - 2);
	LAW(fuzz_is_json((struct mcp_text){ data + 6, left - 2 }));
}

static void
is_honoured(struct listen *listen)
{
	struct mcp_identity who = { .user = MCP_TEXT_INIT };
	struct mcp_buf out = MCP_BUF_INIT;

	LAW(listen->id.len > 0 && listen->id.len <= MCP_WIRE_REQUEST_MAX);
	LAW((listen->topics & ~listen_offered(&config)) == 0);
	LAW(listen->n_uris <= LISTEN_URIS_MAX);
	LAW(listen->n_tasks <= LISTEN_TASKS_MAX);
	for (size_t i = 0; i < listen->n_uris; i++)
		LAW(listen->uris[i].len <= LISTEN_URI_MAX);
	for (size_t i = 0; i < listen->n_tasks; i++)
		LAW(listen->tasks[i].len <= LISTEN_TASK_MAX);
	LAW(listen_permit(&(struct mcp_config){ .n_tools = 0 }, &who, listen) ==
	    0);
	notice_acknowledged(&out, listen);
	is_an_event(mcp_buf_view(&out));
	mcp_buf_reset(&out);
	notice_complete(&out, listen->id);
	is_an_event(mcp_buf_view(&out));
	mcp_buf_deinit(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text body = { (const char *)data, size };
	char *version = fuzz_cut(&body), *method = fuzz_cut(&body);
	struct head head = { .version = mcp_text_of(version),
		.mcp_method = mcp_text_of(method) };
	struct listen listen;
	int condition = listen_read(&config, &head, body, &listen);

	LAW(condition == 0 || condition == LISTEN_E_REFUSED);
	LAW(fuzz_lies_in(listen.id, body));
	if (condition == 0)
		is_honoured(&listen);
	else
		is_refused(&listen);
	listen_deinit(&listen);
	free(version);
	free(method);
	return 0;
}

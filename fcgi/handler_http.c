/* handler_http.c - I know whether anybody here can ask a back end */

#include "fcgi/handler_http.h"
#include "fcgi/part.h"

/* Whoever has a snapshot that needs it can see it: it was there before. */
static const struct http_client *client;

void
http_handles_free(struct http_handles *handles)
{
	if (handles != NULL)
		client->handles_free(handles);
}

int
handler_http_run(struct call *call, const struct mcp_http *http,
    struct json_object *values, struct handler_result *result)
{
	return client->run(call, http, values, result);
}

int
handler_http_check(struct mcp_config *config, struct mcp_problems *problems)
{
	if (!mcp_config_uses(config, MCP_HANDLER_HTTP))
		return 0;
	if (client == NULL)
		client = part_fetch("http.so", config, problems);
	return client == NULL ? 0 : client->check(config, problems);
}

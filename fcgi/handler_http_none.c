/* handler_http_none.c - I stand in where there is no libcurl: a file that asks
 * a back end has been refused before anybody comes to me
 */

#include "fcgi/handler_http.h"

#include <errno.h>

void
http_handles_free(struct http_handles *handles)
{
	(void)handles;
}

int
handler_http_run(struct call *call, const struct mcp_http *http,
    struct json_object *values, struct handler_result *result)
{
	(void)call;
	(void)http;
	(void)values;
	(void)result;
	return -ENOSYS;
}

int
handler_http_check(struct mcp_config *config, struct mcp_problems *problems)
{
	(void)config;
	(void)problems;
	return 0;
}

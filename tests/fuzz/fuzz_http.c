/* fuzz_http.c - CGI variables become one request, whatever they say
 *
 * input = NAME=VALUE NUL NAME=VALUE NUL ...
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/http.h"

#define VARIABLES_MAX 64

static void
is_trimmed(struct mcp_text text)
{
	LAW(mcp_text_equal(mcp_text_trim(text), text));
	LAW(text.len == 0 || memchr(text.at, '\0', text.len) == NULL);
}

static void
is_a_request(const struct http_request *request)
{
	struct mcp_text value = http_query(request, "connection_id"), found;

	LAW(fuzz_lies_in(value, request->query));
	LAW(value.len == 0 || memchr(value.at, '&', value.len) == NULL);
	LAW(request->path.len == 0 ||
	    memchr(request->path.at, '?', request->path.len) == NULL);
	is_trimmed(request->gate.host);
	is_trimmed(request->gate.origin);
	is_trimmed(request->session);
	is_trimmed(request->mcp_name);
	is_trimmed(request->user);
	/* the first of each name is the one that counts */
	if (request->user.at != NULL)
		LAW(http_variable(request, "MCP_USER", &found) &&
		    mcp_text_equal(found, request->user));
	LAW(!http_accepts(request, "text/event-stream", false) ||
	    http_accepts(request, "text/event-stream", true));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text rest = { (const char *)data, size };
	char *variables[VARIABLES_MAX + 1] = { NULL };
	struct http_request request = { .variables = variables };

	for (size_t i = 0; i < VARIABLES_MAX && rest.len > 0; i++)
		variables[i] = fuzz_cut(&rest);
	for (char **at = variables; *at != NULL; at++)
		http_header(&request, *at);
	is_a_request(&request);
	for (char **at = variables; *at != NULL; at++)
		free(*at);
	return 0;
}

/* back_request.h - I write a request to a back end, or say why I refuse
 *
 * Arguments are data: percent-encoded in a path and a query, JSON in a JSON
 * body, the whole of a header's value. What cannot be carried so, byte for
 * byte, or what others on the way might read as more than data, is refused
 * with a sentence. I send nothing.
 */
#ifndef FCGI_BACK_REQUEST_H
#define FCGI_BACK_REQUEST_H

#include <mcp/config.h>

struct json_object;

#define BACK_URL_MAX 65536 /* bytes; most servers stop at 8 or 16 KiB */
#define BACK_HEADER_MAX 8192 /* bytes of one value */

enum back_request_condition {
	BACK_REQUEST_E_REFUSED = 1 /* @why is a sentence for the model */
};

/* Who calls; empty: nobody has said. */
struct back_caller {
	struct mcp_text user;
	struct mcp_text authorization;
};

struct back_request {
	struct mcp_buf url;
	struct mcp_buf headers; /* "Name: value", or "Name;" where the value is
				   empty, each with a NUL behind it */
	struct mcp_buf body;
	bool has_body;
};
#define BACK_REQUEST_INIT \
	((struct back_request){ MCP_BUF_INIT, MCP_BUF_INIT, MCP_BUF_INIT, \
	    false })

/* back_request_make() - what @http asks for, with @values in its places
 * Units:  @values a JSON object, or NULL
 * Return: 0; BACK_REQUEST_E_REFUSED; -ENOMEM
 * Owner:  @request is to be deinitialised in any case */
int back_request_make(const struct mcp_http *http, struct json_object *values,
    const struct back_caller *caller, struct back_request *request,
    struct mcp_buf *why);
void back_request_deinit(struct back_request *request);

/* back_method() - "GET" */
const char *back_method(enum mcp_http_method method);

#endif

/* handler_http.h - I ask back ends
 *
 * A request to a back end of the site, on a connection that the slot keeps.
 * Scheme, host and port are the file's; redirects lead nowhere else; no proxy,
 * no cookie, no file of the environment has a say. A transfer ends at once when
 * its call is cancelled, and in time when the call must be answered.
 *
 * Who says curl_ for it is a part of its own (part.h), and fills the table.
 */
#ifndef FCGI_HANDLER_HTTP_H
#define FCGI_HANDLER_HTTP_H

#include "fcgi/handler.h"

struct http_handles; /* of one slot */

void http_handles_free(struct http_handles *handles);

/* handler_http_run() - see handler_run()
 * Shape:  JSON: text is the answer, structured the same where it is an object,
 *         else {"value":...}; text: text; all else: bytes of the answer's type
 */
int handler_http_run(struct call *call, const struct mcp_http *http,
    struct json_object *values, struct handler_result *result);

/* handler_http_check() - read the secrets of the snapshot, before anybody else
 * sees it
 * Return: 0; problems are added to @problems; -errno */
int handler_http_check(struct mcp_config *config,
    struct mcp_problems *problems);

/* The same three, in the part. */
struct http_client {
	void (*handles_free)(struct http_handles *handles);
	int (*run)(struct call *call, const struct mcp_http *http,
	    struct json_object *values, struct handler_result *result);
	int (*check)(struct mcp_config *config, struct mcp_problems *problems);
};

#endif

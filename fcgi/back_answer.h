/* back_answer.h - I turn what a back end answered into a result
 *
 * A status becomes a result, a sentence for the model, or "nothing there"; a
 * body becomes text, JSON, or bytes of a type. What went wrong behind the back
 * end is no caller's business: it is told to come again later.
 */
#ifndef FCGI_BACK_ANSWER_H
#define FCGI_BACK_ANSWER_H

#include "fcgi/handler.h"

struct json_object;

#define BACK_TYPE_MAX 256 /* bytes of a Content-Type */

struct back_answer {
	unsigned status;
	char type[BACK_TYPE_MAX]; /* Content-Type; "": none */
	struct mcp_buf body;
	bool cut; /* the body goes on, and was not read on */
	unsigned retry_s; /* Retry-After; 0: none */
};
#define BACK_ANSWER_INIT ((struct back_answer){ 0, "", MCP_BUF_INIT, false, 0 })

/* back_answer_is_ok() - is that status one of those that are no failure? */
bool back_answer_is_ok(const struct mcp_http *http, unsigned status);

/* back_answer_result() - what @answer means to a tool, or, where @resource, to
 * who reads one
 * Return: as handler_run()
 * Owner:  @answer stays the caller's; its body may be changed */
int back_answer_result(const struct mcp_http *http, bool resource,
    struct json_object *values, struct back_answer *answer,
    struct handler_result *result);

#endif

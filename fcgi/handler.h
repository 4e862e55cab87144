/* handler.h - one way to get an answer each
 *
 * Tools, resources and prompts are answered by the same handlers: a statement,
 * a text, a file. A handler is given values by name (validated arguments, or
 * the places of a URI) and fills a result.
 */
#ifndef FCGI_HANDLER_H
#define FCGI_HANDLER_H

#include <mcp/config.h>

struct call;
struct json_object;

enum handler_condition {
	HANDLER_E_FAILED = 1, /* result->text is a sentence for the model */
	HANDLER_E_NONE /* nothing is there: no row, no such file; result->text
			  says so */
};

struct handler_result {
	struct mcp_buf text; /* what a reader sees */
	struct mcp_buf structured; /* the same as a JSON object; may be empty */
	bool truncated; /* a cap cut the result */
};
#define HANDLER_RESULT_INIT \
	((struct handler_result){ MCP_BUF_INIT, MCP_BUF_INIT, false })

void handler_result_deinit(struct handler_result *result);

/* handler_run() - within call->slot and until call->deadline_ns
 * Units:  @values a JSON object, or NULL
 * Return: 0; an enum handler_condition; -errno */
int handler_run(struct call *call, const struct mcp_handler *handler,
    struct json_object *values, struct handler_result *result);

/* handler_value() - an mcp_template_fn over a JSON object */
struct mcp_text handler_value(void *object, const char *name);

/* handler_base64() - append @bytes, RFC 4648 with padding */
void handler_base64(struct mcp_buf *out, struct mcp_text bytes);

#endif

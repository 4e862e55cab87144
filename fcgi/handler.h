/* handler.h - I know the ways to an answer
 *
 * Tools, resources, prompts and completions are answered by the same handlers:
 * a statement, a text, a file, a plugin's function. A handler is given values
 * by name (validated arguments, or the places of a URI) and fills a result.
 */
#ifndef FCGI_HANDLER_H
#define FCGI_HANDLER_H

#include <mcp/config.h>

struct call;
struct json_object;

enum handler_condition {
	HANDLER_E_FAILED = 1, /* result->text is a sentence for the model */
	HANDLER_E_NONE, /* nothing is there: no row, no such file; result->text
			   says so */
	HANDLER_E_ASKS, /* the client is to be asked: asks_result() */
	HANDLER_E_CALL, /* the call itself has failed */
	HANDLER_E_REFUSED /* nothing has run; result->text says why */
};

struct handler_result {
	struct mcp_buf text; /* what a reader sees */
	struct mcp_buf structured; /* the same as a JSON object; may be empty */
	struct mcp_buf parts; /* of a plugin, instead of text: content, messages
				 or contents, JSON objects with commas */
	bool is_error; /* the parts say what went wrong */
	const char *mime_type; /* of the resource that is read; NULL: unknown */
	bool truncated;	       /* a cap cut the result, */
	struct mcp_buf cursor; /* and this goes on; or empty */
	struct mcp_buf type; /* of the text, a media type; may be empty */
	bool binary; /* the text is no text, but bytes of that type */
};
#define HANDLER_RESULT_INIT \
	((struct handler_result){ MCP_BUF_INIT, MCP_BUF_INIT, MCP_BUF_INIT, \
	    false, NULL, false, MCP_BUF_INIT, MCP_BUF_INIT, false })

void handler_result_deinit(struct handler_result *result);

/* handler_run() - within call->slot and until call->deadline_ns
 * Units:  @values a JSON object, or NULL
 * Return: 0; an enum handler_condition; -errno */
int handler_run(struct call *call, const struct mcp_handler *handler,
    struct json_object *values, struct handler_result *result);

/* handler_value() - an mcp_template_fn over a JSON object */
struct mcp_text handler_value(void *object, const char *name);

/* handler_bytes() - append what a tool answers in bytes of @type: an image, a
 * sound where the revision knows it, else a resource at @scheme and the tool's
 * name
 * Spec: "Tools", "Tool Result"; audio came with 2025-03-26 */
void handler_bytes(struct mcp_buf *out, const struct call *call,
    const char *scheme, struct mcp_text type, struct mcp_text bytes);

/* handler_base64() - append @bytes, RFC 4648 with padding */
void handler_base64(struct mcp_buf *out, struct mcp_text bytes);

#endif

/* jsonrpc.h - I know request, notification, response; of MCP I know nothing
 *
 * A message is parsed strictly (scan.h) and stays text: its id goes back with
 * exact type and value, and of params, result or error whoever wants a tree
 * makes one (tree.h). What we send is text too: the members stand in the order
 * jsonrpc, result or error, id.
 *
 * Spec: JSON-RPC 2.0; MCP "Overview", "Messages" (an id is a string or a
 *       number, never null).
 */
#ifndef MCP_JSONRPC_H
#define MCP_JSONRPC_H

#include <mcp/scan.h>

enum mcp_jsonrpc_code {
	JSONRPC_PARSE_ERROR = -32700,
	JSONRPC_INVALID_REQUEST = -32600,
	JSONRPC_METHOD_NOT_FOUND = -32601,
	JSONRPC_INVALID_PARAMS = -32602,
	JSONRPC_INTERNAL_ERROR = -32603,
	MCP_HEADER_MISMATCH = -32020, /* from 2026-07-28 */
	MCP_MISSING_CAPABILITY = -32021, /* from 2026-07-28 */
	MCP_UNSUPPORTED_VERSION = -32022, /* from 2026-07-28 */
	MCP_OVERLOADED = -31999, /* ours, outside what is reserved: 503, 429 */
	MCP_FORBIDDEN = -31998 /* ours: 403 */
};

enum mcp_jsonrpc_condition {
	MCP_JSONRPC_E_PARSE = 1, /* not JSON as scan.h wants it */
	MCP_JSONRPC_E_INVALID /* JSON, but no JSON-RPC message */
};

enum mcp_jsonrpc_kind {
	MCP_JSONRPC_REQUEST,
	MCP_JSONRPC_NOTIFICATION,
	MCP_JSONRPC_RESPONSE /* a result or an error, answering one of ours */
};

/* Texts are raw JSON, borrowed from the message; what is absent has length 0.
 */
struct mcp_jsonrpc {
	enum mcp_jsonrpc_kind kind;
	struct mcp_text id;
	char *method; /* owned; NULL in a response */
	struct mcp_text params; /* an object or an array */
	struct mcp_text result, error; /* of a response, one of them */
};
#define MCP_JSONRPC_INIT                                                       \
	((struct mcp_jsonrpc){ MCP_JSONRPC_REQUEST, { NULL, 0 }, NULL,         \
	    { NULL, 0 }, { NULL, 0 }, { NULL, 0 } })

/* mcp_jsonrpc_parse() - one message, not a batch
 * Return: 0; MCP_JSONRPC_E_PARSE with *errp filled; MCP_JSONRPC_E_INVALID with
 *         *whyp a static phrase, and @out->id set if a legal id could be read;
 *         -ENOMEM
 * Owner:  @json must outlive @out; deinit @out whatever came back */
int mcp_jsonrpc_parse(struct mcp_text json, struct mcp_jsonrpc *out,
    struct mcp_scan_error *errp, const char **whyp);

void mcp_jsonrpc_deinit(struct mcp_jsonrpc *message);

/* mcp_jsonrpc_is_batch() - does the text begin with "["? */
bool mcp_jsonrpc_is_batch(struct mcp_text json);

/* mcp_jsonrpc_result() - append {"jsonrpc":"2.0","result":RESULT,"id":ID}
 * Units: @result and @id are JSON text, taken as they are */
void mcp_jsonrpc_result(struct mcp_buf *out, struct mcp_text id,
    struct mcp_text result);

/* mcp_jsonrpc_error() - append an error response
 * Units: @data JSON text, may be empty; an empty @id is written as null */
void mcp_jsonrpc_error(struct mcp_buf *out, struct mcp_text id, int code,
    struct mcp_text message, struct mcp_text data);

/* mcp_jsonrpc_refusal() - append an error response that has no id: for what was
 * refused before any message was read
 * Spec: 2026-07-28 "Streamable HTTP", "Security & Endpoint" */
void mcp_jsonrpc_refusal(struct mcp_buf *out, int code,
    struct mcp_text message);

#endif

/* gate.h - I am the doorman of both doors: Origin, Host, CORS
 *
 * Worker and broker ask the same questions of the same configuration, so that
 * a stream is opened exactly where a request would be served. Identity is
 * decided by whoever owns the socket: names told by the web server (MCP_USER,
 * X-Mcp-User) are believed only from a unix socket.
 *
 * Spec: "Streamable HTTP", "Security & Endpoint"; Fetch, "CORS protocol"
 */
#ifndef MCP_GATE_H
#define MCP_GATE_H

#include <mcp/text.h>

struct mcp_server;

enum mcp_gate_condition {
	MCP_GATE_E_ORIGIN = 1, /* 403 */
	MCP_GATE_E_HOST /* 403 */
};

/* What a request says of itself; absent headers have length 0. */
struct mcp_gate_request {
	struct mcp_text host;
	struct mcp_text origin;
	struct mcp_text server_addr; /* the local address, as told */
	struct mcp_text wanted_headers; /* Access-Control-Request-Headers */
};
#define MCP_GATE_REQUEST_INIT \
	((struct mcp_gate_request){ { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, \
	    { NULL, 0 } })

/* mcp_gate_check() - may this request pass?
 * Return: 0; MCP_GATE_E_ORIGIN: an Origin that is neither same host, loopback
 *         nor configured; MCP_GATE_E_HOST: a Host outside allowed_hosts, or,
 *         where none are configured and the local address is loopback, one
 *         that is not localhost, 127.0.0.1 or [::1] */
int mcp_gate_check(const struct mcp_server *server,
    const struct mcp_gate_request *request);

/* mcp_gate_cors() - append the CORS header lines an answer to @request carries
 * Shape:  "Name: value" CR LF each; always Vary: Origin; the rest only for an
 *         Origin that passes; @preflight adds methods, headers and max age.
 *         The origin is reflected, never "*"; credentials are not allowed */
void mcp_gate_cors(const struct mcp_server *server,
    const struct mcp_gate_request *request, bool preflight,
    struct mcp_buf *out);

#endif

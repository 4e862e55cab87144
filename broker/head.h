/* head.h - I read an HTTP head within its limits; I keep nothing
 *
 * One request per connection, so one head, and what comes after it is a body
 * nobody waits for. Everything found is a slice of the bytes given. Strict:
 * lines end in CR LF, no line is folded, no header that decides anything comes
 * twice; where two readers could differ about a request, it is refused.
 *
 * Spec: RFC 9112 "HTTP/1.1", "Message Format"; RFC 9110 "Fields"
 */
#ifndef BROKER_HEAD_H
#define BROKER_HEAD_H

#include <mcp/text.h>

#define HEAD_MAX 16384 /* bytes */
#define HEAD_LINES_MAX 100 /* header lines */
#define HEAD_NAME_MAX 255 /* bytes of Host and of Origin: they are reflected */

enum head_condition {
	HEAD_E_MORE = 1, /* not whole yet */
	HEAD_E_BAD, /* 400 */
	HEAD_E_LARGE, /* 431 */
	HEAD_E_VERSION /* 505 */
};

struct head {
	struct mcp_text method;
	struct mcp_text path;
	struct mcp_text query; /* after "?" */
	struct mcp_text host;
	struct mcp_text origin;
	struct mcp_text user_agent;
	struct mcp_text last_event_id;
	struct mcp_text session; /* Mcp-Session-Id */
	struct mcp_text mcp_method;
	struct mcp_text version; /* MCP-Protocol-Version */
	struct mcp_text authorization;
	struct mcp_text wanted_headers; /* Access-Control-Request-Headers */
	struct mcp_text user; /* X-Mcp-User */
	struct mcp_text roles, scopes; /* X-Mcp-Roles, X-Mcp-Scopes */
	struct mcp_text addr; /* X-Mcp-Addr */
	struct mcp_text server_addr; /* X-Mcp-Server-Addr */
	struct mcp_text content_length;
	struct mcp_text transfer_encoding;
	bool accepts_stream; /* an Accept line names text/event-stream */
	uint64_t body; /* bytes announced; UINT64_MAX: chunked */
	size_t len; /* of the head, its empty line included */
};

/* head_parse() - read one head from the beginning of @bytes
 * Units:  *seenp is 0 at first and remembers, between calls with ever more
 *         bytes, how far the search for the end has come
 * Return: 0; a condition, and then *whyp says what, in a static phrase
 * Owner:  @out borrows from @bytes */
int head_parse(struct mcp_text bytes, size_t *seenp, struct head *out,
    const char **whyp);

/* head_parameter() - the value of @name in a query, undecoded
 * Return: length 0 also when it is not there */
struct mcp_text head_parameter(struct mcp_text query, const char *name);

#endif

/* http.h - I am one request and one answer, without FastCGI in them
 *
 * What CGI calls a variable is a header here, and a place in a struct.
 */
#ifndef FCGI_HTTP_H
#define FCGI_HTTP_H

#include <mcp/gate.h>
#include <mcp/text.h>

enum http_method {
	HTTP_OTHER = 0,
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_DELETE,
	HTTP_OPTIONS
};

/* Texts are borrowed from the connection and die when it is answered; an
 * absent header has length 0. The body is the request's own. */
struct http_request {
	enum http_method method;
	struct mcp_text path; /* of REQUEST_URI: before rewriting, equal in
				 every web server */
	struct mcp_text query;
	struct mcp_gate_request gate; /* Host, Origin, local address, wanted
					 headers */
	struct mcp_text accept;
	struct mcp_text session; /* Mcp-Session-Id */
	struct mcp_text version; /* MCP-Protocol-Version, */
	bool version_repeated; /* which came twice: the first counts */
	struct mcp_text mcp_method; /* Mcp-Method */
	struct mcp_text mcp_name; /* Mcp-Name */
	struct mcp_text authorization; /* only that it comes once */
	struct mcp_text last_event_id; /* likewise */
	struct mcp_text user; /* verified by the web server; empty: nobody */
	struct mcp_text roles, scopes; /* likewise; words, blanks between */
	struct mcp_text length; /* Content-Length, a hint */
	char *const *variables; /* all of them, "NAME=value", NULL ends them */
	const char *duplicated; /* a header that may stand once only and stood
				   twice; NULL: none */
	struct mcp_buf body;
};

/* http_header() - file one CGI variable, "HTTP_MCP_SESSION_ID=...", into the
 * member it belongs to; unknown ones are ignored */
void http_header(struct http_request *request, const char *entry);

/* http_variable() - one that has no member of its own, by its CGI name
 * Return: was it there, *valuep its trimmed value */
bool http_variable(const struct http_request *request, const char *name,
    struct mcp_text *valuep);

/* http_query() - the value of @name in the query, raw; length 0: absent */
struct mcp_text http_query(const struct http_request *request,
    const char *name);

/* http_accepts() - does the Accept header name this media type, or one of its
 * wildcards where @wildcard? An absent header is a wildcard. */
bool http_accepts(const struct http_request *request, const char *type,
    bool wildcard);

struct http_answer {
	unsigned status;
	struct mcp_buf headers; /* "Name: value" CR LF lines, without type and
				   length */
	const char *type; /* Content-Type; NULL: no body at all */
	struct mcp_buf body;
};
#define HTTP_ANSWER_INIT \
	((struct http_answer){ 0, MCP_BUF_INIT, NULL, MCP_BUF_INIT })

void http_answer_deinit(struct http_answer *answer);

/* http_reason() - "Not Found" */
const char *http_reason(unsigned status);

#endif

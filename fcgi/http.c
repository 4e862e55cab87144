/* http.c - I am one request and one answer, without FastCGI in them */

#include "fcgi/http.h"

#include <string.h>
#include <strings.h>

#define PARAMETER "HTTP_MCP_PARAM_"

/* What a variable may be when it comes twice: the proxies join or repeat some
 * headers, and two different readers would then see different requests. */
enum repeat { REFUSED, FIRST_COUNTS, NOTED };

static const struct variable {
	struct mcp_text name;
	size_t offset;
	enum repeat repeat;
	const char *header; /* as people write it */
} variables[] = {
#define AT(member) offsetof(struct http_request, member)
	{ MCP_TEXT_CONST("QUERY_STRING"), AT(query), REFUSED, "QUERY_STRING" },
	{ MCP_TEXT_CONST("CONTENT_LENGTH"), AT(length), REFUSED,
	    "Content-Length" },
	{ MCP_TEXT_CONST("SERVER_ADDR"), AT(gate.server_addr), REFUSED,
	    "SERVER_ADDR" },
	{ MCP_TEXT_CONST("MCP_USER"), AT(user), REFUSED, "MCP_USER" },
	{ MCP_TEXT_CONST("MCP_ROLES"), AT(roles), REFUSED, "MCP_ROLES" },
	{ MCP_TEXT_CONST("MCP_SCOPES"), AT(scopes), REFUSED, "MCP_SCOPES" },
	{ MCP_TEXT_CONST("HTTP_HOST"), AT(gate.host), REFUSED, "Host" },
	{ MCP_TEXT_CONST("HTTP_ORIGIN"), AT(gate.origin), REFUSED, "Origin" },
	{ MCP_TEXT_CONST("HTTP_ACCEPT"), AT(accept), FIRST_COUNTS, "Accept" },
	{ MCP_TEXT_CONST("HTTP_MCP_SESSION_ID"), AT(session), REFUSED,
	    "Mcp-Session-Id" },
	{ MCP_TEXT_CONST("HTTP_MCP_PROTOCOL_VERSION"), AT(version), NOTED,
	    "MCP-Protocol-Version" },
	{ MCP_TEXT_CONST("HTTP_MCP_METHOD"), AT(mcp_method), REFUSED,
	    "Mcp-Method" },
	{ MCP_TEXT_CONST("HTTP_MCP_NAME"), AT(mcp_name), REFUSED, "Mcp-Name" },
	{ MCP_TEXT_CONST("HTTP_AUTHORIZATION"), AT(authorization), REFUSED,
	    "Authorization" },
	{ MCP_TEXT_CONST("HTTP_LAST_EVENT_ID"), AT(last_event_id), REFUSED,
	    "Last-Event-ID" },
	{ MCP_TEXT_CONST("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
	    AT(gate.wanted_headers), FIRST_COUNTS,
	    "Access-Control-Request-Headers" },
#undef AT
};

static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
	{ "POST", HTTP_POST },
	{ "GET", HTTP_GET },
	{ "HEAD", HTTP_HEAD },
	{ "DELETE", HTTP_DELETE },
	{ "OPTIONS", HTTP_OPTIONS },
};

static void
set_method(struct http_request *request, struct mcp_text value)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (mcp_text_is(value, methods[i].name))
			request->method = methods[i].method;
}

static void
set_path(struct http_request *request, struct mcp_text uri)
{
	const char *mark = uri.len ? memchr(uri.at, '?', uri.len) : NULL;

	if (mark != NULL)
		uri.len = (size_t)(mark - uri.at);
	request->path = uri;
}

static void
set_variable(struct http_request *request, const struct variable *variable,
    struct mcp_text value)
{
	struct mcp_text *text =
	    (struct mcp_text *)((char *)request + variable->offset);

	if (text->at == NULL)
		*text = mcp_text_trim(value);
	else if (variable->repeat == REFUSED)
		request->duplicated = variable->header;
	else if (variable->repeat == NOTED)
		request->version_repeated = true;
}

/* Did the same variable stand before @entry? */
static bool
is_doubled(const struct http_request *request, const char *entry, size_t len)
{
	for (char *const *at = request->variables;
	     at != NULL && *at != NULL && *at != entry; at++)
		if (strncmp(*at, entry, len) == 0)
			return true;
	return false;
}

void
http_header(struct http_request *request, const char *entry)
{
	const char *equals = strchr(entry, '=');
	struct mcp_text name, value;

	if (equals == NULL)
		return;
	name = (struct mcp_text){ entry, (size_t)(equals - entry) };
	value = mcp_text_of(equals + 1);
	if (mcp_text_is(name, "REQUEST_METHOD")) {
		set_method(request, value);
		return;
	}
	if (mcp_text_starts(name, PARAMETER) &&
	    is_doubled(request, entry, name.len + 1)) {
		request->duplicated = "Mcp-Param";
		return;
	}
	if (mcp_text_is(name, "REQUEST_URI")) {
		set_path(request, value);
		return;
	}
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (mcp_text_equal(name, variables[i].name)) {
			set_variable(request, &variables[i], value);
			return;
		}
}

bool
http_variable(const struct http_request *request, const char *name,
    struct mcp_text *valuep)
{
	size_t len = strlen(name);

	*valuep = MCP_TEXT_INIT;
	for (char *const *at = request->variables; at != NULL && *at != NULL;
	     at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=') {
			*valuep = mcp_text_trim(mcp_text_of(*at + len + 1));
			return true;
		}
	return false;
}

struct mcp_text
http_query(const struct http_request *request, const char *name)
{
	struct mcp_text left = request->query;
	size_t name_len = strlen(name);

	while (left.len > 0) {
		const char *end = memchr(left.at, '&', left.len);
		size_t len = end ? (size_t)(end - left.at) : left.len;

		if (len > name_len && left.at[name_len] == '=' &&
		    memcmp(left.at, name, name_len) == 0)
			return (struct mcp_text){ left.at + name_len + 1,
				len - name_len - 1 };
		len += end != NULL;
		left.at += len;
		left.len -= len;
	}
	return MCP_TEXT_INIT;
}

static bool
range_names(struct mcp_text range, const char *type, bool wildcard)
{
	const char *slash = strchr(type, '/');
	struct mcp_text kind = { type, (size_t)(slash - type) + 1 };
	const char *semicolon = range.len ? memchr(range.at, ';', range.len) :
					    NULL;

	if (semicolon != NULL)
		range.len = (size_t)(semicolon - range.at);
	range = mcp_text_trim(range);
	if (mcp_text_is_nocase(range, type))
		return true;
	if (!wildcard)
		return false;
	return mcp_text_is(range, "*/*") ||
	    (range.len == kind.len + 1 && range.at[kind.len] == '*' &&
		strncasecmp(range.at, kind.at, kind.len) == 0);
}

bool
http_accepts(const struct http_request *request, const char *type,
    bool wildcard)
{
	struct mcp_text left = request->accept;

	if (left.len == 0)
		return wildcard;
	while (left.len > 0) {
		const char *end = memchr(left.at, ',', left.len);
		size_t len = end ? (size_t)(end - left.at) : left.len;

		if (range_names((struct mcp_text){ left.at, len }, type,
			wildcard))
			return true;
		len += end != NULL;
		left.at += len;
		left.len -= len;
	}
	return false;
}

void
http_answer_deinit(struct http_answer *answer)
{
	mcp_buf_deinit(&answer->headers);
	mcp_buf_deinit(&answer->body);
}

const char *
http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 413, "Content Too Large" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Status";
}

/* gate.c - I am the doorman of both doors: Origin, Host, CORS */

#include <mcp/config.h>
#include <mcp/gate.h>

#include <string.h>
#include <strings.h>

#define HEADERS \
	"Content-Type, Accept, Authorization, Last-Event-ID, Mcp-Session-Id, " \
	"Mcp-Protocol-Version, Mcp-Method, Mcp-Name"
#define EXPOSED "Mcp-Session-Id, WWW-Authenticate, Retry-After"
#define METHODS "GET, POST, DELETE, OPTIONS"
#define PARAM "mcp-param-"
#define PREFLIGHT_HEADERS_MAX 4096 /* bytes of reflected Mcp-Param-* names */

static const char *const loopback_names[] = { "localhost", "127.0.0.1",
	"[::1]" };

/* "host:port" without the port; "[::1]:80" keeps its brackets */
static struct mcp_text
host_name(struct mcp_text host)
{
	size_t i;

	if (host.len > 0 && host.at[0] == '[') {
		const char *end = memchr(host.at, ']', host.len);

		if (end != NULL)
			host.len = (size_t)(end - host.at) + 1;
		return host;
	}
	for (i = 0; i < host.len && host.at[i] != ':'; i++)
		;
	host.len = i;
	return host;
}

static bool
is_loopback_name(struct mcp_text name)
{
	for (size_t i = 0; i < 3; i++)
		if (mcp_text_is_nocase(name, loopback_names[i]))
			return true;
	return false;
}

static bool
is_loopback_address(struct mcp_text address)
{
	/* an IPv6 socket tells of IPv4 in the mapped form */
	if (address.len > 7 && strncasecmp(address.at, "::ffff:", 7) == 0)
		return mcp_text_starts((struct mcp_text){ address.at + 7,
					   address.len - 7 }, "127.");
	return mcp_text_starts(address, "127.") ||
	    mcp_text_is(address, "::1") || mcp_text_is(address, "[::1]");
}

static bool
host_passes(const struct mcp_server *server,
    const struct mcp_gate_request *request)
{
	struct mcp_text name = host_name(request->host);
	const struct mcp_strings *allowed = &server->allowed_hosts;

	if (allowed->n == 0)
		return !is_loopback_address(request->server_addr) ||
		    is_loopback_name(name);
	for (size_t i = 0; i < allowed->n; i++)
		if (mcp_text_is_nocase(name, allowed->at[i]) ||
		    mcp_text_is_nocase(request->host, allowed->at[i]) ||
		    mcp_text_is(MCP_TEXT("*"), allowed->at[i]))
			return true;
	return false;
}

/* "https://name:port" to "name:port"; length 0 for what has no such form */
static struct mcp_text
origin_host(struct mcp_text origin)
{
	size_t skip = mcp_text_starts(origin, "http://") ? 7 :
	    mcp_text_starts(origin, "https://")		 ? 8 : 0;

	if (skip == 0)
		return MCP_TEXT_INIT;
	return (struct mcp_text){ origin.at + skip, origin.len - skip };
}

static bool
origin_passes(const struct mcp_server *server,
    const struct mcp_gate_request *request)
{
	const struct mcp_strings *allowed = &server->allowed_origins;
	struct mcp_text host = origin_host(request->origin);

	if (request->origin.len == 0)
		return true;
	if (host.len > 0 && host.len == request->host.len &&
	    strncasecmp(host.at, request->host.at, host.len) == 0)
		return true;
	if (host.len > 0 && is_loopback_name(host_name(host)))
		return true;
	for (size_t i = 0; i < allowed->n; i++)
		if (mcp_text_is_nocase(request->origin, allowed->at[i]) ||
		    mcp_text_is(MCP_TEXT("*"), allowed->at[i]))
			return true;
	return false;
}

int
mcp_gate_check(const struct mcp_server *server,
    const struct mcp_gate_request *request)
{
	/* The host first: "same host" below is only worth what it is worth. */
	if (!host_passes(server, request))
		return MCP_GATE_E_HOST;
	return origin_passes(server, request) ? 0 : MCP_GATE_E_ORIGIN;
}

static bool
is_token(struct mcp_text name)
{
	static const char also[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') &&
		    memchr(also, c, sizeof(also) - 1) == NULL)
			return false;
	}
	return name.len > 0;
}

/* Of the headers a preflight asks for, those that mirror tool parameters: their
 * names are not known beforehand. */
static void
append_params(struct mcp_text wanted, struct mcp_buf *out)
{
	while (wanted.len > 0 && wanted.len <= PREFLIGHT_HEADERS_MAX) {
		const char *comma = memchr(wanted.at, ',', wanted.len);
		size_t len = comma ? (size_t)(comma - wanted.at) : wanted.len;
		struct mcp_text name = mcp_text_trim(
		    (struct mcp_text){ wanted.at, len });

		if (name.len > strlen(PARAM) && is_token(name) &&
		    strncasecmp(name.at, PARAM, strlen(PARAM)) == 0) {
			mcp_buf_puts(out, ", ");
			mcp_buf_text(out, name);
		}
		len += comma != NULL;
		wanted.at += len;
		wanted.len -= len;
	}
}

void
mcp_gate_cors(const struct mcp_server *server,
    const struct mcp_gate_request *request, bool preflight,
    struct mcp_buf *out)
{
	mcp_buf_puts(out, "Vary: Origin\r\n");
	if (request->origin.len == 0 ||
	    mcp_gate_check(server, request) != 0)
		return;
	mcp_buf_puts(out, "Access-Control-Allow-Origin: ");
	mcp_buf_text(out, request->origin);
	mcp_buf_puts(out, "\r\nAccess-Control-Expose-Headers: " EXPOSED "\r\n");
	if (!preflight)
		return;
	mcp_buf_puts(out, "Access-Control-Allow-Methods: " METHODS "\r\n"
			  "Access-Control-Max-Age: 7200\r\n"
			  "Access-Control-Allow-Headers: " HEADERS);
	append_params(request->wanted_headers, out);
	mcp_buf_puts(out, "\r\n");
}

/* meta.c - I read what a modern request says of itself, and hold its headers
 * against it
 */

#include "fcgi/meta.h"
#include "fcgi/dispatch.h"
#include "fcgi/permit.h"

#include <mcp/json.h>
#include <mcp/plugin.h>

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "io.modelcontextprotocol/"
#define SENTINEL "=?base64?"
#define SENTINEL_END "?="

static const char *const level_names[] = { "debug", "info", "notice",
	"warning", "error", "critical", "alert", "emergency" };

int
meta_level(struct mcp_text name)
{
	for (int i = 0; i < 8; i++)
		if (mcp_text_is(name, level_names[i]))
			return i;
	return -1;
}

/* The members of @json that are there, which a null is not. */
static void
find(struct mcp_text json, struct mcp_scan_watch *members, size_t n)
{
	mcp_scan_members(json, members, n);
	for (size_t i = 0; i < n; i++)
		if (mcp_text_is(members[i].value, "null"))
			members[i].value = MCP_TEXT_INIT;
}

void
meta_find(struct mcp_text json, struct meta *meta)
{
	enum { VERSION, CAPABILITIES, LOG_LEVEL, PROGRESS_TOKEN, N };
	struct mcp_scan_watch members[N] = {
		[VERSION] = { .name = PREFIX "protocolVersion" },
		[CAPABILITIES] = { .name = PREFIX "clientCapabilities" },
		[LOG_LEVEL] = { .name = PREFIX "logLevel" },
		[PROGRESS_TOKEN] = { .name = "progressToken" },
	};

	find(json, members, N);
	meta->whole = json;
	meta->version = members[VERSION].value;
	meta->capabilities = members[CAPABILITIES].value;
	meta->log_level = members[LOG_LEVEL].value;
	meta->progress_token = members[PROGRESS_TOKEN].value;
}

static bool
is_object(struct mcp_text json)
{
	return json.len > 0 && *json.at == '{';
}

/* --- version ------------------------------------------------------------ */

bool
meta_version_repeated(const struct http_request *request)
{
	struct mcp_text version = request->version;

	return request->version_repeated || (version.len > 0 &&
	    memchr(version.at, ',', version.len) != NULL);
}

/* "2025-11-25, 2025-11-25" is what some clients make of one version. */
struct mcp_text
meta_header_version(const struct http_request *request)
{
	struct mcp_text version = request->version;
	const char *comma = version.len ? memchr(version.at, ',', version.len) :
					  NULL;

	if (comma != NULL)
		version.len = (size_t)(comma - version.at);
	return mcp_text_trim(version);
}

int
meta_unsupported(struct call *call, struct mcp_text requested)
{
	mcp_buf_puts(&call->data, "{\"supported\":[");
	dispatch_versions(&call->data);
	mcp_buf_puts(&call->data, "],\"requested\":");
	mcp_buf_json_string(&call->data, requested);
	mcp_buf_putc(&call->data, '}');
	return call_fail(call, MCP_UNSUPPORTED_VERSION,
	    "Unsupported protocol version");
}

bool
meta_is_modern(const struct call *call, const struct http_request *request)
{
	if (call->batch || call->message.kind == MCP_JSONRPC_RESPONSE)
		return false;
	if (call->meta.version.len > 0)
		return true;
	return request->session.len == 0 &&
	    mcp_revision_era(mcp_revision_of(meta_header_version(request))) ==
	    MCP_ERA_MODERN;
}

static int
check_version(struct call *call, struct mcp_text header, struct mcp_text named)
{
	if (named.at == NULL)
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params._meta[\"" PREFIX "protocolVersion\"]: expected a "
		    "string");
	call->revision = mcp_revision_of(named);
	if (!mcp_text_equal(header, named) &&
	    !(mcp_text_is(header, "2025-11-25") &&
		call->revision == MCP_2026_07_28 &&
		worker_tolerates(
		    call->worker, call->config, MCP_QUIRK_OLDER_HEADER)))
		return call_fail(call, MCP_HEADER_MISMATCH,
		    header.len == 0 ?
			"Header mismatch: MCP-Protocol-Version is missing" :
			"Header mismatch: MCP-Protocol-Version and _meta name "
			"different versions");
	if (mcp_revision_era(call->revision) != MCP_ERA_MODERN)
		return meta_unsupported(call, named);
	return 0;
}

static int
read_version(struct call *call, const struct http_request *request)
{
	struct mcp_buf room = MCP_BUF_INIT;
	int condition = check_version(call, meta_header_version(request),
	    mcp_scan_string(call->meta.version, &room));

	mcp_buf_deinit(&room);
	return condition;
}

static int
read_level(struct call *call)
{
	struct mcp_buf room = MCP_BUF_INIT;

	call->log_level =
	    meta_level(mcp_scan_string(call->meta.log_level, &room));
	mcp_buf_deinit(&room);
	return call->log_level >= 0
	    ? 0
	    : call_fail(call, JSONRPC_INVALID_PARAMS,
		  "params._meta[\"" PREFIX "logLevel\"]: expected a log level, "
		  "\"debug\" to \"emergency\"");
}

static bool
is_token(struct mcp_text json)
{
	return *json.at == '"' ||
	    ((*json.at == '-' || (*json.at >= '0' && *json.at <= '9')) &&
		memchr(json.at, '.', json.len) == NULL &&
		memchr(json.at, 'e', json.len) == NULL &&
		memchr(json.at, 'E', json.len) == NULL);
}

int
meta_wishes(struct call *call)
{
	struct mcp_text token = call->meta.progress_token;

	if (call->meta.log_level.len > 0 && read_level(call) != 0)
		return CALL_E_FAILED;
	if (token.len > 0 && !is_token(token))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params._meta.progressToken: expected a string or an "
		    "integer");
	call->progress_token = token;
	return 0;
}

int
meta_read(struct call *call, const struct http_request *request)
{
	int condition;

	if (!is_object(call->meta.whole))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params._meta: expected an object");
	condition = read_version(call, request);
	if (condition != 0)
		return condition;
	if (!is_object(call->meta.capabilities))
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params._meta[\"" PREFIX "clientCapabilities\"]: expected "
		    "an object");
	call->capabilities = meta_capabilities(call->meta.capabilities);
	return meta_wishes(call);
}

static bool
has(struct mcp_text object, const char *name)
{
	struct mcp_text value = mcp_scan_member(object, name);

	return value.len > 0 && !mcp_text_is(value, "null");
}

/* Elicitation without a mode is the form, as it was before there were two. */
uint32_t
meta_capabilities(struct mcp_text capabilities)
{
	enum { ELICITATION, SAMPLING, ROOTS, EXTENSIONS, N };
	struct mcp_scan_watch can[N] = {
		[ELICITATION] = { .name = "elicitation" },
		[SAMPLING] = { .name = "sampling" },
		[ROOTS] = { .name = "roots" },
		[EXTENSIONS] = { .name = "extensions" },
	};
	uint32_t bits = 0;

	find(capabilities, can, N);
	if (can[ELICITATION].value.len > 0 &&
	    (has(can[ELICITATION].value, "form") ||
		!has(can[ELICITATION].value, "url")))
		bits |= MCP_CAN_ELICIT;
	if (has(can[ELICITATION].value, "url"))
		bits |= MCP_CAN_ELICIT_URL;
	if (can[SAMPLING].value.len > 0)
		bits |= MCP_CAN_SAMPLE;
	if (has(can[SAMPLING].value, "tools"))
		bits |= MCP_CAN_SAMPLE_TOOLS;
	if (can[ROOTS].value.len > 0)
		bits |= MCP_CAN_ROOTS;
	if (has(can[EXTENSIONS].value, PREFIX "tasks"))
		bits |= META_CAN_TASKS;
	return bits;
}

/* --- mirrors ------------------------------------------------------------ */

static int
mismatch(struct call *call, const char *header, const char *how)
{
	return call_fail(call, MCP_HEADER_MISMATCH,
	    "Header mismatch: %s %s", header, how);
}

/* A header's value as the client meant it: plain, or in the Base64 sentinel.
 * Return: 0; MCP_HEADER_MISMATCH it can be neither; -ENOMEM */
static int
decode(struct mcp_text value, struct mcp_buf *out)
{
	size_t head = strlen(SENTINEL), tail = strlen(SENTINEL_END), made;

	for (size_t i = 0; i < value.len; i++)
		if ((value.at[i] < 0x20 && value.at[i] != '\t') ||
		    value.at[i] == 0x7f)
			return MCP_HEADER_MISMATCH;
	if (!mcp_text_starts(value, SENTINEL) || value.len < head + tail ||
	    memcmp(value.at + value.len - tail, SENTINEL_END, tail) != 0) {
		mcp_buf_text(out, value);
		return out->failed ? -ENOMEM : 0;
	}
	value.at += head;
	value.len -= head + tail;
	if (mcp_buf_reserve(out, value.len + 1) != 0)
		return -ENOMEM;
	if (sodium_base642bin((unsigned char *)out->data, value.len + 1,
		value.at, value.len, NULL, &made, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0)
		return MCP_HEADER_MISMATCH;
	out->len = made;
	out->data[made] = '\0';
	return 0;
}

/* Whole numbers as such: a double does not tell large ones apart. */
static bool
number_equals(struct mcp_text text, struct json_object *number)
{
	char digits[64], *end;
	long long whole;
	double value;

	if (text.len == 0 || text.len >= sizeof(digits))
		return false;
	memcpy(digits, text.at, text.len);
	digits[text.len] = '\0';
	if (strspn(digits, "-+.0123456789Ee") != text.len || digits[0] == '+')
		return false; /* what else strtod() takes: 0x2a, inf */
	errno = 0;
	whole = strtoll(digits, &end, 10);
	if (json_object_is_type(number, json_type_int) && *end == '\0' &&
	    errno == 0)
		return whole == json_object_get_int64(number);
	value = strtod(digits, &end);
	return *end == '\0' && isfinite(value) &&
	    value == json_object_get_double(number);
}

static bool
says(struct mcp_text header, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return mcp_text_equal(header, mcp_json_string(value));
	case json_type_boolean:
		return mcp_text_is(header,
		    json_object_get_boolean(value) ? "true" : "false");
	case json_type_int:
	case json_type_double:
		return number_equals(header, value);
	default:
		return false;
	}
}

static int
compare(struct call *call, const char *name, struct mcp_text header,
    struct json_object *value)
{
	struct mcp_buf decoded = MCP_BUF_INIT;
	int condition = decode(header, &decoded);

	if (condition == MCP_HEADER_MISMATCH)
		condition = mismatch(call, name, "cannot be read");
	else if (condition == 0 && !says(mcp_buf_view(&decoded), value))
		condition = mismatch(call, name,
		    "does not say what the body says");
	mcp_buf_deinit(&decoded);
	return condition;
}

/* The value at the property path of an annotated parameter, NULL: none. */
static struct json_object *
at_path(struct json_object *value, const struct mcp_strings *path)
{
	for (size_t i = 0; i < path->n; i++)
		value = mcp_json_get(value, path->at[i]);
	return value;
}

static int
check_parameter(struct call *call, const struct http_request *request,
    const struct mcp_mirror *mirror, struct json_object *arguments)
{
	struct json_object *value = at_path(arguments, &mirror->path);
	struct mcp_text header;
	bool there = http_variable(request, mirror->variable, &header);

	if (value == NULL)
		return there ? mismatch(call, mirror->header,
		    "stands for an argument that is not there") : 0;
	if (!there)
		return mismatch(call, mirror->header, "is missing");
	return compare(call, mirror->header, header, value);
}

static int
check_parameters(struct call *call, const struct http_request *request)
{
	struct json_object *params = call->params;
	struct json_object *name = mcp_json_get(params, "name");
	const struct mcp_tool *tool;
	int condition = 0;

	if (!json_object_is_type(name, json_type_string))
		return 0; /* the method says so itself */
	tool = permit_tool(call, json_object_get_string(name));
	for (size_t i = 0; tool != NULL && condition == 0 &&
	     i < tool->n_mirrors; i++)
		condition = check_parameter(call, request, &tool->mirrors[i],
		    mcp_json_get(params, "arguments"));
	return condition;
}

int
meta_mirrors(struct call *call, const struct http_request *request)
{
	const struct method *method = call->method;
	struct json_object *value;
	int condition;

	if (request->mcp_method.len == 0)
		return mismatch(call, "Mcp-Method", "is missing");
	if (!mcp_text_is(request->mcp_method, call->message.method))
		return mismatch(call, "Mcp-Method",
		    "does not say what the body says");
	if (method == NULL || method->mirror == NULL)
		return 0;
	if (request->mcp_name.len == 0)
		return mismatch(call, "Mcp-Name", "is missing");
	value = mcp_json_get(call->params, method->mirror);
	condition = value == NULL ? 0 :
	    compare(call, "Mcp-Name", request->mcp_name, value);
	if (condition == 0 && strcmp(method->name, "tools/call") == 0)
		condition = check_parameters(call, request);
	return condition;
}

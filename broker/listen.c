/* listen.c - I read what a client wants to hear of */

#include "broker/listen.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/json.h>
#include <mcp/task.h>
#include <mcp/tree.h>

#define PREFIX "io.modelcontextprotocol/"
#define FILTER "params.notifications"

/* Lists of names in the filter. */
struct names_form {
	const char *member;
	const char *what;
	size_t most, len_max;
};
static const struct names_form resources = { "resourceSubscriptions", "URI",
	LISTEN_URIS_MAX, LISTEN_URI_MAX };
static const struct names_form tasks = { "taskIds", "task id",
	LISTEN_TASKS_MAX, LISTEN_TASK_MAX };

/* Members of the filter, by topic. */
static const char *const names[] = {
	[MCP_TOPIC_TOOLS] = "toolsListChanged",
	[MCP_TOPIC_PROMPTS] = "promptsListChanged",
	[MCP_TOPIC_RESOURCES] = "resourcesListChanged",
};

static const char *const levels[] = { "debug", "info", "notice", "warning",
	"error", "critical", "alert", "emergency" };

const char *
listen_name(enum mcp_wire_topic topic)
{
	return names[topic];
}

static int __attribute__((format(printf, 3, 4)))
refuse(struct listen *listen, int code, const char *format, ...)
{
	va_list arguments;

	listen->code = code;
	va_start(arguments, format);
	vsnprintf(listen->why, sizeof(listen->why), format, arguments);
	va_end(arguments);
	return LISTEN_E_REFUSED;
}

/* --- the message -------------------------------------------------------- */

static int
read_message(struct listen *out, struct mcp_text body)
{
	struct mcp_scan_error where = { .what = NULL };
	const char *why = NULL;
	int condition = mcp_jsonrpc_parse(body, &out->message, &where, &why);

	out->id = out->message.id;
	if (condition < 0)
		return condition;
	if (condition == MCP_JSONRPC_E_PARSE)
		return refuse(out, JSONRPC_PARSE_ERROR,
		    "Parse error: %s (line %u, column %u)",
		    where.what != NULL ? where.what : "not JSON", where.line,
		    where.column);
	if (condition != 0)
		return refuse(out, JSONRPC_INVALID_REQUEST,
		    "Invalid Request: %s", why != NULL ? why : "unreadable");
	if (out->message.kind != MCP_JSONRPC_REQUEST)
		return refuse(out, JSONRPC_INVALID_REQUEST,
		    "Invalid Request: a request with an id is expected");
	if (out->id.len > MCP_WIRE_REQUEST_MAX) {
		out->id = MCP_TEXT_INIT;
		return refuse(out, JSONRPC_INVALID_REQUEST,
		    "Invalid Request: the id is too long");
	}
	return out->message.params.len == 0
	    ? 0
	    : mcp_tree(out->message.params, NULL, &out->params);
}

/* --- what it says of itself --------------------------------------------- */

static int
refuse_version(struct listen *out, struct mcp_text requested)
{
	struct mcp_buf *data = &out->data;

	mcp_buf_puts(data, "{\"supported\":[");
	for (int r = MCP_REVISION_LAST; r >= MCP_REVISION_FIRST; r--)
		mcp_buf_printf(data, "%s\"%s\"",
		    r == MCP_REVISION_LAST ? "" : ",",
		    mcp_revision_name((enum mcp_revision)r));
	mcp_buf_puts(data, "],\"requested\":");
	mcp_buf_json_string(data, requested);
	mcp_buf_putc(data, '}');
	return data->failed ? -ENOMEM : refuse(out, MCP_UNSUPPORTED_VERSION,
	    "Unsupported protocol version");
}

/* "2025-11-25, 2025-11-25" is what some clients make of one version. */
static struct mcp_text
first_version(struct mcp_text version)
{
	const char *comma = version.len ? memchr(version.at, ',', version.len) :
					  NULL;

	if (comma != NULL)
		version.len = (size_t)(comma - version.at);
	return mcp_text_trim(version);
}

/* Some clients pair the header of the older revision with the _meta of the
 * newer one; what they mean is the _meta. */
static bool
is_tolerated(const struct mcp_config *config, struct mcp_text header,
    enum mcp_revision named)
{
	return !config->server.strict[MCP_QUIRK_OLDER_HEADER] &&
	    mcp_text_is(header, "2025-11-25") && named == MCP_2026_07_28;
}

static int
check_version(struct listen *out, const struct mcp_config *config,
    struct json_object *meta, struct mcp_text header)
{
	struct json_object *value = mcp_json_get(meta,
	    PREFIX "protocolVersion");
	enum mcp_revision revision;
	struct mcp_text named;

	if (!json_object_is_type(value, json_type_string))
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    "params._meta[\"" PREFIX "protocolVersion\"]: expected a "
		    "string");
	named = mcp_text_of(json_object_get_string(value));
	revision = mcp_revision_of(named);
	out->older_header = !mcp_text_equal(header, named);
	if (out->older_header && !is_tolerated(config, header, revision))
		return refuse(out, MCP_HEADER_MISMATCH, header.len == 0 ?
		    "Header mismatch: MCP-Protocol-Version is missing" :
		    "Header mismatch: MCP-Protocol-Version and _meta name "
		    "different versions");
	if (mcp_revision_era(revision) != MCP_ERA_MODERN)
		return refuse_version(out, named);
	return 0;
}

static bool
is_level(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_string))
		return false;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(json_object_get_string(value), levels[i]) == 0)
			return true;
	return false;
}

/* Neither is of any use here; malformed they are refused all the same. */
static int
check_wishes(struct listen *out, struct json_object *meta)
{
	struct json_object *level = mcp_json_get(meta, PREFIX "logLevel");
	struct json_object *token = mcp_json_get(meta, "progressToken");

	if (level != NULL && !is_level(level))
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    "params._meta[\"" PREFIX "logLevel\"]: expected a log "
		    "level, \"debug\" to \"emergency\"");
	if (token != NULL && !json_object_is_type(token, json_type_string) &&
	    !json_object_is_type(token, json_type_int))
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    "params._meta.progressToken: expected a string or an "
		    "integer");
	return 0;
}

static int
check_meta(struct listen *out, const struct mcp_config *config,
    const struct head *head)
{
	struct json_object *meta = mcp_json_get(out->params, "_meta");
	int condition;

	if (!json_object_is_type(meta, json_type_object))
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    "params._meta: expected an object");
	condition = check_version(out, config, meta,
	    first_version(head->version));
	if (condition != 0)
		return condition;
	if (!json_object_is_type(mcp_json_get(meta,
		PREFIX "clientCapabilities"), json_type_object))
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    "params._meta[\"" PREFIX "clientCapabilities\"]: expected "
		    "an object");
	return check_wishes(out, meta);
}

static int
check_method(struct listen *out, const struct head *head)
{
	if (head->mcp_method.len == 0)
		return refuse(out, MCP_HEADER_MISMATCH,
		    "Header mismatch: Mcp-Method is missing");
	if (!mcp_text_is(head->mcp_method, out->message.method) ||
	    strcmp(out->message.method, LISTEN_METHOD) != 0)
		return refuse(out, MCP_HEADER_MISMATCH, "Header mismatch: "
		    "Mcp-Method does not say what the body says");
	return 0;
}

/* --- the filter --------------------------------------------------------- */

/* What can change here. Plugins are not loaded in this program, and may
 * register anything. */
unsigned
listen_offered(const struct mcp_config *config)
{
	bool any = config->plugins.n > 0;
	unsigned topics = 0;

	if (any || config->n_tools > 0)
		topics |= LISTEN_TOPIC(MCP_TOPIC_TOOLS);
	if (any || config->n_prompts > 0)
		topics |= LISTEN_TOPIC(MCP_TOPIC_PROMPTS);
	if (any || config->n_resources > 0 || config->n_templates > 0)
		topics |= LISTEN_TOPIC(MCP_TOPIC_RESOURCES) |
		    LISTEN_TOPIC(MCP_TOPIC_UPDATED);
	return topics;
}

static int
read_lists(struct listen *out, struct json_object *filter)
{
	for (unsigned t = MCP_TOPIC_TOOLS; t <= MCP_TOPIC_RESOURCES; t++) {
		struct json_object *value;

		if (!json_object_object_get_ex(filter, names[t], &value))
			continue;
		if (!json_object_is_type(value, json_type_boolean))
			return refuse(out, JSONRPC_INVALID_PARAMS,
			    FILTER ".%s: expected a boolean", names[t]);
		if (json_object_get_boolean(value))
			out->topics |= LISTEN_TOPIC(t);
	}
	return 0;
}

static int
read_name(struct listen *out, const struct names_form *form,
    struct json_object *value, struct mcp_text *namep)
{
	if (!json_object_is_type(value, json_type_string))
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    FILTER ".%s: expected an array of strings", form->member);
	*namep = mcp_json_string(value);
	if (namep->len > form->len_max)
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    FILTER ".%s: a %s is longer than %zu bytes", form->member,
		    form->what, form->len_max);
	return 0;
}

static int
read_names(struct listen *out, const struct names_form *form,
    struct json_object *filter, struct mcp_text **namesp, size_t *np)
{
	struct json_object *array;
	size_t n;
	int condition = 0;

	if (!json_object_object_get_ex(filter, form->member, &array))
		return 0;
	if (!json_object_is_type(array, json_type_array))
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    FILTER ".%s: expected an array of strings", form->member);
	n = json_object_array_length(array);
	if (n > form->most)
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    FILTER ".%s: more than %zu %ss", form->member, form->most,
		    form->what);
	*namesp = calloc(n + 1, sizeof(**namesp));
	if (*namesp == NULL)
		return -ENOMEM;
	for (*np = 0; *np < n && condition == 0; ++*np)
		condition = read_name(out, form,
		    json_object_array_get_idx(array, *np), *namesp + *np);
	return condition;
}

/* Who asks for none needs no capability. */
static int
check_tasks(struct listen *out)
{
	struct json_object *meta = mcp_json_get(out->params, "_meta");
	struct json_object *extensions = mcp_json_get(mcp_json_get(meta,
	    PREFIX "clientCapabilities"), "extensions");

	if (out->n_tasks == 0 ||
	    mcp_json_get(extensions, MCP_TASKS_EXTENSION) != NULL)
		return 0;
	mcp_buf_puts(&out->data, MCP_TASKS_REQUIRED);
	return out->data.failed ? -ENOMEM : refuse(out, MCP_MISSING_CAPABILITY,
	    "The client has not declared a capability this request needs");
}

static int
read_filter(struct listen *out, const struct mcp_config *config)
{
	struct json_object *filter = mcp_json_get(out->params, "notifications");
	int condition;

	if (!json_object_is_type(filter, json_type_object))
		return refuse(out, JSONRPC_INVALID_PARAMS,
		    FILTER ": expected an object");
	condition = read_lists(out, filter);
	if (condition == 0)
		condition = read_names(out, &resources, filter, &out->uris,
		    &out->n_uris);
	if (condition == 0)
		condition = read_names(out, &tasks, filter, &out->tasks,
		    &out->n_tasks);
	if (condition == 0)
		condition = check_tasks(out);
	if (out->n_uris > 0)
		out->topics |= LISTEN_TOPIC(MCP_TOPIC_UPDATED);
	out->topics &= listen_offered(config);
	if ((out->topics & LISTEN_TOPIC(MCP_TOPIC_UPDATED)) == 0)
		out->n_uris = 0;
	return condition;
}

int
listen_read(const struct mcp_config *config, const struct head *head,
    struct mcp_text body, struct listen *out)
{
	int condition;

	*out = LISTEN_INIT;
	condition = read_message(out, body);
	if (condition == 0)
		condition = check_meta(out, config, head);
	if (condition == 0)
		condition = check_method(out, head);
	if (condition == 0)
		condition = read_filter(out, config);
	return condition;
}

/* A URI nobody has declared is acknowledged and never heard of; so is one that
 * is another's, or the acknowledgement would tell them apart. */
int
listen_permit(const struct mcp_config *config, const struct mcp_identity *who,
    struct listen *listen)
{
	listen->deaf = calloc(listen->n_uris + 1, sizeof(*listen->deaf));
	if (listen->deaf == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < listen->n_uris; i++)
		listen->deaf[i] =
		    !mcp_permits_uri(config, listen->uris[i].at, who);
	return 0;
}

void
listen_deinit(struct listen *listen)
{
	free(listen->uris);
	free(listen->deaf);
	free(listen->tasks);
	mcp_buf_deinit(&listen->data);
	mcp_jsonrpc_deinit(&listen->message);
	json_object_put(listen->params);
	*listen = LISTEN_INIT;
}

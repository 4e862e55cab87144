/* handler_plugin.c - I run functions of shared objects
 *
 * A handler sees a struct mcp_call, which is this file's alone: the call it
 * belongs to, the values it was given, and the result it writes.
 */

#include "fcgi/handler_plugin.h"
#include "fcgi/answer.h"
#include "fcgi/ask.h"
#include "fcgi/call.h"
#include "fcgi/dispatch.h"
#include "fcgi/meta.h"
#include "fcgi/tasks.h"

#include <mcp/json.h>
#include <mcp/log.h>
#include <mcp/plugin.h>

#include <dlfcn.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 32 /* of asking, in one call */
#define NAP_MS 20 /* between two looks at whether a call is cancelled */
#define LONG_NS (MCP_MS / 5) /* for a call, */
#define LONG_CALLS 2 /* so many one after the other: it waits for somebody */

struct function {
	mcp_handler_fn handler;
	void *context;
	atomic_uint n_long; /* calls, up to LONG_CALLS, since a short one */
	struct function *next;
};

struct plugins {
	void **objects; /* of dlopen() */
	size_t n_objects;
	struct function *functions;
};

/* While mcp_plugin_init() runs. */
struct mcp_plugin {
	struct plugins *plugins;
	struct mcp_config *config;
	struct mcp_problems *problems;
	const char *path;
};

struct mcp_call {
	struct call *call;
	struct json_object *values;
	struct handler_result *result;
	const char *role; /* of the prompt message that is being made */
	bool failed; /* mcp_fail() was called */
};

/* --- loading ------------------------------------------------------------ */

void
plugins_free(struct plugins *plugins)
{
	struct function *next;

	if (plugins == NULL)
		return;
	for (struct function *f = plugins->functions; f != NULL; f = next) {
		next = f->next;
		free(f);
	}
	for (size_t i = 0; i < plugins->n_objects; i++)
		dlclose(plugins->objects[i]);
	free(plugins->objects);
	free(plugins);
}

static void
init_plugin(struct mcp_plugin *plugin, void *object)
{
	const unsigned *abi = dlsym(object, "mcp_plugin_abi");
	int (*init)(struct mcp_plugin *) = NULL;

	*(void **)&init = dlsym(object, "mcp_plugin_init");
	if (abi == NULL || init == NULL)
		mcp_problems_add(plugin->problems, false, plugin->path, 0,
		    "it is no plugin of ours: mcp_plugin_abi or "
		    "mcp_plugin_init is missing. Write MCP_PLUGIN; in it");
	else if (*abi != MCP_PLUGIN_ABI)
		mcp_problems_add(plugin->problems, false, plugin->path, 0,
		    "it was built for plugin interface %u, and this is %u. "
		    "Build it anew", *abi, MCP_PLUGIN_ABI);
	else if (init(plugin) != 0)
		mcp_problems_add(plugin->problems, false, plugin->path, 0,
		    "its mcp_plugin_init() refused");
}

/* The loader knows what it has loaded by its name, and a plugin that was built
 * anew has the old name while the old one still runs. So each time it gets one
 * that it does not know: "/./" for every 1 of a number that rises. That it is
 * the same file it then sees by itself. */
static void *
open_object(const char *path)
{
	static atomic_uint rising;
	unsigned number = atomic_fetch_add(&rising, 1);
	struct mcp_buf name = MCP_BUF_INIT;
	const char *file = strrchr(path, '/') + 1; /* it is absolute */
	void *object = NULL;

	mcp_buf_append(&name, path, (size_t)(file - path));
	for (; number > 0; number >>= 1)
		mcp_buf_puts(&name, number & 1 ? "./" : "/");
	mcp_buf_puts(&name, file);
	if (!name.failed)
		object = dlopen(name.data, RTLD_NOW | RTLD_LOCAL);
	mcp_buf_deinit(&name);
	return object;
}

int
plugins_load(struct mcp_config *config, struct plugins **pluginsp,
    struct mcp_problems *problems)
{
	struct plugins *plugins = calloc(1, sizeof(*plugins));

	if (plugins == NULL)
		return -ENOMEM;
	plugins->objects = calloc(config->plugins.n + 1, sizeof(void *));
	if (plugins->objects == NULL) {
		free(plugins);
		return -ENOMEM;
	}
	for (size_t i = 0; i < config->plugins.n; i++) {
		struct mcp_plugin plugin = { plugins, config, problems,
			config->plugins.at[i] };
		void *object = open_object(plugin.path);

		if (object == NULL) {
			mcp_problems_add(problems, false, plugin.path, 0,
			    "cannot be loaded: %s", dlerror());
			continue;
		}
		plugins->objects[plugins->n_objects++] = object;
		init_plugin(&plugin, object);
	}
	mcp_config_unbound(config, problems);
	*pluginsp = plugins;
	return 0;
}

/* --- registration ------------------------------------------------------- */

static int
add(struct mcp_plugin *plugin, enum mcp_entry entry, const char *definition,
    mcp_handler_fn handler, void *context)
{
	struct function *function = calloc(1, sizeof(*function));

	if (function == NULL)
		return -1;
	function->handler = handler;
	function->context = context;
	function->next = plugin->plugins->functions;
	plugin->plugins->functions = function;
	return mcp_config_add(plugin->config, entry, plugin->path,
	    mcp_text_of(definition), function, plugin->problems) == 0 ? 0 : -1;
}

int
mcp_add_tool(struct mcp_plugin *plugin, const char *definition,
    mcp_handler_fn handler, void *context)
{
	return add(plugin, MCP_ENTRY_TOOL, definition, handler, context);
}

int
mcp_add_resource(struct mcp_plugin *plugin, const char *definition,
    mcp_handler_fn handler, void *context)
{
	return add(plugin, MCP_ENTRY_RESOURCE, definition, handler, context);
}

int
mcp_add_prompt(struct mcp_plugin *plugin, const char *definition,
    mcp_handler_fn handler, void *context)
{
	return add(plugin, MCP_ENTRY_PROMPT, definition, handler, context);
}

int
mcp_add_completion(struct mcp_plugin *plugin, const char *ref,
    const char *argument, mcp_handler_fn handler, void *context)
{
	struct mcp_buf definition = MCP_BUF_INIT;
	int r = -1;

	mcp_buf_puts(&definition, "{\"ref\":");
	mcp_buf_json_string(&definition, mcp_text_of(ref));
	mcp_buf_puts(&definition, ",\"argument\":");
	mcp_buf_json_string(&definition, mcp_text_of(argument));
	mcp_buf_putc(&definition, '}');
	if (!definition.failed)
		r = add(plugin, MCP_ENTRY_COMPLETION, definition.data, handler,
		    context);
	mcp_buf_deinit(&definition);
	return r;
}

/* --- running ------------------------------------------------------------ */

/* A handler cannot say that it is going to wait for somebody, as those of our
 * own do. What it did the last times it will do again; once says nothing, a
 * busy machine makes any call long. */
static int
run_handler(struct mcp_call *mine, struct function *f)
{
	unsigned before = atomic_load(&f->n_long), after = 0;
	uint64_t begun_ns = mcp_clock_ns();
	int handled;

	if (before == LONG_CALLS)
		gateway_wait(mine->call->worker->gateway, mine->call->thread);
	handled = f->handler(mine, f->context);
	if (mcp_clock_ns() - begun_ns > LONG_NS)
		after = before < LONG_CALLS ? before + 1 : before;
	if (after != before)
		atomic_store(&f->n_long, after);
	return handled;
}

static int
run_once(struct call *call, struct function *f, struct json_object *values,
    struct handler_result *result)
{
	struct mcp_call mine = { call, values, result, NULL, false };
	int handled;

	mcp_buf_reset(&result->parts);
	mcp_buf_reset(&result->structured);
	result->is_error = false;
	handled = run_handler(&mine, f);
	if (mine.failed)
		return MCP_FAILED;
	if (handled == MCP_DONE || handled == MCP_PENDING)
		return handled;
	call_fail(call, JSONRPC_INTERNAL_ERROR, "The handler failed");
	return MCP_FAILED;
}

int
handler_plugin_run(struct call *call, void *function,
    struct json_object *values, struct handler_result *result)
{
	struct function *f = function;
	bool modern = mcp_revision_era(call->revision) == MCP_ERA_MODERN;
	bool travels = true; /* else the client comes back by itself */
	int handled = MCP_PENDING;

	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		handled = run_once(call, f, values, result);
		travels = !modern || call->task[0] != '\0';
		if (handled != MCP_PENDING || !travels)
			break;
		/* here and now, while it waits; then it runs again */
		if (asks_travel(call) != 0)
			return HANDLER_E_CALL;
	}
	if (handled == MCP_FAILED)
		return HANDLER_E_CALL;
	if (handled == MCP_PENDING && !travels)
		return HANDLER_E_ASKS;
	if (handled == MCP_PENDING) {
		call_fail(call, JSONRPC_INTERNAL_ERROR,
		    "The handler asks without end");
		return HANDLER_E_CALL;
	}
	return result->parts.failed || result->structured.failed ? -ENOMEM : 0;
}

int
mcp_fail(struct mcp_call *mine, int code, const char *message,
    const char *data)
{
	mine->failed = true;
	mcp_buf_reset(&mine->call->data);
	if (data != NULL)
		mcp_buf_puts(&mine->call->data, data);
	call_fail(mine->call, code, "%s", message);
	return MCP_FAILED;
}

/* --- what it was asked -------------------------------------------------- */

static struct json_object *
value_of(struct mcp_call *mine, const char *name)
{
	return mcp_json_get(mine->values, name);
}

const char *
mcp_arguments(struct mcp_call *mine)
{
	return mine->values == NULL ? "{}" : mcp_json_text(mine->values);
}

const char *
mcp_string(struct mcp_call *mine, const char *name, const char *otherwise)
{
	struct json_object *value = value_of(mine, name);

	return json_object_is_type(value, json_type_string) ?
	    json_object_get_string(value) : otherwise;
}

int64_t
mcp_integer(struct mcp_call *mine, const char *name, int64_t otherwise)
{
	struct json_object *value = value_of(mine, name);

	return json_object_is_type(value, json_type_int) ||
	    json_object_is_type(value, json_type_double) ?
	    json_object_get_int64(value) : otherwise;
}

double
mcp_number(struct mcp_call *mine, const char *name, double otherwise)
{
	struct json_object *value = value_of(mine, name);

	return json_object_is_type(value, json_type_int) ||
	    json_object_is_type(value, json_type_double) ?
	    json_object_get_double(value) : otherwise;
}

bool
mcp_boolean(struct mcp_call *mine, const char *name, bool otherwise)
{
	struct json_object *value = value_of(mine, name);

	return json_object_is_type(value, json_type_boolean) ?
	    json_object_get_boolean(value) : otherwise;
}

const char *
mcp_uri(struct mcp_call *mine)
{
	return strcmp(mine->call->method->name, "resources/read") == 0 ?
	    mine->call->name : NULL;
}

const char *
mcp_user(struct mcp_call *mine)
{
	return mine->call->user;
}

const char *
mcp_revision(struct mcp_call *mine)
{
	return mcp_revision_name(mine->call->revision);
}

bool
mcp_cancelled(struct mcp_call *mine)
{
	return atomic_load(&mine->call->cancelled) ||
	    mcp_clock_ns() > mine->call->deadline_ns;
}

int
mcp_sleep(struct mcp_call *mine, unsigned ms)
{
	while (ms > 0 && !mcp_cancelled(mine)) {
		unsigned now = ms < NAP_MS ? ms : NAP_MS;

		nanosleep(&(struct timespec){ 0, now * (long)MCP_MS }, NULL);
		ms -= now;
	}
	return mcp_cancelled(mine) ? -1 : 0;
}

/* --- content ------------------------------------------------------------ */

static struct mcp_buf *
begin_part(struct mcp_call *mine)
{
	struct mcp_buf *parts = &mine->result->parts;

	if (parts->len > 0)
		mcp_buf_putc(parts, ',');
	if (mine->role != NULL) {
		mcp_buf_puts(parts, "{\"role\":");
		mcp_buf_json_string(parts, mcp_text_of(mine->role));
		mcp_buf_puts(parts, ",\"content\":");
	}
	return parts;
}

static void
end_part(struct mcp_call *mine)
{
	if (mine->role != NULL)
		mcp_buf_putc(&mine->result->parts, '}');
}

static void
put_member(struct mcp_buf *out, const char *name, const char *value)
{
	mcp_buf_printf(out, ",\"%s\":", name);
	mcp_buf_json_string(out, mcp_text_of(value));
}

static void
put_bytes(struct mcp_buf *out, const char *name, const void *bytes, size_t len)
{
	mcp_buf_printf(out, ",\"%s\":\"", name);
	handler_base64(out, (struct mcp_text){ bytes, len });
	mcp_buf_putc(out, '"');
}

void
mcp_message(struct mcp_call *mine, const char *role)
{
	mine->role = role;
}

/* Of a resource: the text is the resource's. */
static void
put_contents(struct mcp_call *mine, const char *mime_type)
{
	struct mcp_buf *parts = begin_part(mine);

	mcp_buf_puts(parts, "{\"uri\":");
	mcp_buf_json_string(parts, mcp_text_of(mcp_uri(mine)));
	if (mime_type != NULL)
		put_member(parts, "mimeType", mime_type);
}

void
mcp_text(struct mcp_call *mine, const char *text)
{
	struct mcp_buf *parts = &mine->result->parts;

	if (mcp_uri(mine) != NULL) {
		put_contents(mine, mine->result->mime_type);
		put_member(parts, "text", text);
	} else {
		begin_part(mine);
		mcp_buf_puts(parts, "{\"type\":\"text\"");
		put_member(parts, "text", text);
	}
	mcp_buf_putc(parts, '}');
	end_part(mine);
}

void
mcp_printf(struct mcp_call *mine, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len >= 0)
		mcp_text(mine, text);
	else
		mine->result->parts.failed = true;
	free(text);
}

static void
put_media(struct mcp_call *mine, const char *type, const char *mime_type,
    const void *bytes, size_t len)
{
	struct mcp_buf *parts = begin_part(mine);

	mcp_buf_printf(parts, "{\"type\":\"%s\"", type);
	put_bytes(parts, "data", bytes, len);
	put_member(parts, "mimeType", mime_type);
	mcp_buf_putc(parts, '}');
	end_part(mine);
}

void
mcp_image(struct mcp_call *mine, const char *mime_type, const void *bytes,
    size_t len)
{
	put_media(mine, "image", mime_type, bytes, len);
}

/* Before 2025-03-26 there is no audio; a resource carries it. */
void
mcp_audio(struct mcp_call *mine, const char *mime_type, const void *bytes,
    size_t len)
{
	if (mcp_revision_has(mine->call->revision, MCP_FIELD_AUDIO))
		put_media(mine, "audio", mime_type, bytes, len);
	else
		mcp_embed_blob(mine, "audio:", mime_type, bytes, len);
}

void
mcp_blob(struct mcp_call *mine, const char *mime_type, const void *bytes,
    size_t len)
{
	put_contents(mine, mime_type);
	put_bytes(&mine->result->parts, "blob", bytes, len);
	mcp_buf_putc(&mine->result->parts, '}');
	end_part(mine);
}

static struct mcp_buf *
begin_embedded(struct mcp_call *mine, const char *uri, const char *mime_type)
{
	struct mcp_buf *parts = begin_part(mine);

	mcp_buf_puts(parts, "{\"type\":\"resource\",\"resource\":{\"uri\":");
	mcp_buf_json_string(parts, mcp_text_of(uri));
	if (mime_type != NULL)
		put_member(parts, "mimeType", mime_type);
	return parts;
}

void
mcp_embed_text(struct mcp_call *mine, const char *uri, const char *mime_type,
    const char *text)
{
	struct mcp_buf *parts = begin_embedded(mine, uri, mime_type);

	put_member(parts, "text", text);
	mcp_buf_puts(parts, "}}");
	end_part(mine);
}

void
mcp_embed_blob(struct mcp_call *mine, const char *uri, const char *mime_type,
    const void *bytes, size_t len)
{
	struct mcp_buf *parts = begin_embedded(mine, uri, mime_type);

	put_bytes(parts, "blob", bytes, len);
	mcp_buf_puts(parts, "}}");
	end_part(mine);
}

/* Before 2025-06-18 there are no links; a reader of text can follow one too. */
void
mcp_link(struct mcp_call *mine, const char *resource)
{
	size_t len = strlen(resource);
	struct mcp_buf *parts;

	if (len < 2 || resource[0] != '{')
		return;
	if (!mcp_revision_has(mine->call->revision, MCP_FIELD_RESOURCE_LINK)) {
		mcp_text(mine, resource);
		return;
	}
	parts = begin_part(mine);
	mcp_buf_puts(parts, "{\"type\":\"resource_link\",");
	mcp_buf_puts(parts, resource + 1);
	end_part(mine);
}

void
mcp_structured(struct mcp_call *mine, const char *object)
{
	mcp_buf_reset(&mine->result->structured);
	mcp_buf_puts(&mine->result->structured, object);
}

void
mcp_value(struct mcp_call *mine, const char *value)
{
	mcp_buf_json_string(begin_part(mine), mcp_text_of(value));
}

void
mcp_is_error(struct mcp_call *mine)
{
	mine->result->is_error = true;
}

/* --- while it runs ------------------------------------------------------ */

void
mcp_progress(struct mcp_call *mine, double progress, double total,
    const char *message)
{
	answer_progress(mine->call, progress, total, message);
}

void
mcp_log_message(struct mcp_call *mine, const char *level, const char *logger,
    const char *data)
{
	struct mcp_buf out = MCP_BUF_INIT;

	if (mcp_revision_era(mine->call->revision) == MCP_ERA_LEGACY)
		logging_learn_level(mine->call);
	if (mine->call->log_level < 0 ||
	    meta_level(mcp_text_of(level)) < mine->call->log_level)
		return;
	mcp_buf_puts(&out, "{\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/message\",\"params\":{\"level\":");
	mcp_buf_json_string(&out, mcp_text_of(level));
	if (logger != NULL)
		put_member(&out, "logger", logger);
	mcp_buf_printf(&out, ",\"data\":%s}}", data);
	if (!out.failed)
		(void)answer_notify(mine->call, mine->call->thread,
		    mcp_buf_view(&out));
	mcp_buf_deinit(&out);
}

int
mcp_become_task(struct mcp_call *mine, bool must)
{
	switch (tasks_become(mine->call)) {
	case 0:
		return MCP_DONE;
	case -ENOTSUP:
		if (must && tasks_need(mine->call) == 0)
			return mcp_fail(mine, JSONRPC_INVALID_REQUEST,
			    "This tool runs as a task only", NULL);
		mine->failed |= must;
		return must ? MCP_FAILED : MCP_DONE;
	case -EAGAIN:
		return mcp_fail(mine, MCP_OVERLOADED,
		    "Too many tasks are running: try again", NULL);
	default:
		return mcp_fail(mine, JSONRPC_INTERNAL_ERROR,
		    "Tasks are not available now", NULL);
	}
}

int
mcp_release_connection(struct mcp_call *mine)
{
	return answer_release(mine->call) == 0 ? 0 : -1;
}

/* --- asking ------------------------------------------------------------- */

bool
mcp_client_can(struct mcp_call *mine, enum mcp_capability capability)
{
	return (mine->call->capabilities & capability) != 0;
}

int
mcp_require(struct mcp_call *mine, enum mcp_capability capability)
{
	if (asks_require(mine->call, capability) == MCP_DONE)
		return MCP_DONE;
	mine->failed = true;
	return MCP_FAILED;
}

/* The params are taken, whatever happens. */
static int
ask(struct mcp_call *mine, enum mcp_capability capability, const char *key,
    const char *method, struct json_object *params, const char **answerp)
{
	if (mcp_require(mine, capability) != MCP_DONE) {
		json_object_put(params);
		return MCP_FAILED;
	}
	if (mine->call->asks == NULL || params == NULL) {
		json_object_put(params);
		return mcp_fail(mine, JSONRPC_INTERNAL_ERROR,
		    "The handler asks what cannot be asked here", NULL);
	}
	return asks_put(mine->call, key, method, params, answerp);
}

int
mcp_elicit(struct mcp_call *mine, const char *key, const char *message,
    const char *schema, const char **answerp)
{
	struct json_object *params = json_object_new_object();

	json_object_object_add(params, "message",
	    json_object_new_string(message));
	json_object_object_add(params, "requestedSchema",
	    mcp_json_parse(mcp_text_of(schema)));
	return ask(mine, MCP_CAN_ELICIT, key, "elicitation/create", params,
	    answerp);
}

int
mcp_elicit_url(struct mcp_call *mine, const char *key, const char *message,
    const char *url, const char **answerp)
{
	struct json_object *params = json_object_new_object();

	json_object_object_add(params, "mode", json_object_new_string("url"));
	json_object_object_add(params, "message",
	    json_object_new_string(message));
	json_object_object_add(params, "url", json_object_new_string(url));
	return ask(mine, MCP_CAN_ELICIT_URL, key, "elicitation/create", params,
	    answerp);
}

int
mcp_sample(struct mcp_call *mine, const char *key, const char *params,
    const char **answerp)
{
	return ask(mine, MCP_CAN_SAMPLE, key, "sampling/createMessage",
	    mcp_json_parse(mcp_text_of(params)), answerp);
}

int
mcp_roots(struct mcp_call *mine, const char *key, const char **answerp)
{
	return ask(mine, MCP_CAN_ROOTS, key, "roots/list",
	    json_object_new_object(), answerp);
}

const char *
mcp_state(struct mcp_call *mine)
{
	return mine->call->asks == NULL ? "" : asks_state(mine->call);
}

void
mcp_set_state(struct mcp_call *mine, const char *state)
{
	if (mine->call->asks != NULL)
		asks_set_state(mine->call, state);
}

/* --- telling everybody -------------------------------------------------- */

static int
broadcast(struct mcp_call *mine, enum mcp_wire_topic topic, const char *uri)
{
	struct mcp_letter answer, question = {
		.kind = MCP_BROADCAST,
		.topic = topic,
		.data = mcp_text_of(uri),
	};

	if (thread_ask(mine->call->thread, &question, &answer) != 0 ||
	    answer.outcome != MCP_OK)
		return -1;
	return (int)answer.streams;
}

int
mcp_resource_updated(struct mcp_call *mine, const char *uri)
{
	return broadcast(mine, MCP_TOPIC_UPDATED, uri);
}

int
mcp_list_changed(struct mcp_call *mine, const char *kind)
{
	static const char *const kinds[] = { [MCP_TOPIC_TOOLS] = "tools",
		[MCP_TOPIC_PROMPTS] = "prompts",
		[MCP_TOPIC_RESOURCES] = "resources" };

	for (int topic = MCP_TOPIC_TOOLS; topic <= MCP_TOPIC_RESOURCES; topic++)
		if (strcmp(kinds[topic], kind) == 0)
			return broadcast(mine, (enum mcp_wire_topic)topic,
			    NULL);
	return -1;
}

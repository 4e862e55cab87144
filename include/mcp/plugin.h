/* mcp/plugin.h - tools, resources and prompts in C                  ABI 1
 *
 * A plugin is a shared object that the worker loads because "plugins" of
 * mcp.json names it. It exports one function, mcp_plugin_init(), which
 * registers what the plugin offers; from then on the worker calls handlers,
 * several at once, each on a thread of its own. The same handler serves every
 * MCP revision.
 *
 * THE LAW OF ASKING. A handler may ask the client (mcp_elicit, mcp_sample,
 * mcp_roots). An ask either yields its answer at once or MCP_PENDING, and then
 * the handler, after whatever other asks it can already make, returns
 * MCP_PENDING itself. Once the client has answered, the handler runs again,
 * from its start, perhaps in another process on another machine, and the same
 * ask, known by its key, yields the answer. So: the same keys in every run,
 * and NO SIDE EFFECT BEFORE THE LAST ASK.
 *
 * A plugin that crashes costs one worker process, which is restarted, and no
 * stream. A call is legal only on the thread its handler runs on, until the
 * handler returns. All text is UTF-8 and NUL-terminated unless a length stands
 * beside it; what is passed in is copied, what is handed out lives until the
 * handler returns. JSON travels as text: use whichever library you like.
 *
 * Spec: MCP 2026-07-28 "Tools", "Resources", "Prompts", "Completion",
 *       "Multi Round-Trip Requests"
 */
#ifndef MCP_PLUGIN_H
#define MCP_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MCP_PLUGIN_ABI 1

struct mcp_plugin; /* where a plugin registers */
struct mcp_call; /* one running call */

/* What a handler returns. */
enum mcp_handled {
	MCP_DONE = 0, /* the result is what was added to the call */
	MCP_PENDING = 1, /* the client has been asked: run me again */
	MCP_FAILED = 2 /* mcp_fail() said how */
};

typedef int (*mcp_handler_fn)(struct mcp_call *call, void *context);

/* --- what a plugin exports ---------------------------------------------- */

/* mcp_plugin_abi - always MCP_PLUGIN_ABI; MCP_PLUGIN writes it */
extern const unsigned mcp_plugin_abi;
#define MCP_PLUGIN const unsigned mcp_plugin_abi = MCP_PLUGIN_ABI

/* mcp_plugin_init() - register everything
 * Return: 0; anything else refuses the configuration that names the plugin */
int mcp_plugin_init(struct mcp_plugin *plugin);

/* --- registration, from mcp_plugin_init() only -------------------------- */

/* Each takes the object a client will be shown, as JSON text with the members
 * of the specification: for a tool "name", "description", "inputSchema", ...;
 * for a resource "uri" or "uriTemplate", "name", "mimeType", ...; for a prompt
 * "name", "description", "arguments". Members that a revision does not know are
 * left out for it.
 * Return: 0; -1 with the problem in the worker's log */
int mcp_add_tool(struct mcp_plugin *plugin, const char *definition,
    mcp_handler_fn handler, void *context);
int mcp_add_resource(struct mcp_plugin *plugin, const char *definition,
    mcp_handler_fn handler, void *context);
int mcp_add_prompt(struct mcp_plugin *plugin, const char *definition,
    mcp_handler_fn handler, void *context);

/* mcp_add_completion() - values for one argument of a prompt (@ref its name) or
 * one place of a resource template (@ref its uriTemplate). The handler reads
 * mcp_string(call, "value") and adds values with mcp_value(). */
int mcp_add_completion(struct mcp_plugin *plugin, const char *ref,
    const char *argument, mcp_handler_fn handler, void *context);

/* --- what is asked of a handler ----------------------------------------- */

/* mcp_arguments() - the validated arguments (of a resource template: the places
 * of its URI) as a JSON object */
const char *mcp_arguments(struct mcp_call *call);

/* One argument; @otherwise where it is absent, null or of another type. */
const char *mcp_string(struct mcp_call *call, const char *name,
    const char *otherwise);
int64_t mcp_integer(struct mcp_call *call, const char *name,
    int64_t otherwise);
double mcp_number(struct mcp_call *call, const char *name, double otherwise);
bool mcp_boolean(struct mcp_call *call, const char *name, bool otherwise);

const char *mcp_uri(struct mcp_call *call); /* of a resource; else NULL */
const char *mcp_user(struct mcp_call *call); /* "" is nobody */
const char *mcp_revision(struct mcp_call *call); /* "2025-11-25" */

/* mcp_cancelled() - does nobody want the answer any more? Ask in long loops. */
bool mcp_cancelled(struct mcp_call *call);

/* mcp_sleep() - wait, but not for one who is gone
 * Return: 0; -1 cancelled meanwhile */
int mcp_sleep(struct mcp_call *call, unsigned ms);

/* --- content, in the order it is added ---------------------------------- */

/* For a tool: its content. For a prompt: messages, each begun by mcp_message().
 * For a resource: mcp_text() or mcp_blob() make its contents. */
void mcp_message(struct mcp_call *call, const char *role);
void mcp_text(struct mcp_call *call, const char *text);
void mcp_printf(struct mcp_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void mcp_image(struct mcp_call *call, const char *mime_type, const void *bytes,
    size_t len);
void mcp_audio(struct mcp_call *call, const char *mime_type, const void *bytes,
    size_t len);
void mcp_blob(struct mcp_call *call, const char *mime_type, const void *bytes,
    size_t len);
void mcp_embed_text(struct mcp_call *call, const char *uri,
    const char *mime_type, const char *text);
void mcp_embed_blob(struct mcp_call *call, const char *uri,
    const char *mime_type, const void *bytes, size_t len);
void mcp_link(struct mcp_call *call, const char *resource); /* a Resource, as
							       JSON */
void mcp_structured(struct mcp_call *call, const char *object); /* JSON */
void mcp_value(struct mcp_call *call, const char *value); /* of a completion */

/* mcp_is_error() - the content says what went wrong, for the model */
void mcp_is_error(struct mcp_call *call);

/* mcp_fail() - a JSON-RPC error instead of a result
 * Units:  @data JSON text or NULL
 * Return: MCP_FAILED, to be returned on */
int mcp_fail(struct mcp_call *call, int code, const char *message,
    const char *data);

/* --- while it runs ------------------------------------------------------ */

/* mcp_progress() - told to a caller who sent a progress token; @total 0 is
 * unknown; @message may be NULL */
void mcp_progress(struct mcp_call *call, double progress, double total,
    const char *message);

/* mcp_log_message() - told to a caller who wants this level
 * Units:  @level "debug" ... "emergency"; @logger may be NULL; @data JSON */
void mcp_log_message(struct mcp_call *call, const char *level,
    const char *logger, const char *data);

/* mcp_become_task() - answer the caller with a task, and go on without it; asks
 * are then answered through the task. Where the client takes no tasks, and
 * where it is one already, nothing happens.
 * Units:  @must: fail the call of a client that takes no tasks
 * Return: MCP_DONE, go on; MCP_FAILED, to be returned on */
int mcp_become_task(struct mcp_call *call, bool must);

/* mcp_release_connection() - let the caller go while the work goes on; it comes
 * back for the answer (2025-11-25, with a session)
 * Return: 0; -1 this caller could not come back, and stays */
int mcp_release_connection(struct mcp_call *call);

/* --- asking the client: see the law above ------------------------------- */

enum mcp_capability {
	MCP_CAN_ELICIT = 1,
	MCP_CAN_ELICIT_URL = 2,
	MCP_CAN_SAMPLE = 4,
	MCP_CAN_SAMPLE_TOOLS = 8,
	MCP_CAN_ROOTS = 16
};
bool mcp_client_can(struct mcp_call *call, enum mcp_capability capability);

/* mcp_require() - refuse the call of a client that cannot
 * Return: MCP_DONE it can; MCP_FAILED, to be returned on */
int mcp_require(struct mcp_call *call, enum mcp_capability capability);

/* Each yields the client's result as a JSON object.
 * Units:  @key names the ask, the same in every run; @schema and @params JSON
 * Return: MCP_DONE with *answerp; MCP_PENDING; MCP_FAILED the client cannot be
 *         asked this, and the call has failed */
int mcp_elicit(struct mcp_call *call, const char *key, const char *message,
    const char *schema, const char **answerp);
int mcp_elicit_url(struct mcp_call *call, const char *key, const char *message,
    const char *url, const char **answerp);
int mcp_sample(struct mcp_call *call, const char *key, const char *params,
    const char **answerp);
int mcp_roots(struct mcp_call *call, const char *key, const char **answerp);

/* The handler's own notes from run to run, sealed on their way through the
 * client; "" in the first run. */
const char *mcp_state(struct mcp_call *call);
void mcp_set_state(struct mcp_call *call, const char *state);

/* --- telling everybody -------------------------------------------------- */

/* To every stream that asked for it, in every process and era.
 * Return: how many streams; -1 the broker is away */
int mcp_resource_updated(struct mcp_call *call, const char *uri);
int mcp_list_changed(struct mcp_call *call, const char *kind); /* "tools",
						    "prompts", "resources" */

#ifdef __cplusplus
}
#endif

#endif

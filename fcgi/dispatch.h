/* dispatch.h - I am a table: method, handler, first and last revision
 *
 * The methods themselves are in the rooms named after them, and declared here;
 * so is what they all need to read their params.
 */
#ifndef FCGI_DISPATCH_H
#define FCGI_DISPATCH_H

#include "fcgi/call.h"

/* A method's work: appends the result, a JSON object, to @result.
 * Return: 0; CALL_E_FAILED; -errno, which becomes an internal error */
typedef int (*method_fn)(struct call *call, struct mcp_buf *result);

struct method {
	const char *name;
	method_fn run;
	enum mcp_revision first, last;
	unsigned traits;
	const char *mirror; /* the param that Mcp-Name repeats; NULL: none */
};

enum method_trait {
	METHOD_SLOT = 1, /* runs a handler, and so needs a slot */
	METHOD_ASKS = 2, /* may ask the client */
	METHOD_TOOLS = 4, /* belongs to a capability: undeclared, it does not
			     exist from 2026-07-28 on */
	METHOD_RESOURCES = 8,
	METHOD_PROMPTS = 16,
	METHOD_COMPLETIONS = 32,
	METHOD_TASKS = 64 /* only plugins make them */
};

/* dispatch_offers() - the capabilities of the snapshot, as METHOD_ bits */
unsigned dispatch_offers(const struct mcp_config *config);

/* dispatch_method() - NULL where @revision has no such method, or the server
 * nothing to offer there */
const struct method *dispatch_method(
    const struct call *call, const char *name, enum mcp_revision revision);

/* dispatch_run() - run call->method for call->message, and append the response
 * to call->out */
void dispatch_run(struct call *call);

/* dispatch_batch() - the same for every message of a batch */
void dispatch_batch(struct call *call);

/* dispatch_complete() - add what every result carries from 2026-07-28 on */
void dispatch_complete(const struct call *call, struct mcp_buf *result);

/* dispatch_versions() - append "2025-11-25","2025-06-18",...: what we speak */
void dispatch_versions(struct mcp_buf *out);

/* --- the methods, each in its room -------------------------------------- */

int lifecycle_initialize(struct call *call, struct mcp_buf *result);
int lifecycle_discover(struct call *call, struct mcp_buf *result);
int lifecycle_ping(struct call *call, struct mcp_buf *result);
int tools_list(struct call *call, struct mcp_buf *result);
int tools_call(struct call *call, struct mcp_buf *result);
int resources_list(struct call *call, struct mcp_buf *result);
int resources_templates_list(struct call *call, struct mcp_buf *result);
int resources_read(struct call *call, struct mcp_buf *result);
int resources_subscribe(struct call *call, struct mcp_buf *result);
int resources_unsubscribe(struct call *call, struct mcp_buf *result);
int prompts_list(struct call *call, struct mcp_buf *result);
int prompts_get(struct call *call, struct mcp_buf *result);
int completion_complete(struct call *call, struct mcp_buf *result);
int logging_set_level(struct call *call, struct mcp_buf *result);
int tasks_get(struct call *call, struct mcp_buf *result);
int tasks_update(struct call *call, struct mcp_buf *result);
int tasks_cancel(struct call *call, struct mcp_buf *result);

/* logging_learn_level() - what the call's session has set, into
 * call->log_level; one letter, at the call's first log message */
void logging_learn_level(struct call *call);

/* lifecycle_server_info() - append {"name":...,"version":...} */
void lifecycle_server_info(const struct mcp_server *server,
    enum mcp_revision revision, struct mcp_buf *out);

/* param_string() - a string member of call->message.params
 * Return: 0; CALL_E_FAILED, invalid params, where it is absent or no string */
int param_string(struct call *call, const char *name, const char **valuep);

/* param_object() - an object member, NULL where absent
 * Return: 0; CALL_E_FAILED where it is there and no object
 * Owner:  borrowed from the message, as the string above */
int param_object(struct call *call, const char *name,
    struct json_object **valuep);

#endif

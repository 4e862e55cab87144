/* dispatch.h - I am a table: method, handler, first and last revision */
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
	bool slot; /* runs a handler, and so needs a slot */
};

/* dispatch_method() - NULL where @revision has no such method */
const struct method *dispatch_method(const char *name,
    enum mcp_revision revision);

/* dispatch_run() - run call->method for call->message, and append the response
 * to call->out */
void dispatch_run(struct call *call);

/* dispatch_batch() - the same for every message of a batch */
void dispatch_batch(struct call *call);

/* dispatch_versions() - append "2025-11-25","2025-06-18",...: what we speak */
void dispatch_versions(struct mcp_buf *out);

/* --- the methods, each in its room ------------------------------------------ */

int lifecycle_initialize(struct call *call, struct mcp_buf *result);
int lifecycle_ping(struct call *call, struct mcp_buf *result);
int tools_list(struct call *call, struct mcp_buf *result);
int tools_call(struct call *call, struct mcp_buf *result);
int resources_list(struct call *call, struct mcp_buf *result);
int resources_templates_list(struct call *call, struct mcp_buf *result);
int resources_read(struct call *call, struct mcp_buf *result);
int prompts_list(struct call *call, struct mcp_buf *result);
int prompts_get(struct call *call, struct mcp_buf *result);

/* param_string() - a string member of call->message.params
 * Return: 0; CALL_E_FAILED, invalid params, where it is absent or no string */
int param_string(struct call *call, const char *name, const char **valuep);

/* param_object() - an object member, NULL where absent
 * Return: 0; CALL_E_FAILED where it is there and no object */
int param_object(struct call *call, const char *name,
    struct json_object **valuep);

#endif

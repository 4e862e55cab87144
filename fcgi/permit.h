/* permit.h - I say who may use what, and tell handlers who asks
 *
 * What a caller may not use does not exist for him: every room that looks an
 * entry up for a caller asks here, and says of the one that is forbidden,
 * byte for byte, what it says of the one that is not there.
 */
#ifndef FCGI_PERMIT_H
#define FCGI_PERMIT_H

#include <mcp/config.h>

struct call;
struct handler_result;
struct http_request;
struct json_object;

/* permit_identify() - whom the web server has verified, into call->identity
 * Return: 0; -ENOMEM, and nothing is kept */
int permit_identify(struct call *call, const struct http_request *request);

bool permit_entry(const struct call *call, const struct mcp_access *access);

/* permit_tool() ... - NULL: there is none, or it is not for this caller */
const struct mcp_tool *permit_tool(const struct call *call, const char *name);
const struct mcp_prompt *
permit_prompt(const struct call *call, const char *name);

/* permit_forged() - the name of a bound input that the client has sent, which
 * PERMIT_FORGED says; NULL: none */
#define PERMIT_FORGED "%s: the server sets this itself; leave it out"
const char *
permit_forged(const struct mcp_access *access, struct json_object *sent);

/* permit_values() - @sent and what is bound, which nobody can have sent
 * Return: an object, the caller's; NULL: out of memory
 * Owner:  @sent, which may be NULL, is not changed */
struct json_object *permit_values(const struct call *call,
    const struct mcp_access *access, struct json_object *sent);

/* permit_run() - handler_run() with those */
int permit_run(struct call *call, const struct mcp_access *access,
    const struct mcp_handler *handler, struct json_object *sent,
    struct handler_result *result);

#endif

/* ask.h - I am what a handler wants to know of its client, and what it was told
 *
 * An ask has a key that is the same in every run of its handler. From
 * 2026-07-28 on, what was answered in earlier rounds travels with the client,
 * sealed in requestState with the handler's own notes, the subject, an expiry
 * and a digest of the request it belongs to; nothing is kept here. Before, and
 * in a task, the client is asked at once, and the call waits for its answer.
 *
 * Spec: 2026-07-28 "Multi Round-Trip Requests"
 */
#ifndef FCGI_ASK_H
#define FCGI_ASK_H

#include "fcgi/call.h"

#include <mcp/plugin.h>

#define ASK_STATE_MAX 65536 /* characters of a requestState */

struct asks;
struct json_object;

/* asks_open() - read params.requestState and params.inputResponses
 * Return: 0; CALL_E_FAILED: state that is altered, expired, somebody else's or
 *         another request's; -ENOMEM */
int asks_open(struct call *call);
void asks_free(struct asks *asks);

/* asks_put() - what is the answer to this ask?
 * Units:  @params a JSON object
 * Owner:  @params is taken
 * Return: MCP_DONE, *answerp borrowed from the call; MCP_PENDING, and it will
 *         be asked; MCP_FAILED, the call has failed */
int asks_put(struct call *call, const char *key, const char *method,
    struct json_object *params, const char **answerp);

/* asks_fits() - is @answer what a request of this @method is answered with? */
bool asks_fits(const char *method, struct json_object *answer);

/* asks_require() - does the client have this capability? If not, fail the call
 * Return: MCP_DONE; MCP_FAILED */
int asks_require(struct call *call, enum mcp_capability capability);

/* asks_state() - the handler's own notes; "" where there are none
 * Owner:  borrowed until asks_set_state(), which copies */
const char *asks_state(struct call *call);
void asks_set_state(struct call *call, const char *state);

/* asks_travel() - in the legacy eras: send what is pending to the client and
 * wait for its answers; the handler is then run again
 * Return: 0; CALL_E_FAILED the client could not be asked, did not answer in
 *         time, refused, or took its request back; -ENOMEM */
int asks_travel(struct call *call);

/* asks_result() - append what sends the client asking
 * Return: 0; CALL_E_FAILED; -ENOMEM */
int asks_result(struct call *call, struct mcp_buf *result);

#endif

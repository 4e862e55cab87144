/* listen.h - I read what a client wants to hear of
 *
 * The body of a subscriptions/listen, held against its headers exactly as the
 * workers do it with any other modern request: the same order, the same codes,
 * the same sentences. I open no stream; I say which one was asked for, and of
 * that what this server can honour.
 *
 * Spec: 2026-07-28 "Subscriptions"; "Overview", "_meta"; "Streamable HTTP",
 *       "Server Validation"; SEP-2663 "Task Status Notifications"
 */
#ifndef BROKER_LISTEN_H
#define BROKER_LISTEN_H

#include <mcp/config.h>
#include <mcp/jsonrpc.h>
#include <mcp/permit.h>
#include <mcp/wire.h>

#include "broker/head.h"

#define LISTEN_METHOD "subscriptions/listen"
#define LISTEN_BODY_MAX 262144 /* bytes, where max_body is not less */
#define LISTEN_URIS_MAX 1000
#define LISTEN_URI_MAX 8192 /* bytes: what a BROADCAST carries */
#define LISTEN_TASKS_MAX 1000
#define LISTEN_TASK_MAX MCP_WIRE_STREAM_MAX /* bytes of an id */

enum listen_condition {
	LISTEN_E_REFUSED = 1 /* 400, and the JSON-RPC error is filled */
};

struct json_object;

struct listen {
	struct mcp_text id; /* raw JSON, borrowed; length 0: none was read */
	unsigned topics; /* honoured: bits LISTEN_TOPIC() */
	struct mcp_text *uris; /* of LISTEN_TOPIC(MCP_TOPIC_UPDATED) */
	size_t n_uris;
	bool *deaf; /* of each: acknowledged like any, and never told: it is
		       not the caller's to read; NULL: none is */
	struct mcp_text *tasks; /* ids; whose they are is not looked at */
	size_t n_tasks;
	int code; /* of the error */
	char why[192];
	struct mcp_buf data; /* of the error, as JSON */
	struct mcp_jsonrpc message;
	struct json_object *params; /* of it */
	bool older_header; /* that tolerance was needed */
};
#define LISTEN_INIT                                                            \
	((struct listen){ MCP_TEXT_INIT, 0, NULL, 0, NULL, NULL, 0, 0, "",     \
	    MCP_BUF_INIT, MCP_JSONRPC_INIT, NULL, false })
#define LISTEN_TOPIC(topic) (1u << (topic))

/* listen_offered() - what can change here: bits LISTEN_TOPIC() */
unsigned listen_offered(const struct mcp_config *config);

/* listen_read() - check @body against @head, and read the filter
 * Return: 0; LISTEN_E_REFUSED; -ENOMEM
 * Owner:  @body must outlive @out; deinit @out whatever came back */
int listen_read(const struct mcp_config *config, const struct head *head,
    struct mcp_text body, struct listen *out);
void listen_deinit(struct listen *listen);

/* listen_permit() - be deaf to what @who may not read
 * Return: 0; -ENOMEM */
int listen_permit(const struct mcp_config *config,
    const struct mcp_identity *who, struct listen *listen);

/* listen_name() - a list's member of the filter: "toolsListChanged" */
const char *listen_name(enum mcp_wire_topic topic);

#endif

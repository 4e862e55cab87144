/* meta.h - I read what a modern request says of itself, and hold its headers
 * against it
 *
 * From 2026-07-28 on every request carries version, client and capabilities in
 * params._meta, and mirrors what proxies route by in its headers. Whoever
 * says one thing to the proxy and another to us is refused before anything ran.
 *
 * Spec: 2026-07-28 "Overview", "_meta"; "Streamable HTTP", "Request Metadata"
 *       and "Server Validation"
 */
#ifndef FCGI_META_H
#define FCGI_META_H

#include "fcgi/call.h"

#define META_CAN_TASKS 0x100u /* beside enum mcp_capability */

/* meta_find() - what of @json, the value of params._meta, means something here
 * Owner: borrowed from @json */
void meta_find(struct mcp_text json, struct meta *meta);

/* meta_is_modern() - does this message speak a modern revision? */
bool meta_is_modern(const struct call *call,
    const struct http_request *request);

/* meta_version_repeated() - did MCP-Protocol-Version come twice, in two lines
 * or joined by a comma? */
bool meta_version_repeated(const struct http_request *request);

/* meta_header_version() - what MCP-Protocol-Version names; length 0: nothing */
struct mcp_text meta_header_version(const struct http_request *request);

/* meta_read() - check the whole of it, and fill what the call keeps: revision,
 * capabilities, log level, progress token
 * Return: 0; CALL_E_FAILED with the JSON-RPC error of the specification */
int meta_read(struct call *call, const struct http_request *request);

/* meta_mirrors() - do Mcp-Method, Mcp-Name and the Mcp-Param-* of the tool
 * that is called say what the body says?
 * Return: 0; CALL_E_FAILED, MCP_HEADER_MISMATCH */
int meta_mirrors(struct call *call, const struct http_request *request);

/* meta_wishes() - the part of it that legacy requests have as well: progress
 * token and log level
 * Return: as meta_read() */
int meta_wishes(struct call *call);

/* meta_level() - "debug" is 0, "emergency" 7; -1: no level */
int meta_level(struct mcp_text name);

/* meta_capabilities() - the bits of a client's capabilities object, raw JSON */
uint32_t meta_capabilities(struct mcp_text capabilities);

/* meta_unsupported() - fail with the versions that are supported */
int meta_unsupported(struct call *call, struct mcp_text requested);

#endif

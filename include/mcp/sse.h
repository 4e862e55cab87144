/* sse.h - if a line starts with data:, event:, id: or a bare colon, I wrote it
 *
 * Spec: WHATWG HTML, "Server-sent events"
 */
#ifndef MCP_SSE_H
#define MCP_SSE_H

#include <mcp/text.h>

/* mcp_sse_event() - append one event carrying a text
 * Shape:  ["id: " @id LF] ["event: " @name LF] "data: " piece LF for each line
 *         of @data, then LF; CR LF and lone CR in @data end a line too
 * Units:  @id and @name hold no CR, LF or NUL; empty means no such line */
void mcp_sse_event(struct mcp_buf *out, struct mcp_text id,
    struct mcp_text name, struct mcp_text data);

/* mcp_sse_id() - append how an event begins whose rest, as mcp_sse_event()
 * writes it without an id, the caller has already */
void mcp_sse_id(struct mcp_buf *out, struct mcp_text id);

/* mcp_sse_prime() - append an event without data, which no page hears of: it
 * gives an id to come back with, and says when
 * Shape:  "id: " @id LF "retry: " @retry_ms LF "data: " LF LF */
void mcp_sse_prime(struct mcp_buf *out, struct mcp_text id, unsigned retry_ms);

/* mcp_sse_comment() - append a comment, which every client ignores
 * Shape:  ": " piece LF for each line of @text, then LF */
void mcp_sse_comment(struct mcp_buf *out, struct mcp_text text);

/* mcp_sse_retry() - append the reconnection time
 * Shape:  "retry: " @retry_ms LF LF */
void mcp_sse_retry(struct mcp_buf *out, unsigned retry_ms);

#endif

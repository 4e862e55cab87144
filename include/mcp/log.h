/* log.h - I write one line
 *
 * To standard error, in one write(2) each, so that lines of threads and
 * processes never mix: "PROGRAM[PID]: LEVEL: text". A line is cut at
 * MCP_LOG_MAX bytes and control characters become "?".
 */
#ifndef MCP_LOG_H
#define MCP_LOG_H

#include <mcp/text.h>

#define MCP_LOG_MAX 1024

enum mcp_log_level {
	MCP_LOG_ERROR,
	MCP_LOG_WARNING,
	MCP_LOG_INFO,
	MCP_LOG_DEBUG
};

/* mcp_log_init() - this process is @program; lines above @level are dropped */
void mcp_log_init(const char *program, enum mcp_log_level level);

void mcp_log(enum mcp_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* mcp_log_text() - the same of a text that is whole already */
void mcp_log_text(enum mcp_log_level level, struct mcp_text text);

#endif

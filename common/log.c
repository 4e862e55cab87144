/* log.c - I write one line */

#include <mcp/log.h>

#include <stdio.h>
#include <unistd.h>

static char name[64] = "mcp"; /* with the process, as every line begins */
static enum mcp_log_level highest = MCP_LOG_INFO;

static const char *const level_names[] = {
	[MCP_LOG_ERROR] = "error",
	[MCP_LOG_WARNING] = "warning",
	[MCP_LOG_INFO] = "info",
	[MCP_LOG_DEBUG] = "debug",
};

void
mcp_log_init(const char *program, enum mcp_log_level level)
{
	snprintf(name, sizeof(name), "%s[%d]", program, (int)getpid());
	highest = level;
}

void
mcp_log(enum mcp_log_level level, const char *format, ...)
{
	char line[MCP_LOG_MAX];
	va_list args;
	int head, len;

	if (level > highest)
		return;
	head =
	    snprintf(line, sizeof(line), "%s: %s: ", name, level_names[level]);
	va_start(args, format);
	len = head + vsnprintf(line + head, sizeof(line) - (size_t)head, format,
	    args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	for (int i = head; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len] = '\n';
	/* a log that cannot be written has nobody to be told */
	if (write(STDERR_FILENO, line, (size_t)len + 1) < 0)
		return;
}

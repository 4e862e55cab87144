/* log.c - I write one line */

#include <mcp/log.h>

#include <stdio.h>
#include <string.h>
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
	char text[MCP_LOG_MAX];
	va_list args;
	int len;

	if (level > highest)
		return;
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = (int)sizeof(text) - 1;
	mcp_log_text(level,
	    (struct mcp_text){ text, len > 0 ? (size_t)len : 0 });
}

void
mcp_log_text(enum mcp_log_level level, struct mcp_text text)
{
	char line[MCP_LOG_MAX], *at = line;
	char *last = line + sizeof(line) - 2; /* where the newline may stand */

	if (level > highest)
		return;
	at = stpcpy(stpcpy(at, name), ": ");
	at = stpcpy(stpcpy(at, level_names[level]), ": ");
	for (size_t i = 0; i < text.len && at < last; i++) {
		unsigned char c = (unsigned char)text.at[i];

		*at++ = c < ' ' || c == 0x7f ? '?' : (char)c;
	}
	*at++ = '\n';
	/* a log that cannot be written has nobody to be told */
	if (write(STDERR_FILENO, line, (size_t)(at - line)) < 0)
		return;
}

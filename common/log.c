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

/* "PROGRAM[PID]: LEVEL: "; @line has room for it, and more.
 * Return: its length */
static size_t
begin(char *line, enum mcp_log_level level)
{
	char *at = stpcpy(stpcpy(line, name), ": ");

	return (size_t)(stpcpy(stpcpy(at, level_names[level]), ": ") - line);
}

/* @line has room for its newline. */
static void
end(char *line, size_t head, size_t len)
{
	for (size_t i = head; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len] = '\n';
	/* a log that cannot be written has nobody to be told */
	if (write(STDERR_FILENO, line, len + 1) < 0)
		return;
}

void
mcp_log(enum mcp_log_level level, const char *format, ...)
{
	char line[MCP_LOG_MAX];
	size_t head, room;
	va_list args;
	int len;

	if (level > highest)
		return;
	head = begin(line, level);
	room = sizeof(line) - 1 - head;
	va_start(args, format);
	len = vsnprintf(line + head, room, format, args);
	va_end(args);
	if (len >= (int)room)
		len = (int)room - 1;
	end(line, head, head + (len > 0 ? (size_t)len : 0));
}

void
mcp_log_text(enum mcp_log_level level, struct mcp_text text)
{
	char line[MCP_LOG_MAX];
	size_t head, room;

	if (level > highest)
		return;
	head = begin(line, level);
	room = sizeof(line) - 1 - head;
	if (text.len > room)
		text.len = room;
	if (text.len > 0)
		memcpy(line + head, text.at, text.len);
	end(line, head, head + text.len);
}

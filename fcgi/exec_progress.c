/* exec_progress.c - I read how far a program has come */

#include "fcgi/exec_progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER "0123456789.+-eE"

/* The number that @line begins with, up to a blank or its end. Return: what
 * follows; NULL: it begins with none. */
static const char *
take_number(const char *line, double *numberp)
{
	size_t len = strspn(line, NUMBER);
	char *end;

	if (len == 0 || (line[len] != ' ' && line[len] != '\0'))
		return NULL;
	*numberp = strtod(line, &end);
	if (end != line + len || !isfinite(*numberp))
		return NULL;
	return line + len + strspn(line + len, " ");
}

static void
read_line(struct exec_progress *progress, const char *line)
{
	const char *rest, *behind;
	double value, total = 0;

	rest = take_number(line, &value);
	if (rest == NULL || (progress->any && value <= progress->value))
		return;
	behind = take_number(rest, &total);
	progress->any = progress->waiting = true;
	progress->value = value;
	progress->total = behind == NULL ? 0 : total;
	mcp_buf_reset(&progress->message);
	mcp_buf_puts(&progress->message, behind == NULL ? rest : behind);
}

static void
end_line(struct exec_progress *progress)
{
	struct mcp_buf *line = &progress->line;

	if (line->len > 0 && line->len <= EXEC_PROGRESS_LINE_MAX &&
	    !line->failed)
		read_line(progress, line->data);
	mcp_buf_reset(line);
}

void
exec_progress_feed(struct exec_progress *progress, struct mcp_text bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.at[i] == '\n')
			end_line(progress);
		else if (progress->line.len <= EXEC_PROGRESS_LINE_MAX)
			mcp_buf_putc(&progress->line, bytes.at[i]);
}

bool
exec_progress_due(struct exec_progress *progress, uint64_t now_ns)
{
	if (!progress->waiting || now_ns < progress->next_ns)
		return false;
	progress->waiting = false;
	progress->next_ns = now_ns + EXEC_PROGRESS_NS;
	return true;
}

void
exec_progress_deinit(struct exec_progress *progress)
{
	mcp_buf_deinit(&progress->line);
	mcp_buf_deinit(&progress->message);
}

/* exec_errors.c - I hear what a program says on its standard error */

#include "fcgi/exec_errors.h"

#include <mcp/log.h>

#include <stdatomic.h>
#include <string.h>

#define LINE_MAX_LOGGED 512 /* bytes; the log cuts a little later */

/* Of all runs of this process in this second; a race may let one more pass. */
static bool
may_log(void)
{
	static _Atomic uint64_t second, n;
	uint64_t now = mcp_clock_ns() / MCP_S;

	if (atomic_exchange(&second, now) != now)
		atomic_store(&n, 0);
	return atomic_fetch_add(&n, 1) < EXEC_ERRORS_LINES_PER_S;
}

static void
log_line(struct exec_errors *errors, const char *name)
{
	struct mcp_buf *line = &errors->line;

	if (line->len > 0 && errors->n_lines < EXEC_ERRORS_LINES_MAX &&
	    may_log())
		mcp_log(MCP_LOG_INFO, "exec %.128s: %s", name, line->data);
	else if (line->len > 0 && errors->n_lines == EXEC_ERRORS_LINES_MAX)
		mcp_log(MCP_LOG_INFO, "exec %.128s: more is not logged", name);
	errors->n_lines += line->len > 0;
	mcp_buf_reset(line);
}

/* Never more than twice what is wanted of it. */
static void
remember(struct exec_errors *errors, struct mcp_text bytes)
{
	struct mcp_buf *tail = &errors->tail;
	size_t less;

	mcp_buf_text(tail, bytes);
	if (tail->len <= 2 * EXEC_ERRORS_TAIL_MAX)
		return;
	less = tail->len - EXEC_ERRORS_TAIL_MAX - 1;
	errors->cut = true;
	tail->len -= less;
	memmove(tail->data, tail->data + less, tail->len + 1);
}

void
exec_errors_feed(
    struct exec_errors *errors, const char *name, struct mcp_text bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.at[i] == '\n')
			log_line(errors, name);
		else if (errors->line.len < LINE_MAX_LOGGED)
			/* a NUL would end the line in the log */
			mcp_buf_putc(&errors->line,
			    bytes.at[i] == '\0' ? '?' : bytes.at[i]);
	remember(errors, bytes);
}

void
exec_errors_end(struct exec_errors *errors, const char *name)
{
	log_line(errors, name);
}

static struct mcp_text
trim_end(struct mcp_text text)
{
	while (text.len > 0 && strchr(" \t\r\n", text.at[text.len - 1]) != NULL)
		text.len--;
	return text;
}

static struct mcp_text
without(struct mcp_text text, size_t front)
{
	return (struct mcp_text){ text.at + front, text.len - front };
}

struct mcp_text
exec_errors_tail(const struct exec_errors *errors)
{
	struct mcp_text tail = trim_end(mcp_buf_view(&errors->tail));
	const char *end;

	if (tail.len == 0 || (tail.len <= EXEC_ERRORS_TAIL_MAX && !errors->cut))
		return tail;
	/* one byte more tells whether a line begins just there */
	if (tail.len > EXEC_ERRORS_TAIL_MAX)
		tail = without(tail, tail.len - EXEC_ERRORS_TAIL_MAX - 1);
	end = memchr(tail.at, '\n', tail.len);
	if (end != NULL)
		return without(tail, (size_t)(end - tail.at) + 1);
	tail = without(tail, 1);
	while (tail.len > 0 && ((unsigned char)tail.at[0] & 0xc0) == 0x80)
		tail = without(tail, 1);
	return tail;
}

void
exec_errors_deinit(struct exec_errors *errors)
{
	mcp_buf_deinit(&errors->line);
	mcp_buf_deinit(&errors->tail);
}

/* problems.c - I collect what is wrong with a file, and say it in one breath */

#include <mcp/config.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What we quote comes from the file: a line stays a line. */
static void
flatten(char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

static bool
one_more(struct mcp_problems *problems, struct mcp_problem problem)
{
	struct mcp_problem *at;

	if (problem.file == NULL || problem.what == NULL)
		return false;
	at = realloc(problems->at, (problems->n + 1) * sizeof(*at));
	if (at == NULL)
		return false;
	at[problems->n++] = problem;
	problems->at = at;
	return true;
}

/* An error that cannot be written down is counted all the same: nothing is
 * served because memory was short. */
void
mcp_problems_add(struct mcp_problems *problems, bool warning, const char *file,
    unsigned line, const char *format, ...)
{
	struct mcp_problem problem = { NULL, line, NULL, warning };
	va_list arguments;

	if (!warning)
		problems->n_errors++;
	va_start(arguments, format);
	if (vasprintf(&problem.what, format, arguments) < 0)
		problem.what = NULL;
	va_end(arguments);
	problem.file = strdup(file);
	if (one_more(problems, problem)) {
		flatten(problem.what);
		return;
	}
	free(problem.file);
	free(problem.what);
}

static void
put_problem(struct mcp_buf *out, const struct mcp_problem *problem)
{
	mcp_buf_puts(out, problem->file);
	if (problem->line > 0)
		mcp_buf_printf(out, ":%u", problem->line);
	mcp_buf_puts(out, problem->warning ? ": warning: " : ": ");
	mcp_buf_puts(out, problem->what);
	mcp_buf_putc(out, '\n');
}

void
mcp_problems_tell(const struct mcp_problems *problems, struct mcp_buf *out)
{
	for (size_t i = 0; i < problems->n; i++)
		put_problem(out, &problems->at[i]);
}

void
mcp_problems_print(const struct mcp_problems *problems, int fd)
{
	struct mcp_buf out = MCP_BUF_INIT;

	mcp_problems_tell(problems, &out);
	(void)mcp_text_write(fd, mcp_buf_view(&out));
	mcp_buf_deinit(&out);
}

void
mcp_problems_deinit(struct mcp_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		free(problems->at[i].file);
		free(problems->at[i].what);
	}
	free(problems->at);
	*problems = MCP_PROBLEMS_INIT;
}

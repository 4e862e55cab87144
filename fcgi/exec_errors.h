/* exec_errors.h - I hear what a program says on its standard error
 *
 * Each line goes to the log, as far as that is bearable; the last ones are
 * remembered, for whoever must say why it failed.
 */
#ifndef FCGI_EXEC_ERRORS_H
#define FCGI_EXEC_ERRORS_H

#include <mcp/text.h>

#define EXEC_ERRORS_TAIL_MAX 2048   /* bytes told of a failure */
#define EXEC_ERRORS_LINES_MAX 64    /* logged of one run, */
#define EXEC_ERRORS_LINES_PER_S 500 /* and of all in this process */

struct exec_errors {
	struct mcp_buf line; /* so far */
	struct mcp_buf tail; /* at least the last EXEC_ERRORS_TAIL_MAX bytes */
	bool cut; /* there was more in front */
	unsigned n_lines;
};
#define EXEC_ERRORS_INIT                                                       \
	((struct exec_errors){ MCP_BUF_INIT, MCP_BUF_INIT, false, 0 })

/* exec_errors_feed() - @bytes have come; @name is whose, in the log */
void exec_errors_feed(
    struct exec_errors *errors, const char *name, struct mcp_text bytes);

/* exec_errors_tail() - the last of it: whole lines if there are any, else from
 * the beginning of a character on, without the blanks at its end
 * Owner:  borrowed until more comes */
struct mcp_text exec_errors_tail(const struct exec_errors *errors);

/* exec_errors_end() - nothing more comes: a last line may lack its end */
void exec_errors_end(struct exec_errors *errors, const char *name);
void exec_errors_deinit(struct exec_errors *errors);

#endif

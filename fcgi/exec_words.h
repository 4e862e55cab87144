/* exec_words.h - I make a program's words out of values
 *
 * What a program is given: its arguments, its environment and its input, each
 * from the operator's templates and the caller's values. Values are data, byte
 * for byte: nothing here quotes, splits or expands them, and what cannot be
 * handed over unchanged is refused with a sentence.
 */
#ifndef FCGI_EXEC_WORDS_H
#define FCGI_EXEC_WORDS_H

#include "fcgi/handler.h"

/* Said too where it is the kernel that refuses them. */
#define EXEC_TOO_LONG \
	"The arguments are longer than a program can be given: send less"

struct exec_words {
	struct mcp_strings argv; /* of mcp-exec; behind the last stands NULL */
	struct mcp_strings env;	 /* of the program; likewise */
	struct mcp_buf input;
	size_t room; /* bytes that may still be added */
};
#define EXEC_WORDS_INIT                                                        \
	((struct exec_words){ { NULL, 0 }, { NULL, 0 }, MCP_BUF_INIT, 0 })

/* exec_words_make() - @values put into the places of @exec
 * Shape:  an element that is one place and nothing else is left out where its
 *         value is absent, and is as many elements as an array has; so is a
 *         variable left out
 * Return: 0; HANDLER_E_FAILED, and @why is a sentence for the model; -ENOMEM
 * Owner:  @words is the caller's to deinit, whatever is returned */
int exec_words_make(const struct mcp_exec *exec, const char *helper,
    struct json_object *values, struct exec_words *words, struct mcp_buf *why);
void exec_words_deinit(struct exec_words *words);

#endif

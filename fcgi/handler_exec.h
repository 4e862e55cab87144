/* handler_exec.h - I run a program of the system, and wait for what it says
 *
 * Through mcp-exec, without a shell, and within limits of time and bytes. When
 * I return, the program and all that it started is gone, and so is each of its
 * descriptors.
 */
#ifndef FCGI_HANDLER_EXEC_H
#define FCGI_HANDLER_EXEC_H

#include "fcgi/handler.h"

/* handler_exec_run() - see handler_run()
 * Shape:  text: what was printed; json: the same, and structured is that
 *         object, or {"value":...}; bytes: of a tool an image, audio or an
 *         embedded resource, of a resource its bytes in text */
int handler_exec_run(struct call *call, const struct mcp_exec *exec,
    struct json_object *values, struct handler_result *result);

/* handler_exec_check() - is mcp-exec there, if anything needs it?
 * Return: 0; a problem is added to @problems */
int handler_exec_check(
    const struct mcp_config *config, struct mcp_problems *problems);

#endif

/* program.h - I know where our other programs are */
#ifndef MCP_PROGRAM_H
#define MCP_PROGRAM_H

/* mcp_program() - beside the program that asks (a build directory), else in
 * sbindir, else PATH is to find it
 * Return: a path or a bare name for execvp(3), the caller's to free; NULL
 *         without memory */
char *mcp_program(const char *name);

#endif

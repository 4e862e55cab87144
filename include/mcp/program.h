/* program.h - I know where our other programs are */
#ifndef MCP_PROGRAM_H
#define MCP_PROGRAM_H

/* mcp_program_find() - beside the program that asks (a build directory), else
 * in @directory
 * Return: a path, the caller's to free; NULL: it is in neither, or no memory */
char *mcp_program_find(const char *name, const char *directory);

/* mcp_program() - likewise in sbindir, else PATH is to find it
 * Return: a path or a bare name for execvp(3), the caller's to free; NULL
 *         without memory */
char *mcp_program(const char *name);

#endif

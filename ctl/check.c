/* check.c - I let the worker read a configuration, and pass on what it says */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcp/program.h>

#include "ctl.h"

int
ctl_check(int argc, char **argv)
{
	char *program;

	if (argc != 2 || argv[1][0] == '-') {
		bool help = argc == 2 && !strcmp(argv[1], "--help");

		fputs("usage: mcpctl check FILE\n", help ? stdout : stderr);
		return help ? 0 : 2;
	}
	program = mcp_program("mcp-fcgi");
	if (program)
		execlp(program, program, "--check", argv[1], (char *)NULL);
	fprintf(stderr, "mcpctl: cannot start mcp-fcgi: %s\n",
	    strerror(errno));
	free(program);
	return 1;
}

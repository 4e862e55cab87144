/* secret.c - I make the file with the keys that sessions are sealed with */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <mcp/seal.h>

#include "ctl.h"

int
ctl_secret(int argc, char **argv)
{
	bool help = argc == 2 && !strcmp(argv[1], "--help");
	int r;

	if (argc != 2 || argv[1][0] == '-') {
		fputs("usage: mcpctl secret FILE\n", help ? stdout : stderr);
		return help ? 0 : 2;
	}
	r = mcp_seal_create(argv[1]);
	if (r == 0)
		return 0;
	fprintf(stderr, "mcpctl: cannot write %s: %s\n", argv[1],
	    strerror(-r));
	return 1;
}

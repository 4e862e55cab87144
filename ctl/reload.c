/* reload.c - I have the site read its configuration file again */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "ctl.h"

#define PATIENCE_MS 120000 /* a check, and every process */

static const char usage[] =
    "usage: mcpctl reload [--dir DIR | --bus ENDPOINT]\n"
    "\n"
    "  --dir DIR        where the site's sockets are (" CTL_DIR ")\n"
    "  --bus ENDPOINT   the broker's bus, where it is elsewhere\n";

/* Return: the exit status */
static int
report(const struct mcp_letter *answer)
{
	fwrite(answer->data.at, 1, answer->data.len, stderr);
	switch (answer->outcome) {
	case MCP_OK:
		printf("the site is %.*s; told %" PRIu64 "\n",
		    (int)answer->digest.len, answer->digest.at,
		    answer->streams);
		return 0;
	case MCP_REFUSED:
		fputs("mcpctl: nothing has changed\n", stderr);
		return 1;
	default:
		fprintf(stderr, "mcpctl: the broker says %s\n",
		    mcp_wire_outcome_name(answer->outcome));
		return 1;
	}
}

int
ctl_reload(int argc, char **argv)
{
	return ctl_ask(argc, argv, usage, MCP_RELOAD, PATIENCE_MS, report);
}

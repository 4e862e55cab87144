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

static void
say_done(const struct mcp_letter *answer)
{
	printf("the site is %.*s; told %" PRIu64 "\n", (int)answer->digest.len,
	    answer->digest.at, answer->streams);
}

int
ctl_reload(int argc, char **argv)
{
	return ctl_ask(argc, argv, usage, MCP_RELOAD, PATIENCE_MS, say_done,
	    "nothing has changed");
}

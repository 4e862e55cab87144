/* upgrade.c - I have a site go on as the programs that are installed now */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "ctl.h"

#define PATIENCE_MS 60000 /* the broker, then all workers at once */

static const char usage[] =
    "usage: mcpctl upgrade [--dir DIR | --bus ENDPOINT]\n"
    "\n"
    "Broker and workers become the programs that are installed now. No stream\n"
    "is closed and no request fails; what cannot start changes nothing.\n"
    "\n"
    "  --dir DIR        where the site's sockets are (" CTL_DIR ")\n"
    "  --bus ENDPOINT   the broker's bus, where it is elsewhere\n";

static void
say_done(const struct mcp_letter *answer)
{
	printf("the broker has %" PRIu64 " streams; %" PRIu64
	       " workers replaced\n",
	    answer->streams, answer->running);
}

int
ctl_upgrade(int argc, char **argv)
{
	return ctl_ask(argc, argv, usage, MCP_UPGRADE, PATIENCE_MS, say_done,
	    "who could not goes on as before");
}

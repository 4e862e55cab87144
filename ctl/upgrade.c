/* upgrade.c - I have a site go on as the programs that are installed now */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl.h"
#include "letter.h"

#define PATIENCE_MS 60000 /* the broker, then all workers at once */

static const char usage[] =
    "usage: mcpctl upgrade [--dir DIR | --bus ENDPOINT]\n"
    "\n"
    "Broker and workers become the programs that are installed now. No stream\n"
    "is closed and no request fails; what cannot start changes nothing.\n"
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
		printf("the broker has %" PRIu64 " streams; %" PRIu64
		       " workers replaced\n",
		    answer->streams, answer->running);
		return 0;
	case MCP_REFUSED:
		fputs("mcpctl: who could not goes on as before\n", stderr);
		return 1;
	default:
		fprintf(stderr, "mcpctl: the broker says %s\n",
		    mcp_wire_outcome_name(answer->outcome));
		return 1;
	}
}

int
ctl_upgrade(int argc, char **argv)
{
	struct mcp_letter answer, question = { .kind = MCP_UPGRADE };
	struct letter_office *office;
	char *endpoint;
	int r = ctl_bus(argc, argv, usage, &endpoint);

	if (r)
		return r == 1 ? 0 : r;
	if (optind < argc) {
		fputs(usage, stderr);
		free(endpoint);
		return 2;
	}
	r = letter_open(endpoint, &office);
	free(endpoint);
	if (r < 0)
		return 1;
	r = letter_ask(office, &question, &answer, PATIENCE_MS);
	r = r == 0 ? report(&answer) : 1;
	letter_close(office);
	return r;
}

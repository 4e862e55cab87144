/* reload.c - I have the site read its configuration file again */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "letter.h"

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
	struct mcp_letter answer, question = { .kind = MCP_RELOAD };
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

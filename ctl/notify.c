/* notify.c - I tell clients that something has changed, for the site's own
 * application
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "letter.h"

#define PATIENCE_MS 2000

static const char usage[] =
    "usage: mcpctl notify [--dir DIR | --bus ENDPOINT] WHAT\n"
    "\n"
    "  resource URI...           these resources have other contents\n"
    "  tools|prompts|resources   the list has changed\n"
    "\n"
    "  --dir DIR        where the site's sockets are (" CTL_DIR ")\n"
    "  --bus ENDPOINT   the broker's bus, where it is elsewhere\n";

static const struct {
	const char *name;
	enum mcp_wire_topic topic;
} topics[] = {
	{ "tools", MCP_TOPIC_TOOLS },
	{ "prompts", MCP_TOPIC_PROMPTS },
	{ "resources", MCP_TOPIC_RESOURCES },
	{ "resource", MCP_TOPIC_UPDATED },
};
#define N_TOPICS (sizeof(topics) / sizeof(topics[0]))

/* Return: 0; -1, said on standard error */
static int
notify(struct letter_office *office, enum mcp_wire_topic topic,
    const char *uri)
{
	struct mcp_letter answer, question = { .kind = MCP_BROADCAST,
		.topic = topic, .data = mcp_text_of(uri) };

	if (letter_ask(office, &question, &answer, PATIENCE_MS) != 0)
		return -1;
	if (answer.outcome != MCP_OK) {
		fprintf(stderr, "mcpctl: the broker says %s\n",
		    mcp_wire_outcome_name(answer.outcome));
		return -1;
	}
	printf("told %" PRIu64 "\n", answer.streams);
	return 0;
}

static int
notify_all(const char *endpoint, enum mcp_wire_topic topic, char **uris)
{
	struct letter_office *office;
	int r = letter_open(endpoint, &office);

	if (r < 0)
		return -1;
	if (topic != MCP_TOPIC_UPDATED)
		r = notify(office, topic, "");
	for (; r == 0 && *uris; uris++)
		r = notify(office, topic, *uris);
	letter_close(office);
	return r;
}

int
ctl_notify(int argc, char **argv)
{
	size_t i = 0;
	char *endpoint;
	int n, r;

	r = ctl_bus(argc, argv, usage, &endpoint);
	if (r)
		return r == 1 ? 0 : r;
	n = argc - optind;
	while (n > 0 && i < N_TOPICS && strcmp(topics[i].name, argv[optind]))
		i++;
	if (n == 0 || i == N_TOPICS ||
	    (topics[i].topic == MCP_TOPIC_UPDATED) != (n > 1)) {
		fputs(usage, stderr);
		r = 2;
	} else {
		r = notify_all(endpoint, topics[i].topic, argv + optind + 1);
	}
	free(endpoint);
	return r < 0 ? 1 : r;
}

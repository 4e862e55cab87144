/* letter.c - I send the broker one letter, and bring its answer back */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/seal.h>

#include "letter.h"

struct letter_office {
	char *endpoint;
	struct mcp_bus *bus;
	struct mcp_line *line;
};

char *
letter_endpoint(const char *dir)
{
	char *endpoint;

	return asprintf(&endpoint, "ipc://%s/bus.sock", dir) < 0 ? NULL :
								   endpoint;
}

void
letter_close(struct letter_office *office)
{
	if (!office)
		return;
	mcp_line_free(office->line);
	mcp_bus_free(office->bus);
	free(office->endpoint);
	free(office);
}

int
letter_open(const char *endpoint, struct letter_office **officep)
{
	struct letter_office *office = calloc(1, sizeof(*office));
	uint8_t process[MCP_BUS_PROCESS_LEN];
	int r = -ENOMEM;

	mcp_random(process, sizeof(process));
	if (office)
		office->endpoint = strdup(endpoint);
	if (office && office->endpoint)
		r = mcp_bus_new(endpoint, &office->bus);
	if (r == 0) /* not thread 0: no control socket, no worker */
		r = mcp_line_new(office->bus, process, 1, &office->line);
	if (r == 0) {
		*officep = office;
		return 0;
	}
	fprintf(stderr, "mcpctl: %s: %s\n", endpoint, strerror(-r));
	letter_close(office);
	return r;
}

int
letter_ask(struct letter_office *office, struct mcp_letter *question,
    struct mcp_letter *answer, unsigned patience_ms)
{
	int r;

	question->deadline_ns = mcp_clock_ns() + patience_ms * MCP_MS;
	r = mcp_line_ask(office->line, question, answer);
	if (r == MCP_BUS_E_AWAY)
		fprintf(stderr, "mcpctl: no broker answers at %s\n",
		    office->endpoint);
	else if (r != 0)
		fprintf(stderr, "mcpctl: %s: %s\n", office->endpoint,
		    strerror(r < 0 ? -r : EPROTO));
	return r;
}

/* main.c - I am mcpctl: a table of verbs */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/log.h>

#include "ctl.h"
#include "letter.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
};

static const struct verb verbs[] = {
	{ "run", ctl_run, "start and supervise broker, workers and a command" },
	{ "check", ctl_check, "say what is wrong in a configuration file" },
	{ "ping", ctl_ping, "ask a site's address whether it answers" },
	{ "import", ctl_import, "make tools of somebody's API description" },
	{ "reload", ctl_reload, "have a site read its configuration again" },
	{ "upgrade", ctl_upgrade, "go on as the programs installed now" },
	{ "notify", ctl_notify, "tell clients that something has changed" },
	{ "secret", ctl_secret, "make the key file, where there is none" },
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void
usage(FILE *out)
{
	size_t i;

	fputs("usage: mcpctl VERB [ARGUMENT...]\n\n", out);
	for (i = 0; i < N_VERBS; i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].what);
	fputs("\nmcpctl VERB --help tells more; "
	      "mcpctl --version the version.\n", out);
}

long
ctl_number(const char *option, const char *value, long least, long most)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (isdigit((unsigned char)*value) && !*end && !errno &&
	    number >= least && number <= most)
		return number;
	fprintf(stderr, "mcpctl: --%s takes a number from %ld to %ld, "
	    "not \"%s\"\n", option, least, most, value);
	return -1;
}

int
ctl_bus(int argc, char **argv, const char *usage, char **endpointp)
{
	static const struct option known[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "bus", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *dir = CTL_DIR, *bus = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "+", known, NULL)) >= 0)
		switch (c) {
		case 'd':
			dir = optarg;
			break;
		case 'b':
			bus = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 1;
		default:
			fputs(usage, stderr);
			return 2;
		}
	*endpointp = bus ? strdup(bus) : letter_endpoint(dir);
	if (*endpointp)
		return 0;
	fputs("mcpctl: out of memory\n", stderr);
	return 2;
}

/* Return: the exit status */
static int
report(const struct mcp_letter *answer,
    void (*done)(const struct mcp_letter *answer), const char *refused)
{
	fwrite(answer->data.at, 1, answer->data.len, stderr);
	if (answer->outcome == MCP_OK) {
		done(answer);
		return 0;
	}
	if (answer->outcome == MCP_REFUSED)
		fprintf(stderr, "mcpctl: %s\n", refused);
	else
		fprintf(stderr, "mcpctl: the broker says %s\n",
		    mcp_wire_outcome_name(answer->outcome));
	return 1;
}

int
ctl_ask(int argc, char **argv, const char *usage, enum mcp_wire_kind kind,
    unsigned patience_ms, void (*done)(const struct mcp_letter *answer),
    const char *refused)
{
	struct mcp_letter answer, question = { .kind = kind };
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
	r = letter_ask(office, &question, &answer, patience_ms);
	r = r == 0 ? report(&answer, done, refused) : 1;
	letter_close(office);
	return r;
}

int
main(int argc, char **argv)
{
	size_t i;

	mcp_log_init("mcpctl", MCP_LOG_INFO);
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("mcpctl " PACKAGE_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	for (i = 0; i < N_VERBS; i++)
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	fprintf(stderr, "mcpctl: there is no verb \"%s\"\n", argv[1]);
	usage(stderr);
	return 2;
}

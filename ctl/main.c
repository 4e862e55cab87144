/* main.c - I am mcpctl: a table of verbs, and the way to our other programs */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcp/log.h>

#include "ctl.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
};

static const struct verb verbs[] = {
	{ "run", ctl_run, "start and supervise broker, workers and a command" },
	{ "check", ctl_check, "say what is wrong in a configuration file" },
	{ "ping", ctl_ping, "ask a site's address whether it answers" },
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

/* The directory of our own executable, with its slash; "" if unknown. */
static void
own_directory(char out[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	out[len < 0 ? 0 : len] = '\0';
	slash = strrchr(out, '/');
	if (slash)
		slash[1] = '\0';
}

char *
ctl_program(const char *name)
{
	char own[PATH_MAX];
	const char *places[] = { own, MCP_SBINDIR "/" };
	char *path;
	size_t i;

	own_directory(own);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!*places[i])
			continue;
		if (asprintf(&path, "%s%s", places[i], name) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return strdup(name);
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

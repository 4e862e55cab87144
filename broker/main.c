/* main.c - I am mcp-broker: options, listening sockets, ready, loop, in that
 * order
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include <mcp/listener.h>
#include <mcp/log.h>

#include "broker/admin.h"
#include "broker/broker.h"
#include "broker/mount.h"
#include "broker/shelf.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

static const char usage[] =
    "usage: mcp-broker --config FILE --http ADDRESS --bus ENDPOINT\n"
    "                  --admin PATH --secret FILE [--ready-fd N]\n"
    "\n"
    "  --config FILE    the configuration, shared with mcp-fcgi\n"
    "  --http ADDRESS   unix:/path or 127.0.0.1:PORT; not needed where a\n"
    "                   listening socket is inherited (LISTEN_FDS)\n"
    "  --bus ENDPOINT   where the workers write to, ipc:///path\n"
    "  --admin PATH     a unix socket for /status and /metrics\n"
    "  --secret FILE    the keys that sessions are sealed with\n"
    "  --ready-fd N     write \"ready ADDRESS\" there when serving\n";

struct options {
	const char *config, *http, *bus, *admin, *secret;
	int ready_fd;
};

static void
read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "http", required_argument, NULL, 'h' },
		{ "bus", required_argument, NULL, 'b' },
		{ "admin", required_argument, NULL, 'a' },
		{ "secret", required_argument, NULL, 's' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, '?' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*options = (struct options){ .ready_fd = -1 };
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (option) {
		case 'c': options->config = optarg; break;
		case 'h': options->http = optarg; break;
		case 'b': options->bus = optarg; break;
		case 'a': options->admin = optarg; break;
		case 's': options->secret = optarg; break;
		case 'r': options->ready_fd = atoi(optarg); break;
		case 'V':
			puts("mcp-broker " PACKAGE_VERSION);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(optopt == 0 ? 0 : 2);
		}
	if (options->config == NULL || options->bus == NULL ||
	    options->admin == NULL || options->secret == NULL ||
	    optind != argc) {
		fputs(usage, stderr);
		exit(2);
	}
}

/* One more descriptor is one more stream. */
static void
raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* The runtime directory: where the operator's door is. */
static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int
complain(const char *what, const char *name, int error)
{
	mcp_log(MCP_LOG_ERROR, "%s %s: %s", what, name ? name : "",
	    strerror(-error));
	return error;
}

/* Paths are left where they are at the end: a successor may have put its own
 * socket there already. */
static int
open_doors(struct broker *broker, const struct options *options)
{
	char admin[DOOR_ADDRESS_MAX];
	int fd = mcp_listener_open(options->http), error = fd;

	if (fd >= 0)
		error = door_open(&broker->mount, broker, fd, mount_serve);
	if (error < 0)
		return complain("listen", options->http, error);
	snprintf(admin, sizeof(admin), "unix:%s", options->admin);
	fd = error = mcp_listener_bind(admin);
	if (fd >= 0)
		error = door_open(&broker->admin, broker, fd, admin_serve);
	return error < 0 ? complain("listen", admin, error) : 0;
}

static void
say_ready(int fd, const char *address)
{
	mcp_log(MCP_LOG_INFO, "ready on %s", address);
	if (fd >= 0) {
		dprintf(fd, "ready %s\n", address);
		close(fd);
	}
#ifdef HAVE_SYSTEMD
	sd_notify(0, "READY=1");
#endif
}

static int
serve(struct broker *broker, const struct options *options,
    struct mcp_switchboard *board)
{
	char address[DOOR_ADDRESS_MAX];
	int error = open_doors(broker, options);

	if (error == 0)
		error = desk_open(broker, board);
	if (error != 0)
		return error;
	door_address(&broker->mount, address);
	/* what was bound under another name and renamed knows only that */
	say_ready(options->ready_fd, broker->mount.trusted &&
		options->http != NULL ? options->http : address);
	broker_run(broker);
	return 0;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct mcp_config *config = NULL;
	char *dir, *kept = NULL;
	struct mcp_seal *seal = NULL;
	struct mcp_bus *bus = NULL;
	struct mcp_switchboard *board = NULL;
	static struct broker broker;
	int error;

	read_options(argc, argv, &options);
	mcp_log_init("mcp-broker", MCP_LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN); /* until there is somebody to hear it */
	raise_limit();
	dir = directory_of(options.admin);
	error =
	    dir == NULL ? -ENOMEM : shelf_load(options.config, dir, &config, &kept);
	if (error == 0 &&
	    (error = mcp_seal_new(options.secret, &seal)) != 0)
		complain("secret", options.secret, error);
	if (error == 0 && ((error = mcp_bus_new(options.bus, &bus)) != 0 ||
		(error = mcp_switchboard_new(bus, &board)) != 0))
		complain("bus", options.bus, error);
	if (error == 0)
		error = broker_init(&broker, &config, seal);
	if (error == 0)
		error = reload_init(&broker, options.config, dir, &kept);
	if (error == 0) {
		broker.version = PACKAGE_VERSION;
		error = serve(&broker, &options, board);
		broker_deinit(&broker);
	}
	mcp_switchboard_free(board);
	mcp_bus_free(bus);
	mcp_seal_free(seal);
	mcp_config_free(config);
	free(kept);
	free(dir);
	return error == 0 ? 0 : 1;
}

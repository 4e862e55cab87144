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

#include <mcp/listener.h>
#include <mcp/log.h>
#include <mcp/manager.h>

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
	int state_fd; /* what the broker before us has left; -1: nothing */
	bool check; /* only whether it could be taken over */
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
		/* of one broker to the next; see upgrade.h */
		{ "state", required_argument, NULL, 'S' },
		{ "check-state", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, '?' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*options = (struct options){ .ready_fd = -1, .state_fd = -1 };
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (option) {
		case 'c': options->config = optarg; break;
		case 'h': options->http = optarg; break;
		case 'b': options->bus = optarg; break;
		case 'a': options->admin = optarg; break;
		case 's': options->secret = optarg; break;
		case 'r': options->ready_fd = atoi(optarg); break;
		case 'C':
			options->check = true; /* fall through */
		case 'S':
			options->state_fd = atoi(optarg);
			break;
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
	if (mcp_manager_tell("READY=1") != 0)
		mcp_log(MCP_LOG_WARNING, "systemd does not hear READY=1");
}

/* Everything as the broker before us has left it. The bus goes first: while we
 * read, those who write to us find it again. */
static int
take_over(struct broker *broker, const struct options *options,
    struct heritage *heritage)
{
	int error = desk_open(broker, options->bus);

	if (error == 0)
		error = upgrade_load(broker, heritage);
	if (error != 0) {
		/* whoever works on it has to end before its descriptors do */
		desk_close(&broker->desk);
		return complain("the state I was left", "", error);
	}
	heritage_deinit(heritage);
	*heritage = HERITAGE_INIT;
	upgrade_arrive(broker);
	return 0;
}

/* Nobody was before us. */
static int
open_all(struct broker *broker, const struct options *options)
{
	int error = desk_open(broker, options->bus);

	if (error != 0)
		return complain("bus", options->bus, error);
	return open_doors(broker, options);
}

static int
serve(struct broker *broker, const struct options *options,
    struct heritage *heritage)
{
	char address[DOOR_ADDRESS_MAX];
	bool heir = options->state_fd >= 0;
	int error = heir ? take_over(broker, options, heritage)
			 : open_all(broker, options);

	if (error != 0)
		return error;
	broker_start(broker); /* before anybody knows that we are here */
	door_address(&broker->mount, address);
	/* what was bound under another name and renamed knows only that */
	say_ready(heir ? -1 : options->ready_fd,
	    broker->mount.trusted && options->http != NULL ? options->http
							   : address);
	broker_run(broker);
	return 0;
}

/* Could we take over? Nothing is touched. */
static int
rehearse(struct broker *broker, struct heritage *heritage)
{
	int error = upgrade_load(broker, heritage);

	if (error != 0)
		complain("the state of that broker", "", error);
	upgrade_forget(broker);
	return error;
}

/* The site: as the broker before us serves it, or as the operator's file has
 * it. */
static int
find_site(const struct options *options, const char *dir,
    struct heritage *heritage, struct mcp_config **configp, char **keptp)
{
	int error;

	if (options->state_fd < 0)
		return shelf_load(options->config, dir, configp, keptp);
	error = heritage_read(heritage, options->state_fd, options->check);
	if (error != 0)
		return complain("state", "", error);
	if (heritage->snapshot == NULL)
		return shelf_load(options->config, dir, configp, keptp);
	*keptp = strdup(heritage->snapshot);
	return *keptp == NULL ? -ENOMEM
			      : shelf_take(heritage->snapshot, configp);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct mcp_config *config = NULL;
	char *dir, *kept = NULL;
	struct mcp_seal *seal = NULL;
	struct heritage heritage = HERITAGE_INIT;
	static struct broker broker;
	int error;

	read_options(argc, argv, &options);
	mcp_log_init("mcp-broker", MCP_LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	broker_hold_signals(SIG_BLOCK); /* until there is somebody to hear */
	raise_limit();
	dir = directory_of(options.admin);
	error = dir == NULL
	    ? -ENOMEM
	    : find_site(&options, dir, &heritage, &config, &kept);
	if (error == 0 &&
	    (error = mcp_seal_new(options.secret, &seal)) != 0)
		complain("secret", options.secret, error);
	if (error == 0)
		error = broker_init(&broker, &config, seal);
	if (error == 0)
		error = reload_init(&broker, options.config, dir, &kept);
	if (error == 0)
		error = upgrade_init(&broker, argc, argv, options.bus);
	if (error == 0) {
		broker.version = PACKAGE_VERSION;
		error = options.check ? rehearse(&broker, &heritage)
				      : serve(&broker, &options, &heritage);
		if (error == 0)
			broker_deinit(&broker);
	}
	/* who cannot go on begins anew, and closes what others wait behind */
	if (error != 0 && options.state_fd >= 0 && !options.check)
		upgrade_despair(argc, argv, heritage.listener);
	heritage_deinit(&heritage);
	mcp_seal_free(seal);
	mcp_config_free(config);
	free(kept);
	free(dir);
	return error == 0 ? 0 : 1;
}

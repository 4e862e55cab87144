/* main.c - I am mcp-fcgi: options, snapshot, listening socket, ready, loop */

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fcgi/calls.h"
#include "fcgi/control.h"
#include "fcgi/crew.h"
#include "fcgi/gateway.h"
#include "fcgi/heap.h"
#include "fcgi/heir.h"
#include "fcgi/slots.h"
#include "fcgi/snapshot.h"
#include "fcgi/worker.h"

#include <mcp/listener.h>
#include <mcp/log.h>
#include <mcp/manager.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* When we are to stop. A web server keeps an idle connection for 5 s. */
#define CALLS_MS 5000 /* for calls; those that run then are cut off, */
#define REQUESTS_MS 5500 /* for requests to come; */
#define LATE_MS 5700 /* for calls that came after the others were cut off */
#define DRAIN_MS 6000 /* for what they answer */

#define HEIR_MS 600000 /* for calls of one that was replaced; not tasks */
#define SWEEP_NS (100 * (long)MCP_MS)
#define DEFAULT_THREADS 8
#define THREADS_MAX 1024

struct options {
	const char *config, *check, *pack, *bus, *secret, *listen;
	unsigned threads, slots;
	int ready_fd;
	int heir_of; /* the socket to whose place we take; -1: nobody's */
	int follow_parent; /* the signal to end with ours by; 0: we do not */
	char **argv;
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", required_argument, NULL, 'k' },
	{ "pack", required_argument, NULL, 'p' },
	{ "bus", required_argument, NULL, 'b' },
	{ "secret", required_argument, NULL, 's' },
	{ "listen", required_argument, NULL, 'l' },
	{ "threads", required_argument, NULL, 't' },
	{ "slots", required_argument, NULL, 'n' },
	{ "ready-fd", required_argument, NULL, 'r' },
	{ "heir-of", required_argument, NULL, 'o' }, /* see heir.h */
	{ "follow-parent", required_argument, NULL, 'f' }, /* likewise */
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
    "usage: mcp-fcgi --config FILE --bus ENDPOINT --secret FILE\n"
    "                [--listen unix:PATH|ADDRESS:PORT] [--threads N]\n"
    "                [--slots N] [--ready-fd N]\n"
    "       mcp-fcgi --check FILE [--pack DIRECTORY]\n"
    "The listening socket is systemd's, or standard input, or --listen.\n";

static unsigned
number_or_die(const char *text, unsigned most)
{
	uint64_t number;

	if (mcp_text_number(mcp_text_of(text), &number) != 0 || number > most) {
		fprintf(stderr, "mcp-fcgi: %s is no number up to %u\n", text,
		    most);
		exit(2);
	}
	return (unsigned)number;
}

static void
read_options(int argc, char **argv, struct options *options)
{
	int option;

	*options = (struct options){ .threads = DEFAULT_THREADS,
		.ready_fd = -1,
		.heir_of = -1,
		.argv = argv };
	while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) !=
	    -1)
		switch (option) {
		case 'c': options->config = optarg; break;
		case 'k': options->check = optarg; break;
		case 'p':
			options->pack = optarg;
			break;
		case 'b': options->bus = optarg; break;
		case 's': options->secret = optarg; break;
		case 'l': options->listen = optarg; break;
		case 't':
			options->threads = number_or_die(optarg, THREADS_MAX);
			break;
		case 'n':
			options->slots = number_or_die(optarg, THREADS_MAX);
			break;
		case 'r':
			options->ready_fd = (int)number_or_die(optarg, 65535);
			break;
		case 'o':
			options->heir_of = (int)number_or_die(optarg, 65535);
			break;
		case 'f':
			options->follow_parent = (int)number_or_die(optarg, 64);
			break;
		case 'V':
			puts("mcp-fcgi " PACKAGE_VERSION);
			exit(0);
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	if (options->threads < 3)
		options->threads = 3;
	if (options->slots == 0 || options->slots >= options->threads)
		options->slots = slots_for(options->threads);
	if (options->check == NULL &&
	    (options->config == NULL || options->bus == NULL ||
		options->secret == NULL)) {
		fputs(usage, stderr);
		exit(2);
	}
}

/* Return: the snapshot; NULL when its problems were printed */
static struct snapshot *
load(const char *path, struct mcp_buf *pack)
{
	struct mcp_problems problems = MCP_PROBLEMS_INIT;
	struct snapshot *snapshot = NULL;
	int condition = snapshot_load(path, &snapshot, pack, &problems);

	if (condition < 0)
		mcp_log(MCP_LOG_ERROR, "%s: %s", path, strerror(-condition));
	mcp_problems_print(&problems, STDERR_FILENO);
	mcp_problems_deinit(&problems);
	return snapshot;
}

/* The broker reads the path. */
static int
save(const struct mcp_config *config, struct mcp_text pack, const char *dir)
{
	char *path;
	int error = mcp_config_save(config, pack, dir, &path);

	if (error != 0) {
		mcp_log(MCP_LOG_ERROR, "%s: %s", dir, strerror(-error));
		return error;
	}
	puts(path);
	free(path);
	return 0;
}

static int
check(const struct options *options)
{
	struct mcp_buf pack = MCP_BUF_INIT;
	struct snapshot *snapshot = load(options->check, &pack);
	const struct mcp_config *config;
	int error = 0;

	if (snapshot == NULL) {
		mcp_buf_deinit(&pack);
		return 1;
	}
	config = snapshot_config(snapshot);
	if (options->pack != NULL)
		error = save(config, mcp_buf_view(&pack), options->pack);
	else
		printf("%s: %zu tools, %zu resources, %zu templates, "
		       "%zu prompts\n",
		    options->check, config->n_tools, config->n_resources,
		    config->n_templates, config->n_prompts);
	snapshot_drop(snapshot);
	mcp_buf_deinit(&pack);
	return error == 0 ? 0 : 1;
}

static void
tell_manager(const char *state)
{
	if (mcp_manager_tell(state) != 0)
		mcp_log(MCP_LOG_WARNING, "systemd does not hear %s", state);
}

/* It stays open: see tell_heir(). */
static void
tell_ready(const struct options *options)
{
	tell_manager("READY=1");
	if (options->heir_of >= 0) {
		if (heir_ready(options->heir_of) != 0)
			(void)kill(getpid(), SIGTERM);
	} else if (options->ready_fd >= 0 &&
	    write(options->ready_fd, "ready\n", 6) < 0) {
		mcp_log(MCP_LOG_WARNING, "nobody hears that we are ready");
	}
}

/* Whoever looks after us looks after that one from now on. */
static void
tell_heir(const struct options *options, pid_t pid)
{
	char state[32];

	snprintf(state, sizeof(state), "MAINPID=%ld", (long)pid);
	tell_manager(state);
	if (options->ready_fd >= 0)
		dprintf(options->ready_fd, "heir %ld\n", (long)pid);
	mcp_log(MCP_LOG_INFO, "process %ld is in our place", (long)pid);
}

static const char *
why_not(int condition)
{
	switch (condition) {
	case HEIR_E_DIED:
		return "it does not start";
	case HEIR_E_LATE:
		return "it takes too long to start";
	default:
		return strerror(-condition);
	}
}

static int
take_place(struct worker *worker, const struct options *options,
    struct heir *heir)
{
	int condition = heir_start(options->argv,
	    gateway_listener(worker->gateway), options->ready_fd, heir);

	if (condition != 0)
		mcp_log(MCP_LOG_ERROR, "the installed program: %s; we go on",
		    why_not(condition));
	return condition;
}

/* Until a signal asks to stop, or somebody is in our place.
 * Return: was it that? Then *heir is who. */
static bool
await_stop(struct worker *worker, const struct options *options,
    const sigset_t *signals, struct heir *heir)
{
	for (;;) {
		int number;

		if (sigwait(signals, &number) != 0)
			number = SIGTERM;
		if (number == SIGHUP) {
			control_reload(worker->control);
		} else if (number != SIGUSR2) {
			return false;
		} else if (take_place(worker, options, heir) == 0) {
			tell_heir(options, heir->pid);
			return true;
		} else {
			control_replaced(worker->control, CONTROL_FAILED);
		}
	}
}

/* Our place is taken: until the last call is answered, or a signal asks to
 * stop. */
static void
await_last(struct worker *worker, const sigset_t *signals)
{
	const struct timespec turn = { 0, SWEEP_NS };
	int number = 0;

	while (!crew_gone(worker->crew) && number != SIGTERM &&
	    number != SIGINT) {
		number = sigtimedwait(signals, NULL, &turn);
		if (number == SIGUSR2)
			control_replaced(worker->control, CONTROL_BEFORE);
		gateway_sweep(worker->gateway);
	}
}

/* A second signal waits, and changes nothing.
 * Return: are all threads gone? */
static bool
drain(struct worker *worker)
{
	uint64_t now_ns = mcp_clock_ns();

	gateway_stop(worker->gateway, REQUESTS_MS);
	if (!crew_wait(worker->crew, now_ns + CALLS_MS * MCP_MS))
		calls_cut(worker->calls);
	if (!crew_wait(worker->crew, now_ns + LATE_MS * MCP_MS))
		calls_cut(worker->calls);
	return crew_join(worker->crew, now_ns + DRAIN_MS * MCP_MS);
}

/* Serve until a signal asks to stop; signals are blocked everywhere else.
 * Return: 0; -errno. Who still runs then, a task say, ends with the process. */
static int
serve(struct worker *worker, const struct options *options,
    const sigset_t *signals)
{
	struct heir heir = { 0, -1 };
	int error = crew_start(worker->crew);

	if (error == 0) {
		tell_ready(options);
		if (await_stop(worker, options, signals, &heir)) {
			gateway_hand_over(worker->gateway, heir.fd, HEIR_MS);
			control_replaced(worker->control, CONTROL_DONE);
			await_last(worker, signals);
		}
	}
	if (!drain(worker)) {
		mcp_log(MCP_LOG_WARNING, "tasks, or calls, end unfinished");
		_exit(error == 0 ? 0 : 1);
	}
	if (heir.fd >= 0)
		close(heir.fd);
	return error;
}

/* The site is what the broker says it is; who is alone goes by the file.
 * Return: 0; -EINVAL, and the problems were printed */
static int
find_site(struct worker *worker, const char *config, bool *brokerp)
{
	struct snapshot *snapshot = NULL;
	char *path = NULL;
	int condition = control_site(worker, &path);

	*brokerp = condition == 0 || condition == MCP_BUS_E_EMPTY;
	if (condition == 0)
		snapshot = load(path, NULL);
	free(path);
	if (snapshot == NULL)
		snapshot = load(config, NULL);
	if (snapshot == NULL)
		return -EINVAL;
	snapshot_put(worker, &snapshot);
	return 0;
}

/* Who we are and what we serve, before anybody can see us. */
static int
prepare(struct worker *worker, const struct options *options, bool *brokerp)
{
	struct mcp_seal *seal = NULL;
	int error = mcp_seal_new(options->secret, &seal);

	worker->seal = seal;
	pthread_mutex_init(&worker->site_lock, NULL);
	mcp_random(worker->process, sizeof(worker->process));
	if (error == 0)
		error = mcp_bus_new(options->bus, &worker->bus);
	return error == 0 ? find_site(worker, options->config, brokerp) : error;
}

static int
start(struct worker *worker, const struct options *options, bool broker)
{
	int listen_fd = mcp_listener_open(options->listen);
	int error = listen_fd < 0 ? listen_fd : calls_new(&worker->calls);

	if (error == 0)
		error = slots_new(options->slots, &worker->slots);
	if (error == 0)
		error = crew_new(worker, options->threads, &worker->crew);
	if (error == 0)
		error = gateway_new(listen_fd, &worker->gateway);
	if (error == 0 && options->heir_of >= 0)
		error = gateway_inherit(worker->gateway, options->heir_of);
	if (error == 0)
		error = control_new(worker, broker, &worker->control);
	return error;
}

int
main(int argc, char **argv)
{
	struct worker worker = { 0 };
	struct options options;
	sigset_t stop;
	bool broker = false;
	int error = 0;

	mcp_log_init("mcp-fcgi", MCP_LOG_INFO);
	read_options(argc, argv, &options);
	if (options.check != NULL)
		return check(&options);
	heap_init();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGHUP);
	sigaddset(&stop, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);

	if (options.heir_of >= 0)
		error = heir_settle(options.heir_of, options.follow_parent);
	if (error == 0)
		error = prepare(&worker, &options, &broker);
	if (error == 0)
		error = start(&worker, &options, broker);
	if (error == 0)
		error = serve(&worker, &options, &stop);
	if (error != 0)
		mcp_log(MCP_LOG_ERROR, "cannot start: %s", strerror(-error));
	control_free(worker.control);
	gateway_free(worker.gateway);
	crew_free(worker.crew);
	slots_free(worker.slots);
	mcp_bus_free(worker.bus);
	mcp_seal_free((struct mcp_seal *)worker.seal);
	calls_free(worker.calls);
	snapshot_drop(worker.site);
	pthread_mutex_destroy(&worker.site_lock);
	return error == 0 ? 0 : 1;
}

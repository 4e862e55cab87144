/* run.c - I keep a site alive: broker, workers and the web server, in the
 * foreground
 *
 * The listening sockets are mine, and my children inherit them: whoever dies
 * leaves a socket that still takes connections, and its successor serves them.
 * First the broker and the workers start; when all have said that they are
 * ready, the command does; when the probe (a "mcpctl ping" of the site's
 * address) has its answer, the site is up. What dies before that, or fails
 * in the first second of its first life, ends the whole, because it would fail
 * again; what dies later is started again.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mcp/listener.h>
#include <mcp/log.h>
#include <mcp/program.h>
#include <mcp/seal.h>
#include <mcp/text.h>

#include "child.h"
#include "ctl.h"

#define WORKERS_MAX 64
#define CHILDREN_MAX (WORKERS_MAX + 3)
#define PROBE_SECONDS "30"
#define STOP_MS 10000 /* then what still runs is killed */

struct options {
	const char *config;
	const char *dir;
	const char *probe; /* NULL: none */
	long workers;
	const char *threads; /* NULL: the worker's own default */
	int ready_fd; /* -1: none */
	char **command; /* NULL: none */
};

enum stage {
	STAGE_OURS, /* broker and workers start */
	STAGE_COMMAND, /* the command runs, its address is asked */
	STAGE_UP,
	STAGE_ENDING
};

struct site {
	const struct options *options;
	enum stage stage;
	int status; /* of mcpctl itself */
	uint64_t kill_ns; /* while ENDING */
	int signal_fd;
	int dir_fd; /* its lock: one site, one directory */
	int worker_fd; /* the listening sockets */
	int broker_fd;
	char dir[PATH_MAX];
	char *ours[2]; /* the paths of mcp-broker and mcp-fcgi */
	char *strings[8]; /* texts the argument lists borrow */
	size_t n_strings;
	char *broker_argv[CHILD_ARGV_MAX];
	char *worker_argv[CHILD_ARGV_MAX];
	char *probe_argv[CHILD_ARGV_MAX];
	struct child children[CHILDREN_MAX];
	size_t n_children;
};

static const char usage[] =
    "usage: mcpctl run --config FILE --dir DIR [--workers N] [--threads N]\n"
    "           [--probe URL] [--ready-fd N] [-- COMMAND [ARGUMENT...]]\n";

/* --- what is asked ------------------------------------------------------- */

/* Return: 0; 2 said on standard error; 1 help was given */
static int
options_parse(int argc, char **argv, struct options *out)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "dir", required_argument, NULL, 'd' },
		{ "workers", required_argument, NULL, 'w' },
		{ "threads", required_argument, NULL, 't' },
		{ "probe", required_argument, NULL, 'p' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	long number = 0;
	int c;

	while ((c = getopt_long(argc, argv, "+", known, NULL)) >= 0) {
		switch (c) {
		case 'c':
			out->config = optarg;
			break;
		case 'd':
			out->dir = optarg;
			break;
		case 'w':
			number = ctl_number("workers", optarg, 1, WORKERS_MAX);
			out->workers = number;
			break;
		case 't':
			number = ctl_number("threads", optarg, 1, 1024);
			out->threads = optarg;
			break;
		case 'p':
			out->probe = optarg;
			break;
		case 'r':
			number = ctl_number("ready-fd", optarg, 0, INT_MAX);
			out->ready_fd = (int)number;
			break;
		case 'h':
			fputs(usage, stdout);
			return 1;
		default:
			fputs(usage, stderr);
			number = -1;
		}
		if (number < 0)
			return 2;
	}
	if (!out->config || !out->dir ||
	    (optind < argc && strcmp(argv[optind - 1], "--"))) {
		fputs(usage, stderr);
		return 2;
	}
	out->command = optind < argc ? argv + optind : NULL;
	return 0;
}

/* Let the worker look at the configuration; it says itself what is wrong. */
static int
config_check(const struct site *site)
{
	const char *worker = site->ours[1];
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execlp(worker, worker, "--check", site->options->config,
		    (char *)NULL);
		fprintf(stderr, "mcpctl: cannot start %s: %s\n", worker,
		    strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

/* --- what the children need ---------------------------------------------- */

/* Out of the way of the numbers a child gets. */
static int
high(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	int r = copy < 0 ? -errno : copy;

	close(fd);
	return r;
}

/* Return: a listening descriptor; -errno */
static int
listen_at(const char *dir, const char *name)
{
	char *address;
	int fd;

	if (asprintf(&address, "unix:%s/%s", dir, name) < 0)
		return -ENOMEM;
	fd = mcp_listener_bind(address);
	free(address);
	return fd < 0 ? fd : high(fd);
}

/* Keep the text of a place in the directory until the end. */
static char *
keep(struct site *site, const char *before, const char *name)
{
	char **place = &site->strings[site->n_strings];

	if (asprintf(place, "%s%s/%s", before, site->dir, name) < 0) {
		*place = NULL;
		return NULL;
	}
	return site->strings[site->n_strings++];
}

static void
arguments(char **argv, char *const *from, size_t n)
{
	memcpy(argv, from, n * sizeof(*argv));
	argv[n] = NULL;
}

/* Return: 0; -ENOMEM */
static int
site_arguments(struct site *site)
{
	const struct options *options = site->options;
	char *config = (char *)(uintptr_t)options->config;
	char *bus = keep(site, "ipc://", "bus.sock");
	char *http = keep(site, "unix:", "broker.sock");
	char *admin = keep(site, "", "admin.sock");
	char *secret = keep(site, "", "secret.key");
	char *self = mcp_program("mcpctl");
	char *threads = (char *)(uintptr_t)options->threads;
	char *probe = (char *)(uintptr_t)options->probe;
	char *broker[] = { site->ours[0], "--config", config, "--http", http,
		"--bus", bus, "--admin", admin, "--secret", secret,
		"--ready-fd", CHILD_READY_FD_TEXT };
	char *worker[] = { site->ours[1], "--config", config, "--bus", bus,
		"--secret", secret, "--ready-fd", CHILD_READY_FD_TEXT,
		"--threads", threads };
	char *ping[] = { self, "ping", "--wait", PROBE_SECONDS, probe };

	if (!bus || !http || !admin || !secret || !self) {
		free(self);
		return -ENOMEM;
	}
	site->strings[site->n_strings++] = self;
	arguments(site->broker_argv, broker, sizeof(broker) / sizeof(*broker));
	arguments(site->worker_argv, worker,
	    sizeof(worker) / sizeof(*worker) - (threads ? 0 : 2));
	arguments(site->probe_argv, ping, sizeof(ping) / sizeof(*ping));
	return mcp_seal_create(secret);
}

static struct child *
site_child(struct site *site, char **argv, int listen_fd)
{
	struct child *child = &site->children[site->n_children++];

	child->argv = argv;
	child->listen_fd = listen_fd;
	child->tells = listen_fd >= 0;
	child->ready_fd = -1;
	return child;
}

/* Who is to run; the command and the probe come last, in this order. */
static void
site_children(struct site *site)
{
	const struct options *options = site->options;
	struct child *child;
	long i;

	child = site_child(site, site->broker_argv, site->broker_fd);
	snprintf(child->name, sizeof(child->name), "broker");
	for (i = 1; i <= options->workers; i++) {
		child = site_child(site, site->worker_argv, site->worker_fd);
		snprintf(child->name, sizeof(child->name), "worker %ld", i);
	}
	if (options->command) {
		child = site_child(site, options->command, -1);
		snprintf(child->name, sizeof(child->name), "command");
	}
	if (options->probe) {
		child = site_child(site, site->probe_argv, -1);
		snprintf(child->name, sizeof(child->name), "probe");
		child->once = true;
	}
}

static int
site_signals(struct site *site)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* who takes a child's place is that child's, until it ends */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* a shell's "&" has it ignored, and what is ignored never arrives */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	site->signal_fd = fd < 0 ? -errno : high(fd);
	return site->signal_fd < 0 ? site->signal_fd : 0;
}

/* One sentence for whoever started us.
 * Return: @r, for the caller to forward */
static int
told(int r, const char *what, const char *which)
{
	if (r < 0)
		fprintf(stderr, "mcpctl: %s %s: %s\n", what, which,
		    strerror(-r));
	return r;
}

static int
site_init(struct site *site, const struct options *options)
{
	int r;

	memset(site, 0, sizeof(*site));
	site->options = options;
	site->signal_fd = site->dir_fd = -1;
	site->worker_fd = site->broker_fd = -1;
	site->ours[0] = mcp_program("mcp-broker");
	site->ours[1] = mcp_program("mcp-fcgi");
	if (!site->ours[0] || !site->ours[1])
		return told(-ENOMEM, "cannot begin", "");
	r = config_check(site);
	if (r < 0)
		return r;
	if (mkdir(options->dir, 0755) < 0 && errno != EEXIST)
		return told(-errno, "cannot make", options->dir);
	if (!realpath(options->dir, site->dir))
		return told(-errno, "cannot use", options->dir);
	site->dir_fd = open(site->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (site->dir_fd >= 0)
		site->dir_fd = high(site->dir_fd);
	if (site->dir_fd < 0 || flock(site->dir_fd, LOCK_EX | LOCK_NB) < 0)
		return told(errno == EWOULDBLOCK ? -EBUSY : -errno,
		    "another mcpctl, perhaps, has", site->dir);
	r = site_arguments(site);
	if (r < 0)
		return told(r, "cannot write the secret in", site->dir);
	site->worker_fd = listen_at(site->dir, "worker.sock");
	if (site->worker_fd < 0)
		return told(site->worker_fd, "no worker.sock in", site->dir);
	site->broker_fd = listen_at(site->dir, "broker.sock");
	if (site->broker_fd < 0)
		return told(site->broker_fd, "no broker.sock in", site->dir);
	site_children(site);
	return told(site_signals(site), "no signals", "");
}

static void
site_deinit(struct site *site)
{
	const int fds[] = { site->signal_fd, site->worker_fd, site->broker_fd,
		site->dir_fd };
	size_t i;

	for (i = 0; i < site->n_strings; i++)
		free(site->strings[i]);
	free(site->ours[0]);
	free(site->ours[1]);
	for (i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* --- its life ------------------------------------------------------------ */

static void
site_end(struct site *site, int status)
{
	size_t i;

	if (site->stage == STAGE_ENDING)
		return;
	site->stage = STAGE_ENDING;
	site->status = status;
	site->kill_ns = mcp_clock_ns() + STOP_MS * MCP_MS;
	for (i = 0; i < site->n_children; i++)
		child_signal(&site->children[i], SIGTERM);
}

static void
site_kill(struct site *site)
{
	size_t i;

	site->kill_ns = UINT64_MAX;
	for (i = 0; i < site->n_children; i++)
		child_signal(&site->children[i], SIGKILL);
}

static void
site_start(struct site *site, struct child *child)
{
	int r = child_start(child, mcp_clock_ns());

	if (r == 0)
		return;
	mcp_log(MCP_LOG_ERROR, "cannot start %s: %s", child->name,
	    strerror(-r));
	if (site->stage != STAGE_UP)
		site_end(site, 1);
	else
		child_died(child, mcp_clock_ns());
}

/* Are all that tell ready? */
static bool
site_ours_ready(const struct site *site)
{
	size_t i;

	for (i = 0; i < site->n_children; i++)
		if (site->children[i].tells &&
		    site->children[i].state != CHILD_READY)
			return false;
	return true;
}

static void
site_up(struct site *site)
{
	const struct options *options = site->options;
	char line[1024];
	int len;

	site->stage = STAGE_UP;
	len = snprintf(line, sizeof(line), "ready%s%s\n",
	    options->probe ? " " : "", options->probe ? options->probe : "");
	if (len >= (int)sizeof(line))
		len = (int)sizeof(line) - 1;
	if (write(STDOUT_FILENO, line, (size_t)len) < 0)
		mcp_log(MCP_LOG_WARNING, "nobody reads that we are ready");
	if (options->ready_fd < 0)
		return;
	if (write(options->ready_fd, line, (size_t)len) < 0)
		mcp_log(MCP_LOG_WARNING, "nobody reads that we are ready");
	close(options->ready_fd);
}

/* Look what the stage waits for, and go on to the next when it is there. */
static void
site_advance(struct site *site)
{
	size_t i;

	if (site->stage == STAGE_OURS && site_ours_ready(site)) {
		site->stage = STAGE_COMMAND;
		for (i = 0; i < site->n_children; i++)
			if (!site->children[i].tells &&
			    site->stage == STAGE_COMMAND)
				site_start(site, &site->children[i]);
	}
	if (site->stage != STAGE_COMMAND)
		return;
	for (i = 0; i < site->n_children; i++)
		if (site->children[i].once &&
		    site->children[i].state != CHILD_OFF)
			return;
	site_up(site);
}

static void
site_buried(struct site *site, struct child *child, int status)
{
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bool killed = WIFSIGNALED(status);
	bool again;

	child_died(child, mcp_clock_ns());
	if (site->stage == STAGE_ENDING)
		return;
	if (child->once && clean) {
		child->state = CHILD_OFF;
		return;
	}
	again = site->stage == STAGE_UP && (child->proven || killed || clean);
	mcp_log(again ? MCP_LOG_WARNING : MCP_LOG_ERROR, "%s ended (%s %d)%s",
	    child->name, killed ? "signal" : "status",
	    killed ? WTERMSIG(status) : WEXITSTATUS(status),
	    again ? "" : "; it would again, so the site ends");
	if (!again)
		site_end(site, 1);
}

/* Bury all that died, also what others left to us. */
static void
site_reap(struct site *site)
{
	int status;
	pid_t pid;
	size_t i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < site->n_children; i++)
			if (site->children[i].pid == pid)
				site_buried(site, &site->children[i], status);
}

/* Each of ours becomes the program that is installed now. */
static void
site_upgrade(struct site *site)
{
	size_t i;

	for (i = 0; i < site->n_children; i++)
		if (site->children[i].tells)
			child_signal(&site->children[i], SIGUSR2);
}

static void
site_signalled(struct site *site)
{
	struct signalfd_siginfo info;

	while (read(site->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		if (info.ssi_signo == SIGUSR2) {
			site_upgrade(site);
			continue;
		}
		/* somebody's word, and not the terminal that is closed */
		if (info.ssi_signo == SIGHUP && info.ssi_code == SI_USER) {
			child_signal(&site->children[0], SIGHUP);
			continue;
		}
		if (site->stage == STAGE_ENDING)
			site_kill(site); /* asked twice */
		else
			site_end(site, 0);
	}
	site_reap(site);
}

/* Start whose rest is over; kill what does not end.
 * Return: milliseconds to the next such moment; -1 none */
static int
site_due(struct site *site)
{
	uint64_t now = mcp_clock_ns(), next = UINT64_MAX;
	struct child *child;
	size_t i;

	if (site->stage == STAGE_ENDING) {
		if (now >= site->kill_ns)
			site_kill(site);
		next = site->kill_ns;
	}
	for (i = 0; i < site->n_children && site->stage == STAGE_UP; i++) {
		child = &site->children[i];
		if (child->state == CHILD_RESTING && now >= child->due_ns)
			site_start(site, child);
		if (child->state == CHILD_RESTING && child->due_ns < next)
			next = child->due_ns;
	}
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now) / MCP_MS) + 1;
}

static bool
site_lives(const struct site *site)
{
	size_t i;

	for (i = 0; i < site->n_children; i++)
		if (child_runs(&site->children[i]))
			return true;
	return site->stage != STAGE_ENDING;
}

/* Wait once for all there is to wait for. */
static void
site_turn(struct site *site)
{
	struct pollfd fds[CHILDREN_MAX + 1];
	struct child *whose[CHILDREN_MAX + 1];
	nfds_t n = 1, i;
	size_t j;
	int wait_ms = site_due(site);

	fds[0] = (struct pollfd){ .fd = site->signal_fd, .events = POLLIN };
	for (j = 0; j < site->n_children; j++) {
		if (site->children[j].ready_fd < 0)
			continue;
		whose[n] = &site->children[j];
		fds[n].fd = site->children[j].ready_fd;
		fds[n].events = POLLIN;
		n++;
	}
	if (poll(fds, n, wait_ms) <= 0)
		return;
	for (i = 1; i < n; i++)
		if (fds[i].revents)
			child_heard(whose[i]);
	if (fds[0].revents)
		site_signalled(site);
	site_advance(site);
}

int
ctl_run(int argc, char **argv)
{
	struct options options = { .workers = 2, .ready_fd = -1 };
	struct site site;
	size_t i;
	int r;

	r = options_parse(argc, argv, &options);
	if (r)
		return r == 1 ? 0 : r;
	if (options.ready_fd >= 0) {
		options.ready_fd = high(options.ready_fd);
		if (told(options.ready_fd, "cannot use", "--ready-fd") < 0)
			return 2;
	}
	r = site_init(&site, &options);
	if (r < 0) {
		site_deinit(&site);
		return 1;
	}
	for (i = 0; i < site.n_children; i++)
		if (site.children[i].tells && site.stage == STAGE_OURS)
			site_start(&site, &site.children[i]);
	while (site_lives(&site))
		site_turn(&site);
	site_deinit(&site);
	return site.status;
}

/* child.c - I start one process, and know how it is */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <mcp/log.h>
#include <mcp/text.h>

#include "child.h"

#define REST_LEAST_MS 100
#define REST_MOST_MS 5000
#define YOUNG_NS MCP_S

/* Give @from the number @to in the process about to be executed. */
static void
take(int from, int to)
{
	if (dup2(from, to) < 0)
		_exit(127);
}

/* Between fork and exec. Our own descriptors are all above those numbers (run
 * sees to that), and close on exec. */
static _Noreturn void
become(const struct child *child, int ready_fd, pid_t parent)
{
	char pid[24];
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	take(STDERR_FILENO, STDOUT_FILENO);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("NOTIFY_SOCKET");
	if (child->listen_fd >= 0) {
		take(child->listen_fd, CHILD_LISTEN_FD);
		snprintf(pid, sizeof(pid), "%ld", (long)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
	}
	if (ready_fd >= 0)
		take(ready_fd, CHILD_READY_FD);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(child->argv[0], child->argv);
	fprintf(stderr, "mcpctl: cannot start %s: %s\n", child->argv[0],
	    strerror(errno));
	_exit(127);
}

/* A pipe with both ends out of the way of a child's numbers. */
static int
pipe_high(int ends[2])
{
	int low[2], i;

	if (pipe2(low, O_CLOEXEC) < 0)
		return -errno;
	for (i = 0; i < 2; i++) {
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 10);
		close(low[i]);
	}
	if (ends[0] >= 0 && ends[1] >= 0)
		return 0;
	for (i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return -EMFILE;
}

int
child_start(struct child *child, uint64_t now_ns)
{
	int ends[2] = { -1, -1 };
	pid_t parent = getpid();
	int r;

	if (child->tells) {
		r = pipe_high(ends);
		if (r < 0)
			return r;
	}
	child->pid = fork();
	if (child->pid == 0)
		become(child, ends[1], parent);
	r = child->pid < 0 ? -errno : 0;
	if (ends[1] >= 0)
		close(ends[1]);
	if (r < 0) {
		if (ends[0] >= 0)
			close(ends[0]);
		child->pid = 0;
		return r;
	}
	setpgid(child->pid, child->pid); /* whichever of us is first */
	child->ready_fd = ends[0];
	child->started_ns = now_ns;
	child->state = child->tells ? CHILD_STARTING : CHILD_READY;
	mcp_log(MCP_LOG_INFO, "%s is process %ld", child->name,
	    (long)child->pid);
	return 0;
}

/* "ready", or "heir PID": that process is in its place. */
static void
hear_line(struct child *child, const char *line)
{
	long pid;

	if (strncmp(line, "ready", 5) == 0) {
		child->state = CHILD_READY;
	} else if (sscanf(line, "heir %ld", &pid) == 1 && pid > 0) {
		child->pid = (pid_t)pid;
		mcp_log(MCP_LOG_INFO, "%s is process %ld now", child->name,
		    pid);
	}
}

void
child_heard(struct child *child)
{
	char text[128], *line, *rest = text;
	ssize_t n = read(child->ready_fd, text, sizeof(text) - 1);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) { /* its death is about to be told */
		close(child->ready_fd);
		child->ready_fd = -1;
		return;
	}
	text[n] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		hear_line(child, line);
}

void
child_died(struct child *child, uint64_t now_ns)
{
	if (child->ready_fd >= 0)
		close(child->ready_fd);
	child->ready_fd = -1;
	child->pid = 0;
	if (child->state == CHILD_READY &&
	    now_ns - child->started_ns >= YOUNG_NS)
		child->proven = true;
	child->state = CHILD_RESTING;
	if (now_ns - child->started_ns >= YOUNG_NS)
		child->rest_ms = 0;
	else if (child->rest_ms == 0)
		child->rest_ms = REST_LEAST_MS;
	else if (child->rest_ms * 2 < REST_MOST_MS)
		child->rest_ms *= 2;
	else
		child->rest_ms = REST_MOST_MS;
	child->due_ns = now_ns + child->rest_ms * MCP_MS;
}

bool
child_runs(const struct child *child)
{
	return child->pid > 0;
}

void
child_signal(const struct child *child, int signal)
{
	if (child_runs(child))
		kill(signal == SIGKILL ? -child->pid : child->pid, signal);
}

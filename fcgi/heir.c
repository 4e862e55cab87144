/* heir.c - I start the process that takes our place, and hand it what we hold
 */
#include "fcgi/heir.h"

#include <mcp/program.h>
#include <mcp/text.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTEN_FD STDIN_FILENO /* listener.h takes it from there */
#define HEIR_FD 3
#define READY_FD 4
#define HIGH 10 /* out of the way of those */
#define GIVE_MS 500 /* for it to take one */

/* --- starting ------------------------------------------------------------- */

static const char *const for_us_alone[] = { "--ready-fd", "--heir-of",
	"--follow-parent" };
#define N_FOR_US (sizeof(for_us_alone) / sizeof(for_us_alone[0]))

static bool
is_for_us(const char *word)
{
	for (size_t i = 0; i < N_FOR_US; i++)
		if (strcmp(word, for_us_alone[i]) == 0)
			return true;
	return false;
}

/* Our arguments but those that were meant for us alone, and its own.
 * @death where we end with our parent, the signal as text; or "" */
static char **
words_for(char **argv, bool tells, const char *death)
{
	const char *const more[] = { "--heir-of", "3", "--ready-fd",
		tells ? "4" : NULL, "--follow-parent",
		death[0] != '\0' ? death : NULL };
	char **words;
	size_t n = 0, in = 0;

	while (argv[in] != NULL)
		in++;
	words = calloc(in + 7, sizeof(*words));
	if (words == NULL)
		return NULL;
	for (size_t i = 0; i < in; i++) {
		if (is_for_us(argv[i]))
			i++;
		else
			words[n++] = argv[i];
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i += 2)
		if (more[i + 1] != NULL) {
			words[n++] = (char *)(uintptr_t)more[i];
			words[n++] = (char *)(uintptr_t)more[i + 1];
		}
	return words;
}

/* Descriptors and signals as the program wants them, and nothing else. */
static int
spawn(char **words, int listen_fd, int heir_fd, int ready_fd, pid_t *pidp)
{
	char *program = mcp_program("mcp-fcgi");
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none;
	int error;

	if (program == NULL)
		return -ENOMEM;
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&how);
	posix_spawnattr_setflags(&how,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawn_file_actions_adddup2(&files, listen_fd, LISTEN_FD);
	posix_spawn_file_actions_adddup2(&files, heir_fd, HEIR_FD);
	if (ready_fd >= 0)
		posix_spawn_file_actions_adddup2(&files, ready_fd, READY_FD);
	posix_spawn_file_actions_addclosefrom_np(&files,
	    ready_fd >= 0 ? READY_FD + 1 : HEIR_FD + 1);
	error = -posix_spawn(pidp, program, &files, &how, words, environ);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	free(program);
	return error;
}

static int
move_high(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH);

	if (fd >= 0)
		close(fd);
	return high;
}

static int
make_pair(int ends[2])
{
	struct timeval patience = { 0, GIVE_MS * 1000 };
	int low[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, low) != 0)
		return -errno;
	ends[0] = move_high(low[0]);
	ends[1] = move_high(low[1]);
	if (ends[0] >= 0 && ends[1] >= 0 &&
	    setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience)) == 0)
		return 0;
	close(ends[0]);
	close(ends[1]);
	return -EMFILE;
}

/* The next word of its, in time.
 * Return: 0; HEIR_E_DIED; HEIR_E_LATE */
static int
await_word(int fd, uint64_t end_ns, void *word, size_t len)
{
	struct pollfd there = { fd, POLLIN, 0 };
	uint64_t now_ns;

	while ((now_ns = mcp_clock_ns()) < end_ns)
		if (poll(&there, 1, (int)((end_ns - now_ns) / MCP_MS) + 1) > 0)
			return recv(fd, word, len, 0) == (ssize_t)len
			    ? 0
			    : HEIR_E_DIED;
	return HEIR_E_LATE;
}

static void
bury(pid_t first)
{
	(void)kill(first, SIGKILL);
	(void)waitpid(first, NULL, 0);
}

/* @first has left a child behind, and that is the heir; once the one is buried,
 * the other is a child of whoever looks after us, and is told who that is. */
static int
await_ready(pid_t first, struct heir *heir)
{
	uint64_t end_ns = mcp_clock_ns() + HEIR_READY_MS * MCP_MS;
	pid_t parent = getppid();
	int error = await_word(heir->fd, end_ns, &heir->pid, sizeof(heir->pid));
	char byte;

	bury(first);
	if (error != 0)
		return error;
	if (send(heir->fd, &parent, sizeof(parent), MSG_NOSIGNAL) < 0)
		return HEIR_E_DIED;
	error = await_word(heir->fd, end_ns, &byte, 1);
	if (error == HEIR_E_LATE)
		(void)kill(heir->pid, SIGKILL);
	return error;
}

int
heir_start(char **argv, int listen_fd, int ready_fd, struct heir *heir)
{
	int ends[2] = { -1, -1 }, high_ready, signal_number = 0;
	int error = make_pair(ends);
	char death[16] = "", **words;
	pid_t first;

	if (error != 0)
		return error;
	(void)prctl(PR_GET_PDEATHSIG, &signal_number);
	if (signal_number != 0)
		snprintf(death, sizeof(death), "%d", signal_number);
	high_ready = ready_fd < 0 ? -1 : fcntl(ready_fd, F_DUPFD_CLOEXEC, HIGH);
	words = words_for(argv, high_ready >= 0, death);
	error = words == NULL
	    ? -ENOMEM
	    : spawn(words, listen_fd, ends[1], high_ready, &first);
	free(words);
	close(ends[1]);
	if (high_ready >= 0)
		close(high_ready);
	heir->fd = ends[0];
	if (error == 0)
		error = await_ready(first, heir);
	if (error != 0)
		close(heir->fd);
	return error;
}

/* --- handing over --------------------------------------------------------- */

int
heir_give(int fd, int connection)
{
	char byte = 'c';
	struct iovec piece = { &byte, 1 };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr message = { .msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &connection, sizeof(connection));
	return sendmsg(fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* Does he live who started us? Where nobody is between us and the first
 * process, he may be another than our parent. */
static bool
is_looked_after(pid_t parent)
{
	return getppid() == parent || kill(parent, 0) == 0;
}

int
heir_settle(int fd, int death_signal)
{
	pid_t pid = fork(), parent;

	if (pid < 0)
		return -errno;
	if (pid > 0)
		_exit(0);
	(void)setpgid(0, 0);
	pid = getpid();
	if (send(fd, &pid, sizeof(pid), MSG_NOSIGNAL) < 0 ||
	    recv(fd, &parent, sizeof(parent), 0) != sizeof(parent))
		return -EPIPE;
	if (death_signal == 0)
		return 0;
	(void)prctl(PR_SET_PDEATHSIG, death_signal);
	return is_looked_after(parent) ? 0 : -ESRCH;
}

int
heir_ready(int fd)
{
	char byte = 'r';

	return send(fd, &byte, 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

int
heir_take(int fd, int *connectionp)
{
	char byte;
	struct iovec piece = { &byte, 1 };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr message = { .msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? HEIR_E_NOBODY
							 : -errno;
	header = CMSG_FIRSTHDR(&message);
	if (header == NULL || header->cmsg_type != SCM_RIGHTS)
		return HEIR_E_NOBODY; /* it was lost: we have no room for it */
	memcpy(connectionp, CMSG_DATA(header), sizeof(*connectionp));
	return 0;
}

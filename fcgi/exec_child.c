/* exec_child.c - I am a program that runs behind mcp-exec */

#include "fcgi/exec_child.h"
#include "fcgi/exec_words.h"

#include <mcp/program.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER "mcp-exec"
#define BEYOND 10 /* no descriptor of the program is as high */

/* --- where it is -------------------------------------------------------- */

static char *helper; /* found once, and kept */
static pthread_once_t helper_once = PTHREAD_ONCE_INIT;

static void
find_helper(void)
{
	helper = mcp_program_find(HELPER, MCP_PKGLIBEXECDIR);
}

const char *
exec_helper(void)
{
	pthread_once(&helper_once, find_helper);
	return helper;
}

/* --- descriptors -------------------------------------------------------- */

void
exec_child_close(int *fdp)
{
	if (*fdp >= 0)
		close(*fdp);
	*fdp = -1;
}

/* Its ends lie higher than the places they are moved to, so that none is
 * moved onto another. */
static int
lift(int *fdp)
{
	int high = fcntl(*fdp, F_DUPFD_CLOEXEC, BEYOND);

	if (high < 0)
		return -errno;
	close(*fdp);
	*fdp = high;
	return 0;
}

static int
separate(int ends[2], int *oursp, int *theirsp)
{
	*oursp = ends[0];
	*theirsp = ends[1];
	if (fcntl(*oursp, F_SETFL, fcntl(*oursp, F_GETFL) | O_NONBLOCK) != 0)
		return -errno;
	return lift(theirsp);
}

static int
open_pipe(int *oursp, int *theirsp, bool we_write)
{
	int ends[2], turned[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	turned[0] = ends[we_write];
	turned[1] = ends[!we_write];
	return separate(turned, oursp, theirsp);
}

static int
open_control(int *oursp, int *theirsp)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	return separate(ends, oursp, theirsp);
}

static int
open_all(struct exec_child *ours, struct exec_child *theirs, bool input,
    bool progress)
{
	int error = open_control(&ours->control, &theirs->control);

	if (error == 0 && input)
		error = open_pipe(&ours->input, &theirs->input, true);
	if (error == 0)
		error = open_pipe(&ours->output, &theirs->output, false);
	if (error == 0)
		error = open_pipe(&ours->errors, &theirs->errors, false);
	if (error == 0 && progress)
		error = open_pipe(&ours->progress, &theirs->progress, false);
	return error;
}

static void
close_all(struct exec_child *child)
{
	exec_child_close(&child->control);
	exec_child_close(&child->input);
	exec_child_close(&child->output);
	exec_child_close(&child->errors);
	exec_child_close(&child->progress);
}

/* --- its life ----------------------------------------------------------- */

static int
arrange(posix_spawn_file_actions_t *actions, const struct exec_child *theirs)
{
	int error = theirs->input < 0
	    ? posix_spawn_file_actions_addopen(
		  actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
	    : posix_spawn_file_actions_adddup2(
		  actions, theirs->input, STDIN_FILENO);

	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    actions, theirs->output, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    actions, theirs->errors, STDERR_FILENO);
	if (error == 0 && theirs->progress >= 0)
		error = posix_spawn_file_actions_adddup2(
		    actions, theirs->progress, EXEC_PROGRESS_FD);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    actions, theirs->control, EXEC_CONTROL_FD);
	return error;
}

static int
spawn(struct exec_child *ours, const struct exec_child *theirs,
    const struct exec_words *words)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		/* what is typed at our terminal is not for it */
		error =
		    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
		if (error == 0)
			error = arrange(&actions, theirs);
		if (error == 0)
			error =
			    posix_spawn(&ours->pid, words->argv.at[0], &actions,
				&attributes, words->argv.at, words->env.at);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

int
exec_child_start(struct exec_child *child, const struct exec_words *words,
    bool input, bool progress)
{
	struct exec_child ours = EXEC_CHILD_INIT, theirs = EXEC_CHILD_INIT;
	int error = open_all(&ours, &theirs, input, progress);

	if (error == 0)
		error = spawn(&ours, &theirs, words);
	close_all(&theirs);
	if (error != 0)
		close_all(&ours);
	else
		*child = ours;
	return error;
}

void
exec_child_end(struct exec_child *child)
{
	/* who is gone has ended already */
	(void)!send(child->control, "T", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
exec_child_finish(struct exec_child *child)
{
	if (child->pid == 0)
		return;
	if (child->control >= 0)
		kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	close_all(child);
	child->pid = 0;
}

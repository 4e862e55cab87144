/* child.h - I start one process, and know how it is
 *
 * A child runs in a process group of its own, so that a terminal's Ctrl-C is
 * for the supervisor alone to interpret; it ends when the supervisor does,
 * however that ends. It gets a listening socket in systemd's way (descriptor
 * 3, LISTEN_FDS), which outlives it: a successor takes over and no connection
 * is refused in between. It tells on descriptor 4 that it is ready, and, later,
 * which process has taken its place ("heir PID"). Its output goes to standard
 * error.
 */
#ifndef CTL_CHILD_H
#define CTL_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_ARGV_MAX 24
#define CHILD_LISTEN_FD 3
#define CHILD_READY_FD 4
#define CHILD_READY_FD_TEXT "4"

enum child_state {
	CHILD_OFF, /* not started yet, or over for good */
	CHILD_STARTING, /* runs, and has not said that it is ready */
	CHILD_READY,
	CHILD_RESTING /* died; to be started again at due_ns */
};

struct child {
	char name[32];
	char **argv; /* borrowed */
	int listen_fd; /* borrowed; -1: none */
	bool tells; /* says on CHILD_READY_FD when it is ready */
	bool once; /* is done when it exits with 0 */
	enum child_state state;
	pid_t pid;
	int ready_fd; /* our end of its pipe; -1: none, or it said all */
	uint64_t started_ns;
	uint64_t due_ns; /* while RESTING */
	unsigned rest_ms; /* before the next start */
	bool proven; /* has once been ready and lived a second */
};

/* child_start() - OFF or RESTING to STARTING, or to READY for one that tells
 * nothing
 * Return: 0; -errno, and nothing runs */
int child_start(struct child *child, uint64_t now_ns);

/* child_heard() - its pipe stirred: READY if it said so, or another process */
void child_heard(struct child *child);

/* child_died() - to RESTING, at once due if it had lived a second; one that
 * dies younger rests 100 ms, doubling to 5 s */
void child_died(struct child *child, uint64_t now_ns);

bool child_runs(const struct child *child);

/* child_signal() - to the process; SIGKILL to its whole group */
void child_signal(const struct child *child, int signal);

#endif

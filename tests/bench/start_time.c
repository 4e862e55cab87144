/* start_time.c - I start a program and say how long it takes until it is ready
 *
 *   start_time TIMES PROGRAM ARGUMENT...
 *
 * Ready is a line on descriptor 3, which the arguments name. Then it gets
 * SIGTERM, and when it has ended the next one begins. I say the microseconds
 * from before it was spawned, as an array of JSON.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_FD 3
#define READY_MS 30000

extern char **environ;

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "start_time: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static pid_t
start(char **argv, int ready)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ready, READY_FD);
	errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno != 0)
		die(argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static void
await_line(int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	char byte = '\0';

	while (byte != '\n') {
		if (poll(&readable, 1, READY_MS) != 1) {
			errno = ETIMEDOUT;
			die("no line");
		}
		if (read(fd, &byte, 1) != 1) {
			errno = EPIPE;
			die("it ended before it was ready");
		}
	}
}

/* -> microseconds */
static double
measure(char **argv)
{
	int64_t began_ns, took_ns;
	pid_t pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		die("pipe");
	began_ns = now_ns();
	pid = start(argv, fds[1]);
	close(fds[1]);
	await_line(fds[0]);
	took_ns = now_ns() - began_ns;
	close(fds[0]);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return (double)took_ns / 1000;
}

int
main(int argc, char **argv)
{
	int times = argc > 2 ? atoi(argv[1]) : 0;

	if (times < 1) {
		fprintf(stderr, "usage: start_time TIMES PROGRAM ...\n");
		return 2;
	}
	for (int i = 0; i < times; i++)
		printf("%s%.0f", i == 0 ? "[" : ",", measure(argv + 2));
	printf("]\n");
	return 0;
}

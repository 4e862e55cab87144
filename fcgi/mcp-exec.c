/* mcp-exec.c - I run one program, and let nothing of it outlive me
 *
 * What a program starts becomes mine when its parent ends, since I am a
 * subreaper, whatever group or session it fled into. So when the program has
 * ended I kill my children until there are none, and only then say how it
 * ended. Should the worker die, the end of its socket tells me; should I die,
 * the kernel kills the program, and that is all that can be done then.
 *
 * Law: prctl(2) PR_SET_CHILD_SUBREAPER, proc(5) /proc/[pid]/stat
 */

#include "fcgi/exec_report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_MS 5 /* between two looks for what is left */

struct order {
	unsigned long long numbers[EXEC_N_NUMBERS];
	const char *directory;
	char **argv; /* of the program, its path first */
};

static const char *const number_names[EXEC_N_NUMBERS] = EXEC_NUMBERS;

/* The worker reads until the end, and believes what it is told first. */
static void
report(enum exec_stage stage, int how)
{
	struct exec_report made = { (int)stage, how };

	/* a worker that is gone needs no report */
	(void)!send(EXEC_CONTROL_FD, &made, sizeof(made), MSG_NOSIGNAL);
}

static void __attribute__((noreturn)) refuse(enum exec_stage stage, int error)
{
	report(stage, error);
	_exit(127);
}

/* --- what is asked ------------------------------------------------------ */

static bool
read_number(struct order *order, const char *word)
{
	size_t len = strcspn(word, "=");
	char *end;

	for (int i = 0; i < EXEC_N_NUMBERS; i++)
		if (strlen(number_names[i]) == len &&
		    strncmp(word, number_names[i], len) == 0) {
			order->numbers[i] = strtoull(word + len + 1, &end, 10);
			return *end == '\0';
		}
	return false;
}

static void
read_order(char **argv, struct order *order)
{
	static const char directory[] = "directory=";
	size_t len = sizeof(directory) - 1;

	*order = (struct order){ { 0 }, NULL, NULL };
	for (argv++; *argv != NULL && strchr(*argv, '=') != NULL; argv++)
		if (strncmp(*argv, directory, len) == 0) {
			order->directory = *argv++ + len;
			break;
		} else if (!read_number(order, *argv)) {
			refuse(EXEC_BAD_ORDER, EINVAL);
		}
	order->argv = argv;
	if (order->directory == NULL || *argv == NULL)
		refuse(EXEC_BAD_ORDER, EINVAL);
}

/* --- the house ---------------------------------------------------------- */

/* All to their usual action. posix_spawn(3) leaves ignored what libc keeps to
 * itself, and libc does not let us at it: hence the kernel's own call. */
static void
reset_signals(void)
{
	static const unsigned long usual[16]; /* struct sigaction, all zero */

	for (int i = 1; i < _NSIG; i++)
		(void)syscall(SYS_rt_sigaction, i, usual, NULL, _NSIG / 8);
}

/* Nothing of the worker's gets further than here. */
static void
build_house(const struct order *order, int *signalsp)
{
	sigset_t all;
	int error = 0;

	if (fcntl(EXEC_CONTROL_FD, F_SETFD, FD_CLOEXEC) != 0 ||
	    close_range(EXEC_CONTROL_FD + 1, ~0U, 0) != 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		error = errno;
	if (order->numbers[EXEC_PROGRESS] == 0)
		close(EXEC_PROGRESS_FD);
	reset_signals();
	umask(022);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	*signalsp = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (error == 0 && *signalsp < 0)
		error = errno;
	if (error == 0 && access("/proc/self/stat", R_OK) != 0)
		error = errno;
	if (error != 0)
		refuse(EXEC_BAD_HOUSE, error);
}

/* Only the program may hold the other ends of the worker's pipes, or the
 * worker would wait for me to close them. */
static void
let_go(const struct order *order)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	if (order->numbers[EXEC_PROGRESS] != 0)
		close(EXEC_PROGRESS_FD);
}

/* --- the program, between fork and exec --------------------------------- */

/* Never more than I may have myself. */
static void
limit(int what, unsigned long long soft, unsigned long long hard)
{
	struct rlimit mine, wanted = { soft, hard };

	if (getrlimit(what, &mine) != 0)
		refuse(EXEC_BAD_LIMITS, errno);
	if (wanted.rlim_max > mine.rlim_max)
		wanted.rlim_max = mine.rlim_max;
	if (wanted.rlim_cur > wanted.rlim_max)
		wanted.rlim_cur = wanted.rlim_max;
	if (setrlimit(what, &wanted) != 0)
		refuse(EXEC_BAD_LIMITS, errno);
}

static void
limit_all(const struct order *order)
{
	static const int whats[] = { RLIMIT_CPU, RLIMIT_AS, RLIMIT_NOFILE,
		RLIMIT_FSIZE, RLIMIT_NPROC };

	limit(RLIMIT_CORE, 0, 0);
	for (int i = EXEC_CPU_S; i <= EXEC_PROCESSES; i++)
		if (order->numbers[i] != 0)
			limit(whats[i], order->numbers[i],
			    /* SIGXCPU first, which says what it was */
			    order->numbers[i] + (i == EXEC_CPU_S));
}

static void __attribute__((noreturn))
become(const struct order *order, pid_t mother)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != mother)
		_exit(127);
	if (chdir(order->directory) != 0)
		refuse(EXEC_BAD_DIRECTORY, errno);
	limit_all(order);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(order->argv[0], order->argv);
	refuse(EXEC_BAD_PROGRAM, errno);
}

static pid_t
start(const struct order *order)
{
	pid_t mother = getpid();
	pid_t program = fork();

	if (program == 0)
		become(order, mother);
	if (program < 0)
		refuse(EXEC_BAD_HOUSE, errno);
	setpgid(program, program); /* whoever of us comes first */
	let_go(order);
	return program;
}

/* --- watching it -------------------------------------------------------- */

static long long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Bury who has ended. Return: was the program among them? Then *howp says how
 * it ended, and its group is dead: while it is unburied its number is its. */
static bool
reap(pid_t program, int *howp)
{
	siginfo_t one = { 0 };

	while (waitid(P_ALL, 0, &one, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    one.si_pid != 0) {
		if (one.si_pid == program)
			kill(-program, SIGKILL);
		waitpid(one.si_pid, howp, 0);
		if (one.si_pid == program)
			return true;
		one.si_pid = 0;
	}
	return false;
}

/* What does the worker want? Return: a signal; 0: nothing. */
static int
listen_to_worker(void)
{
	char word;
	ssize_t n = recv(EXEC_CONTROL_FD, &word, 1, MSG_DONTWAIT);

	if (n > 0)
		return SIGTERM;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return SIGKILL; /* it is gone */
}

static void
drain(int signals)
{
	struct signalfd_siginfo one;

	while (read(signals, &one, sizeof(one)) > 0)
		continue;
}

/* Until the program has ended, by itself or by the worker's wish.
 * Return: how, as waitpid(2) has it */
static int
watch(pid_t program, int signals)
{
	struct pollfd ears[] = { { signals, POLLIN, 0 },
		{ EXEC_CONTROL_FD, POLLIN, 0 } };
	long long kill_ms = -1;
	int how = 0;

	while (!reap(program, &how)) {
		long long left = kill_ms < 0 ? -1 : kill_ms - now_ms();
		int wish = 0;

		if (kill_ms >= 0 && left <= 0) {
			wish = SIGKILL;
			left = -1;
		}
		if (wish == 0 && poll(ears, 2, (int)left) > 0) {
			drain(signals);
			if (ears[1].revents != 0)
				wish = listen_to_worker();
		}
		if (wish != 0)
			kill(-program, wish);
		if (wish == SIGKILL)
			kill(program, wish); /* if it changed its group */
		if (wish == SIGTERM && kill_ms < 0)
			kill_ms = now_ms() + EXEC_GRACE_MS;
		if (wish == SIGKILL) {
			kill_ms = -1;
			ears[1].fd = -1; /* nothing more to be said */
		}
	}
	return how;
}

/* --- sweeping up -------------------------------------------------------- */

/* Shape: PID (NAME) STATE PPID ..., and the name may hold anything */
static bool
is_child(const char *pid, pid_t mother)
{
	char path[64], text[512];
	const char *behind;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	behind = strrchr(text, ')');
	return behind != NULL && strlen(behind) > 4 &&
	    strtol(behind + 4, NULL, 10) == mother;
}

static void
kill_children(pid_t mother)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc != NULL && (entry = readdir(proc)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    is_child(entry->d_name, mother))
			kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
	if (proc != NULL)
		closedir(proc);
}

/* Whoever is killed leaves me its own children, so this goes round until
 * nobody is left to wait for. */
static void
sweep(void)
{
	const struct timespec nap = { 0, SWEEP_MS * 1000000L };
	sigset_t child;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			continue;
		if (pid < 0)
			return;
		kill_children(getpid());
		(void)sigtimedwait(&child, NULL, &nap);
	}
}

int
main(int argc, char **argv)
{
	struct order order;
	int signals, how;
	pid_t program;

	(void)argc;
	read_order(argv, &order);
	build_house(&order, &signals);
	program = start(&order);
	how = watch(program, signals);
	sweep();
	report(EXEC_ENDED, how);
	_exit(0);
}

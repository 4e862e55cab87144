/* crowd.c - I am many readers at once, and cost next to nothing
 *
 *	crowd SOCKET COUNT
 *
 * Every line on standard input is a step: the first lets COUNT streams be
 * opened on the broker's unix SOCKET, the next closes them all, and so on. I
 * say "open" when the last of them was greeted, "closed" when all are closed,
 * and end with the input.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GREETING_MAX 4096
#define GREETED "event: connected"

static const char request[] = "GET /mcp/sse HTTP/1.1\r\nHost: localhost\r\n"
			      "Accept: text/event-stream\r\n\r\n";

static void
die(const char *what)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
enter(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) !=
	    0)
		die("connect");
	if (write(fd, request, sizeof(request) - 1) != sizeof(request) - 1)
		die("write");
	return fd;
}

static void
await_greeting(int fd)
{
	char text[GREETING_MAX + 1];
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, text + len, GREETING_MAX - len);
		if (n <= 0) {
			fprintf(stderr, "crowd: no greeting: %.*s\n", (int)len,
			    text);
			exit(1);
		}
		len += (size_t)n;
		text[len] = '\0';
	} while (strstr(text, GREETED) == NULL);
}

static void
step(const struct sockaddr_un *address, int *fds, size_t count, int open)
{
	for (size_t i = 0; i < count; i++)
		if (open)
			fds[i] = enter(address);
		else
			close(fds[i]);
	for (size_t i = 0; open && i < count; i++)
		await_greeting(fds[i]);
	puts(open ? "open" : "closed");
	fflush(stdout);
}

static void
raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		die("getrlimit");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		die("setrlimit");
}

int
main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	int *fds = calloc(count + 1, sizeof(*fds));
	char line[16];

	if (count == 0 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fputs("usage: crowd SOCKET COUNT\n", stderr);
		return 2;
	}
	if (fds == NULL)
		die("calloc");
	strcpy(address.sun_path, argv[1]);
	raise_limit();
	for (int open = 1; fgets(line, sizeof(line), stdin) != NULL;
	     open = !open)
		step(&address, fds, count, open);
	free(fds);
	return 0;
}

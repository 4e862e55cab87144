/* ping.c - I ask one address whether it answers a ping */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <mcp/text.h>

#include "ctl.h"

#define ANSWER_MAX 65536
#define ANSWER_SECONDS 10
#define AGAIN_MS 20 /* a foreign server tells nobody when it listens */

static const char ping_body[] = "{\"jsonrpc\":\"2.0\",\"id\":1,"
				"\"method\":\"ping\"}";

struct address {
	char host[256]; /* as in the Host header, port included */
	char name[256]; /* for getaddrinfo(3) */
	char port[8];
	const char *path;
};

/* Splits http://NAME[:PORT]/PATH; an IPv6 name stands in brackets.
 * Return: 0; -EINVAL */
static int
address_parse(const char *url, struct address *out)
{
	const char *at = url + strlen("http://"), *end, *colon;
	int bracket;

	if (strncmp(url, "http://", strlen("http://")))
		return -EINVAL;
	end = strchr(at, '/');
	if (!end || end == at || (size_t)(end - at) >= sizeof(out->host))
		return -EINVAL;
	snprintf(out->host, sizeof(out->host), "%.*s", (int)(end - at), at);
	out->path = end;
	bracket = *out->host == '[';
	colon = strrchr(out->host, ':');
	if (colon && bracket && strchr(colon, ']'))
		colon = NULL;
	snprintf(out->port, sizeof(out->port), "%s", colon ? colon + 1 : "80");
	snprintf(out->name, sizeof(out->name), "%.*s",
	    (int)(colon ? colon - out->host : (ptrdiff_t)strlen(out->host)) -
		2 * bracket, out->host + bracket);
	return 0;
}

/* Return: a connected socket; -errno */
static int
address_connect(const struct address *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	struct addrinfo *list, *one;
	int fd = -1, r = -EHOSTUNREACH;

	if (getaddrinfo(address->name, address->port, &hints, &list))
		return -EHOSTUNREACH;
	for (one = list; one && fd < 0; one = one->ai_next) {
		fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		if (connect(fd, one->ai_addr, one->ai_addrlen) == 0)
			break;
		r = -errno;
		close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	return fd < 0 ? r : fd;
}

/* Append all that comes until the other side closes. */
static int
receive(int fd, struct mcp_buf *answer)
{
	char piece[4096];
	ssize_t n;

	while (answer->len < ANSWER_MAX) {
		n = recv(fd, piece, sizeof(piece), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		mcp_buf_append(answer, piece, (size_t)n);
	}
	return answer->failed ? -ENOMEM : 0;
}

/* Ask once.
 * Return: 0 and the whole answer, head included; -errno */
static int
ask(const struct address *address, struct mcp_buf *answer)
{
	struct mcp_buf question = MCP_BUF_INIT;
	int fd, r = 0;

	fd = address_connect(address);
	if (fd < 0)
		return fd;
	mcp_buf_printf(&question,
	    "POST %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
	    "Content-Type: application/json\r\n"
	    "Accept: application/json, text/event-stream\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    address->path, address->host, strlen(ping_body), ping_body);
	if (question.failed)
		r = -ENOMEM;
	else if (send(fd, question.data, question.len, MSG_NOSIGNAL) !=
	    (ssize_t)question.len)
		r = errno ? -errno : -EPIPE;
	if (r == 0)
		r = receive(fd, answer);
	close(fd);
	mcp_buf_deinit(&question);
	return r;
}

/* The status line says 200, and there is a result. */
static bool
answers(const struct mcp_buf *answer)
{
	struct mcp_text text = mcp_buf_view(answer);

	return text.len > 12 && mcp_text_starts(text, "HTTP/1.") &&
	    !memcmp(text.at + 8, " 200", 4) && strstr(text.at, "\"result\"");
}

/* Why not, in one line. */
static void
complain(const char *url, int r, const struct mcp_buf *answer)
{
	size_t len = 0;

	if (r == 0 && answer->len) {
		len = strcspn(answer->data, "\r\n");
		fprintf(stderr, "mcpctl: %s answers \"%.*s\" to a ping\n", url,
		    (int)(len > 200 ? 200 : len), answer->data);
	} else {
		fprintf(stderr, "mcpctl: %s does not answer: %s\n", url,
		    r ? strerror(-r) : "the connection was closed");
	}
}

static int
ping(const char *url, const struct address *address, uint64_t until_ns)
{
	const struct timespec pause = { .tv_nsec = AGAIN_MS * 1000000L };
	struct mcp_buf answer = MCP_BUF_INIT;
	int r;

	for (;;) {
		r = ask(address, &answer);
		if (r == 0 && answers(&answer))
			break;
		if (mcp_clock_ns() >= until_ns) {
			complain(url, r, &answer);
			mcp_buf_deinit(&answer);
			return 1;
		}
		mcp_buf_reset(&answer);
		nanosleep(&pause, NULL);
	}
	mcp_buf_deinit(&answer);
	return 0;
}

int
ctl_ping(int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const char usage[] =
	    "usage: mcpctl ping [--wait SECONDS] http://NAME[:PORT]/PATH\n";
	struct address address;
	long seconds = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'w')
			seconds = ctl_number("wait", optarg, 0, 3600);
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c == '?')
			fputs(usage, stderr);
		if (c == '?' || seconds < 0)
			return 2;
	}
	if (argc - optind != 1 || address_parse(argv[optind], &address)) {
		fputs(usage, stderr);
		return 2;
	}
	return ping(argv[optind], &address,
	    mcp_clock_ns() + (uint64_t)seconds * MCP_S);
}

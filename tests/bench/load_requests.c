/* load_requests.c - I am many clients, each with one question at a time
 *
 *   load_requests --connect 127.0.0.1:PORT --request FILE [--expect TEXT]...
 *       [--clients N] [--warm MS] [--run MS] [--each N]
 *
 * FILE is a whole HTTP request. Ten # in it, and in TEXT, are a number which is
 * another in every request. An answer is good when its status is 200 and its
 * body has each TEXT; what else comes is an error, and is counted by its kind.
 * Each client has one connection, and keeps it as long as the server does.
 *
 * When the time is over, or when each client has N good answers, or as many
 * errors have come, I say what I saw of it, after the warm-up, in one line of
 * JSON. A client that waits for ever is in no percentile: "served" counts the
 * clients that got an answer, and "waiting_us" is the age of the oldest
 * question that has none.
 */

#include "answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 10000
#define REQUEST_MAX 4096
#define ANSWER_MAX 16384
#define PLACES_MAX 8
#define EXPECT_MAX 4
#define DIGITS 10
#define ERRORS_MAX 100000 /* then there is nothing to measure */
#define EVENTS 64

static const char hole[] = "##########";

enum error_kind {
	ERROR_CONNECT, /* no connection */
	ERROR_CLOSED,  /* the connection ended before the answer did */
	ERROR_STATUS,  /* not 200 */
	ERROR_BODY,    /* not what was asked for */
	N_ERRORS
};

static const char *const error_names[N_ERRORS] = {
	[ERROR_CONNECT] = "connect",
	[ERROR_CLOSED] = "closed",
	[ERROR_STATUS] = "status",
	[ERROR_BODY] = "body",
};

/* A text with holes for a number. */
struct text {
	char bytes[REQUEST_MAX];
	size_t len;
	size_t places[PLACES_MAX];
	unsigned n_places;
};

struct client {
	int fd;
	bool connecting;
	bool refused; /* at once; epoll wakes us for it too */
	bool reused;  /* an answer has come over this connection */
	char number[DIGITS + 1];
	int64_t asked_ns; /* 0: nothing is asked */
	unsigned served;
	size_t len;
	char bytes[ANSWER_MAX];
};

struct load {
	struct sockaddr_in address;
	struct text request, expect[EXPECT_MAX];
	unsigned n_expect;
	unsigned n_clients;
	unsigned warm_ms, run_ms;
	unsigned each; /* 0: as many as come */
	struct client *clients;
	int epoll;
	uint32_t last_number;
	/* since the warm-up */
	uint32_t *samples_us;
	size_t n_samples, room;
	unsigned errors[N_ERRORS], n_errors;
	unsigned opened; /* connections after each client's first */
	unsigned n_done; /* clients with as many answers as they want */
	unsigned again;	 /* kept ones that were closed as we asked */
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "load_requests: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- texts with holes ---------------------------------------------------- */

static void
text_find_holes(struct text *text)
{
	char *at = text->bytes;

	while ((at = strstr(at, hole)) != NULL) {
		if (text->n_places == PLACES_MAX) {
			errno = E2BIG;
			die("numbers");
		}
		text->places[text->n_places++] = (size_t)(at - text->bytes);
		at += DIGITS;
	}
}

static void
text_fill(struct text *text, const char *number)
{
	for (unsigned i = 0; i < text->n_places; i++)
		memcpy(text->bytes + text->places[i], number, DIGITS);
}

static void
text_set(struct text *text, const char *bytes)
{
	text->len = strlen(bytes);
	if (text->len >= sizeof(text->bytes)) {
		errno = E2BIG;
		die("--expect");
	}
	memcpy(text->bytes, bytes, text->len + 1);
	text_find_holes(text);
}

static void
text_read(struct text *text, const char *path)
{
	FILE *file = fopen(path, "r");

	if (file == NULL)
		die(path);
	text->len = fread(text->bytes, 1, sizeof(text->bytes) - 1, file);
	if (!feof(file))
		die("--request is too long");
	fclose(file);
	text_find_holes(text);
}

/* --- what is counted ----------------------------------------------------- */

static void
count_sample(struct load *load, int64_t took_ns)
{
	if (load->n_samples == load->room) {
		load->room = load->room == 0 ? 65536 : load->room * 2;
		load->samples_us = realloc(
		    load->samples_us, load->room * sizeof(*load->samples_us));
		if (load->samples_us == NULL)
			die("samples");
	}
	load->samples_us[load->n_samples++] = (uint32_t)(took_ns / 1000);
}

static void
count_error(struct load *load, enum error_kind kind)
{
	load->errors[kind]++;
	load->n_errors++;
}

/* The warm-up is over: nothing has happened yet. */
static void
count_anew(struct load *load)
{
	load->n_samples = 0;
	load->n_errors = load->opened = load->again = load->n_done = 0;
	memset(load->errors, 0, sizeof(load->errors));
	for (unsigned i = 0; i < load->n_clients; i++)
		load->clients[i].served = 0;
}

/* --- a client ------------------------------------------------------------ */

static void
client_watch(struct load *load, struct client *client, int how, uint32_t what)
{
	struct epoll_event event = { .events = what, .data.ptr = client };

	if (epoll_ctl(load->epoll, how, client->fd, &event) != 0)
		die("epoll_ctl");
}

static void
client_connect(struct load *load, struct client *client)
{
	int one = 1;

	client->fd =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		die("socket");
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	client->connecting = true;
	client->reused = false;
	client->len = 0;
	client->refused = connect(client->fd, (struct sockaddr *)&load->address,
			      sizeof(load->address)) != 0 &&
	    errno != EINPROGRESS;
	client_watch(load, client, EPOLL_CTL_ADD, EPOLLOUT);
}

static void
client_reconnect(struct load *load, struct client *client)
{
	close(client->fd);
	load->opened++;
	client_connect(load, client);
}

static void
client_fail(struct load *load, struct client *client, enum error_kind kind)
{
	count_error(load, kind);
	client->asked_ns = 0;
	client_reconnect(load, client);
}

/* Ask what is new, or once more what had no answer. */
static void
client_ask(struct load *load, struct client *client)
{
	if (client->asked_ns == 0) {
		snprintf(client->number, sizeof(client->number), "%u",
		    load->last_number++);
		client->asked_ns = now_ns();
	}
	text_fill(&load->request, client->number);
	client->len = 0;
	if (send(client->fd, load->request.bytes, load->request.len,
		MSG_NOSIGNAL) != (ssize_t)load->request.len &&
	    errno != EPIPE && errno != ECONNRESET)
		die("send");
}

static bool
client_is_content(
    struct load *load, struct client *client, const struct answer *answer)
{
	for (unsigned i = 0; i < load->n_expect; i++) {
		struct text *text = &load->expect[i];

		text_fill(text, client->number);
		if (memmem(answer->body, answer->len, text->bytes, text->len) ==
		    NULL)
			return false;
	}
	return true;
}

static void
client_answered(
    struct load *load, struct client *client, const struct answer *answer)
{
	if (answer->status != 200)
		count_error(load, ERROR_STATUS);
	else if (!client_is_content(load, client, answer))
		count_error(load, ERROR_BODY);
	else {
		count_sample(load, now_ns() - client->asked_ns);
		if (++client->served == load->each)
			load->n_done++;
	}
	client->asked_ns = 0;
	client->reused = true;
	if (answer->closes)
		client_reconnect(load, client);
	else
		client_ask(load, client);
}

/* A kept connection may be closed just as we ask: HTTP lets the client try
 * once more. One that says nothing at all to its first question is an error. */
static void
client_closed(struct load *load, struct client *client)
{
	if (!client->reused || client->len != 0) {
		client_fail(load, client, ERROR_CLOSED);
		return;
	}
	load->again++;
	client_reconnect(load, client);
}

static void
client_read(struct load *load, struct client *client)
{
	struct answer answer;
	ssize_t n = recv(client->fd, client->bytes + client->len,
	    sizeof(client->bytes) - 1 - client->len, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		client_closed(load, client);
		return;
	}
	client->len += (size_t)n;
	client->bytes[client->len] = '\0';
	switch (answer_parse(&answer, client->bytes, client->len)) {
	case 0:
		client_answered(load, client, &answer);
		break;
	case ANSWER_E_MORE:
		if (client->len < sizeof(client->bytes) - 1)
			break;
		/* FALLTHROUGH */
	default:
		client_fail(load, client, ERROR_BODY);
	}
}

static void
client_connected(struct load *load, struct client *client)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0 || client->refused) {
		client_fail(load, client, ERROR_CONNECT);
		return;
	}
	client->connecting = false;
	client_watch(load, client, EPOLL_CTL_MOD, EPOLLIN);
	client_ask(load, client);
}

/* --- all of them --------------------------------------------------------- */

static void
load_turn(struct load *load, int64_t until_ns)
{
	struct epoll_event events[EVENTS];
	int64_t left_ns = until_ns - now_ns();
	int n = epoll_wait(load->epoll, events, EVENTS,
	    left_ns < 0 ? 0 : (int)(left_ns / 1000000) + 1);

	if (n < 0 && errno != EINTR)
		die("epoll_wait");
	for (int i = 0; i < n; i++) {
		struct client *client = events[i].data.ptr;

		if (client->connecting)
			client_connected(load, client);
		else
			client_read(load, client);
	}
}

/* Who gets nothing but errors shall not get them for ever. */
static bool
load_is_enough(const struct load *load)
{
	unsigned most =
	    load->each > 0 ? load->each * load->n_clients : ERRORS_MAX;

	return load->n_done == load->n_clients || load->n_errors >= most;
}

static void
load_for(struct load *load, unsigned ms)
{
	int64_t until_ns = now_ns() + (int64_t)ms * 1000000;

	while (now_ns() < until_ns && !load_is_enough(load))
		load_turn(load, until_ns);
}

static void
load_start(struct load *load)
{
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->clients = calloc(load->n_clients, sizeof(*load->clients));
	load->last_number = 1000000000; /* all have ten digits */
	if (load->epoll < 0 || load->clients == NULL)
		die("clients");
	for (unsigned i = 0; i < load->n_clients; i++)
		client_connect(load, &load->clients[i]);
}

/* --- what is said -------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static uint32_t
percentile(const struct load *load, double share)
{
	size_t i = (size_t)((double)load->n_samples * share);

	if (load->n_samples == 0)
		return 0;
	return load->samples_us[i < load->n_samples ? i : load->n_samples - 1];
}

static void
say_clients(const struct load *load)
{
	unsigned served = 0, least = UINT32_MAX, most = 0;
	int64_t oldest_ns = 0, now = now_ns();

	for (unsigned i = 0; i < load->n_clients; i++) {
		const struct client *one = &load->clients[i];

		served += one->served > 0;
		least = one->served < least ? one->served : least;
		most = one->served > most ? one->served : most;
		if (one->asked_ns != 0 && now - one->asked_ns > oldest_ns)
			oldest_ns = now - one->asked_ns;
	}
	printf(",\"clients\":%u,\"served\":%u,\"least\":%u,\"most\":%u,"
	       "\"waiting_us\":%lld",
	    load->n_clients, served, least, most, (long long)oldest_ns / 1000);
}

static void
load_say(const struct load *load, int64_t took_ns)
{
	if (load->n_samples > 0)
		qsort(load->samples_us, load->n_samples,
		    sizeof(*load->samples_us), compare);
	printf("{\"answers\":%zu,\"rate\":%.1f,\"p50_us\":%u,\"p99_us\":%u,"
	       "\"max_us\":%u",
	    load->n_samples, (double)load->n_samples * 1e9 / (double)took_ns,
	    percentile(load, 0.5), percentile(load, 0.99), percentile(load, 1));
	say_clients(load);
	printf(",\"errors\":%u", load->n_errors);
	for (int kind = 0; kind < N_ERRORS; kind++)
		printf(
		    ",\"%s_errors\":%u", error_names[kind], load->errors[kind]);
	printf(",\"opened\":%u,\"again\":%u}\n", load->opened, load->again);
}

/* --- what is asked ------------------------------------------------------- */

static unsigned
number(const char *option, unsigned most)
{
	char *end;
	unsigned long value = strtoul(optarg, &end, 10);

	if (*end != '\0' || value > most) {
		fprintf(stderr, "load_requests: --%s %s\n", option, optarg);
		exit(2);
	}
	return (unsigned)value;
}

static void
set_address(struct load *load)
{
	char *colon = strchr(optarg, ':');

	load->address.sin_family = AF_INET;
	if (colon != NULL) {
		*colon = '\0';
		load->address.sin_port = htons((uint16_t)atoi(colon + 1));
	}
	if (colon == NULL ||
	    inet_pton(AF_INET, optarg, &load->address.sin_addr) != 1) {
		fprintf(stderr, "load_requests: --connect ADDRESS:PORT\n");
		exit(2);
	}
}

static void
add_expected(struct load *load)
{
	if (load->n_expect == EXPECT_MAX) {
		fprintf(stderr, "load_requests: too many --expect\n");
		exit(2);
	}
	text_set(&load->expect[load->n_expect++], optarg);
}

static void
set_option(struct load *load, int option)
{
	switch (option) {
	case 'a':
		set_address(load);
		break;
	case 'r':
		text_read(&load->request, optarg);
		break;
	case 'e':
		add_expected(load);
		break;
	case 'c':
		load->n_clients = number("clients", CLIENTS_MAX);
		break;
	case 'w':
		load->warm_ms = number("warm", 60000);
		break;
	case 'n':
		load->each = number("each", 1000000);
		break;
	case 't':
		load->run_ms = number("run", 600000);
		break;
	default:
		exit(2);
	}
}

static void
read_options(struct load *load, int argc, char **argv)
{
	static const struct option options[] = {
		{ "connect", required_argument, NULL, 'a' },
		{ "request", required_argument, NULL, 'r' },
		{ "expect", required_argument, NULL, 'e' },
		{ "clients", required_argument, NULL, 'c' },
		{ "warm", required_argument, NULL, 'w' },
		{ "run", required_argument, NULL, 't' },
		{ "each", required_argument, NULL, 'n' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(load, option);
	if (load->request.len == 0 || load->address.sin_port == 0 ||
	    load->n_clients == 0) {
		fprintf(stderr,
		    "load_requests: --connect, --request, and a "
		    "client at least\n");
		exit(2);
	}
}

/* A client is a file. */
static void
raise_files(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

int
main(int argc, char **argv)
{
	static struct load load = {
		.n_clients = 1,
		.warm_ms = 200,
		.run_ms = 1000,
	};
	int64_t began_ns;

	read_options(&load, argc, argv);
	raise_files();
	load_start(&load);
	load_for(&load, load.warm_ms);
	count_anew(&load);
	began_ns = now_ns();
	load_for(&load, load.run_ms);
	load_say(&load, now_ns() - began_ns);
	return 0;
}

/* options.c - I know what the load client was asked to do */

#include "tests/bench/load/options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: load_streams open|broadcast|deliver|slow|roundtrip [OPTION...]\n"
    "\n"
    "  --to ADDRESS:PORT   where the streams are\n"
    "  --path PATH         of a stream; {} is its number\n"
    "  --header LINE       sent when one is opened\n"
    "  --body TEXT         it is opened by POST, with this\n"
    "  --pids PID,...      the processes of the server\n"
    "  --n N               streams (100)\n"
    "  --seconds S         how long (1)\n"
    "  --bus ENDPOINT      publish by letters\n"
    "  --publish PATH      publish by POST; {} is the stream's number\n"
    "  --publishers N      letters or requests under way (64)\n"
    "  --times N           broadcasts (5)\n"
    "  --rate N            events a second, where there is a rate (1000)\n"
    "  --active N          roundtrip: streams that call; slow: streams that\n"
    "                      never read (1)\n"
    "  --size N            slow: bytes of an event (4096)\n"
    "\n"
    "I print one line of JSON.\n";

static void __attribute__((noreturn)) fail(void)
{
	fputs(usage, stderr);
	exit(2);
}

/* --- values -------------------------------------------------------------- */

static void
read_address(const char *text, void *at)
{
	struct sockaddr_in *out = at;
	char host[INET_ADDRSTRLEN] = "";
	unsigned port;

	out->sin_family = AF_INET;
	if (sscanf(text, "%15[0-9.]:%u", host, &port) != 2 || port > 65535 ||
	    inet_pton(AF_INET, host, &out->sin_addr) != 1)
		fail();
	out->sin_port = htons((uint16_t)port);
}

static void
read_number(const char *text, void *at)
{
	uint64_t number;

	if (mcp_text_number(mcp_text_of(text), &number) != 0 || number == 0)
		fail();
	*(size_t *)at = (size_t)number;
}

static void
read_seconds(const char *text, void *at)
{
	*(double *)at = strtod(text, NULL);
}

static void
read_text(const char *text, void *at)
{
	*(const char **)at = text;
}

static void
read_header(const char *text, void *at)
{
	mcp_buf_printf(at, "%s\r\n", text);
}

static void
read_bill(const char *text, void *at)
{
	if (bill_read(text, at) != 0)
		fail();
}

/* --- options ------------------------------------------------------------- */

#define KEPT(member) offsetof(struct options, member)

static const struct setting {
	const char *name;
	void (*read)(const char *text, void *at);
	size_t offset;
} settings[] = {
	{ "to", read_address, KEPT(to) },
	{ "path", read_text, KEPT(path) },
	{ "header", read_header, KEPT(headers) },
	{ "body", read_text, KEPT(body) },
	{ "pids", read_bill, KEPT(bill) },
	{ "n", read_number, KEPT(n) },
	{ "seconds", read_seconds, KEPT(seconds) },
	{ "bus", read_text, KEPT(bus) },
	{ "publish", read_text, KEPT(publish) },
	{ "publishers", read_number, KEPT(publishers) },
	{ "times", read_number, KEPT(times) },
	{ "rate", read_number, KEPT(rate) },
	{ "active", read_number, KEPT(active) },
	{ "size", read_number, KEPT(size) },
};
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

static void
read_all(int argc, char **argv, struct options *options)
{
	struct option names[N_SETTINGS + 1] = { { .name = NULL } };
	int i;

	for (size_t s = 0; s < N_SETTINGS; s++)
		names[s] = (struct option){ settings[s].name, required_argument,
			NULL, (int)s };
	optind = 2;
	while ((i = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (i == '?')
			fail();
		settings[i].read(optarg, (char *)options + settings[i].offset);
	}
	if (optind != argc)
		fail();
}

void
options_read(int argc, char **argv, struct options *options)
{
	*options = (struct options){ .path = "/",
		.n = 100,
		.active = 1,
		.publishers = 64,
		.size = 4096,
		.times = 5,
		.rate = 1000,
		.seconds = 1 };
	if (argc < 2)
		fail();
	read_all(argc, argv, options);
	if (options->to.sin_port == 0 || options->active > options->n ||
	    options->seconds < 0 || options->rate > MCP_S)
		fail();
}

void
options_fill(struct mcp_buf *out, const char *pattern, size_t number)
{
	const char *place = strstr(pattern, "{}");

	if (place == NULL) {
		mcp_buf_puts(out, pattern);
		return;
	}
	mcp_buf_append(out, pattern, (size_t)(place - pattern));
	mcp_buf_number(out, (int64_t)number);
	mcp_buf_puts(out, place + 2);
}

/* load_streams.c - I am many clients with event streams, and measure a hub
 *
 * One command, one line of JSON: what was opened, what came, how late, and what
 * the processes of the hub used meanwhile.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/bench/load/commands.h"

static const struct {
	const char *name;
	command_fn *run;
} commands[] = {
	{ "open", command_open },
	{ "broadcast", command_broadcast },
	{ "deliver", command_deliver },
	{ "slow", command_slow },
	{ "roundtrip", command_roundtrip },
};

static command_fn *
find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (name != NULL && strcmp(commands[i].name, name) == 0)
			return commands[i].run;
	return NULL;
}

/* A stream is a file. */
static void
raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

int
main(int argc, char **argv)
{
	command_fn *command = argc > 1 ? find(argv[1]) : NULL;
	struct mcp_buf out = MCP_BUF_INIT;
	struct options options;
	int error;

	options_read(argc, argv, &options);
	if (command == NULL) {
		fputs("load_streams: there is no such command\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_limit();
	mcp_buf_putc(&out, '{');
	error = command(&options, &out);
	if (error != 0)
		mcp_buf_printf(&out, ",\"error\":\"%s\"", strerror(-error));
	mcp_buf_putc(&out, '}');
	puts(out.data);
	mcp_buf_deinit(&out);
	mcp_buf_deinit(&options.headers);
	return error == 0 ? 0 : 1;
}

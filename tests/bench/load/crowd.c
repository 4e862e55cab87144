/* crowd.c - I am many readers of event streams */

#include "tests/bench/load/crowd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (60 * MCP_S)
#define SLOW_BYTES 4096 /* of a slow reader's receive buffer */

/* --- events -------------------------------------------------------------- */

/* What every hub says by itself is no message. */
static bool
is_greeting(const struct reader *reader)
{
	return strcmp(reader->event, "endpoint") == 0 ||
	    strcmp(reader->event, "connected") == 0 ||
	    strcmp(reader->event, "heartbeat") == 0;
}

static void
greet(struct reader *reader)
{
	if (reader->greeted)
		return;
	reader->greeted = true;
	reader->crowd->greeted++;
}

static void
remember_endpoint(struct reader *reader)
{
	free(reader->endpoint);
	reader->endpoint = mcp_text_dup(mcp_buf_view(&reader->data));
}

static void
dispatch(struct reader *reader)
{
	struct crowd *crowd = reader->crowd;
	bool greeting = is_greeting(reader) || !reader->greeted;

	if (strcmp(reader->event, "endpoint") == 0)
		remember_endpoint(reader);
	greet(reader);
	if (greeting)
		return;
	reader->events++;
	if (crowd->on_event != NULL)
		crowd->on_event(
		    reader, reader->event, mcp_buf_view(&reader->data));
}

static void
end_event(struct reader *reader)
{
	if (reader->has_data)
		dispatch(reader);
	reader->event[0] = '\0';
	reader->has_data = false;
	mcp_buf_reset(&reader->data);
}

/* The value of a field, if the line is that field. */
static bool
take_field(struct mcp_text line, const char *name, struct mcp_text *value)
{
	size_t len = strlen(name);

	if (!mcp_text_starts(line, name))
		return false;
	if (len < line.len && line.at[len] == ' ')
		len++;
	*value = (struct mcp_text){ line.at + len, line.len - len };
	return true;
}

static void
read_comment(struct reader *reader)
{
	if (reader->greeted)
		reader->crowd->comments++;
	greet(reader);
}

static void
read_line(struct reader *reader, struct mcp_text line)
{
	struct mcp_text value;

	if (line.len == 0) {
		end_event(reader);
	} else if (line.at[0] == ':') {
		read_comment(reader);
	} else if (take_field(line, "data:", &value)) {
		if (reader->has_data)
			mcp_buf_putc(&reader->data, '\n');
		reader->has_data = true;
		mcp_buf_text(&reader->data, value);
	} else if (take_field(line, "event:", &value) &&
	    value.len < CROWD_EVENT_MAX) {
		memcpy(reader->event, value.at, value.len);
		reader->event[value.len] = '\0';
	}
}

/* --- connections --------------------------------------------------------- */

static struct reader *
reader_of(struct connection *connection)
{
	return (struct reader *)connection; /* it stands first */
}

static void
on_body(struct connection *connection, struct mcp_text bytes)
{
	struct reader *reader = reader_of(connection);
	struct mcp_text line;

	if (connection->status != 200) {
		connection_close(connection);
		reader->crowd->failed++;
		return;
	}
	while (bytes.len > 0)
		if (lines_take(&reader->lines, &bytes, &line))
			read_line(reader, line);
}

static void
on_over(struct connection *connection)
{
	struct reader *reader = reader_of(connection);

	if (reader->greeted)
		reader->crowd->lost++;
	else
		reader->crowd->failed++;
}

static void
on_whole(struct connection *connection, unsigned status)
{
	(void)status;
	connection_close(connection);
	on_over(connection);
}

static void
append_request(struct mcp_buf *out, const struct options *options, size_t n)
{
	mcp_buf_puts(out, options->body != NULL ? "POST " : "GET ");
	options_fill(out, options->path, n);
	mcp_buf_puts(out,
	    " HTTP/1.1\r\nHost: localhost\r\n"
	    "Accept: text/event-stream\r\n");
	mcp_buf_text(out, mcp_buf_view(&options->headers));
	if (options->body != NULL)
		mcp_buf_printf(out, "Content-Length: %zu\r\n\r\n%s",
		    strlen(options->body), options->body);
	else
		mcp_buf_puts(out, "\r\n");
}

static void
on_ready(struct connection *connection)
{
	struct reader *reader = reader_of(connection);
	struct mcp_buf request = MCP_BUF_INIT;

	append_request(&request, reader->crowd->options, reader->number);
	if (connection_send(connection, mcp_buf_view(&request)) != 0) {
		connection_close(connection);
		reader->crowd->failed++;
	}
	mcp_buf_deinit(&request);
}

static const struct connection_calls calls = {
	.on_ready = on_ready,
	.on_body = on_body,
	.on_whole = on_whole,
	.on_over = on_over,
};

/* --- all of them --------------------------------------------------------- */

struct connection_target
crowd_target(const struct crowd *crowd, size_t number)
{
	return (struct connection_target){ .address = crowd->options->to,
		.source = (unsigned)number };
}

static void
begin_one(struct crowd *crowd)
{
	size_t number = crowd->begun++;
	struct reader *reader = &crowd->readers[number];
	struct connection_target target = crowd_target(crowd, number);

	if (number < crowd->slow)
		target.receive = SLOW_BYTES;
	reader->crowd = crowd;
	reader->number = number;
	if (connection_open(
		&reader->connection, &crowd->loop, &calls, &target) != 0)
		crowd->failed++;
}

static int
open_all(struct crowd *crowd)
{
	uint64_t end_ns = mcp_clock_ns() + PATIENCE_NS;

	while (crowd->greeted + crowd->failed < crowd->n) {
		while (crowd->begun < crowd->n &&
		    crowd->begun - crowd->greeted - crowd->failed <
			CROWD_AT_ONCE)
			begin_one(crowd);
		(void)loop_turn(&crowd->loop, 100);
		if (mcp_clock_ns() > end_ns)
			return -ETIMEDOUT;
	}
	return 0;
}

int
crowd_open(struct crowd *crowd, const struct options *options)
{
	int error = loop_init(&crowd->loop);

	if (error != 0)
		return error;
	crowd->options = options;
	crowd->n = options->n;
	crowd->readers = calloc(crowd->n, sizeof(*crowd->readers));
	return crowd->readers == NULL ? -ENOMEM : open_all(crowd);
}

struct mcp_text
crowd_name(const struct reader *reader)
{
	static const char key[] = "connection_id=";
	const char *at =
	    reader->endpoint == NULL ? NULL : strstr(reader->endpoint, key);

	return mcp_text_of(at == NULL ? NULL : at + sizeof(key) - 1);
}

void
crowd_close(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->begun; i++) {
		struct reader *reader = &crowd->readers[i];

		connection_close(&reader->connection);
		lines_deinit(&reader->lines);
		mcp_buf_deinit(&reader->data);
		free(reader->endpoint);
	}
	free(crowd->readers);
	loop_deinit(&crowd->loop);
}

/* slow.c - I open streams of which some never read, and send to all of them */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tests/bench/load/commands.h"
#include "tests/bench/load/publisher.h"
#include "tests/bench/load/stamp.h"

#define SETTLE_NS (3 * MCP_S) /* of silence */
#define SILENCE_MS 500	      /* of streams that have not ended */
#define END_NS (5 * MCP_S)

struct traffic {
	struct publisher publisher;
	struct crowd crowd;
	struct mcp_buf event;
	struct series late; /* of those who read */
	uint64_t sent;	    /* events, each to everybody */
};

static void
on_event(struct reader *reader, const char *event, struct mcp_text data)
{
	struct traffic *traffic = reader->crowd->context;
	uint64_t at_ns = stamp_read(data);

	(void)event;
	if (at_ns != 0 && data.len == traffic->crowd.options->size)
		series_add(&traffic->late, mcp_clock_ns() - at_ns);
}

/* Those who read, read all there is: that we also send is not their fault. */
static void
read_all(struct traffic *traffic)
{
	while (loop_turn(&traffic->crowd.loop, 0) > 0)
		;
}

static int
send_to(struct traffic *traffic, struct reader *reader)
{
	struct publisher *publisher = &traffic->publisher;

	while (!publisher_has_room(publisher)) {
		publisher_turn(publisher, 100);
		read_all(traffic);
	}
	return publisher_send(publisher, reader, mcp_buf_view(&traffic->event));
}

/* One to each: by letters that is one letter each, by POST a channel. */
static int
send_one(struct traffic *traffic)
{
	struct crowd *crowd = &traffic->crowd;
	int error = 0;

	stamp_write(&traffic->event, crowd->options->size);
	traffic->sent++;
	if (traffic->publisher.bus == NULL)
		return send_to(traffic, &crowd->readers[0]);
	for (size_t i = 0; error == 0 && i < crowd->n; i++)
		error = send_to(traffic, &crowd->readers[i]);
	return error;
}

static int
send_all(struct traffic *traffic)
{
	const struct options *options = traffic->crowd.options;
	uint64_t every_ns = MCP_S / options->rate, due_ns = mcp_clock_ns();
	uint64_t end_ns = due_ns + (uint64_t)(options->seconds * 1e9);
	int error = 0;

	for (; error == 0 && due_ns < end_ns; due_ns += every_ns) {
		while (mcp_clock_ns() < due_ns) {
			loop_wake(&traffic->crowd.loop, due_ns);
			publisher_turn(&traffic->publisher, 1000);
		}
		error = send_one(traffic);
		read_all(traffic);
	}
	return error;
}

static void
settle(struct traffic *traffic, uint64_t expected)
{
	uint64_t end_ns = mcp_clock_ns() + SETTLE_NS;
	size_t had = traffic->late.n;

	while ((traffic->late.n < expected || traffic->publisher.begun) &&
	    mcp_clock_ns() < end_ns) {
		publisher_turn(&traffic->publisher, 100);
		if (traffic->late.n != had)
			end_ns = mcp_clock_ns() + SETTLE_NS;
		had = traffic->late.n;
	}
}

/* Read what is there. Return: whether that was the end */
static bool
is_over(int fd, char *bytes)
{
	ssize_t n;

	do
		n = recv(fd, bytes, LOOP_BYTES, MSG_DONTWAIT);
	while (n > 0);
	return n == 0 || errno != EAGAIN;
}

/* Who never read does so now, all at once: how many of these streams end? Of
 * those that do not, something comes for ever, or nothing. */
static size_t
count_cut(struct crowd *crowd)
{
	struct pollfd *all = calloc(crowd->slow, sizeof(*all));
	uint64_t end_ns = mcp_clock_ns() + END_NS;
	size_t cut = 0;

	if (all == NULL)
		return 0;
	for (size_t i = 0; i < crowd->slow; i++)
		all[i] = (struct pollfd){ crowd->readers[i].connection.fd,
			POLLIN, 0 };
	while (cut < crowd->slow && mcp_clock_ns() < end_ns &&
	    poll(all, crowd->slow, SILENCE_MS) > 0)
		for (size_t i = 0; i < crowd->slow; i++)
			if (all[i].revents != 0 &&
			    is_over(all[i].fd, crowd->loop.bytes)) {
				all[i].fd = -1;
				cut++;
			}
	free(all);
	return cut;
}

static void
tell(struct traffic *traffic, uint64_t pss_kib, struct mcp_buf *out)
{
	struct crowd *crowd = &traffic->crowd;
	uint64_t expected = traffic->sent * (crowd->n - crowd->slow);

	settle(traffic, expected);
	series_sort(&traffic->late);
	mcp_buf_printf(out,
	    ",\"pss_before_kib\":%" PRIu64 ",\"pss_kib\":%" PRIu64
	    ",\"sent\":%" PRIu64 ",\"expected\":%" PRIu64
	    ",\"received\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,"
	    "\"max_us\":%.1f,\"acknowledged\":%" PRIu64 ",\"parked\":%" PRIu64
	    ",\"refused\":%" PRIu64,
	    pss_kib, bill_pss_kib(&crowd->options->bill), traffic->sent,
	    expected, traffic->late.n, in_us(series_at(&traffic->late, 0.5)),
	    in_us(series_at(&traffic->late, 0.99)),
	    in_us(series_at(&traffic->late, 1)),
	    traffic->publisher.acknowledged, traffic->publisher.parked,
	    traffic->publisher.refused);
	mcp_buf_printf(out, ",\"cut\":%zu", count_cut(crowd));
}

static int
measure(struct traffic *traffic, struct mcp_buf *out)
{
	struct crowd *crowd = &traffic->crowd;
	uint64_t pss_kib;
	int error = publisher_open(&traffic->publisher, crowd);

	for (size_t i = 0; i < crowd->slow; i++)
		connection_rest(&crowd->readers[i].connection);
	pss_kib = bill_pss_kib(&crowd->options->bill);
	if (error == 0)
		error = send_all(traffic);
	if (error == 0)
		tell(traffic, pss_kib, out);
	return error;
}

int
command_slow(const struct options *options, struct mcp_buf *out)
{
	struct traffic traffic = { .crowd.slow = options->active };
	struct crowd *crowd = &traffic.crowd;
	int error = crowd_open(crowd, options);

	crowd->on_event = on_event;
	crowd->context = &traffic;
	mcp_buf_printf(out, "\"opened\":%zu,\"failed\":%zu,\"slow\":%zu",
	    crowd->greeted, crowd->failed, crowd->slow);
	if (error == 0)
		error = crowd->failed > 0 ? -EIO : measure(&traffic, out);
	mcp_buf_printf(out, ",\"lost\":%zu", crowd->lost);
	publisher_close(&traffic.publisher);
	mcp_buf_deinit(&traffic.event);
	series_deinit(&traffic.late);
	crowd_close(crowd);
	return error;
}

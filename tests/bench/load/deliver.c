/* deliver.c - I send events, each to one stream, flat out and at a rate */

#include <errno.h>
#include <inttypes.h>

#include "tests/bench/load/commands.h"
#include "tests/bench/load/publisher.h"
#include "tests/bench/load/stamp.h"

#define SETTLE_NS (3 * MCP_S) /* of silence */

struct traffic {
	struct publisher publisher;
	struct crowd crowd;
	struct mcp_buf event;
	struct series late; /* ns from the sending of each to its reader */
	uint64_t sent;
	uint64_t random;
};

static void
on_event(struct reader *reader, const char *event, struct mcp_text data)
{
	struct traffic *traffic = reader->crowd->context;
	uint64_t at_ns = stamp_read(data);

	(void)event;
	if (at_ns != 0)
		series_add(&traffic->late, mcp_clock_ns() - at_ns);
}

/* Marsaglia's xorshift: the same streams in the same order each time. */
static struct reader *
choose(struct traffic *traffic)
{
	uint64_t x = traffic->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	traffic->random = x;
	return &traffic->crowd.readers[x % traffic->crowd.n];
}

static int
send_one(struct traffic *traffic)
{
	stamp_write(&traffic->event, STAMP_LEN);
	traffic->sent++;
	return publisher_send(&traffic->publisher, choose(traffic),
	    mcp_buf_view(&traffic->event));
}

/* Until all that was sent has come, or nothing comes any more. */
static void
settle(struct traffic *traffic)
{
	uint64_t end_ns = mcp_clock_ns() + SETTLE_NS;
	size_t had = traffic->late.n;

	while ((traffic->late.n + traffic->publisher.refused < traffic->sent ||
		   traffic->publisher.begun > 0) &&
	    mcp_clock_ns() < end_ns) {
		publisher_turn(&traffic->publisher, 100);
		if (traffic->late.n != had)
			end_ns = mcp_clock_ns() + SETTLE_NS;
		had = traffic->late.n;
	}
}

static void
begin(struct traffic *traffic)
{
	traffic->sent = traffic->late.n = 0;
	traffic->publisher.acknowledged = traffic->publisher.refused = 0;
}

static void
tell(struct traffic *traffic, struct mcp_buf *out)
{
	struct series *late = &traffic->late;

	series_sort(late);
	mcp_buf_printf(out,
	    "\"sent\":%" PRIu64 ",\"acknowledged\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"received\":%zu,\"p50_us\":%.1f,"
	    "\"p99_us\":%.1f,\"max_us\":%.1f",
	    traffic->sent, traffic->publisher.acknowledged,
	    traffic->publisher.refused, late->n, in_us(series_at(late, 0.5)),
	    in_us(series_at(late, 0.99)), in_us(series_at(late, 1)));
}

static int
send_flat_out(struct traffic *traffic, struct mcp_buf *out)
{
	const struct options *options = traffic->crowd.options;
	uint64_t begun_ns = mcp_clock_ns(), cpu_ns;
	uint64_t end_ns = begun_ns + (uint64_t)(options->seconds * 1e9);
	size_t in_time;
	int error = 0;

	begin(traffic);
	cpu_ns = bill_cpu_ns(&options->bill);
	while (error == 0 && mcp_clock_ns() < end_ns) {
		while (error == 0 && publisher_has_room(&traffic->publisher))
			error = send_one(traffic);
		publisher_turn(&traffic->publisher, 1);
	}
	in_time = traffic->late.n;
	end_ns = mcp_clock_ns();
	settle(traffic);
	cpu_ns = bill_cpu_ns(&options->bill) - cpu_ns;
	mcp_buf_printf(out, ",\"max\":{\"per_second\":%.0f,\"cpu_us\":%.2f,",
	    (double)in_time * 1e9 / (double)(end_ns - begun_ns),
	    in_us(cpu_ns) / (double)(traffic->sent ? traffic->sent : 1));
	tell(traffic, out);
	mcp_buf_putc(out, '}');
	return error;
}

static int
send_at_rate(struct traffic *traffic, struct mcp_buf *out)
{
	const struct options *options = traffic->crowd.options;
	uint64_t every_ns = MCP_S / options->rate, due_ns = mcp_clock_ns();
	uint64_t end_ns = due_ns + (uint64_t)(options->seconds * 1e9);
	int error = 0;

	begin(traffic);
	for (; error == 0 && due_ns < end_ns; due_ns += every_ns) {
		while (mcp_clock_ns() < due_ns ||
		    !publisher_has_room(&traffic->publisher)) {
			loop_wake(&traffic->crowd.loop, due_ns);
			publisher_turn(&traffic->publisher, 1000);
		}
		error = send_one(traffic);
	}
	settle(traffic);
	mcp_buf_printf(out, ",\"paced\":{\"rate\":%zu,", options->rate);
	tell(traffic, out);
	mcp_buf_putc(out, '}');
	return error;
}

int
command_deliver(const struct options *options, struct mcp_buf *out)
{
	struct traffic traffic = { .random = 88172645463325252U };
	struct crowd *crowd = &traffic.crowd;
	int error = crowd_open(crowd, options);

	crowd->on_event = on_event;
	crowd->context = &traffic;
	mcp_buf_printf(out, "\"opened\":%zu,\"failed\":%zu", crowd->greeted,
	    crowd->failed);
	if (error == 0)
		error = publisher_open(&traffic.publisher, crowd);
	if (error == 0)
		error = send_flat_out(&traffic, out);
	if (error == 0)
		error = send_at_rate(&traffic, out);
	mcp_buf_printf(out, ",\"lost\":%zu", crowd->lost);
	publisher_close(&traffic.publisher);
	mcp_buf_deinit(&traffic.event);
	series_deinit(&traffic.late);
	crowd_close(crowd);
	return error;
}

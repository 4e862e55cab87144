/* broadcast.c - I send one event to all streams, and wait for the last */

#include <errno.h>
#include <inttypes.h>

#include "tests/bench/load/commands.h"
#include "tests/bench/load/publisher.h"

#define PATIENCE_NS (20 * MCP_S)

struct round {
	uint64_t first_ns, last_ns; /* when a reader had it */
	uint64_t had;		    /* how many did */
};

static void
on_event(struct reader *reader, const char *event, struct mcp_text data)
{
	struct round *round = reader->crowd->context;

	(void)event;
	(void)data;
	round->last_ns = mcp_clock_ns();
	if (round->had++ == 0)
		round->first_ns = round->last_ns;
}

/* The reader never lies down meanwhile: it is the hub that pays for waking it,
 * up to 3 us a send, and whether it has to is chance. */
static int
send_one(struct publisher *publisher, struct round *round, struct mcp_buf *out)
{
	struct crowd *crowd = publisher->crowd;
	const struct bill *bill = &crowd->options->bill;
	uint64_t begun_ns, cpu_ns = bill_cpu_ns(bill);
	int error;

	*round = (struct round){ .had = 0 };
	begun_ns = mcp_clock_ns();
	error = publisher_broadcast(publisher, MCP_TEXT("{\"changed\":1}"));
	while (error == 0 && (round->had < crowd->greeted || publisher->begun))
		if (mcp_clock_ns() > begun_ns + PATIENCE_NS)
			error = -ETIMEDOUT;
		else
			publisher_turn(publisher, 0);
	cpu_ns = bill_cpu_ns(bill) - cpu_ns;
	mcp_buf_printf(out,
	    "{\"first_ms\":%.3f,\"last_ms\":%.3f,"
	    "\"cpu_us_per_stream\":%.3f,\"had\":%" PRIu64 "}",
	    in_ms(round->first_ns - begun_ns), in_ms(round->last_ns - begun_ns),
	    in_us(cpu_ns) / (double)crowd->n, round->had);
	return error;
}

static int
send_all(struct crowd *crowd, struct mcp_buf *out)
{
	struct publisher publisher;
	struct round round;
	int error = publisher_open(&publisher, crowd);

	crowd->on_event = on_event;
	crowd->context = &round;
	mcp_buf_puts(out, ",\"broadcasts\":[");
	for (size_t i = 0; error == 0 && i < crowd->options->times; i++) {
		if (i > 0)
			mcp_buf_putc(out, ',');
		error = send_one(&publisher, &round, out);
	}
	mcp_buf_printf(out,
	    "],\"acknowledged\":%" PRIu64 ",\"refused\":%" PRIu64
	    ",\"told\":%" PRIu64,
	    publisher.acknowledged, publisher.refused, publisher.told);
	publisher_close(&publisher);
	return error;
}

int
command_broadcast(const struct options *options, struct mcp_buf *out)
{
	struct crowd crowd = { .n = 0 };
	int error = crowd_open(&crowd, options);

	mcp_buf_printf(
	    out, "\"opened\":%zu,\"failed\":%zu", crowd.greeted, crowd.failed);
	if (error == 0)
		error = send_all(&crowd, out);
	mcp_buf_printf(out, ",\"lost\":%zu", crowd.lost);
	crowd_close(&crowd);
	return error;
}

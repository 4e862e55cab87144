/* open.c - I open streams and let them be idle */

#include <errno.h>
#include <inttypes.h>

#include "tests/bench/load/commands.h"
#include "tests/bench/load/crowd.h"

/* The comments of some time, and what they cost the server. */
static void
be_idle(struct crowd *crowd, struct mcp_buf *out)
{
	const struct options *options = crowd->options;
	uint64_t begun_ns = mcp_clock_ns(), comments = crowd->comments;
	uint64_t end_ns = begun_ns + (uint64_t)(options->seconds * 1e9);
	uint64_t cpu_ns = bill_cpu_ns(&options->bill);

	loop_wake(&crowd->loop, end_ns);
	while (mcp_clock_ns() < end_ns)
		(void)loop_turn(&crowd->loop, -1);
	cpu_ns = bill_cpu_ns(&options->bill) - cpu_ns;
	comments = crowd->comments - comments;
	mcp_buf_printf(out,
	    ",\"seconds\":%.3f,\"comments\":%" PRIu64 ",\"cpu_us\":%.0f",
	    options->seconds, comments, in_us(cpu_ns));
}

int
command_open(const struct options *options, struct mcp_buf *out)
{
	struct crowd crowd = { .n = 0 };
	uint64_t pss_kib = bill_pss_kib(&options->bill);
	uint64_t cpu_ns = bill_cpu_ns(&options->bill);
	uint64_t begun_ns = mcp_clock_ns();
	int error = crowd_open(&crowd, options);

	mcp_buf_printf(out,
	    "\"opened\":%zu,\"failed\":%zu,"
	    "\"open_s\":%.6f,\"open_cpu_us\":%.0f,\"pss_before_kib\":%" PRIu64
	    ",\"pss_kib\":%" PRIu64,
	    crowd.greeted, crowd.failed,
	    (double)(mcp_clock_ns() - begun_ns) / 1e9,
	    in_us(bill_cpu_ns(&options->bill) - cpu_ns), pss_kib,
	    bill_pss_kib(&options->bill));
	if (error == 0 && options->seconds > 0)
		be_idle(&crowd, out);
	mcp_buf_printf(out, ",\"lost\":%zu", crowd.lost);
	crowd_close(&crowd);
	return error;
}

/* fuzz_exec_progress.c - progress is a number, which grows
 *
 * input = step BYTES
 */
#include "tests/fuzz/fuzz.h"

#include <math.h>

#include "fcgi/exec_progress.h"

static void
feed(struct exec_progress *progress, struct mcp_text bytes, size_t step)
{
	uint64_t now_ns = 1;

	while (bytes.len > 0) {
		size_t len = bytes.len < step ? bytes.len : step;
		double before = progress->any ? progress->value : -INFINITY;

		exec_progress_feed(
		    progress, (struct mcp_text){ bytes.at, len });
		LAW(!progress->any || progress->value >= before);
		if (exec_progress_due(progress, now_ns))
			LAW(progress->value > before || step > 1);
		LAW(!exec_progress_due(progress, now_ns));
		now_ns += EXEC_PROGRESS_NS;
		bytes.at += len;
		bytes.len -= len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text bytes = { (const char *)data, size };
	struct exec_progress whole = EXEC_PROGRESS_INIT;
	struct exec_progress parts = EXEC_PROGRESS_INIT;
	size_t step = 1 + fuzz_pick(&bytes, 256);

	feed(&whole, bytes, bytes.len);
	feed(&parts, bytes, step);
	LAW(whole.any == parts.any && whole.value == parts.value);
	LAW(!whole.any || (isfinite(whole.value) && isfinite(whole.total)));
	LAW(whole.message.len <= EXEC_PROGRESS_LINE_MAX);
	LAW(mcp_text_equal(
	    mcp_buf_view(&whole.message), mcp_buf_view(&parts.message)));
	exec_progress_deinit(&whole);
	exec_progress_deinit(&parts);
	return 0;
}

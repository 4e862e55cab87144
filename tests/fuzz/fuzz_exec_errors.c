/* fuzz_exec_errors.c - the end of what a program complained of is its end, from
 * the beginning of a line or at least of a character, in whatever pieces it
 * came
 *
 * input = step BYTES
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "fcgi/exec_errors.h"

static void
feed(struct exec_errors *errors, struct mcp_text bytes, size_t step)
{
	while (bytes.len > 0) {
		size_t len = bytes.len < step ? bytes.len : step;

		exec_errors_feed(
		    errors, "it", (struct mcp_text){ bytes.at, len });
		bytes.at += len;
		bytes.len -= len;
	}
	exec_errors_end(errors, "it");
}

/* @tail ends where @bytes do, but for blanks; where does it begin? */
static void
is_the_end(struct mcp_text tail, struct mcp_text bytes)
{
	const char *at;

	while (bytes.len > 0 && strchr(" \t\r\n", bytes.at[bytes.len - 1]))
		bytes.len--; /* a NUL at the end is a blank, too */
	LAW(tail.len <= EXEC_ERRORS_TAIL_MAX && tail.len <= bytes.len);
	if (tail.len == 0)
		return;
	at = bytes.at + bytes.len - tail.len;
	LAW(memcmp(at, tail.at, tail.len) == 0);
	if (at > bytes.at && at[-1] != '\n')
		LAW(memchr(tail.at, '\n', tail.len) == NULL &&
		    ((unsigned char)tail.at[0] & 0xc0) != 0x80);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text bytes = { (const char *)data, size };
	struct exec_errors whole = EXEC_ERRORS_INIT, parts = EXEC_ERRORS_INIT;
	size_t step = 1 + fuzz_pick(&bytes, 256);

	feed(&whole, bytes, bytes.len);
	feed(&parts, bytes, step);
	is_the_end(exec_errors_tail(&whole), bytes);
	is_the_end(exec_errors_tail(&parts), bytes);
	LAW(whole.n_lines == parts.n_lines);
	exec_errors_deinit(&whole);
	exec_errors_deinit(&parts);
	return 0;
}

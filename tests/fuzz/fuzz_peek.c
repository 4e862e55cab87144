/* fuzz_peek.c - a request of FastCGI is told by its bytes alone: not by how
 * many of them are there yet, nor by what follows
 */
#include "tests/fuzz/fuzz.h"

#include "fcgi/peek.h"

/* First the head is missing, then perhaps the body, then it is decided. */
static bool
may_follow(int before, int now)
{
	if (before == PEEK_E_MORE)
		return true;
	return before == PEEK_E_BODY ? now == 0 || now == PEEK_E_BODY :
				       now == before;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text bytes = { (const char *)data, size };
	int condition = peek_request(bytes), before = PEEK_E_MORE;
	size_t step = 1 + size / 256;

	LAW(condition >= 0 && condition <= PEEK_E_BAD);
	LAW(condition != PEEK_E_MORE || size < PEEK_MAX);
	for (size_t len = 0; len < size; len += step) {
		int now = peek_request((struct mcp_text){ bytes.at, len });

		LAW(may_follow(before, now));
		before = now;
	}
	LAW(may_follow(before, condition));
	return 0;
}

/* fuzz_peek.c - a head of FastCGI is told by its bytes alone: not by how many
 * of them are there yet, nor by what follows
 */
#include "tests/fuzz/fuzz.h"

#include "fcgi/peek.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text bytes = { (const char *)data, size };
	int condition = peek_head(bytes), before = PEEK_E_MORE;
	size_t step = 1 + size / 256;

	LAW(condition >= 0 && condition <= PEEK_E_BAD);
	LAW(condition != PEEK_E_MORE || size < PEEK_HEAD_MAX);
	for (size_t len = 0; len < size; len += step) {
		int now = peek_head((struct mcp_text){ bytes.at, len });

		LAW(before == PEEK_E_MORE || now == before);
		before = now;
	}
	LAW(before == PEEK_E_MORE || before == condition);
	return 0;
}

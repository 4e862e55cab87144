/* fuzz_place.c - the values of a statement stand in it one behind the other */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <mcp/place.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text rest = { (const char *)data, size };
	char *statement = fuzz_cut(&rest);
	const char *end = statement + strlen(statement);

	for (int engine = 0; engine < MCP_N_ENGINES; engine++) {
		const char *at = statement, *place;
		size_t len = 0;

		while ((place = mcp_place_next(
			    (enum mcp_engine)engine, at, &len)) != NULL) {
			LAW(place >= at && len > 0);
			LAW(len <= (size_t)(end - place));
			LAW(strchr(":@$?", *place) != NULL);
			at = place + len;
		}
	}
	free(statement);
	return 0;
}

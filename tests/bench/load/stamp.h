/* stamp.h - I am an event that knows when it was sent
 *
 * {"at":"00000000000000000000","pad":"..."}: nanoseconds, and as many bytes as
 * are wanted.
 */
#ifndef BENCH_STAMP_H
#define BENCH_STAMP_H

#include <mcp/text.h>

/* stamp_write() - with the time of now; at least STAMP_LEN bytes */
#define STAMP_LEN 38
void stamp_write(struct mcp_buf *out, size_t size);

/* stamp_read() - when it was sent; 0: that is none */
uint64_t stamp_read(struct mcp_text data);

#endif

/* text.h - I am bytes with a length, and a buffer that grows
 *
 * A struct mcp_text borrows; a struct mcp_buf owns. Appending never needs to
 * be checked on the spot: a buffer that could not grow keeps what it had,
 * refuses everything after, and says so in @failed, which is looked at once,
 * where the buffer is used.
 */
#ifndef MCP_TEXT_H
#define MCP_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mcp_text {
	const char *at;
	size_t len;
};

#define MCP_TEXT_INIT ((struct mcp_text){ NULL, 0 })

/* a string literal as a text */
#define MCP_TEXT(literal) ((struct mcp_text){ literal, sizeof(literal) - 1 })

/* the same, where a constant expression is wanted: in a table */
#define MCP_TEXT_CONST(literal) { literal, sizeof(literal) - 1 }

struct mcp_buf {
	char *data; /* always NUL-terminated once anything was appended */
	size_t len; /* bytes, without that NUL */
	size_t cap;
	bool failed; /* out of memory: the content is not whole */
};

#define MCP_BUF_INIT ((struct mcp_buf){ NULL, 0, 0, false })

/* These four stand here because the compiler then knows how long a literal is,
 * and most comparisons are over with that. */

/* NULL gives length 0. */
static inline struct mcp_text
mcp_text_of(const char *string)
{
	struct mcp_text text = { string, string != NULL ? strlen(string) : 0 };

	return text;
}

static inline bool
mcp_text_equal(struct mcp_text a, struct mcp_text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool
mcp_text_is(struct mcp_text text, const char *string)
{
	return mcp_text_equal(text, mcp_text_of(string));
}

static inline bool
mcp_text_starts(struct mcp_text text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len &&
	    (len == 0 || memcmp(text.at, prefix, len) == 0);
}

bool mcp_text_is_nocase(struct mcp_text text, const char *string);

/* mcp_text_trim() - the same text without blanks and tabs at its ends */
struct mcp_text mcp_text_trim(struct mcp_text text);

/* mcp_text_dup() - a NUL-terminated copy, the caller's to free; NULL if none */
char *mcp_text_dup(struct mcp_text text);

/* mcp_text_number() - a whole decimal number without sign, nothing around it
 * Return: 0; -EINVAL not a number; -ERANGE more than 64 bits */
int mcp_text_number(struct mcp_text text, uint64_t *numberp);

/* mcp_text_digits() - a decimal number; Owner: borrowed from @digits */
#define MCP_DIGITS_MAX 24
struct mcp_text mcp_text_digits(int64_t number, char digits[MCP_DIGITS_MAX]);

/* mcp_utf8_len() - the bytes of the character at @at, where @left > 0 stand
 * Return: 1 to 4; 0 where none begins there
 * Spec:   RFC 3629: nothing overlong, no surrogate, nothing above U+10FFFF */
size_t mcp_utf8_len(const char *at, size_t left);

/* mcp_text_is_utf8() - all of it; a NUL is a character like any other */
bool mcp_text_is_utf8(struct mcp_text text);

/* mcp_text_write() - all of @text to @fd
 * Return: 0; -errno, and how much of it went out is not known */
int mcp_text_write(int fd, struct mcp_text text);

/* mcp_big_put() / mcp_big_get() - a number in its last @bytes bytes, up to 8,
 * big-endian */
void mcp_big_put(void *at, uint64_t number, unsigned bytes);
uint64_t mcp_big_get(const void *at, unsigned bytes);

void mcp_buf_deinit(struct mcp_buf *buf);
void mcp_buf_reset(struct mcp_buf *buf); /* empty again, memory kept */

/* mcp_buf_reserve() - make room for @len more bytes
 * Return: 0; -ENOMEM, and @buf->failed is set */
int mcp_buf_reserve(struct mcp_buf *buf, size_t len);

void mcp_buf_append(struct mcp_buf *buf, const char *data, size_t len);
void mcp_buf_text(struct mcp_buf *buf, struct mcp_text text);

/* mcp_buf_text_within() - as much of @text as leaves the buffer at @most bytes
 */
void mcp_buf_text_within(struct mcp_buf *buf, struct mcp_text text,
    size_t most);
void mcp_buf_puts(struct mcp_buf *buf, const char *string);
void mcp_buf_putc(struct mcp_buf *buf, char c);
void mcp_buf_number(struct mcp_buf *buf, int64_t number);
void mcp_buf_printf(struct mcp_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* mcp_buf_json_string() - append @text as a JSON string, quotes included
 * Shape:  control characters, quote and backslash escaped; bytes that are not
 *         UTF-8 become U+FFFD, so that what leaves us is always valid JSON */
void mcp_buf_json_string(struct mcp_buf *buf, struct mcp_text text);

/* mcp_buf_pointer_token() - append a key as a part of a JSON pointer
 * Spec: RFC 6901, section 3: "~" is "~0", "/" is "~1" */
void mcp_buf_pointer_token(struct mcp_buf *buf, const char *key);

struct mcp_text mcp_buf_view(const struct mcp_buf *buf);

/* mcp_clock_ns() - CLOCK_MONOTONIC, the clock of every deadline_ns */
uint64_t mcp_clock_ns(void);

#define MCP_MS UINT64_C(1000000) /* nanoseconds in a millisecond */
#define MCP_S UINT64_C(1000000000) /* nanoseconds in a second */

/* mcp_text_timestamp() - now, as the seed writes it: 2025-06-21T08:31:48Z
 * Owner: @out holds MCP_TIMESTAMP_MAX bytes */
#define MCP_TIMESTAMP_MAX 24
void mcp_text_timestamp(char out[MCP_TIMESTAMP_MAX]);

#endif

/* peek.c - I look at a head before libfcgi reads it
 *
 * Law: FastCGI 1.0, 3.3 "Records": version type id(2) length(2) padding
 *      reserved, then content and padding; 3.4 "Name-Value Pairs": the length
 *      of the name, that of the value, each one byte, or four with the first
 *      bit set, then both. A pair may lie across records.
 */

#include "fcgi/peek.h"

#include <stdint.h>

#define RECORD_HEAD 8
#define VERSION 1

enum record_type { BEGIN_REQUEST = 1, PARAMS = 4 };

/* Where in the pairs we are. */
struct pairs {
	uint8_t lengths[8]; /* of a pair, as far as they were read */
	unsigned n;
	uint64_t skip; /* bytes of name and value to come */
};

/* The length at @at, of which @n bytes are there; *usedp is 0 if it is not
 * whole. */
static uint64_t
read_length(const uint8_t *at, unsigned n, unsigned *usedp)
{
	*usedp = n == 0 ? 0 : at[0] < 0x80 ? 1 : n < 4 ? 0 : 4;
	if (*usedp < 4)
		return n == 0 ? 0 : at[0];
	return (uint64_t)(at[0] & 0x7f) << 24 | (uint64_t)at[1] << 16 |
	    (uint64_t)at[2] << 8 | at[3];
}

/* One more byte of the lengths. */
static int
take_length(struct pairs *pairs, uint8_t byte)
{
	uint64_t name, value;
	unsigned first, second = 0;

	pairs->lengths[pairs->n++] = byte;
	name = read_length(pairs->lengths, pairs->n, &first);
	if (first == 0)
		return 0;
	value = read_length(pairs->lengths + first, pairs->n - first, &second);
	if (second == 0)
		return 0;
	if (name + value > PEEK_HEAD_MAX)
		return PEEK_E_BAD;
	pairs->skip = name + value;
	pairs->n = 0;
	return 0;
}

static int
take(struct pairs *pairs, const uint8_t *at, size_t len)
{
	int condition = 0;

	while (len > 0 && condition == 0) {
		size_t skip = pairs->skip < len ? (size_t)pairs->skip : len;

		pairs->skip -= skip;
		at += skip;
		len -= skip;
		if (len > 0) {
			condition = take_length(pairs, *at++);
			len--;
		}
	}
	return condition;
}

/* One record. *lenp: its bytes, as far as they are there. */
static int
read_record(struct pairs *pairs, const uint8_t *at, size_t *lenp, bool *lastp)
{
	size_t content, whole;
	int condition = 0;

	if (at[0] != VERSION)
		return PEEK_E_BAD;
	if (*lenp < RECORD_HEAD)
		return PEEK_E_MORE;
	content = (size_t)at[4] << 8 | at[5];
	whole = RECORD_HEAD + content + at[6];
	*lastp = at[1] == PARAMS && content == 0;
	if (at[1] == PARAMS)
		condition = take(pairs, at + RECORD_HEAD,
		    *lenp - RECORD_HEAD < content ? *lenp - RECORD_HEAD :
						    content);
	if (condition == 0 && *lenp < whole)
		return PEEK_E_MORE;
	*lenp = whole;
	return condition;
}

int
peek_head(struct mcp_text bytes)
{
	const uint8_t *at = (const uint8_t *)bytes.at;
	struct pairs pairs = { .n = 0, .skip = 0 };
	size_t left = bytes.len, len;
	bool last = false;
	int condition;

	if (left > 1 && at[1] != BEGIN_REQUEST)
		return PEEK_E_BAD;
	while (left > 0) {
		len = left;
		condition = read_record(&pairs, at, &len, &last);
		if (condition == 0 && last)
			return 0;
		if (condition != 0)
			return condition == PEEK_E_MORE &&
				bytes.len >= PEEK_HEAD_MAX ? PEEK_E_BAD :
							     condition;
		at += len;
		left -= len;
	}
	return bytes.len >= PEEK_HEAD_MAX ? PEEK_E_BAD : PEEK_E_MORE;
}

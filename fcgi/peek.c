/* peek.c - I look at a request before libfcgi reads it
 *
 * Law: FastCGI 1.0, 3.3 "Records": version type id(2) length(2) padding
 *      reserved, then content and padding; 3.4 "Name-Value Pairs": the length
 *      of the name, that of the value, each one byte, or four with the first
 *      bit set, then both. A pair may lie across records.
 */

#include "fcgi/peek.h"

#define RECORD_HEAD 8
#define VERSION 1

enum record_type { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5 };

struct walk {
	const uint8_t *at; /* the next record */
	size_t left;
	unsigned id; /* of the request, 0: it has not begun */
	bool over; /* the empty PARAMS was there */
	unsigned n_body; /* records of STDIN */

	/* where in the pairs we are */
	uint8_t lengths[8];
	unsigned n_lengths;
	size_t skip; /* bytes of name and value to come */
};

/* Return: how many bytes the length at @at takes; 0: more than @n */
static unsigned
read_length(const uint8_t *at, unsigned n, size_t *lengthp)
{
	if (n > 0 && at[0] < 0x80) {
		*lengthp = at[0];
		return 1;
	}
	if (n < 4)
		return 0;
	*lengthp = (size_t)(at[0] & 0x7f) << 24 | (size_t)at[1] << 16 |
	    (size_t)at[2] << 8 | at[3];
	return 4;
}

/* One more byte of the lengths of a pair. */
static int
take_length(struct walk *walk, uint8_t byte)
{
	size_t name = 0, value = 0;
	unsigned used;

	walk->lengths[walk->n_lengths++] = byte;
	used = read_length(walk->lengths, walk->n_lengths, &name);
	if (used == 0 || read_length(walk->lengths + used,
		walk->n_lengths - used, &value) == 0)
		return 0;
	walk->n_lengths = 0;
	walk->skip = name + value;
	return walk->skip > PEEK_MAX ? PEEK_E_BAD : 0;
}

static int
take_pairs(struct walk *walk, const uint8_t *at, size_t len)
{
	int condition = 0;

	while (len > 0 && condition == 0) {
		size_t step = walk->skip < len ? walk->skip : len;

		if (step == 0) {
			condition = take_length(walk, *at);
			step = 1;
		} else {
			walk->skip -= step;
		}
		at += step;
		len -= step;
	}
	return condition;
}

/* The head of a record says whose it is: one request, which begins first. */
static bool
belongs(struct walk *walk, unsigned type, unsigned id)
{
	if (walk->id == 0 && type == BEGIN_REQUEST)
		walk->id = id;
	return walk->id != 0 && (type != PARAMS || id == walk->id);
}

/* Return: 0, the record is passed; a condition */
static int
next_record(struct walk *walk)
{
	const uint8_t *at = walk->at;
	size_t content, whole, there;

	if (walk->left > 0 && at[0] != VERSION)
		return PEEK_E_BAD;
	if (walk->left < RECORD_HEAD)
		return PEEK_E_MORE;
	if (!belongs(walk, at[1], (unsigned)at[2] << 8 | at[3]))
		return PEEK_E_BAD;
	content = (size_t)at[4] << 8 | at[5];
	whole = RECORD_HEAD + content + at[6];
	there = walk->left - RECORD_HEAD < content ?
	    walk->left - RECORD_HEAD : content;
	if (at[1] == PARAMS && take_pairs(walk, at + RECORD_HEAD, there) != 0)
		return PEEK_E_BAD;
	if (walk->left < whole)
		return PEEK_E_MORE;
	walk->over = at[1] == PARAMS && content == 0;
	walk->at += whole;
	walk->left -= whole;
	return 0;
}

/* Past the head: records of STDIN up to an empty one. Anything else there is
 * for libfcgi to judge. */
static int
next_of_body(struct walk *walk)
{
	const uint8_t *at = walk->at;
	size_t content, whole;

	if (walk->left < RECORD_HEAD)
		return PEEK_E_MORE;
	content = (size_t)at[4] << 8 | at[5];
	whole = RECORD_HEAD + content + at[6];
	walk->over = at[1] != STDIN || content == 0 ||
	    walk->n_body++ == PEEK_BODY_RECORDS;
	if (walk->over)
		return 0;
	if (walk->left < whole)
		return PEEK_E_MORE;
	walk->at += whole;
	walk->left -= whole;
	return 0;
}

static int
walk_on(struct walk *walk, int (*next)(struct walk *))
{
	int condition;

	walk->over = false;
	do
		condition = next(walk);
	while (condition == 0 && !walk->over);
	return condition;
}

int
peek_request(struct mcp_text bytes)
{
	struct walk walk = { .at = (const uint8_t *)bytes.at,
		.left = bytes.len };
	int condition = walk_on(&walk, next_record);

	if (condition != 0)
		return bytes.len >= PEEK_MAX ? PEEK_E_BAD : condition;
	if (bytes.len >= PEEK_BODY_MAX || walk_on(&walk, next_of_body) == 0)
		return 0;
	return PEEK_E_BODY;
}

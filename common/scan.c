/* scan.c - I am the strict eye before json-c: duplicates, integers, depth,
 * UTF-8, lines
 *
 * One pass, left to right, with the open arrays and objects on a stack of fixed
 * depth instead of the C stack. Nothing is built but the list of keys of the
 * objects that are open: keys of an inner object lie above those of the outer
 * ones and go when it closes, so one array serves them all. An object of few
 * keys compares each with those before it; a larger one gets a hash set, keyed
 * at random, since whoever writes the keys must not be able to make them
 * collide.
 *
 * Numbers: an integer fits 64 bits or is refused. A number with fraction or
 * exponent is refused where no double holds it ("1e400"): one reader would see
 * infinity there, another the largest double, a third an error. What is too
 * small to hold is zero to everybody and passes.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium/crypto_shorthash.h>

#include <mcp/scan.h>
#include <mcp/seal.h>

#define KEYS_AT_HAND 48 /* of all open objects, before the heap is asked */
#define KEYS_FEW 16	/* of one object, before it gets a hash set */

struct key {
	const char *at; /* without quotes, escapes resolved */
	size_t len;
	uint32_t hash; /* once its object has a set */
	bool owned;    /* had escapes, so it is a copy */
};

struct level {
	bool object;
	size_t base;	 /* its first key */
	uint32_t *slots; /* hash set: key number from @base, plus 1; 0 free */
	size_t n_slots;	 /* a power of two */
};

struct scan {
	const char *start;
	const char *at;
	const char *end;
	unsigned flags;
	const char *what;

	struct mcp_scan_watch *watch;
	size_t n_watch;
	struct mcp_scan_watch *watched; /* whose value is being read */
	const char *value_at;

	struct key *keys;
	size_t n_keys;
	size_t cap_keys;
	bool seeded;
	unsigned char seed[crypto_shorthash_KEYBYTES];

	unsigned n_values;
	unsigned depth;
	struct level levels[MCP_SCAN_DEPTH_MAX];
	struct key at_hand[KEYS_AT_HAND];
};

static int
fail(struct scan *scan, const char *at, enum mcp_scan_condition condition,
    const char *what)
{
	scan->at = at;
	scan->what = what;
	return (int)condition;
}

static size_t
utf8_len(const char *at, const char *end)
{
	return mcp_utf8_len(at, (size_t)(end - at));
}

/* --- blanks -------------------------------------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static const char *
comment_end(const char *at, const char *end)
{
	bool line = at[1] == '/';

	for (at += 2; at < end; at++) {
		if (line && *at == '\n')
			return at;
		if (!line && *at == '*' && at + 1 < end && at[1] == '/')
			return at + 2;
	}
	return line ? end : NULL;
}

static bool
is_comment(const char *at, const char *end, unsigned flags)
{
	return (flags & MCP_SCAN_COMMENTS) && end - at >= 2 && *at == '/' &&
	    (at[1] == '/' || at[1] == '*');
}

static int
scan_comment(struct scan *scan)
{
	const char *end = comment_end(scan->at, scan->end);
	const char *at = scan->at;
	size_t len;

	if (end == NULL)
		return fail(
		    scan, at, MCP_SCAN_E_SYNTAX, "a comment does not end");
	for (; at < end; at += len) {
		if (*at == '\0')
			return fail(scan, at, MCP_SCAN_E_NUL,
			    "a NUL byte in a comment");
		len = utf8_len(at, scan->end);
		if (len == 0)
			return fail(scan, at, MCP_SCAN_E_UTF8,
			    "bytes that are not UTF-8");
	}
	scan->at = end;
	return 0;
}

static int
scan_blanks(struct scan *scan)
{
	int rc;

	for (;;) {
		while (scan->at < scan->end && is_blank(*scan->at))
			scan->at++;
		if (!is_comment(scan->at, scan->end, scan->flags))
			return 0;
		rc = scan_comment(scan);
		if (rc != 0)
			return rc;
	}
}

/* What stands where something else should. */
static int
unexpected(struct scan *scan, const char *what)
{
	if (scan->at == scan->end)
		return fail(scan, scan->at, MCP_SCAN_E_SYNTAX,
		    "the text ends too early");
	if (*scan->at == '\0')
		return fail(scan, scan->at, MCP_SCAN_E_NUL, "a NUL byte");
	if (utf8_len(scan->at, scan->end) == 0)
		return fail(scan, scan->at, MCP_SCAN_E_UTF8,
		    "bytes that are not UTF-8");
	return fail(scan, scan->at, MCP_SCAN_E_SYNTAX, what);
}

/* --- strings ------------------------------------------------------------- */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HAS_ZERO(word) (((word)-EACH(1)) & ~(word)&EACH(0x80))

/* The high bit of each byte that does not stand for itself; of those above the
 * lowest one some may be wrong. */
static uint64_t
stops_in(uint64_t word)
{
	return (word & EACH(0x80)) | HAS_ZERO(word ^ EACH('"')) |
	    HAS_ZERO(word ^ EACH('\\')) | HAS_ZERO(word & EACH(0xe0));
}

/* Past the bytes that stand for themselves, eight at a time. A byte of 0x80 or
 * more is stopped at as well: it is UTF-8 to be looked at. */
static const char *
skip_plain(const char *at, const char *end)
{
	uint64_t word, stops;

	while (end - at >= 8) {
		memcpy(&word, at, 8);
		stops = stops_in(le64toh(word));
		if (stops != 0)
			return at + __builtin_ctzll(stops) / 8;
		at += 8;
	}
	while (at < end && (unsigned char)*at >= 0x20 && *at != '"' &&
	    *at != '\\' && (unsigned char)*at < 0x80)
		at++;
	return at;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The unit of a \uXXXX at @at; -1 if there is none. */
static int
escaped_unit(const char *at, const char *end)
{
	int unit = 0, digit;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		digit = hex_digit(at[i]);
		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool
is_high(int unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low(int unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Past the escape at scan->at. */
static int
scan_escape(struct scan *scan)
{
	const char *at = scan->at;
	int unit;

	if (scan->end - at < 2)
		return fail(
		    scan, at, MCP_SCAN_E_SYNTAX, "a string does not end");
	if (at[1] != 'u') {
		if (at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL)
			return fail(scan, at, MCP_SCAN_E_SYNTAX,
			    "an escape that JSON does not have");
		scan->at += 2;
		return 0;
	}
	unit = escaped_unit(at, scan->end);
	if (unit < 0)
		return fail(scan, at, MCP_SCAN_E_SYNTAX,
		    "\\u without four hexadecimal digits");
	if (is_low(unit) ||
	    (is_high(unit) && !is_low(escaped_unit(at + 6, scan->end))))
		return fail(scan, at, MCP_SCAN_E_UTF8, "half a surrogate pair");
	scan->at += is_high(unit) ? 12 : 6;
	return 0;
}

/* A byte inside a string that is neither plain, quote nor backslash. */
static int
scan_odd_byte(struct scan *scan)
{
	size_t len;

	if (*scan->at == '\0')
		return fail(
		    scan, scan->at, MCP_SCAN_E_NUL, "a NUL byte in a string");
	if ((unsigned char)*scan->at < 0x20)
		return fail(scan, scan->at, MCP_SCAN_E_SYNTAX,
		    "a control character in a string, to be written as an "
		    "escape");
	len = utf8_len(scan->at, scan->end);
	if (len == 0)
		return fail(scan, scan->at, MCP_SCAN_E_UTF8,
		    "bytes that are not UTF-8");
	scan->at += len;
	return 0;
}

/* Past the string whose opening quote is at scan->at. */
static int
scan_string(struct scan *scan, bool *escapedp)
{
	const char *start = scan->at++;
	int rc;

	*escapedp = false;
	for (;;) {
		scan->at = skip_plain(scan->at, scan->end);
		if (scan->at == scan->end)
			return fail(scan, start, MCP_SCAN_E_SYNTAX,
			    "a string does not end");
		if (*scan->at == '"') {
			scan->at++;
			return 0;
		}
		if (*scan->at == '\\') {
			*escapedp = true;
			rc = scan_escape(scan);
		} else
			rc = scan_odd_byte(scan);
		if (rc != 0)
			return rc;
	}
}

/* --- keys ---------------------------------------------------------------- */

static char *
put_utf8(char *out, uint32_t point)
{
	if (point < 0x80) {
		*out++ = (char)point;
		return out;
	}
	if (point < 0x800)
		*out++ = (char)(0xc0 | point >> 6);
	else {
		if (point < 0x10000)
			*out++ = (char)(0xe0 | point >> 12);
		else {
			*out++ = (char)(0xf0 | point >> 18);
			*out++ = (char)(0x80 | (point >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (point >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (point & 0x3f));
	return out;
}

/* One valid escape at *@atp, resolved to @out. */
static char *
resolve_escape(const char **atp, const char *end, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = *atp;
	uint32_t point;

	if (at[1] != 'u') {
		*atp += 2;
		*out++ = to[strchr(from, at[1]) - from];
		return out;
	}
	point = (uint32_t)escaped_unit(at, end);
	if (is_high((int)point)) {
		point = 0x10000 + ((point - 0xd800) << 10) +
		    ((uint32_t)escaped_unit(at + 6, end) - 0xdc00);
		*atp += 6;
	}
	*atp += 6;
	return put_utf8(out, point);
}

size_t
mcp_scan_resolve(struct mcp_text raw, char *out)
{
	const char *at = raw.at, *end = raw.at + raw.len;
	char *start = out;

	while (at < end) {
		if (*at == '\\')
			out = resolve_escape(&at, end, out);
		else
			*out++ = *at++;
	}
	return (size_t)(out - start);
}

static bool
key_equal(const struct key *a, const struct key *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

static void
key_hash(struct scan *scan, struct key *key)
{
	uint8_t hash[crypto_shorthash_BYTES];

	if (!scan->seeded) {
		mcp_random(scan->seed, sizeof(scan->seed));
		scan->seeded = true;
	}
	crypto_shorthash(hash, (const uint8_t *)key->at, key->len, scan->seed);
	memcpy(&key->hash, hash, sizeof(key->hash));
}

/* The slot where @key is, or where it would go. */
static uint32_t *
set_slot(
    const struct level *level, const struct key *keys, const struct key *key)
{
	size_t mask = level->n_slots - 1, i = key->hash & mask;

	while (level->slots[i] != 0) {
		const struct key *other = &keys[level->slots[i] - 1];
		if (other->hash == key->hash && key_equal(other, key))
			break;
		i = (i + 1) & mask;
	}
	return &level->slots[i];
}

/* Room for one key more than the @n of @level: at most half full. */
static int
set_grow(struct scan *scan, struct level *level, size_t n)
{
	struct key *keys = scan->keys + level->base;
	size_t n_slots = level->slots ? level->n_slots * 2 : KEYS_FEW * 4;
	uint32_t *slots;

	if (level->slots != NULL && (n + 1) * 2 <= level->n_slots)
		return 0;
	slots = calloc(n_slots, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; level->slots == NULL && i < n; i++)
		key_hash(scan, &keys[i]);
	free(level->slots);
	level->slots = slots;
	level->n_slots = n_slots;
	for (size_t i = 0; i < n; i++)
		*set_slot(level, keys, &keys[i]) = (uint32_t)(i + 1);
	return 0;
}

/* Is scan->keys[n_keys], just read and not yet counted, new to its object? */
static int
key_is_new(struct scan *scan, bool *newp)
{
	struct level *level = &scan->levels[scan->depth - 1];
	struct key *keys = scan->keys + level->base;
	size_t n = scan->n_keys - level->base;
	uint32_t *slot;
	int rc;

	*newp = true;
	if (n < KEYS_FEW) {
		for (size_t i = 0; i < n; i++)
			if (key_equal(&keys[i], &keys[n]))
				*newp = false;
		return 0;
	}
	rc = set_grow(scan, level, n);
	if (rc != 0)
		return rc;
	key_hash(scan, &keys[n]);
	slot = set_slot(level, keys, &keys[n]);
	*newp = *slot == 0;
	*slot = *newp ? (uint32_t)(n + 1) : *slot;
	return 0;
}

static int
keys_reserve(struct scan *scan)
{
	struct key *old = scan->keys == scan->at_hand ? NULL : scan->keys;
	struct key *keys;

	if (scan->n_keys < scan->cap_keys)
		return 0;
	keys = reallocarray(old, scan->cap_keys * 2, sizeof(*keys));
	if (keys == NULL)
		return -ENOMEM;
	if (old == NULL)
		memcpy(keys, scan->at_hand, sizeof(scan->at_hand));
	scan->keys = keys;
	scan->cap_keys *= 2;
	return 0;
}

/* The key between the quotes [@at, @end) of an object, noted if it is new. */
static int
key_note(struct scan *scan, const char *at, const char *end, bool escaped)
{
	struct key *key;
	char *copy;
	bool new;
	int rc = keys_reserve(scan);

	if (rc != 0)
		return rc;
	key = &scan->keys[scan->n_keys];
	*key = (struct key){ at, (size_t)(end - at), 0, escaped };
	if (escaped) {
		copy = malloc(key->len);
		if (copy == NULL)
			return -ENOMEM;
		key->len =
		    mcp_scan_resolve((struct mcp_text){ at, key->len }, copy);
		key->at = copy;
	}
	rc = key_is_new(scan, &new);
	scan->n_keys++; /* so that it is freed with the others */
	if (rc != 0)
		return rc;
	if (memchr(key->at, '\0', key->len) != NULL)
		return fail(scan, at - 1, MCP_SCAN_E_NUL, "a NUL in a key");
	if (!new)
		return fail(
		    scan, at - 1, MCP_SCAN_E_DUPLICATE, "a key appears twice");
	return 0;
}

static struct mcp_scan_watch *
watch_of(struct mcp_scan_watch *watch, size_t n_watch, struct mcp_text key)
{
	for (size_t i = 0; i < n_watch; i++)
		if (mcp_text_is(key, watch[i].name))
			return &watch[i];
	return NULL;
}

static void
watch_key(struct scan *scan)
{
	const struct key *key = &scan->keys[scan->n_keys - 1];

	scan->watched = watch_of(scan->watch, scan->n_watch,
	    (struct mcp_text){ key->at, key->len });
}

/* A key and its colon; scan->at is left where the value begins. */
static int
scan_key(struct scan *scan)
{
	const char *start = scan->at;
	bool escaped;
	int rc;

	if (start == scan->end || *start != '"')
		return unexpected(scan,
		    start < scan->end && *start == '}'
			? "a comma before the closing brace"
			: "a key in double quotes was expected");
	rc = scan_string(scan, &escaped);
	if (rc == 0)
		rc = key_note(scan, start + 1, scan->at - 1, escaped);
	if (rc == 0)
		rc = scan_blanks(scan);
	if (rc != 0)
		return rc;
	if (scan->at == scan->end || *scan->at != ':')
		return unexpected(scan, "a colon was expected after the key");
	scan->at++;
	rc = scan_blanks(scan);
	if (rc == 0 && scan->depth == 1) {
		watch_key(scan);
		scan->value_at = scan->at;
	}
	return rc;
}

/* --- numbers ------------------------------------------------------------- */

static const char *
skip_digits(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

static bool
integer_fits(const char *at, const char *end)
{
	bool negative = *at == '-';
	uint64_t most = negative ? UINT64_C(1) << 63 : UINT64_MAX, value = 0;

	at += negative;
	if (end - at < 19)
		return true;
	for (; at < end; at++) {
		uint64_t digit = (uint64_t)(*at - '0');
		if (value > (most - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	return true;
}

/* The exponent behind "e", or one beyond all use. */
static int64_t
exponent_of(const char *at, const char *end)
{
	bool negative = *at == '-';
	int64_t exponent = 0;

	at += *at == '-' || *at == '+';
	for (; at < end && exponent < INT64_C(1000000000000); at++)
		exponent = exponent * 10 + (*at - '0');
	return negative ? -exponent : exponent;
}

/* Read the number as 0.DIGITS times ten to the power of scale and compare it
 * with the first digits of 2^1024 - 2^970, from where on doubles are infinite.
 * strtod(3) would need a copy, and the locale's leave. */
static bool
double_holds(const char *at, const char *end)
{
	static const char most[] = "17976931348623158079";
	char digits[sizeof(most)] = "00000000000000000000";
	int64_t scale = 0;
	size_t n = 0;
	bool point = false;

	for (at += *at == '-'; at < end && (*at | 0x20) != 'e'; at++) {
		if (*at == '.') {
			point = true;
			continue;
		}
		if (n == 0 && *at == '0') {
			scale -= point;
			continue;
		}
		if (n < sizeof(most) - 1)
			digits[n++] = *at;
		scale += !point;
	}
	if (n == 0)
		return true;
	if (at < end)
		scale += exponent_of(at + 1, end);
	return scale < 309 || (scale == 309 && strcmp(digits, most) < 0);
}

static int
scan_number(struct scan *scan)
{
	const char *start = scan->at, *end = scan->end;
	const char *at = start + (*start == '-'), *digits = at;
	bool integer = true;

	at = skip_digits(at, end);
	if (at == digits)
		return unexpected(scan, "a minus without a number");
	if (*digits == '0' && at - digits > 1)
		return fail(
		    scan, start, MCP_SCAN_E_SYNTAX, "a number begins with 0");
	if (at < end && *at == '.') {
		integer = false;
		digits = ++at;
		at = skip_digits(at, end);
		if (at == digits)
			return fail(scan, start, MCP_SCAN_E_SYNTAX,
			    "a number has no digit after its point");
	}
	if (at < end && (*at | 0x20) == 'e') {
		integer = false;
		at++;
		at += at < end && (*at == '+' || *at == '-');
		digits = at;
		at = skip_digits(at, end);
		if (at == digits)
			return fail(scan, start, MCP_SCAN_E_SYNTAX,
			    "a number has no digit in its exponent");
	}
	if (integer && !integer_fits(start, at))
		return fail(scan, start, MCP_SCAN_E_INTEGER,
		    "an integer beyond 64 bits");
	if (!integer && !double_holds(start, at))
		return fail(scan, start, MCP_SCAN_E_INTEGER,
		    "a number too large for a double");
	scan->at = at;
	return 0;
}

/* --- values -------------------------------------------------------------- */

static int
scan_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(scan->end - scan->at) < len ||
	    memcmp(scan->at, word, len) != 0)
		return fail(scan, scan->at, MCP_SCAN_E_SYNTAX,
		    "a word that JSON does not have");
	scan->at += len;
	return 0;
}

static int
scan_enter(struct scan *scan)
{
	if (scan->depth == MCP_SCAN_DEPTH_MAX)
		return fail(scan, scan->at, MCP_SCAN_E_DEPTH,
		    "arrays and objects lie too deep within each other");
	scan->levels[scan->depth++] =
	    (struct level){ *scan->at == '{', scan->n_keys, NULL, 0 };
	scan->at++;
	return 0;
}

static void
scan_leave(struct scan *scan)
{
	struct level *level = &scan->levels[--scan->depth];

	while (scan->n_keys > level->base) {
		const struct key *key = &scan->keys[--scan->n_keys];
		if (key->owned)
			free((void *)(uintptr_t)key->at);
	}
	free(level->slots);
}

/* A scalar whole, or the opening bracket of an array or object. */
static int
scan_begin(struct scan *scan)
{
	bool escaped;

	switch (scan->at < scan->end ? *scan->at : '\0') {
	case '{':
	case '[':
		return scan_enter(scan);
	case '"':
		return scan_string(scan, &escaped);
	case 't':
		return scan_word(scan, "true");
	case 'f':
		return scan_word(scan, "false");
	case 'n':
		return scan_word(scan, "null");
	case '-':
	case '0' ... '9':
		return scan_number(scan);
	case ']':
	case '}':
		return fail(scan, scan->at, MCP_SCAN_E_SYNTAX,
		    "a closing bracket where a value was expected");
	default:
		return unexpected(scan, "a value was expected");
	}
}

/* Right behind an opening bracket: closed at once, or on to its first value. */
static int
scan_opened(struct scan *scan, bool *emptyp)
{
	bool object = scan->levels[scan->depth - 1].object;
	int rc = scan_blanks(scan);

	*emptyp = false;
	if (rc != 0)
		return rc;
	if (scan->at < scan->end && *scan->at == (object ? '}' : ']')) {
		scan->at++;
		scan_leave(scan);
		*emptyp = true;
		return 0;
	}
	return object ? scan_key(scan) : 0;
}

static void
watch_value(struct scan *scan)
{
	if (scan->depth != 1 || scan->watched == NULL)
		return;
	scan->watched->value.at = scan->value_at;
	scan->watched->value.len = (size_t)(scan->at - scan->value_at);
	scan->watched = NULL;
}

/* Behind a value inside an array or object: a comma and on to the next value,
 * or the closing bracket, and then what was closed is the value. */
static int
scan_behind(struct scan *scan, bool *closedp)
{
	bool object = scan->levels[scan->depth - 1].object;
	int rc = scan_blanks(scan);
	char c;

	if (rc != 0)
		return rc;
	c = scan->at < scan->end ? *scan->at : '\0';
	if (c != ',' && c != (object ? '}' : ']'))
		return unexpected(scan,
		    object ? "a comma or } was expected after the value"
			   : "a comma or ] was expected after the value");
	scan->at++;
	*closedp = c != ',';
	if (*closedp) {
		scan_leave(scan);
		return 0;
	}
	rc = scan_blanks(scan);
	return rc == 0 && object ? scan_key(scan) : rc;
}

/* One value with all that is in it, scan->at at its first byte. */
static int
scan_value(struct scan *scan)
{
	unsigned most = scan->flags & MCP_SCAN_MANY ? MCP_SCAN_MANY_MAX
						    : MCP_SCAN_VALUES_MAX;
	unsigned depth;
	bool whole;
	int rc;

	do {
		depth = scan->depth;
		if (scan->n_values++ == most)
			return fail(scan, scan->at, MCP_SCAN_E_VALUES,
			    "more values than a message may have");
		rc = scan_begin(scan);
		whole = scan->depth == depth;
		if (rc == 0 && !whole)
			rc = scan_opened(scan, &whole);
		while (rc == 0 && whole) {
			watch_value(scan);
			if (scan->depth == 0)
				return 0;
			rc = scan_behind(scan, &whole);
		}
	} while (rc == 0);
	return rc;
}

static int
scan_text(struct scan *scan)
{
	int rc;

	if (scan->end - scan->at > UINT32_MAX)
		return fail(scan, scan->at, MCP_SCAN_E_SYNTAX,
		    "the text is longer than 4 GiB");
	if (scan->end - scan->at >= 3 &&
	    memcmp(scan->at, "\xef\xbb\xbf", 3) == 0)
		return fail(scan, scan->at, MCP_SCAN_E_SYNTAX,
		    "a byte order mark before the text");
	rc = scan_blanks(scan);
	if (rc == 0 && scan->at == scan->end)
		return fail(
		    scan, scan->at, MCP_SCAN_E_SYNTAX, "the text is empty");
	if (rc == 0)
		rc = scan_value(scan);
	if (rc == 0)
		rc = scan_blanks(scan);
	if (rc == 0 && scan->at != scan->end)
		return unexpected(scan, "something follows the value");
	return rc;
}

static unsigned
line_of(const char *start, const char *at, const char **line_startp)
{
	unsigned line = 1;
	const char *lf;

	*line_startp = start;
	while ((lf = memchr(*line_startp, '\n', (size_t)(at - *line_startp))) !=
	    NULL) {
		*line_startp = lf + 1;
		line++;
	}
	return line;
}

static void
locate(const struct scan *scan, struct mcp_scan_error *out)
{
	const char *line_start;

	out->offset = (size_t)(scan->at - scan->start);
	out->line = line_of(scan->start, scan->at, &line_start);
	out->column = (unsigned)(scan->at - line_start) + 1;
	out->what = scan->what;
}

static void
scan_init(struct scan *scan, struct mcp_text json, unsigned flags)
{
	scan->start = scan->at = json.len > 0 ? json.at : "";
	scan->end = scan->start + json.len;
	scan->flags = flags;
	scan->what = NULL;
	scan->watch = scan->watched = NULL;
	scan->n_watch = 0;
	scan->keys = scan->at_hand;
	scan->n_keys = 0;
	scan->cap_keys = KEYS_AT_HAND;
	scan->seeded = false;
	scan->depth = 0;
	scan->n_values = 0;
}

static void
scan_deinit(struct scan *scan)
{
	while (scan->depth > 0)
		scan_leave(scan);
	if (scan->keys != scan->at_hand)
		free(scan->keys);
}

int
mcp_scan(struct mcp_text json, unsigned flags, struct mcp_scan_watch *watch,
    size_t n_watch, struct mcp_scan_error *errp)
{
	struct scan scan;
	int rc;

	scan_init(&scan, json, flags);
	scan.watch = watch;
	scan.n_watch = n_watch;
	for (size_t i = 0; i < n_watch; i++)
		watch[i].value = MCP_TEXT_INIT;
	rc = scan_text(&scan);
	if (rc > 0 && errp != NULL)
		locate(&scan, errp);
	for (size_t i = 0; rc != 0 && i < n_watch; i++)
		watch[i].value = MCP_TEXT_INIT;
	scan_deinit(&scan);
	return rc;
}

struct mcp_text
mcp_scan_string(struct mcp_text raw, struct mcp_buf *room)
{
	if (raw.len < 2 || *raw.at != '"')
		return MCP_TEXT_INIT;
	raw = (struct mcp_text){ raw.at + 1, raw.len - 2 };
	if (memchr(raw.at, '\\', raw.len) == NULL)
		return raw;
	mcp_buf_reset(room);
	if (mcp_buf_reserve(room, raw.len) != 0)
		return MCP_TEXT_INIT;
	room->len = mcp_scan_resolve(raw, room->data);
	return mcp_buf_view(room);
}

/* --- walking through what was accepted ----------------------------------- */

/* A text known to be well-formed. */
struct walk {
	const char *at;
	const char *end;
	unsigned flags;
};

static void
walk_blanks(struct walk *walk)
{
	for (;;) {
		while (walk->at < walk->end && is_blank(*walk->at))
			walk->at++;
		if (!is_comment(walk->at, walk->end, walk->flags))
			return;
		walk->at = comment_end(walk->at, walk->end);
	}
}

static void
walk_string(struct walk *walk)
{
	walk->at = skip_plain(walk->at + 1, walk->end);
	while (walk->at < walk->end && *walk->at != '"') {
		walk->at += *walk->at == '\\' ? 2 : 1;
		walk->at = skip_plain(walk->at, walk->end);
	}
	walk->at++;
}

/* Of a number or a word: what begins, divides and ends all else ends it. */
static bool
is_scalar_byte(char c)
{
	return c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9') ||
	    (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void
walk_scalar(struct walk *walk)
{
	while (walk->at < walk->end && is_scalar_byte(*walk->at))
		walk->at++;
}

/* An array or object: what is in it counts only as far as it may hide a
 * bracket. */
static void
walk_nest(struct walk *walk)
{
	unsigned depth = 0;

	do {
		if (*walk->at == '"') {
			walk_string(walk);
		} else if (is_comment(walk->at, walk->end, walk->flags)) {
			walk->at = comment_end(walk->at, walk->end);
		} else {
			depth += *walk->at == '{' || *walk->at == '[';
			depth -= *walk->at == '}' || *walk->at == ']';
			walk->at++;
		}
	} while (depth > 0 && walk->at < walk->end);
}

static void
walk_value(struct walk *walk)
{
	walk_blanks(walk);
	if (walk->at >= walk->end)
		return;
	if (*walk->at == '"')
		walk_string(walk);
	else if (*walk->at == '{' || *walk->at == '[')
		walk_nest(walk);
	else
		walk_scalar(walk);
}

/* Past the bracket @open and to the first element. */
static bool
walk_into(struct walk *walk, char open)
{
	walk_blanks(walk);
	if (walk->at >= walk->end || *walk->at != open)
		return false;
	walk->at++;
	walk_blanks(walk);
	return walk->at < walk->end && *walk->at != ']' && *walk->at != '}';
}

/* Past the value at hand and to the one behind it. */
static bool
walk_on(struct walk *walk)
{
	walk_value(walk);
	walk_blanks(walk);
	if (walk->at >= walk->end || *walk->at != ',')
		return false;
	walk->at++;
	walk_blanks(walk);
	return true;
}

void
mcp_scan_blank(char *json, size_t len)
{
	struct walk walk = { json, json + len, MCP_SCAN_COMMENTS };
	const char *start;

	while (walk.at < walk.end) {
		start = walk.at;
		if (*walk.at == '"') {
			walk_string(&walk);
		} else if (is_comment(walk.at, walk.end, walk.flags)) {
			walk.at = comment_end(walk.at, walk.end);
			memset(json + (start - json), ' ',
			    (size_t)(walk.at - start));
		} else {
			walk.at++;
		}
	}
}

int
mcp_scan_next(struct mcp_text json, struct mcp_text *valuep)
{
	struct walk walk = { json.at, json.at + json.len, 0 };
	const char *start;

	if (valuep->len > 0)
		walk.at = valuep->at;
	if (!(valuep->len > 0 ? walk_on(&walk) : walk_into(&walk, '[')))
		return -ENOENT;
	start = walk.at;
	walk_value(&walk);
	*valuep = (struct mcp_text){ start, (size_t)(walk.at - start) };
	return 0;
}

const char *
mcp_scan_past(const char *at, const char *end)
{
	struct walk walk = { at, end, 0 };

	walk_value(&walk);
	return walk.at;
}

/* The key at walk->at, and on to its value. */
static struct mcp_scan_watch *
walk_key(struct walk *walk, struct mcp_scan_watch *watch, size_t n_watch)
{
	struct mcp_text raw = { walk->at, 0 }, key;
	struct mcp_buf room = MCP_BUF_INIT;
	struct mcp_scan_watch *found = NULL;

	walk_string(walk);
	raw.len = (size_t)(walk->at - raw.at);
	walk_blanks(walk);
	walk->at++; /* the colon */
	walk_blanks(walk);
	key = mcp_scan_string(raw, &room);
	if (key.at != NULL)
		found = watch_of(watch, n_watch, key);
	mcp_buf_deinit(&room);
	return found;
}

void
mcp_scan_members(struct mcp_text json, struct mcp_scan_watch *watch,
    size_t n_watch)
{
	struct mcp_text text = json.len > 0 ? json : MCP_TEXT("null");
	struct walk walk = { text.at, text.at + text.len, 0 };
	bool more = walk_into(&walk, '{');
	struct mcp_scan_watch *seen;

	for (size_t i = 0; i < n_watch; i++)
		watch[i].value = MCP_TEXT_INIT;
	while (more) {
		seen = walk_key(&walk, watch, n_watch);
		if (seen != NULL)
			seen->value = (struct mcp_text){ walk.at,
				(size_t)(mcp_scan_past(walk.at, walk.end) -
				    walk.at) };
		more = walk_on(&walk);
	}
}

struct mcp_text
mcp_scan_member(struct mcp_text json, const char *name)
{
	struct mcp_scan_watch watch = { name, MCP_TEXT_INIT };

	mcp_scan_members(json, &watch, 1);
	return watch.value;
}

/* Does the key at walk->at equal the pointer's token [@token, @end)? */
static bool
walk_key_is(struct walk *walk, const char *token, const char *end)
{
	const char *start = walk->at + 1;
	char *key;
	size_t len;
	bool equal = true;

	walk_string(walk);
	len = (size_t)(walk->at - 1 - start);
	key = malloc(len + 1);
	if (key == NULL)
		return false;
	len = mcp_scan_resolve((struct mcp_text){ start, len }, key);
	for (size_t i = 0; equal && i < len; i++, token++) {
		char c = token < end ? *token : '\0';
		if (c == '~' && token + 1 < end)
			c = *++token == '1' ? '/' : '~';
		equal = c == key[i];
	}
	free(key);
	return equal && token == end;
}

static bool
walk_to_member(struct walk *walk, const char *token, const char *end)
{
	if (!walk_into(walk, '{'))
		return false;
	do {
		bool found = walk_key_is(walk, token, end);
		walk_blanks(walk);
		walk->at++; /* the colon */
		walk_blanks(walk);
		if (found)
			return true;
	} while (walk_on(walk));
	return false;
}

static bool
walk_to_element(struct walk *walk, const char *token, const char *end)
{
	uint64_t index;

	if (mcp_text_number((struct mcp_text){ token, (size_t)(end - token) },
		&index) != 0 ||
	    !walk_into(walk, '['))
		return false;
	while (index > 0 && walk_on(walk))
		index--;
	return index == 0;
}

unsigned
mcp_scan_line(struct mcp_text json, unsigned flags, const char *pointer)
{
	struct walk walk = { json.at, json.at + json.len, flags };
	const char *value, *end, *line_start;
	bool found = true;

	walk_blanks(&walk);
	value = walk.at;
	while (found && *pointer == '/') {
		end = strchrnul(++pointer, '/');
		found = *value == '{' ? walk_to_member(&walk, pointer, end)
				      : walk_to_element(&walk, pointer, end);
		value = found ? walk.at : value;
		pointer = end;
	}
	return line_of(json.at, value, &line_start);
}

/* text.c - I am bytes with a length, and a buffer that grows */

#include <mcp/text.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

bool
mcp_text_is_nocase(struct mcp_text text, const char *string)
{
	return text.len == strlen(string) &&
	    (text.len == 0 || strncasecmp(text.at, string, text.len) == 0);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct mcp_text
mcp_text_trim(struct mcp_text text)
{
	while (text.len > 0 && is_blank(text.at[0])) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

char *
mcp_text_dup(struct mcp_text text)
{
	char *copy = malloc(text.len + 1);

	if (copy == NULL)
		return NULL;
	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	return copy;
}

int
mcp_text_number(struct mcp_text text, uint64_t *numberp)
{
	uint64_t number = 0;

	if (text.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
		    __builtin_add_overflow(number,
			(uint64_t)(text.at[i] - '0'), &number))
			return -ERANGE;
	}
	*numberp = number;
	return 0;
}

size_t
mcp_utf8_len(const char *at, size_t left)
{
	unsigned char lead = (unsigned char)at[0], next;
	size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (len == 1)
		return 1;
	if (lead < 0xc2 || lead > 0xf4 || left < len)
		return 0;
	next = (unsigned char)at[1];
	if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) ||
	    (lead == 0xf0 && next < 0x90) || (lead == 0xf4 && next > 0x8f))
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool
mcp_text_is_utf8(struct mcp_text text)
{
	size_t len;

	for (size_t at = 0; at < text.len; at += len) {
		len = mcp_utf8_len(text.at + at, text.len - at);
		if (len == 0)
			return false;
	}
	return true;
}

int
mcp_text_write(int fd, struct mcp_text text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.at, text.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text.at += n;
			text.len -= (size_t)n;
		}
	}
	return 0;
}

void
mcp_big_put(void *at, uint64_t number, unsigned bytes)
{
	unsigned char *out = at;

	for (unsigned i = 0; i < bytes; i++)
		out[i] = (unsigned char)(number >> (8 * (bytes - 1 - i)));
}

uint64_t
mcp_big_get(const void *at, unsigned bytes)
{
	const unsigned char *in = at;
	uint64_t number = 0;

	for (unsigned i = 0; i < bytes; i++)
		number = number << 8 | in[i];
	return number;
}

void
mcp_buf_deinit(struct mcp_buf *buf)
{
	free(buf->data);
	*buf = MCP_BUF_INIT;
}

void
mcp_buf_reset(struct mcp_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

int
mcp_buf_reserve(struct mcp_buf *buf, size_t len)
{
	size_t need, cap;
	char *data;

	if (buf->failed)
		return -ENOMEM;
	if (__builtin_add_overflow(buf->len, len, &need) || need == SIZE_MAX)
		goto fail;
	need++; /* the NUL */
	if (need <= buf->cap)
		return 0;
	cap = buf->cap < 128 ? 128 : buf->cap;
	while (cap < need)
		if (__builtin_mul_overflow(cap, (size_t)2, &cap))
			goto fail;
	data = realloc(buf->data, cap);
	if (data == NULL)
		goto fail;
	buf->data = data;
	buf->cap = cap;
	return 0;
fail:
	buf->failed = true;
	return -ENOMEM;
}

void
mcp_buf_append(struct mcp_buf *buf, const char *data, size_t len)
{
	if (mcp_buf_reserve(buf, len) != 0)
		return;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
mcp_buf_text(struct mcp_buf *buf, struct mcp_text text)
{
	mcp_buf_append(buf, text.at, text.len);
}

void
mcp_buf_text_within(struct mcp_buf *buf, struct mcp_text text, size_t most)
{
	size_t room = buf->len < most ? most - buf->len : 0;

	if (text.len > room)
		text.len = room;
	mcp_buf_text(buf, text);
}

void
mcp_buf_puts(struct mcp_buf *buf, const char *string)
{
	mcp_buf_append(buf, string, strlen(string));
}

void
mcp_buf_putc(struct mcp_buf *buf, char c)
{
	mcp_buf_append(buf, &c, 1);
}

struct mcp_text
mcp_text_digits(int64_t number, char digits[MCP_DIGITS_MAX])
{
	char *end = digits + MCP_DIGITS_MAX, *at = end;
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do
		*--at = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--at = '-';
	return (struct mcp_text){ at, (size_t)(end - at) };
}

void
mcp_buf_number(struct mcp_buf *buf, int64_t number)
{
	char digits[MCP_DIGITS_MAX];

	mcp_buf_text(buf, mcp_text_digits(number, digits));
}

void
mcp_buf_printf(struct mcp_buf *buf, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || mcp_buf_reserve(buf, (size_t)len) != 0) {
		buf->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
	va_end(args);
	buf->len += (size_t)len;
}

static void
json_escape(struct mcp_buf *buf, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = memchr(from, c, sizeof(from) - 1);

	if (known != NULL) {
		mcp_buf_append(buf, (char[]){ '\\', to[known - from] }, 2);
		return;
	}
	mcp_buf_append(buf,
	    (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void
mcp_buf_json_string(struct mcp_buf *buf, struct mcp_text text)
{
	const unsigned char *at = (const unsigned char *)text.at;
	size_t i = 0, run = 0, len;

	if (mcp_buf_reserve(buf, text.len + 2) != 0)
		return;
	mcp_buf_putc(buf, '"');
	while (i < text.len) {
		if (is_plain(at[i])) {
			i++;
			continue;
		}
		len = mcp_utf8_len(text.at + i, text.len - i);
		if (len > 1 || at[i] == 0x7f) {
			i += len;
			continue;
		}
		mcp_buf_append(buf, text.at + run, i - run);
		if (len == 1)
			json_escape(buf, at[i]);
		else
			mcp_buf_puts(buf, "\xef\xbf\xbd");
		run = ++i;
	}
	if (i > run)
		mcp_buf_append(buf, text.at + run, i - run);
	mcp_buf_putc(buf, '"');
}

void
mcp_buf_pointer_token(struct mcp_buf *buf, const char *key)
{
	for (; *key != '\0'; key++)
		if (*key == '~')
			mcp_buf_puts(buf, "~0");
		else if (*key == '/')
			mcp_buf_puts(buf, "~1");
		else
			mcp_buf_putc(buf, *key);
}

struct mcp_text
mcp_buf_view(const struct mcp_buf *buf)
{
	return (struct mcp_text){ buf->data, buf->len };
}

uint64_t
mcp_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * MCP_S + (uint64_t)now.tv_nsec;
}

void
mcp_text_timestamp(char out[MCP_TIMESTAMP_MAX])
{
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(out, MCP_TIMESTAMP_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

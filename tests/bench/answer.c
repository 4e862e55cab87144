/* answer.c - I find where an HTTP answer ends, and what it says */

#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STATUS_AT 9 /* "HTTP/1.1 " */

/* What a head says of the body that follows. */
struct head {
	size_t len;
	long length; /* -1 where nothing is said */
	bool chunked, closes;
};

static bool
is_field(const char *line, const char *name, const char **valuep)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return false;
	*valuep = line + len + 1 + strspn(line + len + 1, " ");
	return true;
}

static void
head_line(struct head *head, const char *line)
{
	const char *value;

	if (is_field(line, "Content-Length", &value))
		head->length = strtol(value, NULL, 10);
	else if (is_field(line, "Transfer-Encoding", &value))
		head->chunked = strncasecmp(value, "chunked", 7) == 0;
	else if (is_field(line, "Connection", &value))
		head->closes = strncasecmp(value, "close", 5) == 0;
}

static int
head_parse(struct head *head, const char *bytes, size_t len)
{
	const char *end = memmem(bytes, len, "\r\n\r\n", 4), *line;

	if (end == NULL)
		return ANSWER_E_MORE;
	head->len = (size_t)(end + 4 - bytes);
	for (line = strchr(bytes, '\n') + 1; line < end;
	     line = strchr(line, '\n') + 1)
		head_line(head, line);
	return 0;
}

/* Join the chunks at @bytes; the last one is empty. */
static int
chunks_join(char *bytes, size_t len, size_t *joinedp)
{
	char *at = bytes, *to = bytes, *end = bytes + len, *line;
	size_t size;

	for (;;) {
		line = memmem(at, (size_t)(end - at), "\r\n", 2);
		if (line == NULL)
			return ANSWER_E_MORE;
		size = strtoul(at, NULL, 16);
		if (size > len || (size_t)(end - line) < size + 4)
			return ANSWER_E_MORE;
		if (size == 0)
			break;
		/* looked at only, where nobody asked for the joined ones */
		if (joinedp != NULL)
			memmove(to, line + 2, size);
		to += size;
		at = line + 2 + size + 2;
	}
	if (joinedp != NULL)
		*joinedp = (size_t)(to - bytes);
	return 0;
}

/* Chunks are moved only when the last one has come, so that bytes which are
 * looked at again are still what was read. */
static int
body_chunked(struct answer *answer, char *bytes, size_t len)
{
	int condition = chunks_join(bytes, len, NULL);

	answer->body = bytes;
	return condition != 0 ? condition
			      : chunks_join(bytes, len, &answer->len);
}

static int
body_counted(struct answer *answer, char *bytes, size_t len, long length)
{
	if (length < 0)
		return ANSWER_E_BROKEN;
	if (len < (size_t)length)
		return ANSWER_E_MORE;
	answer->body = bytes;
	answer->len = (size_t)length;
	return 0;
}

int
answer_parse(struct answer *answer, char *bytes, size_t len)
{
	struct head head = { .length = -1 };
	int condition = head_parse(&head, bytes, len);

	if (condition != 0)
		return condition;
	if (strncmp(bytes, "HTTP/1.", 7) != 0)
		return ANSWER_E_BROKEN;
	answer->status = atoi(bytes + STATUS_AT);
	answer->closes = head.closes;
	bytes += head.len;
	len -= head.len;
	return head.chunked ? body_chunked(answer, bytes, len)
			    : body_counted(answer, bytes, len, head.length);
}

/* fuzz_head.c - a head means the same in whatever pieces it comes */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <strings.h>

#include "broker/head.h"

static void
is_clean(struct mcp_text text)
{
	LAW(text.len == 0 ||
	    (memchr(text.at, '\n', text.len) == NULL &&
		memchr(text.at, '\r', text.len) == NULL &&
		memchr(text.at, '\0', text.len) == NULL));
}

/* What decides anything is said once. */
static void
stands_once(struct mcp_text head, const char *line)
{
	size_t n = 0, len = strlen(line);

	for (size_t i = 0; i + len <= head.len; i++)
		n += strncasecmp(head.at + i, line, len) == 0;
	LAW(n <= 1);
}

static void
has_whole_lines(struct mcp_text head)
{
	for (size_t i = 0; i < head.len; i++)
		LAW(head.at[i] != '\n' || (i > 0 && head.at[i - 1] == '\r'));
}

static void
is_a_head(struct mcp_text bytes, const struct head *head)
{
	struct mcp_text whole = { bytes.at, head->len };

	LAW(head->len <= HEAD_MAX && head->len <= bytes.len);
	LAW(mcp_text_is(
	    (struct mcp_text){ bytes.at + head->len - 4, 4 }, "\r\n\r\n"));
	LAW(head->method.len > 0 && head->path.len > 0);
	LAW(fuzz_lies_in(head->method, whole));
	LAW(fuzz_lies_in(head->path, whole) &&
	    fuzz_lies_in(head->query, whole));
	LAW(head->host.len <= HEAD_NAME_MAX &&
	    head->origin.len <= HEAD_NAME_MAX);
	has_whole_lines(whole);
	stands_once(whole, "\nHost:");
	stands_once(whole, "\nX-Mcp-User:");
	stands_once(whole, "\nContent-Length:");
	stands_once(whole, "\nMcp-Param-A:");
	is_clean(head->path);
	is_clean(head->host);
	is_clean(head->origin);
	is_clean(head->user);
	is_clean(head->session);
	is_clean(head->last_event_id);
	LAW(head->content_length.at == NULL ||
	    head->transfer_encoding.at == NULL);
	LAW(fuzz_lies_in(head_parameter(head->query, "a"), whole));
}

/* In pieces, each longer than the one before: what is said of one holds for
 * all that follow, but for "more". */
static int
in_pieces(
    struct mcp_text bytes, size_t step, struct head *out, const char **whyp)
{
	size_t seen = 0;
	int condition = HEAD_E_MORE;

	for (size_t len = step; len < bytes.len && condition == HEAD_E_MORE;
	     len += step)
		condition = head_parse(
		    (struct mcp_text){ bytes.at, len }, &seen, out, whyp);
	return condition != HEAD_E_MORE ? condition
					: head_parse(bytes, &seen, out, whyp);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text bytes = { (const char *)data, size };
	struct head head, other;
	const char *why = NULL, *other_why = NULL;
	size_t seen = 0;
	int condition = head_parse(bytes, &seen, &head, &why);

	LAW(condition >= 0 && condition <= HEAD_E_VERSION);
	LAW(condition == 0 || why != NULL);
	LAW(condition != HEAD_E_MORE || size < HEAD_MAX);
	if (condition == 0)
		is_a_head(bytes, &head);
	for (size_t step = 1 + size / 64; step < size; step = step * 2 + 1) {
		LAW(in_pieces(bytes, step, &other, &other_why) == condition);
		LAW(condition == 0 || why == other_why);
		LAW(condition != 0 ||
		    (other.len == head.len && other.body == head.body &&
			other.user.at == head.user.at));
	}
	return 0;
}

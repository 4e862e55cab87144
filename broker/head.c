/* head.c - I read an HTTP head within its limits; I keep nothing
 *
 * Law: RFC 9112. request-line = method SP request-target SP HTTP-version;
 *      field-line = field-name ":" OWS field-value OWS; every line ends in
 *      CR LF, an empty one ends the head. Of what a recipient MAY forgive
 *      (bare LF, obs-fold, blanks around, empty lines before) nothing is
 *      forgiven, except a repeated header that decides nothing.
 */
#include "broker/head.h"

#include <string.h>
#include <strings.h>

enum repeat { REFUSED, FIRST_COUNTS };

static const struct known {
	const char *name;
	size_t offset;
	enum repeat repeat;
} known[] = {
#define AT(member) offsetof(struct head, member)
	{ "Host", AT(host), REFUSED },
	{ "Origin", AT(origin), REFUSED },
	{ "User-Agent", AT(user_agent), FIRST_COUNTS },
	{ "Last-Event-ID", AT(last_event_id), REFUSED },
	{ "Mcp-Session-Id", AT(session), REFUSED },
	{ "Mcp-Method", AT(mcp_method), REFUSED },
	/* some clients say it twice, to their worker as to us */
	{ "MCP-Protocol-Version", AT(version), FIRST_COUNTS },
	{ "Authorization", AT(authorization), REFUSED },
	{ "Access-Control-Request-Headers", AT(wanted_headers), FIRST_COUNTS },
	{ "X-Mcp-User", AT(user), REFUSED },
	{ "X-Mcp-Roles", AT(roles), REFUSED },
	{ "X-Mcp-Scopes", AT(scopes), REFUSED },
	{ "X-Mcp-Addr", AT(addr), REFUSED },
	{ "X-Mcp-Server-Addr", AT(server_addr), REFUSED },
	{ "Content-Length", AT(content_length), REFUSED },
	{ "Transfer-Encoding", AT(transfer_encoding), REFUSED },
#undef AT
};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

struct lines {
	struct mcp_text rest; /* of the head, from the next line on */
	unsigned n;
	unsigned seen; /* bit i: known[i] was there */
	struct mcp_text mcp[HEAD_LINES_MAX]; /* names of unknown Mcp- headers */
	unsigned n_mcp;
};

static int
bad(const char **whyp, const char *why)
{
	*whyp = why;
	return HEAD_E_BAD;
}

/* Look for the empty line. Every line's end passes here once, so a bare LF is
 * told at once and not when the patience with the sender is over. */
static int
find_end(struct mcp_text bytes, size_t *seenp, size_t *endp, const char **whyp)
{
	size_t most = bytes.len < HEAD_MAX ? bytes.len : HEAD_MAX;

	for (;;) {
		size_t from = *seenp;
		const char *lf = from < most ?
		    memchr(bytes.at + from, '\n', most - from) : NULL;
		size_t at;

		if (lf == NULL)
			break;
		at = (size_t)(lf - bytes.at);
		if (at == 0 || lf[-1] != '\r')
			return bad(whyp, "a line does not end in CR LF");
		if (at == 1)
			return bad(whyp, "an empty line comes first");
		*seenp = at + 1;
		if (at >= 3 && lf[-2] == '\n') {
			*endp = at + 1;
			return 0;
		}
	}
	*whyp = "the head is too large";
	return most == HEAD_MAX ? HEAD_E_LARGE : HEAD_E_MORE;
}

static bool
is_token_char(unsigned char c)
{
	static const char also[] = "!#$%&'*+-.^_`|~";

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr(also, (char)c) != NULL);
}

static bool
is_token(struct mcp_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_token_char((unsigned char)text.at[i]))
			return false;
	return text.len > 0;
}

/* No control characters but tabs; no blank either, where @blanks is false. */
static bool
is_clean(struct mcp_text text, bool blanks)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c == 0x7f || (c < 0x20 && c != '\t') ||
		    (!blanks && (c == ' ' || c == '\t')))
			return false;
	}
	return true;
}

/* The text before @c, which is passed; *text keeps what follows. */
static bool
cut(struct mcp_text *text, char c, struct mcp_text *before)
{
	const char *at = text->len ? memchr(text->at, c, text->len) : NULL;

	if (at == NULL)
		return false;
	*before = (struct mcp_text){ text->at, (size_t)(at - text->at) };
	text->len -= before->len + 1;
	text->at = at + 1;
	return true;
}

/* One line, without its CR LF; find_end() has seen that they are there. */
static struct mcp_text
next_line(struct mcp_text *rest)
{
	struct mcp_text line = MCP_TEXT_INIT;

	if (cut(rest, '\n', &line))
		line.len--;
	return line;
}

static int
read_request_line(struct mcp_text line, struct head *out, const char **whyp)
{
	struct mcp_text target;

	if (!cut(&line, ' ', &out->method) || !is_token(out->method) ||
	    !cut(&line, ' ', &target) || target.len == 0 ||
	    !is_clean(target, false) || line.len != 8 ||
	    !mcp_text_starts(line, "HTTP/"))
		return bad(whyp, "the request line is malformed");
	if (!mcp_text_is(line, "HTTP/1.1") && !mcp_text_is(line, "HTTP/1.0")) {
		*whyp = "only HTTP/1.1 is spoken here";
		return HEAD_E_VERSION;
	}
	if (target.at[0] != '/' && !mcp_text_is(target, "*"))
		return bad(whyp, "the request target is no path");
	out->path = target;
	if (cut(&target, '?', &out->path))
		out->query = target;
	return 0;
}

static bool
names_stream(struct mcp_text accept)
{
	struct mcp_text item, type;
	bool more;

	do {
		more = cut(&accept, ',', &item);
		if (!more)
			item = accept;
		if (!cut(&item, ';', &type))
			type = item;
		if (mcp_text_is_nocase(mcp_text_trim(type),
			"text/event-stream"))
			return true;
	} while (more);
	return false;
}

static int
keep_known(struct lines *lines, size_t i, struct mcp_text value,
    struct head *out, const char **whyp)
{
	unsigned bit = 1u << i;

	if (lines->seen & bit)
		return known[i].repeat == FIRST_COUNTS ?
		    0 : bad(whyp, "a header that may come once came twice");
	lines->seen |= bit;
	*(struct mcp_text *)(void *)((char *)out + known[i].offset) = value;
	return 0;
}

/* A parameter header of ours that I do not know may not come twice either. */
static int
keep_mcp(struct lines *lines, struct mcp_text name, const char **whyp)
{
	for (unsigned i = 0; i < lines->n_mcp; i++)
		if (lines->mcp[i].len == name.len &&
		    strncasecmp(lines->mcp[i].at, name.at, name.len) == 0)
			return bad(whyp, "an Mcp- header came twice");
	lines->mcp[lines->n_mcp++] = name;
	return 0;
}

static int
read_field(struct lines *lines, struct mcp_text line, struct head *out,
    const char **whyp)
{
	struct mcp_text name;

	if (line.at[0] == ' ' || line.at[0] == '\t')
		return bad(whyp, "a header line is folded");
	if (!cut(&line, ':', &name) || !is_token(name))
		return bad(whyp, "a header line has no name");
	if (!is_clean(line, true))
		return bad(whyp, "a header holds a control character");
	line = mcp_text_trim(line);
	if (mcp_text_is_nocase(name, "Accept") && names_stream(line))
		out->accepts_stream = true;
	for (size_t i = 0; i < N_KNOWN; i++)
		if (mcp_text_is_nocase(name, known[i].name))
			return keep_known(lines, i, line, out, whyp);
	if (name.len > 4 && strncasecmp(name.at, "Mcp-", 4) == 0)
		return keep_mcp(lines, name, whyp);
	return 0;
}

static int
check_body(struct head *out, const char **whyp)
{
	bool lengthy = out->content_length.at != NULL;
	bool chunked = out->transfer_encoding.at != NULL;

	if (lengthy && chunked)
		return bad(whyp, "the length of the body is told twice");
	if (lengthy && mcp_text_number(out->content_length, &out->body) != 0)
		return bad(whyp, "Content-Length is no number");
	if (chunked)
		out->body = UINT64_MAX;
	return 0;
}

static int
check(bool old, struct head *out, const char **whyp)
{
	if (out->host.len == 0 && !old)
		return bad(whyp, "Host is missing");
	if (out->host.len > HEAD_NAME_MAX || out->origin.len > HEAD_NAME_MAX)
		return bad(whyp, "Host or Origin is too long");
	return check_body(out, whyp);
}

int
head_parse(struct mcp_text bytes, size_t *seenp, struct head *out,
    const char **whyp)
{
	struct lines lines = { .n = 0, .seen = 0, .n_mcp = 0 };
	struct mcp_text line;
	bool old;
	int condition;

	*out = (struct head){ .len = 0 };
	condition = find_end(bytes, seenp, &out->len, whyp);
	if (condition != 0)
		return condition;
	lines.rest = (struct mcp_text){ bytes.at, out->len };
	line = next_line(&lines.rest);
	old = line.len > 0 && line.at[line.len - 1] == '0';
	condition = read_request_line(line, out, whyp);
	while (condition == 0 && lines.rest.len > 2) {
		line = next_line(&lines.rest);
		if (lines.n++ == HEAD_LINES_MAX) {
			*whyp = "there are too many header lines";
			return HEAD_E_LARGE;
		}
		condition = read_field(&lines, line, out, whyp);
	}
	return condition == 0 ? check(old, out, whyp) : condition;
}

struct mcp_text
head_parameter(struct mcp_text query, const char *name)
{
	struct mcp_text item, key;
	bool more;

	do {
		more = cut(&query, '&', &item);
		if (!more)
			item = query;
		if (cut(&item, '=', &key) && mcp_text_is(key, name))
			return item;
	} while (more);
	return MCP_TEXT_INIT;
}

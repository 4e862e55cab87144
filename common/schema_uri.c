/* schema_uri.c - I know where a URI reference leads, seen from a base
 *
 * Law: RFC 3986, "Syntax Components", "Reference Resolution"
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema_parts.h"

#define ALPHA "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define HEX DIGIT "abcdefABCDEF"
#define UNRESERVED ALPHA DIGIT "-._~"
#define SUB_DELIMS "!$&'()*+,;="
#define PCHAR UNRESERVED SUB_DELIMS ":@"

/* A part that is absent has no address. */
struct uri {
	struct mcp_text scheme, authority, path, query, fragment;
};

static struct mcp_text
span(const char **atp, const char *end, const char *stop)
{
	const char *at = *atp;

	while (*atp < end && strchr(stop, **atp) == NULL)
		(*atp)++;
	return (struct mcp_text){ at, (size_t)(*atp - at) };
}

static size_t
scheme_len(const char *at, const char *end)
{
	const char *start = at;

	if (at == end || *at == '\0' || strchr(ALPHA, *at) == NULL)
		return 0;
	while (at < end && *at != '\0' && strchr(ALPHA DIGIT "+-.", *at))
		at++;
	return at < end && *at == ':' ? (size_t)(at - start) : 0;
}

static struct uri
split(struct mcp_text text)
{
	const char *at = text.at, *end = text.at + text.len;
	struct uri uri = { 0 };
	size_t len = scheme_len(at, end);

	if (len > 0) {
		uri.scheme = (struct mcp_text){ at, len };
		at += len + 1;
	}
	if (end - at >= 2 && at[0] == '/' && at[1] == '/') {
		at += 2;
		uri.authority = span(&at, end, "/?#");
	}
	uri.path = span(&at, end, "?#");
	if (at < end && *at == '?') {
		at++;
		uri.query = span(&at, end, "#");
	}
	if (at < end) {
		at++;
		uri.fragment = (struct mcp_text){ at, (size_t)(end - at) };
	}
	return uri;
}

bool
uri_has_scheme(const char *uri)
{
	return scheme_len(uri, uri + strlen(uri)) > 0;
}

static void
drop_segment(struct mcp_buf *out, size_t from)
{
	while (out->len > from && out->data[out->len - 1] != '/')
		out->len--;
	if (out->len > from)
		out->len--;
	if (out->data != NULL)
		out->data[out->len] = '\0';
}

/* "Remove Dot Segments": segment by segment, each with the slash before it. */
static void
append_path(struct mcp_buf *out, struct mcp_text path)
{
	const char *at = path.at, *end = path.at + path.len;
	size_t from = out->len;
	struct mcp_text segment;
	bool slash, up, here;

	while (at < end) {
		slash = *at == '/';
		at += slash;
		segment = span(&at, end, "/");
		up = mcp_text_is(segment, "..");
		here = mcp_text_is(segment, ".");
		if (up)
			drop_segment(out, from);
		else if (!here && slash)
			mcp_buf_putc(out, '/');
		if (!up && !here)
			mcp_buf_text(out, segment);
		else if (at == end)
			mcp_buf_putc(out, '/');
	}
}

/* "Merge Paths" */
static void
merge(struct mcp_buf *out, const struct uri *base, struct mcp_text path)
{
	size_t len = base->path.len;

	if (base->authority.at != NULL && len == 0) {
		mcp_buf_putc(out, '/');
	} else {
		while (len > 0 && base->path.at[len - 1] != '/')
			len--;
		mcp_buf_append(out, base->path.at, len);
	}
	mcp_buf_text(out, path);
}

static void
resolve(const struct uri *base, struct uri *reference, struct mcp_buf *path)
{
	if (reference->scheme.at != NULL)
		return;
	reference->scheme = base->scheme;
	if (reference->authority.at != NULL)
		return;
	reference->authority = base->authority;
	if (reference->path.len == 0) {
		reference->path = base->path;
		if (reference->query.at == NULL)
			reference->query = base->query;
	} else if (reference->path.at[0] != '/') {
		merge(path, base, reference->path);
		reference->path = mcp_buf_view(path);
	}
}

static void
append_part(struct mcp_buf *out, const char *mark, struct mcp_text part)
{
	if (part.at == NULL)
		return;
	mcp_buf_puts(out, mark);
	mcp_buf_text(out, part);
}

int
uri_resolve(const char *base, const char *reference, char **urip)
{
	struct uri from = split(mcp_text_of(base));
	struct uri uri = split(mcp_text_of(reference));
	struct mcp_buf path = MCP_BUF_INIT, out = MCP_BUF_INIT;
	bool failed;

	resolve(&from, &uri, &path);
	mcp_buf_puts(&out, ""); /* it is a string, if an empty one */
	if (uri.scheme.at != NULL) {
		mcp_buf_text(&out, uri.scheme);
		mcp_buf_putc(&out, ':');
	}
	append_part(&out, "//", uri.authority);
	/* a urn has no segments to speak of */
	if (uri.authority.at == NULL && uri.scheme.at != NULL &&
	    (uri.path.len == 0 || uri.path.at[0] != '/'))
		mcp_buf_text(&out, uri.path);
	else
		append_path(&out, uri.path);
	append_part(&out, "?", uri.query);
	append_part(&out, "#", uri.fragment);
	failed = path.failed || out.failed || mcp_buf_reserve(&out, 1) != 0;
	mcp_buf_deinit(&path);
	if (failed) {
		mcp_buf_deinit(&out);
		return -ENOMEM;
	}
	out.data[out.len] = '\0';
	*urip = out.data;
	return 0;
}

/* --- grammar ------------------------------------------------------------- */

/* Only these, and percent-encoded octets. */
static bool
is_made_of(struct mcp_text text, const char *allowed)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\0')
			return false;
		if (strchr(allowed, text.at[i]) != NULL)
			continue;
		if (text.at[i] != '%' || text.len - i < 3 ||
		    strchr(HEX, text.at[i + 1]) == NULL ||
		    strchr(HEX, text.at[i + 2]) == NULL)
			return false;
		i += 2;
	}
	return true;
}

static bool
is_port(struct mcp_text text)
{
	for (size_t i = 1; i < text.len; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	return text.len == 0 || text.at[0] == ':';
}

/* IP-literal = "[" ( IPv6address / IPvFuture ) "]" */
static bool
is_literal_host(struct mcp_text text)
{
	const char *end = memchr(text.at, ']', text.len);
	struct mcp_text inner, rest;

	if (end == NULL)
		return false;
	inner = (struct mcp_text){ text.at + 1, (size_t)(end - text.at) - 1 };
	rest = (struct mcp_text){ end + 1,
		text.len - (size_t)(end + 1 - text.at) };
	if (!is_port(rest))
		return false;
	if (inner.len > 0 && (inner.at[0] == 'v' || inner.at[0] == 'V'))
		return is_made_of(inner, UNRESERVED SUB_DELIMS ":");
	return format_holds(format_named("ipv6"), inner);
}

static bool
is_authority(struct mcp_text text)
{
	const char *at = text.len ? memrchr(text.at, '@', text.len) : NULL;
	struct mcp_text user = { text.at, 0 }, port;
	const char *colon;

	if (at != NULL) {
		user.len = (size_t)(at - text.at);
		text.len -= user.len + 1;
		text.at = at + 1;
	}
	if (!is_made_of(user, UNRESERVED SUB_DELIMS ":"))
		return false;
	if (text.len > 0 && text.at[0] == '[')
		return is_literal_host(text);
	colon = text.len ? memchr(text.at, ':', text.len) : NULL;
	if (colon != NULL) {
		port = (struct mcp_text){ colon,
			text.len - (size_t)(colon - text.at) };
		text.len -= port.len;
		if (!is_port(port))
			return false;
	}
	return is_made_of(text, UNRESERVED SUB_DELIMS);
}

bool
uri_is(struct mcp_text text, bool may_be_relative)
{
	struct uri uri = split(text);
	const char *colon, *slash;

	if (uri.scheme.at == NULL) {
		/* a first segment with a colon would be a scheme */
		colon = uri.path.len ? memchr(uri.path.at, ':', uri.path.len)
				     : NULL;
		slash = uri.path.len ? memchr(uri.path.at, '/', uri.path.len)
				     : NULL;
		if (!may_be_relative ||
		    (uri.authority.at == NULL && colon != NULL &&
			(slash == NULL || slash > colon)))
			return false;
	}
	return is_authority(uri.authority) && is_made_of(uri.path, PCHAR "/") &&
	    is_made_of(uri.query, PCHAR "/?") &&
	    is_made_of(uri.fragment, PCHAR "/?");
}

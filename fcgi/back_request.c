/* back_request.c - I write a request to a back end, or say why I refuse
 *
 * Law: RFC 3986, "Percent-Encoding" and "Remove Dot Segments"; RFC 9110, "Field
 *      Values"; WHATWG URL, "application/x-www-form-urlencoded serializing",
 *      but a blank is %20, which everybody reads alike
 */

#include "fcgi/back_request.h"
#include "fcgi/handler.h"

#include <mcp/json.h>

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

void
back_request_deinit(struct back_request *request)
{
	mcp_buf_deinit(&request->url);
	mcp_buf_deinit(&request->headers);
	mcp_buf_deinit(&request->body);
}

const char *
back_method(enum mcp_http_method method)
{
	static const char *const names[] = { "GET", "HEAD", "POST", "PUT",
		"PATCH", "DELETE" };

	return names[method];
}

static int
refuse(struct mcp_buf *why, const char *who, const char *what)
{
	mcp_buf_reset(why);
	mcp_buf_printf(why, "%s: %s", who, what);
	return BACK_REQUEST_E_REFUSED;
}

/* --- encoding ----------------------------------------------------------- */

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static void
append_encoded(struct mcp_buf *out, struct mcp_text text)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char c;

	for (size_t i = 0; i < text.len; i++) {
		c = (unsigned char)text.at[i];
		if (is_unreserved(text.at[i])) {
			mcp_buf_putc(out, text.at[i]);
			continue;
		}
		mcp_buf_putc(out, '%');
		mcp_buf_putc(out, digits[c >> 4]);
		mcp_buf_putc(out, digits[c & 15]);
	}
}

/* A value as people write it: a string bare, all else as JSON. */
static struct mcp_text
plain(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		return mcp_json_string(value);
	return value == NULL ? MCP_TEXT_INIT :
			       mcp_text_of(mcp_json_text(value));
}

static const char *
argument_name(const struct mcp_http_value *value)
{
	return value->template.pieces[0].text;
}

/* --- the path ----------------------------------------------------------- */

/* Servers decode a path before they look for dots in it, and some take a
 * backslash for a slash. */
static bool
has_dots(struct mcp_text segment)
{
	size_t from = 0;

	for (size_t i = 0; i <= segment.len; i++) {
		size_t len = i - from;

		if (i < segment.len && segment.at[i] != '/' &&
		    segment.at[i] != '\\')
			continue;
		if ((len == 1 || len == 2) &&
		    memcmp(segment.at + from, "..", len) == 0)
			return true;
		from = i + 1;
	}
	return false;
}

/* A segment between two slashes, as it is read, and the place in it. */
struct segment {
	struct mcp_buf text;
	const char *name; /* NULL: there is none */
};

static int
end_segment(struct segment *segment, struct mcp_buf *why)
{
	int condition = 0;

	if (segment->name != NULL && segment->text.len == 0)
		condition = refuse(why, segment->name,
		    "may not be empty, it is a part of an address");
	else if (segment->name != NULL &&
	    has_dots(mcp_buf_view(&segment->text)))
		condition = refuse(why, segment->name,
		    "may not be or hold \".\" or \"..\" between slashes, it "
		    "is a part of an address");
	mcp_buf_reset(&segment->text);
	segment->name = NULL;
	return condition;
}

static int
append_literal(struct mcp_buf *url, struct segment *segment,
    struct mcp_text text, struct mcp_buf *why)
{
	int condition = 0;

	mcp_buf_text(url, text);
	for (size_t i = 0; i < text.len && condition == 0; i++) {
		if (text.at[i] == '/')
			condition = end_segment(segment, why);
		else
			mcp_buf_putc(&segment->text, text.at[i]);
	}
	return condition;
}

static int
append_place(struct mcp_buf *url, struct segment *segment, const char *name,
    struct json_object *values, struct mcp_buf *why)
{
	struct json_object *value = mcp_json_get(values, name);
	struct mcp_text text = plain(value);

	if (value == NULL)
		return refuse(why, name,
		    "is needed here, it is a part of an address");
	if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL)
		return refuse(why, name, "may not hold a NUL character");
	segment->name = name;
	mcp_buf_text(&segment->text, text);
	append_encoded(url, text);
	return 0;
}

static int
append_path(struct mcp_buf *url, const struct mcp_template *path,
    struct json_object *values, struct mcp_buf *why)
{
	struct segment segment = { MCP_BUF_INIT, NULL };
	int condition = 0;

	for (size_t i = 0; i < path->n && condition == 0; i++) {
		const struct mcp_template_piece *piece = &path->pieces[i];
		struct mcp_text text = { piece->text, piece->len };

		if (piece->place)
			condition =
			    append_place(url, &segment, text.at, values, why);
		else
			condition = append_literal(url, &segment, text, why);
	}
	if (condition == 0)
		condition = end_segment(&segment, why);
	url->failed |= segment.text.failed;
	mcp_buf_deinit(&segment.text);
	return condition;
}

/* --- query and form ----------------------------------------------------- */

static void
append_pair(struct mcp_buf *out, const char *name, struct mcp_text value)
{
	if (out->len > 0)
		mcp_buf_putc(out, '&');
	append_encoded(out, mcp_text_of(name));
	mcp_buf_putc(out, '=');
	append_encoded(out, value);
}

static void
append_argument(struct mcp_buf *out, const char *name,
    struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array)) {
		append_pair(out, name, plain(value));
		return;
	}
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *one = json_object_array_get_idx(value, i);

		if (one != NULL)
			append_pair(out, name, plain(one));
	}
}

static void
append_string(struct mcp_buf *out, const char *name,
    const struct mcp_template *template, struct json_object *values)
{
	struct mcp_buf text = MCP_BUF_INIT;

	mcp_template_expand(template, handler_value, values, &text);
	append_pair(out, name, mcp_buf_view(&text));
	out->failed |= text.failed;
	mcp_buf_deinit(&text);
}

static void
append_field(struct mcp_buf *out, const char *name,
    const struct mcp_http_value *value, struct json_object *values)
{
	struct json_object *argument;

	switch (value->kind) {
	case MCP_HTTP_ARGUMENT:
		argument = mcp_json_get(values, argument_name(value));
		if (argument != NULL)
			append_argument(out, name, argument);
		break;
	case MCP_HTTP_TEMPLATE:
		append_string(out, name, &value->template, values);
		break;
	case MCP_HTTP_ARRAY:
		for (size_t i = 0; i < value->n; i++)
			append_field(out, name, &value->members[i], values);
		break;
	default:
		append_pair(out, name, mcp_text_of(value->text));
	}
}

static void
append_fields(struct mcp_buf *out, const struct mcp_http_value *fields,
    struct json_object *values)
{
	for (size_t i = 0; i < fields->n; i++)
		append_field(out, fields->members[i].name, &fields->members[i],
		    values);
}

static int
make_url(const struct mcp_http *http, struct json_object *values,
    struct mcp_buf *url, struct mcp_buf *why)
{
	struct mcp_buf query = MCP_BUF_INIT;
	int condition;

	mcp_buf_puts(url, http->origin);
	condition = append_path(url, &http->path, values, why);
	append_fields(&query, &http->query, values);
	if (query.len > 0)
		mcp_buf_putc(url, '?');
	mcp_buf_text(url, mcp_buf_view(&query));
	url->failed |= query.failed;
	mcp_buf_deinit(&query);
	if (condition == 0 && url->len > BACK_URL_MAX)
		return refuse(why, "The arguments",
		    "together they are too long for an address, give shorter "
		    "ones");
	return condition;
}

/* --- headers ------------------------------------------------------------ */

static const char *
wrong_header(struct mcp_text value)
{
	if (value.len > BACK_HEADER_MAX)
		return "is too long for a header";
	for (size_t i = 0; i < value.len; i++)
		if (((unsigned char)value.at[i] < ' ' && value.at[i] != '\t') ||
		    value.at[i] == 0x7f)
			return "may not hold a line break or another control "
			       "character, it goes into a header";
	if (mcp_text_trim(value).len != value.len)
		return "may not begin or end with a blank, it goes into a "
		       "header";
	return NULL;
}

/* @who the sentence names: an argument, or what else it was made from */
static int
append_header(struct back_request *request, const char *name,
    struct mcp_text value, const char *who, struct mcp_buf *why)
{
	const char *wrong = wrong_header(value);

	if (wrong != NULL)
		return refuse(why, who, wrong);
	mcp_buf_puts(&request->headers, name);
	mcp_buf_puts(&request->headers, value.len > 0 ? ": " : ";");
	mcp_buf_text(&request->headers, value);
	mcp_buf_putc(&request->headers, '\0');
	return 0;
}

/* The first argument of @template is named where it is refused. */
static const char *
first_place(const struct mcp_template *template, const char *otherwise)
{
	for (size_t i = 0; i < template->n; i++)
		if (template->pieces[i].place)
			return template->pieces[i].text;
	return otherwise;
}

static int
make_header(struct back_request *request, const struct mcp_http_value *header,
    struct json_object *values, struct mcp_buf *why)
{
	struct mcp_buf text = MCP_BUF_INIT;
	int condition = 0;

	if (header->kind == MCP_HTTP_ARGUMENT &&
	    mcp_json_get(values, argument_name(header)) == NULL)
		return 0;
	if (header->kind == MCP_HTTP_ARGUMENT ||
	    header->kind == MCP_HTTP_TEMPLATE)
		mcp_template_expand(&header->template, handler_value, values,
		    &text);
	else
		mcp_buf_puts(&text, header->text);
	condition = append_header(request, header->name, mcp_buf_view(&text),
	    first_place(&header->template, header->name), why);
	request->headers.failed |= text.failed;
	mcp_buf_deinit(&text);
	return condition;
}

/* Nobody is not somebody: a back end that trusts the header might take its
 * absence for itself. */
static int
forward(const struct mcp_http *http, const struct back_caller *caller,
    struct back_request *request, struct mcp_buf *why)
{
	int condition = 0;

	if (http->forward.user != NULL && caller->user.len == 0)
		return refuse(why, "The user",
		    "nobody is logged in here, and the back end wants to know "
		    "who asks");
	if (http->forward.authorization && caller->authorization.len == 0)
		return refuse(why, "The Authorization header",
		    "the request came without, and the back end wants it");
	if (http->forward.user != NULL)
		condition = append_header(request, http->forward.user,
		    caller->user, "The user's name", why);
	if (http->forward.authorization && condition == 0)
		condition = append_header(request, "Authorization",
		    caller->authorization, "The Authorization header", why);
	return condition;
}

static int
make_headers(const struct mcp_http *http, struct json_object *values,
    const struct back_caller *caller, struct back_request *request,
    struct mcp_buf *why)
{
	int condition = 0;

	for (size_t i = 0; i < http->headers.n && condition == 0; i++)
		condition = make_header(request, &http->headers.members[i],
		    values, why);
	return condition == 0 ? forward(http, caller, request, why) : condition;
}

/* --- the body ----------------------------------------------------------- */

static void append_json(struct mcp_buf *out, const struct mcp_http_value *value,
    struct json_object *values);

/* An argument that was not given leaves no member; null is a value. */
static bool
is_absent(const struct mcp_http_value *value, struct json_object *values)
{
	return value->kind == MCP_HTTP_ARGUMENT &&
	    (values == NULL ||
		!json_object_object_get_ex(values, argument_name(value), NULL));
}

static void
append_members(struct mcp_buf *out, const struct mcp_http_value *value,
    struct json_object *values)
{
	bool first = true;

	for (size_t i = 0; i < value->n; i++) {
		const struct mcp_http_value *member = &value->members[i];

		if (is_absent(member, values))
			continue;
		if (!first)
			mcp_buf_putc(out, ',');
		first = false;
		if (member->name != NULL) {
			mcp_buf_json_string(out, mcp_text_of(member->name));
			mcp_buf_putc(out, ':');
		}
		append_json(out, member, values);
	}
}

static void
append_json_argument(struct mcp_buf *out, const char *name,
    struct json_object *values)
{
	struct json_object *value = NULL;
	const char *text;

	json_object_object_get_ex(values, name, &value);
	text = value == NULL ? "null" : mcp_json_text(value);
	if (text == NULL)
		out->failed = true;
	else
		mcp_buf_puts(out, text);
}

static void
append_json_template(struct mcp_buf *out, const struct mcp_template *template,
    struct json_object *values)
{
	struct mcp_buf text = MCP_BUF_INIT;

	mcp_template_expand(template, handler_value, values, &text);
	mcp_buf_json_string(out, mcp_buf_view(&text));
	out->failed |= text.failed;
	mcp_buf_deinit(&text);
}

/* As deep as the configuration's file, which is bounded. */
static void
append_json(struct mcp_buf *out, const struct mcp_http_value *value,
    struct json_object *values)
{
	switch (value->kind) {
	case MCP_HTTP_OBJECT:
	case MCP_HTTP_ARRAY:
		mcp_buf_putc(out, value->kind == MCP_HTTP_ARRAY ? '[' : '{');
		append_members(out, value, values);
		mcp_buf_putc(out, value->kind == MCP_HTTP_ARRAY ? ']' : '}');
		break;
	case MCP_HTTP_ARGUMENT:
		append_json_argument(out, argument_name(value), values);
		break;
	case MCP_HTTP_TEMPLATE:
		append_json_template(out, &value->template, values);
		break;
	case MCP_HTTP_LITERAL:
	case MCP_HTTP_SECRET:
		mcp_buf_puts(out, value->text);
	}
}

static void
make_body(const struct mcp_http *http, struct json_object *values,
    struct back_request *request)
{
	const char *type = "text/plain; charset=utf-8";

	if (http->has_json && !is_absent(&http->json, values)) {
		append_json(&request->body, &http->json, values);
		type = "application/json";
	} else if (http->has_form) {
		append_fields(&request->body, &http->form, values);
		type = "application/x-www-form-urlencoded";
	} else if (http->body.n > 0) {
		mcp_template_expand(&http->body, handler_value, values,
		    &request->body);
		if (http->content_type != NULL)
			type = http->content_type;
	} else {
		return;
	}
	request->has_body = true;
	mcp_buf_printf(&request->headers, "Content-Type: %s", type);
	mcp_buf_putc(&request->headers, '\0');
}

int
back_request_make(const struct mcp_http *http, struct json_object *values,
    const struct back_caller *caller, struct back_request *request,
    struct mcp_buf *why)
{
	int condition = make_url(http, values, &request->url, why);

	if (condition == 0)
		condition = make_headers(http, values, caller, request, why);
	if (condition == 0)
		make_body(http, values, request);
	if (request->url.failed || request->headers.failed ||
	    request->body.failed || why->failed)
		return -ENOMEM;
	return condition;
}

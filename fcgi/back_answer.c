/* back_answer.c - I turn what a back end answered into a result */

#include "fcgi/back_answer.h"
#include "fcgi/back_secret.h"

#include <mcp/json.h>
#include <mcp/log.h>
#include <mcp/scan.h>

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <strings.h>

#define REASON_MAX 2048 /* bytes of a body that may tell what was wrong */
#define TYPE_MAX 128 /* of a media type without its parameters */

bool
back_answer_is_ok(const struct mcp_http *http, unsigned status)
{
	return status >= 100 && status < 100 + sizeof(http->ok) &&
	    http->ok[status - 100];
}

/* --- media types -------------------------------------------------------- */

/* "text/html", without parameters, in small letters */
static void
bare_type(const char *type, char out[TYPE_MAX])
{
	size_t len = strcspn(type, "; \t,");

	if (len >= TYPE_MAX)
		len = 0;
	for (size_t i = 0; i < len; i++)
		out[i] = type[i] >= 'A' && type[i] <= 'Z' ?
		    (char)(type[i] + 32) :
		    type[i];
	out[len] = '\0';
}

static bool
ends_in(const char *type, const char *end)
{
	size_t len = strlen(type), len_end = strlen(end);

	return len > len_end && strcmp(type + len - len_end, end) == 0;
}

static bool
is_json(const char *type)
{
	return strcmp(type, "application/json") == 0 ||
	    strcmp(type, "text/json") == 0 || ends_in(type, "+json");
}

static bool
is_text_type(const char *type)
{
	static const char *const others[] = { "application/xml",
		"application/javascript", "application/ecmascript",
		"application/yaml", "application/x-yaml", "application/toml",
		"application/x-ndjson", "application/jsonl", "application/sql",
		"application/x-www-form-urlencoded" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(type, others[i]) == 0)
			return true;
	return strncmp(type, "text/", 5) == 0 || is_json(type) ||
	    ends_in(type, "+xml");
}

static bool
is_plain(struct mcp_text text)
{
	return mcp_text_is_utf8(text) &&
	    (text.len == 0 || memchr(text.at, '\0', text.len) == NULL);
}

/* Without a type, bytes that are text are text. */
static bool
is_text(const char *type, const struct back_answer *answer)
{
	return type[0] == '\0' ? is_plain(mcp_buf_view(&answer->body))
			       : is_text_type(type);
}

static bool
is_latin(const char *type)
{
	const char *charset = strcasestr(type, "charset=");

	if (charset == NULL)
		return false;
	charset += 8 + (charset[8] == '"');
	return strncasecmp(charset, "iso-8859-1", 10) == 0 ||
	    strncasecmp(charset, "latin1", 6) == 0 ||
	    strncasecmp(charset, "windows-1252", 12) == 0;
}

/* --- what a reader sees ------------------------------------------------- */

static int
fail(struct handler_result *result, const char *sentence)
{
	mcp_buf_reset(&result->text);
	mcp_buf_reset(&result->structured);
	mcp_buf_puts(&result->text, sentence);
	return result->text.failed ? -ENOMEM : HANDLER_E_FAILED;
}

static void
append_latin(struct mcp_buf *out, struct mcp_text text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c >= 0x80)
			mcp_buf_putc(out, (char)(0xc0 | c >> 6));
		mcp_buf_putc(out, c < 0x80 ? (char)c : (char)(0x80 | (c & 63)));
	}
}

/* Where a cap cut a character in two, its rest goes too. */
static struct mcp_text
whole_characters(struct mcp_text text)
{
	size_t begin = text.len;

	while (begin > 0 && text.len - begin < 4 &&
	    ((unsigned char)text.at[begin - 1] & 0xc0) == 0x80)
		begin--;
	if (begin > 0 && (unsigned char)text.at[begin - 1] >= 0xc0 &&
	    mcp_utf8_len(text.at + begin - 1, text.len - begin + 1) !=
		text.len - begin + 1)
		text.len = begin - 1;
	return text;
}

static struct mcp_text
without_mark(struct mcp_text text)
{
	if (mcp_text_starts(text, "\xef\xbb\xbf")) {
		text.at += 3;
		text.len -= 3;
	}
	return text;
}

static int
put_text(struct back_answer *answer, bool resource,
    struct handler_result *result)
{
	struct mcp_text text = without_mark(mcp_buf_view(&answer->body));

	if (answer->cut && resource)
		return fail(result, "The back end's answer is larger than this "
				    "server sends");
	if (is_latin(answer->type))
		append_latin(&result->text, text);
	else
		mcp_buf_text(&result->text,
		    answer->cut ? whole_characters(text) : text);
	result->truncated = answer->cut;
	return 0;
}

/* Blanks between the values of JSON cost a model, and say nothing. */
static void
append_compact(struct mcp_buf *out, struct mcp_text json)
{
	bool inside = false;

	for (size_t i = 0; i < json.len; i++) {
		char c = json.at[i];

		if (inside && c == '\\') {
			mcp_buf_putc(out, c);
			c = json.at[++i];
		} else if (c == '"') {
			inside = !inside;
		} else if (!inside && memchr(" \t\r\n", c, 4) != NULL) {
			continue;
		}
		mcp_buf_putc(out, c);
	}
}

static void
put_structured(struct mcp_text json, struct handler_result *result)
{
	struct mcp_buf *out = &result->structured;
	size_t blanks = 0;

	while (blanks < json.len && memchr(" \t\r\n", json.at[blanks], 4))
		blanks++;
	if (json.at[blanks] == '{') {
		append_compact(out, json);
		return;
	}
	mcp_buf_puts(out, "{\"value\":");
	append_compact(out, json);
	mcp_buf_putc(out, '}');
}

/* What others read in two ways is handed on as text, and only so. */
static int
put_json(struct back_answer *answer, struct handler_result *result)
{
	struct mcp_text json = without_mark(mcp_buf_view(&answer->body));
	int condition;

	if (answer->cut)
		return fail(result, "The back end's answer is larger than this "
				    "server sends: ask for less");
	condition = json.len == 0 ? MCP_SCAN_E_SYNTAX :
				    mcp_scan(json, 0, NULL, 0, NULL);
	if (condition < 0)
		return condition;
	if (condition == MCP_SCAN_E_SYNTAX || condition == MCP_SCAN_E_UTF8) {
		mcp_log(MCP_LOG_ERROR, "http: an answer that should be JSON is "
		    "none");
		return fail(result, "The back end's answer cannot be read: it "
				    "should be JSON, and is not");
	}
	mcp_buf_text(&result->text, json);
	if (condition == 0)
		put_structured(json, result);
	return 0;
}

static int
put_bytes(struct back_answer *answer, const char *type,
    struct handler_result *result)
{
	if (answer->cut)
		return fail(result, "The back end's answer is larger than this "
				    "server sends");
	mcp_buf_text(&result->text, mcp_buf_view(&answer->body));
	mcp_buf_puts(&result->type,
	    type[0] == '\0' ? "application/octet-stream" : type);
	result->binary = true;
	return 0;
}

static int
put_nothing(const struct back_answer *answer, bool resource,
    struct handler_result *result)
{
	if (!resource)
		mcp_buf_printf(&result->text,
		    "The back end answered with status %u and no text",
		    answer->status);
	return 0;
}

/* What a resource says of itself counts more than what the answer says. */
static int
put_body(const struct mcp_http *http, bool resource,
    struct back_answer *answer, struct handler_result *result)
{
	char type[TYPE_MAX];

	bare_type(result->mime_type != NULL ? result->mime_type : answer->type,
	    type);
	if (answer->body.len == 0)
		return put_nothing(answer, resource, result);
	if (http->output == MCP_HTTP_JSON ||
	    (http->output == MCP_HTTP_AUTO && is_json(type))) {
		mcp_buf_puts(&result->type, "application/json");
		return put_json(answer, result);
	}
	if (http->output == MCP_HTTP_AUTO && !is_text(type, answer))
		return put_bytes(answer, type, result);
	mcp_buf_puts(&result->type, type);
	return put_text(answer, resource, result);
}

/* --- what went wrong ---------------------------------------------------- */

static struct mcp_text
member(struct json_object *object, const char *name)
{
	return mcp_json_string(mcp_json_get(object, name));
}

/* Spec: RFC 9457, "Members of a Problem Details Object"; what frameworks say
 *       otherwise is guessed, and the whole is short */
static bool
append_told(struct mcp_buf *out, struct json_object *body)
{
	static const char *const names[] = { "message", "error_description",
		"error", "detail", "title" };
	struct mcp_text title = member(body, "title");
	struct mcp_text text = member(body, "detail");

	if (title.len > 0 && text.len > 0) {
		mcp_buf_text(out, title);
		mcp_buf_puts(out, ": ");
		mcp_buf_text(out, text);
		return true;
	}
	text = member(mcp_json_get(body, "error"), "message");
	for (size_t i = 0; text.len == 0 && i < sizeof(names) / sizeof(*names);
	     i++)
		text = member(body, names[i]);
	mcp_buf_text(out, text);
	return text.len > 0;
}

static void
append_reason_json(struct mcp_buf *out, struct mcp_text json)
{
	struct json_object *body;

	if (mcp_scan(json, 0, NULL, 0, NULL) != 0)
		return;
	body = mcp_json_parse(json);
	if (body != NULL && !append_told(out, body))
		append_compact(out, json);
	json_object_put(body);
}

/* A page for people says little to a model. */
static void
append_reason(struct mcp_buf *out, const struct back_answer *answer)
{
	struct mcp_text body = mcp_buf_view(&answer->body);
	char type[TYPE_MAX];

	if (body.len == 0 || body.len > REASON_MAX)
		return;
	bare_type(answer->type, type);
	if (is_json(type))
		append_reason_json(out, body);
	else if (strcmp(type, "text/plain") == 0 && is_plain(body))
		mcp_buf_text(out, mcp_text_trim(body));
	while (out->len > 0 && memchr(" \r\n", out->data[out->len - 1], 3))
		out->len--;
}

static void
append_later(struct mcp_buf *out, const struct back_answer *answer)
{
	if (answer->retry_s > 0)
		mcp_buf_printf(out, ": try again in %u seconds",
		    answer->retry_s);
	else
		mcp_buf_puts(out, ": try again later");
}

static void
put_refusal(const struct mcp_http *http, const struct back_answer *answer,
    struct mcp_buf *out)
{
	struct mcp_buf reason = MCP_BUF_INIT;

	mcp_buf_printf(out, "The back end refuses this with status %u",
	    answer->status);
	if (answer->status == 429)
		append_later(out, answer);
	append_reason(&reason, answer);
	if (reason.len > 0 && !reason.failed &&
	    !back_secret_is_in(http, mcp_buf_view(&reason))) {
		mcp_buf_puts(out, ": ");
		mcp_buf_text(out, mcp_buf_view(&reason));
	}
	mcp_buf_deinit(&reason);
}

static int
put_failure(const struct mcp_http *http, const struct back_answer *answer,
    struct handler_result *result)
{
	struct mcp_buf *out = &result->text;
	unsigned status = answer->status;

	if (status >= 500) {
		mcp_buf_printf(out, "The back end failed with status %u",
		    status);
		append_later(out, answer);
	} else if (status >= 400) {
		put_refusal(http, answer, out);
	} else if (status >= 300) {
		mcp_buf_printf(out, "The back end points elsewhere with status "
		    "%u, and this server does not go there", status);
	} else {
		mcp_buf_printf(out, "The back end answered with status %u, "
		    "which is not what was expected", status);
	}
	return out->failed ? -ENOMEM : HANDLER_E_FAILED;
}

static int
put_none(const struct mcp_http *http, struct json_object *values,
    struct handler_result *result)
{
	if (http->empty.n > 0)
		mcp_template_expand(&http->empty, handler_value, values,
		    &result->text);
	else
		mcp_buf_puts(&result->text, "There is no such resource");
	return result->text.failed ? -ENOMEM : HANDLER_E_NONE;
}

int
back_answer_result(const struct mcp_http *http, bool resource,
    struct json_object *values, struct back_answer *answer,
    struct handler_result *result)
{
	bool gone = answer->status == 404 || answer->status == 410;
	int condition;

	if (answer->body.failed)
		return -ENOMEM;
	if (!back_answer_is_ok(http, answer->status))
		return gone && (resource || http->empty.n > 0) ?
		    put_none(http, values, result) :
		    put_failure(http, answer, result);
	condition = put_body(http, resource, answer, result);
	if (result->text.failed || result->structured.failed ||
	    result->type.failed)
		return -ENOMEM;
	return condition;
}

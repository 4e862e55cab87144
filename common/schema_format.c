/* schema_format.c - I know a date, an address or a URI when I see one
 *
 * Only where that was asked for; otherwise "format" is an annotation. A format
 * that is not in my table holds for everything.
 *
 * Law: JSON Schema 2020-12, "Vocabularies for Semantic Content With format";
 *      RFC 3339 (dates, durations), RFC 5321 (mailboxes), RFC 1123 (names of
 *      hosts), RFC 3986, RFC 4122, RFC 6570, RFC 6901
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/uri_template.h>

#include "schema_parts.h"

struct format {
	const char *name;
	bool (*holds)(struct mcp_text text);
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* --- what is read from the left ------------------------------------------ */

static bool
take(struct mcp_text *text, char c)
{
	if (text->len == 0 || *text->at != c)
		return false;
	text->at++;
	text->len--;
	return true;
}

/* Exactly @n digits. */
static bool
take_number(struct mcp_text *text, size_t n, unsigned *numberp)
{
	unsigned number = 0;

	if (text->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(text->at[i]))
			return false;
		number = number * 10 + (unsigned)(text->at[i] - '0');
	}
	text->at += n;
	text->len -= n;
	*numberp = number;
	return true;
}

static size_t
take_digits(struct mcp_text *text)
{
	size_t n = 0;

	for (; text->len > 0 && is_digit(*text->at); n++) {
		text->at++;
		text->len--;
	}
	return n;
}

/* --- dates and times ----------------------------------------------------- */

static unsigned
days_of(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31,
		30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool
take_date(struct mcp_text *text)
{
	unsigned year, month, day;

	return take_number(text, 4, &year) && take(text, '-') &&
	    take_number(text, 2, &month) && take(text, '-') &&
	    take_number(text, 2, &day) && month >= 1 && month <= 12 &&
	    day >= 1 && day <= days_of(year, month);
}

/* Minutes east of Greenwich. */
static bool
take_offset(struct mcp_text *text, int *minutesp)
{
	bool west = text->len > 0 && *text->at == '-';
	unsigned hour, minute;

	*minutesp = 0;
	if (take(text, 'Z') || take(text, 'z'))
		return true;
	if (!(take(text, '+') || take(text, '-')) ||
	    !take_number(text, 2, &hour) || !take(text, ':') ||
	    !take_number(text, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*minutesp = (int)(hour * 60 + minute) * (west ? -1 : 1);
	return true;
}

/* A leap second is the last of a day in Greenwich. */
static bool
take_time(struct mcp_text *text)
{
	unsigned hour, minute, second;
	int offset, there;

	if (!take_number(text, 2, &hour) || !take(text, ':') ||
	    !take_number(text, 2, &minute) || !take(text, ':') ||
	    !take_number(text, 2, &second) || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	if (take(text, '.') && take_digits(text) == 0)
		return false;
	if (!take_offset(text, &offset))
		return false;
	there = ((int)(hour * 60 + minute) - offset + 2 * 1440) % 1440;
	return second < 60 || there == 23 * 60 + 59;
}

static bool
is_date(struct mcp_text text)
{
	return take_date(&text) && text.len == 0;
}

static bool
is_time(struct mcp_text text)
{
	return take_time(&text) && text.len == 0;
}

static bool
is_date_time(struct mcp_text text)
{
	return take_date(&text) && (take(&text, 'T') || take(&text, 't')) &&
	    take_time(&text) && text.len == 0;
}

/* Some of @units, in their order, none left out in between.
 * Spec: RFC 3339, "ISO 8601 Collected ABNF", "Durations" */
static bool
take_units(struct mcp_text *text, const char *units)
{
	const char *at = NULL;

	while (text->len > 0 && is_digit(*text->at)) {
		take_digits(text);
		if (text->len == 0 || *text->at == '\0')
			return false;
		if (at == NULL)
			at = strchr(units, *text->at);
		if (at == NULL || *at != *text->at)
			return false;
		at++;
		take(text, *text->at);
	}
	return at != NULL;
}

static bool
is_duration(struct mcp_text text)
{
	struct mcp_text weeks;
	bool days;

	if (!take(&text, 'P'))
		return false;
	weeks = text;
	if (take_digits(&weeks) > 0 && take(&weeks, 'W'))
		return weeks.len == 0;
	days = take_units(&text, "YMD");
	if (take(&text, 'T'))
		return take_units(&text, "HMS") && text.len == 0;
	return days && text.len == 0;
}

/* --- addresses ----------------------------------------------------------- */

static bool
is_label(struct mcp_text label)
{
	if (label.len == 0 || label.len > 63 || !is_alnum(label.at[0]) ||
	    !is_alnum(label.at[label.len - 1]))
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_alnum(label.at[i]) && label.at[i] != '-')
			return false;
	return label.len < 4 || label.at[2] != '-' || label.at[3] != '-' ||
	    ((label.at[0] | 0x20) == 'x' && (label.at[1] | 0x20) == 'n');
}

static bool
is_hostname(struct mcp_text text)
{
	struct mcp_text label = { text.at, 0 };

	if (text.len == 0 || text.len > 253)
		return false;
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.at[i] != '.')
			continue;
		label.len = (size_t)(text.at + i - label.at);
		if (!is_label(label))
			return false;
		label.at = text.at + i + 1;
	}
	return true;
}

static bool
is_address(int family, struct mcp_text text)
{
	char copy[INET6_ADDRSTRLEN], address[16];

	if (text.len >= sizeof(copy) || memchr(text.at, '\0', text.len))
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	return inet_pton(family, copy, address) == 1;
}

static bool
is_ipv4(struct mcp_text text)
{
	return is_address(AF_INET, text);
}

static bool
is_ipv6(struct mcp_text text)
{
	return is_address(AF_INET6, text);
}

static bool
is_atom(struct mcp_text text)
{
	static const char others[] = "!#$%&'*+-/=?^_`{|}~.";

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\0' ||
		    (!is_alnum(text.at[i]) && !strchr(others, text.at[i])))
			return false;
		if (text.at[i] == '.' &&
		    (i == 0 || i + 1 == text.len || text.at[i + 1] == '.'))
			return false;
	}
	return text.len > 0;
}

/* "joe bloggs" */
static bool
is_quoted(struct mcp_text text)
{
	if (text.len < 2 || text.at[0] != '"' || text.at[text.len - 1] != '"')
		return false;
	for (size_t i = 1; i + 1 < text.len; i++) {
		if (text.at[i] == '\\')
			i++;
		else if (text.at[i] == '"')
			return false;
		if (i + 1 >= text.len || text.at[i] < ' ' || text.at[i] > '~')
			return false;
	}
	return true;
}

static bool
is_literal(struct mcp_text text)
{
	struct mcp_text inner = { text.at + 1, text.len - 2 };

	if (text.len < 2 || text.at[0] != '[' || text.at[text.len - 1] != ']')
		return false;
	if (mcp_text_starts(inner, "IPv6:"))
		return is_ipv6(
		    (struct mcp_text){ inner.at + 5, inner.len - 5 });
	return is_ipv4(inner);
}

static bool
is_email(struct mcp_text text)
{
	const char *at = text.len ? memrchr(text.at, '@', text.len) : NULL;
	struct mcp_text local, domain;

	if (at == NULL)
		return false;
	local = (struct mcp_text){ text.at, (size_t)(at - text.at) };
	domain = (struct mcp_text){ at + 1, text.len - local.len - 1 };
	return (is_atom(local) || is_quoted(local)) &&
	    (is_hostname(domain) || is_literal(domain));
}

/* --- names --------------------------------------------------------------- */

static bool
is_uri(struct mcp_text text)
{
	return uri_is(text, false);
}

static bool
is_uri_reference(struct mcp_text text)
{
	return uri_is(text, true);
}

static bool
is_uri_template(struct mcp_text text)
{
	struct mcp_uri_template *template = NULL;
	struct mcp_buf why = MCP_BUF_INIT;
	char *copy = mcp_text_dup(text);
	bool is = copy != NULL && strlen(copy) == text.len &&
	    mcp_uri_template_new(copy, &template, &why) == 0;

	mcp_uri_template_free(template);
	mcp_buf_deinit(&why);
	free(copy);
	return is;
}

static bool
is_uuid(struct mcp_text text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return false;
		} else if (!is_digit(c) &&
		    ((c | 0x20) < 'a' || (c | 0x20) > 'f'))
			return false;
	}
	return text.len == 36;
}

static bool
is_json_pointer(struct mcp_text text)
{
	if (text.len > 0 && text.at[0] != '/')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '~' &&
		    (i + 1 == text.len ||
			(text.at[i + 1] != '0' && text.at[i + 1] != '1')))
			return false;
	return true;
}

static bool
is_relative_json_pointer(struct mcp_text text)
{
	bool zero = text.len > 0 && text.at[0] == '0';
	size_t n = take_digits(&text);

	if (n == 0 || (zero && n > 1))
		return false;
	return mcp_text_is(text, "#") || is_json_pointer(text);
}

static bool
is_regex(struct mcp_text text)
{
	struct mcp_buf why = MCP_BUF_INIT;
	struct pattern *pattern = NULL;
	char *copy = mcp_text_dup(text);
	bool is = copy != NULL && strlen(copy) == text.len &&
	    pattern_new(copy, &pattern, &why) == 0;

	pattern_free(pattern);
	mcp_buf_deinit(&why);
	free(copy);
	return is;
}

/* --- the table ----------------------------------------------------------- */

static const struct format formats[] = {
	{ "date-time", is_date_time },
	{ "date", is_date },
	{ "time", is_time },
	{ "duration", is_duration },
	{ "email", is_email },
	{ "hostname", is_hostname },
	{ "ipv4", is_ipv4 },
	{ "ipv6", is_ipv6 },
	{ "uri", is_uri },
	{ "uri-reference", is_uri_reference },
	{ "uri-template", is_uri_template },
	{ "uuid", is_uuid },
	{ "json-pointer", is_json_pointer },
	{ "relative-json-pointer", is_relative_json_pointer },
	{ "regex", is_regex },
};

const struct format *
format_named(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

const char *
format_name(const struct format *format)
{
	return format->name;
}

bool
format_holds(const struct format *format, struct mcp_text text)
{
	return format->holds(text);
}

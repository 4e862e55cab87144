/* schema_pattern.c - I say whether a text matches a regular expression
 *
 * The expressions are those of ECMA-262 in Unicode mode. They are written anew
 * for PCRE2, piece by piece, so that what only one of the two knows is either
 * said in the other's words or refused: \s, \p{Letter}, the dot, [^], a [ in a
 * class; no recursion, no possessive quantifiers, no verbs. Lookbehind must be
 * of a length known beforehand, which PCRE2 asks for.
 *
 * An expression may go back and forth for ever on a short text. PCRE2 calls us
 * before each item of it, and each such call costs the visit a step, and more
 * if it went far: so the matching of all patterns in one visit is bounded, and
 * the verdict does not depend on a clock.
 *
 * Law: ECMA-262, "RegExp (Regular Expression) Objects"; pcre2pattern(3),
 *      pcre2callout(3)
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_PCRE2
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#endif

#include "schema_parts.h"

#ifndef HAVE_PCRE2

struct pattern *
pattern_next(const struct pattern *pattern)
{
	(void)pattern;
	return NULL;
}

void
pattern_chain(struct pattern *pattern, struct pattern *next)
{
	(void)pattern;
	(void)next;
}

const char *
pattern_text(const struct pattern *pattern)
{
	(void)pattern;
	return "";
}

int
pattern_new(const char *text, struct pattern **patternp, struct mcp_buf *why)
{
	(void)text;
	(void)patternp;
	mcp_buf_puts(why,
	    "needs regular expressions, and this program was built without "
	    "PCRE2");
	return why->failed ? -ENOMEM : MCP_SCHEMA_E_BAD;
}

void
pattern_free(struct pattern *pattern)
{
	(void)pattern;
}

bool
pattern_matches(
    const struct pattern *pattern, struct visit *visit, struct mcp_text subject)
{
	(void)pattern;
	(void)visit;
	(void)subject;
	return true;
}

void
matcher_free(struct matcher *matcher)
{
	(void)matcher;
}

#else

#define HEAP_MAX 16384 /* KiB that one match may take to remember its way */
#define FAR 32	       /* bytes gone between two calls that cost a step */
#define CODE_POINT_MAX 0x10ffff

struct pattern {
	struct pattern *next;
	char *text;
	pcre2_code *code;
};

/* One for a visit, made when the first pattern is met. */
struct matcher {
	pcre2_match_data *data;
	pcre2_match_context *context;
	size_t at; /* where the last call found us */
};

/* --- from ECMA-262 to PCRE2 ---------------------------------------------- */

struct reader {
	const char *at;
	struct mcp_buf *out;
	struct mcp_buf *why;
	bool in_class;
};

#define SPACES                                                                 \
	"\\x{9}-\\x{d} \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"  \
	"\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define NOT_SPACES                                                             \
	"\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}"          \
	"\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}"            \
	"\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}"            \
	"\\x{ff00}-\\x{10ffff}"

/* General categories by their long names, which PCRE2 does not know. */
static const struct {
	const char *name;
	const char *brief;
} categories[] = {
	{ "Cased_Letter", "L&" },
	{ "Close_Punctuation", "Pe" },
	{ "Connector_Punctuation", "Pc" },
	{ "Control", "Cc" },
	{ "Currency_Symbol", "Sc" },
	{ "Dash_Punctuation", "Pd" },
	{ "Decimal_Number", "Nd" },
	{ "Enclosing_Mark", "Me" },
	{ "Final_Punctuation", "Pf" },
	{ "Format", "Cf" },
	{ "Initial_Punctuation", "Pi" },
	{ "LC", "L&" },
	{ "Letter", "L" },
	{ "Letter_Number", "Nl" },
	{ "Line_Separator", "Zl" },
	{ "Lowercase_Letter", "Ll" },
	{ "Mark", "M" },
	{ "Math_Symbol", "Sm" },
	{ "Modifier_Letter", "Lm" },
	{ "Modifier_Symbol", "Sk" },
	{ "Nonspacing_Mark", "Mn" },
	{ "Number", "N" },
	{ "Open_Punctuation", "Ps" },
	{ "Other", "C" },
	{ "Other_Letter", "Lo" },
	{ "Other_Number", "No" },
	{ "Other_Punctuation", "Po" },
	{ "Other_Symbol", "So" },
	{ "Paragraph_Separator", "Zp" },
	{ "Private_Use", "Co" },
	{ "Punctuation", "P" },
	{ "Separator", "Z" },
	{ "Space_Separator", "Zs" },
	{ "Spacing_Mark", "Mc" },
	{ "Surrogate", "Cs" },
	{ "Symbol", "S" },
	{ "Titlecase_Letter", "Lt" },
	{ "Unassigned", "Cn" },
	{ "Uppercase_Letter", "Lu" },
};

static int
refuse(struct reader *reader, const char *what)
{
	mcp_buf_puts(reader->why,
	    "is no regular expression of ECMA-262 that can be read here: ");
	mcp_buf_puts(reader->why, what);
	return reader->why->failed ? -ENOMEM : MCP_SCHEMA_E_BAD;
}

static void
put_code_point(struct reader *reader, unsigned long code)
{
	mcp_buf_printf(reader->out, "\\x{%lx}", code);
}

/* Exactly @n hexadecimal digits; -1: they are not there. */
static long
hex(const char *at, size_t n)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char text[8];

	if (strspn(at, digits) < n || n >= sizeof(text))
		return -1;
	memcpy(text, at, n);
	text[n] = '\0';
	return strtol(text, NULL, 16);
}

/* \u{1F600}, \uD83D\uDE00, \u00e9 */
static int
read_unicode(struct reader *reader)
{
	const char *at = reader->at;
	size_t n;
	long code, low;

	if (*at == '{') {
		at += 1 + strspn(at + 1, "0");
		n = strspn(at, "0123456789abcdefABCDEF");
		code = n > 6 ? -1 : n == 0 ? 0 : hex(at, n);
		if (at[n] != '}' || code < 0 || code > CODE_POINT_MAX)
			return refuse(reader, "\\u{...} holds no code point");
		reader->at = at + n + 1;
	} else {
		code = hex(at, 4);
		if (code < 0)
			return refuse(reader, "\\u needs four digits");
		reader->at += 4;
		low = reader->at[0] == '\\' && reader->at[1] == 'u'
		    ? hex(reader->at + 2, 4)
		    : -1;
		if (code >= 0xd800 && code < 0xdc00 && low >= 0xdc00 &&
		    low < 0xe000) {
			code =
			    0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			reader->at += 6;
		}
	}
	put_code_point(reader, (unsigned long)code);
	return 0;
}

/* \p{...}; the name without what says that it is a category. */
static int
read_property(struct reader *reader, char which)
{
	static const char *const prefixes[] = { "General_Category=", "gc=" };
	const char *end = strchr(reader->at, '}');
	char name[64];
	const char *text = name;
	size_t len;

	if (*reader->at != '{' || end == NULL ||
	    (len = (size_t)(end - reader->at) - 1) >= sizeof(name))
		return refuse(reader, "\\p needs a {Name}");
	memcpy(name, reader->at + 1, len);
	name[len] = '\0';
	if (name[strcspn(name, "^&*:- ")] != '\0')
		return refuse(reader, "\\p{...} names no property");
	reader->at = end + 1;
	for (size_t i = 0; i < 2; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			text = name + strlen(prefixes[i]);
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++)
		if (strcmp(categories[i].name, text) == 0) {
			text = categories[i].brief;
			break;
		}
	mcp_buf_printf(reader->out, "\\%c{%s}", which, text);
	return 0;
}

/* \1 stands for a group, wherever that is. */
static int
read_back_reference(struct reader *reader)
{
	size_t n = strspn(reader->at, "0123456789");

	if (reader->in_class || n > 3)
		return refuse(reader, "there is no such group to refer to");
	mcp_buf_printf(reader->out, "\\g{%.*s}", (int)n, reader->at);
	reader->at += n;
	return 0;
}

static int
read_named_reference(struct reader *reader)
{
	const char *end = strchr(reader->at, '>');

	if (*reader->at != '<' || end == NULL || reader->in_class)
		return refuse(reader, "\\k needs a <name>");
	mcp_buf_puts(reader->out, "\\k");
	mcp_buf_append(reader->out, reader->at, (size_t)(end - reader->at) + 1);
	reader->at = end + 1;
	return 0;
}

static int
read_space(struct reader *reader, bool negative)
{
	if (reader->in_class)
		mcp_buf_puts(reader->out, negative ? NOT_SPACES : SPACES);
	else
		mcp_buf_puts(reader->out,
		    negative ? "[" NOT_SPACES "]" : "[" SPACES "]");
	return 0;
}

static int
read_control(struct reader *reader)
{
	char c = *reader->at;

	if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
		return refuse(reader, "\\c needs a letter");
	reader->at++;
	put_code_point(reader, (unsigned long)(c & 0x1f));
	return 0;
}

static int
read_byte(struct reader *reader)
{
	long code = hex(reader->at, 2);

	if (code < 0)
		return refuse(reader, "\\x needs two digits");
	reader->at += 2;
	put_code_point(reader, (unsigned long)code);
	return 0;
}

static int
read_zero(struct reader *reader)
{
	if (*reader->at >= '0' && *reader->at <= '9')
		return refuse(reader, "octal escapes are of the past");
	put_code_point(reader, 0);
	return 0;
}

/* What follows a backslash. */
static int
read_escape(struct reader *reader)
{
	static const char same[] = "dDwWtnvfrbB", controls[] = "\t\n\v\f\r";
	static const char names[] = "tnvfr";
	char c = *reader->at++;

	switch (c) {
	case '\0':
		return refuse(reader, "it ends in a backslash");
	case 'u':
		return read_unicode(reader);
	case 'p':
	case 'P':
		return read_property(reader, c);
	case 's':
	case 'S':
		return read_space(reader, c == 'S');
	case 'c':
		return read_control(reader);
	case 'x':
		return read_byte(reader);
	case 'k':
		return read_named_reference(reader);
	case '0':
		return read_zero(reader);
	default:
		break;
	}
	if (c >= '1' && c <= '9') {
		reader->at--;
		return read_back_reference(reader);
	}
	if (strchr(names, c) != NULL) {
		put_code_point(
		    reader, (unsigned long)controls[strchr(names, c) - names]);
	} else if (strchr(same, c) != NULL) {
		if (c == 'B' && reader->in_class)
			return refuse(reader, "\\B has no place in a class");
		mcp_buf_printf(reader->out, "\\%c", c);
	} else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
		return refuse(reader, "a letter is escaped that means nothing");
	} else if ((unsigned char)c < 0x80) {
		mcp_buf_printf(reader->out, "\\%c", c);
	} else {
		mcp_buf_putc(reader->out, c);
	}
	return 0;
}

/* [...]; within, only ], \, ^ and - mean something. */
static int
read_class(struct reader *reader)
{
	int rc = 0;

	mcp_buf_putc(reader->out, '[');
	if (*reader->at == '^')
		mcp_buf_putc(reader->out, *reader->at++);
	reader->in_class = true;
	while (rc == 0 && *reader->at != ']') {
		if (*reader->at == '\0')
			return refuse(reader, "a [ is not closed");
		if (*reader->at == '\\') {
			reader->at++;
			rc = read_escape(reader);
		} else if (*reader->at == '[') {
			reader->at++;
			mcp_buf_puts(reader->out, "\\[");
		} else {
			mcp_buf_putc(reader->out, *reader->at++);
		}
	}
	reader->in_class = false;
	if (rc == 0)
		mcp_buf_putc(reader->out, *reader->at++);
	return rc;
}

/* What follows a parenthesis: (?: (?= (?! (?<= (?<! (?<name> and no more. */
static int
read_group(struct reader *reader)
{
	static const char *const known[] = { "?:", "?=", "?!", "?<=", "?<!" };
	size_t len;

	mcp_buf_putc(reader->out, '(');
	if (*reader->at == '*')
		return refuse(reader, "there is nothing to repeat");
	if (*reader->at != '?')
		return 0;
	for (size_t i = 0; i < 5; i++) {
		len = strlen(known[i]);
		if (strncmp(reader->at, known[i], len) != 0)
			continue;
		mcp_buf_append(reader->out, reader->at, len);
		reader->at += len;
		return 0;
	}
	if (reader->at[1] != '<')
		return refuse(reader, "no group begins like this");
	mcp_buf_puts(reader->out, "?<");
	reader->at += 2;
	return 0;
}

/* How long the quantifier in braces is; 0: the brace stands for itself. */
static size_t
braces_len(const char *at)
{
	const char *start = at++;
	size_t n = strspn(at, "0123456789");

	at += n;
	if (n == 0)
		return 0;
	if (*at == ',')
		at += 1 + strspn(at + 1, "0123456789");
	return *at == '}' ? (size_t)(at + 1 - start) : 0;
}

static int
read_quantifier(struct reader *reader, size_t len)
{
	mcp_buf_append(reader->out, reader->at, len);
	reader->at += len;
	if (*reader->at == '?')
		mcp_buf_putc(reader->out, *reader->at++);
	if (*reader->at != '\0' && strchr("*+?", *reader->at) != NULL)
		return refuse(reader, "there is nothing to repeat");
	return 0;
}

static int
read_one(struct reader *reader)
{
	char c = *reader->at;

	switch (c) {
	case '\\':
		reader->at++;
		return read_escape(reader);
	case '[':
		reader->at++;
		return read_class(reader);
	case '(':
		reader->at++;
		return read_group(reader);
	case '.':
		reader->at++;
		mcp_buf_puts(reader->out, "[^\\n\\r\\x{2028}\\x{2029}]");
		return 0;
	case '*':
	case '+':
	case '?':
		return read_quantifier(reader, 1);
	case '{':
		if (braces_len(reader->at) > 0)
			return read_quantifier(reader, braces_len(reader->at));
		mcp_buf_puts(reader->out, "\\{");
		reader->at++;
		return 0;
	default:
		mcp_buf_putc(reader->out, c);
		reader->at++;
		return 0;
	}
}

static int
translate(const char *text, struct mcp_buf *out, struct mcp_buf *why)
{
	struct reader reader = { text, out, why, false };
	int rc = 0;

	if (strlen(text) > MCP_SCHEMA_PATTERN_MAX)
		return refuse(&reader, "it is too long");
	mcp_buf_puts(out, "");
	while (rc == 0 && *reader.at != '\0')
		rc = read_one(&reader);
	return rc == 0 && out->failed ? -ENOMEM : rc;
}

/* --- patterns ------------------------------------------------------------ */

#define OPTIONS                                                                \
	(PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF |        \
	    PCRE2_ALLOW_EMPTY_CLASS | PCRE2_NEVER_BACKSLASH_C |                \
	    PCRE2_AUTO_CALLOUT)

static int
refuse_code(struct mcp_buf *why, int error, size_t at)
{
	struct reader reader = { .why = why };
	char text[128];

	if (error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED)
		return -ENOMEM;
	if (pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof(text)) <
	    0)
		strcpy(text, "something is wrong");
	(void)at; /* of our text, not of what the reader has before them */
	return refuse(&reader, text);
}

static int
pattern_compile(
    struct pattern *pattern, const struct mcp_buf *text, struct mcp_buf *why)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	size_t at;
	int error;

	if (context == NULL)
		return -ENOMEM;
	pcre2_set_compile_extra_options(
	    context, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
	pattern->code = pcre2_compile(
	    (PCRE2_SPTR)text->data, text->len, OPTIONS, &error, &at, context);
	pcre2_compile_context_free(context);
	return pattern->code != NULL ? 0 : refuse_code(why, error, at);
}

int
pattern_new(const char *text, struct pattern **patternp, struct mcp_buf *why)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	struct mcp_buf out = MCP_BUF_INIT;
	int rc;

	if (pattern == NULL)
		return -ENOMEM;
	pattern->text = strdup(text);
	rc = pattern->text == NULL ? -ENOMEM : translate(text, &out, why);
	if (rc == 0)
		rc = pattern_compile(pattern, &out, why);
	mcp_buf_deinit(&out);
	if (rc == 0)
		*patternp = pattern;
	else
		pattern_free(pattern);
	return rc;
}

void
pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_code_free(pattern->code);
	free(pattern->text);
	free(pattern);
}

struct pattern *
pattern_next(const struct pattern *pattern)
{
	return pattern->next;
}

void
pattern_chain(struct pattern *pattern, struct pattern *next)
{
	pattern->next = next;
}

const char *
pattern_text(const struct pattern *pattern)
{
	return pattern->text;
}

/* --- matching ------------------------------------------------------------ */

static int
count_step(pcre2_callout_block *block, void *context)
{
	struct visit *visit = context;
	struct matcher *matcher = visit->matcher;
	size_t at = block->current_position;
	size_t gone = at > matcher->at ? at - matcher->at : matcher->at - at;

	matcher->at = at;
	return visit_charge(visit, 1 + gone / FAR) ? 0 : PCRE2_ERROR_CALLOUT;
}

static struct matcher *
matcher_new(struct visit *visit)
{
	struct matcher *matcher = calloc(1, sizeof(*matcher));

	if (matcher == NULL)
		return NULL;
	matcher->data = pcre2_match_data_create(1, NULL);
	matcher->context = pcre2_match_context_create(NULL);
	if (matcher->data == NULL || matcher->context == NULL) {
		matcher_free(matcher);
		return NULL;
	}
	pcre2_set_heap_limit(matcher->context, HEAP_MAX);
	pcre2_set_callout(matcher->context, count_step, visit);
	return matcher;
}

void
matcher_free(struct matcher *matcher)
{
	if (matcher == NULL)
		return;
	pcre2_match_data_free(matcher->data);
	pcre2_match_context_free(matcher->context);
	free(matcher);
}

/* What is not UTF-8 matches nothing. */
static int
condition_of(int rc)
{
	switch (rc) {
	case PCRE2_ERROR_NOMEMORY:
		return -ENOMEM;
	case PCRE2_ERROR_CALLOUT:
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
	case PCRE2_ERROR_RECURSELOOP:
		return MCP_SCHEMA_E_BOUNDS;
	default:
		return 0;
	}
}

bool
pattern_matches(
    const struct pattern *pattern, struct visit *visit, struct mcp_text subject)
{
	int rc;

	if (!visit_charge(visit, 4 + subject.len / FAR))
		return false;
	if (visit->matcher == NULL)
		visit->matcher = matcher_new(visit);
	if (visit->matcher == NULL) {
		visit_stop(visit, -ENOMEM);
		return false;
	}
	visit->matcher->at = 0;
	rc = pcre2_match(pattern->code, (PCRE2_SPTR)subject.at, subject.len, 0,
	    0, visit->matcher->data, visit->matcher->context);
	if (condition_of(rc) != 0)
		visit_stop(visit, condition_of(rc));
	return rc >= 0;
}

#endif

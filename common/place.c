/* place.c - I know where in a statement a value stands
 *
 * Law: SQLite "SQL As Understood By SQLite", "Parameters", and its tokenizer;
 * PostgreSQL "Lexical Structure".
 */

#include <mcp/place.h>

#include <ctype.h>
#include <string.h>

/* What both take for the rest of a name. */
static bool
is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' ||
	    (unsigned char)c >= 0x80;
}

static bool
is_name_start(char c)
{
	return is_name(c) && c != '$' && !isdigit((unsigned char)c);
}

static const char *
after_name(const char *at)
{
	while (is_name(*at))
		at++;
	return at;
}

/* Behind the quote that ends the text, or at its end. */
static const char *
after_quoted(const char *at)
{
	char quote = *at == '[' ? ']' : *at;
	const char *end = strchr(at + 1, quote);

	return end == NULL ? at + strlen(at) : end + 1;
}

static const char *
after_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end == NULL ? at + strlen(at) : end + 1;
}

/* --- SQLite --- */

static const char *
after_comment(const char *at)
{
	const char *end = strstr(at + 2, "*/");

	return end == NULL ? at + strlen(at) : end + 2;
}

static const char *
next_of_sqlite(const char *at)
{
	while (*at != '\0') {
		if (strchr("'\"`[", *at) != NULL)
			at = after_quoted(at);
		else if (strncmp(at, "--", 2) == 0)
			at = after_line(at);
		else if (strncmp(at, "/*", 2) == 0)
			at = after_comment(at);
		else if (strncmp(at, "::", 2) == 0)
			at += 2;
		else if (*at == '?' ||
		    (strchr(":@$", *at) != NULL && is_name(at[1])))
			return at;
		else if (is_name(*at)) /* a$b is one word */
			at = after_name(at);
		else
			at++;
	}
	return NULL;
}

/* --- PostgreSQL --- */

static const char *
after_nested_comment(const char *at)
{
	unsigned depth = 0;

	while (*at != '\0') {
		if (strncmp(at, "/*", 2) == 0) {
			depth++;
			at += 2;
		} else if (strncmp(at, "*/", 2) == 0) {
			at += 2;
			if (--depth == 0)
				return at;
		} else {
			at++;
		}
	}
	return at;
}

/* E'...': a backslash takes the next character along. */
static const char *
after_escaped(const char *at)
{
	for (at++; *at != '\0' && *at != '\''; at++)
		if (*at == '\\' && at[1] != '\0')
			at++;
	return *at == '\0' ? at : at + 1;
}

/* $$...$$ or $tag$...$tag$
 * Return: behind it; NULL: no such text begins at @at */
static const char *
after_dollars(const char *at)
{
	const char *tag_end = at + 1, *end;
	size_t len;

	if (is_name_start(*tag_end))
		while (is_name(*tag_end) && *tag_end != '$')
			tag_end++;
	if (*tag_end != '$')
		return NULL;
	len = (size_t)(tag_end - at) + 1;
	for (end = at + len; (end = strchr(end, '$')) != NULL; end++)
		if (strncmp(end, at, len) == 0)
			return end + len;
	return at + strlen(at);
}

static const char *
after_word(const char *at)
{
	const char *end = after_name(at);

	if (end == at + 1 && (*at == 'e' || *at == 'E') && *end == '\'')
		return after_escaped(end);
	return end;
}

static const char *
next_of_postgres(const char *at)
{
	while (*at != '\0') {
		if (*at == '\'' || *at == '"')
			at = after_quoted(at);
		else if (strncmp(at, "--", 2) == 0)
			at = after_line(at);
		else if (strncmp(at, "/*", 2) == 0)
			at = after_nested_comment(at);
		else if (strncmp(at, "::", 2) == 0)
			at += 2;
		else if (*at == ':' && is_name_start(at[1]))
			return at;
		else if (*at == '$' && isdigit((unsigned char)at[1]))
			return at;
		else if (*at == '$' && after_dollars(at) != NULL)
			at = after_dollars(at);
		else if (is_name(*at))
			at = after_word(at);
		else
			at++;
	}
	return NULL;
}

const char *
mcp_place_next(enum mcp_engine engine, const char *at, size_t *lenp)
{
	at = engine == MCP_ENGINE_POSTGRES ? next_of_postgres(at)
					   : next_of_sqlite(at);
	if (at != NULL)
		*lenp = (size_t)(after_name(at + 1) - at);
	return at;
}

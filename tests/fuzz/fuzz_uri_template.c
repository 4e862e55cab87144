/* fuzz_uri_template.c - each place of a template has one value at most, which
 * came out of the URI
 *
 * input = TEMPLATE NUL URI
 */
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/uri_template.h>

struct seen {
	const struct mcp_uri_template *template;
	bool places[MCP_URI_PLACES_MAX];
	size_t len; /* bytes of all values */
	struct mcp_buf last;
};

static void
see(void *context, const char *name, struct mcp_text value)
{
	struct seen *seen = context;
	size_t i = 0;

	while (strcmp(mcp_uri_template_name(seen->template, i), name) != 0)
		i++;
	LAW(!seen->places[i]);
	LAW(value.at[value.len] == '\0');
	seen->places[i] = true;
	seen->len += value.len;
	mcp_buf_reset(&seen->last);
	mcp_buf_text(&seen->last, value);
}

static char
byte_of(const char *hex)
{
	char digits[] = { hex[0], hex[1], '\0' };

	return (char)strtol(digits, NULL, 16);
}

/* Of a template with one place that is {name}: what the URI has there. */
static void
is_decoded(const char *text, const char *uri, const struct seen *seen)
{
	const char *open = strchr(text, '{'), *close = strchr(text, '}');
	const char *at;
	size_t n = 0;

	if (open == NULL || strchr(open + 1, '{') != NULL ||
	    !isalpha((unsigned char)open[1]) || strchr(open, ',') != NULL)
		return;
	at = uri + (open - text);
	while (strlen(at) > strlen(close + 1)) {
		LAW(n < seen->last.len);
		LAW(seen->last.data[n++] ==
		    (*at == '%' ? byte_of(at + 1) : *at));
		at += *at == '%' ? 3 : 1;
	}
	LAW(n == seen->last.len && strcmp(at, close + 1) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_text rest = { (const char *)data, size };
	char *text = fuzz_cut(&rest), *uri = fuzz_cut(&rest);
	struct seen seen = { .last = MCP_BUF_INIT };
	struct mcp_uri_template *template = NULL;
	struct mcp_buf why = MCP_BUF_INIT;
	int condition = mcp_uri_template_new(text, &template, &why);

	LAW(condition == 0 || condition == MCP_URI_TEMPLATE_E_BAD);
	LAW((condition == 0) == (template != NULL));
	LAW((condition == 0) == (why.len == 0));
	seen.template = template;
	if (template != NULL)
		condition = mcp_uri_template_match(template, uri, see, &seen);
	LAW(condition == 0 || condition == 1);
	LAW(condition != 0 || seen.len == 0);
	LAW(seen.len <= strlen(uri));
	if (template != NULL && condition == 1)
		is_decoded(text, uri, &seen);
	/* what has no place stands for itself alone */
	if (template != NULL && strpbrk(text, "{}") == NULL)
		LAW(condition == (strcmp(text, uri) == 0));
	mcp_uri_template_free(template);
	mcp_buf_deinit(&why);
	mcp_buf_deinit(&seen.last);
	free(text);
	free(uri);
	return 0;
}

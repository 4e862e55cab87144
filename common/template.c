/* template.c - I am a text with {name} places */

#include "template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define NAME LETTERS "0123456789_.-"

static int
add_piece(struct mcp_template *template, struct mcp_text text, bool place)
{
	struct mcp_template_piece *pieces, *piece;

	if (text.len == 0)
		return 0;
	pieces = realloc(template->pieces, (template->n + 1) * sizeof(*pieces));
	if (pieces == NULL)
		return -ENOMEM;
	template->pieces = pieces;
	piece = &pieces[template->n];
	piece->text = mcp_text_dup(text);
	piece->len = text.len;
	piece->place = place;
	if (piece->text == NULL)
		return -ENOMEM;
	template->n++;
	return 0;
}

/* The name of the place that @text begins with, its braces cut away. */
static const char *
place_name(struct mcp_text text, struct mcp_text *namep)
{
	const char *end = memchr(text.at, '}', text.len);

	if (end == NULL)
		return "a \"{\" is never closed. Write {name} for a place";
	*namep = (struct mcp_text){ text.at + 1, (size_t)(end - text.at) - 1 };
	if (namep->len == 0 || strspn(namep->at, NAME) != namep->len)
		return "a place holds more than a name. A name has letters, "
		       "digits, \"_\", \".\" and \"-\"";
	return NULL;
}

/* the length of the literal text in front; braces doubled end it as well */
static size_t
literal_len(struct mcp_text text)
{
	size_t len = 0;

	while (len < text.len && text.at[len] != '{' && text.at[len] != '}')
		len++;
	return len;
}

static bool
is_doubled(struct mcp_text text)
{
	return text.len > 1 && text.at[0] == text.at[1];
}

static void
skip(struct mcp_text *text, size_t len)
{
	text->at += len;
	text->len -= len;
}

/* Literal text, doubled braces made single, up to a place or the end. */
static int
take_literal(struct mcp_template *template, struct mcp_text *text)
{
	struct mcp_buf literal = MCP_BUF_INIT;
	int r;

	for (;;) {
		size_t len = literal_len(*text);

		mcp_buf_append(&literal, text->at, len);
		skip(text, len);
		if (!is_doubled(*text))
			break;
		mcp_buf_putc(&literal, text->at[0]);
		skip(text, 2);
	}
	r = literal.failed ? -ENOMEM
			   : add_piece(template, mcp_buf_view(&literal), false);
	mcp_buf_deinit(&literal);
	return r;
}

static int
take_place(
    struct mcp_template *template, struct mcp_text *text, const char **whyp)
{
	struct mcp_text name;
	const char *why;

	if (text->at[0] == '}')
		why = "a \"}\" closes nothing. Write \"}}\" for a brace";
	else
		why = place_name(*text, &name);
	if (why != NULL) {
		*whyp = why;
		return TEMPLATE_E_BAD;
	}
	skip(text, name.len + 2);
	return add_piece(template, name, true);
}

int
template_init(
    struct mcp_template *template, struct mcp_text text, const char **whyp)
{
	struct mcp_template made = { NULL, 0 };
	int r = 0;

	while (r == 0 && text.len > 0) {
		r = take_literal(&made, &text);
		if (r == 0 && text.len > 0)
			r = take_place(&made, &text, whyp);
	}
	if (r != 0)
		template_deinit(&made);
	else
		*template = made;
	return r;
}

void
template_deinit(struct mcp_template *template)
{
	for (size_t i = 0; i < template->n; i++)
		free(template->pieces[i].text);
	free(template->pieces);
	*template = (struct mcp_template){ NULL, 0 };
}

void
mcp_template_expand(const struct mcp_template *template, mcp_template_fn value,
    void *context, struct mcp_buf *out)
{
	for (size_t i = 0; i < template->n; i++) {
		const struct mcp_template_piece *piece = &template->pieces[i];

		if (piece->place)
			mcp_buf_text(out, value(context, piece->text));
		else
			mcp_buf_append(out, piece->text, piece->len);
	}
}

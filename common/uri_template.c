/* uri_template.c - I know which URIs a template stands for, and what their
 * places hold
 *
 * A template is compiled into steps, and the steps run over a URI as a small
 * machine that may be in several places at once: a literal, a choice between
 * two ways, the begin of a value, its characters. How well the rest of the URI
 * can be read from each step at each character is a table filled from its end:
 * the most places that get a value, or FAILS. Every entry needs only those
 * behind it, so each is computed once, and no URI makes us try a way twice.
 * The way itself is then walked from the front, preferring what the table says
 * is no worse: that makes earlier places as long as they can be.
 *
 * An operator begins its expression by a character of its own, and the whole
 * expression may be absent with it; {name} and {+name} have none, and stand for
 * at least one character: crm://clients/ is no client.
 *
 * Law: RFC 6570, "Expression Expansion", read backwards
 */

#include <mcp/uri_template.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define URI_MAX 32768 /* bytes; a longer one fits nothing */
#define FAILS (-1)

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define HEX DIGITS "ABCDEFabcdef"
#define RESERVED ":/?#[]@!$&'()*+,;="

enum set { NOTHING, UNRESERVED, ANYTHING }; /* what a value may hold */

enum step_kind {
	LITERAL, /* exactly @text */
	EITHER,	 /* the next step, or that at @other; the next where no worse */
	JUMP,	 /* that at @other */
	BEGIN,	 /* a value of @place begins here */
	FIRST,	 /* likewise, and has a character */
	REST,	 /* further characters of it, as many as can be */
	END
};

struct step {
	enum step_kind kind;
	enum set set;
	size_t place;
	size_t other;
	char *text;
	size_t len;
};

struct mcp_uri_template {
	struct step *steps;
	size_t n_steps;
	char *names[MCP_URI_PLACES_MAX];
	size_t n_names;
};

/* RFC 6570, appendix A; those of level 4 are refused */
struct form {
	char mark; /* 0: none */
	const char *first;
	const char *between;
	const char *equals; /* NULL: values stand without their name */
	enum set set;
};

static const struct form forms[] = {
	{ '+', "", ",", NULL, ANYTHING },
	{ '#', "#", ",", NULL, ANYTHING },
	{ '.', ".", ".", NULL, UNRESERVED },
	{ '/', "/", "/", NULL, UNRESERVED },
	{ ';', ";", ";", "=", UNRESERVED },
	{ '?', "?", "&", "=", UNRESERVED },
	{ '&', "&", "&", "=", UNRESERVED },
	{ 0, "", ",", NULL, UNRESERVED },
};

/* --- a template is taken apart ------------------------------------------- */

struct reader {
	struct mcp_uri_template *template;
	const char *why; /* NULL: all is well */
	bool no_memory;
};

/* Return: which step it is; where there is no memory, nobody looks */
static size_t
add(struct reader *reader, enum step_kind kind)
{
	struct mcp_uri_template *template = reader->template;
	struct step *steps =
	    realloc(template->steps, (template->n_steps + 1) * sizeof(*steps));

	if (steps == NULL) {
		reader->no_memory = true;
		return 0;
	}
	template->steps = steps;
	steps[template->n_steps] = (struct step){ .kind = kind };
	return template->n_steps++;
}

/* An EITHER or a JUMP that was added before now knows where to. */
static void
lead_here(struct reader *reader, size_t step)
{
	if (!reader->no_memory)
		reader->template->steps[step].other = reader->template->n_steps;
}

static void
add_literal(struct reader *reader, const char *text, size_t len)
{
	size_t i;
	struct step *step;

	if (len == 0)
		return;
	i = add(reader, LITERAL);
	if (reader->no_memory)
		return;
	step = &reader->template->steps[i];
	step->text = strndup(text, len);
	step->len = len;
	if (step->text == NULL)
		reader->no_memory = true;
}

static void
add_value(
    struct reader *reader, size_t place, enum step_kind begin, enum set set)
{
	size_t first = add(reader, begin), rest = add(reader, REST);
	struct step *steps = reader->template->steps;

	if (reader->no_memory)
		return;
	steps[first].set = steps[rest].set = set;
	steps[first].place = steps[rest].place = place;
}

/* --- expressions --- */

/* The first mark is between @places from @from to @to. A value without its
 * name can only be that of the first place not yet filled. */
static void
add_unnamed(
    struct reader *reader, const struct form *form, size_t from, size_t to)
{
	size_t absent[MCP_URI_PLACES_MAX + 1];
	size_t n = 0;

	for (size_t place = from; place < to; place++) {
		const char *mark = place == from ? form->first : form->between;

		if (*mark != '\0')
			absent[n++] = add(reader, EITHER);
		add_literal(reader, mark, strlen(mark));
		add_value(
		    reader, place, *mark == '\0' ? FIRST : BEGIN, form->set);
	}
	while (n > 0)
		lead_here(reader, absent[--n]);
}

static void
add_name(
    struct reader *reader, const char *mark, size_t place, const char *equals)
{
	const char *name = reader->template->names[place];

	add_literal(reader, mark, strlen(mark));
	add_literal(reader, name, strlen(name));
	add_literal(reader, equals, strlen(equals));
}

/* name=value; of ';' an empty value may stand without its "=" too */
static void
add_pair(struct reader *reader, const struct form *form, const char *mark,
    size_t place)
{
	size_t bare, after;

	if (form->mark != ';') {
		add_name(reader, mark, place, form->equals);
		add_value(reader, place, BEGIN, form->set);
		return;
	}
	bare = add(reader, EITHER);
	add_name(reader, mark, place, form->equals);
	add_value(reader, place, BEGIN, form->set);
	after = add(reader, JUMP);
	lead_here(reader, bare);
	add_name(reader, mark, place, "");
	add_value(reader, place, BEGIN, NOTHING);
	lead_here(reader, after);
}

/* Any of the places may be absent, and the first one that is not has another
 * mark in front: so there are two rows of pairs, and one changes from the row
 * of firsts to that of others behind its first. */
static void
add_named(
    struct reader *reader, const struct form *form, size_t from, size_t to)
{
	bool same = strcmp(form->first, form->between) == 0;
	size_t changes[MCP_URI_PLACES_MAX], none, absent;

	for (size_t place = from; place < to; place++) {
		absent = add(reader, EITHER);
		add_pair(reader, form, form->first, place);
		if (!same)
			changes[place - from] = add(reader, JUMP);
		lead_here(reader, absent);
	}
	if (same)
		return;
	none = add(reader, JUMP);
	for (size_t place = from; place < to; place++) {
		if (place > from) {
			absent = add(reader, EITHER);
			add_pair(reader, form, form->between, place);
			lead_here(reader, absent);
		}
		lead_here(reader, changes[place - from]);
	}
	lead_here(reader, none);
}

/* --- names --- */

static size_t
name_len(const char *at)
{
	size_t len = 0;

	for (;;) {
		size_t plain = strspn(at + len, LETTERS DIGITS "_");

		len += plain;
		if (at[len] == '%' && strspn(at + len + 1, HEX) >= 2)
			len += 3;
		else if (at[len] == '.' && len > 0 && at[len - 1] != '.')
			len++;
		else
			return len;
	}
}

static const char *
wrong_end(char c)
{
	switch (c) {
	case ':':
	case '*':
		return "a place has a modifier of RFC 6570's level 4. Write "
		       "the name alone";
	case '\0':
		return "a \"{\" is never closed. Write {name} for a place";
	default:
		return "a place holds more than a name. A name has letters, "
		       "digits, \"_\" and \".\"";
	}
}

static void
add_place(struct reader *reader, const char *name, size_t len)
{
	struct mcp_uri_template *template = reader->template;

	if (len == 0 || name[len - 1] == '.') {
		reader->why = wrong_end(len == 0 ? name[0] : ' ');
		return;
	}
	for (size_t i = 0; i < template->n_names; i++)
		if (mcp_text_is(
			(struct mcp_text){ name, len }, template->names[i]))
			reader->why = "a place appears twice. Give each its "
				      "own name";
	if (template->n_names == MCP_URI_PLACES_MAX)
		reader->why = "there are more than 32 places. Take some out";
	if (reader->why != NULL)
		return;
	template->names[template->n_names] = strndup(name, len);
	if (template->names[template->n_names] == NULL)
		reader->no_memory = true;
	else
		template->n_names++;
}

static bool
is_well(const struct reader *reader)
{
	return reader->why == NULL && !reader->no_memory;
}

/* Return: the "}" that ends the names */
static const char *
add_places(struct reader *reader, const char *at)
{
	for (;;) {
		size_t len = name_len(at);

		add_place(reader, at, len);
		at += len;
		if (!is_well(reader) || *at == '}')
			return at;
		if (*at != ',') {
			reader->why = wrong_end(*at);
			return at;
		}
		at++;
	}
}

static const struct form *
form_of(char mark)
{
	size_t i = 0;

	while (forms[i].mark != mark && forms[i].mark != 0)
		i++;
	return &forms[i];
}

/* @at stands behind "{".
 * Return: behind the "}" */
static const char *
add_expression(struct reader *reader, const char *at)
{
	const struct form *form = form_of(*at);
	size_t from = reader->template->n_names;

	if (*at != '\0' && strchr("=,!@|", *at) != NULL)
		reader->why = "a place begins with an operator that RFC 6570 "
			      "keeps for later. Take it out";
	if (form->mark != 0)
		at++;
	if (is_well(reader))
		at = add_places(reader, at);
	if (!is_well(reader))
		return at;
	if (form->equals == NULL)
		add_unnamed(reader, form, from, reader->template->n_names);
	else
		add_named(reader, form, from, reader->template->n_names);
	return at + 1;
}

static void
read_template(struct reader *reader, const char *at)
{
	while (*at != '\0' && is_well(reader)) {
		size_t len = strcspn(at, "{}");

		add_literal(reader, at, len);
		at += len;
		if (*at == '{')
			at = add_expression(reader, at + 1);
		else if (*at == '}')
			reader->why = "a \"}\" closes nothing. Take it out";
	}
	add(reader, END);
}

int
mcp_uri_template_new(
    const char *text, struct mcp_uri_template **templatep, struct mcp_buf *why)
{
	struct reader reader = { NULL, NULL, false };

	reader.template = calloc(1, sizeof(*reader.template));
	if (reader.template == NULL)
		return -ENOMEM;
	read_template(&reader, text);
	if (is_well(&reader)) {
		*templatep = reader.template;
		return 0;
	}
	mcp_uri_template_free(reader.template);
	if (reader.no_memory)
		return -ENOMEM;
	mcp_buf_puts(why, reader.why);
	return MCP_URI_TEMPLATE_E_BAD;
}

void
mcp_uri_template_free(struct mcp_uri_template *template)
{
	if (template == NULL)
		return;
	for (size_t i = 0; i < template->n_steps; i++)
		free(template->steps[i].text);
	for (size_t i = 0; i < template->n_names; i++)
		free(template->names[i]);
	free(template->steps);
	free(template);
}

const char *
mcp_uri_template_name(const struct mcp_uri_template *template, size_t i)
{
	return i < template->n_names ? template->names[i] : NULL;
}

/* --- a URI is read ------------------------------------------------------- */

struct match {
	const struct mcp_uri_template *template;
	const char *uri;
	size_t len;
	int8_t *best; /* by step, by character; one more for the URI's end */
	char *value;  /* room for any */
};

static int8_t *
best_at(const struct match *match, size_t step, size_t at)
{
	return &match->best[step * (match->len + 1) + at];
}

/* The character of a value at @at: one byte, or %XX. People and models write
 * URIs by hand, so what a URI should have encoded is taken as it stands, but
 * for what delimits.
 * Return: its bytes; 0: none that @set has */
static size_t
char_len(const char *at, enum set set)
{
	if (set == NOTHING || (unsigned char)*at < ' ' || *at == '\x7f')
		return 0;
	if (*at == '%')
		return strspn(at + 1, HEX) >= 2 ? 3 : 0;
	return set == ANYTHING || strchr(RESERVED, *at) == NULL ? 1 : 0;
}

static int8_t
better(int8_t a, int8_t b)
{
	return a > b ? a : b;
}

static int8_t
one_more(int8_t best)
{
	return best == FAILS ? FAILS : (int8_t)(best + 1);
}

static int8_t
best_of(const struct match *match, size_t i, size_t at)
{
	const struct step *step = &match->template->steps[i];
	const char *here = match->uri + at;
	size_t len;

	switch (step->kind) {
	case LITERAL:
		return match->len - at >= step->len &&
			memcmp(here, step->text, step->len) == 0
		    ? *best_at(match, i + 1, at + step->len)
		    : FAILS;
	case EITHER:
		return better(*best_at(match, i + 1, at),
		    *best_at(match, step->other, at));
	case JUMP:
		return *best_at(match, step->other, at);
	case BEGIN:
		return one_more(*best_at(match, i + 1, at));
	case FIRST:
		len = char_len(here, step->set);
		return len == 0 ? FAILS
				: one_more(*best_at(match, i + 1, at + len));
	case REST:
		len = char_len(here, step->set);
		return len == 0 ? *best_at(match, i + 1, at)
				: better(*best_at(match, i + 1, at),
				      *best_at(match, i, at + len));
	case END:
		break;
	}
	return at == match->len ? 0 : FAILS;
}

/* Every step leads to one behind it, but for REST, which stays and goes on in
 * the URI: what best_of() looks at is there already. */
static void
fill(struct match *match)
{
	for (size_t i = match->template->n_steps; i-- > 0;)
		for (size_t at = match->len + 1; at-- > 0;)
			*best_at(match, i, at) = best_of(match, i, at);
}

static char
hex(char c)
{
	if (c <= '9')
		return (char)(c - '0');
	return (char)((c | 0x20) - 'a' + 10);
}

static struct mcp_text
decoded(struct match *match, size_t from, size_t to)
{
	struct mcp_text value = { match->value, 0 };

	while (from < to) {
		const char *at = match->uri + from;
		bool escape = *at == '%';

		match->value[value.len++] = (char)(escape ?
			hex(at[1]) << 4 | hex(at[2]) : *at);
		from += escape ? 3 : 1;
	}
	match->value[value.len] = '\0';
	return value;
}

/* As far as the value can reach without the rest being read worse. */
static size_t
end_of_value(const struct match *match, size_t rest, size_t at)
{
	const struct step *step = &match->template->steps[rest];
	size_t len;

	while ((len = char_len(match->uri + at, step->set)) > 0 &&
	    *best_at(match, rest, at + len) == *best_at(match, rest, at))
		at += len;
	return at;
}

static void
walk(struct match *match, mcp_uri_place_fn place, void *context)
{
	const struct step *step = match->template->steps;
	size_t at = 0, from, i;

	while (step->kind != END) {
		i = (size_t)(step - match->template->steps);
		if (step->kind == JUMP ||
		    (step->kind == EITHER &&
			*best_at(match, i + 1, at) < *best_at(match, i, at))) {
			step = match->template->steps + step->other;
			continue;
		}
		if (step->kind == LITERAL)
			at += step->len;
		if (step->kind == BEGIN || step->kind == FIRST) {
			from = at;
			if (step->kind == FIRST)
				at += char_len(match->uri + at, step->set);
			step++;
			at = end_of_value(match, i + 1, at);
			place(context, match->template->names[step->place],
			    decoded(match, from, at));
		}
		step++;
	}
}

/* Most URIs are of another template, and its front says so. */
static bool
may_fit(const struct mcp_uri_template *template, struct mcp_text uri)
{
	const struct step *front = template->steps;

	return uri.len <= URI_MAX &&
	    (front->kind != LITERAL ||
		(uri.len >= front->len &&
		    memcmp(uri.at, front->text, front->len) == 0));
}

int
mcp_uri_template_match(const struct mcp_uri_template *template, const char *uri,
    mcp_uri_place_fn place, void *context)
{
	struct match match = { template, uri, strlen(uri), NULL, NULL };
	size_t table = template->n_steps * (match.len + 1);
	int fits = 0;

	if (!may_fit(template, (struct mcp_text){ uri, match.len }))
		return 0;
	match.best = malloc(table + match.len + 1);
	if (match.best == NULL)
		return -ENOMEM;
	match.value = (char *)match.best + table;
	fill(&match);
	if (*best_at(&match, 0, 0) != FAILS) {
		walk(&match, place, context);
		fits = 1;
	}
	free(match.best);
	return fits;
}

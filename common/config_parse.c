/* config_parse.c - I read JSON by tables, and forgive nothing silently */

#include "config_parse.h"
#include "template.h"

#include <mcp/scan.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTE_MAX 64 /* bytes shown of what a file says */
#define NEAR_MAX 40  /* longer names are not compared */
#define NEAR_STEPS 3 /* more changes than these, and it is another word */

/* --- where, and what --- */

/* RFC 6901; as deep as the scanner let the file be */
static void
put_pointer(struct mcp_buf *out, const struct config_at *at)
{
	if (at->up == NULL)
		return;
	put_pointer(out, at->up);
	mcp_buf_putc(out, '/');
	if (at->key != NULL)
		mcp_buf_pointer_token(out, at->key);
	else
		mcp_buf_number(out, (int64_t)at->index);
}

static unsigned
line_of(const struct config_at *at, const char *below)
{
	struct mcp_text text = { at->file->bytes, at->file->len };
	struct mcp_buf pointer = MCP_BUF_INIT;
	unsigned line = 0;

	put_pointer(&pointer, at);
	mcp_buf_puts(&pointer, below);
	if (at->file->json != NULL && !pointer.failed)
		line = mcp_scan_line(text, MCP_SCAN_COMMENTS,
		    pointer.data == NULL ? "" : pointer.data);
	mcp_buf_deinit(&pointer);
	return line;
}

/* Each line number is a pass over the file, and a hostile file is all
 * problems: after CONFIG_TOLD_MAX the rest is only counted. */
static void __attribute__((format(printf, 5, 0)))
tell(struct config_reader *reader, bool warning, const struct config_at *at,
    const char *below, const char *format, va_list arguments)
{
	unsigned *np = warning ? &reader->n_warnings : &reader->n_errors;
	char *what;

	if (++*np > CONFIG_TOLD_MAX)
		return;
	if (*np == CONFIG_TOLD_MAX) {
		mcp_problems_add(reader->problems, warning, at->file->path, 0,
		    "there is more of this. Mend what is told, and check "
		    "again");
		return;
	}
	if (vasprintf(&what, format, arguments) < 0) {
		reader->no_memory = true;
		return;
	}
	if (at->file->entry != NULL)
		mcp_problems_add(reader->problems, warning, at->file->path, 0,
		    "%s: %s", at->file->entry, what);
	else
		mcp_problems_add(reader->problems, warning, at->file->path,
		    line_of(at, below), "%s", what);
	free(what);
}

void
config_problem(struct config_reader *reader, const struct config_at *at,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(reader, false, at, "", format, arguments);
	va_end(arguments);
}

void
config_problem_below(struct config_reader *reader, const struct config_at *at,
    const char *below, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(reader, false, at, below, format, arguments);
	va_end(arguments);
}

void
config_warning(struct config_reader *reader, const struct config_at *at,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(reader, true, at, "", format, arguments);
	va_end(arguments);
}

/* at the end of a character, not within it */
int
config_quote_len(const char *string)
{
	size_t len = strnlen(string, QUOTE_MAX + 1);

	if (len <= QUOTE_MAX)
		return (int)len;
	len = QUOTE_MAX;
	while (len > 0 && ((unsigned char)string[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

/* How a sentence calls the value: "email", element 3 of "tools", the file */
#define CALLED_MAX (2 * QUOTE_MAX)

static const char *
called(const struct config_at *at, char out[CALLED_MAX])
{
	if (at->up == NULL)
		return at->file->entry != NULL ? "it" : "the file";
	if (at->key != NULL)
		snprintf(out, CALLED_MAX, "\"%.*s\"", CONFIG_QUOTE(at->key));
	else if (at->up->key != NULL)
		snprintf(out, CALLED_MAX, "element %zu of \"%.*s\"",
		    at->index + 1, CONFIG_QUOTE(at->up->key));
	else
		snprintf(out, CALLED_MAX, "element %zu", at->index + 1);
	return out;
}

static const char *
type_name(enum json_type type)
{
	switch (type) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "true or false";
	case json_type_double:
	case json_type_int:
		return "a number";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	case json_type_string:
		return "a string";
	}
	return "something else";
}

bool
config_is(struct config_reader *reader, const struct config_at *at,
    enum json_type type)
{
	enum json_type is = json_object_get_type(at->json);
	char name[CALLED_MAX];

	if (is == type)
		return true;
	if (type == json_type_int && is == json_type_double)
		config_problem(reader, at,
		    "%s is a fraction. Give a whole number", called(at, name));
	else
		config_problem(reader, at, "%s is %s. Give %s",
		    called(at, name), type_name(is), type_name(type));
	return false;
}

/* --- names a finger may have slipped on --- */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein, upper and lower case alike */
static size_t
steps_between(const char *a, const char *b)
{
	size_t row[NEAR_MAX + 1];
	size_t len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t change = diagonal +
			    (tolower((unsigned char)a[i - 1]) !=
				tolower((unsigned char)b[j - 1]));

			diagonal = row[j];
			row[j] = least(change, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[len];
}

const char *
config_near(const char *name, const char *(*nth)(const void *of, size_t i),
    const void *of, size_t n)
{
	size_t best = NEAR_STEPS + 1;
	const char *nearest = NULL;

	if (strnlen(name, NEAR_MAX + 1) > NEAR_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const char *other = nth(of, i);
		size_t steps;

		if (strnlen(other, NEAR_MAX + 1) > NEAR_MAX)
			continue;
		steps = steps_between(name, other);
		if (steps < best && steps < strlen(other)) {
			best = steps;
			nearest = other;
		}
	}
	return nearest;
}

static const char *
nth_key(const void *of, size_t i)
{
	const struct config_table *table = of;

	return table->keys[i].name;
}

static void
put_keys(struct mcp_buf *out, const struct config_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		mcp_buf_printf(out, "%s\"%s\"", i > 0 ? ", " : "",
		    table->keys[i].name);
}

void
config_unknown(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table)
{
	const char *nearest = config_near(at->key, nth_key, table, table->n);
	struct mcp_buf keys = MCP_BUF_INIT;

	if (nearest == NULL)
		put_keys(&keys, table);
	if (nearest != NULL)
		config_problem(reader, at,
		    "\"%.*s\" is no key of %s. Did you mean \"%s\"?",
		    CONFIG_QUOTE(at->key), table->noun, nearest);
	else
		config_problem(reader, at,
		    "\"%.*s\" is no key of %s. There are %s",
		    CONFIG_QUOTE(at->key), table->noun,
		    keys.failed ? "others" : keys.data);
	mcp_buf_deinit(&keys);
}

/* --- objects --- */

const struct config_key *
config_key(const struct config_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->keys[i].name, name) == 0)
			return &table->keys[i];
	return NULL;
}

bool
config_has(const struct config_at *at, const char *name)
{
	return json_object_is_type(at->json, json_type_object) &&
	    json_object_object_get_ex(at->json, name, NULL);
}

bool
config_get(
    const struct config_at *at, const char *name, struct config_at *memberp)
{
	if (!config_has(at, name))
		return false;
	*memberp = (struct config_at){ at, name, 0,
		json_object_object_get(at->json, name), at->file };
	return true;
}

static void
read_members(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	json_object_object_foreach(at->json, name, json) {
		struct config_at member = { at, name, 0, json, at->file };
		const struct config_key *key = config_key(table, name);

		if (key != NULL)
			key->read(reader, key, &member, base);
		else
			config_unknown(reader, &member, table);
	}
}

static void
require_members(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->keys[i].required &&
		    !config_has(at, table->keys[i].name))
			config_problem(reader, at,
			    "%s needs a \"%s\", and there is none. Add it",
			    table->noun, table->keys[i].name);
}

void
config_object(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	if (!config_is(reader, at, json_type_object))
		return;
	read_members(reader, at, table, base);
	require_members(reader, at, table);
	if (table->check != NULL)
		table->check(reader, at, table, base);
}

void
config_usual(const struct config_table *table, void *base)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct config_key *key = &table->keys[i];
		char *field = (char *)base + key->where;

		if (key->read == config_member && key->kept)
			config_usual(key->table, field);
		else if (key->read == config_count)
			*(unsigned *)(void *)field = (unsigned)key->usual;
		else if (key->read == config_milliseconds)
			*(uint64_t *)(void *)field = key->usual;
		else if (key->read == config_size)
			*(size_t *)(void *)field = (size_t)key->usual;
	}
}

/* --- readers --- */

static void *
field_of(const struct config_key *key, void *base)
{
	return base != NULL && key->kept ? (char *)base + key->where : NULL;
}

void
config_keep(struct config_reader *reader, char **fieldp, const char *string)
{
	char *copy = strdup(string);

	if (copy == NULL) {
		reader->no_memory = true;
		return;
	}
	free(*fieldp);
	*fieldp = copy;
}

static bool
length_fits(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, const char *string)
{
	size_t len = strlen(string);
	char name[CALLED_MAX];

	if (len < key->least)
		config_problem(reader, at,
		    "%s is empty. Give it at least %u characters, or leave "
		    "it out",
		    called(at, name), (unsigned)key->least);
	else if (key->most > 0 && len > key->most)
		config_problem(reader, at,
		    "%s has %zu characters. Give it at most %u",
		    called(at, name), len, (unsigned)key->most);
	else
		return true;
	return false;
}

static bool
is_choice(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, const char *string)
{
	struct mcp_buf known = MCP_BUF_INIT;
	char name[CALLED_MAX];

	for (size_t i = 0; key->choices[i] != NULL; i++) {
		if (strcmp(key->choices[i], string) == 0) {
			mcp_buf_deinit(&known);
			return true;
		}
		mcp_buf_printf(
		    &known, "%s\"%s\"", i > 0 ? ", " : "", key->choices[i]);
	}
	config_problem(reader, at, "%s is \"%.*s\". Choose one of %s",
	    called(at, name), CONFIG_QUOTE(string),
	    known.failed ? "those the manual names" : known.data);
	mcp_buf_deinit(&known);
	return false;
}

/* The string at @at, when it is one and the row likes it; else NULL. */
static const char *
good_string(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at)
{
	const char *string, *remedy;
	char name[CALLED_MAX];

	if (!config_is(reader, at, json_type_string))
		return NULL;
	string = json_object_get_string(at->json);
	if (!length_fits(reader, key, at, string))
		return NULL;
	if (key->choices != NULL && !is_choice(reader, key, at, string))
		return NULL;
	remedy = key->wrong == NULL ? NULL : key->wrong(string);
	if (remedy == NULL)
		return string;
	config_problem(reader, at, "%s is \"%.*s\". %s", called(at, name),
	    CONFIG_QUOTE(string), remedy);
	return NULL;
}

void
config_string(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	const char *string = good_string(reader, key, at);
	char **field = field_of(key, base);

	if (string != NULL && field != NULL)
		config_keep(reader, field, string);
}

void
config_add_string(struct config_reader *reader, struct mcp_strings *strings,
    const char *string)
{
	char **at = realloc(strings->at, (strings->n + 1) * sizeof(*at));

	if (at == NULL) {
		reader->no_memory = true;
		return;
	}
	strings->at = at;
	at[strings->n] = NULL;
	config_keep(reader, &at[strings->n], string);
	if (at[strings->n] != NULL)
		strings->n++;
}

void
config_strings(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_strings *strings = field_of(key, base);

	if (!config_is(reader, at, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(at->json); i++) {
		struct config_at element = { at, NULL, i,
			json_object_array_get_idx(at->json, i), at->file };
		const char *string = good_string(reader, key, &element);

		if (string != NULL && strings != NULL)
			config_add_string(reader, strings, string);
	}
}

void
config_template(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_template *template = field_of(key, base);
	const char *string = good_string(reader, key, at);
	const char *why;
	char name[CALLED_MAX];
	int r;

	if (string == NULL || template == NULL)
		return;
	r = template_init(template, mcp_text_of(string), &why);
	if (r == TEMPLATE_E_BAD)
		config_problem(reader, at, "in %s %s", called(at, name), why);
	else if (r < 0)
		reader->no_memory = true;
}

void
config_bool(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	bool *field = field_of(key, base);

	if (config_is(reader, at, json_type_boolean) && field != NULL)
		*field = json_object_get_boolean(at->json);
}

static bool
whole_number(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, uint64_t *numberp)
{
	int64_t number;
	char name[CALLED_MAX];

	if (!config_is(reader, at, json_type_int))
		return false;
	number = json_object_get_int64(at->json);
	if (number >= 0 && (uint64_t)number >= key->least &&
	    (uint64_t)number <= key->most) {
		*numberp = (uint64_t)number;
		return true;
	}
	config_problem(reader, at,
	    "%s is %lld. Give a whole number from %llu to %llu",
	    called(at, name), (long long)number, (unsigned long long)key->least,
	    (unsigned long long)key->most);
	return false;
}

void
config_count(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	unsigned *field = field_of(key, base);
	uint64_t number;

	if (whole_number(reader, key, at, &number) && field != NULL)
		*field = (unsigned)number;
}

void
config_size(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	size_t *field = field_of(key, base);
	uint64_t number;

	if (whole_number(reader, key, at, &number) && field != NULL)
		*field = (size_t)number;
}

void
config_milliseconds(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	uint64_t *field = field_of(key, base);
	uint64_t number;

	if (whole_number(reader, key, at, &number) && field != NULL)
		*field = number;
}

void
config_fraction(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	double number = json_object_get_double(at->json);

	(void)base;
	if (!json_object_is_type(at->json, json_type_int) &&
	    !json_object_is_type(at->json, json_type_double))
		config_problem(reader, at, "\"%s\" is %s. Give a number",
		    key->name, type_name(json_object_get_type(at->json)));
	else if (!(number >= 0 && number <= 1))
		config_problem(reader, at,
		    "\"%s\" is %g. Give a number from 0 to 1", key->name,
		    number);
}

void
config_member(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	config_object(reader, at, key->table, field_of(key, base));
}

/* The array's pointer may be of any struct, so it is carried by memcpy. */
void *
config_one_more(
    struct config_reader *reader, const struct config_key *key, void *base)
{
	const struct config_list *list = key->list;
	size_t *np = (size_t *)(void *)((char *)base + list->n_where);
	char *array;

	memcpy(&array, field_of(key, base), sizeof(array));
	array = realloc(array, (*np + 1) * list->size);
	if (array == NULL) {
		reader->no_memory = true;
		return NULL;
	}
	memcpy(field_of(key, base), &array, sizeof(array));
	memset(array + *np * list->size, 0, list->size);
	return array + (*np)++ * list->size;
}

static bool
count_fits(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at)
{
	size_t n = json_object_array_length(at->json);

	if (n >= key->least && (key->most == 0 || n <= key->most))
		return true;
	if (n < key->least)
		config_problem(reader, at, "\"%s\" is empty. Add %s", key->name,
		    key->list->table->noun);
	else
		config_problem(reader, at,
		    "\"%s\" has %zu elements. Give it at most %llu", key->name,
		    n, (unsigned long long)key->most);
	return false;
}

void
config_elements(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	if (!config_is(reader, at, json_type_array) ||
	    !count_fits(reader, key, at))
		return;
	for (size_t i = 0; i < json_object_array_length(at->json); i++) {
		struct config_at element = { at, NULL, i,
			json_object_array_get_idx(at->json, i), at->file };
		void *one = NULL;

		if (base != NULL && key->list->size > 0 &&
		    (one = config_one_more(reader, key, base)) == NULL)
			return;
		config_object(reader, &element, key->list->table, one);
	}
}

void
config_named(struct config_reader *reader, const struct config_at *at,
    config_named_fn read, void *base)
{
	if (!config_is(reader, at, json_type_object))
		return;
	json_object_object_foreach(at->json, name, json)
		read(reader, &(struct config_at){ at, name, 0, json, at->file },
		    base);
}

void
config_anything(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	(void)key;
	(void)base;
	config_is(reader, at, json_type_object);
}

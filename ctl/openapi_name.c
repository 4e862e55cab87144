/* openapi_name.c - I make names fit for models, and whole sentences */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "openapi_parts.h"

#define SENTENCES_MOST 1000 /* bytes of a description */
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* A word begins at a capital behind a small letter ("listClients"), and at the
 * last of several capitals where a small letter follows ("getHTTPStatus"). */
static bool
is_word_start(const char *name, size_t i)
{
	if (i == 0 || !isupper((unsigned char)name[i]))
		return false;
	if (islower((unsigned char)name[i - 1]) ||
	    isdigit((unsigned char)name[i - 1]))
		return true;
	return isupper((unsigned char)name[i - 1]) &&
	    islower((unsigned char)name[i + 1]);
}

char *
openapi_snake(struct openapi *openapi, const char *name)
{
	char *out = openapi_take(openapi, 2 * strlen(name) + 1), *to = out;
	bool gap = false;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; name[i] != '\0'; i++) {
		bool fit = isalnum((unsigned char)name[i]);

		gap |= !fit || is_word_start(name, i);
		if (!fit)
			continue;
		if (gap && to > out)
			*to++ = '_';
		gap = false;
		*to++ = (char)tolower((unsigned char)name[i]);
	}
	return out;
}

char *
openapi_capitals(struct openapi *openapi, const char *name)
{
	char *out = openapi_snake(openapi, name);

	for (char *c = out; c != NULL && *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	return out;
}

/* Cut to @most bytes, between words where that leaves half of it. */
static void
cut_name(char *name, size_t most)
{
	if (strlen(name) <= most)
		return;
	for (size_t i = most; i > most / 2; i--)
		if (name[i] == '_') {
			name[i] = '\0';
			return;
		}
	name[most] = '\0';
}

char *
openapi_tool_name(struct openapi *openapi, const char *id, const char *method,
    const char *path)
{
	const char *prefix = openapi->options->prefix;
	char *words = openapi_snake(openapi, id == NULL ? "" : id);
	char *base, *name;

	if (words != NULL && *words == '\0')
		words = openapi_snake(
		    openapi, openapi_print(openapi, "%s %s", method, path));
	base = openapi_print(openapi, "%s%s", prefix, words ? words : "");
	if (base == NULL || words == NULL)
		return NULL;
	cut_name(base, NAME_MOST);
	name = base;
	for (unsigned n = 2;
	     json_object_object_get_ex(openapi->names, name, NULL); n++) {
		char *shorter = openapi_print(openapi, "%s", base);

		if (shorter == NULL)
			return NULL;
		cut_name(shorter, NAME_MOST - 5); /* "_9999" */
		name = openapi_print(openapi, "%s_%u", shorter, n);
		if (name == NULL)
			return NULL;
	}
	openapi_put(
	    openapi, openapi->names, name, json_object_new_boolean(true));
	return name;
}

const char *
openapi_argument_name(struct openapi *openapi, const char *name)
{
	size_t len = strlen(name);
	char *words;

	if (len > 0 && len <= NAME_MOST &&
	    strspn(name, LETTERS DIGITS "_.-") == len)
		return name;
	words = openapi_snake(openapi, name);
	if (words == NULL)
		return "";
	cut_name(words, NAME_MOST);
	return *words == '\0' ? "argument" : words;
}

/* --- sentences --- */

/* Runs of white space become one blank; none at the ends. */
static size_t
squeeze(char *text)
{
	char *to = text;
	bool gap = false;

	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f) {
			gap = to > text;
			continue;
		}
		if (gap)
			*to++ = ' ';
		gap = false;
		*to++ = *c;
	}
	*to = '\0';
	return (size_t)(to - text);
}

/* the end of the last sentence within @most bytes; 0: none ends there */
static size_t
sentence_end(const char *text, size_t most)
{
	for (size_t i = most; i > 0; i--)
		if (strchr(".!?", text[i - 1]) != NULL && text[i] == ' ')
			return i;
	return 0;
}

char *
openapi_sentences(struct openapi *openapi, const char *text)
{
	char *out = openapi_take(openapi, strlen(text) + 8);
	size_t end;

	if (out == NULL)
		return NULL;
	strcpy(out, text);
	if (squeeze(out) <= SENTENCES_MOST)
		return out;
	end = sentence_end(out, SENTENCES_MOST);
	if (end > 0) {
		out[end] = '\0';
		return out;
	}
	end = SENTENCES_MOST - 4;
	while (end > 0 && out[end] != ' ')
		end--;
	for (end = end > 0 ? end : SENTENCES_MOST - 4;
	     ((unsigned char)out[end] & 0xc0) == 0x80;)
		end--; /* not within a character */
	strcpy(out + end, " …");
	return out;
}

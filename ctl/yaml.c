/* yaml.c - I am the only one who says yaml_
 *
 * Events come in, and a stack of open mappings and sequences takes them. An
 * alias shares the tree of its anchor, which costs nothing here; but whoever
 * walks the tree walks it each time. So what an anchor holds is counted, in
 * values and in depth, and each alias pays for it again.
 *
 * Law: YAML 1.2.2, "Core Schema"; libyaml reads 1.1, whose differences in
 *      structure no description meets
 */
#include "config.h"

#include "yaml.h"

#ifdef HAVE_YAML

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>
#include <yaml.h>

#include <mcp/scan.h>

struct anchor {
	struct json_object *json; /* borrowed: the tree has it */
	unsigned n_values;	  /* in it, itself included */
	unsigned height;	  /* arrays and objects within each other */
	bool open;		  /* its end has not come */
};

struct level {
	struct json_object *json;
	char *key;	/* of the value to come; NULL: a key comes */
	char *anchor;	/* its own name, or NULL */
	unsigned first; /* how many values were before it */
	unsigned height;
};

struct reading {
	struct level levels[MCP_SCAN_DEPTH_MAX];
	unsigned depth;
	unsigned n_values;
	struct json_object *root;
	struct json_object *anchors; /* name: number in @named */
	struct anchor *named;
	size_t n_named;
	unsigned n_documents;
	const char *why;
	bool no_memory;
};

static int
refuse(struct reading *reading, const char *why)
{
	reading->why = why;
	return YAML_E_BAD;
}

static int
no_memory(struct reading *reading)
{
	reading->no_memory = true;
	return -ENOMEM;
}

/* --- anchors --- */

static struct anchor *
find_anchor(struct reading *reading, const char *name)
{
	struct json_object *number;

	if (!json_object_object_get_ex(reading->anchors, name, &number))
		return NULL;
	return &reading->named[json_object_get_int64(number)];
}

static int
set_anchor(struct reading *reading, const char *name, struct anchor anchor)
{
	struct anchor *known = find_anchor(reading, name), *more;

	if (known != NULL) {
		*known = anchor;
		return 0;
	}
	if ((reading->n_named & (reading->n_named + 1)) == 0) {
		more = realloc(
		    reading->named, 2 * (reading->n_named + 1) * sizeof(*more));
		if (more == NULL)
			return no_memory(reading);
		reading->named = more;
	}
	if (json_object_object_add(reading->anchors, name,
		json_object_new_int64((int64_t)reading->n_named)) < 0)
		return no_memory(reading);
	reading->named[reading->n_named++] = anchor;
	return 0;
}

/* --- scalars --- */

static bool
is_one_of(const char *text, const char *a, const char *b, const char *c)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0 ||
	    strcmp(text, c) == 0;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?; *wholep: no more than
 * [-+]?[0-9]+ */
static bool
is_number(const char *text, bool *wholep)
{
	size_t before, behind = 0;

	text += *text == '-' || *text == '+';
	before = strspn(text, "0123456789");
	text += before;
	*wholep = *text == '\0';
	if (*text == '.') {
		behind = strspn(++text, "0123456789");
		text += behind;
	}
	if (before + behind == 0)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		if (strspn(text, "0123456789") == 0)
			return false;
		text += strspn(text, "0123456789");
	}
	return *text == '\0';
}

static struct json_object *
new_whole(struct reading *reading, const char *text, int base)
{
	uint64_t large;
	int64_t number;

	errno = 0;
	number = strtoll(text, NULL, base);
	if (errno == 0)
		return json_object_new_int64(number);
	errno = 0;
	large = strtoull(text, NULL, base);
	if (errno == 0 && *text != '-')
		return json_object_new_uint64(large);
	refuse(reading, "a number does not fit 64 bits");
	return NULL;
}

/* A double keeps its text where JSON may write it so. */
static struct json_object *
new_double(struct reading *reading, const char *text)
{
	double number = strtod(text, NULL);
	struct mcp_text json = mcp_text_of(text);

	if (!isfinite(number)) {
		refuse(reading, "a number is beyond what JSON can hold");
		return NULL;
	}
	if (mcp_scan(json, 0, NULL, 0, NULL) == 0)
		return json_object_new_double_s(number, text);
	return json_object_new_double(number);
}

/* Spec: "Core Schema", "Tag Resolution"; *madep: it is one of these */
static struct json_object *
resolve(struct reading *reading, const char *text, bool *madep)
{
	bool whole = false;

	*madep = true;
	if (*text == '\0' || strcmp(text, "~") == 0 ||
	    is_one_of(text, "null", "Null", "NULL"))
		return NULL;
	if (is_one_of(text, "true", "True", "TRUE"))
		return json_object_new_boolean(true);
	if (is_one_of(text, "false", "False", "FALSE"))
		return json_object_new_boolean(false);
	if (is_number(text, &whole))
		return whole ? new_whole(reading, text, 10)
			     : new_double(reading, text);
	if (text[0] == '0' && text[1] == 'x' && text[2] != '\0' &&
	    text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0')
		return new_whole(reading, text, 16);
	if (text[0] == '0' && text[1] == 'o' && text[2] != '\0' &&
	    text[2 + strspn(text + 2, "01234567")] == '\0')
		return new_whole(reading, text + 2, 8);
	text += *text == '-' || *text == '+';
	if (is_one_of(text, ".inf", ".Inf", ".INF") ||
	    is_one_of(text, ".nan", ".NaN", ".NAN"))
		refuse(reading, "JSON has no infinity and no \"not a number\"");
	*madep = reading->why != NULL;
	return NULL;
}

#define CORE "tag:yaml.org,2002:"

static bool
is_core(const char *tag)
{
	static const char *const kinds[] = { "str", "int", "float", "bool",
		"null", "map", "seq", "timestamp" };

	if (tag == NULL || strcmp(tag, "!") == 0)
		return true;
	if (strncmp(tag, CORE, strlen(CORE)) != 0)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(tag + strlen(CORE), kinds[i]) == 0)
			return true;
	return false;
}

static bool
is_text(const char *tag, yaml_scalar_style_t style)
{
	if (tag == NULL)
		return style != YAML_PLAIN_SCALAR_STYLE;
	return strcmp(tag, "!") == 0 || strcmp(tag, CORE "str") == 0 ||
	    strcmp(tag, CORE "timestamp") == 0;
}

static int
make_scalar(struct reading *reading, const yaml_event_t *event,
    struct json_object **jsonp)
{
	const char *text = (const char *)event->data.scalar.value;
	const char *tag = (const char *)event->data.scalar.tag;
	size_t len = event->data.scalar.length;
	bool made = false;

	if (!is_core(tag))
		return refuse(reading, "a tag of one's own is not known here");
	if (memchr(text, '\0', len) != NULL)
		return refuse(reading, "a text has a NUL in it");
	if (!is_text(tag, event->data.scalar.style))
		*jsonp = resolve(reading, text, &made);
	if (reading->why != NULL)
		return YAML_E_BAD;
	if (!made) {
		*jsonp = json_object_new_string_len(text, (int)len);
		if (*jsonp == NULL)
			return no_memory(reading);
	}
	return 0;
}

/* --- structure --- */

/* @json belongs to what is open; its reference is taken in any case */
static int
place(struct reading *reading, struct json_object *json)
{
	struct level *level;
	int r;

	if (reading->depth == 0) {
		reading->root = json;
		return 0;
	}
	level = &reading->levels[reading->depth - 1];
	if (json_object_is_type(level->json, json_type_array)) {
		r = json_object_array_add(level->json, json);
	} else if (level->key != NULL) {
		r = json_object_object_add(level->json, level->key, json);
		free(level->key);
		level->key = NULL;
	} else {
		json_object_put(json);
		return refuse(reading, "a key must be a plain text");
	}
	if (r == 0)
		return 0;
	json_object_put(json);
	return no_memory(reading);
}

static bool
is_key_due(const struct reading *reading)
{
	const struct level *level =
	    reading->depth == 0 ? NULL : &reading->levels[reading->depth - 1];

	return level != NULL && level->key == NULL &&
	    json_object_is_type(level->json, json_type_object);
}

static int
take_key(struct reading *reading, const yaml_event_t *event)
{
	struct level *level = &reading->levels[reading->depth - 1];
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (memchr(text, '\0', len) != NULL)
		return refuse(reading, "a key has a NUL in it");
	if (strcmp(text, "<<") == 0 &&
	    event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return refuse(reading,
		    "merge keys (<<) are not read; write the members out");
	if (json_object_object_get_ex(level->json, text, NULL))
		return refuse(reading, "a key appears twice");
	level->key = strdup(text);
	return level->key == NULL ? no_memory(reading) : 0;
}

static int
count_values(struct reading *reading, unsigned n)
{
	reading->n_values += n;
	return reading->n_values <= MCP_SCAN_MANY_MAX
	    ? 0
	    : refuse(reading, "there are more values than anybody means");
}

static int
take_scalar(struct reading *reading, const yaml_event_t *event)
{
	const char *anchor = (const char *)event->data.scalar.anchor;
	struct json_object *json = NULL;
	int r;

	if (is_key_due(reading))
		return take_key(reading, event);
	r = count_values(reading, 1);
	if (r == 0)
		r = make_scalar(reading, event, &json);
	if (r == 0)
		r = place(reading, json);
	if (r == 0 && anchor != NULL)
		r = set_anchor(
		    reading, anchor, (struct anchor){ json, 1, 0, false });
	return r;
}

static int
open_level(struct reading *reading, struct json_object *json,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct level *level = &reading->levels[reading->depth];
	int r = count_values(reading, 1);

	if (json == NULL)
		return no_memory(reading);
	if (r == 0 && !is_core((const char *)tag))
		r = refuse(reading, "a tag of one's own is not known here");
	if (r == 0 && reading->depth == MCP_SCAN_DEPTH_MAX)
		r = refuse(reading, "too many levels within each other");
	if (r != 0) {
		json_object_put(json);
		return r;
	}
	r = place(reading, json);
	if (r != 0)
		return r;
	*level = (struct level){ .json = json, .first = reading->n_values - 1 };
	reading->depth++;
	if (anchor == NULL)
		return 0;
	level->anchor = strdup((const char *)anchor);
	return level->anchor == NULL ? no_memory(reading)
				     : set_anchor(reading, level->anchor,
					   (struct anchor){ json, 1, 1, true });
}

/* What closes is one level higher than the highest within. */
static void
raise_height(struct reading *reading, unsigned height)
{
	struct level *level;

	if (reading->depth == 0)
		return;
	level = &reading->levels[reading->depth - 1];
	if (level->height < height)
		level->height = height;
}

static int
close_level(struct reading *reading)
{
	struct level *level = &reading->levels[--reading->depth];
	unsigned height = level->height + 1;
	int r = 0;

	raise_height(reading, height);
	if (level->anchor != NULL)
		r = set_anchor(reading, level->anchor,
		    (struct anchor){ level->json,
			reading->n_values - level->first, height, false });
	free(level->key);
	free(level->anchor);
	return r;
}

static int
take_alias(struct reading *reading, const char *name)
{
	struct anchor *anchor = find_anchor(reading, name);
	int r;

	if (anchor == NULL)
		return refuse(reading, "an alias names no anchor before it");
	if (anchor->open)
		return refuse(reading, "an alias stands within what it names");
	if (reading->depth + anchor->height > MCP_SCAN_DEPTH_MAX)
		return refuse(reading, "too many levels within each other");
	r = count_values(reading, anchor->n_values);
	if (r == 0) {
		raise_height(reading, anchor->height);
		r = place(reading, json_object_get(anchor->json));
	}
	return r;
}

static int
take(struct reading *reading, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return reading->n_documents++ == 0
		    ? 0
		    : refuse(reading, "there is more than one document");
	case YAML_SCALAR_EVENT:
		return take_scalar(reading, event);
	case YAML_MAPPING_START_EVENT:
		return open_level(reading, json_object_new_object(),
		    event->data.mapping_start.anchor,
		    event->data.mapping_start.tag);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(reading, json_object_new_array(),
		    event->data.sequence_start.anchor,
		    event->data.sequence_start.tag);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return close_level(reading);
	case YAML_ALIAS_EVENT:
		return take_alias(
		    reading, (const char *)event->data.alias.anchor);
	default:
		return 0;
	}
}

static int
parse(struct reading *reading, yaml_parser_t *parser, unsigned *linep)
{
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event)) {
			*linep = (unsigned)parser->problem_mark.line + 1;
			if (parser->error == YAML_MEMORY_ERROR)
				return no_memory(reading);
			return refuse(reading,
			    parser->problem == NULL ? "this is no YAML"
						    : parser->problem);
		}
		*linep = (unsigned)event.start_mark.line + 1;
		more = event.type != YAML_STREAM_END_EVENT;
		r = take(reading, &event);
		yaml_event_delete(&event);
	}
	return r;
}

int
yaml_read(struct mcp_text yaml, struct json_object **jsonp, unsigned *linep,
    struct mcp_buf *why)
{
	struct reading reading = { .anchors = json_object_new_object() };
	yaml_parser_t parser;
	int r;

	if (reading.anchors == NULL || !yaml_parser_initialize(&parser)) {
		json_object_put(reading.anchors);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(
	    &parser, (const unsigned char *)yaml.at, yaml.len);
	r = parse(&reading, &parser, linep);
	if (r == YAML_E_BAD)
		mcp_buf_puts(why, reading.why);
	while (reading.depth > 0)
		close_level(&reading);
	if (r == 0)
		*jsonp = reading.root;
	else
		json_object_put(reading.root);
	yaml_parser_delete(&parser);
	json_object_put(reading.anchors);
	free(reading.named);
	return r;
}

#else

int
yaml_read(struct mcp_text yaml, struct json_object **jsonp, unsigned *linep,
    struct mcp_buf *why)
{
	(void)yaml;
	(void)jsonp;
	*linep = 0;
	mcp_buf_puts(why,
	    "this is no JSON, and this mcpctl was built without libyaml. "
	    "Convert the description to JSON, or build with libyaml-dev "
	    "installed");
	return YAML_E_ABSENT;
}

#endif

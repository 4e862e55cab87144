/* openapi_tool.c - I make a tool of one operation: what it takes and gives
 *
 * Parameters and the members of a JSON body become arguments side by side; the
 * "http" object says where each is put. An argument keeps the name it has in
 * the description wherever models take it.
 *
 * Law: OpenAPI 3.0.3 and 3.1.0, "Operation Object", "Parameter Object",
 *      "Request Body Object", "Media Type Object"
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "openapi_parts.h"

#define ARGUMENTS_MAX 200 /* of one tool */
#define FLATTEN_MAX 16	  /* "allOf" within each other */

enum place {
	IN_PATH,
	IN_QUERY,
	IN_HEADER,
	IN_BODY,
};

enum body_kind {
	BODY_NONE,
	BODY_JSON,
	BODY_FORM,
	BODY_TEXT,
};

struct argument {
	const char *name; /* the tool's */
	const char *key;  /* the back end's */
	enum place place;
	bool required;
	const struct openapi_at *schema; /* NULL: a string */
	const char *words;		 /* its description, or NULL */
	const struct openapi_at *at;	 /* of the parameter, for "example" */
	const char *joined_by; /* a list written as one string; else NULL */
};

struct making {
	struct openapi *openapi;
	const struct openapi_operation *operation;
	struct argument arguments[ARGUMENTS_MAX];
	size_t n;
	size_t n_parameters; /* those in front of the body's */
	enum body_kind body;
	const char *whole;	     /* the argument that is the whole body */
	const char *content_type;    /* of BODY_TEXT */
	struct json_object *headers; /* secrets, then arguments */
	bool failed;		     /* no tool; told already */
};

/* --- arguments --- */

static bool
is_taken(const struct making *making, const char *name)
{
	for (size_t i = 0; i < making->n; i++)
		if (strcmp(making->arguments[i].name, name) == 0)
			return true;
	return false;
}

/* One name in two places: the later is called after its place too. */
static const char *
free_name(struct making *making, const char *key, const char *place)
{
	const char *name = openapi_argument_name(making->openapi, key);

	if (is_taken(making, name))
		name = openapi_argument_name(making->openapi,
		    openapi_print(making->openapi, "%s_%.50s", place, name));
	return name;
}

static struct argument *
add_argument(struct making *making, const struct openapi_at *at,
    struct argument argument)
{
	if (making->n < ARGUMENTS_MAX && argument.name != NULL &&
	    !is_taken(making, argument.name)) {
		making->arguments[making->n] = argument;
		return &making->arguments[making->n++];
	}
	openapi_warn(making->openapi, at,
	    making->n == ARGUMENTS_MAX
		? "there are too many arguments; the operation is left out"
		: "there is another argument of this name; the operation is "
		  "left out");
	making->failed = true;
	return NULL;
}

/* --- parameters --- */

/* Left out, and without what must be sent there is no call. */
static void
leave_out(struct making *making, const struct openapi_at *at, const char *place,
    const char *why)
{
	bool required =
	    openapi_is_true(at, "required") || strcmp(place, "path") == 0;

	openapi_warn(making->openapi, at, "%s; %s", why,
	    required ? "the operation needs it and is left out"
		     : "the argument is left out");
	making->failed |= required;
}

static bool
is_type(
    struct openapi *openapi, const struct openapi_at *schema, const char *type)
{
	const struct openapi_at *at = openapi_follow(openapi, schema);
	struct json_object *types =
	    at == NULL ? NULL : mcp_json_get(at->json, "type");
	size_t n;

	if (json_object_is_type(types, json_type_string))
		return strcmp(json_object_get_string(types), type) == 0;
	n = json_object_is_type(types, json_type_array)
	    ? json_object_array_length(types)
	    : 0;
	for (size_t i = 0; i < n; i++) {
		const char *one =
		    json_object_get_string(json_object_array_get_idx(types, i));

		if (one != NULL && strcmp(one, type) == 0)
			return true;
	}
	return at != NULL && types == NULL && strcmp(type, "object") == 0 &&
	    mcp_json_get(at->json, "properties") != NULL;
}

/* How a list becomes one string, in a word; NULL: not at all, or it need not
 * be one. */
static const char *
joined_by(const struct openapi_at *at, const char *place)
{
	const char *style = openapi_string(at, "style");
	struct json_object *explode = mcp_json_get(at->json, "explode");
	bool is_form = style == NULL || strcmp(style, "form") == 0;

	if (strcmp(place, "query") != 0)
		return style == NULL || strcmp(style, "simple") == 0 ? "commas"
								     : NULL;
	if (style != NULL && strcmp(style, "spaceDelimited") == 0)
		return "blanks";
	if (style != NULL && strcmp(style, "pipeDelimited") == 0)
		return "\"|\"";
	return is_form && json_object_is_type(explode, json_type_boolean) &&
		!json_object_get_boolean(explode)
	    ? "commas"
	    : NULL;
}

static bool
is_plain_style(const struct openapi_at *at, const char *place)
{
	const char *style = openapi_string(at, "style");

	return style == NULL ||
	    strcmp(style, strcmp(place, "query") == 0 ? "form" : "simple") == 0;
}

/* why a value of this kind cannot be sent there; NULL: it can */
static const char *
wrong_style(struct making *making, const struct openapi_at *at,
    const struct openapi_at *schema, const char *place, const char **joined_byp)
{
	*joined_byp = NULL;
	if (is_type(making->openapi, schema, "array")) {
		*joined_byp = joined_by(at, place);
		if (*joined_byp == NULL && !is_plain_style(at, place))
			return "a list cannot be sent in this style";
		return NULL;
	}
	if (is_type(making->openapi, schema, "object"))
		return "an object cannot be sent as a parameter";
	return is_plain_style(at, place)
	    ? NULL
	    : "a value cannot be sent in this style";
}

static bool
is_json(const char *type)
{
	size_t len = strcspn(type, "; ");

	return strncasecmp(type, "application/json", len) == 0
	    ? len == strlen("application/json")
	    : (len > 5 && strncasecmp(type + len - 5, "+json", 5) == 0) ||
		(len == 3 && strncmp(type, "*/*", 3) == 0);
}

/* the media type of @content that is JSON; *keyp its name */
static const struct openapi_at *
json_content(struct openapi *openapi, const struct openapi_at *content,
    const char **keyp)
{
	const struct openapi_at *found = NULL;

	if (content == NULL ||
	    !json_object_is_type(content->json, json_type_object))
		return NULL;
	json_object_object_foreach(content->json, key, value) {
		(void)value;
		if (found != NULL || !is_json(key))
			continue;
		found = openapi_get(openapi, content, key);
		*keyp = key;
	}
	return found;
}

/* Its schema, or that of its JSON "content": an object goes as JSON text.
 * *whyp is why not. */
static const struct openapi_at *
parameter_schema(struct making *making, const struct openapi_at *at,
    const char *place, const char **joined_byp, const char **whyp)
{
	struct openapi *openapi = making->openapi;
	const struct openapi_at *content = openapi_get(openapi, at, "content");
	const struct openapi_at *schema;
	const char *key;

	if (content == NULL) {
		schema = openapi_get(openapi, at, "schema");
		*whyp = wrong_style(making, at, schema, place, joined_byp);
		return schema;
	}
	content = json_content(openapi, content, &key);
	schema = openapi_get(openapi, content, "schema");
	*joined_byp = NULL;
	*whyp =
	    is_type(openapi, schema, "object") && strcmp(place, "query") == 0
	    ? NULL
	    : "a value of this content type cannot be sent there";
	return schema;
}

/* Spec: "Parameter Object": the last three are ignored; and what the security
 * scheme sends is no argument. */
static bool
is_ours(struct making *making, const char *name)
{
	static const char *const ours[] = { "Accept", "Content-Type",
		"Authorization" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	json_object_object_foreach(making->headers, key, value) {
		(void)value;
		if (strcasecmp(name, key) == 0)
			return true;
	}
	return false;
}

static bool
is_header_name(const char *name)
{
	return *name != '\0' &&
	    strspn(name,
		"!#$%&'*+-.^_`|~0123456789"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ==
	    strlen(name);
}

static bool
is_in_path(struct making *making, const char *name)
{
	const char *place = openapi_print(making->openapi, "{%s}", name);

	return place != NULL && strstr(making->operation->path, place) != NULL;
}

/* why it cannot be sent at all; NULL: it can */
static const char *
wrong_place(struct making *making, const char *place, const char *name)
{
	if (strcmp(place, "cookie") == 0)
		return "cookies are not sent";
	if (strcmp(place, "path") == 0)
		return is_in_path(making, name) ? NULL
						: "the path has no such place";
	if (strcmp(place, "header") == 0)
		return is_header_name(name) ? NULL
					    : "no header can have this name";
	return strcmp(place, "query") == 0 ? NULL
					   : "nobody knows where it is sent";
}

static enum place
place_of(const char *place)
{
	return strcmp(place, "path") == 0 ? IN_PATH
	    : strcmp(place, "query") == 0 ? IN_QUERY
					  : IN_HEADER;
}

static void
take_parameter(struct making *making, const struct openapi_at *at,
    const char *name, const char *place)
{
	struct openapi *openapi = making->openapi;
	const char *words = openapi_string(at, "description");
	const char *joined, *why = wrong_place(making, place, name);
	const struct openapi_at *schema = NULL;

	if (strcmp(place, "header") == 0 && is_ours(making, name))
		return;
	if (why == NULL)
		schema = parameter_schema(making, at, place, &joined, &why);
	if (why != NULL) {
		leave_out(making, at, place, why);
		return;
	}
	if (joined != NULL)
		openapi_warn(openapi, at,
		    "a list is sent as one value here, so the argument is a "
		    "text with %s in it",
		    joined);
	add_argument(making, at,
	    (struct argument){ .name = free_name(making, name, place),
		.key = name,
		.place = place_of(place),
		.required = openapi_is_true(at, "required") ||
		    strcmp(place, "path") == 0,
		.schema = schema,
		.words = words,
		.at = at,
		.joined_by = joined });
}

/* Does the operation's own list have it, so that the path's does not count? */
static bool
is_overridden(struct openapi *openapi, const struct openapi_at *own,
    const char *name, const char *place)
{
	const struct openapi_at *at;

	for (size_t i = 0; (at = openapi_element(openapi, own, i)) != NULL;
	     i++) {
		const char *its_name, *its_place;

		at = openapi_follow(openapi, at);
		its_name = openapi_string(at, "name");
		its_place = openapi_string(at, "in");
		if (its_name != NULL && its_place != NULL &&
		    strcmp(its_name, name) == 0 &&
		    strcmp(its_place, place) == 0)
			return true;
	}
	return false;
}

static void
take_parameters(struct making *making, const struct openapi_at *list,
    const struct openapi_at *own)
{
	struct openapi *openapi = making->openapi;
	const struct openapi_at *at;

	for (size_t i = 0; (at = openapi_element(openapi, list, i)) != NULL;
	     i++) {
		const char *name, *place;

		at = openapi_follow(openapi, at);
		if (at == NULL) {
			openapi_warn(openapi, openapi_element(openapi, list, i),
			    "it may be needed; the operation is left out");
			making->failed = true;
			continue;
		}
		name = openapi_string(at, "name");
		place = openapi_string(at, "in");
		if (name == NULL || place == NULL)
			openapi_warn(openapi, at,
			    "a parameter needs \"name\" and \"in\"; it is "
			    "left out");
		else if (own == NULL ||
		    !is_overridden(openapi, own, name, place))
			take_parameter(making, at, name, place);
	}
}

/* A place of the path that no parameter tells of is a text. */
static void
take_places(struct making *making)
{
	struct openapi *openapi = making->openapi;
	const char *at = making->operation->path, *end;

	while (
	    (at = strchr(at, '{')) != NULL && (end = strchr(at, '}')) != NULL) {
		const char *key =
		    openapi_print(openapi, "%.*s", (int)(end - at - 1), at + 1);
		bool known = false;

		for (size_t i = 0; key != NULL && i < making->n; i++)
			known |= making->arguments[i].place == IN_PATH &&
			    strcmp(making->arguments[i].key, key) == 0;
		if (key != NULL && !known) {
			openapi_warn(openapi, making->operation->at,
			    "no parameter tells of {%s}; it is taken as a text",
			    key);
			add_argument(making, making->operation->at,
			    (struct argument){
				.name = free_name(making, key, "path"),
				.key = key,
				.place = IN_PATH,
				.required = true });
		}
		at = end;
	}
}

/* --- the body --- */

/* What says more of an object than which members it has: such a body stays
 * whole. */
static bool
is_more(const struct openapi_at *at)
{
	static const char *const more[] = { "oneOf", "anyOf", "not", "if",
		"patternProperties", "minProperties", "maxProperties",
		"dependentRequired", "dependentSchemas", "propertyNames",
		"unevaluatedProperties", "enum", "const" };
	struct json_object *others =
	    mcp_json_get(at->json, "additionalProperties");

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (mcp_json_get(at->json, more[i]) != NULL)
			return true;
	return others != NULL &&
	    !(json_object_is_type(others, json_type_boolean) &&
		!json_object_get_boolean(others));
}

static bool
is_named(struct json_object *names, const char *name)
{
	size_t n = json_object_is_type(names, json_type_array)
	    ? json_object_array_length(names)
	    : 0;

	for (size_t i = 0; i < n; i++) {
		const char *one =
		    json_object_get_string(json_object_array_get_idx(names, i));

		if (one != NULL && strcmp(one, name) == 0)
			return true;
	}
	return false;
}

static bool
spread_properties(struct making *making, const struct openapi_at *properties)
{
	struct openapi *openapi = making->openapi;

	if (properties == NULL)
		return true;
	if (!json_object_is_type(properties->json, json_type_object))
		return false;
	json_object_object_foreach(properties->json, key, value) {
		const struct openapi_at *at =
		    openapi_get(openapi, properties, key);
		const char *name = openapi_argument_name(openapi, key);

		(void)value;
		if (at == NULL || openapi_is_hidden(openapi, at, false))
			continue;
		if (making->n == ARGUMENTS_MAX || is_taken(making, name))
			return false;
		making->arguments[making->n++] = (struct argument){
			.name = name, .key = key, .place = IN_BODY, .schema = at
		};
	}
	return true;
}

/* The members of the body become arguments; false where they cannot. */
static bool
spread(struct making *making, const struct openapi_at *schema, unsigned depth)
{
	struct openapi *openapi = making->openapi;
	const struct openapi_at *at = openapi_follow(openapi, schema), *part;
	const struct openapi_at *all = openapi_get(openapi, at, "allOf");
	struct json_object *required;

	if (at == NULL || depth == FLATTEN_MAX || is_more(at) ||
	    (all == NULL && !is_type(openapi, at, "object")) ||
	    (openapi_reference(schema) != NULL && !openapi->is_30 &&
		json_object_object_length(schema->json) > 1))
		return false;
	for (size_t i = 0; (part = openapi_element(openapi, all, i)) != NULL;
	     i++)
		if (!spread(making, part, depth + 1))
			return false;
	if (!spread_properties(making, openapi_get(openapi, at, "properties")))
		return false;
	required = mcp_json_get(at->json, "required");
	for (size_t i = making->n_parameters; i < making->n; i++)
		making->arguments[i].required |=
		    is_named(required, making->arguments[i].key);
	return true;
}

static void
take_whole(struct making *making, const struct openapi_at *body,
    const struct openapi_at *schema)
{
	const char *name = is_taken(making, "body") ? "request_body" : "body";
	struct argument *argument = add_argument(making, body,
	    (struct argument){ .name = name,
		.key = name,
		.place = IN_BODY,
		.required = openapi_is_true(body, "required"),
		.schema = schema,
		.words = openapi_string(body, "description") });

	if (argument != NULL)
		making->whole = argument->name;
}

/* @media is what is sent, as @kind */
static void
take_content(struct making *making, const struct openapi_at *body,
    const struct openapi_at *media, enum body_kind kind)
{
	struct openapi *openapi = making->openapi;
	const struct openapi_at *schema = openapi_get(openapi, media, "schema");

	making->body = kind;
	if (kind == BODY_TEXT) {
		take_whole(making, body, NULL);
		return;
	}
	if (schema != NULL && spread(making, schema, 0) &&
	    making->n > making->n_parameters)
		return;
	making->n = making->n_parameters;
	if (kind == BODY_JSON) {
		take_whole(making, body, schema);
		return;
	}
	openapi_warn(openapi, media,
	    "a form needs an object with its fields, each with a name of its "
	    "own; the operation is left out");
	making->failed = true;
}

/* the first of @content whose name begins with @prefix */
static const struct openapi_at *
content_named(struct openapi *openapi, const struct openapi_at *content,
    const char *prefix, const char **keyp)
{
	json_object_object_foreach(content->json, key, value) {
		(void)value;
		*keyp = key;
		if (strncasecmp(key, prefix, strlen(prefix)) == 0)
			return openapi_get(openapi, content, key);
	}
	return NULL;
}

/* what is sent, of all that may be; JSON first */
static const struct openapi_at *
choose_content(struct making *making, const struct openapi_at *content,
    enum body_kind *kindp)
{
	struct openapi *openapi = making->openapi;
	const struct openapi_at *media;
	const char *key = "";

	if (content == NULL ||
	    !json_object_is_type(content->json, json_type_object))
		return NULL;
	*kindp = BODY_JSON;
	media = json_content(openapi, content, &key);
	if (media != NULL) {
		if (strncasecmp(key, "application/json", 16) != 0 &&
		    *key != '*')
			openapi_warn(
			    openapi, media, "is sent as application/json");
		return media;
	}
	*kindp = BODY_FORM;
	media = content_named(
	    openapi, content, "application/x-www-form-urlencoded", &key);
	if (media != NULL)
		return media;
	*kindp = BODY_TEXT;
	media = content_named(openapi, content, "text/", &key);
	making->content_type = strchr(key, '*') == NULL ? key : "text/plain";
	return media;
}

static void
take_body(struct making *making)
{
	struct openapi *openapi = making->openapi;
	const struct openapi_at *at =
	    openapi_get(openapi, making->operation->at, "requestBody");
	const struct openapi_at *body = openapi_follow(openapi, at), *media;
	const char *method = making->operation->method;
	enum body_kind kind = BODY_NONE;
	const char *why = "only JSON, forms and text can be sent";

	making->n_parameters = making->n;
	if (at == NULL)
		return;
	media = choose_content(
	    making, openapi_get(openapi, body, "content"), &kind);
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) {
		media = NULL;
		why = "no body is sent with this method";
	}
	if (media != NULL) {
		take_content(making, body, media, kind);
	} else if (body == NULL || openapi_is_true(body, "required")) {
		openapi_warn(openapi, at, "%s; the operation is left out", why);
		making->failed = true;
	} else {
		openapi_warn(openapi, at, "%s; the body is left out", why);
	}
}

/* --- inputSchema --- */

static void
put_first(struct openapi *openapi, struct json_object *schema, const char *key,
    struct json_object *value)
{
	if (!json_object_object_get_ex(schema, key, NULL))
		openapi_put(openapi, schema, key, value);
	else
		json_object_put(value);
}

/* A parameter has description and example beside its schema. */
static void
put_words(struct openapi *openapi, const struct argument *argument,
    struct json_object *schema)
{
	struct json_object *example = argument->at == NULL
	    ? NULL
	    : mcp_json_get(argument->at->json, "example");
	struct json_object *examples;
	const char *words = argument->words;

	if (!json_object_is_type(schema, json_type_object))
		return;
	words = words == NULL ? NULL : openapi_sentences(openapi, words);
	if (argument->joined_by != NULL)
		words =
		    openapi_print(openapi, "%s%sSeveral are separated by %s",
			words == NULL ? "" : words,
			words == NULL || *words == '\0'		      ? ""
			    : strchr(".!?", words[strlen(words) - 1]) ? " "
								      : ". ",
			argument->joined_by);
	if (words != NULL && *words != '\0')
		openapi_put_string(openapi, schema, "description", words);
	if (example == NULL || argument->joined_by != NULL)
		return;
	examples = json_object_new_array();
	openapi_add(openapi, examples, json_object_get(example));
	put_first(openapi, schema, "examples", examples);
}

static struct json_object *
argument_schema(
    struct openapi_schemas *schemas, const struct argument *argument)
{
	struct json_object *schema;

	if (argument->schema == NULL || argument->joined_by != NULL) {
		schema = json_object_new_object();
		openapi_put_string(schemas->openapi, schema, "type", "string");
	} else {
		schema = openapi_schemas_carry(schemas, argument->schema);
	}
	if (schema != NULL)
		put_words(schemas->openapi, argument, schema);
	return schema;
}

static void
put_required(struct making *making, struct json_object *schema)
{
	struct json_object *required = json_object_new_array();

	for (size_t i = 0; i < making->n; i++)
		if (making->arguments[i].required)
			openapi_add(making->openapi, required,
			    json_object_new_string(making->arguments[i].name));
	if (required != NULL && json_object_array_length(required) == 0)
		json_object_put(required);
	else
		openapi_put(making->openapi, schema, "required", required);
}

static bool
too_much(struct making *making, const struct openapi_schemas *schemas,
    const char *what)
{
	if (!openapi_schemas_is_too_much(schemas))
		return false;
	openapi_warn(making->openapi, making->operation->at,
	    "its schemas are more than a tool should have; %s is left out",
	    what);
	return true;
}

static struct json_object *
input_schema(struct making *making)
{
	struct openapi *openapi = making->openapi;
	struct openapi_schemas schemas;
	struct json_object *schema = json_object_new_object();
	struct json_object *properties = json_object_new_object();

	if (openapi_schemas_init(&schemas, openapi, false) < 0)
		goto out;
	for (size_t i = 0; i < making->n; i++)
		openapi_schemas_count(&schemas, making->arguments[i].schema);
	for (size_t i = 0; i < making->n; i++)
		openapi_put(openapi, properties, making->arguments[i].name,
		    argument_schema(&schemas, &making->arguments[i]));
	openapi_put_string(openapi, schema, "type", "object");
	openapi_put(openapi, schema, "properties", properties);
	properties = NULL;
	put_required(making, schema);
	openapi_put(openapi, schema, "additionalProperties",
	    json_object_new_boolean(false));
	openapi_schemas_finish(&schemas, schema);
	making->failed |= too_much(making, &schemas, "the operation");
out:
	openapi_schemas_deinit(&schemas);
	json_object_put(properties);
	if (openapi->no_memory || making->failed)
		return schema;
	if (!openapi_mend(openapi, making->operation->at, schema)) {
		openapi_warn(openapi, making->operation->at,
		    "its schema does not compile; the operation is left out");
		making->failed = true;
	}
	return schema;
}

/* --- outputSchema --- */

/* The one response that means success; NULL: none, or which is not known. */
static const struct openapi_at *
success(struct openapi *openapi, const struct openapi_at *responses)
{
	const struct openapi_at *found = NULL;
	unsigned n = 0;

	if (responses == NULL ||
	    !json_object_is_type(responses->json, json_type_object))
		return NULL;
	json_object_object_foreach(responses->json, key, value) {
		(void)value;
		if (key[0] != '2' || strlen(key) != 3)
			continue;
		n++;
		if (strcmp(key, "200") == 0 || strcmp(key, "201") == 0)
			found = openapi_get(openapi, responses, key);
	}
	return n == 1 ? found : NULL;
}

/* What two alternatives tell apart may have been a bound. */
static void
loosen_one(struct json_object *schema)
{
	struct json_object *one = mcp_json_get(schema, "oneOf");

	if (one == NULL || mcp_json_get(schema, "anyOf") != NULL)
		return;
	if (json_object_object_add(schema, "anyOf", json_object_get(one)) < 0)
		json_object_put(one);
	json_object_object_del(schema, "oneOf");
}

/* A description tells what a back end means to send. Bounds and formats are
 * where the two part first, and one value beside them would cost the caller
 * the whole answer; names and types are kept. */
static void
loosen(struct json_object *schema, unsigned depth)
{
	static const char *const tight[] = { "format", "pattern", "minLength",
		"maxLength", "multipleOf", "minimum", "maximum",
		"exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems",
		"uniqueItems", "minProperties", "maxProperties", "default",
		"examples", "unevaluatedProperties", "unevaluatedItems", "not",
		"if", "then", "else", "contains", "minContains", "maxContains",
		"propertyNames", "dependentSchemas", "dependentRequired" };
	struct json_object *others;

	if (!json_object_is_type(schema, json_type_object) || depth > 128)
		return;
	for (size_t i = 0; i < sizeof(tight) / sizeof(tight[0]); i++)
		json_object_object_del(schema, tight[i]);
	others = mcp_json_get(schema, "additionalProperties");
	if (json_object_is_type(others, json_type_boolean))
		json_object_object_del(schema, "additionalProperties");
	loosen_one(schema);
	for (size_t i = 0; i < 3; i++) {
		static const char *const maps[] = { "properties",
			"patternProperties", "$defs" };
		struct json_object *map = mcp_json_get(schema, maps[i]);

		if (!json_object_is_type(map, json_type_object))
			continue;
		json_object_object_foreach(map, key, value) {
			(void)key;
			loosen(value, depth + 1);
		}
	}
	for (size_t i = 0; i < 3; i++) {
		static const char *const lists[] = { "allOf", "anyOf",
			"prefixItems" };
		struct json_object *list = mcp_json_get(schema, lists[i]);
		size_t n = json_object_is_type(list, json_type_array)
		    ? json_object_array_length(list)
		    : 0;

		for (size_t j = 0; j < n; j++)
			loosen(json_object_array_get_idx(list, j), depth + 1);
	}
	loosen(mcp_json_get(schema, "items"), depth + 1);
	loosen(others, depth + 1);
}

static struct json_object *
carry_output(struct making *making, const struct openapi_at *at)
{
	struct openapi *openapi = making->openapi;
	struct openapi_schemas schemas;
	struct json_object *schema = NULL;
	bool fits = false;

	if (openapi_schemas_init(&schemas, openapi, true) == 0) {
		openapi_schemas_count(&schemas, at);
		schema = openapi_schemas_carry(&schemas, at);
		if (schema != NULL)
			openapi_schemas_finish(&schemas, schema);
		fits = !too_much(making, &schemas, "\"outputSchema\"");
	}
	openapi_schemas_deinit(&schemas);
	loosen(schema, 0);
	if (fits && !openapi->no_memory &&
	    openapi_mend(openapi, making->operation->at, schema))
		return schema;
	json_object_put(schema);
	return NULL;
}

/* Only an object is known to all clients, and only its own "type" says so. */
static struct json_object *
output_schema(struct making *making)
{
	struct openapi *openapi = making->openapi;
	const struct openapi_at *at = openapi_follow(openapi,
	    success(openapi,
		openapi_get(openapi, making->operation->at, "responses")));
	struct json_object *type;
	const char *key;

	if (openapi->options->no_output ||
	    strcmp(making->operation->method, "HEAD") == 0)
		return NULL;
	at = json_content(openapi, openapi_get(openapi, at, "content"), &key);
	at = openapi_get(openapi, at, "schema");
	if (at == NULL)
		return NULL;
	at = openapi_follow(openapi, at);
	type = at == NULL ? NULL : mcp_json_get(at->json, "type");
	if (!json_object_is_type(type, json_type_string) ||
	    strcmp(json_object_get_string(type), "object") != 0 ||
	    openapi_is_true(at, "nullable"))
		return NULL;
	return carry_output(making, at);
}

/* --- the http object --- */

static bool
is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || strchr("-._~!$&'()*+,;=:@/%", c) != NULL;
}

static const char *
argument_in_path(const struct making *making, const char *key, size_t len)
{
	for (size_t i = 0; i < making->n; i++) {
		const struct argument *argument = &making->arguments[i];

		if (argument->place == IN_PATH &&
		    strlen(argument->key) == len &&
		    memcmp(argument->key, key, len) == 0)
			return argument->name;
	}
	return NULL;
}

/* @base, then the path, its places by the arguments' names */
static void
put_url(struct making *making, struct json_object *http, const char *base)
{
	struct openapi *openapi = making->openapi;
	struct mcp_buf url = MCP_BUF_INIT;
	const char *c = making->operation->path;

	mcp_buf_puts(&url, base);
	for (; *c != '\0'; c++) {
		size_t len = *c == '{' ? strcspn(c, "}") : 0;
		const char *name =
		    len == 0 ? NULL : argument_in_path(making, c + 1, len - 1);

		if (name != NULL) {
			mcp_buf_printf(&url, "{%s}", name);
			c += len;
		} else if (is_unreserved(*c)) {
			mcp_buf_putc(&url, *c);
		} else {
			mcp_buf_printf(&url, "%%%02X", (unsigned char)*c);
		}
	}
	openapi_put_string(openapi, http, "url", url.failed ? NULL : url.data);
	mcp_buf_deinit(&url);
}

/* A list of names where both sides call them alike; else an object. */
static void
put_fields(struct making *making, struct json_object *http, const char *key,
    enum place place)
{
	struct openapi *openapi = making->openapi;
	struct json_object *list = json_object_new_array();
	struct json_object *object = json_object_new_object();
	bool alike = true;

	for (size_t i = 0; i < making->n; i++) {
		const struct argument *argument = &making->arguments[i];

		if (argument->place != place)
			continue;
		alike &= strcmp(argument->name, argument->key) == 0;
		openapi_add(
		    openapi, list, json_object_new_string(argument->name));
		openapi_put_string(openapi, object, argument->key,
		    openapi_print(openapi, "{%s}", argument->name));
	}
	if (list != NULL && json_object_array_length(list) > 0)
		openapi_put(
		    openapi, http, key, json_object_get(alike ? list : object));
	json_object_put(list);
	json_object_put(object);
}

static void
put_headers(struct making *making, struct json_object *http)
{
	struct openapi *openapi = making->openapi;

	for (size_t i = 0; i < making->n; i++)
		if (making->arguments[i].place == IN_HEADER)
			openapi_put_string(openapi, making->headers,
			    making->arguments[i].key,
			    openapi_print(
				openapi, "{%s}", making->arguments[i].name));
	if (json_object_object_length(making->headers) > 0)
		openapi_put(
		    openapi, http, "headers", json_object_get(making->headers));
}

static void
put_body(struct making *making, struct json_object *http)
{
	struct openapi *openapi = making->openapi;
	const char *whole = making->whole == NULL
	    ? NULL
	    : openapi_print(openapi, "{%s}", making->whole);

	if (making->body == BODY_TEXT) {
		openapi_put_string(openapi, http, "body", whole);
		openapi_put_string(
		    openapi, http, "contentType", making->content_type);
	} else if (whole != NULL) {
		openapi_put_string(openapi, http, "json", whole);
	} else if (making->body != BODY_NONE) {
		put_fields(making, http,
		    making->body == BODY_FORM ? "form" : "json", IN_BODY);
	}
}

static struct json_object *
http_object(struct making *making)
{
	struct openapi *openapi = making->openapi;
	struct json_object *http = json_object_new_object();
	const char *base = openapi_base(openapi, making->operation);

	if (base == NULL) {
		making->failed = true;
		return http;
	}
	openapi_put_string(openapi, http, "method", making->operation->method);
	put_url(making, http, base);
	put_fields(making, http, "query", IN_QUERY);
	put_headers(making, http);
	put_body(making, http);
	return http;
}

/* --- the tool --- */

/* Summary, then description, unless that begins with the same words. */
static void
put_description(struct making *making, struct json_object *tool)
{
	struct openapi *openapi = making->openapi;
	const struct openapi_operation *operation = making->operation;
	const char *summary = openapi_string(operation->at, "summary");
	const char *words = openapi_string(operation->at, "description");
	size_t len;

	summary = openapi_sentences(openapi, summary == NULL ? "" : summary);
	words = openapi_sentences(openapi, words == NULL ? "" : words);
	if (summary == NULL || words == NULL)
		return;
	len = strlen(summary);
	if (*summary != '\0' && *words != '\0' && len <= 80)
		openapi_put_string(openapi, tool, "title",
		    openapi_print(openapi, "%.*s",
			(int)(summary[len - 1] == '.' ? len - 1 : len),
			summary));
	if (*summary == '\0' && *words == '\0')
		words = openapi_print(
		    openapi, "%s %s", operation->method, operation->path);
	else if (*words == '\0')
		words = summary;
	else if (*summary != '\0' && strncasecmp(summary, words, len) != 0)
		words = openapi_print(openapi, "%s%s %s", summary,
		    strchr(".!?", summary[len - 1]) == NULL ? "." : "", words);
	openapi_put_string(openapi, tool, "description",
	    words == NULL ? NULL : openapi_sentences(openapi, words));
}

static void
put_hints(struct making *making, struct json_object *tool)
{
	struct openapi *openapi = making->openapi;
	const char *method = making->operation->method;
	struct json_object *hints = json_object_new_object();
	bool deletes = strcmp(method, "DELETE") == 0;

	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		openapi_put(openapi, hints, "readOnlyHint",
		    json_object_new_boolean(true));
	if (deletes)
		openapi_put(openapi, hints, "destructiveHint",
		    json_object_new_boolean(true));
	if (deletes || strcmp(method, "PUT") == 0)
		openapi_put(openapi, hints, "idempotentHint",
		    json_object_new_boolean(true));
	if (hints != NULL && json_object_object_length(hints) > 0)
		openapi_put(openapi, tool, "annotations", hints);
	else
		json_object_put(hints);
}

static void
make(struct making *making, struct json_object *tool)
{
	struct openapi *openapi = making->openapi;
	const struct openapi_operation *operation = making->operation;
	const struct openapi_at *own =
	    openapi_get(openapi, operation->at, "parameters");
	struct json_object *output;

	openapi_secrets(openapi, operation, making->headers);
	take_parameters(
	    making, openapi_get(openapi, operation->item, "parameters"), own);
	take_parameters(making, own, NULL);
	take_places(making);
	take_body(making);
	if (making->failed || openapi->no_memory)
		return;
	openapi_put_string(openapi, tool, "name", operation->name);
	put_description(making, tool);
	openapi_put(openapi, tool, "inputSchema", input_schema(making));
	output = making->failed ? NULL : output_schema(making);
	if (output != NULL)
		openapi_put(openapi, tool, "outputSchema", output);
	put_hints(making, tool);
	openapi_put(openapi, tool, "http", http_object(making));
}

struct json_object *
openapi_tool(struct openapi *openapi, const struct openapi_operation *operation)
{
	struct making making = { .openapi = openapi,
		.operation = operation,
		.headers = json_object_new_object() };
	struct json_object *tool = json_object_new_object();

	if (tool != NULL && making.headers != NULL)
		make(&making, tool);
	else
		openapi->no_memory = true;
	json_object_put(making.headers);
	if (!making.failed && !openapi->no_memory)
		return tool;
	json_object_put(tool);
	return NULL;
}

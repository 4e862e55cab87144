/* openapi_parts.h - I am what the rooms of the OpenAPI import share
 *
 *   openapi.c         the document: which operations, in which order
 *   openapi_at.c      where one is in it, references, warnings
 *   openapi_name.c    names fit for models, and whole sentences
 *   openapi_schema.c  schemas, from OpenAPI's dialects to 2020-12
 *   openapi_tool.c    one operation: what it takes, what it gives
 *   openapi_http.c    where it is sent, and with which secrets
 *   openapi_write.c   JSON as a person would write it
 *
 * Memory: json-c trees are counted; all else that lives as long as one
 * operation is taken from an arena and goes with it. Whoever runs out of
 * memory sets no_memory, and the import ends where that is looked at.
 */
#ifndef OPENAPI_PARTS_H
#define OPENAPI_PARTS_H

#include <json-c/json.h>

#include <mcp/json.h>
#include <mcp/text.h>

#include "openapi.h"

#define NAME_MOST 64 /* bytes of a name all clients and models take */

struct arena; /* openapi_at.c */

struct openapi {
	const struct openapi_options *options;
	struct json_object *root;
	bool is_30; /* its schemas are OpenAPI's own dialect */
	struct mcp_buf *told;
	struct json_object *told_already; /* lines, as keys */
	struct json_object *names;	  /* of tools, as keys */
	struct json_object *secrets; /* environment variable: what it holds */
	struct arena *arena;
	bool no_memory;
};

/* --- openapi_at.c --- */

/* A value, and the way to it. */
struct openapi_at {
	const struct openapi_at *up;
	const char *key;  /* of an object's member; else NULL */
	size_t index;	  /* of an array's element */
	const char *root; /* without @up: the pointer it begins with */
	struct json_object *json;
};

/* All of these come from the arena, and are NULL where there is no such value,
 * where it is null, or without memory. */
const struct openapi_at *openapi_root(struct openapi *openapi);
const struct openapi_at *openapi_get(
    struct openapi *openapi, const struct openapi_at *up, const char *key);
const struct openapi_at *openapi_element(
    struct openapi *openapi, const struct openapi_at *up, size_t index);

/* openapi_reference() - what @at's own "$ref" says; NULL: it has none */
const char *openapi_reference(const struct openapi_at *at);

/* openapi_target() - what @reference leads to within the document */
const struct openapi_at *
openapi_target(struct openapi *openapi, const char *reference);

/* openapi_follow() - @at itself, or what its references lead to
 * Return: NULL where they lead nowhere, in circles or out of the document,
 *         which has been told then; @at may be NULL and gives NULL */
const struct openapi_at *
openapi_follow(struct openapi *openapi, const struct openapi_at *at);

/* openapi_string() - the string at @at's member @key; NULL if it is none */
const char *openapi_string(const struct openapi_at *at, const char *key);
bool openapi_is_true(const struct openapi_at *at, const char *key);

void openapi_warn(struct openapi *openapi, const struct openapi_at *at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

void *openapi_take(struct openapi *openapi, size_t size); /* zeroed */
char *openapi_print(struct openapi *openapi, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void openapi_release(struct openapi *openapi); /* all that was taken */

/* openapi_put() - make @value the member @key, or the next element; the
 * reference is taken in any case. A NULL @value is no memory. */
void openapi_put(struct openapi *openapi, struct json_object *object,
    const char *key, struct json_object *value);
void openapi_put_string(struct openapi *openapi, struct json_object *object,
    const char *key, const char *string);
void openapi_add(struct openapi *openapi, struct json_object *array,
    struct json_object *value);

/* --- openapi_name.c --- */

/* openapi_snake() - letters and digits in snake_case; "" if nothing is left */
char *openapi_snake(struct openapi *openapi, const char *name);
char *openapi_capitals(struct openapi *openapi, const char *name);

/* openapi_tool_name() - a name nobody has taken, of at most NAME_MOST bytes */
char *openapi_tool_name(struct openapi *openapi, const char *id,
    const char *method, const char *path);

/* openapi_argument_name() - @name where it may stay, else one that may */
const char *openapi_argument_name(struct openapi *openapi, const char *name);

/* openapi_sentences() - on one line, and as many whole sentences as fit */
char *openapi_sentences(struct openapi *openapi, const char *text);

/* --- openapi_schema.c --- */

struct openapi_schemas {
	struct openapi *openapi;
	bool response; /* what is writeOnly is left out, else what readOnly */
	struct json_object *uses;  /* reference: how many lead there */
	struct json_object *names; /* reference: its name in "$defs" */
	struct json_object *defs;  /* name: the schema */
	struct json_object *queue; /* references yet to be carried to @defs */
	unsigned n;
};

int openapi_schemas_init(
    struct openapi_schemas *schemas, struct openapi *openapi, bool response);
void openapi_schemas_deinit(struct openapi_schemas *schemas);

/* openapi_schemas_count() - note what @at refers to. All schemas of a tool are
 * counted before the first is carried: what is used once is written in its
 * place, what is used twice or within itself becomes a member of "$defs". */
void openapi_schemas_count(
    struct openapi_schemas *schemas, const struct openapi_at *at);

/* openapi_schemas_carry() - @at in the dialect of 2020-12
 * Return: a tree, the caller's; NULL without memory */
struct json_object *openapi_schemas_carry(
    struct openapi_schemas *schemas, const struct openapi_at *at);

/* openapi_schemas_finish() - put "$defs" into @schema, where any are */
void openapi_schemas_finish(
    struct openapi_schemas *schemas, struct json_object *schema);
bool openapi_schemas_is_too_much(const struct openapi_schemas *schemas);

/* openapi_is_hidden() - a property that has no place in this direction */
bool openapi_is_hidden(
    struct openapi *openapi, const struct openapi_at *at, bool response);

/* openapi_mend() - leave out of @schema what keeps it from compiling
 * Return: whether it compiles now */
bool openapi_mend(struct openapi *openapi, const struct openapi_at *at,
    struct json_object *schema);

/* --- openapi_tool.c --- */

struct openapi_operation {
	const char *name;
	const char *method; /* in capitals */
	const char *path;
	const struct openapi_at *item; /* the path's */
	const struct openapi_at *at;
};

/* openapi_tool() - the tool; NULL: not to be made, which has been told */
struct json_object *openapi_tool(
    struct openapi *openapi, const struct openapi_operation *operation);

/* --- openapi_http.c --- */

/* openapi_base() - what stands before the path: "https://host/v1"; NULL: told
 */
char *openapi_base(
    struct openapi *openapi, const struct openapi_operation *operation);

/* openapi_secrets() - put the headers of the operation's security into
 * @headers, an object that may have others */
void openapi_secrets(struct openapi *openapi,
    const struct openapi_operation *operation, struct json_object *headers);

/* --- openapi_write.c --- */

void
openapi_write(struct mcp_buf *out, struct json_object *json, unsigned indent);

#endif

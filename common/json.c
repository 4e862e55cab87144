/* json.c - I ask a json-c tree, and say on one line what it holds */

#include <mcp/json.h>
#include <mcp/scan.h>

#include <limits.h>

#include <json-c/json.h>

/* json_tokener_parse() gives up at 32 levels, which is less than we take; and
 * what we took may stand within some levels of our own. */
#define DEPTH (MCP_SCAN_DEPTH_MAX + 16)

struct json_object *
mcp_json_parse(struct mcp_text json)
{
	struct json_tokener *tokener = NULL;
	struct json_object *tree = NULL;

	if (json.len > 0 && json.len <= INT_MAX)
		tokener = json_tokener_new_ex(DEPTH);
	if (tokener == NULL)
		return NULL;
	tree = json_tokener_parse_ex(tokener, json.at, (int)json.len);
	/* a number ends where something follows */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		tree = json_tokener_parse_ex(tokener, "", 1);
	json_tokener_free(tokener);
	return tree;
}

struct json_object *
mcp_json_get(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, name, &value);
	return value;
}

struct mcp_text
mcp_json_string(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_string))
		return MCP_TEXT_INIT;
	return (struct mcp_text){ json_object_get_string(value),
		(size_t)json_object_get_string_len(value) };
}

const char *
mcp_json_text(struct json_object *value)
{
	return json_object_to_json_string_ext(value,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* json.c - I ask a json-c tree, and say on one line what it holds */

#include <mcp/json.h>

#include <json-c/json.h>

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

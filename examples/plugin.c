/* plugin.c - a tool in C, with an argument and a question to the user
 *
 *   cc -shared -fPIC -o plugin.so plugin.c $(pkg-config --cflags --libs json-c)
 *
 * and in mcp.json:  "plugins": ["plugin.so"]
 */
#include <json-c/json.h>
#include <mcp/plugin.h>
#include <string.h>

#define JSON(...) #__VA_ARGS__ /* no backslash before every quote */

MCP_PLUGIN;

static const char tool[] = JSON({
	"name": "welcome",
	"description": "Welcome somebody in a language of the user's choice",
	"inputSchema": {
		"type": "object",
		"properties": { "name": { "type": "string" } },
		"required": ["name"] } });

static const char form[] = JSON({
	"type": "object",
	"properties": { "language": {
		"type": "string", "enum": ["English", "German"] } },
	"required": ["language"] });

/* In the first run the question has no answer yet, and MCP_PENDING says so.
 * When the user has answered I run again from the start, and get it. */
static int
welcome(struct mcp_call *call, void *context)
{
	const char *name = mcp_string(call, "name", ""), *answer;
	struct json_object *result, *language = NULL;
	int condition = mcp_elicit(call, "language", "Which language?", form,
	    &answer);

	(void)context;
	if (condition != MCP_DONE)
		return condition;
	/* {"action": "accept", "content": {"language": "German"}}; who declines
	 * sends no content */
	result = json_tokener_parse(answer);
	if (json_pointer_get(result, "/content/language", &language) != 0)
		mcp_text(call, "The user would rather not say");
	else
		mcp_printf(call, "%s, %s!", strcmp(json_object_get_string(
		    language), "German") == 0 ? "Guten Tag" : "Hello", name);
	json_object_put(result);
	return MCP_DONE;
}

int
mcp_plugin_init(struct mcp_plugin *plugin)
{
	return mcp_add_tool(plugin, tool, welcome, NULL);
}

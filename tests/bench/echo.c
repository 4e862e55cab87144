/* echo.c - a tool that says what it was told, for the load to ask */

#include <mcp/plugin.h>

#define JSON(...) #__VA_ARGS__

MCP_PLUGIN;

static const char tool[] = JSON({
	"name": "echo",
	"description": "Says what it was told",
	"inputSchema": {
		"type": "object",
		"properties": { "message": { "type": "string" } },
		"required": ["message"] } });

static int
echo(struct mcp_call *call, void *context)
{
	(void)context;
	mcp_text(call, mcp_string(call, "message", ""));
	return MCP_DONE;
}

int
mcp_plugin_init(struct mcp_plugin *plugin)
{
	return mcp_add_tool(plugin, tool, echo, NULL);
}

dist_doc_DATA += doc/wire.txt
dist_man_MANS += doc/mcpctl.1 \
	doc/mcp.json.5

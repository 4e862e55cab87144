dist_doc_DATA += doc/wire.txt doc/performance.md
dist_man_MANS += doc/mcpctl.1 \
	doc/mcp-broker.8 \
	doc/mcp-fcgi.8 \
	doc/mcp.json.5
EXTRA_DIST += doc/performance

# examples
dist_pkgdata_DATA = examples/mcp_sse_example.html \
	examples/access.json examples/clients.sql \
	examples/clients-postgresql.sql \
	examples/handbook.md \
	examples/http.json \
	examples/mcp.json \
	examples/plugin.c \
	examples/programs.json
# built to be tested
plugins += examples/plugin.so

# a server for the official conformance suite
plugins += tests/conformance/conformance.so
EXTRA_DIST += tests/conformance/conformance.c tests/conformance/mcp.json

noinst_HEADERS = \
	include/mcp/bus.h \
	include/mcp/config.h \
	include/mcp/gate.h \
	include/mcp/json.h \
	include/mcp/jsonrpc.h \
	include/mcp/listener.h \
	include/mcp/log.h \
	include/mcp/manager.h \
	include/mcp/place.h \
	include/mcp/permit.h \
	include/mcp/program.h \
	include/mcp/quirk.h \
	include/mcp/revision.h \
	include/mcp/scan.h \
	include/mcp/schema.h \
	include/mcp/seal.h \
	include/mcp/sse.h \
	include/mcp/task.h \
	include/mcp/text.h \
	include/mcp/tree.h \
	include/mcp/uri_template.h \
	include/mcp/wire.h

# for those who write plugins
mcpincludedir = $(includedir)/mcp
dist_mcpinclude_HEADERS = include/mcp/plugin.h

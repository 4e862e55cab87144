noinst_HEADERS = \
	include/mcp/bus.h \
	include/mcp/config.h \
	include/mcp/gate.h \
	include/mcp/jsonrpc.h \
	include/mcp/listener.h \
	include/mcp/log.h \
	include/mcp/revision.h \
	include/mcp/scan.h \
	include/mcp/schema.h \
	include/mcp/seal.h \
	include/mcp/sse.h \
	include/mcp/text.h \
	include/mcp/wire.h

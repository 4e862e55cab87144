# what both programs need
noinst_LIBRARIES += libmcp.a
libmcp_a_SOURCES = \
	common/bus.c \
	common/config.c \
	common/config_access.c \
	common/config_clients.c \
	common/config_complete.c \
	common/config_entry.c \
	common/config_exec.c \
	common/config_file.c \
	common/config_handler.c \
	common/config_http.c \
	common/config_listing.c \
	common/config_mirror.c \
	common/config_pack.c \
	common/config_parse.c \
	common/config_save.c \
	common/config_parse.h \
	common/config_plugin.c \
	common/config_schemas.c \
	common/config_server.c \
	common/gate.c \
	common/json.c \
	common/jsonrpc.c \
	common/listener.c \
	common/log.c \
	common/manager.c \
	common/place.c \
	common/permit.c \
	common/problems.c \
	common/program.c \
	common/quirk.c \
	common/revision.c \
	common/scan.c \
	common/schema.c \
	common/schema_applicator.c \
	common/schema_compile.c \
	common/schema_format.c \
	common/schema_library.c \
	common/schema_meta.c \
	common/schema_parts.h \
	common/schema_pattern.c \
	common/schema_reference.c \
	common/schema_say.c \
	common/schema_uri.c \
	common/schema_validation.c \
	common/schema_value.c \
	common/seal.c \
	common/sse.c \
	common/task.c \
	common/template.c \
	common/template.h \
	common/text.c \
	common/tree.c \
	common/uri_template.c \
	common/wire.c
MCP_LIBS = libmcp.a $(JSON_LIBS) $(ZMQ_LIBS) $(SODIUM_LIBS) \
	$(PCRE2_LIBS)

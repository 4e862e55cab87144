# the operator's hand
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = \
	ctl/check.c \
	ctl/child.c \
	ctl/child.h \
	ctl/ctl.h \
	ctl/import.c \
	ctl/letter.c \
	ctl/letter.h \
	ctl/notify.c \
	ctl/openapi.c \
	ctl/openapi.h \
	ctl/openapi_at.c \
	ctl/openapi_http.c \
	ctl/openapi_name.c \
	ctl/openapi_parts.h \
	ctl/openapi_schema.c \
	ctl/openapi_tool.c \
	ctl/openapi_write.c \
	ctl/ping.c \
	ctl/reload.c \
	ctl/run.c \
	ctl/secret.c \
	ctl/upgrade.c \
	ctl/yaml.c \
	ctl/yaml.h
bin_PROGRAMS += mcpctl
mcpctl_SOURCES = ctl/main.c
mcpctl_LDADD = libctl.a $(MCP_LIBS) $(YAML_LIBS)

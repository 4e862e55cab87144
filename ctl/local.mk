# the operator's hand
bin_PROGRAMS += mcpctl
mcpctl_SOURCES = \
	ctl/check.c \
	ctl/child.c \
	ctl/child.h \
	ctl/ctl.h \
	ctl/letter.c \
	ctl/letter.h \
	ctl/main.c \
	ctl/notify.c \
	ctl/ping.c \
	ctl/reload.c \
	ctl/run.c \
	ctl/secret.c
mcpctl_LDADD = $(MCP_LIBS)

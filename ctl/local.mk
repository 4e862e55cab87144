# the operator's hand
bin_PROGRAMS += mcpctl
mcpctl_SOURCES = \
	ctl/check.c \
	ctl/child.c \
	ctl/child.h \
	ctl/ctl.h \
	ctl/main.c \
	ctl/ping.c \
	ctl/run.c \
	ctl/secret.c
mcpctl_CPPFLAGS = $(AM_CPPFLAGS) -DMCP_SBINDIR='"$(sbindir)"'
mcpctl_LDADD = $(MCP_LIBS)

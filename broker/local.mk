# the broker
noinst_LIBRARIES += libbroker.a
libbroker_a_SOURCES = \
	broker/admin.c \
	broker/admin.h \
	broker/admission.c \
	broker/admission.h \
	broker/broker.c \
	broker/broker.h \
	broker/cells.c \
	broker/cells.h \
	broker/clock.c \
	broker/clock.h \
	broker/desk.c \
	broker/desk.h \
	broker/door.c \
	broker/door.h \
	broker/ears.c \
	broker/ears.h \
	broker/ended.c \
	broker/ended.h \
	broker/errand.c \
	broker/errand.h \
	broker/head.c \
	broker/head.h \
	broker/herald.c \
	broker/herald.h \
	broker/hub.c \
	broker/hub.h \
	broker/listen.c \
	broker/listen.h \
	broker/metrics.c \
	broker/metrics.h \
	broker/mount.c \
	broker/mount.h \
	broker/notice.c \
	broker/notice.h \
	broker/parcel.c \
	broker/parcel.h \
	broker/process.c \
	broker/process.h \
	broker/quota.c \
	broker/quota.h \
	broker/relay.c \
	broker/relay.h \
	broker/reload.c \
	broker/reload.h \
	broker/replay.c \
	broker/replay.h \
	broker/session.c \
	broker/session.h \
	broker/shelf.c \
	broker/shelf.h \
	broker/socket.c \
	broker/socket.h \
	broker/state.c \
	broker/state.h \
	broker/stream.c \
	broker/stream.h \
	broker/stream_state.c \
	broker/table.c \
	broker/table.h \
	broker/topic.c \
	broker/topic.h \
	broker/upgrade.c \
	broker/upgrade.h \
	broker/watch.c \
	broker/watch.h
sbin_PROGRAMS += mcp-broker
mcp_broker_SOURCES = broker/main.c
mcp_broker_LDADD = libbroker.a $(MCP_LIBS) $(UV_LIBS)

# the streams half: one client for all hubs, and the least that is one
EXTRA_PROGRAMS += tests/bench/load_streams tests/bench/peers/hub
tests_bench_load_streams_SOURCES = \
	tests/bench/load_streams.c \
	tests/bench/load/bill.c \
	tests/bench/load/bill.h \
	tests/bench/load/broadcast.c \
	tests/bench/load/commands.h \
	tests/bench/load/connection.c \
	tests/bench/load/connection.h \
	tests/bench/load/crowd.c \
	tests/bench/load/crowd.h \
	tests/bench/load/deliver.c \
	tests/bench/load/lines.c \
	tests/bench/load/lines.h \
	tests/bench/load/open.c \
	tests/bench/load/options.c \
	tests/bench/load/options.h \
	tests/bench/load/post.c \
	tests/bench/load/post.h \
	tests/bench/load/publisher.c \
	tests/bench/load/publisher.h \
	tests/bench/load/roundtrip.c \
	tests/bench/load/slow.c \
	tests/bench/load/stamp.c \
	tests/bench/load/stamp.h
tests_bench_load_streams_LDADD = $(MCP_LIBS)
tests_bench_peers_hub_SOURCES = tests/bench/peers/hub.c
tests_bench_peers_hub_LDADD = $(MCP_LIBS)
EXTRA_DIST += \
	tests/bench/hubs.mjs \
	tests/bench/nchan.conf \
	tests/bench/streams.mjs \
	tests/bench/streams.test.mjs \
	tests/bench/peers/node-hub.mjs \
	tests/bench/peers/sdk-sse.mjs

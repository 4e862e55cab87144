# what tests/bench/run measures with: `make bench-programs`, in no other target
EXTRA_PROGRAMS = \
	tests/bench/load_requests \
	tests/bench/start_time \
	tests/bench/peers/floor
bench_plugins = tests/bench/echo.so

tests_bench_load_requests_SOURCES = \
	tests/bench/answer.c \
	tests/bench/answer.h \
	tests/bench/load_requests.c
tests_bench_start_time_SOURCES = tests/bench/start_time.c
tests_bench_peers_floor_SOURCES = tests/bench/peers/floor.c
tests_bench_peers_floor_LDADD = $(FCGI_LIBS) $(JSON_LIBS) $(SQLITE_LIBS)

bench-programs: $(EXTRA_PROGRAMS) $(bench_plugins)
.PHONY: bench-programs

CLEANFILES += $(EXTRA_PROGRAMS) $(bench_plugins)
# not the directory: what is built lies in one of that name
EXTRA_DIST += \
	tests/bench/bench.test.mjs \
	tests/bench/document.mjs \
	tests/bench/echo.c \
	tests/bench/front.mjs \
	tests/bench/goal.mjs \
	tests/bench/headlines.mjs \
	tests/bench/machine.mjs \
	tests/bench/main.mjs \
	tests/bench/plot.mjs \
	tests/bench/report.mjs \
	tests/bench/requests.mjs \
	tests/bench/run \
	tests/bench/scope.mjs \
	tests/bench/startup.mjs \
	tests/bench/peers/sdk-server.mjs

include tests/bench/streams.mk

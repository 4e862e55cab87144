# I am the fuzz targets: fuzz_NOUN.c, with NOUN.in/, NOUN.repro/ and perhaps
# NOUN.dict beside it. A new one is one more line of this list.
fuzz_targets = \
	tests/fuzz/fuzz_back_answer \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_config_pack \
	tests/fuzz/fuzz_exec_errors \
	tests/fuzz/fuzz_exec_progress \
	tests/fuzz/fuzz_gate \
	tests/fuzz/fuzz_head \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_jsonrpc \
	tests/fuzz/fuzz_listen \
	tests/fuzz/fuzz_mirror \
	tests/fuzz/fuzz_openapi \
	tests/fuzz/fuzz_page \
	tests/fuzz/fuzz_pattern \
	tests/fuzz/fuzz_peek \
	tests/fuzz/fuzz_place \
	tests/fuzz/fuzz_postgres_text \
	tests/fuzz/fuzz_rows_cursor \
	tests/fuzz/fuzz_scan \
	tests/fuzz/fuzz_schema \
	tests/fuzz/fuzz_seal \
	tests/fuzz/fuzz_secret \
	tests/fuzz/fuzz_template \
	tests/fuzz/fuzz_text \
	tests/fuzz/fuzz_upgrade \
	tests/fuzz/fuzz_uri_template \
	tests/fuzz/fuzz_wire \
	tests/fuzz/fuzz_yaml
check_PROGRAMS += $(fuzz_targets)

# What they share. Without a fuzzer the seeds and all that was ever found are
# replayed by "make check"; with one, tests/fuzz/run runs it.
check_LIBRARIES += libfuzz.a
libfuzz_a_SOURCES = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
if !ENABLE_FUZZERS
libfuzz_a_SOURCES += tests/fuzz/replay.c
TESTS += $(fuzz_targets)
endif

# of every program that does not say its own, and these are the only ones
LDADD = $(FUZZER) libfuzz.a libctl.a libbroker.a libworker.a $(MCP_LIBS) \
	$(FCGI_LIBS) $(SQLITE_LIBS) $(UV_LIBS) $(YAML_LIBS)

EXTRA_DIST += tests/fuzz/run tests/fuzz/replay.c
dist-hook:
	for of in $(srcdir)/tests/fuzz/*.in $(srcdir)/tests/fuzz/*.repro \
	    $(srcdir)/tests/fuzz/*.dict; do \
		[ ! -e "$$of" ] || cp -R "$$of" $(distdir)/tests/fuzz; \
	done

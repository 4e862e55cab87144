include tests/unit/local.mk
include tests/conversation/local.mk
include tests/conformance/local.mk
include tests/schema/local.mk
include tests/clients/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk
include tests/chaos/local.mk

# the other rings, which tests/run runs
EXTRA_DIST += .ci/run tests/run tests/package.json tests/package-lock.json \
	tests/lib tests/conversation tests/proxy tests/clients tests/browser \
	tests/chaos tests/bare

# what ajv.test.mjs asks for verdicts
check_PROGRAMS += tests/schema/schema_check
tests_schema_schema_check_LDADD = $(MCP_LIBS)
EXTRA_DIST += tests/schema/ajv.test.mjs

# one noun, one test
if HAVE_CMOCKA
UNIT_LIBS = $(MCP_LIBS) $(CMOCKA_LIBS)
unit_tests = \
	tests/unit/test_session \
	tests/unit/test_cells \
	tests/unit/test_relay \
	tests/unit/test_listen \
	tests/unit/test_topic \
	tests/unit/test_task \
	tests/unit/test_watch \
	tests/unit/test_notice \
	tests/unit/test_duty \
	tests/unit/test_peek \
	tests/unit/test_process \
	tests/unit/test_ended \
	tests/unit/test_quota \
	tests/unit/test_state \
	tests/unit/test_tree \
	tests/unit/test_manager \
	tests/unit/test_clock \
	tests/unit/test_hub \
	tests/unit/test_replay \
	tests/unit/test_head \
	tests/unit/test_http \
	tests/unit/test_gate \
	tests/unit/test_seal \
	tests/unit/test_wire \
	tests/unit/test_bus \
	tests/unit/test_schema \
	tests/unit/test_schema_suite \
	tests/unit/test_sse \
	tests/unit/test_scan \
	tests/unit/test_revision \
	tests/unit/test_jsonrpc \
	tests/unit/test_config \
	tests/unit/test_config_exec \
	tests/unit/test_exec_errors \
	tests/unit/test_exec_progress \
	tests/unit/test_entries \
	tests/unit/test_pack \
	tests/unit/test_place \
	tests/unit/test_postgres_text \
	tests/unit/test_uri_template \
	tests/unit/test_text
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
tests_unit_test_pack_LDADD = $(UNIT_LIBS)
tests_unit_test_place_LDADD = $(UNIT_LIBS)
tests_unit_test_postgres_text_LDADD = libworker.a $(UNIT_LIBS) $(FCGI_LIBS) \
	$(SQLITE_LIBS)
tests_unit_test_text_LDADD = $(UNIT_LIBS)
tests_unit_test_jsonrpc_LDADD = $(UNIT_LIBS)
tests_unit_test_revision_LDADD = $(UNIT_LIBS)
tests_unit_test_scan_LDADD = $(UNIT_LIBS)
tests_unit_test_sse_LDADD = $(UNIT_LIBS)
tests_unit_test_schema_LDADD = $(UNIT_LIBS)
tests_unit_test_schema_suite_LDADD = $(UNIT_LIBS)
tests_unit_test_wire_LDADD = $(UNIT_LIBS)
tests_unit_test_bus_LDADD = $(UNIT_LIBS)
tests_unit_test_seal_LDADD = $(UNIT_LIBS)
tests_unit_test_gate_LDADD = $(UNIT_LIBS)
tests_unit_test_duty_LDADD = libworker.a $(UNIT_LIBS)
tests_unit_test_peek_LDADD = libworker.a $(UNIT_LIBS)
tests_unit_test_http_LDADD = libworker.a $(UNIT_LIBS)
tests_unit_test_head_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_replay_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_hub_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_clock_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_quota_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_manager_LDADD = $(UNIT_LIBS)
tests_unit_test_tree_LDADD = $(UNIT_LIBS)
tests_unit_test_state_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_ended_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_listen_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_topic_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_task_LDADD = $(UNIT_LIBS)
tests_unit_test_watch_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_notice_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_process_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_config_LDADD = $(UNIT_LIBS)
tests_unit_test_config_exec_LDADD = $(UNIT_LIBS)
tests_unit_test_exec_errors_LDADD = libworker.a $(UNIT_LIBS)
tests_unit_test_exec_progress_LDADD = libworker.a $(UNIT_LIBS)
tests_unit_test_entries_LDADD = $(UNIT_LIBS)
tests_unit_test_uri_template_LDADD = $(UNIT_LIBS)
tests_unit_test_relay_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_cells_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
tests_unit_test_session_LDADD = libbroker.a $(UNIT_LIBS) $(UV_LIBS)
endif

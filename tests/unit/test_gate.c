/* test_gate.c - who passes the door, and what browsers are told */

#include <mcp/config.h>
#include <mcp/gate.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static char example[] = "https://app.example", any[] = "*";
static char crm[] = "crm.example";

static int
check(const struct mcp_server *server, const char *addr, const char *host,
    const char *origin)
{
	struct mcp_gate_request request = {
		.host = mcp_text_of(host),
		.origin = mcp_text_of(origin),
		.server_addr = mcp_text_of(addr),
	};

	return mcp_gate_check(server, &request);
}

static void
loopback_takes_only_its_own_names(void **state)
{
	static const struct mcp_server server;

	(void)state;
	assert_int_equal(check(&server, "127.0.0.1", "localhost:8080", NULL), 0);
	assert_int_equal(check(&server, "127.0.0.1", "127.0.0.1", NULL), 0);
	assert_int_equal(check(&server, "::1", "[::1]:8080", NULL), 0);
	assert_int_equal(check(&server, "127.0.0.1", "evil.example", NULL),
	    MCP_GATE_E_HOST);
	assert_int_equal(check(&server, "127.0.0.1", "localhost.evil.example",
			     NULL),
	    MCP_GATE_E_HOST);
	assert_int_equal(check(&server, "127.0.0.1", "", NULL),
	    MCP_GATE_E_HOST);
	assert_int_equal(check(&server, "192.0.2.1", "anything", NULL), 0);
}

static void
allowed_hosts_are_the_list(void **state)
{
	char *hosts[] = { crm };
	const struct mcp_server server = { .allowed_hosts = { hosts, 1 } };

	(void)state;
	assert_int_equal(check(&server, "127.0.0.1", "CRM.example:443", NULL),
	    0);
	assert_int_equal(check(&server, "192.0.2.1", "crm.example", NULL), 0);
	assert_int_equal(check(&server, "192.0.2.1", "localhost", NULL),
	    MCP_GATE_E_HOST);
}

static void
an_origin_is_ours_or_refused(void **state)
{
	char *origins[] = { example };
	const struct mcp_server server = { .allowed_origins = { origins, 1 } };
	const char *host = "site.example:8443";

	(void)state;
	assert_int_equal(check(&server, "192.0.2.1", host, NULL), 0);
	assert_int_equal(check(&server, "192.0.2.1", host,
			     "https://site.example:8443"),
	    0);
	assert_int_equal(check(&server, "192.0.2.1", host,
			     "http://localhost:3000"),
	    0);
	assert_int_equal(check(&server, "192.0.2.1", host,
			     "https://app.example"),
	    0);
	assert_int_equal(check(&server, "192.0.2.1", host,
			     "https://app.example.evil"),
	    MCP_GATE_E_ORIGIN);
	assert_int_equal(check(&server, "192.0.2.1", host, "null"),
	    MCP_GATE_E_ORIGIN);
	assert_int_equal(check(&server, "192.0.2.1", host,
			     "http://localhost.evil.example"),
	    MCP_GATE_E_ORIGIN);
	/* user information is not a host */
	assert_int_equal(check(&server, "192.0.2.1", host,
			     "http://localhost@evil.example"),
	    MCP_GATE_E_ORIGIN);
}

static void
any_origin_may_be_configured(void **state)
{
	char *origins[] = { any };
	const struct mcp_server server = { .allowed_origins = { origins, 1 } };

	(void)state;
	assert_int_equal(check(&server, "192.0.2.1", "a", "https://b"), 0);
}

static void
cors(const char *origin, bool preflight, const char *wanted,
    struct mcp_buf *out)
{
	static const struct mcp_server server;
	struct mcp_gate_request request = {
		.host = MCP_TEXT("localhost"),
		.origin = mcp_text_of(origin),
		.server_addr = MCP_TEXT("127.0.0.1"),
		.wanted_headers = mcp_text_of(wanted),
	};

	mcp_buf_reset(out);
	mcp_gate_cors(&server, &request, preflight, out);
}

static void
an_allowed_origin_is_reflected(void **state)
{
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	cors("http://localhost:3000", false, NULL, &out);
	assert_non_null(strstr(out.data,
	    "Access-Control-Allow-Origin: http://localhost:3000\r\n"));
	assert_non_null(strstr(out.data, "Vary: Origin\r\n"));
	assert_null(strstr(out.data, "Allow-Methods"));
	assert_null(strstr(out.data, "Credentials"));
	cors("http://evil.example", false, NULL, &out);
	assert_string_equal(out.data, "Vary: Origin\r\n");
	cors(NULL, true, NULL, &out);
	assert_string_equal(out.data, "Vary: Origin\r\n");
	mcp_buf_deinit(&out);
}

static void
a_preflight_names_methods_and_headers(void **state)
{
	struct mcp_buf out = MCP_BUF_INIT;

	(void)state;
	cors("http://localhost:3000", true,
	    "content-type, Mcp-Param-Region,mcp-param-a b,x-evil, mcp-param-",
	    &out);
	assert_non_null(strstr(out.data,
	    "Allow-Methods: GET, POST, DELETE, OPTIONS\r\n"));
	assert_non_null(strstr(out.data, "Mcp-Name, Mcp-Param-Region\r\n"));
	assert_null(strstr(out.data, "evil"));
	mcp_buf_deinit(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_takes_only_its_own_names),
		cmocka_unit_test(allowed_hosts_are_the_list),
		cmocka_unit_test(an_origin_is_ours_or_refused),
		cmocka_unit_test(any_origin_may_be_configured),
		cmocka_unit_test(an_allowed_origin_is_reflected),
		cmocka_unit_test(a_preflight_names_methods_and_headers),
	};

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}

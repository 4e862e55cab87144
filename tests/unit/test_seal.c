/* test_seal.c - what we sealed opens; what anybody else did does not */

#include <mcp/seal.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define KEY_A \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_B \
	"ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

static struct mcp_seal *
seal_of(const char *text, int expected)
{
	char path[] = "/tmp/test_seal.XXXXXX";
	struct mcp_seal *seal = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(mcp_seal_new(path, &seal), expected);
	unlink(path);
	return seal;
}

static struct mcp_session
a_session(void)
{
	struct mcp_session session = {
		.revision = MCP_2025_11_25,
		.capabilities = 5,
		.issued = 1000,
		.expires = 2000,
	};

	memset(session.subject, 's', sizeof(session.subject));
	memset(session.key, 'k', sizeof(session.key));
	return session;
}

static void
a_session_opens_again(void **state)
{
	struct mcp_seal *seal = seal_of(KEY_A, 0);
	struct mcp_session session = a_session(), opened;
	struct mcp_buf token = MCP_BUF_INIT;

	(void)state;
	assert_int_equal(mcp_session_seal(seal, &session, &token), 0);
	assert_true(token.len <= MCP_SESSION_MAX);
	for (size_t i = 0; i < token.len; i++)
		assert_in_range(token.data[i], 0x21, 0x7e);
	assert_int_equal(mcp_session_open(seal, mcp_buf_view(&token), 1999,
			     &opened),
	    0);
	assert_int_equal(opened.revision, MCP_2025_11_25);
	assert_int_equal(opened.capabilities, 5);
	assert_int_equal(opened.expires, 2000);
	assert_memory_equal(opened.subject, session.subject, MCP_SUBJECT_LEN);
	assert_memory_equal(opened.key, session.key, MCP_SESSION_KEY_LEN);
	assert_int_equal(mcp_session_open(seal, mcp_buf_view(&token), 2000,
			     &opened),
	    MCP_SEAL_E_EXPIRED);
	mcp_buf_deinit(&token);
	mcp_seal_free(seal);
}

static void
every_altered_character_is_foreign(void **state)
{
	struct mcp_seal *seal = seal_of(KEY_A, 0);
	struct mcp_session session = a_session(), opened;
	struct mcp_buf token = MCP_BUF_INIT;

	(void)state;
	assert_int_equal(mcp_session_seal(seal, &session, &token), 0);
	for (size_t i = 0; i < token.len; i++) {
		char was = token.data[i];

		token.data[i] = was == 'A' ? 'Q' : 'A';
		assert_int_equal(mcp_session_open(seal, mcp_buf_view(&token),
				     1, &opened),
		    MCP_SEAL_E_FOREIGN);
		token.data[i] = was;
	}
	assert_int_equal(mcp_session_open(seal, MCP_TEXT(""), 1, &opened),
	    MCP_SEAL_E_FOREIGN);
	assert_int_equal(mcp_session_open(seal, MCP_TEXT("nonsense"), 1,
			     &opened),
	    MCP_SEAL_E_FOREIGN);
	mcp_buf_deinit(&token);
	mcp_seal_free(seal);
}

static void
another_purpose_does_not_open(void **state)
{
	struct mcp_seal *seal = seal_of(KEY_A, 0);
	struct mcp_buf token = MCP_BUF_INIT, plain = MCP_BUF_INIT;

	(void)state;
	assert_int_equal(mcp_seal_close(seal, MCP_SEAL_CURSOR,
			     MCP_TEXT("here"), &token),
	    0);
	assert_int_equal(mcp_seal_open(seal, MCP_SEAL_STATE,
			     mcp_buf_view(&token), &plain),
	    MCP_SEAL_E_FOREIGN);
	assert_int_equal(mcp_seal_open(seal, MCP_SEAL_CURSOR,
			     mcp_buf_view(&token), &plain),
	    0);
	assert_string_equal(plain.data, "here");
	mcp_buf_deinit(&token);
	mcp_buf_deinit(&plain);
	mcp_seal_free(seal);
}

static void
an_older_key_still_opens(void **state)
{
	struct mcp_seal *old = seal_of(KEY_A, 0), *both;
	struct mcp_seal *other = seal_of(KEY_B, 0);
	struct mcp_buf token = MCP_BUF_INIT, plain = MCP_BUF_INIT;

	(void)state;
	both = seal_of("# rotated today\n" KEY_B KEY_A, 0);
	assert_int_equal(mcp_seal_close(old, MCP_SEAL_STATE, MCP_TEXT("x"),
			     &token),
	    0);
	assert_int_equal(mcp_seal_open(both, MCP_SEAL_STATE,
			     mcp_buf_view(&token), &plain),
	    0);
	assert_int_equal(mcp_seal_open(other, MCP_SEAL_STATE,
			     mcp_buf_view(&token), &plain),
	    MCP_SEAL_E_FOREIGN);
	mcp_buf_deinit(&token);
	mcp_buf_deinit(&plain);
	mcp_seal_free(old);
	mcp_seal_free(both);
	mcp_seal_free(other);
}

static void
a_bad_secret_file_is_refused(void **state)
{
	struct mcp_seal *seal;

	(void)state;
	seal_of("", -EINVAL);
	seal_of("0123\n", -EINVAL);
	seal_of("zz" KEY_A, -EINVAL);
	assert_int_equal(mcp_seal_new("/nonexistent/secret", &seal), -ENOENT);
}

static void
a_subject_is_its_name(void **state)
{
	uint8_t a[MCP_SUBJECT_LEN], b[MCP_SUBJECT_LEN], nobody[MCP_SUBJECT_LEN];

	(void)state;
	mcp_subject(MCP_TEXT("ann"), a);
	mcp_subject(MCP_TEXT("ann"), b);
	assert_memory_equal(a, b, MCP_SUBJECT_LEN);
	mcp_subject(MCP_TEXT("bob"), b);
	assert_memory_not_equal(a, b, MCP_SUBJECT_LEN);
	mcp_subject(MCP_TEXT_INIT, nobody);
	mcp_subject(MCP_TEXT("anonymous"), b);
	assert_memory_not_equal(nobody, b, MCP_SUBJECT_LEN);
}

static void
a_uuid_has_its_form(void **state)
{
	char uuid[MCP_UUID_MAX];

	(void)state;
	mcp_uuid(uuid);
	assert_int_equal(strlen(uuid), 36);
	assert_int_equal(uuid[14], '4');
	assert_non_null(strchr("89ab", uuid[19]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_opens_again),
		cmocka_unit_test(every_altered_character_is_foreign),
		cmocka_unit_test(another_purpose_does_not_open),
		cmocka_unit_test(an_older_key_still_opens),
		cmocka_unit_test(a_bad_secret_file_is_refused),
		cmocka_unit_test(a_subject_is_its_name),
		cmocka_unit_test(a_uuid_has_its_form),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}

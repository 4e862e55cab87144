/* test_schema_suite.c - what the official JSON-Schema-Test-Suite says, whole
 *
 * It is data of others and stays where it is: JSON_SCHEMA_TEST_SUITE names its
 * directory, of which tests/draft2020-12 is read, and remotes as documents
 * given beforehand under the address the suite gives them.
 */
#include "config.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <json-c/json.h>

#include <mcp/schema.h>

#define SKIPPED 77 /* to automake */
#define ADDRESS "http://localhost:1234"
#define PATH_LEN 4096

static const char *suite;

struct subject {
	struct mcp_schema_documents *remotes;
	unsigned n_tests, n_failed;
};

typedef void (*file_fn)(const char *path, void *context);

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
for_each_file(const char *dir, file_fn fn, void *context)
{
	struct dirent **entries;
	char path[PATH_LEN];
	int n = scandir(dir, &entries, is_visible, alphasort);
	size_t len;

	if (n < 0)
		fn(dir, context); /* it is a file */
	for (int i = 0; i < n; i++) {
		len = (size_t)snprintf(
		    path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		assert_in_range(len, 1, sizeof(path) - 1);
		for_each_file(path, fn, context);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void
add_remote(const char *path, void *context)
{
	struct subject *subject = context;
	struct json_object *json = json_object_from_file(path);
	char uri[PATH_LEN];

	if (json == NULL)
		fail_msg("%s: %s", path, json_util_get_last_err());
	snprintf(uri, sizeof(uri), ADDRESS "%s",
	    path + strlen(suite) + strlen("/remotes"));
	assert_int_equal(
	    mcp_schema_documents_add(subject->remotes, uri, json), 0);
	json_object_put(json);
}

static const char *
said(struct json_object *object)
{
	return json_object_get_string(
	    json_object_object_get(object, "description"));
}

static void
check_test(struct subject *subject, const struct mcp_schema *schema,
    struct json_object *group, struct json_object *test)
{
	struct mcp_buf why = MCP_BUF_INIT;
	bool valid =
	    json_object_get_boolean(json_object_object_get(test, "valid"));
	int rc = mcp_schema_check(
	    schema, json_object_object_get(test, "data"), &why);

	subject->n_tests++;
	if (rc != (valid ? 0 : MCP_SCHEMA_E_INVALID)) {
		subject->n_failed++;
		print_error("%s, %s: %d %s\n", said(group), said(test), rc,
		    why.len > 0 ? why.data : "");
	}
	mcp_buf_deinit(&why);
}

static void
check_group(struct subject *subject, struct json_object *group)
{
	struct mcp_schema_options options = { subject->remotes, false };
	struct mcp_buf where = MCP_BUF_INIT, why = MCP_BUF_INIT;
	struct json_object *tests = json_object_object_get(group, "tests");
	struct mcp_schema *schema = NULL;
	size_t n = json_object_array_length(tests);
	int rc = mcp_schema_new_with(json_object_object_get(group, "schema"),
	    &options, &schema, &where, &why);

	if (rc != 0) {
		subject->n_tests += (unsigned)n;
		subject->n_failed += (unsigned)n;
		print_error("%s: %d %s %s\n", said(group), rc,
		    where.len > 0 ? where.data : "",
		    why.len > 0 ? why.data : "");
	} else {
		assert_int_equal(where.len + why.len, 0);
	}
	for (size_t i = 0; rc == 0 && i < n; i++)
		check_test(subject, schema, group,
		    json_object_array_get_idx(tests, i));
	mcp_schema_free(schema);
	mcp_buf_deinit(&where);
	mcp_buf_deinit(&why);
}

static void
check_file(const char *path, void *context)
{
	struct json_object *groups = json_object_from_file(path);

	if (groups == NULL)
		fail_msg("%s: %s", path, json_util_get_last_err());
	for (size_t i = 0; i < json_object_array_length(groups); i++)
		check_group(context, json_object_array_get_idx(groups, i));
	json_object_put(groups);
}

static void
the_required_part_of_the_suite_holds(void **state)
{
	struct subject subject = { mcp_schema_documents_new(), 0, 0 };
	char dir[PATH_LEN];

	(void)state;
	assert_non_null(subject.remotes);
	snprintf(dir, sizeof(dir), "%s/remotes", suite);
	for_each_file(dir, add_remote, &subject);
	snprintf(dir, sizeof(dir), "%s/tests/draft2020-12", suite);
	for_each_file(dir, check_file, &subject);
	mcp_schema_documents_free(subject.remotes);
	print_message("# %u tests of the suite\n", subject.n_tests);
	assert_int_equal(subject.n_failed, 0);
	assert_in_range(subject.n_tests, 1000, 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_required_part_of_the_suite_holds),
	};

	suite = getenv("JSON_SCHEMA_TEST_SUITE");
	if (suite == NULL || *suite == '\0') {
		puts("1..0 # SKIP JSON_SCHEMA_TEST_SUITE does not name the "
		     "directory of the JSON-Schema-Test-Suite");
		return SKIPPED;
	}
#ifndef HAVE_PCRE2
	puts("1..0 # SKIP built without PCRE2, which the suite needs");
	return SKIPPED;
#endif
	return cmocka_run_group_tests_name("schema suite", tests, NULL, NULL);
}

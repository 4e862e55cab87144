/* test_pack.c - a snapshot is the same wherever and whenever it is read, and
 * one that was altered is none
 */

#include <mcp/config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct site {
	char directory[32];
	char file[2][64]; /* mcp.json, part.json */
	char *kept; /* the snapshot's path */
	struct mcp_config *config, *again;
	struct mcp_buf pack;
	struct mcp_problems problems;
};

static void
put(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static int
open_site(void **state)
{
	struct site *site = calloc(1, sizeof(*site));
	static const char main_file[] = "{ \"include\": [\"*.part.json\"],\n"
	    "\"server\": { \"name\": \"one\" } } // the end\n";
	static const char part[] =
	    "{ \"tools\": [ { \"name\": \"a\",\n"
	    "\"text\": \"A\", \"allow\": { \"users\": [\"ann\"] } } ],\n"
	    "\"prompts\": [ { \"name\": \"p\",\n"
	    "\"allow\": { \"roles\": [\"r1\"] },\n"
	    "\"messages\": [ { \"role\": \"user\", \"text\": \"?\" } ] } ] }";

	if (site == NULL)
		return -1;
	strcpy(site->directory, "/tmp/test_pack.XXXXXX");
	if (mkdtemp(site->directory) == NULL)
		return -1;
	snprintf(site->file[0], 64, "%s/mcp.json", site->directory);
	snprintf(site->file[1], 64, "%s/a.part.json", site->directory);
	put(site->file[0], main_file, sizeof(main_file) - 1);
	put(site->file[1], part, sizeof(part) - 1);
	if (mcp_config_load_packed(site->file[0], &site->config, &site->pack,
		&site->problems) != 0 ||
	    mcp_config_save(site->config, mcp_buf_view(&site->pack),
		site->directory, &site->kept) != 0)
		return -1;
	*state = site;
	return 0;
}

static int
close_site(void **state)
{
	struct site *site = *state;

	mcp_config_free(site->config);
	mcp_config_free(site->again);
	mcp_problems_deinit(&site->problems);
	mcp_buf_deinit(&site->pack);
	unlink(site->kept);
	unlink(site->file[0]);
	unlink(site->file[1]);
	rmdir(site->directory);
	free(site->kept);
	free(site);
	return 0;
}

static int
load_again(struct site *site)
{
	mcp_config_free(site->again);
	site->again = NULL;
	mcp_problems_deinit(&site->problems);
	return mcp_config_load(site->kept, &site->again, &site->problems);
}

static void
it_is_the_same_though_the_files_are_gone(void **state)
{
	struct site *site = *state;

	unlink(site->file[0]);
	unlink(site->file[1]);
	assert_int_equal(load_again(site), 0);
	assert_string_equal(site->again->digest, site->config->digest);
	assert_string_equal(site->again->path, site->file[0]);
	assert_non_null(mcp_config_tool(site->again, "a"));
	assert_string_equal(site->again->server.name, "one");
	assert_int_equal(mcp_config_changes(site->config, site->again), 0);
}

static void
only_its_owner_reads_it(void **state)
{
	struct site *site = *state;
	struct stat is;

	assert_int_equal(stat(site->kept, &is), 0);
	assert_int_equal(is.st_mode & 0777, 0600);
	assert_non_null(strstr(site->kept, site->config->digest));
}

static void
one_that_is_cut_anywhere_is_refused(void **state)
{
	struct site *site = *state;

	for (size_t len = 16; len < site->pack.len; len++) {
		put(site->kept, site->pack.data, len);
		assert_int_equal(load_again(site), MCP_CONFIG_E_PROBLEMS);
		assert_int_equal(site->problems.n_errors, 1);
	}
}

static void
lengths_that_lie_are_refused(void **state)
{
	static const char *const heads[] = {
		"18446744073709551615 1 1\n", "1 1 18446744073709551615\n",
		"0 1 2\na{}\n", "1 0 2\na{}\n", "-1 1 1\naa1\n", "1 1\naa\n",
		"1 1 4294967296\n", "\n", " ", "1 1 2\naa{}", "x 1 2\naa{}\n",
	};
	struct site *site = *state;
	char bytes[128];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		int len = snprintf(bytes, sizeof(bytes), "mcp-fcgi pack 1\n1\n%s",
		    heads[i]);

		put(site->kept, bytes, (size_t)len);
		assert_int_equal(load_again(site), MCP_CONFIG_E_PROBLEMS);
		assert_non_null(strstr(site->problems.at[0].what, "altered"));
	}
}

static void
a_problem_in_it_is_told_under_the_files_name(void **state)
{
	struct site *site = *state;
	char *name = strstr(site->pack.data, "\"text\"");

	assert_non_null(name);
	memcpy(name, "\"tixt\"", 6);
	put(site->kept, site->pack.data, site->pack.len);
	assert_int_equal(load_again(site), MCP_CONFIG_E_PROBLEMS);
	assert_string_equal(site->problems.at[0].file, site->file[1]);
	/* at the tool, which has no handler now, and at the key */
	assert_int_equal(site->problems.at[0].line, 1);
	assert_int_equal(site->problems.at[1].line, 2);
}

static void
each_list_that_differs_is_named(void **state)
{
	static const struct {
		const char *from, *to; /* of one length */
		unsigned lists;
	} cases[] = {
		{ "\"name\": \"a\"", "\"name\": \"b\"", MCP_LISTS_TOOLS },
		{ "\"name\": \"p\"", "\"name\": \"q\"", MCP_LISTS_PROMPTS },
		{ "\"text\": \"A\"", "\"text\": \"B\"", 0 },
		{ "[\"ann\"]", "[\"bob\"]", MCP_LISTS_TOOLS },
		{ "[\"r1\"]", "[\"r2\"]", MCP_LISTS_PROMPTS },
		{ "\"name\": \"one\"", "\"name\": \"two\"", 0 },
	};
	struct site *site = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *at = strstr(site->pack.data, cases[i].from);

		assert_non_null(at);
		memcpy(at, cases[i].to, strlen(cases[i].to));
		put(site->kept, site->pack.data, site->pack.len);
		assert_int_equal(load_again(site), 0);
		assert_string_not_equal(site->again->digest,
		    site->config->digest);
		assert_int_equal(
		    mcp_config_changes(site->config, site->again),
		    cases[i].lists);
		memcpy(at, cases[i].from, strlen(cases[i].from));
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_site, close_site)
	const struct CMUnitTest tests[] = {
		TEST(it_is_the_same_though_the_files_are_gone),
		TEST(only_its_owner_reads_it),
		TEST(one_that_is_cut_anywhere_is_refused),
		TEST(lengths_that_lie_are_refused),
		TEST(a_problem_in_it_is_told_under_the_files_name),
		TEST(each_list_that_differs_is_named),
	};

	return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}

/* test_config_exec.c - how a program is to be run, as the file has it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <mcp/config.h>

struct site {
	char directory[64];
	char main[96], script[96], plain[96];
	struct mcp_config *config;
	struct mcp_problems problems;
};

static void
put(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static int
open_site(void **state)
{
	struct site *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return -1;
	strcpy(site->directory, "/tmp/test_config_exec.XXXXXX");
	if (mkdtemp(site->directory) == NULL)
		return -1;
	snprintf(
	    site->main, sizeof(site->main), "%s/mcp.json", site->directory);
	snprintf(
	    site->script, sizeof(site->script), "%s/script", site->directory);
	snprintf(site->plain, sizeof(site->plain), "%s/plain", site->directory);
	put(site->script, "#!/bin/true\n", 0755);
	put(site->plain, "", 0644);
	*state = site;
	return 0;
}

static int
close_site(void **state)
{
	struct site *site = *state;

	mcp_config_free(site->config);
	mcp_problems_deinit(&site->problems);
	unlink(site->main);
	unlink(site->script);
	unlink(site->plain);
	rmdir(site->directory);
	free(site);
	return 0;
}

/* A tool with inputs "a" and "b", whose "exec" is on line 3. */
static int
load(struct site *site, const char *exec)
{
	char text[4096];

	mcp_config_free(site->config);
	site->config = NULL;
	mcp_problems_deinit(&site->problems);
	snprintf(text, sizeof(text),
	    "{\"tools\":[{\"name\":\"t\",\"inputSchema\":{\"type\":\"object\","
	    "\"properties\":{\"a\":{},\n\"b\":{}}},\n\"exec\":%s}]}",
	    exec);
	put(site->main, text, 0644);
	return mcp_config_load(site->main, &site->config, &site->problems);
}

static const struct mcp_exec *
load_well(struct site *site, const char *exec)
{
	int r = load(site, exec);

	mcp_problems_print(&site->problems, STDERR_FILENO);
	assert_int_equal(r, 0);
	assert_int_equal(site->problems.n, 0);
	assert_int_equal(site->config->tools[0].handler.kind, MCP_HANDLER_EXEC);
	return &site->config->tools[0].handler.exec;
}

/* All that was told is this one sentence, with its line. */
static void
assert_problem(
    struct site *site, const char *exec, unsigned line, const char *words)
{
	assert_int_equal(load(site, exec), MCP_CONFIG_E_PROBLEMS);
	if (site->problems.n != 1 || site->problems.at[0].line != line ||
	    strstr(site->problems.at[0].what, words) == NULL) {
		mcp_problems_print(&site->problems, STDERR_FILENO);
		fail_msg("not told alone on line %u: \"%s\"", line, words);
	}
}

static void
what_is_left_out_is_as_usual(void **state)
{
	struct site *site = *state;
	const struct mcp_exec *exec =
	    load_well(site, "{\"argv\":[\"script\"]}");

	assert_string_equal(exec->program, site->script);
	assert_int_equal(exec->n_argv, 0);
	assert_int_equal(exec->input.n, 0);
	assert_int_equal(exec->n_env, 0);
	assert_null(exec->directory);
	assert_int_equal(exec->timeout_ms, 10000);
	assert_int_equal(exec->output, MCP_EXEC_TEXT);
	assert_null(exec->mime_type);
	assert_int_equal(exec->max_bytes, 1 << 20);
	assert_false(exec->dashes);
	assert_false(exec->progress);
	assert_int_equal(exec->limits.cpu_s, 60);
	assert_int_equal(exec->limits.memory, 1 << 30);
	assert_int_equal(exec->limits.files, 256);
	assert_int_equal(exec->limits.file_size, 64 << 20);
	assert_int_equal(exec->limits.processes, 0);
}

static void
everything_can_be_said(void **state)
{
	struct site *site = *state;
	const struct mcp_exec *exec = load_well(site,
	    "{\"argv\":[\"/bin/sh\",\"\",\"{a}\",\"-{b}{{}}\"],"
	    "\"stdin\":\"{a}\",\"env\":{\"A_1\":\"{b}\",\"_\":\"\"},"
	    "\"directory\":\".\",\"timeout_ms\":1,\"output\":\"json\","
	    "\"max_bytes\":64,\"dashes\":true,\"progress\":true,"
	    "\"limits\":{\"cpu_s\":1,\"memory\":0,\"files\":3,"
	    "\"file_size\":4,\"processes\":5}}");

	assert_string_equal(exec->program, "/bin/sh");
	assert_int_equal(exec->n_argv, 3);
	assert_int_equal(exec->argv[0].n, 0);
	assert_true(exec->argv[1].n == 1 && exec->argv[1].pieces[0].place);
	assert_int_equal(exec->argv[2].n, 3);
	assert_string_equal(exec->argv[2].pieces[2].text, "{}");
	assert_int_equal(exec->input.n, 1);
	assert_int_equal(exec->n_env, 2);
	assert_string_equal(exec->env[0].name, "A_1");
	assert_int_equal(exec->output, MCP_EXEC_JSON);
	assert_true(exec->dashes && exec->progress);
	assert_int_equal(exec->limits.memory, 0);
	assert_int_equal(exec->limits.processes, 5);
	assert_true(
	    mcp_text_starts(mcp_text_of(exec->directory), site->directory));
	exec = load_well(
	    site, "{\"argv\":[\"/bin/sh\"],\"output\":\"image/svg+xml\"}");
	assert_int_equal(exec->output, MCP_EXEC_BYTES);
	assert_string_equal(exec->mime_type, "image/svg+xml");
	exec = load_well(site, "{\"argv\":[\"/bin/sh\"],\"output\":\"text\"}");
	assert_int_equal(exec->output, MCP_EXEC_TEXT);
	assert_null(exec->mime_type);
}

static void
the_program_is_one(void **state)
{
	struct site *site = *state;

	assert_problem(site, "{}", 3, "\"exec\" needs a \"argv\"");
	assert_problem(site, "{\"argv\":[]}", 3, "Give it a program");
	assert_problem(site, "{\"argv\":\"/bin/sh\"}", 3, "Give an array");
	assert_problem(site, "{\"argv\":\n[1]}", 4, "Give a string");
	assert_problem(site, "{\"argv\":[\n\"\"]}", 4, "is empty");
	assert_problem(
	    site, "{\"argv\":[\n\"{a}\"]}", 4, "the program has a {place}");
	assert_problem(site, "{\"argv\":[\n\"/bin/{a}\"]}", 4,
	    "the program has a {place}");
	assert_problem(site, "{\"argv\":[\n\"sh\"]}", 4, "does not exist");
	assert_problem(site, "{\"argv\":[\n\"/\"]}", 4, "no regular file");
	assert_problem(site, "{\"argv\":[\n\"plain\"]}", 4,
	    "is not executable. Make it so: chmod +x");
	assert_problem(
	    site, "{\"argv\":[\"/bin/sh\",\n1]}", 4, "Give a string");
}

static void
places_are_inputs(void **state)
{
	struct site *site = *state;

	assert_problem(site, "{\"argv\":[\"/bin/sh\",\"{a}\",\n\"x{c}\"]}", 4,
	    "{c} is not a property");
	assert_problem(site, "{\"argv\":[\"/bin/sh\"],\n\"stdin\":\"{c}\"}", 4,
	    "{c} is not a property");
	assert_problem(site,
	    "{\"argv\":[\"/bin/sh\"],\"env\":{\"A\":\"\",\n\"B\":\"{c}\"}}", 4,
	    "{c} is not a property");
	assert_problem(
	    site, "{\"argv\":[\"/bin/sh\",\n\"{a\"]}", 4, "is never closed");
}

static void
the_rest_is_checked(void **state)
{
	struct site *site = *state;

	assert_problem(site,
	    "{\"argv\":[\"/bin/sh\"],\"env\":{\n\"A=B\":\"\"}}", 4,
	    "\"A=B\" cannot be set");
	assert_problem(site, "{\"argv\":[\"/bin/sh\"],\"env\":{\n\"\":\"\"}}",
	    4, "cannot be set");
	assert_problem(site, "{\"argv\":[\"/bin/sh\"],\"env\":{\n\"1A\":\"\"}}",
	    4, "begins with no digit");
	assert_problem(site,
	    "{\"argv\":[\"/bin/sh\"],\"env\":{\n\"MCP_PROGRESS_FD\":\"4\"}}", 4,
	    "It is set by \"progress\"");
	assert_problem(site, "{\"argv\":[\"/bin/sh\"],\"env\":{\n\"A\":1}}", 4,
	    "Give a string");
	assert_problem(site, "{\"argv\":[\"/bin/sh\"],\n\"directory\":\"x\"}",
	    4, "cannot be entered");
	assert_problem(site,
	    "{\"argv\":[\"/bin/sh\"],\n\"directory\":\"plain\"}", 4,
	    "is no directory");
	assert_problem(site, "{\"argv\":[\"/bin/sh\"],\n\"output\":\"xml\"}", 4,
	    "Write \"text\", \"json\" or a MIME type");
	assert_problem(site, "{\"argv\":[\"/bin/sh\"],\n\"output\":\"a/\"}", 4,
	    "a MIME type");
	assert_problem(site, "{\"argv\":[\"/bin/sh\"],\n\"timeout_ms\":0}", 4,
	    "from 1 to 3600000");
	assert_problem(site,
	    "{\"argv\":[\"/bin/sh\"],\"limits\":{\n\"cpu\":1}}", 4,
	    "Did you mean \"cpu_s\"?");
	assert_problem(site, "{\"argv\":[\"/bin/sh\"],\n\"shell\":true}", 4,
	    "no key of \"exec\"");
}

static void
it_is_one_handler_of_an_entry(void **state)
{
	struct site *site = *state;

	assert_problem(site, "{\"argv\":[\"/bin/sh\"]},\n\"text\":\"x\"", 4,
	    "\"text\" is a second handler");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_is_left_out_is_as_usual, open_site, close_site),
		cmocka_unit_test_setup_teardown(
		    everything_can_be_said, open_site, close_site),
		cmocka_unit_test_setup_teardown(
		    the_program_is_one, open_site, close_site),
		cmocka_unit_test_setup_teardown(
		    places_are_inputs, open_site, close_site),
		cmocka_unit_test_setup_teardown(
		    the_rest_is_checked, open_site, close_site),
		cmocka_unit_test_setup_teardown(
		    it_is_one_handler_of_an_entry, open_site, close_site),
	};

	return cmocka_run_group_tests_name("config_exec", tests, NULL, NULL);
}

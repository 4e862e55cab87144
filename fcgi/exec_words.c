/* exec_words.c - I make a program's words out of values */

#include "fcgi/exec_words.h"
#include "fcgi/exec_report.h"

#include <mcp/json.h>

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_USUAL "/usr/local/bin:/usr/bin:/bin"

/* The one who looks up values, and remembers whose had a NUL in it. */
struct source {
	struct json_object *values;
	const char *broken;
};

static struct mcp_text
value_without_nul(void *context, const char *name)
{
	struct source *source = context;
	struct mcp_text value = handler_value(source->values, name);

	if (value.len > 0 && memchr(value.at, '\0', value.len) != NULL)
		source->broken = name;
	return value;
}

static void
strings_deinit(struct mcp_strings *strings)
{
	for (size_t i = 0; i < strings->n; i++)
		free(strings->at[i]);
	free(strings->at);
}

void
exec_words_deinit(struct exec_words *words)
{
	strings_deinit(&words->argv);
	strings_deinit(&words->env);
	mcp_buf_deinit(&words->input);
}

/* --- the lists ---------------------------------------------------------- */

static int
tell_too_long(struct mcp_buf *why)
{
	mcp_buf_puts(why, EXEC_TOO_LONG);
	return HANDLER_E_FAILED;
}

/* The kernel says exactly what is too long; this only bounds what is made. */
static int
add(struct exec_words *words, struct mcp_strings *strings, struct mcp_text word,
    struct mcp_buf *why)
{
	char **at = realloc(strings->at, (strings->n + 2) * sizeof(*at));

	if (at == NULL)
		return -ENOMEM;
	strings->at = at;
	at[strings->n] = at[strings->n + 1] = NULL;
	if (word.len + sizeof(*at) >= words->room)
		return tell_too_long(why);
	words->room -= word.len + sizeof(*at);
	at[strings->n] = mcp_text_dup(word);
	if (at[strings->n] == NULL)
		return -ENOMEM;
	strings->n++;
	return 0;
}

static int
add_literal(struct exec_words *words, struct mcp_strings *strings,
    const char *word, struct mcp_buf *why)
{
	return add(words, strings, mcp_text_of(word), why);
}

/* --- one word ----------------------------------------------------------- */

/* The name, where a template is one place and nothing else; else NULL. */
static const char *
sole_place(const struct mcp_template *template)
{
	return template->n == 1 && template->pieces[0].place
	    ? template->pieces[0].text
	    : NULL;
}

static int
tell_nul(const char *name, struct mcp_buf *why)
{
	mcp_buf_printf(why,
	    "\"%s\" holds a NUL character, which no program "
	    "can be given here: leave it out",
	    name);
	return HANDLER_E_FAILED;
}

static int
tell_dash(const char *name, struct mcp_buf *why)
{
	mcp_buf_printf(why,
	    "\"%s\" begins with \"-\", which the program "
	    "would take for an option: begin it otherwise",
	    name);
	return HANDLER_E_FAILED;
}

static int
expand(const struct mcp_template *template, struct json_object *values,
    struct mcp_buf *word, struct mcp_buf *why)
{
	struct source source = { values, NULL };

	mcp_template_expand(template, value_without_nul, &source, word);
	if (word->failed)
		return -ENOMEM;
	return source.broken == NULL ? 0 : tell_nul(source.broken, why);
}

/* --- arguments ---------------------------------------------------------- */

/* Each element of an array is an argument by itself. */
static int
add_item(struct exec_words *words, const char *name, struct json_object *item,
    bool dashes, struct mcp_buf *why)
{
	struct mcp_text text = json_object_is_type(item, json_type_string)
	    ? mcp_json_string(item)
	    : mcp_text_of(mcp_json_text(item));

	if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL)
		return tell_nul(name, why);
	if (text.len > 0 && text.at[0] == '-' && !dashes)
		return tell_dash(name, why);
	return add(words, &words->argv, text, why);
}

static int
add_items(struct exec_words *words, const char *name, struct json_object *array,
    bool dashes, struct mcp_buf *why)
{
	size_t n = json_object_array_length(array);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_item(words, name, json_object_array_get_idx(array, i),
		    dashes, why);
	return r;
}

static int
add_element(struct exec_words *words, const struct mcp_template *template,
    struct json_object *values, bool dashes, struct mcp_buf *why)
{
	const char *sole = sole_place(template);
	struct json_object *value =
	    sole == NULL ? NULL : mcp_json_get(values, sole);
	struct mcp_buf word = MCP_BUF_INIT;
	int r;

	if (sole != NULL && value == NULL)
		return 0;
	if (json_object_is_type(value, json_type_array))
		return add_items(words, sole, value, dashes, why);
	r = expand(template, values, &word, why);
	if (r == 0 && word.len > 0 && word.data[0] == '-' && !dashes &&
	    template->pieces[0].place)
		r = tell_dash(template->pieces[0].text, why);
	if (r == 0)
		r = add(words, &words->argv, mcp_buf_view(&word), why);
	mcp_buf_deinit(&word);
	return r;
}

/* Behind it nothing is an option any more. */
static bool
ends_options(const struct mcp_template *template)
{
	return template->n == 1 && !template->pieces[0].place &&
	    strcmp(template->pieces[0].text, "--") == 0;
}

static int
add_arguments(struct exec_words *words, const struct mcp_exec *exec,
    struct json_object *values, struct mcp_buf *why)
{
	bool dashes = exec->dashes;
	int r = add_literal(words, &words->argv, exec->program, why);

	for (size_t i = 0; i < exec->n_argv && r == 0; i++) {
		r = add_element(words, &exec->argv[i], values, dashes, why);
		dashes |= ends_options(&exec->argv[i]);
	}
	return r;
}

/* --- what mcp-exec is told ---------------------------------------------- */

static int
add_order(struct exec_words *words, const struct mcp_exec *exec,
    const char *helper, struct mcp_buf *why)
{
	static const char *const names[EXEC_N_NUMBERS] = EXEC_NUMBERS;
	const struct mcp_exec_limits *limits = &exec->limits;
	const size_t numbers[EXEC_N_NUMBERS] = { limits->cpu_s, limits->memory,
		limits->files, limits->file_size, limits->processes,
		exec->progress };
	struct mcp_buf word = MCP_BUF_INIT;
	int r = add_literal(words, &words->argv, helper, why);

	for (int i = 0; i < EXEC_N_NUMBERS && r == 0; i++) {
		mcp_buf_reset(&word);
		mcp_buf_printf(&word, "%s=%zu", names[i], numbers[i]);
		r = add(words, &words->argv, mcp_buf_view(&word), why);
	}
	mcp_buf_reset(&word);
	mcp_buf_printf(&word, "directory=%s",
	    exec->directory == NULL ? "/" : exec->directory);
	if (r == 0)
		r = add(words, &words->argv, mcp_buf_view(&word), why);
	if (word.failed)
		r = -ENOMEM;
	mcp_buf_deinit(&word);
	return r;
}

/* --- the environment ---------------------------------------------------- */

static bool
has_path(const struct mcp_exec *exec)
{
	for (size_t i = 0; i < exec->n_env; i++)
		if (strcmp(exec->env[i].name, "PATH") == 0)
			return true;
	return false;
}

static int
add_variable(struct exec_words *words, const struct mcp_exec_variable *variable,
    struct json_object *values, struct mcp_buf *why)
{
	const char *sole = sole_place(&variable->value);
	struct mcp_buf word = MCP_BUF_INIT;
	int r;

	if (sole != NULL && mcp_json_get(values, sole) == NULL)
		return 0;
	mcp_buf_printf(&word, "%s=", variable->name);
	r = expand(&variable->value, values, &word, why);
	if (r == 0)
		r = add(words, &words->env, mcp_buf_view(&word), why);
	mcp_buf_deinit(&word);
	return r;
}

static int
add_env(struct exec_words *words, const struct mcp_exec *exec,
    struct json_object *values, struct mcp_buf *why)
{
	int r = 0;

	for (size_t i = 0; i < exec->n_env && r == 0; i++)
		r = add_variable(words, &exec->env[i], values, why);
	if (r == 0 && !has_path(exec))
		r = add_literal(words, &words->env, "PATH=" PATH_USUAL, why);
	if (r == 0 && exec->progress)
		r = add_literal(words, &words->env, "MCP_PROGRESS_FD=3", why);
	return r;
}

/* An environment without anything is a list too. */
static int
make_list(struct mcp_strings *strings)
{
	strings->at = calloc(1, sizeof(*strings->at));
	return strings->at == NULL ? -ENOMEM : 0;
}

int
exec_words_make(const struct mcp_exec *exec, const char *helper,
    struct json_object *values, struct exec_words *words, struct mcp_buf *why)
{
	int r = make_list(&words->env);

	words->room = (size_t)sysconf(_SC_ARG_MAX);
	if (r == 0)
		r = add_order(words, exec, helper, why);
	if (r == 0)
		r = add_arguments(words, exec, values, why);
	if (r == 0)
		r = add_env(words, exec, values, why);
	if (r != 0)
		return r;
	mcp_template_expand(&exec->input, handler_value, values, &words->input);
	return words->input.failed ? -ENOMEM : 0;
}

/* completion.c - I am completion/complete
 *
 * Spec: "Completion": at most 100 values, the best first; an argument nobody
 * can complete has none, and is no error
 */

#include "fcgi/dispatch.h"
#include "fcgi/handler.h"
#include "fcgi/permit.h"

#include <mcp/json.h>

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#define VALUES_MAX 100

struct values {
	struct mcp_buf *out;
	unsigned n, total;
};

static void
add_value(struct values *values, struct mcp_text value)
{
	if (values->total++ >= VALUES_MAX)
		return;
	if (values->n++ > 0)
		mcp_buf_putc(values->out, ',');
	mcp_buf_json_string(values->out, value);
}

static const struct mcp_completion *
find_argument(const struct mcp_completion *completions, size_t n,
    const char *argument)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(completions[i].argument, argument) == 0)
			return &completions[i];
	return NULL;
}

static const struct mcp_resource *
find_template(const struct call *call, const char *uri)
{
	const struct mcp_config *config = call->config;

	for (size_t i = 0; i < config->n_templates; i++)
		if (strcmp(config->templates[i].uri, uri) == 0 &&
		    permit_entry(call, &config->templates[i].access))
			return &config->templates[i];
	return NULL;
}

/* Return: 0, *completionp NULL where nothing completes it, *accessp of the
 *         entry it belongs to; CALL_E_FAILED */
static int
find(struct call *call, const char *type, const char *name,
    const char *argument, const struct mcp_completion **completionp,
    const struct mcp_access **accessp)
{
	const struct mcp_prompt *prompt;
	const struct mcp_resource *template;

	if (strcmp(type, "ref/prompt") == 0) {
		prompt = permit_prompt(call, name);
		if (prompt == NULL)
			return call_fail(call, JSONRPC_INVALID_PARAMS,
			    "Unknown prompt: %s", name);
		*completionp = find_argument(prompt->completions,
		    prompt->n_completions, argument);
		*accessp = &prompt->access;
		return 0;
	}
	template = find_template(call, name);
	if (template == NULL)
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "Unknown resource template: %s", name);
	*completionp = find_argument(template->completions,
	    template->n_completions, argument);
	*accessp = &template->access;
	return 0;
}

/* The first column of each row. */
static void
add_rows(struct values *values, const struct handler_result *made)
{
	struct json_object *rows = mcp_json_parse(mcp_buf_view(&made->text));

	for (size_t i = 0; rows != NULL && i < json_object_array_length(rows);
	     i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		json_object_object_foreach(row, column, value) {
			if (value != NULL)
				add_value(values, handler_value(row, column));
			break;
		}
	}
	json_object_put(rows);
}

/* What a plugin added: a list of JSON strings. */
static void
add_parts(struct values *values, const struct handler_result *made)
{
	struct mcp_buf list = MCP_BUF_INIT;
	struct json_object *all;

	mcp_buf_putc(&list, '[');
	mcp_buf_text(&list, mcp_buf_view(&made->parts));
	mcp_buf_putc(&list, ']');
	all = list.failed ? NULL : mcp_json_parse(mcp_buf_view(&list));
	for (size_t i = 0; all != NULL && i < json_object_array_length(all);
	     i++)
		add_value(values, mcp_text_of(json_object_get_string(
				      json_object_array_get_idx(all, i))));
	json_object_put(all);
	mcp_buf_deinit(&list);
}

static int
run_handler(struct call *call, const struct mcp_completion *completion,
    struct json_object *known, struct values *values)
{
	struct handler_result made = HANDLER_RESULT_INIT;
	int condition = handler_run(call, &completion->handler, known, &made);

	if (condition == 0 && completion->handler.kind == MCP_HANDLER_SQL)
		add_rows(values, &made);
	else if (condition == 0)
		add_parts(values, &made);
	else if (condition == HANDLER_E_FAILED)
		condition = call_fail(call, JSONRPC_INTERNAL_ERROR, "%s",
		    made.text.data);
	else if (condition == HANDLER_E_NONE)
		condition = 0;
	handler_result_deinit(&made);
	return condition;
}

static int
complete(struct call *call, const struct mcp_completion *completion,
    const char *typed, struct json_object *known, struct values *values)
{
	if (completion == NULL)
		return 0;
	if (completion->handler.kind != MCP_HANDLER_NONE)
		return run_handler(call, completion, known, values);
	for (size_t i = 0; i < completion->values.n; i++) {
		struct mcp_text value = mcp_text_of(completion->values.at[i]);

		if (mcp_text_starts(value, typed))
			add_value(values, value);
	}
	return 0;
}

static const char *
string_of(struct json_object *object, const char *name)
{
	struct json_object *value = mcp_json_get(object, name);

	return json_object_is_type(value, json_type_string) ?
	    json_object_get_string(value) : NULL;
}

/* What the handler may use: the arguments already chosen, what is bound,
 * whatever the client says of that, and what was typed. */
static struct json_object *
known_values(const struct call *call, const struct mcp_access *access,
    struct json_object *context, const char *typed)
{
	struct json_object *chosen = mcp_json_get(context, "arguments");
	struct json_object *known = permit_values(call, access,
	    json_object_is_type(chosen, json_type_object) ? chosen : NULL);

	if (known == NULL)
		return NULL;
	json_object_object_add(known, "value", json_object_new_string(typed));
	return known;
}

int
completion_complete(struct call *call, struct mcp_buf *result)
{
	struct json_object *ref, *argument, *context, *known;
	const struct mcp_completion *completion = NULL;
	const struct mcp_access *access = NULL;
	const char *type, *name, *argument_name, *typed;
	struct values values = { result, 0, 0 };
	int condition = param_object(call, "ref", &ref);

	if (condition == 0)
		condition = param_object(call, "argument", &argument);
	if (condition == 0)
		condition = param_object(call, "context", &context);
	if (condition != 0)
		return condition;
	type = string_of(ref, "type");
	name = string_of(ref, type != NULL && strcmp(type, "ref/prompt") == 0 ?
		"name" : "uri");
	argument_name = string_of(argument, "name");
	typed = string_of(argument, "value");
	if (type == NULL || name == NULL || !argument_name || typed == NULL)
		return call_fail(call, JSONRPC_INVALID_PARAMS,
		    "params: expected ref {type, name or uri} and argument "
		    "{name, value}");
	call->name = name;
	condition = find(call, type, name, argument_name, &completion, &access);
	if (condition != 0)
		return condition;
	known = known_values(call, access, context, typed);
	if (known == NULL)
		return -ENOMEM;
	mcp_buf_puts(result, "{\"completion\":{\"values\":[");
	condition = complete(call, completion, typed, known, &values);
	mcp_buf_printf(result, "],\"total\":%u,\"hasMore\":%s}}", values.total,
	    values.total > values.n ? "true" : "false");
	json_object_put(known);
	return condition;
}

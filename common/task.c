/* task.c - I know what becomes of a task whose worker has died */

#include <mcp/task.h>

#include <errno.h>
#include <json-c/json.h>

#include <mcp/json.h>
#include <mcp/jsonrpc.h>

#define WHY "The worker that ran this task is gone"

/* Return: 0; -ENOMEM
 * Owner:  @value is taken */
static int
set(struct json_object *task, const char *name, struct json_object *value)
{
	if (value != NULL && json_object_object_add(task, name, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static struct json_object *
error_new(void)
{
	struct json_object *error = json_object_new_object();

	if (error != NULL &&
	    set(error, "code",
		json_object_new_int(JSONRPC_INTERNAL_ERROR)) == 0 &&
	    set(error, "message", json_object_new_string(WHY)) == 0)
		return error;
	json_object_put(error);
	return NULL;
}

static int
fail(struct json_object *task)
{
	char now[MCP_TIMESTAMP_MAX];
	int error;

	mcp_text_timestamp(now);
	json_object_object_del(task, "inputRequests");
	error = set(task, "status", json_object_new_string("failed"));
	if (error == 0)
		error = set(task, "lastUpdatedAt",
		    json_object_new_string(now));
	if (error == 0)
		error = set(task, "statusMessage",
		    json_object_new_string(WHY));
	return error == 0 ? set(task, "error", error_new()) : error;
}

static struct json_object *
parse(struct mcp_text text)
{
	struct json_object *task = mcp_json_parse(text);

	if (json_object_is_type(task, json_type_object))
		return task;
	json_object_put(task);
	return NULL;
}

int
mcp_task_bury(struct mcp_text text, struct mcp_buf *out)
{
	struct json_object *task = parse(text);
	const char *json = NULL;

	if (task == NULL)
		return MCP_TASK_E_FORM;
	if (fail(task) == 0)
		json = mcp_json_text(task);
	if (json != NULL)
		mcp_buf_puts(out, json);
	json_object_put(task);
	return json == NULL || out->failed ? -ENOMEM : 0;
}

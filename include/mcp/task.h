/* task.h - I know what becomes of a task whose worker has died
 *
 * A task is a JSON object, as tasks/get and notifications/tasks show it; the
 * worker that runs it writes it. Should that one die, whoever is asked says the
 * same of it: it has failed.
 *
 * Spec: SEP-2663 "Task Status"
 */
#ifndef MCP_TASK_H
#define MCP_TASK_H

#include <mcp/text.h>

#define MCP_TASKS_EXTENSION "io.modelcontextprotocol/tasks"

/* -32021's data, where a client takes no tasks */
#define MCP_TASKS_REQUIRED \
	"{\"requiredCapabilities\":{\"extensions\":{\"" MCP_TASKS_EXTENSION \
	"\":{}}}}"

enum mcp_task_condition {
	MCP_TASK_E_FORM = 1 /* that is no task */
};

/* mcp_task_bury() - append @task as it is now: failed
 * Return: 0; MCP_TASK_E_FORM; -ENOMEM */
int mcp_task_bury(struct mcp_text task, struct mcp_buf *out);

#endif

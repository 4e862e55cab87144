/* tasks.h - I let a call go on without its caller
 *
 * A task is a cell in the broker whose bytes are the task as clients see it.
 * Any process answers for it; the one that runs it writes it. Should that one
 * die, the cell says so, and the task has failed.
 *
 * Spec: SEP-2663 "Tasks Extension", io.modelcontextprotocol/tasks
 */
#ifndef FCGI_TASKS_H
#define FCGI_TASKS_H

#include "fcgi/call.h"

struct json_object;

#define TASK_ID_MAX 33 /* 32 hexadecimal digits: 128 random bits */

/* tasks_become() - @call is a task from now on: its caller gets the
 * CreateTaskResult at once, and call->connection is gone
 * Return: 0; -ENOTSUP this client takes no tasks; -EPIPE the broker cannot
 *         keep it now; -EAGAIN too many run here; -ENOMEM */
int tasks_become(struct call *call);

/* tasks_show() - the task @id of this caller as it is now, appended to @task
 * Return: 0; -ENOTSUP this client takes no tasks; -EPIPE it is not there, or
 *         the broker is not; -ENOMEM */
int tasks_show(struct call *call, const char *id, struct mcp_buf *task);

/* tasks_need() - fail the call of a client that takes no tasks
 * Return: 0 it takes them; CALL_E_FAILED */
int tasks_need(struct call *call);

/* tasks_wait_input() - the task waits for these answers: @pending requests by
 * key, NULL: it works again */
void tasks_wait_input(struct call *call, struct json_object *pending);

/* tasks_finish() - the call has ended: call->out is its response
 * Units:  @result the bare result where call->code is 0 */
void tasks_finish(struct call *call);

/* tasks_word() - the id under which an answer to @key of @task is awaited, as a
 * JSON string */
void tasks_word(const char *task, const char *key, struct mcp_buf *out);

#endif

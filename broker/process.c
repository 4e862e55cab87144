/* process.c - I know which worker processes live, and what each was answered */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <mcp/log.h>

#include "broker/broker.h"

int
processes_init(struct processes *processes,
    void (*on_gone)(struct broker *broker))
{
	int error = table_init(&processes->by_id);

	TAILQ_INIT(&processes->all);
	processes->on_gone = on_gone;
	if (error == 0)
		error = table_init(&processes->routes);
	return error;
}

static void
process_free(struct broker *broker, struct process *process)
{
	struct processes *processes = &broker->processes;
	struct route *route;

	while ((route = LIST_FIRST(&process->routes)) != NULL) {
		LIST_REMOVE(route, of_process);
		table_remove(&processes->routes, &route->node);
		free(route);
	}
	clock_cancel(&broker->clock, &process->due);
	table_remove(&processes->by_id, &process->node);
	TAILQ_REMOVE(&processes->all, process, of_all);
	free(process);
}

void
processes_deinit(struct broker *broker)
{
	struct process *process;

	while ((process = TAILQ_FIRST(&broker->processes.all)) != NULL)
		process_free(broker, process);
	table_deinit(&broker->processes.by_id);
	table_deinit(&broker->processes.routes);
}

/* A loop that was itself away for a while (stopped, swapped out) has letters
 * waiting that it has not read: who is found overdue only late gets a second
 * more. */
static void
on_silent(void *context, struct due *due, uint64_t now_ns)
{
	struct process *process = CONTAINER(struct process, due, due);
	struct broker *broker = context;

	if (now_ns > process->dead_ns + MCP_S / 2 && !process->suspected) {
		process->suspected = true;
		(void)clock_set(&broker->clock, due, now_ns + MCP_S);
		return;
	}
	if (process->greeted)
		mcp_log(MCP_LOG_WARNING, "worker process %" PRIu64
		    " has been silent for 3 s and counts as dead",
		    process->pid);
	process_gone(broker, process);
}

static struct process *
find(const struct processes *processes, const uint8_t *id, uint64_t hash)
{
	struct table_node *node = table_find(&processes->by_id, hash);

	for (; node != NULL; node = table_again(node)) {
		struct process *process = CONTAINER(struct process, node, node);

		if (memcmp(process->id, id, MCP_BUS_PROCESS_LEN) == 0)
			return process;
	}
	return NULL;
}

struct process *
process_of(struct broker *broker, const struct mcp_route *route)
{
	struct processes *processes = &broker->processes;
	const uint8_t *id = mcp_route_process(route);
	uint64_t hash = table_hash(id, MCP_BUS_PROCESS_LEN);
	struct process *process = find(processes, id, hash);

	if (process != NULL || processes->by_id.n >= PROCESS_MAX)
		return process;
	process = calloc(1, sizeof(*process));
	if (process == NULL)
		return NULL;
	process->due = DUE_INIT(on_silent);
	process->dead_ns = mcp_clock_ns() + PROCESS_SILENT_NS;
	if (clock_set(&broker->clock, &process->due, process->dead_ns) != 0) {
		free(process);
		return NULL;
	}
	memcpy(process->id, id, MCP_BUS_PROCESS_LEN);
	process->first = broker->ended.known + 1;
	LIST_INIT(&process->admissions);
	LIST_INIT(&process->waiting);
	LIST_INIT(&process->cells);
	LIST_INIT(&process->answers);
	LIST_INIT(&process->routes);
	table_put(&processes->by_id, &process->node, hash);
	TAILQ_INSERT_TAIL(&processes->all, process, of_all);
	return process;
}

void
process_alive(struct broker *broker, struct process *process, uint64_t now_ns)
{
	if (process->struck) /* its WELCOME says what it was not told */
		process->first = broker->ended.known + 1;
	process->heard_ns = now_ns;
	process->greeted = true;
	process->struck = process->suspected = false;
	process->dead_ns = now_ns + PROCESS_SILENT_NS;
	(void)clock_set(&broker->clock, &process->due, process->dead_ns);
}

void
process_gone(struct broker *broker, struct process *process)
{
	struct admission *admission;
	struct waiting *waiting;

	while ((admission = LIST_FIRST(&process->admissions)) != NULL)
		admission_fail(broker, admission,
		    MCP_TEXT("the worker that ran this request is gone"));
	while ((waiting = LIST_FIRST(&process->waiting)) != NULL)
		relay_free(broker, waiting);
	cells_orphan(broker, &process->cells);
	stream_complete_of(broker, process);
	process_free(broker, process);
	broker->processes.on_gone(broker);
}

struct mcp_route
process_control(const struct process *process)
{
	struct mcp_route route = { { 0x50 } };

	memcpy(route.id + 1, process->id, MCP_BUS_PROCESS_LEN);
	return route;
}

struct route *
route_of(struct broker *broker, const struct mcp_route *key)
{
	struct processes *processes = &broker->processes;
	uint64_t hash = table_hash(key->id, sizeof(key->id));
	struct table_node *node = table_find(&processes->routes, hash);
	struct process *process;
	struct route *route;

	for (; node != NULL; node = table_again(node)) {
		route = CONTAINER(struct route, node, node);
		if (memcmp(&route->route, key, sizeof(*key)) == 0)
			return route;
	}
	process = process_of(broker, key);
	if (process == NULL || processes->routes.n >= ROUTE_MAX)
		return NULL;
	route = calloc(1, sizeof(*route));
	if (route == NULL)
		return NULL;
	route->route = *key;
	route->process = process;
	table_put(&processes->routes, &route->node, hash);
	LIST_INSERT_HEAD(&process->routes, route, of_process);
	return route;
}

const struct answer *
route_recall(const struct route *route, uint64_t correlation)
{
	for (unsigned i = 0; i < ROUTE_ANSWERS; i++)
		if (route->correlations[i] == correlation)
			return &route->answers[i];
	return NULL;
}

void
route_remember(struct route *route, uint64_t correlation, struct answer answer)
{
	struct answer *at = (struct answer *)(uintptr_t)route_recall(route,
	    correlation);

	if (at == NULL) {
		route->correlations[route->next] = correlation;
		at = &route->answers[route->next];
		route->next = (route->next + 1) % ROUTE_ANSWERS;
	}
	*at = answer;
}

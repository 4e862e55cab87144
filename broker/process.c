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

int
process_keep(struct process *process, struct mcp_text letter)
{
	struct kept *one;

	if (process->n_kept >= MCP_BUS_HWM)
		return MCP_BUS_E_BUSY;
	one = malloc(sizeof(*one) + letter.len);
	if (one == NULL)
		return -ENOMEM;
	process->n_kept++;
	one->len = letter.len;
	memcpy(one->bytes, letter.at, letter.len);
	STAILQ_INSERT_TAIL(&process->kept, one, next);
	return 0;
}

void
process_send_kept(struct broker *broker, struct process *process,
    int (*send)(struct broker *broker, const struct mcp_route *route,
	struct mcp_text letter))
{
	struct mcp_route control = process_control(process);
	struct kept *one;

	while ((one = STAILQ_FIRST(&process->kept)) != NULL) {
		STAILQ_REMOVE_HEAD(&process->kept, next);
		process->n_kept--;
		if (send(broker, &control,
			(struct mcp_text){ one->bytes, one->len }) != 0)
			broker->metrics.unsent++;
		free(one);
	}
}

static int
drop(struct broker *broker, const struct mcp_route *route,
    struct mcp_text letter)
{
	(void)broker;
	(void)route;
	(void)letter;
	return 0;
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
	process_send_kept(broker, process, drop);
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

static struct process *
process_new(struct broker *broker, const uint8_t *id, uint64_t hash)
{
	struct processes *processes = &broker->processes;
	struct process *process = calloc(1, sizeof(*process));

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
	STAILQ_INIT(&process->kept);
	table_put(&processes->by_id, &process->node, hash);
	TAILQ_INSERT_TAIL(&processes->all, process, of_all);
	return process;
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
	return process_new(broker, id, hash);
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

/* --- into the next broker ------------------------------------------------ */

static void
route_save(const struct route *route, struct state_writer *out)
{
	state_bytes(out, route->route.id, sizeof(route->route.id));
	for (unsigned i = 0; i < ROUTE_ANSWERS; i++) {
		unsigned at = (route->next + i) % ROUTE_ANSWERS;
		const struct answer *answer = &route->answers[at];

		state_number(out, route->correlations[at]);
		state_number(out, answer->kind);
		state_number(out, answer->outcome);
		hub_name_save(&answer->stream, out);
		state_number(out, answer->number);
	}
}

static int
route_load(struct broker *broker, struct state_reader *in)
{
	struct mcp_route key;
	struct route *route;

	state_read_bytes(in, key.id, sizeof(key.id));
	route = in->failed ? NULL : route_of(broker, &key);
	if (route == NULL)
		return in->failed ? -EINVAL : -ENOMEM;
	route->restored = true;
	for (unsigned i = 0; i < ROUTE_ANSWERS; i++) {
		struct answer *answer = &route->answers[i];

		route->correlations[i] = state_read_number(in);
		answer->kind = (uint8_t)state_read_number(in);
		answer->outcome = (uint8_t)state_read_number(in);
		hub_name_load(&answer->stream, in);
		answer->number = state_read_number(in);
	}
	return 0;
}

static void
process_save(const struct process *process, struct state_writer *out)
{
	const uint64_t numbers[] = { process->pid, process->heard_ns,
		process->dead_ns, process->requests, process->failed,
		process->running, process->known, process->first,
		process->greeted + 2u * process->replaced, process->struck };
	const struct route *route;
	size_t n = 0;

	state_bytes(out, process->id, sizeof(process->id));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		state_number(out, numbers[i]);
	state_number(out, MCP_N_QUIRKS);
	for (size_t i = 0; i < MCP_N_QUIRKS; i++)
		state_number(out, process->quirks[i]);
	state_text(out, mcp_text_of(process->digest));
	LIST_FOREACH(route, &process->routes, of_process)
		n++;
	state_number(out, n);
	LIST_FOREACH(route, &process->routes, of_process)
		route_save(route, out);
}

/* It is not dead because we were away. */
static void
process_read_members(struct broker *broker, struct process *process,
    struct state_reader *in)
{
	uint64_t n;
	struct mcp_text digest;

	process->pid = state_read_number(in);
	process->heard_ns = state_read_number(in);
	process->dead_ns = state_read_number(in) + MCP_S;
	process->requests = state_read_number(in);
	process->failed = state_read_number(in);
	process->running = state_read_number(in);
	process->known = state_read_number(in);
	process->first = state_read_number(in);
	n = state_read_number(in);
	process->greeted = n != 0;
	process->replaced = n > 1;
	process->struck = state_read_number(in) != 0;
	process->restored = process->greeted;
	n = state_read_number(in);
	for (uint64_t i = 0; i < n && !in->failed; i++) {
		uint64_t count = state_read_number(in);

		if (i < MCP_N_QUIRKS)
			process->quirks[i] = count;
	}
	digest = state_read_text(in);
	if (digest.len < sizeof(process->digest))
		memcpy(process->digest, digest.at, digest.len);
	(void)clock_set(&broker->clock, &process->due, process->dead_ns);
}

static int
process_load(struct broker *broker, struct state_reader *in)
{
	uint8_t id[MCP_BUS_PROCESS_LEN];
	struct process *process;
	uint64_t n;
	int error = 0;

	state_read_bytes(in, id, sizeof(id));
	process = process_new(broker, id, table_hash(id, sizeof(id)));
	if (process == NULL)
		return -ENOMEM;
	process_read_members(broker, process, in);
	n = state_read_up_to(in, ROUTE_MAX);
	for (; n > 0 && error == 0 && !in->failed; n--)
		error = route_load(broker, in);
	return error != 0 ? error : state_end(in);
}

void
processes_save(const struct broker *broker, struct state_writer *out)
{
	const struct process *process;

	state_number(out, broker->processes.by_id.n);
	TAILQ_FOREACH(process, &broker->processes.all, of_all)
		process_save(process, out);
}

int
processes_load(struct broker *broker, struct state_reader *in)
{
	uint64_t n = state_read_up_to(in, PROCESS_MAX);
	int error = 0;

	for (; n > 0 && error == 0 && !in->failed; n--)
		error = process_load(broker, in);
	return error != 0 ? error : state_end(in);
}

struct process *
process_read(const struct broker *broker, struct state_reader *in)
{
	uint8_t id[MCP_BUS_PROCESS_LEN];

	state_read_bytes(in, id, sizeof(id));
	return in->failed
	    ? NULL
	    : find(&broker->processes, id, table_hash(id, sizeof(id)));
}

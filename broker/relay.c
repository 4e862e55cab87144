/* relay.c - I know who waits for whose answer */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

struct party {
	struct table_node node; /* by name */
	struct hub_name name;
	struct waiting_list waiting; /* never empty */
	size_t n;
	uint8_t subject[MCP_WIRE_SUBJECT_LEN];
};

int
relay_init(struct relay *relay, relay_gone_fn *on_gone)
{
	int error = table_init(&relay->waiting);

	relay->on_gone = on_gone;
	return error != 0 ? error : table_init(&relay->parties);
}

void
relay_deinit(struct broker *broker)
{
	struct relay *relay = &broker->relay;
	struct table_node *node;

	while ((node = table_any(&relay->waiting)) != NULL)
		relay_free(broker, CONTAINER(struct waiting, node, node));
	table_deinit(&relay->waiting);
	table_deinit(&relay->parties);
}

/* --- parties ------------------------------------------------------------ */

static struct party *
find_party(const struct relay *relay, const struct hub_name *name)
{
	struct table_node *node = table_find(&relay->parties,
	    hub_name_hash(name));

	for (; node != NULL; node = table_again(node)) {
		struct party *party = CONTAINER(struct party, node, node);

		if (hub_name_equal(&party->name, name))
			return party;
	}
	return NULL;
}

static bool
is_subject(const struct party *party, struct mcp_text subject)
{
	return subject.len == sizeof(party->subject) &&
	    memcmp(subject.at, party->subject, subject.len) == 0;
}

static struct party *
party_new(struct relay *relay, const struct hub_name *name,
    struct mcp_text subject)
{
	struct party *party = calloc(1, sizeof(*party));

	if (party == NULL)
		return NULL;
	party->name = *name;
	memcpy(party->subject, subject.at, sizeof(party->subject));
	LIST_INIT(&party->waiting);
	table_put(&relay->parties, &party->node, hub_name_hash(name));
	return party;
}

static void
party_free(struct relay *relay, struct party *party)
{
	table_remove(&relay->parties, &party->node);
	free(party);
}

/* --- waiting ------------------------------------------------------------ */

static struct waiting *
find(const struct relay *relay, struct mcp_text request)
{
	struct table_node *node = table_find(&relay->waiting,
	    table_hash(request.at, request.len));

	for (; node != NULL; node = table_again(node)) {
		struct waiting *waiting = CONTAINER(struct waiting, node, node);

		if (mcp_text_equal(request, (struct mcp_text){
			waiting->request, waiting->len }))
			return waiting;
	}
	return NULL;
}

void
relay_free(struct broker *broker, struct waiting *waiting)
{
	struct party *party = waiting->party;

	clock_cancel(&broker->clock, &waiting->due);
	table_remove(&broker->relay.waiting, &waiting->node);
	LIST_REMOVE(waiting, of_party);
	LIST_REMOVE(waiting, of_process);
	free(waiting);
	if (--party->n == 0)
		party_free(&broker->relay, party);
}

static void
on_deadline(void *context, struct due *due, uint64_t now_ns)
{
	(void)now_ns; /* whoever asked has the same deadline */
	relay_free(context, CONTAINER(struct waiting, due, due));
}

/* In the tables; whom it waits for is the caller's to say. */
static struct waiting *
waiting_new(struct broker *broker, struct process *process,
    const struct mcp_letter *letter)
{
	struct mcp_text request = letter->request;
	struct waiting *waiting = malloc(sizeof(*waiting) + request.len);

	if (waiting == NULL)
		return NULL;
	waiting->due = DUE_INIT(on_deadline);
	if (clock_set(&broker->clock, &waiting->due,
		letter->call_deadline_ns) != 0) {
		free(waiting);
		return NULL;
	}
	waiting->process = process;
	waiting->len = request.len;
	memcpy(waiting->request, request.at, request.len);
	table_put(&broker->relay.waiting, &waiting->node,
	    table_hash(request.at, request.len));
	LIST_INSERT_HEAD(&process->waiting, waiting, of_process);
	return waiting;
}

static int
judge(const struct relay *relay, const struct party *party,
    const struct mcp_letter *letter)
{
	if (relay->waiting.n >= RELAY_MAX)
		return RELAY_E_FULL;
	if (party != NULL && !is_subject(party, letter->subject))
		return RELAY_E_FOREIGN;
	if (party != NULL && party->n >= RELAY_MAX_OF_PARTY)
		return RELAY_E_PARTY;
	return find(relay, letter->request) != NULL ? RELAY_E_KNOWN : 0;
}

int
relay_await(struct broker *broker, struct process *process,
    const struct hub_name *name, const struct mcp_letter *letter)
{
	struct relay *relay = &broker->relay;
	struct party *party = find_party(relay, name);
	struct waiting *waiting;
	int condition = judge(relay, party, letter);

	if (condition != 0)
		return condition;
	if (party == NULL)
		party = party_new(relay, name, letter->subject);
	if (party == NULL)
		return -ENOMEM;
	waiting = waiting_new(broker, process, letter);
	if (waiting == NULL) {
		if (party->n == 0)
			party_free(relay, party);
		return -ENOMEM;
	}
	waiting->party = party;
	LIST_INSERT_HEAD(&party->waiting, waiting, of_party);
	party->n++;
	return 0;
}

struct waiting *
relay_find(const struct relay *relay, const struct hub_name *name,
    const struct mcp_letter *letter)
{
	struct waiting *waiting = find(relay, letter->request);

	if (waiting == NULL || !hub_name_equal(&waiting->party->name, name) ||
	    !is_subject(waiting->party, letter->subject))
		return NULL;
	return waiting;
}

void
relay_gone(struct broker *broker, const struct hub_name *name)
{
	struct party *party = find_party(&broker->relay, name);
	size_t n = party == NULL ? 0 : party->n;

	while (n-- > 0) { /* the last one frees the party */
		struct waiting *waiting = LIST_FIRST(&party->waiting);

		broker->relay.on_gone(broker, waiting->process,
		    (struct mcp_text){ waiting->request, waiting->len });
		relay_free(broker, waiting);
	}
}

/* --- into the next broker ------------------------------------------------ */

static void
waiting_save(void *context, struct table_node *node)
{
	const struct waiting *waiting = CONTAINER(struct waiting, node, node);
	struct state_writer *out = context;

	state_bytes(out, waiting->process->id, sizeof(waiting->process->id));
	hub_name_save(&waiting->party->name, out);
	state_bytes(out, waiting->party->subject,
	    sizeof(waiting->party->subject));
	state_bytes(out, waiting->request, waiting->len);
	state_due(out, &waiting->due);
}

void
relay_save(struct broker *broker, struct state_writer *out)
{
	state_number(out, broker->relay.waiting.n);
	table_each(&broker->relay.waiting, waiting_save, out);
}

static int
waiting_load(struct broker *broker, struct state_reader *in)
{
	struct process *process = process_read(broker, in);
	struct mcp_letter letter = { .kind = MCP_AWAIT };
	struct hub_name name;
	int condition;

	hub_name_load(&name, in);
	letter.subject = state_read_text(in);
	letter.request = state_read_text(in);
	letter.call_deadline_ns = state_read_number(in);
	if (in->failed || process == NULL ||
	    letter.subject.len != MCP_WIRE_SUBJECT_LEN)
		return -EINVAL;
	condition = relay_await(broker, process, &name, &letter);
	return condition > 0 ? -EINVAL : condition;
}

int
relay_load(struct broker *broker, struct state_reader *in)
{
	uint64_t n = state_read_up_to(in, RELAY_MAX);
	int error = 0;

	for (; n > 0 && error == 0 && !in->failed; n--)
		error = waiting_load(broker, in);
	return error != 0 ? error : state_end(in);
}

/* cells.c - I keep small records until they expire */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

struct owner {
	struct table_node node;
	size_t n; /* never 0 */
	size_t bytes;
	uint8_t subject[MCP_WIRE_SUBJECT_LEN];
};

int
cells_init(struct cells *cells, cell_orphan_fn *on_orphan)
{
	int error = table_init(&cells->by_key);

	cells->on_orphan = on_orphan;
	cells->bytes = 0;
	return error != 0 ? error : table_init(&cells->owners);
}

/* --- owners ------------------------------------------------------------- */

static struct owner *
find_owner(const struct cells *cells, struct mcp_text subject)
{
	struct table_node *node = table_find(&cells->owners,
	    table_hash(subject.at, subject.len));

	for (; node != NULL; node = table_again(node)) {
		struct owner *owner = CONTAINER(struct owner, node, node);

		if (memcmp(owner->subject, subject.at, subject.len) == 0)
			return owner;
	}
	return NULL;
}

static struct owner *
owner_new(struct cells *cells, struct mcp_text subject)
{
	struct owner *owner = calloc(1, sizeof(*owner));

	if (owner == NULL)
		return NULL;
	memcpy(owner->subject, subject.at, sizeof(owner->subject));
	table_put(&cells->owners, &owner->node,
	    table_hash(subject.at, subject.len));
	return owner;
}

static void
owner_free(struct cells *cells, struct owner *owner)
{
	table_remove(&cells->owners, &owner->node);
	free(owner);
}

/* --- charges ------------------------------------------------------------ */

static size_t
size_of(size_t key_len, size_t len)
{
	return sizeof(struct cell) + key_len + len;
}

/* May @n more cells, and @more bytes instead of @less, be kept? */
static int
judge(const struct cells *cells, const struct owner *owner, size_t n,
    size_t more, size_t less)
{
	if (owner != NULL && (owner->n + n > CELLS_OF_OWNER ||
		owner->bytes - less + more > CELLS_OWNER_BYTES_MAX))
		return CELL_E_QUOTA;
	return cells->bytes - less + more > CELLS_BYTES_MAX ? CELL_E_FULL : 0;
}

static void
charge(struct cells *cells, struct owner *owner, size_t more, size_t less)
{
	cells->bytes = cells->bytes - less + more;
	owner->bytes = owner->bytes - less + more;
}

/* --- finding ------------------------------------------------------------ */

static uint64_t
hash_of(const struct mcp_letter *letter)
{
	char bytes[MCP_WIRE_SUBJECT_LEN + MCP_WIRE_STREAM_MAX];

	memcpy(bytes, letter->subject.at, MCP_WIRE_SUBJECT_LEN);
	memcpy(bytes + MCP_WIRE_SUBJECT_LEN, letter->stream.at,
	    letter->stream.len);
	return table_hash(bytes, MCP_WIRE_SUBJECT_LEN + letter->stream.len);
}

static struct cell *
find(const struct cells *cells, const struct mcp_letter *letter)
{
	struct table_node *node = table_find(&cells->by_key, hash_of(letter));

	for (; node != NULL; node = table_again(node)) {
		struct cell *cell = CONTAINER(struct cell, node, node);

		if (mcp_text_equal(letter->stream, (struct mcp_text){
			cell->key, cell->key_len }) &&
		    memcmp(cell->owner->subject, letter->subject.at,
			MCP_WIRE_SUBJECT_LEN) == 0)
			return cell;
	}
	return NULL;
}

/* --- records ------------------------------------------------------------ */

static void
depend(struct cell *cell, struct process *process)
{
	if (cell->process != NULL)
		LIST_REMOVE(cell, of_process);
	cell->process = process;
	cell->orphan = false;
	if (process != NULL)
		LIST_INSERT_HEAD(&process->cells, cell, of_process);
}

static void
cell_free(struct broker *broker, struct cell *cell)
{
	struct cells *cells = &broker->cells;
	struct owner *owner = cell->owner;

	charge(cells, owner, 0, size_of(cell->key_len, cell->len));
	depend(cell, NULL);
	clock_cancel(&broker->clock, &cell->due);
	table_remove(&cells->by_key, &cell->node);
	if (--owner->n == 0)
		owner_free(cells, owner);
	free(cell->state);
	free(cell);
}

void
cells_deinit(struct broker *broker)
{
	struct table_node *node;

	while ((node = table_any(&broker->cells.by_key)) != NULL)
		cell_free(broker, CONTAINER(struct cell, node, node));
	table_deinit(&broker->cells.by_key);
	table_deinit(&broker->cells.owners);
}

static void
on_expired(void *context, struct due *due, uint64_t now_ns)
{
	(void)now_ns;
	cell_free(context, CONTAINER(struct cell, due, due));
}

static char *
copy(struct mcp_text text)
{
	char *bytes = malloc(text.len + 1); /* an empty one is no failure */

	if (bytes != NULL && text.len > 0)
		memcpy(bytes, text.at, text.len);
	return bytes;
}

/* All that may fail, but the owner. */
static struct cell *
cell_new(struct broker *broker, const struct mcp_letter *letter,
    uint64_t at_ns)
{
	struct cell *cell = calloc(1, sizeof(*cell) + letter->stream.len);

	if (cell == NULL)
		return NULL;
	cell->due = DUE_INIT(on_expired);
	cell->state = copy(letter->state);
	if (cell->state == NULL ||
	    clock_set(&broker->clock, &cell->due, at_ns) != 0) {
		free(cell->state);
		free(cell);
		return NULL;
	}
	cell->len = letter->state.len;
	cell->version = 1;
	cell->key_len = (uint8_t)letter->stream.len;
	memcpy(cell->key, letter->stream.at, letter->stream.len);
	return cell;
}

static void
own(struct cells *cells, struct owner *owner, struct cell *cell,
    const struct mcp_letter *letter)
{
	cell->owner = owner;
	owner->n++;
	charge(cells, owner, size_of(cell->key_len, cell->len), 0);
	table_put(&cells->by_key, &cell->node, hash_of(letter));
}

/* Until @at_ns, whenever that is. */
static int
create(struct broker *broker, struct process *process,
    const struct mcp_letter *letter, uint64_t at_ns, struct cell **cellp)
{
	struct cells *cells = &broker->cells;
	struct owner *owner = find_owner(cells, letter->subject);
	struct cell *cell;
	int condition;

	if (find(cells, letter) != NULL)
		return CELL_E_EXISTS;
	condition = judge(cells, owner, 1,
	    size_of(letter->stream.len, letter->state.len), 0);
	if (condition != 0)
		return condition;
	cell = cell_new(broker, letter, at_ns);
	if (cell == NULL)
		return -ENOMEM;
	if (owner == NULL)
		owner = owner_new(cells, letter->subject);
	if (owner == NULL) {
		clock_cancel(&broker->clock, &cell->due);
		free(cell->state);
		free(cell);
		return -ENOMEM;
	}
	own(cells, owner, cell, letter);
	if (letter->how == 1)
		depend(cell, process);
	*cellp = cell;
	return 0;
}

int
cell_create(struct broker *broker, struct process *process,
    const struct mcp_letter *letter, uint64_t now_s, struct cell **cellp)
{
	if (letter->expires <= now_s)
		return find(&broker->cells, letter) != NULL ? CELL_E_EXISTS
							    : CELL_E_PAST;
	return create(broker, process, letter,
	    clock_of_wall(letter->expires, now_s, mcp_clock_ns()), cellp);
}

int
cell_get(const struct broker *broker, const struct mcp_letter *letter,
    struct cell **cellp)
{
	*cellp = find(&broker->cells, letter);
	return *cellp != NULL ? 0 : CELL_E_NONE;
}

/* The cell that is to be changed, if it is as its writer knows it. */
static int
find_version(const struct cells *cells, const struct mcp_letter *letter,
    struct cell **cellp)
{
	*cellp = find(cells, letter);
	if (*cellp == NULL)
		return CELL_E_NONE;
	return (*cellp)->version == letter->known ? 0 : CELL_E_STALE;
}

int
cell_put(struct broker *broker, struct process *process,
    const struct mcp_letter *letter, uint64_t now_s, struct cell **cellp)
{
	struct cells *cells = &broker->cells;
	struct cell *cell;
	char *state;
	int condition = find_version(cells, letter, &cell);

	if (condition == 0 && letter->expires != 0 && letter->expires <= now_s)
		condition = CELL_E_PAST;
	if (condition == 0)
		condition = judge(cells, cell->owner, 0, letter->state.len,
		    cell->len);
	if (condition != 0)
		return condition;
	state = copy(letter->state);
	if (state == NULL)
		return -ENOMEM;
	free(cell->state);
	cell->state = state;
	charge(cells, cell->owner, letter->state.len, cell->len);
	cell->len = letter->state.len;
	cell->version++;
	depend(cell, letter->how == 1 ? process : NULL);
	if (letter->expires != 0) /* it is due: this cannot fail */
		(void)clock_set(&broker->clock, &cell->due, clock_of_wall(
		    letter->expires, now_s, mcp_clock_ns()));
	*cellp = cell;
	return 0;
}

int
cell_delete(struct broker *broker, const struct mcp_letter *letter)
{
	struct cell *cell;
	int condition = find_version(&broker->cells, letter, &cell);

	if (condition == 0)
		cell_free(broker, cell);
	return condition;
}

void
cells_orphan(struct broker *broker, struct cell_list *cells)
{
	struct cell *cell;

	while ((cell = LIST_FIRST(cells)) != NULL) {
		depend(cell, NULL);
		cell->orphan = true;
		broker->cells.on_orphan(broker, cell);
	}
}

struct mcp_text
cell_owner(const struct cell *cell)
{
	return (struct mcp_text){ (const char *)cell->owner->subject,
		sizeof(cell->owner->subject) };
}

/* --- into the next broker ------------------------------------------------ */

static void
cell_save(void *context, struct table_node *node)
{
	const struct cell *cell = CONTAINER(struct cell, node, node);
	struct state_writer *out = context;

	state_bytes(out, cell->key, cell->key_len);
	state_text(out, cell_owner(cell));
	state_bytes(out, cell->state, cell->len);
	state_due(out, &cell->due);
	state_number(out, cell->version);
	state_number(out, cell->orphan);
	state_number(out, cell->process != NULL);
	if (cell->process != NULL)
		state_bytes(out, cell->process->id, sizeof(cell->process->id));
}

void
cells_save(struct broker *broker, struct state_writer *out)
{
	state_number(out, broker->cells.by_key.n);
	table_each(&broker->cells.by_key, cell_save, out);
}

static int
cell_load(struct broker *broker, struct state_reader *in)
{
	struct mcp_letter letter = { .kind = MCP_CELL };
	struct process *process = NULL;
	struct cell *cell;
	uint64_t at_ns, version;
	bool orphan;
	int condition;

	letter.stream = state_read_text(in);
	letter.subject = state_read_text(in);
	letter.state = state_read_text(in);
	at_ns = state_read_number(in);
	version = state_read_number(in);
	orphan = state_read_number(in) != 0;
	letter.how = state_read_up_to(in, 1);
	if (letter.how == 1 && (process = process_read(broker, in)) == NULL)
		return -EINVAL;
	if (in->failed || letter.subject.len != MCP_WIRE_SUBJECT_LEN ||
	    letter.stream.len > MCP_WIRE_STREAM_MAX)
		return -EINVAL;
	condition = create(broker, process, &letter, at_ns, &cell);
	if (condition != 0)
		return condition > 0 ? -EINVAL : condition;
	cell->version = version;
	cell->orphan = orphan;
	return 0;
}

int
cells_load(struct broker *broker, struct state_reader *in)
{
	uint64_t n = state_read_number(in);
	int error = 0;

	for (; n > 0 && error == 0 && !in->failed; n--)
		error = cell_load(broker, in);
	return error != 0 ? error : state_end(in);
}

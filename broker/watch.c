/* watch.c - I tell those who watch a task how it is */

#include "broker/watch.h"

#include <mcp/task.h>

#include "broker/broker.h"
#include "broker/notice.h"

#define BEGINNING "{\"taskId\":\""

bool
watch_is_task(struct mcp_text state)
{
	return mcp_text_starts(state, BEGINNING) &&
	    state.at[state.len - 1] == '}';
}

static struct mcp_text
state_of(const struct cell *cell)
{
	return (struct mcp_text){ cell->state, cell->len };
}

/* Return: NULL where there is none, or it is somebody else's. */
static const struct cell *
find(const struct broker *broker, struct mcp_text id, const uint8_t *subject)
{
	struct mcp_letter question = { .stream = id,
		.subject = { (const char *)subject, MCP_WIRE_SUBJECT_LEN } };
	struct cell *cell;

	if (id.len == 0 ||
	    cell_get(broker, &question, &cell) != 0 ||
	    !watch_is_task(state_of(cell)))
		return NULL;
	return cell;
}

void
watch_choose(const struct broker *broker, struct listen *listen,
    const uint8_t subject[MCP_WIRE_SUBJECT_LEN])
{
	size_t n = 0;

	for (size_t i = 0; i < listen->n_tasks; i++)
		if (find(broker, listen->tasks[i], subject) != NULL)
			listen->tasks[n++] = listen->tasks[i];
	listen->n_tasks = n;
}

/* @buf holds the words where they are not the cell's own. */
static int
show(const struct cell *cell, struct mcp_buf *buf, struct mcp_text *taskp)
{
	int condition = 0;

	*taskp = state_of(cell);
	if (cell->orphan) {
		condition = mcp_task_bury(*taskp, buf);
		*taskp = mcp_buf_view(buf);
	}
	return condition;
}

static void
append_task(const struct cell *cell, struct mcp_text id, struct mcp_buf *out)
{
	struct mcp_buf buf = MCP_BUF_INIT;
	struct mcp_text task;
	struct notice notice;

	if (show(cell, &buf, &task) == 0 &&
	    notice_init(&notice, MCP_TOPIC_TASK, task) == 0) {
		mcp_buf_text(out, parcel_text(notice.common));
		mcp_buf_text(out, notice_for(&notice, id));
		notice_deinit(&notice);
	}
	mcp_buf_deinit(&buf);
}

void
watch_begin(const struct broker *broker, const struct listen *listen,
    const uint8_t subject[MCP_WIRE_SUBJECT_LEN], size_t most,
    struct mcp_buf *out)
{
	for (size_t i = 0; i < listen->n_tasks; i++) {
		const struct cell *cell = find(broker, listen->tasks[i],
		    subject);

		if (cell != NULL && cell->len <= most && out->len <= most -
			cell->len)
			append_task(cell, listen->id, out);
	}
}

void
watch_orphan(struct broker *broker, const struct cell *cell)
{
	struct mcp_letter change = { .topic = MCP_TOPIC_TASK,
		.data = { cell->key, cell->key_len },
		.subject = cell_owner(cell) };
	struct mcp_buf buf = MCP_BUF_INIT;
	uint64_t told;

	if (topic_first(&broker->topics, MCP_TOPIC_TASK, change.data) == NULL)
		return;
	if (watch_is_task(state_of(cell)) &&
	    show(cell, &buf, &change.state) == 0)
		(void)stream_broadcast(broker, &change, &told);
	mcp_buf_deinit(&buf);
}

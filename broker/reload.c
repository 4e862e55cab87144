/* reload.c - I bring the site from one snapshot to the next, or not at all */
#include "broker/reload.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcp/log.h>
#include <mcp/program.h>

#include "broker/broker.h"
#include "broker/herald.h"

/* What people are told fits a letter, and leaves room for one more line. */
#define TOLD_MAX (MCP_WIRE_TOLD_MAX - 1024)
#define PATH_ROOM 4096

static void on_late(void *context, struct due *due, uint64_t now_ns);

int
reload_init(struct broker *broker, const char *config, const char *dir,
    char **pathp)
{
	struct reload *reload = &broker->reload;

	reload->config = config;
	reload->work.data = broker;
	reload->due = DUE_INIT(on_late);
	TAILQ_INIT(&reload->now);
	TAILQ_INIT(&reload->next);
	reload->path = *pathp;
	*pathp = NULL;
	reload->dir = strdup(dir);
	reload->program = mcp_program("mcp-fcgi");
	return reload->dir == NULL || reload->program == NULL ? -ENOMEM : 0;
}

static void
askers_free(struct askers *askers)
{
	struct asker *asker;

	while ((asker = TAILQ_FIRST(askers)) != NULL) {
		TAILQ_REMOVE(askers, asker, others);
		free(asker);
	}
}

void
reload_deinit(struct broker *broker)
{
	struct reload *reload = &broker->reload;

	if (reload->dir == NULL)
		return;
	askers_free(&reload->now);
	askers_free(&reload->next);
	mcp_config_free(reload->fresh);
	mcp_buf_deinit(&reload->told);
	mcp_buf_deinit(&reload->said);
	free(reload->fresh_path);
	free(reload->path);
	free(reload->program);
	free(reload->dir);
}

/* --- the end of one ------------------------------------------------------ */

static void start(struct broker *broker);

static void
tell_askers(struct broker *broker, enum mcp_wire_outcome outcome,
    uint64_t streams)
{
	struct reload *reload = &broker->reload;
	struct asker *asker;

	TAILQ_FOREACH(asker, &reload->now, others) {
		struct mcp_letter letter = { .kind = MCP_RELOAD,
			.outcome = outcome, .streams = streams,
			.digest = mcp_text_of(broker->config->digest),
			.data = mcp_buf_view(&reload->told) };

		desk_answer_late(broker, &asker->route, asker->correlation,
		    &letter);
		reload->n_askers--;
	}
	askers_free(&reload->now);
}

/* A snapshot that nobody serves leaves no file. */
static void
drop_fresh(struct broker *broker)
{
	struct reload *reload = &broker->reload;

	mcp_config_free(reload->fresh);
	reload->fresh = NULL;
	if (reload->fresh_path != NULL && (reload->path == NULL ||
	    strcmp(reload->fresh_path, reload->path) != 0))
		(void)unlink(reload->fresh_path);
	free(reload->fresh_path);
	reload->fresh_path = NULL;
}

static void
finish(struct broker *broker, enum mcp_wire_outcome outcome, uint64_t streams)
{
	struct reload *reload = &broker->reload;

	clock_cancel(&broker->clock, &reload->due);
	drop_fresh(broker);
	tell_askers(broker, outcome, streams);
	mcp_buf_deinit(&reload->told);
	reload->told = MCP_BUF_INIT;
	reload->stage = RELOAD_IDLE;
	if (reload->again && !broker->stopping)
		start(broker);
	else
		upgrade_reload_over(broker);
}

static void
say(struct reload *reload, struct mcp_text text)
{
	mcp_buf_text_within(&reload->told, text, TOLD_MAX);
}

static void
refuse(struct broker *broker, const char *why)
{
	struct reload *reload = &broker->reload;

	mcp_buf_puts(&reload->told, why);
	mcp_log(MCP_LOG_ERROR, "no reload: %.*s", (int)reload->told.len,
	    reload->told.len > 0 ? reload->told.data : "");
	finish(broker, MCP_REFUSED, 0);
}

/* --- telling ------------------------------------------------------------- */

static const struct {
	unsigned list;
	enum mcp_wire_topic topic;
} lists[] = {
	{ MCP_LISTS_TOOLS, MCP_TOPIC_TOOLS },
	{ MCP_LISTS_PROMPTS, MCP_TOPIC_PROMPTS },
	{ MCP_LISTS_RESOURCES, MCP_TOPIC_RESOURCES },
};

static uint64_t
tell_clients(struct broker *broker)
{
	uint64_t all = 0, told = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct mcp_letter letter = { .kind = MCP_BROADCAST,
			.topic = lists[i].topic };

		if ((broker->reload.lists & lists[i].list) == 0)
			continue;
		if (herald_broadcast(broker, &letter, &told) != 0)
			mcp_log(MCP_LOG_ERROR, "some clients were not told "
			    "that a list has changed: out of memory");
		all += told;
	}
	return all;
}

/* --- committing ---------------------------------------------------------- */

static bool
is_waited_for(const struct broker *broker)
{
	const struct process *process;

	TAILQ_FOREACH(process, &broker->processes.all, of_all)
		if (process->reload == RELOAD_ASKED)
			return true;
	return false;
}

static void
committed(struct broker *broker)
{
	uint64_t told = tell_clients(broker);

	mcp_log(MCP_LOG_INFO, "the site is now %.12s",
	    broker->config->digest);
	finish(broker, MCP_OK, told);
}

/* From here on it is the site's: a process that says HELLO reads so. */
static void
take_fresh(struct broker *broker)
{
	struct reload *reload = &broker->reload;

	reload->lists = mcp_config_changes(broker->config, reload->fresh);
	broker_adopt(broker, &reload->fresh);
	if (reload->path != NULL &&
	    strcmp(reload->path, reload->fresh_path) != 0)
		(void)unlink(reload->path);
	free(reload->path);
	reload->path = reload->fresh_path;
	reload->fresh_path = NULL;
}

static void
commit(struct broker *broker)
{
	struct reload *reload = &broker->reload;
	struct process *process;

	take_fresh(broker);
	reload->stage = RELOAD_COMMITTING;
	reload->correlation = DESK_ASKED | (broker->desk.asked + 1);
	(void)clock_set(&broker->clock, &reload->due,
	    mcp_clock_ns() + RELOAD_COMMIT_NS);
	TAILQ_FOREACH(process, &broker->processes.all, of_all) {
		struct mcp_letter letter = { .kind = MCP_COMMIT,
			.digest = mcp_text_of(broker->config->digest) };

		if (process->reload != RELOAD_DONE)
			continue;
		/* who cannot be told now reads it in its next WELCOME */
		process->reload = desk_tell(broker, process, &letter) == 0 ?
		    RELOAD_ASKED : RELOAD_NOTHING;
	}
	if (!is_waited_for(broker))
		committed(broker);
}

/* --- preparing ----------------------------------------------------------- */

static void
prepare(struct broker *broker)
{
	struct reload *reload = &broker->reload;
	struct process *process;

	reload->stage = RELOAD_PREPARING;
	reload->correlation = DESK_ASKED | (broker->desk.asked + 1);
	(void)clock_set(&broker->clock, &reload->due,
	    mcp_clock_ns() + RELOAD_PREPARE_NS);
	TAILQ_FOREACH(process, &broker->processes.all, of_all) {
		struct mcp_letter letter = { .kind = MCP_PREPARE,
			.digest = mcp_text_of(reload->fresh->digest),
			.state = mcp_text_of(reload->fresh_path) };

		process->reload = RELOAD_NOTHING;
		if (process->greeted &&
		    desk_tell(broker, process, &letter) == 0)
			process->reload = RELOAD_ASKED;
	}
	if (!is_waited_for(broker))
		commit(broker);
}

void
reload_heard(struct broker *broker, struct process *process,
    const struct mcp_letter *answer)
{
	struct reload *reload = &broker->reload;
	bool preparing = answer->kind == MCP_PREPARE;

	if (reload->stage !=
		(preparing ? RELOAD_PREPARING : RELOAD_COMMITTING) ||
	    answer->correlation < reload->correlation ||
	    process->reload != RELOAD_ASKED)
		return;
	process->reload = RELOAD_DONE;
	if (preparing && answer->outcome != MCP_OK) {
		say(reload, answer->data);
		refuse(broker, "a worker process cannot take it\n");
		return;
	}
	if (!preparing && answer->outcome == MCP_OK)
		reload->lists |= (unsigned)answer->how;
	reload_process_gone(broker);
}

void
reload_process_gone(struct broker *broker)
{
	if (is_waited_for(broker))
		return;
	if (broker->reload.stage == RELOAD_PREPARING)
		commit(broker);
	else if (broker->reload.stage == RELOAD_COMMITTING)
		committed(broker);
}

/* --- reading ------------------------------------------------------------- */

/* libuv's locks order what both threads do; `handed` says so to the language,
 * which does not look into libraries. */
static void
on_read(uv_work_t *work)
{
	struct broker *broker = work->data;
	struct reload *reload = &broker->reload;
	struct mcp_problems problems = MCP_PROBLEMS_INIT;

	(void)atomic_load(&reload->handed);
	reload->condition = mcp_config_load(reload->fresh_path,
	    &reload->fresh, &problems);
	mcp_problems_deinit(&problems); /* the check has told them */
	atomic_fetch_add(&reload->handed, 1);
}

static void
after_read(uv_work_t *work, int status)
{
	struct broker *broker = work->data;
	struct reload *reload = &broker->reload;

	(void)atomic_load(&reload->handed);
	if (status != 0 || broker->stopping)
		finish(broker, MCP_NO_ROOM, 0);
	else if (reload->condition != 0)
		refuse(broker, "the broker cannot read what was packed\n");
	else if (strcmp(reload->fresh->digest, broker->config->digest) == 0)
		finish(broker, MCP_OK, 0); /* nothing has changed */
	else
		prepare(broker);
}

/* libuv makes its threads here; signals are the loop's, which holds them back
 * before an upgrade. */
static int
read_aside(struct broker *broker)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	error = uv_queue_work(&broker->loop, &broker->reload.work, on_read,
	    after_read);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void
read_fresh(struct broker *broker)
{
	struct reload *reload = &broker->reload;

	reload->stage = RELOAD_READING;
	reload->fresh_path = mcp_text_dup((struct mcp_text){
	    reload->said.data, reload->said.len - 1 });
	atomic_fetch_add(&reload->handed, 1);
	if (reload->fresh_path == NULL || read_aside(broker) != 0)
		refuse(broker, "out of memory\n");
}

/* --- checking ------------------------------------------------------------ */

static void
checked(struct broker *broker)
{
	struct reload *reload = &broker->reload;
	const struct mcp_buf *said = &reload->said;

	clock_cancel(&broker->clock, &reload->due);
	if (broker->stopping)
		finish(broker, MCP_NO_ROOM, 0);
	else if (!reload->passed)
		refuse(broker, "");
	else if (said->len < 2 || said->data[said->len - 1] != '\n')
		refuse(broker, "the check has not said what it packed\n");
	else
		read_fresh(broker);
}

static void
on_closed(uv_handle_t *handle)
{
	struct broker *broker = handle->data;

	if (--broker->reload.n_open == 0)
		checked(broker);
}

static void
on_exit_of_check(uv_process_t *child, int64_t status, int signal_number)
{
	struct broker *broker = child->data;
	struct reload *reload = &broker->reload;

	reload->passed = status == 0 && signal_number == 0;
	if (signal_number != 0)
		say(reload, MCP_TEXT("the check was ended: it crashed, or took "
		    "too long\n"));
	uv_close((uv_handle_t *)child, on_closed);
}

static void
on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
	static char room[PATH_ROOM]; /* read at once, by the callback */

	(void)handle;
	(void)wanted;
	*out = uv_buf_init(room, sizeof(room));
}

static void
close_pipe(uv_stream_t *stream)
{
	if (!uv_is_closing((uv_handle_t *)stream))
		uv_close((uv_handle_t *)stream, on_closed);
}

static void
on_said(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct broker *broker = stream->data;
	struct reload *reload = &broker->reload;

	if (n < 0)
		close_pipe(stream);
	else if (stream == (uv_stream_t *)&reload->err)
		say(reload, (struct mcp_text){ bytes->base, (size_t)n });
	else if (reload->said.len + (size_t)n <= PATH_ROOM)
		mcp_buf_append(&reload->said, bytes->base, (size_t)n);
}

/* Return: 0; -errno, and what was opened is being closed */
static int
spawn(struct broker *broker)
{
	struct reload *reload = &broker->reload;
	char *words[] = { reload->program, (char *)(uintptr_t)"--check",
		(char *)(uintptr_t)reload->config,
		(char *)(uintptr_t)"--pack", reload->dir, NULL };
	uv_stdio_container_t stdio[3] = { { .flags = UV_IGNORE },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&reload->out },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&reload->err } };
	uv_process_options_t options = { .file = reload->program,
		.args = words, .stdio = stdio, .stdio_count = 3,
		.exit_cb = on_exit_of_check };
	int error;

	uv_pipe_init(&broker->loop, &reload->out, 0);
	uv_pipe_init(&broker->loop, &reload->err, 0);
	reload->out.data = reload->err.data = reload->child.data = broker;
	reload->n_open = 3;
	error = uv_spawn(&broker->loop, &reload->child, &options);
	if (error != 0) {
		mcp_buf_printf(&reload->told, "cannot start %s: %s\n",
		    reload->program, uv_strerror(error));
		uv_close((uv_handle_t *)&reload->child, on_closed);
		uv_close((uv_handle_t *)&reload->out, on_closed);
		uv_close((uv_handle_t *)&reload->err, on_closed);
		return error;
	}
	return 0;
}

static void
start(struct broker *broker)
{
	struct reload *reload = &broker->reload;

	TAILQ_CONCAT(&reload->now, &reload->next, others);
	reload->again = false;
	reload->stage = RELOAD_CHECKING;
	reload->passed = false;
	mcp_buf_reset(&reload->said);
	if (spawn(broker) != 0)
		return;
	(void)clock_set(&broker->clock, &reload->due,
	    mcp_clock_ns() + RELOAD_CHECK_NS);
	uv_read_start((uv_stream_t *)&reload->out, on_room, on_said);
	uv_read_start((uv_stream_t *)&reload->err, on_room, on_said);
}

/* --- patience ------------------------------------------------------------ */

/* One that has ended, or never began, has no number, or somebody else's. */
static void
kill_check(struct reload *reload)
{
	if (uv_is_active((uv_handle_t *)&reload->child))
		(void)uv_process_kill(&reload->child, SIGKILL);
}

static void
on_late(void *context, struct due *due, uint64_t now_ns)
{
	struct broker *broker = context;
	struct process *process;

	(void)due;
	(void)now_ns;
	switch (broker->reload.stage) {
	case RELOAD_CHECKING:
		kill_check(&broker->reload);
		break;
	case RELOAD_PREPARING:
		refuse(broker, "a worker process did not get ready in time\n");
		break;
	case RELOAD_COMMITTING:
		TAILQ_FOREACH(process, &broker->processes.all, of_all)
			if (process->reload == RELOAD_ASKED) {
				process->reload = RELOAD_NOTHING;
				process->struck = true;
			}
		committed(broker);
		break;
	case RELOAD_IDLE:
	case RELOAD_READING:
		break;
	}
}

/* --- who wants one ------------------------------------------------------- */

void
reload_begin(struct broker *broker)
{
	struct reload *reload = &broker->reload;

	reload->again = true;
	if (reload->stage == RELOAD_IDLE && !broker->stopping)
		start(broker);
}

int
reload_ask(struct broker *broker, const struct mcp_route *route,
    uint64_t correlation)
{
	struct reload *reload = &broker->reload;
	struct asker *asker;

	if (reload->n_askers == RELOAD_ASKERS_MAX)
		return -ENOMEM;
	asker = calloc(1, sizeof(*asker));
	if (asker == NULL)
		return -ENOMEM;
	asker->route = *route;
	asker->correlation = correlation;
	TAILQ_INSERT_TAIL(&reload->next, asker, others);
	reload->n_askers++;
	reload_begin(broker);
	return 0;
}

void
reload_stop(struct broker *broker)
{
	struct reload *reload = &broker->reload;

	if (reload->stage != RELOAD_CHECKING)
		return;
	kill_check(reload);
	close_pipe((uv_stream_t *)&reload->out);
	close_pipe((uv_stream_t *)&reload->err);
}

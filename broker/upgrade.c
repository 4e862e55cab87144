/* upgrade.c - I carry the streams into the next process */
#include "broker/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mcp/listener.h>
#include <mcp/log.h>
#include <mcp/program.h>

#include "broker/admin.h"
#include "broker/broker.h"
#include "broker/mount.h"

#define MAGIC MCP_TEXT("mcp-broker state")
#define CALL_AGAIN_NS (3 * MCP_MS)
#define TOLD_MAX (MCP_WIRE_TOLD_MAX - 1024)
#define CHECK_FD 3 /* the state, where it is looked at */
#define FIRST_INHERITED 3 /* sd_listen_fds(3) */

static void on_due(void *context, struct due *due, uint64_t now_ns);
static void on_calls(void *context, struct due *due, uint64_t now_ns);

/* --- how we were started -------------------------------------------------- */

/* All of it but what was meant for us alone: the state that was left to us, and
 * a descriptor that is something else by now. */
static size_t
own_words(int argc, char **argv, char **words)
{
	size_t n = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--state") == 0 ||
		    strcmp(argv[i], "--ready-fd") == 0)
			i++;
		else
			words[n++] = argv[i];
	}
	return n;
}

int
upgrade_init(struct broker *broker, int argc, char **argv, const char *endpoint)
{
	struct upgrade *upgrade = &broker->upgrade;

	upgrade->due = DUE_INIT(on_due);
	upgrade->calls = DUE_INIT(on_calls);
	upgrade->endpoint = endpoint;
	upgrade->shown = upgrade->said = upgrade->old_poll = -1;
	upgrade->program = mcp_program("mcp-broker");
	upgrade->words = calloc((size_t)argc + 3, sizeof(*upgrade->words));
	if (upgrade->program == NULL || upgrade->words == NULL)
		return -ENOMEM;
	upgrade->n_words = own_words(argc, argv, upgrade->words);
	return 0;
}

static void
drop_state(struct upgrade *upgrade)
{
	if (upgrade->shown >= 0)
		close(upgrade->shown);
	upgrade->shown = -1;
	mcp_buf_deinit(&upgrade->state);
}

void
upgrade_deinit(struct broker *broker)
{
	struct upgrade *upgrade = &broker->upgrade;

	if (upgrade->said >= 0)
		close(upgrade->said);
	drop_state(upgrade);
	mcp_buf_deinit(&upgrade->told);
	free(upgrade->program);
	free(upgrade->words);
}

/* --- the end of one ------------------------------------------------------- */

static void
finish(struct broker *broker, enum mcp_wire_outcome outcome)
{
	struct upgrade *upgrade = &broker->upgrade;
	struct mcp_letter letter;

	clock_cancel(&broker->clock, &upgrade->due);
	for (size_t i = 0; i < upgrade->n_askers; i++) {
		letter = (struct mcp_letter){ .kind = MCP_UPGRADE,
			.outcome = outcome,
			.streams = broker->quota.n_streams,
			.running = upgrade->n_replaced,
			.data = mcp_buf_view(&upgrade->told) };
		desk_answer_late(broker, &upgrade->askers[i].route,
		    upgrade->askers[i].correlation, &letter);
	}
	mcp_buf_deinit(&upgrade->told);
	upgrade->told = MCP_BUF_INIT;
	drop_state(upgrade);
	upgrade->n_askers = 0;
	upgrade->n_missing = 0;
	upgrade->workers = false;
	upgrade->stage = UPGRADE_IDLE;
	upgrade_reload_over(broker);
}

static void
say(struct upgrade *upgrade, struct mcp_text text)
{
	mcp_buf_text_within(&upgrade->told, text, TOLD_MAX);
}

static void
refuse(struct broker *broker, const char *why)
{
	struct upgrade *upgrade = &broker->upgrade;

	say(upgrade, mcp_text_of(why));
	mcp_log(MCP_LOG_ERROR, "no upgrade: %.*s", (int)upgrade->told.len,
	    upgrade->told.len > 0 ? upgrade->told.data : "");
	finish(broker, MCP_REFUSED);
}

/* --- the state ------------------------------------------------------------ */

static void
askers_save(const struct upgrade *upgrade, struct state_writer *out)
{
	state_number(out, upgrade->workers);
	state_number(out, upgrade->n_askers);
	for (size_t i = 0; i < upgrade->n_askers; i++) {
		state_bytes(out, upgrade->askers[i].route.id,
		    sizeof(upgrade->askers[i].route.id));
		state_number(out, upgrade->askers[i].correlation);
	}
}

static int
askers_load(struct upgrade *upgrade, struct state_reader *in)
{
	size_t n;

	upgrade->workers = state_read_up_to(in, 1) == 1;
	n = state_read_up_to(in, UPGRADE_ASKERS_MAX);
	for (size_t i = 0; i < n; i++) {
		state_read_bytes(in, upgrade->askers[i].route.id,
		    sizeof(upgrade->askers[i].route.id));
		upgrade->askers[i].correlation = state_read_number(in);
	}
	upgrade->n_askers = n;
	return state_end(in);
}

void
upgrade_save(struct broker *broker, struct state_writer *out)
{
	uv_os_fd_t listener = -1;

	(void)uv_fileno(&broker->mount.listener.handle, &listener);
	state_text(out, MAGIC);
	state_number(out, UPGRADE_VERSION);
	state_text(out, mcp_text_of(broker->reload.path));
	state_number(out, (uint64_t)listener);
	state_number(out, mcp_clock_ns());
	state_number(out, broker->started_ns);
	state_number(out, broker->offered);
	metrics_save(&broker->metrics, out);
	ended_save(&broker->ended, out);
	processes_save(broker, out);
	desk_save(broker, out);
	streams_save(broker, out);
	relay_save(broker, out);
	sessions_save(broker, out);
	cells_save(broker, out);
	door_save(&broker->mount, out);
	door_save(&broker->admin, out);
	askers_save(&broker->upgrade, out);
	state_file(out, uv_backend_fd(&broker->loop));
}

/* It is written twice, before the child looks and before we leave, and that
 * should not take long: what is in memory the first time stays there. */
static int
write_state(struct broker *broker, enum state_files files)
{
	struct upgrade *upgrade = &broker->upgrade;
	struct state_writer out = { upgrade->state, files, &broker->clock };
	int fd = upgrade->shown, error;

	mcp_buf_reset(&out.bytes);
	upgrade_save(broker, &out);
	upgrade->state = out.bytes;
	if (out.bytes.failed)
		return -ENOMEM;
	if (ftruncate(fd, (off_t)out.bytes.len) != 0 ||
	    lseek(fd, 0, SEEK_SET) != 0)
		return -errno;
	error = mcp_text_write(fd, mcp_buf_view(&out.bytes));
	return error == 0 && lseek(fd, 0, SEEK_SET) != 0 ? -errno : error;
}

/* --- leaving -------------------------------------------------------------- */

/* Returns only where it fails. */
static int
become(struct upgrade *upgrade)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", upgrade->shown);
	upgrade->words[upgrade->n_words] = (char *)(uintptr_t) "--state";
	upgrade->words[upgrade->n_words + 1] = number;
	(void)fcntl(upgrade->shown, F_SETFD, 0);
	execv(upgrade->program, upgrade->words);
	upgrade->words[upgrade->n_words] = NULL;
	return -errno;
}

/* The bus goes first: what is read from it must be in the state. */
static void
leave(struct broker *broker)
{
	struct upgrade *upgrade = &broker->upgrade;
	int error;

	desk_leave(&broker->desk);
	error = write_state(broker, STATE_FILES_GO);
	if (error == 0)
		error = become(upgrade);
	(void)write_state(broker, STATE_FILES_KEPT);
	mcp_log(MCP_LOG_ERROR, "%s: %s", upgrade->program, strerror(-error));
	error = desk_return(broker, upgrade->endpoint);
	if (error != 0) /* the next one tries; streams hear nothing till then */
		mcp_log(MCP_LOG_ERROR, "bus %s: %s", upgrade->endpoint,
		    strerror(-error));
	broker_hold_signals(SIG_UNBLOCK);
	refuse(broker, "the installed program cannot be executed\n");
}

/* Every signal that had come has been heard, and the next ones wait. A reload
 * that began meanwhile would be lost, with its child and those who asked. */
static void
on_last_look(uv_handle_t *last)
{
	struct broker *broker = last->data;
	struct upgrade *upgrade = &broker->upgrade;

	if (!broker->stopping && broker->reload.stage == RELOAD_IDLE) {
		leave(broker);
		return;
	}
	if (broker->stopping) {
		finish(broker, MCP_NO_ROOM);
	} else {
		broker_hold_signals(SIG_UNBLOCK);
		drop_state(upgrade);
		upgrade->stage = UPGRADE_IDLE;
		upgrade->waiting = true;
	}
}

/* What libuv has caught and not told yet would not survive an exec: one more
 * turn of the loop, while no more are caught. They find us again as the next
 * program. */
static void
look_once_more(struct broker *broker)
{
	struct upgrade *upgrade = &broker->upgrade;

	broker_hold_signals(SIG_BLOCK);
	uv_idle_init(&broker->loop, &upgrade->last);
	upgrade->last.data = broker;
	uv_close((uv_handle_t *)&upgrade->last, on_last_look);
}

/* --- asking --------------------------------------------------------------- */

static void
drop_said(struct upgrade *upgrade)
{
	if (upgrade->said >= 0)
		close(upgrade->said);
	upgrade->said = -1;
}

static void
read_said(struct upgrade *upgrade)
{
	char text[4096];
	ssize_t n;

	if (lseek(upgrade->said, 0, SEEK_SET) == 0)
		while ((n = read(upgrade->said, text, sizeof(text))) > 0)
			say(upgrade, (struct mcp_text){ text, (size_t)n });
	drop_said(upgrade);
}

static void
on_child_closed(uv_handle_t *child)
{
	struct broker *broker = child->data;
	struct upgrade *upgrade = &broker->upgrade;

	if (upgrade->stage != UPGRADE_ASKING)
		return;
	if (broker->stopping)
		finish(broker, MCP_NO_ROOM);
	else if (!upgrade->yes)
		refuse(broker, "the installed program does not take over\n");
	else
		look_once_more(broker);
}

static void
on_exit_of_child(uv_process_t *child, int64_t status, int signal_number)
{
	struct broker *broker = child->data;
	struct upgrade *upgrade = &broker->upgrade;

	clock_cancel(&broker->clock, &upgrade->due);
	upgrade->yes = status == 0 && signal_number == 0;
	if (upgrade->yes)
		drop_said(upgrade);
	else
		read_said(upgrade);
	uv_close((uv_handle_t *)child, on_child_closed);
}

/* Show the state to the installed program. */
static int
show(struct broker *broker)
{
	struct upgrade *upgrade = &broker->upgrade;
	char number[] = { '0' + CHECK_FD, '\0' };
	uv_stdio_container_t stdio[CHECK_FD + 1] = { { .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = upgrade->said },
		{ .flags = UV_INHERIT_FD, .data.fd = upgrade->said },
		{ .flags = UV_INHERIT_FD, .data.fd = upgrade->shown } };
	uv_process_options_t options = { .file = upgrade->program,
		.args = upgrade->words,
		.stdio = stdio,
		.stdio_count = CHECK_FD + 1,
		.exit_cb = on_exit_of_child };
	int error;

	upgrade->words[upgrade->n_words] = (char *)(uintptr_t) "--check-state";
	upgrade->words[upgrade->n_words + 1] = number;
	upgrade->child.data = broker;
	error = uv_spawn(&broker->loop, &upgrade->child, &options);
	upgrade->words[upgrade->n_words] = NULL;
	return error;
}

/* Its handle is ours again once it is closed: till then we are asking. */
static void
cannot_start(struct upgrade *upgrade, int error)
{
	drop_said(upgrade);
	upgrade->yes = false;
	say(upgrade, MCP_TEXT("it cannot be started: "));
	say(upgrade, mcp_text_of(uv_strerror(error)));
	say(upgrade, MCP_TEXT("\n"));
	uv_close((uv_handle_t *)&upgrade->child, on_child_closed);
}

static void
begin(struct broker *broker)
{
	struct upgrade *upgrade = &broker->upgrade;
	int error;

	upgrade->stage = UPGRADE_ASKING;
	upgrade->n_replaced = 0;
	upgrade->said = memfd_create("said", MFD_CLOEXEC);
	upgrade->shown = memfd_create("mcp-broker-state", MFD_CLOEXEC);
	if (upgrade->said < 0 || upgrade->shown < 0 ||
	    write_state(broker, STATE_FILES_STAY) != 0) {
		drop_said(upgrade);
		refuse(broker, "out of memory, or of descriptors\n");
		return;
	}
	error = show(broker);
	if (error != 0) {
		cannot_start(upgrade, error);
		return;
	}
	(void)clock_set(&broker->clock, &upgrade->due,
	    mcp_clock_ns() + UPGRADE_ASK_NS);
}

void
upgrade_begin(struct broker *broker)
{
	struct upgrade *upgrade = &broker->upgrade;

	if (broker->stopping)
		return;
	upgrade->waiting = upgrade->stage != UPGRADE_IDLE ||
	    broker->reload.stage != RELOAD_IDLE;
	if (!upgrade->waiting)
		begin(broker);
}

int
upgrade_ask(struct broker *broker, const struct mcp_route *route,
    uint64_t correlation)
{
	struct upgrade *upgrade = &broker->upgrade;

	if (upgrade->n_askers == UPGRADE_ASKERS_MAX)
		return -ENOMEM;
	upgrade->askers[upgrade->n_askers++] =
	    (struct upgrade_asker){ *route, correlation };
	upgrade->workers = true;
	if (upgrade->stage == UPGRADE_IDLE) /* else this one is theirs too */
		upgrade_begin(broker);
	return 0;
}

void
upgrade_reload_over(struct broker *broker)
{
	if (broker->upgrade.waiting)
		upgrade_begin(broker);
}

/* One that has ended, or never began, has no number, or somebody else's. */
static void
kill_child(struct upgrade *upgrade)
{
	if (uv_is_active((uv_handle_t *)&upgrade->child))
		(void)uv_process_kill(&upgrade->child, SIGKILL);
}

void
upgrade_stop(struct broker *broker)
{
	if (broker->upgrade.stage == UPGRADE_ASKING)
		kill_child(&broker->upgrade);
	else
		clock_cancel(&broker->clock, &broker->upgrade.due);
	clock_cancel(&broker->clock, &broker->upgrade.calls);
}

/* --- replacing ------------------------------------------------------------ */

static bool
is_waited_for(const struct broker *broker)
{
	const struct process *process;

	TAILQ_FOREACH(process, &broker->processes.all, of_all)
		if (process->replacing)
			return true;
	return false;
}

static void
replace(struct broker *broker)
{
	struct upgrade *upgrade = &broker->upgrade;
	struct process *process;

	upgrade->stage = UPGRADE_REPLACING;
	(void)clock_set(&broker->clock, &upgrade->due,
	    mcp_clock_ns() + UPGRADE_REPLACE_NS);
	TAILQ_FOREACH(process, &broker->processes.all, of_all) {
		struct mcp_letter letter = { .kind = MCP_UPGRADE };

		process->replacing = process->greeted && !process->replaced &&
		    desk_tell(broker, process, &letter) == 0;
		upgrade->n_missing += process->replacing;
	}
	upgrade_process_gone(broker);
}

/* What went wrong is told, and what went well is done all the same. */
void
upgrade_heard(struct broker *broker, struct process *process,
    const struct mcp_letter *answer)
{
	struct upgrade *upgrade = &broker->upgrade;

	if (upgrade->stage != UPGRADE_REPLACING || !process->replacing)
		return;
	process->replacing = false;
	process->replaced =
	    answer->outcome == MCP_OK || answer->outcome == MCP_NONE;
	upgrade->n_missing--;
	if (answer->outcome == MCP_OK)
		upgrade->n_replaced++;
	else if (answer->data.len > 0)
		say(upgrade, answer->data);
	else if (answer->outcome != MCP_NONE) /* that one was, before */
		say(upgrade, MCP_TEXT("a worker process cannot\n"));
	upgrade_process_gone(broker);
}

void
upgrade_process_leaves(struct broker *broker, struct process *process)
{
	broker->upgrade.n_missing -= process->replacing;
	process->replacing = false;
}

void
upgrade_process_gone(struct broker *broker)
{
	struct upgrade *upgrade = &broker->upgrade;

	if (upgrade->stage != UPGRADE_REPLACING || is_waited_for(broker))
		return;
	if (upgrade->n_missing > 0)
		say(upgrade, MCP_TEXT("a worker process has not answered\n"));
	finish(broker, upgrade->told.len > 0 ? MCP_REFUSED : MCP_OK);
}

/* --- calling -------------------------------------------------------------- */

/* Return: false when that socket is not here yet */
static bool
call(struct broker *broker, const struct mcp_route *route)
{
	struct mcp_letter letter = { .kind = MCP_AGAIN,
		.correlation = DESK_ASKED | ++broker->desk.asked,
		.deadline_ns = mcp_clock_ns() + UPGRADE_CALL_NS };

	return desk_send(broker, route, &letter) == 0;
}

/* Return: how many of its sockets are not here yet */
static size_t
call_routes(struct broker *broker, struct process *process)
{
	struct route *route;
	size_t missing = 0;

	LIST_FOREACH(route, &process->routes, of_process) {
		if (route->restored)
			route->restored = !call(broker, &route->route);
		missing += route->restored;
	}
	return missing;
}

static void
call_control(struct broker *broker, struct process *process)
{
	struct mcp_route control = process_control(process);

	if (!process->restored || !call(broker, &control))
		return;
	process->restored = false;
	desk_process_back(broker, process);
}

static bool
are_all_back(const struct broker *broker)
{
	const struct process *process;

	TAILQ_FOREACH(process, &broker->processes.all, of_all)
		if (process->restored && !process->replaced)
			return false;
	return true;
}

/* The upgrade goes on once every process is back; a thread of one, or who has
 * asked and gone, may be later. */
static void
on_calls(void *context, struct due *due, uint64_t now_ns)
{
	struct broker *broker = context;
	struct upgrade *upgrade = &broker->upgrade;
	struct process *process;
	size_t missing = 0;
	bool late = now_ns >= upgrade->until_ns;

	TAILQ_FOREACH(process, &broker->processes.all, of_all) {
		call_control(broker, process);
		missing += process->restored + call_routes(broker, process);
	}
	if (missing > 0 && !late)
		(void)clock_set(&broker->clock, due, now_ns + CALL_AGAIN_NS);
	if (upgrade->stage != UPGRADE_CALLING ||
	    !(are_all_back(broker) || late))
		return;
	if (upgrade->workers)
		replace(broker);
	else
		finish(broker, MCP_OK);
}

static void
on_due(void *context, struct due *due, uint64_t now_ns)
{
	struct broker *broker = context;
	struct upgrade *upgrade = &broker->upgrade;
	struct process *process;

	(void)due;
	(void)now_ns;
	if (upgrade->stage == UPGRADE_ASKING) {
		kill_child(upgrade);
	} else if (upgrade->stage == UPGRADE_REPLACING) {
		TAILQ_FOREACH(process, &broker->processes.all, of_all)
			process->replacing = false;
		upgrade_process_gone(broker);
	}
}

/* --- on the other side ---------------------------------------------------- */

/* To be mapped takes less time than to be read. */
static int
map(struct heritage *heritage, int fd)
{
	struct stat file;
	size_t len;
	void *at;

	if (fstat(fd, &file) != 0)
		return -errno;
	len = (size_t)file.st_size;
	at = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	heritage->bytes = (struct mcp_text){ at, len };
	heritage->mapped = true;
	return 0;
}

static int
read_head(struct heritage *heritage)
{
	struct state_reader *in = &heritage->reader;
	struct mcp_text path;

	if (!mcp_text_equal(state_read_text(in), MAGIC) ||
	    state_read_number(in) != UPGRADE_VERSION)
		return -EINVAL;
	path = state_read_text(in);
	heritage->listener = (int)state_read_number(in);
	if (path.len > 0 && !in->failed) {
		heritage->snapshot = mcp_text_dup(path);
		if (heritage->snapshot == NULL)
			return -ENOMEM;
	}
	return state_end(in);
}

int
heritage_open(struct heritage *heritage, bool rehearsal)
{
	heritage->reader = (struct state_reader){ .left = heritage->bytes,
		.rehearsal = rehearsal };
	return read_head(heritage);
}

int
heritage_read(struct heritage *heritage, int fd, bool rehearsal)
{
	int error = map(heritage, fd);

	close(fd);
	return error != 0 ? error : heritage_open(heritage, rehearsal);
}

void
heritage_deinit(struct heritage *heritage)
{
	if (heritage->mapped)
		munmap((void *)(uintptr_t)heritage->bytes.at,
		    heritage->bytes.len);
	free(heritage->snapshot);
}

static int
load_rooms(struct broker *broker, struct state_reader *in)
{
	int error = ended_load(&broker->ended, in);

	if (error == 0)
		error = processes_load(broker, in);
	if (error == 0)
		error = desk_load(broker, in);
	if (error == 0)
		error = streams_load(broker, in);
	if (error == 0)
		error = relay_load(broker, in);
	if (error == 0)
		error = sessions_load(broker, in);
	return error != 0 ? error : cells_load(broker, in);
}

static int
load_doors(struct broker *broker, struct state_reader *in)
{
	int error = door_load(&broker->mount, broker, in, mount_serve);

	if (error == 0)
		error = door_load(&broker->admin, broker, in, admin_serve);
	if (error == 0)
		error = askers_load(&broker->upgrade, in);
	if (error == 0 && in->left.len > 0) /* there was a time without */
		broker->upgrade.old_poll = state_read_file(in);
	return error == 0 && in->left.len > 0 ? -EINVAL : error;
}

int
upgrade_load(struct broker *broker, struct heritage *heritage)
{
	struct state_reader *in = &heritage->reader;
	int error;

	in->closing = !in->rehearsal &&
	    close_range(FIRST_INHERITED, ~0u, CLOSE_RANGE_CLOEXEC) == 0;
	broker->upgrade.left_ns = state_read_number(in);
	broker->started_ns = state_read_number(in);
	broker->offered |= (unsigned)state_read_number(in);
	metrics_load(&broker->metrics, in);
	error = load_rooms(broker, in);
	return error != 0 ? error : load_doors(broker, in);
}

static void *
close_one(void *fd)
{
	close((int)(intptr_t)fd);
	return NULL;
}

/* With it all it was told to watch is forgotten, one after the other: that is
 * a sixth of an upgrade, if one waits for it. */
static void
close_beside_us(int fd)
{
	pthread_attr_t detached;
	pthread_t thread;

	if (pthread_attr_init(&detached) != 0 ||
	    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) !=
		0 ||
	    pthread_create(&thread, &detached, close_one,
		(void *)(intptr_t)fd) != 0)
		close(fd);
	(void)pthread_attr_destroy(&detached);
}

void
upgrade_arrive(struct broker *broker)
{
	struct upgrade *upgrade = &broker->upgrade;
	uint64_t now_ns = mcp_clock_ns();

	mcp_log(MCP_LOG_INFO,
	    "upgraded, with %zu streams; nobody was served for %" PRIu64 " ms",
	    broker->quota.n_streams, (now_ns - upgrade->left_ns) / MCP_MS);
	if (upgrade->old_poll >= 0)
		close_beside_us(upgrade->old_poll);
	upgrade->old_poll = -1;
	ears_open(broker);
	upgrade->stage = UPGRADE_CALLING;
	upgrade->until_ns = now_ns + UPGRADE_CALL_NS;
	(void)clock_set(&broker->clock, &upgrade->calls,
	    now_ns + CALL_AGAIN_NS);
}

static void
forget_stream(void *context, struct table_node *node)
{
	struct hub_entry *entry = CONTAINER(struct hub_entry, node, node);

	stream_end(context, CONTAINER(struct stream, entry, entry),
	    CLOSED_SHUTDOWN);
}

static void
forget_visits(struct door *door)
{
	struct visit *visit;

	while ((visit = TAILQ_FIRST(&door->visits)) != NULL)
		door_leave(visit);
}

void
upgrade_forget(struct broker *broker)
{
	table_each(&broker->hub.by_name, forget_stream, broker);
	forget_visits(&broker->mount);
	forget_visits(&broker->admin);
	desk_forget(broker);
	uv_run(&broker->loop, UV_RUN_DEFAULT);
}

/* As systemd would pass it; what it has passed to us is left in its place where
 * nothing better is known. */
static void
pass_on(int listener)
{
	char pid[24];

	if (!mcp_listener_is_open(listener) ||
	    dup2(listener, FIRST_INHERITED) != FIRST_INHERITED)
		return;
	/* it may have been there already, and would close with us */
	(void)fcntl(FIRST_INHERITED, F_SETFD, 0);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
}

void
upgrade_despair(int argc, char **argv, int listener)
{
	char *program = mcp_program("mcp-broker");
	char **words = calloc((size_t)argc + 1, sizeof(*words));
	const char *pid;
	unsigned first = FIRST_INHERITED;

	if (program == NULL || words == NULL)
		return;
	(void)own_words(argc, argv, words);
	pass_on(listener);
	pid = getenv("LISTEN_PID");
	if (pid != NULL && atol(pid) == (long)getpid())
		first++;
	(void)close_range(first, ~0u, 0);
	execv(program, words);
}

/* broker.c - I am the house: every room's state, and the loop they share */

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <mcp/log.h>

#include "broker/broker.h"
#include "broker/errand.h"
#include "broker/watch.h"

#define FIRES_MAX 1024 /* of the clock in one turn of the loop */
#define FILES_RESERVED 64 /* for listeners, letters and heads being read */
#define TIDY_NS MCP_S
#define TIDY_LEAST (1u << 19) /* bytes; for less it is not worth a look */
#define STOP_MS 2000 /* for readers to take what waits for them */

/* A stream beyond what the kernel gives us is refused with an answer, rather
 * than left in the backlog. */
static size_t
max_streams(const struct mcp_config *config)
{
	size_t most = config->server.limits.max_streams;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur >= most + FILES_RESERVED)
		return most;
	return files.rlim_cur > FILES_RESERVED ? files.rlim_cur - FILES_RESERVED
					       : 0;
}

static const int signal_numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR2 };
#define N_SIGNALS (sizeof(signal_numbers) / sizeof(signal_numbers[0]))

/* What other rooms keep of the configuration. */
static void
apply(struct broker *broker)
{
	const struct mcp_config *config = broker->config;

	broker->quota.max_streams = max_streams(config);
	broker->quota.max_per_address =
	    config->server.limits.max_streams_per_address;
	broker->quota.max_bytes = config->server.limits.max_outbox_of_all;
	broker->quota.max_bytes_per_subject =
	    config->server.limits.max_outbox_per_subject;
	broker->offered |= listen_offered(config);
}

/* Roughly what streams, and what waits and is kept for them, take. */
static size_t
held_by(const struct broker *broker)
{
	return broker->hub.by_name.n *
	    (sizeof(struct stream) + sizeof(uv_tcp_t)) +
	    broker->quota.house.bytes + broker->streams.kept;
}

void
broker_grown(struct broker *broker)
{
	size_t now = held_by(broker);

	if (now > broker->peak)
		broker->peak = now;
}

/* After a crowd has left, the pages it used go back to the system; otherwise
 * they would be kept for a crowd that may never come again. That takes long
 * enough to wait until nobody leaves any more, and until it is worth it. */
static void
on_tidy(void *context, struct due *due, uint64_t now_ns)
{
	struct broker *broker = context;
	size_t now = held_by(broker), gone;

	broker_grown(broker);
	gone = broker->peak - now;
	if (gone > TIDY_LEAST && gone > broker->peak / 8 &&
	    now >= broker->held) {
#ifdef __GLIBC__
		malloc_trim(0);
#endif
		broker->peak = now;
	}
	broker->held = now;
	(void)clock_set(&broker->clock, due, now_ns + TIDY_NS);
}

int
broker_init(struct broker *broker, struct mcp_config **configp,
    const struct mcp_seal *seal)
{
	uint64_t random[3];
	int error;

	memset(broker, 0, sizeof(*broker));
	broker->config = *configp;
	*configp = NULL;
	broker->seal = seal;
	broker->started_ns = mcp_clock_ns();
	mcp_random(random, sizeof(random));
	broker->dice = random[0] | 1;
	clock_init(&broker->clock, broker);
	TAILQ_INIT(&broker->streams.parked);
	TAILQ_INIT(&broker->streams.unused);
	TAILQ_INIT(&broker->desk.endings);
	error = uv_loop_init(&broker->loop);
	if (error == 0)
		error = hub_init(&broker->hub);
	if (error == 0)
		error = table_init(&broker->streams.answers);
	if (error == 0)
		error = quota_init(&broker->quota, 0, 0);
	if (error == 0)
		error = ended_init(&broker->ended, random[1] | 1);
	if (error == 0)
		error = admissions_init(&broker->admissions, random[2]);
	if (error == 0)
		error = topics_init(&broker->topics, TOPIC_BYTES_MAX);
	if (error == 0)
		error = sessions_init(&broker->sessions);
	if (error == 0)
		error = relay_init(&broker->relay, errand_gone);
	if (error == 0)
		error = cells_init(&broker->cells, watch_orphan);
	if (error == 0)
		error = processes_init(&broker->processes, desk_process_gone);
	broker->tidy = DUE_INIT(on_tidy);
	if (error == 0)
		error = clock_set(&broker->clock, &broker->tidy,
		    broker->started_ns + TIDY_NS);
	broker->loop.data = broker;
	apply(broker);
	return error;
}

void
broker_adopt(struct broker *broker, struct mcp_config **configp)
{
	mcp_config_free(broker->config);
	broker->config = *configp;
	*configp = NULL;
	apply(broker);
}

void
broker_deinit(struct broker *broker)
{
	cells_deinit(broker);
	relay_deinit(broker);
	sessions_deinit(broker);
	processes_deinit(broker);
	topics_deinit(&broker->topics);
	admissions_deinit(&broker->admissions);
	ended_deinit(&broker->ended);
	quota_deinit(&broker->quota);
	table_deinit(&broker->streams.answers);
	hub_deinit(&broker->hub);
	clock_deinit(&broker->clock);
	reload_deinit(broker);
	upgrade_deinit(broker);
	ears_close(broker);
	mcp_buf_deinit(&broker->scratch);
	mcp_config_free(broker->config);
	(void)uv_loop_close(&broker->loop);
}

uint64_t
broker_jitter(struct broker *broker, uint64_t span)
{
	broker->dice ^= broker->dice << 13;
	broker->dice ^= broker->dice >> 7;
	broker->dice ^= broker->dice << 17;
	return span == 0 ? 0 : broker->dice % span;
}

struct mcp_buf *
broker_scratch(struct broker *broker)
{
	if (broker->scratch.cap > BROKER_SCRATCH_KEPT ||
	    broker->scratch.failed) {
		mcp_buf_deinit(&broker->scratch);
		broker->scratch = MCP_BUF_INIT;
	}
	mcp_buf_reset(&broker->scratch);
	return &broker->scratch;
}

/* --- the loop ----------------------------------------------------------- */

static void
on_alarm(uv_timer_t *alarm)
{
	struct broker *broker = alarm->data;

	broker->alarm_ns = CLOCK_NEVER;
	clock_run(&broker->clock, mcp_clock_ns(), FIRES_MAX);
}

/* Before every wait: how long may it be? One timer stands for all. */
static void
on_prepare(uv_prepare_t *prepare)
{
	struct broker *broker = prepare->data;
	uint64_t at = clock_next(&broker->clock), now, wait_ms;

	if (at == broker->alarm_ns)
		return;
	broker->alarm_ns = at;
	if (at == CLOCK_NEVER) {
		uv_timer_stop(&broker->alarm);
		return;
	}
	now = mcp_clock_ns();
	wait_ms = at > now ? (at - now + MCP_MS - 1) / MCP_MS : 0;
	uv_update_time(&broker->loop);
	uv_timer_start(&broker->alarm, on_alarm, wait_ms, 0);
}

static void
farewell(void *context, struct table_node *node)
{
	struct hub_entry *entry = CONTAINER(struct hub_entry, node, node);

	stream_farewell(context, CONTAINER(struct stream, entry, entry));
}

static void
on_patience_over(uv_timer_t *alarm)
{
	socket_close_all(alarm->loop);
}

void
broker_hold_signals(int how)
{
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < N_SIGNALS; i++)
		sigaddset(&ours, signal_numbers[i]);
	(void)sigprocmask(how, &ours, NULL);
}

/* Everything of ours is closed; the loop ends with the last socket, or when
 * our patience does. */
static void
stop(struct broker *broker)
{
	broker->stopping = true;
	broker_hold_signals(SIG_BLOCK); /* nobody hears a second one, or dies */
	door_close(&broker->mount);
	door_close(&broker->admin);
	table_each(&broker->hub.by_name, farewell, broker);
	desk_close(&broker->desk);
	reload_stop(broker);
	upgrade_stop(broker);
	ears_close(broker);
	for (size_t i = 0; i < N_SIGNALS; i++)
		uv_close((uv_handle_t *)&broker->signals[i], NULL);
	uv_close((uv_handle_t *)&broker->before_wait, NULL);
	uv_timer_start(&broker->alarm, on_patience_over, STOP_MS, 0);
	uv_unref((uv_handle_t *)&broker->alarm);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	struct broker *broker = handle->data;

	if (number == SIGHUP) {
		reload_begin(broker);
		return;
	}
	if (number == SIGUSR2) {
		upgrade_begin(broker);
		return;
	}
	mcp_log(MCP_LOG_INFO, "%s: ending %zu streams", strsignal(number),
	    broker->quota.n_streams);
	stop(broker);
}

void
broker_start(struct broker *broker)
{
	for (size_t i = 0; i < N_SIGNALS; i++) {
		uv_signal_init(&broker->loop, &broker->signals[i]);
		broker->signals[i].data = broker;
		uv_signal_start(&broker->signals[i], on_signal,
		    signal_numbers[i]);
	}
	broker_hold_signals(SIG_UNBLOCK);
	uv_timer_init(&broker->loop, &broker->alarm);
	uv_prepare_init(&broker->loop, &broker->before_wait);
	broker->alarm.data = broker->before_wait.data = broker;
	broker->alarm_ns = CLOCK_NEVER;
	uv_prepare_start(&broker->before_wait, on_prepare);
}

void
broker_run(struct broker *broker)
{
	uv_run(&broker->loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&broker->alarm, NULL);
	uv_run(&broker->loop, UV_RUN_DEFAULT);
}

/* metrics.c - I count and print; I decide nothing */

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"

static const char *const kind_names[N_STREAM_KINDS] = {
	[STREAM_DUAL] = "sse",
	[STREAM_PURE] = "http_sse",
	[STREAM_SESSION] = "session",
	[STREAM_LISTEN] = "listen",
	[STREAM_ANSWER] = "answer",
};

static const char *const topic_names[] = {
	[MCP_TOPIC_TOOLS] = "tools",
	[MCP_TOPIC_PROMPTS] = "prompts",
	[MCP_TOPIC_RESOURCES] = "resources",
	[MCP_TOPIC_UPDATED] = "updated",
	[MCP_TOPIC_TASK] = "task",
};

static const char *const reason_names[N_CLOSED_REASONS] = {
	[CLOSED_LEFT] = "left",
	[CLOSED_BROKEN] = "broken",
	[CLOSED_OVER_QUOTA] = "over_quota",
	[CLOSED_OVER_SHARE] = "over_share",
	[CLOSED_STALLED] = "stalled",
	[CLOSED_TAKEN_OVER] = "taken_over",
	[CLOSED_ENDED] = "ended",
	[CLOSED_COMPLETE] = "complete",
	[CLOSED_SHUTDOWN] = "shutdown",
};

/* --- Prometheus --------------------------------------------------------- */

static void
family(struct mcp_buf *out, const char *name, const char *type,
    const char *help)
{
	mcp_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    type);
}

static void
single(struct mcp_buf *out, const char *name, const char *type,
    const char *help, uint64_t value)
{
	family(out, name, type, help);
	mcp_buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

static void
labelled(struct mcp_buf *out, const char *name, const char *label,
    const char *value, uint64_t n)
{
	mcp_buf_printf(out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value,
	    n);
}

static void
print_streams(const struct broker *broker, struct mcp_buf *out)
{
	const struct metrics *m = &broker->metrics;

	family(out, "mcp_broker_streams", "gauge", "SSE streams by state.");
	labelled(out, "mcp_broker_streams", "state", "open",
	    broker->quota.n_streams);
	labelled(out, "mcp_broker_streams", "state", "parked",
	    broker->streams.n_parked);
	labelled(out, "mcp_broker_streams", "state", "unfinished",
	    broker->streams.n_unfinished);
	family(out, "mcp_broker_streams_opened_total", "counter",
	    "SSE connections taken in, by kind of stream.");
	for (int i = 0; i < N_STREAM_KINDS; i++)
		labelled(out, "mcp_broker_streams_opened_total", "kind",
		    kind_names[i], m->opened[i]);
	single(out, "mcp_broker_streams_resumed_total", "counter",
	    "Of those, continuations of an earlier stream.", m->resumed);
	family(out, "mcp_broker_streams_closed_total", "counter",
	    "SSE connections that ended, by reason.");
	for (int i = 0; i < N_CLOSED_REASONS; i++)
		labelled(out, "mcp_broker_streams_closed_total", "reason",
		    reason_names[i], m->closed[i]);
	family(out, "mcp_broker_streams_forgotten_total", "counter",
	    "Parked streams given up, by reason.");
	labelled(out, "mcp_broker_streams_forgotten_total", "reason",
	    "expired", m->expired);
	labelled(out, "mcp_broker_streams_forgotten_total", "reason",
	    "pushed_out", m->pushed_out);
	single(out, "mcp_broker_streams_refused_total", "counter",
	    "Streams refused for a quota.", m->refused);
	single(out, "mcp_broker_streams_behind", "gauge",
	    "Open streams whose reader has not taken all yet.",
	    broker->quota.house.n_debts);
	single(out, "mcp_broker_backlog_bytes", "gauge",
	    "Bytes that wait for those.", broker->quota.house.bytes);
}

static void
print_events(const struct broker *broker, struct mcp_buf *out)
{
	const struct metrics *m = &broker->metrics;

	single(out, "mcp_broker_events_total", "counter",
	    "Numbered events taken for streams.", m->events);
	single(out, "mcp_broker_event_bytes_total", "counter",
	    "Bytes of those events.", m->event_bytes);
	single(out, "mcp_broker_events_dropped_total", "counter",
	    "Events that were neither sent nor kept.", m->dropped);
	single(out, "mcp_broker_kept_bytes", "gauge",
	    "Bytes of events that may be replayed.", broker->streams.kept);
	single(out, "mcp_broker_admissions", "gauge",
	    "Admitted requests that still owe an answer.",
	    broker->admissions.by_ticket.n);
	single(out, "mcp_broker_admissions_failed_total", "counter",
	    "Admitted requests that the broker answered itself.",
	    m->admissions_failed);
	single(out, "mcp_broker_admissions_cancelled_total", "counter",
	    "Admitted requests whose client wants no answer any more.",
	    m->admissions_cancelled);
	single(out, "mcp_broker_sessions_ended", "gauge",
	    "Ended sessions remembered.", broker->ended.n);
}

static void
print_topics(const struct broker *broker, struct mcp_buf *out)
{
	const struct metrics *m = &broker->metrics;

	single(out, "mcp_broker_listeners", "gauge",
	    "Open streams of subscriptions/listen.", broker->topics.n);
	single(out, "mcp_broker_subscribed_resources", "gauge",
	    "Resources and tasks that somebody wants to hear of.",
	    broker->topics.named.n);
	single(out, "mcp_broker_subscribed_bytes", "gauge",
	    "Memory that those take.", broker->topics.bytes);
	family(out, "mcp_broker_broadcasts_total", "counter",
	    "Changes announced to listeners, by what has changed.");
	for (unsigned t = MCP_TOPIC_TOOLS; t <= MCP_TOPIC_TASK; t++)
		labelled(out, "mcp_broker_broadcasts_total", "topic",
		    topic_names[t], m->broadcasts[t]);
	single(out, "mcp_broker_told_total", "counter",
	    "Listeners told by those.", m->told);
}

static void
print_kept(const struct broker *broker, struct mcp_buf *out)
{
	single(out, "mcp_broker_awaited", "gauge",
	    "Requests to clients that somebody waits for.",
	    broker->relay.waiting.n);
	single(out, "mcp_broker_sessions", "gauge",
	    "Sessions and streams that have set a level or subscribed.",
	    broker->sessions.by_name.n);
	single(out, "mcp_broker_session_subscriptions", "gauge",
	    "Resources that those subscribe to, each of each.",
	    broker->sessions.n_follows);
	single(out, "mcp_broker_session_subscription_bytes", "gauge",
	    "Memory that those take.", broker->sessions.bytes);
	single(out, "mcp_broker_cells", "gauge", "Small records kept.",
	    broker->cells.by_key.n);
	single(out, "mcp_broker_cell_bytes", "gauge",
	    "Memory that those take.", broker->cells.bytes);
	single(out, "mcp_broker_cell_owners", "gauge",
	    "Subjects that have any.", broker->cells.owners.n);
}

static void
print_letter(const struct metrics *m, enum mcp_wire_kind kind,
    enum mcp_wire_outcome outcome, struct mcp_buf *out)
{
	if (m->letters[kind][outcome] > 0)
		mcp_buf_printf(out, "mcp_broker_letters_total{kind=\"%s\","
		    "outcome=\"%s\"} %" PRIu64 "\n",
		    mcp_wire_kind_name(kind), mcp_wire_outcome_name(outcome),
		    m->letters[kind][outcome]);
}

static void
print_letters(const struct metrics *m, struct mcp_buf *out)
{
	family(out, "mcp_broker_letters_total", "counter",
	    "Letters answered, by kind and outcome.");
	for (enum mcp_wire_kind k = 0; k < MCP_N_KINDS; k++)
		for (enum mcp_wire_outcome o = 0; o < MCP_N_OUTCOMES; o++)
			print_letter(m, k, o, out);
	single(out, "mcp_broker_letters_unsent_total", "counter",
	    "Letters that found nobody.", m->unsent);
}

static void
print_answers(const struct metrics *m, struct mcp_buf *out)
{
	static const char *const classes[6] = { "0xx", "1xx", "2xx", "3xx",
		"4xx", "5xx" };

	family(out, "mcp_broker_answers_total", "counter",
	    "HTTP answers that are no stream, by status class.");
	for (int i = 2; i < 6; i++)
		labelled(out, "mcp_broker_answers_total", "class", classes[i],
		    m->answers[i]);
}

static uint64_t
sum_running(const struct broker *broker)
{
	const struct process *process;
	uint64_t n = 0;

	TAILQ_FOREACH(process, &broker->processes.all, of_all)
		n += process->running;
	return n;
}

void
metrics_text(const struct broker *broker, struct mcp_buf *out)
{
	const struct metrics *m = &broker->metrics;

	print_streams(broker, out);
	print_events(broker, out);
	print_topics(broker, out);
	print_kept(broker, out);
	print_letters(m, out);
	print_answers(m, out);
	single(out, "mcp_worker_processes", "gauge", "Worker processes alive.",
	    broker->processes.by_id.n);
	single(out, "mcp_worker_running", "gauge", "Calls at this moment.",
	    sum_running(broker));
	single(out, "mcp_worker_requests_total", "counter",
	    "Requests the workers have served.", m->worker_requests);
	single(out, "mcp_worker_failed_total", "counter",
	    "Of those, answered with an error.", m->worker_failed);
}

/* --- for people --------------------------------------------------------- */

static void
print_process(const struct process *process, uint64_t now_ns,
    struct mcp_buf *out)
{
	uint64_t age_ms = (now_ns - process->heard_ns) / MCP_MS;

	mcp_buf_printf(out,
	    "{\"pid\":%" PRIu64 ",\"hello_age_ms\":%" PRIu64
	    ",\"running\":%" PRIu64 ",\"requests\":%" PRIu64
	    ",\"failed\":%" PRIu64 ",\"config\":\"%s\"}",
	    process->pid, age_ms, process->running, process->requests,
	    process->failed, process->digest);
}

/* Readers that did not read. */
static uint64_t
n_cut_off(const struct metrics *m)
{
	return m->closed[CLOSED_OVER_QUOTA] + m->closed[CLOSED_OVER_SHARE] +
	    m->closed[CLOSED_STALLED];
}

static void
print_held(const struct broker *broker, struct mcp_buf *out)
{
	mcp_buf_printf(out,
	    "\"streams\":{\"open\":%zu,\"parked\":%zu,"
	    "\"listening\":%zu,\"unfinished\":%zu,\"most\":%zu,"
	    "\"behind\":%zu,\"backlog_bytes\":%zu,\"cut_off\":%" PRIu64 "},"
	    "\"resources_subscribed\":%zu,\"admissions\":%zu,"
	    "\"awaited\":%zu,\"sessions\":%zu,\"sessions_ended\":%zu,"
	    "\"cells\":%zu",
	    broker->quota.n_streams, broker->streams.n_parked, broker->topics.n,
	    broker->streams.n_unfinished, broker->quota.max_streams,
	    broker->quota.house.n_debts, broker->quota.house.bytes,
	    n_cut_off(&broker->metrics), broker->topics.named.n,
	    broker->admissions.by_ticket.n, broker->relay.waiting.n,
	    broker->sessions.by_name.n, broker->ended.n,
	    broker->cells.by_key.n);
}

static void
print_quirks(const struct broker *broker, struct mcp_buf *out)
{
	mcp_buf_puts(out, ",\"tolerated\":{");
	for (size_t i = 0; i < MCP_N_QUIRKS; i++)
		mcp_buf_printf(out, "%s\"%s\":%" PRIu64, i > 0 ? "," : "",
		    mcp_quirks[i].name, broker->metrics.quirks[i]);
	mcp_buf_putc(out, '}');
}

void
metrics_status(const struct broker *broker, struct mcp_buf *out)
{
	const struct mcp_server *server = &broker->config->server;
	const struct process *process;
	uint64_t now_ns = mcp_clock_ns();
	const char *comma = "";

	mcp_buf_printf(out, "{\"pid\":%ld,\"uptime_s\":%" PRIu64
	    ",\"server\":{\"name\":", (long)getpid(),
	    (now_ns - broker->started_ns) / MCP_S);
	mcp_buf_json_string(out, mcp_text_of(server->name));
	mcp_buf_puts(out, ",\"version\":");
	mcp_buf_json_string(out, mcp_text_of(server->version));
	mcp_buf_printf(out, "},\"config\":\"%s\",\"version\":\"%s\",",
	    broker->config->digest, broker->version);
	print_held(broker, out);
	print_quirks(broker, out);
	mcp_buf_puts(out, ",\"processes\":[");
	TAILQ_FOREACH(process, &broker->processes.all, of_all) {
		if (!process->greeted)
			continue;
		mcp_buf_puts(out, comma);
		print_process(process, now_ns, out);
		comma = ",";
	}
	mcp_buf_puts(out, "]}\n");
}

/* --- into the next broker ------------------------------------------------ */

void
metrics_save(const struct metrics *metrics, struct state_writer *out)
{
	state_bytes(out, metrics, sizeof(*metrics));
}

void
metrics_load(struct metrics *metrics, struct state_reader *in)
{
	struct mcp_text bytes = state_read_text(in);

	if (bytes.len == sizeof(*metrics))
		memcpy(metrics, bytes.at, bytes.len);
}

/* metrics.h - I count and print; I decide nothing */
#ifndef BROKER_METRICS_H
#define BROKER_METRICS_H

#include <mcp/quirk.h>
#include <mcp/wire.h>

#include "broker/state.h"

struct broker;

enum stream_kind {
	STREAM_DUAL, /* GET /mcp/sse: seed and HTTP+SSE at once */
	STREAM_PURE, /* the same, HTTP+SSE alone */
	STREAM_SESSION, /* GET /mcp of a session */
	STREAM_LISTEN, /* POST /mcp, subscriptions/listen */
	STREAM_ANSWER, /* to a POST of a session, continued by GET /mcp */
	N_STREAM_KINDS
};

enum closed_reason { /* why a stream lost its socket */
	CLOSED_LEFT, /* the client went */
	CLOSED_BROKEN, /* a write or a read failed */
	CLOSED_OVER_QUOTA, /* too much waited for it */
	CLOSED_OVER_SHARE, /* too much waited for its subject, or for all */
	CLOSED_STALLED, /* nothing of its backlog was taken for long */
	CLOSED_TAKEN_OVER, /* by a newer connection of the same client */
	CLOSED_ENDED, /* with its session */
	CLOSED_COMPLETE, /* the answer, and all of it is written */
	CLOSED_SHUTDOWN,
	N_CLOSED_REASONS
};

struct metrics { /* no padding, no pointer: metrics_save() writes it whole */
	uint64_t opened[N_STREAM_KINDS];
	uint64_t resumed;
	uint64_t closed[N_CLOSED_REASONS];
	uint64_t expired, pushed_out; /* parked streams that are no more */
	uint64_t refused; /* for a quota */
	uint64_t events, event_bytes;
	uint64_t dropped; /* events that nobody will read */
	uint64_t broadcasts[MCP_TOPIC_TASK + 1]; /* by topic; [0]: unused */
	uint64_t told; /* listeners, by all of those */
	uint64_t letters[MCP_N_KINDS][MCP_N_OUTCOMES]; /* [0]: unreadable */
	uint64_t unsent; /* answers that found no socket to go to */
	uint64_t admissions_failed, admissions_cancelled;
	uint64_t worker_requests, worker_failed;
	uint64_t quirks[MCP_N_QUIRKS]; /* how often each tolerance was needed */
	uint64_t answers[6]; /* of the doors, by hundreds of the status */
};

/* to and from state.h; what another version counts, it begins to count */
void metrics_save(const struct metrics *metrics, struct state_writer *out);
void metrics_load(struct metrics *metrics, struct state_reader *in);

/* metrics_text() - Prometheus text; metrics_status() - JSON for people */
void metrics_text(const struct broker *broker, struct mcp_buf *out);
void metrics_status(const struct broker *broker, struct mcp_buf *out);

#endif

/* reply.c - every status line and every JSON-RPC error leaves through me */

#include "fcgi/reply.h"
#include "fcgi/control.h"
#include "fcgi/dispatch.h"

#include <mcp/gate.h>
#include <mcp/log.h>
#include <mcp/sse.h>

#define JSON "application/json"
#define EVENT_STREAM "text/event-stream"
#define LINE_USUAL 200 /* bytes */

/* --- the log ------------------------------------------------------------ */

static const char *const dialect_names[] = {
	[DIALECT_PLAIN] = "plain",
	[DIALECT_LEGACY] = "legacy",
	[DIALECT_MODERN] = "modern",
	[DIALECT_SEED] = "seed",
	[DIALECT_SSE] = "sse",
};

static void
log_word(struct mcp_buf *line, const char *name, const char *word)
{
	mcp_buf_puts(line, name);
	mcp_buf_puts(line, word != NULL ? word : "-");
}

static void
log_number(struct mcp_buf *line, const char *name, int64_t number)
{
	mcp_buf_puts(line, name);
	mcp_buf_number(line, number);
}

/* One for every request: without printf(3), which takes longer than all the
 * rest of it. */
static void
log_call(const struct call *call)
{
	uint64_t tenths = (mcp_clock_ns() - call->started_ns) / (MCP_MS / 10);
	const char *method = call->message.method;
	struct mcp_buf line = MCP_BUF_INIT;

	mcp_buf_reserve(&line, LINE_USUAL);
	log_word(&line,
	    "request user=", call->user[0] != '\0' ? call->user : "anonymous");
	log_word(&line, " dialect=", dialect_names[call->dialect]);
	log_word(&line, " method=", call->batch ? "batch" : method);
	log_word(&line, " name=", call->name);
	log_number(&line, " status=", call->status);
	log_number(&line, " code=", call->code);
	log_number(&line, " ms=", (int64_t)(tenths / 10));
	log_number(&line, ".", (int64_t)(tenths % 10));
	mcp_log_text(MCP_LOG_INFO, mcp_buf_view(&line));
	mcp_buf_deinit(&line);
}

static void
log_request(const struct http_request *request, unsigned status)
{
	mcp_log(MCP_LOG_INFO, "request user=%.*s path=%.*s status=%u",
	    request->user.len > 0 ? (int)request->user.len : 9,
	    request->user.len > 0 ? request->user.at : "anonymous",
	    (int)request->path.len, request->path.at ? request->path.at : "",
	    status);
}

/* --- an answer ----------------------------------------------------------- */

/* @config: what the request was read by. */
static void
send_answer(struct worker *worker, const struct mcp_config *config,
    struct connection **connectionp, struct http_answer *answer)
{
	const struct http_request *request = gateway_request(*connectionp);
	bool preflight = request->method == HTTP_OPTIONS;

	mcp_gate_cors(&config->server, &request->gate, preflight,
	    &answer->headers);
	mcp_buf_puts(&answer->headers, "Cache-Control: no-store\r\n");
	if (answer->headers.failed || answer->body.failed) {
		mcp_buf_reset(&answer->headers);
		mcp_buf_reset(&answer->body);
		answer->status = 503;
	}
	atomic_fetch_add(&worker->n_requests, 1);
	if (answer->status >= 400)
		atomic_fetch_add(&worker->n_failed, 1);
	gateway_answer(connectionp, answer);
	http_answer_deinit(answer);
}

/* --- without a call ----------------------------------------------------- */

static void
send_simple(struct thread *thread, struct connection **connectionp,
    struct http_answer *answer)
{
	log_request(gateway_request(*connectionp), answer->status);
	send_answer(thread->worker, thread->config, connectionp, answer);
}

void
reply_health(struct thread *thread, struct connection **connectionp)
{
	const struct mcp_server *server = &thread->config->server;
	struct http_answer answer = HTTP_ANSWER_INIT;
	struct mcp_buf *body = &answer.body;

	answer.status = 200;
	answer.type = JSON;
	mcp_buf_puts(body, "{\"status\":\"ok\",\"server\":{\"name\":");
	mcp_buf_json_string(body, mcp_text_of(server->name));
	mcp_buf_puts(body, ",\"version\":");
	mcp_buf_json_string(body, mcp_text_of(server->version));
	mcp_buf_puts(body, "},\"protocolVersions\":[");
	dispatch_versions(body);
	mcp_buf_printf(body, "],\"broker\":\"%s\"}",
	    control_broker_here(thread->worker->control) ? "reachable" :
							   "unreachable");
	send_simple(thread, connectionp, &answer);
}

void
reply_preflight(struct thread *thread, struct connection **connectionp)
{
	struct http_answer answer = HTTP_ANSWER_INIT;

	answer.status = 204;
	send_simple(thread, connectionp, &answer);
}

void
reply_refusal(struct thread *thread, struct connection **connectionp,
    unsigned status, int code, const char *sentence)
{
	struct http_answer answer = HTTP_ANSWER_INIT;

	answer.status = status;
	answer.type = JSON;
	mcp_jsonrpc_refusal(&answer.body, code, mcp_text_of(sentence));
	if (status == 503 || status == 429)
		mcp_buf_puts(&answer.headers, "Retry-After: 1\r\n");
	send_simple(thread, connectionp, &answer);
}

void
reply_not_allowed(struct thread *thread, struct connection **connectionp,
    const char *allow)
{
	struct http_answer answer = HTTP_ANSWER_INIT;

	answer.status = 405;
	answer.type = JSON;
	mcp_buf_printf(&answer.headers, "Allow: %s\r\n", allow);
	mcp_jsonrpc_refusal(&answer.body, JSONRPC_INVALID_REQUEST,
	    MCP_TEXT("This method is not allowed here"));
	send_simple(thread, connectionp, &answer);
}

/* --- with a call -------------------------------------------------------- */

static const struct outcome {
	unsigned status, seed_status;
	int code;
	const char *sentence;
	const char *seed_sentence; /* NULL: the same */
} outcomes[] = {
	[REPLY_DONE] = { 200, 200, 0, NULL, NULL },
	[REPLY_BAD] = { 400, 400, 0, NULL, NULL },
	[REPLY_NO_SESSION] = { 404, 404, JSONRPC_INVALID_REQUEST,
	    "This session is unknown or has ended: initialize again", NULL },
	[REPLY_NO_STREAM] = { 404, 400, JSONRPC_INVALID_REQUEST,
	    "This stream is unknown or has ended: open a new one",
	    "Invalid or missing connection_id" },
	[REPLY_OVER_QUOTA] = { 429, 429, MCP_OVERLOADED,
	    "Too many requests of this stream wait for their answer", NULL },
	[REPLY_CUT] = { 429, 429, MCP_OVERLOADED,
	    "The stream was closed, because too much waited for its reader: "
	    "the answer is there when it comes back",
	    NULL },
	[REPLY_BUSY] = { 503, 503, MCP_OVERLOADED,
	    "The server is busy: try again", NULL },
	[REPLY_BROKER_AWAY] = { 503, 503, MCP_OVERLOADED,
	    "Streams are not available now; it is not known whether the "
	    "request was run",
	    NULL },
	[REPLY_LOST] = { 500, 500, JSONRPC_INTERNAL_ERROR,
	    "The stream ended before its answer", "Internal server error" },
};

void
reply_response(struct call *call, struct mcp_text id, struct mcp_text result)
{
	if (call->code == 0)
		mcp_jsonrpc_result(&call->out, id, result);
	else
		mcp_jsonrpc_error(&call->out, id, call->code,
		    mcp_buf_view(&call->error), mcp_buf_view(&call->data));
}

/* The acknowledgement of the seed: what happened to the answer, not the
 * answer. */
static void
seed_body(struct mcp_buf *body, const char *sentence)
{
	char now[MCP_TIMESTAMP_MAX];

	mcp_text_timestamp(now);
	if (sentence == NULL) {
		mcp_buf_puts(body, "{\"status\":\"sent\"");
	} else {
		mcp_buf_puts(body, "{\"error\":");
		mcp_buf_json_string(body, mcp_text_of(sentence));
	}
	mcp_buf_printf(body, ",\"timestamp\":\"%s\"}", now);
}

static void
fill_seed(const struct call *call, const struct outcome *outcome,
    struct http_answer *answer)
{
	const char *sentence = outcome->seed_sentence;

	if (sentence == NULL)
		sentence = outcome->sentence;
	if (call->status == 400 && call->code == JSONRPC_PARSE_ERROR)
		sentence = "Invalid JSON";
	else if (sentence == NULL && call->status == 400)
		sentence = call->error.data;
	answer->type = JSON;
	seed_body(&answer->body, sentence);
}

/* A caller that takes nothing but an event stream gets one, of one event. */
static void
fill_response(struct call *call, struct http_answer *answer)
{
	const struct http_request *request = gateway_request(call->connection);

	if (call->out.len == 0) { /* nothing asked for an answer */
		answer->status = call->status =
		    request->method == HTTP_DELETE ? 204 : 202;
		return;
	}
	if (http_accepts(request, EVENT_STREAM, false) &&
	    !http_accepts(request, JSON, true) &&
	    worker_tolerates(
		call->worker, call->config, MCP_QUIRK_EVENTS_ONLY)) {
		/* it is whole: let the proxy buffer it for a slow reader */
		answer->type = EVENT_STREAM;
		mcp_sse_event(&answer->body, MCP_TEXT_INIT, MCP_TEXT("message"),
		    mcp_buf_view(&call->out));
		return;
	}
	answer->type = JSON;
	answer->body = call->out;
	call->out = MCP_BUF_INIT;
}

/* What a JSON-RPC error is in HTTP, where the revision says so.
 * Spec: 2026-07-28 "Streamable HTTP", "Request Metadata" */
static unsigned
modern_status(int code)
{
	switch (code) {
	case JSONRPC_METHOD_NOT_FOUND:
		return 404;
	case MCP_HEADER_MISMATCH:
	case MCP_MISSING_CAPABILITY:
	case MCP_UNSUPPORTED_VERSION:
		return 400;
	default:
		return 200;
	}
}

static void
put_session(const struct call *call, struct mcp_buf *headers)
{
	if (call->session[0] != '\0')
		mcp_buf_printf(headers, "Mcp-Session-Id: %s\r\n",
		    call->session);
}

void
reply_stream_begin(struct call *call)
{
	const struct http_request *request = gateway_request(call->connection);
	struct http_answer head = HTTP_ANSWER_INIT;

	head.status = call->status = 200;
	head.type = EVENT_STREAM;
	mcp_buf_puts(&head.headers, "X-Accel-Buffering: no\r\n"
	    "Cache-Control: no-cache, no-transform\r\n");
	put_session(call, &head.headers);
	mcp_gate_cors(
	    &call->config->server, &request->gate, false, &head.headers);
	(void)gateway_stream_begin(call->connection, &head);
	call->streaming = true;
	http_answer_deinit(&head);
}

void
reply_call(struct call *call, enum reply_condition condition)
{
	const struct outcome *outcome = &outcomes[condition];
	struct http_answer answer = HTTP_ANSWER_INIT;

	call->status = call->dialect == DIALECT_SEED ? outcome->seed_status :
						       outcome->status;
	if (condition != REPLY_DONE && call->code == 0)
		call->code = outcome->code;
	if (condition == REPLY_DONE && call->dialect == DIALECT_MODERN)
		call->status = modern_status(call->code);
	if (call->connection == NULL) { /* it has its answer already */
		if (call->streaming)
			atomic_fetch_add(&call->worker->n_requests, 1);
		log_call(call);
		return;
	}
	answer.status = call->status;
	if (call->status == 503 || call->status == 429)
		mcp_buf_puts(&answer.headers, "Retry-After: 1\r\n");
	put_session(call, &answer.headers);
	if (condition != REPLY_DONE && call->error.len == 0 &&
	    outcome->sentence != NULL)
		mcp_buf_puts(&call->error, outcome->sentence);
	if (call->dialect == DIALECT_SEED) {
		fill_seed(call, outcome, &answer);
	} else {
		if (condition != REPLY_DONE) {
			mcp_buf_reset(&call->out);
			reply_response(call, call->message.id, MCP_TEXT_INIT);
		}
		fill_response(call, &answer);
	}
	log_call(call);
	send_answer(call->worker, call->config, &call->connection, &answer);
}

void
reply_accepted(struct call *call)
{
	struct http_answer answer = HTTP_ANSWER_INIT;

	answer.status = call->status = 202;
	send_answer(call->worker, call->config, &call->connection, &answer);
}

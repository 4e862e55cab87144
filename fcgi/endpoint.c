/* endpoint.c - I know which door of the mount this is, and which dialect speaks
 *
 * What comes in goes through the same steps at every door: read whole, gate,
 * message, dialect, admission, and only then a handler. Whoever is refused is
 * refused before anything ran.
 */

#include "fcgi/endpoint.h"
#include "fcgi/calls.h"
#include "fcgi/control.h"
#include "fcgi/dispatch.h"
#include "fcgi/meta.h"
#include "fcgi/reply.h"

#include <mcp/gate.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define BATCH_MAX 100 /* messages */
#define ADMITTED_SLACK_NS (5 * MCP_S) /* for the letters around a call */

/* --- the message -------------------------------------------------------- */

static int
count_batch(struct call *call, struct mcp_text text)
{
	struct mcp_text element = MCP_TEXT_INIT;
	unsigned n = 0;

	while (n <= BATCH_MAX && mcp_scan_next(text, &element) == 0)
		n++;
	if (n == 0)
		return call_fail(call, JSONRPC_INVALID_REQUEST,
		    "Invalid Request: an empty batch");
	if (n > BATCH_MAX)
		return call_fail(call, JSONRPC_INVALID_REQUEST,
		    "Invalid Request: more than %d messages in a batch",
		    BATCH_MAX);
	return 0;
}

/* Return: 0; or CALL_E_FAILED, and the message is at best an id */
static int
read_message(struct call *call)
{
	struct mcp_scan_error where = { 0 };
	struct mcp_text text = mcp_buf_view(&call->body);
	const char *why = NULL;
	int condition;

	call->batch = mcp_jsonrpc_is_batch(text);
	if (!call->batch)
		condition = call_read(call, text, &where, &why);
	else if (mcp_scan(text, 0, NULL, 0, &where) != 0)
		condition = MCP_JSONRPC_E_PARSE;
	else
		condition = 0;
	if (condition == MCP_JSONRPC_E_PARSE)
		return call_fail(call, JSONRPC_PARSE_ERROR,
		    "Parse error: %s (line %u, column %u)",
		    where.what != NULL ? where.what : "not JSON", where.line,
		    where.column);
	if (condition != 0)
		return call_fail(call, JSONRPC_INVALID_REQUEST,
		    "Invalid Request: %s", why != NULL ? why : "unreadable");
	return call->batch ? count_batch(call, text) : 0;
}

/* Which legacy revision speaks, where neither a session nor a stream says so.
 * Spec: 2025-06-18 "Transports", "Protocol Version Header" */
static int
choose_revision(struct call *call, const struct http_request *request)
{
	struct mcp_text header = meta_header_version(request);
	enum mcp_revision named = mcp_revision_of(header);

	if (header.len == 0)
		return 0;
	if (named == MCP_REVISION_NONE ||
	    mcp_revision_era(named) == MCP_ERA_MODERN)
		return meta_unsupported(call, header);
	call->revision = named;
	return 0;
}

/* --- what is no request ------------------------------------------------- */

/* The client takes a request back: whichever process runs it stops.
 * Spec: 2025-11-25 "Cancellation" */
static void
hear_cancelled(struct call *call)
{
	struct mcp_letter answer,
	    question = {
		    .kind = MCP_CANCEL,
		    .stream = mcp_text_of(call->owner),
		    .subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
		    .request =
			mcp_scan_member(call->message.params, "requestId"),
	    };

	if (question.request.len == 0 ||
	    question.request.len > MCP_WIRE_REQUEST_MAX)
		return;
	/* here at once, elsewhere by the broker, who may be away */
	calls_cancel(call->worker->calls, question.stream, question.subject,
	    question.request);
	(void)thread_ask(call->thread, &question, &answer);
}

/* The client answers one of our requests: whoever waits for it hears it. */
static void
hear_response(struct call *call)
{
	struct mcp_letter answer, question = {
		.kind = MCP_RESPONSE,
		.stream = mcp_text_of(call->owner),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
		.request = call->message.id,
		.data = mcp_buf_view(&call->body),
	};

	if (question.request.len <= MCP_WIRE_REQUEST_MAX)
		(void)thread_ask(call->thread, &question, &answer);
}

/* Neither is answered; and nobody without session or stream can be meant. */
static void
hear_word(struct call *call)
{
	if (call->owner[0] == '\0')
		return;
	if (call->message.kind == MCP_JSONRPC_RESPONSE)
		hear_response(call);
	else if (strcmp(call->message.method, "notifications/cancelled") == 0)
		hear_cancelled(call);
}

/* --- POST to the mount -------------------------------------------------- */

/* Spec: 2025-06-18 "Transports", "Protocol Version Header": a session's
 *       requests name its revision */
static int
check_version(struct call *call, const struct http_request *request,
    enum mcp_revision revision)
{
	struct mcp_text header = meta_header_version(request);

	if (header.len == 0 && revision >= MCP_2025_06_18 &&
	    !worker_tolerates(
		call->worker, call->config, MCP_QUIRK_ABSENT_VERSION))
		return call_fail(call, JSONRPC_INVALID_REQUEST,
		    "MCP-Protocol-Version is missing");
	if (header.len > 0 && mcp_revision_of(header) != revision &&
	    !worker_tolerates(
		call->worker, call->config, MCP_QUIRK_FOREIGN_VERSION))
		return call_fail(call, JSONRPC_INVALID_REQUEST,
		    "MCP-Protocol-Version is not that of the session");
	return 0;
}

static enum reply_condition
open_session(struct call *call, const struct http_request *request)
{
	struct mcp_session session;

	if (mcp_session_open(call->worker->seal, request->session,
		(uint64_t)time(NULL), &session) != 0 ||
	    memcmp(session.subject, call->subject, MCP_SUBJECT_LEN) != 0 ||
	    control_session_ended(call->worker->control, session.key))
		return REPLY_NO_SESSION;
	mcp_session_name(&session, call->owner);
	call->dialect = DIALECT_LEGACY;
	call->revision = session.revision;
	call->capabilities = session.capabilities;
	return check_version(call, request, session.revision) == 0 ?
	    REPLY_DONE : REPLY_BAD;
}

static bool
is_initialize(const struct call *call)
{
	return !call->batch && call->message.method != NULL &&
	    strcmp(call->message.method, "initialize") == 0;
}

/* Everything is in the request; a session it may name is not looked at. */
static enum reply_condition
prepare_modern(struct call *call, const struct http_request *request)
{
	call->dialect = DIALECT_MODERN;
	if (call->message.kind != MCP_JSONRPC_REQUEST)
		return REPLY_DONE;
	if (meta_read(call, request) != 0)
		return REPLY_BAD;
	call->method =
	    dispatch_method(call, call->message.method, call->revision);
	if (meta_mirrors(call, request) != 0)
		return REPLY_BAD;
	/* this one is the broker's: a proxy that sent it here did not see the
	 * header we see */
	if (strcmp(call->message.method, "subscriptions/listen") == 0) {
		call_fail(call, MCP_HEADER_MISMATCH, "Header mismatch: "
		    "subscriptions/listen was not routed by Mcp-Method");
		return REPLY_BAD;
	}
	return REPLY_DONE;
}

static enum reply_condition
prepare_call(struct call *call)
{
	const struct http_request *request = gateway_request(call->connection);
	enum reply_condition condition = REPLY_DONE;

	if (read_message(call) != 0)
		return REPLY_BAD;
	if (meta_version_repeated(request) &&
	    !worker_tolerates(
		call->worker, call->config, MCP_QUIRK_REPEATED_VERSION)) {
		call_fail(call, JSONRPC_INVALID_REQUEST,
		    "MCP-Protocol-Version stands twice");
		return REPLY_BAD;
	}
	if (meta_is_modern(call, request))
		return prepare_modern(call, request);
	if (choose_revision(call, request) != 0)
		return REPLY_BAD;
	/* who initializes begins anew, whatever session it came from */
	if (request->session.len > 0 && !is_initialize(call))
		condition = open_session(call, request);
	if (condition != REPLY_DONE)
		return condition;
	if (call->batch && !mcp_revision_has(call->revision, MCP_FIELD_BATCH)) {
		call_fail(call, JSONRPC_INVALID_REQUEST,
		    "Invalid Request: this protocol version has no batches");
		return REPLY_BAD;
	}
	return REPLY_DONE;
}

static void
post_mcp(struct thread *thread, struct connection **connectionp)
{
	struct call *call = call_new(thread, connectionp);
	enum reply_condition condition;

	if (call == NULL)
		return;
	condition = prepare_call(call);
	/* the kind of message comes before everything else: a notification or
	 * a response has no answer but its acknowledgement */
	if (condition != REPLY_DONE ||
	    (!call->batch && call->message.kind != MCP_JSONRPC_REQUEST)) {
		if (condition == REPLY_DONE)
			hear_word(call);
		reply_call(call, condition);
		call_free(call);
		return;
	}
	if (!call->batch && call->dialect != DIALECT_MODERN) {
		call->method =
		    dispatch_method(call, call->message.method, call->revision);
		condition = meta_wishes(call) == 0 ? REPLY_DONE : REPLY_BAD;
	}
	if (condition == REPLY_DONE) {
		call_start(call);
		return;
	}
	reply_call(call, condition);
	call_free(call);
}

/* --- POST to a stream --------------------------------------------------- */

static bool
take_stream(struct call *call, struct mcp_text id)
{
	if (id.len == 0 || id.len > MCP_WIRE_STREAM_MAX)
		return false;
	memcpy(call->stream, id.at, id.len);
	call->stream[id.len] = '\0';
	memcpy(call->owner, call->stream, id.len + 1);
	return true;
}

/* The seed puts the stream's id into the message, HTTP+SSE into the URL.
 * @readable: the message is JSON */
static bool
find_stream(struct call *call, const struct http_request *request,
    bool readable)
{
	struct mcp_text id = http_query(request, "connection_id");
	struct mcp_buf room = MCP_BUF_INIT;
	bool found;

	call->dialect = id.len == 0 ? DIALECT_SEED : DIALECT_SSE;
	if (id.len == 0 && readable)
		id = mcp_scan_string(mcp_scan_member(mcp_buf_view(&call->body),
					 "connection_id"),
		    &room);
	found = take_stream(call, id);
	mcp_buf_deinit(&room);
	return found;
}

/* What initialize left with the stream: the revision, and what the client can
 * do. A client whose stream broke opens another and does not initialize again:
 * there its header says what was agreed on. */
static void
use_state(struct call *call, struct mcp_text state)
{
	enum mcp_revision revision = mcp_revision_of(
	    meta_header_version(gateway_request(call->connection)));

	if (state.len == 5) {
		revision = (enum mcp_revision)state.at[0];
		call->capabilities = (uint32_t)mcp_big_get(state.at + 1, 4);
	}
	if (revision < MCP_REVISION_FIRST ||
	    revision > MCP_REVISION_LEGACY_LAST)
		revision = MCP_2024_11_05;
	call->revision = revision;
}

static enum reply_condition
hear_admission(struct call *call, const struct mcp_letter *answer)
{
	switch (answer->outcome) {
	case MCP_ADMITTED:
		call->ticket = answer->ticket;
		use_state(call, answer->state);
		return REPLY_DONE;
	case MCP_RUNNING:
		return REPLY_RUNNING;
	case MCP_GONE:
	case MCP_FOREIGN:
	case MCP_MALFORMED:
		return REPLY_NO_STREAM;
	case MCP_OVER_QUOTA:
		return REPLY_OVER_QUOTA;
	default:
		return REPLY_BROKER_AWAY;
	}
}

/* Admission precedes execution: does the stream live, is it the caller's, has
 * it room? Only then anything runs. */
static enum reply_condition
admit(struct call *call)
{
	const struct mcp_limits *limits = &call->config->server.limits;
	bool asks = call->message.kind == MCP_JSONRPC_REQUEST;
	struct mcp_letter answer, question = {
		.kind = MCP_ADMIT,
		.stream = mcp_text_of(call->stream),
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
		.request = asks ? call->message.id : MCP_TEXT_INIT,
		.dialect = call->dialect == DIALECT_SEED ? MCP_DIALECT_SEED :
							   MCP_DIALECT_SSE,
		.call_deadline_ns = !asks ? 0 :
		    call->deadline_ns + limits->parked_ms * MCP_MS +
			ADMITTED_SLACK_NS,
	};

	if (question.request.len > MCP_WIRE_REQUEST_MAX) {
		call_fail(call, JSONRPC_INVALID_REQUEST,
		    "Invalid Request: the id is too long");
		return REPLY_BAD;
	}
	if (thread_ask(call->thread, &question, &answer) != 0)
		return REPLY_BROKER_AWAY;
	return hear_admission(call, &answer);
}

static enum reply_condition
prepare_post(struct call *call, const struct http_request *request)
{
	int condition = read_message(call);
	bool found = find_stream(call, request, condition == 0);

	if (condition == 0 && call->batch)
		condition = call_fail(call, JSONRPC_INVALID_REQUEST,
		    "Invalid Request: streams have no batches");
	if (condition == 0 && !found)
		return REPLY_NO_STREAM;
	return condition == 0 ? admit(call) : REPLY_BAD;
}

static void
post_message(struct thread *thread, struct connection **connectionp)
{
	struct call *call = call_new(thread, connectionp);
	enum reply_condition condition;

	if (call == NULL)
		return;
	condition = prepare_post(call, gateway_request(call->connection));
	if (condition != REPLY_DONE) {
		/* a browser resends what a broken connection may have lost: the
		 * first one runs, and its answer is this one's too */
		reply_call(call, condition == REPLY_RUNNING ? REPLY_DONE :
							      condition);
		call_free(call);
		return;
	}
	/* A client of HTTP+SSE waits for this before it posts again, be it the
	 * answer a tool of ours asked it for: acknowledge, then run. */
	if (call->dialect == DIALECT_SSE)
		reply_accepted(call);
	if (call->message.kind != MCP_JSONRPC_REQUEST) {
		hear_word(call);
		reply_call(call, REPLY_DONE);
		call_free(call);
		return;
	}
	call->method =
	    dispatch_method(call, call->message.method, call->revision);
	/* wishes that cannot be understood are none: the call is admitted */
	(void)meta_wishes(call);
	call_start(call);
}

/* --- the other doors ---------------------------------------------------- */

static void
get_mcp(struct thread *thread, struct connection **connectionp)
{
	const struct http_request *request = gateway_request(*connectionp);

	/* a stream belongs to the broker; held here it would hold a thread */
	if (request->method == HTTP_GET &&
	    http_accepts(request, "text/event-stream", false))
		reply_not_allowed(thread, connectionp,
		    "POST, DELETE, OPTIONS");
	else
		reply_health(thread, connectionp);
}

static enum reply_condition
end_session(struct call *call, const struct http_request *request)
{
	struct mcp_letter answer, question = {
		.kind = MCP_SESSION,
		.verb = MCP_SESSION_END,
		.subject = { (const char *)call->subject, MCP_SUBJECT_LEN },
	};
	struct mcp_session session;
	enum reply_condition condition;

	condition = open_session(call, request);
	if (condition != REPLY_DONE)
		return condition;
	mcp_session_open(call->worker->seal, request->session, 0, &session);
	question.stream = mcp_text_of(call->owner);
	question.expires = session.expires;
	if (thread_ask(call->thread, &question, &answer) != 0 ||
	    answer.outcome != MCP_OK)
		return REPLY_BROKER_AWAY;
	return REPLY_DONE;
}

static void
delete_mcp(struct thread *thread, struct connection **connectionp)
{
	struct call *call;
	enum reply_condition condition;

	if (gateway_request(*connectionp)->session.len == 0) {
		reply_refusal(thread, connectionp, 400, JSONRPC_INVALID_REQUEST,
		    "DELETE needs an Mcp-Session-Id");
		return;
	}
	call = call_new(thread, connectionp);
	if (call == NULL)
		return;
	condition = end_session(call, gateway_request(call->connection));
	reply_call(call, condition);
	call_free(call);
}

typedef void (*door_fn)(struct thread *thread, struct connection **connectionp);

static const struct door {
	const char *path; /* after the mount */
	const char *allow;
	door_fn get, post, delete; /* NULL: 405 */
} doors[] = {
	{ "", "GET, POST, DELETE, OPTIONS", get_mcp, post_mcp, delete_mcp },
	{ "/", "GET, POST, DELETE, OPTIONS", get_mcp, post_mcp, delete_mcp },
	{ "/sse", "GET, OPTIONS", NULL, NULL, NULL },
	{ "/sse/message", "POST, OPTIONS", NULL, post_message, NULL },
};

static const struct door *
find_door(const struct mcp_server *server, struct mcp_text path)
{
	size_t mount = strlen(server->mount);

	if (!mcp_text_starts(path, server->mount))
		return NULL;
	path.at += mount;
	path.len -= mount;
	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++)
		if (mcp_text_is(path, doors[i].path))
			return &doors[i];
	return NULL;
}

static void
enter(struct thread *thread, struct connection **connectionp)
{
	const struct http_request *request = gateway_request(*connectionp);
	const struct door *door =
	    find_door(&thread->config->server, request->path);
	door_fn fn = NULL;

	if (door == NULL) {
		reply_refusal(thread, connectionp, 404, JSONRPC_INVALID_REQUEST,
		    "Nothing is here");
		return;
	}
	if (request->method == HTTP_GET || request->method == HTTP_HEAD)
		fn = door->get;
	else if (request->method == HTTP_POST)
		fn = door->post;
	else if (request->method == HTTP_DELETE)
		fn = door->delete;
	if (fn != NULL)
		fn(thread, connectionp);
	else
		reply_not_allowed(thread, connectionp, door->allow);
}

/* --- every request ------------------------------------------------------ */

static const char *
trouble_sentence(unsigned status)
{
	return status == 413 ? "The body is larger than this server takes" :
	    status == 503    ? "The server is out of memory" :
			       "The request did not arrive whole";
}

void
endpoint_serve(struct thread *thread, struct connection **connectionp,
    unsigned trouble)
{
	const struct http_request *request = gateway_request(*connectionp);
	const struct mcp_server *server = &thread->config->server;
	char sentence[96];

	if (trouble != 0) {
		reply_refusal(thread, connectionp, trouble,
		    trouble == 503 ? MCP_OVERLOADED : JSONRPC_INVALID_REQUEST,
		    trouble_sentence(trouble));
		return;
	}
	if (request->method == HTTP_OPTIONS) {
		reply_preflight(thread, connectionp);
		return;
	}
	if (request->duplicated != NULL) {
		snprintf(sentence, sizeof(sentence), "%s stands twice",
		    request->duplicated);
		reply_refusal(thread, connectionp, 400, JSONRPC_INVALID_REQUEST,
		    sentence);
		return;
	}
	switch (mcp_gate_check(server, &request->gate)) {
	case 0:
		enter(thread, connectionp);
		break;
	case MCP_GATE_E_HOST:
		reply_refusal(thread, connectionp, 403, MCP_FORBIDDEN,
		    "This Host is not served here");
		break;
	default:
		reply_refusal(thread, connectionp, 403, MCP_FORBIDDEN,
		    "This Origin is not allowed");
	}
}

/* mount.c - I know what stands at which path of the mount */

#include "broker/mount.h"

#include <string.h>
#include <time.h>

#include <mcp/gate.h>
#include <mcp/jsonrpc.h>

#include "broker/broker.h"
#include "broker/watch.h"

#define RETRY_AFTER "Retry-After: 5\r\n"
#define ALLOW_MOUNT "Allow: POST, DELETE, OPTIONS\r\n"
#define ALLOW_SSE "Allow: GET, OPTIONS\r\n"
#define ALLOW_MESSAGE "Allow: OPTIONS\r\n"

enum place { AT_MOUNT, AT_SSE, AT_MESSAGE, NOWHERE };

/* One request, and what is known of who sent it. */
struct asked {
	struct visit *visit;
	const struct head *head;
	struct broker *broker;
	struct mcp_gate_request gate;
	enum place place;
	struct mcp_text id; /* of a JSON-RPC request, once it was read */
	struct mcp_text address; /* of the client */
	struct mcp_identity identity; /* as the web server tells it */
	uint8_t subject[MCP_SUBJECT_LEN];
	char peer[SOCKET_ADDRESS_MAX], own[SOCKET_ADDRESS_MAX];
};

static enum place
place_of(const char *mount, struct mcp_text path)
{
	size_t len = strlen(mount);

	if (!mcp_text_starts(path, mount))
		return NOWHERE;
	path.at += len;
	path.len -= len;
	if (path.len == 0 || mcp_text_is(path, "/"))
		return AT_MOUNT;
	if (mcp_text_is(path, "/sse") || mcp_text_is(path, "/sse/"))
		return AT_SSE;
	if (mcp_text_is(path, "/sse/message"))
		return AT_MESSAGE;
	return NOWHERE;
}

static const struct mcp_server *
server_of(const struct asked *asked)
{
	return &asked->broker->config->server;
}

/* Names, user and addresses are the web server's to tell, and only where it is
 * the one who speaks. */
static void
identify(struct asked *asked)
{
	const struct head *head = asked->head;
	bool trusted = asked->visit->door->trusted;

	asked->gate = (struct mcp_gate_request){ .host = head->host,
		.origin = head->origin,
		.wanted_headers = head->wanted_headers };
	if (trusted) {
		asked->gate.server_addr = head->server_addr;
		asked->address = head->addr;
	} else {
		socket_addresses(asked->visit->socket, asked->peer, asked->own);
		asked->gate.server_addr = mcp_text_of(asked->own);
		asked->address = mcp_text_of(asked->peer);
	}
	if (trusted)
		asked->identity = (struct mcp_identity){ head->user,
			head->roles, head->scopes };
	mcp_subject(asked->identity.user, asked->subject);
}

/* --- answers that are no stream ----------------------------------------- */

static void
answer(const struct asked *asked, unsigned status, const char *more,
    struct mcp_text body)
{
	struct mcp_buf headers = MCP_BUF_INIT;

	mcp_buf_puts(&headers, more);
	mcp_gate_cors(server_of(asked), &asked->gate, false, &headers);
	door_answer(asked->visit, &(struct door_answer){ .status = status,
	    .headers = mcp_buf_view(&headers), .type = "application/json",
	    .body = body, .omit = mcp_text_is(asked->head->method, "HEAD") });
	mcp_buf_deinit(&headers);
}

static void
append_plain(struct mcp_buf *body, const char *message)
{
	char now[MCP_TIMESTAMP_MAX];

	mcp_text_timestamp(now);
	mcp_buf_puts(body, "{\"error\":");
	mcp_buf_json_string(body, mcp_text_of(message));
	mcp_buf_printf(body, ",\"timestamp\":\"%s\"}", now);
}

/* In the shape of the place: JSON-RPC at the mount, the seed's elsewhere. */
static void
refuse(const struct asked *asked, unsigned status, int code, const char *more,
    const char *message)
{
	struct mcp_buf body = MCP_BUF_INIT;

	if (asked->place == AT_MOUNT && asked->id.len == 0)
		mcp_jsonrpc_refusal(&body, code, mcp_text_of(message));
	else if (asked->place == AT_MOUNT)
		mcp_jsonrpc_error(&body, asked->id, code,
		    mcp_text_of(message), MCP_TEXT_INIT);
	else
		append_plain(&body, message);
	answer(asked, status, more, mcp_buf_view(&body));
	mcp_buf_deinit(&body);
}

static void
refuse_method(const struct asked *asked, const char *allow, const char *message)
{
	refuse(asked, 405, JSONRPC_INVALID_REQUEST, allow, message);
}

static void
answer_preflight(const struct asked *asked)
{
	struct mcp_buf headers = MCP_BUF_INIT;
	struct mcp_gate_request gate = asked->gate;

	mcp_gate_cors(server_of(asked), &gate, true, &headers);
	if (headers.len > DOOR_HEAD_KEPT - 128) {
		/* a head that small proxies hold is worth more than the
		 * names of parameters that nobody could list */
		gate.wanted_headers = MCP_TEXT_INIT;
		mcp_buf_reset(&headers);
		mcp_gate_cors(server_of(asked), &gate, true, &headers);
	}
	door_answer(asked->visit, &(struct door_answer){ .status = 204,
	    .headers = mcp_buf_view(&headers) });
	mcp_buf_deinit(&headers);
}

/* --- streams ------------------------------------------------------------ */

static void
append_stream_head(const struct asked *asked, struct mcp_buf *out)
{
	mcp_buf_puts(out, "HTTP/1.1 200 OK\r\n"
			  "Connection: close\r\n"
			  "Content-Type: text/event-stream\r\n"
			  "Cache-Control: no-cache, no-transform\r\n"
			  "X-Accel-Buffering: no\r\n");
	mcp_gate_cors(server_of(asked), &asked->gate, false, out);
	mcp_buf_puts(out, "\r\n");
}

static bool
holds(struct mcp_text text, const char *part)
{
	return text.len > 0 &&
	    memmem(text.at, text.len, part, strlen(part)) != NULL;
}

/* A client that is known to need something else; that is counted. */
static bool
needs(const struct asked *asked, enum mcp_quirk quirk, const char *agent)
{
	if (server_of(asked)->strict[quirk] ||
	    !holds(asked->head->user_agent, agent))
		return false;
	asked->broker->metrics.quirks[quirk]++;
	return true;
}

/* Go's official client takes every event for a message; asking for the pure
 * transport by name does the same for others. */
static bool
is_pure(const struct asked *asked)
{
	return mcp_text_is(head_parameter(asked->head->query, "dialect"),
		"2024-11-05") ||
	    needs(asked, MCP_QUIRK_PURE_SSE, "Go-http-client");
}

/* There is no more to come, and 204 tells even a browser to stop asking.
 * Spec: WHATWG HTML, "The EventSource interface" */
static void
answer_empty(const struct asked *asked)
{
	struct mcp_buf headers = MCP_BUF_INIT;

	mcp_gate_cors(server_of(asked), &asked->gate, false, &headers);
	door_answer(asked->visit, &(struct door_answer){ .status = 204,
	    .headers = mcp_buf_view(&headers) });
	mcp_buf_deinit(&headers);
}

static void
refuse_stream(const struct asked *asked, int condition)
{
	if (condition == STREAM_E_COMPLETE) {
		answer_empty(asked);
		return;
	}
	asked->broker->metrics.refused++;
	if (condition == STREAM_E_ADDRESS)
		refuse(asked, 429, MCP_OVERLOADED, RETRY_AFTER,
		    "Too many streams are open from this address");
	else if (condition == STREAM_E_SUBSCRIBED)
		refuse(asked, 503, MCP_OVERLOADED, RETRY_AFTER,
		    "Too many resources and tasks are subscribed to");
	else
		refuse(asked, 503, MCP_OVERLOADED, RETRY_AFTER,
		    "Too many streams are open");
}

/* Of @opening, what is the same for every kind is filled here. */
static void
open_stream(const struct asked *asked, struct stream_opening *opening)
{
	struct mcp_buf head = MCP_BUF_INIT;
	int condition;

	opening->address = asked->address;
	/* Java's official client fails at any line it does not know */
	opening->no_retry = needs(asked, MCP_QUIRK_NO_RETRY,
	    "Java-http-client");
	memcpy(opening->subject, asked->subject, sizeof(opening->subject));
	append_stream_head(asked, &head);
	opening->head = mcp_buf_view(&head);
	condition = head.failed ? -1 : stream_open(asked->broker,
	    &asked->visit->socket, opening);
	mcp_buf_deinit(&head);
	if (condition == 0)
		door_leave(asked->visit);
	else
		refuse_stream(asked, condition);
}

static void
open_events(const struct asked *asked, enum stream_kind kind,
    const struct hub_name *session)
{
	open_stream(asked, &(struct stream_opening){ .kind = kind,
	    .session = session,
	    .last_event_id = asked->head->last_event_id });
}

/* The session whose seal this is: ours, this caller's, alive. */
static bool
open_session(const struct asked *asked, struct hub_name *name)
{
	struct mcp_session session;

	if (mcp_session_open(asked->broker->seal, asked->head->session,
		(uint64_t)time(NULL), &session) != 0 ||
	    memcmp(session.subject, asked->subject, MCP_SUBJECT_LEN) != 0 ||
	    ended_has(&asked->broker->ended, session.key))
		return false;
	name->form = HUB_SESSION;
	memcpy(name->key, session.key, sizeof(name->key));
	return true;
}

static void
get_mount(const struct asked *asked)
{
	struct hub_name name;

	if (!asked->head->accepts_stream)
		refuse_method(asked, ALLOW_MOUNT,
		    "Method not allowed: only event streams are served here");
	else if (asked->head->session.len == 0)
		refuse_method(asked, ALLOW_MOUNT,
		    "Method not allowed: a stream needs an Mcp-Session-Id");
	else if (!open_session(asked, &name))
		refuse(asked, 404, JSONRPC_INVALID_REQUEST, "",
		    "Session not found");
	else
		open_events(asked, STREAM_SESSION, &name);
}

/* --- listening ---------------------------------------------------------- */

static void
refuse_memory(const struct asked *asked)
{
	refuse(asked, 503, MCP_OVERLOADED, RETRY_AFTER,
	    "The server is out of memory");
}

static void
refuse_listen(const struct asked *asked, const struct listen *listen)
{
	struct mcp_buf body = MCP_BUF_INIT;

	mcp_jsonrpc_error(&body, listen->id, listen->code,
	    mcp_text_of(listen->why), mcp_buf_view(&listen->data));
	answer(asked, 400, "", mcp_buf_view(&body));
	mcp_buf_deinit(&body);
}

static void
open_listen(struct asked *asked)
{
	struct listen listen;
	int condition = listen_read(asked->broker->config, asked->head,
	    asked->visit->body, &listen);

	asked->id = listen.id;
	if (condition == 0)
		condition = listen_permit(
		    asked->broker->config, &asked->identity, &listen);
	if (condition == 0)
		watch_choose(asked->broker, &listen, asked->subject);
	if (condition == 0 && listen.older_header)
		asked->broker->metrics.quirks[MCP_QUIRK_OLDER_HEADER]++;
	if (condition == 0)
		open_stream(asked, &(struct stream_opening){
		    .kind = STREAM_LISTEN, .listen = &listen });
	else if (condition == LISTEN_E_REFUSED)
		refuse_listen(asked, &listen);
	else
		refuse_memory(asked);
	listen_deinit(&listen);
}

static void
await_listen(const struct asked *asked)
{
	int condition = door_await(asked->visit, asked->head,
	    server_of(asked)->limits.body_ms * MCP_MS);

	if (condition == DOOR_E_FULL)
		refuse(asked, 503, MCP_OVERLOADED, RETRY_AFTER,
		    "Too many requests are arriving");
	else if (condition != 0)
		refuse_memory(asked);
}

/* The web servers tell the length of what they hand on; a body in chunks is
 * not read here. */
static void
serve_listen(struct asked *asked)
{
	const struct head *head = asked->head;
	size_t most = server_of(asked)->limits.max_body;

	if (most > LISTEN_BODY_MAX)
		most = LISTEN_BODY_MAX;
	if (head->content_length.at == NULL)
		refuse(asked, 411, JSONRPC_INVALID_REQUEST, "",
		    "The request does not tell its Content-Length");
	else if (head->body > most)
		refuse(asked, 413, JSONRPC_INVALID_REQUEST, "",
		    "The body is larger than this server takes");
	else if (!asked->visit->expects)
		open_listen(asked);
	else if (asked->visit->late)
		refuse(asked, 408, JSONRPC_INVALID_REQUEST, "",
		    "The request did not arrive whole");
	else
		await_listen(asked);
}

/* --- places ------------------------------------------------------------- */

static void
serve_mount(struct asked *asked)
{
	struct mcp_text method = asked->head->method;

	if (mcp_text_is(method, "GET"))
		get_mount(asked);
	else if (mcp_text_is(method, "POST") &&
	    mcp_text_is(asked->head->mcp_method, LISTEN_METHOD))
		serve_listen(asked);
	else if (mcp_text_is(method, "POST") || mcp_text_is(method, "DELETE"))
		refuse(asked, 400, MCP_HEADER_MISMATCH, "",
		    "Header mismatch: by its headers, this request is not for "
		    "the event streams");
	else
		refuse_method(asked, ALLOW_MOUNT, "Method not allowed");
}

static void
serve_sse(const struct asked *asked)
{
	if (!mcp_text_is(asked->head->method, "GET"))
		refuse_method(asked, ALLOW_SSE,
		    "Method not allowed: open the event stream with GET");
	else
		open_events(asked, is_pure(asked) ? STREAM_PURE :
							  STREAM_DUAL, NULL);
}

void
mount_serve(struct visit *visit, const struct head *head)
{
	struct asked asked = { .visit = visit, .head = head,
		.broker = visit->door->broker };
	int condition;

	asked.place = place_of(server_of(&asked)->mount, head->path);
	identify(&asked);
	if (mcp_text_is(head->method, "OPTIONS")) {
		answer_preflight(&asked);
		return;
	}
	condition = mcp_gate_check(server_of(&asked), &asked.gate);
	if (condition != 0)
		refuse(&asked, 403, MCP_FORBIDDEN, "",
		    condition == MCP_GATE_E_ORIGIN ? "Origin not allowed" :
						     "Host not allowed");
	else if (asked.place == AT_MOUNT)
		serve_mount(&asked);
	else if (asked.place == AT_SSE)
		serve_sse(&asked);
	else if (asked.place == AT_MESSAGE)
		refuse_method(&asked, ALLOW_MESSAGE,
		    "Method not allowed: messages are taken by the workers");
	else
		refuse(&asked, 404, JSONRPC_INVALID_REQUEST, "", "Not found");
}

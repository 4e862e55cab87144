/* curl.c - I am the only one who says curl_ */

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fcgi/handler_http.h"
#include "fcgi/back_answer.h"
#include "fcgi/back_request.h"
#include "fcgi/back_secret.h"
#include "fcgi/call.h"
#include "fcgi/dispatch.h"
#include "fcgi/part.h"
#include "fcgi/slots.h"

#include <mcp/log.h>

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_MAX 65536 /* bytes of all header lines of an answer */
#define REDIRECTS_MAX 5
#define CONNECTIONS_MAX 8 /* that a slot keeps */
#define PATIENCE_MS 100 /* before the second try; doubled for each after */
/* How long a kept connection may have been idle. A server closes one when it
 * likes; a request that may be repeated can take the risk, another only where
 * no server has lost its patience yet. */
#define IDLE_S 60L
#define IDLE_ONCE_S 1L

struct http_handles {
	CURLM *multi; /* keeps the connections, and is woken */
	CURL *easy;
};

/* One transfer, and what came of it. */
struct transfer {
	struct call *call;
	const struct mcp_http *http;
	struct http_handles *handles;
	struct back_answer *answer;
	uint64_t deadline_ns;
	size_t max; /* bytes of the body */
	size_t head; /* bytes of header lines so far */
	unsigned n_sent; /* how often the request went out */
	bool late, cancelled, too_much;
	char detail[CURL_ERROR_SIZE];
};

/* --- handles ------------------------------------------------------------ */

static void
handles_free(struct http_handles *handles)
{
	if (handles == NULL)
		return;
	curl_easy_cleanup(handles->easy);
	curl_multi_cleanup(handles->multi);
	free(handles);
}

static struct http_handles *
handles_new(void)
{
	struct http_handles *handles = calloc(1, sizeof(*handles));

	if (handles == NULL)
		return NULL;
	handles->multi = curl_multi_init();
	handles->easy = curl_easy_init();
	if (handles->multi == NULL || handles->easy == NULL) {
		handles_free(handles);
		return NULL;
	}
	curl_multi_setopt(handles->multi, CURLMOPT_MAXCONNECTS,
	    (long)CONNECTIONS_MAX);
	return handles;
}

/* --- what curl asks us -------------------------------------------------- */

static bool
is_repeatable(enum mcp_http_method method)
{
	return method != MCP_HTTP_POST && method != MCP_HTTP_PATCH;
}

/* curl sends a request again when a kept connection turns out to be closed;
 * what may have been done already is not done twice. */
static int
on_send(void *context, char *there, char *here, int there_port, int here_port)
{
	struct transfer *transfer = context;

	(void)there;
	(void)here;
	(void)there_port;
	(void)here_port;
	if (transfer->n_sent++ > 0 && !is_repeatable(transfer->http->method))
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

static size_t
on_head(char *line, size_t size, size_t n, void *context)
{
	struct transfer *transfer = context;

	(void)line;
	transfer->head += size * n;
	if (transfer->head <= HEAD_MAX)
		return size * n;
	transfer->too_much = true;
	return 0;
}

/* Already decompressed, and in pieces: so the cap is one of memory too. */
static size_t
on_body(char *bytes, size_t size, size_t n, void *context)
{
	struct transfer *transfer = context;
	struct back_answer *answer = transfer->answer;
	size_t room = transfer->max - answer->body.len;

	if (size * n <= room) {
		mcp_buf_append(&answer->body, bytes, size * n);
		return answer->body.failed ? 0 : size * n;
	}
	mcp_buf_append(&answer->body, bytes, room);
	answer->cut = true;
	return 0;
}

/* --- setting up --------------------------------------------------------- */

static struct curl_slist *
add_line(struct curl_slist *list, const char *line, bool *failed)
{
	struct curl_slist *longer = curl_slist_append(list, line);

	if (longer == NULL)
		*failed = true;
	return longer == NULL ? list : longer;
}

static bool
has_line(const struct curl_slist *list, const char *name)
{
	for (; list != NULL; list = list->next)
		if (strncasecmp(list->data, name, strlen(name)) == 0)
			return true;
	return false;
}

/* What curl would add on its own, an "Expect" say, is taken back. */
static struct curl_slist *
header_list(const struct mcp_http *http, const struct back_request *request,
    bool *failed)
{
	struct mcp_text lines = mcp_buf_view(&request->headers);
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < lines.len; i += strlen(lines.at + i) + 1)
		list = add_line(list, lines.at + i, failed);
	if (!has_line(list, "Accept:") && !has_line(list, "Accept;"))
		list = add_line(list,
		    http->output == MCP_HTTP_JSON ? "Accept: application/json"
						  : "Accept: */*",
		    failed);
	list = add_line(list, "Expect:", failed);
	if (!request->has_body)
		list = add_line(list, "Content-Type:", failed);
	return list;
}

static void
set_house(CURL *easy, const struct mcp_http *http)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mcp-fcgi/" PACKAGE_VERSION);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
	    is_repeatable(http->method) ? IDLE_S : IDLE_ONCE_S);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)http->connect_ms);
	if (http->socket != NULL)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, http->socket);
	if (http->ca != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

static void
set_method(CURL *easy, const struct mcp_http *http,
    const struct back_request *request)
{
	bool may =
	    http->method != MCP_HTTP_GET && http->method != MCP_HTTP_HEAD;

	if (http->method == MCP_HTTP_HEAD)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (!may || (http->method == MCP_HTTP_DELETE && !request->has_body)) {
		if (http->method == MCP_HTTP_DELETE)
			curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
		return;
	}
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
	    request->body.len > 0 ? request->body.data : "");
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)request->body.len);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
	    back_method(http->method));
}

static void
set_callbacks(CURL *easy, struct transfer *transfer)
{
	transfer->detail[0] = '\0';
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

/* --- waiting ------------------------------------------------------------ */

/* On another thread, while @context, the multi handle, is in use. */
static void
wake(void *context)
{
	curl_multi_wakeup(context);
}

/* Does the transfer go on? Waits a little, where it does. */
static bool
wait_on(struct transfer *transfer, uint64_t until_ns)
{
	uint64_t now_ns = mcp_clock_ns();
	uint64_t left_ms;

	transfer->cancelled = atomic_load(&transfer->call->cancelled);
	transfer->late = now_ns >= transfer->deadline_ns;
	if (transfer->cancelled || transfer->late || now_ns >= until_ns)
		return false;
	left_ms = (until_ns - now_ns + MCP_MS - 1) / MCP_MS;
	curl_multi_poll(transfer->handles->multi, NULL, 0,
	    left_ms > 60000 ? 60000 : (int)left_ms, NULL);
	return true;
}

/* Return: what curl says of the transfer; CURLE_ABORTED_BY_CALLBACK where it
 * has said nothing yet */
static CURLcode
outcome(CURLM *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			return message->data.result;
	return CURLE_ABORTED_BY_CALLBACK;
}

static CURLcode
perform(struct transfer *transfer)
{
	CURLM *multi = transfer->handles->multi;
	CURL *easy = transfer->handles->easy;
	int running = 1;
	CURLcode code;

	if (curl_multi_add_handle(multi, easy) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	while (curl_multi_perform(multi, &running) == CURLM_OK && running > 0)
		if (!wait_on(transfer, transfer->deadline_ns))
			break;
	code = outcome(multi);
	curl_multi_remove_handle(multi, easy);
	return code;
}

/* --- redirects ---------------------------------------------------------- */

static char *
part_of(CURLU *url, CURLUPart part)
{
	char *text = NULL;

	return curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK
	    ? text
	    : NULL;
}

static bool
is_same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *of_a = part_of(a, part), *of_b = part_of(b, part);
	bool same = of_a != NULL && of_b != NULL && strcasecmp(of_a, of_b) == 0;

	curl_free(of_a);
	curl_free(of_b);
	return same;
}

static bool
is_same_origin(const char *a, const char *b)
{
	CURLU *of_a = curl_url(), *of_b = curl_url();
	bool same = of_a != NULL && of_b != NULL &&
	    curl_url_set(of_a, CURLUPART_URL, a, 0) == CURLUE_OK &&
	    curl_url_set(of_b, CURLUPART_URL, b, CURLU_DISALLOW_USER) ==
		CURLUE_OK &&
	    is_same_part(of_a, of_b, CURLUPART_SCHEME) &&
	    is_same_part(of_a, of_b, CURLUPART_HOST) &&
	    is_same_part(of_a, of_b, CURLUPART_PORT);

	curl_url_cleanup(of_a);
	curl_url_cleanup(of_b);
	return same;
}

/* Where the answer points to, and we may follow; NULL: nowhere. */
static const char *
next_place(const struct transfer *transfer)
{
	const struct mcp_http *http = transfer->http;
	const char *url = NULL;

	if ((http->method != MCP_HTTP_GET && http->method != MCP_HTTP_HEAD) ||
	    back_answer_is_ok(http, transfer->answer->status))
		return NULL;
	curl_easy_getinfo(transfer->handles->easy, CURLINFO_REDIRECT_URL, &url);
	return url != NULL && is_same_origin(http->origin, url) ? url : NULL;
}

/* --- a try -------------------------------------------------------------- */

static void
read_head(CURL *easy, struct back_answer *answer)
{
	const char *type = NULL;
	curl_off_t retry_s = 0;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_s);
	answer->status = (unsigned)status;
	answer->retry_s = retry_s > UINT_MAX ? UINT_MAX : (unsigned)retry_s;
	answer->type[0] = '\0';
	if (type != NULL && strlen(type) < sizeof(answer->type))
		strcpy(answer->type, type);
}

static CURLcode
send_once(struct transfer *transfer, const char *url)
{
	struct back_answer *answer = transfer->answer;
	CURL *easy = transfer->handles->easy;
	CURLcode code;

	mcp_buf_reset(&answer->body);
	answer->cut = false;
	transfer->head = 0;
	transfer->n_sent = 0;
	if (curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK)
		return CURLE_OUT_OF_MEMORY;
	code = perform(transfer);
	read_head(easy, answer);
	if (code == CURLE_WRITE_ERROR && answer->cut)
		code = CURLE_OK;
	return code;
}

static CURLcode
send_and_follow(struct transfer *transfer, const char *url)
{
	CURLcode code = send_once(transfer, url);
	const char *next;
	char *copy;

	for (unsigned n = 0; code == CURLE_OK && n < REDIRECTS_MAX; n++) {
		next = next_place(transfer);
		if (next == NULL)
			break;
		copy = strdup(next); /* curl's own is gone with the next */
		if (copy == NULL)
			return CURLE_OUT_OF_MEMORY;
		code = send_once(transfer, copy);
		free(copy);
	}
	return code;
}

/* --- and another -------------------------------------------------------- */

/* Nothing was said: the connection could not be made, or ended too soon. */
static bool
is_mute(const struct transfer *transfer, CURLcode code)
{
	return !transfer->too_much &&
	    (transfer->n_sent == 0 ||
		(transfer->head == 0 &&
		    (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
			code == CURLE_SEND_ERROR)));
}

static bool
is_passing(CURLcode code)
{
	return code != CURLE_PEER_FAILED_VERIFICATION &&
	    code != CURLE_SSL_CACERT_BADFILE && code != CURLE_OUT_OF_MEMORY &&
	    code != CURLE_URL_MALFORMAT;
}

static bool
is_worth_another(const struct transfer *transfer, CURLcode code)
{
	unsigned status = transfer->answer->status;

	if (!is_repeatable(transfer->http->method) || transfer->late ||
	    transfer->cancelled)
		return false;
	if (code != CURLE_OK)
		return is_passing(code) && is_mute(transfer, code);
	return (status == 502 || status == 503 || status == 504) &&
	    !back_answer_is_ok(transfer->http, status);
}

/* Somewhere between half and the whole of what doubles each time, so that who
 * failed together does not come again together. */
static uint64_t
patience_ns(const struct transfer *transfer, unsigned turn)
{
	uint64_t ms = (uint64_t)PATIENCE_MS << turn;
	uint32_t chance;

	if (transfer->answer->retry_s > 0)
		return transfer->answer->retry_s * MCP_S;
	mcp_random(&chance, sizeof(chance));
	return (ms / 2 + chance % (ms / 2 + 1)) * MCP_MS;
}

static bool
rest(struct transfer *transfer, unsigned turn)
{
	uint64_t until_ns = mcp_clock_ns() + patience_ns(transfer, turn);

	if (until_ns >= transfer->deadline_ns)
		return false;
	while (wait_on(transfer, until_ns))
		continue;
	return !transfer->cancelled && !transfer->late;
}

static CURLcode
send_all(struct transfer *transfer, const struct back_request *request)
{
	unsigned turn = 0;
	CURLcode code;

	do
		code = send_and_follow(transfer, request->url.data);
	while (is_worth_another(transfer, code) &&
	    turn < transfer->http->retries && rest(transfer, turn++));
	return code;
}

/* --- telling ------------------------------------------------------------ */

static const char *
sentence(const struct transfer *transfer, CURLcode code)
{
	if (transfer->cancelled)
		return "The call was cancelled";
	if (transfer->too_much)
		return "The back end's answer cannot be read: its head is too "
		       "large";
	if (transfer->late)
		return "The back end did not answer in time: try again later";
	if (code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CONNECT_ERROR)
		return "The back end cannot be trusted now; the server's log "
		       "says why";
	if (transfer->n_sent == 0)
		return "The back end cannot be reached: try again later";
	if (!is_repeatable(transfer->http->method))
		return "The back end was lost before its answer was whole: it "
		       "may have been done all the same. Look before you try "
		       "again";
	return "The back end was lost before its answer was whole: try again "
	       "later";
}

/* The address may hold what the caller said, so the log has its origin. */
static void
tell_log(const struct transfer *transfer, CURLcode code)
{
	const char *why = transfer->late  ? "no answer in time"
	    : transfer->detail[0] != '\0' ? transfer->detail
					  : curl_easy_strerror(code);

	if (code == CURLE_OK)
		mcp_log(MCP_LOG_ERROR, "http: %s %s: status %u",
		    back_method(transfer->http->method), transfer->http->origin,
		    transfer->answer->status);
	else if (!transfer->cancelled)
		mcp_log(MCP_LOG_ERROR, "http: %s %s: %s",
		    back_method(transfer->http->method), transfer->http->origin,
		    why);
}

static int
conclude(const struct transfer *transfer, CURLcode code,
    struct json_object *values, struct handler_result *result)
{
	bool resource =
	    strcmp(transfer->call->method->name, "resources/read") == 0;

	if (code == CURLE_OUT_OF_MEMORY || transfer->answer->body.failed)
		return -ENOMEM;
	if (code != CURLE_OK ||
	    (transfer->answer->status >= 500 &&
		!back_answer_is_ok(transfer->http, transfer->answer->status)))
		tell_log(transfer, code);
	if (code == CURLE_OK)
		return back_answer_result(transfer->http, resource, values,
		    transfer->answer, result);
	mcp_buf_puts(&result->text, sentence(transfer, code));
	return result->text.failed ? -ENOMEM : HANDLER_E_FAILED;
}

/* --- running ------------------------------------------------------------ */

static CURLcode
exchange(struct transfer *transfer, const struct back_request *request)
{
	CURL *easy = transfer->handles->easy;
	CURLcode code = CURLE_OUT_OF_MEMORY;
	struct curl_slist *list;
	bool failed = false;

	curl_easy_reset(easy);
	list = header_list(transfer->http, request, &failed);
	set_house(easy, transfer->http);
	set_method(easy, transfer->http, request);
	set_callbacks(easy, transfer);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
	call_on_cancel(transfer->call, wake, transfer->handles->multi);
	if (!failed)
		code = send_all(transfer, request);
	call_on_cancel(transfer->call, NULL, NULL);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(list);
	return code;
}

static int
run_with(struct call *call, const struct mcp_http *http,
    struct json_object *values, const struct back_request *request,
    struct handler_result *result)
{
	size_t most = call->config->server.limits.max_result;
	struct back_answer answer = BACK_ANSWER_INIT;
	struct transfer transfer = {
		.call = call,
		.http = http,
		.handles = call->slot->http,
		.answer = &answer,
		.deadline_ns = call_until(call, http->timeout_ms),
		.max = http->max_bytes < most ? http->max_bytes : most,
	};
	CURLcode code = exchange(&transfer, request);
	int condition = conclude(&transfer, code, values, result);

	mcp_buf_deinit(&answer.body);
	return condition;
}

/* A name that was cut short is somebody else's. */
static struct mcp_text
user_of(const struct call *call)
{
	struct mcp_text user = mcp_text_of(call->user);

	return user.len + 1 < sizeof(call->user) ? user : MCP_TEXT_INIT;
}

static int
run(struct call *call, const struct mcp_http *http, struct json_object *values,
    struct handler_result *result)
{
	struct back_request request = BACK_REQUEST_INIT;
	struct back_caller caller = { user_of(call),
		mcp_text_of(call->authorization) };
	int condition;

	if (call->slot->http == NULL)
		call->slot->http = handles_new();
	if (call->slot->http == NULL)
		return -ENOMEM;
	condition =
	    back_request_make(http, values, &caller, &request, &result->text);
	if (condition == 0)
		condition = run_with(call, http, values, &request, result);
	else if (condition == BACK_REQUEST_E_REFUSED)
		condition = HANDLER_E_FAILED;
	back_request_deinit(&request);
	return condition;
}

/* --- checking ----------------------------------------------------------- */

static void
init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* With the first configuration, so before there are threads; with a later one
 * curl has a lock of its own for it. */
static int
check(struct mcp_config *config, struct mcp_problems *problems)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init_curl);
	return back_secrets_read(config, problems);
}

static const struct http_client client = {
	.handles_free = handles_free,
	.run = run,
	.check = check,
};
PART(client);

/* floor.c - I am what libfcgi and json-c can do by themselves
 *
 *   floor --listen PATH --database FILE --processes N --threads N --ready-fd N
 *
 * A responder as the library's own examples are: threads that wait in
 * FCGX_Accept_r, one connection for each request. I read the body with json-c
 * and answer tools/call for echo and get_client in the shape of MCP; I check
 * nothing, know no session, no version and no caller, and log nothing. A server
 * that does all that and is faster than me does not owe it to doing less.
 */

#include <errno.h>
#include <fcgiapp.h>
#include <getopt.h>
#include <json-c/json.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY_MAX 65536
#define BACKLOG 4096
#define PROCESSES_MAX 64
#define COLUMNS 4

struct floor {
	const char *listen, *database;
	int processes, threads, ready_fd;
	int fd;
};

/* What one thread has for itself. */
struct responder {
	const struct floor *floor;
	sqlite3 *database;
	sqlite3_stmt *query;
	char body[BODY_MAX];
};

static const char query[] =
    "SELECT id, name, email, created_at FROM clients WHERE email = ?";
static const char *const columns[COLUMNS] = { "id", "name", "email",
	"created_at" };

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- the two tools ------------------------------------------------------- */

static void
add_text(struct json_object *result, const char *text)
{
	struct json_object *content = json_object_new_array();
	struct json_object *block = json_object_new_object();

	json_object_object_add(block, "type", json_object_new_string("text"));
	json_object_object_add(block, "text", json_object_new_string(text));
	json_object_array_add(content, block);
	json_object_object_add(result, "content", content);
}

static const char *
argument(struct json_object *arguments, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(arguments, name, &value))
		return "";
	return json_object_get_string(value);
}

static struct json_object *
row_object(sqlite3_stmt *statement)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, columns[0],
	    json_object_new_int64(sqlite3_column_int64(statement, 0)));
	for (int i = 1; i < COLUMNS; i++)
		json_object_object_add(row, columns[i],
		    json_object_new_string(
			(const char *)sqlite3_column_text(statement, i)));
	return row;
}

static void
get_client(struct responder *responder, struct json_object *arguments,
    struct json_object *result)
{
	sqlite3_stmt *statement = responder->query;
	struct json_object *row;

	sqlite3_bind_text(
	    statement, 1, argument(arguments, "email"), -1, SQLITE_TRANSIENT);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		row = row_object(statement);
		add_text(result,
		    json_object_to_json_string_ext(
			row, JSON_C_TO_STRING_PLAIN));
		json_object_object_add(result, "structuredContent", row);
	} else
		add_text(result, "there is no such client");
	sqlite3_reset(statement);
}

static struct json_object *
call(struct responder *responder, struct json_object *params)
{
	struct json_object *result = json_object_new_object();
	struct json_object *arguments = NULL;
	const char *name = argument(params, "name");

	json_object_object_get_ex(params, "arguments", &arguments);
	if (strcmp(name, "echo") == 0)
		add_text(result, argument(arguments, "message"));
	else if (strcmp(name, "get_client") == 0)
		get_client(responder, arguments, result);
	json_object_object_add(
	    result, "resultType", json_object_new_string("complete"));
	return result;
}

/* --- a request ----------------------------------------------------------- */

static size_t
read_body(struct responder *responder, FCGX_Stream *in)
{
	size_t len = 0;
	int n;

	while ((n = FCGX_GetStr(
		    responder->body + len, (int)(BODY_MAX - 1 - len), in)) > 0)
		len += (size_t)n;
	responder->body[len] = '\0';
	return len;
}

static struct json_object *
answer_object(struct responder *responder, struct json_object *request)
{
	struct json_object *answer = json_object_new_object();
	struct json_object *id = NULL, *params = NULL;

	json_object_object_get_ex(request, "id", &id);
	json_object_object_get_ex(request, "params", &params);
	json_object_object_add(
	    answer, "jsonrpc", json_object_new_string("2.0"));
	json_object_object_add(answer, "result", call(responder, params));
	json_object_object_add(answer, "id", json_object_get(id));
	return answer;
}

static void
respond(struct responder *responder, FCGX_Request *request)
{
	struct json_object *asked, *answer;
	const char *text;
	size_t len;

	read_body(responder, request->in);
	asked = json_tokener_parse(responder->body);
	if (asked == NULL) {
		FCGX_PutS("Status: 400 Bad Request\r\n\r\n", request->out);
		return;
	}
	answer = answer_object(responder, asked);
	text = json_object_to_json_string_length(
	    answer, JSON_C_TO_STRING_PLAIN, &len);
	FCGX_FPrintF(request->out,
	    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n",
	    (int)len);
	FCGX_PutStr(text, (int)len, request->out);
	json_object_put(answer);
	json_object_put(asked);
}

/* --- threads and processes ----------------------------------------------- */

static void *
thread_main(void *arg)
{
	const struct floor *floor = arg;
	struct responder *responder = calloc(1, sizeof(*responder));
	FCGX_Request request;

	if (responder == NULL ||
	    sqlite3_open_v2(floor->database, &responder->database,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(responder->database, query, -1,
		&responder->query, NULL) != SQLITE_OK)
		die(floor->database);
	FCGX_InitRequest(&request, floor->fd, 0);
	while (FCGX_Accept_r(&request) == 0) {
		respond(responder, &request);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

/* Who ends the parent ends the children. */
static _Noreturn void
child_main(struct floor *floor)
{
	pthread_t thread;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 1; i < floor->threads; i++)
		if (pthread_create(&thread, NULL, thread_main, floor) != 0)
			die("thread");
	thread_main(floor);
	exit(1);
}

static void
start_children(struct floor *floor, pid_t *children)
{
	for (int i = 0; i < floor->processes; i++) {
		children[i] = fork();
		if (children[i] < 0)
			die("fork");
		if (children[i] == 0)
			child_main(floor);
	}
}

static void
listen_here(struct floor *floor)
{
	if (FCGX_Init() != 0)
		die("FCGX_Init");
	floor->fd = FCGX_OpenSocket(floor->listen, BACKLOG);
	if (floor->fd < 0 || chmod(floor->listen, 0666) != 0)
		die(floor->listen);
}

static void
await_end(const sigset_t *ends)
{
	int signal_number;

	sigwait(ends, &signal_number);
}

static void
read_options(struct floor *floor, int argc, char **argv)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "database", required_argument, NULL, 'd' },
		{ "processes", required_argument, NULL, 'p' },
		{ "threads", required_argument, NULL, 't' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'l')
			floor->listen = optarg;
		else if (option == 'd')
			floor->database = optarg;
		else if (option == 'p')
			floor->processes = atoi(optarg);
		else if (option == 't')
			floor->threads = atoi(optarg);
		else if (option == 'r')
			floor->ready_fd = atoi(optarg);
		else
			exit(2);
	}
	if (floor->listen == NULL || floor->database == NULL ||
	    floor->processes < 1 || floor->processes > PROCESSES_MAX) {
		fprintf(stderr, "floor: --listen, --database, --processes\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct floor floor = { .processes = 1, .threads = 8, .ready_fd = 1 };
	pid_t children[PROCESSES_MAX];
	sigset_t ends;

	read_options(&floor, argc, argv);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	listen_here(&floor);
	start_children(&floor, children);
	if (write(floor.ready_fd, "ready\n", 6) != 6)
		die("--ready-fd");
	await_end(&ends);
	for (int i = 0; i < floor.processes; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}

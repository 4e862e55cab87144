/* postgres.c - I am the only one who says PQ
 *
 * A session never waits in libpq, but in await() below: for the server, for
 * the clock, and for the call to be cancelled, which wakes it through @wake.
 * What is no longer wanted is cancelled at the server and its rows are taken
 * off the line, so that the connection can be used again; where that does not
 * come about soon, the connection is given up.
 *
 * A cancel request travels on a connection of its own, and libpq waits for
 * that one, so a thread does. Until it is done nothing else may be asked: it
 * would hit that.
 *
 * Each connection has a number, its @turn, and a statement knows the turn it
 * was prepared in.
 *
 * Law: PostgreSQL "libpq", "Asynchronous Command Processing", "Canceling
 * Queries in Progress"; "PostgreSQL Error Codes".
 */

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fcgi/database.h"
#include "fcgi/part.h"
#include "fcgi/postgres_text.h"

#include <errno.h>
#include <json-c/json.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define GRACE_NS (2 * MCP_S)  /* for what was cancelled to end */
#define REST_NS (20 * MCP_MS) /* for rows nobody wants, before that */
#define BELT_S 1	      /* the server's own clock runs so much longer */

struct postgres {
	struct database base;
	const char *url; /* the configuration's */
	bool write;
	PGconn *link;	     /* NULL: not connected */
	int wake;	     /* an eventfd */
	unsigned turn;	     /* of this connection; from 1 */
	unsigned n_prepared; /* in this turn */
	uint64_t timeout_s;  /* as the server has been told */
};

struct postgres_statement {
	struct database_statement base;
	char *text; /* the query with $1 for its first name */
	char **names;
	size_t n_names;
	unsigned turn; /* it was prepared in; 0: not at all */
	char name[16]; /* it goes by there */
	PGresult *described;
	PGresult *row;
	const struct postgres_type **columns;
	struct mcp_buf scratch; /* of the value shown last */
	int64_t n_changes;
	bool running; /* there is more on the line */
};

static struct postgres *
session_of(const struct postgres_statement *statement)
{
	return (struct postgres *)statement->base.database;
}

static void
disconnect(struct postgres *pg)
{
	PQfinish(pg->link);
	pg->link = NULL;
}

/* --- waiting ------------------------------------------------------------ */

static int
milliseconds_left(uint64_t deadline_ns)
{
	uint64_t now = mcp_clock_ns();

	if (now >= deadline_ns)
		return 0;
	return deadline_ns - now > 3600 * MCP_S
	    ? 3600000
	    : (int)((deadline_ns - now) / MCP_MS) + 1;
}

/* Return: has @fd something to say in time? */
static bool
await_until(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd one = { fd, events, 0 };
	int n;

	do
		n = poll(&one, 1, milliseconds_left(deadline_ns));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Return: 0, the server has something to say; DATABASE_E_STOPPED */
static int
await(struct postgres *pg, short events)
{
	uint64_t woken;

	while (!database_is_late(&pg->base)) {
		struct pollfd both[] = { { PQsocket(pg->link), events, 0 },
			{ pg->wake, POLLIN, 0 } };

		poll(both, 2, milliseconds_left(pg->base.deadline_ns));
		if (both[1].revents != 0 &&
		    read(pg->wake, &woken, sizeof(woken)) < 0 &&
		    errno != EAGAIN)
			return DATABASE_E_STOPPED;
		if (both[0].revents != 0)
			return 0;
	}
	return DATABASE_E_STOPPED;
}

static int
lost(struct postgres *pg)
{
	database_says(&pg->base, PQerrorMessage(pg->link));
	disconnect(pg);
	return DATABASE_E_LOST;
}

/* --- cancelling --------------------------------------------------------- */

struct cancel {
	PGcancel *request;
	int done; /* an eventfd */
	atomic_int n_holders;
};

static void
cancel_drop(struct cancel *cancel)
{
	if (cancel == NULL || atomic_fetch_sub(&cancel->n_holders, 1) != 1)
		return;
	PQfreeCancel(cancel->request);
	close(cancel->done);
	free(cancel);
}

static void *
cancel_send(void *argument)
{
	struct cancel *cancel = argument;
	char why[256];

	/* where it fails, nobody is told that it is done */
	if (PQcancel(cancel->request, why, sizeof(why)) != 0)
		eventfd_write(cancel->done, 1);
	cancel_drop(cancel);
	return NULL;
}

static struct cancel *
cancel_new(PGconn *link)
{
	struct cancel *cancel = calloc(1, sizeof(*cancel));

	if (cancel == NULL)
		return NULL;
	atomic_init(&cancel->n_holders, 1);
	cancel->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cancel->request = PQgetCancel(link);
	if (cancel->done >= 0 && cancel->request != NULL)
		return cancel;
	cancel_drop(cancel);
	return NULL;
}

static struct cancel *
cancel_start(PGconn *link)
{
	struct cancel *cancel = cancel_new(link);
	pthread_t thread;

	if (cancel == NULL)
		return NULL;
	atomic_fetch_add(&cancel->n_holders, 1);
	if (pthread_create(&thread, NULL, cancel_send, cancel) == 0) {
		pthread_detach(thread);
		return cancel;
	}
	cancel_drop(cancel);
	cancel_drop(cancel);
	return NULL;
}

/* Take off the line what is on it.
 * Return: is it empty now? */
static bool
drain(struct postgres *pg, uint64_t deadline_ns)
{
	PGresult *result;

	for (;;) {
		while (PQisBusy(pg->link))
			if (!await_until(
				PQsocket(pg->link), POLLIN, deadline_ns) ||
			    !PQconsumeInput(pg->link))
				return false;
		result = PQgetResult(pg->link);
		if (result == NULL)
			return true;
		PQclear(result);
		if (mcp_clock_ns() > deadline_ns)
			return false;
	}
}

/* What runs is not wanted any more: the line is empty after, or there is no
 * connection. */
static void
settle(struct postgres *pg)
{
	uint64_t end = mcp_clock_ns() + GRACE_NS;
	struct cancel *cancel = cancel_start(pg->link);

	if (cancel == NULL || !drain(pg, end) ||
	    !await_until(cancel->done, POLLIN, end))
		disconnect(pg);
	cancel_drop(cancel);
}

/* --- what became of it -------------------------------------------------- */

static const struct {
	const char *state; /* or the beginning of one */
	int condition;
} states[] = {
	{ "0A000", DATABASE_E_STALE }, /* the columns are others now */
	{ "26000", DATABASE_E_STALE },
	{ "22", DATABASE_E_VALUE },
	{ "23505", DATABASE_E_UNIQUE },
	{ "23503", DATABASE_E_FOREIGN_KEY },
	{ "23001", DATABASE_E_FOREIGN_KEY },
	{ "23502", DATABASE_E_NOT_NULL },
	{ "23514", DATABASE_E_CHECK },
	{ "23", DATABASE_E_CONSTRAINT },
	{ "40", DATABASE_E_BUSY }, /* serialization, deadlock */
	{ "53100", DATABASE_E_FULL },
	{ "53300", DATABASE_E_BUSY }, /* too many connections */
	{ "55P03", DATABASE_E_BUSY }, /* a lock */
	{ "57014", DATABASE_E_STOPPED },
	{ "57P", DATABASE_E_LOST }, /* it shuts down, or starts */
	{ "08", DATABASE_E_LOST },
};

static int
condition_of_state(const char *state)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (strncmp(state, states[i].state, strlen(states[i].state)) ==
		    0)
			return states[i].condition;
	return DATABASE_E_FAILED;
}

/* The context of an error says "$2" of whichever value it was. */
static void
find_culprit(struct postgres_statement *statement, const char *context)
{
	const char *mark = context == NULL ? NULL : strchr(context, '$');
	unsigned long number = mark == NULL ? 0 : strtoul(mark + 1, NULL, 10);

	if (number > 0 && number <= statement->n_names)
		statement->base.database->culprit =
		    strdup(statement->names[number - 1]);
}

static void
write_down(struct postgres *pg, const PGresult *result, const char *state)
{
	const char *primary =
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	database_says(&pg->base, primary);
	mcp_buf_printf(&pg->base.said, " (%s)%s", state,
	    strcmp(state, "25006") == 0
		? ". Say \"write\": true, or let the query only read"
		: "");
}

/* Owner: @result is taken */
static int
failure(
    struct postgres *pg, struct postgres_statement *statement, PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	int condition;

	if (PQstatus(pg->link) == CONNECTION_BAD || state == NULL) {
		PQclear(result);
		return lost(pg);
	}
	condition = condition_of_state(state);
	database_forget(&pg->base);
	write_down(pg, result, state);
	if (condition == DATABASE_E_VALUE && statement != NULL)
		find_culprit(
		    statement, PQresultErrorField(result, PG_DIAG_CONTEXT));
	PQclear(result);
	if (condition == DATABASE_E_LOST)
		disconnect(pg);
	if (condition == DATABASE_E_STALE && statement != NULL)
		statement->turn = 0;
	return condition;
}

/* --- asking ------------------------------------------------------------- */

/* Return: 0; DATABASE_E_STOPPED; DATABASE_E_LOST */
static int
flush(struct postgres *pg)
{
	int left, condition;

	while ((left = PQflush(pg->link)) > 0) {
		condition = await(pg, POLLIN | POLLOUT);
		if (condition != 0)
			return condition;
		if (!PQconsumeInput(pg->link))
			return lost(pg);
	}
	return left < 0 ? lost(pg) : 0;
}

/* The next result of what was asked, NULL after the last.
 * Return: 0; DATABASE_E_STOPPED; DATABASE_E_LOST */
static int
next_result(struct postgres *pg, PGresult **resultp)
{
	int condition;

	while (PQisBusy(pg->link)) {
		condition = await(pg, POLLIN);
		if (condition != 0)
			return condition;
		if (!PQconsumeInput(pg->link))
			return lost(pg);
	}
	*resultp = PQgetResult(pg->link);
	return 0;
}

/* The last result of what was asked just now, for what has no rows to speak
 * of; @sent is libpq's word on that. */
static int
ask(struct postgres *pg, int sent, PGresult **resultp)
{
	PGresult *result, *last = NULL;
	int condition = sent ? flush(pg) : lost(pg);

	while (condition == 0) {
		condition = next_result(pg, &result);
		if (condition != 0 || result == NULL)
			break;
		if (last != NULL && PQresultStatus(last) == PGRES_FATAL_ERROR) {
			PQclear(result); /* the first failure counts */
			continue;
		}
		PQclear(last);
		last = result;
	}
	if (condition == DATABASE_E_STOPPED)
		settle(pg);
	if (condition == 0 && PQresultStatus(last) != PGRES_COMMAND_OK &&
	    PQresultStatus(last) != PGRES_TUPLES_OK) {
		condition = failure(pg, NULL, last);
		last = NULL;
	}
	if (condition != 0 || resultp == NULL)
		PQclear(last);
	else
		*resultp = last;
	return condition;
}

/* --- connecting --------------------------------------------------------- */

static void
say_nothing(void *argument, const char *message)
{
	(void)argument;
	(void)message;
}

/* What a connection could not be made for is not lost, but away. */
static int
away(struct postgres *pg, int condition)
{
	if (condition == DATABASE_E_LOST)
		return DATABASE_E_AWAY;
	if (condition == DATABASE_E_STOPPED && pg->base.said.len == 0)
		database_says(&pg->base, "no answer in time");
	return condition;
}

static int
begin_connection(struct postgres *pg)
{
	const char *const names[] = { "dbname", "client_encoding",
		"fallback_application_name", NULL };
	const char *const values[] = { pg->url, "UTF8", "mcp-fcgi", NULL };
	PQconninfoOption *parts;
	char *why = NULL;

	parts = PQconninfoParse(pg->url, &why);
	if (parts == NULL) {
		database_says(&pg->base, why == NULL ? "out of memory" : why);
		PQfreemem(why);
		return DATABASE_E_FAILED;
	}
	PQconninfoFree(parts);
	pg->link = PQconnectStartParams(names, values, 1);
	if (pg->link == NULL)
		return -ENOMEM;
	PQsetNoticeProcessor(pg->link, say_nothing, NULL);
	return PQstatus(pg->link) == CONNECTION_BAD ? lost(pg) : 0;
}

static int
make_connection(struct postgres *pg)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;
	int condition;

	while (next != PGRES_POLLING_OK) {
		condition =
		    await(pg, next == PGRES_POLLING_READING ? POLLIN : POLLOUT);
		if (condition != 0) {
			disconnect(pg);
			return condition;
		}
		next = PQconnectPoll(pg->link);
		if (next == PGRES_POLLING_FAILED)
			return lost(pg);
	}
	return 0;
}

/* What postgres_text and the tokenizer rely on. */
static int
set_up(struct postgres *pg)
{
	static const char settings[] =
	    "SET standard_conforming_strings = on; SET DateStyle = ISO; "
	    "SET IntervalStyle = iso_8601; SET bytea_output = hex; "
	    "SET extra_float_digits = 1";
	static const char reading[] = "SET default_transaction_read_only = on";
	int condition;

	PQsetnonblocking(pg->link, 1);
	condition = ask(pg, PQsendQuery(pg->link, settings), NULL);
	if (condition == 0 && !pg->write)
		condition = ask(pg, PQsendQuery(pg->link, reading), NULL);
	if (condition != 0 && pg->link != NULL)
		disconnect(pg); /* half set up is no use */
	return condition;
}

/* What came while nobody listened is its farewell. */
static void
look_alive(struct postgres *pg)
{
	while (pg->link != NULL && await_until(PQsocket(pg->link), POLLIN, 0))
		if (!PQconsumeInput(pg->link) ||
		    PQstatus(pg->link) == CONNECTION_BAD)
			disconnect(pg);
}

static int
connect_now(struct postgres *pg)
{
	int condition = begin_connection(pg);

	if (condition == 0)
		condition = make_connection(pg);
	if (condition == 0)
		condition = set_up(pg);
	if (condition != 0)
		return away(pg, condition);
	pg->turn++;
	pg->n_prepared = 0;
	pg->timeout_s = 0;
	return 0;
}

static int
connected(struct postgres *pg)
{
	look_alive(pg);
	return pg->link != NULL ? 0 : connect_now(pg);
}

/* --- a session ---------------------------------------------------------- */

static struct database *
session_new(const struct mcp_database *about, bool write)
{
	struct postgres *pg = calloc(1, sizeof(*pg));

	if (pg == NULL)
		return NULL;
	pg->url = about->url;
	pg->write = write;
	pg->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pg->wake >= 0)
		return &pg->base;
	free(pg);
	return NULL;
}

static void
session_free(struct database *database)
{
	struct postgres *pg = (struct postgres *)database;

	disconnect(pg);
	close(pg->wake);
	free(pg);
}

static void
wake(void *database)
{
	eventfd_write(((struct postgres *)database)->wake, 1);
}

/* --- a statement -------------------------------------------------------- */

static size_t
number_of(struct postgres_statement *statement, const char *name, size_t len)
{
	for (size_t i = 0; i < statement->n_names; i++)
		if (strlen(statement->names[i]) == len &&
		    memcmp(statement->names[i], name, len) == 0)
			return i + 1;
	return 0;
}

static bool
add_name(struct postgres_statement *statement, const char *name, size_t len)
{
	size_t n = statement->n_names;
	char **more = realloc(statement->names, (n + 1) * sizeof(*more));

	if (more == NULL)
		return false;
	statement->names = more;
	more[n] = strndup(name, len);
	if (more[n] == NULL)
		return false;
	statement->n_names++;
	return true;
}

/* :email becomes $1, and again $1 where it stands again. */
static bool
number_names(struct postgres_statement *statement)
{
	const char *at = statement->base.query, *place;
	struct mcp_buf text = MCP_BUF_INIT;
	size_t len = 0;

	while (
	    (place = mcp_place_next(MCP_ENGINE_POSTGRES, at, &len)) != NULL) {
		if (number_of(statement, place + 1, len - 1) == 0 &&
		    !add_name(statement, place + 1, len - 1)) {
			mcp_buf_deinit(&text);
			return false;
		}
		mcp_buf_append(&text, at, (size_t)(place - at));
		mcp_buf_printf(
		    &text, "$%zu", number_of(statement, place + 1, len - 1));
		at = place + len;
	}
	mcp_buf_puts(&text, at);
	if (text.failed)
		mcp_buf_deinit(&text);
	statement->text = text.data;
	return statement->text != NULL;
}

static void
statement_free(struct database_statement *base)
{
	struct postgres_statement *statement =
	    (struct postgres_statement *)base;

	PQclear(statement->described);
	PQclear(statement->row);
	for (size_t i = 0; i < statement->n_names; i++)
		free(statement->names[i]);
	free(statement->names);
	free(statement->text);
	free(statement->columns);
	mcp_buf_deinit(&statement->scratch);
	free(statement);
}

static struct database_statement *
statement_new(struct database *database, const char *query)
{
	struct postgres_statement *statement = calloc(1, sizeof(*statement));

	if (statement == NULL)
		return NULL;
	statement->base.database = database;
	statement->base.query = query;
	if (number_names(statement))
		return &statement->base;
	statement_free(&statement->base);
	return NULL;
}

static int
n_columns(const struct database_statement *base)
{
	return PQnfields(((const struct postgres_statement *)base)->described);
}

static const char *
column_name(const struct database_statement *base, int at)
{
	return PQfname(
	    ((const struct postgres_statement *)base)->described, at);
}

static void
claim(const struct database_statement *base, int at, struct mcp_buf *out)
{
	const struct postgres_statement *statement =
	    (const struct postgres_statement *)base;

	postgres_text_claim(statement->columns[at], out);
}

/* Owner: *describedp is taken if all goes well */
static int
keep_description(struct postgres_statement *statement, PGresult **describedp)
{
	int n = PQnfields(*describedp);
	const struct postgres_type **columns =
	    calloc((size_t)n + 1, sizeof(*columns));

	if (columns == NULL)
		return -ENOMEM;
	for (int at = 0; at < n; at++)
		columns[at] = postgres_type_of(PQftype(*describedp, at));
	free(statement->columns);
	statement->columns = columns;
	PQclear(statement->described);
	statement->described = *describedp;
	*describedp = NULL;
	return 0;
}

static int
prepare_now(struct postgres *pg, struct postgres_statement *statement)
{
	PGresult *described = NULL;
	int condition;

	snprintf(
	    statement->name, sizeof(statement->name), "s%u", pg->n_prepared++);
	condition = ask(pg,
	    PQsendPrepare(pg->link, statement->name, statement->text, 0, NULL),
	    NULL);
	if (condition == 0)
		condition =
		    ask(pg, PQsendDescribePrepared(pg->link, statement->name),
			&described);
	if (condition == 0)
		condition = keep_description(statement, &described);
	PQclear(described);
	if (condition == 0)
		statement->turn = pg->turn;
	/* there is nothing stale about what was not even prepared */
	return condition == DATABASE_E_STALE ? DATABASE_E_FAILED : condition;
}

/* A belt: should we be gone by then, the server ends it by itself. */
static int
set_timeout(struct postgres *pg)
{
	uint64_t now = mcp_clock_ns();
	uint64_t left =
	    pg->base.deadline_ns > now ? pg->base.deadline_ns - now : 0;
	uint64_t seconds = (left + MCP_S - 1) / MCP_S + BELT_S;
	char text[64];
	int condition;

	if (seconds == pg->timeout_s)
		return 0;
	snprintf(text, sizeof(text), "SET statement_timeout = '%llus'",
	    (unsigned long long)seconds);
	condition = ask(pg, PQsendQuery(pg->link, text), NULL);
	if (condition == 0)
		pg->timeout_s = seconds;
	return condition;
}

static int
prepare(struct database_statement *base)
{
	struct postgres_statement *statement =
	    (struct postgres_statement *)base;
	struct postgres *pg = session_of(statement);
	int condition = connected(pg);

	if (condition == 0)
		condition = set_timeout(pg);
	if (condition == 0 && statement->turn != pg->turn)
		condition = prepare_now(pg, statement);
	return condition;
}

/* The rest is for the session to refuse, which can only read. */
static bool
reads(const struct database_statement *base)
{
	static const char *const words[] = { "insert", "update", "delete",
		"merge" };
	const char *query = base->query + strspn(base->query, " \t\r\n");

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strncasecmp(query, words[i], strlen(words[i])) == 0)
			return false;
	return n_columns(base) > 0;
}

/* --- running ------------------------------------------------------------ */

/* All texts stand in one buffer, each with its NUL. */
struct parameters {
	struct mcp_buf texts;
	size_t *offsets; /* SIZE_MAX is NULL */
	const char **values;
};

static void
parameters_deinit(struct parameters *parameters)
{
	mcp_buf_deinit(&parameters->texts);
	free(parameters->offsets);
	free(parameters->values);
}

static int
put_value(struct postgres_statement *statement, size_t i,
    struct json_object *values, struct parameters *out)
{
	struct json_object *value = NULL;
	int condition;

	out->offsets[i] = SIZE_MAX;
	if (values != NULL)
		json_object_object_get_ex(values, statement->names[i], &value);
	if (value == NULL)
		return 0;
	out->offsets[i] = out->texts.len;
	condition = postgres_text_put(&out->texts, value,
	    postgres_type_of(PQparamtype(statement->described, (int)i)));
	mcp_buf_putc(&out->texts, '\0');
	if (condition > 0)
		statement->base.database->culprit = strdup(statement->names[i]);
	return condition;
}

static int
put_values(struct postgres_statement *statement, struct json_object *values,
    struct parameters *out)
{
	size_t n = statement->n_names;
	int condition = 0;

	out->offsets = calloc(n + 1, sizeof(*out->offsets));
	out->values = calloc(n + 1, sizeof(*out->values));
	if (out->offsets == NULL || out->values == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n && condition == 0; i++)
		condition = put_value(statement, i, values, out);
	if (condition != 0)
		return condition;
	if (out->texts.failed)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (out->offsets[i] != SIZE_MAX)
			out->values[i] = out->texts.data + out->offsets[i];
	return 0;
}

static int
start(struct database_statement *base, struct json_object *values)
{
	struct postgres_statement *statement =
	    (struct postgres_statement *)base;
	struct postgres *pg = session_of(statement);
	struct parameters parameters = { MCP_BUF_INIT, NULL, NULL };
	int condition = put_values(statement, values, &parameters);

	statement->n_changes = 0;
	if (condition != 0) {
		parameters_deinit(&parameters);
		return condition;
	}
	statement->running = true;
	if (PQsendQueryPrepared(pg->link, statement->name,
		(int)statement->n_names, parameters.values, NULL, NULL, 0) &&
	    PQsetSingleRowMode(pg->link))
		condition = flush(pg);
	else
		condition = lost(pg);
	parameters_deinit(&parameters);
	return condition;
}

/* Owner: @result is taken
 * Return: 0: there is more to come; DATABASE_E_ROW; a failure */
static int
look_at(
    struct postgres *pg, struct postgres_statement *statement, PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_SINGLE_TUPLE:
		statement->row = result;
		return DATABASE_E_ROW;
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		statement->n_changes = strtoll(PQcmdTuples(result), NULL, 10);
		PQclear(result);
		return 0;
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		PQclear(result);
		database_says(&pg->base, "COPY speaks with no client of ours");
		disconnect(pg);
		return DATABASE_E_FAILED;
	default:
		return failure(pg, statement, result);
	}
}

static int
step(struct database_statement *base)
{
	struct postgres_statement *statement =
	    (struct postgres_statement *)base;
	struct postgres *pg = session_of(statement);
	PGresult *result = NULL;
	int condition = statement->scratch.failed ? -ENOMEM : 0;

	PQclear(statement->row);
	statement->row = NULL;
	while (condition == 0) {
		condition = next_result(pg, &result);
		if (condition == 0 && result == NULL) {
			statement->running = false;
			return 0;
		}
		if (condition == 0)
			condition = look_at(pg, statement, result);
	}
	return condition;
}

static void
value(struct database_statement *base, int at, struct database_value *out)
{
	struct postgres_statement *statement =
	    (struct postgres_statement *)base;
	struct mcp_text text = { PQgetvalue(statement->row, 0, at),
		(size_t)PQgetlength(statement->row, 0, at) };

	if (PQgetisnull(statement->row, 0, at))
		*out = (struct database_value){ .type = DATABASE_NULL };
	else
		postgres_text_get(
		    text, statement->columns[at], &statement->scratch, out);
}

static int64_t
n_changes(const struct database_statement *base)
{
	return ((const struct postgres_statement *)base)->n_changes;
}

/* Few rows are sooner taken than cancelled. A transaction that a statement
 * left open would be everybody's: it ends with its connection. */
static void
stop(struct database_statement *base)
{
	struct postgres_statement *statement =
	    (struct postgres_statement *)base;
	struct postgres *pg = session_of(statement);

	PQclear(statement->row);
	statement->row = NULL;
	if (pg->link != NULL && statement->running &&
	    (database_is_late(&pg->base) ||
		!drain(pg, mcp_clock_ns() + REST_NS)))
		settle(pg);
	statement->running = false;
	if (pg->link != NULL && PQtransactionStatus(pg->link) != PQTRANS_IDLE)
		disconnect(pg);
}

static const struct database_engine postgres_engine = {
	.new = session_new,
	.free = session_free,
	.wake = wake,
	.statement_new = statement_new,
	.statement_free = statement_free,
	.prepare = prepare,
	.reads = reads,
	.n_columns = n_columns,
	.column_name = column_name,
	.claim = claim,
	.start = start,
	.step = step,
	.value = value,
	.n_changes = n_changes,
	.stop = stop,
};
PART(postgres_engine);

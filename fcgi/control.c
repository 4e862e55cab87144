/* control.c - I hear the broker: who is alive, and what has ended */

#include "fcgi/control.h"
#include "fcgi/adopt.h"
#include "fcgi/calls.h"
#include "fcgi/gateway.h"
#include "fcgi/heap.h"
#include "fcgi/patience.h"
#include "fcgi/slots.h"
#include "fcgi/snapshot.h"

#include <mcp/log.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define HELLO_NS MCP_S
#define RELOAD_NS (120 * MCP_S)
#define AWAY_NS (MCP_S * 5 / 2) /* without WELCOME for so long: it is away */
#define TICK_MS 100
#define FIRST_WELCOME_MS 250
#define ENDS_MAX 65536u /* as many as the broker keeps */

struct end {
	uint8_t key[MCP_SESSION_KEY_LEN];
	uint64_t expires_s; /* 0: free */
};

struct ends { /* open addressing, a power of two */
	struct end *at;
	size_t n, cap;
};

struct control {
	struct worker *worker;
	pthread_t id;
	struct thread thread; /* to refuse on, with a line of its own */
	int wake_fd;	      /* to stop, or because a snapshot is ready */
	atomic_bool stopping;
	atomic_bool reload; /* the operator wants it */
	atomic_int replaced; /* enum control_replaced, once it is known */
	struct adopt *adopt;
	struct mcp_line *line;

	_Atomic uint64_t welcomed_ns; /* when the broker last answered */
	pthread_mutex_t lock; /* for the two below and `welcome` */
	pthread_cond_t welcome;
	struct ends young, old;

	/* the control thread's own */
	uint64_t epoch, known, hello_ns;
	uint64_t replacing; /* the correlation of UPGRADE; 0: nobody asks */
	unsigned long n_requests, n_busy; /* at the last hello, and in the
					     second before it */
	unsigned long n_relieved; /* at the last hello, */
	bool relieved; /* and were there more then? */
	bool tell_all; /* the broker is new to us: it may have forgotten */
};

/* --- the ended sessions ------------------------------------------------- */

static struct end *
find_end(const struct ends *ends, const uint8_t *key)
{
	size_t at;

	memcpy(&at, key, sizeof(at)); /* random bytes: a hash already */
	for (;; at++) {
		struct end *end = &ends->at[at & (ends->cap - 1)];

		if (end->expires_s == 0 ||
		    memcmp(end->key, key, MCP_SESSION_KEY_LEN) == 0)
			return end;
	}
}

static bool
has_end(const struct ends *ends, const uint8_t *key)
{
	return ends->cap > 0 && find_end(ends, key)->expires_s != 0;
}

static void
insert_end(struct ends *ends, const uint8_t *key, uint64_t expires_s)
{
	struct end *end = find_end(ends, key);

	if (end->expires_s == 0)
		ends->n++;
	memcpy(end->key, key, MCP_SESSION_KEY_LEN);
	end->expires_s = expires_s;
}

/* A table twice as large, without what has expired by itself. */
static int
grow(struct ends *ends)
{
	struct ends old = *ends;
	uint64_t now_s = (uint64_t)time(NULL);
	size_t cap = old.cap == 0 ? 64 : old.cap * 2;
	struct end *at = calloc(cap, sizeof(*at));

	if (at == NULL)
		return -ENOMEM;
	*ends = (struct ends){ at, 0, cap };
	for (size_t i = 0; i < old.cap; i++)
		if (old.at[i].expires_s > now_s)
			insert_end(ends, old.at[i].key, old.at[i].expires_s);
	free(old.at);
	return 0;
}

/* Two tables: when the young one is full it becomes the old one, and what was
 * old is forgotten. */
static int
note_end(struct control *control, const uint8_t *key, uint64_t expires_s)
{
	struct ends *young = &control->young;

	if (expires_s <= (uint64_t)time(NULL) || has_end(young, key))
		return 0; /* expired tokens are refused anyway */
	if (young->n == ENDS_MAX) {
		free(control->old.at);
		control->old = *young;
		*young = (struct ends){ NULL, 0, 0 };
	}
	if (young->n * 2 >= young->cap && grow(young) != 0)
		return -ENOMEM;
	insert_end(young, key, expires_s);
	return 0;
}

static int
note_ends(struct control *control, struct mcp_text ends)
{
	uint8_t key[MCP_SESSION_KEY_LEN];
	uint64_t expires_s;
	int error = 0;

	pthread_mutex_lock(&control->lock);
	for (size_t i = 0; error == 0 && i + MCP_WIRE_END_LEN <= ends.len;
	     i += MCP_WIRE_END_LEN) {
		mcp_wire_end_read(ends.at + i, key, &expires_s);
		error = note_end(control, key, expires_s);
	}
	pthread_mutex_unlock(&control->lock);
	return error;
}

static void
write_table(const struct ends *ends, struct mcp_buf *out)
{
	for (size_t i = 0; i < ends->cap; i++)
		if (ends->at[i].expires_s != 0)
			mcp_wire_end_write(out, ends->at[i].key,
			    ends->at[i].expires_s);
}

static void
write_ends(struct control *control, struct mcp_buf *out)
{
	pthread_mutex_lock(&control->lock);
	write_table(&control->old, out);
	write_table(&control->young, out);
	pthread_mutex_unlock(&control->lock);
}

bool
control_session_ended(struct control *control,
    const uint8_t key[MCP_SESSION_KEY_LEN])
{
	bool ended;

	pthread_mutex_lock(&control->lock);
	ended = has_end(&control->young, key) || has_end(&control->old, key);
	pthread_mutex_unlock(&control->lock);
	return ended;
}

bool
worker_tolerates(struct worker *worker, const struct mcp_config *config,
    enum mcp_quirk quirk)
{
	if (config->server.strict[quirk])
		return false;
	atomic_fetch_add(&worker->n_quirks[quirk], 1);
	return true;
}

bool
control_broker_here(struct control *control)
{
	uint64_t welcomed_ns = atomic_load(&control->welcomed_ns);

	return welcomed_ns != 0 && mcp_clock_ns() < welcomed_ns + AWAY_NS;
}

/* --- letters ------------------------------------------------------------ */

static void
say_hello(struct control *control, bool leaving)
{
	struct worker *worker = control->worker;
	struct mcp_buf ends = MCP_BUF_INIT;
	char quirks[8 * MCP_N_QUIRKS];
	struct mcp_letter hello = {
		.kind = MCP_HELLO,
		.deadline_ns = mcp_clock_ns() + AWAY_NS,
		.pid = (uint64_t)getpid(),
		.leaving = leaving,
		.epoch = control->epoch,
		.known = control->known,
		.requests = atomic_load(&worker->n_requests),
		.failed = atomic_load(&worker->n_failed),
		.running = (uint64_t)atomic_load(&worker->n_running),
		.digest = mcp_text_of(control->thread.config->digest),
		.data = { quirks, sizeof(quirks) },
	};

	for (size_t i = 0; i < MCP_N_QUIRKS; i++)
		mcp_wire_number_write(quirks + 8 * i,
		    atomic_load(&worker->n_quirks[i]));
	if (control->tell_all)
		write_ends(control, &ends);
	hello.ends = mcp_buf_view(&ends);
	/* a busy line means that the broker is away; the next second tries */
	if (!ends.failed && mcp_line_send(control->line, &hello) == 0)
		control->tell_all = false;
	mcp_buf_deinit(&ends);
}

static void
hear_welcome(struct control *control, const struct mcp_letter *welcome)
{
	if (welcome->epoch != control->epoch) {
		control->tell_all = control->epoch != 0;
		control->epoch = welcome->epoch;
		mcp_log(MCP_LOG_INFO, "the broker is here");
	}
	if (note_ends(control, welcome->ends) == 0)
		control->known = welcome->known;
	adopt_welcome(
	    control->adopt, welcome->digest, welcome->state, mcp_clock_ns());
	pthread_mutex_lock(&control->lock);
	atomic_store(&control->welcomed_ns, mcp_clock_ns());
	pthread_cond_signal(&control->welcome);
	pthread_mutex_unlock(&control->lock);
	if (control->tell_all)
		control->hello_ns = 0; /* now, not in a second */
}

static void
answer_plainly(struct control *control, const struct mcp_letter *question,
    enum mcp_wire_outcome outcome)
{
	struct mcp_letter answer = {
		.kind = question->kind,
		.outcome = outcome,
		.correlation = question->correlation,
	};

	(void)mcp_line_send(control->line, &answer);
}

static void
hear_ended(struct control *control, const struct mcp_letter *question)
{
	enum mcp_wire_outcome outcome = MCP_OK;

	if (note_ends(control, question->ends) != 0)
		outcome = MCP_NO_ROOM;
	else if (question->epoch == control->epoch)
		control->known = question->known;
	answer_plainly(control, question, outcome);
}

/* main does it, as with a signal of the operator's. */
static void
hear_upgrade(struct control *control, const struct mcp_letter *question)
{
	if (control->replacing != 0) {
		answer_plainly(control, question, MCP_NO_ROOM);
		return;
	}
	control->replacing = question->correlation;
	(void)kill(getpid(), SIGUSR2);
}

static void
answer_upgrade(struct control *control)
{
	int replaced = atomic_exchange(&control->replaced, CONTROL_UNKNOWN);
	char why[96];
	struct mcp_letter answer = { .kind = MCP_UPGRADE,
		.correlation = control->replacing,
		.outcome = replaced == CONTROL_DONE ? MCP_OK
		    : replaced == CONTROL_BEFORE    ? MCP_NONE
						    : MCP_REFUSED };

	if (replaced == CONTROL_UNKNOWN || control->replacing == 0)
		return;
	snprintf(why, sizeof(why),
	    "worker %ld could not be replaced: its log says why\n",
	    (long)getpid());
	if (answer.outcome == MCP_REFUSED)
		answer.data = mcp_text_of(why);
	(void)mcp_line_send(control->line, &answer);
	control->replacing = 0;
}

static void
hear_question(struct control *control, const struct mcp_letter *question)
{
	struct calls *calls = control->worker->calls;

	switch (question->kind) {
	case MCP_ENDED:
		hear_ended(control, question);
		break;
	case MCP_ANSWER:
		answer_plainly(control, question,
		    calls_answer(calls, question->request,
			(int)question->how, question->data) ?
			MCP_OK : MCP_UNKNOWN);
		break;
	case MCP_PREPARE:
		adopt_prepare(control->adopt, control->line, question);
		break;
	case MCP_COMMIT:
		adopt_commit(
		    control->adopt, control->line, question, &control->thread);
		break;
	case MCP_AGAIN: /* hearing from us, it says what we have missed */
		control->hello_ns = 0;
		break;
	case MCP_UPGRADE:
		hear_upgrade(control, question);
		break;
	case MCP_CANCEL:
		calls_cancel(calls, question->stream, question->subject,
		    question->request);
		answer_plainly(control, question, MCP_OK);
		break;
	default:
		answer_plainly(control, question, MCP_UNKNOWN_KIND);
	}
}

static void
hear(struct control *control)
{
	struct mcp_letter letter;

	while (mcp_line_receive(control->line, &letter) == 0) {
		if (letter.kind == MCP_HELLO && letter.outcome == MCP_WELCOME)
			hear_welcome(control, &letter);
		else if (letter.outcome == MCP_QUESTION)
			hear_question(control, &letter);
	}
}

static void
wake(struct control *control)
{
	uint64_t one = 1;

	if (write(control->wake_fd, &one, sizeof(one)) < 0)
		mcp_log(MCP_LOG_ERROR, "the control thread sleeps on");
}

/* Whatever woke us is looked at; the eventfd has said all it can. */
static void
calm(const struct control *control)
{
	uint64_t n;

	if (read(control->wake_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		mcp_log(MCP_LOG_ERROR, "eventfd: %s", strerror(errno));
}

/* The broker does it, with all processes; whether it went well is in its log
 * and in the log of each. */
static void
ask_reload(struct control *control)
{
	struct mcp_letter question = { .kind = MCP_RELOAD,
		.deadline_ns = mcp_clock_ns() + RELOAD_NS };

	if (!control_broker_here(control) ||
	    mcp_line_send(control->line, &question) != 0)
		mcp_log(
		    MCP_LOG_ERROR, "no reload: the broker cannot be reached");
}

static void
control_deinit(struct control *control)
{
	adopt_free(control->adopt);
	if (control->wake_fd >= 0)
		close(control->wake_fd);
	pthread_cond_destroy(&control->welcome);
	pthread_mutex_destroy(&control->lock);
	free(control->young.at);
	free(control->old.at);
	free(control);
}

/* When a burst is over, the memory it used goes back to the system; otherwise
 * it would be kept for a burst that may never come again. And once more when
 * threads have been relieved, in the turn after: by then they have ended. */
static void
tidy(struct control *control)
{
	unsigned long n = atomic_load(&control->worker->n_requests);
	unsigned long n_now = n - control->n_requests;
	unsigned long n_relieved = atomic_load(&control->worker->n_relieved);

	if (n_now < control->n_busy / 2 || control->relieved)
		heap_give_back();
	control->n_requests = n;
	control->n_busy = n_now;
	control->relieved = n_relieved != control->n_relieved;
	control->n_relieved = n_relieved;
}

static void *
control_run(void *argument)
{
	struct control *control = argument;
	struct worker *worker = control->worker;

	/* A DEALER belongs to the thread that made it. */
	if (mcp_line_new(worker->bus, worker->process, 0,
		&control->line) != 0) {
		mcp_log(MCP_LOG_ERROR, "no line to the broker");
		return NULL;
	}
	snapshot_look(&control->thread);
	while (!atomic_load(&control->stopping)) {
		uint64_t now_ns = mcp_clock_ns();

		if (now_ns >= control->hello_ns) {
			control->hello_ns = now_ns + HELLO_NS;
			say_hello(control, false);
			tidy(control);
		}
		mcp_line_wait(control->line, control->wake_fd, TICK_MS);
		calm(control);
		hear(control);
		now_ns = mcp_clock_ns();
		adopt_tick(control->adopt, control->line, now_ns);
		if (atomic_exchange(&control->reload, false))
			ask_reload(control);
		answer_upgrade(control);
		snapshot_look(&control->thread);
		gateway_expire(worker->gateway,
		    control->thread.config->server.limits.body_ms, now_ns);
		if (slots_tidy(worker->slots, control->thread.snapshot, now_ns))
			heap_give_back();
		slots_expire(worker->slots, &control->thread, now_ns);
		calls_tick(worker->calls, &control->thread, now_ns);
	}
	say_hello(control, true);
	/* its answer is the proof that the goodbye arrived */
	mcp_line_wait(control->line, -1, TICK_MS);
	snapshot_leave(&control->thread);
	mcp_line_free(control->line);
	mcp_line_free(control->thread.line);
	return NULL;
}

/* Before there is a snapshot: which one is the site's? Said as a goodbye, so
 * that nobody waits for what asks. */
static int
ask_site(struct mcp_line *line, char **pathp)
{
	struct mcp_letter answer,
	    hello = {
		    .kind = MCP_HELLO,
		    .deadline_ns = mcp_clock_ns() + FIRST_WELCOME_MS * MCP_MS,
		    .leaving = 1,
	    };
	int condition = mcp_line_ask(line, &hello, &answer);

	if (condition != 0)
		return condition;
	if (answer.outcome != MCP_WELCOME || answer.state.len == 0)
		return MCP_BUS_E_EMPTY;
	*pathp = mcp_text_dup(answer.state);
	return *pathp == NULL ? -ENOMEM : 0;
}

int
control_site(struct worker *worker, char **pathp)
{
	struct mcp_line *line;
	int condition = mcp_line_new(worker->bus, worker->process, 0, &line);

	if (condition != 0)
		return condition;
	condition = ask_site(line, pathp);
	mcp_line_free(line);
	return condition;
}

/* A request that needs the broker should find it from the first one on. */
static void
await_welcome(struct control *control)
{
	uint64_t until_ns = mcp_clock_ns() + FIRST_WELCOME_MS * MCP_MS;

	pthread_mutex_lock(&control->lock);
	while (atomic_load(&control->welcomed_ns) == 0 &&
	    patience_wait(&control->welcome, &control->lock, until_ns) == 0)
		;
	pthread_mutex_unlock(&control->lock);
}

int
control_new(struct worker *worker, bool broker, struct control **controlp)
{
	struct control *control = calloc(1, sizeof(*control));
	int error;

	if (control == NULL)
		return -ENOMEM;
	control->worker = worker;
	control->thread.worker = worker;
	control->thread.number = UINT16_MAX;
	control->thread.letter_ns = 50 * MCP_MS; /* others wait for this one */
	pthread_mutex_init(&control->lock, NULL);
	patience_init(&control->welcome);
	control->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = control->wake_fd < 0
	    ? -errno
	    : adopt_new(worker, control->wake_fd, &control->adopt);
	*controlp = control; /* its thread looks there */
	if (error == 0)
		error =
		    -pthread_create(&control->id, NULL, control_run, control);
	if (error != 0) {
		*controlp = NULL;
		control_deinit(control);
		return error;
	}
	if (broker)
		await_welcome(control);
	return 0;
}

void
control_reload(struct control *control)
{
	atomic_store(&control->reload, true);
	wake(control);
}

void
control_replaced(struct control *control, enum control_replaced how)
{
	atomic_store(&control->replaced, (int)how);
	wake(control);
}

void
control_free(struct control *control)
{
	if (control == NULL)
		return;
	atomic_store(&control->stopping, true);
	wake(control);
	pthread_join(control->id, NULL);
	control_deinit(control);
}

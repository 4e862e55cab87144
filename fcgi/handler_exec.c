/* handler_exec.c - I run a program of the system, and wait for what it says
 *
 * One thread, one poll(2): input goes out as the program takes it and output
 * comes in as it gives it, so neither waits for the other. The end is one event
 * only: mcp-exec has closed its socket, and then nothing of the program is
 * left. Whatever is wrong before, be it the clock, the client or too much
 * output, merely asks for that end, and is remembered as its reason.
 */

#include "fcgi/handler_exec.h"
#include "fcgi/answer.h"
#include "fcgi/call.h"
#include "fcgi/dispatch.h"
#include "fcgi/exec_child.h"
#include "fcgi/exec_errors.h"
#include "fcgi/exec_progress.h"
#include "fcgi/exec_words.h"

#include <mcp/log.h>
#include <mcp/scan.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 65536    /* bytes read at a time: what a pipe holds */
#define LAST_PIECES 32 /* read when the program is gone; then it is enough */
#define PATIENCE_NS (2 * MCP_S) /* with mcp-exec, beyond its grace */

enum reason {
	REASON_NONE, /* it ends by itself */
	REASON_FULL, /* it says more than we want to hear */
	REASON_LATE,
	REASON_CANCELLED,
	REASON_MEMORY, /* of ours */
	REASON_STUCK   /* even mcp-exec does not end */
};

struct run {
	struct call *call;
	const struct mcp_exec *exec;
	struct exec_child child;
	struct mcp_text input; /* what is left of it */
	struct mcp_buf output;
	struct exec_errors errors;
	struct exec_progress progress;
	int wake; /* eventfd(2): the call is cancelled */
	uint64_t deadline_ns;
	enum reason reason;
	bool reported;
	struct exec_report report;
};

/* --- the end ------------------------------------------------------------ */

static void
end(struct run *run, enum reason reason)
{
	if (run->reason != REASON_NONE)
		return;
	run->reason = reason;
	run->deadline_ns =
	    mcp_clock_ns() + EXEC_GRACE_MS * MCP_MS + PATIENCE_NS;
	exec_child_end(&run->child);
}

/* On another thread. */
static void
on_cancel(void *context)
{
	const struct run *run = context;
	uint64_t one = 1;

	(void)!write(run->wake, &one, sizeof(one));
}

static void
hear_cancel(struct run *run)
{
	uint64_t n;

	(void)!read(run->wake, &n, sizeof(n));
	end(run, REASON_CANCELLED);
}

static void
look_at_clock(struct run *run, uint64_t now_ns)
{
	if (now_ns < run->deadline_ns)
		return;
	if (run->reason == REASON_NONE)
		end(run, REASON_LATE);
	else
		run->reason = REASON_STUCK;
}

static void
hear_report(struct run *run)
{
	struct exec_report report;
	ssize_t n = recv(run->child.control, &report, sizeof(report), 0);

	if (n == (ssize_t)sizeof(report) && !run->reported) {
		run->report = report;
		run->reported = true;
	} else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		exec_child_close(&run->child.control);
	}
}

/* --- what goes out and comes in ----------------------------------------- */

/* A program that does not want to hear the rest is none that failed. */
static void
write_input(struct run *run)
{
	ssize_t n = 0;

	if (run->input.len > 0)
		n = write(run->child.input, run->input.at, run->input.len);
	if (n > 0) {
		run->input.at += n;
		run->input.len -= (size_t)n;
	}
	if (run->input.len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		exec_child_close(&run->child.input);
}

/* Return: false: nothing more comes now, or ever, and then it is closed */
static bool
is_open(ssize_t n, int *fdp)
{
	if (n > 0)
		return true;
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		exec_child_close(fdp);
	return false;
}

static bool
read_output(struct run *run)
{
	struct mcp_buf *output = &run->output;
	ssize_t n;

	if (mcp_buf_reserve(output, PIECE) != 0) {
		exec_child_close(&run->child.output);
		end(run, REASON_MEMORY);
		return false;
	}
	n = read(run->child.output, output->data + output->len, PIECE);
	if (!is_open(n, &run->child.output))
		return false;
	output->len += (size_t)n;
	if (output->len > run->exec->max_bytes) {
		output->len = run->exec->max_bytes;
		end(run, REASON_FULL);
	}
	output->data[output->len] = '\0';
	return true;
}

static bool
read_errors(struct run *run)
{
	char piece[4096];
	ssize_t n = read(run->child.errors, piece, sizeof(piece));

	if (!is_open(n, &run->child.errors))
		return false;
	exec_errors_feed(&run->errors, run->call->name,
	    (struct mcp_text){ piece, (size_t)n });
	return true;
}

static void
read_progress(struct run *run)
{
	char piece[4096];
	ssize_t n = read(run->child.progress, piece, sizeof(piece));

	if (is_open(n, &run->child.progress))
		exec_progress_feed(
		    &run->progress, (struct mcp_text){ piece, (size_t)n });
}

/* --- while it runs ------------------------------------------------------ */

/* In milliseconds, rounded up, so that nobody wakes too early. */
static int
time_left(const struct run *run, uint64_t now_ns)
{
	uint64_t then_ns = run->deadline_ns;

	if (run->progress.waiting && run->progress.next_ns < then_ns)
		then_ns = run->progress.next_ns;
	if (then_ns <= now_ns)
		return 0;
	then_ns = (then_ns - now_ns + MCP_MS - 1) / MCP_MS;
	return then_ns > 60000 ? 60000 : (int)then_ns;
}

static void
tell_progress(struct run *run)
{
	const struct mcp_buf *message = &run->progress.message;

	if (exec_progress_due(&run->progress, mcp_clock_ns()))
		answer_progress(run->call, run->progress.value,
		    run->progress.total,
		    message->len > 0 ? message->data : NULL);
}

static void
take_turn(struct run *run)
{
	struct pollfd ears[] = {
		{ run->child.control, POLLIN, 0 },
		{ run->child.input, POLLOUT, 0 },
		{ run->child.output, POLLIN, 0 },
		{ run->child.errors, POLLIN, 0 },
		{ run->child.progress, POLLIN, 0 },
		{ run->reason == REASON_NONE ? run->wake : -1, POLLIN, 0 },
	};

	if (poll(ears, sizeof(ears) / sizeof(*ears),
		time_left(run, mcp_clock_ns())) > 0) {
		if (ears[0].revents != 0)
			hear_report(run);
		if (ears[1].revents != 0)
			write_input(run);
		if (ears[2].revents != 0)
			read_output(run);
		if (ears[3].revents != 0)
			read_errors(run);
		if (ears[4].revents != 0)
			read_progress(run);
		if (ears[5].revents != 0)
			hear_cancel(run);
	}
	tell_progress(run);
	look_at_clock(run, mcp_clock_ns());
}

/* What lies in the pipes still. Their ends may live on where the program has
 * given them away; so this does not wait. */
static void
read_rest(struct run *run)
{
	for (int i = 0; i < LAST_PIECES && run->child.output >= 0; i++)
		if (!read_output(run))
			break;
	for (int i = 0; i < LAST_PIECES && run->child.errors >= 0; i++)
		if (!read_errors(run))
			break;
	exec_errors_end(&run->errors, run->call->name);
}

static void
attend(struct run *run)
{
	call_on_cancel(run->call, on_cancel, run);
	while (run->child.control >= 0 && run->reason != REASON_STUCK)
		take_turn(run);
	call_on_cancel(run->call, NULL, NULL);
	read_rest(run);
	exec_child_finish(&run->child);
}

/* --- what came of it ---------------------------------------------------- */

static int
say(struct handler_result *result, const char *sentence)
{
	mcp_buf_reset(&result->text);
	mcp_buf_puts(&result->text, sentence);
	return HANDLER_E_FAILED;
}

static int
tell_not_run(const struct run *run, struct handler_result *result)
{
	static const char *const what[] = {
		[EXEC_BAD_ORDER] = "mcp-exec was started wrongly",
		[EXEC_BAD_HOUSE] = "mcp-exec cannot hold a program here",
		[EXEC_BAD_LIMITS] = "its limits cannot be set",
		[EXEC_BAD_DIRECTORY] = "its directory cannot be entered",
		[EXEC_BAD_PROGRAM] = "it cannot be run",
	};

	if (!run->reported || run->report.stage <= EXEC_ENDED ||
	    run->report.stage > EXEC_BAD_PROGRAM)
		mcp_log(MCP_LOG_ERROR, "exec %s: mcp-exec ended untimely",
		    run->call->name);
	else if (run->report.how == E2BIG)
		return say(result, EXEC_TOO_LONG);
	else
		mcp_log(MCP_LOG_ERROR, "exec %s: %s: %s: %s", run->call->name,
		    run->exec->program, what[run->report.stage],
		    strerror(run->report.how));
	return say(result,
	    "The program could not be run; the server's log "
	    "says why");
}

static void
add_tail(const struct run *run, struct handler_result *result)
{
	struct mcp_text tail = exec_errors_tail(&run->errors);

	if (tail.len == 0)
		return;
	mcp_buf_puts(&result->text, ". It said:\n");
	mcp_buf_text(&result->text, tail);
}

static int
tell_failed(const struct run *run, struct handler_result *result)
{
	int how = run->report.how;

	mcp_buf_reset(&result->text);
	if (WIFEXITED(how))
		mcp_buf_printf(&result->text,
		    "The program failed with exit code %d", WEXITSTATUS(how));
	else if (WTERMSIG(how) == SIGXCPU)
		mcp_buf_puts(&result->text,
		    "The program used more processor "
		    "time than it may and was stopped: ask for less");
	else
		mcp_buf_printf(&result->text,
		    "The program was ended by signal %d (SIG%s)", WTERMSIG(how),
		    sigabbrev_np(WTERMSIG(how)) == NULL
			? "RT"
			: sigabbrev_np(WTERMSIG(how)));
	mcp_log(MCP_LOG_WARNING, "exec %s: %s", run->call->name,
	    result->text.data == NULL ? "failed" : result->text.data);
	add_tail(run, result);
	return HANDLER_E_FAILED;
}

/* --- what it has said --------------------------------------------------- */

static bool
is_tool(const struct call *call)
{
	return strcmp(call->method->name, "tools/call") == 0;
}

/* A text that was cut ends with a whole character. */
static void
cut_character(struct mcp_buf *text)
{
	size_t back = 1;

	while (back < text->len && back < 4 &&
	    ((unsigned char)text->data[text->len - back] & 0xc0) == 0x80)
		back++;
	if (back <= text->len &&
	    mcp_utf8_len(text->data + text->len - back, back) != back)
		text->len -= back;
	text->data[text->len] = '\0';
}

static int
take_text(struct run *run, struct handler_result *result)
{
	result->text = run->output;
	run->output = MCP_BUF_INIT;
	if (run->reason != REASON_FULL)
		return 0;
	result->truncated = true;
	cut_character(&result->text);
	return 0;
}

/* JSON as it came, on one line: line ends are blanks outside of strings, and
 * inside there are none. */
static void
put_on_one_line(struct mcp_buf *json, struct mcp_buf *out)
{
	for (size_t i = 0; i < json->len; i++)
		if (strchr("\t\r\n", json->data[i]) != NULL)
			json->data[i] = ' ';
	mcp_buf_text(out, mcp_text_trim(mcp_buf_view(json)));
}

static int
take_json(struct run *run, struct handler_result *result)
{
	struct mcp_scan_error error = { 0 };
	struct mcp_buf *out = &result->structured;
	int condition =
	    mcp_scan(mcp_buf_view(&run->output), 0, NULL, 0, &error);
	bool object;

	if (condition < 0)
		return condition;
	if (condition > 0) {
		mcp_log(MCP_LOG_ERROR,
		    "exec %s: its output is no JSON: line "
		    "%u, column %u: %s",
		    run->call->name, error.line, error.column,
		    error.what == NULL ? "?" : error.what);
		return say(result,
		    "The program did not answer with the JSON "
		    "it should; the server's log says more");
	}
	put_on_one_line(&run->output, &result->text);
	object = result->text.len > 0 && result->text.data[0] == '{';
	mcp_buf_puts(out, object ? "" : "{\"value\":");
	mcp_buf_text(out, mcp_buf_view(&result->text));
	mcp_buf_puts(out, object ? "" : "}");
	return 0;
}

static int
take_bytes(struct run *run, struct handler_result *result)
{
	handler_bytes(&result->parts, run->call,
	    "exec:", mcp_text_of(run->exec->mime_type),
	    mcp_buf_view(&run->output));
	return result->parts.failed ? -ENOMEM : 0;
}

static int
take_output(struct run *run, struct handler_result *result)
{
	bool tool = is_tool(run->call);

	if (run->exec->output == MCP_EXEC_TEXT && tool)
		return take_text(run, result);
	/* half of anything else is worth nothing */
	if (run->reason == REASON_FULL)
		return say(result,
		    "The program's answer is larger than this "
		    "server sends: ask for less");
	if (run->exec->output == MCP_EXEC_JSON)
		return take_json(run, result);
	if (run->exec->output == MCP_EXEC_BYTES && tool)
		return take_bytes(run, result);
	if (run->exec->mime_type != NULL && result->mime_type == NULL)
		result->mime_type = run->exec->mime_type;
	return take_text(run, result);
}

static int
tell(struct run *run, struct handler_result *result)
{
	switch (run->reason) {
	case REASON_LATE:
		mcp_log(MCP_LOG_WARNING, "exec %s: stopped at its deadline",
		    run->call->name);
		say(result,
		    "The program took too long and was stopped: ask "
		    "for less");
		add_tail(run, result);
		return HANDLER_E_FAILED;
	case REASON_CANCELLED:
		return say(result,
		    "The program was stopped, since nobody "
		    "waits for it");
	case REASON_STUCK:
		mcp_log(MCP_LOG_ERROR, "exec %s: mcp-exec had to be killed",
		    run->call->name);
		return say(result, "The program could not be stopped in time");
	case REASON_MEMORY:
		return -ENOMEM;
	case REASON_FULL:
		return take_output(run, result);
	case REASON_NONE:
		break;
	}
	if (!run->reported || run->report.stage != EXEC_ENDED)
		return tell_not_run(run, result);
	if (!WIFEXITED(run->report.how) || WEXITSTATUS(run->report.how) != 0)
		return tell_failed(run, result);
	return take_output(run, result);
}

/* --- running it --------------------------------------------------------- */

static int
tell_not_started(
    const struct run *run, int error, struct handler_result *result)
{
	if (error == -E2BIG)
		return say(result, EXEC_TOO_LONG);
	mcp_log(MCP_LOG_ERROR, "exec %s: cannot start mcp-exec: %s",
	    run->call->name, strerror(-error));
	if (error == -ENOMEM)
		return error;
	if (error == -EMFILE || error == -ENFILE || error == -EAGAIN)
		return say(result,
		    "The server runs too many programs now: "
		    "try again");
	return say(result,
	    "The program could not be run; the server's log "
	    "says why");
}

static int
run_words(
    struct run *run, struct exec_words *words, struct handler_result *result)
{
	const struct mcp_exec *exec = run->exec;
	int condition;

	run->input = mcp_buf_view(&words->input);
	run->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	condition = run->wake < 0 ? -errno
				  : exec_child_start(&run->child, words,
					exec->input.n > 0, exec->progress);
	if (condition != 0) {
		condition = tell_not_started(run, condition, result);
	} else {
		attend(run);
		condition = tell(run, result);
	}
	exec_child_close(&run->wake);
	return condition;
}

int
handler_exec_run(struct call *call, const struct mcp_exec *exec,
    struct json_object *values, struct handler_result *result)
{
	struct run run = { .call = call,
		.exec = exec,
		.child = EXEC_CHILD_INIT,
		.output = MCP_BUF_INIT,
		.errors = EXEC_ERRORS_INIT,
		.progress = EXEC_PROGRESS_INIT,
		.wake = -1,
		.deadline_ns = call_until(call, exec->timeout_ms) };
	struct exec_words words = EXEC_WORDS_INIT;
	int condition =
	    exec_words_make(exec, exec_helper(), values, &words, &result->text);

	if (condition == 0)
		condition = run_words(&run, &words, result);
	exec_words_deinit(&words);
	exec_errors_deinit(&run.errors);
	exec_progress_deinit(&run.progress);
	mcp_buf_deinit(&run.output);
	if (condition >= 0 &&
	    (result->text.failed || result->structured.failed))
		return -ENOMEM;
	return condition;
}

/* --- before anybody calls ----------------------------------------------- */

int
handler_exec_check(
    const struct mcp_config *config, struct mcp_problems *problems)
{
	if (mcp_config_uses(config, MCP_HANDLER_EXEC) && exec_helper() == NULL)
		mcp_problems_add(problems, false, config->path, 0,
		    "\"exec\" needs the program mcp-exec, and it is neither "
		    "beside this one nor in %s. Install it there",
		    MCP_PKGLIBEXECDIR);
	return 0;
}

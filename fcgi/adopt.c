/* adopt.c - I bring this process from one snapshot to the next */

#include "fcgi/adopt.h"
#include "fcgi/loader.h"
#include "fcgi/snapshot.h"

#include <mcp/log.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PREPARED_NS (60 * MCP_S) /* a COMMIT that late comes no more */
#define REFUSED_NS (10 * MCP_S) /* before what failed is tried once more */
#define DIGEST_MAX 65

struct want {
	char digest[DIGEST_MAX]; /* "": nothing is wanted */
	char *path;
	uint64_t correlation; /* of the PREPARE; 0: we take it ourselves */
};

struct adopt {
	struct worker *worker;
	struct loader *loader;
	char loading[DIGEST_MAX];
	struct want want; /* being loaded, or next */
	struct snapshot *prepared; /* waits for its COMMIT, or NULL */
	uint64_t prepared_ns;
	char refused[DIGEST_MAX]; /* what failed last */
	uint64_t refused_ns;
};

int
adopt_new(struct worker *worker, int wake_fd, struct adopt **adoptp)
{
	struct adopt *adopt = calloc(1, sizeof(*adopt));
	int error = adopt == NULL ? -ENOMEM :
				    loader_new(wake_fd, &adopt->loader);

	if (error != 0) {
		free(adopt);
		return error;
	}
	adopt->worker = worker;
	*adoptp = adopt;
	return 0;
}

static void
want_nothing(struct adopt *adopt)
{
	free(adopt->want.path);
	adopt->want = (struct want){ "", NULL, 0 };
}

static void
drop_prepared(struct adopt *adopt)
{
	snapshot_drop(adopt->prepared);
	adopt->prepared = NULL;
}

void
adopt_free(struct adopt *adopt)
{
	if (adopt == NULL)
		return;
	loader_free(adopt->loader);
	drop_prepared(adopt);
	want_nothing(adopt);
	free(adopt);
}

static const struct mcp_config *
current(const struct adopt *adopt)
{
	/* only the control thread puts another there */
	return snapshot_config(adopt->worker->site);
}

static bool
is_prepared(const struct adopt *adopt, struct mcp_text digest)
{
	return adopt->prepared != NULL &&
	    mcp_text_is(digest, snapshot_config(adopt->prepared)->digest);
}

static void
answer(struct mcp_line *line, enum mcp_wire_kind kind, uint64_t correlation,
    struct mcp_letter letter)
{
	letter.kind = kind;
	letter.correlation = correlation;
	(void)mcp_line_send(line, &letter);
}

static void
refuse(struct mcp_line *line, uint64_t correlation, struct mcp_text why)
{
	if (why.len > MCP_WIRE_TOLD_MAX)
		why.len = MCP_WIRE_TOLD_MAX;
	answer(line, MCP_PREPARE, correlation, (struct mcp_letter){
	    .outcome = MCP_REFUSED, .data = why });
}

static void
put(struct adopt *adopt, struct snapshot *snapshot)
{
	mcp_log(MCP_LOG_INFO, "the site is now %.12s",
	    snapshot_config(snapshot)->digest);
	snapshot_put(adopt->worker, &snapshot);
}

/* --- what is wanted ----------------------------------------------------- */

static bool
want_this(struct adopt *adopt, struct mcp_text digest, struct mcp_text path,
    uint64_t correlation)
{
	char *copy = mcp_text_dup(path);

	want_nothing(adopt);
	if (copy == NULL || digest.len >= DIGEST_MAX || digest.len == 0) {
		free(copy);
		return false;
	}
	memcpy(adopt->want.digest, digest.at, digest.len);
	adopt->want.digest[digest.len] = '\0';
	adopt->want.path = copy;
	adopt->want.correlation = correlation;
	return true;
}

/* Return: false when there is no memory or no thread for it. */
static bool
begin(struct adopt *adopt)
{
	int condition = loader_begin(adopt->loader,
	    mcp_text_of(adopt->want.path), mcp_text_of(adopt->want.digest));

	if (condition == 0)
		memcpy(adopt->loading, adopt->want.digest, DIGEST_MAX);
	return condition >= 0;
}

void
adopt_prepare(struct adopt *adopt, struct mcp_line *line,
    const struct mcp_letter *question)
{
	if (mcp_text_is(question->digest, current(adopt)->digest) ||
	    is_prepared(adopt, question->digest)) {
		answer(line, MCP_PREPARE, question->correlation,
		    (struct mcp_letter){ .outcome = MCP_OK });
		return;
	}
	if (adopt->want.correlation != 0)
		refuse(line, adopt->want.correlation,
		    MCP_TEXT("another reload has come\n"));
	drop_prepared(adopt);
	if (want_this(adopt, question->digest, question->state,
		question->correlation) && begin(adopt))
		return;
	want_nothing(adopt);
	answer(line, MCP_PREPARE, question->correlation,
	    (struct mcp_letter){ .outcome = MCP_NO_ROOM });
}

void
adopt_commit(struct adopt *adopt, struct mcp_line *line,
    const struct mcp_letter *question, struct thread *thread)
{
	struct mcp_letter said = { .outcome = MCP_NONE };

	if (mcp_text_is(question->digest, current(adopt)->digest)) {
		said.outcome = MCP_OK;
	} else if (is_prepared(adopt, question->digest)) {
		said.outcome = MCP_OK;
		said.how = mcp_config_changes(current(adopt),
		    snapshot_config(adopt->prepared));
		put(adopt, adopt->prepared);
		adopt->prepared = NULL;
		snapshot_look(thread);
	}
	answer(line, MCP_COMMIT, question->correlation, said);
}

void
adopt_welcome(struct adopt *adopt, struct mcp_text digest,
    struct mcp_text path, uint64_t now_ns)
{
	if (path.len == 0 || adopt->want.digest[0] != '\0' ||
	    mcp_text_is(digest, current(adopt)->digest))
		return;
	if (is_prepared(adopt, digest)) { /* its COMMIT was lost */
		put(adopt, adopt->prepared);
		adopt->prepared = NULL;
		return;
	}
	if (mcp_text_is(digest, adopt->refused) &&
	    now_ns < adopt->refused_ns + REFUSED_NS)
		return;
	if (want_this(adopt, digest, path, 0) && !begin(adopt))
		want_nothing(adopt);
}

/* --- what was loaded ---------------------------------------------------- */

static void
loaded(struct adopt *adopt, struct mcp_line *line, struct snapshot *snapshot,
    uint64_t now_ns)
{
	uint64_t correlation = adopt->want.correlation;

	want_nothing(adopt);
	if (correlation == 0) {
		put(adopt, snapshot);
		return;
	}
	drop_prepared(adopt);
	adopt->prepared = snapshot;
	adopt->prepared_ns = now_ns;
	answer(line, MCP_PREPARE, correlation,
	    (struct mcp_letter){ .outcome = MCP_OK });
}

static void
failed(struct adopt *adopt, struct mcp_line *line, struct mcp_text why,
    uint64_t now_ns)
{
	uint64_t correlation = adopt->want.correlation;

	memcpy(adopt->refused, adopt->want.digest, DIGEST_MAX);
	adopt->refused_ns = now_ns;
	want_nothing(adopt);
	mcp_log(MCP_LOG_ERROR, "cannot take the site's configuration: %.*s",
	    (int)why.len, why.len > 0 ? why.at : "");
	if (correlation != 0)
		refuse(line, correlation, why);
}

void
adopt_tick(struct adopt *adopt, struct mcp_line *line, uint64_t now_ns)
{
	struct snapshot *snapshot = NULL;
	struct mcp_buf why = MCP_BUF_INIT;
	int condition = loader_take(adopt->loader, &snapshot, &why);

	if (adopt->prepared != NULL &&
	    now_ns > adopt->prepared_ns + PREPARED_NS)
		drop_prepared(adopt);
	if (condition == -ENOENT || condition == LOADER_E_BUSY)
		return;
	if (strcmp(adopt->loading, adopt->want.digest) != 0) {
		snapshot_drop(snapshot); /* meanwhile another is wanted */
		if (adopt->want.digest[0] != '\0' && !begin(adopt))
			failed(adopt, line, MCP_TEXT("out of memory\n"), now_ns);
	} else if (condition == 0) {
		loaded(adopt, line, snapshot, now_ns);
	} else {
		failed(adopt, line, mcp_buf_view(&why), now_ns);
	}
	mcp_buf_deinit(&why);
}

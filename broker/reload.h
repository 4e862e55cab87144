/* reload.h - I bring the site from one snapshot to the next, or not at all
 *
 *     idle -> checking    mcp-fcgi --check reads the file and packs it
 *          -> reading     we read what it packed, on a thread of libuv's
 *          -> preparing   every process that lives gets it ready
 *          -> committing  it is ours, and everybody's; then lists are told of
 *          -> idle
 *
 * Until committing any refusal leaves all on what they had. Who asks while one
 * runs waits for the next: the file may have changed since this one read it.
 *
 * Spec: doc/wire.txt, section 4, PREPARE, COMMIT, RELOAD
 */
#ifndef BROKER_RELOAD_H
#define BROKER_RELOAD_H

#include <stdatomic.h>
#include <sys/queue.h>
#include <uv.h>

#include <mcp/bus.h>

#include "broker/clock.h"

#define RELOAD_CHECK_NS (60 * MCP_S) /* for the check, then it is ended */
#define RELOAD_PREPARE_NS (15 * MCP_S) /* for a process that lives */
#define RELOAD_COMMIT_NS (250 * MCP_MS) /* then it is struck off */
#define RELOAD_ASKERS_MAX 64

struct broker;
struct process;
struct mcp_config;

enum reload_stage {
	RELOAD_IDLE,
	RELOAD_CHECKING,
	RELOAD_READING,
	RELOAD_PREPARING,
	RELOAD_COMMITTING
};

/* What a process has said in this one. */
enum reload_word {
	RELOAD_NOTHING, /* it was not asked */
	RELOAD_ASKED,
	RELOAD_DONE
};

struct asker {
	TAILQ_ENTRY(asker) others;
	struct mcp_route route;
	uint64_t correlation;
};
TAILQ_HEAD(askers, asker);

struct reload {
	enum reload_stage stage;
	const char *config; /* the operator's file */
	char *program; /* that checks it */
	char *dir; /* where snapshots are kept */
	char *path; /* of the site's; NULL: it could not be kept */
	struct askers now, next;
	unsigned n_askers;
	bool again; /* asked for since this one began */
	struct due due; /* patience with the stage */
	struct mcp_buf told; /* problems, for the askers */

	/* checking */
	uv_process_t child;
	uv_pipe_t out, err;
	unsigned n_open; /* of those three */
	bool passed;
	struct mcp_buf said; /* the path of what it packed */

	/* from reading on */
	uv_work_t work;
	char *fresh_path;
	struct mcp_config *fresh;
	int condition; /* of reading it */
	atomic_uint handed; /* from one thread to the other; see on_read() */
	uint64_t correlation; /* of the questions of this stage, the first */
	unsigned lists; /* enum mcp_lists that changed */
};

/* reload_init() - @config the operator's file, @path that of the snapshot it
 * became, or NULL, in @dir
 * Return: 0; -ENOMEM
 * Owner:  *pathp is taken; @config outlives it */
int reload_init(struct broker *broker, const char *config, const char *dir,
    char **pathp);
void reload_deinit(struct broker *broker);

/* reload_begin() - the operator wants it; now, or after the one that runs */
void reload_begin(struct broker *broker);

/* reload_ask() - likewise by a letter, answered when it is done
 * Return: 0; -ENOMEM there are too many */
int reload_ask(struct broker *broker, const struct mcp_route *route,
    uint64_t correlation);

/* reload_heard() - a process has answered PREPARE or COMMIT */
void reload_heard(struct broker *broker, struct process *process,
    const struct mcp_letter *answer);

/* reload_process_gone() - one less to wait for */
void reload_process_gone(struct broker *broker);

/* reload_stop() - the house closes: what runs is ended */
void reload_stop(struct broker *broker);

#endif

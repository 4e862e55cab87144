/* upgrade.h - I carry the streams into the next process
 *
 *     idle -> asking     the installed program is shown our state, as a
 *                        process of its own, while we go on
 *          -> (exec)     it said yes: we are it, with every descriptor
 *          -> calling    who has asked something is told to ask again
 *          -> replacing  the worker processes put others in their places,
 *                        if that was wanted too
 *          -> idle
 *
 * Until the exec everything may fail and nothing has happened. After it, a
 * program that cannot read what it was left closes all streams and begins
 * anew: clients come back, and nothing runs in circles.
 *
 * Spec: doc/wire.txt, section 4, AGAIN, UPGRADE
 */
#ifndef BROKER_UPGRADE_H
#define BROKER_UPGRADE_H

#include <uv.h>

#include <mcp/bus.h>

#include "broker/clock.h"
#include "broker/state.h"

#define UPGRADE_VERSION 1 /* of the state; another one is refused */
#define UPGRADE_ASK_NS (10 * MCP_S) /* for the program to say yes */
#define UPGRADE_CALL_NS (4 * MCP_S) /* for sockets to find us; dead by then */
#define UPGRADE_REPLACE_NS (30 * MCP_S) /* for the processes */
#define UPGRADE_ASKERS_MAX 16

struct broker;
struct process;

enum upgrade_stage {
	UPGRADE_IDLE,
	UPGRADE_ASKING,
	UPGRADE_CALLING,
	UPGRADE_REPLACING
};

struct upgrade_asker {
	struct mcp_route route;
	uint64_t correlation;
};

struct upgrade {
	enum upgrade_stage stage;
	bool waiting; /* another one, for a reload or for this one to end */
	bool workers; /* they too */
	const char *endpoint; /* of the bus */
	char *program; /* the installed one */
	char **words; /* its arguments, ours; one more pair has room */
	size_t n_words;
	struct upgrade_asker askers[UPGRADE_ASKERS_MAX];
	size_t n_askers;
	struct due due;
	struct due calls; /* the next time to see who is back; */
	uint64_t until_ns; /* then no more */
	uint64_t n_replaced, n_missing; /* workers: done; asked, and silent */
	struct mcp_buf told; /* for the askers */

	/* asking */
	uv_process_t child;
	int shown; /* the state, in a file; -1: none */
	struct mcp_buf state; /* its bytes; the next one takes as much room */
	int said; /* a file of what it said; -1: none */
	bool yes; /* its answer */
	uv_idle_t last; /* a turn of the loop, before the exec */

	uint64_t left_ns; /* when the one before us left */
	int old_poll; /* what its loop waited with; -1: none */
};

/* upgrade_init() - @argv is how we were started
 * Return: 0; -ENOMEM
 * Owner:  @argv and @endpoint outlive it */
int upgrade_init(struct broker *broker, int argc, char **argv,
    const char *endpoint);
void upgrade_deinit(struct broker *broker);

/* upgrade_begin() - the broker alone: SIGUSR2 */
void upgrade_begin(struct broker *broker);

/* upgrade_ask() - the workers too; answered when it is done
 * Return: 0; -ENOMEM there are too many */
int upgrade_ask(struct broker *broker, const struct mcp_route *route,
    uint64_t correlation);

/* upgrade_save() - all that the next one is left, to state.h */
void upgrade_save(struct broker *broker, struct state_writer *out);

/* upgrade_heard() - a process has answered UPGRADE */
void upgrade_heard(struct broker *broker, struct process *process,
    const struct mcp_letter *answer);
void upgrade_process_gone(struct broker *broker); /* one less to wait for */

/* upgrade_process_leaves() - it says goodbye: another has been in its place */
void upgrade_process_leaves(struct broker *broker, struct process *process);
void upgrade_reload_over(struct broker *broker); /* what waited may begin */
void upgrade_stop(struct broker *broker); /* the house closes */

/* --- on the other side ---------------------------------------------------- */

/* What was left to us, in a file. */
struct heritage {
	struct mcp_text bytes;
	bool mapped; /* those of a file */
	struct state_reader reader; /* behind what stands below */
	char *snapshot; /* the path of the site's; NULL: there was none */
	int listener; /* of the mount */
};
#define HERITAGE_INIT ((struct heritage){ .listener = -1 })

/* heritage_read() - from @fd, which is closed
 * Return: 0; -EINVAL it is no state, or of another version; -errno */
int heritage_read(struct heritage *heritage, int fd, bool rehearsal);
int heritage_open(struct heritage *heritage, bool rehearsal); /* @bytes */
void heritage_deinit(struct heritage *heritage);

/* upgrade_load() - every room takes what is its own; doors open too, unless it
 * is a rehearsal
 * Return: 0; -EINVAL; -errno */
int upgrade_load(struct broker *broker, struct heritage *heritage);

/* upgrade_arrive() - all is there: call everybody */
void upgrade_arrive(struct broker *broker);

/* upgrade_forget() - a rehearsal is over: give everything back */
void upgrade_forget(struct broker *broker);

/* upgrade_despair() - execute the program anew, with the mount's @listener (-1:
 * not known) and nothing else; returns if that fails */
void upgrade_despair(int argc, char **argv, int listener);

#endif

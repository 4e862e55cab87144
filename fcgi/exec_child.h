/* exec_child.h - I am a program that runs behind mcp-exec
 *
 * It is started without fork(2), which a process of many threads should not
 * use, and inherits nothing but the other ends of these descriptors.
 */
#ifndef FCGI_EXEC_CHILD_H
#define FCGI_EXEC_CHILD_H

#include "fcgi/exec_report.h"

#include <stdbool.h>
#include <sys/types.h>

struct exec_words;

/* Ours do not block; -1 is closed. */
struct exec_child {
	pid_t pid; /* of mcp-exec; 0: not started */
	int control, input, output, errors, progress;
};
#define EXEC_CHILD_INIT ((struct exec_child){ 0, -1, -1, -1, -1, -1 })

/* exec_helper() - where mcp-exec is: beside this program, or as installed
 * Return: its path, for ever; NULL: nowhere */
const char *exec_helper(void);

/* exec_child_start() - with an input to be written, and a descriptor for
 * progress, where those are wanted
 * Return: 0; -errno, and nothing is left of it */
int exec_child_start(struct exec_child *child, const struct exec_words *words,
    bool input, bool progress);

/* exec_child_end() - ask it to end; after EXEC_GRACE_MS it is killed */
void exec_child_end(struct exec_child *child);

/* exec_child_close() - close *@fdp, if it is open */
void exec_child_close(int *fdp);

/* exec_child_finish() - bury it. By now it has ended, or is killed here. */
void exec_child_finish(struct exec_child *child);

#endif

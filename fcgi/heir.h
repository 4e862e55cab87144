/* heir.h - I start the process that takes our place, and hand it what we hold
 *
 * It is the program that is installed now, with our arguments and our
 * listening socket. It is no child of ours but our brother, so that whoever
 * looks after us sees its end, too. Between us and it is a socket: there it
 * says that it is ready, and then gets every connection that is between two
 * requests, so that the web server, which may write to one at any moment, finds
 * somebody behind each. We stay until our last call is answered, and close
 * none.
 *
 *     us                          it
 *     start          -------->    leaves a child behind, which is it
 *                    <--------    its number
 *     our parent's   -------->    reads its configuration, serves
 *                    <--------    "ready"
 *     a connection   -------->    waits for a request there
 *       (as often as one has been answered)
 *     end            -------->    (end of file)
 */
#ifndef FCGI_HEIR_H
#define FCGI_HEIR_H

#include <stdbool.h>
#include <sys/types.h>

#define HEIR_READY_MS 15000 /* for it to be ready */

enum heir_condition {
	HEIR_E_DIED = 1, /* it ended before it was ready */
	HEIR_E_LATE, /* it was not ready in time, and was ended */
	HEIR_E_NOBODY /* no connection is there */
};

struct heir {
	pid_t pid;
	int fd; /* the socket between us */
};

/* heir_start() - and wait until it is ready
 * Units:  @argv is how we were started; @ready_fd of --ready-fd, or -1
 * Return: 0; HEIR_E_DIED; HEIR_E_LATE; -errno: nothing has happened
 * Owner:  @heir->fd is the caller's to close */
int heir_start(char **argv, int listen_fd, int ready_fd, struct heir *heir);

/* heir_give() - a connection; the caller closes its own descriptor after
 * Return: 0; -errno it was not taken */
int heir_give(int fd, int connection);

/* --- its side ------------------------------------------------------------- */

/* heir_settle() - before there are threads: become the child of the parent of
 * whose place we take; end with it, by @death_signal, or 0
 * Return: 0; -EPIPE, -ESRCH whoever needed us is gone; -errno */
int heir_settle(int fd, int death_signal);

/* heir_ready() - tell whose place we take that we are there
 * Return: 0; -errno it is gone, and another will be started in its place */
int heir_ready(int fd);

/* heir_take() - the next connection that was given
 * Return: 0; HEIR_E_NOBODY none is there now; -EPIPE no more will come; -errno
 */
int heir_take(int fd, int *connectionp);

#endif

/* control.h - I hear the broker: who is alive, and what has ended
 *
 * A thread of its own with the process's control line: HELLO every second,
 * ENDED, PREPARE and more from the broker, and the clock of what the other
 * rooms let expire.
 */
#ifndef FCGI_CONTROL_H
#define FCGI_CONTROL_H

#include "fcgi/worker.h"

/* control_site() - which snapshot is the site's? Asked before there is one, and
 * before control_new()
 * Return: 0, and *pathp, the caller's to free; MCP_BUS_E_EMPTY the broker has
 *         none; MCP_BUS_E_AWAY not within 250 ms; -errno */
int control_site(struct worker *worker, char **pathp);

/* control_new() - starts the thread; where there is a @broker, waits up to
 * 250 ms for its first WELCOME, so that a session that ended before us is
 * known to be
 * Return: 0; -errno */
int control_new(struct worker *worker, bool broker, struct control **controlp);

/* control_reload() - have the broker reload the site; from any thread */
void control_reload(struct control *control);

/* control_replaced() - another process is in our place, or not: what the broker
 * is told if it was the broker that wanted it; from any thread */
enum control_replaced {
	CONTROL_UNKNOWN,
	CONTROL_DONE,
	CONTROL_BEFORE, /* one has been for a while */
	CONTROL_FAILED
};
void control_replaced(struct control *control, enum control_replaced how);

/* control_free() - says goodbye to the broker and joins the thread */
void control_free(struct control *control);

/* control_broker_here() - did the broker answer lately? While it did not, no
 * letter is worth the wait. */
bool control_broker_here(struct control *control);

bool control_session_ended(struct control *control,
    const uint8_t key[MCP_SESSION_KEY_LEN]);

#endif

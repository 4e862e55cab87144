/* endpoint.h - I know which door of the mount this is, and which dialect speaks
 *
 * Every request of the web server ends here, and leaves through reply: at
 * once, or from the call it has become.
 */
#ifndef FCGI_ENDPOINT_H
#define FCGI_ENDPOINT_H

struct connection;
struct thread;

/* endpoint_serve() - answer one request, now or later
 * Units:  @trouble: 0, or the HTTP status of what went wrong while reading it
 * Owner:  *connectionp is taken */
void endpoint_serve(struct thread *thread, struct connection **connectionp,
    unsigned trouble);

#endif

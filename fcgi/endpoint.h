/* endpoint.h - I know which door of the mount this is, and which dialect speaks
 */
#ifndef FCGI_ENDPOINT_H
#define FCGI_ENDPOINT_H

#include "fcgi/gateway.h"

/* endpoint_serve() - answer one request, now or later
 * Units:  @trouble: 0, or the HTTP status of what went wrong while reading it
 * Owner:  *connectionp is taken */
void endpoint_serve(struct thread *thread, struct connection **connectionp,
    unsigned trouble);

#endif

/* admin.h - I am the operator's door: what is counted, for people and machines
 *
 * On a unix socket of its own that no web server forwards.
 */
#ifndef BROKER_ADMIN_H
#define BROKER_ADMIN_H

#include "broker/door.h"

void admin_serve(struct visit *visit, const struct head *head);

#endif

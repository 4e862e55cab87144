/* ears.h - I begin to listen to the readers that were left to us
 *
 * Events reach the reader of a stream whether it is listened to or not, and all
 * it has to say is goodbye. So where a crowd of them is left to us (upgrade.h),
 * we begin with a few in each turn of the loop, and nobody waits meanwhile.
 */
#ifndef BROKER_EARS_H
#define BROKER_EARS_H

#include <uv.h>

#include "broker/hub.h"

struct broker;
struct stream;

struct ears {
	uv_idle_t turn;
	struct hub_name *names; /* of streams nobody listens to yet */
	size_t n, cap;
};

/* ears_add() - @stream has a reader that is not listened to
 * Return: 0; -ENOMEM */
int ears_add(struct broker *broker, const struct stream *stream);

/* ears_open() - begin, with those that were added */
void ears_open(struct broker *broker);
void ears_close(struct broker *broker); /* the house closes */

#endif

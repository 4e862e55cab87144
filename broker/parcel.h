/* parcel.h - I am bytes that many hold at once; who lets go last frees me
 *
 * What goes to many readers is composed once. A reader who is slow holds me
 * until I am written, rather than a copy.
 */
#ifndef BROKER_PARCEL_H
#define BROKER_PARCEL_H

#include <mcp/text.h>

struct parcel {
	size_t n_holders;
	size_t len;
	char bytes[];
};

/* parcel_new() - a copy of @bytes, held once; NULL: out of memory */
struct parcel *parcel_new(struct mcp_text bytes);
struct parcel *parcel_hold(struct parcel *parcel); /* once more */
void parcel_drop(struct parcel *parcel); /* once less; NULL is none */

struct mcp_text parcel_text(const struct parcel *parcel);

#endif

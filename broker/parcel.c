/* parcel.c - I am bytes that many hold at once; who lets go last frees me */

#include "broker/parcel.h"

#include <stdlib.h>
#include <string.h>

struct parcel *
parcel_new(struct mcp_text bytes)
{
	struct parcel *parcel = malloc(sizeof(*parcel) + bytes.len);

	if (parcel == NULL)
		return NULL;
	parcel->n_holders = 1;
	parcel->len = bytes.len;
	if (bytes.len > 0)
		memcpy(parcel->bytes, bytes.at, bytes.len);
	return parcel;
}

struct parcel *
parcel_hold(struct parcel *parcel)
{
	parcel->n_holders++;
	return parcel;
}

void
parcel_drop(struct parcel *parcel)
{
	if (parcel != NULL && --parcel->n_holders == 0)
		free(parcel);
}

struct mcp_text
parcel_text(const struct parcel *parcel)
{
	return (struct mcp_text){ parcel->bytes, parcel->len };
}

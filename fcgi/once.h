/* once.h - I let one key run once
 *
 * A call whose tool has an "idempotency" and that names a key is remembered in
 * a cell of the broker: while it runs, as something that needs its process
 * alive; then, for the window, with its result. Whoever comes with the same
 * key meanwhile, the same caller to the same tool, in whatever process, is
 * given that and runs nothing. A call without a key costs no letter.
 *
 * What surely had no effect is forgotten, and may be tried again under its
 * key; what may have had one is not.
 */
#ifndef FCGI_ONCE_H
#define FCGI_ONCE_H

#include "fcgi/cell.h"

struct call;
struct handler_result;
struct json_object;
struct mcp_tool;

#define ONCE_KEY_MAX 33 /* 32 hexadecimal digits: a hash of the key */
#define ONCE_DIGEST_LEN 16

enum once_condition {
	/* beyond those of handler.h */
	ONCE_E_REPEATED = 64, /* the result is that of the first call */
	ONCE_E_TASK	      /* it is a task, which result->text shows */
};

/* What a call with a key holds while it runs. */
struct once {
	const struct mcp_tool *tool; /* NULL: it has no key */
	struct cell_owner owner;
	char key[ONCE_KEY_MAX];
	uint8_t digest[ONCE_DIGEST_LEN]; /* of the arguments */
	uint64_t version;		 /* of its cell */
};

/* once_begin() - is this the first call with its key?
 * Return: 0 it is, or has none: it runs; ONCE_E_REPEATED or ONCE_E_TASK,
 *         @result is filled; HANDLER_E_REFUSED, result->text says why;
 *         HANDLER_E_CALL, the first call failed so; -ENOMEM */
int once_begin(struct call *call, const struct mcp_tool *tool,
    struct json_object *arguments, struct handler_result *result);

/* once_stay() - it is a task now: who repeats the call is shown it */
void once_stay(struct call *call);

/* once_end() - it has run
 * Units:  @condition what the handler, or who kept it from running, returned */
void
once_end(struct call *call, int condition, const struct handler_result *result);

/* once_digest() - the same for the same arguments, in whatever order an
 * object's members come */
void once_digest(struct json_object *arguments, uint8_t out[ONCE_DIGEST_LEN]);

#endif

/* peek.h - I look at a request before libfcgi reads it
 *
 * libfcgi allocates what the length of a parameter says, up to 4 GiB, and
 * asserts that it got it; and it holds a thread until all it was promised has
 * come. So what a peer says is looked at first, while it still lies in the
 * socket's buffer: a head that is not one, or larger than any honest web
 * server's, is never given to libfcgi, and a request only when it is whole, or
 * too large to be waited for. A web server asks whether it may write; a unix
 * socket says no when a quarter of its buffer is taken, which with Apache is
 * after four records of 8 KiB, or some sixty of a few bytes.
 */
#ifndef FCGI_PEEK_H
#define FCGI_PEEK_H

#include <mcp/text.h>

#define PEEK_MAX 65536 /* bytes of a head, up to the end of PARAMS */
#define PEEK_BODY_MAX 16384 /* bytes with a body that is waited for, */
#define PEEK_BODY_RECORDS 16 /* and records of it */

enum peek_condition {
	PEEK_E_MORE = 1, /* a head good so far, but not whole */
	PEEK_E_BODY, /* a whole head, and a body that is not */
	PEEK_E_BAD /* no head of a FastCGI request, or too large a one */
};

/* peek_request() - is this a whole request, from BEGIN_REQUEST to the empty
 * STDIN? Of a large one the head, up to the empty PARAMS, is enough.
 * Units:  @bytes may hold more, which is not looked at
 * Return: 0; PEEK_E_MORE; PEEK_E_BODY; PEEK_E_BAD
 * Spec:   FastCGI 1.0, "Records", "Name-Value Pairs" */
int peek_request(struct mcp_text bytes);

#endif

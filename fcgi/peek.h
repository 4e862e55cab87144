/* peek.h - I look at a head before libfcgi reads it
 *
 * libfcgi allocates what the length of a parameter says, up to 4 GiB, and
 * asserts that it got it. So what a peer says is looked at first, while it
 * still lies in the socket's buffer, and a head that is not one, or larger
 * than any honest web server's, is never given to libfcgi.
 */
#ifndef FCGI_PEEK_H
#define FCGI_PEEK_H

#include <mcp/text.h>

#define PEEK_HEAD_MAX 65536 /* bytes of records up to the end of PARAMS */

enum peek_condition {
	PEEK_E_MORE = 1, /* good so far, but not whole */
	PEEK_E_BAD /* no head of a FastCGI request, or too large a one */
};

/* peek_head() - is this a whole head, from BEGIN_REQUEST to the empty PARAMS?
 * Units:  @bytes may hold more, which is not looked at
 * Return: 0; PEEK_E_MORE; PEEK_E_BAD
 * Spec:   FastCGI 1.0, "Records", "Name-Value Pairs" */
int peek_head(struct mcp_text bytes);

#endif

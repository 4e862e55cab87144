/* page.h - I cut a long list into pages
 *
 * A cursor is sealed {digest of the configuration, offset}: a list that has
 * changed since refuses the cursors made under the old one.
 *
 * Spec: "Pagination"
 */
#ifndef FCGI_PAGE_H
#define FCGI_PAGE_H

#include "fcgi/call.h"

struct page {
	size_t first, end; /* of the entries this answer shows */
};

/* page_open() - the page that params.cursor names, of @n entries
 * Return: 0; CALL_E_FAILED, invalid params */
int page_open(struct call *call, size_t n, struct page *page);

/* page_close() - append ],"nextCursor":"..."} or ]}
 * Return: 0; -ENOMEM */
int page_close(struct call *call, size_t n, const struct page *page,
    struct mcp_buf *result);

#endif

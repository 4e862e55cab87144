/* page.h - I cut a long list into pages
 *
 * A cursor is sealed {digest of the configuration, offset}: a list that has
 * changed since refuses the cursors made under the old one. The offset counts
 * what this caller may use.
 *
 * Spec: "Pagination"
 */
#ifndef FCGI_PAGE_H
#define FCGI_PAGE_H

#include "fcgi/call.h"

/* Entries of one kind, whatever it is: where each has who may use it, and how
 * it is listed. */
struct page_list {
	const char *name; /* of the list, for clients */
	const void *entries;
	size_t n, size, access, listing; /* bytes; the last two offsets */
};
/* clang-format off */
#define PAGE_LIST(name, type, entries, n) \
	((struct page_list){ name, entries, n, sizeof(type), \
	    offsetof(type, access), offsetof(type, listing) })
/* clang-format on */

/* page_answer() - append the page that params.cursor names: {"name":[...]},
 * with "nextCursor" where there is more. What the caller may not use is not
 * counted, so that not even a gap shows it.
 * Return: 0; CALL_E_FAILED, invalid params; -ENOMEM */
int page_answer(
    struct call *call, const struct page_list *list, struct mcp_buf *result);

#endif

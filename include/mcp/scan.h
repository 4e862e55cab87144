/* scan.h - I am the strict eye before json-c
 *
 * json-c keeps the last of two equal keys, saturates integers beyond 64 bits
 * and lets malformed UTF-8 pass; each of those lets two readers of one message
 * see different things. So one pass of ours runs in front, builds nothing, and
 * says whether the text is JSON everybody reads alike. On the way it can note
 * where chosen members lie, so that an id is returned byte for byte.
 *
 * Law: RFC 8259; UTF-8 per RFC 3629 (no surrogates, nothing overlong); a
 *      \u escape of half a surrogate pair is refused; duplicate keys are
 *      compared after escapes are resolved; an integer must fit int64 or
 *      uint64, a number with fraction or exponent a double: "-0" and "1e-400"
 *      (which is zero to everybody) pass, "1e400" does not.
 */
#ifndef MCP_SCAN_H
#define MCP_SCAN_H

#include <mcp/text.h>

#define MCP_SCAN_DEPTH_MAX 64 /* arrays and objects within each other */
#define MCP_SCAN_VALUES_MAX 100000 /* json-c takes some 300 bytes for each */
#define MCP_SCAN_MANY_MAX 1000000 /* with MCP_SCAN_MANY */

enum mcp_scan_condition {
	MCP_SCAN_E_SYNTAX = 1,
	MCP_SCAN_E_UTF8,
	MCP_SCAN_E_DEPTH,
	MCP_SCAN_E_DUPLICATE, /* an object has the same key twice */
	MCP_SCAN_E_INTEGER, /* a number beyond 64 bits, or beyond a double */
	MCP_SCAN_E_VALUES, /* more values than anybody means */
	MCP_SCAN_E_NUL /* a raw NUL or \u0000 in a key, which C cannot carry */
};

enum mcp_scan_flag {
	MCP_SCAN_COMMENTS = 1, /* slash-slash and slash-star are blanks */
	MCP_SCAN_MANY = 2 /* a document, not a message: MCP_SCAN_MANY_MAX */
};

struct mcp_scan_error {
	size_t offset; /* bytes from the start */
	unsigned line; /* from 1 */
	unsigned column; /* bytes, from 1 */
	const char *what; /* a static phrase: "a key appears twice" */
};

/* One member of the outermost object to look out for. */
struct mcp_scan_watch {
	const char *name;
	struct mcp_text value; /* its raw text, borrowed; len 0: not seen */
};

/* mcp_scan() - is this one JSON value that everybody reads alike?
 * Units:  @flags of enum mcp_scan_flag; @n_watch members in @watch (may be 0)
 * Return: 0; an enum mcp_scan_condition with *errp filled (errp may be NULL);
 *         -ENOMEM
 * Owner:  @watch's values point into @json */
int mcp_scan(struct mcp_text json, unsigned flags,
    struct mcp_scan_watch *watch, size_t n_watch, struct mcp_scan_error *errp);

/* mcp_scan_blank() - put blanks in the place of comments, in a text that
 * mcp_scan() accepted with MCP_SCAN_COMMENTS: json-c takes "**" and a slash for
 * no end of one */
void mcp_scan_blank(char *json, size_t len);

/* mcp_scan_resolve() - the content of a string that mcp_scan() accepted, its
 * escapes resolved
 * Units:  @out has room for @raw.len bytes; @raw is without quotes
 * Return: the bytes written, no more than those */
size_t mcp_scan_resolve(struct mcp_text raw, char *out);

/* mcp_scan_string() - the same of a value's raw text, quotes included
 * Return: where it has no escapes a part of @raw, else of @room, which is the
 *         caller's; at NULL where it is no string, or memory is out
 * Owner:  as @raw and @room */
struct mcp_text mcp_scan_string(struct mcp_text raw, struct mcp_buf *room);

/* mcp_scan_members() - where chosen members of an object lie, in a text that
 * mcp_scan() accepted without comments; all are not seen where it is no object
 * Owner: @watch's values point into @json */
void mcp_scan_members(struct mcp_text json, struct mcp_scan_watch *watch,
    size_t n_watch);

/* mcp_scan_member() - one of them; length 0: not seen */
struct mcp_text mcp_scan_member(struct mcp_text json, const char *name);

/* mcp_scan_past() - the end of the value that begins at @at, before @end, in
 * such a text */
const char *mcp_scan_past(const char *at, const char *end);

/* mcp_scan_next() - the raw text of each element of an array that mcp_scan()
 * accepted: *@valuep of length 0 gives the first, an element the one behind it
 * Return: 0; -ENOENT no more, or not an array; *@valuep unchanged */
int mcp_scan_next(struct mcp_text json, struct mcp_text *valuep);

/* mcp_scan_line() - the line on which the value at a JSON pointer (RFC 6901)
 * begins, in a text that mcp_scan() accepted with the same @flags
 * Return: the line, from 1; the line of the nearest enclosing value that does
 *         exist where @pointer leads nowhere */
unsigned mcp_scan_line(struct mcp_text json, unsigned flags,
    const char *pointer);

#endif

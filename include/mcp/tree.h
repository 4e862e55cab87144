/* tree.h - I make the json-c tree of a text that mcp_scan() accepted
 *
 * json-c's own reader sets a locale for every text it reads, which takes a lock
 * of the whole process: with eight threads that was a tenth of a worker's time,
 * and the reader itself another. What was scanned needs no second judgement, so
 * I look at each byte once and make what json-c would have made: the same
 * types, the same numbers, a number with fraction or exponent written as it
 * came.
 */
#ifndef MCP_TREE_H
#define MCP_TREE_H

#include <mcp/text.h>

struct json_object;
struct mcp_scan_watch;

/* mcp_tree() - of a text that mcp_scan() accepted without comments; any other
 * is the caller's mistake
 * Units:  @aside a member of the outermost object that is left out of the tree,
 *         its raw text noted instead; NULL: none is
 * Return: 0; -ENOMEM; -EMSGSIZE over 2 GiB. *treep is NULL for null, as
 *         everywhere in json-c
 * Owner:  *treep is the caller's to put; @json is not kept, but by @aside */
int mcp_tree(struct mcp_text json, struct mcp_scan_watch *aside,
    struct json_object **treep);

#endif

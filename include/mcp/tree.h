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

/* mcp_tree() - of a text that mcp_scan() accepted without comments; any other
 * is the caller's mistake
 * Return: 0; -ENOMEM. *treep is NULL for null, as everywhere in json-c
 * Owner:  *treep is the caller's to put; @json is not kept */
int mcp_tree(struct mcp_text json, struct json_object **treep);

#endif

/* yaml.h - I read YAML into the same tree that JSON makes
 *
 * Only what JSON can say: one document, keys that are scalars and stand once,
 * plain scalars by the core schema of YAML 1.2 (so "no" is a string), no tags
 * of one's own, no merge keys. An alias is the value it names, counted as
 * often as it is used, so that nothing grows without bound; the depth is that
 * of mcp/scan.h, the number of values MCP_SCAN_MANY_MAX.
 */
#ifndef YAML_READ_H
#define YAML_READ_H

#include <mcp/text.h>

struct json_object;

enum yaml_condition {
	YAML_E_BAD = 1, /* no YAML, or not what JSON can say */
	YAML_E_ABSENT	/* this mcpctl was built without libyaml */
};

/* yaml_read() - the tree of @yaml
 * Return: 0; a yaml_condition, with the line (0: unknown) and a sentence
 *         appended to @why; -ENOMEM
 * Owner:  *jsonp is the caller's */
int yaml_read(struct mcp_text yaml, struct json_object **jsonp, unsigned *linep,
    struct mcp_buf *why);

#endif

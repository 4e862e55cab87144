/* uri_template.h - I know which URIs a template stands for, and what their
 * places hold
 *
 * Spec: RFC 6570, levels 1 to 3: {name}, {a,b}, and the operators + # . / ; ?
 *       and &. Matching is the reverse of expansion: values are
 *       percent-decoded; of several readings the one is taken that gives most
 *       places a value, and of these the one whose earlier places are longest;
 *       linear in the URI's length times the places. An expression that begins
 *       by a mark (# . / ; ? &) may be absent; {name} and {+name} stand for at
 *       least one character.
 */
#ifndef MCP_URI_TEMPLATE_H
#define MCP_URI_TEMPLATE_H

#include <mcp/text.h>

#define MCP_URI_PLACES_MAX 32

enum mcp_uri_template_condition {
	MCP_URI_TEMPLATE_E_BAD = 1 /* no template of these levels */
};

struct mcp_uri_template;

/* mcp_uri_template_new() - Return: 0; MCP_URI_TEMPLATE_E_BAD with a sentence
 * appended to @why; -ENOMEM */
int mcp_uri_template_new(const char *text, struct mcp_uri_template **templatep,
    struct mcp_buf *why);
void mcp_uri_template_free(struct mcp_uri_template *template);

/* mcp_uri_template_name() - of place @i, from 0; NULL: there are not so many */
const char *mcp_uri_template_name(const struct mcp_uri_template *template,
    size_t i);

/* mcp_uri_template_match() - does @uri fit?
 * Return: 1 it does, and @place was called once for each place that has a
 *         value (decoded, borrowed for the call); 0 it does not; -ENOMEM */
typedef void (*mcp_uri_place_fn)(void *context, const char *name,
    struct mcp_text value);
int mcp_uri_template_match(const struct mcp_uri_template *template,
    const char *uri, mcp_uri_place_fn place, void *context);

#endif

/* template.h - a text with {name} places
 *
 * Two grammars share the braces. A sentence of the operator may hold any
 * character, so "{{" and "}}" stand for single braces in it. A URI template
 * has no braces but those of its places, and no two places side by side: where
 * one ended and the next began could not be told from a URI.
 *
 * Spec: RFC 6570, level 1
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <mcp/config.h>

enum template_condition {
	TEMPLATE_E_BAD = 1 /* *whyp says what, and what to do about it */
};

enum template_grammar { TEMPLATE_SENTENCE, TEMPLATE_URI };

/* template_init() - take @text apart
 * Return: 0; TEMPLATE_E_BAD, with *whyp a static sentence; -ENOMEM */
int template_init(struct mcp_template *template, struct mcp_text text,
    enum template_grammar grammar, const char **whyp);
void template_deinit(struct mcp_template *template);

/* template_has() - is there a place of that name? */
bool template_has(const struct mcp_template *template, const char *name);

#endif

/* template.h - I am a text with {name} places
 *
 * A sentence of the operator may hold any character, so "{{" and "}}" stand for
 * single braces in it.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <mcp/config.h>

enum template_condition {
	TEMPLATE_E_BAD = 1 /* *whyp says what, and what to do about it */
};

/* template_init() - take @text apart
 * Return: 0; TEMPLATE_E_BAD, with *whyp a static sentence; -ENOMEM */
int template_init(
    struct mcp_template *template, struct mcp_text text, const char **whyp);
void template_deinit(struct mcp_template *template);

#endif

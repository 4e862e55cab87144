/* letter.h - I send the broker one letter, and bring its answer back
 *
 * Spec: doc/wire.txt
 */
#ifndef CTL_LETTER_H
#define CTL_LETTER_H

#include <mcp/bus.h>

struct letter_office;

/* letter_endpoint() - where the broker of the site in @dir has its bus
 * Return: the caller's to free; NULL without memory */
char *letter_endpoint(const char *dir);

/* letter_open() - Return: 0; -errno */
int letter_open(const char *endpoint, struct letter_office **officep);
void letter_close(struct letter_office *office);

/* letter_ask() - @question, for at most @patience_ms; why not is said on
 * standard error
 * Return: 0, with *answer; MCP_BUS_E_AWAY; -errno
 * Owner:  @answer's texts live until the office is closed */
int letter_ask(struct letter_office *office, struct mcp_letter *question,
    struct mcp_letter *answer, unsigned patience_ms);

#endif

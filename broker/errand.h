/* errand.h - I run what a letter wants of those who keep things
 *
 * Of the relay, the sessions, the cells and the answers that can be resumed.
 * The desk reads the letter and says the answer; what it is to be is found
 * out here.
 */
#ifndef BROKER_ERRAND_H
#define BROKER_ERRAND_H

#include <mcp/wire.h>

struct broker;
struct process;

/* errand_run() - @letter, a question in time, was asked by @process
 * Shape:  AWAIT, RESPONSE, CANCEL, OPEN, CLOSE, CELL, and of SESSION level,
 *         subscribe, unsubscribe and get; anything else is MALFORMED
 * Return: @out has an outcome and the fields of it
 * Owner:  texts of @out live until anything is changed */
void errand_run(struct broker *broker, struct process *process,
    const struct mcp_letter *letter, struct mcp_letter *out);

/* errand_gone() - of relay.h: who waits for @request is told that no answer
 * will come */
void errand_gone(struct broker *broker, struct process *process,
    struct mcp_text request);

#endif

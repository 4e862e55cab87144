/* fuzz.h - I am what the targets share: laws, and ways to cut an input
 *
 * A target is one function that is given bytes. libFuzzer calls it with what it
 * makes up (tests/fuzz/run); else replay.c does, with what lies beside it:
 * NOUN.in/ are seeds, NOUN.repro/ is every case that was ever found. A target
 * does not only survive: it says what must hold, by LAW().
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <mcp/text.h>

struct json_object;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* LAW() - what must hold, in words and in C; else this process aborts */
#define LAW(holds) ((holds) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #holds))
void fuzz_broken(const char *file, int line, const char *law)
    __attribute__((noreturn));

/* fuzz_cut() - what stands before the next NUL, which is passed; all of *restp
 * where there is none
 * Shape: a copy of its own, exactly as long and a NUL behind it
 * Owner: the caller's to free */
char *fuzz_cut(struct mcp_text *restp);

/* fuzz_pick() - a number below @n, as the first byte says: '0' is 0 */
unsigned fuzz_pick(struct mcp_text *restp, unsigned n);

/* fuzz_file() - the path of a file that holds @bytes, until the next one */
const char *fuzz_file(struct mcp_text bytes);

/* fuzz_json() - the tree of what mcp_scan() accepts; NULL: it does not, or it
 * is null. That json-c takes what the scanner took is a law. */
struct json_object *fuzz_json(struct mcp_text json, unsigned flags);

/* fuzz_is_json() - is that one JSON value that everybody reads alike? */
bool fuzz_is_json(struct mcp_text json);

/* fuzz_lies_in() - does @part lie within @whole? An empty one does. */
bool fuzz_lies_in(struct mcp_text part, struct mcp_text whole);

#endif

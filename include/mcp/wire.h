/* wire.h - I am the letter: bytes to struct and back; I touch no socket
 *
 * doc/wire.txt is the law: encoding, limits, every letter and its answers. One
 * struct carries them all; which of its members travel is said by a table in
 * wire.c that reads like section 4 of that document.
 */
#ifndef MCP_WIRE_H
#define MCP_WIRE_H

#include <mcp/text.h>

#define MCP_WIRE_VERSION 1
#define MCP_WIRE_HEAD 24 /* bytes before the first field */
#define MCP_WIRE_MAX (16u << 20) /* bytes of a letter */
#define MCP_WIRE_STREAM_MAX 64
#define MCP_WIRE_REQUEST_MAX 1024
#define MCP_WIRE_EVENT_MAX 64
#define MCP_WIRE_SUBJECT_LEN 16
#define MCP_WIRE_STATE_MAX 65536
#define MCP_WIRE_TOLD_MAX 65536 /* of what is said to people */
#define MCP_WIRE_END_LEN 24 /* bytes of one ended session */

enum mcp_wire_condition {
	MCP_WIRE_E_HEAD = 1, /* not even the header can be read: no answer */
	MCP_WIRE_E_VERSION, /* answer VERSION */
	MCP_WIRE_E_KIND, /* answer UNKNOWN_KIND */
	MCP_WIRE_E_MALFORMED /* answer MALFORMED */
};

enum mcp_wire_kind {
	MCP_HELLO = 1,
	MCP_ADMIT,
	MCP_DELIVER,
	MCP_SESSION,
	MCP_ENDED,
	MCP_BROADCAST,
	MCP_AWAIT,
	MCP_RESPONSE,
	MCP_ANSWER,
	MCP_CANCEL,
	MCP_OPEN,
	MCP_CLOSE,
	MCP_CELL,
	MCP_PREPARE,
	MCP_COMMIT,
	MCP_RELOAD,
	MCP_AGAIN,
	MCP_UPGRADE,
	MCP_N_KINDS
};

enum mcp_wire_outcome {
	MCP_QUESTION = 0,
	MCP_OK,
	MCP_MALFORMED,
	MCP_VERSION,
	MCP_EXPIRED,
	MCP_NO_ROOM,
	MCP_UNKNOWN_KIND,
	MCP_WELCOME,
	MCP_ADMITTED,
	MCP_GONE,
	MCP_FOREIGN,
	MCP_OVER_QUOTA,
	MCP_DELIVERED,
	MCP_PARKED,
	MCP_ANSWERED,
	MCP_RUNNING,
	MCP_UNKNOWN,
	MCP_STATE,
	MCP_TAKEN,
	MCP_EXISTS,
	MCP_STALE,
	MCP_NONE,
	MCP_REFUSED,
	MCP_N_OUTCOMES
};

enum mcp_wire_dialect { MCP_DIALECT_SEED = 1, MCP_DIALECT_SSE = 2 };
enum mcp_wire_topic {
	MCP_TOPIC_TOOLS = 1,
	MCP_TOPIC_PROMPTS,
	MCP_TOPIC_RESOURCES,
	MCP_TOPIC_UPDATED,
	MCP_TOPIC_TASK
};
enum mcp_wire_verb {
	MCP_SESSION_SET = 1,
	MCP_SESSION_END,
	MCP_SESSION_LEVEL,
	MCP_SESSION_SUBSCRIBE,
	MCP_SESSION_UNSUBSCRIBE,
	MCP_SESSION_GET
};
enum mcp_wire_cell {
	MCP_CELL_CREATE = 1,
	MCP_CELL_GET,
	MCP_CELL_PUT,
	MCP_CELL_DELETE
};
enum mcp_wire_how { MCP_HOW_ANSWERED = 1, MCP_HOW_GONE = 2 };

/* Texts are borrowed: from the caller when writing, from the bytes read when
 * reading. */
struct mcp_letter {
	enum mcp_wire_kind kind;
	enum mcp_wire_outcome outcome;
	uint64_t correlation;
	uint64_t deadline_ns;

	uint64_t pid, leaving, epoch, known, requests, failed, running;
	uint64_t dialect, call_deadline_ns, ticket, verb, expires;
	uint64_t topic, streams, how;
	struct mcp_text stream, subject, request, event, data, state, ends,
	    digest, id;
};

/* mcp_wire_write() - append the letter
 * Return: 0; -EINVAL a member is over its limit, nothing appended; -ENOMEM */
int mcp_wire_write(const struct mcp_letter *letter, struct mcp_buf *out);

/* mcp_wire_read() - and back
 * Return: 0; MCP_WIRE_E_HEAD; or another condition, and then kind, outcome,
 *         correlation and deadline are filled, so that it can be answered */
int mcp_wire_read(struct mcp_text bytes, struct mcp_letter *out);

const char *mcp_wire_kind_name(enum mcp_wire_kind kind); /* "admit" */
const char *mcp_wire_outcome_name(enum mcp_wire_outcome outcome);

/* A number as it travels, 8 bytes big-endian. */
void mcp_wire_number_write(char *at, uint64_t number);
uint64_t mcp_wire_number_read(const char *at);

/* One ended session, as "ends" carries it. */
void mcp_wire_end_write(struct mcp_buf *out, const uint8_t key[16],
    uint64_t expires_s);
void mcp_wire_end_read(const char *at, uint8_t key[16], uint64_t *expires_sp);

#endif

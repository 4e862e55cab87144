/* wire.c - I am the letter: bytes to struct and back; I touch no socket
 *
 * The table `forms` is section 4 of doc/wire.txt: for each kind and outcome,
 * which members travel and in which order. One loop writes, one loop reads.
 */

#include <mcp/wire.h>

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum member_type { END, NUMBER, TEXT };

struct member {
	enum member_type type;
	size_t offset; /* in struct mcp_letter */
	size_t max; /* of a text */
};

#define N(name) { NUMBER, offsetof(struct mcp_letter, name), 0 }
#define T(name, max) { TEXT, offsetof(struct mcp_letter, name), max }
#define STREAM T(stream, MCP_WIRE_STREAM_MAX)
#define SUBJECT T(subject, MCP_WIRE_SUBJECT_LEN)
#define STATE T(state, MCP_WIRE_STATE_MAX)
#define ENDS T(ends, MCP_WIRE_MAX)
#define DIGEST T(digest, 64)
#define ID T(id, 128)
#define TOLD T(data, MCP_WIRE_TOLD_MAX)

static const struct form {
	enum mcp_wire_kind kind;
	enum mcp_wire_outcome outcome;
	struct member members[12];
} forms[] = {
	{ MCP_HELLO, MCP_QUESTION,
	    { N(pid), N(leaving), N(epoch), N(known), N(requests), N(failed),
		N(running), ENDS, DIGEST, T(data, 8 * 64) } },
	{ MCP_HELLO, MCP_WELCOME, { N(epoch), N(known), ENDS, DIGEST, STATE } },
	{ MCP_ADMIT, MCP_QUESTION,
	    { STREAM, SUBJECT, T(request, MCP_WIRE_REQUEST_MAX), N(dialect),
		N(call_deadline_ns) } },
	{ MCP_ADMIT, MCP_ADMITTED, { N(ticket), STATE } },
	{ MCP_DELIVER, MCP_QUESTION,
	    { STREAM, N(ticket), T(event, MCP_WIRE_EVENT_MAX),
		T(data, MCP_WIRE_MAX) } },
	{ MCP_DELIVER, MCP_DELIVERED, { ID } },
	{ MCP_DELIVER, MCP_PARKED, { ID } },
	{ MCP_SESSION, MCP_QUESTION,
	    { N(verb), STREAM, SUBJECT, N(expires), STATE } },
	{ MCP_ENDED, MCP_QUESTION, { N(epoch), N(known), ENDS } },
	{ MCP_BROADCAST, MCP_QUESTION,
	    { N(topic), T(data, 8192), SUBJECT, STATE } },
	{ MCP_BROADCAST, MCP_OK, { N(streams) } },
	{ MCP_SESSION, MCP_STATE, { STATE } },
	{ MCP_AWAIT, MCP_QUESTION,
	    { STREAM, SUBJECT, T(request, MCP_WIRE_REQUEST_MAX),
		N(call_deadline_ns) } },
	{ MCP_RESPONSE, MCP_QUESTION,
	    { STREAM, SUBJECT, T(request, MCP_WIRE_REQUEST_MAX),
		T(data, MCP_WIRE_MAX) } },
	{ MCP_ANSWER, MCP_QUESTION,
	    { T(request, MCP_WIRE_REQUEST_MAX), N(how),
		T(data, MCP_WIRE_MAX) } },
	{ MCP_CANCEL, MCP_QUESTION,
	    { STREAM, SUBJECT, T(request, MCP_WIRE_REQUEST_MAX) } },
	{ MCP_OPEN, MCP_QUESTION,
	    { STREAM, SUBJECT, T(request, MCP_WIRE_REQUEST_MAX) } },
	{ MCP_OPEN, MCP_STATE, { N(ticket), STATE } },
	{ MCP_CLOSE, MCP_QUESTION, { STREAM } },
	{ MCP_CELL, MCP_QUESTION,
	    { N(verb), STREAM, SUBJECT, N(expires), N(known), N(how), STATE } },
	{ MCP_CELL, MCP_OK, { N(known) } },
	{ MCP_CELL, MCP_STATE, { N(known), N(how), STATE } },
	{ MCP_PREPARE, MCP_QUESTION, { DIGEST, STATE } },
	{ MCP_PREPARE, MCP_REFUSED, { TOLD } },
	{ MCP_COMMIT, MCP_QUESTION, { DIGEST } },
	{ MCP_COMMIT, MCP_OK, { N(how) } },
	{ MCP_RELOAD, MCP_OK, { DIGEST, N(streams), TOLD } },
	{ MCP_RELOAD, MCP_REFUSED, { TOLD } },
	{ MCP_UPGRADE, MCP_OK, { N(streams), N(running), TOLD } },
	{ MCP_UPGRADE, MCP_REFUSED, { TOLD } },
};

/* Every other answer has no fields. */
static const struct form bare = { 0, 0, { { END, 0, 0 } } };

static const char *const kind_names[MCP_N_KINDS] = {
	[MCP_HELLO] = "hello",
	[MCP_ADMIT] = "admit",
	[MCP_DELIVER] = "deliver",
	[MCP_SESSION] = "session",
	[MCP_ENDED] = "ended",
	[MCP_BROADCAST] = "broadcast",
	[MCP_AWAIT] = "await",
	[MCP_RESPONSE] = "response",
	[MCP_ANSWER] = "answer",
	[MCP_CANCEL] = "cancel",
	[MCP_OPEN] = "open",
	[MCP_CLOSE] = "close",
	[MCP_CELL] = "cell",
	[MCP_PREPARE] = "prepare",
	[MCP_COMMIT] = "commit",
	[MCP_RELOAD] = "reload",
	[MCP_AGAIN] = "again",
	[MCP_UPGRADE] = "upgrade",
};

static const char *const outcome_names[MCP_N_OUTCOMES] = {
	[MCP_QUESTION] = "question",
	[MCP_OK] = "ok",
	[MCP_MALFORMED] = "malformed",
	[MCP_VERSION] = "version",
	[MCP_EXPIRED] = "expired",
	[MCP_NO_ROOM] = "no_room",
	[MCP_UNKNOWN_KIND] = "unknown_kind",
	[MCP_WELCOME] = "welcome",
	[MCP_ADMITTED] = "admitted",
	[MCP_GONE] = "gone",
	[MCP_FOREIGN] = "foreign",
	[MCP_OVER_QUOTA] = "over_quota",
	[MCP_DELIVERED] = "delivered",
	[MCP_PARKED] = "parked",
	[MCP_ANSWERED] = "answered",
	[MCP_RUNNING] = "running",
	[MCP_UNKNOWN] = "unknown",
	[MCP_STATE] = "state",
	[MCP_TAKEN] = "taken",
	[MCP_EXISTS] = "exists",
	[MCP_STALE] = "stale",
	[MCP_NONE] = "none",
	[MCP_REFUSED] = "refused",
};

static const struct form *
form_of(enum mcp_wire_kind kind, enum mcp_wire_outcome outcome)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].kind == kind && forms[i].outcome == outcome)
			return &forms[i];
	return &bare;
}

static void
put(struct mcp_buf *out, uint64_t number, unsigned bytes)
{
	char big[8];

	mcp_big_put(big, number, bytes);
	mcp_buf_append(out, big, bytes);
}

int
mcp_wire_write(const struct mcp_letter *letter, struct mcp_buf *out)
{
	const struct form *form = form_of(letter->kind, letter->outcome);
	const char *base = (const char *)letter;
	size_t before = out->len;

	put(out, MCP_WIRE_VERSION, 1);
	put(out, letter->kind, 1);
	put(out, letter->outcome, 1);
	put(out, 0, 5);
	put(out, letter->correlation, 8);
	put(out, letter->deadline_ns, 8);
	for (const struct member *m = form->members; m->type != END; m++) {
		const struct mcp_text *text;

		if (m->type == NUMBER) {
			put(out, *(const uint64_t *)(base + m->offset), 8);
			continue;
		}
		text = (const struct mcp_text *)(base + m->offset);
		if (text->len > m->max) {
			out->len = before;
			return -EINVAL;
		}
		put(out, text->len, 4);
		mcp_buf_text(out, *text);
	}
	if (out->failed)
		return -ENOMEM;
	if (out->len - before > MCP_WIRE_MAX) {
		out->len = before;
		return -EINVAL;
	}
	return 0;
}

static int
read_member(struct mcp_text *rest, const struct member *m, char *base)
{
	struct mcp_text *text = (struct mcp_text *)(base + m->offset);
	unsigned head = m->type == NUMBER ? 8 : 4;
	uint64_t number;

	if (rest->len < head)
		return MCP_WIRE_E_MALFORMED;
	number = mcp_big_get(rest->at, head);
	rest->at += head;
	rest->len -= head;
	if (m->type == NUMBER) {
		*(uint64_t *)(base + m->offset) = number;
		return 0;
	}
	if (number > rest->len || number > m->max)
		return MCP_WIRE_E_MALFORMED;
	*text = (struct mcp_text){ rest->at, number };
	rest->at += number;
	rest->len -= number;
	return 0;
}

int
mcp_wire_read(struct mcp_text bytes, struct mcp_letter *out)
{
	struct mcp_text rest;
	int condition;

	*out = (struct mcp_letter){ 0 };
	if (bytes.len < MCP_WIRE_HEAD || bytes.len > MCP_WIRE_MAX)
		return MCP_WIRE_E_HEAD;
	out->kind = (enum mcp_wire_kind)(unsigned char)bytes.at[1];
	out->outcome = (enum mcp_wire_outcome)(unsigned char)bytes.at[2];
	out->correlation = mcp_big_get(bytes.at + 8, 8);
	out->deadline_ns = mcp_big_get(bytes.at + 16, 8);
	if (bytes.at[0] != MCP_WIRE_VERSION)
		return MCP_WIRE_E_VERSION;
	if (out->kind == 0 || out->kind >= MCP_N_KINDS)
		return MCP_WIRE_E_KIND;
	if (mcp_big_get(bytes.at + 3, 5) != 0 || out->correlation == 0 ||
	    out->outcome >= MCP_N_OUTCOMES)
		return MCP_WIRE_E_MALFORMED;
	rest = (struct mcp_text){ bytes.at + MCP_WIRE_HEAD,
		bytes.len - MCP_WIRE_HEAD };
	for (const struct member *m = form_of(out->kind, out->outcome)->members;
	     m->type != END; m++) {
		condition = read_member(&rest, m, (char *)out);
		if (condition != 0)
			return condition;
	}
	return rest.len == 0 ? 0 : MCP_WIRE_E_MALFORMED;
}

const char *
mcp_wire_kind_name(enum mcp_wire_kind kind)
{
	return kind > 0 && kind < MCP_N_KINDS ? kind_names[kind] : "unknown";
}

const char *
mcp_wire_outcome_name(enum mcp_wire_outcome outcome)
{
	return outcome < MCP_N_OUTCOMES ? outcome_names[outcome] : "unknown";
}

void
mcp_wire_number_write(char *at, uint64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		at[i] = (char)(number >> (8 * (7 - i)));
}

uint64_t
mcp_wire_number_read(const char *at)
{
	return mcp_big_get(at, 8);
}

void
mcp_wire_end_write(struct mcp_buf *out, const uint8_t key[16],
    uint64_t expires_s)
{
	mcp_buf_append(out, (const char *)key, 16);
	put(out, expires_s, 8);
}

void
mcp_wire_end_read(const char *at, uint8_t key[16], uint64_t *expires_sp)
{
	memcpy(key, at, 16);
	*expires_sp = mcp_big_get(at + 16, 8);
}

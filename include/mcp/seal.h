/* seal.h - I close and open tokens; nobody else sees the key
 *
 * What must come back to us travels with the client: XChaCha20-Poly1305 with
 * a key from the secret file, base64url without padding. The purpose is
 * authenticated with the text, so that a cursor never opens as a session. The
 * secret file holds one key a line, 64 hexadecimal digits; the first seals,
 * all open (rotation: put the new one first).
 */
#ifndef MCP_SEAL_H
#define MCP_SEAL_H

#include <mcp/text.h>
#include <mcp/revision.h>

#define MCP_SEAL_KEYS_MAX 8
#define MCP_SUBJECT_LEN 16 /* bytes of a subject's hash */
#define MCP_SESSION_KEY_LEN 16 /* bytes */
#define MCP_SESSION_MAX 160 /* characters of an Mcp-Session-Id */
#define MCP_SESSION_SECONDS (7 * 24 * 3600)

enum mcp_seal_condition {
	MCP_SEAL_E_FOREIGN = 1, /* altered, another key, another purpose */
	MCP_SEAL_E_EXPIRED
};

enum mcp_seal_purpose {
	MCP_SEAL_SESSION = 1,
	MCP_SEAL_STATE, /* requestState */
	MCP_SEAL_CURSOR
};

struct mcp_seal; /* the keys */

/* mcp_seal_new() - read the secret file
 * Return: 0; -errno of reading; -EINVAL no key in it, or a malformed line */
int mcp_seal_new(const char *path, struct mcp_seal **sealp);
void mcp_seal_free(struct mcp_seal *seal);

/* mcp_seal_create() - write a secret file with one fresh key, mode 0600
 * Return: 0, also when the file exists already; -errno */
int mcp_seal_create(const char *path);

/* mcp_seal_close() / mcp_seal_open() - bytes to token and back
 * Return: 0; open: MCP_SEAL_E_FOREIGN; -ENOMEM
 * Owner:  appended to @out */
int mcp_seal_close(const struct mcp_seal *seal, enum mcp_seal_purpose purpose,
    struct mcp_text plain, struct mcp_buf *out);
int mcp_seal_open(const struct mcp_seal *seal, enum mcp_seal_purpose purpose,
    struct mcp_text token, struct mcp_buf *out);

/* The content of an Mcp-Session-Id. */
struct mcp_session {
	enum mcp_revision revision;
	uint32_t capabilities; /* bits the lifecycle room defines */
	uint8_t subject[MCP_SUBJECT_LEN];
	uint64_t issued; /* seconds since 1970 */
	uint64_t expires;
	uint8_t key[MCP_SESSION_KEY_LEN]; /* random: its name in tables */
};

/* mcp_session_seal() - @session to at most MCP_SESSION_MAX characters
 * Return: 0; -ENOMEM */
int mcp_session_seal(const struct mcp_seal *seal,
    const struct mcp_session *session, struct mcp_buf *out);

/* mcp_session_open() - and back
 * Return: 0; MCP_SEAL_E_FOREIGN; MCP_SEAL_E_EXPIRED; -ENOMEM
 * Spec:   "Streamable HTTP", "Session Management": each of these is a 404 */
int mcp_session_open(const struct mcp_seal *seal, struct mcp_text token,
    uint64_t now_s, struct mcp_session *out);

/* mcp_session_name() - the session's key as 32 hexadecimal digits: the name of
 * its stream on the bus */
#define MCP_SESSION_NAME_MAX (2 * MCP_SESSION_KEY_LEN + 1)
void mcp_session_name(const struct mcp_session *session,
    char out[MCP_SESSION_NAME_MAX]);

/* mcp_subject() - the hash under which a user name travels; the empty name is
 * nobody's, and stands for whoever has none */
void mcp_subject(struct mcp_text user, uint8_t out[MCP_SUBJECT_LEN]);

void mcp_random(void *out, size_t len);

/* mcp_uuid() - a random UUID, version 4, as text */
#define MCP_UUID_MAX 37
void mcp_uuid(char out[MCP_UUID_MAX]);

#endif

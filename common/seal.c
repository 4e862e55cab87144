/* seal.c - I close and open tokens; nobody else sees the key
 *
 * A token is base64url(nonce(24) ciphertext tag(16)); the purpose is the
 * additional data. XChaCha20's nonce is long enough to be drawn at random for
 * ever, so no counter is shared between processes or machines.
 */

#include <mcp/seal.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_LEN crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES

struct mcp_seal {
	unsigned char keys[MCP_SEAL_KEYS_MAX][KEY_LEN];
	size_t n_keys;
};

static int
read_key(struct mcp_seal *seal, const char *line)
{
	size_t len = strcspn(line, "\r\n"), made;

	if (len == 0 || line[0] == '#')
		return 0;
	if (seal->n_keys == MCP_SEAL_KEYS_MAX || len != 2 * KEY_LEN ||
	    sodium_hex2bin(seal->keys[seal->n_keys], KEY_LEN, line, len, NULL,
		&made, NULL) != 0 ||
	    made != KEY_LEN)
		return -EINVAL;
	seal->n_keys++;
	return 0;
}

int
mcp_seal_new(const char *path, struct mcp_seal **sealp)
{
	struct mcp_seal *seal;
	char line[256];
	FILE *file;
	int error = 0;

	if (sodium_init() < 0)
		return -EIO;
	file = fopen(path, "re");
	if (file == NULL)
		return -errno;
	seal = calloc(1, sizeof(*seal));
	if (seal == NULL)
		error = -ENOMEM;
	while (error == 0 && fgets(line, sizeof(line), file) != NULL)
		error = read_key(seal, line);
	sodium_memzero(line, sizeof(line));
	fclose(file);
	if (error == 0 && seal->n_keys == 0)
		error = -EINVAL;
	if (error != 0) {
		mcp_seal_free(seal);
		return error;
	}
	*sealp = seal;
	return 0;
}

void
mcp_seal_free(struct mcp_seal *seal)
{
	if (seal == NULL)
		return;
	sodium_memzero(seal, sizeof(*seal));
	free(seal);
}

int
mcp_seal_create(const char *path)
{
	unsigned char key[KEY_LEN];
	char line[2 * KEY_LEN + 2];
	ssize_t n;
	int fd;

	if (sodium_init() < 0)
		return -EIO;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	randombytes_buf(key, sizeof(key));
	sodium_bin2hex(line, sizeof(line), key, sizeof(key));
	line[2 * KEY_LEN] = '\n';
	n = write(fd, line, 2 * KEY_LEN + 1);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(line, sizeof(line));
	if (close(fd) != 0 || n != 2 * KEY_LEN + 1) {
		unlink(path);
		return -EIO;
	}
	return 0;
}

static int
encode(const unsigned char *bytes, size_t len, struct mcp_buf *out)
{
	size_t room = sodium_base64_encoded_len(len,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);

	if (mcp_buf_reserve(out, room) != 0)
		return -ENOMEM;
	sodium_bin2base64(out->data + out->len, room, bytes, len,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	out->len += room - 1;
	return 0;
}

int
mcp_seal_close(const struct mcp_seal *seal, enum mcp_seal_purpose purpose,
    struct mcp_text plain, struct mcp_buf *out)
{
	const unsigned char about = (unsigned char)purpose;
	unsigned char *bytes = malloc(NONCE_LEN + plain.len + TAG_LEN);
	unsigned long long len;
	int error;

	if (bytes == NULL)
		return -ENOMEM;
	randombytes_buf(bytes, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + NONCE_LEN, &len,
	    (const unsigned char *)plain.at, plain.len, &about, 1, NULL, bytes,
	    seal->keys[0]);
	error = encode(bytes, NONCE_LEN + (size_t)len, out);
	free(bytes);
	return error;
}

static int
open_bytes(const struct mcp_seal *seal, enum mcp_seal_purpose purpose,
    const unsigned char *bytes, size_t len, struct mcp_buf *out)
{
	const unsigned char about = (unsigned char)purpose;
	unsigned long long made;

	if (len < NONCE_LEN + TAG_LEN)
		return MCP_SEAL_E_FOREIGN;
	if (mcp_buf_reserve(out, len) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < seal->n_keys; i++) {
		if (crypto_aead_xchacha20poly1305_ietf_decrypt(
			(unsigned char *)out->data + out->len, &made, NULL,
			bytes + NONCE_LEN, len - NONCE_LEN, &about, 1, bytes,
			seal->keys[i]) != 0)
			continue;
		out->len += (size_t)made;
		out->data[out->len] = '\0';
		return 0;
	}
	return MCP_SEAL_E_FOREIGN;
}

int
mcp_seal_open(const struct mcp_seal *seal, enum mcp_seal_purpose purpose,
    struct mcp_text token, struct mcp_buf *out)
{
	unsigned char *bytes = malloc(token.len + 1);
	size_t len;
	int condition;

	if (bytes == NULL)
		return -ENOMEM;
	if (sodium_base642bin(bytes, token.len + 1, token.at, token.len, NULL,
		&len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		condition = MCP_SEAL_E_FOREIGN;
	else
		condition = open_bytes(seal, purpose, bytes, len, out);
	free(bytes);
	return condition;
}

/* A session's bytes: revision(1) capabilities(4) subject(16) issued(8)
 * expires(8) key(16), numbers big-endian: 53 bytes, 124 characters sealed. */
#define SESSION_LEN (1 + 4 + MCP_SUBJECT_LEN + 8 + 8 + MCP_SESSION_KEY_LEN)

static unsigned char *
put(unsigned char *at, uint64_t number, unsigned bytes)
{
	mcp_big_put(at, number, bytes);
	return at + bytes;
}

static const unsigned char *
get(const unsigned char *at, uint64_t *numberp, unsigned bytes)
{
	*numberp = mcp_big_get(at, bytes);
	return at + bytes;
}

int
mcp_session_seal(const struct mcp_seal *seal,
    const struct mcp_session *session, struct mcp_buf *out)
{
	unsigned char plain[SESSION_LEN], *at = plain;

	at = put(at, session->revision, 1);
	at = put(at, session->capabilities, 4);
	at = mempcpy(at, session->subject, MCP_SUBJECT_LEN);
	at = put(at, session->issued, 8);
	at = put(at, session->expires, 8);
	memcpy(at, session->key, MCP_SESSION_KEY_LEN);
	return mcp_seal_close(seal, MCP_SEAL_SESSION,
	    (struct mcp_text){ (const char *)plain, sizeof(plain) }, out);
}

static void
session_read(const unsigned char *at, struct mcp_session *out)
{
	uint64_t number;

	at = get(at, &number, 1);
	out->revision = (enum mcp_revision)number;
	at = get(at, &number, 4);
	out->capabilities = (uint32_t)number;
	memcpy(out->subject, at, MCP_SUBJECT_LEN);
	at = get(at + MCP_SUBJECT_LEN, &out->issued, 8);
	at = get(at, &out->expires, 8);
	memcpy(out->key, at, MCP_SESSION_KEY_LEN);
}

int
mcp_session_open(const struct mcp_seal *seal, struct mcp_text token,
    uint64_t now_s, struct mcp_session *out)
{
	struct mcp_buf plain = MCP_BUF_INIT;
	int condition;

	if (token.len > MCP_SESSION_MAX)
		return MCP_SEAL_E_FOREIGN;
	condition = mcp_seal_open(seal, MCP_SEAL_SESSION, token, &plain);
	if (condition == 0 && plain.len != SESSION_LEN)
		condition = MCP_SEAL_E_FOREIGN;
	if (condition == 0) {
		session_read((const unsigned char *)plain.data, out);
		if (out->expires <= now_s)
			condition = MCP_SEAL_E_EXPIRED;
	}
	mcp_buf_deinit(&plain);
	return condition;
}

void
mcp_session_name(const struct mcp_session *session,
    char out[MCP_SESSION_NAME_MAX])
{
	sodium_bin2hex(out, MCP_SESSION_NAME_MAX, session->key,
	    MCP_SESSION_KEY_LEN);
}

void
mcp_subject(struct mcp_text user, uint8_t out[MCP_SUBJECT_LEN])
{
	crypto_generichash(out, MCP_SUBJECT_LEN, (const unsigned char *)user.at,
	    user.len, NULL, 0);
}

void
mcp_random(void *out, size_t len)
{
	randombytes_buf(out, len);
}

void
mcp_uuid(char out[MCP_UUID_MAX])
{
	unsigned char b[16];

	randombytes_buf(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, MCP_UUID_MAX,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
	    b[11], b[12], b[13], b[14], b[15]);
}

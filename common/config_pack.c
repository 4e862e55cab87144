/* config_pack.c - I put the files of a configuration into one, and take them
 * out again
 *
 *     pack = "mcp-fcgi pack 1" LF how-many LF *file
 *     file = path-len SP whole-len SP len LF path whole bytes LF
 *
 * Numbers are decimal; path is how the file was reached, whole the same from
 * the root. Nothing is read anew and nothing rewritten: who loads the pack
 * finds the same bytes, under the same names, with the same digest. Files that
 * the configuration only names (databases, plugins, texts) stay outside.
 */

#include "config_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "mcp-fcgi pack 1\n"

struct packed {
	struct mcp_text path, whole, bytes;
};

struct config_pack {
	char *bytes; /* of all */
	struct packed files[CONFIG_FILES_MAX];
	size_t n;
};

_Static_assert(sizeof(HEAD) - 1 == CONFIG_PACK_HEAD, "the head's length");

bool
config_pack_is(struct mcp_text bytes)
{
	return mcp_text_starts(bytes, HEAD);
}

/* A decimal number and the character behind it. */
static bool
take_number(struct mcp_text *rest, char behind, size_t *numberp)
{
	const char *end = memchr(rest->at, behind, rest->len);
	uint64_t number;

	if (end == NULL ||
	    mcp_text_number(
		(struct mcp_text){ rest->at, (size_t)(end - rest->at) },
		&number) != 0)
		return false;
	rest->len -= (size_t)(end - rest->at) + 1;
	rest->at = end + 1;
	*numberp = (size_t)number;
	return true;
}

static bool
take_text(struct mcp_text *rest, size_t len, struct mcp_text *out)
{
	if (len > rest->len)
		return false;
	*out = (struct mcp_text){ rest->at, len };
	rest->at += len;
	rest->len -= len;
	return true;
}

static bool
take_file(struct mcp_text *rest, struct packed *out)
{
	size_t path, whole, len;
	struct mcp_text end;

	return take_number(rest, ' ', &path) && take_number(rest, ' ', &whole) &&
	    take_number(rest, '\n', &len) && take_text(rest, path, &out->path) &&
	    take_text(rest, whole, &out->whole) &&
	    take_text(rest, len, &out->bytes) && take_text(rest, 1, &end) &&
	    len <= CONFIG_FILE_MAX && path > 0 && whole > 0;
}

int
config_pack_open(char **bytesp, size_t len, struct config_pack **packp)
{
	struct config_pack *pack = calloc(1, sizeof(*pack));
	struct mcp_text rest = { *bytesp + sizeof(HEAD) - 1,
		len - (sizeof(HEAD) - 1) };
	size_t n = 0;

	if (pack == NULL)
		return -ENOMEM;
	if (!take_number(&rest, '\n', &n) || n > CONFIG_FILES_MAX)
		n = 0;
	while (pack->n < n && take_file(&rest, &pack->files[pack->n]))
		pack->n++;
	if (rest.len > 0 || pack->n < n || n == 0) {
		free(pack);
		return -EBADMSG;
	}
	pack->bytes = *bytesp;
	*bytesp = NULL;
	*packp = pack;
	return 0;
}

void
config_pack_free(struct config_pack *pack)
{
	if (pack == NULL)
		return;
	free(pack->bytes);
	free(pack);
}

const char *
config_pack_path(const struct config_pack *pack, size_t i, struct mcp_buf *out)
{
	if (i >= pack->n)
		return NULL;
	mcp_buf_reset(out);
	mcp_buf_text(out, pack->files[i].path);
	return out->failed ? NULL : out->data;
}

bool
config_pack_find(const struct config_pack *pack, const char *path,
    struct mcp_text *wholep, struct mcp_text *bytesp)
{
	for (size_t i = 0; i < pack->n; i++)
		if (mcp_text_is(pack->files[i].path, path)) {
			*wholep = pack->files[i].whole;
			*bytesp = pack->files[i].bytes;
			return true;
		}
	return false;
}

void
config_pack_write(const struct config_reader *reader, struct mcp_buf *out)
{
	mcp_buf_printf(out, HEAD "%zu\n", reader->n_files);
	for (size_t i = 0; i < reader->n_files; i++) {
		const struct config_file *file = &reader->files[i];

		mcp_buf_printf(out, "%zu %zu %zu\n", strlen(file->path),
		    strlen(file->whole), file->len);
		mcp_buf_puts(out, file->path);
		mcp_buf_puts(out, file->whole);
		mcp_buf_append(out, file->bytes, file->len);
		mcp_buf_putc(out, '\n');
	}
}

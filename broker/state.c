/* state.c - I am what a broker holds, written down */

#include "broker/state.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* There are dozens of these for every stream, and all wait meanwhile. */
void
state_number(struct state_writer *writer, uint64_t number)
{
	struct mcp_buf *bytes = &writer->bytes;
	uint64_t big = htobe64(number);

	if (mcp_buf_reserve(bytes, sizeof(big)) != 0)
		return;
	memcpy(bytes->data + bytes->len, &big, sizeof(big));
	bytes->len += sizeof(big);
	bytes->data[bytes->len] = '\0';
}

void
state_text(struct state_writer *writer, struct mcp_text text)
{
	state_number(writer, text.len);
	mcp_buf_text(&writer->bytes, text);
}

void
state_bytes(struct state_writer *writer, const void *at, size_t len)
{
	state_text(writer, (struct mcp_text){ at, len });
}

void
state_file(struct state_writer *writer, int fd)
{
	state_number(writer, (uint64_t)fd);
	if (writer->files != STATE_FILES_STAY)
		(void)fcntl(fd, F_SETFD,
		    writer->files == STATE_FILES_GO ? 0 : FD_CLOEXEC);
}

void
state_due(struct state_writer *writer, const struct due *due)
{
	state_number(writer, clock_at(writer->clock, due));
}

static const char *
take(struct state_reader *reader, size_t len)
{
	const char *at = reader->left.at;

	if (reader->failed || len > reader->left.len) {
		reader->failed = true;
		return NULL;
	}
	reader->left.at += len;
	reader->left.len -= len;
	return at;
}

uint64_t
state_read_number(struct state_reader *reader)
{
	const char *at = take(reader, sizeof(uint64_t));
	uint64_t big = 0;

	if (at != NULL)
		memcpy(&big, at, sizeof(big));
	return be64toh(big);
}

uint64_t
state_read_up_to(struct state_reader *reader, uint64_t most)
{
	uint64_t number = state_read_number(reader);

	if (number <= most)
		return number;
	reader->failed = true;
	return 0;
}

struct mcp_text
state_read_text(struct state_reader *reader)
{
	size_t len = state_read_number(reader);
	const char *at = take(reader, len);

	return at == NULL ? MCP_TEXT("") : (struct mcp_text){ at, len };
}

void
state_read_bytes(struct state_reader *reader, void *out, size_t len)
{
	struct mcp_text text = state_read_text(reader);

	if (text.len == len)
		memcpy(out, text.at, len);
	else
		reader->failed = true;
	if (reader->failed)
		memset(out, 0, len);
}

int
state_read_file(struct state_reader *reader)
{
	int fd = (int)state_read_up_to(reader, INT_MAX);

	if (reader->failed || reader->rehearsal)
		return -1;
	if (reader->closing || fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return fd;
	reader->failed = true;
	return -1;
}

int
state_end(const struct state_reader *reader)
{
	return reader->failed ? -EINVAL : 0;
}

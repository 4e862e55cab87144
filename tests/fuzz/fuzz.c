/* fuzz.c - I am what the targets share */

#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mcp/json.h>
#include <mcp/log.h>
#include <mcp/scan.h>

/* json-c counts the value inside the innermost array as one level more */
#define TOKENER_DEPTH (MCP_SCAN_DEPTH_MAX + 2)

void
fuzz_broken(const char *file, int line, const char *law)
{
	fprintf(stderr, "broken law at %s:%d: %s\n", file, line, law);
	abort();
}

/* A million runs are not to be a million lines of log. */
static void __attribute__((constructor)) begin(void)
{
	mcp_log_init("fuzz", MCP_LOG_ERROR);
	if (sodium_init() < 0)
		abort();
}

char *
fuzz_cut(struct mcp_text *restp)
{
	const char *end =
	    restp->len > 0 ? memchr(restp->at, '\0', restp->len) : NULL;
	struct mcp_text part = *restp;
	char *copy;

	if (end != NULL)
		part.len = (size_t)(end - part.at);
	*restp = end == NULL
	    ? (struct mcp_text){ restp->at + restp->len, 0 }
	    : (struct mcp_text){ end + 1, restp->len - part.len - 1 };
	copy = mcp_text_dup(part);
	if (copy == NULL)
		abort();
	return copy;
}

unsigned
fuzz_pick(struct mcp_text *restp, unsigned n)
{
	unsigned byte;

	if (restp->len == 0)
		return 0;
	byte = (unsigned char)restp->at[0];
	restp->at++;
	restp->len--;
	return (byte - '0') % n;
}

const char *
fuzz_file(struct mcp_text bytes)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 ||
	    mcp_text_write(fd, bytes) != 0)
		abort();
	return path;
}

/* as everybody here reads what was scanned */
static void
reads_alike(struct mcp_text json, struct json_object *tree)
{
	struct json_object *again = mcp_json_parse(json);

	LAW(json_object_equal(tree, again));
	json_object_put(again);
}

struct json_object *
fuzz_json(struct mcp_text json, unsigned flags)
{
	struct json_tokener *tokener;
	struct json_object *tree;
	char *string;

	if (mcp_scan(json, flags, NULL, 0, NULL) != 0)
		return NULL;
	tokener = json_tokener_new_ex(TOKENER_DEPTH);
	string = mcp_text_dup(json);
	if (tokener == NULL || string == NULL)
		abort();
	if (flags & MCP_SCAN_COMMENTS)
		mcp_scan_blank(string, json.len);
	tree = json_tokener_parse_ex(tokener, string, (int)json.len + 1);
	LAW(json_tokener_get_error(tokener) == json_tokener_success);
	json_tokener_free(tokener);
	free(string);
	if ((flags & MCP_SCAN_COMMENTS) == 0)
		reads_alike(json, tree);
	return tree;
}

bool
fuzz_is_json(struct mcp_text json)
{
	return mcp_scan(json, MCP_SCAN_MANY, NULL, 0, NULL) == 0;
}

bool
fuzz_lies_in(struct mcp_text part, struct mcp_text whole)
{
	return part.len == 0 ||
	    (part.at >= whole.at && part.len <= whole.len &&
		(size_t)(part.at - whole.at) <= whole.len - part.len);
}

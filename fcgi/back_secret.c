/* back_secret.c - I read the secrets that mcp.json only names */

#include "fcgi/back_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

/* The entry a secret belongs to, and where what is wrong is told. */
struct entry {
	const char *kind, *name;
	const struct mcp_config *config;
	struct mcp_problems *problems;
};

static int
tell(const struct entry *entry, const struct mcp_http_value *value,
    const char *why)
{
	mcp_problems_add(entry->problems, false, entry->config->path, 0,
	    "%s \"%s\": the secret of its header \"%s\", %s %s, %s",
	    entry->kind, entry->name, value->name,
	    value->file != NULL ? "file" : "variable",
	    value->file != NULL ? value->file : value->variable, why);
	return 0;
}

/* Return: bytes read; -errno */
static ssize_t
read_file(const char *path, char *out, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat is;
	ssize_t n = -EISDIR;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &is) == 0 && S_ISREG(is.st_mode)) {
		n = read(fd, out, room);
		if (n < 0)
			n = -errno;
	}
	close(fd);
	return n;
}

/* A file ends with a line break, and nobody means that. */
static struct mcp_text
without_line_end(struct mcp_text text)
{
	while (text.len > 0 &&
	    (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r'))
		text.len--;
	return text;
}

static const char *
wrong_secret(struct mcp_text text)
{
	if (text.len == 0)
		return "is empty. Give it a value";
	if (text.len > BACK_SECRET_MAX)
		return "is too long for a header. Give a shorter one";
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
			return "holds a line break or another control "
			       "character. Take it out";
	if (mcp_text_trim(text).len != text.len)
		return "begins or ends with a blank. Take it out";
	return NULL;
}

static int
keep(const struct entry *entry, struct mcp_http_value *value,
    struct mcp_text text)
{
	const char *wrong = wrong_secret(text);
	struct mcp_buf whole = MCP_BUF_INIT;

	if (wrong != NULL)
		return tell(entry, value, wrong);
	if (value->prefix != NULL)
		mcp_buf_puts(&whole, value->prefix);
	mcp_buf_text(&whole, text);
	if (whole.failed) {
		mcp_buf_deinit(&whole);
		return -ENOMEM;
	}
	free(value->text);
	value->text = whole.data;
	return 0;
}

static int
read_secret(const struct entry *entry, struct mcp_http_value *value)
{
	char bytes[BACK_SECRET_MAX + 4];
	const char *variable;
	ssize_t n;
	int error;

	if (value->variable != NULL) {
		variable = getenv(value->variable);
		if (variable == NULL)
			return tell(entry, value,
			    "is not set. Set it where the worker starts");
		return keep(entry, value, mcp_text_of(variable));
	}
	n = read_file(value->file, bytes, sizeof(bytes));
	if (n < 0)
		return tell(entry, value,
		    n == -EACCES ? "may not be read. Give the worker's user "
				   "leave" :
				   "cannot be read. Check its name");
	error = keep(entry, value,
	    without_line_end((struct mcp_text){ bytes, (size_t)n }));
	sodium_memzero(bytes, sizeof(bytes));
	return error;
}

static int
read_handler(const struct entry *entry, const struct mcp_handler *handler)
{
	int error = 0;

	if (handler->kind != MCP_HANDLER_HTTP)
		return 0;
	for (size_t i = 0; i < handler->http->headers.n && error == 0; i++)
		if (handler->http->headers.members[i].kind == MCP_HTTP_SECRET)
			error = read_secret(entry,
			    &handler->http->headers.members[i]);
	return error;
}

int
back_secrets_read(struct mcp_config *config, struct mcp_problems *problems)
{
	struct entry entry = { .config = config, .problems = problems };
	int error = 0;

	entry.kind = "tool";
	for (size_t i = 0; i < config->n_tools && error == 0; i++) {
		entry.name = config->tools[i].name;
		error = read_handler(&entry, &config->tools[i].handler);
	}
	entry.kind = "resource";
	for (size_t i = 0; i < config->n_resources && error == 0; i++) {
		entry.name = config->resources[i].uri;
		error = read_handler(&entry, &config->resources[i].handler);
	}
	entry.kind = "resource template";
	for (size_t i = 0; i < config->n_templates && error == 0; i++) {
		entry.name = config->templates[i].uri;
		error = read_handler(&entry, &config->templates[i].handler);
	}
	return error;
}

bool
back_secret_is_in(const struct mcp_http *http, struct mcp_text text)
{
	for (size_t i = 0; i < http->headers.n; i++) {
		const struct mcp_http_value *value = &http->headers.members[i];
		size_t front = value->prefix == NULL ? 0 :
						       strlen(value->prefix);

		if (value->kind == MCP_HTTP_SECRET && value->text != NULL &&
		    memmem(text.at, text.len, value->text + front,
			strlen(value->text) - front) != NULL)
			return true;
	}
	return false;
}

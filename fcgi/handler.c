/* handler.c - I know the ways to an answer: text and file myself, the others by
 * their rooms
 */

#include "fcgi/handler.h"
#include "fcgi/call.h"
#include "fcgi/handler_exec.h"
#include "fcgi/handler_http.h"
#include "fcgi/handler_plugin.h"
#include "fcgi/handler_sql.h"

#include <mcp/json.h>

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

void
handler_result_deinit(struct handler_result *result)
{
	mcp_buf_deinit(&result->text);
	mcp_buf_deinit(&result->structured);
	mcp_buf_deinit(&result->parts);
	mcp_buf_deinit(&result->type);
	mcp_buf_deinit(&result->cursor);
}

struct mcp_text
handler_value(void *object, const char *name)
{
	struct json_object *value = mcp_json_get(object, name);

	if (value == NULL)
		return MCP_TEXT_INIT;
	if (json_object_is_type(value, json_type_string))
		return mcp_json_string(value);
	return mcp_text_of(mcp_json_text(value));
}

void
handler_base64(struct mcp_buf *out, struct mcp_text bytes)
{
	size_t room = sodium_base64_encoded_len(bytes.len,
	    sodium_base64_VARIANT_ORIGINAL);

	if (mcp_buf_reserve(out, room) != 0)
		return;
	sodium_bin2base64(out->data + out->len, room,
	    (const unsigned char *)bytes.at, bytes.len,
	    sodium_base64_VARIANT_ORIGINAL);
	out->len += room - 1;
}

void
handler_bytes(struct mcp_buf *out, const struct call *call, const char *scheme,
    struct mcp_text type, struct mcp_text bytes)
{
	bool image = mcp_text_starts(type, "image/");
	bool media = image ||
	    (mcp_text_starts(type, "audio/") &&
		mcp_revision_has(call->revision, MCP_FIELD_AUDIO));

	if (media)
		mcp_buf_printf(out, "{\"type\":\"%s\",\"data\":\"",
		    image ? "image" : "audio");
	else
		mcp_buf_printf(out,
		    "{\"type\":\"resource\",\"resource\":"
		    "{\"uri\":\"%s%s\",\"blob\":\"",
		    scheme, call->name);
	handler_base64(out, bytes);
	mcp_buf_puts(out, "\",\"mimeType\":");
	mcp_buf_json_string(out, type);
	mcp_buf_puts(out, media ? "}" : "}}");
}

static int
read_all(int fd, size_t max, struct mcp_buf *out)
{
	ssize_t n;

	do {
		if (mcp_buf_reserve(out, 65536) != 0)
			return -ENOMEM;
		n = read(fd, out->data + out->len, 65536);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			out->len += (size_t)n;
		if (out->len > max)
			return -EFBIG;
	} while (n != 0);
	out->data[out->len] = '\0';
	return 0;
}

static int
run_file(struct call *call, const char *path, struct handler_result *result)
{
	size_t max = call->config->server.limits.max_result;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat about;
	int error = fd < 0 ? -errno : 0;

	if (error == 0 && (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)))
		error = -EINVAL;
	if (error == 0)
		error = read_all(fd, max, &result->text);
	if (fd >= 0)
		close(fd);
	if (error == 0)
		return 0;
	mcp_buf_reset(&result->text);
	if (error == -ENOENT) {
		mcp_buf_puts(&result->text, "The file is not there any more");
		return HANDLER_E_NONE;
	}
	if (error == -EFBIG) {
		mcp_buf_puts(&result->text,
		    "The file is larger than this server sends");
		return HANDLER_E_FAILED;
	}
	return error;
}

int
handler_run(struct call *call, const struct mcp_handler *handler,
    struct json_object *values, struct handler_result *result)
{
	switch (handler->kind) {
	case MCP_HANDLER_SQL:
		return handler_sql_run(call, &handler->sql, values, result);
	case MCP_HANDLER_EXEC:
		return handler_exec_run(call, &handler->exec, values, result);
	case MCP_HANDLER_TEXT:
		mcp_template_expand(&handler->text, handler_value, values,
		    &result->text);
		return result->text.failed ? -ENOMEM : 0;
	case MCP_HANDLER_FILE:
		return run_file(call, handler->file, result);
	case MCP_HANDLER_PLUGIN:
		return handler_plugin_run(call, handler->function, values,
		    result);
	case MCP_HANDLER_HTTP:
		return handler_http_run(call, handler->http, values, result);
	case MCP_HANDLER_NONE:
		break;
	}
	return -ENOSYS;
}

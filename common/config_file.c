/* config_file.c - I read the main file, and those it includes */

#include "config_parse.h"

#include <mcp/scan.h>

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a problem with the file as a whole is told: at the "include" that
 * names it, or, of the main file, at no line at all. */
struct source {
	const struct config_at *include;
	struct config_at whole;
};

static const struct config_at *
told_at(const struct source *source)
{
	return source->include != NULL ? source->include : &source->whole;
}

/* --- paths --- */

static char *
join(struct config_reader *reader, struct mcp_text front, const char *path)
{
	struct mcp_buf out = MCP_BUF_INIT;

	mcp_buf_text(&out, front);
	if (front.len > 0 && front.at[front.len - 1] != '/')
		mcp_buf_putc(&out, '/');
	mcp_buf_puts(&out, path);
	if (!out.failed)
		return out.data;
	reader->no_memory = true;
	mcp_buf_deinit(&out);
	return NULL;
}

static char *
absolute(struct config_reader *reader, const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/')
		return join(reader, MCP_TEXT_INIT, path);
	if (getcwd(here, sizeof(here)) == NULL)
		strcpy(here, ".");
	return join(reader, mcp_text_of(here), path);
}

static char *
whole_path(struct config_reader *reader, const char *path)
{
	struct mcp_text whole, bytes;

	if (reader->pack != NULL &&
	    config_pack_find(reader->pack, path, &whole, &bytes))
		return mcp_text_dup(whole);
	return absolute(reader, path);
}

/* up to its last slash, that included; empty where there is none */
static struct mcp_text
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (struct mcp_text){ path,
		slash == NULL ? 0 : (size_t)(slash - path) + 1 };
}

char *
config_path(struct config_reader *reader, const struct config_file *file,
    const char *path)
{
	return path[0] == '/'
	    ? join(reader, MCP_TEXT_INIT, path)
	    : join(reader, mcp_text_of(file->directory), path);
}

/* --- bytes --- */

static bool
is_taken(const struct config_reader *reader, const char *path)
{
	for (size_t i = 0; i < reader->n_files; i++)
		if (strcmp(reader->files[i].path, path) == 0)
			return true;
	return false;
}

/* Return: bytes read; -errno; -EFBIG beyond @max */
static ssize_t
read_whole(int fd, char *bytes, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len <= max) {
		n = read(fd, bytes + len, max + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return (ssize_t)len;
		len += (size_t)n;
	}
	return -EFBIG;
}

/* O_NONBLOCK: nobody can make us wait with a FIFO */
static int
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat is;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &is) == 0 && S_ISREG(is.st_mode))
		return fd;
	close(fd);
	return -EISDIR;
}

/* Return: 0, and a NUL behind the bytes; -errno; -EFBIG beyond @max */
static int
disk_bytes(const char *path, size_t max, char **bytesp, size_t *lenp)
{
	int fd = open_file(path);
	char *bytes, *shorter;
	ssize_t n;

	if (fd < 0)
		return fd;
	bytes = malloc(max + 2);
	n = bytes == NULL ? -ENOMEM : read_whole(fd, bytes, max);
	close(fd);
	if (n < 0) {
		free(bytes);
		return (int)n;
	}
	bytes[n] = '\0';
	shorter = realloc(bytes, (size_t)n + 1);
	*bytesp = shorter != NULL ? shorter : bytes;
	*lenp = (size_t)n;
	return 0;
}

static int
file_bytes(const struct config_reader *reader, struct config_file *file)
{
	struct mcp_text whole, bytes;

	if (reader->pack == NULL)
		return disk_bytes(
		    file->path, CONFIG_FILE_MAX, &file->bytes, &file->len);
	if (!config_pack_find(reader->pack, file->path, &whole, &bytes))
		return -ENOENT;
	file->bytes = mcp_text_dup(bytes);
	file->len = bytes.len;
	return file->bytes == NULL ? -ENOMEM : 0;
}

static void
tell_unread(struct config_reader *reader, const struct source *source,
    const struct config_file *file, int error)
{
	if (error == -ENOMEM)
		reader->no_memory = true;
	else if (error == -EFBIG)
		config_problem(reader, told_at(source),
		    "%s is larger than %u bytes. Split it with \"include\"",
		    file->path, CONFIG_FILE_MAX);
	else if (error == -EISDIR)
		config_problem(reader, told_at(source),
		    "%s is no regular file. Name a file of JSON", file->path);
	else
		config_problem(reader, told_at(source),
		    "%s cannot be read: %s. Check its name and its mode",
		    file->path, strerror(-error));
}

/* --- JSON --- */

static const char *
remedy(int condition)
{
	switch (condition) {
	case MCP_SCAN_E_SYNTAX:
		return "Beyond plain JSON only // and /* */ comments are "
		       "allowed; look for a comma too many or too few";
	case MCP_SCAN_E_UTF8:
		return "Save the file as UTF-8";
	case MCP_SCAN_E_DEPTH:
		return "Nest less deeply";
	case MCP_SCAN_E_DUPLICATE:
		return "Keep one of the two";
	case MCP_SCAN_E_INTEGER:
		return "Write a smaller number, or a string";
	default:
		return "Take it out";
	}
}

static bool
is_strict(struct config_reader *reader, const struct config_file *file)
{
	struct mcp_text text = { file->bytes, file->len };
	struct mcp_scan_error error;
	int r = mcp_scan(text, MCP_SCAN_COMMENTS, NULL, 0, &error);

	if (r < 0)
		reader->no_memory = true;
	if (r > 0 && file->entry != NULL) {
		reader->n_errors++;
		mcp_problems_add(reader->problems, false, file->path, 0,
		    "%s: %s (line %u, column %u). %s", file->entry, error.what,
		    error.line, error.column, remedy(r));
	} else if (r > 0) {
		reader->n_errors++;
		mcp_problems_add(reader->problems, false, file->path,
		    error.line, "%s (column %u). %s", error.what, error.column,
		    remedy(r));
	}
	return r == 0;
}

/* The scanner has had its say, so what json-c still refuses is memory. */
static void
file_json(struct config_reader *reader, struct config_file *file)
{
	struct json_tokener *tokener =
	    json_tokener_new_ex(MCP_SCAN_DEPTH_MAX + 1);
	char *plain = mcp_text_dup((struct mcp_text){ file->bytes, file->len });

	if (tokener != NULL && plain != NULL) {
		mcp_scan_blank(plain, file->len);
		file->json =
		    json_tokener_parse_ex(tokener, plain, (int)file->len + 1);
	}
	if (tokener == NULL || plain == NULL ||
	    json_tokener_get_error(tokener) != json_tokener_success)
		reader->no_memory = true;
	if (tokener != NULL)
		json_tokener_free(tokener);
	free(plain);
}

/* C strings end at a NUL, so one within a value would cut it short unseen. */
static void
refuse_nul(struct config_reader *reader, const struct config_at *at)
{
	if (json_object_is_type(at->json, json_type_string) &&
	    strlen(json_object_get_string(at->json)) !=
		(size_t)json_object_get_string_len(at->json))
		config_problem(reader, at,
		    "a string holds a NUL character. Take the \\u0000 out");
	if (json_object_is_type(at->json, json_type_array)) {
		size_t n = json_object_array_length(at->json);

		for (size_t i = 0; i < n; i++)
			refuse_nul(reader,
			    &(struct config_at){ at, NULL, i,
				json_object_array_get_idx(at->json, i),
				at->file });
	}
	if (!json_object_is_type(at->json, json_type_object))
		return;
	json_object_object_foreach(at->json, name, json)
		refuse_nul(
		    reader, &(struct config_at){ at, name, 0, json, at->file });
}

void
config_file_parse(struct config_reader *reader, struct config_file *file)
{
	struct config_at whole = { NULL, NULL, 0, NULL, file };

	if (!is_strict(reader, file))
		return;
	file_json(reader, file);
	whole.json = file->json;
	if (!reader->no_memory && config_is(reader, &whole, json_type_object))
		refuse_nul(reader, &whole);
}

/* --- files --- */

static struct config_file *
new_file(struct config_reader *reader, const char *path)
{
	size_t n = reader->n_files;
	struct config_file *file = &reader->files[n];

	*file = (struct config_file){ .len = 0 };
	file->path = join(reader, MCP_TEXT_INIT, path);
	file->whole = whole_path(reader, path);
	if (file->whole != NULL)
		file->directory = mcp_text_dup(directory_of(file->whole));
	if (n == 0 && file->whole != NULL)
		reader->config->path = mcp_text_dup(mcp_text_of(file->whole));
	reader->n_files++;
	if (file->path == NULL || file->directory == NULL ||
	    reader->config->path == NULL)
		reader->no_memory = true;
	return reader->no_memory ? NULL : file;
}

static void
read_file(struct config_reader *reader, const char *path,
    const struct config_at *include)
{
	struct source source = { include, { NULL, NULL, 0, NULL, NULL } };
	struct config_file *file;
	int r;

	if (is_taken(reader, path))
		return;
	if (reader->n_files == CONFIG_FILES_MAX) {
		config_problem(reader, include,
		    "this is more than %u files. Join some of them",
		    CONFIG_FILES_MAX);
		return;
	}
	file = new_file(reader, path);
	if (file == NULL)
		return;
	source.whole.file = file;
	r = file_bytes(reader, file);
	if (r < 0)
		tell_unread(reader, &source, file, r);
	else
		config_file_parse(reader, file);
}

/* --- include --- */

static bool
is_wild(struct mcp_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr("*?[", text.at[i]) != NULL)
			return true;
	return false;
}

/* The directory is meant as it stands, whatever characters it has. */
static char *
pattern_of(struct config_reader *reader, const char *path)
{
	struct mcp_text front = directory_of(path);
	struct mcp_buf out = MCP_BUF_INIT;

	for (size_t i = 0; i < front.len; i++) {
		if (strchr("*?[\\", front.at[i]) != NULL)
			mcp_buf_putc(&out, '\\');
		mcp_buf_putc(&out, front.at[i]);
	}
	mcp_buf_puts(&out, path + front.len);
	if (!out.failed)
		return out.data;
	reader->no_memory = true;
	mcp_buf_deinit(&out);
	return NULL;
}

/* As they matched when the pack was made, in that order. */
static void
read_packed(struct config_reader *reader, const char *pattern,
    const struct config_at *at)
{
	struct mcp_buf buf = MCP_BUF_INIT;
	const char *path;

	for (size_t i = 1;
	     (path = config_pack_path(reader->pack, i, &buf)) != NULL; i++)
		if (fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0)
			read_file(reader, path, at);
	reader->no_memory |= buf.failed;
	mcp_buf_deinit(&buf);
}

/* No match is no problem: an empty tools.d is a good beginning. */
static void
read_matches(
    struct config_reader *reader, const char *path, const struct config_at *at)
{
	char *pattern = pattern_of(reader, path);
	glob_t found;
	int r;

	if (pattern == NULL)
		return;
	if (reader->pack != NULL) {
		read_packed(reader, pattern, at);
		free(pattern);
		return;
	}
	r = glob(pattern, 0, NULL, &found);
	free(pattern);
	if (r == GLOB_NOSPACE)
		reader->no_memory = true;
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
		read_file(reader, found.gl_pathv[i], at);
	if (r == 0)
		globfree(&found);
}

/* Wildcards in the file name only: one directory is read, not a disk. */
static void
read_include(struct config_reader *reader, const struct config_at *at)
{
	const char *named;
	struct mcp_text front;
	char *path;

	if (!config_is(reader, at, json_type_string))
		return;
	named = json_object_get_string(at->json);
	front = directory_of(named);
	if (is_wild(front)) {
		config_problem(reader, at,
		    "\"%.*s\" has wildcards in its directory. Put them into "
		    "the file name, or name each directory",
		    CONFIG_QUOTE(named));
		return;
	}
	path = named[0] == '/'
	    ? join(reader, MCP_TEXT_INIT, named)
	    : join(reader, directory_of(at->file->path), named);
	if (path == NULL)
		return;
	if (is_wild(mcp_text_of(named + front.len)))
		read_matches(reader, path, at);
	else
		read_file(reader, path, at);
	free(path);
}

static void
read_includes(struct config_reader *reader, const struct config_file *main)
{
	struct config_at whole = { NULL, NULL, 0, main->json, main };
	struct config_at list;

	if (!config_get(&whole, "include", &list) ||
	    !config_is(reader, &list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list.json); i++)
		read_include(reader,
		    &(struct config_at){ &list, NULL, i,
			json_object_array_get_idx(list.json, i), main });
}

static bool
is_pack(const char *path)
{
	char head[CONFIG_PACK_HEAD];
	int fd = open_file(path);
	ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof(head));

	if (fd >= 0)
		close(fd);
	return n == sizeof(head) &&
	    config_pack_is((struct mcp_text){ head, sizeof(head) });
}

/* A pack stands for the main file it was made from, and for all others.
 * Return: the main file's path, in @out; NULL: no memory, or a problem told */
static const char *
open_pack(struct config_reader *reader, const char *path, struct mcp_buf *out)
{
	char *bytes = NULL;
	size_t len = 0;
	int r = disk_bytes(path, CONFIG_PACK_MAX, &bytes, &len);

	if (r == 0)
		r = config_pack_open(&bytes, len, &reader->pack);
	free(bytes);
	if (r == 0)
		return config_pack_path(reader->pack, 0, out);
	if (r == -ENOMEM) {
		reader->no_memory = true;
		return NULL;
	}
	reader->n_errors++;
	mcp_problems_add(reader->problems, false, path, 0,
	    "this snapshot is cut or altered. Reload the site");
	return NULL;
}

/* What schemas may refer to: read as included files are, but no sections. */
static void
read_schemas(struct config_reader *reader, const struct config_file *file)
{
	struct config_at whole = { NULL, NULL, 0, file->json, file };
	struct config_at list;
	size_t n = reader->n_files;

	if (!config_get(&whole, "schemas", &list) ||
	    !config_is(reader, &list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list.json); i++)
		read_include(reader,
		    &(struct config_at){ &list, NULL, i,
			json_object_array_get_idx(list.json, i), file });
	for (; n < reader->n_files; n++)
		reader->files[n].is_schema = true;
}

void
config_files_read(struct config_reader *reader, const char *path)
{
	struct mcp_buf first = MCP_BUF_INIT;

	/* never moved again: the chains of struct config_at point into it */
	reader->files = calloc(CONFIG_FILES_MAX, sizeof(*reader->files));
	if (reader->files == NULL) {
		reader->no_memory = true;
		return;
	}
	if (is_pack(path))
		path = open_pack(reader, path, &first);
	if (path != NULL)
		read_file(reader, path, NULL);
	reader->no_memory |= first.failed;
	if (!reader->no_memory && path != NULL)
		read_includes(reader, &reader->files[0]);
	for (size_t i = 0; i < reader->n_files && !reader->no_memory; i++)
		if (!reader->files[i].is_schema)
			read_schemas(reader, &reader->files[i]);
	mcp_buf_deinit(&first);
}

void
config_files_free(struct config_reader *reader)
{
	for (size_t i = 0; i < reader->n_files; i++) {
		free(reader->files[i].path);
		free(reader->files[i].whole);
		free(reader->files[i].directory);
		free(reader->files[i].bytes);
		free(reader->files[i].entry);
		json_object_put(reader->files[i].json);
	}
	free(reader->files);
	config_pack_free(reader->pack);
}

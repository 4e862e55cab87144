/* import.c - I read a description of somebody's API, and write a tools file
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include <mcp/scan.h>

#include "ctl.h"
#include "openapi.h"
#include "yaml.h"

#define FILE_MOST (16u << 20)  /* bytes of a description */
#define CONFIG_MOST (4u << 20) /* bytes of a file of mcp.json(5) */
#define CHOICES_MAX 256	       /* of --tag, and of --operation */
#define PREFIX_MOST 32	       /* bytes, half of a name */

static const char usage[] =
    "usage: mcpctl import openapi [OPTION...] FILE\n\n"
    "Makes a tools file of an OpenAPI 3 description, JSON or YAML.\n\n"
    "  --base-url URL      where the back end is, if not where it says\n"
    "  --prefix NAME_      what each tool's name begins with\n"
    "  --tag TAG           only operations with this tag; may be repeated\n"
    "  --operation ID      only this operation; may be repeated\n"
    "  --read-only         only GET and HEAD\n"
    "  --no-output-schema  promise nothing about results\n"
    "  --output FILE       write there instead of to standard output\n"
    "  --force             even if that file exists\n";

struct request {
	struct openapi_options options;
	const char *tags[CHOICES_MAX];
	const char *operations[CHOICES_MAX];
	const char *path; /* "-" is standard input */
	const char *output;
	bool force;
};

/* --- what is asked --- */

static int
complain(const char *sentence)
{
	fprintf(stderr, "mcpctl: %s\n", sentence);
	return 2;
}

static int
take_prefix(struct request *request, const char *prefix)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789_";

	request->options.prefix = prefix;
	return strspn(prefix, letters) == strlen(prefix) &&
		strlen(prefix) <= PREFIX_MOST
	    ? 0
	    : complain("--prefix takes up to 32 letters, digits and \"_\"");
}

static int
take_choice(const char **choices, size_t *np, const char *choice)
{
	if (*np == CHOICES_MAX)
		return complain("--tag and --operation may be given 256 times");
	choices[(*np)++] = choice;
	return 0;
}

static int
take_base(struct request *request, const char *url)
{
	request->options.base_url = url;
	return (strncmp(url, "http://", 7) == 0 && url[7] != '\0') ||
		(strncmp(url, "https://", 8) == 0 && url[8] != '\0')
	    ? 0
	    : complain("--base-url takes an address that begins with http:// "
		       "or https://");
}

static int
take_option(struct request *request, int c)
{
	struct openapi_options *options = &request->options;

	switch (c) {
	case 'b':
		return take_base(request, optarg);
	case 'p':
		return take_prefix(request, optarg);
	case 't':
		return take_choice(request->tags, &options->n_tags, optarg);
	case 'i':
		return take_choice(
		    request->operations, &options->n_operations, optarg);
	case 'r':
		options->read_only = true;
		return 0;
	case 'n':
		options->no_output = true;
		return 0;
	case 'o':
		request->output = optarg;
		return 0;
	case 'f':
		request->force = true;
		return 0;
	default:
		fputs(usage, stderr);
		return 2;
	}
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0)
		return "standard input";
	return slash == NULL ? path : slash + 1;
}

/* 0: go on; else the exit status, or -1 for --help */
static int
read_request(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "base-url", required_argument, NULL, 'b' },
		{ "prefix", required_argument, NULL, 'p' },
		{ "tag", required_argument, NULL, 't' },
		{ "operation", required_argument, NULL, 'i' },
		{ "read-only", no_argument, NULL, 'r' },
		{ "no-output-schema", no_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r = 0;

	request->options.prefix = "";
	request->options.tags = request->tags;
	request->options.operations = request->operations;
	while (
	    r == 0 && (c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'h')
			return -1;
		r = take_option(request, c);
	}
	if (r != 0)
		return r;
	if (argc - optind != 2 || strcmp(argv[optind], "openapi") != 0) {
		fputs(usage, stderr);
		return 2;
	}
	request->path = argv[optind + 1];
	request->options.file = base_name(request->path);
	return 0;
}

/* --- what comes in --- */

static int
read_all(FILE *in, struct mcp_buf *out)
{
	size_t n = 1;

	while (n > 0 && out->len <= FILE_MOST) {
		if (mcp_buf_reserve(out, 65536) < 0)
			return -ENOMEM;
		n = fread(out->data + out->len, 1, 65536, in);
		out->len += n;
	}
	if (ferror(in))
		return -EIO;
	return out->len > FILE_MOST ? -EFBIG : 0;
}

static int
read_file(const char *path, struct mcp_buf *out)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *in = is_input ? stdin : fopen(path, "re");
	struct stat status;
	int r;

	if (in == NULL)
		return -errno;
	if (fstat(fileno(in), &status) == 0 && S_ISDIR(status.st_mode))
		r = -EISDIR;
	else
		r = read_all(in, out);
	if (!is_input)
		fclose(in);
	return r;
}

static struct mcp_text
without_mark(struct mcp_text text)
{
	if (!mcp_text_starts(text, "\xef\xbb\xbf"))
		return text;
	return (struct mcp_text){ text.at + 3, text.len - 3 };
}

static bool
is_json(struct mcp_text text)
{
	size_t i = 0;

	while (i < text.len && strchr(" \t\r\n", text.at[i]) != NULL &&
	    text.at[i] != '\0')
		i++;
	return i < text.len && text.at[i] == '{';
}

static int
read_json(struct mcp_text text, struct json_object **jsonp, unsigned *linep,
    struct mcp_buf *why)
{
	struct mcp_scan_error error;
	struct json_tokener *tokener;
	int r = mcp_scan(text, MCP_SCAN_MANY, NULL, 0, &error);

	if (r > 0) {
		*linep = error.line;
		mcp_buf_puts(why, error.what);
	}
	if (r != 0)
		return r;
	tokener = json_tokener_new_ex(MCP_SCAN_DEPTH_MAX + 1);
	if (tokener == NULL)
		return -ENOMEM;
	*jsonp = json_tokener_parse_ex(tokener, text.at, (int)text.len);
	if (*jsonp == NULL &&
	    json_tokener_get_error(tokener) != json_tokener_continue)
		r = -ENOMEM;
	json_tokener_free(tokener);
	return r;
}

/* the tree; NULL: it was said why not */
static struct json_object *
read_description(const struct request *request)
{
	struct mcp_buf bytes = MCP_BUF_INIT, why = MCP_BUF_INIT;
	struct json_object *json = NULL;
	struct mcp_text text;
	unsigned line = 0;
	int r = read_file(request->path, &bytes);

	text = without_mark(mcp_buf_view(&bytes));
	if (r == 0)
		r = is_json(text) ? read_json(text, &json, &line, &why)
				  : yaml_read(text, &json, &line, &why);
	if (r == -EFBIG)
		fprintf(stderr,
		    "mcpctl: %s is larger than %u bytes; take out what no "
		    "tool needs\n",
		    request->options.file, FILE_MOST);
	else if (r < 0)
		fprintf(stderr, "mcpctl: %s cannot be read: %s\n",
		    request->options.file, strerror(-r));
	else if (r > 0 && line > 0)
		fprintf(stderr, "mcpctl: %s:%u: %s\n", request->options.file,
		    line, why.data == NULL ? "" : why.data);
	else if (r > 0)
		fprintf(stderr, "mcpctl: %s: %s\n", request->options.file,
		    why.data == NULL ? "" : why.data);
	else if (json == NULL)
		fprintf(stderr, "mcpctl: %s is empty\n", request->options.file);
	mcp_buf_deinit(&bytes);
	mcp_buf_deinit(&why);
	return json;
}

/* --- what goes out --- */

static int
write_to(int fd, const struct mcp_buf *out)
{
	size_t done = 0;

	while (done < out->len) {
		ssize_t n = write(fd, out->data + done, out->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n < 0 ? 0 : (size_t)n;
	}
	return 0;
}

/* Beside it, and then in its place: nobody reads half of it. */
static int
replace(const char *path, const struct mcp_buf *out)
{
	char beside[PATH_MAX];
	mode_t mask = umask(0);
	int fd, r;

	umask(mask);
	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >=
	    (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = mkstemp(beside);
	if (fd < 0)
		return -errno;
	r = write_to(fd, out);
	if (r == 0 && fchmod(fd, 0666 & ~mask) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(beside);
	return r;
}

static int
create(const char *path, const struct mcp_buf *out)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int r;

	if (fd < 0)
		return -errno;
	r = write_to(fd, out);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		unlink(path);
	return r;
}

static int
put_out(const struct request *request, const struct mcp_buf *out)
{
	const char *path = request->output;
	int r;

	if (path == NULL)
		r = write_to(STDOUT_FILENO, out);
	else
		r = request->force ? replace(path, out) : create(path, out);
	if (r == -EEXIST)
		fprintf(stderr,
		    "mcpctl: %s exists, and may have been edited; --force "
		    "writes over it\n",
		    path);
	else if (r < 0)
		fprintf(stderr, "mcpctl: cannot write %s: %s\n",
		    path == NULL ? "to standard output" : path, strerror(-r));
	return r < 0 ? 1 : 0;
}

/* One file of a configuration has bounds of its own. */
static void
warn_of_size(const struct request *request, const struct mcp_buf *out)
{
	if (out->len > CONFIG_MOST ||
	    mcp_scan(mcp_buf_view(out), MCP_SCAN_COMMENTS, NULL, 0, NULL) ==
		MCP_SCAN_E_VALUES)
		fprintf(stderr,
		    "mcpctl: %s: the tools are more than one file of a "
		    "configuration may hold; import in parts, with --tag\n",
		    request->options.file);
}

static int
import(const struct request *request, struct json_object *json)
{
	struct mcp_buf out = MCP_BUF_INIT, told = MCP_BUF_INIT;
	int r = openapi_import(json, &request->options, &out, &told);

	if (told.len > 0)
		fwrite(told.data, 1, told.len, stderr);
	if (r < 0)
		fprintf(stderr, "mcpctl: %s: %s\n", request->options.file,
		    strerror(-r));
	if (r == 0) {
		warn_of_size(request, &out);
		r = put_out(request, &out);
	}
	mcp_buf_deinit(&out);
	mcp_buf_deinit(&told);
	return r == 0 ? 0 : 1;
}

int
ctl_import(int argc, char **argv)
{
	struct request request = { .path = NULL };
	struct json_object *json;
	int r = read_request(&request, argc, argv);

	if (r < 0)
		fputs(usage, stdout);
	if (r != 0)
		return r < 0 ? 0 : r;
	json = read_description(&request);
	if (json == NULL)
		return 1;
	r = import(&request, json);
	json_object_put(json);
	return r;
}

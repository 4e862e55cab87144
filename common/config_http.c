/* config_http.c - I read what is asked of a back end: address, headers, body
 *
 * What an argument can never change is cut off here: scheme, host and port are
 * the origin, and places stand behind it. Strings become templates, a string
 * that is one place alone becomes the argument itself, a list of names an
 * object of those arguments. Secrets are only named: who sends them reads them.
 */

#include "config.h"

#include "config_parse.h"
#include "template.h"

#include <mcp/json.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/un.h>

#define FIELDS_MAX 1000 /* of a query, a form, or the headers */
#define RETRIES_MAX 5
#define STATUS_LEAST 100
#define STATUS_MOST 599

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define TOKEN LETTERS DIGITS "!#$%&'*+-.^_`|~"     /* RFC 9110, "Tokens" */
#define IN_PATH LETTERS DIGITS "-._~!$&'()*+,;=:@/" /* RFC 3986, "Path" */

static const char *const method_names[] = { "GET", "HEAD", "POST", "PUT",
	"PATCH", "DELETE", NULL };
static const char *const output_names[] = { "auto", "json", "text", NULL };

/* Which of @key's choices is it? Another was told. */
static int
choice(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at)
{
	config_string(reader, key, at, NULL);
	if (json_object_is_type(at->json, json_type_string))
		for (int i = 0; key->choices[i] != NULL; i++)
			if (strcmp(key->choices[i],
				json_object_get_string(at->json)) == 0)
				return i;
	return 0;
}

static void
read_method(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;

	http->method = (enum mcp_http_method)choice(reader, key, at);
}

static void
read_output(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;

	http->output = (enum mcp_http_output)choice(reader, key, at);
}

/* --- the address --- */

static const char *
wrong_port(const char *port)
{
	uint64_t number;

	if (mcp_text_number(mcp_text_of(port), &number) != 0 || number == 0 ||
	    number > 65535)
		return "its port is no number from 1 to 65535. Mend it";
	return NULL;
}

/* @authority: host, or host:port, or [address of version 6]:port */
static const char *
wrong_authority(const char *authority)
{
	const char *end;

	if (strpbrk(authority, "{}") != NULL)
		return "a place stands in its host. Places belong behind it";
	if (strchr(authority, '@') != NULL)
		return "it holds credentials. Say them under \"headers\"";
	if (authority[0] == '[') {
		end = authority + 1 +
		    strspn(authority + 1, "0123456789abcdefABCDEF:.");
		if (*end != ']' || end == authority + 1)
			return "its host is no address in brackets. Mend it";
		end++;
	} else {
		end = authority + strspn(authority, LETTERS DIGITS "-._");
		if (end == authority)
			return "it names no host. Write "
			       "\"http://127.0.0.1:3000/path\"";
	}
	if (*end == ':')
		return wrong_port(end + 1);
	return *end == '\0' ? NULL : "its host is no name. Mend it";
}

/* Of what stands in the file, its places are not looked at. */
static const char *
wrong_literal(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (at[i] == '?')
			return "it holds a \"?\". Say what follows it under "
			       "\"query\"";
		if (at[i] == '%' && isxdigit((unsigned char)at[i + 1]) &&
		    isxdigit((unsigned char)at[i + 2]))
			i += 2;
		else if (strchr(IN_PATH, at[i]) == NULL)
			return "its path holds what no path may. Write it as "
			       "%XX";
	}
	return NULL;
}

static bool
has_dots(const char *path)
{
	size_t len;

	for (; *path != '\0'; path += len + (path[len] == '/')) {
		len = strcspn(path, "/");
		if ((len == 1 || len == 2) && strncmp(path, "..", len) == 0)
			return true;
	}
	return false;
}

static const char *
wrong_path(const char *path, const struct mcp_template *template)
{
	const char *why = NULL;

	if (has_dots(path))
		return "its path has a \".\" or \"..\". Write where that leads";
	for (size_t i = 0; i < template->n && why == NULL; i++)
		if (!template->pieces[i].place)
			why = wrong_literal(template->pieces[i].text,
			    template->pieces[i].len);
	return why;
}

static const char *
read_path(struct config_reader *reader, struct mcp_http *http, const char *path)
{
	const char *why = NULL;
	int r;

	if (path[0] != '/' && path[0] != '\0')
		return "its path does not begin with a \"/\". Say a query "
		       "under \"query\", and leave a fragment out";
	r = template_init(
	    &http->path, mcp_text_of(path[0] == '\0' ? "/" : path), &why);
	if (r < 0)
		reader->no_memory = true;
	return r == 0 ? wrong_path(path, &http->path) : why;
}

static void
read_url(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;
	const char *url, *authority, *path, *why = NULL;

	(void)key;
	if (!config_is(reader, at, json_type_string))
		return;
	url = json_object_get_string(at->json);
	if (strncmp(url, "http://", 7) != 0 &&
	    strncmp(url, "https://", 8) != 0) {
		config_problem(reader, at,
		    "\"url\" begins with neither http:// nor https://. Write "
		    "\"http://127.0.0.1:3000/path\"");
		return;
	}
	authority = strstr(url, "://") + 3;
	path = authority + strcspn(authority, "/?#");
	http->origin =
	    mcp_text_dup((struct mcp_text){ url, (size_t)(path - url) });
	if (http->origin == NULL)
		reader->no_memory = true;
	else
		why = wrong_authority(http->origin + (authority - url));
	if (why == NULL)
		why = read_path(reader, http, path);
	if (why != NULL)
		config_problem(reader, at, "in \"url\" %s", why);
}

static void
read_socket(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;

	(void)key;
	if (!config_is(reader, at, json_type_string))
		return;
	http->socket =
	    config_path(reader, at->file, json_object_get_string(at->json));
	if (http->socket != NULL &&
	    strlen(http->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		config_problem(reader, at,
		    "%s is too long for a socket. Give it a shorter path",
		    http->socket);
}

static void
read_ca(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;
	struct stat is;

	(void)key;
	if (!config_is(reader, at, json_type_string))
		return;
	http->ca =
	    config_path(reader, at->file, json_object_get_string(at->json));
	if (http->ca != NULL && stat(http->ca, &is) < 0 &&
	    (errno == ENOENT || errno == ENOTDIR))
		config_problem(reader, at,
		    "%s does not exist. Relative paths start from %s", http->ca,
		    at->file->directory);
}

/* --- values --- */

static void
read_template(struct config_reader *reader, const struct config_at *at,
    const char *string, struct mcp_http_value *value)
{
	const char *why;
	int r = template_init(&value->template, mcp_text_of(string), &why);

	value->kind = MCP_HTTP_TEMPLATE;
	if (r < 0)
		reader->no_memory = true;
	else if (r > 0)
		config_problem(reader, at, "in \"%.*s\" %s",
		    CONFIG_QUOTE(string), why);
	else if (value->template.n == 1 && value->template.pieces[0].place)
		value->kind = MCP_HTTP_ARGUMENT;
}

static struct mcp_http_value *
add_member(struct config_reader *reader, struct mcp_http_value *value,
    const char *name)
{
	struct mcp_http_value *members =
	    realloc(value->members, (value->n + 1) * sizeof(*members));

	if (members == NULL) {
		reader->no_memory = true;
		return NULL;
	}
	value->members = members;
	members += value->n++;
	memset(members, 0, sizeof(*members));
	if (name != NULL)
		config_keep(reader, &members->name, name);
	return members;
}

/* How a member of an object or an element of an array is read. */
typedef void (*value_fn)(struct config_reader *reader,
    const struct config_at *at, struct mcp_http_value *value);

static void
read_all(struct config_reader *reader, const struct config_at *at,
    struct mcp_http_value *value, value_fn read)
{
	struct mcp_http_value *member;

	value->kind = MCP_HTTP_OBJECT;
	json_object_object_foreach(at->json, name, json) {
		struct config_at one = { at, name, 0, json, at->file };

		member = add_member(reader, value, name);
		if (member != NULL)
			read(reader, &one, member);
	}
}

static void
read_elements(struct config_reader *reader, const struct config_at *at,
    struct mcp_http_value *value, value_fn read)
{
	struct mcp_http_value *element;

	value->kind = MCP_HTTP_ARRAY;
	for (size_t i = 0; i < json_object_array_length(at->json); i++) {
		struct config_at one = { at, NULL, i,
			json_object_array_get_idx(at->json, i), at->file };

		element = add_member(reader, value, NULL);
		if (element != NULL)
			read(reader, &one, element);
	}
}

/* A list of names: an object of the arguments that have them. */
static void
read_names(struct config_reader *reader, const struct config_at *at,
    struct mcp_http_value *value)
{
	struct mcp_buf place = MCP_BUF_INIT;
	struct mcp_http_value *member;

	value->kind = MCP_HTTP_OBJECT;
	for (size_t i = 0; i < json_object_array_length(at->json); i++) {
		struct config_at one = { at, NULL, i,
			json_object_array_get_idx(at->json, i), at->file };
		const char *name;

		if (!config_is(reader, &one, json_type_string))
			continue;
		name = json_object_get_string(one.json);
		mcp_buf_reset(&place);
		mcp_buf_printf(&place, "{%s}", name);
		member = add_member(reader, value, name);
		if (member != NULL && !place.failed)
			read_template(reader, &one, place.data, member);
		reader->no_memory |= place.failed;
	}
	mcp_buf_deinit(&place);
}

static void
read_literal(struct config_reader *reader, const struct config_at *at,
    struct mcp_http_value *value)
{
	const char *text = mcp_json_text(at->json);

	value->kind = MCP_HTTP_LITERAL;
	if (text == NULL)
		reader->no_memory = true;
	else
		config_keep(reader, &value->text, text);
}

static void
read_json_value(struct config_reader *reader, const struct config_at *at,
    struct mcp_http_value *value)
{
	if (json_object_is_type(at->json, json_type_string))
		read_template(
		    reader, at, json_object_get_string(at->json), value);
	else if (json_object_is_type(at->json, json_type_object))
		read_all(reader, at, value, read_json_value);
	else if (json_object_is_type(at->json, json_type_array))
		read_elements(reader, at, value, read_json_value);
	else
		read_literal(reader, at, value);
}

/* A string, or what is written like one. */
static void
read_plain(struct config_reader *reader, const struct config_at *at,
    struct mcp_http_value *value)
{
	switch (json_object_get_type(at->json)) {
	case json_type_string:
		read_template(
		    reader, at, json_object_get_string(at->json), value);
		break;
	case json_type_boolean:
	case json_type_int:
	case json_type_double:
		read_literal(reader, at, value);
		break;
	default:
		config_is(reader, at, json_type_string);
	}
}

static void
read_field(struct config_reader *reader, const struct config_at *at,
    struct mcp_http_value *value)
{
	if (json_object_is_type(at->json, json_type_array))
		read_elements(reader, at, value, read_plain);
	else
		read_plain(reader, at, value);
}

static bool
is_few(struct config_reader *reader, const struct config_at *at)
{
	size_t n = json_object_is_type(at->json, json_type_array) ?
	    json_object_array_length(at->json) :
	    (size_t)json_object_object_length(at->json);

	if (n <= FIELDS_MAX)
		return true;
	config_problem(reader, at, "\"%s\" has %zu. Give it at most %d",
	    at->key, n, FIELDS_MAX);
	return false;
}

/* An object, or a list of names */
static bool
read_object(struct config_reader *reader, const struct config_at *at,
    struct mcp_http_value *value, value_fn read)
{
	if (json_object_is_type(at->json, json_type_array) &&
	    is_few(reader, at))
		read_names(reader, at, value);
	else if (config_is(reader, at, json_type_object) && is_few(reader, at))
		read_all(reader, at, value, read);
	else
		return false;
	return true;
}

static void
read_query(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;

	(void)key;
	read_object(reader, at, &http->query, read_field);
}

static void
read_form(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;

	(void)key;
	http->has_form = read_object(reader, at, &http->form, read_field);
}

static void
read_json(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;

	(void)key;
	http->has_json = true;
	if (json_object_is_type(at->json, json_type_string))
		read_json_value(reader, at, &http->json);
	else
		read_object(reader, at, &http->json, read_json_value);
}

/* --- headers --- */

/* Those that curl writes, or that say where a message ends. */
static const struct {
	const char *name, *remedy;
} reserved[] = {
	{ "Host", "It is the host of \"url\"" },
	{ "Content-Length", "It is counted" },
	{ "Content-Type", "A body that stands as it is has \"contentType\"" },
	{ "Transfer-Encoding", "Take it out" },
	{ "Accept-Encoding", "Take it out" },
	{ "Connection", "Take it out" },
	{ "Keep-Alive", "Take it out" },
	{ "Proxy-Connection", "Take it out" },
	{ "Proxy-Authorization", "Take it out" },
	{ "Expect", "Take it out" },
	{ "TE", "Take it out" },
	{ "Trailer", "Take it out" },
	{ "Upgrade", "Take it out" },
};

static bool
is_header(struct config_reader *reader, const struct config_at *at,
    const char *name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strcasecmp(reserved[i].name, name) == 0) {
			config_problem(reader, at,
			    "the header %s is not for the file to say. %s",
			    reserved[i].name, reserved[i].remedy);
			return false;
		}
	if (name[0] != '\0' && strspn(name, TOKEN) == strlen(name))
		return true;
	config_problem(reader, at,
	    "\"%.*s\" is no name of a header. Use letters, digits and \"-\"",
	    CONFIG_QUOTE(name));
	return false;
}

static const char *
wrong_variable(const char *name)
{
	if (strchr(DIGITS, name[0]) != NULL ||
	    strspn(name, LETTERS DIGITS "_") != strlen(name))
		return "Name a variable of the environment: letters, digits "
		       "and \"_\"";
	return NULL;
}

static void
read_secret_file(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http_value *value = base;

	(void)key;
	if (config_is(reader, at, json_type_string))
		value->file = config_path(
		    reader, at->file, json_object_get_string(at->json));
}

static const char *
wrong_prefix(const char *prefix)
{
	for (; *prefix != '\0'; prefix++)
		if ((unsigned char)*prefix < ' ' || *prefix == 0x7f)
			return "Take the control character out";
	return NULL;
}

static void
check_secret(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	(void)table;
	(void)base;
	if (config_has(at, "env") == config_has(at, "file"))
		config_problem(reader, at,
		    "a secret comes from one place. Give it an \"env\" or a "
		    "\"file\"");
}

static const struct config_key secret_keys[] = {
	{ "env", .read = config_string, .least = 1, .wrong = wrong_variable,
	    CONFIG_KEPT(struct mcp_http_value, variable) },
	{ "file", .read = read_secret_file },
	{ "prefix", .read = config_string, .wrong = wrong_prefix,
	    CONFIG_KEPT(struct mcp_http_value, prefix) },
};
static const struct config_table secret_table =
    CONFIG_TABLE("a secret", secret_keys, check_secret);

static void
read_header(struct config_reader *reader, const struct config_at *at,
    struct mcp_http_value *value)
{
	if (!is_header(reader, at, at->key))
		return;
	if (json_object_is_type(at->json, json_type_object)) {
		value->kind = MCP_HTTP_SECRET;
		config_object(reader, at, &secret_table, value);
		return;
	}
	read_plain(reader, at, value);
	for (size_t i = 0; i < value->template.n; i++)
		if (!value->template.pieces[i].place &&
		    wrong_prefix(value->template.pieces[i].text) != NULL)
			config_problem(reader, at,
			    "\"%s\" holds a control character. Take it out",
			    at->key);
}

static void
read_headers(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;

	(void)key;
	if (config_is(reader, at, json_type_object) && is_few(reader, at))
		read_all(reader, at, &http->headers, read_header);
}

static void
read_user(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	if (config_is(reader, at, json_type_string) &&
	    is_header(reader, at, json_object_get_string(at->json)))
		config_string(reader, key, at, base);
}

/* --- the answer --- */

static void
read_ok(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_http *http = base;

	(void)key;
	if (!config_is(reader, at, json_type_array))
		return;
	memset(http->ok, 0, sizeof(http->ok));
	for (size_t i = 0; i < json_object_array_length(at->json); i++) {
		struct config_at one = { at, NULL, i,
			json_object_array_get_idx(at->json, i), at->file };
		int64_t status = json_object_get_int64(one.json);

		if (!config_is(reader, &one, json_type_int))
			continue;
		if (status < STATUS_LEAST + 100 || status > STATUS_MOST)
			config_problem(reader, &one,
			    "%lld is no final status. Give one from 200 to "
			    "599", (long long)status);
		else
			http->ok[status - STATUS_LEAST] = true;
	}
}

/* --- the whole --- */

static const char *
wrong_content_type(const char *type)
{
	if (strchr(type, '/') == NULL || wrong_prefix(type) != NULL)
		return "Give a media type, \"text/plain\"";
	return NULL;
}

static bool
may_have_body(enum mcp_http_method method)
{
	return method != MCP_HTTP_GET && method != MCP_HTTP_HEAD;
}

static void
check_body(struct config_reader *reader, const struct config_at *at,
    const struct mcp_http *http)
{
	static const char *const bodies[] = { "json", "form", "body" };
	struct config_at member, first;
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		if (!config_get(at, bodies[i], &member))
			continue;
		if (n++ == 0)
			first = member;
		if (n == 2)
			config_problem(reader, &member,
			    "\"%s\" is a second body beside \"%s\". Keep one "
			    "of them", member.key, first.key);
		if (!may_have_body(http->method))
			config_problem(reader, &member,
			    "%s has no body. Say it under \"query\", or use "
			    "another method", method_names[http->method]);
	}
	if (config_get(at, "contentType", &member) && !config_has(at, "body"))
		config_problem(reader, &member,
		    "\"contentType\" is that of a \"body\", and there is none. "
		    "Take it out");
}

static bool
has_field(const struct mcp_http_value *headers, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (headers->members[i].name != NULL &&
		    strcasecmp(headers->members[i].name, name) == 0)
			return true;
	return false;
}

/* Two headers of one name, and each reader takes another. */
static void
check_twice(struct config_reader *reader, const struct config_at *at,
    const struct mcp_http *http)
{
	const struct mcp_http_value *all = &http->headers;
	const char *user = http->forward.user;

	for (size_t i = 0; i < all->n; i++)
		if (all->members[i].name != NULL &&
		    has_field(all, all->members[i].name, i))
			config_problem(reader, at,
			    "there are two headers \"%.*s\". Keep one",
			    CONFIG_QUOTE(all->members[i].name));
	if ((user != NULL && has_field(all, user, all->n)) ||
	    (http->forward.authorization &&
		(has_field(all, "Authorization", all->n) ||
		    (user != NULL && strcasecmp(user, "Authorization") == 0))))
		config_problem(reader, at,
		    "what \"forward\" sends is said a second time. Keep one of "
		    "the two");
}

static bool
is_loopback(const char *origin)
{
	const char *host = strstr(origin, "://") + 3;
	size_t len = strcspn(host, ":");

	if (host[0] == '[')
		return strncmp(host, "[::1]", 5) == 0;
	return (len == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	    (strncmp(host, "127.", 4) == 0 && host[len - 1] != '.' &&
		strspn(host, DIGITS ".") == len);
}

/* A token in the open is everybody's. */
static void
check_forward(struct config_reader *reader, const struct config_at *at,
    const struct mcp_http *http)
{
	struct config_at forward, member;

	if (!http->forward.authorization || http->origin == NULL ||
	    !config_get(at, "forward", &forward) ||
	    !config_get(&forward, "authorization", &member))
		return;
	reader->config->forwards = true;
	if (http->socket == NULL && !is_loopback(http->origin) &&
	    strncmp(http->origin, "https:", 6) != 0)
		config_problem(reader, &member,
		    "the caller's Authorization would travel unencrypted. Use "
		    "https, or a back end on this machine");
}

static void
check_http(struct config_reader *reader, const struct config_at *at,
    const struct config_table *table, void *base)
{
	const struct mcp_http *http = base;
	struct config_at member;

	(void)table;
	check_body(reader, at, http);
	check_twice(reader, at, http);
	check_forward(reader, at, http);
	if ((http->method == MCP_HTTP_POST || http->method == MCP_HTTP_PATCH) &&
	    http->retries > 0 && config_get(at, "retries", &member))
		config_warning(reader, &member,
		    "%s is never sent twice: it could be done twice. Take "
		    "\"retries\" out", method_names[http->method]);
	if (http->ca != NULL && http->origin != NULL &&
	    strncmp(http->origin, "https:", 6) != 0 &&
	    config_get(at, "ca", &member))
		config_warning(reader, &member,
		    "\"ca\" is for https only. Take it out");
}

static const struct config_key forward_keys[] = {
	{ "user", .read = read_user, .least = 1,
	    CONFIG_KEPT(struct mcp_http, forward.user) },
	{ "authorization", .read = config_bool,
	    CONFIG_KEPT(struct mcp_http, forward.authorization) },
};
static const struct config_table forward_table =
    CONFIG_TABLE("\"forward\"", forward_keys, NULL);

static void
read_forward(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	(void)key;
	config_object(reader, at, &forward_table, base);
}

static const struct config_key http_keys[] = {
	{ "method", .read = read_method, .choices = method_names },
	{ "url", .read = read_url, .required = true },
	{ "socket", .read = read_socket },
	{ "query", .read = read_query },
	{ "headers", .read = read_headers },
	{ "json", .read = read_json },
	{ "form", .read = read_form },
	{ "body", .read = config_template, CONFIG_KEPT(struct mcp_http, body) },
	{ "contentType", .read = config_string, .wrong = wrong_content_type,
	    CONFIG_KEPT(struct mcp_http, content_type) },
	{ "forward", .read = read_forward },
	{ "output", .read = read_output, .choices = output_names },
	{ "empty", .read = config_template, .least = 1,
	    CONFIG_KEPT(struct mcp_http, empty) },
	{ "ok", .read = read_ok },
	{ "timeout_ms", .read = config_count, .usual = 10000, .least = 1,
	    .most = 3600000, CONFIG_KEPT(struct mcp_http, timeout_ms) },
	{ "connect_ms", .read = config_count, .usual = 2000, .least = 1,
	    .most = 3600000, CONFIG_KEPT(struct mcp_http, connect_ms) },
	{ "max_bytes", .read = config_size, .usual = 1 << 20, .least = 64,
	    .most = 1 << 30, CONFIG_KEPT(struct mcp_http, max_bytes) },
	{ "retries", .read = config_count, .usual = 1, .most = RETRIES_MAX,
	    CONFIG_KEPT(struct mcp_http, retries) },
	{ "ca", .read = read_ca },
};
static const struct config_table http_table =
    CONFIG_TABLE("\"http\"", http_keys, check_http);

static bool
is_built(struct config_reader *reader, const struct config_at *at)
{
#ifdef HAVE_CURL
	(void)reader;
	(void)at;
	return true;
#else
	config_problem(reader, at,
	    "\"http\" needs libcurl, and this server was built without it. "
	    "Build it with libcurl, or take the handler out");
	return false;
#endif
}

void
config_http(struct config_reader *reader, const struct config_key *key,
    const struct config_at *at, void *base)
{
	struct mcp_handler *handler = (void *)((char *)base + key->where);

	if (!config_claim(reader, at, handler, MCP_HANDLER_HTTP) ||
	    !is_built(reader, at))
		return;
	handler->http = calloc(1, sizeof(*handler->http));
	if (handler->http == NULL) {
		reader->no_memory = true;
		return;
	}
	config_usual(&http_table, handler->http);
	for (unsigned status = 200; status < 300; status++)
		handler->http->ok[status - STATUS_LEAST] = true;
	config_object(reader, at, &http_table, handler->http);
}

/* --- are the places inputs? --- */

static void
check_value(struct config_reader *reader, const struct config_at *at,
    const struct mcp_http_value *value, const struct config_inputs *inputs)
{
	struct config_at one;

	config_template_check(reader, at, &value->template, inputs);
	for (size_t i = 0; i < value->n; i++) {
		const struct mcp_http_value *member = &value->members[i];

		if (json_object_is_type(at->json, json_type_array))
			one = (struct config_at){ at, NULL, i,
				json_object_array_get_idx(at->json, i),
				at->file };
		else if (member->name == NULL ||
		    !config_get(at, member->name, &one))
			continue;
		check_value(reader, &one, member, inputs);
	}
}

void
config_http_check(struct config_reader *reader, const struct config_at *at,
    const struct mcp_http *http, const struct config_inputs *inputs)
{
	struct config_at member;

	if (http == NULL)
		return;
	if (config_get(at, "url", &member))
		config_template_check(reader, &member, &http->path, inputs);
	if (config_get(at, "query", &member))
		check_value(reader, &member, &http->query, inputs);
	if (config_get(at, "headers", &member))
		check_value(reader, &member, &http->headers, inputs);
	if (config_get(at, "json", &member))
		check_value(reader, &member, &http->json, inputs);
	if (config_get(at, "form", &member))
		check_value(reader, &member, &http->form, inputs);
	if (config_get(at, "body", &member))
		config_template_check(reader, &member, &http->body, inputs);
	if (config_get(at, "empty", &member))
		config_template_check(reader, &member, &http->empty, inputs);
}

/* --- the end --- */

static void
value_deinit(struct mcp_http_value *value)
{
	for (size_t i = 0; i < value->n; i++)
		value_deinit(&value->members[i]);
	free(value->members);
	template_deinit(&value->template);
	free(value->name);
	free(value->text);
	free(value->variable);
	free(value->file);
	free(value->prefix);
}

void
config_http_free(struct mcp_http *http)
{
	if (http == NULL)
		return;
	value_deinit(&http->query);
	value_deinit(&http->headers);
	value_deinit(&http->json);
	value_deinit(&http->form);
	template_deinit(&http->path);
	template_deinit(&http->body);
	template_deinit(&http->empty);
	free(http->origin);
	free(http->socket);
	free(http->content_type);
	free(http->forward.user);
	free(http->ca);
	free(http);
}

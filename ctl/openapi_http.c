/* openapi_http.c - I know where a call is sent, and which secrets go with it
 *
 * A secret is never in what I write: only the name of the variable of the
 * worker's environment that holds it. The names are API_TOKEN, API_KEY and
 * API_BASIC, behind the prefix of the tools; where a description has several
 * schemes of a kind, the scheme's own name follows.
 *
 * Law: OpenAPI 3.0.3 and 3.1.0, "Server Object", "Security Scheme Object",
 *      "Security Requirement Object"
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "openapi_parts.h"

/* --- the server --- */

/* "https://{region}.example.com": each variable has a default. */
static char *
fill(struct openapi *openapi, const struct openapi_at *server, const char *url)
{
	const struct openapi_at *variables =
	    openapi_get(openapi, server, "variables");
	struct mcp_buf out = MCP_BUF_INIT;
	char *filled = NULL;

	while (*url != '\0') {
		size_t len = strcspn(url, "{");
		const char *end = strchr(url + len, '}'), *name, *value;

		mcp_buf_append(&out, url, len);
		url += len;
		if (*url == '\0')
			break;
		name = end == NULL ? ""
				   : openapi_print(openapi, "%.*s",
					 (int)(end - url - 1), url + 1);
		value = openapi_string(
		    openapi_get(openapi, variables, name ? name : ""),
		    "default");
		if (value == NULL) {
			openapi_warn(openapi, server,
			    "{%s} of the url has no default; give --base-url",
			    name == NULL ? "" : name);
			goto out;
		}
		mcp_buf_puts(&out, value);
		url = end + 1;
	}
	filled = openapi_print(openapi, "%s", out.data == NULL ? "" : out.data);
out:
	mcp_buf_deinit(&out);
	return filled;
}

/* where its path begins; NULL: it has no scheme and host of ours */
static const char *
path_of(const char *url)
{
	size_t scheme = strncasecmp(url, "https://", 8) == 0 ? 8
	    : strncasecmp(url, "http://", 7) == 0	     ? 7
							     : 0;
	size_t host = scheme == 0 ? 0 : strcspn(url + scheme, "/?#");

	return host == 0 ? NULL : url + scheme + host;
}

/* what is wrong with @url as the front of others; NULL: nothing */
static const char *
wrong_url(const char *url)
{
	const char *path = path_of(url);

	if (path == NULL)
		return "the server is not an http or https address; give "
		       "--base-url";
	if (memchr(url, '@', (size_t)(path - url)) != NULL)
		return "the server's address has a password in it, which is "
		       "not carried over; give --base-url";
	for (const char *c = url; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f ||
		    strchr("?#{}\\\"<>^`|", *c) != NULL)
			return "the server's address has more than scheme, "
			       "host and path; give --base-url";
	return NULL;
}

/* --base-url takes the place of scheme and host, and of the path where it has
 * one. */
static const char *
rebase(struct openapi *openapi, const char *url)
{
	const char *base = openapi->options->base_url;
	const char *base_path = base == NULL ? NULL : path_of(base);
	const char *path = path_of(url);

	if (base == NULL)
		return url;
	if (base_path != NULL && strcmp(base_path, "/") != 0 &&
	    *base_path != '\0')
		return base;
	if (path == NULL)
		path = url;
	path += strspn(path, "./");
	return openapi_print(openapi, "%.*s%s%s",
	    (int)(base_path == NULL ? strlen(base)
				    : (size_t)(base_path - base)),
	    base, *path == '\0' ? "" : "/", path);
}

/* the nearest list of servers that is not empty; NULL: none */
static const struct openapi_at *
servers(struct openapi *openapi, const struct openapi_operation *operation)
{
	const struct openapi_at *places[] = { operation->at, operation->item,
		openapi_root(openapi) };

	for (size_t i = 0; i < 3; i++) {
		const struct openapi_at *list =
		    openapi_get(openapi, places[i], "servers");

		list = openapi_element(openapi, list, 0);
		if (list != NULL)
			return list;
	}
	return NULL;
}

char *
openapi_base(struct openapi *openapi, const struct openapi_operation *operation)
{
	const struct openapi_at *server = servers(openapi, operation);
	const char *url = openapi_string(server, "url"), *why;
	const char *base = openapi->options->base_url;
	char *out;
	size_t len;

	/* a base with a path of its own needs no help of the description's */
	if (url != NULL && (base == NULL || rebase(openapi, "") != base))
		url = fill(openapi, server, url);
	else
		url = "/";
	if (url == NULL)
		return NULL;
	url = rebase(openapi, url);
	why = url == NULL ? NULL : wrong_url(url);
	if (why != NULL) {
		openapi_warn(openapi,
		    server == NULL ? openapi_root(openapi) : server, "%s", why);
		return NULL;
	}
	out = openapi_print(openapi, "%s", url == NULL ? "" : url);
	len = out == NULL ? 0 : strlen(out);
	while (len > 0 && out[len - 1] == '/')
		out[--len] = '\0';
	return out;
}

/* --- security --- */

/* A scheme that can be carried: header, kind of secret, what it is. */
struct scheme {
	const char *header;
	const char *prefix; /* of the header's value, or NULL */
	const char *kind;   /* the name of the variable */
	const char *what;
};

/* why it cannot be carried; NULL: it can, and *scheme says how */
static const char *
read_scheme(const struct openapi_at *at, struct scheme *scheme)
{
	const char *type = openapi_string(at, "type");
	const char *http = openapi_string(at, "scheme");
	const char *in = openapi_string(at, "in");
	const char *name = openapi_string(at, "name");

	if (type == NULL)
		return "a security scheme needs a \"type\"";
	if (strcmp(type, "http") == 0 && http != NULL &&
	    strcasecmp(http, "basic") == 0) {
		*scheme = (struct scheme){ "Authorization", "Basic ",
			"API_BASIC", "user:password in base64" };
		return NULL;
	}
	if ((strcmp(type, "http") == 0 && http != NULL &&
		strcasecmp(http, "bearer") == 0) ||
	    strcmp(type, "oauth2") == 0 || strcmp(type, "openIdConnect") == 0) {
		*scheme = (struct scheme){ "Authorization", "Bearer ",
			"API_TOKEN",
			*type == 'h' ? "the token"
				     : "an access token; nobody renews it" };
		return NULL;
	}
	if (strcmp(type, "apiKey") == 0 && in != NULL && name != NULL &&
	    strcmp(in, "header") == 0 && *name != '\0' &&
	    strpbrk(name, " :\r\n\t") == NULL) {
		*scheme = (struct scheme){ name, NULL, "API_KEY", "the key" };
		return NULL;
	}
	return strcmp(type, "apiKey") == 0
	    ? "a key is sent in a header only; nothing is sent"
	    : "this kind of security is not known; nothing is sent";
}

static const struct openapi_at *
find_scheme(struct openapi *openapi, const char *name)
{
	const struct openapi_at *at = openapi_root(openapi);

	at = openapi_get(openapi, at, "components");
	at = openapi_get(openapi, at, "securitySchemes");
	return openapi_follow(openapi, openapi_get(openapi, at, name));
}

/* Is there another scheme with a secret of this kind? */
static bool
is_of_several(struct openapi *openapi, const char *name, const char *kind)
{
	const struct openapi_at *at = openapi_root(openapi);
	struct scheme scheme;

	at = openapi_get(openapi, at, "components");
	at = openapi_get(openapi, at, "securitySchemes");
	if (at == NULL || !json_object_is_type(at->json, json_type_object))
		return false;
	json_object_object_foreach(at->json, key, value) {
		const struct openapi_at *other = find_scheme(openapi, key);

		(void)value;
		if (strcmp(key, name) != 0 && other != NULL &&
		    read_scheme(other, &scheme) == NULL &&
		    strcmp(scheme.kind, kind) == 0)
			return true;
	}
	return false;
}

static const char *
variable(struct openapi *openapi, const char *name, const char *kind)
{
	const char *front = openapi_capitals(openapi, openapi->options->prefix);
	const char *back = is_of_several(openapi, name, kind)
	    ? openapi_capitals(openapi, name)
	    : "";

	if (front == NULL || back == NULL)
		return NULL;
	return openapi_print(openapi, "%s%s%s%s%s", front,
	    *front == '\0' ? "" : "_", kind, *back == '\0' ? "" : "_", back);
}

static void
put_secret(struct openapi *openapi, const char *name,
    const struct scheme *scheme, struct json_object *headers)
{
	struct json_object *secret = json_object_new_object();
	const char *env = variable(openapi, name, scheme->kind);

	openapi_put_string(openapi, secret, "env", env);
	if (scheme->prefix != NULL)
		openapi_put_string(openapi, secret, "prefix", scheme->prefix);
	openapi_put(openapi, headers, scheme->header, secret);
	if (env != NULL)
		openapi_put_string(openapi, openapi->secrets, env,
		    openapi_print(openapi, "%s for \"%s\", sent as %s: %s...",
			scheme->what, name, scheme->header,
			scheme->prefix == NULL ? "" : scheme->prefix));
}

/* Can all schemes of this alternative be carried? Where not, @tells says so. */
static bool
is_carried(
    struct openapi *openapi, const struct openapi_at *alternative, bool tells)
{
	struct scheme scheme;
	bool all = true;

	json_object_object_foreach(alternative->json, key, value) {
		const struct openapi_at *at = find_scheme(openapi, key);
		const char *why = at == NULL
		    ? "there is no such security scheme; nothing is sent"
		    : read_scheme(at, &scheme);

		all &= why == NULL;
		if (why != NULL && tells)
			openapi_warn(openapi,
			    at != NULL ? at
				: value != NULL
				? openapi_get(openapi, alternative, key)
				: alternative,
			    "%s", why);
	}
	return all;
}

static void
put_secrets(struct openapi *openapi, const struct openapi_at *alternative,
    struct json_object *headers)
{
	struct scheme scheme;

	json_object_object_foreach(alternative->json, key, value) {
		const struct openapi_at *at = find_scheme(openapi, key);

		(void)value;
		if (at == NULL || read_scheme(at, &scheme) != NULL)
			continue;
		if (json_object_object_get_ex(headers, scheme.header, NULL))
			openapi_warn(openapi, at,
			    "there is one %s header, and another scheme has "
			    "it; nothing is sent",
			    scheme.header);
		else
			put_secret(openapi, key, &scheme, headers);
	}
}

/* The first alternative that can be carried whole; else what can of the first.
 * One without any scheme comes last: who has a secret may say so. */
void
openapi_secrets(struct openapi *openapi,
    const struct openapi_operation *operation, struct json_object *headers)
{
	const struct openapi_at *list =
	    openapi_get(openapi, operation->at, "security");
	const struct openapi_at *at, *first = NULL;
	bool optional = false;

	if (list == NULL)
		list = openapi_get(openapi, openapi_root(openapi), "security");
	for (size_t i = 0; (at = openapi_element(openapi, list, i)) != NULL;
	     i++) {
		if (!json_object_is_type(at->json, json_type_object))
			continue;
		if (json_object_object_length(at->json) == 0) {
			optional = true;
			continue;
		}
		if (is_carried(openapi, at, false)) {
			put_secrets(openapi, at, headers);
			return;
		}
		first = first == NULL ? at : first;
	}
	if (first == NULL || optional)
		return;
	is_carried(openapi, first, true);
	put_secrets(openapi, first, headers);
}

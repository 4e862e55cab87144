/* permit.c - I say who may use what, and tell handlers who asks */

#include "fcgi/permit.h"
#include "fcgi/call.h"
#include "fcgi/handler.h"

#include <mcp/permit.h>

#include <errno.h>
#include <json-c/json.h>

/* --- who ---------------------------------------------------------------- */

int
permit_identify(struct call *call, const struct http_request *request)
{
	struct mcp_buf *bytes = &call->verified;
	const char *at;

	mcp_buf_text(bytes, request->user);
	mcp_buf_text(bytes, request->roles);
	mcp_buf_text(bytes, request->scopes);
	if (bytes->failed) {
		mcp_buf_deinit(bytes);
		return -ENOMEM;
	}
	at = bytes->data;
	call->identity.user = (struct mcp_text){ at, request->user.len };
	at = at == NULL ? at : at + request->user.len;
	call->identity.roles = (struct mcp_text){ at, request->roles.len };
	at = at == NULL ? at : at + request->roles.len;
	call->identity.scopes = (struct mcp_text){ at, request->scopes.len };
	return 0;
}

bool
permit_entry(const struct call *call, const struct mcp_access *access)
{
	return mcp_permits(call->config, access, &call->identity);
}

const struct mcp_tool *
permit_tool(const struct call *call, const char *name)
{
	const struct mcp_tool *tool = mcp_config_tool(call->config, name);

	return tool != NULL && permit_entry(call, &tool->access) ? tool : NULL;
}

const struct mcp_prompt *
permit_prompt(const struct call *call, const char *name)
{
	const struct mcp_prompt *prompt = mcp_config_prompt(call->config, name);

	return prompt != NULL && permit_entry(call, &prompt->access) ? prompt
								     : NULL;
}

/* --- what is bound ------------------------------------------------------ */

const char *
permit_forged(const struct mcp_access *access, struct json_object *sent)
{
	for (size_t i = 0; sent != NULL && i < access->n_binds; i++)
		if (json_object_object_get_ex(
			sent, access->binds[i].name, NULL))
			return access->binds[i].name;
	return NULL;
}

/* Return: 0; -ENOMEM */
static int
add_word(struct json_object *words, struct mcp_text word)
{
	struct json_object *json =
	    json_object_new_string_len(word.at, (int)word.len);

	if (json != NULL && json_object_array_add(words, json) == 0)
		return 0;
	json_object_put(json);
	return -ENOMEM;
}

/* A word that is no UTF-8 is no text, and two of them that were mended would
 * be the same: it is left out. */
static struct json_object *
words_new(struct mcp_text words)
{
	struct json_object *list = json_object_new_array();
	struct mcp_text word;

	while (list != NULL && mcp_identity_word(&words, &word))
		if (mcp_text_is_utf8(word) && add_word(list, word) != 0) {
			json_object_put(list);
			return NULL;
		}
	return list;
}

/* Those of the web server, and those of mcp.json that are not among them. */
static struct json_object *
roles_new(const struct call *call)
{
	const struct mcp_config *config = call->config;
	struct json_object *list = words_new(call->identity.roles);

	for (size_t i = 0; list != NULL && i < config->n_roles; i++) {
		const struct mcp_role *role = &config->roles[i];

		if (!mcp_role_is_of(role, call->identity.user) ||
		    mcp_identity_has(call->identity.roles, role->name))
			continue;
		if (add_word(list, mcp_text_of(role->name)) != 0) {
			json_object_put(list);
			return NULL;
		}
	}
	return list;
}

/* Return: 0; -ENOMEM
 * Owner:  @value is taken; NULL is out of memory */
static int
put(struct json_object *values, const char *name, struct json_object *value)
{
	if (value != NULL && json_object_object_add(values, name, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int
bind_one(const struct call *call, const struct mcp_bind *bind,
    struct json_object *values)
{
	struct mcp_text user = call->identity.user;

	switch (bind->what) {
	case MCP_BOUND_ROLES:
		return put(values, bind->name, roles_new(call));
	case MCP_BOUND_SCOPES:
		return put(
		    values, bind->name, words_new(call->identity.scopes));
	case MCP_BOUND_USER:
		break;
	}
	if (user.len > 0 && mcp_text_is_utf8(user))
		return put(values, bind->name,
		    json_object_new_string_len(user.at, (int)user.len));
	/* nobody is null, whatever stood there */
	return json_object_object_add(values, bind->name, NULL) == 0 ? 0
								     : -ENOMEM;
}

struct json_object *
permit_values(const struct call *call, const struct mcp_access *access,
    struct json_object *sent)
{
	struct json_object *values = json_object_new_object();
	int error = values == NULL ? -ENOMEM : 0;

	if (error == 0 && sent != NULL) {
		json_object_object_foreach(sent, name, value) {
			if (error == 0 &&
			    json_object_object_add(
				values, name, json_object_get(value)) != 0) {
				json_object_put(value);
				error = -ENOMEM;
			}
		}
	}
	for (size_t i = 0; error == 0 && i < access->n_binds; i++)
		error = bind_one(call, &access->binds[i], values);
	if (error == 0)
		return values;
	json_object_put(values);
	return NULL;
}

int
permit_run(struct call *call, const struct mcp_access *access,
    const struct mcp_handler *handler, struct json_object *sent,
    struct handler_result *result)
{
	struct json_object *values;
	int condition;

	if (access->n_binds == 0)
		return handler_run(call, handler, sent, result);
	values = permit_values(call, access, sent);
	if (values == NULL)
		return -ENOMEM;
	condition = handler_run(call, handler, values, result);
	json_object_put(values);
	return condition;
}

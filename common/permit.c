/* permit.c - I say whether this caller may use that entry */

#include <mcp/permit.h>

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
mcp_identity_word(struct mcp_text *leftp, struct mcp_text *wordp)
{
	struct mcp_text left = *leftp;
	size_t len = 0;

	while (left.len > 0 && is_blank(*left.at)) {
		left.at++;
		left.len--;
	}
	while (len < left.len && !is_blank(left.at[len]))
		len++;
	*wordp = (struct mcp_text){ left.at, len };
	*leftp = (struct mcp_text){ left.at + len, left.len - len };
	return len > 0;
}

bool
mcp_identity_has(struct mcp_text words, const char *wanted)
{
	struct mcp_text word;

	while (mcp_identity_word(&words, &word))
		if (mcp_text_is(word, wanted))
			return true;
	return false;
}

static bool
is_among(const struct mcp_strings *strings, struct mcp_text text)
{
	for (size_t i = 0; i < strings->n; i++)
		if (mcp_text_is(text, strings->at[i]))
			return true;
	return false;
}

bool
mcp_role_is_of(const struct mcp_role *role, struct mcp_text user)
{
	return user.len > 0 && is_among(&role->users, user);
}

static bool
has_role(const struct mcp_config *config, const struct mcp_identity *who,
    const char *name)
{
	if (mcp_identity_has(who->roles, name))
		return true;
	for (size_t i = 0; i < config->n_roles; i++)
		if (strcmp(config->roles[i].name, name) == 0 &&
		    mcp_role_is_of(&config->roles[i], who->user))
			return true;
	return false;
}

static bool
is_user(const struct mcp_strings *users, struct mcp_text user)
{
	return user.len > 0 &&
	    (is_among(users, user) || is_among(users, MCP_TEXT("*")));
}

/* Who: where neither users nor roles are given, anybody who has the scopes. */
static bool
is_one_of(const struct mcp_config *config, const struct mcp_allow *allow,
    const struct mcp_identity *who)
{
	if (allow->users.n + allow->roles.n == 0 ||
	    is_user(&allow->users, who->user))
		return true;
	for (size_t i = 0; i < allow->roles.n; i++)
		if (has_role(config, who, allow->roles.at[i]))
			return true;
	return false;
}

bool
mcp_permits(const struct mcp_config *config, const struct mcp_access *access,
    const struct mcp_identity *who)
{
	const struct mcp_allow *allow = &access->allow;

	if (!allow->given)
		return true;
	for (size_t i = 0; i < allow->scopes.n; i++)
		if (!mcp_identity_has(who->scopes, allow->scopes.at[i]))
			return false;
	return is_one_of(config, allow, who);
}

static void
ignore_place(void *context, const char *name, struct mcp_text value)
{
	(void)context;
	(void)name;
	(void)value;
}

bool
mcp_permits_uri(const struct mcp_config *config, const char *uri,
    const struct mcp_identity *who)
{
	const struct mcp_resource *resource = mcp_config_resource(config, uri);

	for (size_t i = 0; resource == NULL && i < config->n_templates; i++) {
		int matches = mcp_uri_template_match(
		    config->templates[i].template, uri, ignore_place, NULL);

		if (matches < 0)
			return false; /* who knows */
		if (matches == 1)
			resource = &config->templates[i];
	}
	return resource == NULL || mcp_permits(config, &resource->access, who);
}

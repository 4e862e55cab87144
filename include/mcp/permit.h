/* permit.h - I say whether this caller may use that entry
 *
 * Who asks is what the web server has verified: a name, and the roles and
 * scopes it vouches for; mcp.json may give the name more roles. I only
 * compare; where the words come from, and that a client cannot forge them, is
 * the gate's business.
 */
#ifndef MCP_PERMIT_H
#define MCP_PERMIT_H

#include <mcp/config.h>

struct mcp_identity {
	struct mcp_text user;	       /* empty: nobody */
	struct mcp_text roles, scopes; /* words with blanks between them */
};

/* mcp_permits() - one of the users (or "*": whoever has a name) or one of the
 * roles, where either is given; and all of the scopes */
bool mcp_permits(const struct mcp_config *config,
    const struct mcp_access *access, const struct mcp_identity *who);

/* mcp_permits_uri() - may @who hear of what is at @uri? The resource there, or
 * the first template that matches, decides; where neither is, there is nothing
 * to hide. */
bool mcp_permits_uri(const struct mcp_config *config, const char *uri,
    const struct mcp_identity *who);

/* mcp_identity_word() - the next word of roles or scopes
 * Return: false: there is none; else it is cut from the front of @leftp */
bool mcp_identity_word(struct mcp_text *leftp, struct mcp_text *wordp);

/* mcp_identity_has() - is @wanted one of these words? */
bool mcp_identity_has(struct mcp_text words, const char *wanted);

/* mcp_role_is_of() - has mcp.json given that role to @user? */
bool mcp_role_is_of(const struct mcp_role *role, struct mcp_text user);

#endif

/* back_secret.h - I read the secrets that mcp.json only names
 *
 * They stand in the environment of the worker or in files that it can read, and
 * nobody else needs them: not the broker, which reads the same mcp.json. They
 * are read once, with the configuration.
 */
#ifndef FCGI_BACK_SECRET_H
#define FCGI_BACK_SECRET_H

#include <mcp/config.h>

#define BACK_SECRET_MAX 8192 /* bytes */

/* back_secrets_read() - of all headers; problems say the name, never the value
 * Return: 0; -ENOMEM */
int back_secrets_read(struct mcp_config *config, struct mcp_problems *problems);

/* back_secret_is_in() - does @text tell one of those that @http sends? */
bool back_secret_is_in(const struct mcp_http *http, struct mcp_text text);

#endif

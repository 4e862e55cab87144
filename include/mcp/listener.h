/* listener.h - I open the door others come in by
 *
 * A listening socket is, in this order: systemd's (LISTEN_FDS, descriptor 3),
 * standard input where that is one, or bound here. A unix socket is bound under
 * a temporary name with mode 0660 and renamed over the old one, so that nobody
 * ever finds the path without a listener behind it.
 */
#ifndef MCP_LISTENER_H
#define MCP_LISTENER_H

#include <stdbool.h>

#define MCP_LISTENER_BACKLOG 4096 /* the kernel's somaxconn may say less */

/* mcp_listener_open() - @address "unix:/path", "127.0.0.1:8080" or
 * "[::1]:8080" (port 0: the kernel chooses); NULL: inherited, or none
 * Return: a descriptor with FD_CLOEXEC; -ENOTSOCK neither inherited nor told;
 *         -EINVAL no such form; -errno */
int mcp_listener_open(const char *address);

/* mcp_listener_bind() - the same, never inherited */
int mcp_listener_bind(const char *address);

/* mcp_listener_is_open() - is @fd a socket that listens? -1 is none */
bool mcp_listener_is_open(int fd);

/* mcp_listener_is_unix() - may what its peers say of others be believed? */
bool mcp_listener_is_unix(int fd);

#endif

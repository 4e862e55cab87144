/* manager.h - I tell the service manager how we are
 *
 * systemd hears on a socket that it names in NOTIFY_SOCKET; where there is none
 * nobody is told. Its library would do the same and brings compressors and
 * ciphers into a process that is to be small.
 *
 * Spec: sd_notify(3)
 */
#ifndef MCP_MANAGER_H
#define MCP_MANAGER_H

/* mcp_manager_tell() - "READY=1", or "MAINPID=" and a process
 * Return: 0, also where nobody wants to know; -errno */
int mcp_manager_tell(const char *state);

#endif

/* ctl.h - I am the verbs of mcpctl
 *
 * Each verb is one file and one function: it gets its own name as argv[0],
 * and what it returns is the exit status of mcpctl.
 */
#ifndef CTL_H
#define CTL_H

#include <mcp/wire.h>

int ctl_run(int argc, char **argv);
int ctl_check(int argc, char **argv);
int ctl_ping(int argc, char **argv);
int ctl_import(int argc, char **argv);
int ctl_secret(int argc, char **argv);
int ctl_reload(int argc, char **argv);
int ctl_upgrade(int argc, char **argv);
int ctl_notify(int argc, char **argv);

#define CTL_DIR "/run/mcp-fcgi" /* where systemd's site has its sockets */

/* ctl_bus() - read --dir and --bus; the rest starts at optind
 * Return: 0, *endpointp is the caller's to free; 1 help was given; 2 @usage was
 *         said on standard error */
int ctl_bus(int argc, char **argv, const char *usage, char **endpointp);

/* ctl_ask() - a verb that is one question of @kind, without fields: what the
 * broker tells is passed on, then @done says what came of it, or @refused does
 * Return: the exit status */
int ctl_ask(int argc, char **argv, const char *usage, enum mcp_wire_kind kind,
    unsigned patience_ms, void (*done)(const struct mcp_letter *answer),
    const char *refused);

/* ctl_number() - an option's value, a whole number of @least to @most; says so
 * on standard error where it is not
 * Return: the number; -1 */
long ctl_number(const char *option, const char *value, long least, long most);

#endif

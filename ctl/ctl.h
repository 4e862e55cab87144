/* ctl.h - I am the verbs of mcpctl
 *
 * Each verb is one file and one function: it gets its own name as argv[0],
 * and what it returns is the exit status of mcpctl.
 */
#ifndef CTL_H
#define CTL_H

int ctl_run(int argc, char **argv);
int ctl_check(int argc, char **argv);
int ctl_ping(int argc, char **argv);
int ctl_secret(int argc, char **argv);

/* ctl_program() - where one of our other programs is: beside mcpctl itself
 * (a build directory), else in sbindir, else PATH is to find it
 * Return: a path or a bare name for execvp(3), the caller's to free; NULL
 *         without memory */
char *ctl_program(const char *name);

/* ctl_number() - an option's value, a whole number of @least to @most; says so
 * on standard error where it is not
 * Return: the number; -1 */
long ctl_number(const char *option, const char *value, long least, long most);

#endif

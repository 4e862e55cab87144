/* test_manager.c - systemd hears what it is told, where it listens */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include <mcp/manager.h>

/* Listen at @path, which may begin with "@", and say so. */
static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    strlen(path));
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(address.sun_path, path, strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void
hears(int fd, const char *state)
{
	char text[64] = "";

	assert_true(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(text, state);
	close(fd);
}

static void
told_by_a_path(void **state)
{
	char path[64];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_manager.%ld", (long)getpid());
	fd = listen_at(path);
	assert_int_equal(mcp_manager_tell("READY=1"), 0);
	hears(fd, "READY=1");
	unlink(path);
}

static void
told_by_a_name_without_a_file(void **state)
{
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "@test_manager.%ld", (long)getpid());
	fd = listen_at(name);
	assert_int_equal(mcp_manager_tell("MAINPID=7"), 0);
	hears(fd, "MAINPID=7");
}

static void
nobody_wants_to_know(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(mcp_manager_tell("READY=1"), 0);
}

static void
what_is_no_address_is_refused(void **state)
{
	char longer[200];

	(void)state;
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(mcp_manager_tell("READY=1"), -EINVAL);
	memset(longer, '/', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longer, 1);
	assert_int_equal(mcp_manager_tell("READY=1"), -EINVAL);
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	assert_int_equal(mcp_manager_tell("READY=1"), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_by_a_path),
		cmocka_unit_test(told_by_a_name_without_a_file),
		cmocka_unit_test(nobody_wants_to_know),
		cmocka_unit_test(what_is_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

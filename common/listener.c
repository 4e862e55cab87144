/* listener.c - I open the door others come in by */

#include <mcp/listener.h>
#include <mcp/text.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_INHERITED 3 /* sd_listen_fds(3) */

static int
close_with(int fd, int error)
{
	if (fd >= 0)
		close(fd);
	return error;
}

bool
mcp_listener_is_open(int fd)
{
	int listening = 0;
	socklen_t len = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) ==
	    0 &&
	    listening;
}

static int
inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	if (pid != NULL && fds != NULL && atol(pid) == (long)getpid() &&
	    atoi(fds) >= 1 && mcp_listener_is_open(FIRST_INHERITED))
		return FIRST_INHERITED;
	return mcp_listener_is_open(STDIN_FILENO) ? STDIN_FILENO : -ENOTSOCK;
}

static int
bind_unix(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd, n;

	n = snprintf(name.sun_path, sizeof(name.sun_path), "%s.%d", path,
	    (int)getpid());
	if (n < 0 || (size_t)n >= sizeof(name.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	unlink(name.sun_path);
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0)
		return close_with(fd, -errno);
	if (chmod(name.sun_path, 0660) != 0 ||
	    listen(fd, MCP_LISTENER_BACKLOG) != 0 ||
	    rename(name.sun_path, path) != 0) {
		int error = -errno;

		unlink(name.sun_path);
		return close_with(fd, error);
	}
	return fd;
}

/* "127.0.0.1:8080" or "[::1]:8080": numbers only, no look-ups */
static int
parse_address(const char *address, struct sockaddr_storage *name,
    socklen_t *lenp)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)name;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)name;
	const char *colon = strrchr(address, ':');
	char host[64];
	uint64_t port;
	size_t len;

	if (colon == NULL ||
	    mcp_text_number(mcp_text_of(colon + 1), &port) != 0 || port > 65535)
		return -EINVAL;
	len = (size_t)(colon - address);
	if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(host))
		return -EINVAL;
	memcpy(host, address, len);
	host[len] = '\0';
	*name = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*lenp = sizeof(*v4);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
		return -EINVAL;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	*lenp = sizeof(*v6);
	return 0;
}

static int
bind_tcp(const char *address)
{
	struct sockaddr_storage name;
	socklen_t len;
	int one = 1, fd, error = parse_address(address, &name, &len);

	if (error != 0)
		return error;
	fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&name, len) != 0 ||
	    listen(fd, MCP_LISTENER_BACKLOG) != 0)
		return close_with(fd, -errno);
	return fd;
}

int
mcp_listener_bind(const char *address)
{
	if (strncmp(address, "unix:", 5) == 0)
		return bind_unix(address + 5);
	return bind_tcp(address);
}

int
mcp_listener_open(const char *address)
{
	int fd = inherited();

	if (fd >= 0) {
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
			return -errno;
		return fd;
	}
	return address == NULL ? -ENOTSOCK : mcp_listener_bind(address);
}

bool
mcp_listener_is_unix(int fd)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	return getsockname(fd, (struct sockaddr *)&name, &len) == 0 &&
	    name.ss_family == AF_UNIX;
}

/* peers.h: what tests of origins talk to: listeners on loopback and on a path; and turns of a loop until something is so. */
#ifndef UNIT_PEERS_H
#define UNIT_PEERS_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/loop.h"

/* Turns of the loop until the condition holds; alarm() in main() ends a test that hangs. */
#define UNTIL(l, condition)                                                                          \
	while (!(condition))                                                                         \
	(void)uv_run(&(l)->uv, UV_RUN_ONCE)

static inline void
turns(struct loop *l, int n)
{
	while (n-- > 0)
		(void)uv_run(&l->uv, UV_RUN_NOWAIT);
}

/* A listening socket of 127.0.0.`last` that never blocks. port 0: the system's choice. */
static inline int
peer_listen_on(uint8_t last, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000u + last), .sin_port = htons(port)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	assert_int_not_equal(fd, -1);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 128), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	if (out != NULL) {
		memset(out, 0, sizeof(*out));
		memcpy(out, &a, sizeof(a));
	}
	return fd;
}

static inline int
peer_listen(uint16_t port)
{
	return peer_listen_on(1, port, NULL);
}

static inline uint16_t
peer_port(int fd)
{
	struct sockaddr_in a = {0};
	socklen_t n = sizeof(a);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	return ntohs(a.sin_port);
}

/* A port where nobody listens. */
static inline uint16_t
peer_dead_port(uint8_t last, struct sockaddr_storage *out)
{
	int fd = peer_listen_on(last, 0, out);
	uint16_t port = peer_port(fd);

	(void)close(fd);
	return port;
}

static inline int
peer_listen_path(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

/* The next connection that came; -1: none is there. */
static inline int
peer_accept(int fd)
{
	return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#endif

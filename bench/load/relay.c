/*
 * relay.c: the floor under every proxy on a machine. One epoll loop hands bytes over between a visitor's connection and
 * one to the origin, and reads nothing in them: a read and a write each way, which is what the kernel charges for two
 * sockets. `relay PORT` relays to 127.0.0.1:PORT and prints `listening PORT`. For benchmarks only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS_MAX = 32768,
	EVENTS = 256,
	PIECE = 64 << 10 };

/* By descriptor: the other end, and what that could not take at once. */
struct end {
	int other;
	char *held;
	size_t n, at;
};

static struct end ends[SOCKETS_MAX];
static char piece[PIECE];
static struct sockaddr_in origin;
static int loop;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
watch(int op, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	if (epoll_ctl(loop, op, fd, &e) < 0)
		fail("epoll_ctl");
}

static void
finish(int fd)
{
	int both[] = {fd, ends[fd].other};

	for (int i = 0; i < 2; i++) {
		free(ends[both[i]].held);
		ends[both[i]] = (struct end){0};
		close(both[i]);
	}
}

/* What fd has not taken waits until it can be written; the other end is not read meanwhile. */
static void
hold(int fd, const char *p, size_t n)
{
	struct end *e = &ends[fd];

	e->held = malloc(n);
	if (e->held == NULL)
		fail("malloc");
	memcpy(e->held, p, n);
	e->n = n;
	e->at = 0;
	watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
	watch(EPOLL_CTL_MOD, e->other, 0);
}

static void
on_readable(int fd)
{
	int to = ends[fd].other;
	ssize_t n = recv(fd, piece, sizeof(piece), 0), sent;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		finish(fd);
		return;
	}
	sent = send(to, piece, (size_t)n, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN)
		finish(fd);
	else if (sent < n)
		hold(to, piece + (sent > 0 ? sent : 0), (size_t)(n - (sent > 0 ? sent : 0)));
}

static void
on_writable(int fd)
{
	struct end *e = &ends[fd];
	ssize_t n = send(fd, e->held + e->at, e->n - e->at, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN)
			finish(fd);
		return;
	}
	e->at += (size_t)n;
	if (e->at < e->n)
		return;
	free(e->held);
	e->held = NULL;
	watch(EPOLL_CTL_MOD, fd, EPOLLIN);
	watch(EPOLL_CTL_MOD, e->other, EPOLLIN);
}

static void
on_visitor(int listener)
{
	int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), to;

	if (fd < 0)
		return;
	to = socket(AF_INET, SOCK_STREAM, 0);
	if (to < 0 || to >= SOCKETS_MAX || connect(to, (struct sockaddr *)&origin, sizeof(origin)) < 0)
		fail("connect");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	ends[fd] = (struct end){.other = to};
	ends[to] = (struct end){.other = fd};
	watch(EPOLL_CTL_ADD, fd, EPOLLIN);
	watch(EPOLL_CTL_ADD, to, EPOLLIN);
}

static int
listen_somewhere(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(here);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&here, n) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&here, &n) < 0)
		fail("listen");
	printf("listening %d\n", ntohs(here.sin_port));
	fflush(stdout);
	return fd;
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	int listener;

	if (argc != 2) {
		fprintf(stderr, "usage: relay PORT\n");
		return 2;
	}
	origin = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
	};
	loop = epoll_create1(0);
	listener = listen_somewhere();
	watch(EPOLL_CTL_ADD, listener, EPOLLIN);
	for (;;) {
		int n = epoll_wait(loop, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				on_visitor(fd);
			else if (ends[fd].other == 0)
				continue; /* closed by an event before it */
			else if (events[i].events & EPOLLOUT)
				on_writable(fd);
			else
				on_readable(fd);
		}
	}
}

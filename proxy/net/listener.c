/* listener.c: see listener.h. */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REST_MS 100 /* after the system had no descriptor left */

/* The handle has a copy of the descriptor: when it is closed for a rest, the socket and who waits in its queue stay. */
struct listener {
	uv_tcp_t tcp;
	uv_timer_t rest;
	struct loop *loop;
	int fd;
	bool listening; /* tcp is open */
	int handles;    /* open or closing; the last frees */
	void (*accepted)(void *ctx, uv_stream_t *server);
	void *ctx;
};

#define BACKLOG 4096
#define NOT_SENT_MAX (128 << 10) /* bytes the system takes from us beyond those on their way: a slow reader has no more */

static int
open_one(struct sockaddr_storage *addr)
{
	socklen_t n = addr->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, e;

	if (fd == -1)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* accepted sockets inherit both */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(int){NOT_SENT_MAX}, sizeof(int));
	if (addr->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int));
	if (bind(fd, (struct sockaddr *)addr, n) == -1 || listen(fd, BACKLOG) == -1 ||
	    getsockname(fd, (struct sockaddr *)addr, &n) == -1) {
		e = -errno;
		(void)close(fd);
		return e;
	}
	return fd;
}

/* SO_REUSEPORT would let two proxies share one address unnoticed: see that nobody else is there first. */
static int
address_is_free(const struct sockaddr_storage *addr)
{
	socklen_t n = addr->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, e = 0;

	if (fd == -1)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int));
	if (bind(fd, (const struct sockaddr *)addr, n) == -1)
		e = -errno;
	(void)close(fd);
	return e;
}

int
listener_open(struct sockaddr_storage *addr, int *fds, size_t count)
{
	int r = address_is_free(addr);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		fds[i] = open_one(addr);
		if (fds[i] < 0) {
			r = fds[i];
			while (i > 0)
				(void)close(fds[--i]);
			return r;
		}
	}
	return 0;
}

void
listener_print(const struct sockaddr_storage *addr, char out[64])
{
	char ip[INET6_ADDRSTRLEN] = "?";

	if (addr->ss_family == AF_INET6) {
		const struct sockaddr_in6 *a = (const void *)addr;

		(void)inet_ntop(AF_INET6, &a->sin6_addr, ip, sizeof(ip));
		(void)snprintf(out, 64, "[%s]:%u", ip, ntohs(a->sin6_port));
	} else {
		const struct sockaddr_in *a = (const void *)addr;

		(void)inet_ntop(AF_INET, &a->sin_addr, ip, sizeof(ip));
		(void)snprintf(out, 64, "%s:%u", ip, ntohs(a->sin_port));
	}
}

static int listen_again(struct listener *l);

static void
release(struct listener *l)
{
	if (--l->handles == 0)
		free(l);
}

static void
on_closed(uv_handle_t *h)
{
	release(h->data);
}

static void
on_rest(uv_timer_t *t)
{
	struct listener *l = t->data;

	if (listen_again(l) < 0)
		(void)uv_timer_start(&l->rest, on_rest, REST_MS, 0);
}

/* Without a descriptor to accept with, libuv would call us for ever, and nothing else would have its turn. */
static void
on_connection(uv_stream_t *s, int status)
{
	struct listener *l = s->data;

	if (status == 0) {
		l->accepted(l->ctx, s);
		return;
	}
	l->listening = false;
	uv_close((uv_handle_t *)&l->tcp, on_closed);
	(void)uv_timer_start(&l->rest, on_rest, REST_MS, 0);
}

static int
listen_again(struct listener *l)
{
	int r, fd;

	if (l->handles > 1) /* the last one is closing still */
		return UV_EBUSY;
	fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	(void)uv_tcp_init(&l->loop->uv, &l->tcp);
	l->tcp.data = l;
	l->handles++;
	r = uv_tcp_open(&l->tcp, fd);
	if (r < 0)
		(void)close(fd);
	else
		r = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);
	if (r < 0)
		uv_close((uv_handle_t *)&l->tcp, on_closed);
	l->listening = r == 0;
	return r;
}

struct listener *
listener_start(struct loop *loop, int fd, void (*accepted)(void *, uv_stream_t *), void *ctx)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		abort();
	l->loop = loop;
	l->fd = fd;
	l->accepted = accepted;
	l->ctx = ctx;
	l->handles = 1;
	(void)uv_timer_init(&loop->uv, &l->rest);
	l->rest.data = l;
	if (listen_again(l) < 0)
		listener_stop(&l);
	return l;
}

void
listener_stop(struct listener **p)
{
	struct listener *l = *p;

	*p = NULL;
	if (l == NULL)
		return;
	if (l->listening)
		uv_close((uv_handle_t *)&l->tcp, on_closed);
	uv_close((uv_handle_t *)&l->rest, on_closed);
	(void)close(l->fd);
}

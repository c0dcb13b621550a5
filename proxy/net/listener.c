/* listener.c: see listener.h. */
#include "net/listener.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/conn.h"

#define REST_MS 100 /* after the system had no descriptor left */

/* The handle has a copy of the descriptor: when it is closed for a rest, the socket and who waits in its queue stay. */
struct listener {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} u;
	uv_timer_t rest;
	struct loop *loop;
	int fd;
	bool local;     /* a Unix socket: u is a pipe */
	bool listening; /* u is open */
	int handles;    /* open or closing; the last frees */
	void (*accepted)(void *ctx, uv_stream_t *server);
	void (*resting)(void *ctx);
	void *ctx;
};

#define BACKLOG 4096

/* ---- TCP ---- */

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
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(int){CONN_UNSENT_MAX}, sizeof(int));
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

static int
open_group(struct sockaddr_storage *addr, int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r = open_one(addr);

		if (r < 0) {
			while (i > 0)
				(void)close(fds[--i]);
			return r;
		}
		fds[i] = r;
	}
	return 0;
}

/* ---- Unix sockets ---- */

static struct sockaddr_un
unix_address(const struct sockaddr_storage *addr)
{
	struct sockaddr_un un;

	memcpy(&un, addr, sizeof(un));
	un.sun_path[sizeof(un.sun_path) - 1] = '\0';
	return un;
}

/* A socket left behind by a proxy that is gone is removed; what answers, or is no socket, is not ours to take. */
static int
take_path(const struct sockaddr_un *un)
{
	struct stat st;
	int fd, e;

	if (lstat(un->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	e = connect(fd, (const struct sockaddr *)un, sizeof(*un)) == -1 ? errno : 0;
	(void)close(fd);
	if (e != ECONNREFUSED)
		return e == 0 || e == EAGAIN ? -EADDRINUSE : -e;
	return unlink(un->sun_path) == -1 ? -errno : 0;
}

/* Anyone who may enter the folder may connect, as to a port; the mode is there before the first who could. */
static int
bind_path(int fd, const struct sockaddr_un *un)
{
	int e;

	if (bind(fd, (const struct sockaddr *)un, sizeof(*un)) == -1)
		return -errno;
	if (chmod(un->sun_path, 0666) == 0 && listen(fd, BACKLOG) == 0)
		return 0;
	e = -errno;
	(void)unlink(un->sun_path);
	return e;
}

/*
 * The kernel has no SO_REUSEPORT here: all loops share one socket and one queue. Each loop is woken for a connection,
 * the first one takes it, and the others find the queue empty.
 */
static int
open_unix(const struct sockaddr_storage *addr, int *fds, size_t count)
{
	struct sockaddr_un un = unix_address(addr);
	int r = take_path(&un);

	if (r < 0)
		return r;
	fds[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fds[0] == -1)
		return -errno;
	r = bind_path(fds[0], &un);
	if (r < 0) {
		(void)close(fds[0]);
		return r;
	}
	for (size_t i = 1; i < count; i++) {
		fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
		if (fds[i] >= 0)
			continue;
		r = -errno;
		while (i > 0)
			(void)close(fds[--i]);
		(void)unlink(un.sun_path);
		return r;
	}
	return 0;
}

void
listener_file_of(const struct sockaddr_storage *addr, struct listener_file *out)
{
	struct sockaddr_un un = unix_address(addr);
	struct stat st;

	*out = (struct listener_file){0};
	if (addr->ss_family == AF_UNIX && lstat(un.sun_path, &st) == 0)
		*out = (struct listener_file){.device = st.st_dev, .inode = st.st_ino};
}

void
listener_file_remove(const struct sockaddr_storage *addr, struct listener_file *file)
{
	struct sockaddr_un un = unix_address(addr);
	struct stat st;

	if (addr->ss_family == AF_UNIX && file->inode != 0 && lstat(un.sun_path, &st) == 0 &&
	    st.st_dev == file->device && st.st_ino == file->inode)
		(void)unlink(un.sun_path);
	*file = (struct listener_file){0};
}

/* ---- both ---- */

int
listener_open(struct sockaddr_storage *addr, int *fds, size_t count)
{
	int r;

	assert(count > 0);
	if (addr->ss_family == AF_UNIX)
		return open_unix(addr, fds, count);
	r = address_is_free(addr);
	return r < 0 ? r : open_group(addr, fds, count);
}

int
listener_open_beside(struct sockaddr_storage *addr, int *fds, size_t count)
{
	assert(addr->ss_family != AF_UNIX && count > 0);
	return open_group(addr, fds, count);
}

void
listener_print(const struct sockaddr_storage *addr, char out[LISTENER_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN] = "?";

	if (addr->ss_family == AF_UNIX) {
		struct sockaddr_un un = unix_address(addr);

		(void)snprintf(out, LISTENER_TEXT_MAX, "unix:%s", un.sun_path);
	} else if (addr->ss_family == AF_INET6) {
		const struct sockaddr_in6 *a = (const void *)addr;

		(void)inet_ntop(AF_INET6, &a->sin6_addr, ip, sizeof(ip));
		(void)snprintf(out, LISTENER_TEXT_MAX, "[%s]:%u", ip, ntohs(a->sin6_port));
	} else {
		const struct sockaddr_in *a = (const void *)addr;

		(void)inet_ntop(AF_INET, &a->sin_addr, ip, sizeof(ip));
		(void)snprintf(out, LISTENER_TEXT_MAX, "%s:%u", ip, ntohs(a->sin_port));
	}
}

/* ---- serving ---- */

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
	uv_close(&l->u.handle, on_closed);
	(void)uv_timer_start(&l->rest, on_rest, REST_MS, 0);
	if (l->resting != NULL)
		l->resting(l->ctx);
}

static int
open_handle(struct listener *l, int fd)
{
	if (!l->local) {
		(void)uv_tcp_init(&l->loop->uv, &l->u.tcp);
		return uv_tcp_open(&l->u.tcp, fd);
	}
	(void)uv_pipe_init(&l->loop->uv, &l->u.pipe, 0);
	return uv_pipe_open(&l->u.pipe, fd);
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
	r = open_handle(l, fd);
	l->u.handle.data = l;
	l->handles++;
	if (r < 0)
		(void)close(fd);
	else
		r = uv_listen(&l->u.stream, BACKLOG, on_connection);
	if (r < 0)
		uv_close(&l->u.handle, on_closed);
	l->listening = r == 0;
	return r;
}

static bool
is_local(int fd)
{
	int domain = AF_INET;
	socklen_t n = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX;
}

struct listener *
listener_start(struct loop *loop, int fd, void (*accepted)(void *, uv_stream_t *), void *ctx)
{
	struct listener *l = listener_start_late(loop, fd, accepted, ctx);

	if (!l->listening)
		listener_stop(&l);
	return l;
}

struct listener *
listener_start_late(struct loop *loop, int fd, void (*accepted)(void *, uv_stream_t *), void *ctx)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		abort();
	l->loop = loop;
	l->fd = fd;
	l->local = is_local(fd);
	l->accepted = accepted;
	l->ctx = ctx;
	l->handles = 1;
	(void)uv_timer_init(&loop->uv, &l->rest);
	l->rest.data = l;
	if (listen_again(l) < 0)
		(void)uv_timer_start(&l->rest, on_rest, REST_MS, 0);
	return l;
}

void
listener_watch(struct listener *l, void (*resting)(void *ctx))
{
	l->resting = resting;
}

void
listener_stop(struct listener **p)
{
	struct listener *l = *p;

	*p = NULL;
	if (l == NULL)
		return;
	if (l->listening)
		uv_close(&l->u.handle, on_closed);
	uv_close((uv_handle_t *)&l->rest, on_closed);
	(void)close(l->fd);
}

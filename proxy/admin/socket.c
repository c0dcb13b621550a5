/* socket.c: see socket.h. */
#include "admin/socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/debug.h"
#include "core/inventory.h"
#include "core/token.h"

#define LINE_MAX_BYTES 512
#define ANSWER_MAX ((size_t)1 << 20)
#define VERIFY_TTL_S TOKEN_TTL_MAX

struct admin_socket {
	struct service *service;
	uv_pipe_t pipe;
	char path[108];
};

struct caller {
	struct conn conn; /* first */
	struct service *service;
	struct buf line;
	bool waiting; /* for a reload: not freed before it has ended */
	bool gone;
};

/* root, or the user that runs the proxy. */
static bool
may_call(struct caller *c)
{
	struct ucred who;
	socklen_t n = sizeof(who);
	uv_os_fd_t fd;

	if (uv_fileno(&c->conn.u.handle, &fd) < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == -1)
		return false;
	return who.uid == 0 || who.uid == geteuid();
}

static void
reply(struct caller *c, int code, struct tc_str text)
{
	char first[32];
	int n = code == 0 ? snprintf(first, sizeof(first), "ok\n") : snprintf(first, sizeof(first), "error %d\n", code);
	uv_buf_t v[2] = {uv_buf_init(first, (unsigned)n), uv_buf_init((char *)(uintptr_t)text.p, (unsigned)text.n)};

	(void)conn_write(&c->conn, v, text.n > 0 ? 2 : 1);
	conn_close(&c->conn);
}

static void
on_reloaded(void *ctx, int code, struct tc_str text)
{
	struct caller *c = ctx;

	c->waiting = false;
	if (c->gone)
		free(c);
	else if (!conn_is_closing(&c->conn))
		reply(c, code, text);
}

/* ---- what may be asked; rest: what stands behind the first word ---- */

static void
take_reload(struct caller *c, struct tc_str rest)
{
	(void)rest;
	c->waiting = true;
	service_reload(c->service, on_reloaded, c);
}

static void
take_verify(struct caller *c, struct tc_str rest)
{
	char token[TOKEN_ROOM];

	(void)rest;
	reply(c, 0, token_write(c->service->key, TOKEN_VERIFY, time(NULL), VERIFY_TTL_S, token));
}

static void
take_inventory(struct caller *c, struct tc_str host)
{
	const struct config_site *site = snapshot_site(c->service->snapshot, host);
	struct buf b;

	if (site == NULL || site->mode != MODE_OBSERVE) {
		reply(c, 1, site == NULL ? TC_STR("no site has this host\n") : TC_STR("this site has no mode: observe\n"));
		return;
	}
	buf_init(&b, ANSWER_MAX);
	if (inventory_write(&b, c->service->snapshot->config->stats_k, site->pub.hosts.v[0]) == 0)
		reply(c, 0, buf_str(&b));
	else
		reply(c, 1, TC_STR("no memory\n"));
	buf_reset(&b);
}

/* Seconds, digits alone. */
static void
take_debug(struct caller *c, struct tc_str seconds)
{
	char token[TOKEN_ROOM];
	int64_t ttl = 0;

	for (size_t i = 0; i < seconds.n && ttl >= 0; i++)
		ttl = seconds.p[i] >= '0' && seconds.p[i] <= '9' && ttl < DEBUG_TTL_MAX ? ttl * 10 + (seconds.p[i] - '0') : -1;
	if (ttl < DEBUG_TTL_MIN || ttl > DEBUG_TTL_MAX)
		reply(c, 2, TC_STR("a token lives 60 to 3600 seconds\n"));
	else
		reply(c, 0, debug_token(ttl, token));
	explicit_bzero(token, sizeof(token));
}

static const struct {
	struct tc_str word;
	bool more; /* something stands behind it */
	void (*take)(struct caller *c, struct tc_str rest);
} requests[] = {
	{TC_STR_INIT("reload"), false, take_reload},
	{TC_STR_INIT("verify"), false, take_verify},
	{TC_STR_INIT("debug"), true, take_debug},
	{TC_STR_INIT("inventory"), true, take_inventory},
};

static void
take_line(struct caller *c, struct tc_str line)
{
	struct tc_str word = tc_str_of(line.p, tc_find_byte(line, ' '));
	bool more = word.n < line.n;

	tc_skip(&line, word.n + more);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (tc_eq(word, requests[i].word) && more == requests[i].more) {
			requests[i].take(c, line);
			return;
		}
	reply(c, 2, TC_STR("unknown request; known are: reload, verify, debug SECONDS, inventory HOST\n"));
}

static void
on_data(struct conn *conn, struct tc_str in)
{
	struct caller *c = (struct caller *)conn;
	struct tc_str line;

	if (c->waiting)
		return;
	if (buf_add_str(&c->line, in) < 0) {
		conn_drop(conn);
		return;
	}
	line = buf_str(&c->line);
	if (tc_find_byte(line, '\n') == line.n)
		return;
	take_line(c, tc_str_of(line.p, tc_find_byte(line, '\n')));
}

static void
on_ended(struct conn *conn, int error)
{
	const struct caller *c = (struct caller *)conn;

	if (error != 0 || !c->waiting) /* a caller that has only finished sending still wants its answer */
		conn_drop(conn);
}

static void
on_closed(struct conn *conn)
{
	struct caller *c = (struct caller *)conn;

	buf_reset(&c->line);
	c->gone = true;
	if (!c->waiting)
		free(c);
}

static const struct conn_ops conn_ops = {.data = on_data, .ended = on_ended, .closed = on_closed};

static void
on_connection(uv_stream_t *server, int status)
{
	struct admin_socket *a = server->data;
	struct caller *c;

	if (status < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		abort();
	c->service = a->service;
	buf_init(&c->line, LINE_MAX_BYTES);
	conn_init_pipe(&c->conn, a->service->control, &conn_ops);
	if (uv_accept(server, &c->conn.u.stream) < 0 || !may_call(c))
		conn_drop(&c->conn);
	else
		conn_read(&c->conn);
}

/* A path left behind by a proxy that is gone is removed; one that answers is not ours to take. */
static int
take_path(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	if (fd == -1)
		return -errno;
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	r = connect(fd, (struct sockaddr *)&a, sizeof(a));
	(void)close(fd);
	if (r == 0)
		return -EADDRINUSE;
	(void)unlink(path);
	return 0;
}

static void
on_pipe_closed(uv_handle_t *h)
{
	free(h->data);
}

struct admin_socket *
admin_socket_start(struct service *s, struct tc_str path, struct buf *why)
{
	struct admin_socket *a = calloc(1, sizeof(*a));
	mode_t old;
	int r;

	if (a == NULL)
		abort();
	a->service = s;
	(void)snprintf(a->path, sizeof(a->path), "%.*s", (int)path.n, path.p);
	(void)uv_pipe_init(&s->control->uv, &a->pipe, 0);
	a->pipe.data = a;
	r = path.n < sizeof(a->path) ? take_path(a->path) : -ENAMETOOLONG;
	old = umask(0177); /* 0600 from its first moment */
	if (r == 0)
		r = uv_pipe_bind(&a->pipe, a->path);
	if (r == 0)
		r = uv_listen((uv_stream_t *)&a->pipe, 16, on_connection);
	(void)umask(old);
	if (r == 0)
		return a;
	(void)buf_printf(why, "cannot listen on %s: %s\n", a->path, uv_strerror(r));
	uv_close((uv_handle_t *)&a->pipe, on_pipe_closed);
	return NULL;
}

void
admin_socket_stop(struct admin_socket **p)
{
	if (*p == NULL)
		return;
	conn_drop_all((*p)->service->control, &conn_ops);
	(void)unlink((*p)->path);
	uv_close((uv_handle_t *)&(*p)->pipe, on_pipe_closed);
	*p = NULL;
}

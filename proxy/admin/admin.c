/* admin.c: the HTTP half of admin.h. One small request at a time on each connection; no body is read. */
#include "admin/admin.h"

#include <fcntl.h>
#include <unistd.h>

#include "admin/socket.h"
#include "admin/upstreams.h"
#include "core/certificates.h"
#include "core/inventory.h"
#include "core/log.h"
#include "core/reports.h"
#include "core/version.h"
#include "net/crypto.h"

#define ADMIN_HEAD_MAX (8 << 10)
#define ADMIN_ANSWER_MAX (8 << 20)
#define ADMIN_PATIENCE_MS 10000
#define TOKEN_MAX 256

/* Where the listener is, and who may use it. */
struct door {
	struct sockaddr_storage asked, addr; /* as configured; where it really is */
	int fd;                              /* -1: the listener has it */
	bool loopback;
	char token[TOKEN_MAX];
	size_t token_n; /* 0: none */
};

struct admin {
	struct service *service;
	struct listener *listener;
	struct admin_socket *socket;
	struct door door, next; /* next: what a reload has prepared */
};

struct client {
	struct conn conn; /* first */
	struct admin *admin;
	struct buf head;
	struct h1_scan scan;
	uv_timer_t patience;
	int handles; /* open: the connection and the timer */
};

/* ---- answers ---- */

struct answer {
	int status;
	const char *type;
	struct buf body;
};

static void
write_metrics(struct admin *a, struct answer *out)
{
	const struct service *s = a->service;
	struct stats_extra e = {
		.version = TACET_VERSION,
		.reload_success = s->reload_ok,
		.reload_time = s->reloaded,
		.start_time = s->started,
	};

	e.geo_built[0] = geo_build_time(s->snapshot->geo, 4);
	e.geo_built[1] = geo_build_time(s->snapshot->geo, 6);
	out->type = "text/plain; version=0.0.4; charset=utf-8";
	if (stats_write(&out->body, &e) < 0 || canary_write(&out->body, &s->canary) < 0 || upstreams_write(&out->body) < 0 ||
	    certificates_write(&out->body, s->snapshot) < 0 || acme_write(&out->body, &s->acme) < 0)
		out->status = 500;
}

static void
write_csp(struct admin *a, struct answer *out)
{
	out->type = "application/json";
	if (reports_write(&out->body, a->service->snapshot->config->stats_k) < 0)
		out->status = 500;
}

static void
write_inventory(struct admin *a, struct answer *out)
{
	out->type = "application/json";
	if (inventory_write(&out->body, a->service->snapshot->config->stats_k, TC_STR("")) < 0)
		out->status = 500;
}

static void
write_health(struct admin *a, struct answer *out)
{
	(void)a;
	(void)buf_add_str(&out->body, TC_STR("ok\n"));
}

/* What there is to see, for someone who opens the address in a browser. */
static void
write_index(struct admin *a, struct answer *out)
{
	(void)a;
	out->type = "text/html; charset=utf-8";
	(void)buf_add_str(&out->body,
	    TC_STR("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>tacet</title>\n<h1>tacet</h1>\n"
		"<ul>\n<li><a href=\"/metrics\">/metrics</a>: counters, Prometheus text\n"
		"<li><a href=\"/api/v1/csp\">/api/v1/csp</a>: whom pages would have asked, by what browsers report of policies\n"
		"<li><a href=\"/api/v1/inventory\">/api/v1/inventory</a>: what sites that only observe carry\n"
		"<li><a href=\"/healthz\">/healthz</a>: the process answers\n"
		"<li><a href=\"/readyz\">/readyz</a>: 503 while draining\n</ul>\n"));
}

static void
write_ready(struct admin *a, struct answer *out)
{
	out->status = a->service->draining ? 503 : 200;
	(void)buf_add_str(&out->body, a->service->draining ? TC_STR("draining\n") : TC_STR("ready\n"));
}

static const struct {
	const char *path;
	bool open; /* to anyone who can connect, without the token */
	void (*write)(struct admin *a, struct answer *out);
} paths[] = {
	{"/", false, write_index},
	{"/metrics", false, write_metrics},
	{"/api/v1/csp", false, write_csp},
	{"/api/v1/inventory", false, write_inventory},
	{"/healthz", true, write_health},
	{"/readyz", true, write_ready},
};

static void
refuse(struct answer *out, int status)
{
	out->status = status;
	(void)buf_printf(&out->body, "%d %s\n", status, status_reason(status));
}

/* A page on another site may not read our numbers through its visitor's browser (DNS rebinding): on loopback only
 * addresses and localhost are names of ours. */
static bool
host_is_fine(const struct admin *a, struct tc_str host)
{
	struct tc_addr ip;

	return !a->door.loopback || host.n == 0 || tc_eq(host, TC_STR("localhost")) || addr_parse(host, &ip);
}

static bool
token_is_right(const struct admin *a, const struct tc_fields *fs)
{
	struct tc_str given = tc_field_value(fs, TC_F_AUTHORIZATION);

	if (a->door.token_n == 0) /* elsewhere nobody can have it, and only the probes answer */
		return a->door.loopback;
	if (!tc_istarts(given, TC_STR("Bearer ")))
		return false;
	tc_skip(&given, 7);
	return given.n == a->door.token_n && crypto_equal(given.p, a->door.token, given.n);
}

static void
answer_request(struct admin *a, const struct tc_request *req, struct answer *out)
{
	if (req->method != TC_M_GET && req->method != TC_M_HEAD) {
		refuse(out, 405);
		return;
	}
	if (!host_is_fine(a, req->host)) {
		refuse(out, 421);
		return;
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (!tc_eq(req->path, tc_str_from(paths[i].path)))
			continue;
		if (!paths[i].open && !token_is_right(a, &req->fields))
			refuse(out, 401);
		else
			paths[i].write(a, out);
		return;
	}
	refuse(out, 404);
}

static void
send_answer(struct client *c, const struct answer *out, bool head_only)
{
	struct tc_str body = buf_str(&out->body);
	char head[512];
	int n = snprintf(head, sizeof(head),
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'\r\n%sConnection: close\r\n\r\n",
	    out->status, status_reason(out->status), out->type, body.n,
	    out->status == 401 ? "WWW-Authenticate: Bearer\r\n" : "");
	uv_buf_t v[2] = {uv_buf_init(head, (unsigned)n), uv_buf_init((char *)(uintptr_t)body.p, (unsigned)body.n)};

	(void)conn_write(&c->conn, v, head_only || body.n == 0 ? 1 : 2);
	conn_close(&c->conn);
}

static void
handle_head(struct client *c, struct tc_str head, const struct h1_limits *limits)
{
	struct tc_arena *arena = arena_new(NULL, 64 << 10);
	struct answer out = {.status = 200, .type = "text/plain; charset=utf-8"};
	struct tc_request req = {0};
	struct head parsed = {0};
	enum refusal why = h1_parse_request(head, limits, arena, &parsed);

	buf_init(&out.body, ADMIN_ANSWER_MAX);
	if (why == REFUSAL_NONE)
		why = h1_request_of(&parsed, arena, &req);
	if (why != REFUSAL_NONE)
		refuse(&out, refusal_status(why));
	else
		answer_request(c->admin, &req, &out);
	send_answer(c, &out, req.method == TC_M_HEAD);
	buf_reset(&out.body);
	arena_destroy(&arena);
}

/* ---- connections ---- */

static void
on_data(struct conn *conn, struct tc_str in)
{
	static const struct h1_limits limits = {.line_max = 2048, .head_max = ADMIN_HEAD_MAX, .fields_max = 64};
	struct client *c = (struct client *)conn;
	long n;

	if (buf_add_str(&c->head, in) < 0) {
		conn_drop(conn);
		return;
	}
	n = h1_scan(&c->scan, buf_str(&c->head), &limits);
	if (n < 0)
		conn_drop(conn);
	else if (n > 0)
		handle_head(c, tc_str_of(buf_str(&c->head).p, (size_t)n), &limits);
}

static void
client_release(struct client *c)
{
	if (--c->handles > 0)
		return;
	buf_reset(&c->head);
	free(c);
}

static void
on_timer_closed(uv_handle_t *h)
{
	client_release(h->data);
}

static void
on_closed(struct conn *conn)
{
	struct client *c = (struct client *)conn;

	if (!uv_is_closing((uv_handle_t *)&c->patience))
		uv_close((uv_handle_t *)&c->patience, on_timer_closed);
	client_release(c);
}

static const struct conn_ops conn_ops = {.data = on_data, .closed = on_closed};

static void
on_late(uv_timer_t *t)
{
	struct client *c = t->data;

	if (!conn_is_closing(&c->conn))
		conn_drop(&c->conn);
}

static void
on_accept(void *ctx, uv_stream_t *server)
{
	struct admin *a = ctx;
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	c->admin = a;
	c->handles = 2;
	buf_init(&c->head, ADMIN_HEAD_MAX + LOOP_READ_SIZE);
	conn_init_tcp(&c->conn, a->service->control, &conn_ops);
	(void)uv_timer_init(&a->service->control->uv, &c->patience);
	c->patience.data = c;
	(void)uv_timer_start(&c->patience, on_late, ADMIN_PATIENCE_MS, 0);
	if (uv_accept(server, &c->conn.u.stream) < 0) {
		conn_drop(&c->conn);
		return;
	}
	conn_read(&c->conn);
}

/* ---- where it listens ---- */

static bool
is_loopback(const struct sockaddr_storage *ss)
{
	static const struct cidr v4 = {.addr = {.family = 4, .ip = {[12] = 127}}, .bits = 8};
	static const struct cidr v6 = {.addr = {.family = 6, .ip = {[15] = 1}}, .bits = 128};
	struct tc_addr a = addr_of_sockaddr((const struct sockaddr *)ss);

	return cidr_has(&v4, &a) || cidr_has(&v6, &a);
}

static int
read_token(struct door *d, const struct config *c, struct buf *why)
{
	struct tc_str name = c->admin_token_file;
	char path[4096];
	ssize_t n;
	int fd;

	if (name.n == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%.*s", (int)name.n, name.p);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, d->token, sizeof(d->token));
	if (fd != -1)
		(void)close(fd);
	while (n > 0 && (d->token[n - 1] == '\n' || d->token[n - 1] == ' '))
		n--;
	if (n < 16) {
		(void)buf_printf(why, "admin.token_file must be readable and hold at least 16 characters\n");
		return -1;
	}
	d->token_n = (size_t)n;
	return 0;
}

/* Opens what the configuration asks for, unless it is the one that is open already: then fd is -1. */
static int
open_door(const struct door *now, const struct config *c, struct door *out, struct buf *why)
{
	char text[LISTENER_TEXT_MAX];
	int r;

	*out = (struct door){.asked = c->admin.addr, .addr = c->admin.addr, .fd = -1};
	out->loopback = is_loopback(&out->addr);
	if (read_token(out, c, why) < 0)
		return -1;
	if (memcmp(&out->asked, &now->asked, sizeof(out->asked)) == 0) {
		out->addr = now->addr;
		return 0;
	}
	r = listener_open(&out->addr, &out->fd, 1);
	if (r == 0)
		return 0;
	listener_print(&out->addr, text);
	(void)buf_printf(why, "cannot listen on %s (admin): %s\n", text, strerror(-r));
	return -1;
}

/* What was opened is served, in place of what was before. */
static int
go_through(struct admin *a, struct door *d)
{
	char text[LISTENER_TEXT_MAX], line[LISTENER_TEXT_MAX + 8];
	int n;

	if (d->fd >= 0) {
		bool first = a->listener == NULL;

		listener_stop(&a->listener);
		a->listener = first ? listener_start(a->service->control, d->fd, on_accept, a)
				    : listener_start_late(a->service->control, d->fd, on_accept, a);
		a->service->admin = d->addr;
		listener_print(&d->addr, text);
		n = snprintf(line, sizeof(line), "admin %s", text);
		if (a->listener != NULL)
			log_event(LOG_LISTENING, tc_str_of(line, (size_t)n));
		d->fd = -1;
	}
	a->door = *d;
	explicit_bzero(d, sizeof(*d));
	return a->listener != NULL ? 0 : -1;
}

/* ---- reload: service.h, struct service_edge ---- */

static int
prepare(void *ctx, const struct config *next, struct buf *text)
{
	struct admin *a = ctx;

	if (!tc_eq(next->admin_socket, a->service->snapshot->config->admin_socket))
		(void)buf_printf(text, "admin.socket: the old one stays until a restart\n");
	return open_door(&a->door, next, &a->next, text);
}

static void
commit(void *ctx)
{
	struct admin *a = ctx;

	(void)go_through(a, &a->next);
}

/* ---- start and stop ---- */

static int
listen_http(struct admin *a, const struct config *c, struct buf *why)
{
	struct door first;

	if (open_door(&a->door, c, &first, why) < 0)
		return -1;
	if (go_through(a, &first) == 0)
		return 0;
	(void)buf_printf(why, "cannot listen on admin.address: too few descriptors\n");
	return -1;
}

struct admin *
admin_start(struct service *s, const struct config *c, struct buf *why)
{
	struct admin *a = calloc(1, sizeof(*a));

	if (a == NULL)
		abort();
	a->service = s;
	if (c->admin.addr.ss_family != 0 && listen_http(a, c, why) < 0) {
		admin_stop(&a);
		return NULL;
	}
	if (c->admin_socket.n > 0) {
		a->socket = admin_socket_start(s, c->admin_socket, why);
		if (a->socket == NULL) {
			admin_stop(&a);
			return NULL;
		}
	}
	s->edge = (struct service_edge){.ctx = a, .prepare = prepare, .commit = commit};
	return a;
}

void
admin_stop(struct admin **p)
{
	struct admin *a = *p;

	*p = NULL;
	if (a == NULL)
		return;
	a->service->edge = (struct service_edge){0};
	conn_drop_all(a->service->control, &conn_ops);
	listener_stop(&a->listener);
	admin_socket_stop(&a->socket);
	explicit_bzero(a, sizeof(*a));
	free(a);
}

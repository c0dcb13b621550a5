/* demo_origin.c: see demo_origin.h. A small HTTP/1.1 server of constant files, on the proxy's own parts. */
#include "cli/demo_origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>

#include "cli/demo_site.h"
#include "http/h1.h"
#include "net/conn.h"
#include "net/listener.h"

struct demo_origin {
	struct loop loop;
	struct listener *listener;
	uv_async_t stop;
	uv_thread_t thread;
	pthread_mutex_t lock;
	struct demo_seen seen; /* under the lock */
};

struct client {
	struct conn conn; /* first */
	struct demo_origin *origin;
	struct buf in;
	struct h1_scan scan;
	uint64_t skip; /* bytes of a request's body still to come */
};

/* What such a site sets: three cookies of trackers, one that its visitors need. */
static const char cookies[] =
    "Set-Cookie: _ga=GA1.1.000000000.0000000000; Path=/; Max-Age=63072000\r\n"
    "Set-Cookie: _fbp=fb.1.0000000000000.000000000; Path=/; Max-Age=7776000\r\n"
    "Set-Cookie: hubspotutk=00000000000000000000000000000000; Path=/; Max-Age=15552000\r\n"
    "Set-Cookie: session=demo; Path=/; HttpOnly; SameSite=Lax\r\n";

static void
copy_text(char *out, size_t size, struct tc_str s)
{
	size_t n = s.n < size - 1 ? s.n : size - 1;

	memcpy(out, s.p != NULL ? s.p : "", n);
	out[n] = '\0';
}

static void
note_request(struct demo_origin *o, const struct tc_request *req)
{
	(void)pthread_mutex_lock(&o->lock);
	if (tc_eq(req->path, TC_STR("/g/collect"))) {
		o->seen.beacons++;
	} else if (tc_eq(req->path, TC_STR("/"))) {
		copy_text(o->seen.cookie, sizeof(o->seen.cookie), tc_field_value(&req->fields, TC_F_COOKIE));
		copy_text(o->seen.query, sizeof(o->seen.query), req->query);
		o->seen.gpc = tc_eq(tc_field_value(&req->fields, TC_F_SEC_GPC), TC_STR("1"));
	}
	(void)pthread_mutex_unlock(&o->lock);
}

static const struct demo_file *
find_file(struct tc_str path)
{
	if (tc_eq(path, TC_STR("/")))
		path = TC_STR("/index.html");
	for (size_t i = 0; i < demo_file_count; i++)
		if (tc_eq(path, tc_str_from(demo_files[i].path)))
			return &demo_files[i];
	return NULL;
}

static void
respond(struct client *c, const struct tc_request *req)
{
	const struct demo_file *f = find_file(req->path);
	bool page = f != NULL && strncmp(f->type, "text/html", 9) == 0;
	char head[1024];
	uv_buf_t v[2];
	int n;

	if (req->method == TC_M_POST && tc_eq(req->path, TC_STR("/contact")))
		n = snprintf(head, sizeof(head),
		    "HTTP/1.1 303 See Other\r\nLocation: /thanks.html\r\nContent-Length: 0\r\n\r\n");
	else if (f == NULL)
		n = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n",
		    tc_eq(req->path, TC_STR("/g/collect")) ? "204 No Content" : "404 Not Found");
	else
		n = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n",
		    f->type, f->bytes.n, page ? cookies : "");
	v[0] = uv_buf_init(head, (unsigned)n);
	v[1] = uv_buf_init((char *)(uintptr_t)(f != NULL ? f->bytes.p : ""), f != NULL ? (unsigned)f->bytes.n : 0);
	(void)conn_write(&c->conn, v, f != NULL && req->method != TC_M_HEAD ? 2 : 1);
}

/* Answers the request at the front of c->in. false: not all of its head has come, or it is not one. */
static bool
serve_one(struct client *c)
{
	static const struct h1_limits limits = {.line_max = 8 << 10, .head_max = 32 << 10, .fields_max = 100};
	struct tc_arena *arena;
	struct tc_request req = {0};
	struct framing body = {0};
	struct head head = {0};
	long n = h1_scan(&c->scan, buf_str(&c->in), &limits);
	bool good;

	if (n <= 0) {
		if (n < 0)
			conn_drop(&c->conn);
		return false;
	}
	arena = arena_new(NULL, 256 << 10);
	good = h1_parse_request(tc_str_of(buf_str(&c->in).p, (size_t)n), &limits, arena, &head) == REFUSAL_NONE &&
	    framing_request(&head, &body) == REFUSAL_NONE && body.kind <= BODY_LENGTH &&
	    h1_request_of(&head, arena, &req) == REFUSAL_NONE;
	if (good) {
		note_request(c->origin, &req);
		respond(c, &req);
		c->skip = body.length;
	} else {
		conn_drop(&c->conn); /* only tacet talks to us, and it speaks better than that */
	}
	arena_destroy(&arena);
	c->scan = (struct h1_scan){0};
	buf_drop(&c->in, (size_t)n);
	return good;
}

static void
on_data(struct conn *conn, struct tc_str in)
{
	struct client *c = (struct client *)conn;

	if (buf_add_str(&c->in, in) < 0) {
		conn_drop(conn);
		return;
	}
	do {
		size_t k = c->skip < c->in.n ? (size_t)c->skip : c->in.n;

		buf_drop(&c->in, k);
		c->skip -= k;
	} while (c->skip == 0 && c->in.n > 0 && serve_one(c));
}

static void
on_closed(struct conn *conn)
{
	struct client *c = (struct client *)conn;

	buf_reset(&c->in);
	free(c);
}

static const struct conn_ops conn_ops = {.data = on_data, .closed = on_closed};

static void
on_accept(void *ctx, uv_stream_t *server)
{
	struct demo_origin *o = ctx;
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	c->origin = o;
	buf_init(&c->in, 256 << 10);
	conn_init_tcp(&c->conn, &o->loop, &conn_ops);
	if (uv_accept(server, &c->conn.u.stream) < 0)
		conn_drop(&c->conn);
	else
		conn_read(&c->conn);
}

/* ---- life ---- */

static void
never(struct loop *l, struct deadline *d)
{
	(void)l;
	(void)d;
}

static void
on_stop(uv_async_t *a)
{
	uv_stop(a->loop);
}

static void
run(void *arg)
{
	struct demo_origin *o = arg;

	(void)uv_run(&o->loop.uv, UV_RUN_DEFAULT);
	conn_drop_all(&o->loop, &conn_ops);
	listener_stop(&o->listener);
	loop_close(&o->loop);
}

struct demo_origin *
demo_origin_start(uint16_t *port)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in *a = (struct sockaddr_in *)&ss;
	struct demo_origin *o = calloc(1, sizeof(*o));
	int fd;

	if (o == NULL || loop_init(&o->loop, never, o) < 0)
		abort();
	(void)pthread_mutex_init(&o->lock, NULL);
	a->sin_family = AF_INET;
	a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener_open(&ss, &fd, 1) < 0) {
		loop_close(&o->loop);
		free(o);
		return NULL;
	}
	*port = ntohs(a->sin_port);
	o->listener = listener_start(&o->loop, fd, on_accept, o);
	(void)uv_async_init(&o->loop.uv, &o->stop, on_stop);
	if (uv_thread_create(&o->thread, run, o) < 0)
		abort();
	return o;
}

void
demo_origin_seen(struct demo_origin *o, struct demo_seen *out)
{
	(void)pthread_mutex_lock(&o->lock);
	*out = o->seen;
	(void)pthread_mutex_unlock(&o->lock);
}

void
demo_origin_stop(struct demo_origin **p)
{
	struct demo_origin *o = *p;

	if (o == NULL)
		return;
	(void)uv_async_send(&o->stop);
	(void)uv_thread_join(&o->thread);
	(void)pthread_mutex_destroy(&o->lock);
	free(o);
	*p = NULL;
}

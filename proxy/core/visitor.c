/* visitor.c: see visitor.h. */
#include "core/visitor.h"

#include <assert.h>

#include "core/exchange.h"
#include "http/proxy_header.h"
#include "net/tls.h"
#include "net/tls_server.h"

#define LINGER_MS 1000
#define TAKE_RATE 256 /* bytes a second, at least */

static const struct conn_ops conn_ops;
static const struct protocol proxy_header, handshake;
static void begin(struct visitor *v);

static struct visitor *
visitor_of(struct deadline *d)
{
	return (struct visitor *)((char *)d - offsetof(struct visitor, deadline));
}

const struct config_limits *
visitor_limits(const struct visitor *v)
{
	return &worker_of(v->conn.loop)->use->snapshot->config->limits;
}

/* ---- coming and going ---- */

void
visitor_close(struct visitor *v)
{
	v->told_to_close = true;
	v->unsent = conn_unsent(&v->conn);
	loop_deadline(v->conn.loop, &v->deadline,
	    conn_pending(&v->conn) > 0 ? (uint64_t)visitor_limits(v)->write_timeout_ms : LINGER_MS);
	conn_close(&v->conn);
}

/* Out of room: say so, cheaply, and close. Those who are told linger; beyond a few of them nobody is. */
static void
shed(struct visitor *v, bool silent)
{
	struct worker *w = worker_of(v->conn.loop);
	static const char answer[] =
	    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	uv_buf_t b = uv_buf_init((char *)(uintptr_t)answer, sizeof(answer) - 1);

	stats_add(&w->lane->shed, 1);
	stats_add(&w->lane->turned_away[silent ? STATS_AWAY_LIMIT_SILENT : STATS_AWAY_LIMIT], 1);
	if (silent) {
		conn_drop(&v->conn);
		return;
	}
	(void)conn_write(&v->conn, &b, 1);
	visitor_close(v);
}

static void
link_visitor(struct worker *w, struct visitor *v)
{
	v->next = w->visitors;
	if (w->visitors != NULL)
		w->visitors->prev = v;
	w->visitors = v;
	w->visitor_count++;
	stats_add(&w->lane->open, 1);
}

/* Must this peer begin with a PROXY header? A peer that is not listed is an ordinary one. */
static bool
is_header_due(const struct config_listen *l, const struct tc_addr *peer)
{
	if (l->addr.ss_family == AF_UNIX)
		return l->proxy_unix;
	for (size_t i = 0; i < l->proxy_peer_count; i++)
		if (cidr_has(&l->proxy_peers[i], peer))
			return true;
	return false;
}

static void
read_peer(struct visitor *v)
{
	struct sockaddr_storage ss = {0};
	int n = sizeof(ss);

	/* The peer of a Unix socket is nobody: family 0. */
	if (v->conn.u.handle.type == UV_TCP && uv_tcp_getpeername(&v->conn.u.tcp, (struct sockaddr *)&ss, &n) == 0)
		v->peer = addr_of_sockaddr((struct sockaddr *)&ss);
}

void
visitor_accept(void *ctx, uv_stream_t *server)
{
	const struct worker_listener *l = ctx;
	struct worker *w = l->worker;
	const struct config_listen *settings = &w->use->snapshot->config->listen[l->settings];
	size_t here = atomic_fetch_add(&w->crowd->here, 1) + 1;
	struct visitor *v = calloc(1, sizeof(*v));

	if (v == NULL)
		abort();
	if (settings->addr.ss_family == AF_UNIX)
		conn_init_pipe(&v->conn, &w->loop, &conn_ops);
	else
		conn_init_tcp(&v->conn, &w->loop, &conn_ops);
	v->deadline.kind = DEADLINE_VISITOR;
	v->protocol = &visitor_h1;
	link_visitor(w, v);
	if (uv_accept(server, &v->conn.u.stream) < 0) {
		conn_drop(&v->conn);
		return;
	}
	stats_add(&w->lane->accepted, 1);
	v->tls_due = w->use->snapshot->tls[l->settings];
	if (here > atomic_load(&w->crowd->max)) {
		shed(v, here > atomic_load(&w->crowd->told) || v->tls_due != NULL); /* nobody shakes hands to be told that */
		v->tls_due = NULL;
		return;
	}
	read_peer(v);
	v->redirect = settings->redirect_https;
	v->h2c = settings->h2c;
	v->h2_only = settings->tls != NULL && !settings->tls->h1;
	loop_deadline(&w->loop, &v->deadline, (uint64_t)visitor_limits(v)->header_timeout_ms);
	if (is_header_due(settings, &v->peer)) {
		v->protocol = &proxy_header;
		if (v->tls_due != NULL)
			(void)tls_server_ref(v->tls_due); /* until the header is there */
	} else {
		begin(v);
	}
	conn_read(&v->conn);
}

static void
count_handshake(struct worker *w, const struct conn *c)
{
	struct tls_outcome o = tls_outcome(c);

	stats_add(&w->lane->handshakes[o.version][o.result], 1);
}

static void
on_closed(struct conn *c)
{
	struct visitor *v = (struct visitor *)c;
	struct worker *w = worker_of(c->loop);

	wheel_clear(&v->deadline);
	tls_server_unref(&v->tls_due);
	if (v->protocol->closed != NULL)
		v->protocol->closed(v);
	assert(v->exchange == NULL);
	buf_reset(&v->held);
	if (v->prev != NULL)
		v->prev->next = v->next;
	else
		w->visitors = v->next;
	if (v->next != NULL)
		v->next->prev = v->prev;
	w->visitor_count--;
	atomic_fetch_sub(&w->crowd->here, 1);
	stats_sub(&w->lane->open, 1);
	explicit_bzero(v, sizeof(*v));
	free(v);
	worker_visitor_gone(w);
}

/* Answered without an exchange's help, as a request with nothing but a refusal. */
void
visitor_refuse(struct visitor *v, enum refusal why)
{
	struct worker *w = worker_of(v->conn.loop);
	int status = refusal_status(why);
	struct tc_str reason = tc_str_from(status_reason(status));
	char text[256];
	int n = snprintf(text, sizeof(text),
	    "HTTP/1.1 %d %.*s\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n%d %.*s\n",
	    status, (int)reason.n, reason.p, reason.n + 5, status, (int)reason.n, reason.p);
	uv_buf_t b = uv_buf_init(text, (unsigned)n);

	stats_refuse(w->lane, why);
	stats_add(&w->lane->requests[0][TC_M_OTHER][stats_code(status, true)], 1);
	(void)conn_write(&v->conn, &b, 1);
	visitor_close(v);
}

/* ---- what comes before the protocol ---- */

int
visitor_hold(struct visitor *v, struct tc_str in)
{
	/* How much that may be is decided when there is nothing yet: reloads move the limits. */
	if (v->held.n == 0)
		buf_init(&v->held, (size_t)visitor_limits(v)->header_size + 2 * LOOP_READ_SIZE);
	return buf_add_str(&v->held, in);
}

/* From here on the connection is that of whom the header names; LOCAL and UNKNOWN name nobody, and the peer stays. */
static void
believe(struct visitor *v, struct proxy_header *h)
{
	if (h->source.family != 0)
		v->peer = h->source;
	v->tls = h->tls;
	explicit_bzero(h, sizeof(*h));
}

/* What came behind the header is the beginning of a handshake. */
static void
begin_after_header(struct visitor *v)
{
	struct tls_server *server = v->tls_due;
	struct buf rest = v->held;

	v->held = (struct buf){0};
	begin(v);
	tls_server_unref(&server);
	conn_feed(&v->conn, buf_str(&rest));
	buf_reset(&rest);
}

/* The PROXY header of a listed peer. What follows it belongs to the protocol. */
static void
header_data(struct visitor *v, struct tc_str in)
{
	struct proxy_header h;
	int n;

	if (v->told_to_close)
		return;
	if (visitor_hold(v, in) < 0 || (n = proxy_header_read(buf_str(&v->held), &h)) < 0) {
		visitor_refuse(v, REFUSAL_PROXY_HEADER);
		return;
	}
	if (n == 0)
		return;
	believe(v, &h);
	buf_drop(&v->held, (size_t)n);
	if (v->tls_due != NULL) {
		begin_after_header(v);
		return;
	}
	begin(v);
	v->protocol->data(v, tc_str_of("", 0));
}

static void
header_ended(struct visitor *v, int error)
{
	(void)error;
	if (!v->told_to_close)
		conn_drop(&v->conn);
}

static void
header_late(struct visitor *v)
{
	if (v->held.n > 0 && !v->told_to_close)
		visitor_refuse(v, REFUSAL_PROXY_HEADER);
	else
		conn_drop(&v->conn);
}

/* A client counts on its first request. */
static void
header_drain(struct visitor *v)
{
	if (!v->told_to_close)
		loop_deadline(v->conn.loop, &v->deadline, VISITOR_LAST_CALL_MS);
}

static void
ignore(struct visitor *v)
{
	(void)v;
}

static const struct protocol proxy_header = {
	.data = header_data,
	.ended = header_ended,
	.drained = ignore,
	.late = header_late,
	.drain = header_drain,
	.stop = ignore,
};

/* ---- TLS ---- */

static void
no_data(struct visitor *v, struct tc_str in)
{
	(void)v;
	assert(in.n == 0); /* not before secured() */
}

/* It ended before there was a protocol. */
static void
handshake_closed(struct visitor *v)
{
	count_handshake(worker_of(v->conn.loop), &v->conn);
}

static void
handshake_late(struct visitor *v)
{
	conn_drop(&v->conn);
}

static const struct protocol handshake = {
	.data = no_data,
	.ended = header_ended,
	.drained = ignore,
	.late = handshake_late,
	.drain = header_drain,
	.stop = ignore,
	.closed = handshake_closed,
};

/* ---- HTTP/2 or HTTP/1.1 in clear, where the listener takes both: the first bytes tell (RFC 9113 3.3) ---- */

static void
sniff_data(struct visitor *v, struct tc_str in)
{
	static const struct tc_str preface = TC_STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	struct buf held;
	size_t n;

	if (visitor_hold(v, in) < 0)
		return; /* more than a head: it cannot be */
	n = v->held.n < preface.n ? v->held.n : preface.n;
	if (memcmp(buf_str(&v->held).p, preface.p, n) != 0) {
		v->protocol = &visitor_h1;
		v->protocol->data(v, tc_str_of("", 0));
		return;
	}
	if (n < preface.n)
		return;
	held = v->held;
	v->held = (struct buf){0};
	visitor_h2_begin(v);
	v->protocol->data(v, buf_str(&held));
	buf_reset(&held);
}

/* A head has begun that no one can make out. */
static void
sniff_late(struct visitor *v)
{
	if (v->held.n > 0 && !v->told_to_close)
		visitor_refuse(v, REFUSAL_TIMEOUT);
	else
		conn_drop(&v->conn);
}

static const struct protocol sniff = {
	.data = sniff_data,
	.ended = header_ended,
	.drained = ignore,
	.late = sniff_late,
	.drain = header_drain,
	.stop = ignore,
};

/* Nothing has come but a PROXY header. */
static void
begin(struct visitor *v)
{
	v->protocol = v->tls_due != NULL ? &handshake : v->h2c ? &sniff
							       : &visitor_h1;
	if (v->tls_due == NULL)
		return;
	tls_accept(&v->conn, v->tls_due);
	v->tls_due = NULL;
}

static void
on_secured(struct conn *c)
{
	struct visitor *v = (struct visitor *)c;

	count_handshake(worker_of(c->loop), c);
	v->tls = true;
	if (tc_eq(conn_alpn(c), TC_STR("h2")))
		visitor_h2_begin(v);
	else if (v->h2_only) /* it did not say that it would */
		conn_drop(c);
	else
		v->protocol = &visitor_h1;
}

/* ---- what the connection tells ---- */

static void
on_data(struct conn *c, struct tc_str in)
{
	struct visitor *v = (struct visitor *)c;

	v->protocol->data(v, in);
}

static void
on_ended(struct conn *c, int error)
{
	struct visitor *v = (struct visitor *)c;

	v->close_after = true;
	v->protocol->ended(v, error);
}

static void
on_drained(struct conn *c)
{
	struct visitor *v = (struct visitor *)c;

	v->protocol->drained(v);
}

static const struct conn_ops conn_ops = {
	.secured = on_secured, .data = on_data, .ended = on_ended, .drained = on_drained, .closed = on_closed};

void
visitor_drain(struct visitor *v)
{
	v->protocol->drain(v);
}

void
visitor_stop(struct visitor *v)
{
	v->protocol->stop(v);
	conn_drop(&v->conn);
}

/* It takes what it is sent, if slowly: of a body it sends we ask no more. */
static bool
takes_enough(const struct visitor *v, size_t unsent)
{
	uint64_t least = (uint64_t)visitor_limits(v)->write_timeout_ms * TAKE_RATE / 1000;

	return v->unsent >= unsent && v->unsent - unsent >= least;
}

void
visitor_expired(struct deadline *d)
{
	struct visitor *v = visitor_of(d);
	size_t unsent = conn_unsent(&v->conn);

	if (conn_is_closing(&v->conn))
		return;
	if (unsent > 0 && takes_enough(v, unsent)) {
		v->unsent = unsent;
		loop_deadline(v->conn.loop, &v->deadline, (uint64_t)visitor_limits(v)->write_timeout_ms);
		return;
	}
	v->protocol->late(v);
}

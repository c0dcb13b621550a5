/* visitor.c: see visitor.h. */
#include "core/visitor.h"

#include <assert.h>

#include "core/exchange.h"
#include "http/proxy_header.h"

#define LINGER_MS 1000
#define TAKE_RATE 256 /* bytes a second, at least */
#define LAST_CALL_MS 1000 /* when draining: for the first request of a connection */

static const struct conn_ops conn_ops;
static const struct codec h1_codec;
static void visitor_pump(struct visitor *v, struct tc_str in);
static void next_request(struct visitor *v);
static void idle_patience(struct visitor *v);

static struct visitor *
visitor_of(struct deadline *d)
{
	return (struct visitor *)((char *)d - offsetof(struct visitor, deadline));
}

static const struct config_limits *
limits_of(const struct visitor *v)
{
	return &worker_of(v->conn.loop)->use->snapshot->config->limits;
}

/* ---- coming and going ---- */

static void
close_visitor(struct visitor *v)
{
	v->told_to_close = true;
	v->unsent = conn_unsent(&v->conn);
	loop_deadline(v->conn.loop, &v->deadline,
	    conn_pending(&v->conn) > 0 ? (uint64_t)limits_of(v)->write_timeout_ms : LINGER_MS);
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
	close_visitor(v);
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
	link_visitor(w, v);
	if (uv_accept(server, &v->conn.u.stream) < 0) {
		conn_drop(&v->conn);
		return;
	}
	stats_add(&w->lane->accepted, 1);
	if (here > atomic_load(&w->crowd->max)) {
		shed(v, here > atomic_load(&w->crowd->told));
		return;
	}
	read_peer(v);
	v->header_due = is_header_due(settings, &v->peer);
	v->redirect = settings->redirect_https;
	loop_deadline(&w->loop, &v->deadline, (uint64_t)limits_of(v)->header_timeout_ms);
	conn_read(&v->conn);
}

static void
on_closed(struct conn *c)
{
	struct visitor *v = (struct visitor *)c;
	struct worker *w = worker_of(c->loop);

	assert(v->exchange == NULL);
	wheel_clear(&v->deadline);
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

/* ---- request heads ---- */

/* A head that cannot even be told apart: answered without an exchange's help, as one with nothing but a refusal. */
static void
refuse_head(struct visitor *v, enum refusal why)
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
	close_visitor(v);
}

static struct h1_limits
head_limits(const struct visitor *v)
{
	const struct config_limits *c = limits_of(v);

	return (struct h1_limits){
		.line_max = (size_t)c->uri_size,
		.head_max = (size_t)c->header_size,
		.fields_max = (size_t)c->fields,
	};
}

/*
 * The PROXY header of a listed peer. From here on the connection is that of whom it names; LOCAL and UNKNOWN name nobody,
 * and the peer stays. true: it was taken, go on.
 */
static bool
take_header(struct visitor *v, struct tc_str *in)
{
	struct proxy_header h;
	int n = proxy_header_read(*in, &h);

	if (n < 0) {
		refuse_head(v, REFUSAL_PROXY_HEADER);
		return false;
	}
	if (n == 0)
		return false;
	if (h.source.family != 0)
		v->peer = h.source;
	v->tls = h.tls;
	v->header_due = false;
	tc_skip(in, (size_t)n);
	explicit_bzero(&h, sizeof(h));
	return true;
}

/* Tries to begin an exchange with the bytes at the front. true: something was taken, go on. */
static bool
begin_request(struct visitor *v, struct tc_str *in)
{
	struct h1_limits limits = head_limits(v);
	bool fresh = v->scan.at == 0;
	struct tc_str rest = *in;
	int skip = fresh ? h1_skip_empty_line(rest) : 0;
	long n;

	if (skip < 0)
		return false;
	if (skip > 0) {
		if (v->skipped > 0) {
			refuse_head(v, REFUSAL_SYNTAX);
			return false;
		}
		v->skipped = 1;
		tc_skip(in, (size_t)skip);
		return true;
	}
	n = h1_scan(&v->scan, rest, &limits);
	if (n < 0) {
		refuse_head(v, (enum refusal) - n);
		return false;
	}
	if (n == 0) {
		if (fresh && v->requests > 0) /* a head has begun: the idle time is over */
			loop_deadline(v->conn.loop, &v->deadline, (uint64_t)limits_of(v)->header_timeout_ms);
		return false;
	}
	v->scan = (struct h1_scan){0};
	v->skipped = 0;
	v->requests++;
	wheel_clear(&v->deadline);
	tc_skip(in, (size_t)n);
	exchange_start(v, &h1_codec, tc_str_of(rest.p, (size_t)n));
	return true;
}

/* One step with the bytes at the front of *in: a head, or the body of the request under way. false: wait. */
static bool
pump_step(struct visitor *v, struct tc_str *in)
{
	if (v->conn.closing || v->told_to_close) {
		tc_skip(in, in->n);
		return false;
	}
	if (v->exchange == NULL) {
		if (v->close_after) {
			tc_skip(in, in->n);
			return false;
		}
		if (conn_pending(&v->conn) > CONN_HIGH) {
			conn_pause(&v->conn); /* who does not read answers asks no more: on_drained() goes on */
			return false;
		}
		return v->header_due ? take_header(v, in) : begin_request(v, in);
	}
	if (exchange_request_over(v->exchange)) {
		conn_pause(&v->conn); /* pipelined: it waits its turn */
		return false;
	}
	exchange_request_bytes(v->exchange, in);
	return in->n > 0;
}

/* More than we hold, although we have stopped reading: cannot be, short of a limit set too low. */
static void
refuse_flood(struct visitor *v)
{
	if (v->exchange != NULL)
		exchange_visitor_gone(v->exchange);
	else
		refuse_head(v, REFUSAL_HEAD_TOO_LARGE);
}

/* Keeps what came before its time. How much that may be is decided when there is nothing yet: reloads move the limits. */
static int
hold(struct visitor *v, struct tc_str in)
{
	if (v->held.n == 0)
		buf_init(&v->held, (size_t)limits_of(v)->header_size + 2 * LOOP_READ_SIZE);
	return buf_add_str(&v->held, in);
}

static void
visitor_pump(struct visitor *v, struct tc_str in)
{
	bool from_held = v->held.n > 0;
	size_t before;

	if (v->pumping)
		return;
	v->pumping = true;
	if (from_held) {
		if (hold(v, in) < 0) {
			v->pumping = false;
			refuse_flood(v);
			return;
		}
		in = buf_str(&v->held);
	}
	before = in.n;
	while (in.n > 0 && pump_step(v, &in))
		;
	if (from_held)
		buf_drop(&v->held, before - in.n);
	else if (in.n > 0 && hold(v, in) < 0)
		refuse_flood(v);
	if (v->held.n == 0 && v->held.mem != NULL)
		buf_reset(&v->held);
	v->pumping = false;
}

static void
on_data(struct conn *c, struct tc_str in)
{
	visitor_pump((struct visitor *)c, in);
}

static void
on_ended(struct conn *c, int error)
{
	struct visitor *v = (struct visitor *)c;

	v->close_after = true;
	if (v->exchange == NULL) {
		if (!v->told_to_close)
			conn_drop(c);
	} else if (error != 0) {
		exchange_visitor_gone(v->exchange);
	} else {
		exchange_visitor_ended(v->exchange);
	}
}

static void
on_drained(struct conn *c)
{
	struct visitor *v = (struct visitor *)c;

	if (v->exchange != NULL) {
		exchange_visitor_drained(v->exchange);
	} else if (!v->told_to_close) {
		if (v->scan.at == 0)
			idle_patience(v);
		next_request(v);
	}
}

static const struct conn_ops conn_ops = {
	.data = on_data, .ended = on_ended, .drained = on_drained, .closed = on_closed};

/* ---- between requests ---- */

static void
next_request(struct visitor *v)
{
	conn_read(&v->conn);
	if (v->held.n > 0)
		visitor_pump(v, tc_str_of("", 0));
}

/* Until the next head begins; before that it has to take what it was sent. */
static void
idle_patience(struct visitor *v)
{
	const struct config_limits *c = limits_of(v);

	v->unsent = conn_unsent(&v->conn);
	loop_deadline(v->conn.loop, &v->deadline, (uint64_t)(v->unsent > 0 ? c->write_timeout_ms : c->idle_timeout_ms));
}

/* The exchange is over and gone: go on with the next request, or close. keep: the connection may be kept. done: the
 * visitor will send nothing more. */
static void
exchange_over(struct visitor *v, bool keep, bool done)
{
	struct worker *w = worker_of(v->conn.loop);

	v->exchange = NULL;
	wheel_clear(&v->deadline);
	if (v->conn.closing)
		return;
	if (done && v->held.n == 0 && conn_pending(&v->conn) == 0) {
		conn_drop(&v->conn);
		return;
	}
	if (!keep || v->close_after || w->draining || v->requests >= (uint64_t)limits_of(v)->keepalive_requests) {
		close_visitor(v);
		return;
	}
	idle_patience(v);
	next_request(v);
}

void
visitor_drain(struct visitor *v)
{
	/* A client counts on its first request, and on one that it has begun: exchange_over() closes then. */
	if (v->exchange == NULL && !v->told_to_close && (v->requests == 0 || v->held.n > 0)) {
		loop_deadline(v->conn.loop, &v->deadline, LAST_CALL_MS);
		return;
	}
	v->close_after = true;
	if (v->exchange == NULL && !v->told_to_close)
		close_visitor(v);
}

/* It takes what it is sent, if slowly: of a body it sends we ask no more. */
static bool
takes_enough(const struct visitor *v, size_t unsent)
{
	uint64_t least = (uint64_t)limits_of(v)->write_timeout_ms * TAKE_RATE / 1000;

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
		loop_deadline(v->conn.loop, &v->deadline, (uint64_t)limits_of(v)->write_timeout_ms);
		return;
	}
	if (v->exchange != NULL) {
		exchange_visitor_late(v->exchange);
		if (unsent > 0 && v->exchange == NULL)
			conn_abort(&v->conn); /* it would not take the rest either */
	} else if (v->header_due && v->held.n > 0 && !v->told_to_close)
		refuse_head(v, REFUSAL_PROXY_HEADER);
	else if (v->scan.at > 0 && !v->told_to_close)
		refuse_head(v, REFUSAL_TIMEOUT);
	else
		conn_drop(&v->conn);
}

/* ---- the codec: HTTP/1.1 towards the visitor ---- */

static struct gather *
gather_of(struct exchange *x)
{
	return &x->worker->gather;
}

static void
gather_add(struct gather *g, struct tc_str s)
{
	assert(g->n < GATHER_MAX);
	g->v[g->n++] = uv_buf_init((char *)(uintptr_t)s.p, (unsigned)s.n);
}

static void
h1_proceed(struct exchange *x)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	uv_buf_t b = uv_buf_init((char *)(uintptr_t)text, sizeof(text) - 1);

	(void)conn_write(&x->visitor->conn, &b, 1); /* a failure shows at the next write */
}

static int
h1_head(struct exchange *x, struct tc_response *res, const struct framing *f)
{
	struct visitor *v = x->visitor;
	bool close = x->visitor_close || v->close_after || x->worker->draining ||
	    v->requests >= (uint64_t)limits_of(v)->keepalive_requests;
	struct h1_out o = {
		.framing = *f,
		.close = close && !x->tunnelled,
		.keep_alive = !close && x->minor == 0,
		.websocket = res->status == 101,
		.date = true,
	};
	struct tc_str head = h1_write_response(res, x->minor, &o, x->arena);

	if (head.p == NULL)
		return -1;
	x->visitor_close = close;
	assert(gather_of(x)->n == 0);
	gather_add(gather_of(x), head);
	return 0;
}

/* Whether the body is chunked towards the visitor: what is not of known length and not ended by closing. */
static bool
is_chunked(const struct exchange *x)
{
	return !x->ours && x->minor >= 1 && x->down.framing.kind != BODY_NONE &&
	    (x->down.framing.kind != BODY_LENGTH || x->edited);
}

static int
h1_flush(struct exchange *x)
{
	struct gather *g = gather_of(x);
	int r = g->n > 0 ? conn_write(&x->visitor->conn, g->v, g->n) : 0;

	g->n = 0;
	g->small_n = 0;
	return r;
}

static int
h1_body(struct exchange *x, struct tc_str bytes)
{
	struct gather *g = gather_of(x);

	if (bytes.n == 0)
		return 0;
	if (g->n + 3 > GATHER_MAX && h1_flush(x) < 0)
		return -1;
	if (is_chunked(x)) {
		char *line = g->small + g->small_n;
		size_t n = chunk_line(line, bytes.n);

		g->small_n += n;
		gather_add(g, tc_str_of(line, n));
	}
	gather_add(g, bytes);
	if (is_chunked(x))
		gather_add(g, TC_STR("\r\n"));
	return 0;
}

static int
h1_end(struct exchange *x)
{
	if (x->tunnelled) {
		conn_finish(&x->visitor->conn);
		return 0;
	}
	if (!is_chunked(x))
		return 0;
	if (gather_of(x)->n + 1 > GATHER_MAX && h1_flush(x) < 0)
		return -1;
	gather_add(gather_of(x), TC_STR("0\r\n\r\n"));
	return 0;
}

static size_t
h1_pending(const struct exchange *x)
{
	return conn_pending(&x->visitor->conn);
}

static void
h1_pause(struct exchange *x)
{
	conn_pause(&x->visitor->conn);
}

static void
h1_resume(struct exchange *x)
{
	struct visitor *v = x->visitor;

	if (v->held.n == 0 || x->state == EXCHANGE_TUNNEL || !x->up.over)
		conn_read(&v->conn);
	if (v->held.n > 0 && !v->pumping && !exchange_request_over(x))
		visitor_pump(v, tc_str_of("", 0));
}

static void
h1_patience(struct exchange *x, uint64_t ms)
{
	struct visitor *v = x->visitor;

	v->unsent = conn_unsent(&v->conn);
	if (ms > 0)
		loop_deadline(v->conn.loop, &v->deadline, ms);
	else
		wheel_clear(&v->deadline);
}

static int
h1_raw(struct exchange *x, struct tc_str bytes)
{
	uv_buf_t b = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);

	return conn_write(&x->visitor->conn, &b, 1);
}

static struct conn *
h1_plain(struct exchange *x)
{
	struct conn *c = &x->visitor->conn;

	return is_chunked(x) || gather_of(x)->n > 0 || c->u.handle.type != UV_TCP ? NULL : c;
}

static void
h1_cut(struct exchange *x)
{
	struct visitor *v = x->visitor;

	v->exchange = NULL;
	gather_of(x)->n = 0;
	gather_of(x)->small_n = 0;
	if (v->conn.closing)
		return;
	/* What was sent so far may be read; that it has no end is visible where the end is marked. */
	if (x->head_sent && !x->tunnelled &&
	    (is_chunked(x) || (x->down.framing.kind == BODY_LENGTH && !x->edited)) &&
	    !v->conn.broken && !v->conn.ended)
		close_visitor(v);
	else if (x->tunnelled && !v->conn.broken)
		close_visitor(v);
	else
		conn_abort(&v->conn);
}

static void
h1_over(struct exchange *x, bool keep)
{
	/* It said that it would send no more, and has sent all: nothing to linger for. */
	exchange_over(x->visitor, keep, x->said_close && x->up.framing.kind == BODY_NONE);
}

static const struct codec h1_codec = {
	.proceed = h1_proceed,
	.head = h1_head,
	.body = h1_body,
	.end = h1_end,
	.flush = h1_flush,
	.pending = h1_pending,
	.pause = h1_pause,
	.resume = h1_resume,
	.patience = h1_patience,
	.raw = h1_raw,
	.plain = h1_plain,
	.cut = h1_cut,
	.over = h1_over,
};

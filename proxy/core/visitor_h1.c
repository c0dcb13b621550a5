/* visitor_h1.c: HTTP/1.1: finds request heads, hands them to exchanges one after another, and is the codec (codec.h). */
#include <assert.h>

#include "core/exchange.h"

static const struct codec h1_codec;
static void pump(struct visitor *v, struct tc_str in);
static void next_request(struct visitor *v);
static void idle_patience(struct visitor *v);

/* ---- request heads ---- */

static struct h1_limits
head_limits(const struct visitor *v)
{
	const struct config_limits *c = visitor_limits(v);

	return (struct h1_limits){
		.line_max = (size_t)c->uri_size,
		.head_max = (size_t)c->header_size,
		.fields_max = (size_t)c->fields,
	};
}

static void
start_exchange(struct visitor *v, struct tc_str bytes)
{
	struct h1_limits limits = head_limits(v);
	struct head head = {0};
	struct exchange_start s = {.visitor = v,
	    .codec = &h1_codec,
	    .arena = exchange_arena(worker_of(v->conn.loop)),
	    .head = &head,
	    .owner = &v->exchange};
	struct tc_str copy;

	s.room = exchange_room(s.arena);
	copy = tc_copy(s.arena, bytes);
	if (copy.p == NULL)
		abort(); /* the limit of an arena is far above that of a head */
	s.refusal = h1_parse_request(copy, &limits, s.arena, &head);
	if (s.refusal == REFUSAL_NONE)
		s.refusal = framing_request(&head, &s.framing);
	exchange_start(&s);
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
			visitor_refuse(v, REFUSAL_SYNTAX);
			return false;
		}
		v->skipped = 1;
		tc_skip(in, (size_t)skip);
		return true;
	}
	n = h1_scan(&v->scan, rest, &limits);
	if (n < 0) {
		visitor_refuse(v, (enum refusal) - n);
		return false;
	}
	if (n == 0) {
		if (fresh && v->requests > 0) /* a head has begun: the idle time is over */
			loop_deadline(v->conn.loop, &v->deadline, (uint64_t)visitor_limits(v)->header_timeout_ms);
		return false;
	}
	v->scan = (struct h1_scan){0};
	v->skipped = 0;
	v->requests++;
	wheel_clear(&v->deadline);
	tc_skip(in, (size_t)n);
	start_exchange(v, tc_str_of(rest.p, (size_t)n));
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
		return begin_request(v, in);
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
		visitor_refuse(v, REFUSAL_HEAD_TOO_LARGE);
}

static void
pump(struct visitor *v, struct tc_str in)
{
	bool from_held = v->held.n > 0;
	size_t before;

	if (v->pumping)
		return;
	v->pumping = true;
	if (from_held) {
		if (visitor_hold(v, in) < 0) {
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
	else if (in.n > 0 && visitor_hold(v, in) < 0)
		refuse_flood(v);
	if (v->held.n == 0 && v->held.mem != NULL)
		buf_reset(&v->held);
	v->pumping = false;
}

static void
h1_ended(struct visitor *v, int error)
{
	if (v->exchange == NULL) {
		if (!v->told_to_close)
			conn_drop(&v->conn);
	} else if (error != 0) {
		exchange_visitor_gone(v->exchange);
	} else {
		exchange_visitor_ended(v->exchange);
	}
}

static void
h1_drained(struct visitor *v)
{
	if (v->exchange != NULL) {
		exchange_visitor_drained(v->exchange);
	} else if (!v->told_to_close) {
		if (v->scan.at == 0)
			idle_patience(v);
		next_request(v);
	}
}

/* ---- between requests ---- */

static void
next_request(struct visitor *v)
{
	conn_read(&v->conn);
	if (v->held.n > 0)
		pump(v, tc_str_of("", 0));
}

/* Until the next head begins; before that it has to take what it was sent. */
static void
idle_patience(struct visitor *v)
{
	const struct config_limits *c = visitor_limits(v);

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
	if (done && v->held.n == 0 && conn_pending(&v->conn) == 0 && !conn_is_tls(&v->conn)) { /* TLS says its end */
		conn_drop(&v->conn);
		return;
	}
	if (!keep || v->close_after || w->draining || v->requests >= (uint64_t)visitor_limits(v)->keepalive_requests) {
		visitor_close(v);
		return;
	}
	idle_patience(v);
	next_request(v);
}

static void
h1_drain(struct visitor *v)
{
	/* A client counts on its first request, and on one that it has begun: exchange_over() closes then. */
	if (v->exchange == NULL && !v->told_to_close && (v->requests == 0 || v->held.n > 0)) {
		loop_deadline(v->conn.loop, &v->deadline, VISITOR_LAST_CALL_MS);
		return;
	}
	v->close_after = true;
	if (v->exchange == NULL && !v->told_to_close)
		visitor_close(v);
}

static void
h1_late(struct visitor *v)
{
	bool unsent = conn_unsent(&v->conn) > 0;

	if (v->exchange != NULL) {
		exchange_visitor_late(v->exchange);
		if (unsent && v->exchange == NULL)
			conn_abort(&v->conn); /* it would not take the rest either */
	} else if (v->scan.at > 0 && !v->told_to_close)
		visitor_refuse(v, REFUSAL_TIMEOUT);
	else
		conn_drop(&v->conn);
}

static void
h1_stop(struct visitor *v)
{
	if (v->exchange != NULL)
		exchange_visitor_gone(v->exchange);
}

const struct protocol visitor_h1 = {
	.data = pump,
	.ended = h1_ended,
	.drained = h1_drained,
	.late = h1_late,
	.drain = h1_drain,
	.stop = h1_stop,
};

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
	    v->requests >= (uint64_t)visitor_limits(v)->keepalive_requests;
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
		pump(v, tc_str_of("", 0));
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

	return is_chunked(x) || gather_of(x)->n > 0 || c->u.handle.type != UV_TCP || conn_is_tls(c) ? NULL : c;
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
		visitor_close(v);
	else if (x->tunnelled && !v->conn.broken)
		visitor_close(v);
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

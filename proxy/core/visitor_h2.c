/*
 * visitor_h2.c: HTTP/2 towards a visitor: the session, and one exchange for each stream. They talk to it in visitor_h2_codec.c.
 *
 *	session (a visitor) -> stream -> exchange
 *	                              -> spans: what body() gave, before flush()      borrowed
 *	                              -> out:   what the windows did not take         a copy
 *	                              -> in:    what the exchange does not take yet   a copy, at most the stream's window
 *
 * Output goes in turns. In one, nghttp2 is asked for all that may be sent; it is gathered and written at once. While
 * bytes of the visitor are read, or a turn is under way (busy), nobody begins another: what is given then is kept, and
 * goes with the next. Streams that ended in a turn, or got rid of what waited, are looked at after it. Of a body that comes in
 * small pieces all that one read brought goes on together, as a write to the origin for each would cost a hundred times more.
 *
 * A small response that is whole is kept until all events of the loop's turn are over, and goes with what others have to
 * say: ten of them cost one write.
 *
 * A stream is freed when nghttp2 has closed it and its exchange is over, whichever comes last.
 */
#include <assert.h>

#include "core/visitor_h2.h"

#define STREAMS_MAX 100
#define STREAM_WINDOW (64 << 10)
#define CONNECTION_WINDOW (1 << 20)
#define AT_ONCE (4 << 10)    /* a piece of a request's body that is not kept for the end of the read */
#define TAKE_RATE 256        /* bytes a second, at least, as in visitor.c */
#define REST_MS 500          /* idle for so long, a session needs less memory */

static void end_exchanges(struct session *s);

static struct worker *
worker(const struct session *s)
{
	return worker_of(s->visitor->conn.loop);
}

/* ---- streams ---- */

static struct h2_stream *
on_begin(void *ctx)
{
	struct session *s = ctx;
	struct stream *st;

	if (s->over || s->waiting == WAIT_END)
		return NULL;
	st = calloc(1, sizeof(*st));
	if (st == NULL)
		abort();
	st->session = s;
	st->deadline.kind = DEADLINE_STREAM;
	st->h2.arena = exchange_arena(worker(s));
	st->room = exchange_room(st->h2.arena);
	buf_init(&st->in, STREAM_WINDOW);
	buf_init(&st->out, SIZE_MAX / 2); /* who fills it asks pending(), as with a connection's queue */
	st->next = s->streams;
	if (s->streams != NULL)
		s->streams->prev = st;
	s->streams = st;
	s->count++;
	return &st->h2;
}

static void
stream_free(struct stream *st)
{
	struct session *s = st->session;

	assert(st->exchange == NULL);
	s->ready -= st->ready;
	wheel_clear(&st->deadline);
	arena_destroy(&st->h2.arena);
	buf_reset(&st->in);
	buf_reset(&st->out);
	if (st->prev != NULL)
		st->prev->next = st->next;
	else
		s->streams = st->next;
	if (st->next != NULL)
		st->next->prev = st->prev;
	s->count--;
	free(st);
}

/* What is ready, as if in one piece; what was not gathered in this turn is kept. */
int
stream_keep_spans(struct stream *st)
{
	int r = 0;

	for (unsigned i = 0; i < st->span_n; i++)
		r |= buf_add_str(&st->out, st->spans[i]);
	st->span_n = 0;
	return r;
}

static size_t
waits_for(const struct stream *st)
{
	return st->ready + conn_unsent(&st->session->visitor->conn);
}

void
stream_patience(struct stream *st, uint64_t ms)
{
	st->unsent = waits_for(st);
	if (ms > 0)
		loop_deadline(st->session->visitor->conn.loop, &st->deadline, ms);
	else
		wheel_clear(&st->deadline);
}

void
visitor_h2_expired(struct deadline *d)
{
	struct stream *st = (struct stream *)(void *)((char *)d - offsetof(struct stream, deadline));
	struct session *s = st->session;
	uint64_t patience = (uint64_t)visitor_limits(s->visitor)->write_timeout_ms;
	size_t waits = waits_for(st);

	if (waits > 0 && st->unsent >= waits && st->unsent - waits >= patience * TAKE_RATE / 1000) {
		stream_patience(st, patience);
		return;
	}
	if (st->exchange != NULL) {
		exchange_visitor_late(st->exchange);
	} else if (conn_pending(&s->visitor->conn) > 0) { /* nor would it take a reset */
		end_exchanges(s);
		conn_abort(&s->visitor->conn);
	} else {
		h2_reset(s->h2, &st->h2, H2_RESET_SLOW);
	}
	session_turn(s);
}

/* ---- requests ---- */

static void
on_request(struct h2_stream *h, struct head *head, const struct framing *f, enum refusal why)
{
	struct stream *st = (struct stream *)h;
	struct session *s = st->session;
	struct exchange_start start = {
		.visitor = s->visitor,
		.stream = st,
		.codec = &visitor_h2_codec,
		.arena = h->arena,
		.room = st->room,
		.head = head,
		.framing = *f,
		.refusal = why,
		.owner = &st->exchange,
	};

	if (++s->visitor->requests >= (uint64_t)visitor_limits(s->visitor)->keepalive_requests)
		h2_drain(s->h2);
	exchange_start(&start);
}

/* What the exchange does not take now waits in `in`; the stream's window is not opened for it. */
static bool
takes(const struct stream *st)
{
	return !st->paused && !st->feeding && !exchange_request_over(st->exchange);
}

static void
feed(struct stream *st, struct tc_str bytes, bool last)
{
	size_t n = bytes.n;

	st->feeding = true;
	exchange_request_piece(st->exchange, bytes, last);
	st->feeding = false;
	if (!st->closed)
		h2_consumed(st->session->h2, &st->h2, n);
}

/* The end of a request is an end of its own only in a tunnel; else it comes with the last bytes, or alone. */
static void
tell_end(struct stream *st)
{
	if (st->exchange->state == EXCHANGE_TUNNEL)
		exchange_visitor_ended(st->exchange);
	else if (!exchange_request_over(st->exchange))
		feed(st, tc_str_of("", 0), true);
}

void
stream_feed(struct stream *st)
{
	struct buf held = st->in;

	if (held.n > 0 && takes(st)) {
		buf_init(&st->in, STREAM_WINDOW);
		feed(st, buf_str(&held), st->in_over && st->exchange->state != EXCHANGE_TUNNEL);
		buf_reset(&held);
		if (st->exchange == NULL || st->exchange->state != EXCHANGE_TUNNEL)
			return;
	}
	if (st->in_over && st->in.n == 0 && takes(st))
		tell_end(st);
}

static void
on_data(struct h2_stream *h, struct tc_str bytes)
{
	struct stream *st = (struct stream *)h;

	if (st->exchange == NULL) {
		h2_consumed(st->session->h2, h, bytes.n); /* nobody wants it any more */
	} else if (bytes.n >= AT_ONCE && st->in.n == 0 && takes(st)) {
		feed(st, bytes, false);
	} else {
		(void)buf_add_str(&st->in, bytes); /* within its window, so within the limit */
		st->came = true;
	}
}

static void
on_end(struct h2_stream *h)
{
	struct stream *st = (struct stream *)h;

	st->in_over = true;
	st->came = true;
}

/* All of a read is there. */
static void
feed_all(struct session *s)
{
	for (struct stream *st = s->streams; st != NULL; st = st->next) { /* none is freed while the session is busy */
		if (!st->came)
			continue;
		st->came = false;
		if (st->exchange != NULL) /* even if the stream is closed: both sides may have ended in this read */
			stream_feed(st);
	}
}

static void
on_closed(struct h2_stream *h)
{
	struct stream *st = (struct stream *)h;

	st->closed = true;
}

static int32_t
on_widest(void *ctx)
{
	const struct session *s = ctx;
	int32_t widest = 0;

	for (const struct stream *st = s->streams; st != NULL; st = st->next) {
		int32_t window = st->closed ? -1 : h2_window(s->h2, &st->h2);

		widest = window > widest ? window : widest;
	}
	return widest;
}

static void
on_refused(void *ctx, enum refusal why)
{
	const struct session *s = ctx;
	struct lane *lane = worker(s)->lane;

	stats_refuse(lane, why);
	stats_add(&lane->requests[0][TC_M_OTHER][stats_code(refusal_status(why), true)], 1);
}

/* ---- output: one write for all that nghttp2 has to say ---- */

static void
write_out(struct session *s)
{
	struct gather *g = &worker(s)->gather;

	if (g->n > 0)
		(void)conn_write(&s->visitor->conn, g->v, g->n); /* broken: whoever writes next sees it */
	g->n = 0;
	s->frames_n = 0;
	if (!s->any_taken)
		return;
	s->any_taken = false;
	for (struct stream *st = s->streams; st != NULL; st = st->next) {
		if (st->taken == 0)
			continue;
		buf_drop(&st->out, st->taken);
		st->taken = 0;
		if (st->out.n == 0)
			buf_reset(&st->out);
	}
}

static void
gather(struct session *s, struct tc_str bytes)
{
	struct gather *g = &worker(s)->gather;

	if (g->n == GATHER_MAX)
		write_out(s);
	g->v[g->n++] = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
}

static void
on_put(void *ctx, struct tc_str bytes)
{
	struct session *s = ctx;
	struct gather *g = &worker(s)->gather;
	char *to;

	while (bytes.n > 0) {
		struct tc_str part = bytes;

		if (s->frames_n == WORKER_FRAMES)
			write_out(s);
		to = worker(s)->room->frames + s->frames_n;
		if (part.n > WORKER_FRAMES - s->frames_n)
			part.n = WORKER_FRAMES - s->frames_n;
		if (g->n == GATHER_MAX) {
			write_out(s);
			continue;
		}
		memcpy(to, part.p, part.n);
		s->frames_n += part.n;
		if (g->n > 0 && g->v[g->n - 1].base + g->v[g->n - 1].len == to)
			g->v[g->n - 1].len += part.n;
		else
			gather(s, tc_str_of(to, part.n));
		tc_skip(&bytes, part.n);
	}
}

static size_t
on_ready(struct h2_stream *h, bool *end)
{
	struct stream *st = (struct stream *)h;

	*end = st->end && !st->cut;
	return st->cut ? 0 : st->ready;
}

static void
on_take(struct h2_stream *h, size_t n)
{
	struct stream *st = (struct stream *)h;
	size_t held = st->out.n - st->taken, k = n < held ? n : held;

	assert(n <= st->ready);
	st->ready -= n;
	st->session->ready -= n;
	if (k > 0) {
		gather(st->session, tc_str_of(buf_str(&st->out).p + st->taken, k));
		st->taken += k;
		st->session->any_taken = true;
	}
	for (n -= k; n > 0; n -= k) {
		struct tc_str *first = &st->spans[0];

		k = n < first->n ? n : first->n;
		gather(st->session, tc_str_of(first->p, k));
		tc_skip(first, k);
		if (first->n == 0)
			memmove(first, first + 1, --st->span_n * sizeof(*first));
	}
	if (st->ready == 0 && st->waits)
		st->relieved = true;
}

static bool
on_blocked(void *ctx)
{
	const struct session *s = ctx;

	return conn_pending(&s->visitor->conn) > CONN_HIGH;
}

static void
on_sent_end(struct h2_stream *h)
{
	struct stream *st = (struct stream *)h;

	st->sent_end = true;
	if (st->exchange == NULL)
		wheel_clear(&st->deadline);
	if (st->no_more)
		h2_reset(st->session->h2, h, H2_RESET_DONE);
}

static const struct h2_ops h2_ops = {
	.begin = on_begin,
	.request = on_request,
	.data = on_data,
	.end = on_end,
	.closed = on_closed,
	.widest = on_widest,
	.refused = on_refused,
	.put = on_put,
	.ready = on_ready,
	.take = on_take,
	.blocked = on_blocked,
	.ended = on_sent_end,
};

/* ---- turns ---- */

/* A stream that ended while its exchange is under way: it was reset. */
static void
end_stream(struct stream *st)
{
	if (st->exchange == NULL)
		stream_free(st);
	else if (!st->exchange->running)
		exchange_visitor_gone(st->exchange); /* over() or cut() frees */
}

/* One stream that has to be looked at; there may be more. */
static bool
look(struct session *s)
{
	for (struct stream *st = s->streams; st != NULL; st = st->next) {
		if (st->closed && (st->exchange == NULL || !st->exchange->running)) {
			end_stream(st);
			return true;
		}
		if (st->relieved) {
			st->relieved = st->waits = false;
			if (st->exchange != NULL)
				exchange_visitor_drained(st->exchange);
			return true;
		}
	}
	return false;
}

/* Every exchange ends, but one that is on the stack: that one learns it from its next flush. */
static void
end_exchanges(struct session *s)
{
	struct stream *st = s->streams;

	s->busy = true; /* nothing is sent any more */
	while (st != NULL) {
		if (st->exchange == NULL || st->exchange->running) {
			st = st->next;
			continue;
		}
		exchange_visitor_gone(st->exchange);
		st = s->streams; /* others may have gone with it */
	}
}

static void
say_goodbye(struct session *s)
{
	s->over = true;
	end_exchanges(s);
	if (!s->visitor->told_to_close && !s->visitor->conn.closing)
		visitor_close(s->visitor);
}

/* What the visitor's deadline should be about. Streams that wait have their own. */
static enum waiting
waiting_for(const struct session *s)
{
	if (conn_pending(&s->visitor->conn) > 0)
		return WAIT_WRITE;
	if (h2_head_due(s->h2))
		return WAIT_HEAD;
	if (s->count > 0)
		return WAIT_STREAMS;
	return s->visitor->requests == 0 ? WAIT_FIRST : WAIT_IDLE;
}

static void
session_patience(struct session *s)
{
	const struct config_limits *c = visitor_limits(s->visitor);
	const int64_t patience[] = {
		[WAIT_FIRST] = c->header_timeout_ms,
		[WAIT_HEAD] = c->header_timeout_ms,
		[WAIT_IDLE] = c->idle_timeout_ms > REST_MS ? REST_MS : c->idle_timeout_ms,
		[WAIT_WRITE] = c->write_timeout_ms,
	};
	enum waiting now = waiting_for(s);

	if (s->visitor->told_to_close || s->waiting == WAIT_LAST_CALL || s->waiting == WAIT_END || now == s->waiting)
		return;
	s->waiting = now;
	s->rest_ms = now == WAIT_IDLE ? c->idle_timeout_ms - patience[now] : 0;
	s->visitor->unsent = conn_unsent(&s->visitor->conn);
	if (now == WAIT_STREAMS)
		wheel_clear(&s->visitor->deadline);
	else
		loop_deadline(s->visitor->conn.loop, &s->visitor->deadline, (uint64_t)patience[now]);
}

static void
due_remove(struct session *s)
{
	if (s->at_due == NULL)
		return;
	*s->at_due = s->next_due;
	if (s->next_due != NULL)
		s->next_due->at_due = s->at_due;
	s->at_due = NULL;
	s->next_due = NULL;
}

void
session_due(struct session *s)
{
	struct worker *w = worker(s);

	if (s->at_due != NULL)
		return;
	s->next_due = w->due;
	if (s->next_due != NULL)
		s->next_due->at_due = &s->next_due;
	s->at_due = &w->due;
	w->due = s;
}

void
visitor_h2_turned(struct worker *w)
{
	struct session *s;

	while ((s = w->due) != NULL) {
		due_remove(s);
		session_turn(s);
	}
}

static void
send_all(struct session *s)
{
	enum h2_end end = H2_GOES_ON;

	due_remove(s);
	s->busy = true;
	do {
		s->again = false;
		end = h2_send(s->h2);
		write_out(s);
	} while (s->again && end == H2_GOES_ON);
	s->busy = false;
	s->over |= end != H2_GOES_ON;
}

void
session_turn(struct session *s)
{
	if (s->busy || s->visitor->conn.closing) {
		s->again = true;
		return;
	}
	send_all(s);
	if (s->looking)
		return;
	s->looking = true;
	while (!s->visitor->conn.closing && look(s))
		if (s->again)
			send_all(s);
	s->looking = false;
	if (s->over)
		say_goodbye(s);
	session_patience(s);
}

/* ---- what the connection tells ---- */

static void
session_data(struct visitor *v, struct tc_str in)
{
	struct session *s = v->session;
	enum h2_end end;

	if (v->told_to_close || s->over)
		return;
	s->busy = true;
	end = h2_receive(s->h2, in, loop_now(v->conn.loop));
	feed_all(s);
	s->busy = false;
	session_turn(s);
	if (end != H2_GOES_ON && !s->over)
		say_goodbye(s);
	if (!v->conn.closing && conn_pending(&v->conn) > CONN_HIGH)
		conn_pause(&v->conn); /* who does not read answers asks no more */
}

static void
session_stop(struct visitor *v)
{
	end_exchanges(v->session);
}

static void
session_ended(struct visitor *v, int error)
{
	(void)error;
	session_stop(v);
	if (!v->told_to_close || v->conn.broken)
		conn_drop(&v->conn);
}

static void
session_drained(struct visitor *v)
{
	struct session *s = v->session;

	if (v->told_to_close)
		return;
	for (struct stream *st = s->streams; st != NULL; st = st->next)
		st->relieved |= st->waits && st->ready == 0;
	session_turn(s);
	if (!v->told_to_close)
		conn_read(&v->conn);
}

static void
session_late(struct visitor *v)
{
	struct session *s = v->session;

	if (v->told_to_close || s->over) {
		session_stop(v);
		conn_drop(&v->conn);
		return;
	}
	if (s->waiting == WAIT_WRITE) { /* it takes nothing */
		session_stop(v);
		conn_abort(&v->conn);
		return;
	}
	if (s->waiting == WAIT_IDLE && s->rest_ms > 0) {
		h2_rest(s->h2);
		loop_deadline(v->conn.loop, &v->deadline, (uint64_t)s->rest_ms);
		s->rest_ms = 0;
		return;
	}
	if (s->waiting == WAIT_HEAD)
		stats_refuse(worker(s)->lane, REFUSAL_TIMEOUT);
	h2_drain(s->h2);
	if (s->waiting == WAIT_LAST_CALL && s->count > 0) {
		s->waiting = WAIT_END; /* those that are here end first */
		session_turn(s);
		return;
	}
	session_turn(s);
	say_goodbye(s);
}

/* The visitor is told that no stream is taken any more; those on their way still are, for a moment. */
static void
session_drain(struct visitor *v)
{
	struct session *s = v->session;

	if (v->told_to_close || s->over)
		return;
	h2_drain_notice(s->h2);
	s->waiting = WAIT_LAST_CALL;
	loop_deadline(v->conn.loop, &v->deadline, VISITOR_LAST_CALL_MS);
	session_turn(s);
}

static void
session_closed(struct visitor *v)
{
	struct session *s = v->session;

	session_stop(v);
	due_remove(s);
	while (s->streams != NULL)
		stream_free(s->streams);
	s->busy = false;
	h2_free(&s->h2);
	free(s);
	v->session = NULL;
}

static const struct protocol visitor_h2 = {
	.data = session_data,
	.ended = session_ended,
	.drained = session_drained,
	.late = session_late,
	.drain = session_drain,
	.stop = session_stop,
	.closed = session_closed,
};

void
visitor_h2_begin(struct visitor *v)
{
	const struct config_limits *c = visitor_limits(v);
	struct h2_settings settings = {
		.streams = STREAMS_MAX,
		.stream_window = STREAM_WINDOW,
		.connection_window = CONNECTION_WINDOW,
		.head = {.line_max = (size_t)c->uri_size, .head_max = (size_t)c->header_size, .fields_max = (size_t)c->fields},
	};
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->visitor = v;
	s->waiting = WAIT_FIRST; /* the deadline is set since it came */
	s->h2 = h2_new(&h2_ops, s, &settings);
	v->session = s;
	v->protocol = &visitor_h2;
}

/*
 * visitor_h2_codec.c: how an exchange talks to its stream of HTTP/2 (codec.h); the session's side is in visitor_h2.c.
 */
#include <assert.h>

#include "core/visitor_h2.h"

#define READY_HIGH (512 << 10) /* of all streams together */
#define LATER_MAX (16 << 10) /* copying so much costs less than a write */

static void
h2c_proceed(struct exchange *x)
{
	struct stream *st = stream_of(x);
	struct tc_response res = {.status = 100, .fields.arena = x->arena};

	if (st->closed)
		return;
	(void)h2_interim(st->session->h2, &st->h2, &res);
	session_turn(st->session);
}

static void
h2c_hint(struct exchange *x, const struct tc_response *res)
{
	struct stream *st = stream_of(x);

	if (!st->closed && h2_interim(st->session->h2, &st->h2, res) == 0)
		session_due(st->session);
}

static int
h2c_head(struct exchange *x, struct tc_response *res, const struct framing *f)
{
	struct stream *st = stream_of(x);
	bool none = f->kind == BODY_NONE || (f->kind == BODY_LENGTH && f->length == 0) || x->req.method == TC_M_HEAD;

	if (st->closed)
		return -1;
	st->end = none && res->status != 101;
	return h2_respond(st->session->h2, &st->h2, res, f, !st->end);
}

/* All of it goes out in one turn, or what is left is kept. */
static int
h2c_flush(struct exchange *x)
{
	struct stream *st = stream_of(x);
	struct session *s = st->session;

	if (st->closed)
		return -1;
	if (st->ready > 0 || st->end)
		h2_resume(s->h2, &st->h2);
	if (st->end && st->ready <= LATER_MAX && !x->tunnelled)
		session_due(s);
	else
		session_turn(s);
	if (stream_keep_spans(st) < 0 || s->visitor->conn.broken || s->over)
		return -1;
	return st->closed && !st->sent_end ? -1 : 0;
}

static int
h2c_body(struct exchange *x, struct tc_str bytes)
{
	struct stream *st = stream_of(x);

	if (bytes.n == 0)
		return 0;
	if (st->span_n == STREAM_SPANS && h2c_flush(x) < 0)
		return -1;
	st->spans[st->span_n++] = bytes;
	st->ready += bytes.n;
	st->session->ready += bytes.n;
	return 0;
}

static int
h2c_end(struct exchange *x)
{
	struct stream *st = stream_of(x);

	if (st->end)
		return 0;
	st->end = true;
	return x->tunnelled ? h2c_flush(x) : 0;
}

static size_t
h2c_pending(const struct exchange *x)
{
	struct stream *st = stream_of(x);
	size_t n = st->ready + conn_pending(&st->session->visitor->conn);

	st->waits |= n > 0;
	return n;
}

static bool
h2c_crowded(const struct exchange *x)
{
	return stream_of(x)->session->ready > READY_HIGH;
}

static void
h2c_pause(struct exchange *x)
{
	stream_of(x)->paused = true;
}

static void
h2c_resume(struct exchange *x)
{
	struct stream *st = stream_of(x);

	st->paused = false;
	if (!st->feeding)
		stream_feed(st);
	if (st->session->visitor->conn.closing)
		return;
	session_turn(st->session); /* windows may have opened */
}

static void
h2c_patience(struct exchange *x, uint64_t ms)
{
	stream_patience(stream_of(x), ms);
}

static int
h2c_raw(struct exchange *x, struct tc_str bytes)
{
	return h2c_body(x, bytes) < 0 ? -1 : h2c_flush(x);
}

static struct conn *
h2c_plain(struct exchange *x)
{
	(void)x;
	return NULL;
}

/* The exchange is over, and its arena goes. */
static struct stream *
detach(struct exchange *x)
{
	struct stream *st = stream_of(x);

	st->exchange = NULL;
	st->h2.arena = NULL;
	wheel_clear(&st->deadline);
	return st;
}

static void
h2c_cut(struct exchange *x)
{
	struct stream *st = detach(x);
	struct session *s = st->session;

	st->cut = true;
	(void)stream_keep_spans(st); /* a frame may have begun that waits for room */
	if (!st->closed)
		h2_reset(s->h2, &st->h2, H2_RESET_BROKEN);
	s->again = true;
	session_turn(s);
}

static void
h2c_over(struct exchange *x, bool keep)
{
	struct stream *st = detach(x);
	struct session *s = st->session;

	(void)keep; /* a matter of connections */
	assert(st->span_n == 0);
	st->no_more = !st->in_over && !st->h2.over;
	if (st->no_more && st->sent_end && !st->closed)
		h2_reset(s->h2, &st->h2, H2_RESET_DONE);
	if (!st->sent_end)
		stream_patience(st, (uint64_t)visitor_limits(s->visitor)->write_timeout_ms);
	session_due(s);
}

const struct codec visitor_h2_codec = {
	.proceed = h2c_proceed,
	.hint = h2c_hint,
	.head = h2c_head,
	.body = h2c_body,
	.end = h2c_end,
	.flush = h2c_flush,
	.pending = h2c_pending,
	.crowded = h2c_crowded,
	.pause = h2c_pause,
	.resume = h2c_resume,
	.patience = h2c_patience,
	.raw = h2c_raw,
	.plain = h2c_plain,
	.cut = h2c_cut,
	.over = h2c_over,
};

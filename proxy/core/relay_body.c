/* relay_body.c: the body of the response on its way to the visitor, with back-pressure. State RELAY. */
#include "core/observe.h"
#include "core/relay.h"

#define TURN_MAX (256 << 10)   /* made of a body in one turn of the loop */
#define MOVE_LEAST (128 << 10) /* a body of which so much is missing is moved, not copied; less is not worth it */
#define MOVE_MOST (1 << 20)    /* at once */
#define MOVE_NOT (16 << 10)    /* the end of a body is read: so is seen what stands behind it */

/* More than this waits for the visitor: the origin has to wait too. What is edited comes in pieces of its own size. */
static size_t
high(const struct exchange *x)
{
	return chain_edits(&x->chain) && !relay_is_crowded(x) ? CONN_HIGH : 0;
}

/* What the chain has made in this turn of the loop. Small input may make much (gzip): others have their turn too. */
static size_t
turn_left(const struct exchange *x)
{
	size_t made = x->turn == (uint32_t)x->worker->loop.turn ? x->turn_made : 0;

	return made < TURN_MAX ? TURN_MAX - made : 0;
}

static int
sink(void *ctx, const char *p, size_t n, bool more)
{
	struct exchange *x = ctx;

	if (relay_send_head(x) < 0)
		return -1;
	x->down.bytes += n;
	x->turn_made = (uint32_t)(n + (TURN_MAX - turn_left(x))); /* n is a scratch at most */
	x->turn = (uint32_t)x->worker->loop.turn;
	if (x->codec->body(x, tc_str_of(p, n)) < 0)
		return -1;
	x->unflushed = !more;
	return more ? x->codec->flush(x) : 0;
}

static size_t
room(void *ctx)
{
	const struct exchange *x = ctx;
	size_t waiting = x->codec->pending(x), most = relay_is_crowded(x) ? RELAY_LITTLE : 4 * CONN_HIGH;
	size_t room = waiting < most ? most - waiting : 0;

	return room < turn_left(x) ? room : turn_left(x);
}

/* 0, 1: the chain waits for room, -1: cut. */
static int
deliver(struct exchange *x, struct tc_str piece)
{
	int r;

	if (!chain_edits(&x->chain)) {
		x->down.bytes += piece.n;
		observe_body(x, piece);
		return piece.n > 0 ? x->codec->body(x, piece) : 0;
	}
	x->chain.sink = sink;
	x->chain.room = room;
	x->chain.ctx = x;
	do { /* again when its budget is spent, but the visitor has taken it all: nobody would wake us */
		if (x->unflushed && x->codec->flush(x) < 0)
			return -1;
		x->unflushed = false;
		r = chain_feed(&x->chain, piece, x->ending);
		piece = tc_str_of("", 0);
	} while (r > 0 && room(x) > 0);
	return r;
}

/* Nothing more is at hand just now: all that came goes out. */
static int
let_go(struct exchange *x)
{
	if (chain_holds(&x->chain)) {
		if (x->unflushed && x->codec->flush(x) < 0)
			return -1; /* its scratch is about to be written again */
		x->unflushed = false;
		if (chain_flush(&x->chain) < 0)
			return -1;
	}
	return x->codec->flush(x);
}

static enum step
cut(struct exchange *x)
{
	if (!x->head_sent)
		return exchange_refuse(x, 502);
	(void)x->codec->flush(x);
	x->visitor_gone = true;
	x->state = EXCHANGE_FINISH;
	return STEP_NEXT;
}

static enum step
cut_bad(struct exchange *x, enum stats_origin_error why)
{
	stats_add(&x->worker->lane->origin_errors[why], 1);
	origin_blame(x->server, why == STATS_ORIGIN_CLOSED ? HEALTH_CLOSED : HEALTH_BAD_MESSAGE);
	return cut(x);
}

/* Takes the next piece of the body off x->in. false: no more here. */
static bool
next_piece(struct exchange *x, struct tc_str *piece, bool *bad)
{
	enum refusal why = REFUSAL_NONE;
	size_t n = x->in.n;

	*piece = tc_str_of(NULL, 0);
	if (x->down.over || n == 0)
		return false;
	if (x->down.framing.kind == BODY_CHUNKED) {
		switch (chunked_read(&x->down.chunked, &x->in, piece, &why)) {
		case CHUNKED_DATA:
			return true;
		case CHUNKED_MORE:
			return false;
		case CHUNKED_END:
			x->down.over = true;
			return false;
		case CHUNKED_BAD:
			stats_refuse(x->worker->lane, why);
			*bad = true;
			return false;
		}
	}
	if (x->down.framing.kind == BODY_LENGTH && n > x->down.left)
		n = (size_t)x->down.left;
	*piece = tc_str_of(x->in.p, n);
	tc_skip(&x->in, n);
	if (x->down.framing.kind == BODY_LENGTH) {
		x->down.left -= n;
		x->down.over = x->down.left == 0;
	}
	return true;
}

/* What could not be sent yet is kept beside the connection; it stops reading until there is room. */
static enum step
wait_for_visitor(struct exchange *x)
{
	if (x->codec->flush(x) < 0)
		return cut(x);
	if (x->in.n > 0 && buf_add_str(&x->server->u.held, x->in) < 0)
		return cut_bad(x, STATS_ORIGIN_BAD_MESSAGE);
	x->in.n = 0;
	conn_pause(&x->server->conn);
	wheel_clear(&x->server->deadline); /* not the origin's fault */
	if (x->codec->pending(x) == 0)
		exchange_yield(x); /* nor the visitor's: it goes on in the next turn */
	x->codec->patience(x, (uint64_t)x->use->snapshot->config->limits.write_timeout_ms);
	return STEP_WAIT;
}

/* The last byte has come from the origin: end the message, or say that it has no end. */
static enum step
end_response(struct exchange *x)
{
	int r = 0;

	if (chain_edits(&x->chain) && !x->ending) {
		x->ending = true;
		r = deliver(x, tc_str_of("", 0));
	}
	if (r < 0)
		return cut(x);
	if (r > 0) {
		x->stalled = true;
		return wait_for_visitor(x);
	}
	if (relay_send_head(x) < 0 || x->codec->end(x) < 0 || x->codec->flush(x) < 0)
		x->visitor_gone = true;
	if (x->in.n > 0)
		x->origin_close = true; /* bytes after the message: never reuse */
	x->state = EXCHANGE_FINISH;
	return STEP_NEXT;
}

/* Large bodies that nobody changes go from socket to socket. */
static bool
may_move(struct exchange *x)
{
	const struct conn *to = x->codec->plain(x);

	if (observe_wants_body(x) || conn_is_tls(&x->server->conn))
		return false;
	return to != NULL && !chain_edits(&x->chain) && x->down.framing.kind == BODY_LENGTH && x->down.left >= MOVE_LEAST &&
	    conn_pending(to) == 0 && !to->broken && !to->closing && loop_pipe(&x->worker->loop);
}

/* The origin's socket has bytes, and may_move() said yes when we began to wait for them. */
static enum step
relay_move(struct exchange *x)
{
	struct conn *to = x->codec->plain(x);
	uint64_t most;
	ssize_t n;

	x->ready = false;
	x->server->conn.direct = false;
	if (!may_move(x))
		return STEP_WAIT; /* the bytes stay, and come as data */
	most = x->down.left - MOVE_NOT;
	n = conn_move(&x->server->conn, to, most < MOVE_MOST ? (size_t)most : MOVE_MOST);
	if (to->broken)
		return cut(x);
	if (n < 0)
		return cut_bad(x, STATS_ORIGIN_CLOSED);
	x->down.left -= (uint64_t)n;
	x->down.bytes += (uint64_t)n;
	return STEP_NEXT; /* relay_bytes() sees what comes now */
}

static enum step
relay_bytes(struct exchange *x)
{
	struct tc_str piece;
	bool bad = false;

	while (next_piece(x, &piece, &bad)) {
		int r;

		x->ending = x->down.over; /* the last bytes and the end in one go */
		r = deliver(x, piece);

		if (r < 0)
			return cut(x);
		x->stalled = r > 0;
		if (x->stalled)
			return wait_for_visitor(x);
		if (x->worker->gather.n > GATHER_MAX - 8 && x->codec->flush(x) < 0)
			return cut(x);
	}
	if (bad)
		return cut_bad(x, STATS_ORIGIN_BAD_MESSAGE);
	if (x->down.over)
		return end_response(x);
	if (let_go(x) < 0)
		return cut(x);
	if (x->origin_ended) {
		if (x->down.framing.kind != BODY_TO_CLOSE || x->origin_error != 0)
			return cut_bad(x, STATS_ORIGIN_CLOSED);
		x->down.over = true;
		return end_response(x);
	}
	if (x->codec->pending(x) > high(x))
		return wait_for_visitor(x);
	x->codec->patience(x, x->up.over || relay_is_full(x) ? 0 : RELAY_GRACE_MS);
	x->server->conn.direct = may_move(x);
	conn_read(&x->server->conn);
	relay_origin_patience(x);
	return STEP_WAIT;
}

enum step
relay_response(struct exchange *x)
{
	struct buf kept;
	enum step s;

	if (x->ready)
		return relay_move(x);
	x->server->conn.direct = false;
	if (x->stalled || x->codec->pending(x) > high(x)) {
		int r;

		if (x->codec->pending(x) > high(x))
			return wait_for_visitor(x);
		r = deliver(x, tc_str_of("", 0));
		if (r < 0)
			return cut(x);
		if (r > 0)
			return wait_for_visitor(x);
		x->stalled = false;
		if (x->ending) {
			if (relay_send_head(x) < 0 || x->codec->end(x) < 0 || x->codec->flush(x) < 0)
				x->visitor_gone = true;
			x->state = EXCHANGE_FINISH;
			return STEP_NEXT;
		}
	}
	if (x->server->u.held.n == 0)
		return relay_bytes(x);
	/* Bytes that waited come first. They are moved aside, as what is left of them is added to held again. */
	kept = x->server->u.held;
	buf_init(&x->server->u.held, kept.max);
	if (x->in.n > 0 && buf_add_str(&kept, x->in) < 0) {
		buf_reset(&kept);
		return cut_bad(x, STATS_ORIGIN_BAD_MESSAGE);
	}
	x->in = buf_str(&kept);
	s = relay_bytes(x);
	x->in = tc_str_of(NULL, 0);
	buf_reset(&kept);
	return s;
}

/* relay.c: the bytes of an exchange, both ways, with back-pressure. States FORWARD, RELAY and TUNNEL. */
#include "core/exchange.h"

#define BODY_GRACE_MS 10000 /* a request's body: this long, then at least BODY_RATE */
#define BODY_RATE 256       /* bytes a second */
#define STALL_MS 30000      /* a request's body of which nothing comes, whatever it has earned */
#define TUNNEL_IDLE_MS 3600000
#define TURN_MAX (256 << 10)  /* made of a body in one turn of the loop */
#define MOVE_LEAST (128 << 10) /* a body of which so much is missing is moved, not copied; less is not worth it */
#define MOVE_MOST (1 << 20)   /* at once */
#define MOVE_NOT (16 << 10)   /* the end of a body is read: so is seen what stands behind it */
#define SMALL_PIECES 4096 /* of a chunked body of a request: what goes on together */
#define INTERIMS_MAX 16 /* 1xx responses before the one */

/* How long the origin may be silent now: its head, its next bytes, and never past the end of the whole. */
static uint64_t
silence_allowed(const struct exchange *x)
{
	const struct config_origin *o = x->core_route->origin;
	int64_t ms = x->head_sent ? o->timeout_ms : o->first_byte_timeout_ms, left;

	if (o->total_timeout_ms > 0) {
		left = o->total_timeout_ms - (int64_t)(loop_now(&x->worker->loop) - x->up_began);
		ms = left < ms ? left : ms;
	}
	return ms > 0 ? (uint64_t)ms : 1;
}

/* The origin's deadline runs while something is expected of it, not while it waits for the rest of a request. */
static void
origin_patience(struct exchange *x)
{
	if (x->server == NULL)
		return;
	if (!x->up.over && !x->head_sent && conn_pending(&x->server->conn) == 0)
		wheel_clear(&x->server->deadline);
	else
		loop_deadline(&x->worker->loop, &x->server->deadline, silence_allowed(x));
}

static uv_buf_t
buf_of(struct tc_str s)
{
	return uv_buf_init((char *)(uintptr_t)s.p, (unsigned)s.n);
}

/* ---- request body: visitor -> origin ---- */

void
relay_setup(struct exchange *x)
{
	x->up.left = x->up.framing.length;
	x->up.over = x->up.framing.kind == BODY_NONE || (x->up.framing.kind == BODY_LENGTH && x->up.left == 0);
}

bool
relay_too_large(const struct exchange *x)
{
	uint64_t most = x->core_route != NULL ? (uint64_t)x->core_route->body_max : 0;

	return most > 0 && (x->up.bytes > most || (x->up.framing.kind == BODY_LENGTH && x->up.framing.length > most));
}

/* Sends a piece of the body on, framed as it came. Before the origin is there it waits in up_hold. */
static int
send_piece(struct exchange *x, struct tc_str piece)
{
	char line[CHUNK_LINE_MAX];
	struct tc_str parts[3] = {{NULL, 0}, piece, {NULL, 0}};
	uv_buf_t v[3];
	unsigned n = 0;

	if (x->up.framing.kind == BODY_CHUNKED && piece.n > 0) {
		parts[0] = tc_str_of(line, chunk_line(line, piece.n));
		parts[2] = TC_STR("\r\n");
	}
	if (x->up.framing.kind == BODY_CHUNKED && x->up.over)
		parts[2] = piece.n > 0 ? TC_STR("\r\n0\r\n\r\n") : TC_STR("0\r\n\r\n");
	for (size_t i = 0; i < 3; i++) {
		if (parts[i].n == 0)
			continue;
		if (!x->sent && buf_add_str(&x->up_hold, parts[i]) < 0)
			return -1;
		v[n++] = buf_of(parts[i]);
	}
	if (!x->sent || x->server == NULL)
		return 0;
	if (conn_write(&x->server->conn, v, n) < 0)
		return -1;
	if (x->up.over)
		origin_asked(x->server);
	origin_patience(x); /* bytes are going out: it is not silent for want of them */
	return 0;
}

/* More of the body waits for the origin than should: the visitor has to wait too. */
static bool
is_full(const struct exchange *x)
{
	size_t waiting = x->sent && x->server != NULL ? conn_pending(&x->server->conn) : x->up_hold.n;

	return waiting > (x->sent ? CONN_HIGH : EXCHANGE_BODY_HOLD / 2);
}

static void
refuse_body(struct exchange *x, enum refusal why)
{
	x->visitor_close = true;
	x->up.over = false;
	if (x->state == EXCHANGE_DISCARD) { /* it has its answer, and may not have read it yet */
		x->state = EXCHANGE_FINISH;
		return;
	}
	x->refusal = why;
	if (x->head_sent) {
		x->visitor_gone = true;
		x->state = EXCHANGE_FINISH;
	} else {
		(void)exchange_refuse(x, refusal_status(why));
	}
}

/* Where a piece of the request's body goes, by state. Once the answer is our own, nowhere. */
static void
take_piece(struct exchange *x, struct tc_str piece)
{
	x->up.bytes += piece.n;
	if (relay_too_large(x)) {
		refuse_body(x, REFUSAL_BODY_TOO_LARGE);
		return;
	}
	switch (x->state) {
	case EXCHANGE_COLLECT:
		if (x->up.bytes <= EXCHANGE_FORM_MAX) /* beyond, step_collect() refuses */
			(void)buf_add_str(&x->up_hold, piece);
		break;
	case EXCHANGE_CONNECT:
	case EXCHANGE_FORWARD:
	case EXCHANGE_RELAY:
		/* A broken connection: the reading side tells. No room: never a body with a hole in it. */
		if (send_piece(x, piece) < 0 && !x->sent)
			refuse_body(x, REFUSAL_OTHER);
		break;
	default:
		break;
	}
}

static void
take_length(struct exchange *x, struct tc_str *in)
{
	struct tc_str piece = tc_str_of(in->p, in->n < x->up.left ? in->n : (size_t)x->up.left);

	tc_skip(in, piece.n);
	x->up.left -= piece.n;
	x->up.over = x->up.left == 0;
	take_piece(x, piece);
}

/*
 * Chunks are cut anew: a write to the origin for each byte that came in a chunk of its own would cost it, and us, a
 * hundred times what the visitor pays. Small pieces that came together go on together; none waits for the next read.
 */
static void
take_chunked(struct exchange *x, struct tc_str *in)
{
	char small[SMALL_PIECES];
	struct tc_str piece = {NULL, 0};
	enum refusal why = REFUSAL_NONE;
	enum chunked_result got = CHUNKED_DATA;
	size_t n = 0, most = 0;

	while (got == CHUNKED_DATA && in->n > 0) {
		got = chunked_read(&x->up.chunked, in, &piece, &why);
		x->up.over = got == CHUNKED_END;
		if (got != CHUNKED_DATA)
			break;
		if (n + piece.n > sizeof(small)) {
			take_piece(x, tc_str_of(small, n));
			n = 0;
		}
		if (piece.n > sizeof(small)) {
			take_piece(x, piece);
			continue;
		}
		memcpy(small + n, piece.p, piece.n);
		n += piece.n;
		most = n > most ? n : most;
	}
	if (got == CHUNKED_BAD)
		refuse_body(x, why);
	else if (n > 0 || x->up.over)
		take_piece(x, tc_str_of(small, n));
	explicit_bzero(small, most);
}

/* Time-outs are on progress: the grace, and a second for each BODY_RATE bytes that came; never more than a stall. */
static uint64_t
body_patience(const struct exchange *x)
{
	uint64_t spent = loop_now(&x->worker->loop) - x->up_began;
	uint64_t earned = BODY_GRACE_MS + x->up.bytes * 1000 / BODY_RATE;

	if (earned <= spent)
		return 1;
	return earned - spent < STALL_MS ? earned - spent : STALL_MS;
}

/* The visitor's deadline while its body is read: none once all of it is here, nor while we make it wait. */
void
relay_body_patience(struct exchange *x)
{
	x->codec->patience(x, x->up.over || is_full(x) ? 0 : body_patience(x));
}

void
relay_request_bytes(struct exchange *x, struct tc_str *in)
{
	if (x->state == EXCHANGE_TUNNEL) {
		uv_buf_t v = buf_of(*in);

		if (x->server == NULL || conn_write(&x->server->conn, &v, 1) < 0) {
			x->visitor_gone = true;
			x->state = EXCHANGE_FINISH;
		} else if (conn_pending(&x->server->conn) > CONN_HIGH) {
			x->codec->pause(x);
		}
		tc_skip(in, in->n);
		return;
	}
	x->expect_continue = false; /* it comes without having been asked for */
	if (x->up.framing.kind == BODY_LENGTH)
		take_length(x, in);
	else if (x->up.framing.kind == BODY_CHUNKED)
		take_chunked(x, in);
	if (x->state == EXCHANGE_FORWARD)
		relay_body_patience(x);
	if (is_full(x))
		x->codec->pause(x);
}

/* The origin has taken all that waited: the visitor may go on. */
void
relay_origin_drained(struct exchange *x)
{
	x->codec->resume(x);
	if (x->state == EXCHANGE_FORWARD) {
		relay_body_patience(x);
		origin_patience(x);
	}
}

/* `host: origin` means the server that is asked, and which one that is is known only now. */
static int
name_server(struct exchange *x)
{
	const struct config_origin *o = x->core_route->origin;

	if (o->host_mode != ORIGIN_HOST_ORIGIN || o->server_count == 1)
		return 0;
	x->request_head = tc_str_of(NULL, 0);
	return tc_field_set(&x->req.fields, TC_F_HOST, o->servers[origin_server(x->server)].authority);
}

int
relay_send_request(struct exchange *x)
{
	struct h1_out out = {.framing = x->up.framing, .websocket = x->req.websocket};
	struct tc_str held = buf_str(&x->up_hold);
	uv_buf_t v[2];

	if (name_server(x) < 0)
		return -1;
	if (x->request_head.p == NULL) {
		x->request_head = h1_write_request(&x->req, &out, x->arena);
		if (x->request_head.p == NULL)
			return -1;
	}
	v[0] = buf_of(x->request_head);
	v[1] = buf_of(held);
	x->sent = true;
	x->up_began = loop_now(&x->worker->loop); /* the visitor is not to blame for what connecting took */
	x->scan = (struct h1_scan){0};
	x->unsent = conn_write(&x->server->conn, v, held.n > 0 ? 2 : 1) < 0;
	if (x->unsent && x->up.over) { /* not a byte went out: relay_forward() may try again, whatever it is */
		x->origin_ended = true;
		return 0;
	}
	x->origin_ended |= x->unsent;
	x->unsent = false;
	buf_reset(&x->up_hold);
	if (x->up.over) {
		origin_asked(x->server);
		x->codec->patience(x, 0);
	} else {
		origin_listens(x->server);
		if (x->expect_continue && x->up.bytes == 0)
			x->codec->proceed(x);
		x->expect_continue = false;
		x->codec->patience(x, BODY_GRACE_MS);
		x->codec->resume(x);
	}
	origin_patience(x);
	return 0;
}

/* ---- response head: origin -> visitor ---- */

/*
 * Broken off before a byte of the answer came. A kept connection that the server had closed already is the keep-alive
 * race: its fault is nobody's. Anything else is a failure, and sending again is paid for from the origin's budget
 * (http.md lesson 3). Once, on a fresh connection, to another server if there is one. Twice where requests are held: an
 * origin that is killed closes its connections before the listener in whose queue the second one waits.
 */
static bool
may_retry(const struct exchange *x)
{
	unsigned most = x->core_route->origin->hold_ms > 0 ? 2 : 1;

	if (x->retries >= most || x->heads_n > 0 || x->server->u.held.n > 0 || x->in.n > 0)
		return false;
	if (!exchange_may_repeat(x) && !x->unsent)
		return false;
	return x->server->used_before || origin_may_retry(x->origin);
}

static enum step
lost_before_head(struct exchange *x)
{
	bool again = may_retry(x);

	if (!x->server->used_before || !again)
		origin_blame(x->server, HEALTH_CLOSED);
	if (again) {
		x->avoid = x->server->server;
		origin_drop(x->server);
		x->server = NULL;
		x->retries++;
		x->origin_ended = x->sent = x->unsent = false;
		x->origin_error = 0;
		x->state = EXCHANGE_CONNECT;
		return STEP_NEXT;
	}
	stats_add(&x->worker->lane->origin_errors[STATS_ORIGIN_CLOSED], 1);
	return exchange_refuse(x, 502);
}

static enum step
bad_response(struct exchange *x, enum refusal why)
{
	stats_refuse(x->worker->lane, why);
	stats_add(&x->worker->lane->origin_errors[STATS_ORIGIN_BAD_MESSAGE], 1);
	origin_blame(x->server, HEALTH_BAD_MESSAGE);
	return exchange_refuse(x, 502);
}

/* The whole head, in the arena, taken off the front of what came; p = NULL: not all there yet, or *why. */
static struct tc_str
take_head(struct exchange *x, enum refusal *why)
{
	const struct config_limits *c = &x->use->snapshot->config->limits;
	struct h1_limits limits = {.line_max = (size_t)c->response_header_size,
	    .head_max = (size_t)c->response_header_size,
	    .fields_max = 1000};
	struct buf *held = &x->server->u.held;
	bool from_held = held->n > 0;
	struct tc_str all = x->in, head = {NULL, 0};
	long n;

	if (from_held && buf_add_str(held, x->in) < 0) {
		*why = REFUSAL_HEAD_TOO_LARGE;
		return head;
	}
	if (from_held)
		all = buf_str(held);
	n = h1_scan(&x->scan, all, &limits);
	if (n < 0)
		*why = (enum refusal) - n;
	if (n == 0 && !from_held && buf_add_str(held, x->in) < 0)
		*why = REFUSAL_HEAD_TOO_LARGE;
	if (n <= 0) {
		x->in.n = 0;
		return head;
	}
	x->heads_n += (size_t)n; /* interim ones together: the arena has room for one head of that size */
	if (x->heads_n <= limits.head_max)
		head = tc_copy(x->arena, tc_str_of(all.p, (size_t)n));
	if (head.p == NULL)
		*why = REFUSAL_HEAD_TOO_LARGE;
	x->scan = (struct h1_scan){0};
	if (!from_held) {
		tc_skip(&x->in, (size_t)n);
		return head;
	}
	/* What follows the head is at most one read long; it has to outlive the buffer's next change. */
	buf_drop(held, (size_t)n);
	x->in = tc_str_of(NULL, 0);
	return head;
}

static enum refusal
read_response(struct exchange *x, struct tc_str text)
{
	const struct config_limits *c = &x->use->snapshot->config->limits;
	struct h1_limits limits = {.line_max = (size_t)c->response_header_size,
	    .head_max = (size_t)c->response_header_size,
	    .fields_max = 1000};
	struct head head = {0};
	enum refusal why = h1_parse_response(text, &limits, x->arena, &head);

	if (why == REFUSAL_NONE)
		why = framing_response(&head, x->req.method, &x->down.framing);
	if (why != REFUSAL_NONE)
		return why;
	x->res = (struct tc_response){.status = head.status, .fields = head.fields};
	x->res.head_only = x->down.framing.kind == BODY_NONE;
	x->origin_close = head.close || head.minor == 0;
	if (head.status == 101 && !(x->req.websocket && head.upgrade))
		return REFUSAL_STATUS; /* nobody asked to upgrade */
	return REFUSAL_NONE;
}

static void
begin_body(struct exchange *x)
{
	x->down.left = x->down.framing.length;
	x->down.over = x->down.framing.kind == BODY_NONE || (x->down.framing.kind == BODY_LENGTH && x->down.left == 0);
}

/* How the visitor gets the body's end. */
static struct framing
framing_for_visitor(const struct exchange *x)
{
	struct framing f = x->down.framing;

	if (f.kind == BODY_NONE) {
		f.declared = f.declared && !x->chain.wanted; /* of the origin's body, which is not what would come */
		return f;
	}
	if (f.kind == BODY_LENGTH && !x->edited)
		return f;
	f = (struct framing){.kind = x->minor >= 1 ? BODY_CHUNKED : BODY_TO_CLOSE};
	return f;
}

/* The visitor's half of what was judged: head to the codec. */
static enum step
begin_response(struct exchange *x)
{
	struct framing f;
	int status;

	begin_body(x);
	status = judge_response(x);
	if (status != 0)
		return exchange_refuse(x, status);
	x->edited = chain_edits(&x->chain);
	f = framing_for_visitor(x);
	if (f.kind == BODY_TO_CLOSE)
		x->visitor_close = true;
	if (!x->up.over)
		x->visitor_close = true; /* an early answer: both connections end with it (http.md 7) */
	x->head_sent = true;
	if (x->codec->head(x, &x->res, &f) < 0) {
		x->head_sent = false;
		return exchange_refuse(x, 502);
	}
	x->state = EXCHANGE_RELAY;
	return STEP_NEXT;
}

static enum step
begin_tunnel(struct exchange *x)
{
	struct framing none = {.kind = BODY_NONE};

	if (judge_response(x) != 0)
		return exchange_refuse(x, 502);
	x->head_sent = true;
	x->visitor_close = x->origin_close = true;
	if (x->codec->head(x, &x->res, &none) < 0 || x->codec->flush(x) < 0)
		x->visitor_gone = true;
	stats_add(&x->worker->lane->tunnels, 1);
	x->tunnelled = true;
	x->state = EXCHANGE_TUNNEL;
	x->codec->resume(x); /* also hands over what came too early */
	return STEP_NEXT;
}

enum step
relay_forward(struct exchange *x)
{
	for (;;) {
		enum refusal why = REFUSAL_NONE;
		struct tc_str head = {NULL, 0};

		if (x->in.n > 0 || x->server->u.held.n > 0)
			head = take_head(x, &why);
		if (why != REFUSAL_NONE)
			return bad_response(x, why);
		if (head.p == NULL)
			return x->origin_ended ? lost_before_head(x) : STEP_WAIT;
		origin_patience(x);
		why = read_response(x, head);
		if (why != REFUSAL_NONE)
			return bad_response(x, why);
		if (x->res.status >= 200 || x->res.status == 101)
			origin_answered(x->server);
		if (x->res.status == 101)
			return begin_tunnel(x);
		if (x->res.status >= 200)
			return begin_response(x);
		/* 100, 102, 103: the first is ours to say, the others are not passed on (docs: Early Hints). */
		if (++x->interims > INTERIMS_MAX)
			return bad_response(x, REFUSAL_STATUS);
		if (x->in.n == 0 && x->server->u.held.n == 0 && !x->origin_ended)
			return STEP_WAIT;
	}
}

/* ---- response body: origin -> visitor ---- */

/* More than this waits for the visitor: the origin has to wait too. What is edited comes in pieces of its own size. */
static size_t
high(const struct exchange *x)
{
	return chain_edits(&x->chain) ? CONN_HIGH : 0;
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
	size_t waiting = x->codec->pending(x), room = waiting < 4 * CONN_HIGH ? 4 * CONN_HIGH - waiting : 0;

	return room < turn_left(x) ? room : turn_left(x);
}

/* 0, 1: the chain waits for room, -1: cut. */
static int
deliver(struct exchange *x, struct tc_str piece)
{
	int r;

	if (!chain_edits(&x->chain)) {
		x->down.bytes += piece.n;
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
	if (x->codec->end(x) < 0 || x->codec->flush(x) < 0)
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
	x->codec->patience(x, x->up.over || is_full(x) ? 0 : BODY_GRACE_MS);
	x->server->conn.direct = may_move(x);
	conn_read(&x->server->conn);
	origin_patience(x);
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
			if (x->codec->end(x) < 0 || x->codec->flush(x) < 0)
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

/* ---- tunnel ---- */

enum step
relay_tunnel(struct exchange *x)
{
	struct tc_str held = buf_str(&x->server->u.held);
	int r = 0;

	if (x->visitor_gone || x->origin_ended) {
		x->down.over = x->origin_ended && !x->visitor_gone;
		x->state = EXCHANGE_FINISH;
		return STEP_NEXT;
	}
	if (held.n > 0) {
		r = x->codec->raw(x, held);
		buf_reset(&x->server->u.held);
	}
	if (r == 0 && x->in.n > 0)
		r = x->codec->raw(x, x->in);
	x->in.n = 0;
	if (r < 0) {
		x->visitor_gone = true;
		return STEP_NEXT;
	}
	if (x->codec->pending(x) > CONN_HIGH)
		conn_pause(&x->server->conn);
	else
		conn_read(&x->server->conn);
	wheel_clear(&x->server->deadline);
	x->codec->patience(x, TUNNEL_IDLE_MS);
	return STEP_WAIT;
}

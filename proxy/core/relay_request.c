/* relay_request.c: the request on its way to the origin: its head, and its body as it comes. State FORWARD. */
#include "core/relay.h"

#define BODY_RATE 256     /* bytes a second of a body, after RELAY_GRACE_MS */
#define STALL_MS 30000    /* a body of which nothing comes, whatever it has earned */
#define SMALL_PIECES 4096 /* of a chunked body: what goes on together */

/* How long the origin may be silent now: its head, its next bytes, and never past the end of the whole. */
static uint64_t
silence_allowed(const struct exchange *x)
{
	const struct config_origin *o = x->core_route->origin;
	int64_t ms = relay_answered(x) ? o->timeout_ms : o->first_byte_timeout_ms, left;

	if (o->total_timeout_ms > 0) {
		left = o->total_timeout_ms - (int64_t)(loop_now(&x->worker->loop) - x->up_began);
		ms = left < ms ? left : ms;
	}
	return ms > 0 ? (uint64_t)ms : 1;
}

/* The origin's deadline runs while something is expected of it, not while it waits for the rest of a request. */
void
relay_origin_patience(struct exchange *x)
{
	if (x->server == NULL)
		return;
	if (!x->up.over && !relay_answered(x) && conn_pending(&x->server->conn) == 0)
		wheel_clear(&x->server->deadline);
	else
		loop_deadline(&x->worker->loop, &x->server->deadline, silence_allowed(x));
}

/* ---- the body ---- */

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
		v[n++] = relay_buf(parts[i]);
	}
	if (!x->sent || x->server == NULL)
		return 0;
	if (conn_write(&x->server->conn, v, n) < 0)
		return -1;
	if (x->up.over)
		origin_asked(x->server);
	relay_origin_patience(x); /* bytes are going out: it is not silent for want of them */
	return 0;
}

/* More of the body waits for the origin than should: the visitor has to wait too. */
bool
relay_is_full(const struct exchange *x)
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

static void
keep_for_peek(struct exchange *x, struct tc_str piece)
{
	size_t room = TC_PEEK_MAX - x->peek->n, n = piece.n < room ? piece.n : room;

	if (n > 0)
		memcpy(x->peek->bytes + x->peek->n, piece.p, n);
	x->peek->n += n;
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
		if (x->up.bytes <= exchange_form_max(x)) /* beyond, step_collect() refuses */
			(void)buf_add_str(&x->up_hold, piece);
		break;
	case EXCHANGE_PEEK:
		keep_for_peek(x, piece);
		__attribute__((fallthrough));
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
	uint64_t earned = RELAY_GRACE_MS + x->up.bytes * 1000 / BODY_RATE;

	if (earned <= spent)
		return 1;
	return earned - spent < STALL_MS ? earned - spent : STALL_MS;
}

/* The visitor's deadline while its body is read: none once all of it is here, nor while we make it wait. */
void
relay_body_patience(struct exchange *x)
{
	x->codec->patience(x, x->up.over || relay_is_full(x) ? 0 : body_patience(x));
}

static void
body_came(struct exchange *x)
{
	if (x->state == EXCHANGE_FORWARD)
		relay_body_patience(x);
	if (relay_is_full(x))
		x->codec->pause(x);
}

void
relay_request_bytes(struct exchange *x, struct tc_str *in)
{
	if (x->state == EXCHANGE_TUNNEL) {
		relay_tunnel_bytes(x, in);
		return;
	}
	x->expect_continue = false; /* it comes without having been asked for */
	if (x->up.framing.kind == BODY_LENGTH)
		take_length(x, in);
	else if (x->up.framing.kind == BODY_CHUNKED)
		take_chunked(x, in);
	body_came(x);
}

void
relay_request_piece(struct exchange *x, struct tc_str piece, bool last)
{
	if (x->state == EXCHANGE_TUNNEL) {
		relay_tunnel_bytes(x, &piece);
		return;
	}
	x->expect_continue = false;
	if (x->up.framing.kind == BODY_LENGTH && (piece.n > x->up.left || (last && piece.n < x->up.left))) {
		refuse_body(x, REFUSAL_LENGTH);
		return;
	}
	x->up.left -= x->up.framing.kind == BODY_LENGTH ? piece.n : 0;
	x->up.over = last;
	take_piece(x, piece);
	body_came(x);
}

/* The origin has taken all that waited: the visitor may go on. */
void
relay_origin_drained(struct exchange *x)
{
	x->codec->resume(x);
	if (x->state == EXCHANGE_FORWARD) {
		relay_body_patience(x);
		relay_origin_patience(x);
	}
}

/* ---- the head ---- */

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
	v[0] = relay_buf(x->request_head);
	v[1] = relay_buf(held);
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
		x->codec->patience(x, RELAY_GRACE_MS);
		x->codec->resume(x);
	}
	relay_origin_patience(x);
	return 0;
}

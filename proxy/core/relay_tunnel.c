/* relay_tunnel.c: after the origin's 101: bytes both ways, as they come. State TUNNEL. */
#include "core/relay.h"

enum step
relay_begin_tunnel(struct exchange *x)
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

void
relay_tunnel_bytes(struct exchange *x, struct tc_str *in)
{
	uv_buf_t v = relay_buf(*in);

	(void)conn_write(&x->server->conn, &v, 1); /* broken: its reading side tells, after what came before */
	if (conn_pending(&x->server->conn) > CONN_HIGH)
		x->codec->pause(x);
	tc_skip(in, in->n);
}

/* What came from the origin goes on. -1: the visitor is gone. */
static int
pass_on(struct exchange *x)
{
	struct tc_str held = buf_str(&x->server->u.held);
	int r = 0;

	if (held.n > 0) {
		r = x->codec->raw(x, held);
		buf_reset(&x->server->u.held);
	}
	if (r == 0 && x->in.n > 0)
		r = x->codec->raw(x, x->in);
	x->in.n = 0;
	return r;
}

/* A side that takes nothing of what waits for it, or whose partner has ended, is not waited for as long as a quiet one. */
static uint64_t
tunnel_patience(const struct exchange *x)
{
	const struct config_limits *c = &x->use->snapshot->config->limits;
	bool ending = x->visitor_ended || x->origin_ended || x->codec->pending(x) > 0;

	return (uint64_t)(ending ? c->write_timeout_ms : c->tunnel_timeout_ms);
}

/*
 * Each direction ends for itself: what waits is delivered, then the end is passed on, and the other direction goes on.
 * It is over when both have ended, or one is broken.
 */
enum step
relay_tunnel(struct exchange *x)
{
	struct conn *up = &x->server->conn;

	if (!x->visitor_gone && pass_on(x) < 0)
		x->visitor_gone = true;
	if (x->visitor_ended)
		conn_finish(up);
	if (x->origin_ended)
		(void)x->codec->end(x);
	if (x->visitor_gone || x->origin_error != 0 ||
	    (x->origin_ended && (up->broken || (x->visitor_ended && conn_pending(up) == 0)))) {
		x->down.over = !x->visitor_gone;
		x->state = EXCHANGE_FINISH;
		return STEP_NEXT;
	}
	if (x->codec->pending(x) > CONN_HIGH)
		conn_pause(up);
	else
		conn_read(up);
	wheel_clear(&x->server->deadline);
	x->codec->patience(x, tunnel_patience(x));
	return STEP_WAIT;
}

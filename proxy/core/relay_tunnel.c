/* relay_tunnel.c: after the origin's 101: bytes both ways, as they come. State TUNNEL. */
#include "core/relay.h"

#define TUNNEL_IDLE_MS 3600000

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

	if (x->server == NULL || conn_write(&x->server->conn, &v, 1) < 0) {
		x->visitor_gone = true;
		x->state = EXCHANGE_FINISH;
	} else if (conn_pending(&x->server->conn) > CONN_HIGH) {
		x->codec->pause(x);
	}
	tc_skip(in, in->n);
}

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

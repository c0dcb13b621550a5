/*
 * relay.h: the bytes of an exchange, both ways, with back-pressure.
 *
 *	relay_request.c  visitor -> origin: head and body         FORWARD, body in CONNECT to RELAY
 *	relay_head.c     origin -> visitor: the response's head   FORWARD
 *	relay_body.c     origin -> visitor: its body              RELAY
 *	relay_tunnel.c   both ways after 101                      TUNNEL
 */
#ifndef CORE_RELAY_H
#define CORE_RELAY_H

#include "core/exchange.h"

#define RELAY_LITTLE (8 << 10) /* of a response waits for a visitor who has many that wait */
#define RELAY_GRACE_MS 10000 /* a request's body: this long, before its rate counts */

/* ---- the steps of the states; what wakes them ---- */

enum step relay_forward(struct exchange *x);
enum step relay_response(struct exchange *x);
enum step relay_tunnel(struct exchange *x);

int relay_send_request(struct exchange *x);
void relay_request_bytes(struct exchange *x, struct tc_str *in);
void relay_request_piece(struct exchange *x, struct tc_str piece, bool last); /* of a body without framing of its own */
void relay_origin_drained(struct exchange *x);

void relay_setup(struct exchange *x);
bool relay_too_large(const struct exchange *x); /* of the request's body, so far */
void relay_body_patience(struct exchange *x);

/* ---- between these files ---- */

enum step relay_begin_tunnel(struct exchange *x);
void relay_tunnel_bytes(struct exchange *x, struct tc_str *in); /* the visitor's */

/* The response's head to the codec, unless it is there. 0, or -1: it cannot be written. */
int relay_send_head(struct exchange *x);

static inline bool
relay_is_crowded(const struct exchange *x)
{
	return x->codec->crowded != NULL && x->codec->crowded(x);
}

/* The origin's head has come; the visitor may still wait for it. */
static inline bool
relay_answered(const struct exchange *x)
{
	return x->head_sent || x->state == EXCHANGE_RELAY;
}

void relay_origin_patience(struct exchange *x);
bool relay_is_full(const struct exchange *x); /* too much of the request's body waits for the origin */

static inline uv_buf_t
relay_buf(struct tc_str s)
{
	return uv_buf_init((char *)(uintptr_t)s.p, (unsigned)s.n);
}

#endif

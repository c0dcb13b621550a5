/* exchange.c: the table of states, and the steps that only wait, answer or end. See exchange.h. */
#include "core/exchange.h"

#include <assert.h>

#include "core/observe.h"
#include "core/pages.h"
#include "core/relay.h"

#define DISCARD_PATIENCE_MS 5000

#define X(e, f) static enum step step_##f(struct exchange *x);
EXCHANGE_STATES(X)
#undef X

static const struct {
	const char *name;
	enum step (*step)(struct exchange *x);
} states[EXCHANGE_STATE_COUNT] = {
#define X(e, f) [EXCHANGE_##e] = {#f, step_##f},
    EXCHANGE_STATES(X)
#undef X
};

/* Runs steps until one waits. The exchange may be gone afterwards: callers do not touch it again. */
static void
exchange_run(struct exchange *x)
{
	if (x->running)
		return; /* an event inside a step: the step looks at what it left */
	x->running = true;
	while (states[x->state].step(x) == STEP_NEXT)
		;
	if (x->state != EXCHANGE_STATE_COUNT) {
		x->running = false;
		return;
	}
	struct tc_arena *arena = x->arena; /* finish() has let go of everything else */
	arena_destroy(&arena);
}

/* ---- taking turns ---- */

static void
again_remove(struct exchange *x)
{
	if (x->at_again == NULL)
		return;
	*x->at_again = x->next_again;
	if (x->next_again != NULL)
		x->next_again->at_again = x->at_again;
	x->next_again = NULL;
	x->at_again = NULL;
}

static void
on_again(uv_idle_t *i)
{
	struct worker *w = i->data;
	struct exchange *x;
	size_t n = 0;

	for (x = w->again; x != NULL; x = x->next_again)
		n++;
	for (; n > 0 && (x = w->again) != NULL; n--) {
		again_remove(x);
		x->turn_made = 0;
		exchange_run(x);
	}
	if (w->again == NULL)
		(void)uv_idle_stop(i);
}

void
exchange_yield(struct exchange *x)
{
	struct worker *w = x->worker;
	struct exchange **at = &w->again;

	if (x->at_again != NULL)
		return;
	while (*at != NULL)
		at = &(*at)->next_again;
	*at = x;
	x->at_again = at;
	(void)uv_idle_start(&w->again_idle, on_again);
}

enum step
exchange_refuse(struct exchange *x, int status)
{
	assert(!x->head_sent);
	x->answer_status = status;
	x->state = EXCHANGE_ANSWER;
	return STEP_NEXT;
}

/* ---- the origin's connection ---- */

static void
release_origin(struct exchange *x, bool keep)
{
	if (x->wait != NULL) {
		origin_cancel(x->wait);
		x->wait = NULL;
	}
	if (x->server == NULL)
		return;
	if (keep)
		origin_put(x->server);
	else
		origin_drop(x->server);
	x->server = NULL;
}

static void
on_got(void *user, struct server_conn *sc)
{
	struct exchange *x = user;

	x->server = sc;
	x->wait = NULL;
	exchange_run(x);
}

static void
on_failed(void *user, enum origin_failure why)
{
	struct exchange *x = user;

	x->wait = NULL;
	x->failure = why;
	exchange_run(x);
}

static void
on_data(void *user, struct tc_str in)
{
	struct exchange *x = user;

	x->in = in;
	exchange_run(x);
}

static void
on_ready(void *user)
{
	struct exchange *x = user;

	x->ready = true;
	exchange_run(x);
}

static size_t
most_at_once(void *user)
{
	return relay_is_crowded(user) ? RELAY_LITTLE : LOOP_READ_SIZE;
}

static void
on_ended(void *user, int error)
{
	struct exchange *x = user;

	x->origin_ended = true;
	x->origin_error = error;
	exchange_run(x);
}

static void
on_late(void *user)
{
	struct exchange *x = user;

	stats_add(&x->worker->lane->origin_errors[STATS_ORIGIN_TIMEOUT], 1);
	origin_blame(x->server, HEALTH_TIMEOUT);
	if (!x->head_sent && (x->state == EXCHANGE_FORWARD || x->state == EXCHANGE_RELAY)) {
		(void)exchange_refuse(x, 504);
	} else {
		x->visitor_gone = true; /* cut: the visitor has to see that something is missing */
		x->state = EXCHANGE_FINISH;
	}
	exchange_run(x);
}

static void
on_drained(void *user)
{
	struct exchange *x = user;

	x->running = true; /* what the visitor has sent already may end it: not before we have looked */
	relay_origin_drained(x);
	x->running = false;
	exchange_run(x);
}

const struct origin_ops exchange_origin_ops = {
	.got = on_got,
	.failed = on_failed,
	.conn = {.data = on_data, .most = most_at_once, .ready = on_ready, .ended = on_ended, .drained = on_drained, .late = on_late},
};

/* Sending it twice changes nothing (RFC 9110 9.2.2), and there is nothing of it that we no longer have. */
bool
exchange_may_repeat(const struct exchange *x)
{
	bool safe = x->req.method == TC_M_GET || x->req.method == TC_M_HEAD || x->req.method == TC_M_OPTIONS;

	return safe && x->up.framing.kind == BODY_NONE;
}

static enum step
no_connection(struct exchange *x)
{
	static const enum stats_origin_error errors[ORIGIN_FAILURE_COUNT] = {
		[ORIGIN_CONNECT] = STATS_ORIGIN_CONNECT,
		[ORIGIN_TLS] = STATS_ORIGIN_TLS,
		[ORIGIN_TIMEOUT] = STATS_ORIGIN_TIMEOUT,
		[ORIGIN_NO_ADDRESS] = STATS_ORIGIN_RESOLVE,
		[ORIGIN_BUSY] = STATS_ORIGIN_BUSY,
		[ORIGIN_DOWN] = STATS_ORIGIN_DOWN,
	};

	stats_add(&x->worker->lane->origin_errors[errors[x->failure]], 1);
	if (x->failure == ORIGIN_BUSY)
		x->refusal = REFUSAL_OVERLOAD;
	return exchange_refuse(x, origin_status(x->failure));
}

static enum step
step_connect(struct exchange *x)
{
	struct origin_ask ask = {
		.user = x, .careful = !exchange_may_repeat(x), .fresh = x->retries > 0, .avoid = x->avoid};
	struct ticket *t;

	if (x->server != NULL) {
		if (relay_send_request(x) < 0)
			return exchange_refuse(x, 502);
		x->state = EXCHANGE_FORWARD;
		return STEP_NEXT;
	}
	if (x->failure != ORIGIN_OK)
		return no_connection(x);
	if (x->wait == NULL) {
		x->codec->patience(x, 0); /* the ticket has its own time-outs */
		t = origin_get(x->origin, &ask);
		if (x->server != NULL || x->failure != ORIGIN_OK)
			return STEP_NEXT;
		x->wait = t;
	}
	return STEP_WAIT;
}

/* ---- the steps that live elsewhere ---- */

static enum step
step_begin(struct exchange *x)
{
	enum step s = judge_request(x);

	if ((x->state == EXCHANGE_CONNECT || x->state == EXCHANGE_PEEK) && relay_too_large(x)) {
		x->refusal = REFUSAL_BODY_TOO_LARGE;
		return exchange_refuse(x, 413);
	}
	return s;
}

static enum step
step_forward(struct exchange *x)
{
	return relay_forward(x);
}

static enum step
step_relay(struct exchange *x)
{
	return relay_response(x);
}

static enum step
step_tunnel(struct exchange *x)
{
	return relay_tunnel(x);
}

/* ---- our own answers ---- */

static enum step
step_collect(struct exchange *x)
{
	if (x->up.bytes > exchange_form_max(x))
		return exchange_refuse(x, 413);
	if (x->up.over) {
		x->state = EXCHANGE_ANSWER;
		return STEP_NEXT;
	}
	if (x->expect_continue) {
		x->expect_continue = false;
		x->codec->proceed(x);
	}
	relay_body_patience(x);
	return STEP_WAIT;
}

/* Whose body it is, its bytes say: a filter looks at the first of them before the origin gets any. */
static enum step
step_peek(struct exchange *x)
{
	int status;

	if (x->peek == NULL)
		x->peek = tc_alloc(x->arena, sizeof(*x->peek));
	if (x->peek == NULL)
		return exchange_refuse(x, 431);
	if (!x->up.over && x->peek->n < TC_PEEK_MAX) {
		if (x->expect_continue) {
			x->expect_continue = false;
			x->codec->proceed(x);
		}
		relay_body_patience(x);
		return STEP_WAIT;
	}
	status = chain_peek(&x->chain, tc_str_of(x->peek->bytes, x->peek->n), x->up.over);
	if (status != 0)
		return exchange_refuse(x, status);
	x->state = EXCHANGE_CONNECT;
	return STEP_NEXT;
}

static bool
answer_has_body(const struct exchange *x)
{
	return x->answer_body.n > 0 && x->req.method != TC_M_HEAD && x->res.status != 204 && x->res.status != 304;
}

static enum step
step_answer(struct exchange *x)
{
	struct framing f = {.kind = BODY_LENGTH};

	release_origin(x, false);
	x->ours = true;
	if (judge_own_answer(x) < 0 || x->visitor_gone) {
		x->visitor_gone = true;
		x->state = EXCHANGE_FINISH;
		return STEP_NEXT;
	}
	f.length = x->answer_body.n;
	if (x->res.status == 204 || x->res.status == 304)
		f = (struct framing){.kind = BODY_NONE};
	x->head_sent = true;
	x->down.over = true;
	if (!x->up.over && (x->expect_continue || x->refusal != REFUSAL_NONE || x->up.bytes > EXCHANGE_DISCARD_MAX))
		x->visitor_close = true; /* what was announced will not be read */
	if (x->codec->head(x, &x->res, &f) < 0 ||
	    (answer_has_body(x) && x->codec->body(x, x->answer_body) < 0) || x->codec->end(x) < 0 || x->codec->flush(x) < 0)
		x->visitor_gone = true;
	x->state = x->up.over || x->visitor_close || x->visitor_gone ? EXCHANGE_FINISH : EXCHANGE_DISCARD;
	x->codec->patience(x, DISCARD_PATIENCE_MS);
	return STEP_NEXT;
}

static enum step
step_discard(struct exchange *x)
{
	if (!x->up.over && x->up.bytes <= EXCHANGE_DISCARD_MAX && !x->visitor_gone) {
		x->codec->resume(x);
		return STEP_WAIT;
	}
	x->state = EXCHANGE_FINISH;
	return STEP_NEXT;
}

/* ---- the end ---- */

static void
count_exchange(struct exchange *x)
{
	struct lane *lane = x->worker->lane;
	size_t route = x->route != NULL ? snapshot_route_id(x->use->snapshot, x->site, x->route) : 0;

	stats_add(&lane->requests[route][x->req.method][stats_code(x->res.status, x->ours)], 1);
	stats_duration(lane, loop_now(&x->worker->loop) - x->began);
	stats_add(&lane->bytes_in, x->up.bytes);
	stats_add(&lane->bytes_out, x->down.bytes);
	if (x->refusal != REFUSAL_NONE)
		stats_refuse(lane, x->refusal);
}

static enum step
step_finish(struct exchange *x)
{
	bool whole = x->down.over && !x->visitor_gone;
	bool keep = whole && x->up.over && !x->visitor_close;

	release_origin(x, whole && x->up.over && !x->origin_close && x->down.framing.kind != BODY_TO_CLOSE && !x->ours);
	if (x->tunnelled)
		stats_sub(&x->worker->lane->tunnels, 1);
	count_exchange(x);
	again_remove(x);
	observe_end(x, whole);
	chain_end(&x->chain);
	buf_reset(&x->up_hold);
	if (x->use != NULL)
		use_release(x->use);
	if (whole)
		x->codec->over(x, keep);
	else
		x->codec->cut(x);
	x->state = EXCHANGE_STATE_COUNT;
	return STEP_WAIT;
}

/* ---- what the visitor does ---- */

bool
exchange_request_over(const struct exchange *x)
{
	return x->up.over && x->state != EXCHANGE_TUNNEL;
}

void
exchange_request_bytes(struct exchange *x, struct tc_str *in)
{
	relay_request_bytes(x, in);
	exchange_run(x);
}

void
exchange_request_piece(struct exchange *x, struct tc_str piece, bool last)
{
	relay_request_piece(x, piece, last);
	exchange_run(x);
}

void
exchange_visitor_drained(struct exchange *x)
{
	exchange_run(x);
}

void
exchange_visitor_gone(struct exchange *x)
{
	x->visitor_gone = true;
	x->state = EXCHANGE_FINISH;
	exchange_run(x);
}

void
exchange_visitor_ended(struct exchange *x)
{
	x->visitor_close = x->visitor_ended = true;
	if (x->state == EXCHANGE_TUNNEL) {
		exchange_run(x); /* the origin is told, and may have more to say */
	} else if (x->state == EXCHANGE_DISCARD) {
		x->state = EXCHANGE_FINISH; /* it has its answer, and may not have read it yet */
		exchange_run(x);
	} else if (!x->up.over || (x->wait != NULL && origin_wait_no_more(x->wait))) {
		/* A request that was not finished will not be. One that waits for its turn would be asked for nobody. */
		exchange_visitor_gone(x);
	}
}

void
exchange_visitor_late(struct exchange *x)
{
	switch (x->state) {
	case EXCHANGE_DISCARD: /* it has its answer */
		x->state = EXCHANGE_FINISH;
		break;
	case EXCHANGE_COLLECT:
	case EXCHANGE_PEEK:
	case EXCHANGE_FORWARD:
		if (!x->head_sent) { /* the request's body does not come on */
			x->refusal = REFUSAL_TIMEOUT;
			(void)exchange_refuse(x, 408);
			break;
		}
		x->visitor_gone = true;
		x->state = EXCHANGE_FINISH;
		break;
	default:
		x->visitor_gone = true;
		x->state = EXCHANGE_FINISH;
	}
	exchange_run(x);
}

/* ---- the beginning ---- */

struct tc_arena *
exchange_arena(struct worker *w)
{
	const struct config_limits *limits = &w->use->snapshot->config->limits;
	size_t heads = (size_t)limits->header_size + (size_t)limits->response_header_size;

	return arena_new(w->loop.arenas, EXCHANGE_ARENA_MAX + 4 * heads);
}

struct exchange *
exchange_room(struct tc_arena *arena)
{
	struct exchange *x = tc_alloc(arena, sizeof(*x));

	if (x == NULL)
		abort(); /* it is the first thing there */
	return x;
}

void
exchange_start(const struct exchange_start *s)
{
	struct visitor *v = s->visitor;
	struct worker *w = worker_of(v->conn.loop);
	struct exchange *x = s->room;

	x->visitor = v;
	x->stream = s->stream;
	x->codec = s->codec;
	x->worker = w;
	x->arena = s->arena;
	x->use = worker_use(w);
	x->began = x->up_began = loop_now(&w->loop);
	buf_init(&x->up_hold, EXCHANGE_BODY_HOLD + LOOP_READ_SIZE);
	*s->owner = x;
	x->refusal = s->refusal;
	x->up.framing = s->framing;
	if (x->refusal == REFUSAL_NONE)
		x->refusal = h1_request_of(s->head, x->arena, &x->req);
	x->minor = s->head->minor;
	x->visitor_close = x->said_close = s->head->close;
	x->expect_continue = s->head->expect_continue;
	relay_setup(x);
	if (x->refusal != REFUSAL_NONE) {
		x->visitor_close = true;
		(void)exchange_refuse(x, refusal_status(x->refusal));
	}
	exchange_run(x);
}

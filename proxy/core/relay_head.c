/* relay_head.c: the head of the origin's response, or what there is instead of one. State FORWARD. */
#include "core/relay.h"

#define INTERIMS_MAX 16 /* 1xx responses before the one */
#define FIELDS_MAX 1000

/* ---- no head ---- */

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

/* ---- a head ---- */

static struct h1_limits
limits_of(const struct exchange *x)
{
	size_t most = (size_t)x->use->snapshot->config->limits.response_header_size;

	return (struct h1_limits){.line_max = most, .head_max = most, .fields_max = FIELDS_MAX};
}

/* The whole head, in the arena, taken off the front of what came; p = NULL: not all there yet, or *why. */
static struct tc_str
take_head(struct exchange *x, enum refusal *why)
{
	struct h1_limits limits = limits_of(x);
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
	struct h1_limits limits = limits_of(x);
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

/* This answer is of no use: its connection is kept if nothing more comes on it, and the request goes out again. */
static enum step
ask_again(struct exchange *x)
{
	bool over = x->down.over && !x->origin_close && !x->origin_ended && x->in.n == 0 && x->server->u.held.n == 0;

	if (over)
		origin_put(x->server);
	else
		origin_drop(x->server);
	x->server = NULL;
	x->in.n = 0;
	x->request_head = tc_str_of(NULL, 0);
	x->origin_ended = x->sent = false;
	x->origin_error = 0;
	x->state = EXCHANGE_CONNECT;
	return STEP_NEXT;
}

int
relay_send_head(struct exchange *x)
{
	struct framing f;

	if (x->head_sent)
		return 0;
	f = framing_for_visitor(x);
	if (f.kind == BODY_TO_CLOSE)
		x->visitor_close = true;
	if (!x->up.over)
		x->visitor_close = true; /* an early answer: both connections end with it (http.md 7) */
	x->head_sent = x->codec->head(x, &x->res, &f) == 0;
	return x->head_sent ? 0 : -1;
}

/* The visitor's half of what was judged: head to the codec, unless its filter has to see the body first. */
static enum step
begin_response(struct exchange *x)
{
	int status;

	begin_body(x);
	status = judge_response(x);
	if (status == JUDGE_AGAIN)
		return ask_again(x);
	if (status != 0)
		return exchange_refuse(x, status);
	x->edited = chain_edits(&x->chain);
	if (!(x->edited && x->chain.head_held) && relay_send_head(x) < 0)
		return exchange_refuse(x, 502);
	x->state = EXCHANGE_RELAY;
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
		relay_origin_patience(x);
		why = read_response(x, head);
		if (why != REFUSAL_NONE)
			return bad_response(x, why);
		if (x->res.status >= 200 || x->res.status == 101)
			origin_answered(x->server);
		if (x->res.status == 101)
			return relay_begin_tunnel(x);
		if (x->res.status >= 200)
			return begin_response(x);
		/* 100 is ours to say, and of 102 nobody makes anything. */
		if (x->res.status == 103 && x->codec->hint != NULL && judge_early(x))
			x->codec->hint(x, &x->res);
		if (++x->interims > INTERIMS_MAX)
			return bad_response(x, REFUSAL_STATUS);
		if (x->in.n == 0 && x->server->u.held.n == 0 && !x->origin_ended)
			return STEP_WAIT;
	}
}

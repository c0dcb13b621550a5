/* chain.c: see chain.h. */
#include "core/chain.h"

#include <assert.h>

static const uint8_t response_order[] = {TC_GATE, TC_HEAD, TC_REWRITE};

static struct link *
link_of(const struct tc_call *c)
{
	return (struct link *)(uintptr_t)c;
}

static size_t
filter_count(void)
{
	size_t n = 0;

	while (tc_filters[n] != NULL)
		n++;
	assert(n <= CHAIN_FILTERS_MAX);
	return n;
}

int
chain_begin(struct chain *c, struct tc_arena *arena, void *const *confs, const struct tc_decision *d,
    const struct tc_site *site, const struct tc_route *route, struct tc_request *req, struct lane *lane,
    struct chain_scratch *scratch)
{
	size_t n = filter_count();

	*c = (struct chain){.n = n, .lane = lane, .scratch = scratch, .arena = arena};
	c->links = tc_alloc(arena, n * sizeof(*c->links));
	if (c->links == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct link *l = &c->links[i];

		l->chain = c;
		l->filter = tc_filters[i];
		l->call = (struct tc_call){
			.conf = confs[i],
			.opts = d->rules->opts[i],
			.decision = d,
			.site = site,
			.route = route,
			.req = req,
			.arena = arena,
		};
		if (l->filter->state_size == 0 || l->filter->state_size > CHAIN_STATE_EARLY)
			continue;
		l->call.state = tc_alloc(arena, l->filter->state_size);
		if (l->call.state == NULL)
			return -1;
	}
	return 0;
}

int
chain_request(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct link *l = &c->links[i];
		int status;

		if (l->filter->request == NULL)
			continue;
		l->used = true;
		status = l->filter->request(&l->call);
		if (status != 0)
			return status;
	}
	return 0;
}

int
chain_peek(struct chain *c, struct tc_str begin, bool whole)
{
	int status = 0;

	for (size_t i = 0; i < c->n && status == 0; i++)
		if (c->links[i].peeks)
			status = c->links[i].filter->peek(&c->links[i].call, begin, whole);
	return status;
}

static int
run_response_hooks(struct chain *c, struct tc_response *res, enum tc_phase phase)
{
	for (size_t i = 0; i < c->n; i++) {
		struct link *l = &c->links[i];
		int status;

		if (l->filter->phase != phase || l->filter->response == NULL)
			continue;
		l->call.res = res;
		l->used = true;
		status = l->filter->response(&l->call);
		if (status != 0)
			return status;
	}
	return 0;
}

/* Those who want the body, in the order DECODE, REWRITE, ENCODE. */
static void
order_bodies(struct chain *c)
{
	for (int phase = TC_DECODE; phase <= TC_ENCODE; phase++)
		for (size_t i = 0; i < c->n; i++) {
			struct link *l = &c->links[i];

			if (!l->wants || l->filter->phase != (enum tc_phase)phase)
				continue;
			assert(c->body_n < CHAIN_BODY_MAX);
			l->place = (uint8_t)c->body_n;
			buf_init(&l->held, CHAIN_HELD_MAX);
			c->body[c->body_n++] = l;
		}
}

int
chain_response(struct chain *c, struct tc_response *res)
{
	int status = 0;

	c->in_response = true;
	for (size_t i = 0; i < sizeof(response_order) && status == 0; i++)
		status = run_response_hooks(c, res, response_order[i]);
	if (status == 0 && c->wanted)
		status = run_response_hooks(c, res, TC_DECODE);
	if (status == 0)
		status = run_response_hooks(c, res, TC_ENCODE);
	c->in_response = false;
	if (status == 0 && !res->head_only)
		order_bodies(c);
	return status;
}

int
chain_hint(struct chain *c, struct tc_response *res)
{
	for (size_t i = 0; i < c->n; i++) {
		struct link *l = &c->links[i];

		if (l->filter->hint == NULL)
			continue;
		l->call.res = res;
		if (l->filter->hint(&l->call) < 0)
			return -1;
	}
	return 0;
}

/* ---- bodies ---- */

static int run_link(struct chain *c, size_t place, struct tc_str in, bool last);

/* Hands what link number `place` has emitted to the next one, or to the sink. */
static int
pass_on(struct chain *c, size_t place, bool last)
{
	struct link *l = c->body[place];
	struct tc_str out = tc_str_of(c->scratch->bytes[place], l->out_n);

	l->out_n = 0;
	if (place + 1 < c->body_n)
		return out.n > 0 || last ? run_link(c, place + 1, out, last) : 0;
	return out.n > 0 ? c->sink(c->ctx, out.p, out.n, c->partial > 0) : 0;
}

/* Keeps what the filter left: `left` is the tail of `held`, or of the caller's bytes. */
static int
keep_rest(struct link *l, struct tc_str left, bool from_held)
{
	if (from_held) {
		buf_drop(&l->held, l->held.n - left.n);
		if (l->held.n == 0)
			buf_reset(&l->held);
		return 0;
	}
	return left.n > 0 ? buf_add_str(&l->held, left) : 0;
}

/* 0: all taken; 1: waits for room; -1: broken. */
static int
run_link(struct chain *c, size_t place, struct tc_str in, bool last)
{
	struct link *l = c->body[place];
	bool from_held = l->held.n > 0, stalled;
	struct tc_str data = in;
	int r;

	if (from_held) {
		if (buf_add_str(&l->held, in) < 0)
			return -1;
		data = buf_str(&l->held);
	}
	if (l->filter->body(&l->call, &data, last) < 0)
		return -1;
	stalled = l->filter->phase == TC_DECODE && data.n > 0 && c->budget == 0;
	if (keep_rest(l, data, from_held) < 0)
		return -1;
	r = pass_on(c, place, last && !stalled);
	return r < 0 ? -1 : (r > 0 || stalled);
}

int
chain_feed(struct chain *c, struct tc_str in, bool last)
{
	assert(c->body_n > 0);
	c->budget = c->room(c->ctx);
	return run_link(c, 0, in, last);
}

int
chain_flush(struct chain *c)
{
	int r;

	if (!chain_holds(c))
		return 0;
	c->flushing = true;
	r = run_link(c, c->body_n - 1, tc_str_of("", 0), false);
	c->flushing = false;
	return r;
}

void
chain_end(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct link *l = &c->links[i];

		if (l->used && l->filter->done != NULL && (l->call.state != NULL || l->filter->state_size == 0))
			l->filter->done(&l->call);
		l->used = false;
		if (l->wants)
			buf_reset(&l->held);
	}
	c->body_n = 0;
}

/* ---- what filters may call ---- */

void
tc_want_body(struct tc_call *call)
{
	struct link *l = link_of(call);

	assert(l->chain->in_response && l->filter->body != NULL);
	if (call->state == NULL && l->filter->state_size > 0) {
		call->state = tc_alloc(l->chain->arena, l->filter->state_size);
		if (call->state == NULL)
			abort(); /* the arena's limit leaves room for every state: see exchange.c */
	}
	l->wants = l->chain->wanted = true;
}

void
tc_peek(struct tc_call *call)
{
	struct link *l = link_of(call);

	assert(!l->chain->in_response && l->filter->peek != NULL);
	l->peeks = l->chain->peeks = true;
}

void
tc_answer_differs(struct tc_call *call)
{
	assert(link_of(call)->chain->in_response);
	link_of(call)->chain->differs = true;
}

void
tc_hold_head(struct tc_call *call)
{
	assert(link_of(call)->chain->in_response && link_of(call)->wants);
	link_of(call)->chain->head_held = true;
}

void
tc_release_head(struct tc_call *call)
{
	link_of(call)->chain->head_held = false;
}

bool
tc_body_wanted(const struct tc_call *call)
{
	return link_of(call)->chain->wanted;
}

void
tc_expect_page(struct tc_call *call)
{
	link_of(call)->chain->page_expected = true;
}

bool
tc_page_expected(const struct tc_call *call)
{
	return link_of(call)->chain->page_expected;
}

/* Scratch is full and its filter goes on emitting. */
static int
pass_on_full(struct chain *c, size_t place)
{
	int r;

	c->partial++;
	r = pass_on(c, place, false);
	c->partial--;
	return r;
}

int
tc_emit(struct tc_call *call, const char *p, size_t n)
{
	struct link *l = link_of(call);
	struct chain *c = l->chain;
	char *scratch = c->scratch->bytes[l->place];

	if (l->filter->phase == TC_DECODE)
		c->budget -= n < c->budget ? n : c->budget;
	while (n > 0) {
		size_t room = CHAIN_SCRATCH - l->out_n, k = n < room ? n : room;

		memcpy(scratch + l->out_n, p, k);
		l->out_n += k;
		p += k;
		n -= k;
		if (l->out_n == CHAIN_SCRATCH && pass_on_full(c, l->place) < 0)
			return -1;
	}
	return 0;
}

size_t
tc_room(const struct tc_call *call)
{
	return link_of(call)->chain->budget;
}

bool
tc_flushing(const struct tc_call *call)
{
	return link_of(call)->chain->flushing;
}

void
tc_answer(struct tc_call *call, const char *type, struct tc_str body, const char *cache)
{
	struct chain *c = link_of(call)->chain;

	c->answer = (struct chain_answer){.type = type, .cache = cache, .body = body};
	c->answered = true;
}

void
tc_answer_shared(struct tc_call *call)
{
	struct chain *c = link_of(call)->chain;

	assert(c->answered);
	c->answer.shared = true;
}

void
tc_answer_tag(struct tc_call *call, const char *tag)
{
	link_of(call)->chain->answer.tag = tag;
}

void
tc_answer_to(struct tc_call *call, struct tc_str url)
{
	struct chain *c = link_of(call)->chain;

	assert(c->answered && c->answer.body.n == 0);
	c->answer.body = url;
	c->answer.moved = true;
}

static void
count_cookie(struct lane *lane, enum tc_action action, enum tc_class class)
{
	if (action >= TC_DID_REQUEST_COOKIE && action <= TC_DID_EXPIRED_COOKIE)
		stats_add(&lane->cookies[action - TC_DID_REQUEST_COOKIE][class], 1);
}

void
tc_did(struct tc_call *call, enum tc_action action, enum tc_class class, enum tc_pack pack, struct tc_str what)
{
	struct chain *c = link_of(call)->chain;

	if (c->lane != NULL) {
		stats_add(&c->lane->actions[action][pack], 1);
		count_cookie(c->lane, action, class);
	}
	if (c->watch != NULL)
		c->watch->saw(c->watch->ctx, action, class, pack, what);
}

void
tc_bypassed(struct tc_call *call, enum tc_bypass why)
{
	struct lane *lane = link_of(call)->chain->lane;

	if (lane != NULL)
		stats_add(&lane->bypasses[why], 1);
}

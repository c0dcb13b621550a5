/*
 * decode.c: makes plain bytes of a packed body, so that the rewriter can read it.
 *
 * Asks the origin only for what can be read here. What comes in another coding is refused (502), never
 * passed unread. A body that is broken, incomplete or unpacks to absurd sizes is cut, so that the visitor
 * can tell.
 */
#include <assert.h>
#include <stdio.h>

#include "coding.h"

enum {
	OUT_SIZE = 16 * 1024,
	BOMB_FREE = 1024 * 1024,     /* as much may come of anything */
	BOMB_RATIO = 100,            /* beyond that, no more than so many bytes for one */
	BOMB_MAX = 64 * 1024 * 1024, /* and no more than this from one body */
};

static const struct unpacker *const unpackers[CODING_COUNT] = {
	[CODING_GZIP] = &unpack_inflate,
	[CODING_DEFLATE] = &unpack_inflate,
	[CODING_BR] = &unpack_brotli,
	[CODING_ZSTD] = &unpack_zstd,
};

/* One coding being undone. What comes out waits until the next stage, or the next filter, takes it. */
struct stage {
	const struct unpacker *unpacker;
	void *state;
	size_t at, have; /* out: [taken | at .... at + have | free] */
	bool full;       /* out was filled to its end: more may come without input */
	uint64_t sent;
	char out[OUT_SIZE];
};

/*
 * A body being unpacked, in stages if several codings lie over each other:
 *
 *	in -> stage 0 -> stage 1 -> stage 2 -> next filter
 *
 * As long as something waits in the last stage, one byte of the input that stage 0 has already seen is left untaken,
 * so that the core comes back:
 *
 *	in:   [seen ... 1 byte untaken | not seen yet]
 */
struct decode {
	struct stage *stages[CODINGS_MAX]; /* made by their first bytes */
	enum coding codings[CODINGS_MAX];  /* in the order of undoing */
	uint8_t n;
	bool seen;     /* the first byte of in was given to stage 0 already */
	uint64_t came; /* packed bytes so far */
};

/* What of the visitor's wishes can be read here: a body that is no page passes as it is, so never more than that. */
static struct tc_str
readable(const struct coding_wishes *w, struct tc_arena *arena)
{
	struct tc_str parts[4 * CODING_COUNT];
	size_t n = 0;
	int named = 0;

	for (int c = CODING_GZIP; c < CODING_COUNT; c++) {
		char *q;

		if (w->q[c] == 0)
			continue;
		if (named++ > 0)
			parts[n++] = TC_STR(", ");
		parts[n++] = coding_name((enum coding)c);
		if (w->q[c] == 1000)
			continue;
		q = tc_alloc_bytes(arena, sizeof(";q=0.123"));
		if (q == NULL)
			return (struct tc_str){NULL, 0};
		(void)snprintf(q, sizeof(";q=0.123"), ";q=0.%03u", (unsigned)w->q[c] % 1000);
		parts[n++] = tc_str_of(q, sizeof(";q=0.123") - 1);
	}
	if (named == 0)
		return TC_STR("identity");
	if (w->q[CODING_NONE] == 0)
		parts[n++] = TC_STR(", identity;q=0");
	return tc_join(arena, parts, n);
}

static int
decode_request(struct tc_call *c)
{
	struct coding_wishes w;
	struct tc_str value;

	if (!tc_page_expected(c))
		return 0;
	coding_wishes(&c->req->fields, &w);
	if (w.readable.n > 0)
		return tc_field_set(&c->req->fields, TC_F_ACCEPT_ENCODING, w.readable) < 0 ? 431 : 0;
	value = readable(&w, c->arena);
	return value.p == NULL || tc_field_set(&c->req->fields, TC_F_ACCEPT_ENCODING, value) < 0 ? 431 : 0;
}

static int
decode_response(struct tc_call *c)
{
	struct decode *st = c->state;
	enum coding applied[CODINGS_MAX];
	int n;

	if (!tc_body_wanted(c) || c->res->status == 204 || c->res->status == 304)
		return 0;
	n = coding_list(&c->res->fields, false, applied);
	if (n < 0) {
		tc_bypassed(c, TC_BYPASS_CODING);
		return 502;
	}
	if (n == 0)
		return 0;
	st->n = (uint8_t)n;
	for (int i = 0; i < n; i++)
		st->codings[i] = applied[n - 1 - i];
	(void)tc_field_drop(&c->res->fields, TC_F_CONTENT_ENCODING);
	tc_want_body(c);
	return 0;
}

static int
broken(struct tc_call *c, enum tc_bypass why)
{
	tc_bypassed(c, why);
	return -1;
}

static struct stage *
stage_begin(enum coding coding)
{
	struct stage *s = coding_alloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	s->unpacker = unpackers[coding];
	s->at = s->have = 0;
	s->full = false;
	s->sent = 0;
	s->state = s->unpacker->begin(coding);
	if (s->state != NULL)
		return s;
	coding_free(s);
	return NULL;
}

/* Whether stage k can do something now. */
static bool
can_step(const struct decode *st, size_t k, struct tc_str in)
{
	const struct stage *s = st->stages[k], *from = k > 0 ? st->stages[k - 1] : NULL;

	if (s != NULL && s->have > 0)
		return false;
	if (s != NULL && s->full)
		return true;
	return k == 0 ? in.n > 0 : from != NULL && from->have > 0;
}

/* One step of stage k, over *in or over what the stage before it holds. */
static int
step(struct tc_call *c, struct decode *st, size_t k, struct tc_str *in)
{
	struct stage *from = k > 0 ? st->stages[k - 1] : NULL, *s = st->stages[k];
	struct tc_str data = from != NULL ? tc_str_of(from->out + from->at, from->have) : *in;
	size_t before = data.n, taken;
	uint64_t all;

	if (s == NULL)
		s = st->stages[k] = stage_begin(st->codings[k]);
	if (s == NULL)
		return -1;
	s->at = 0;
	if (s->unpacker->step(s->state, &data, s->out, OUT_SIZE, &s->have) < 0)
		return broken(c, TC_BYPASS_CORRUPT);
	taken = before - data.n;
	if (from != NULL) {
		from->at += taken;
		from->have = data.n;
	} else {
		*in = data;
		st->came += taken;
	}
	if (taken == 0 && s->have == 0 && data.n > 0)
		return broken(c, TC_BYPASS_CORRUPT); /* no library does that; it would be for ever */
	s->full = s->have == OUT_SIZE;
	s->sent += s->have;
	all = s->sent + (s->unpacker->held != NULL ? s->unpacker->held(s->state) : 0);
	if (all > BOMB_MAX || (all > BOMB_FREE && all / BOMB_RATIO > st->came))
		return broken(c, TC_BYPASS_BOMB);
	return 0;
}

/* Sends what waits in the last stage, as far as there is room. */
static int
send_out(struct tc_call *c, struct stage *s)
{
	while (s != NULL && s->have > 0) {
		size_t room = tc_room(c), n = s->have < room ? s->have : room;

		if (n == 0)
			return 0;
		if (tc_emit(c, s->out + s->at, n) < 0)
			return -1;
		s->at += n;
		s->have -= n;
	}
	return 0;
}

/* Everything that can be done now, the last stage first. *in is what stage 0 has not seen yet. */
static int
unpack_all(struct tc_call *c, struct decode *st, struct tc_str *in)
{
	for (;;) {
		size_t k = st->n;

		if (send_out(c, st->stages[st->n - 1]) < 0)
			return -1;
		while (k > 0 && !can_step(st, k - 1, *in))
			k--;
		if (k == 0)
			return 0;
		if (step(c, st, k - 1, in) < 0)
			return -1;
	}
}

static bool
is_whole(const struct decode *st)
{
	for (size_t k = 0; k < st->n; k++) {
		const struct stage *s = st->stages[k];

		if (s != NULL && !s->unpacker->whole(s->state))
			return false;
	}
	return true; /* no byte at all is an empty body, as browsers have it */
}

static int
decode_body(struct tc_call *c, struct tc_str *in, bool last)
{
	struct decode *st = c->state;
	struct tc_str fresh = *in;
	const struct stage *end;

	assert(st->n > 0);
	if (st->seen && fresh.n > 0)
		tc_skip(&fresh, 1);
	st->seen = false;
	if (unpack_all(c, st, &fresh) < 0)
		return -1;
	end = st->stages[st->n - 1];
	if (end != NULL && end->have > 0 && fresh.p > in->p) {
		st->seen = true;
		fresh = tc_str_of(fresh.p - 1, fresh.n + 1);
	}
	*in = fresh;
	if (last && in->n == 0 && !is_whole(st))
		return broken(c, TC_BYPASS_CORRUPT);
	return 0;
}

static void
decode_done(struct tc_call *c)
{
	struct decode *st = c->state;

	for (size_t k = 0; k < CODINGS_MAX; k++) {
		struct stage *s = st->stages[k];

		if (s == NULL)
			continue;
		s->unpacker->end(s->state);
		coding_free(s);
		st->stages[k] = NULL;
	}
}

const struct tc_filter filter_decode = {
	.name = "decode",
	.help = "unpack pages that are to be rewritten",
	.phase = TC_DECODE,
	.state_size = sizeof(struct decode),
	.request = decode_request,
	.response = decode_response,
	.body = decode_body,
	.done = decode_done,
};

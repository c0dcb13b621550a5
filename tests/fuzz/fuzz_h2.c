/*
 * fuzz_h2.c: HTTP/2 frames to exchanges and back. The real session and codec (core/visitor_h2.c, http/h2*.c) between a
 * visitor that sends what it likes and exchanges that do what they like, both told by the input; the connection and the
 * exchanges are models. Properties: what goes to an origin passes the linter and has the length it says; an exchange is
 * told nothing after its end; what the visitor gets of a body is what was written, in order, with one end.
 *
 *	input: 0xff for a visitor without a preface, then records of an opcode, a selector and what the opcode takes
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/visitor_h2.c"

#include "lint_h1.h"
#include "tests/fuzz/mutate.h"

#define EXCHANGES_MAX 64
#define FRAME_HEAD 9

static void
must(bool good)
{
	if (!good)
		abort();
}

/* ---- the model of an exchange ---- */

struct fake {
	struct exchange *x;
	int32_t stream;
	bool has_length, ended, dead;
	uint64_t length, came;
	bool head_sent, end_said, tunnel;
};

/* What a stream's body consists of, as the exchange wrote it and as the visitor sees it. */
struct sent {
	int32_t stream;
	uint64_t written, seen;
	bool ended, reset, whole;
};

static struct {
	struct worker *worker;
	struct visitor visitor;
	struct fake fakes[EXCHANGES_MAX];
	size_t fake_n;
	struct sent sent[EXCHANGES_MAX];
	size_t sent_n;
	struct buf wire; /* what the visitor has not looked at yet */
	size_t pending;  /* bytes that the socket did not take */
	bool full;       /* the socket takes nothing */
	uint8_t mood;    /* what exchanges do when they are called */
	bool closed;
} g;

static struct fake *
fake_of(const struct exchange *x)
{
	for (size_t i = 0; i < g.fake_n; i++)
		if (g.fakes[i].x == x && !g.fakes[i].dead)
			return &g.fakes[i];
	return NULL;
}

static struct sent *
sent_of(int32_t stream)
{
	for (size_t i = 0; i < g.sent_n; i++)
		if (g.sent[i].stream == stream)
			return &g.sent[i];
	return NULL;
}

/* The byte at an offset of a stream's response. */
static char
pattern(int32_t stream, uint64_t at)
{
	return (char)((uint64_t)stream * 31 + at * 7 + (at >> 8));
}

static void
finish(struct fake *f, bool whole)
{
	struct exchange *x = f->x;
	struct tc_arena *arena = x->arena;
	struct sent *s = sent_of(f->stream);

	f->dead = true;
	if (s != NULL)
		s->whole |= whole;
	if (whole)
		x->codec->over(x, true);
	else
		x->codec->cut(x);
	arena_destroy(&arena);
}

struct tc_arena *
exchange_arena(struct worker *w)
{
	(void)w;
	return arena_new(NULL, 1 << 20); /* plain memory: a sanitizer sees what is used after it */
}

struct exchange *
exchange_room(struct tc_arena *arena)
{
	return tc_alloc(arena, sizeof(struct exchange));
}

static void
check_request(struct fake *f, struct head *head, const struct framing *framing)
{
	struct tc_request *req = &f->x->req;
	struct h1_out out = {.framing = *framing};
	struct tc_str text;
	unsigned count;
	const char *bad;

	if (h1_request_of(head, f->x->arena, req) != REFUSAL_NONE)
		return;
	out.websocket = req->websocket;
	text = h1_write_request(req, &out, f->x->arena);
	must(text.p != NULL);
	bad = lint_requests(text.p, text.n, &count);
	must(bad == NULL || strcmp(bad, "unfinished body") == 0 || strcmp(bad, "chunk line") == 0);
}

void
exchange_start(const struct exchange_start *s)
{
	struct fake *f = &g.fakes[g.fake_n];
	struct stream *st = s->stream;

	f->x = s->room;
	must(f->x != NULL && g.fake_n < EXCHANGES_MAX);
	g.fake_n++;
	*f->x = (struct exchange){
		.visitor = s->visitor, .stream = s->stream, .codec = s->codec, .arena = s->arena, .worker = g.worker};
	f->stream = st->h2.id;
	f->has_length = s->framing.kind == BODY_LENGTH;
	f->length = s->framing.length;
	f->ended = s->framing.kind == BODY_NONE || (f->has_length && f->length == 0);
	f->x->up.over = f->ended;
	*s->owner = f->x;
	if (s->refusal == REFUSAL_NONE)
		check_request(f, s->head, &s->framing);
	if (g.mood & 1) /* answered at once, in the visitor's own event */
		finish(f, false);
}

bool
exchange_request_over(const struct exchange *x)
{
	return x->up.over && x->state != EXCHANGE_TUNNEL;
}

void
exchange_request_piece(struct exchange *x, struct tc_str piece, bool last)
{
	struct fake *f = fake_of(x);

	must(f != NULL && (!f->ended || f->tunnel));
	f->came += piece.n;
	if (!f->tunnel && f->has_length)
		must(f->came <= f->length);
	if (last && !f->tunnel) {
		f->ended = x->up.over = true;
		must(!f->has_length || f->came == f->length);
	}
	if (g.mood & 2)
		x->codec->pause(x);
	if ((g.mood & 4) != 0 && !x->running) /* else a step is under way, which finds out later */
		finish(f, false);
}

void
exchange_visitor_gone(struct exchange *x)
{
	struct fake *f = fake_of(x);

	must(f != NULL && !x->running);
	finish(f, false);
}

void
exchange_visitor_ended(struct exchange *x)
{
	must(fake_of(x) != NULL);
	if ((g.mood & 8) != 0 && !x->running)
		finish(fake_of(x), false);
}

void
exchange_visitor_late(struct exchange *x)
{
	must(fake_of(x) != NULL);
	if (!x->running)
		finish(fake_of(x), false);
}

static void respond(struct fake *f, size_t n);

void
exchange_visitor_drained(struct exchange *x)
{
	struct fake *f = fake_of(x);

	must(f != NULL);
	if ((g.mood & 16) != 0 && !x->running && f->head_sent && !f->end_said)
		respond(f, 500);
}

/* Writes n bytes of the body; several pieces of one flush. */
static void
respond(struct fake *f, size_t n)
{
	static char bytes[4][1 << 16];
	struct exchange *x = f->x;
	struct sent *s = sent_of(f->stream);
	bool good = true;

	x->running = true;
	for (size_t k = 0; k < 4 && good && n > 0; k++) {
		size_t part = k == 3 ? n : n / 3 + 1;

		part = part < n ? part : n;
		part = part < sizeof(bytes[k]) ? part : sizeof(bytes[k]);
		for (size_t i = 0; i < part; i++)
			bytes[k][i] = pattern(f->stream, s->written + i);
		s->written += part;
		n -= part;
		good = (f->tunnel ? x->codec->raw : x->codec->body)(x, tc_str_of(bytes[k], part)) == 0;
	}
	good = good && x->codec->flush(x) == 0;
	memset(bytes, '!', sizeof(bytes)); /* what was not copied by now is gone */
	x->running = false;
	if (!good)
		finish(f, false);
}

static void
send_head(struct fake *f, unsigned kind)
{
	static const int statuses[] = {200, 204, 304, 404, 200, 103};
	struct tc_response res = {.status = statuses[kind % 5], .fields.arena = f->x->arena};
	struct framing framing = {.kind = kind & 32 ? BODY_LENGTH : BODY_CHUNKED, .length = 1 << 20};

	if (f->head_sent || g.sent_n == EXCHANGES_MAX)
		return;
	if (res.status == 204 || res.status == 304)
		framing.kind = BODY_NONE;
	must(tc_field_add_named(&res.fields, TC_STR("X-Own"), TC_STR("value")) == 0);
	f->head_sent = true;
	f->x->running = true;
	if (f->x->codec->head(f->x, &res, &framing) < 0 || f->x->codec->flush(f->x) < 0) {
		f->x->running = false;
		finish(f, false);
		return;
	}
	f->x->running = false;
	f->end_said = framing.kind == BODY_NONE;
	g.sent[g.sent_n++] = (struct sent){.stream = f->stream};
}

static void
send_end(struct fake *f)
{
	bool good;

	if (!f->head_sent || sent_of(f->stream) == NULL)
		return;
	f->x->running = true;
	good = f->x->codec->end(f->x) == 0 && f->x->codec->flush(f->x) == 0;
	f->x->running = false;
	f->end_said = true;
	if (!f->tunnel || !good)
		finish(f, good);
}

/* ---- the model of a connection ---- */

int
conn_write(struct conn *c, const uv_buf_t *v, unsigned n)
{
	if (c->broken || c->closing)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		must(v[i].len > 0);
		(void)buf_add(&g.wire, v[i].base, v[i].len);
		g.pending += g.full ? v[i].len : 0;
	}
	return 0;
}

size_t
conn_pending(const struct conn *c)
{
	(void)c;
	return g.pending;
}

size_t
conn_unsent(const struct conn *c)
{
	(void)c;
	return g.pending;
}

void
conn_read(struct conn *c)
{
	c->reading = true;
}

void
conn_pause(struct conn *c)
{
	c->reading = false;
}

void
conn_drop(struct conn *c)
{
	c->closing = true;
}

void
conn_abort(struct conn *c)
{
	c->closing = true;
}

void
visitor_close(struct visitor *v)
{
	v->told_to_close = true;
}

const struct config_limits *
visitor_limits(const struct visitor *v)
{
	static const struct config_limits limits = {.uri_size = 8 << 10,
	    .header_size = 32 << 10,
	    .fields = 100,
	    .keepalive_requests = 40,
	    .header_timeout_ms = 10000,
	    .idle_timeout_ms = 75000,
	    .write_timeout_ms = 30000};

	(void)v;
	return &limits;
}

/* ---- what the visitor sees ---- */

static void
see_data(int32_t id, const char *p, size_t n, bool end)
{
	struct sent *s = sent_of(id);

	must(s != NULL && !s->ended && !s->reset);
	must(s->seen + n <= s->written);
	for (size_t i = 0; i < n; i++)
		must(p[i] == pattern(id, s->seen + i));
	s->seen += n;
	s->ended = end;
}

static void
see_frames(void)
{
	while (g.wire.n >= FRAME_HEAD) {
		const uint8_t *h = (const uint8_t *)buf_str(&g.wire).p;
		size_t n = (size_t)h[0] << 16 | (size_t)h[1] << 8 | h[2];
		int32_t id = (int32_t)((uint32_t)(h[5] & 0x7f) << 24 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8]);
		struct sent *s = sent_of(id);

		if (g.wire.n < FRAME_HEAD + n)
			return;
		if (h[3] == 0)
			see_data(id, (const char *)h + FRAME_HEAD, n, (h[4] & 1) != 0);
		if (h[3] == 1 && (h[4] & 1) != 0 && s != NULL)
			s->ended = true;
		if (h[3] == 3 && s != NULL)
			s->reset = true;
		buf_drop(&g.wire, FRAME_HEAD + n);
	}
}

/* What was written whole has come whole, unless something hindered it: the visitor, a window, the end. */
static void
check_sent(void)
{
	for (size_t i = 0; i < g.sent_n; i++)
		must(!g.sent[i].ended || !g.sent[i].whole || g.sent[i].seen == g.sent[i].written);
}

/* ---- the input ---- */

struct reader {
	const uint8_t *p;
	size_t n;
};

static uint8_t
byte(struct reader *r)
{
	if (r->n == 0)
		return 0;
	r->n--;
	return *r->p++;
}

static struct tc_str
take(struct reader *r, size_t n)
{
	struct tc_str s;

	n = n < r->n ? n : r->n;
	s = tc_str_of((const char *)r->p, n);
	r->p += n;
	r->n -= n;
	return s;
}

static void
give(const char *p, size_t n)
{
	if (g.visitor.conn.closing || g.visitor.told_to_close || n == 0)
		return;
	visitor_h2.data(&g.visitor, tc_str_of(p, n));
	see_frames();
}

static void
give_frame(uint8_t type, uint8_t flags, uint32_t id, struct tc_str payload)
{
	char frame[FRAME_HEAD + 300];
	const char head[FRAME_HEAD] = {0, (char)(payload.n >> 8), (char)payload.n, (char)type, (char)flags, (char)(id >> 24),
	    (char)(id >> 16), (char)(id >> 8), (char)id};

	memcpy(frame, head, sizeof(head));
	memcpy(frame + sizeof(head), payload.p, payload.n);
	give(frame, sizeof(head) + payload.n);
}

/* Heads in HPACK's static table and literals without indexing: GET, POST with a length, CONNECT of a WebSocket. */
static const struct mutate_piece heads[] = {
	PIECE("\x82\x84\x87\x01\x01"
	    "a"),
	PIECE("\x83\x84\x86\x01\x01"
	    "a"
	    "\x0f\x0d\x02"
	    "10"),
	PIECE("\x83\x04\x04/x?y\x87\x01\x09"
	    "a.example"
	    "\x0f\x11\x03k=v"
	    "\x0f\x11\x03l=w"),
	PIECE("\x02\x07"
	    "CONNECT\x00\x09:protocol\x09websocket\x84\x87\x01\x01"
	    "a\x00\x15sec-websocket-version\x02"
	    "13"),
	PIECE("\x82\x84\x87\x01\x01"
	    "a\x00\x04host\x01"
	    "b"),
	PIECE("\x82\x84\x87\x01\x01"
	    "a\x00\x06"
	    "expect\x0c"
	    "100-continue"),
};

static void
give_head(struct reader *r)
{
	uint8_t which = byte(r), flags = byte(r);
	const struct mutate_piece *h = &heads[which % (sizeof(heads) / sizeof(heads[0]))];

	give_frame(1, (uint8_t)(4 | (flags & 1)), (uint32_t)(flags >> 1) * 2 + 1, tc_str_of(h->p, h->n));
}

static struct fake *
pick(struct reader *r)
{
	size_t from = byte(r);

	for (size_t i = 0; i < g.fake_n; i++) {
		struct fake *f = &g.fakes[(from + i) % g.fake_n];

		if (!f->dead)
			return f;
	}
	return NULL;
}

static void
drain_socket(void)
{
	g.full = false;
	g.pending = 0;
	if (!g.visitor.conn.closing)
		visitor_h2.drained(&g.visitor);
	see_frames();
}

static void
expire(struct fake *f)
{
	if (f != NULL && !f->x->running)
		visitor_h2_expired(&stream_of(f->x)->deadline);
}

static void
act(struct fake *f, unsigned what, size_t n)
{
	if (f == NULL)
		return;
	switch (what) {
	case 0: send_head(f, (unsigned)n); break;
	case 1:
		if (f->head_sent && !f->end_said && sent_of(f->stream) != NULL)
			respond(f, n * 37);
		break;
	case 2: send_end(f); break;
	case 3: finish(f, false); break;
	case 4: f->x->codec->pause(f->x); break;
	case 5:
		f->x->running = true; /* as it is in every call of the real one */
		f->x->codec->resume(f->x);
		if (fake_of(f->x) == f)
			f->x->running = false;
		break;
	case 6: f->x->codec->proceed(f->x); break;
	case 7: f->x->codec->patience(f->x, n); break;
	case 8:
		if (!f->head_sent && f->ended) {
			f->tunnel = true;
			f->x->state = EXCHANGE_TUNNEL;
			f->x->tunnelled = true;
			send_head(f, 0);
		}
		break;
	case 9: (void)f->x->codec->pending(f->x); break;
	default: expire(f);
	}
	see_frames();
}

static void
leave(unsigned how)
{
	switch (how % 8) {
	case 0: visitor_h2.drain(&g.visitor); break;
	case 1: visitor_h2.late(&g.visitor); break;
	case 2: visitor_h2.ended(&g.visitor, how & 8 ? UV_ECONNRESET : 0); break;
	case 3: g.visitor.conn.broken = true; break;
	default: break;
	}
	see_frames();
}

static void
step(struct reader *r)
{
	uint8_t op = byte(r);

	switch (op % 12) {
	case 0: {
		struct tc_str s = take(r, byte(r));

		give(s.p, s.n);
		break;
	}
	case 1: {
		uint8_t type = byte(r), flags = byte(r), id = byte(r);

		give_frame(type % 18, flags, id, take(r, byte(r)));
		break;
	}
	case 2:
	case 3: give_head(r); break;
	case 4: g.mood = byte(r); break;
	case 5: g.full = true; break;
	case 6: drain_socket(); break;
	case 7: leave(byte(r)); break;
	default: {
		struct fake *f = pick(r);
		uint8_t what = byte(r);

		act(f, what % 11, (size_t)byte(r) << 3 | op >> 5);
	}
	}
	if (op % 5 > 0) /* else the next event comes in the same turn of the loop */
		visitor_h2_turned(g.worker);
	see_frames();
}

/* ---- one run ---- */

static void
begin_run(bool with_preface)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

	if (g.worker == NULL) {
		g.worker = calloc(1, sizeof(*g.worker));
		must(g.worker != NULL);
		g.worker->lane = calloc(1, sizeof(*g.worker->lane));
		g.worker->room = calloc(1, sizeof(*g.worker->room));
		g.worker->loop.owner = g.worker;
		wheel_init(&g.worker->loop.wheel, 0);
	}
	g.visitor = (struct visitor){.conn = {.loop = &g.worker->loop, .reading = true}, .deadline.kind = DEADLINE_VISITOR};
	g.fake_n = g.sent_n = g.pending = 0;
	g.full = g.closed = false;
	g.mood = 0;
	memset(g.fakes, 0, sizeof(g.fakes));
	buf_init(&g.wire, SIZE_MAX / 2);
	visitor_h2_begin(&g.visitor);
	if (with_preface)
		give(preface, sizeof(preface) - 1);
}

static void
end_run(void)
{
	see_frames();
	check_sent();
	g.visitor.conn.closing = true;
	visitor_h2.closed(&g.visitor);
	for (size_t i = 0; i < g.fake_n; i++)
		must(g.fakes[i].dead); /* nobody is forgotten */
	wheel_clear(&g.visitor.deadline);
	buf_reset(&g.wire);
	must(g.worker->gather.n == 0 && g.worker->due == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = {data, size};

	begin_run(byte(&r) != 0xff);
	while (r.n > 0 && !g.visitor.conn.closing && g.fake_n < EXCHANGES_MAX - 1)
		step(&r);
	end_run();
	return 0;
}

/*
 * call.h: a request without a proxy, for tests, fuzz targets and benchmarks of filters. It holds all that a
 * tc_call points to, and defines every function that hooks may call (tacet/filter.h), so a program that
 * includes it needs only the arena and the fields of libtacet.a. Include it once, in the file with main().
 *
 *	struct fake_call *f = fake_new(&filter_x);      GET https://www.example.com/, 200 text/html, all denied
 *	f->decision.denied = TC_CLASS_BIT(TC_ANALYTICS); change what the test is about
 *	fake_respond(f);                                 the head hooks
 *	fake_feed(f, input, cuts, n);                    the body hook, input cut at n places
 *	f->out, f->did ...                               what came of it
 *	fake_free(&f);
 */
#ifndef TESTS_CALL_H
#define TESTS_CALL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "tacet/filter.h"

#define FAKE_UNUSED __attribute__((unused))
#define FAKE_ARENA_MAX ((size_t)8 << 20)
#define FAKE_DENIED \
	(TC_CLASS_BIT(TC_ANALYTICS) | TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) | \
	    TC_CLASS_BIT(TC_SOCIAL))

/* One tc_did(). what is a copy, in the fake's arena. */
struct fake_done {
	enum tc_action action;
	enum tc_class class;
	enum tc_pack pack;
	struct tc_str what;
};

struct fake_call {
	struct tc_call call; /* first: the functions below find the fake by it */
	const struct tc_filter *filter;
	void *conf; /* what load() made or the test set; never given back here */

	struct tc_decision decision;
	struct tc_rule_set rules;
	struct tc_site site;
	struct tc_route route;
	struct tc_request req;
	struct tc_response res;
	struct tc_arena *arena;

	char *out; /* all that was emitted */
	size_t out_n, out_cap;
	size_t room;     /* what tc_room() says; SIZE_MAX at first. The body hook is called until it takes all. */
	size_t emit_max; /* the tc_emit() that would pass it fails; SIZE_MAX at first */
	size_t held;     /* the longest rest that the body hook left */
	bool late_end;   /* give `last` in a call of its own, with nothing new */
	bool discard;    /* count the output, keep none of it: benchmarks */
	bool flushing;   /* what tc_flushing() says: nothing more is at hand */

	bool want_body, expect_page, head_held, peeks;
	bool answered, shared, differs;
	const char *answer_type, *answer_cache, *answer_tag;
	struct tc_str answer, answer_to;
	size_t bypassed[TC_BYPASS_COUNT];

	size_t count[TC_DID_COUNT]; /* tc_did() by action */
	struct fake_done *did;      /* the first did_n of them */
	size_t did_n, did_cap;
};

/* ---- what hooks may call ---- */

static inline struct fake_call *
fake_of(const struct tc_call *c)
{
	return (struct fake_call *)(uintptr_t)c;
}

static inline void *
fake_grown(void *p, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return p;
	*cap = need < 1024 ? 1024 : need * 2;
	p = realloc(p, *cap * size);
	if (p == NULL)
		abort();
	return p;
}

void
tc_want_body(struct tc_call *c)
{
	fake_of(c)->want_body = true;
}

void
tc_peek(struct tc_call *c)
{
	fake_of(c)->peeks = true;
}

void
tc_answer_differs(struct tc_call *c)
{
	fake_of(c)->differs = true;
}

void
tc_hold_head(struct tc_call *c)
{
	fake_of(c)->head_held = true;
}

void
tc_release_head(struct tc_call *c)
{
	fake_of(c)->head_held = false;
}

bool
tc_body_wanted(const struct tc_call *c)
{
	return fake_of(c)->want_body;
}

void
tc_expect_page(struct tc_call *c)
{
	fake_of(c)->expect_page = true;
}

bool
tc_page_expected(const struct tc_call *c)
{
	return fake_of(c)->expect_page;
}

int
tc_emit(struct tc_call *c, const char *p, size_t n)
{
	struct fake_call *f = fake_of(c);

	if (n > 0 && f->head_held)
		abort(); /* the head would go out as it is */
	if (n > f->emit_max - f->out_n)
		return -1;
	if (f->room != SIZE_MAX)
		f->room = n < f->room ? f->room - n : 0;
	if (n > 0 && !f->discard) {
		f->out = fake_grown(f->out, &f->out_cap, f->out_n + n, 1);
		memcpy(f->out + f->out_n, p, n);
	}
	f->out_n += n;
	return 0;
}

size_t
tc_room(const struct tc_call *c)
{
	return fake_of(c)->room;
}

bool
tc_flushing(const struct tc_call *c)
{
	return fake_of(c)->flushing;
}

void
tc_answer(struct tc_call *c, const char *type, struct tc_str body, const char *cache)
{
	struct fake_call *f = fake_of(c);

	f->answered = true;
	f->answer_type = type;
	f->answer = body;
	f->answer_cache = cache;
	f->answer_tag = NULL;
	f->answer_to = (struct tc_str){NULL, 0};
}

void
tc_answer_to(struct tc_call *c, struct tc_str url)
{
	fake_of(c)->answer_to = url;
}

void
tc_answer_tag(struct tc_call *c, const char *tag)
{
	fake_of(c)->answer_tag = tag;
}

void
tc_answer_shared(struct tc_call *c)
{
	fake_of(c)->shared = true;
}

void
tc_did(struct tc_call *c, enum tc_action action, enum tc_class class, enum tc_pack pack, struct tc_str what)
{
	struct fake_call *f = fake_of(c);

	f->count[action]++;
	if (f->discard)
		return;
	f->did = fake_grown(f->did, &f->did_cap, f->did_n + 1, sizeof(*f->did));
	f->did[f->did_n++] = (struct fake_done){action, class, pack, tc_copy(f->arena, what)};
}

void
tc_bypassed(struct tc_call *c, enum tc_bypass why)
{
	fake_of(c)->bypassed[why]++;
}

/* ---- making and ending one ---- */

/* A visitor who said no by GPC asks https://www.example.com/ for a page, and gets 200 text/html; nothing was called yet. */
static FAKE_UNUSED struct fake_call *
fake_new(const struct tc_filter *filter)
{
	static const struct tc_str host[1] = {TC_STR_INIT("www.example.com")};
	struct fake_call *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->arena = arena_new(NULL, FAKE_ARENA_MAX)) == NULL)
		abort();
	f->filter = filter;
	f->room = f->emit_max = SIZE_MAX;
	f->rules = (struct tc_rule_set){.name = TC_STR("opt-out"), .remove = FAKE_DENIED, .hash = "1a2b3c4d"};
	f->decision = (struct tc_decision){.rules = &f->rules, .denied = FAKE_DENIED, .out = true, .person = true, .src = TC_SRC_GPC, .region = TC_STR("rest")};
	f->site = (struct tc_site){.hosts = {host, 1}, .choices_path = TC_STR("/privacy-choices")};
	f->route = (struct tc_route){.name = TC_STR("pages"), .match = TC_STR("/*")};
	f->req = (struct tc_request){.method = TC_M_GET, .method_text = TC_STR("GET"), .scheme = TC_STR("https"), .host = host[0], .path = TC_STR("/"), .match = TC_STR("/"), .dest = TC_DEST_DOCUMENT, .fields = {.arena = f->arena}};
	f->res = (struct tc_response){.status = 200, .type = TC_STR("text/html"), .charset = TC_STR("utf-8"), .fields = {.arena = f->arena}};
	f->call = (struct tc_call){.decision = &f->decision, .site = &f->site, .route = &f->route, .req = &f->req, .arena = f->arena};
	if (filter != NULL && filter->state_size > 0)
		f->call.state = calloc(1, filter->state_size);
	return f;
}

static FAKE_UNUSED void
fake_free(struct fake_call **fp)
{
	struct fake_call *f = *fp;

	if (f == NULL)
		return;
	*fp = NULL;
	if (f->filter != NULL && f->filter->done != NULL)
		f->filter->done(&f->call);
	free(f->call.state);
	free(f->out);
	free(f->did);
	arena_destroy(&f->arena);
	free(f);
}

/* The output so far. */
static FAKE_UNUSED struct tc_str
fake_out(const struct fake_call *f)
{
	return tc_str_of(f->out_n > 0 ? f->out : "", f->out_n);
}

/* ---- calling the hooks ---- */

/* The request hook; what it answered. */
static FAKE_UNUSED int
fake_request(struct fake_call *f)
{
	f->call.conf = f->conf;
	f->call.res = NULL;
	return f->filter->request != NULL ? f->filter->request(&f->call) : 0;
}

/* The response hook; what it answered. */
static FAKE_UNUSED int
fake_response(struct fake_call *f)
{
	f->call.conf = f->conf;
	f->call.res = &f->res;
	return f->filter->response != NULL ? f->filter->response(&f->call) : 0;
}

/* Both, the second only if the first went on. */
static FAKE_UNUSED int
fake_respond(struct fake_call *f)
{
	int rc = fake_request(f);

	return rc != 0 ? rc : fake_response(f);
}

/* One call of the body hook over memory of exactly in->n bytes, again while room was all that lacked. */
static FAKE_UNUSED int
fake_body(struct fake_call *f, struct tc_str *in, bool last)
{
	size_t room = f->room, before;
	int rc;

	do {
		before = in->n;
		f->room = room;
		rc = f->filter->body(&f->call, in, last);
	} while (rc == 0 && room != SIZE_MAX && f->room == 0 && (in->n < before || room > 0));
	f->room = room;
	return rc;
}

/*
 * Gives input to the body hook, cut before each of the n positions (ascending; equal ones make empty pieces), the
 * end with the last piece or after it (late_end). What the hook leaves comes back with the next piece, always in
 * fresh memory of exactly its size, so that a sanitizer sees a byte too far and a kept pointer. Returns 0, or the
 * hook's failure. A rest at the end stays in no one's hands: f->held says how long the longest was.
 */
static FAKE_UNUSED int
fake_feed(struct fake_call *f, struct tc_str input, const size_t *cuts, size_t n)
{
	char *rest = NULL;
	size_t rest_n = 0, from = 0, pieces = n + 1 + (f->late_end ? 1 : 0);
	int rc = 0;

	f->call.conf = f->conf;
	f->call.res = &f->res;
	for (size_t i = 0; i < pieces && rc == 0; i++) {
		size_t to = i < n ? cuts[i] : input.n, have = rest_n + (to - from);
		char *bytes = malloc(have > 0 ? have : 1);
		struct tc_str in = {bytes, have};

		if (bytes == NULL)
			abort();
		if (rest_n > 0)
			memcpy(bytes, rest, rest_n);
		if (to > from)
			memcpy(bytes + rest_n, input.p + from, to - from);
		rc = fake_body(f, &in, i + 1 == pieces);
		free(rest);
		rest_n = in.n;
		rest = malloc(rest_n > 0 ? rest_n : 1);
		if (rest == NULL)
			abort();
		if (rest_n > 0)
			memcpy(rest, in.p, rest_n);
		free(bytes);
		f->held = rest_n > f->held ? rest_n : f->held;
		from = to;
	}
	free(rest);
	return rc;
}

/* The same in pieces of `size` bytes: 1 is byte by byte. */
static FAKE_UNUSED int
fake_feed_by(struct fake_call *f, struct tc_str input, size_t size)
{
	size_t n = input.n > 0 ? (input.n - 1) / size : 0;
	size_t *cuts = malloc((n > 0 ? n : 1) * sizeof(*cuts));
	int rc;

	if (cuts == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		cuts[i] = (i + 1) * size;
	rc = fake_feed(f, input, cuts, n);
	free(cuts);
	return rc;
}

/* How often an action was reported. */
static FAKE_UNUSED size_t
fake_did(const struct fake_call *f, enum tc_action action)
{
	return f->count[action];
}

#endif

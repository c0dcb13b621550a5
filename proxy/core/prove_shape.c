/*
 * prove_shape.c: what passes under one decision. One page that carries a specimen of everything, in lines of its own,
 * goes through the real filters as an origin's answer would; what is left in each line has passed.
 *
 *	@17 <script src="U"></script><img src="U"><iframe src="U"></iframe>
 */
#include <stdio.h>

#include "base/arena.h"
#include "core/prove_world.h"

#define UNKNOWN_HOST "third-party.invalid"
#define UNKNOWN_COOKIE "zz_unlisted"

/* Third parties and cookies that no list names, for whatever a list may not know. */
static const struct tc_specimen OTHERS[] = {
	{TC_SPECIMEN_URL, TC_UNKNOWN, TC_STR_INIT("https://" UNKNOWN_HOST "/other"), TC_STR_INIT("")},
	{TC_SPECIMEN_COOKIE, TC_UNKNOWN, TC_STR_INIT(UNKNOWN_COOKIE), TC_STR_INIT("")},
};

enum { OTHER_COUNT = sizeof(OTHERS) / sizeof(OTHERS[0]) };

/* ---- the page ---- */

static size_t
line_of(char *out, size_t room, size_t i, const struct tc_specimen *s)
{
	int n = 0;

	if (s->kind == TC_SPECIMEN_URL)
		n = snprintf(out, room,
		    "@%zu <script src=\"%.*s\"></script><img src=\"%.*s\"><iframe src=\"%.*s\"></iframe>\n", i,
		    (int)s->text.n, s->text.p, (int)s->text.n, s->text.p, (int)s->text.n, s->text.p);
	else if (s->kind == TC_SPECIMEN_EMBED)
		n = snprintf(out, room, "@%zu <iframe width=\"560\" height=\"315\" src=\"%.*s\"></iframe>\n", i,
		    (int)s->text.n, s->text.p);
	else
		n = snprintf(out, room, "@%zu\n", i);
	return (size_t)n < room ? (size_t)n : room;
}

static int
make_page(struct proof *p)
{
	static const struct tc_str begin = TC_STR_INIT("<!DOCTYPE html><html><head><title>x</title></head><body>\n");
	size_t room = begin.n + p->item_count * (4 * TC_SPECIMEN_ROOM), n = begin.n;
	char *text = tc_alloc(p->arena, room);

	if (text == NULL)
		return -1;
	memcpy(text, begin.p, begin.n);
	for (size_t i = 0; i < p->item_count; i++)
		n += line_of(text + n, room - n, i, &p->items[i].specimen);
	p->page = tc_str_of(text, n);
	return 0;
}

int
proof_items(struct proof *p)
{
	char buf[TC_SPECIMEN_ROOM];
	struct tc_specimen s;
	size_t n = 0;

	while (tc_specimen(n, &s, buf))
		n++;
	p->items = tc_alloc(p->arena, (n + OTHER_COUNT) * sizeof(*p->items));
	if (p->items == NULL)
		return -1;
	for (size_t i = 0; i < n && tc_specimen(i, &s, buf); i++) {
		s.text = tc_copy(p->arena, s.text);
		p->items[p->item_count++].specimen = s;
	}
	for (size_t i = 0; i < OTHER_COUNT; i++)
		p->items[p->item_count++].specimen = OTHERS[i];
	return make_page(p);
}

/* ---- one run of the filters ---- */

struct run {
	struct tc_arena *arena;
	struct chain chain;
	struct tc_request req;
	struct tc_response res;
	struct buf out;
	struct lane lane;
	struct chain_scratch scratch;
};

static int
take(void *ctx, const char *p, size_t n, bool more)
{
	(void)more;
	return buf_add(ctx, p, n);
}

static size_t
plenty(void *ctx)
{
	(void)ctx;
	return SIZE_MAX / 2;
}

/* A host that the site answers to: of "*.example.com" one below. */
static struct tc_str
host_of(struct proof *p, const struct config_site *site)
{
	struct tc_str host = site->pub.hosts.v[0];

	if (tc_eq(host, TC_STR("*")))
		return TC_STR("www.example.com");
	return tc_starts(host, TC_STR("*.")) ? proof_text(p, "www%.*s", (int)host.n - 1, host.p + 1) : host;
}

static int
cookie_fields(struct proof *p, struct run *r)
{
	struct buf names;
	int fault = 0;

	buf_init(&names, 1 << 20);
	for (size_t i = 0; i < p->item_count; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;
		struct tc_str value;

		if (s->kind != TC_SPECIMEN_COOKIE)
			continue;
		value = tc_join(r->arena, (const struct tc_str[]){s->text, TC_STR("=1; Path=/")}, 2);
		if (value.p == NULL || tc_field_add(&r->res.fields, TC_F_SET_COOKIE, value) < 0 ||
		    buf_printf(&names, "%s%.*s=1", names.n > 0 ? "; " : "", (int)s->text.n, s->text.p) < 0)
			fault = -1;
	}
	if (fault == 0)
		fault = tc_field_add(&r->req.fields, TC_F_COOKIE, tc_copy(r->arena, buf_str(&names)));
	buf_reset(&names);
	return fault;
}

static int
make_messages(struct proof *p, struct run *r, const struct proof_shape *s)
{
	r->req = (struct tc_request){
		.method = TC_M_GET,
		.method_text = TC_STR("GET"),
		.scheme = TC_STR("https"),
		.host = host_of(p, s->site),
		.path = TC_STR("/"),
		.match = TC_STR("/"),
		.query = TC_STR("gclid=1&x=1"),
		.dest = TC_DEST_DOCUMENT,
		.fields = {.arena = r->arena},
	};
	r->res = (struct tc_response){
		.status = 200,
		.type = TC_STR("text/html"),
		.charset = TC_STR("utf-8"),
		.fields = {.arena = r->arena},
	};
	if (tc_field_add(&r->req.fields, TC_F_HOST, r->req.host) < 0 ||
	    tc_field_add(&r->res.fields, TC_F_CONTENT_TYPE, TC_STR("text/html; charset=utf-8")) < 0)
		return -1;
	return cookie_fields(p, r);
}

/* 0; 1: the page would not go out as it should; -1: no memory. */
static int
run_filters(struct proof *p, struct run *r, const struct proof_shape *s)
{
	if (make_messages(p, r, s) < 0 ||
	    chain_begin(
		&r->chain, r->arena, p->s->confs, &s->decision, &s->site->pub, s->route, &r->req, &r->lane, &r->scratch) < 0)
		return -1;
	if (chain_request(&r->chain) != 0 || chain_response(&r->chain, &r->res) != 0)
		return 1;
	r->chain.sink = take;
	r->chain.room = plenty;
	r->chain.ctx = &r->out;
	if (!chain_edits(&r->chain))
		return buf_add_str(&r->out, p->page);
	return chain_feed(&r->chain, p->page, true) != 0;
}

/* ---- what is left ---- */

/* The line of item i in the page that came out; *rest goes behind it. */
static struct tc_str
line_at(struct tc_str *rest, size_t i)
{
	char mark[24];
	int n = snprintf(mark, sizeof(mark), "@%zu", i);
	struct tc_str line;

	tc_skip(rest, tc_find(*rest, tc_str_of(mark, (size_t)n)));
	line = tc_str_of(rest->p, tc_find_byte(*rest, '\n'));
	tc_skip(rest, line.n);
	return line;
}

/* The URL in an element of this name: the start tags stand in the order of the kinds. */
static bool
has_element(struct tc_str line, const char *element, struct tc_str url)
{
	while (line.n > 0) {
		struct tc_str tag;

		tc_skip(&line, tc_find(line, tc_str_from(element)));
		tag = tc_str_of(line.p, tc_find_byte(line, '>'));
		if (tc_find(tag, url) < tag.n)
			return true;
		tc_skip(&line, tag.n > 0 ? tag.n : line.n);
	}
	return false;
}

static bool
has_set_cookie(const struct tc_fields *fs, struct tc_str name)
{
	for (size_t i = 0; i < fs->n; i++) {
		const struct tc_field *f = &fs->v[i];

		if (f->id == TC_F_SET_COOKIE && !f->dropped && tc_starts(f->value, name) &&
		    tc_starts(tc_str_of(f->value.p + name.n, f->value.n - name.n), TC_STR("=1")))
			return true;
	}
	return false;
}

static bool
has_cookie(const struct tc_fields *fs, struct tc_str name)
{
	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str rest = fs->v[i].value;

		if (fs->v[i].id != TC_F_COOKIE || fs->v[i].dropped)
			continue;
		while (rest.p != NULL) {
			struct tc_str pair = tc_trim(tc_next(&rest, ';'));

			if (tc_eq(tc_str_of(pair.p, tc_find_byte(pair, '=')), name))
				return true;
		}
	}
	return false;
}

static void
see_item(const struct proof_item *item, const struct run *r, struct tc_str line, bool *passes)
{
	static const char *const elements[] = {"<script", "<img", "<iframe"};
	const struct tc_specimen *s = &item->specimen;

	if (s->kind == TC_SPECIMEN_COOKIE) {
		passes[PROOF_COOKIE_SET] = has_set_cookie(&r->res.fields, s->text);
		passes[PROOF_COOKIE_SENT] = has_cookie(&r->req.fields, s->text);
		return;
	}
	for (int k = PROOF_SCRIPT; k <= PROOF_FRAME; k++)
		passes[k] = has_element(line, elements[k], s->text);
}

static void
see(struct proof *p, const struct run *r, struct proof_shape *s)
{
	struct tc_str policy = tc_field_value(&r->res.fields, TC_F_CONTENT_SECURITY_POLICY);
	struct tc_str rest = buf_str(&r->out), referrer = tc_field_value(&r->res.fields, TC_F_REFERRER_POLICY);

	for (size_t i = 0; i < p->item_count; i++)
		see_item(&p->items[i], r, line_at(&rest, i), s->passes + i * PROOF_KINDS);
	s->contained = tc_find(policy, TC_STR("connect-src 'self'")) < policy.n;
	s->status = tc_find(buf_str(&r->out), TC_STR("data-tacet=\"status\"")) < r->out.n;
	s->click_ids = tc_find(r->req.query, TC_STR("gclid=")) < r->req.query.n;
	s->referrer = referrer.n > 0 ? tc_copy(p->arena, referrer) : TC_STR("");
}

static int
fill(struct proof *p, struct proof_shape *s)
{
	struct run *r = aligned_alloc(_Alignof(struct run), sizeof(*r));
	int fault;

	if (r == NULL)
		return -1;
	memset(r, 0, sizeof(*r));
	buf_init(&r->out, (size_t)64 << 20);
	r->arena = arena_new(NULL, (size_t)64 << 20);
	fault = r->arena != NULL ? run_filters(p, r, s) : -1;
	s->broken = fault > 0;
	if (fault == 0)
		see(p, r, s);
	if (r->arena != NULL) {
		chain_end(&r->chain);
		arena_destroy(&r->arena);
	}
	buf_reset(&r->out);
	free(r);
	return fault < 0 ? -1 : 0;
}

/* ---- shapes ---- */

static bool
same(const struct proof_shape *s, const struct config_site *site, const struct tc_route *route, const struct tc_decision *d)
{
	const struct tc_decision *e = &s->decision;

	return s->site == site && s->route == route && e->rules == d->rules && e->denied == d->denied &&
	    e->person == d->person && e->out == d->out && e->measurement == d->measurement && e->residency == d->residency &&
	    e->location_off == d->location_off;
}

const struct proof_shape *
proof_shape(struct proof *p, const struct config_site *site, const struct tc_route *route, const struct tc_decision *d)
{
	struct proof_shape *s = p->shapes;

	while (s != NULL && !same(s, site, route, d))
		s = s->next;
	if (s != NULL)
		return s;
	s = tc_alloc(p->arena, sizeof(*s));
	if (s == NULL)
		return NULL;
	*s = (struct proof_shape){.site = site, .route = route, .decision = *d, .next = p->shapes};
	s->passes = tc_alloc(p->arena, p->item_count * PROOF_KINDS * sizeof(*s->passes));
	if (s->passes == NULL || fill(p, s) < 0)
		return NULL;
	p->shapes = s;
	return s;
}

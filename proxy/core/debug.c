/* debug.c: see debug.h. */
#include "core/debug.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/day.h"
#include "core/observe.h"
#include "core/upstream.h"
#include "core/variant.h"
#include "core/version.h"

enum { DEEDS_MAX = 64,
	WHAT_MAX = 200,
	TIMING_MAX = 1024,
	PAGE_MAX = 64 << 10 };

/* Of this process alone, and in no file: a token is worth nothing elsewhere, or after a restart. */
static struct choice_key *key;

struct deed {
	enum tc_action action;
	enum tc_class class;
	enum tc_pack pack;
	struct tc_str what;
};

struct debug {
	uint64_t at[DEBUG_MARK_COUNT]; /* ns; 0: never */
	struct tc_arena *arena;
	struct chain_watch watch;
	unsigned did[TC_DID_COUNT];
	bool page;
	struct deed *deeds; /* for the page */
	size_t deed_n, unkept;
};

bool
debug_start(void)
{
	key = choice_key_load((struct tc_str){NULL, 0}, NULL);
	return key != NULL;
}

void
debug_stop(void)
{
	choice_key_destroy(&key);
}

struct tc_str
debug_token(int64_t ttl_s, char buf[TOKEN_ROOM])
{
	assert(key != NULL && ttl_s >= DEBUG_TTL_MIN && ttl_s <= DEBUG_TTL_MAX);
	return token_write(key, TOKEN_DEBUG, time(NULL), ttl_s, buf);
}

/* ---- the request ---- */

/* One field, and its token is right. Of several none is: who wrote the others? */
static bool
is_asked(const struct tc_fields *fs, size_t n)
{
	struct tc_str token = tc_str_of("", 0);

	for (size_t i = 0; i < fs->n; i++)
		if (fs->v[i].id == TC_F_TACET_DEBUG)
			token = fs->v[i].value;
	return n == 1 && key != NULL && token_valid(key, TOKEN_DEBUG, token, time(NULL));
}

static bool
reads(const struct tc_request *req)
{
	return req->method == TC_M_GET || req->method == TC_M_HEAD;
}

/* A 304 would be told to a copy that others have, a part is no answer to look at: all of it is asked for. */
static void
ask_for_all(struct tc_request *req)
{
	static const enum tc_fid conditions[] = {TC_F_RANGE, TC_F_IF_RANGE, TC_F_IF_NONE_MATCH, TC_F_IF_MODIFIED_SINCE};

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]) && reads(req); i++)
		(void)tc_field_drop(&req->fields, conditions[i]);
}

int
debug_begin(struct exchange *x)
{
	size_t n = tc_field_drop(&x->req.fields, TC_F_TACET_DEBUG);

	if (n == 0 || !is_asked(&x->req.fields, n))
		return 0;
	x->debug = tc_alloc(x->arena, sizeof(*x->debug));
	if (x->debug == NULL)
		return -1;
	ask_for_all(&x->req);
	x->debug->arena = x->arena;
	x->debug->page = reads(&x->req) && tc_eq(x->req.match, TC_STR(DEBUG_PATH));
	debug_mark(x, DEBUG_BEGAN);
	return 0;
}

void
debug_mark_now(struct debug *d, enum debug_mark m)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	d->at[m] = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
saw(void *ctx, enum tc_action action, enum tc_class class, enum tc_pack pack, struct tc_str what)
{
	struct debug *d = ctx;
	struct tc_str copy;

	d->did[action]++;
	if (!d->page)
		return;
	if (d->deeds == NULL)
		d->deeds = tc_alloc(d->arena, DEEDS_MAX * sizeof(*d->deeds));
	copy = tc_copy(d->arena, tc_str_of(what.p, what.n < WHAT_MAX ? what.n : WHAT_MAX));
	if (d->deeds == NULL || d->deed_n == DEEDS_MAX || (what.n > 0 && copy.p == NULL))
		d->unkept++;
	else
		d->deeds[d->deed_n++] = (struct deed){action, class, pack, copy};
}

void
debug_watch(struct exchange *x)
{
	if (x->debug == NULL)
		return;
	x->debug->watch = (struct chain_watch){.saw = saw, .ctx = x->debug};
	x->chain.watch = &x->debug->watch;
}

bool
debug_owns(const struct exchange *x)
{
	return x->debug != NULL && x->debug->page;
}

/* ---- Server-Timing ---- */

static const char *const action_names[] = {
#define X(e, name) name,
    TC_ACTIONS(X)
#undef X
};

static const char *const class_names[] = {
#define X(e, name) name,
    TC_CLASSES(X)
#undef X
};

static const char *const pack_names[] = {
#define X(e, name) name,
    TC_PACKS(X)
#undef X
};

static const char *const source_names[] = {
#define X(e, name) name,
    TC_SOURCES(X)
#undef X
};

/* Microseconds between two moments; 0 if one never was. */
static unsigned long long
between(const struct debug *d, enum debug_mark from, enum debug_mark to)
{
	return d->at[from] > 0 && d->at[to] > d->at[from] ? (d->at[to] - d->at[from]) / 1000 : 0;
}

static int
add_duration(struct buf *b, const char *before, const char *name, unsigned long long us)
{
	return buf_printf(b, "%s%s;dur=%llu.%03llu", before, name, us / 1000, us % 1000);
}

/* Names of the configuration, into a quoted string. */
static int
add_plain(struct buf *b, struct tc_str s)
{
	int r = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool plain = s.p[i] >= ' ' && s.p[i] < 0x7f && s.p[i] != '"' && s.p[i] != '\\';

		r |= buf_add(b, plain ? &s.p[i] : "?", 1);
	}
	return r;
}

static int
add_decision(struct buf *b, const struct exchange *x)
{
	const struct tc_decision *d = &x->decision;
	int r = add_duration(b, "", "decision", between(x->debug, DEBUG_BEGAN, DEBUG_DECIDED));

	r |= buf_printf(b, ";desc=\"%s", d->out ? "out" : "in");
	if (d->src != TC_SRC_NONE)
		r |= buf_printf(b, ";src=%s", source_names[d->src]);
	r |= buf_add_str(b, TC_STR(";region=")) | add_plain(b, d->region);
	return r | buf_printf(b, ";rules=%s\"", d->rules->hash);
}

/* What they did to the heads, and who works on the body. */
static int
add_filters(struct buf *b, const struct exchange *x)
{
	const struct debug *d = x->debug;
	unsigned long long us = between(d, DEBUG_DECIDED, DEBUG_REQUESTED) + between(d, DEBUG_ANSWERED, DEBUG_DONE);
	const char *before = "";
	int r = add_duration(b, ", ", "filters", us) | buf_add_str(b, TC_STR(";desc=\""));

	if (observe_site(x->site))
		return r | buf_add_str(b, TC_STR("mode=observe\""));
	for (size_t i = 0; i < TC_DID_COUNT; i++)
		if (d->did[i] > 0) {
			r |= buf_printf(b, "%s%s=%u", before, action_names[i], d->did[i]);
			before = ";";
		}
	for (size_t i = 0; i < x->chain.n; i++)
		if (x->chain.links[i].wants) {
			r |= buf_printf(b, "%sbody=%s", before, x->chain.links[i].filter->name);
			before = ";";
		}
	return r | buf_add_str(b, TC_STR("\""));
}

static int
add_timing(struct exchange *x)
{
	struct tc_str value;
	struct buf b;
	int r;

	buf_init(&b, TIMING_MAX);
	r = add_decision(&b, x) | add_filters(&b, x);
	if (x->debug->at[DEBUG_ANSWERED] > 0)
		r |= add_duration(&b, ", ", "origin", between(x->debug, DEBUG_REQUESTED, DEBUG_ANSWERED));
	value = r == 0 ? tc_copy(x->arena, buf_str(&b)) : tc_str_of(NULL, 0);
	buf_reset(&b);
	if (value.p == NULL)
		return r != 0 ? 0 : -1; /* too long: the page has it all */
	return tc_field_add_named(&x->res.fields, TC_STR("Server-Timing"), value);
}

int
debug_tell(struct exchange *x)
{
	struct tc_fields *fs = &x->res.fields;

	if (x->debug == NULL || x->res.status < 200)
		return 0;
	debug_mark(x, DEBUG_DONE);
	if (x->debug->at[DEBUG_REQUESTED] == 0) /* answered here */
		x->debug->at[DEBUG_REQUESTED] = x->debug->at[DEBUG_DONE];
	for (size_t i = 0; i < fs->n; i++)
		fs->v[i].dropped |= variant_targeted(&fs->v[i]);
	(void)tc_field_drop(fs, TC_F_EXPIRES);
	if (tc_field_set(fs, TC_F_CACHE_CONTROL, TC_STR("private, no-store")) < 0)
		return -1;
	return add_timing(x);
}

/* ---- the page ---- */

/* A JSON string. Of a request there may be any bytes in it: those beyond ASCII are escaped one by one. */
static int
json_text(struct buf *b, struct tc_str s)
{
	int r = buf_add_str(b, TC_STR("\""));

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			r |= buf_printf(b, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			r |= buf_printf(b, "\\u%04x", c);
		else
			r |= buf_add(b, &s.p[i], 1);
	}
	return r | buf_add_str(b, TC_STR("\""));
}

static int
json_member(struct buf *b, const char *before, const char *name, struct tc_str value)
{
	int r = buf_printf(b, "%s\"%s\": ", before, name);

	return r | (value.n > 0 ? json_text(b, value) : buf_add_str(b, TC_STR("null")));
}

static int
json_where(struct buf *b, struct tc_str file, int line)
{
	return json_member(b, ", ", "file", file) | buf_printf(b, ", \"line\": %d}", line);
}

static int
json_classes(struct buf *b, tc_classes classes)
{
	const char *before = "";
	int r = buf_add_str(b, TC_STR("["));

	for (size_t c = 0; c < TC_CLASS_COUNT; c++)
		if ((classes & TC_CLASS_BIT(c)) != 0) {
			r |= buf_printf(b, "%s\"%s\"", before, class_names[c]);
			before = ", ";
		}
	return r | buf_add_str(b, TC_STR("]"));
}

static const char *
choice_name(enum choice c)
{
	return c == CHOICE_OUT ? "\"out\"" : c == CHOICE_IN ? "\"in\""
							    : "null";
}

static const char *
truth(bool yes)
{
	return yes ? "true" : "false";
}

/* One source: whether this region hears it, and what it said. Left open for more. */
static int
json_step(struct buf *b, const char *before, enum tc_source src, bool heard, enum choice says)
{
	return buf_printf(b, "%s\n    {\"source\": \"%s\", \"heard\": %s, \"says\": %s", before, source_names[src], truth(heard),
	    choice_name(says));
}

static enum choice
out_if(bool yes)
{
	return yes ? CHOICE_OUT : CHOICE_NONE;
}

/* The steps of the decision in their order. */
static int
json_steps(struct buf *b, const struct exchange *x, const struct config_region *row)
{
	const struct facts *f = &x->facts;
	int r = buf_add_str(b, TC_STR(",\n  \"steps\": ["));

	r |= json_step(b, "", TC_SRC_GPC, row->honour & HONOUR_GPC, out_if(f->gpc));
	r |= json_step(b, "},", TC_SRC_DNT, row->honour & HONOUR_DNT, out_if(f->dnt));
	r |= json_step(b, "},", TC_SRC_CHOICE, row->honour & HONOUR_CHOICE, f->choice);
	r |= buf_add_str(b, TC_STR(", \"denied\": ")) | json_classes(b, f->choice_denied);
	r |= buf_printf(b, ", \"location_off\": %s", truth(f->switches & SWITCH_LOCATION_OFF));
	r |= buf_printf(b, ", \"export\": %s", truth(f->switches & SWITCH_EXPORT));
	r |= json_step(b, "},", TC_SRC_CONSENT, row->honour & HONOUR_CONSENT, out_if(f->consent.out));
	r |= buf_add_str(b, TC_STR(", \"denied\": ")) | json_classes(b, f->consent.denied);
	r |= buf_add_str(b, TC_STR(", \"granted\": ")) | json_classes(b, f->consent.granted);
	r |= buf_printf(b, ", \"unreadable\": %s", truth(f->consent.bad));
	r |= json_step(b, "},", TC_SRC_ROUTE, true, out_if(x->route->force_out));
	return r | buf_add_str(b, TC_STR("}\n  ]"));
}

static int
json_decision(struct buf *b, const struct exchange *x, const struct config_region *row)
{
	const struct config *c = x->use->snapshot->config;
	const struct tc_decision *d = &x->decision;
	const struct config_law *law = x->facts.place.country[0] != '\0' ? config_law_of(c, &x->facts.place, x->facts.day) : NULL;
	struct tc_str file = {NULL, 0};
	int line = 0, r;

	r = json_member(b, ",\n  \"region\": {", "name", row->name) | json_where(b, c->file, row->line);
	if (law != NULL)
		r |= json_member(b, ",\n  \"law\": {", "name", law->name) | json_where(b, law->file, law->line);
	else
		r |= buf_add_str(b, TC_STR(",\n  \"law\": null"));
	(void)config_where(c, d->rules, "", &file, &line);
	r |= json_member(b, ",\n  \"rule_set\": {", "name", d->rules->name);
	r |= json_member(b, ", ", "hash", tc_str_from(d->rules->hash)) | json_where(b, file, line);
	r |= buf_printf(b, ",\n  \"decision\": {\"out\": %s, \"person\": %s", truth(d->out), truth(d->person));
	r |= json_member(b, ", ", "src", tc_str_from(source_names[d->src])) | json_member(b, ", ", "region", d->region);
	r |= buf_add_str(b, TC_STR(", \"denied\": ")) | json_classes(b, d->denied);
	return r | buf_add_str(b, TC_STR("}"));
}

static int
json_filters(struct buf *b, const struct exchange *x)
{
	const struct debug *d = x->debug;
	const char *before = "";
	int r = buf_add_str(b, TC_STR(",\n  \"filters\": ["));

	for (size_t i = 0; i < x->chain.n; i++)
		if (x->chain.links[i].used) {
			r |= buf_printf(b, "%s\"%s\"", before, x->chain.links[i].filter->name);
			before = ", ";
		}
	r |= buf_add_str(b, TC_STR("],\n  \"actions\": ["));
	for (size_t i = 0; i < d->deed_n; i++) {
		const struct deed *one = &d->deeds[i];

		r |= buf_printf(b, "%s\n    {\"action\": \"%s\", \"class\": \"%s\", \"pack\": \"%s\"", i > 0 ? "," : "",
		    action_names[one->action], class_names[one->class], pack_names[one->pack]);
		r |= json_member(b, ", ", "what", one->what) | buf_add_str(b, TC_STR("}"));
	}
	return r | buf_printf(b, "%s],\n  \"actions_not_listed\": %zu", d->deed_n > 0 ? "\n  " : "", d->unkept);
}

/* What the origin would have been told; not the address, which nobody sees here either. */
static int
json_to_origin(struct buf *b, struct exchange *x)
{
	static const enum tc_fid ids[] = {TC_F_SEC_GPC, TC_F_PRIVACY_DECISION, TC_F_TACET_GEO, TC_F_X_FORWARDED_HOST,
	    TC_F_X_FORWARDED_PROTO};
	const struct tc_addr nobody = {0};
	const char *before = "";
	int r = buf_add_str(b, TC_STR(",\n  \"to_origin\": {"));

	if (upstream_fields(x->site, &x->decision, &x->facts.place, &nobody, &x->req) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct tc_str value = tc_field_value(&x->req.fields, ids[i]);

		if (value.p == NULL)
			continue;
		r |= buf_add_str(b, tc_str_from(before)) | json_text(b, tc_field_name(ids[i]));
		r |= buf_add_str(b, TC_STR(": ")) | json_text(b, value);
		before = ", ";
	}
	return r | buf_add_str(b, TC_STR("}"));
}

static int
write_page(struct buf *b, struct exchange *x)
{
	const struct config *c = x->use->snapshot->config;
	const struct config_region *row = region_of(c, &x->facts.place);
	const struct place *p = &x->facts.place;
	char day[DATE_LENGTH + 1];
	int r;

	date_text(x->facts.day, day);
	r = json_member(b, "{\n  ", "version", TC_STR(TACET_VERSION));
	r |= json_member(b, ",\n  ", "configuration", tc_str_from(c->hash));
	r |= json_member(b, ",\n  ", "site", x->site->pub.hosts.v[0]);
	r |= json_member(b, ",\n  ", "mode", observe_site(x->site) ? TC_STR("observe") : TC_STR("filter"));
	r |= json_member(b, ",\n  ", "route", x->route->name) | json_member(b, ",\n  ", "day", tc_str_from(day));
	r |= json_member(b, ",\n  ", "scheme", x->req.scheme);
	r |= json_member(b, ",\n  \"place\": {", "country", tc_str_from(p->country));
	r |= json_member(b, ", ", "region", tc_str_from(p->region)) | buf_add_str(b, TC_STR("}"));
	r |= json_steps(b, x, row) | json_decision(b, x, row) | json_filters(b, x) | json_to_origin(b, x);
	return r | buf_add_str(b, TC_STR("\n}\n"));
}

int
debug_answer(struct exchange *x)
{
	struct buf b;
	int r;

	x->chain.lane = NULL;                     /* nothing is done to anybody: it is not counted */
	x->req.path = x->req.match = TC_STR("/"); /* as for a page of the site: at our own addresses filters look away */
	(void)chain_request(&x->chain);
	debug_mark(x, DEBUG_REQUESTED);
	buf_init(&b, PAGE_MAX);
	r = write_page(&b, x);
	if (r == 0)
		x->answer_body = tc_copy(x->arena, buf_str(&b));
	buf_reset(&b);
	if (r != 0 || x->answer_body.p == NULL)
		return -1;
	x->res.status = 200;
	if (tc_field_set(&x->res.fields, TC_F_CONTENT_TYPE, TC_STR("application/json")) < 0)
		return -1;
	return tc_field_set(&x->res.fields, TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR("nosniff"));
}

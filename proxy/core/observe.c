/* observe.c: see observe.h. */
#include "core/observe.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "core/inventory.h"
#include "core/memory.h"
#include "tacet/embed.h"
#include "tacet/vendor.h"

#define MADE_AT_ONCE ((size_t)4 << 20)   /* what a decoder may make of one piece of a body: nobody waits for the rest */
#define MADE_IN_ALL ((size_t)256 << 20)  /* of one body */
#define ADDRESSES_MAX 256                /* of one response that are looked up */
#define ALL ((tc_classes)~TC_ESSENTIAL)

struct observer {
	struct tc_arena *arena;
	const struct config_site *site;
	const void *lists;
	struct tc_request req;
	struct tc_response res;
	struct tc_site shape;  /* the site's, as filters see it: what is packed for the visitor is no filter's finding */
	tc_classes would_deny; /* of the fixed visitor, by the configuration */
	struct tc_decision decision;
	struct chain_watch watch;
	struct chain chain;
	bool ended; /* the filters have answered, or it gave up */
	bool gave_up;
	bool answered; /* there was a response */
	bool feeds;    /* the body goes through the chain */
	size_t made;
	unsigned addresses;
	struct inventory_notes notes;
};

/* Whose an address is; made once, for the life of the process. */
static struct tc_vendors *vendors;
static pthread_once_t vendors_once = PTHREAD_ONCE_INIT;

static void
vendors_make(void)
{
	vendors = tc_vendors_new();
	if (vendors == NULL)
		abort();
}

void
observe_prepare(const struct config *c)
{
	for (size_t i = 0; i < c->site_count; i++)
		if (observe_site(&c->sites[i]))
			(void)pthread_once(&vendors_once, vendors_make);
}

static void
give_up(struct observer *o)
{
	o->ended = o->gave_up = true;
	o->feeds = false;
}

/* ---- notes ---- */

static void
note_vendor(struct observer *o, const struct inventory_note *like, struct tc_str name)
{
	struct inventory_note note = *like;

	note.what = INVENTORY_VENDOR;
	note.closed = true;
	inventory_note(&o->notes, &note, name);
}

static bool
host_below(struct tc_str host, struct tc_str name)
{
	return name.n > 0 && tc_ends(host, name) && (host.n == name.n || host.p[host.n - name.n - 1] == '.');
}

/* The host that the rule of a list names, "||ads.example.net^...", if it is this one or above it; n = 0: it names none. */
static struct tc_str
host_of_rule(struct tc_str rule, struct tc_str host)
{
	size_t n = 0;

	if (!tc_starts(rule, TC_STR("||")))
		return tc_str_of("", 0);
	tc_skip(&rule, 2);
	while (n < rule.n && memchr("/^*$|", rule.p[n], 5) == NULL)
		n++;
	rule.n = n;
	return n < host.n + 1 && host_below(host, rule) ? tc_str_of(host.p + host.n - n, n) : tc_str_of("", 0);
}

/* A host that is nobody's in the pack: closed if a list names it, else its domain, once enough responses had it. */
static void
note_host(struct observer *o, struct inventory_note *note, const struct tc_address *at)
{
	struct tc_listed listed;
	struct tc_str named = tc_str_of("", 0);

	note->what = INVENTORY_HOST;
	if (note->class != TC_UNKNOWN &&
	    tc_lists_ask(o->lists, o->req.host, at, TC_DEST_OTHER, &listed) == TC_BLOCKED)
		named = host_of_rule(listed.rule, at->host);
	note->closed = named.n > 0;
	inventory_note(&o->notes, note, note->closed ? named : tc_domain(at->host));
}

/* An address that a page, a style sheet or a field names. */
static void
note_address(struct observer *o, struct inventory_note *note, struct tc_str url)
{
	char buf[TC_ADDRESS_ROOM];
	struct tc_embed_url embed;
	const struct tc_embed *e = NULL;
	struct tc_vendor vendor;
	struct tc_address at;

	if (o->addresses++ >= ADDRESSES_MAX || !tc_address_read(&at, url, buf)) {
		o->notes.unkept++;
		return;
	}
	note->third_party = !tc_eq(tc_domain(at.host), tc_domain(o->req.host));
	if (note->class == TC_UNKNOWN && note->action == TC_DID_FRAME)
		e = tc_embed_read(at.text, &embed);
	if (e != NULL) {
		note->class = TC_FUNCTIONAL;
		note->removed = false;
		note_vendor(o, note, e->vendor);
	} else if ((!note->third_party && tc_vendor_of_endpoint(at.text, &vendor)) ||
	    tc_vendor_of_url(vendors, at.text, &vendor)) {
		note_vendor(o, note, vendor.name);
	} else if (note->third_party) {
		note_host(o, note, &at);
	}
}

static bool
is_kept(const struct observer *o, struct tc_str name)
{
	for (size_t i = 0; i < o->shape.keep_cookies.n; i++)
		if (tc_eq(o->shape.keep_cookies.v[i], name))
			return true;
	return false;
}

/* A cookie: by the table's pattern, by the configuration's name, or by its own, masked, once enough responses had it. */
static void
note_cookie(struct observer *o, struct inventory_note *note, struct tc_str name)
{
	struct tc_vendor vendor;

	if (name.n == 0 || tc_eq(name, TC_STR("tacet_choice")))
		return;
	note->what = INVENTORY_COOKIE;
	if (is_kept(o, name)) {
		note->class = TC_FUNCTIONAL;
		note->closed = true;
	} else if (tc_vendor_of_cookie(name, &vendor)) {
		note->class = vendor.class;
		note_vendor(o, note, vendor.name);
		note->closed = true;
		name = vendor.pattern;
	}
	inventory_note(&o->notes, note, name);
}

static void
note_parameter(struct observer *o, struct inventory_note *note, struct tc_str name)
{
	struct tc_vendor vendor;

	note->what = INVENTORY_PARAMETER;
	note->closed = tc_vendor_of_parameter(name, &vendor);
	if (note->closed) {
		note->class = vendor.class;
		note_vendor(o, note, vendor.name);
		name = vendor.pattern;
	}
	inventory_note(&o->notes, note, name);
}

static bool
is_address(struct tc_str what)
{
	return tc_starts(what, TC_STR("http://")) || tc_starts(what, TC_STR("https://")) ||
	    tc_starts(what, TC_STR("ws://")) || tc_starts(what, TC_STR("wss://"));
}

/* The tool of the pack, the route of the configuration, or no name where a rule of a list said so: it looks like a path. */
static struct tc_str
endpoint_name(enum tc_pack pack, struct tc_str what)
{
	bool rule = pack != TC_PACK_BUILT_IN || what.n == 0 || memchr("|/&*@", what.p[0], 5) != NULL;

	return rule ? TC_STR("") : what;
}

/* ---- what the filters do to the copy ---- */

static void
saw(void *ctx, enum tc_action action, enum tc_class class, enum tc_pack pack, struct tc_str what)
{
	struct observer *o = ctx;
	struct inventory_note note = {.action = (uint8_t)action, .class = (uint8_t) class, .pack = (uint8_t)pack};

	note.removed = (o->would_deny & TC_CLASS_BIT(class)) != 0;
	switch (action) {
	case TC_DID_EXPIRED_COOKIE: /* one of the request */
	case TC_DID_STATUS:
	case TC_DID_DISAMBIGUATED:
	case TC_DID_OVERFLOW:
	case TC_DID_CONTAIN:
	case TC_DID_BRIDGE:
		return;
	case TC_DID_REQUEST_COOKIE:
	case TC_DID_RESPONSE_COOKIE:
		note_cookie(o, &note, what);
		return;
	case TC_DID_PARAMETER:
		note_parameter(o, &note, what);
		return;
	case TC_DID_ENDPOINT:
		note_vendor(o, &note, endpoint_name(pack, what));
		return;
	case TC_DID_REQUEST_FIELD: /* the browser's own */
		return;
	case TC_DID_RESPONSE_FIELD:
		note.what = INVENTORY_FIELD;
		note.closed = tc_field_id(what) != TC_F_OTHER;
		inventory_note(&o->notes, &note, note.closed ? tc_field_name(tc_field_id(what)) : what);
		return;
	default:
		if (is_address(what))
			note_address(o, &note, what);
		else if (class != TC_UNKNOWN)
			note_vendor(o, &note, TC_STR("")); /* what is in there names nobody */
	}
}

/* ---- what is there, whether filters would act on it or not ---- */

static void
note_request(struct observer *o)
{
	const struct tc_fields *fs = &o->req.fields;
	struct tc_str rest = o->req.query;
	struct tc_vendor vendor;

	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str cookies = fs->v[i].value;

		if (fs->v[i].id != TC_F_COOKIE || fs->v[i].dropped)
			continue;
		while (cookies.p != NULL) {
			struct tc_str pair = tc_next(&cookies, ';');
			struct inventory_note note = {.action = TC_DID_REQUEST_COOKIE, .class = TC_UNKNOWN};

			pair = tc_trim(tc_str_of(pair.p, tc_find_byte(pair, '=')));
			if (is_kept(o, pair) || tc_vendor_of_cookie(pair, &vendor)) /* visitors make up names; origins set them */
				note_cookie(o, &note, pair);
		}
	}
	while (rest.p != NULL) {
		struct tc_str pair = tc_next(&rest, '&'), name = tc_str_of(pair.p, tc_find_byte(pair, '='));
		struct inventory_note note = {.action = TC_DID_PARAMETER, .class = TC_UNKNOWN};

		if (name.n > 0 && tc_vendor_of_parameter(name, &vendor))
			note_parameter(o, &note, name);
	}
}

static void
note_set_cookies(struct observer *o)
{
	const struct tc_fields *fs = &o->res.fields;

	for (size_t i = 0; i < fs->n; i++) {
		struct inventory_note note = {.action = TC_DID_RESPONSE_COOKIE, .class = TC_UNKNOWN};
		struct tc_str value = fs->v[i].value;

		if (fs->v[i].id != TC_F_SET_COOKIE || fs->v[i].dropped)
			continue;
		value.n = tc_find_byte(value, ';');
		value.n = tc_find_byte(value, '=');
		note_cookie(o, &note, tc_trim(value));
	}
}

/* ---- the copy ---- */

/* Rows of its own; the texts live in the exchange's arena, which outlives the copy. */
static int
copy_fields(struct observer *o, const struct tc_fields *from, struct tc_fields *to)
{
	*to = (struct tc_fields){.n = from->n, .cap = from->n, .arena = o->arena};
	if (from->n == 0)
		return 0;
	to->v = tc_alloc(o->arena, from->n * sizeof(*to->v));
	if (to->v == NULL)
		return -1;
	memcpy(to->v, from->v, from->n * sizeof(*to->v));
	return 0;
}

/* Somebody of whom nothing is known but that he says no, in every way. */
static void
decide_fixed(struct observer *o, const struct exchange *x)
{
	const struct facts f = {
		.gpc = true,
		.dnt = true,
		.choice = CHOICE_OUT,
		.day = x->facts.day,
		.site = x->site,
		.route = x->route,
	};

	decide(x->use->snapshot->config, &f, &o->decision);
	o->would_deny = o->decision.denied;
	if (!o->decision.pass_bodies)
		o->decision.denied = ALL; /* what is not removed is there, too */
}

static int
begin(struct observer *o, struct exchange *x)
{
	const struct snapshot *s = x->use->snapshot;

	o->site = x->site;
	o->shape = x->site->pub;
	o->shape.compress = 0;
	o->req = x->req;
	if (copy_fields(o, &x->req.fields, &o->req.fields) < 0)
		return -1;
	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (strcmp(tc_filters[i]->name, "lists") == 0)
			o->lists = s->confs[i];
	decide_fixed(o, x);
	if (chain_begin(&o->chain, o->arena, s->confs, &o->decision, &o->shape, x->route, &o->req, NULL, x->worker->scratch) < 0)
		return -1;
	o->watch = (struct chain_watch){.saw = saw, .ctx = o};
	o->chain.watch = &o->watch;
	return 0;
}

void
observe_request(struct exchange *x)
{
	const struct config_limits *limits = &x->use->snapshot->config->limits;
	size_t heads = (size_t)limits->header_size + (size_t)limits->response_header_size;
	struct tc_arena *arena = arena_new(x->worker->loop.arenas, EXCHANGE_ARENA_MAX + 4 * heads);
	struct observer *o = tc_alloc(arena, sizeof(*o));
	int status;

	assert(x->observer == NULL);
	if (o == NULL)
		abort(); /* an arena has room for its first thing */
	o->arena = arena;
	x->observer = o;
	if (begin(o, x) < 0) {
		give_up(o);
		return;
	}
	note_request(o);
	status = chain_request(&o->chain);
	o->ended = status != 0;
	o->gave_up = status != 0 && !o->chain.answered;
}

/* ---- the response ---- */

static int
sink(void *ctx, const char *p, size_t n, bool more)
{
	struct observer *o = ctx;

	(void)p;
	(void)more;
	o->made += n;
	return o->made <= MADE_IN_ALL ? 0 : -1;
}

static size_t
room(void *ctx)
{
	(void)ctx;
	return MADE_AT_ONCE;
}

void
observe_response(struct exchange *x)
{
	struct observer *o = x->observer;

	if (o == NULL || x->res.status < 200)
		return;
	o->answered = true;
	if (o->gave_up)
		return;
	o->res = x->res;
	if (copy_fields(o, &x->res.fields, &o->res.fields) < 0) {
		give_up(o);
		return;
	}
	note_set_cookies(o);
	if (o->ended)
		return;
	if (chain_response(&o->chain, &o->res) != 0) {
		give_up(o);
		return;
	}
	o->feeds = chain_edits(&o->chain);
	o->chain.sink = sink;
	o->chain.room = room;
	o->chain.ctx = o;
}

bool
observe_wants_body(const struct exchange *x)
{
	return x->observer != NULL && x->observer->feeds;
}

void
observe_body(struct exchange *x, struct tc_str piece)
{
	struct observer *o = x->observer;

	if (observe_wants_body(x) && (memory_short() || chain_feed(&o->chain, piece, false) != 0))
		give_up(o);
}

void
observe_end(struct exchange *x, bool whole)
{
	struct observer *o = x->observer;
	struct tc_arena *arena;

	x->observer = NULL;
	if (o == NULL)
		return;
	if (o->feeds && whole && chain_feed(&o->chain, tc_str_of("", 0), true) != 0)
		give_up(o);
	if (o->chain.links != NULL)
		chain_end(&o->chain);
	stats_add(&x->worker->lane->observed, 1);
	stats_add(&x->worker->lane->observed_not, o->gave_up);
	if (o->answered)
		inventory_take(o->site, &o->notes, x->facts.day, x->use->snapshot->config->stats_k, o->gave_up);
	arena = o->arena;
	arena_destroy(&arena);
}

/*
 * cookies.c: takes tracking cookies out of both directions, and expires those a browser still holds.
 *
 * What a cookie is for is said by its name (conf/lists/cookies.tsv). keep_cookies of the site wins over
 * everything. Whatever else is in a Cookie field goes on byte for byte.
 */
#include "match/match.h"
#include "match/pack.h"
#include "pieces.h"

extern const struct tc_filter filter_cookies;

enum { COOKIES_PASS,
	COOKIES_DROP_LISTED,
	COOKIES_KEEP_LISTED };

struct cookies_opts {
	int request, response;
};

static const struct tc_option cookies_options[] = {
	{"cookies.request", TC_OPT_ENUM, "pass", "pass|drop-listed|keep-listed",
	    "tracking cookies on the way to the origin", offsetof(struct cookies_opts, request), false},
	{"cookies.response", TC_OPT_ENUM, "pass", "pass|drop-listed|keep-listed",
	    "tracking cookies that the origin sets", offsetof(struct cookies_opts, response), false},
};

enum {
	EXPIRE_MAX = 16,   /* names expired at once: with two domains each this is 2 kB of head */
	EXPIRE_NAME = 128, /* longer names are not sent back */
	EXPIRE_DEPTH = 4,  /* domains from the registrable one downwards */
};

/* Cookies the request carried and the response is to expire. */
struct expiring {
	size_t n;
	struct {
		struct tc_str name;
		enum tc_class class;
	} v[EXPIRE_MAX];
};

struct cookies {
	struct expiring *expiring; /* NULL: none */
};

/* ---- which cookies go ---- */

/*
 * The name of a cookie in a Cookie pair or at the front of Set-Cookie; n = 0: it has none (RFC 6265bis 5.6). A
 * cookie without a name is sent as its bare value, so "=_ga=1" comes back as "_ga=1": what looks like a name counts.
 */
static struct tc_str
cookie_name(struct tc_str pair)
{
	size_t at;

	pair = tc_trim(pair);
	if (pair.n > 0 && pair.p[0] == '=')
		tc_skip(&pair, 1);
	at = tc_find_byte(pair, '=');
	return tc_trim(tc_str_of(pair.p, at < pair.n ? at : 0));
}

static bool
cookie_kept(const struct tc_site *site, struct tc_str name)
{
	for (size_t i = 0; i < site->keep_cookies.n; i++)
		if (tc_eq(site->keep_cookies.v[i], name))
			return true;
	return tc_eq(name, TC_STR("tacet_choice")); /* our own; the core deals with it */
}

static bool
cookie_goes(int mode, const struct pack_cookie *row, tc_classes denied)
{
	switch (mode) {
	case COOKIES_DROP_LISTED:
		return row != NULL && row->strip == PACK_STRIP && (denied & TC_CLASS_BIT(row->class)) != 0;
	case COOKIES_KEEP_LISTED:
		return row == NULL || (TC_ESSENTIAL & TC_CLASS_BIT(row->class)) == 0;
	default:
		return false;
	}
}

static enum tc_class
cookie_class(const struct pack_cookie *row)
{
	return row != NULL ? row->class : TC_UNKNOWN;
}

/* drop-listed without a denied class has nothing to drop. */
static int
mode_in_force(const struct tc_call *c, int mode)
{
	return mode == COOKIES_DROP_LISTED && c->decision->denied == 0 ? COOKIES_PASS : mode;
}

/* ---- the request ---- */

/* 0, or -1 at the arena's limit. A name that cannot be sent back as it is, or one too many, is left out. */
static int
remember(struct tc_call *c, struct tc_str name, enum tc_class class)
{
	struct cookies *st = c->state;
	struct expiring *e = st->expiring;

	if (name.n == 0 || name.n > EXPIRE_NAME || (e != NULL && e->n == EXPIRE_MAX))
		return 0;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return 0;
	for (size_t i = 0; e != NULL && i < e->n; i++)
		if (tc_eq(e->v[i].name, name))
			return 0;
	if (e == NULL)
		e = st->expiring = tc_alloc(c->arena, sizeof(*e));
	if (e == NULL)
		return -1;
	e->v[e->n].name = name;
	e->v[e->n++].class = class;
	return 0;
}

/* One pair of a Cookie field: 1 it goes, 0 it stays, -1 at the arena's limit. */
static int
request_pair(struct tc_call *c, int request, int response, struct tc_str pair)
{
	struct tc_str name = cookie_name(pair);
	const struct pack_cookie *row;

	if (tc_trim(pair).n == 0 || cookie_kept(c->site, name))
		return 0;
	row = pack_cookie(name);
	if (cookie_goes(response, row, c->decision->denied) && remember(c, name, cookie_class(row)) < 0)
		return -1;
	if (!cookie_goes(request, row, c->decision->denied))
		return 0;
	tc_did(c, TC_DID_REQUEST_COOKIE, cookie_class(row), TC_PACK_BUILT_IN, name);
	return 1;
}

static int
request_field(struct tc_call *c, int request, int response, struct tc_field *f)
{
	struct pieces left = {.whole = f->value, .sep = ';'};
	struct tc_str rest = f->value;

	while (rest.p != NULL) {
		size_t at = tc_find_byte(rest, ';');
		struct tc_str pair = tc_str_of(rest.p, at);
		int goes = request_pair(c, request, response, pair);

		if (goes < 0)
			return -1;
		pieces_put(&left, c->arena, pair, goes == 0);
		rest = at < rest.n ? tc_str_of(rest.p + at + 1, rest.n - at - 1) : (struct tc_str){NULL, 0};
	}
	if (left.failed)
		return -1;
	if (pieces_cut(&left))
		f->value = pieces_left(&left);
	f->dropped = f->value.p == NULL;
	return 0;
}

static int
cookies_request(struct tc_call *c)
{
	const struct cookies_opts *o = c->opts;
	int request = mode_in_force(c, o->request), response = mode_in_force(c, o->response);
	struct tc_fields *fields = &c->req->fields;

	if (request == COOKIES_PASS && response == COOKIES_PASS)
		return 0;
	for (size_t i = 0; i < fields->n; i++) {
		struct tc_field *f = &fields->v[i];

		if (f->id == TC_F_COOKIE && !f->dropped && f->value.n > 0 &&
		    request_field(c, request, response, f) < 0)
			return 431;
	}
	return 0;
}

/* ---- the response ---- */

static bool
digits_zero(struct tc_str s)
{
	bool zero = s.n > 0;

	for (size_t i = 0; i < s.n; i++)
		zero &= s.p[i] == '0';
	return zero;
}

/* The date servers write to delete a cookie: any time in the first minute of 1970, in one of two spellings. */
static bool
date_epoch(struct tc_str s)
{
	return s.n == 29 &&
	    (tc_istarts(s, TC_STR("Thu, 01 Jan 1970 00:00:")) || tc_istarts(s, TC_STR("Thu, 01-Jan-1970 00:00:"))) &&
	    s.p[23] >= '0' && s.p[23] <= '5' && s.p[24] >= '0' && s.p[24] <= '9' &&
	    tc_eq(tc_str_of(s.p + 25, 4), TC_STR(" GMT"));
}

/*
 * Whether Set-Cookie deletes: an empty value, and Max-Age=0 or a date long past. Such a cookie stores nothing and
 * may go on. The last of several attributes counts, and Max-Age wins (RFC 6265bis 5.7); what a browser might
 * not read as we do is no deletion.
 */
static bool
deletes(struct tc_str set_cookie)
{
	struct tc_str rest = set_cookie, pair = tc_next(&rest, ';');
	int by_age = -1, by_date = -1;

	if (tc_find_byte(pair, '=') + 1 != pair.n)
		return false;
	while (rest.p != NULL) {
		struct tc_str value = tc_next(&rest, ';'), name = value;

		name = tc_trim(tc_str_of(name.p, tc_find_byte(name, '=')));
		tc_skip(&value, tc_find_byte(value, '='));
		if (value.n > 0)
			tc_skip(&value, 1);
		if (tc_ieq(name, TC_STR("Max-Age")))
			by_age = digits_zero(tc_trim(value));
		if (tc_ieq(name, TC_STR("Expires")))
			by_date = date_epoch(tc_trim(value));
	}
	return by_age != -1 ? by_age == 1 : by_date == 1;
}

static void
response_field(struct tc_call *c, int mode, struct tc_field *f)
{
	struct tc_str name = cookie_name(tc_str_of(f->value.p, tc_find_byte(f->value, ';')));
	const struct pack_cookie *row;

	if (cookie_kept(c->site, name))
		return;
	row = pack_cookie(name);
	if (!cookie_goes(mode, row, c->decision->denied) || deletes(f->value))
		return;
	f->dropped = true;
	tc_did(c, TC_DID_RESPONSE_COOKIE, cookie_class(row), TC_PACK_BUILT_IN, name);
}

/*
 * Whether this response may carry our expiring cookies: a page or a navigation. Not what a shared cache
 * keeps for everyone: there another visitor would get them.
 */
static bool
may_expire(const struct tc_call *c)
{
	static const struct tc_str assets[] = {TC_STR_INIT("image/"), TC_STR_INIT("font/"),
	    TC_STR_INIT("audio/"), TC_STR_INIT("video/"), TC_STR_INIT("text/css"),
	    TC_STR_INIT("text/javascript"), TC_STR_INIT("application/javascript")};
	enum tc_dest dest = c->req->dest;
	struct tc_str type = c->res->type;

	if (tc_eq(type, TC_STR("text/html")))
		return true;
	for (size_t i = 0; i < sizeof(assets) / sizeof(*assets); i++)
		if (tc_starts(type, assets[i]))
			return false;
	return dest == TC_DEST_DOCUMENT || dest == TC_DEST_FRAME || dest == TC_DEST_ABSENT;
}

static size_t
dots(struct tc_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '.';
	return n;
}

/* What follows the name, for this host alone and for each domain a script may have set the cookie on. */
struct tails {
	size_t n;
	struct tc_str v[1 + EXPIRE_DEPTH];
};

/*
 * From the host up to the registrable domain; of deep hosts the domains at the bottom are left out. -1 at the arena's
 * limit.
 */
static int
tails_make(struct tc_call *c, struct tails *t)
{
	static const struct tc_str plain = TC_STR_INIT("=; Path=/; Max-Age=0");
	struct tc_str domain = c->req->host, registrable = psl_domain(domain);
	size_t too_deep = dots(registrable) + EXPIRE_DEPTH;

	t->n = 0;
	t->v[t->n++] = plain;
	while (registrable.n > 0 && domain.n >= registrable.n) {
		if (dots(domain) < too_deep)
			t->v[t->n++] = tc_join(c->arena, (struct tc_str[]){plain, TC_STR("; Domain="), domain}, 3);
		if (t->v[t->n - 1].p == NULL)
			return -1;
		tc_skip(&domain, tc_find_byte(domain, '.'));
		if (domain.n > 0)
			tc_skip(&domain, 1);
	}
	return 0;
}

/* The prefixes bind browsers to their conditions (RFC 6265bis 4.1.3). */
static int
expire(struct tc_call *c, struct tc_str name, const struct tails *t)
{
	bool host_only = tc_istarts(name, TC_STR("__Host-"));
	bool secure = host_only || tc_istarts(name, TC_STR("__Secure-"));

	for (size_t i = 0; i < t->n && (i == 0 || !host_only); i++) {
		struct tc_str value = tc_join(c->arena, (struct tc_str[]){name, t->v[i], TC_STR("; Secure")}, secure ? 3 : 2);

		if (value.p == NULL || tc_field_add(&c->res->fields, TC_F_SET_COOKIE, value) < 0)
			return -1;
	}
	return 0;
}

static int
cookies_response(struct tc_call *c)
{
	const struct cookies_opts *o = c->opts;
	const struct expiring *e = ((struct cookies *)c->state)->expiring;
	int mode = mode_in_force(c, o->response);
	size_t sent = c->res->fields.n; /* by the origin; ours come after */
	struct tails tails;

	if (mode == COOKIES_PASS)
		return 0;
	for (size_t i = 0; i < sent; i++) {
		struct tc_field *f = &c->res->fields.v[i];

		if (f->id == TC_F_SET_COOKIE && !f->dropped)
			response_field(c, mode, f);
	}
	if (e == NULL || !may_expire(c))
		return 0;
	if (tails_make(c, &tails) < 0)
		return 502;
	for (size_t i = 0; i < e->n; i++) {
		if (expire(c, e->v[i].name, &tails) < 0)
			return 502;
		tc_did(c, TC_DID_EXPIRED_COOKIE, e->v[i].class, TC_PACK_BUILT_IN, e->v[i].name);
	}
	return 0;
}

const struct tc_filter filter_cookies = {
	.name = "cookies",
	.help = "drop and expire tracking cookies",
	.phase = TC_HEAD,
	.state_size = sizeof(struct cookies),
	.options = cookies_options,
	.option_count = sizeof(cookies_options) / sizeof(*cookies_options),
	.options_size = sizeof(struct cookies_opts),
	.request = cookies_request,
	.response = cookies_response,
};

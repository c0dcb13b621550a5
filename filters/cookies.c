/*
 * cookies.c: takes tracking cookies out of both directions, and expires those a browser still holds.
 *
 * What a cookie is for is said by its name: by our table (conf/lists/cookies.tsv), and where that has no row for it, or
 * leaves it to the operator, by the $cookie rules of the lists that are loaded. keep_cookies of the site wins over
 * everything. Whatever else is in a Cookie field goes on byte for byte.
 */
#include "expire.h"
#include "listed.h"
#include "match/pack.h"
#include "pieces.h"
#include "set_cookie.h"

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

struct cookies {
	struct expire *expire; /* NULL: nothing is to be expired */
};

/* ---- which cookies go ---- */

/*
 * The name of a cookie in a Cookie pair or at the front of Set-Cookie, trimmed; n = 0: it has none (RFC 6265bis 5.6). A
 * cookie without a name is sent as its bare value, so "=_ga=1" comes back as "_ga=1": what looks like a name counts.
 */
static struct tc_str
cookie_name(struct tc_str pair)
{
	size_t at;

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

/* What our table says. */
static inline bool
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

/*
 * drop-listed without a denied class has nothing to drop. And pass is said of what the rule set removes: who denied more
 * than that, class by class, is not answered with a rule set that knows nothing of it.
 */
static int
mode_in_force(const struct tc_call *c, int mode)
{
	tc_classes more = c->decision->denied & (tc_classes)~(c->decision->rules->remove | TC_CLASS_BIT(TC_UNKNOWN));

	if (mode == COOKIES_PASS && more != 0)
		return COOKIES_DROP_LISTED;
	return mode == COOKIES_DROP_LISTED && c->decision->denied == 0 ? COOKIES_PASS : mode;
}

/* A message on whose cookies is decided, in these modes. */
struct deciding {
	struct tc_call *c;
	int request, response;
	bool lists;           /* which have rules about cookies */
	struct listed listed; /* if they have */
};

static void
deciding_begin(struct deciding *d, struct tc_call *c)
{
	const struct cookies_opts *o = c->opts;

	d->c = c;
	d->request = c->res == NULL ? mode_in_force(c, o->request) : COOKIES_PASS; /* then it has been decided on */
	d->response = mode_in_force(c, o->response);
	d->lists = (d->request == COOKIES_DROP_LISTED || d->response == COOKIES_DROP_LISTED) && listed_any(c, MATCH_COOKIE);
	if (d->lists)
		d->listed = (struct listed){.c = c};
}

/* One cookie: what is known of it, and from where. */
struct verdict {
	const struct pack_cookie *row; /* of our table; NULL: it has none for it */
	bool kept;                     /* by the site, or ours */
	bool request, response;        /* it goes from there */
	enum tc_class class;
	enum tc_pack pack;
};

/* A list may speak of what our table does not know, or leaves to the operator; never of what it keeps. */
static bool
list_may_speak(const struct deciding *d, const struct pack_cookie *row)
{
	return d->lists && (row == NULL || row->strip == PACK_POLICY);
}

static __attribute__((noinline)) void
ask_lists(struct deciding *d, struct tc_str name, struct verdict *v)
{
	struct match_result why;

	if (!listed_goes(&d->listed, MATCH_COOKIE, name, tc_str_of(NULL, 0), &why))
		return;
	v->request |= d->request == COOKIES_DROP_LISTED;
	v->response |= d->response == COOKIES_DROP_LISTED;
	v->class = why.class;
	v->pack = why.pack;
}

static inline struct verdict
cookie_judge(struct deciding *d, struct tc_str name)
{
	const struct pack_cookie *row = pack_cookie(name);
	tc_classes denied = d->c->decision->denied;
	struct verdict v = {.row = row, .class = row != NULL ? row->class : TC_UNKNOWN, .pack = TC_PACK_BUILT_IN};

	v.kept = cookie_kept(d->c->site, name);
	if (v.kept)
		return v;
	v.request = cookie_goes(d->request, row, denied);
	v.response = cookie_goes(d->response, row, denied);
	if (name.n > 0 && list_may_speak(d, row))
		ask_lists(d, name, &v);
	return v;
}

/* ---- the request ---- */

/* One pair of a Cookie field: 1 it goes, 0 it stays, -1 at the arena's limit. */
static int
request_pair(struct deciding *d, struct tc_str pair)
{
	struct cookies *st = d->c->state;
	struct tc_str name;
	struct verdict v;

	pair = tc_trim(pair);
	if (pair.n == 0)
		return 0;
	name = cookie_name(pair);
	v = cookie_judge(d, name);
	if (v.response && expire_remember(&st->expire, d->c->arena, name, v.class, v.pack) < 0)
		return -1;
	if (v.request)
		tc_did(d->c, TC_DID_REQUEST_COOKIE, v.class, v.pack, name);
	return v.request;
}

static int
request_field(struct deciding *d, struct tc_field *f)
{
	struct pieces left = {.whole = f->value, .sep = ';'};
	struct tc_str rest = f->value;

	while (rest.p != NULL) {
		size_t at = tc_find_byte(rest, ';');
		struct tc_str pair = tc_str_of(rest.p, at);
		int goes = request_pair(d, pair);

		if (goes < 0)
			return -1;
		pieces_put(&left, d->c->arena, pair, goes == 0);
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
	struct tc_fields *fields = &c->req->fields;
	struct tc_field *f = tc_field_next(fields, NULL, TC_F_COOKIE);
	struct deciding d;

	if (f == NULL)
		return 0;
	deciding_begin(&d, c);
	if (d.request == COOKIES_PASS && d.response == COOKIES_PASS)
		return 0;
	for (; f != NULL; f = tc_field_next(fields, f, TC_F_COOKIE))
		if (!f->dropped && f->value.n > 0 && request_field(&d, f) < 0)
			return 431;
	return 0;
}

/* ---- the response ---- */

/*
 * A cookie that nobody knows, set while the site is a part of another site's page: where the rule set removes what is
 * unknown of third parties, that is one.
 */
static bool
set_by_third_party(const struct tc_call *c)
{
	enum tc_dest dest = c->req->dest;

	return (c->decision->denied & TC_CLASS_BIT(TC_UNKNOWN)) != 0 && dest != TC_DEST_DOCUMENT && dest != TC_DEST_ABSENT &&
	    tc_eq(tc_field_value(&c->req->fields, TC_F_SEC_FETCH_SITE), TC_STR("cross-site"));
}

/* What stays, a list may still shorten. */
static int
soften(struct deciding *d, struct tc_field *f, struct tc_str name, const struct verdict *v)
{
	struct listed *l = &d->listed;
	struct match_softer to;
	struct match_result why;
	struct tc_str softer;

	if (v->kept || !list_may_speak(d, v->row) || !listed_ready(l) ||
	    match_softens(d->c->conf, &l->page, &l->url, l->type, name, &to, &why) != MATCH_BLOCK)
		return 0;
	softer = set_cookie_soften(f->value, &to, d->c->arena);
	if (softer.p == NULL)
		return -1;
	if (softer.p != f->value.p)
		tc_did(d->c, TC_DID_RESPONSE_COOKIE, why.class, why.pack, name);
	f->value = softer;
	return 0;
}

static int
response_field(struct deciding *d, struct tc_field *f)
{
	struct tc_str name = cookie_name(tc_trim(tc_str_of(f->value.p, tc_find_byte(f->value, ';'))));
	struct verdict v = cookie_judge(d, name);

	if (!v.response && d->response == COOKIES_DROP_LISTED && set_by_third_party(d->c))
		v.response = v.row == NULL && !v.kept;
	if (!v.response)
		return soften(d, f, name, &v);
	if (set_cookie_deletes(f->value))
		return 0;
	f->dropped = true;
	tc_did(d->c, TC_DID_RESPONSE_COOKIE, v.class, v.pack, name);
	return 0;
}

static int
cookies_response(struct tc_call *c)
{
	const struct cookies *st = c->state;
	struct tc_fields *fields = &c->res->fields;
	struct deciding d;

	deciding_begin(&d, c);
	if (d.response == COOKIES_PASS)
		return 0;
	for (struct tc_field *f = tc_field_next(fields, NULL, TC_F_SET_COOKIE); f != NULL;
	     f = tc_field_next(fields, f, TC_F_SET_COOKIE))
		if (!f->dropped && response_field(&d, f) < 0)
			return 502;
	return st->expire == NULL || expire_send(st->expire, c) == 0 ? 0 : 502;
}

const struct tc_filter filter_cookies = {
	.name = "cookies",
	.help = "drop and expire tracking cookies",
	.phase = TC_HEAD,
	.state_size = sizeof(struct cookies),
	.options = cookies_options,
	.option_count = sizeof(cookies_options) / sizeof(*cookies_options),
	.options_size = sizeof(struct cookies_opts),
	.load = listed_load,
	.request = cookies_request,
	.response = cookies_response,
};

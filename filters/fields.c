/*
 * fields.c: takes out of both heads what serves tracking, and adds what browsers need to be told.
 *
 * Request: advertising APIs, compression dictionaries, the Referer by option. Response: links and refreshes to
 * trackers, reports to others, advertising APIs, client hints; on pages the denials of html.md N15, N20 and
 * N21, and of the visitor's place by his own wish. A visitor to whom nothing is denied gets and sends what was sent.
 */
#include "fields.h"

#include "pieces.h"

enum { REFERRER_KEEP, REFERRER_ORIGIN, REFERRER_NONE };

struct fields_opts {
	int referrer;
};

static const struct tc_option fields_options[] = {
	{"referrer", TC_OPT_ENUM, "keep", "keep|origin|none", "what the origin learns of where a visitor came from",
	    offsetof(struct fields_opts, referrer), false},
};

#define ADVERTISING TC_CLASS_BIT(TC_ADVERTISING)
#define TRACKING (TC_CLASS_BIT(TC_ANALYTICS) | TC_CLASS_BIT(TC_ADVERTISING))
#define ANY ((tc_classes)~TC_ESSENTIAL)

typedef int field_edit(struct field_work *w, struct tc_field *f);

/* What is done to a field. */
struct field_rule {
	tc_classes when;  /* done if one of these is denied */
	uint8_t class;    /* counted as */
	bool late;        /* after the endpoints of reports are known */
	field_edit *edit; /* NULL: it goes */
};

/* ---- URLs ---- */

static bool
work_ready(struct field_work *w)
{
	char *base;

	if (w->ready || w->failed)
		return w->ready;
	page_of(w->c, &w->page);
	base = tc_alloc_bytes(w->c->arena, URL_MAX + 64);
	w->buf = tc_alloc_bytes(w->c->arena, URL_MAX + 64);
	w->ready = base != NULL && w->buf != NULL && page_url(w->c, &w->base, base);
	w->failed = !w->ready;
	return w->ready;
}

/* Resolves a URL against the page's; false if it cannot be read (or memory has ended). Valid until the next. */
static bool
work_url(struct field_work *w, struct tc_str raw, struct url *url)
{
	*url = (struct url){.scheme = URL_UNKNOWN};
	return work_ready(w) && url_resolve(url, raw, &w->base, w->buf);
}

bool
work_blocks(struct field_work *w, struct tc_str raw, enum match_type type, struct match_result *why)
{
	struct url url;

	*why = (struct match_result){.class = TC_UNKNOWN};
	if (!work_url(w, raw, &url))
		return true;
	if (url.scheme == URL_NONE || url.scheme == URL_DATA || url.scheme == URL_OPAQUE)
		return false;
	if (w->db == NULL)
		return match_abroad(&w->page, &url);
	return match_url(w->db, &w->page, &url, type, why) == MATCH_BLOCK;
}

bool
work_owns(struct field_work *w, struct tc_str raw)
{
	struct url url;

	return raw.n == 0 || (work_url(w, raw, &url) && page_owns(&w->page, &url));
}

void
work_did(struct field_work *w, enum tc_class class, struct tc_str name)
{
	tc_did(w->c, TC_DID_RESPONSE_FIELD, class, TC_PACK_BUILT_IN, name);
}

/* ---- the request ---- */

/* The item of a list that holds this position, as it stands there. */
static struct tc_str
item_around(struct tc_str list, size_t at)
{
	const char *comma = memrchr(list.p, ',', at);
	size_t begin = comma != NULL ? (size_t)(comma - list.p) + 1 : 0;

	return tc_str_of(list.p + begin, at - begin + tc_find_byte(tc_str_of(list.p + at, list.n - at), ','));
}

static bool
is_exchange(struct tc_str range)
{
	static const struct tc_str exchange = TC_STR_INIT("application/signed-exchange");

	return tc_starts(range, exchange) || tc_istarts(range, exchange); /* all browsers write it so */
}

/* Signed exchanges are pages that nobody can edit. */
static int
request_accept(struct field_work *w, struct tc_field *f)
{
	struct pieces left = {.whole = f->value, .sep = ','};
	struct tc_str rest = f->value, item;
	size_t at = tc_find(rest, TC_STR("-exchange")); /* its first byte is rare here */

	if (at == rest.n)
		return 0;
	item = item_around(rest, at);
	if (item.p > rest.p && item.p + item.n == rest.p + rest.n && is_exchange(tc_trim(item))) {
		f->value.n = (size_t)(item.p - rest.p) - 1; /* the only one, at the end, where browsers name it */
		return 0;
	}
	while (rest.p != NULL) {
		at = tc_find_byte(rest, ',');
		item = tc_str_of(rest.p, at);
		pieces_put(&left, w->c->arena, item, !is_exchange(tc_trim(item)));
		rest = at < rest.n ? tc_str_of(rest.p + at + 1, rest.n - at - 1) : (struct tc_str){NULL, 0};
	}
	if (left.failed)
		return -1;
	f->value = pieces_left(&left);
	f->dropped = f->value.p == NULL;
	return 0;
}

/* Hints that say little: those every request carries anyway (they have ids), and those that size pictures. All others go. */
static bool
hint_stays(struct tc_str hint)
{
	static const struct tc_str low[] = {TC_STR_INIT("Sec-CH-UA"), TC_STR_INIT("Sec-CH-UA-Mobile"),
	    TC_STR_INIT("Sec-CH-UA-Platform"), TC_STR_INIT("DPR"), TC_STR_INIT("Sec-CH-DPR"), TC_STR_INIT("Width"),
	    TC_STR_INIT("Sec-CH-Width"), TC_STR_INIT("Viewport-Width"), TC_STR_INIT("Sec-CH-Viewport-Width"),
	    TC_STR_INIT("Sec-CH-Viewport-Height"), TC_STR_INIT("Save-Data"), TC_STR_INIT("Sec-CH-Prefers-Color-Scheme"),
	    TC_STR_INIT("Sec-CH-Prefers-Reduced-Motion"), TC_STR_INIT("Sec-CH-Prefers-Reduced-Transparency")};

	for (size_t i = 0; i < sizeof(low) / sizeof(*low); i++)
		if (tc_ieq(hint, low[i]))
			return true;
	return hint.n == 0;
}

static const struct field_rule request_rules[TC_F_COUNT] = {
	[TC_F_ACCEPT] = {ANY, TC_ADVERTISING, false, request_accept},
	[TC_F_ATTRIBUTION_REPORTING_ELIGIBLE] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_AVAILABLE_DICTIONARY] = {ANY, TC_ANALYTICS, false, NULL},
	[TC_F_DICTIONARY_ID] = {ANY, TC_ANALYTICS, false, NULL},
	[TC_F_SEC_BROWSING_TOPICS] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_X_CLIENT_DATA] = {TRACKING, TC_ADVERTISING, false, NULL},
};

/* Fields that have no id each: those whose names begin so. */
struct family {
	struct tc_str begin;
	bool (*stays)(struct tc_str name); /* NULL: none of them does */
	struct field_rule rule;
};

static const struct field_rule no_rule = {0, 0, false, NULL};

static const struct field_rule *
family_rule(const struct family *families, size_t n, struct tc_str name)
{
	for (size_t i = 0; i < n; i++)
		if (tc_istarts(name, families[i].begin))
			return families[i].stays == NULL || !families[i].stays(name) ? &families[i].rule : &no_rule;
	return &no_rule;
}

#define ADVERTISING_RULE {TRACKING, TC_ADVERTISING, false, NULL}
static const struct family request_families[] = {
	{TC_STR_INIT("Sec-Shared-Storage-"), NULL, ADVERTISING_RULE},
	{TC_STR_INIT("Sec-Ad-Auction-"), NULL, ADVERTISING_RULE},
	{TC_STR_INIT("Sec-CH-"), hint_stays, {TRACKING, TC_ANALYTICS, false, NULL}},
	{TC_STR_INIT("Attribution-Reporting-"), NULL, ADVERTISING_RULE},
};

static const struct field_rule *
request_rule(const struct tc_field *f)
{
	if (f->id != TC_F_OTHER)
		return &request_rules[f->id];
	return family_rule(request_families, sizeof(request_families) / sizeof(*request_families), f->name);
}

static int
request_field(struct field_work *w, struct tc_field *f, const struct field_rule *rule)
{
	if (rule->edit != NULL)
		return rule->edit(w, f);
	f->dropped = true;
	tc_did(w->c, TC_DID_REQUEST_FIELD, rule->class, TC_PACK_BUILT_IN, f->name);
	return 0;
}

/* "https://host/path" -> "https://host/"; p = NULL at the arena's limit. */
static struct tc_str
cut_to_origin(struct tc_call *c, struct tc_str url)
{
	size_t at = tc_find(url, TC_STR("://"));
	struct tc_str host;

	if (at == url.n)
		return url;
	host = tc_str_of(url.p + at + 3, url.n - at - 3);
	at += 3 + tc_find_byte(host, '/');
	return tc_join(c->arena, (struct tc_str[]){tc_str_of(url.p, at), TC_STR("/")}, 2);
}

static int
request_referrer(struct field_work *w, int referrer)
{
	struct tc_fields *fields = &w->c->req->fields;
	struct tc_field *f = referrer != REFERRER_KEEP ? tc_field_first(fields, TC_F_REFERER) : NULL;

	if (f == NULL)
		return 0;
	if (referrer == REFERRER_NONE)
		(void)tc_field_drop(fields, TC_F_REFERER);
	else if (!work_owns(w, f->value))
		f->value = cut_to_origin(w->c, f->value);
	return f->value.p == NULL ? -1 : 0;
}

static int
fields_request(struct tc_call *c)
{
	const struct fields_opts *o = c->opts;
	struct field_work w = {.c = c, .db = c->conf};
	const struct tc_fields *fields = &c->req->fields;
	tc_classes denied = c->decision->denied;

	if (request_referrer(&w, o->referrer) < 0)
		return 431;
	if ((denied & ANY) == 0)
		return 0;
	for (size_t i = 0; i < fields->n; i++) {
		struct tc_field *f = &fields->v[i];
		const struct field_rule *rule = request_rule(f);

		if ((rule->when & denied) != 0 && !f->dropped && request_field(&w, f, rule) < 0)
			return 431;
	}
	return 0;
}

/* ---- the response: client hints ---- */

static int
response_hints(struct field_work *w, struct tc_field *f)
{
	struct pieces left = {.whole = f->value, .sep = ','};
	struct tc_str rest = f->value;

	while (rest.p != NULL) {
		size_t at = tc_find_byte(rest, ',');
		struct tc_str piece = tc_str_of(rest.p, at), hint = tc_trim(piece);

		if (hint.n >= 2 && hint.p[0] == '"')
			hint = tc_str_of(hint.p + 1, hint.n - 2);
		pieces_put(&left, w->c->arena, piece, hint_stays(hint));
		rest = at < rest.n ? tc_str_of(rest.p + at + 1, rest.n - at - 1) : (struct tc_str){NULL, 0};
	}
	if (left.failed)
		return -1;
	if (!pieces_cut(&left))
		return 0;
	work_did(w, TC_ANALYTICS, f->name);
	f->value = pieces_left(&left);
	f->dropped = f->value.p == NULL;
	return 0;
}

/* ---- the response: what pages are told ---- */

/*
 * Denials of N20. In a Dictionary the last of several members with one name counts, so this row needs only to
 * come after the site's.
 */
static const struct tc_str denials = TC_STR_INIT(
    "browsing-topics=(), attribution-reporting=(), join-ad-interest-group=(), run-ad-auction=(), "
    "private-aggregation=(), shared-storage=(), shared-storage-select-url=(), interest-cohort=(), "
    "ch-ua-arch=(), ch-ua-bitness=(), ch-ua-form-factors=(), ch-ua-full-version=(), "
    "ch-ua-full-version-list=(), ch-ua-high-entropy-values=(), ch-ua-model=(), "
    "ch-ua-platform-version=(), ch-ua-wow64=()");

static const struct tc_str no_location = TC_STR_INIT("geolocation=()");

/* One malformed row, or an empty one, makes browsers ignore all of them: it goes, since it had no effect anyway. */
static int
deny_features(struct tc_fields *fields, struct tc_str features)
{
	for (struct tc_field *f = tc_field_next(fields, NULL, TC_F_PERMISSIONS_POLICY); f != NULL;
	     f = tc_field_next(fields, f, TC_F_PERMISSIONS_POLICY))
		if (f->value.n == 0 || !dictionary_valid(f->value))
			f->dropped = true;
	return tc_field_add(fields, TC_F_PERMISSIONS_POLICY, features);
}

/* What each policy becomes when others must not learn more than where a visitor came from. */
static const struct {
	struct tc_str policy, at_least;
} referrer_policies[] = {
	{TC_STR_INIT("no-referrer"), TC_STR_INIT("no-referrer")},
	{TC_STR_INIT("same-origin"), TC_STR_INIT("same-origin")},
	{TC_STR_INIT("strict-origin"), TC_STR_INIT("strict-origin")},
	{TC_STR_INIT("strict-origin-when-cross-origin"), TC_STR_INIT("strict-origin-when-cross-origin")},
	{TC_STR_INIT("origin"), TC_STR_INIT("strict-origin")},
	{TC_STR_INIT("origin-when-cross-origin"), TC_STR_INIT("strict-origin-when-cross-origin")},
	{TC_STR_INIT("no-referrer-when-downgrade"), TC_STR_INIT("strict-origin-when-cross-origin")},
	{TC_STR_INIT("unsafe-url"), TC_STR_INIT("strict-origin-when-cross-origin")},
};

/* The last token that browsers know decides (Referrer Policy 8.1). */
static int
raise_referrer_policy(struct tc_fields *fields)
{
	struct tc_str now = {NULL, 0}, want = TC_STR("strict-origin-when-cross-origin");

	for (const struct tc_field *f = tc_field_next(fields, NULL, TC_F_REFERRER_POLICY); f != NULL;
	     f = tc_field_next(fields, f, TC_F_REFERRER_POLICY)) {
		struct tc_str rest = f->value;

		if (f->dropped)
			continue;
		while (rest.p != NULL) {
			struct tc_str token = tc_next(&rest, ',');

			for (size_t k = 0; k < sizeof(referrer_policies) / sizeof(*referrer_policies); k++) {
				if (!tc_ieq(token, referrer_policies[k].policy))
					continue;
				now = referrer_policies[k].policy;
				want = referrer_policies[k].at_least;
			}
		}
	}
	return tc_eq(now, want) ? 0 : tc_field_set(fields, TC_F_REFERRER_POLICY, want);
}

/* XML may be a page, with XHTML or SVG in it. */
static bool
is_xml(struct tc_str type)
{
	return tc_ends(type, TC_STR("+xml")) || tc_eq(type, TC_STR("text/xml")) || tc_eq(type, TC_STR("application/xml"));
}

static bool
asks_for_page(const struct tc_request *req)
{
	struct tc_str accept = tc_field_value(&req->fields, TC_F_ACCEPT);

	if (req->dest != TC_DEST_ABSENT)
		return req->dest == TC_DEST_DOCUMENT || req->dest == TC_DEST_FRAME;
	return tc_find(accept, TC_STR("text/html")) < accept.n;
}

/*
 * Whether browsers take it for a page. What has no type may be one; a 304 has none, and its fields replace those that
 * are stored with the page (RFC 9111 3.2), so it has to say the same.
 */
static bool
is_page(const struct tc_call *c)
{
	struct tc_str type = c->res->type;

	if (tc_eq(type, TC_STR("text/html")) || tc_eq(type, TC_STR("application/xhtml+xml")))
		return true;
	return (is_xml(type) || (type.n == 0 && (c->res->status == 200 || c->res->status == 304))) && asks_for_page(c->req);
}

static int
tell_page(struct tc_call *c, int referrer)
{
	struct tc_fields *fields = &c->res->fields;
	bool tracking = (c->decision->denied & TRACKING) != 0;

	if (!is_page(c))
		return 0;
	if (c->route->force_out) /* minors, sensitive pages (signals.md D9): no other site learns that it was open */
		referrer = REFERRER_NONE;
	if (referrer == REFERRER_NONE && tc_field_set(fields, TC_F_REFERRER_POLICY, TC_STR("no-referrer")) < 0)
		return -1;
	if (referrer != REFERRER_NONE && (tracking || referrer == REFERRER_ORIGIN) && raise_referrer_policy(fields) < 0)
		return -1;
	if (c->decision->location_off && deny_features(fields, no_location) < 0)
		return -1;
	if (!tracking)
		return 0;
	if (deny_features(fields, denials) < 0)
		return -1;
	return tc_field_set(fields, TC_F_X_DNS_PREFETCH_CONTROL, TC_STR("off"));
}

/* ---- the response ---- */

static const struct field_rule response_rules[TC_F_COUNT] = {
	[TC_F_ACCEPT_CH] = {TRACKING, TC_ANALYTICS, false, response_hints},
	[TC_F_ACCEPT_CH_LIFETIME] = {TRACKING, TC_ANALYTICS, false, NULL},
	[TC_F_AD_AUCTION_ALLOWED] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_AD_AUCTION_SIGNALS] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_ATTRIBUTION_REPORTING_INFO] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_ATTRIBUTION_REPORTING_REGISTER_OS_SOURCE] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_ATTRIBUTION_REPORTING_REGISTER_OS_TRIGGER] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_ATTRIBUTION_REPORTING_REGISTER_SOURCE] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_ATTRIBUTION_REPORTING_REGISTER_TRIGGER] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_CONTENT_SECURITY_POLICY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_CONTENT_SECURITY_POLICY_REPORT_ONLY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_CRITICAL_CH] = {TRACKING, TC_ANALYTICS, false, response_hints},
	[TC_F_CROSS_ORIGIN_EMBEDDER_POLICY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_CROSS_ORIGIN_EMBEDDER_POLICY_REPORT_ONLY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_CROSS_ORIGIN_OPENER_POLICY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_CROSS_ORIGIN_OPENER_POLICY_REPORT_ONLY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_DOCUMENT_POLICY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_DOCUMENT_POLICY_REPORT_ONLY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_EXPECT_CT] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_LINK] = {ANY, TC_ADVERTISING, false, fields_link},
	[TC_F_NEL] = {TRACKING, TC_ANALYTICS, true, fields_nel},
	[TC_F_OBSERVE_BROWSING_TOPICS] = {TRACKING, TC_ADVERTISING, false, NULL},
	[TC_F_PERMISSIONS_POLICY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_PERMISSIONS_POLICY_REPORT_ONLY] = {TRACKING, TC_ANALYTICS, true, fields_report_parts},
	[TC_F_REFRESH] = {ANY, TC_ADVERTISING, false, fields_refresh},
	[TC_F_REPORTING_ENDPOINTS] = {TRACKING, TC_ANALYTICS, false, fields_endpoints},
	[TC_F_REPORT_TO] = {TRACKING, TC_ANALYTICS, false, fields_endpoints},
	[TC_F_SHARED_STORAGE_WRITE] = {TRACKING, TC_ADVERTISING, false, NULL},
	/* Its rules are in a file that nobody has read when this head goes out. */
	[TC_F_SPECULATION_RULES] = {ANY, TC_ADVERTISING, false, NULL},
	[TC_F_USE_AS_DICTIONARY] = {ANY, TC_ANALYTICS, false, NULL},
};

static const struct family response_families[] = {
	{TC_STR_INIT("Attribution-Reporting-"), NULL, ADVERTISING_RULE},
	{TC_STR_INIT("Ad-Auction-"), NULL, ADVERTISING_RULE},
	{TC_STR_INIT("Shared-Storage-"), NULL, ADVERTISING_RULE},
};

static const struct field_rule *
response_rule(const struct tc_field *f)
{
	if (f->id != TC_F_OTHER)
		return &response_rules[f->id];
	return family_rule(response_families, sizeof(response_families) / sizeof(*response_families), f->name);
}

/* Runs the rules that are late or not; returns -1, or whether there are late ones. */
static int
response_pass(struct field_work *w, bool late)
{
	const struct tc_fields *fields = &w->c->res->fields;
	tc_classes denied = w->c->decision->denied;
	int others = 0;

	for (size_t i = 0; i < fields->n; i++) {
		struct tc_field *f = &fields->v[i];
		const struct field_rule *rule = response_rule(f);

		if (f->dropped || (rule->when & denied) == 0)
			continue;
		if (rule->late != late) {
			others = 1;
			continue;
		}
		if (rule->edit == NULL) {
			f->dropped = true;
			work_did(w, rule->class, f->name);
		} else if (rule->edit(w, f) < 0) {
			return -1;
		}
	}
	return others;
}

static int
fields_response(struct tc_call *c)
{
	const struct fields_opts *o = c->opts;
	struct field_work w = {.c = c, .db = c->conf};
	int late;

	if ((c->decision->denied & ANY) == 0 && o->referrer == REFERRER_KEEP && !c->decision->location_off)
		return 0;
	if ((c->decision->denied & ANY) != 0 && tc_eq(c->res->type, TC_STR("application/signed-exchange"))) {
		tc_bypassed(c, TC_BYPASS_CODING); /* a page in a wrapping that must not be opened */
		return 502;
	}
	late = response_pass(&w, false);
	if (late < 0 || (late > 0 && response_pass(&w, true) < 0) || tell_page(c, o->referrer) < 0)
		return 502;
	return 0;
}

/*
 * Hints come before the account's choice, the page's policies and its place in the lists are known: only what is the site's
 * own is left to anybody, and of that what the lists name to nobody to whom something is denied.
 */
static int
fields_hint(struct tc_call *c)
{
	struct field_work w = {.c = c, .db = c->conf, .hint = true};

	for (size_t i = 0; i < c->res->fields.n; i++)
		if (!c->res->fields.v[i].dropped && fields_link(&w, &c->res->fields.v[i]) < 0)
			return -1;
	return 0;
}

static int
fields_load(struct tc_loader *l, void **conf)
{
	*conf = l->conf_of(l, &filter_lists);
	return 0;
}

const struct tc_filter filter_fields = {
	.name = "fields",
	.help = "remove fields that track, deny browsers' advertising features",
	.phase = TC_HEAD,
	.options = fields_options,
	.option_count = sizeof(fields_options) / sizeof(*fields_options),
	.options_size = sizeof(struct fields_opts),
	.load = fields_load,
	.request = fields_request,
	.response = fields_response,
	.hint = fields_hint,
};

/*
 * judge.c: what is done with a request and with its response: site, route, signals, place, the decision, filters,
 * fields. State BEGIN, and the heads of RELAY and ANSWER.
 */
#include <assert.h>
#include <time.h>

#include "base/day.h"
#include "core/acme_tokens.h"
#include "core/client.h"
#include "core/debug.h"
#include "core/dnt.h"
#include "core/downstream.h"
#include "core/exchange.h"
#include "core/inventory.h"
#include "core/memory.h"
#include "core/observe.h"
#include "core/pages.h"
#include "core/rate.h"
#include "core/redirect.h"
#include "core/reports.h"
#include "core/secure.h"
#include "core/token.h"
#include "core/upstream.h"
#include "core/variant.h"
#include "http/url.h"
#include "tacet/contain.h"

/* ---- the request ---- */

static const struct config *
config_of(const struct exchange *x)
{
	return x->use->snapshot->config;
}

static bool
find_site(struct exchange *x)
{
	x->site = snapshot_site(x->use->snapshot, x->req.host);
	if (x->site == NULL)
		return false;
	x->route = snapshot_route(x->site, x->req.match);
	x->core_route = config_route_of(x->site, x->route);
	x->origin = x->use->origins[x->core_route->origin->id];
	return true;
}

/* Whoever shook hands for one site gets nothing of another, whose rules differ (http.md 7). A name of no site says nothing. */
static bool
is_misdirected(const struct exchange *x)
{
	struct tc_str asked = conn_sni(&x->visitor->conn);
	const struct config_site *site;

	if (asked.n == 0 || tc_ieq(asked, x->req.host))
		return false;
	site = snapshot_site(x->use->snapshot, asked);
	return site != NULL && site != x->site;
}

/*
 * What is ours on a site: pages_owns(), and all below our own folder. It costs the origin nothing, so it is never too
 * much: what we put on a page does not use up its visitor's allowance, and no limit stands between him and his choice.
 */
static bool
is_ours(const struct exchange *x)
{
	return tc_starts(x->req.match, TC_STR("/.well-known/tacet/")) || pages_owns(x->site, x->req.match);
}

/* 0, or the seconds after which there may be another one. */
static unsigned
too_many(const struct exchange *x, const struct tc_addr *client)
{
	const struct config_rate *limit = &x->core_route->rate;

	if (limit->requests == 0 || is_ours(x))
		return 0;
	return rate_take(limit, rate_name(x->site, x->route), client, loop_now(&x->worker->loop));
}

/* A synthetic visitor of this proxy's own operator says where it stands (token.h). */
static bool
says_place(const struct exchange *x, struct place *out)
{
	const struct tc_field *f = tc_field_first(&x->req.fields, TC_F_TACET_VERIFY);

	return f != NULL && token_place(x->use->snapshot->choice_key, f->value, time(NULL), out);
}

static struct place
find_place(struct exchange *x, const struct tc_addr *client)
{
	struct place p = {0};
	enum geo_result r = GEO_UNKNOWN;

	if (says_place(x, &p))
		return p.country[0] != '\0' ? p : config_of(x)->geo_unknown;
	if (client->family != 0)
		r = geo_lookup(x->use->snapshot->geo, client, &p);
	stats_add(&x->worker->lane->geo[r], 1);
	if (r != GEO_FOUND)
		p = config_of(x)->geo_unknown;
	return p;
}

static void
read_facts(struct exchange *x, const struct tc_addr *client)
{
	struct facts *f = &x->facts;

	f->site = x->site;
	f->route = x->route;
	f->gpc = signal_gpc(&x->req.fields);
	f->dnt = signal_dnt(&x->req.fields);
	f->day = date_of(time(NULL));
	f->place = find_place(x, client);
	if (choice_read(x->use->snapshot->choice_key, x->site->pub.hosts.v[0], &x->req.fields, &x->choice)) {
		f->choice = x->choice.state;
		f->choice_denied = x->choice.denied;
	}
	f->switches = x->choice.switches;
	if (config_of(x)->consent_honoured)
		(void)consent_read(config_of(x)->readers, x->site->consent, &x->req.fields, f->day, NULL, &f->consent);
	x->req.scheme = client_https(config_of(x), &x->visitor->peer, &x->req.fields, x->visitor->tls) ? TC_STR("https")
												       : TC_STR("http");
}

/* Host as the origin shall see it. */
static int
set_origin_host(struct exchange *x)
{
	const struct config_origin *o = x->core_route->origin;

	if (o->host_mode == ORIGIN_HOST_KEEP && x->req.host.n > 0)
		return 0;
	return tc_field_set(&x->req.fields, TC_F_HOST,
	    o->host_mode == ORIGIN_HOST_NAME ? o->host_name : o->servers[0].authority);
}

/* What goes to the origin is written from here on; filters have had their say. */
static int
prepare_upstream(struct exchange *x, const struct tc_addr *client)
{
	if ((!observe_site(x->site) && variant_request(x) < 0) || choice_strip(&x->req.fields) < 0)
		return -1;
	if (upstream_fields(x->site, &x->decision, &x->facts.place, client, &x->req) < 0)
		return -1;
	return set_origin_host(x);
}

static enum step
to_state(struct exchange *x, enum exchange_state s)
{
	x->state = s;
	return STEP_NEXT;
}

static enum step
own_page(struct exchange *x)
{
	x->ours = true;
	return to_state(x, x->req.method == TC_M_POST && !x->up.over ? EXCHANGE_COLLECT : EXCHANGE_ANSWER);
}

/* What browsers say of our policies. */
static enum step
reports_page(struct exchange *x)
{
	if (x->req.method != TC_M_POST)
		return exchange_refuse(x, 405);
	x->reports = true;
	return own_page(x);
}

/* Before anything is done for this request. The reason is counted here: x->refusal is for messages that are broken. */
static enum step
turn_away(struct exchange *x, enum refusal why, int status, unsigned retry_after)
{
	stats_refuse(x->worker->lane, why);
	x->retry_after = retry_after;
	return exchange_refuse(x, status);
}

static enum step
shed(struct exchange *x)
{
	x->visitor_close = true; /* what the connection holds is given back, too */
	return turn_away(x, REFUSAL_OVERLOAD, 503, 1);
}

/* The site is known, and the visitor may ask something of it. */
static enum step
admitted(struct exchange *x, struct tc_addr *client)
{
	struct snapshot *s = x->use->snapshot;
	int status;

	if (redirect_due(x))
		return x->req.host.n > 0 ? exchange_refuse(x, 308) : turn_away(x, REFUSAL_HOST, 421, 0);
	if (debug_begin(x) < 0)
		return exchange_refuse(x, 431);
	read_facts(x, client);
	decide(s->config, &x->facts, &x->decision);
	debug_mark(x, DEBUG_DECIDED);
	if (chain_begin(&x->chain, x->arena, s->confs, &x->decision, &x->site->pub, x->route, &x->req, x->worker->lane,
		x->worker->scratch) < 0)
		return exchange_refuse(x, 431);
	debug_watch(x);
	if (tc_eq(x->req.match, TC_STR(TC_CONTAIN_REPORTS)))
		return reports_page(x);
	if (debug_owns(x) || pages_owns(x->site, x->req.match))
		return own_page(x);
	if (observe_site(x->site))
		observe_request(x);
	else if ((status = chain_request(&x->chain)) != 0)
		return exchange_refuse(x, status);
	if (prepare_upstream(x, client) < 0)
		return exchange_refuse(x, 431);
	debug_mark(x, DEBUG_REQUESTED);
	return to_state(x, x->chain.peeks && !x->up.over ? EXCHANGE_PEEK : EXCHANGE_CONNECT);
}

/* An authority asks whether this host is ours: on every site, and before its rules. */
static bool
is_proof(struct exchange *x)
{
	if (x->req.method != TC_M_GET && x->req.method != TC_M_HEAD)
		return false;
	x->answer_body = acme_token_answer(x->req.match, x->arena);
	return x->answer_body.n > 0;
}

enum step
judge_request(struct exchange *x)
{
	struct tc_addr client = {0};
	unsigned seconds;
	enum step s;

	if (memory_short())
		return shed(x);
	if (is_proof(x))
		return exchange_refuse(x, 200);
	if (!find_site(x))
		return turn_away(x, REFUSAL_HOST, 421, 0);
	if (is_misdirected(x))
		return turn_away(x, REFUSAL_MISDIRECTED, 421, 0);
	fields_strip_hop_by_hop(&x->req.fields);
	(void)client_address(config_of(x), &x->visitor->peer, &x->req.fields, &client);
	seconds = too_many(x, &client);
	s = seconds > 0 ? turn_away(x, REFUSAL_RATE, 429, seconds) : admitted(x, &client);
	addr_wipe(&client);
	return s;
}

/* ---- the response ---- */

static void
today(int *year, int *month)
{
	time_t now = time(NULL);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	*year = tm.tm_year + 1900;
	*month = tm.tm_mon + 1;
}

static int
send_choice(struct exchange *x, const struct choice_cookie *c)
{
	struct tc_str value = choice_write(x->use->snapshot->choice_key, x->site->pub.hosts.v[0], c, x->arena);

	return value.p == NULL ? -1 : tc_field_add(&x->res.fields, TC_F_SET_COOKIE, value);
}

/*
 * The sticky record (signals.md D3): of a live GPC where no valid `out` came, of what the account says, and the same
 * again once its month is past, so that the browser's cap runs from the last visit.
 */
static int
keep_choice(struct exchange *x)
{
	enum choice account = x->facts.account, was = x->choice.state, now = CHOICE_NONE;
	struct choice_cookie c = x->choice;
	bool page = tc_eq(x->res.type, TC_STR("text/html"));
	int year, month;

	today(&year, &month);
	if (account == CHOICE_OUT && was != CHOICE_OUT)
		now = CHOICE_OUT;
	else if (account == CHOICE_IN && was != CHOICE_IN && !x->facts.gpc) /* a live GPC is never relaxed */
		now = CHOICE_IN;
	else if (page && x->decision.src == TC_SRC_GPC && was != CHOICE_OUT) /* not where the row leaves GPC out */
		now = CHOICE_OUT;
	if (now != CHOICE_NONE)
		c = (struct choice_cookie){
			.state = now,
			.denied = now == CHOICE_OUT ? c.denied : 0, /* what was switched off stays off */
			.switches = c.switches,
			.year = year,
			.month = month,
			.policy = config_of(x)->policy_version,
		};
	else if (!page || was == CHOICE_NONE || (c.year == year && c.month == month))
		return 0;
	return send_choice(x, &c);
}

static void
decide_again(struct exchange *x)
{
	decide(config_of(x), &x->facts, &x->decision);
	for (size_t i = 0; i < x->chain.n; i++)
		x->chain.links[i].call.opts = x->decision.rules->opts[i];
}

/*
 * The one thing that may tighten the decision once more: the origin knows the person (signals.md D8). Whether it did.
 */
static bool
hear_account(struct exchange *x)
{
	const struct tc_fields *fs = &x->res.fields;
	tc_classes before = x->decision.denied;

	for (size_t i = 0; i < fs->n && x->facts.account != CHOICE_OUT; i++)
		if (!fs->v[i].dropped && fs->v[i].id == TC_F_PRIVACY_ACCOUNT_CHOICE)
			x->facts.account = signal_account(fs->v[i].value);
	if (tc_field_drop(&x->res.fields, TC_F_PRIVACY_ACCOUNT_CHOICE) > 0 && x->facts.account != CHOICE_NONE)
		decide_again(x);
	return (x->decision.denied & ~before) != 0;
}

/*
 * A part of a page cannot be read as browsers read the whole (html.md 2.6). And that nothing has changed speaks of the
 * copy that the visitor has: made before the origin said that he wants another one.
 */
static bool
is_unusable(const struct exchange *x, bool tightened)
{
	bool page = tc_eq(x->res.type, TC_STR("text/html"));

	if (x->asked_again || x->decision.denied == 0 || x->decision.pass_bodies || !exchange_may_repeat(x))
		return false;
	if (x->res.status == 206)
		return page && tc_field_first(&x->req.fields, TC_F_RANGE) != NULL;
	return x->res.status == 304 && tightened && (page || x->res.type.n == 0);
}

static int
ask_for_all(struct exchange *x)
{
	static const enum tc_fid conditions[] = {TC_F_RANGE, TC_F_IF_RANGE, TC_F_IF_NONE_MATCH, TC_F_IF_MODIFIED_SINCE};

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		(void)tc_field_drop(&x->req.fields, conditions[i]);
	x->variant_etag = (struct tc_str){NULL, 0};
	x->asked_again = true;
	return JUDGE_AGAIN;
}

/* Refused before anybody asked, it may lack a scheme. */
static bool
by_https(const struct exchange *x)
{
	return x->visitor->tls || tc_eq(x->req.scheme, TC_STR("https"));
}

static int
secure_answer(struct exchange *x)
{
	if (secure_hsts(x->site, by_https(x), &x->res) < 0)
		return -1;
	return config_of(x)->https_only ? secure_content(by_https(x), &x->res, x->arena) : 0;
}

/* Of a site that only observes: as it came, but for what connections and `response` of the configuration change. */
static int
pass_response(struct exchange *x)
{
	fields_strip_hop_by_hop(&x->res.fields);
	(void)tc_field_drop(&x->res.fields, TC_F_PRIVACY_ACCOUNT_CHOICE); /* said to us alone */
	if (downstream_fields(x->core_route, &x->req, &x->res) < 0 || secure_hsts(x->site, by_https(x), &x->res) < 0)
		return 502;
	response_type(&x->res, x->arena);
	observe_response(x);
	(void)tc_field_drop(&x->res.fields, TC_F_CONTENT_LENGTH);
	return debug_tell(x) < 0 ? 502 : 0;
}

int
judge_response(struct exchange *x)
{
	bool tightened;
	int status;

	debug_mark(x, DEBUG_ANSWERED);
	if (observe_site(x->site))
		return pass_response(x);
	fields_strip_hop_by_hop(&x->res.fields);
	if (config_of(x)->cookies_listed && tc_field_first(&x->res.fields, TC_F_SET_COOKIE) != NULL)
		inventory_cookies(x->site, &x->res.fields, x->facts.day, config_of(x)->stats_k);
	tightened = hear_account(x);
	if (downstream_fields(x->core_route, &x->req, &x->res) < 0)
		return 502;
	response_type(&x->res, x->arena);
	if (is_unusable(x, tightened))
		return ask_for_all(x);
	status = chain_response(&x->chain, &x->res);
	if (status != 0)
		return status;
	(void)tc_field_drop(&x->res.fields, TC_F_CONTENT_LENGTH);
	if (variant_response(x) < 0 || secure_answer(x) < 0 || keep_choice(x) < 0)
		return 502;
	if (dnt_tell(x->site, &x->decision, &x->res) < 0 || debug_tell(x) < 0)
		return 502;
	return 0;
}

bool
judge_early(struct exchange *x)
{
	struct tc_fields *fs = &x->res.fields;

	for (size_t i = 0; i < fs->n; i++)
		fs->v[i].dropped |= fs->v[i].id != TC_F_LINK;
	if (!observe_site(x->site) && chain_hint(&x->chain, &x->res) < 0)
		return false;
	return tc_field_first(fs, TC_F_LINK) != NULL;
}

/* ---- our own answers ---- */

static int
own_field(struct exchange *x, enum tc_fid id, const char *value)
{
	return tc_field_set(&x->res.fields, id, tc_str_from(value));
}

static struct tc_str
asked_for(const struct exchange *x, struct tc_str name)
{
	for (size_t i = 0; i < x->req.fields.n; i++)
		if (x->req.fields.v[i].id == TC_F_OTHER && tc_ieq(x->req.fields.v[i].name, name))
			return x->req.fields.v[i].value;
	return (struct tc_str){NULL, 0};
}

/* What browsers want to see before a page of another origin may have the answer (Fetch standard 3.2). */
static int
share(struct exchange *x)
{
	struct tc_str origin = tc_field_value(&x->req.fields, TC_F_ORIGIN);
	const struct {
		struct tc_str name, value;
	} rows[] = {
		{TC_STR("Cross-Origin-Resource-Policy"), TC_STR("cross-origin")},
		{TC_STR("Access-Control-Allow-Origin"), origin},
		{TC_STR("Access-Control-Allow-Credentials"), origin.p != NULL ? TC_STR("true") : origin},
		{TC_STR("Access-Control-Allow-Methods"), asked_for(x, TC_STR("Access-Control-Request-Method"))},
		{TC_STR("Access-Control-Allow-Headers"), asked_for(x, TC_STR("Access-Control-Request-Headers"))},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value.p != NULL && tc_field_add_named(&x->res.fields, rows[i].name, rows[i].value) < 0)
			return -1;
	return 0;
}

static int
edge_answer(struct exchange *x)
{
	const struct chain_answer *a = &x->chain.answer;

	if (!a->moved)
		x->answer_body = a->body;
	if (a->shared && share(x) < 0)
		return -1;
	if (a->type != NULL && own_field(x, TC_F_CONTENT_TYPE, a->type) < 0)
		return -1;
	if (own_field(x, TC_F_CACHE_CONTROL, a->cache != NULL ? a->cache : "no-store") < 0)
		return -1;
	if (a->tag != NULL && own_field(x, TC_F_ETAG, a->tag) < 0)
		return -1;
	if (a->moved && tc_field_set(&x->res.fields, TC_F_LOCATION, a->body) < 0)
		return -1;
	return own_field(x, TC_F_X_CONTENT_TYPE_OPTIONS, "nosniff");
}

/* A choice was made: what an opted-out visitor's browser still holds is expired with the same answer. */
static int
expire_cookies(struct exchange *x)
{
	x->facts.choice = CHOICE_OUT;
	decide_again(x);
	x->res.head_only = true;
	if (chain_request(&x->chain) != 0)
		return 0;
	return chain_response(&x->chain, &x->res) < 0 ? -1 : 0;
}

/* Does this answer bring the visitor's no? */
static bool
is_opted_out(const struct tc_response *res)
{
	return tc_starts(tc_field_value(&res->fields, TC_F_SET_COOKIE), TC_STR("tacet_choice=v1.out"));
}

static int
page_answer(struct exchange *x)
{
	struct pages_ctx ctx = {
		.config = config_of(x),
		.site = x->site,
		.facts = &x->facts,
		.decision = &x->decision,
		.key = x->use->snapshot->choice_key,
		.cookie = x->choice.state != CHOICE_NONE ? &x->choice : NULL,
		.req = &x->req,
		.form = buf_str(&x->up_hold),
		.dnt_policy = x->use->snapshot->dnt_policies[x->site - config_of(x)->sites],
		.arena = x->arena,
	};

	if (observe_site(x->site)) { /* nothing is done for him: the page does not say that it were */
		x->decision.denied = 0;
		x->decision.out = x->decision.person = false;
		x->decision.src = TC_SRC_NONE;
	}
	today(&ctx.year, &ctx.month);
	if (pages_answer(&ctx, &x->res, &x->answer_body) < 0)
		return -1;
	return !observe_site(x->site) && x->res.status == 303 && is_opted_out(&x->res) ? expire_cookies(x) : 0;
}

/* Thanks are short: whatever it said, and however often. */
static int
reports_answer(struct exchange *x)
{
	struct reports_ctx ctx = {
		.site = x->site,
		.host = x->req.host,
		.lane = x->worker->lane,
		.arena = x->arena,
	};

	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (strcmp(tc_filters[i]->name, "lists") == 0)
			ctx.lists = x->use->snapshot->confs[i];
	if (reports_due(ctx.lane, loop_now(&x->worker->loop)))
		reports_take(&ctx, tc_field_value(&x->req.fields, TC_F_CONTENT_TYPE), buf_str(&x->up_hold));
	x->res.status = 204;
	return own_field(x, TC_F_CACHE_CONTROL, "no-store");
}

static int
retry_after(struct exchange *x)
{
	unsigned seconds = x->retry_after > 0 ? x->retry_after : x->answer_status == 503;
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", seconds);
	struct tc_str value = tc_copy(x->arena, tc_str_of(text, (size_t)n));

	if (seconds == 0)
		return 0;
	return value.p == NULL ? -1 : tc_field_set(&x->res.fields, TC_F_RETRY_AFTER, value);
}

/* A 405 says what may be asked instead: of what a filter serves, or of any origin (there it is the origin's to say). */
static int
allow(struct exchange *x)
{
	struct tc_str methods = TC_STR("GET, HEAD");

	if (tc_eq(x->req.match, TC_STR(TC_CONTAIN_REPORTS)))
		methods = TC_STR("POST");
	else if (x->refusal != REFUSAL_NONE)
		methods = TC_STR("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
	return tc_field_add_named(&x->res.fields, TC_STR("Allow"), methods);
}

static int
error_answer(struct exchange *x)
{
	x->answer_body = error_page(x->answer_status, x->arena);
	if (x->answer_body.p == NULL || own_field(x, TC_F_CONTENT_TYPE, "text/html; charset=utf-8") < 0)
		return -1;
	if (retry_after(x) < 0 || (x->answer_status == 405 && allow(x) < 0))
		return -1;
	return own_field(x, TC_F_CACHE_CONTROL, "no-store");
}

static int
proof_answer(struct exchange *x)
{
	if (own_field(x, TC_F_CACHE_CONTROL, "no-store") < 0)
		return -1;
	return own_field(x, TC_F_CONTENT_TYPE, "application/octet-stream");
}

static int
own_page_answer(struct exchange *x)
{
	if (x->reports)
		return reports_answer(x);
	return debug_owns(x) ? debug_answer(x) : page_answer(x);
}

int
judge_own_answer(struct exchange *x)
{
	int r;

	x->res = (struct tc_response){.status = x->answer_status};
	x->res.fields.arena = x->arena;
	if (x->answer_status == 308)
		r = redirect_answer(x);
	else if (x->answer_status == 200 && !x->chain.answered)
		r = proof_answer(x);
	else if (x->answer_status == 0)
		r = own_page_answer(x);
	else if (x->chain.answered)
		r = edge_answer(x);
	else
		r = error_answer(x);
	if (r < 0 || x->core_route == NULL) /* no site, no wishes */
		return r;
	r = downstream_own(x->core_route, &x->res);
	if (r < 0 || secure_hsts(x->site, by_https(x), &x->res) < 0 || dnt_tell(x->site, &x->decision, &x->res) < 0)
		return -1;
	return debug_tell(x);
}

/*
 * prove_rules.c: the vocabulary of promises as predicates (promises.md 5). Each looks at one world, or once at the
 * configuration, and says what contradicts the promise.
 */
#include "core/prove_ask.h"
#include "http/url.h"

#define AD TC_CLASS_BIT(TC_ADVERTISING)

/* The first site that lacks what a promise names; NULL: all have it. */
static const struct config_site *
site_without(const struct proof *p, struct tc_str name, bool (*has)(const struct config_site *s, struct tc_str name))
{
	for (size_t k = 0; k < p->c->site_count; k++)
		if (!has(&p->c->sites[k], name))
			return &p->c->sites[k];
	return NULL;
}

/* ---- 5.1, 5.2: signals ---- */

static bool
signal_kept(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	bool measurement;
	tc_classes classes = proof_classes(promise->groups, &measurement);

	if (!proof_classes_gone(p, classes, measurement, false, w, f))
		return false;
	if (w->shape->status || w->route->force_out)
		return true;
	f->item = TC_STR("the page does not say that the opt-out was honoured");
	proof_blame(f, p, config_rules_node(p->c, w->decision.rules), w->row->says, "the rule set in force has no status",
	    "add status: \"Opt-Out Request Honored\" to this rule set");
	return false;
}

static bool
gpc_everywhere(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	if (!w->signal->gpc)
		return true;
	if (w->row->gpc_override_opt_in)
		return proof_row_fault(p, w, "an earlier yes beats a live GPC", "gpc_override", "gpc_override is not never",
		    "write gpc_override: never", f);
	if (!w->decision.person && w->decision.src != TC_SRC_ROUTE)
		return proof_row_fault(
		    p, w, "the signal is not heard", "honour", "honour leaves gpc out", "add gpc to honour", f);
	return signal_kept(p, promise, w, f);
}

static bool
dnt_honoured(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	if (promise->tk && !w->site->dnt_status)
		return proof_site_fault(p, w->site, TC_STR("responses do not say in Tk whether they track"), "dnt.status",
		    "dnt.status is not true", "set dnt: {status: true}", f);
	if (!w->signal->dnt || !proof_place_counts(promise, w))
		return true;
	if (!w->decision.person && w->decision.src != TC_SRC_ROUTE)
		return proof_row_fault(
		    p, w, "the signal is not heard", "honour", "honour leaves dnt out", "add dnt to honour", f);
	return signal_kept(p, promise, w, f);
}

/* ---- 5.3, 5.4: sale, third parties ---- */

static bool
no_sale(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	bool measurement;
	tc_classes granted = proof_granted(w->signal), classes = proof_classes(promise->groups, &measurement);
	tc_classes left = promise->unless != 0 && !w->route->force_out ? classes & (tc_classes)~granted : classes;

	if (left == 0 || proof_classes_gone(p, left, measurement, left != classes && (granted & AD) != 0, w, f))
		return true;
	if (promise->unless == 0 && granted != 0)
		f->hint = "let opted_in name a rule set that removes the classes, or promise no_sale: {unless: consent}";
	return false;
}

/* Every cookie but essential ones is gone, both ways. */
static bool
cookies_gone(struct proof *p, const struct proof_world *w, struct proof_fault *f)
{
	for (size_t i = 0; i < p->item_count; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;

		if (s->kind != TC_SPECIMEN_COOKIE || (TC_CLASS_BIT(s->class) & TC_ESSENTIAL) != 0)
			continue;
		for (int k = PROOF_COOKIE_SET; k <= PROOF_COOKIE_SENT; k++)
			if (proof_passes(w->shape, i, (enum proof_kind)k)) {
				(void)proof_item_fault(p, w, i, (enum proof_kind)k, TC_CLASS_BIT(s->class), f);
				if (s->class == TC_UNKNOWN)
					f->hint = "set cookies: {request: keep-listed, response: keep-listed}";
				return false;
			}
	}
	return true;
}

static bool
no_third_party(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	if (!proof_place_counts(promise, w) || proof_granted(w->signal) != 0)
		return true;
	for (size_t i = 0; i < p->item_count; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;

		if (s->kind == TC_SPECIMEN_COOKIE || proof_host_in(proof_url_host(s->text), promise->hosts))
			continue;
		for (int k = PROOF_SCRIPT; k <= PROOF_FRAME; k++)
			if (proof_passes(w->shape, i, (enum proof_kind)k)) {
				(void)proof_item_fault(p, w, i, (enum proof_kind)k, TC_CLASS_BIT(s->class), f);
				if (s->class == TC_UNKNOWN)
					f->hint = "let scripts.remove list unknown, and embeds be click-to-load or remove";
				return false;
			}
	}
	return proof_contained(p, w, f) && cookies_gone(p, w, f);
}

/* What an operator lets through is no third party before consent only if the promise says so. */
static bool
allow_kept(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	for (size_t i = 0; i < p->c->site_count; i++) {
		const struct config_site *s = &p->c->sites[i];

		for (size_t k = 0; k < s->pub.allow.n; k++)
			if (!proof_host_in(s->pub.allow.v[k], promise->hosts)) {
				(void)proof_site_fault(p, s,
				    proof_text(p, "host %.*s passes", (int)s->pub.allow.v[k].n, s->pub.allow.v[k].p),
				    "allow", "allow lets it through", "remove it from allow, or name it in the promise", f);
				f->at = config_entry(s->node, "allow", s->pub.allow.v[k]);
				return false;
			}
	}
	return true;
}

/* ---- 5.5 to 5.7 ---- */

enum { COOKIE_DAYS = 395 };

static bool
sticky_opt_out(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	const struct proof_signal *s = w->signal;
	bool out = s->choice == CHOICE_OUT, account = promise->account_bridge && s->account == CHOICE_OUT;

	if (promise->days > COOKIE_DAYS) {
		f->item = proof_text(p, "the choice cookie lives 395 days, not %lld", (long long)promise->days);
		f->hint = "browsers keep no cookie for more than 400 days: promise at most 395";
		return false;
	}
	if ((!out && !account) || w->decision.out)
		return true;
	return proof_row_fault(p, w, "what a visitor said before is not remembered", "honour", "honour leaves choice out",
	    "add choice to honour", f);
}

/* Each row of regions says what the promise says of the link, and has a notice of its own. */
static bool
choices_link(struct proof *p, const struct config_promise *promise, struct proof_fault *f)
{
	for (size_t i = 0; i < p->c->region_count; i++) {
		const struct config_region *r = &p->c->regions[i];

		if (promise->notices && r->link_text.n == 0) {
			f->item = proof_text(
			    p, "visitors of %.*s are shown no notice of their own", (int)r->name.n, r->name.p);
			proof_blame(f, p, r->node, r->says, "the row has no link_text", "add link_text to the row");
			return false;
		}
		if (promise->link.n > 0 && !tc_eq(r->link_text, promise->link)) {
			f->item = proof_text(p, "the link does not say \"%.*s\" to visitors of %.*s", (int)promise->link.n,
			    promise->link.p, (int)r->name.n, r->name.p);
			proof_blame(f, p, config_entry(r->node, "link_text", TC_STR("")), r->says,
			    "the row's link_text is another one", "write the text of the promise as link_text of the row");
			if (f->at == NULL)
				f->at = r->node;
			return false;
		}
	}
	return true;
}

/* A switch for this class is on the page: personalisation, social, analytics; advertising is the question itself. */
static bool
choices_page(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	for (size_t i = 0; i < p->c->site_count; i++) {
		const struct config_site *s = &p->c->sites[i];

		if (promise->link.n > 0 && s->pub.choices_link != TC_LINK_AUTO)
			return proof_site_fault(p, s, TC_STR("a page without a marker has no link to the choices page"),
			    "choices.link", "choices.link is not auto", "set choices: {link: auto}", f);
		if (promise->notice_on_change && !s->notice_on_change)
			return proof_site_fault(p, s, TC_STR("who chose under an older policy is not told of the new one"),
			    "choices.notice_on_change", "choices.notice_on_change is not true",
			    "set choices: {notice_on_change: true}", f);
		for (size_t k = 0; k < promise->languages.n; k++)
			if (!proof_text_in(promise->languages.v[k], s->pub.languages))
				return proof_site_fault(p, s,
				    proof_text(p, "the page is not there in %.*s", (int)promise->languages.v[k].n,
					promise->languages.v[k].p),
				    "choices.languages", "choices.languages leaves it out", "add the language", f);
	}
	return choices_link(p, promise, f);
}

/* Could a path that one glob matches be matched by the other, too? Asked with every '*' as a piece of path. */
static bool
globs_meet(struct tc_str a, struct tc_str b)
{
	char path[2100];
	size_t n = 0;

	for (size_t i = 0; i < b.n && n + 2 < sizeof(path); i++)
		if (b.p[i] == '*')
			path[n++] = 'x';
		else
			path[n++] = b.p[i];
	return glob_match(a, tc_str_of(path, n));
}

static bool
minors_off(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	bool meant = false;

	for (size_t i = 0; i < promise->routes.n && !meant; i++)
		meant = tc_eq(promise->routes.v[i], w->route->name) || globs_meet(promise->routes.v[i], w->route->match) ||
		    (w->route->force_out && globs_meet(w->route->match, promise->routes.v[i]));
	for (size_t i = 0; i < w->site->pub.hosts.n && !meant; i++)
		meant = proof_text_in(w->site->pub.hosts.v[i], promise->hosts);
	if (!meant)
		return true;
	if (w->decision.src != TC_SRC_ROUTE) {
		const struct config_route *r = config_route_of(w->site, w->route);

		f->item = proof_text(p, "route %.*s asks what visitors said", (int)w->route->name.n, w->route->name.p);
		proof_blame(f, p, r->node, r->says, "the route lacks force: opt-out", "add force: opt-out to the route");
		return false;
	}
	if (!proof_items_gone(p, w, PROOF_ALL, true, f) || !proof_unknown_gone(p, w, f) || !proof_contained(p, w, f))
		return false;
	if (tc_eq(w->shape->referrer, TC_STR("no-referrer")))
		return true;
	f->item = TC_STR("other sites learn which page was open: no Referrer-Policy: no-referrer");
	return false;
}

static bool
has_forced_route(const struct config_site *s, struct tc_str glob)
{
	for (size_t r = 0; r < s->pub.route_count; r++)
		if (s->pub.routes[r].force_out &&
		    (tc_eq(s->pub.routes[r].name, glob) || globs_meet(s->pub.routes[r].match, glob)))
			return true;
	return false;
}

/* Each path that the promise names belongs to a route that is forced. */
static bool
minors_routes(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	for (size_t i = 0; i < promise->routes.n; i++) {
		struct tc_str glob = promise->routes.v[i];
		const struct config_site *s = site_without(p, glob, has_forced_route);

		if (s != NULL)
			return proof_site_fault(p, s,
			    proof_text(p, "%.*s is no route with force: opt-out", (int)glob.n, glob.p), "routes",
			    "no route takes its paths", "add - {name: kids, match: /kids/*, force: opt-out} in front", f);
	}
	return true;
}

/* ---- 5.8, 5.9: place and address ---- */

static bool
city_only(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	static const char *const levels[] = {"city", "region", "country"};
	static const uint32_t finer[] = {0, GEO_CITY, GEO_CITY | GEO_REGION};

	(void)w;
	for (size_t i = 0; i < p->c->site_count; i++) {
		const struct config_site *s = &p->c->sites[i];

		if ((s->geo & finer[promise->level]) != 0)
			return proof_site_fault(p, s,
			    proof_text(p, "the origin gets a finer place than the %s", levels[promise->level]),
			    "forward.geo", "forward.geo names it", "take the finer levels out of forward.geo", f);
	}
	return true;
}

static bool
no_client_ip(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	enum client_ip most = promise->form == 0 ? CLIENT_IP_NONE : CLIENT_IP_PREFIX;

	(void)w;
	for (size_t i = 0; i < p->c->site_count; i++) {
		const struct config_site *s = &p->c->sites[i];

		if (s->client_ip > most)
			return proof_site_fault(p, s,
			    s->client_ip == CLIENT_IP_FULL ? TC_STR("X-Forwarded-For carries the whole address")
							   : TC_STR("X-Forwarded-For carries a part of the address"),
			    "forward.client_ip", "forward.client_ip lets it",
			    "set forward: {client_ip: none}, or prefix if the promise allows", f);
	}
	return true;
}

/* ---- 5.10, 5.11 ---- */

static bool
is_strict(struct tc_str policy)
{
	static const char *const enough[] = {"no-referrer", "same-origin", "strict-origin", "origin",
	    "strict-origin-when-cross-origin", "origin-when-cross-origin"};

	for (size_t i = 0; i < sizeof(enough) / sizeof(enough[0]); i++)
		if (tc_eq(policy, tc_str_from(enough[i])))
			return true;
	return false;
}

static bool
minimised(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	if (proof_granted(w->signal) != 0) /* the visitor's own wish keeps nobody */
		return true;
	for (size_t i = 0; i < p->item_count; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;

		if (s->kind == TC_SPECIMEN_COOKIE || proof_host_in(proof_url_host(s->text), promise->hosts))
			continue;
		for (int k = PROOF_SCRIPT; k <= PROOF_FRAME; k++)
			if (proof_passes(w->shape, i, (enum proof_kind)k) &&
			    !(s->class == TC_UNKNOWN && w->shape->contained))
				return proof_item_fault(p, w, i, (enum proof_kind)k, TC_CLASS_BIT(s->class), f);
	}
	if (promise->hosts.n == 0 || is_strict(w->shape->referrer))
		return true;
	f->item = TC_STR("kept third parties learn the whole address of the page: no Referrer-Policy");
	proof_blame(f, p, config_rules_node(p->c, w->decision.rules), w->row->says, "referrer: keep",
	    "set referrer: origin in this rule set");
	return false;
}

static bool
minimised_hosts(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	for (size_t i = 0; i < p->c->site_count; i++) {
		const struct config_site *s = &p->c->sites[i];

		for (size_t k = 0; k < s->pub.allow.n; k++)
			if (!proof_host_in(s->pub.allow.v[k], promise->hosts)) {
				(void)proof_site_fault(p, s,
				    proof_text(p, "host %.*s passes but is not in hosts", (int)s->pub.allow.v[k].n,
					s->pub.allow.v[k].p),
				    "allow", "allow lets it through",
				    "add it to hosts of the promise, or remove it from allow", f);
				f->at = config_entry(s->node, "allow", s->pub.allow.v[k]);
				return false;
			}
	}
	return true;
}

static bool
keeps_cookie(const struct config_site *s, struct tc_str name)
{
	return proof_text_in(name, s->pub.keep_cookies);
}

/* Names that always pass: those that the site keeps. Others are a matter of tables and the rule set. */
static bool
cookies_kept(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	for (size_t i = 0; i < promise->keep.n; i++) {
		struct tc_str name = promise->keep.v[i];
		const struct config_site *s = site_without(p, name, keeps_cookie);

		if (s != NULL)
			return proof_site_fault(p, s,
			    proof_text(p, "cookie %.*s is in keep, but keep_cookies lacks it", (int)name.n, name.p),
			    "keep_cookies", "a table or a list may strip it", "add it to keep_cookies of the site", f);
	}
	return true;
}

static bool
cookies_inventoried(
    struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	if (promise->unknown != 0 || !w->decision.out)
		return true;
	for (size_t i = 0; i < p->item_count; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;

		if (s->kind != TC_SPECIMEN_COOKIE || s->class != TC_UNKNOWN)
			continue;
		for (int k = PROOF_COOKIE_SET; k <= PROOF_COOKIE_SENT; k++)
			if (proof_passes(w->shape, i, (enum proof_kind)k)) {
				(void)proof_item_fault(p, w, i, (enum proof_kind)k, 0, f);
				f->hint = "set cookies: {request: keep-listed, response: keep-listed} in this rule set";
				return false;
			}
	}
	return true;
}

/* ---- 5.12, 5.13 ---- */

/* A route of this type that has the name, or takes the paths. */
static const struct tc_route *
mail_route(const struct config_site *s, struct tc_str name, enum tc_route_type type)
{
	for (size_t i = 0; i < s->pub.route_count; i++) {
		const struct tc_route *r = &s->pub.routes[i];

		if (r->type == type && (tc_eq(r->name, name) || globs_meet(r->match, name)))
			return r;
	}
	return NULL;
}

static bool
mail_routes(struct proof *p, struct tc_strs names, enum tc_route_type type, struct proof_fault *f)
{
	for (size_t k = 0; k < p->c->site_count; k++)
		for (size_t i = 0; i < names.n; i++)
			if (mail_route(&p->c->sites[k], names.v[i], type) == NULL)
				return proof_site_fault(p, &p->c->sites[k],
				    proof_text(p, "%.*s is no route of this type", (int)names.v[i].n, names.v[i].p),
				    "routes", "the origin answers it",
				    type == TC_ROUTE_OPEN ? "add - {name: mail-open, match: /o.gif, type: open}"
							  : "add - {name: mail-click, match: /c, type: click, click: {...}}",
				    f);
	return true;
}

static bool
email_anonymous(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	if (!mail_routes(p, promise->routes, TC_ROUTE_OPEN, f) || !mail_routes(p, promise->clicks, TC_ROUTE_CLICK, f))
		return false;
	for (size_t k = 0; k < p->c->site_count; k++)
		for (size_t i = 0; i < p->c->sites[k].pub.route_count; i++) {
			const struct tc_route *r = &p->c->sites[k].pub.routes[i];

			for (size_t t = 0; r->type == TC_ROUTE_CLICK && t < r->click_targets.n; t++)
				if (!proof_host_in(r->click_targets.v[t], promise->hosts)) {
					f->item = proof_text(p, "links of %.*s may lead to %.*s", (int)r->name.n, r->name.p,
					    (int)r->click_targets.v[t].n, r->click_targets.v[t].p);
					f->at = config_entry(config_route_of(&p->c->sites[k], r)->node, "click.targets",
					    r->click_targets.v[t]);
					f->because = TC_STR("click.targets names it");
					f->hint = "add the host to targets of the promise, or take it out of the route";
					return false;
				}
		}
	return true;
}

static bool
residency(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	const struct tc_strs *hosts = w->decision.residency;
	bool granted = (w->signal->switches & SWITCH_EXPORT) != 0;

	if (!proof_place_counts(promise, w) || (granted && promise->unless != 0))
		return true;
	if (hosts == NULL)
		return proof_row_fault(p, w, "third parties of any place may be asked", "residency",
		    granted ? "a visitor's separate consent lifts it" : "the row has no residency",
		    granted ? "promise unless: export" : "add residency: [HOST, ...] to the row", f);
	for (size_t i = 0; i < hosts->n; i++)
		if (!proof_host_in(hosts->v[i], promise->hosts))
			return proof_row_fault(p, w,
			    proof_text(p, "host %.*s may be asked but is not in hosts", (int)hosts->v[i].n, hosts->v[i].p).p,
			    "residency", "residency names it", "add the host to the promise, or take it out of the row", f);
	return true;
}

/* ---- 5.14 to 5.16 ---- */

static bool
aggregate_only(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	if (p->c->stats_k >= promise->k)
		return true;
	f->item = proof_text(p, "stats.privacy.k: %lld < %lld", (long long)p->c->stats_k, (long long)promise->k);
	f->hint = "raise stats.privacy.k";
	return false;
}

static bool
retention(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	const long long month = 2629800000LL; /* a twelfth of 365.25 days, as durations are read */

	(void)w;
	if (p->c->stats_keep_ms <= promise->max_ms)
		return true;
	f->item = proof_text(p, "store stats: keep %lld months > %lld months", (long long)p->c->stats_keep_ms / month,
	    (long long)promise->max_ms / month);
	f->hint = "lower stats.keep";
	return false;
}

/* Seconds of "max-age=31536000; includeSubDomains". */
static int64_t
max_age(struct tc_str value)
{
	while (value.n > 0) {
		struct tc_str part = tc_next(&value, ';'), name = tc_trim(tc_next(&part, '='));
		int64_t n = 0;

		if (!tc_ieq(name, TC_STR("max-age")) || part.p == NULL)
			continue;
		part = tc_trim(part);
		for (size_t i = 0; i < part.n && part.p[i] >= '0' && part.p[i] <= '9' && n < INT32_MAX; i++)
			n = n * 10 + (part.p[i] - '0');
		return n;
	}
	return 0;
}

/* For how long browsers are told to ask by https, in seconds: by hsts, or by response.set. */
static int64_t
hsts_of(const struct config_site *s, const struct config_route *r)
{
	if (s->hsts_s > 0)
		return s->hsts_s;
	for (size_t i = 0; i < r->set_count; i++)
		if (tc_ieq(r->set[i].name, TC_STR("Strict-Transport-Security")))
			return max_age(r->set[i].value);
	return 0;
}

static bool
hsts_is_long(struct proof *p, const struct config_promise *promise, const struct config_site *s, struct proof_fault *f)
{
	int64_t least = promise->hsts_ms / 1000;

	least -= least / 1000; /* a year of 365 days is one */
	for (size_t k = 0; k < s->pub.route_count; k++) {
		int64_t has = hsts_of(s, &s->routes[k]);

		if (has == 0)
			return proof_site_fault(p, s, TC_STR("answers have no Strict-Transport-Security"), "hsts",
			    "hsts is not set", "add hsts: 1 year", f);
		if (has < least)
			return proof_site_fault(p, s,
			    proof_text(p, "Strict-Transport-Security: %lld s < %lld s", (long long)has, (long long)least),
			    "hsts", "browsers forget it too soon", "raise hsts", f);
	}
	return true;
}

/* On this machine, nobody is in between. A name is no address, whatever it begins with. */
static bool
is_local(const struct config_server *s)
{
	static const struct cidr loopback = {{.family = 4, .ip = {[12] = 127}}, 8},
				 loopback6 = {{.family = 6, .ip = {[15] = 1}}, 128};
	struct tc_addr a;

	if (s->path.n > 0 || tc_eq(s->host, TC_STR("localhost")))
		return true;
	return addr_parse(s->host, &a) && (cidr_has(&loopback, &a) || cidr_has(&loopback6, &a));
}

static bool
origin_is_safe(struct proof *p, const struct config_origin *o, struct proof_fault *f)
{
	for (size_t i = 0; i < o->server_count; i++) {
		const struct config_server *s = &o->servers[i];

		if (is_local(s) || (s->https && o->tls.verify))
			continue;
		f->item = proof_text(p, "the origin %.*s is asked %s", (int)s->url.n, s->url.p,
		    s->https ? "without verifying it" : "in clear");
		f->hint = s->https ? "remove verify: false" : "write https:// in its url";
		return false;
	}
	return true;
}

static bool
https_only(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	for (size_t i = 0; i < p->c->listen_count; i++)
		if (p->c->listen[i].tls == NULL && !p->c->listen[i].redirect_https) {
			f->item = proof_text(
			    p, "listener %.*s serves without TLS", (int)p->c->listen[i].text.n, p->c->listen[i].text.p);
			f->hint = "give it tls: or redirect: https";
			return false;
		}
	for (size_t i = 0; i < p->c->site_count; i++)
		if (!hsts_is_long(p, promise, &p->c->sites[i], f))
			return false;
	for (size_t i = 0; i < p->c->origin_count; i++)
		if (!origin_is_safe(p, p->c->origins[i], f))
			return false;
	return true;
}

const struct proof_predicate proof_predicates[PROMISE_COUNT] = {
	[PROMISE_GPC_EVERYWHERE] = {gpc_everywhere, NULL},
	[PROMISE_DNT_HONOURED] = {dnt_honoured, NULL},
	[PROMISE_NO_SALE] = {no_sale, NULL},
	[PROMISE_NO_THIRD_PARTY] = {no_third_party, allow_kept},
	[PROMISE_STICKY_OPT_OUT] = {sticky_opt_out, NULL},
	[PROMISE_CHOICES_PAGE] = {NULL, choices_page},
	[PROMISE_MINORS_OFF] = {minors_off, minors_routes},
	[PROMISE_CITY_ONLY] = {NULL, city_only},
	[PROMISE_NO_CLIENT_IP] = {NULL, no_client_ip},
	[PROMISE_MINIMISED] = {minimised, minimised_hosts},
	[PROMISE_COOKIES_INVENTORIED] = {cookies_inventoried, cookies_kept},
	[PROMISE_EMAIL_ANONYMOUS] = {NULL, email_anonymous},
	[PROMISE_RESIDENCY] = {residency, NULL},
	[PROMISE_AGGREGATE_ONLY] = {NULL, aggregate_only},
	[PROMISE_RETENTION] = {NULL, retention},
	[PROMISE_HTTPS_ONLY] = {NULL, https_only},
};

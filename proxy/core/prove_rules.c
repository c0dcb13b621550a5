/*
 * prove_rules.c: the vocabulary of promises as predicates (promises.md 5). Each looks at one world, or once at the
 * configuration, and says what contradicts the promise.
 */
#include <stdio.h>

#include "core/prove_world.h"
#include "http/url.h"

#define AN TC_CLASS_BIT(TC_ANALYTICS)
#define SALE (TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) | TC_CLASS_BIT(TC_SOCIAL))
#define UNLISTED TC_CLASS_BIT(TC_UNKNOWN)
#define ALL ((tc_classes)~TC_ESSENTIAL)

static const char *const CLASS_NAMES[TC_CLASS_COUNT] = {
#define X(e, name) [TC_##e] = name,
    TC_CLASSES(X)
#undef X
};

static const char *const KIND_NAMES[PROOF_KINDS] = {"script", "image", "frame", "Set-Cookie", "cookie"};

/* ---- hosts ---- */

static bool
host_below(struct tc_str host, struct tc_str name)
{
	return tc_ends(host, name) && name.n > 0 && (host.n == name.n || host.p[host.n - name.n - 1] == '.');
}

static bool
host_in(struct tc_str host, struct tc_strs names)
{
	for (size_t i = 0; i < names.n; i++)
		if (host_below(host, names.v[i]))
			return true;
	return false;
}

/* "https://host/path" -> host */
static struct tc_str
url_host(struct tc_str url)
{
	tc_skip(&url, tc_find(url, TC_STR("://")));
	tc_skip(&url, url.n > 3 ? 3 : url.n);
	return tc_str_of(url.p, tc_find_byte(url, '/'));
}

static bool
text_in(struct tc_str text, struct tc_strs list)
{
	for (size_t i = 0; i < list.n; i++)
		if (tc_ieq(list.v[i], text))
			return true;
	return false;
}

/* ---- why something passes ---- */

static void
blame(struct proof_fault *f, struct proof *p, const struct node *at, struct tc_str says, const char *what, const char *hint)
{
	f->at = at;
	f->says = says;
	f->because = proof_text(p, "%s", what);
	f->hint = hint;
}

/* The first reason that fits, from the narrowest to the widest. host n = 0: no host. */
static void
find_reason(struct proof *p, const struct proof_world *w, struct tc_str host, tc_classes class, struct proof_fault *f)
{
	const struct config_route *route = config_route_of(w->site, w->route);
	const struct tc_rule_set *r = w->decision.rules;
	const struct node *rules = config_rules_node(p->c, r), *says = config_entry(rules, "says", TC_STR(""));

	if (host.n > 0 && host_in(host, w->route->allow))
		blame(f, p, config_entry(route->node, "allow", host), route->says, "allow lets it through on this route",
		    "remove the host from allow");
	else if (host.n > 0 && host_in(host, w->site->pub.allow))
		blame(f, p, config_entry(w->site->node, "allow", host), w->site->says, "allow lets it through on this site",
		    "remove the host from allow");
	else if (host.n > 0 && w->decision.measurement && host_in(host, w->site->pub.acts_for_us))
		blame(f, p, config_entry(w->site->node, "acts_for_us", host), w->site->says, "acts_for_us keeps it",
		    "remove the host from acts_for_us, or list analytics in scripts.remove");
	else if (w->route->filter == TC_ROUTE_NONE && host.n > 0)
		blame(f, p, config_entry(route->node, "filter", TC_STR("")), route->says,
		    "filter: none passes bodies as they are", "let this route be filtered");
	else if (class != 0 && (w->decision.denied & class) == 0)
		blame(f, p, rules != NULL ? config_entry(rules, "scripts.remove", TC_STR("")) : NULL,
		    says != NULL ? config_entry(rules, "says", TC_STR("")) != NULL ? w->row->says : TC_STR("")
				 : w->row->says,
		    "the rule set in force does not remove this class", "add the class to scripts.remove of this rule set");
	else
		blame(f, p, rules, w->row->says, "the rule set in force", "tighten this rule set");
	if (f->at == NULL)
		f->at = w->row->node;
	(void)says;
}

static bool
item_fault(
    struct proof *p, const struct proof_world *w, size_t i, enum proof_kind kind, tc_classes class, struct proof_fault *f)
{
	const struct tc_specimen *s = &p->items[i].specimen;
	struct tc_str none = {NULL, 0};

	f->item = proof_text(
	    p, "%s %.*s, class %s: passes", KIND_NAMES[kind], (int)s->text.n, s->text.p, CLASS_NAMES[s->class]);
	if (s->kind != TC_SPECIMEN_COOKIE) {
		find_reason(p, w, url_host(s->text), class, f);
		return false;
	}
	if (text_in(s->text, w->site->pub.keep_cookies))
		blame(f, p, config_entry(w->site->node, "keep_cookies", s->text), w->site->says,
		    "keep_cookies lets it through", "remove the name from keep_cookies");
	else
		find_reason(p, w, none, class, f);
	return false;
}

/* ---- what every promise about trackers asks ---- */

/* The classes that a promise names. Hosts that act for the site alone are measurement, and no sale. */
static tc_classes
classes_of(uint32_t groups, bool *measurement)
{
	tc_classes c = (tc_classes)(groups & 0xff);

	*measurement = (groups & GROUP_MEASUREMENT) != 0 || (c & AN) != 0;
	if ((groups & GROUP_SELL_SHARE) != 0)
		c |= SALE | AN;
	if ((groups & GROUP_MEASUREMENT) != 0)
		c |= AN;
	return c & ALL;
}

static bool
is_measured(const struct proof_world *w, const struct tc_specimen *s)
{
	return s->kind == TC_SPECIMEN_URL && w->decision.measurement && host_in(url_host(s->text), w->site->pub.acts_for_us);
}

/* No item of these classes passes, in any form. */
static bool
items_gone(struct proof *p, const struct proof_world *w, tc_classes classes, bool measurement, struct proof_fault *f)
{
	if (w->shape->broken) {
		f->item = TC_STR("a page cannot be filtered here, so nothing can be proved of it");
		return false;
	}
	for (size_t i = 0; i < p->item_count; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;

		if ((TC_CLASS_BIT(s->class) & classes) == 0 || s->class == TC_UNKNOWN || (!measurement && is_measured(w, s)))
			continue;
		for (int k = 0; k < PROOF_KINDS; k++)
			if (proof_passes(w->shape, i, (enum proof_kind)k))
				return item_fault(p, w, i, (enum proof_kind)k, TC_CLASS_BIT(s->class), f);
	}
	return true;
}

/* A third party that no list names is gone, or out of reach of a second CSP. */
static bool
unknown_gone(struct proof *p, const struct proof_world *w, struct proof_fault *f)
{
	for (size_t i = 0; i < p->item_count && !w->shape->contained; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;

		if (s->class != TC_UNKNOWN || s->kind != TC_SPECIMEN_URL)
			continue;
		for (int k = PROOF_SCRIPT; k <= PROOF_FRAME; k++)
			if (proof_passes(w->shape, i, (enum proof_kind)k)) {
				(void)item_fault(p, w, i, (enum proof_kind)k, UNLISTED, f);
				f->hint = "let scripts.remove list unknown, or set contain: enforce";
				return false;
			}
	}
	return true;
}

/* What pages add at run time can only go where a second CSP lets it. */
static bool
contained(struct proof *p, const struct proof_world *w, struct proof_fault *f)
{
	const struct node *rules = config_rules_node(p->c, w->decision.rules);

	if (w->shape->contained)
		return true;
	f->item = TC_STR("a tag that a kept script adds at run time: no second CSP holds it");
	blame(f, p, rules != NULL ? config_entry(rules, "contain", TC_STR("")) : NULL, w->row->says,
	    "contain is not enforce", "set contain: enforce in this rule set");
	if (f->at == NULL)
		f->at = rules != NULL ? rules : w->row->node;
	return false;
}

/* The classes themselves: a list that names something new in one of them tomorrow has to find it denied. */
static bool
all_denied(struct proof *p, const struct proof_world *w, tc_classes classes, struct proof_fault *f)
{
	const struct tc_str none = {NULL, 0};
	tc_classes missing = classes & (tc_classes)~w->decision.denied & (tc_classes)~UNLISTED;

	if (missing == 0)
		return true;
	f->item = proof_text(p, "class %s is not denied", CLASS_NAMES[__builtin_ctz(missing)]);
	find_reason(p, w, none, missing, f);
	return false;
}

/* Nothing of these classes can be reached. open: somebody granted advertising, so other third parties are not meant. */
static bool
classes_gone(
    struct proof *p, tc_classes classes, bool measurement, bool open, const struct proof_world *w, struct proof_fault *f)
{
	if (!items_gone(p, w, classes, measurement, f) || !all_denied(p, w, classes, f))
		return false;
	return open || (unknown_gone(p, w, f) && contained(p, w, f));
}

static bool
place_counts(const struct config_promise *promise, const struct proof_world *w)
{
	if (promise->everywhere || w->place->place.country[0] == '\0')
		return true;
	for (size_t i = 0; i < promise->places.n; i++)
		if (place_in(promise->places.v[i], &w->place->place))
			return true;
	return false;
}

#define AD TC_CLASS_BIT(TC_ADVERTISING)

/* What the visitor of this world allowed. No to advertising is a no to all but what a consent tool granted beside it. */
static tc_classes
granted_by(const struct proof_signal *s)
{
	if (s->gpc || s->dnt)
		return 0;
	if (s->choice == CHOICE_IN)
		return (s->class & AD) != 0 ? 0 : ALL & (tc_classes)~s->class;
	if (s->consent == CMP_GRANT)
		return s->class != 0 ? s->class : ALL;
	return s->consent == CMP_DENY && s->class != 0 ? ALL & (tc_classes)~s->class : 0;
}

static bool
row_fault(struct proof *p, const struct proof_world *w, const char *item, const char *way, const char *because,
    const char *hint, struct proof_fault *f)
{
	f->item = proof_text(p, "%s", item);
	blame(f, p, config_entry(w->row->node, way, TC_STR("")), w->row->says, because, hint);
	if (f->at == NULL)
		f->at = w->row->node;
	return false;
}

static bool
site_fault(struct proof *p, const struct config_site *s, const struct tc_str item, const char *way, const char *because,
    const char *hint, struct proof_fault *f)
{
	f->item = item;
	blame(f, p, config_entry(s->node, way, TC_STR("")), s->says, because, hint);
	if (f->at == NULL)
		f->at = s->node;
	return false;
}

/* ---- 5.1, 5.2: signals ---- */

static bool
signal_kept(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	bool measurement;
	tc_classes classes = classes_of(promise->groups, &measurement);

	if (!classes_gone(p, classes, measurement, false, w, f))
		return false;
	if (w->shape->status || w->route->force_out)
		return true;
	f->item = TC_STR("the page does not say that the opt-out was honoured");
	blame(f, p, config_rules_node(p->c, w->decision.rules), w->row->says, "the rule set in force has no status",
	    "add status: \"Opt-Out Request Honored\" to this rule set");
	return false;
}

static bool
gpc_everywhere(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	if (!w->signal->gpc)
		return true;
	if (w->row->gpc_override_opt_in)
		return row_fault(p, w, "an earlier yes beats a live GPC", "gpc_override", "gpc_override is not never",
		    "write gpc_override: never", f);
	if (!w->decision.person && w->decision.src != TC_SRC_ROUTE)
		return row_fault(p, w, "the signal is not heard", "honour", "honour leaves gpc out", "add gpc to honour", f);
	return signal_kept(p, promise, w, f);
}

static bool
dnt_honoured(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	if (promise->tk && !w->site->dnt_status)
		return site_fault(p, w->site, TC_STR("responses do not say in Tk whether they track"), "dnt.status",
		    "dnt.status is not true", "set dnt: {status: true}", f);
	if (!w->signal->dnt || !place_counts(promise, w))
		return true;
	if (!w->decision.person && w->decision.src != TC_SRC_ROUTE)
		return row_fault(p, w, "the signal is not heard", "honour", "honour leaves dnt out", "add dnt to honour", f);
	return signal_kept(p, promise, w, f);
}

/* ---- 5.3, 5.4: sale, third parties ---- */

static bool
no_sale(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	bool measurement;
	tc_classes granted = granted_by(w->signal), classes = classes_of(promise->groups, &measurement);
	tc_classes left = promise->unless != 0 && !w->route->force_out ? classes & (tc_classes)~granted : classes;

	if (left == 0 || classes_gone(p, left, measurement, left != classes && (granted & AD) != 0, w, f))
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
				(void)item_fault(p, w, i, (enum proof_kind)k, TC_CLASS_BIT(s->class), f);
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
	if (!place_counts(promise, w) || granted_by(w->signal) != 0)
		return true;
	for (size_t i = 0; i < p->item_count; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;

		if (s->kind == TC_SPECIMEN_COOKIE || host_in(url_host(s->text), promise->hosts))
			continue;
		for (int k = PROOF_SCRIPT; k <= PROOF_FRAME; k++)
			if (proof_passes(w->shape, i, (enum proof_kind)k)) {
				(void)item_fault(p, w, i, (enum proof_kind)k, TC_CLASS_BIT(s->class), f);
				if (s->class == TC_UNKNOWN)
					f->hint = "let scripts.remove list unknown, and embeds be click-to-load or remove";
				return false;
			}
	}
	return contained(p, w, f) && cookies_gone(p, w, f);
}

/* What an operator lets through is no third party before consent only if the promise says so. */
static bool
allow_kept(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	for (size_t i = 0; i < p->c->site_count; i++) {
		const struct config_site *s = &p->c->sites[i];

		for (size_t k = 0; k < s->pub.allow.n; k++)
			if (!host_in(s->pub.allow.v[k], promise->hosts)) {
				(void)site_fault(p, s,
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
	return row_fault(p, w, "what a visitor said before is not remembered", "honour", "honour leaves choice out",
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
			blame(f, p, r->node, r->says, "the row has no link_text", "add link_text to the row");
			return false;
		}
		if (promise->link.n > 0 && !tc_eq(r->link_text, promise->link)) {
			f->item = proof_text(p, "the link does not say \"%.*s\" to visitors of %.*s", (int)promise->link.n,
			    promise->link.p, (int)r->name.n, r->name.p);
			blame(f, p, config_entry(r->node, "link_text", TC_STR("")), r->says,
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
			return site_fault(p, s, TC_STR("a page without a marker has no link to the choices page"),
			    "choices.link", "choices.link is not auto", "set choices: {link: auto}", f);
		if (promise->notice_on_change && !s->notice_on_change)
			return site_fault(p, s, TC_STR("who chose under an older policy is not told of the new one"),
			    "choices.notice_on_change", "choices.notice_on_change is not true",
			    "set choices: {notice_on_change: true}", f);
		for (size_t k = 0; k < promise->languages.n; k++)
			if (!text_in(promise->languages.v[k], s->pub.languages))
				return site_fault(p, s,
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
		meant = text_in(w->site->pub.hosts.v[i], promise->hosts);
	if (!meant)
		return true;
	if (w->decision.src != TC_SRC_ROUTE) {
		const struct config_route *r = config_route_of(w->site, w->route);

		f->item = proof_text(p, "route %.*s asks what visitors said", (int)w->route->name.n, w->route->name.p);
		blame(f, p, r->node, r->says, "the route lacks force: opt-out", "add force: opt-out to the route");
		return false;
	}
	if (!items_gone(p, w, ALL, true, f) || !unknown_gone(p, w, f) || !contained(p, w, f))
		return false;
	if (tc_eq(w->shape->referrer, TC_STR("no-referrer")))
		return true;
	f->item = TC_STR("other sites learn which page was open: no Referrer-Policy: no-referrer");
	return false;
}

/* Each path that the promise names belongs to a route that is forced. */
static bool
minors_routes(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	for (size_t i = 0; i < promise->routes.n; i++)
		for (size_t k = 0; k < p->c->site_count; k++) {
			const struct config_site *s = &p->c->sites[k];
			struct tc_str glob = promise->routes.v[i];
			bool found = false;

			for (size_t r = 0; r < s->pub.route_count && !found; r++)
				found = s->pub.routes[r].force_out &&
				    (tc_eq(s->pub.routes[r].name, glob) || globs_meet(s->pub.routes[r].match, glob));
			if (!found)
				return site_fault(p, s,
				    proof_text(p, "%.*s is no route with force: opt-out", (int)glob.n, glob.p), "routes",
				    "no route takes its paths",
				    "add - {name: kids, match: /kids/*, force: opt-out} in front", f);
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
			return site_fault(p, s,
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
			return site_fault(p, s,
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
	if (granted_by(w->signal) != 0) /* the visitor's own wish keeps nobody */
		return true;
	for (size_t i = 0; i < p->item_count; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;

		if (s->kind == TC_SPECIMEN_COOKIE || host_in(url_host(s->text), promise->hosts))
			continue;
		for (int k = PROOF_SCRIPT; k <= PROOF_FRAME; k++)
			if (proof_passes(w->shape, i, (enum proof_kind)k) &&
			    !(s->class == TC_UNKNOWN && w->shape->contained))
				return item_fault(p, w, i, (enum proof_kind)k, TC_CLASS_BIT(s->class), f);
	}
	if (promise->hosts.n == 0 || is_strict(w->shape->referrer))
		return true;
	f->item = TC_STR("kept third parties learn the whole address of the page: no Referrer-Policy");
	blame(f, p, config_rules_node(p->c, w->decision.rules), w->row->says, "referrer: keep",
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
			if (!host_in(s->pub.allow.v[k], promise->hosts)) {
				(void)site_fault(p, s,
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

/* Names that always pass: those that the site keeps. Others are a matter of tables and the rule set. */
static bool
cookies_kept(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)w;
	for (size_t i = 0; i < promise->keep.n; i++)
		for (size_t k = 0; k < p->c->site_count; k++) {
			const struct config_site *s = &p->c->sites[k];

			if (!text_in(promise->keep.v[i], s->pub.keep_cookies))
				return site_fault(p, s,
				    proof_text(p, "cookie %.*s is in keep, but keep_cookies lacks it",
					(int)promise->keep.v[i].n, promise->keep.v[i].p),
				    "keep_cookies", "a table or a list may strip it", "add it to keep_cookies of the site",
				    f);
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
				(void)item_fault(p, w, i, (enum proof_kind)k, 0, f);
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
				return site_fault(p, &p->c->sites[k],
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
				if (!host_in(r->click_targets.v[t], promise->hosts)) {
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

	if (!place_counts(promise, w) || (granted && promise->unless != 0))
		return true;
	if (hosts == NULL)
		return row_fault(p, w, "third parties of any place may be asked", "residency",
		    granted ? "a visitor's separate consent lifts it" : "the row has no residency",
		    granted ? "promise unless: export" : "add residency: [HOST, ...] to the row", f);
	for (size_t i = 0; i < hosts->n; i++)
		if (!host_in(hosts->v[i], promise->hosts))
			return row_fault(p, w,
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

static bool
has_hsts(const struct config_route *r)
{
	for (size_t i = 0; i < r->set_count; i++)
		if (tc_ieq(r->set[i].name, TC_STR("Strict-Transport-Security")))
			return true;
	return false;
}

static bool
https_only(struct proof *p, const struct config_promise *promise, const struct proof_world *w, struct proof_fault *f)
{
	(void)promise;
	(void)w;
	for (size_t i = 0; i < p->c->listen_count; i++)
		if (!p->c->listen[i].tls && !p->c->listen[i].redirect_https) {
			f->item = proof_text(
			    p, "listener %.*s serves without TLS", (int)p->c->listen[i].text.n, p->c->listen[i].text.p);
			f->hint = "give it tls: or redirect: https";
			return false;
		}
	for (size_t i = 0; i < p->c->site_count; i++)
		for (size_t k = 0; k < p->c->sites[i].pub.route_count; k++)
			if (!has_hsts(&p->c->sites[i].routes[k]))
				return site_fault(p, &p->c->sites[i], TC_STR("answers have no Strict-Transport-Security"),
				    "response.set", "response.set lacks it",
				    "add response: {set: {Strict-Transport-Security: max-age=31536000}}", f);
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

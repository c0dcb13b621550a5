/* prove_ask.c: see prove_ask.h. */
#include "core/prove_ask.h"

#define AN TC_CLASS_BIT(TC_ANALYTICS)
#define SALE (TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) | TC_CLASS_BIT(TC_SOCIAL))
#define UNLISTED TC_CLASS_BIT(TC_UNKNOWN)

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

bool
proof_host_in(struct tc_str host, struct tc_strs names)
{
	for (size_t i = 0; i < names.n; i++)
		if (host_below(host, names.v[i]))
			return true;
	return false;
}

/* "https://host/path" -> host */
struct tc_str
proof_url_host(struct tc_str url)
{
	tc_skip(&url, tc_find(url, TC_STR("://")));
	tc_skip(&url, url.n > 3 ? 3 : url.n);
	return tc_str_of(url.p, tc_find_byte(url, '/'));
}

bool
proof_text_in(struct tc_str text, struct tc_strs list)
{
	for (size_t i = 0; i < list.n; i++)
		if (tc_ieq(list.v[i], text))
			return true;
	return false;
}

/* ---- why something passes ---- */

void
proof_blame(
    struct proof_fault *f, struct proof *p, const struct node *at, struct tc_str says, const char *what, const char *hint)
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
	const struct node *rules = config_rules_node(p->c, w->decision.rules), *site = w->site->node;
	const struct tc_str any = TC_STR("");
	const struct {
		bool fits;
		const struct node *in; /* NULL: a default */
		const char *key;       /* NULL: all of it */
		struct tc_str value, says;
		const char *what, *hint;
	} reasons[] = {
		{host.n > 0 && proof_host_in(host, w->route->allow), route->node, "allow", host, route->says,
		    "allow lets it through on this route", "remove the host from allow"},
		{host.n > 0 && proof_host_in(host, w->site->pub.allow), site, "allow", host, w->site->says,
		    "allow lets it through on this site", "remove the host from allow"},
		{host.n > 0 && w->decision.measurement && proof_host_in(host, w->site->pub.acts_for_us), site, "acts_for_us",
		    host, w->site->says, "acts_for_us keeps it",
		    "remove the host from acts_for_us, or list analytics in scripts.remove"},
		{host.n > 0 && w->route->filter == TC_ROUTE_NONE, route->node, "filter", any, route->says,
		    "filter: none passes bodies as they are", "let this route be filtered"},
		{class != 0 && (w->decision.denied & class) == 0, rules, "scripts.remove", any, w->row->says,
		    "the rule set in force does not remove this class", "add the class to scripts.remove of this rule set"},
		{true, rules, NULL, any, w->row->says, "the rule set in force", "tighten this rule set"},
	};
	size_t i = 0;

	while (!reasons[i].fits)
		i++;
	proof_blame(f, p,
	    reasons[i].in != NULL && reasons[i].key != NULL ? config_entry(reasons[i].in, reasons[i].key, reasons[i].value)
							    : reasons[i].in,
	    reasons[i].says, reasons[i].what, reasons[i].hint);
	if (f->at == NULL)
		f->at = w->row->node;
}

bool
proof_item_fault(
    struct proof *p, const struct proof_world *w, size_t i, enum proof_kind kind, tc_classes class, struct proof_fault *f)
{
	const struct tc_specimen *s = &p->items[i].specimen;
	struct tc_str none = {NULL, 0};

	f->item = proof_text(
	    p, "%s %.*s, class %s: passes", KIND_NAMES[kind], (int)s->text.n, s->text.p, CLASS_NAMES[s->class]);
	if (s->kind != TC_SPECIMEN_COOKIE) {
		find_reason(p, w, proof_url_host(s->text), class, f);
		return false;
	}
	if (proof_text_in(s->text, w->site->pub.keep_cookies))
		proof_blame(f, p, config_entry(w->site->node, "keep_cookies", s->text), w->site->says,
		    "keep_cookies lets it through", "remove the name from keep_cookies");
	else
		find_reason(p, w, none, class, f);
	return false;
}

/* ---- what every promise about trackers asks ---- */

/* The classes that a promise names. Hosts that act for the site alone are measurement, and no sale. */
tc_classes
proof_classes(uint32_t groups, bool *measurement)
{
	tc_classes c = (tc_classes)(groups & 0xff);

	*measurement = (groups & GROUP_MEASUREMENT) != 0 || (c & AN) != 0;
	if ((groups & GROUP_SELL_SHARE) != 0)
		c |= SALE | AN;
	if ((groups & GROUP_MEASUREMENT) != 0)
		c |= AN;
	return c & PROOF_ALL;
}

static bool
is_measured(const struct proof_world *w, const struct tc_specimen *s)
{
	return s->kind == TC_SPECIMEN_URL && w->decision.measurement &&
	    proof_host_in(proof_url_host(s->text), w->site->pub.acts_for_us);
}

/* No item of these classes passes, in any form. */
bool
proof_items_gone(struct proof *p, const struct proof_world *w, tc_classes classes, bool measurement, struct proof_fault *f)
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
				return proof_item_fault(p, w, i, (enum proof_kind)k, TC_CLASS_BIT(s->class), f);
	}
	return true;
}

/* A third party that no list names is gone, or out of reach of a second CSP. */
bool
proof_unknown_gone(struct proof *p, const struct proof_world *w, struct proof_fault *f)
{
	for (size_t i = 0; i < p->item_count && !w->shape->contained; i++) {
		const struct tc_specimen *s = &p->items[i].specimen;

		if (s->class != TC_UNKNOWN || s->kind != TC_SPECIMEN_URL)
			continue;
		for (int k = PROOF_SCRIPT; k <= PROOF_FRAME; k++)
			if (proof_passes(w->shape, i, (enum proof_kind)k)) {
				(void)proof_item_fault(p, w, i, (enum proof_kind)k, UNLISTED, f);
				f->hint = "let scripts.remove list unknown, or set contain: enforce";
				return false;
			}
	}
	return true;
}

/* What pages add at run time can only go where a second CSP lets it. */
bool
proof_contained(struct proof *p, const struct proof_world *w, struct proof_fault *f)
{
	const struct node *rules = config_rules_node(p->c, w->decision.rules);

	if (w->shape->contained)
		return true;
	f->item = TC_STR("a tag that a kept script adds at run time: no second CSP holds it");
	proof_blame(f, p, rules != NULL ? config_entry(rules, "contain", TC_STR("")) : NULL, w->row->says,
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
bool
proof_classes_gone(
    struct proof *p, tc_classes classes, bool measurement, bool open, const struct proof_world *w, struct proof_fault *f)
{
	if (!proof_items_gone(p, w, classes, measurement, f) || !all_denied(p, w, classes, f))
		return false;
	return open || (proof_unknown_gone(p, w, f) && proof_contained(p, w, f));
}

bool
proof_place_counts(const struct config_promise *promise, const struct proof_world *w)
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
tc_classes
proof_granted(const struct proof_signal *s)
{
	if (s->gpc || s->dnt)
		return 0;
	if (s->choice == CHOICE_IN)
		return (s->class & AD) != 0 ? 0 : PROOF_ALL & (tc_classes)~s->class;
	if (s->consent == CMP_GRANT)
		return s->class != 0 ? s->class : PROOF_ALL;
	return s->consent == CMP_DENY && s->class != 0 ? PROOF_ALL & (tc_classes)~s->class : 0;
}

bool
proof_row_fault(struct proof *p, const struct proof_world *w, const char *item, const char *way, const char *because,
    const char *hint, struct proof_fault *f)
{
	f->item = proof_text(p, "%s", item);
	proof_blame(f, p, config_entry(w->row->node, way, TC_STR("")), w->row->says, because, hint);
	if (f->at == NULL)
		f->at = w->row->node;
	return false;
}

bool
proof_site_fault(struct proof *p, const struct config_site *s, const struct tc_str item, const char *way,
    const char *because, const char *hint, struct proof_fault *f)
{
	f->item = item;
	proof_blame(f, p, config_entry(s->node, way, TC_STR("")), s->says, because, hint);
	if (f->at == NULL)
		f->at = s->node;
	return false;
}

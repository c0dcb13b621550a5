/*
 * decide.c: the one pure decision (signals.md 0; README, "Which rule set", wins; ADR 0018).
 *
 *	facts -> hearing: who said what, and what needs a grant here
 *	      -> STEPS, in order of precedence: who says no, and to which classes
 *	      -> rule set, denied classes, source
 */
#include "core/decide.h"

#include <assert.h>

#define ADVERTISING TC_CLASS_BIT(TC_ADVERTISING)
#define ANALYTICS TC_CLASS_BIT(TC_ANALYTICS)
#define SELL_SHARE (ADVERTISING | ANALYTICS | TC_CLASS_BIT(TC_PERSONALISATION) | TC_CLASS_BIT(TC_SOCIAL))
#define ALL ((tc_classes)~TC_ESSENTIAL)

/* The facts as far as they count in the visitor's region. */
struct hearing {
	const struct config_region *row;
	const struct facts *f;
	enum choice choice;      /* of the sticky cookie */
	tc_classes switched_off; /* there, one by one */
	struct consent consent;  /* zero where the row does not honour it */
	tc_classes opt_in;       /* what needs a grant, by the row's default or by law */
	bool opt_in_measurement; /* also where the receiver acts for the site alone */
};

/* ---- what counts ---- */

/* An account's opt-in relaxes a sticky opt-out; it was the person's later act (signals.md D8). */
static enum choice
choice_in_force(const struct facts *f)
{
	if (f->account == CHOICE_IN && f->choice == CHOICE_OUT)
		return CHOICE_NONE;
	return f->choice;
}

/* For an unknown place every row of law counts. */
static void
hear_law(struct hearing *h, const struct config *c)
{
	const struct place *p = &h->f->place;
	bool sale = false, measurement = false;

	if (p->country[0] == '\0') {
		config_law_any(c, h->f->day, &sale, &measurement);
	} else {
		const struct config_law *law = config_law_of(c, p, h->f->day);

		sale = law != NULL && law->opt_in_sale;
		measurement = law != NULL && law->opt_in_measurement;
	}
	h->opt_in |= sale ? SELL_SHARE : 0;
	h->opt_in |= measurement ? ANALYTICS : 0;
	h->opt_in_measurement |= measurement;
}

static bool
takes_measurement(const struct tc_rule_set *r)
{
	return (r->remove & ANALYTICS) != 0 && !r->keep_measurement;
}

static void
hear(struct hearing *h, const struct config *c, const struct facts *f)
{
	*h = (struct hearing){.row = region_of(c, &f->place), .f = f};
	if ((h->row->honour & HONOUR_CHOICE) != 0)
		h->choice = choice_in_force(f);
	if (h->choice != CHOICE_NONE)
		h->switched_off = f->choice_denied & ALL;
	if ((h->row->honour & HONOUR_CONSENT) != 0)
		h->consent = f->consent;
	h->opt_in = h->row->initial->remove & ALL;
	h->opt_in_measurement = takes_measurement(h->row->initial);
	hear_law(h, c);
}

/* ---- the steps ---- */

enum no {
	NO_NOT, /* nothing, or single classes */
	NO_OUT, /* all that the row's opted_out removes */
	NO_SOME /* the same but for what was granted in the same breath: asked class by class */
};

/* A live signal beats an opt-in, unless the row lets an explicit one override GPC (D5; check warns). */
static enum no
gpc_says(const struct hearing *h, tc_classes *named)
{
	(void)named;
	if (!h->f->gpc || (h->row->honour & HONOUR_GPC) == 0)
		return NO_NOT;
	return h->row->gpc_override_opt_in && h->choice == CHOICE_IN ? NO_NOT : NO_OUT;
}

static enum no
dnt_says(const struct hearing *h, tc_classes *named)
{
	(void)named;
	return h->f->dnt && (h->row->honour & HONOUR_DNT) != 0 ? NO_OUT : NO_NOT;
}

static enum no
account_says(const struct hearing *h, tc_classes *named)
{
	(void)named;
	return h->f->account == CHOICE_OUT ? NO_OUT : NO_NOT;
}

static enum no
choice_says(const struct hearing *h, tc_classes *named)
{
	*named |= h->switched_off;
	return h->choice == CHOICE_OUT || (h->switched_off & ADVERTISING) != 0 ? NO_OUT : NO_NOT;
}

static enum no
consent_says(const struct hearing *h, tc_classes *named)
{
	*named |= h->consent.denied & ALL;
	if (h->consent.out)
		return NO_OUT;
	return (h->consent.denied & ADVERTISING) != 0 ? NO_SOME : NO_NOT;
}

/* In order of precedence: of several, the first is the source. Each may name classes, whoever else said no. */
static const struct {
	enum tc_source src;
	enum no (*says)(const struct hearing *h, tc_classes *named);
} STEPS[] = {
	{TC_SRC_GPC, gpc_says},
	{TC_SRC_DNT, dnt_says},
	{TC_SRC_ACCOUNT, account_says},
	{TC_SRC_CHOICE, choice_says},
	{TC_SRC_CONSENT, consent_says},
};

/* What the person said, all steps together. */
struct verdict {
	enum no no;
	enum tc_source src; /* of the no, or of the yes */
	bool yes;           /* an explicit opt-in, and no no */
	tc_classes named;   /* denied one by one */
	tc_classes granted;
};

/* Who explicitly opted in: to everything (account, choice), or by a consent cookie to all that needs it. */
static enum tc_source
yes_of(const struct hearing *h)
{
	tc_classes granted = h->consent.granted;

	if (h->f->account == CHOICE_IN)
		return TC_SRC_ACCOUNT;
	if (h->choice == CHOICE_IN)
		return TC_SRC_CHOICE;
	return (granted & ADVERTISING) != 0 && (h->opt_in & ~granted) == 0 ? TC_SRC_CONSENT : TC_SRC_NONE;
}

static struct verdict
verdict_of(const struct hearing *h)
{
	struct verdict v = {.src = TC_SRC_NONE};

	for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
		enum no no = STEPS[i].says(h, &v.named);

		if (no == NO_NOT || v.no != NO_NOT)
			continue;
		v.no = no;
		v.src = STEPS[i].src;
	}
	if (v.no == NO_NOT) {
		v.src = yes_of(h);
		v.yes = v.src != TC_SRC_NONE;
	}
	if (v.yes && v.src != TC_SRC_CONSENT)
		v.granted = ALL;
	else if (v.no != NO_OUT) /* after a plain no a consent tool's yes is the weaker word */
		v.granted = h->consent.granted & ALL;
	return v;
}

/* ---- the decision ---- */

/* The rule set of an explicit opt-in: opted_in, else the default if that decides "in", else the empty one. */
static const struct tc_rule_set *
opted_in_rules(const struct config *c, const struct config_region *row)
{
	if (row->opted_in != NULL)
		return row->opted_in;
	return (row->initial->remove & ADVERTISING) == 0 ? row->initial : c->empty_rule_set;
}

static void
decide_person(const struct config *c, const struct hearing *h, struct tc_decision *out)
{
	struct verdict v = verdict_of(h);
	tc_classes lifted = v.granted & (tc_classes)~opted_in_rules(c, h->row)->remove, removed;

	if (v.no != NO_NOT)
		out->rules = h->row->opted_out;
	else
		out->rules = v.yes ? opted_in_rules(c, h->row) : h->row->initial;
	removed = out->rules->remove;
	if (!v.yes) /* a yes to single classes lifts no more than a yes to all would */
		removed &= ~lifted;
	out->denied = removed | v.named | (h->opt_in & ~lifted);
	out->person = v.no != NO_NOT;
	out->out = out->person || (out->denied & ADVERTISING) != 0;
	out->src = out->out && !out->person ? TC_SRC_REGION : v.src;
	out->measurement = (v.named & ANALYTICS) == 0 && !(h->opt_in_measurement && (v.granted & ANALYTICS) == 0) &&
	    !(takes_measurement(out->rules) && (removed & ANALYTICS) != 0);
}

/* Everyone is opted out here, and nobody is asked. */
static void
decide_route(const struct config_region *row, struct tc_decision *out)
{
	out->rules = row->opted_out;
	out->denied = ALL;
	out->out = true;
	out->src = TC_SRC_ROUTE;
}

/* The only third parties that may be asked, until the visitor grants export; NULL: any. */
static const struct tc_strs *
residency_of(const struct config *c, const struct hearing *h)
{
	bool unknown = h->f->place.country[0] == '\0';
	bool granted = h->choice != CHOICE_NONE && (h->f->switches & SWITCH_EXPORT) != 0 && !h->f->route->force_out;

	if (granted || !(unknown ? c->has_residency : h->row->has_residency))
		return NULL;
	return unknown ? &c->residency : &h->row->residency;
}

void
decide(const struct config *c, const struct facts *f, struct tc_decision *out)
{
	struct hearing h;

	hear(&h, c, f);
	*out = (struct tc_decision){
		.pass_bodies = f->route->filter == TC_ROUTE_NONE,
		.region = f->place.country[0] != '\0' ? h.row->name : TC_STR("unknown"),
		.link_text = &h.row->link_text,
		.location_off = (f->switches & SWITCH_LOCATION_OFF) != 0,
		.residency = residency_of(c, &h),
	};
	if (f->route->force_out)
		decide_route(h.row, out);
	else
		decide_person(c, &h, out);
	if (out->residency != NULL)
		out->denied |= TC_CLASS_BIT(TC_UNKNOWN);
	out->denied &= ALL;
	assert(out->rules != NULL);
}

const struct config_region *
region_of(const struct config *c, const struct place *p)
{
	size_t row = p->country[0] != '\0' ? config_region_at(c, p) : c->region_count;

	return row < c->region_count ? &c->regions[row] : c->strictest; /* unknown, or no row says "*" */
}

/* ---- signals ---- */

/* A folding intermediary may make one list of two fields: each item counts as a field of its own. */
static bool
any_item(const struct tc_fields *request, enum tc_fid id, bool (*set)(struct tc_str item))
{
	for (struct tc_field *f = tc_field_next(request, NULL, id); f != NULL; f = tc_field_next(request, f, id)) {
		struct tc_str rest = f->value;

		if (f->dropped || rest.n == 0)
			continue;
		while (rest.p != NULL)
			if (set(tc_next(&rest, ',')))
				return true;
	}
	return false;
}

static bool
gpc_set(struct tc_str item)
{
	return tc_eq(item, TC_STR("1"));
}

/* DNT-field-value = ( "0" / "1" ) *DNT-extension */
static bool
dnt_set(struct tc_str item)
{
	return tc_starts(item, TC_STR("1"));
}

bool
signal_gpc(const struct tc_fields *request)
{
	return any_item(request, TC_F_SEC_GPC, gpc_set);
}

bool
signal_dnt(const struct tc_fields *request)
{
	return any_item(request, TC_F_DNT, dnt_set);
}

enum choice
signal_account(struct tc_str value)
{
	if (tc_eq(value, TC_STR("opt-out")))
		return CHOICE_OUT;
	return tc_eq(value, TC_STR("opt-in")) ? CHOICE_IN : CHOICE_NONE;
}

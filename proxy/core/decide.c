/*
 * decide.c: the one pure decision (signals.md 0; README, "Which rule set", wins).
 *
 *	facts -> verdict (who said what that counts here) -> rule set, denied classes
 */
#include "core/decide.h"

#include <assert.h>

#define ADVERTISING TC_CLASS_BIT(TC_ADVERTISING)

/* What the facts say before any rule set is looked at. */
struct verdict {
	enum tc_source no;  /* who said no; TC_SRC_NONE: nobody */
	enum tc_source yes; /* who explicitly opted in; TC_SRC_NONE: nobody */
	tc_classes classes; /* switched off one by one */
};

/* An account's opt-in relaxes a sticky opt-out; it was the person's later act (signals.md D8). */
static enum choice
choice_in_force(const struct facts *f)
{
	if (f->account == CHOICE_IN && f->choice == CHOICE_OUT)
		return CHOICE_NONE;
	return f->choice;
}

/* A live signal beats an opt-in, unless the row lets an explicit one override GPC (D5; check warns). */
static bool
gpc_counts(const struct config_region *row, const struct facts *f, enum choice choice)
{
	if (!f->gpc || (row->honour & HONOUR_GPC) == 0)
		return false;
	return !(row->gpc_override_opt_in && choice == CHOICE_IN);
}

static struct verdict
verdict_of(const struct config_region *row, const struct facts *f)
{
	enum choice choice = (row->honour & HONOUR_CHOICE) != 0 ? choice_in_force(f) : CHOICE_NONE;
	struct verdict v = {.classes = choice != CHOICE_NONE ? f->choice_denied & ~TC_ESSENTIAL : 0};

	if (gpc_counts(row, f, choice))
		v.no = TC_SRC_GPC;
	else if (f->dnt && (row->honour & HONOUR_DNT) != 0)
		v.no = TC_SRC_DNT;
	else if (f->account == CHOICE_OUT)
		v.no = TC_SRC_ACCOUNT;
	else if (choice == CHOICE_OUT || (v.classes & ADVERTISING) != 0)
		v.no = TC_SRC_CHOICE;
	else if (f->account == CHOICE_IN)
		v.yes = TC_SRC_ACCOUNT;
	else if (choice == CHOICE_IN)
		v.yes = TC_SRC_CHOICE;
	return v;
}

/* The rule set of an explicit opt-in: opted_in, else the default if that decides "in", else the empty one. */
static const struct tc_rule_set *
opted_in_rules(const struct config *c, const struct config_region *row)
{
	if (row->opted_in != NULL)
		return row->opted_in;
	return (row->initial->remove & ADVERTISING) == 0 ? row->initial : c->empty_rule_set;
}

static void
decide_person(const struct config_region *row, const struct verdict *v, struct tc_decision *out)
{
	out->rules = row->opted_out;
	out->denied = row->opted_out->remove | v->classes;
	out->out = true;
	out->person = true;
	out->src = v->no;
}

/* Nobody said no. What removes advertising all the same is the region's rule, whoever opted in. */
static void
decide_rules(const struct tc_rule_set *rules, const struct verdict *v, struct tc_decision *out)
{
	out->rules = rules;
	out->denied = rules->remove | v->classes;
	out->out = (rules->remove & ADVERTISING) != 0;
	out->src = out->out ? TC_SRC_REGION : v->yes;
}

static void
decide_route(const struct config_region *row, struct tc_decision *out)
{
	out->rules = row->opted_out;
	out->denied = (tc_classes)~TC_ESSENTIAL;
	out->out = true;
	out->src = TC_SRC_ROUTE;
}

void
decide(const struct config *c, const struct facts *f, struct tc_decision *out)
{
	const struct config_region *row = region_of(c, &f->place);
	struct verdict v = verdict_of(row, f);

	*out = (struct tc_decision){
		.pass_bodies = f->route->filter == TC_ROUTE_NONE,
		.region = f->place.country[0] != '\0' ? row->name : TC_STR("unknown"),
	};
	if (f->route->force_out)
		decide_route(row, out);
	else if (v.no != TC_SRC_NONE)
		decide_person(row, &v, out);
	else
		decide_rules(v.yes != TC_SRC_NONE ? opted_in_rules(c, row) : row->initial, &v, out);
	out->denied &= (tc_classes)~TC_ESSENTIAL;
	assert(out->rules != NULL);
}

const struct config_region *
region_of(const struct config *c, const struct place *p)
{
	if (p->country[0] == '\0')
		return c->strictest;
	for (size_t i = 0; i < c->region_count; i++) {
		const struct config_region *row = &c->regions[i];

		for (size_t k = 0; k < row->where.n; k++)
			if (place_in(row->where.v[k], p))
				return row;
	}
	return c->strictest; /* no row says "*" */
}

/* ---- signals ---- */

/* A folding intermediary may make one list of two fields: each item counts as a field of its own. */
static bool
any_item(const struct tc_fields *request, enum tc_fid id, bool (*set)(struct tc_str item))
{
	for (size_t i = 0; i < request->n; i++) {
		struct tc_str rest = request->v[i].value;

		if (request->v[i].id != id || request->v[i].dropped || rest.n == 0)
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

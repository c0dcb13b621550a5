/*
 * decide_many.c: many decisions for the model in tests/e2e/test_decision_model.py: one line of numbers in, one out.
 *
 *	in   17 of the configuration, then 13 of the facts, in the order of READ below
 *	out  rules denied out person pass_bodies src region location_off measurement residency
 *
 * It includes decide.c, so that the model's run measures the branches of that file, and packs.c for its keys.
 */
#include "../../proxy/config/packs.c"
#include "../../proxy/core/decide.c"

#include <stdio.h>

enum { IN = 30 };

static const char *const NAMES[] = {"none", "strict", "light", "own", "odd"};
enum { RULES = sizeof(NAMES) / sizeof(NAMES[0]) };

struct line {
	int n[IN];
	int at;
};

static int
next(struct line *l)
{
	return l->n[l->at++];
}

/* The place is known (in the row), known but in no row, or unknown. */
static struct place
place_of(int kind)
{
	struct place p = {0};

	if (kind != 2)
		memcpy(p.country, kind == 0 ? "FR" : "JP", 3);
	return p;
}

struct world {
	struct tc_rule_set rules[RULES];
	struct config_region rows[2];
	struct config_law laws[2];
	struct law_key keys[2];
	struct tc_str where[2];
	struct config c;
	struct tc_route route;
	struct facts f;
};

/* Row 0 is the one that is asked about, row 1 the strictest. */
static void
read_rows(struct world *w, struct line *l)
{
	for (int i = 0; i < 2; i++) {
		struct config_region *r = &w->rows[i];
		int opted_in;

		r->name = i == 0 ? TC_STR("row") : TC_STR("strictest");
		r->where = (struct tc_strs){&w->where[i], 1};
		r->honour = (uint32_t)next(l);
		r->gpc_override_opt_in = next(l) != 0;
		r->initial = &w->rules[next(l)];
		r->opted_out = &w->rules[next(l)];
		opted_in = next(l);
		r->opted_in = opted_in > 0 ? &w->rules[opted_in] : NULL;
		r->has_residency = next(l) != 0;
	}
	w->where[0] = TC_STR("FR");
	w->where[1] = TC_STR("BR");
	w->c.regions = w->rows;
	w->c.region_count = 2;
	w->c.strictest = &w->rows[1];
	w->c.empty_rule_set = &w->rules[0];
	w->c.has_residency = w->rows[0].has_residency || w->rows[1].has_residency;
}

/* Law 0 is France's from a day on, law 1 everyone's. */
static void
read_laws(struct world *w, struct line *l)
{
	for (int i = 0; i < 2; i++) {
		w->laws[i] = (struct config_law){.from = i == 0 ? 100 : INT32_MIN, .until = INT32_MAX};
		w->laws[i].opt_in_sale = next(l) != 0;
		w->laws[i].opt_in_measurement = next(l) != 0;
	}
	w->keys[0] = (struct law_key){.code = "FR", .rank = RANK_COUNTRY, .law = &w->laws[0]};
	w->keys[1] = (struct law_key){.code = "*", .rank = RANK_ANY, .law = &w->laws[1]};
	w->c.laws = w->laws;
	w->c.law_keys = w->keys;
	w->c.law_count = w->c.law_key_count = (size_t)next(l);
}

static void
read_facts(struct world *w, struct line *l)
{
	struct facts *f = &w->f;

	f->gpc = next(l) != 0;
	f->dnt = next(l) != 0;
	f->choice = (enum choice)next(l);
	f->choice_denied = (tc_classes)next(l);
	f->switches = (uint8_t)next(l);
	f->account = (enum choice)next(l);
	f->consent.denied = (tc_classes)next(l);
	f->consent.granted = (tc_classes)next(l);
	f->consent.out = next(l) != 0;
	f->place = place_of(next(l));
	f->day = next(l);
	w->route.force_out = next(l) != 0;
	w->route.filter = next(l) != 0 ? TC_ROUTE_NONE : TC_ROUTE_AUTO;
	f->route = &w->route;
}

static void
answer(const struct world *w)
{
	struct tc_decision d;
	int residency = 0;

	decide(&w->c, &w->f, &d);
	if (d.residency != NULL)
		residency = d.residency == &w->c.residency ? 2 : 1;
	(void)printf("%d %d %d %d %d %d %.*s %d %d %d\n", (int)(d.rules - w->rules), d.denied, d.out, d.person, d.pass_bodies,
	    (int)d.src, (int)d.region.n, d.region.p, d.location_off, d.measurement, residency);
}

int
main(void)
{
	static struct world w;
	struct line l;
	char text[512];

	/* none, strict, light, own (analytics, but for who acts for us), odd (names an essential class, not advertising) */
	static const tc_classes remove[RULES] = {0, SELL_SHARE, 0, SELL_SHARE, ANALYTICS | TC_CLASS_BIT(TC_FUNCTIONAL)};

	for (int i = 0; i < RULES; i++)
		w.rules[i] = (struct tc_rule_set){.name = tc_str_from(NAMES[i]), .remove = remove[i], .keep_measurement = i == 3};
	while (fgets(text, sizeof(text), stdin) != NULL) {
		char *p = text;

		l.at = 0;
		for (int i = 0; i < IN; i++)
			l.n[i] = (int)strtol(p, &p, 10);
		read_rows(&w, &l);
		read_laws(&w, &l);
		read_facts(&w, &l);
		answer(&w);
	}
	return 0;
}

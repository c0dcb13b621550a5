/* prove_world.c: places, signals and days that make a difference, and the facts of each (promises.md 2). */
#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "core/prove_world.h"

#define AN TC_CLASS_BIT(TC_ANALYTICS)
#define AD TC_CLASS_BIT(TC_ADVERTISING)
#define PE TC_CLASS_BIT(TC_PERSONALISATION)
#define SO TC_CLASS_BIT(TC_SOCIAL)

/* clang-format off */
const struct proof_signal proof_signals[] = {
	{.name = "none"},
	{.name = "gpc", .gpc = true},
	{.name = "dnt", .dnt = true},
	{.name = "gpc+dnt", .gpc = true, .dnt = true},
	{.name = "sticky-out", .choice = CHOICE_OUT},
	{.name = "sticky-in", .choice = CHOICE_IN},
	{.name = "sticky-in+gpc", .choice = CHOICE_IN, .gpc = true},
	{.name = "sticky-in+export", .choice = CHOICE_IN, .switches = SWITCH_EXPORT},
	{.name = "sticky-in-analytics", .choice = CHOICE_IN, .class = AN},
	{.name = "sticky-in-advertising", .choice = CHOICE_IN, .class = AD},
	{.name = "sticky-in-personalisation", .choice = CHOICE_IN, .class = PE},
	{.name = "sticky-in-social", .choice = CHOICE_IN, .class = SO},
	{.name = "cmp-deny", .consent = CMP_DENY},
	{.name = "cmp-deny-analytics", .consent = CMP_DENY, .class = AN},
	{.name = "cmp-deny-advertising", .consent = CMP_DENY, .class = AD},
	{.name = "cmp-grant", .consent = CMP_GRANT},
	{.name = "cmp-grant-analytics", .consent = CMP_GRANT, .class = AN},
	{.name = "cmp-grant-advertising", .consent = CMP_GRANT, .class = AD},
	{.name = "cmp-grant+gpc", .consent = CMP_GRANT, .gpc = true},
	{.name = "cmp-bad", .consent = CMP_BAD},
	{.name = "account-out", .account = CHOICE_OUT},
};
/* clang-format on */

const size_t proof_signal_count = sizeof(proof_signals) / sizeof(proof_signals[0]);

struct tc_str
proof_text(struct proof *p, const char *format, ...)
{
	char text[600];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return tc_copy(p->arena, tc_str_of(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

/* ---- places ---- */

/* A country that stands for all of a code that is none: of "*", one that nobody names. */
static bool
representative(struct tc_str code, struct place *out)
{
	if (tc_eq(code, TC_STR("EU")))
		return place_parse(TC_STR("FR"), out);
	if (tc_eq(code, TC_STR("EEA")))
		return place_parse(TC_STR("NO"), out);
	if (tc_eq(code, TC_STR("*")))
		return place_parse(TC_STR("AQ"), out);
	return place_parse(code, out);
}

static void
add_place(struct proof *p, struct tc_str code)
{
	struct proof_place new = {.name = code};

	for (size_t i = 0; i < p->place_count; i++)
		if (tc_eq(p->places[i].name, code))
			return;
	if (representative(code, &new.place))
		p->places[p->place_count++] = new;
}

static void
add_all(struct proof *p, struct tc_strs codes)
{
	for (size_t i = 0; i < codes.n; i++)
		add_place(p, codes.v[i]);
}

static int
find_places(struct proof *p)
{
	const struct config *c = p->c;
	size_t room = 2;

	for (size_t i = 0; i < c->region_count; i++)
		room += c->regions[i].where.n;
	for (size_t i = 0; i < c->law_count; i++)
		room += c->laws[i].where.n;
	for (size_t i = 0; i < c->promise_count; i++)
		room += c->promises[i].places.n;
	p->places = tc_alloc(p->arena, room * sizeof(*p->places));
	if (p->places == NULL)
		return -1;
	for (size_t i = 0; i < c->region_count; i++)
		add_all(p, c->regions[i].where);
	for (size_t i = 0; i < c->law_count; i++)
		add_all(p, c->laws[i].where);
	for (size_t i = 0; i < c->promise_count; i++)
		add_all(p, c->promises[i].places);
	add_place(p, TC_STR("*"));
	p->places[p->place_count++] = (struct proof_place){.name = TC_STR("unknown")};
	return 0;
}

/* A place is new if its rows, or the law of some day there, are those of none before it. */
static bool
same_rows(const struct proof *p, const struct proof_place *a, const struct proof_place *b)
{
	bool known = a->place.country[0] != '\0' && b->place.country[0] != '\0';

	if (!known || region_of(p->c, &a->place) != region_of(p->c, &b->place))
		return false;
	for (size_t d = 0; d < p->day_count; d++)
		if (config_law_of(p->c, &a->place, p->days[d]) != config_law_of(p->c, &b->place, p->days[d]))
			return false;
	for (size_t i = 0; i < p->c->promise_count; i++)
		for (size_t k = 0; k < p->c->promises[i].places.n; k++)
			if (place_in(p->c->promises[i].places.v[k], &a->place) !=
			    place_in(p->c->promises[i].places.v[k], &b->place))
				return false;
	return true;
}

static void
merge_places(struct proof *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->place_count; i++) {
		bool new = true;

		for (size_t k = 0; k < n && new; k++)
			new = !same_rows(p, &p->places[k], &p->places[i]);
		if (new)
			p->places[n++] = p->places[i];
	}
	p->place_count = n;
}

/* ---- days ---- */

static void
add_day(struct proof *p, int32_t day)
{
	size_t at = p->day_count;

	if (day == INT32_MAX || day < p->days[0])
		return;
	while (at > 0 && p->days[at - 1] > day)
		at--;
	if (at > 0 && p->days[at - 1] == day)
		return;
	memmove(p->days + at + 1, p->days + at, (p->day_count - at) * sizeof(*p->days));
	p->days[at] = day;
	p->day_count++;
}

/* Today, and each later day on which a row of law begins or ends. */
static int
find_days(struct proof *p, int32_t today)
{
	p->days = tc_alloc(p->arena, (2 * p->c->law_count + 1) * sizeof(*p->days));
	if (p->days == NULL)
		return -1;
	p->days[p->day_count++] = today;
	for (size_t i = 0; i < p->c->law_count; i++) {
		add_day(p, p->c->laws[i].from);
		add_day(p, p->c->laws[i].until);
	}
	return 0;
}

/* ---- worlds ---- */

static struct consent
consent_of(const struct proof_signal *s)
{
	tc_classes all = AN | AD | PE | SO, classes = s->class != 0 ? s->class : all;

	switch (s->consent) {
	case CMP_DENY:
		return (struct consent){.denied = classes, .granted = all & (tc_classes)~classes};
	case CMP_GRANT:
		return (struct consent){.granted = classes};
	case CMP_BAD:
		return (struct consent){.bad = true};
	case CMP_NONE:
		break;
	}
	return (struct consent){0};
}

int
proof_decide(struct proof *p, struct proof_world *w)
{
	const struct proof_signal *s = w->signal;
	struct facts f = {
		.gpc = s->gpc,
		.dnt = s->dnt,
		.choice = s->choice,
		.choice_denied = s->choice != CHOICE_NONE ? s->class : 0,
		.switches = s->switches,
		.account = s->account,
		.consent = consent_of(s),
		.place = w->place->place,
		.day = w->day,
		.site = w->site,
		.route = w->route,
	};

	w->row = region_of(p->c, &f.place);
	decide(p->c, &f, &w->decision);
	w->shape = proof_shape(p, w->site, w->route, &w->decision);
	return w->shape != NULL ? 0 : -1;
}

int
proof_sets(struct proof *p, const struct snapshot *s, int32_t day)
{
	*p = (struct proof){.s = s, .c = s->config, .arena = arena_new(NULL, (size_t)512 << 20)};
	if (p->arena == NULL || find_places(p) < 0 || find_days(p, day) < 0)
		return -1;
	merge_places(p);
	return 0;
}

int
proof_begin(struct proof *p, const struct snapshot *s, int32_t day)
{
	return proof_sets(p, s, day) < 0 ? -1 : proof_items(p);
}

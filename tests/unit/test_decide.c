/*
 * test_decide.c: the decision against a slow model of README's "Which rule set" over every combination of facts, and
 * the signals' vectors (signals.md 2.1, 2.2).
 */
#include "../../proxy/core/decide.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"

/* ---- a small configuration: every kind of row ---- */

#define AD TC_CLASS_BIT(TC_ADVERTISING)
#define AN TC_CLASS_BIT(TC_ANALYTICS)
#define SO TC_CLASS_BIT(TC_SOCIAL)
#define PE TC_CLASS_BIT(TC_PERSONALISATION)
#define FU TC_CLASS_BIT(TC_FUNCTIONAL)
#define UN TC_CLASS_BIT(TC_UNKNOWN)

enum { RS_STRICT,
	RS_LIGHT,
	RS_ANALYTICS,
	RS_BAD,
	RS_EMPTY,
	RS_COUNT };

static const struct tc_rule_set rule_sets[RS_COUNT] = {
	[RS_STRICT] = {.name = TC_STR_INIT("strict"), .remove = AD | AN | SO | PE, .hash = "11111111"},
	[RS_LIGHT] = {.name = TC_STR_INIT("light"), .remove = 0, .hash = "22222222"},
	[RS_ANALYTICS] = {.name = TC_STR_INIT("analytics"), .remove = AN, .hash = "33333333"},
	[RS_BAD] = {.name = TC_STR_INIT("bad"), .remove = AD | FU | UN, .hash = "44444444"}, /* names an essential class */
	[RS_EMPTY] = {.hash = "00000000"},
};

static const uint32_t HONOURS[] = {
	HONOUR_GPC | HONOUR_DNT | HONOUR_CHOICE,
	HONOUR_GPC | HONOUR_DNT,
	HONOUR_GPC | HONOUR_CHOICE,
	HONOUR_DNT | HONOUR_CHOICE,
	HONOUR_GPC,
	0,
};

static const struct tc_route ROUTES[] = {
	{.name = TC_STR_INIT("plain")},
	{.name = TC_STR_INIT("none"), .filter = TC_ROUTE_NONE},
	{.name = TC_STR_INIT("forced"), .force_out = true},
	{.name = TC_STR_INIT("both"), .filter = TC_ROUTE_NONE, .force_out = true},
};

/* ---- the model: README, read sentence by sentence ---- */

struct expected {
	const struct tc_rule_set *rules;
	tc_classes denied;
	bool out, person;
	const char *src;
};

static const tc_classes ESSENTIAL = (tc_classes)(1 << TC_FUNCTIONAL | 1 << TC_SECURITY | 1 << TC_CONSENT);

/* "An explicit opt-in: opted_in (default: `default` if that decides in, else an empty rule set)." */
static const struct tc_rule_set *
model_opted_in(const struct config_region *row)
{
	if (row->opted_in != NULL)
		return row->opted_in;
	if (row->initial->remove & AD)
		return &rule_sets[RS_EMPTY];
	return row->initial;
}

static struct expected
model(const struct config_region *row, const struct facts *f)
{
	bool honours_choice = row->honour & HONOUR_CHOICE;
	/* "Only an explicit, later, same-site opt-in (choices page, or the account header) relaxes a sticky choice" */
	bool sticky_out = honours_choice && f->choice == CHOICE_OUT && f->account != CHOICE_IN;
	bool sticky_in = honours_choice && f->choice == CHOICE_IN;
	tc_classes extra = sticky_out || sticky_in ? f->choice_denied : 0;
	struct expected e = {0};

	/* "its steps only ever add": whoever says no is not given back what the default takes from everyone */
	if (f->route->force_out) { /* "route has force: opt-out: deny all but essential; stop" */
		e = (struct expected){row->opted_out, 255, true, false, "route"};
	} else if (f->gpc && (row->honour & HONOUR_GPC) && !(row->gpc_override_opt_in && sticky_in)) {
		e = (struct expected){row->opted_out, row->opted_out->remove | extra | row->initial->remove, true, true, "gpc"};
	} else if (f->dnt && (row->honour & HONOUR_DNT)) {
		e = (struct expected){row->opted_out, row->opted_out->remove | extra | row->initial->remove, true, true, "dnt"};
	} else if (f->account == CHOICE_OUT) { /* "the account field needs no key" */
		e = (struct expected){row->opted_out, row->opted_out->remove | extra | row->initial->remove, true, true, "account"};
	} else if (sticky_out || (extra & AD)) { /* advertising switched off by itself is a no to it */
		e = (struct expected){row->opted_out, row->opted_out->remove | extra | row->initial->remove, true, true, "choice"};
	} else if (f->account == CHOICE_IN || sticky_in) {
		e.rules = model_opted_in(row);
		e.denied = e.rules->remove | extra;
		e.src = f->account == CHOICE_IN ? "account" : "choice";
	} else { /* "`out;src=region` if it removes advertising, else `in` without src" */
		e.rules = row->initial;
		e.denied = row->initial->remove;
		e.src = "";
	}
	if (!e.out && (e.rules->remove & AD)) {
		e.out = true;
		e.src = "region";
	}
	e.denied &= (tc_classes)~ESSENTIAL;
	return e;
}

static const char *const SRC_NAMES[] = {
#define X(e, name) name,
    TC_SOURCES(X)
#undef X
};

static void
compare(const struct config *c, const struct config_region *row, const struct facts *f, struct tc_str region)
{
	struct expected e = model(row, f);
	struct tc_decision d;

	memset(&d, 0xff, sizeof(d));
	decide(c, f, &d);
	assert_ptr_equal(d.rules, e.rules);
	assert_int_equal(d.denied, e.denied);
	assert_int_equal(d.out, e.out);
	assert_int_equal(d.person, e.person);
	assert_string_equal(SRC_NAMES[d.src], e.src);
	assert_int_equal(d.pass_bodies, f->route->filter == TC_ROUTE_NONE);
	assert_true(tc_eq(d.region, region));
	/* what must hold of every decision */
	assert_int_equal(d.denied & ESSENTIAL, 0);
	assert_true(!d.person || d.out);
	assert_true(d.out || (d.denied & AD) == 0);
	if (f->gpc && (row->honour & HONOUR_GPC) && !row->gpc_override_opt_in)
		assert_true(d.out);
}

/* All facts for one row. Returns how many. */
static size_t
all_facts(const struct config *c, const struct config_region *row, const struct place *place, struct tc_str region)
{
	static const tc_classes extras[] = {0, AN, AD, SO | PE, FU | AN, 255};
	size_t n = 0;

	for (int bits = 0; bits < 4; bits++)
		for (int choice = CHOICE_NONE; choice <= CHOICE_IN; choice++)
			for (int account = CHOICE_NONE; account <= CHOICE_IN; account++)
				for (size_t e = 0; e < sizeof(extras); e++)
					for (size_t r = 0; r < sizeof(ROUTES) / sizeof(ROUTES[0]); r++, n++) {
						struct facts f = {
							.gpc = bits & 1,
							.dnt = bits >> 1,
							.choice = (enum choice)choice,
							.choice_denied = extras[e],
							.account = (enum choice)account,
							.place = *place,
							.route = &ROUTES[r],
						};

						compare(c, row, &f, region);
					}
	return n;
}

static void
every_combination(void **state)
{
	static const struct tc_str star[] = {TC_STR_INIT("*")};
	struct place somewhere = {.country = "DE"}, unknown = {0};
	size_t n = 0;

	(void)state;
	for (size_t h = 0; h < sizeof(HONOURS) / sizeof(HONOURS[0]); h++)
		for (int initial = 0; initial < RS_EMPTY; initial++)
			for (int opted_out = 0; opted_out < RS_EMPTY; opted_out++)
				for (int opted_in = -1; opted_in < RS_EMPTY; opted_in++)
					for (int override = 0; override < 2; override++) {
						struct config_region row = {
							.name = TC_STR("row"),
							.where = {star, 1},
							.honour = HONOURS[h],
							.initial = &rule_sets[initial],
							.opted_out = &rule_sets[opted_out],
							.opted_in = opted_in >= 0 ? &rule_sets[opted_in] : NULL,
							.gpc_override_opt_in = override,
						};
						struct config c = {
							.regions = &row,
							.region_count = 1,
							.strictest = &row,
							.empty_rule_set = &rule_sets[RS_EMPTY],
						};

						n += all_facts(&c, &row, &somewhere, row.name);
						if (override == 0 && opted_in < 0)
							n += all_facts(&c, &row, &unknown, TC_STR("unknown"));
					}
	print_message("%zu decisions compared\n", n);
	assert_int_equal(n, 912384);
}

/* ---- which row ---- */

static void
first_row_wins(void **state)
{
	static const struct tc_str eu[] = {TC_STR_INIT("EU"), TC_STR_INIT("GB")}, ca[] = {TC_STR_INIT("US-CA")},
				   us[] = {TC_STR_INIT("US")}, all[] = {TC_STR_INIT("*")};
	const struct config_region rows[] = {
		{.name = TC_STR("eu"), .where = {eu, 2}},
		{.name = TC_STR("us-ca"), .where = {ca, 1}},
		{.name = TC_STR("us"), .where = {us, 1}},
		{.name = TC_STR("rest"), .where = {all, 1}},
	};
	struct config c = {.regions = rows, .region_count = 4, .strictest = &rows[0]};
	static const struct {
		const char *code, *row;
	} cases[] = {{"DE", "eu"}, {"GB", "eu"}, {"RE", "eu"}, {"US-CA", "us-ca"}, {"US", "us"}, {"US-NY", "us"},
	    {"BR", "rest"}, {"NO", "rest"}};
	struct place p = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(place_parse(tc_str_from(cases[i].code), &p));
		assert_true(tc_eq(region_of(&c, &p)->name, tc_str_from(cases[i].row)));
	}
	p = (struct place){0};
	assert_ptr_equal(region_of(&c, &p), &rows[0]); /* never "rest of the world" */
	c.region_count = 3;
	assert_true(place_parse(TC_STR("BR"), &p));
	assert_ptr_equal(region_of(&c, &p), &rows[0]); /* no row covers it: the strictest */
}

/* ---- signals ---- */

static struct tc_fields
fields(struct tc_arena *a, const char *name, const char *first, const char *second)
{
	struct tc_fields fs = {.arena = a};

	if (first != NULL)
		assert_int_equal(tc_field_add_named(&fs, tc_str_from(name), tc_str_from(first)), 0);
	if (second != NULL)
		assert_int_equal(tc_field_add_named(&fs, tc_str_from(name), tc_str_from(second)), 0);
	return fs;
}

struct vector {
	const char *first, *second;
	bool set;
};

static void
run_vectors(const char *name, bool (*signal)(const struct tc_fields *), const struct vector *v, size_t n)
{
	struct tc_arena *a = arena_new(NULL, 1 << 20);

	for (size_t i = 0; i < n; i++) {
		struct tc_fields fs = fields(a, name, v[i].first, v[i].second);

		if (signal(&fs) != v[i].set)
			fail_msg("%s: %s, %s", name, v[i].first, v[i].second);
		for (size_t k = 0; k < fs.n; k++)
			fs.v[k].dropped = true;
		assert_false(signal(&fs));
	}
	arena_destroy(&a);
}

static void
gpc_vectors(void **state)
{
	static const struct vector v[] = {
		{"1", NULL, true},
		{NULL, NULL, false},
		{"0", NULL, false},
		{"true", NULL, false},
		{"\"1\"", NULL, false},
		{"01", NULL, false},
		{"1;a", NULL, false},
		{"1a", NULL, false},
		{"", NULL, false},
		{"0", "1", true},
		{"1", "0", true},
		{"0", "true", false},
		{"1, 1", NULL, true},
		{"0, 1", NULL, true},
		{"1,", NULL, true},
		{"0,\t1 ,x", NULL, true},
		{"0, 11", NULL, false},
		{"?1", NULL, false},
		{"1.0", NULL, false},
		{",", NULL, false},
		{"", "1", true},
	};

	(void)state;
	run_vectors("Sec-GPC", signal_gpc, v, sizeof(v) / sizeof(v[0]));
	run_vectors("sec-gpc", signal_gpc, v, 1);
}

static void
dnt_vectors(void **state)
{
	static const struct vector v[] = {
		{"1", NULL, true},
		{"1xyz", NULL, true},
		{"0", NULL, false},
		{"0x", NULL, false},
		{"", NULL, false},
		{"2", NULL, false},
		{"yes", NULL, false},
		{"0", "1", true},
		{"0", "0", false},
		{"0", "1x", true},
		{"0, 1", NULL, true},
		{"01", NULL, false},
		{NULL, NULL, false},
	};

	(void)state;
	run_vectors("DNT", signal_dnt, v, sizeof(v) / sizeof(v[0]));
}

static void
other_fields_are_no_signal(void **state)
{
	struct tc_arena *a = arena_new(NULL, 1 << 20);
	struct tc_fields x = fields(a, "X-Sec-GPC", "1", NULL), dnt = fields(a, "DNT", "1", NULL);

	(void)state;
	assert_false(signal_gpc(&x));
	assert_false(signal_gpc(&dnt));
	assert_false(signal_dnt(&x));
	arena_destroy(&a);
}

static void
account_values(void **state)
{
	static const char *const others[] = {"", "out", "in", "Opt-Out", "opt-out;x", "opt-out, opt-in", "optout", "1"};

	(void)state;
	assert_int_equal(signal_account(TC_STR("opt-out")), CHOICE_OUT);
	assert_int_equal(signal_account(TC_STR("opt-in")), CHOICE_IN);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(signal_account(tc_str_from(others[i])), CHOICE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination),
		cmocka_unit_test(first_row_wins),
		cmocka_unit_test(gpc_vectors),
		cmocka_unit_test(dnt_vectors),
		cmocka_unit_test(other_fields_are_no_signal),
		cmocka_unit_test(account_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_consent_order.c: what readers look up by marks and slots is what looking at every name and every rule finds: for
 * the readers that are built in, and for some of a file, with all that is nearly right.
 */
#include "../../proxy/consent/apply.c"
#include "../../proxy/consent/consent.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/config.h"

#define FILE_TEXT \
	"version: 1\nsites:\n  - hosts: [\"*\"]\n    origin: {url: \"http://127.0.0.1:3000\"}\nconsent:\n  readers:\n" \
	"    short: {cookies: [x, \"y*\", \"z1\"], syntax: value, out: [\"x=1\", \"y=1\"]}\n" \
	"    deep: {cookies: [deep], syntax: json, out: [a.b.c.d=1, a=1, a.b=1, .a=1, a.=1, .=1]," \
	" refuse: {analytics: [a=2, a=3, a=2], social: [a.b=2]}}\n"

static struct config *config;

static int
setup(void **state)
{
	struct messages *m = messages_new();

	(void)state;
	if (config_load_text(TC_STR("t.yaml"), TC_STR(FILE_TEXT), NULL, &config, m) < 0)
		messages_print(m, stdout);
	messages_destroy(&m);
	return config != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	config_destroy(&config);
	return 0;
}

/* ---- rules ---- */

/* Each rule is in the slot of its key, and equal keys are one text side by side. */
static void
rules_are_in_their_slots(void **state)
{
	size_t rules = 0;

	(void)state;
	for (size_t i = 0; i < config->readers->n; i++) {
		const struct consent_reader *r = &config->readers->v[i];

		assert_int_equal(r->start[0], 0);
		assert_int_equal(r->start[CONSENT_SLOTS], r->rule_count);
		for (unsigned slot = 0; slot < CONSENT_SLOTS; slot++)
			for (size_t k = r->start[slot]; k < r->start[slot + 1]; k++, rules++)
				assert_int_equal(slot_of(outline_of_key(r->rules[k].key)), slot);
		for (size_t k = 0; k < r->rule_count; k++)
			for (size_t j = 0; j < k; j++)
				if (tc_eq(r->rules[j].key, r->rules[k].key)) {
					assert_ptr_equal(r->rules[j].key.p, r->rules[k].key.p);
					assert_ptr_equal(r->rules[k - 1].key.p, r->rules[k].key.p);
				}
	}
	assert_true(rules > 200);
}

static bool
leads_plainly(const struct consent_reader *r, struct tc_str text)
{
	for (size_t i = 0; i < r->rule_count; i++) {
		struct tc_str key = r->rules[i].key;

		if (tc_starts(key, text) && (key.n == text.n || key.p[text.n] == '.'))
			return true;
	}
	return false;
}

/* What an entry comes to, by looking at all rules. */
static void
entry_plainly(struct consent_walk *w, struct tc_str text, struct tc_str value)
{
	tc_classes keyed = 0;
	bool known = false;

	for (size_t i = 0; i < w->reader->rule_count; i++) {
		const struct consent_rule *rule = &w->reader->rules[i];
		tc_classes class = rule->says <= CONSENT_REFUSE ? TC_CLASS_BIT(rule->class) : 0;

		if (!tc_eq(rule->key, text))
			continue;
		if (!glob(rule->value, value)) {
			keyed |= class;
			continue;
		}
		known = true;
		w->granted |= rule->says == CONSENT_GRANT ? class : 0;
		w->denied |= rule->says == CONSENT_REFUSE ? class : 0;
		w->out |= rule->says == CONSENT_OUT;
		w->undecided |= rule->says == CONSENT_UNDECIDED;
	}
	w->unclear |= known ? 0 : keyed;
}

/* The text as one part, and cut at its first dots. */
static void
check_way(const struct consent_reader *r, struct tc_str text, struct tc_str value)
{
	for (unsigned cuts = 0; cuts < CONSENT_DEPTH_MAX; cuts++) {
		struct consent_walk is = {.reader = r}, want = {.reader = r};
		struct consent_way way = {.n = 1};
		struct tc_str rest = text;

		while (way.n <= cuts && tc_find_byte(rest, '.') < rest.n) {
			way.part[way.n - 1] = tc_str_of(rest.p, tc_find_byte(rest, '.'));
			tc_skip(&rest, way.part[way.n - 1].n + 1);
			way.n++;
		}
		way.part[way.n - 1] = rest;
		assert_int_equal(consent_leads(r, &way), leads_plainly(r, text));
		consent_entry(&is, &way, value, false);
		entry_plainly(&want, text, value);
		assert_true(is.granted == want.granted && is.denied == want.denied && is.unclear == want.unclear);
		assert_true(is.out == want.out && is.undecided == want.undecided && !is.bad);
	}
}

/* A key, every beginning of it, one byte more, and one changed. */
static void
check_near(const struct consent_reader *r, const struct consent_rule *rule)
{
	char text[200];

	assert_true(rule->key.n + 2 < sizeof(text));
	memcpy(text, rule->key.p, rule->key.n);
	memcpy(text + rule->key.n, ".x", 2);
	for (size_t n = 0; n <= rule->key.n + 2; n++)
		check_way(r, tc_str_of(text, n), rule->value);
	check_way(r, rule->key, TC_STR("neither"));
	for (size_t i = 0; i < rule->key.n; i++) {
		text[i] = (char)(text[i] ^ 1);
		check_way(r, tc_str_of(text, rule->key.n), rule->value);
		text[i] = rule->key.p[i];
	}
}

static void
rules_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < config->readers->n; i++)
		for (size_t k = 0; k < config->readers->v[i].rule_count; k++)
			check_near(&config->readers->v[i], &config->readers->v[i].rules[k]);
}

/* ---- names ---- */

static int
readers_plainly(struct tc_str name)
{
	int n = 0;

	for (size_t i = 0; i < config->readers->n; i++)
		for (size_t k = 0; k < config->readers->v[i].cookies.n; k++) {
			struct tc_str cookie = config->readers->v[i].cookies.v[k];

			n += cookie.p[cookie.n - 1] == '*' ? tc_starts(name, tc_str_of(cookie.p, cookie.n - 1)) : tc_eq(name, cookie);
		}
	return n;
}

static int
check_name(struct tc_str name)
{
	static const bool listed[CONSENT_READERS_MAX];
	char text[200];
	struct tc_field v = {.name = TC_STR("Cookie"), .id = TC_F_COOKIE, .value = {text, name.n + 2}};
	const struct tc_fields fs = {.v = &v, .n = 1, .cap = 1};
	struct consent said;
	int n;

	assert_true(name.n + 2 < sizeof(text));
	memcpy(text, name.p, name.n);
	memcpy(text + name.n, "=1", 2);
	n = consent_read(config->readers, listed, &fs, 20410, NULL, &said);
	assert_int_equal(n, readers_plainly(name));
	return n;
}

static void
names_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < config->readers->n; i++)
		for (size_t k = 0; k < config->readers->v[i].cookies.n; k++) {
			struct tc_str cookie = config->readers->v[i].cookies.v[k];
			char text[100];

			assert_true(cookie.n < sizeof(text));
			memcpy(text, cookie.p, cookie.n); /* a * stands for itself, too */
			text[cookie.n] = 'q';
			for (size_t n = 1; n <= cookie.n + 1; n++)
				(void)check_name(tc_str_of(text, n));
			assert_true(check_name(cookie) > 0);
			text[0] = (char)(text[0] ^ 1);
			(void)check_name(tc_str_of(text, cookie.n));
		}
	assert_int_equal(check_name(TC_STR("x")), 1);
	assert_int_equal(check_name(TC_STR("xx")), 0);
	assert_int_equal(check_name(TC_STR("y")), 1);
	assert_int_equal(check_name(TC_STR("yz")), 1);
	assert_int_equal(check_name(TC_STR("\xc3\xa4")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_in_their_slots),
		cmocka_unit_test(rules_are_found),
		cmocka_unit_test(names_are_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

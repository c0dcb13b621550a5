/* test_list.c: conditions and lists in lists. What lines mean is tested in test_match.c. */
#include "match_run.h"

#include "../../filters/match/list.c"

static void
test_conditions(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} cases[] = {
		{"cap_html_filtering", true},
		{"true", true},
		{"ext_ublock", false},
		{"adguard", false},
		{"!adguard", true},
		{"!!adguard", false},
		{"!adguard && cap_html_filtering", true},
		{"adguard || cap_html_filtering", true},
		{"adguard && cap_html_filtering || !ext_ublock", true},
		{"adguard && (cap_html_filtering || !ext_ublock)", false},
		{"(adguard && !adguard_ext_safari) || !(ext_ublock || env_mobile)", true},
		{"!(cap_html_filtering)", false},
		{" ( true ) ", true},
		{"", false},
		{"true true", false},
		{"true)", false},
		{"(true", false},
		{"true &&", false},
		{"|| true", false},
		{"!", false},
		{"true & true", false},
		{"((((((((((((((((((((true))))))))))))))))))))", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *edge = edge_copy(cases[i].text, strlen(cases[i].text));

		if (condition_holds(tc_str_of(edge, strlen(cases[i].text))) != cases[i].holds)
			fail_msg("%s", cases[i].text);
		edge_free(edge, strlen(cases[i].text));
	}
}

/* Gives "rules" and "again", which names itself; nothing else. */
static bool
give(void *arg, struct tc_str name, struct tc_str *text)
{
	unsigned *asked = arg;
	char *bytes;

	++*asked;
	if (tc_eq(name, TC_STR("rules")))
		bytes = strdup("! Class: functional\n||inner.example^\n!#if false\n||hidden.example^");
	else if (tc_eq(name, TC_STR("again")))
		bytes = strdup("||again.example^\n!#include again\n!#include again");
	else
		return false;
	assert_non_null(bytes);
	*text = tc_str_of(bytes, strlen(bytes));
	return true;
}

static struct match_db *
with_includes(const char *text, unsigned *asked)
{
	struct match_db *db = match_new();
	struct match_source source = {.read = give, .arg = asked};

	*asked = 0;
	assert_int_equal(match_add_with(db, tc_str_from(text), TC_PACK_OPERATOR, TC_ADVERTISING, &source), 0);
	assert_int_equal(match_build(db), 0);
	return db;
}

/* What is included keeps its class and its open conditions to itself. */
static void
test_include(void **state)
{
	unsigned asked;
	struct match_db *db = with_includes("||a.example^\n!#include rules\n||b.example^\n!#include missing\n"
	    "!#if ext_ublock\n!#include rules\n!#endif",
	    &asked);

	(void)state;
	assert_int_equal(asked, 2);
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_INCLUDE], 1);
	assert_int_equal(match_stats(db)->rules[TC_PACK_OPERATOR], 3);
	assert_int_equal(judge(db, "https://a.example/", MATCH_SCRIPT), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://b.example/", MATCH_SCRIPT), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://inner.example/", MATCH_SCRIPT), MATCH_NONE);
	match_destroy(&db);
	db = build("!#include rules");
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_INCLUDE], 1);
	match_destroy(&db);
}

static void
test_include_in_circles(void **state)
{
	unsigned asked;
	struct match_db *db = with_includes("!#include again", &asked);

	(void)state;
	assert_true(asked <= INCLUDE_MAX);
	assert_true(match_stats(db)->skipped[MATCH_SKIP_INCLUDE] > 0);
	match_destroy(&db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_include_in_circles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

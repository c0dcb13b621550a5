/*
 * test_regex.c: regular expressions in filter lists: the text that leads to them, what is refused, what they match beside
 * what JavaScript says, and that none can stop us.
 */
#include "match_run.h"

#include <pthread.h>

#include "../../filters/match/regex.c"

static void
test_literal(void **state)
{
	static const struct {
		const char *source, *literal;
	} cases[] = {
		{"abcd", "abcd"},
		{"ABcd", "abcd"},
		{"^https?:\\/\\/ads\\.", "://ads."},
		{"ab?cdef", "cdef"},
		{"abc*def", "def"},
		{"abcd{0,3}ef", "abc"},
		{"abcd{2}ef", "abcd"},
		{"abc+?def", "abc"},
		{"ab(cd|ef)ghi", "ghi"},
		{"(abcdef)gh", "gh"},
		{"a[bcdef]gh", "gh"},
		{"[)]abc", "abc"},
		{"([)]|x)abc", "abc"},
		{"(\\)abcd)ef", "ef"},
		{"abcd|efgh", ""},
		{"(ab|cd)", ""},
		{"\\d\\d\\wab\\b", "ab"},
		{"ab\\x41cd", "ab"},
		{"ab\\u0041cde", "cde"},
		{"a.bc$", "bc"},
		{"[abc", ""},
		{"(abc", ""},
		{"ab\\", "ab\\"},
		{"", ""},
	};
	char literal[REGEX_LITERAL_MAX], longest[600];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *edge = edge_copy(cases[i].source, strlen(cases[i].source));
		size_t n = regex_literal(tc_str_of(edge, strlen(cases[i].source)), literal);

		edge_free(edge, strlen(cases[i].source));
		if (!tc_eq(tc_str_of(literal, n), tc_str_from(cases[i].literal)))
			fail_msg("%s: %.*s", cases[i].source, (int)n, literal);
	}
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(regex_literal(tc_str_of(longest, sizeof(longest)), literal), REGEX_LITERAL_MAX);
}

static void
test_rules(void **state)
{
	static const struct {
		const char *rule, *hit, *miss;
	} cases[] = {
		{"/\\/ads[0-9]+\\.js/", "https://o.example/ads12.js", "https://o.example/ads.js"},
		{"/\\/ADS[0-9]+\\.js/", "https://o.example/ads12.JS", "https://o.example/bds12.js"},
		{"/\\/Ads[0-9]+/$match-case", "https://o.example/Ads12", "https://o.example/ads12"},
		{"/^https:\\/\\/t\\.example\\/\\w{3}$/", "https://t.example/abc", "https://t.example/abcd"},
		{"/^https:\\/\\/t\\.example\\/\\w{3}$/$script", "https://t.example/abc", "https://u.example/abc"},
		{"/\\/track(?!ing)/", "https://o.example/tracks", "https://o.example/tracking"},
		{"/\\.js$|\\.gif$/$domain=site.example", "https://o.example/x.js", "https://o.example/x.css"},
		{"/^https:\\/\\/[a-z]{3}\\.example\\//$domain=site.example|o.example", "https://abc.example/", "https://ab.example/"},
		{"/a/bcd/", "https://o.example/xa/bcd", "https://o.example/a.bcd"},
		{"/^wss?:\\/\\/t\\.example/", "wss://t.example/", "https://t.example/"},
		{"/abcx{2,}\\,yzab/$script", "https://o.example/abcxxx,yzab", "https://o.example/abcx,yzab"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db = build(cases[i].rule);

		if (judge(db, cases[i].hit, MATCH_SCRIPT) != MATCH_BLOCK || !tc_eq(result.rule, tc_str_from(cases[i].rule)))
			fail_msg("%s lets %s through", cases[i].rule, cases[i].hit);
		if (judge(db, cases[i].miss, MATCH_SCRIPT) != MATCH_NONE)
			fail_msg("%s blocks %s", cases[i].rule, cases[i].miss);
		match_destroy(&db);
	}
}

/* Other rules about the same text, exceptions, and the removal of one. */
static void
test_order(void **state)
{
	struct match_db *db = build("/track[0-9]/\n/track[a-z]/$domain=other.example\n@@/track1\\b/\n/track[5]/$badfilter\n/track[5]/");

	(void)state;
	assert_int_equal(judge(db, "https://o.example/track2", MATCH_IMAGE), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://o.example/track1", MATCH_IMAGE), MATCH_ALLOW);
	assert_int_equal(judge(db, "https://o.example/track12", MATCH_IMAGE), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://o.example/tracka", MATCH_IMAGE), MATCH_NONE);
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_REMOVED], 1);
	match_destroy(&db);
}

/* Nothing leads to it, or it is none, or one that browsers do not know. */
static void
test_refused(void **state)
{
	static const struct {
		const char *rule;
		enum match_skip why;
	} cases[] = {
		{"/[a-z]+/", MATCH_SKIP_NO_LITERAL},
		{"/ab.cd|abcdef/", MATCH_SKIP_NO_LITERAL},
		{"/^https?:/", MATCH_SKIP_NO_LITERAL},
		{"/ads[0-9]+\\.js/", MATCH_SKIP_NO_LITERAL},
		{"/[a-z]+/$domain=~site.example", MATCH_SKIP_NO_LITERAL},
		{"/abcd(/", MATCH_SKIP_REGEX},
		{"/abcd[/", MATCH_SKIP_REGEX},
		{"/abcd**/", MATCH_SKIP_REGEX},
		{"/(*UTF)abcd/", MATCH_SKIP_REGEX},
		{"/(?C1)abcd/", MATCH_SKIP_REGEX},
		{"/(?i)abcd/", MATCH_SKIP_REGEX},
		{"/abcd\\Q*\\E/", MATCH_SKIP_REGEX},
		{"/abcd(((((((((((((((((((((((((((((((((((a)))))))))))))))))))))))))))))))))))))))/", MATCH_SKIP_REGEX},
		{"/abcd((a{999}){999}){999}/", MATCH_SKIP_REGEX},
		{"/abcd\xc3\xbc/", MATCH_SKIP_REGEX},
	};
	char *text = malloc(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db = build(cases[i].rule);

		if (match_stats(db)->skipped[cases[i].why] != 1 || match_stats(db)->rules[TC_PACK_OPERATOR] != 0)
			fail_msg("%s is taken", cases[i].rule);
		match_destroy(&db);
	}
	memset(text, 'a', 4096);
	text[0] = text[4094] = '/';
	text[4095] = '\0';
	struct match_db *db = build(text);
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_REGEX], 1);
	match_destroy(&db);
	free(text);
}

/* One that would take for ever ends; where it is undecided a block counts and an exception does not. */
static void
test_slow(void **state)
{
	static char url[URL_MAX];
	struct match_db *db = build("/track(a+)+(b+)+(a+)+$/\n/px\\.gif/\n@@/px(\\.|\\.g|\\.gi)(a|aa|b|bb|c|.)+(a+)+(.+)+Q$/");
	size_t n;

	(void)state;
	n = (size_t)snprintf(url, sizeof(url), "https://o.example/track");
	memset(url + n, 'a', sizeof(url) - n - 2);
	url[sizeof(url) - 2] = '!';
	assert_int_equal(judge(db, url, MATCH_SCRIPT), MATCH_BLOCK);
	n = (size_t)snprintf(url, sizeof(url), "https://o.example/px.gif");
	memset(url + n, 'a', sizeof(url) - n - 2);
	assert_int_equal(judge(db, url, MATCH_SCRIPT), MATCH_BLOCK);
	match_destroy(&db);
}

/* Threads that ask first at the same time. */
static struct url asked;

static void *
ask_many(void *arg)
{
	struct match_result r;
	long hits = 0;

	for (int i = 0; i < 100; i++)
		hits += match_url(arg, &page, &asked, MATCH_SCRIPT, &r) == MATCH_BLOCK;
	return (void *)hits;
}

static void
test_threads(void **state)
{
	struct match_db *db = build("/\\/ads[0-9]+\\.js/");
	pthread_t threads[4];
	void *hits;

	(void)state;
	asked = url_of("https://o.example/ads12.js");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_many, db), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &hits), 0);
		assert_int_equal((long)hits, 100);
	}
	match_destroy(&db);
}

/* A site for which a list has many: as many as can be tried with each URL. */
static void
test_many(void **state)
{
	char list[8192];
	struct match_db *db;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "/[x]%02d$/$domain=site.example\n", i);
	db = build(list);
	assert_int_equal(match_stats(db)->rules[TC_PACK_OPERATOR], 32);
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_NO_LITERAL], 68);
	assert_int_equal(judge(db, "https://t.example/x31", MATCH_SCRIPT), MATCH_BLOCK);
	assert_int_equal(judge(db, "https://t.example/x32", MATCH_SCRIPT), MATCH_NONE);
	match_destroy(&db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

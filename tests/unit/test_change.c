/* test_change.c: rules that take something off: which names, on which URLs, what frees them, what is refused. */
#include "match_run.h"

#include "../../filters/match/change.c"

static enum match_verdict
removes(const struct match_db *db, enum match_change kind, const char *url, const char *name, const char *value)
{
	struct url u = url_of(url);

	return match_removes(db, &page, &u, MATCH_DOCUMENT, kind, tc_str_from(name),
	    value != NULL ? tc_str_from(value) : tc_str_of(NULL, 0), &result);
}

#define SITE "https://www.site.example/news"

static void
test_parameters(void **state)
{
	static const struct {
		const char *rule, *name, *value;
		bool removed;
	} cases[] = {
		{"$removeparam=utm_x", "utm_x", "1", true},
		{"*$removeparam=utm_x", "utm_x", "", true},
		{"$removeparam=utm_x", "UTM_X", "1", false},
		{"$removeparam=utm_x", "utm", "utm_x", false},
		{"$queryprune=utm_x", "utm_x", "1", true},
		{"$removeparam", "anything", "1", true},
		{"$removeparam=~id", "id", "1", false},
		{"$removeparam=~id", "other", "1", true},
		{"$removeparam=/^utm_/", "utm_y", "1", true},
		{"$removeparam=/^utm_/", "xutm_y", "1", false},
		{"$removeparam=/^a{1\\,2}=x$/", "aa", "x", true},
		{"$removeparam=/^a{1\\,2}=x$/", "aaa", "x", false},
		{"$removeparam=/^UTM_/", "utm_y", "1", false},
		{"$removeparam=/^UTM_/i", "utm_y", "1", true},
		{"$removeparam=~/^id=\\d+$/", "id", "12", false},
		{"$removeparam=~/^id=\\d+$/", "id", "x", true},
		{"||site.example^$removeparam=a", "a", "1", true},
		{"||site.example/news$removeparam=a", "a", "1", true},
		{"||site.example/other$removeparam=a", "a", "1", false},
		{"||other.example^$removeparam=a", "a", "1", false},
		{"/news$removeparam=a", "a", "1", true},
		{"/\\/new[a-z]$/$removeparam=a", "a", "1", true},
		{"$removeparam=a,domain=site.example", "a", "1", true},
		{"$removeparam=a,domain=other.example", "a", "1", false},
		{"$removeparam=a,to=site.example", "a", "1", true},
		{"$removeparam=a,to=other.example", "a", "1", false},
		{"$removeparam=a,3p", "a", "1", false},
		{"$removeparam=a,document", "a", "1", true},
		{"$removeparam=a,image", "a", "1", false},
		{"$removeparam=a,method=post", "a", "1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db = build(cases[i].rule);

		if ((removes(db, MATCH_REMOVEPARAM, SITE, cases[i].name, cases[i].value) == MATCH_BLOCK) != cases[i].removed)
			fail_msg("%s: %s=%s", cases[i].rule, cases[i].name, cases[i].value);
		assert_true(!cases[i].removed || tc_eq(result.rule, tc_str_from(cases[i].rule)));
		assert_int_equal(match_stats(db)->changes[MATCH_REMOVEPARAM], 1);
		/* It blocks nothing, and is nothing to cookies. */
		assert_int_equal(judge(db, SITE, MATCH_DOCUMENT), MATCH_NONE);
		assert_int_equal(judge(db, SITE, MATCH_IMAGE), MATCH_NONE);
		assert_int_equal(removes(db, MATCH_COOKIE, SITE, cases[i].name, NULL), MATCH_NONE);
		match_destroy(&db);
	}
}

static void
test_cookies_and_fields(void **state)
{
	struct match_db *db = build("$cookie=_ga\n||site.example^$cookie=/^_gat/\n$cookie=soft;maxAge=3600\n$cookie=bad;sameSite=lax\n"
	    "||site.example^$removeheader=X-Tag\n||site.example^$removeheader=request:x-id");

	(void)state;
	assert_int_equal(removes(db, MATCH_COOKIE, SITE, "_ga", NULL), MATCH_BLOCK);
	assert_int_equal(removes(db, MATCH_COOKIE, SITE, "_GA", NULL), MATCH_NONE);
	assert_int_equal(removes(db, MATCH_COOKIE, SITE, "_gat_1", NULL), MATCH_BLOCK);
	assert_int_equal(removes(db, MATCH_COOKIE, "https://o.example/", "_gat_1", NULL), MATCH_NONE);
	assert_int_equal(removes(db, MATCH_COOKIE, SITE, "soft", NULL), MATCH_NONE);
	assert_int_equal(removes(db, MATCH_COOKIE, SITE, "bad", NULL), MATCH_NONE);
	assert_int_equal(removes(db, MATCH_REMOVEHEADER, SITE, "x-tag", NULL), MATCH_BLOCK);
	assert_int_equal(removes(db, MATCH_REMOVEHEADER, SITE, "X-Id", NULL), MATCH_NONE);
	assert_int_equal(removes(db, MATCH_REMOVEHEADER, SITE, "request:X-Id", NULL), MATCH_BLOCK);
	assert_int_equal(match_stats(db)->changes[MATCH_COOKIE], 4);
	assert_int_equal(match_stats(db)->changes[MATCH_REMOVEHEADER], 2);
	match_destroy(&db);
}

/* A rule about a query is about documents, unless it says otherwise; one about cookies is about all. */
static void
test_usual_types(void **state)
{
	struct match_db *db = build("$removeparam=a\n$removeparam=b,xhr\n$removeparam=c,~image\n$cookie=d");
	static const struct {
		const char *name;
		enum match_change kind;
		unsigned types;
	} cases[] = {
		{"a", MATCH_REMOVEPARAM, MATCH_DOCUMENT | MATCH_SUBDOCUMENT},
		{"b", MATCH_REMOVEPARAM, MATCH_XHR},
		{"c", MATCH_REMOVEPARAM, MATCH_DOCUMENT | MATCH_SUBDOCUMENT},
		{"d", MATCH_COOKIE, MATCH_OTHER * 2 - 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (unsigned type = 1; type <= MATCH_OTHER; type *= 2) {
			struct url u = url_of(SITE);
			enum match_verdict v = match_removes(db, &page, &u, type, cases[i].kind, tc_str_from(cases[i].name),
			    tc_str_of(NULL, 0), &result);

			if ((v == MATCH_BLOCK) != ((cases[i].types & type) != 0))
				fail_msg("%s of %x", cases[i].name, type);
		}
	match_destroy(&db);
}

static void
test_softer_cookies(void **state)
{
	static const struct {
		const char *rules, *name;
		int64_t max_age; /* -2: not softened */
		const char *same_site;
		bool skipped;
	} cases[] = {
		{"$cookie=n;maxAge=3600", "n", 3600, "", false},
		{"$cookie=n;maxAge=3600;sameSite=lax", "n", 3600, "lax", false},
		{"$cookie=n; SameSite=Strict ;MAXAGE=0", "n", 0, "Strict", false},
		{"$cookie=;maxAge=5", "anything", 5, "", false},
		{"$cookie=/^n[0-9]$/;maxAge=5", "n1", 5, "", false},
		{"$cookie=/^n[0-9]$/;maxAge=5", "n", -2, "", false},
		{"$cookie=/^N;$/i;sameSite=lax", "n;", -1, "lax", false},
		{"$cookie=n;maxAge=5,domain=site.example", "n", 5, "", false},
		{"$cookie=n;maxAge=5,domain=other.example", "n", -2, "", false},
		{"$cookie=n", "n", -2, "", false},
		{"$cookie=n;maxAge=5\n@@||site.example^$cookie=n", "n", -2, "", false},
		{"$cookie=n;maxAge=5\n@@||site.example^$cookie", "n", -2, "", false},
		{"$cookie=n;maxAge=5\n@@||site.example^$cookie=n;maxAge=9", "n", -2, "", false},
		{"$cookie=n;maxAge=x", "n", -2, "", true},
		{"$cookie=n;maxAge=", "n", -2, "", true},
		{"$cookie=n;maxAge=-1", "n", -2, "", true},
		{"$cookie=n;maxAge=1234567890", "n", -2, "", true},
		{"$cookie=n;sameSite=none", "n", -2, "", true},
		{"$cookie=n;", "n", -2, "", true},
		{"$cookie=n;path=/", "n", -2, "", true},
		{"$cookie=/n;maxAge=5", "/n", 5, "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db = build(cases[i].rules);
		struct url u = url_of(SITE);
		struct match_softer to = {-2, {"", 0}};
		bool softened = match_softens(db, &page, &u, MATCH_DOCUMENT, tc_str_from(cases[i].name), &to, &result) == MATCH_BLOCK;

		if (softened != (cases[i].max_age != -2))
			fail_msg("%s", cases[i].rules);
		assert_true(!softened || (to.max_age == cases[i].max_age && tc_eq(to.same_site, tc_str_from(cases[i].same_site))));
		assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_OPTION], cases[i].skipped);
		if (softened)
			assert_int_equal(removes(db, MATCH_COOKIE, SITE, cases[i].name, NULL), MATCH_NONE);
		match_destroy(&db);
	}
}

/* What keeps a cookie from being shortened does not keep it from going. */
static void
test_softer_exceptions(void **state)
{
	struct match_db *db = build("$cookie=n\n@@||site.example^$cookie=n;maxAge=9");

	(void)state;
	assert_int_equal(removes(db, MATCH_COOKIE, SITE, "n", NULL), MATCH_BLOCK);
	match_destroy(&db);
}

static void
test_order(void **state)
{
	static const struct {
		const char *list;
		enum match_verdict verdict;
	} cases[] = {
		{"$removeparam=a\n@@||site.example^$removeparam", MATCH_ALLOW},
		{"$removeparam=a\n@@||site.example^$removeparam=a", MATCH_ALLOW},
		{"$removeparam=a\n@@||site.example^$removeparam=b", MATCH_BLOCK},
		{"$removeparam=a\n@@||other.example^$removeparam", MATCH_BLOCK},
		{"$removeparam=a\n@@||site.example^", MATCH_BLOCK},
		{"$removeparam=a,important\n@@||site.example^$removeparam", MATCH_BLOCK},
		{"$removeparam=a\n||site.example^$removeparam=a,important\n@@||site.example^$removeparam", MATCH_BLOCK},
		{"$removeparam=a,important\n@@||site.example^$removeparam,important", MATCH_ALLOW},
		{"$removeparam=a\n$removeparam=a,badfilter", MATCH_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db = build(cases[i].list);

		if (removes(db, MATCH_REMOVEPARAM, SITE, "a", "1") != cases[i].verdict)
			fail_msg("%s: %d", cases[i].list, result.verdict);
		page.denied = 0;
		assert_int_equal(removes(db, MATCH_REMOVEPARAM, SITE, "a", "1"), MATCH_NONE);
		page.denied = TC_CLASS_BIT(TC_ADVERTISING);
		match_destroy(&db);
	}
}

static size_t
values_of(const struct match_db *db, enum match_change kind, const char *url, struct tc_str *all, size_t max)
{
	struct match_result why[8];
	struct url u = url_of(url);

	return match_values(db, &page, &u, MATCH_DOCUMENT, kind, why, all, max);
}

static void
test_values(void **state)
{
	struct match_db *db = build("||site.example^$csp=script-src 'none'\n||site.example^$csp=img-src *; font-src *\n"
	    "$csp=script-src 'none'\n||other.example^$csp=frame-src x\n@@||site.example/free$csp\n"
	    "@@||site.example/half$csp=script-src 'none'\n/px$redirect-rule=noop.js\n||site.example^$csp=a,important");
	struct tc_str all[8];

	(void)state;
	assert_int_equal(values_of(db, MATCH_CSP, SITE, all, 8), 3);
	assert_int_equal(values_of(db, MATCH_CSP, SITE, all, 1), 1);
	assert_int_equal(values_of(db, MATCH_CSP, "https://www.site.example/free", all, 8), 1);
	assert_true(tc_eq(all[0], TC_STR("a")));
	assert_int_equal(values_of(db, MATCH_CSP, "https://www.site.example/half", all, 8), 2);
	assert_int_equal(values_of(db, MATCH_CSP, "https://o.example/", all, 8), 1);
	assert_true(tc_eq(all[0], TC_STR("script-src 'none'")));
	assert_int_equal(values_of(db, MATCH_REDIRECT_RULE, "https://o.example/px", all, 8), 1);
	assert_true(tc_eq(all[0], TC_STR("noop.js")));
	assert_int_equal(judge(db, "https://o.example/px", MATCH_SCRIPT), MATCH_NONE);
	match_destroy(&db);
}

/* Rules for all URLs and names are tried for each: only so many. A value is needed where there is something to add. */
static void
test_refused(void **state)
{
	static char list[1 << 16];
	struct match_db *db;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "$removeparam=/^n%d/\n$removeparam=n%d\n", i, i);
	db = build(list);
	assert_int_equal(match_stats(db)->changes[MATCH_REMOVEPARAM], 100 + 64 + 16);
	assert_int_equal(removes(db, MATCH_REMOVEPARAM, SITE, "n99", "1"), MATCH_BLOCK);
	match_destroy(&db);
	db = build("||a.example^$csp\n||a.example^$removeheader\n||a.example^$redirect-rule\n||a.example^$csp=a,cookie=b\n"
	    "||a.example^$removeparam=/(/\n");
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_MALFORMED], 4);
	assert_int_equal(match_stats(db)->skipped[MATCH_SKIP_REGEX], 1);
	match_destroy(&db);
}

static void
test_option(void **state)
{
	(void)state;
	assert_true(tc_eq(match_option(TC_STR("||t.example^$script,redirect=noop.js,important"), TC_STR("redirect")), TC_STR("noop.js")));
	assert_true(match_option(TC_STR("||t.example^$script,important"), TC_STR("redirect")).p == NULL);
	assert_true(match_option(TC_STR("||t.example^"), TC_STR("redirect")).p == NULL);
	assert_true(match_option(TC_STR("||t.example^$script,important"), TC_STR("important")).p != NULL);
	assert_true(match_option(TC_STR("||t.example^$script,important"), TC_STR("important")).n == 0);
	assert_true(tc_eq(match_option(TC_STR("/a$/$domain=x.example"), TC_STR("domain")), TC_STR("x.example")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_cookies_and_fields),
		cmocka_unit_test(test_usual_types),
		cmocka_unit_test(test_softer_cookies),
		cmocka_unit_test(test_softer_exceptions),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

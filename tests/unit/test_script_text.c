/* test_script_text.c: rules about what inline scripts say, from the line of a list to the page. */
#include "match_run.h"

#include "filters/html/value.h"
#include "html_run.h"

#include "../../filters/match/script_text.c"

/* Whether a script with this text goes from www.site.example, by these rules. */
static bool
goes(const char *rules, const char *script)
{
	struct match_db *db = build(rules);
	struct url u = url_of("https://www.site.example/x?y");
	struct match_scripts found;
	enum tc_class class = TC_UNKNOWN;
	char *edge = edge_copy(script, strlen(script));
	bool goes;

	match_scripts(db, &page, &u, &found);
	goes = match_script(db, &found, tc_str_of(edge, strlen(script)), &class);
	assert_int_equal(class, goes ? TC_ADVERTISING : TC_UNKNOWN);
	edge_free(edge, strlen(script));
	match_destroy(&db);
	return goes;
}

static void
test_rules(void **state)
{
	static const struct {
		const char *rules, *script;
		bool goes;
	} cases[] = {
		{"site.example##^script:has-text(adTool)", "var a=adTool();", true},
		{"site.example##^script:has-text(adTool)", "var a=adtool();", false},
		{"site.example##^script:has-text(adTool)", "", false},
		{"other.example,site.example##^script:has-text(x.y)", "x.y", true},
		{"other.example##^script:has-text(x.y)", "x.y", false},
		{"ww.site.example##^script:has-text(x.y)", "x.y", false},
		{"site.*##^script:has-text(x.y)", "x.y", true},
		{"site.example,~www.site.example##^script:has-text(x.y)", "x.y", false},
		{"~other.example##^script:has-text(x.y)", "x.y", true},
		{"##^script:has-text(x.y)", "x.y", true},
		/* quotes, brackets, expressions */
		{"site.example##^script:has-text('\"x\"')", "'\"x\"'", true},
		{"site.example##^script:has-text('\"x\"')", "'x'", false},
		{"site.example##^script:has-text(\"'').split(',')[4]\")", "a('').split(',')[4]", true},
		{"site.example##^script:has-text(f(x);)", "f(x);", true},
		{"site.example##^script:has-text(/ad[TB]ool|x{3}/)", "adBool", true},
		{"site.example##^script:has-text(/ad[TB]ool|x{3}/)", "adbool", false},
		{"site.example##^script:has-text(/ad[TB]ool|x{3}/i)", "ADBOOL", true},
		{"site.example##^script:has-text(/^a.b$/)", "xa.b", false},
		{"site.example$$script[tag-content=\"x.y\"]", "x.y", true},
		/* more of them, and what frees from them */
		{"site.example##^script:has-text(a1)\nsite.example##^script:has-text(b2)\n##^script:has-text(c3)", "b2", true},
		{"site.example##^script:has-text(a1)\nsite.example##^script:has-text(b2)\n##^script:has-text(c3)", "c3", true},
		{"site.example##^script:has-text(a1)\nwww.site.example#@#^script:has-text(a1)", "a1", false},
		{"site.example##^script:has-text(a1)\nwww.site.example#@#^script:has-text(b2)", "a1", true},
		{"site.example##^script:has-text(/a1/)\nsite.example#@#^script:has-text(/a1/)", "a1", false},
		{"site.example$$script[tag-content=\"a1\"]\nsite.example$@$script[tag-content=\"a1\"]", "a1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (goes(cases[i].rules, cases[i].script) != cases[i].goes)
			fail_msg("%s: %s", cases[i].rules, cases[i].script);
}

/* What is not understood whole is skipped and counted. */
static void
test_skipped(void **state)
{
	static const char *const rules[] = {
		"site.example##^script:has-text()",
		"site.example##^script:has-text(a",
		"site.example##^script:has-text(a):has-text(b)",
		"site.example##^script:has-text(/a/u)",
		"site.example##^script:has-text('a)",
		"site.example##^script:has-text(\\'a\\')",
		"site.example##^script[src]:has-text(a)",
		"site.example##script:has-text(a)",
		"site.example##+js(a)",
		"site.example$$script[tag-content=\"a\"][max-length=\"99\"]",
		"site.example$$script[tag-content=\"a\"\"b\"]",
		"site.example$$script[data-x=\"a\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct match_db *db = build(rules[i]);
		const struct match_stats *stats = match_stats(db);

		if (stats->changes[MATCH_SCRIPT_TEXT] != 0 || stats->skipped[MATCH_SKIP_COSMETIC] != 1)
			fail_msg("%s", rules[i]);
		match_destroy(&db);
	}
}

/* Rules of a class that is not denied do nothing, and the first MATCH_SCRIPTS_MAX are enough. */
static void
test_limits(void **state)
{
	char rules[64 * (MATCH_SCRIPTS_MAX + 4)];
	struct match_page allowed = page;
	struct url u = url_of("https://www.site.example/");
	struct match_scripts found;
	struct match_db *db;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < MATCH_SCRIPTS_MAX + 4; i++)
		n += (size_t)snprintf(rules + n, sizeof(rules) - n, "site.example##^script:has-text(word%d)\n", i);
	db = build(rules);
	match_scripts(db, &page, &u, &found);
	assert_int_equal(found.n, MATCH_SCRIPTS_MAX);
	allowed.denied = TC_CLASS_BIT(TC_ANALYTICS);
	match_scripts(db, &allowed, &u, &found);
	assert_int_equal(found.n, 0);
	match_destroy(&db);
}

/* ---- pages ---- */

static void
check_page(struct match_db *db, struct tc_str in, struct tc_str out)
{
	static const size_t sizes[] = {0, 1, 7, 1000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct fake_call *f = fake_new(&filter_html);

		if (sizes[i] == 1 && in.n > 10000)
			continue;
		f->conf = db;
		f->req.path = f->req.match = TC_STR("/");
		assert_int_equal(fake_respond(f), 0);
		assert_int_equal(sizes[i] == 0 ? fake_feed(f, in, NULL, 0) : fake_feed_by(f, in, sizes[i]), 0);
		if (!tc_eq(fake_out(f), out))
			fail_msg("in pieces of %zu: %.*s", sizes[i], (int)(f->out_n < 200 ? f->out_n : 200), f->out);
		fake_free(&f);
	}
}

static void
test_pages(void **state)
{
	static char in[3 * SCRIPT_HELD_MAX], word[] = "adTool();</script><p>";
	static const char begin[] = "<p><script>";
	struct match_db *db = build("example.com##^script:has-text(adTool)");
	size_t n = sizeof(begin) - 1, at;

	(void)state;
	check_page(db, TC_STR("<script>adTool()</script><script>x</script><script type=module>adTool()</script><p>adTool"),
	    TC_STR("<script></script><script>x</script><script type=module></script><p>adTool"));
	check_page(db, TC_STR("<svg><script>adTool()</script></svg><noscript>adTool</noscript>"),
	    TC_STR("<svg><script></script></svg><noscript>adTool</noscript>"));
	check_page(db, TC_STR("<script type=application/ld+json>adTool</script>"),
	    TC_STR("<script type=application/ld+json>adTool</script>"));
	/* of long scripts the front decides, and all of it goes */
	memset(in, ' ', sizeof(in));
	memcpy(in, begin, n);
	at = n + SCRIPT_HELD_MAX - 6;
	memcpy(in + at, "adTool", 6);
	memcpy(in + sizeof(in) - sizeof(word) + 1, word, sizeof(word) - 1);
	check_page(db, tc_str_of(in, sizeof(in)), TC_STR("<p><script></script><p>"));
	memset(in + at, ' ', 1);
	check_page(db, tc_str_of(in, sizeof(in)), tc_str_of(in, sizeof(in)));
	match_destroy(&db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

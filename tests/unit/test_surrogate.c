/* test_surrogate.c: our own paths are answered here, all of them, and nothing else is. */
#include "../../filters/surrogate.c"

#include "../../filters/match/pack.h"
#include "headfilter.h"

static int
ask(struct fake_call *f, enum tc_method method, const char *path)
{
	f->req.method = method;
	f->req.match = f->req.path = z(path);
	f->answered = false;
	return fake_request(f);
}

static void
test_assets(void **state)
{
	struct fake_call *f = fake_new(&filter_surrogate);

	(void)state;
	allow_all(f); /* they are for everyone */
	assert_int_equal(ask(f, TC_M_GET, "/.well-known/tacet/s/noop.js"), 200);
	assert_string_equal(f->answer_type, "text/javascript; charset=utf-8");
	assert_string_equal(f->answer_cache, "public, max-age=86400");
	assert_true(f->answer.n > 200 && f->answer.n < 4096);
	assert_true(tc_starts(f->answer, TC_STR("(function")));
	assert_int_equal(ask(f, TC_M_HEAD, "/.well-known/tacet/s/not-written-yet.js"), 200);
	assert_true(tc_eq(f->answer, surrogate_script(TC_STR("noop.js"))->text));
	assert_int_equal(ask(f, TC_M_GET, "/.well-known/tacet/1x1.gif"), 200);
	assert_string_equal(f->answer_type, "image/gif");
	assert_int_equal(f->answer.n, 43);
	assert_string_equal(f->answer_cache, "public, max-age=31536000, immutable");
	assert_memory_equal(f->answer.p, "GIF89a\x01\x00\x01\x00", 10);
	fake_free(&f);
}

/* Who has this very text hears 304; who has another, as of another version, gets it. */
static void
test_conditional(void **state)
{
	static const struct {
		const char *held; /* %s: the tag */
		int status;
	} cases[] = {
		{"%s", 304},
		{"W/%s", 304},
		{"\"a\", W/\"b\", %s", 304},
		{"*", 304},
		{"\"0000000000000000\"", 200},
		{"W/\"abc;tc12345678\"", 200},
		{"", 200},
	};
	const char *tag = surrogate_script(TC_STR("gtm.js"))->tag;

	(void)state;
	assert_int_equal(strlen(tag), 18);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = fake_new(&filter_surrogate);
		char value[128];

		(void)snprintf(value, sizeof(value), cases[i].held, tag);
		put(&f->req.fields, "If-None-Match", value);
		assert_int_equal(ask(f, TC_M_GET, "/.well-known/tacet/s/gtm.js"), cases[i].status);
		assert_string_equal(f->answer_tag, tag);
		assert_string_equal(f->answer_cache, "public, max-age=86400");
		assert_true(cases[i].status == 200 ? f->answer.n > 500 : f->answer.p == NULL && f->answer_type == NULL);
		fake_free(&f);
	}
}

/* What a tracker's script becomes is one of ours, each has a tag of its own, and is small ASCII text. */
static void
test_scripts(void **state)
{
	bool named[64] = {false};

	(void)state;
	assert_int_equal(surrogate_count, pack_surrogate_count);
	for (size_t i = 0; i < pack_surrogate_count; i++) {
		struct tc_str url = pack_surrogate_url(i, false), name = url;
		const struct surrogate *s;

		tc_skip(&name, sizeof(PACK_SURROGATES) - 1);
		s = surrogate_script(name);
		assert_true(tc_eq(s->name, name) && tc_starts(url, TC_STR(PACK_SURROGATES)));
		assert_false(named[s - surrogates]);
		named[s - surrogates] = true;
		assert_true(pack_surrogate_url(i, true).n == url.n + 1 && url.p[url.n] == '?');
		assert_true(s->text.n > 200 && s->text.n < 8192 && tc_starts(s->text, TC_STR("(function (w, d) {\n")));
		for (size_t k = 0; k < s->text.n; k++)
			assert_true(s->text.p[k] == '\n' || (s->text.p[k] >= ' ' && s->text.p[k] < 0x7f));
		for (size_t k = 0; k < i; k++)
			assert_true(surrogates[k].tag == s->tag || strcmp(surrogates[k].tag, s->tag) != 0);
	}
	assert_true(tc_eq(pack_surrogate_url(0, false), TC_STR("/.well-known/tacet/s/noop.js")));
	assert_true(tc_eq(pack_surrogate_url(SIZE_MAX, false), TC_STR("/.well-known/tacet/s/noop.js")));
}

static void
test_mapping(void **state)
{
	static const struct {
		const char *host, *rest, *name;
	} cases[] = {
		{"www.googletagmanager.com", "/gtm.js?id=GTM-ABC", "gtm"},
		{"googletagmanager.com", "/gtm.js", "gtm"},
		{"www.googletagmanager.com", "/GTM.JS?id=x", "gtm"},
		{"www.googletagmanager.com", "/gtag/js?id=G-1", "google-tag"},
		{"www.google-analytics.com", "/analytics.js", "analytics"},
		{"ssl.google-analytics.com", "/ga.js", "ga"},
		{"stats.g.doubleclick.net", "/dc.js", "ga"},
		{"www.googleoptimize.com", "/optimize.js?id=OPT-1", "gtm"},
		{"connect.facebook.net", "/de_DE/fbevents.js", "meta"},
		{"connect.facebook.net", "/signals/config/123", "meta"},
		{"snap.licdn.com", "/li.lms-analytics/insight.min.js", "linkedin"},
		{"js.hs-scripts.com", "/123.js", "hubspot"},
		{"js-eu1.hs-scripts.com", "/123.js", "hubspot"},
		{"js.hs-analytics.net", "/analytics/1/123.js", "hubspot"},
		{"static.hotjar.com", "/c/hotjar-123.js?sv=6", "hotjar"},
		{"www.clarity.ms", "/tag/abc", "clarity"},
		{"cdn.segment.com", "/analytics.js/v1/KEY/analytics.min.js", "segment"},
		{"cdn.rudderlabs.com", "/v1.1/rudder-analytics.min.js", "segment"},
		{"cdn.matomo.cloud", "/x.matomo.cloud/matomo.js", "paq"},
		{"stats.site.example", "/piwik.js", "paq"},
		{"munchkin.marketo.net", "/munchkin.js", "marketo"},
		{"cdn.optimizely.com", "/js/123.js", "optimizely"},
		{"dev.visualwebsiteoptimizer.com", "/j.php?a=1", "vwo"},
		{"assets.adobedtm.com", "/launch-EN1.min.js", "adobe"},
		{"client.tt.omtrdc.net", "/m2/client/mbox/json", "adobe"},
		{"analytics.tiktok.com", "/i18n/pixel/events.js?sdkid=1", "tiktok"},
		{"s.pinimg.com", "/ct/core.js", "pinterest"},
		{"static.ads-twitter.com", "/uwt.js", "twitter"},
		{"bat.bing.com", "/bat.js", "bing"},
		/* of the site's own, or from a gateway */
		{"www.site.example", "/js/gtm.js?id=GTM-1", "gtm"},
		{"www.site.example", "/a1b2c3/?id=GTM-1", "gtm"},
		{"", "/metrics/x?l=y&id=G-1", "google-tag"},
		{"", "/lib/AppMeasurement.js", "adobe"},
		{"", "/at.js", "adobe"},
		{"", "/analytics.js/v1/KEY/analytics.min.js", "segment"},
		{"", "/analytics.js", "analytics"},
		/* nobody's */
		{"static.criteo.net", "/js/ld/ld.js", "noop"},
		{"evil-googletagmanager.com", "/x.js", "noop"},
		{"notclarity.ms", "/tag/abc", "noop"},
		{"s.pinimg.com", "/other/x.js", "noop"},
		{"www.site.example", "/mega.js", "noop"},
		{"www.site.example", "", "noop"},
		{"", "", "noop"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tc_str url = pack_surrogate_url(pack_surrogate(z(cases[i].host), z(cases[i].rest)), false);
		char want[128];

		(void)snprintf(want, sizeof(want), "/.well-known/tacet/s/%s.js", cases[i].name);
		if (!tc_eq(url, z(want)))
			fail_msg("%s%s: %.*s", cases[i].host, cases[i].rest, (int)url.n, url.p);
	}
}

static void
test_other_names(void **state)
{
	static const struct {
		const char *path;
		int status;
	} cases[] = {
		{"/.well-known/tacet/", 404},
		{"/.well-known/tacet", 404},
		{"/.well-known/tacet/s/", 404},
		{"/.well-known/tacet/s/.js", 404},
		{"/.well-known/tacet/s/a/b.js", 404},
		{"/.well-known/tacet/s/x.css", 404},
		{"/.well-known/tacet/1x1.gifx", 404},
		{"/.well-known/tacet/style.css", 0},
		{"/.well-known/tacets", 0},
		{"/.well-known/acme-challenge/x", 0},
		{"/.well-known/", 0},
		{"/", 0},
		{"*", 0},
	};
	struct fake_call *f = fake_new(&filter_surrogate);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(ask(f, TC_M_GET, cases[i].path), cases[i].status);
		assert_false(f->answered);
	}
	assert_int_equal(ask(f, TC_M_POST, "/.well-known/tacet/s/noop.js"), 405);
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assets),
		cmocka_unit_test(test_conditional),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_mapping),
		cmocka_unit_test(test_other_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

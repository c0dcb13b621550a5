/* test_reports.c: reports of policies: what is read of them, what is kept, and that there is an end to it. */
#include "../../proxy/core/reports.c"

#include "headfilter.h"

static struct lane lane;

static struct reports_ctx
begin(struct fake_call *f, struct config_site *site)
{
	memset(&lane, 0, sizeof(lane));
	memset(table.rows, 0, sizeof(table.rows));
	*site = (struct config_site){.pub = f->site};
	return (struct reports_ctx){.site = site, .host = TC_STR("www.example.com"), .lane = &lane, .arena = f->arena};
}

static void
take(const struct reports_ctx *ctx, const char *directive, const char *url)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "{\"csp-report\":{\"effective-directive\":\"%s\",\"blocked-uri\":\"%s\"}}", directive, url);
	reports_take(ctx, TC_STR("Application/CSP-Report; charset=x"), z(text));
}

static const char *
shown(int64_t k)
{
	static char text[1 << 18];
	struct buf b;

	buf_init(&b, sizeof(text) - 1);
	assert_int_equal(reports_write(&b, k), 0);
	(void)snprintf(text, sizeof(text), "%.*s", (int)b.n, buf_str(&b).p);
	buf_reset(&b);
	return text;
}

static void
test_hosts(void **state)
{
	static const struct {
		const char *url, *host;
	} rows[] = {{"https://A.Example/x", "a.example"}, {"wss://a.example:8443", "a.example"}, {"http://a.example?q", "a.example"},
	    {"https://u:p@a.example/", "u"}, /* browsers send none */
	    {"inline", ""}, {"data", ""}, {"blob:https://a.example/x", ""}, {"https://[::1]/", ""}, {"https://a b/", ""}, {"https://", ""},
	    {"chrome-extension://abc/x", ""}, {"://a.example", ""}, {"https://b\"c.example/", ""}, {"", ""}};
	struct fake_call *f = fake_new(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_of(host_of(f->arena, z(rows[i].url))), rows[i].host);
	fake_free(&f);
}

static void
test_directives(void **state)
{
	(void)state;
	assert_int_equal(directive_of(z("script-src-elem")), STATS_CSP_SCRIPT);
	assert_int_equal(directive_of(z("style-src-attr")), STATS_CSP_STYLE);
	assert_int_equal(directive_of(z("img-src 'self' a.example")), STATS_CSP_IMG);
	assert_int_equal(directive_of(z("fenced-frame-src")), STATS_CSP_OTHER);
	assert_int_equal(directive_of(z("-elem")), STATS_CSP_OTHER);
	assert_int_equal(directive_of(z("")), STATS_CSP_OTHER);
}

/* Nothing below k, and most first. */
static void
test_shown(void **state)
{
	struct fake_call *f = fake_new(NULL);
	struct config_site site;
	struct reports_ctx ctx = begin(f, &site);

	(void)state;
	for (int i = 0; i < 12; i++)
		take(&ctx, "img-src", "https://a.b.pixels.example/x");
	for (int i = 0; i < 10; i++)
		take(&ctx, "connect-src", "https://other.test/");
	for (int i = 0; i < 9; i++)
		take(&ctx, "script-src", "https://few.test/");
	assert_string_equal(shown(10), "{\"k\": 10, \"reports\": [\n"
	    "{\"domain\": \"pixels.example\", \"directive\": \"img-src\", \"reports\": 12},\n"
	    "{\"domain\": \"other.test\", \"directive\": \"connect-src\", \"reports\": 10}\n]}\n");
	assert_int_equal(lane.csp[STATS_CSP_IMG][STATS_CSP_HOST_UNLISTED], 12);
	fake_free(&f);
}

/* The table does not grow; what many saw is not pushed out by what few did. */
static void
test_bounded(void **state)
{
	struct fake_call *f = fake_new(NULL);
	struct config_site site;
	struct reports_ctx ctx = begin(f, &site);
	char url[300], name[128];

	(void)state;
	for (int i = 0; i < 20; i++)
		take(&ctx, "img-src", "https://many.test/");
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(url, sizeof(url), "https://d%d.test/", i);
		take(&ctx, "img-src", url);
		if (i % 500 == 0) { /* what one request may use is not what is tested here */
			arena_destroy(&f->arena);
			ctx.arena = f->arena = arena_new(NULL, FAKE_ARENA_MAX);
		}
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)snprintf(url, sizeof(url), "https://%s.test/", name);
	take(&ctx, "img-src", url); /* longer than any name that is kept */
	assert_non_null(strstr(shown(10), "\"many.test\", \"directive\": \"img-src\", \"reports\": 20}"));
	assert_null(strstr(shown(1), "xxxx"));
	f->req.fields.arena = f->res.fields.arena = f->arena;
	fake_free(&f);
}

static void
test_every_beginning(void **state)
{
	static const char *const bodies[] = {
		"{\"csp-report\":{\"violated-directive\":\"img-src x\",\"blocked-uri\":\"https:\\/\\/a.test\\/\",\"x\":[1,{\"y\":null}]}}",
		"[{\"type\":\"csp-violation\",\"body\":{\"effectiveDirective\":\"img-src\",\"blockedURL\":\"https://a.test/\"}},1]"};
	struct fake_call *f = fake_new(NULL);
	struct config_site site;
	struct reports_ctx ctx = begin(f, &site);

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t n = 0; n <= strlen(bodies[i]); n++) {
			char *copy = malloc(n + 1);

			memcpy(copy, bodies[i], n);
			reports_take(&ctx, i == 0 ? TC_STR("application/csp-report") : TC_STR("application/reports+json"), tc_str_of(copy, n));
			free(copy);
		}
	assert_true(lane.csp[STATS_CSP_IMG][STATS_CSP_HOST_UNLISTED] >= 2);
	fake_free(&f);
}

static void
test_too_fast(void **state)
{
	(void)state;
	memset(&lane, 0, sizeof(lane));
	for (int i = 0; i < REPORTS_A_SECOND; i++)
		assert_true(reports_due(&lane, 5000));
	assert_false(reports_due(&lane, 5999));
	assert_int_equal(lane.csp_unread, 1);
	assert_true(reports_due(&lane, 6000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_every_beginning),
		cmocka_unit_test(test_too_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

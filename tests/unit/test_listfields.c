/* test_listfields.c: fields that lists take out, and those they may not; policies that they add, and those not. */
#include "../../filters/listfields.c"

#include "headfilter.h"
#include "match_run.h"

static struct fake_call *
begin(struct match_db **db, const char *rules)
{
	struct fake_call *f = fake_new(&filter_listfields);

	*db = build(rules);
	f->conf = *db;
	return f;
}

static void
end(struct match_db **db, struct fake_call **f)
{
	fake_free(f);
	match_destroy(db);
}

static void
test_fields_that_go(void **state)
{
	static const struct {
		const char *rule, *name;
		bool request, goes;
	} cases[] = {
		{"$removeheader=X-Tag", "X-Tag", false, true},
		{"$removeheader=x-tag", "X-TAG", false, true},
		{"$removeheader=X-Tag", "X-Tag", true, false},
		{"$removeheader=request:X-Tag", "X-Tag", true, true},
		{"$removeheader=request:X-Tag", "X-Tag", false, false},
		{"||example.com^$removeheader=X-Tag", "X-Tag", false, true},
		{"||other.example^$removeheader=X-Tag", "X-Tag", false, false},
		{"$removeheader=X-Tag\n@@||example.com^$removeheader=X-Tag", "X-Tag", false, false},
		{"$removeheader=X-Tag\n@@||example.com^$removeheader", "X-Tag", false, false},
		{"$removeheader=X-Tag,image", "X-Tag", false, false},
		{"$removeheader=Link", "Link", false, true},
		{"$removeheader=Refresh", "Refresh", false, true},
		{"$removeheader=Server", "Server", false, true},
		{"$removeheader=request:Referer", "Referer", true, true},
		{"$removeheader=request:User-Agent", "User-Agent", true, true},
		{"$removeheader=request:X-Client-Data", "X-Client-Data", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db;
		struct fake_call *f = begin(&db, cases[i].rule);
		struct tc_fields *fields = cases[i].request ? &f->req.fields : &f->res.fields;

		put(fields, cases[i].name, "1");
		put(fields, "X-Other", "2");
		assert_int_equal(fake_respond(f), 0);
		if ((strcmp(got(fields, cases[i].name), "-") == 0) != cases[i].goes)
			fail_msg("%s", cases[i].rule);
		assert_string_equal(got(fields, "X-Other"), "2");
		assert_int_equal(f->did_n, cases[i].goes);
		assert_true(f->did_n == 0 || f->did[0].pack == TC_PACK_OPERATOR);
		end(&db, &f);
	}
}

/* What carries the message, guards the site, says no for the visitor, or is a cookie. */
static void
test_fields_that_stay(void **state)
{
	static const char *const both[] = {"Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection",
	    "Upgrade", "Host", "Cookie", "Set-Cookie", "Authorization", "WWW-Authenticate", "Origin", "Sec-Fetch-Site", "Sec-GPC",
	    "DNT", "Privacy-Decision", "Privacy-Account-Choice", "Tacet-Geo", "Content-Security-Policy", "Location", "Vary", "ETag",
	    "Cache-Control", "Clear-Site-Data", "Permissions-Policy", "Referrer-Policy", "Cross-Origin-Opener-Policy",
	    "Cross-Origin-Resource-Policy", "X-Content-Type-Options", "X-Frame-Options", "Strict-Transport-Security",
	    "Access-Control-Allow-Origin", "access-control-request-method", "Sec-WebSocket-Accept", "X-CSRF-Token", "Age",
	    "X-XSS-Protection", "Range", "If-None-Match", "Accept", "Accept-Language", "X-Forwarded-For", "X-Requested-With"};
	char rules[200];

	(void)state;
	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++) {
		struct match_db *db;
		struct fake_call *f;

		(void)snprintf(rules, sizeof(rules), "$removeheader=%s,important\n$removeheader=request:%s,important", both[i], both[i]);
		f = begin(&db, rules);
		put(&f->req.fields, both[i], "1");
		put(&f->res.fields, both[i], "1");
		assert_int_equal(fake_respond(f), 0);
		if (strcmp(got(&f->req.fields, both[i]), "1") != 0 || strcmp(got(&f->res.fields, both[i]), "1") != 0)
			fail_msg("%s", both[i]);
		assert_int_equal(f->did_n, 0);
		end(&db, &f);
	}
}

static void
test_nothing_denied(void **state)
{
	struct match_db *db;
	struct fake_call *f = begin(&db, "$removeheader=X-Tag\n$csp=script-src 'none'");

	(void)state;
	allow_all(f);
	put(&f->res.fields, "X-Tag", "1");
	assert_int_equal(fake_respond(f), 0);
	assert_string_equal(got(&f->res.fields, "X-Tag"), "1");
	assert_string_equal(got(&f->res.fields, "Content-Security-Policy"), "-");
	end(&db, &f);
}

static void
test_policies(void **state)
{
	static const struct {
		const char *rules, *csp;
	} cases[] = {
		{"||example.com^$csp=script-src 'self'", "default-src * | script-src 'self'"},
		{"||example.com^$csp=script-src 'self'; frame-src x", "default-src * | script-src 'self'; frame-src x"},
		{"||other.example^$csp=script-src 'self'", "default-src *"},
		{"$csp=a\n@@||example.com^$csp", "default-src *"},
		{"$csp=worker-src 'none'\n||example.com^$csp=worker-src 'none'", "default-src * | worker-src 'none'"},
		{"$csp=script-src 'none',image", "default-src *"},
		/* None that reports, and none that is two. */
		{"$csp=script-src 'none'; report-uri https://r.example/", "default-src *"},
		{"$csp=script-src 'none';REPORT-TO r", "default-src *"},
		{"$csp=img-src a\\, script-src b", "default-src *"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db;
		struct fake_call *f = begin(&db, cases[i].rules);

		put(&f->res.fields, "Content-Security-Policy", "default-src *");
		assert_int_equal(fake_respond(f), 0);
		assert_string_equal(got(&f->res.fields, "Content-Security-Policy"), cases[i].csp);
		end(&db, &f);
	}
}

static void
test_policies_of_pages_alone(void **state)
{
	static const struct {
		int status;
		enum tc_dest dest;
		const char *type;
		bool added;
	} cases[] = {
		{200, TC_DEST_DOCUMENT, "text/html", true},
		{200, TC_DEST_FRAME, "text/html", true},
		{200, TC_DEST_EMPTY, "text/html", true}, /* a page that a script shows */
		{200, TC_DEST_ABSENT, "text/html", true},
		{304, TC_DEST_DOCUMENT, "", true}, /* else the stored page would lose it */
		{200, TC_DEST_DOCUMENT, "image/svg+xml", true},
		{200, TC_DEST_IMAGE, "image/svg+xml", false},
		{200, TC_DEST_IMAGE, "image/png", false},
		{200, TC_DEST_SCRIPT, "text/javascript", false},
		{200, TC_DEST_DOCUMENT, "text/plain", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db;
		struct fake_call *f = begin(&db, "||example.com^$csp=script-src 'none'");

		f->req.dest = cases[i].dest;
		f->res.status = cases[i].status;
		f->res.type = z(cases[i].type);
		assert_int_equal(fake_respond(f), 0);
		if ((strcmp(got(&f->res.fields, "Content-Security-Policy"), "-") != 0) != cases[i].added)
			fail_msg("case %zu", i);
		end(&db, &f);
	}
}

static void
test_long_names(void **state)
{
	static char name[300] = "X-";
	struct match_db *db;
	struct fake_call *f = begin(&db, "$removeheader=X-Tag");

	(void)state;
	memset(name + 2, 'a', 200);
	put(&f->req.fields, name, "1");
	put(&f->res.fields, name, "1");
	assert_int_equal(fake_respond(f), 0);
	assert_string_equal(got(&f->res.fields, name), "1");
	end(&db, &f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_that_go),
		cmocka_unit_test(test_fields_that_stay),
		cmocka_unit_test(test_nothing_denied),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_policies_of_pages_alone),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_endpoint.c: what reaches the site's own paths only to be measured is answered here. */
#include "../../filters/endpoint.c"

#include "headfilter.h"

static struct match_db *db;

static int
setup(void **state)
{
	(void)state;
	db = match_new();
	assert_non_null(db);
	assert_int_equal(match_add(db, TC_STR("/own-tracker.js\n/pixel-path/*$image\n/beacon-only$ping\n/data?uid=\n"
	    "||shop.example.com/count^\n/posted/*$method=post\n/put-or-patched/*$method=put|patch\n"),
			     TC_PACK_OPERATOR, TC_ANALYTICS),
	    0);
	assert_int_equal(match_build(db), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	match_destroy(&db);
	return 0;
}

static struct fake_call *
asking(const char *path, const char *query, enum tc_dest dest)
{
	struct fake_call *f = fake_new(&filter_endpoint);

	f->conf = db;
	f->req.path = f->req.match = z(path);
	f->req.query = z(query);
	f->req.dest = dest;
	return f;
}

/* "204", "gif", "script", "json", or "-" for what goes on to the origin. */
static const char *
answered(struct fake_call *f)
{
	int status = fake_request(f);

	if (status == 0) {
		assert_int_equal(fake_did(f, TC_DID_ENDPOINT), 0);
		return "-";
	}
	assert_true(f->answered);
	assert_string_equal(f->answer_cache, "no-store");
	assert_int_equal(fake_did(f, TC_DID_ENDPOINT), 1);
	if (status == 204) {
		assert_null(f->answer_type);
		return "204";
	}
	assert_int_equal(status, 200);
	if (strcmp(f->answer_type, "image/gif") == 0)
		return f->answer.n == 43 ? "gif" : "bad gif";
	if (strcmp(f->answer_type, "application/json") == 0)
		return tc_eq(f->answer, TC_STR("{}")) ? "json" : "bad json";
	return tc_find(f->answer, TC_STR("dataLayer")) < f->answer.n ? "script" : "bad script";
}

static const char *
answer_to(const char *path, const char *query, enum tc_dest dest)
{
	struct fake_call *f = asking(path, query, dest);
	const char *text = answered(f);

	fake_free(&f);
	return text;
}

static void
test_shapes(void **state)
{
	static const struct {
		const char *path, *query;
		enum tc_dest dest;
		const char *answer;
	} cases[] = {
		{"/g/collect", "v=2&tid=G-TEST123&cid=1.2", TC_DEST_EMPTY, "204"},
		{"/any/where", "v=2&tid=G-TEST123", TC_DEST_EMPTY, "204"},
		{"/any/where", "v=2&tid=G-TEST123", TC_DEST_IMAGE, "gif"},
		{"/any/where", "v=2&tid=G-TEST123", TC_DEST_ABSENT, "204"},
		{"/metrics-x/g/collect", "v=2&tid=G-1&gcs=G111", TC_DEST_EMPTY, "204"},
		{"/gw/gtag/js", "id=G-TEST12345", TC_DEST_SCRIPT, "script"},
		{"/gtm.js", "id=GTM-ABC", TC_DEST_SCRIPT, "script"},
		{"/gtm.js", "id=GTM-ABC", TC_DEST_ABSENT, "script"},
		{"/matomo.php", "idsite=1&rec=1", TC_DEST_IMAGE, "gif"},
		{"/matomo.php", "idsite=1&rec=1", TC_DEST_EMPTY, "204"},
		{"/tr", "id=123456789012&ev=PageView", TC_DEST_IMAGE, "gif"},
		{"/cdn-cgi/zaraz/s.js", NULL, TC_DEST_SCRIPT, "script"},
		{"/cdn-cgi/rum", NULL, TC_DEST_EMPTY, "204"},
		{"/ingest/decide/", "v=3", TC_DEST_EMPTY, "json"},
		{"/ns.html", "id=GTM-ABC", TC_DEST_FRAME, "204"},
		/* documents are never blocked */
		{"/any/where", "v=2&tid=G-TEST123", TC_DEST_DOCUMENT, "-"},
		{"/matomo.php", "idsite=1&rec=1", TC_DEST_DOCUMENT, "-"},
		/* near misses */
		{"/collect", NULL, TC_DEST_EMPTY, "-"},
		{"/tr", NULL, TC_DEST_EMPTY, "-"},
		{"/tr", "id=1&page=2", TC_DEST_EMPTY, "-"},
		{"/api/event", NULL, TC_DEST_EMPTY, "-"},
		{"/any/where", "v=2&xtid=G-TEST123", TC_DEST_EMPTY, "-"},
		{"/app.js", "id=5", TC_DEST_SCRIPT, "-"},
		{"/", NULL, TC_DEST_EMPTY, "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(answer_to(cases[i].path, cases[i].query, cases[i].dest), cases[i].answer);
}

static void
test_lists(void **state)
{
	(void)state;
	assert_string_equal(answer_to("/js/own-tracker.js", NULL, TC_DEST_SCRIPT), "script");
	assert_string_equal(answer_to("/js/own-tracker.js", NULL, TC_DEST_DOCUMENT), "-");
	assert_string_equal(answer_to("/pixel-path/x", NULL, TC_DEST_IMAGE), "gif");
	assert_string_equal(answer_to("/pixel-path/x", NULL, TC_DEST_EMPTY), "-");
	assert_string_equal(answer_to("/data", "uid=5", TC_DEST_EMPTY), "204");
	assert_string_equal(answer_to("/data", "x=5", TC_DEST_EMPTY), "-");
	assert_string_equal(answer_to("/count", NULL, TC_DEST_EMPTY), "-"); /* of another host */
}

static void
test_types_without_sec_fetch(void **state)
{
	static const struct {
		const char *accept, *path, *answer;
	} cases[] = {
		{"text/html,application/xhtml+xml", "/js/own-tracker.js", "-"},
		{"image/avif,image/webp,*/*;q=0.8", "/pixel-path/x", "gif"},
		{"*/*", "/pixel-path/x", "-"},
		{"*/*", "/pixel-path/x.gif", "gif"},
		{"*/*", "/js/own-tracker.js", "script"},
		{"text/css,*/*;q=0.1", "/pixel-path/x.gif", "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = asking(cases[i].path, NULL, TC_DEST_ABSENT);

		put(&f->req.fields, "Accept", cases[i].accept);
		assert_string_equal(answered(f), cases[i].answer);
		fake_free(&f);
	}
}

static void
test_beacons_are_pings(void **state)
{
	struct fake_call *f = asking("/beacon-only", NULL, TC_DEST_EMPTY);

	(void)state;
	assert_string_equal(answered(f), "-");
	f->req.method = TC_M_POST;
	put(&f->req.fields, "Sec-Fetch-Mode", "no-cors");
	assert_string_equal(answered(f), "204");
	fake_free(&f);
}

/* $method= is about the request that arrived. */
static void
test_methods(void **state)
{
	static const struct {
		const char *path, *answer;
		enum tc_method method;
		const char *text;
	} cases[] = {
		{"/posted/x", "-", TC_M_GET, "GET"},
		{"/posted/x", "204", TC_M_POST, "POST"},
		{"/put-or-patched/x", "-", TC_M_POST, "POST"},
		{"/put-or-patched/x", "-", TC_M_HEAD, "HEAD"},
		{"/put-or-patched/x", "204", TC_M_OTHER, "PUT"},
		{"/put-or-patched/x", "204", TC_M_OTHER, "PATCH"},
		{"/put-or-patched/x", "-", TC_M_OTHER, "DELETE"},
		{"/put-or-patched/x", "-", TC_M_OTHER, "FROB"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = asking(cases[i].path, NULL, TC_DEST_EMPTY);

		f->req.method = cases[i].method;
		f->req.method_text = z(cases[i].text);
		assert_string_equal(answered(f), cases[i].answer);
		fake_free(&f);
	}
}

/* Known by its body alone: looked at where a script could have sent it, and answered if it says whose it is. */
static void
test_bodies(void **state)
{
	static const char plausible[] = "{\"n\":\"pageview\",\"u\":\"https://a.example/\",\"d\":\"a.example\"}";
	static const char segment[] = "{\"writeKey\":\"k\",\"anonymousId\":\"1\"}";
	static const struct {
		const char *path, *type, *body;
		enum tc_method method;
		bool peeks;
		int status;
	} cases[] = {
		{"/api/event", "text/plain", plausible, TC_M_POST, true, 204},
		{"/any/where", "text/plain; charset=utf-8", plausible, TC_M_POST, true, 204},
		{"/any/where", NULL, plausible, TC_M_POST, true, 204},
		{"/any/where", "multipart/form-data; boundary=x", plausible, TC_M_POST, true, 204},
		{"/any/where", "application/octet-stream", plausible, TC_M_POST, false, 0},
		{"/any/where", "text/plain", plausible, TC_M_GET, false, 0},
		{"/x/v1/t", "application/json", segment, TC_M_POST, true, 200},
		{"/x/v1/u", "application/json", segment, TC_M_POST, true, 0},
		{"/x/v1/t", "application/json", "{\"name\":\"value\"}", TC_M_POST, true, 0},
		{"/x/v1/t", "application/json", "", TC_M_POST, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = asking(cases[i].path, NULL, TC_DEST_EMPTY);

		f->req.method = cases[i].method;
		if (cases[i].type != NULL)
			put(&f->req.fields, "Content-Type", cases[i].type);
		assert_string_equal(answered(f), "-");
		assert_int_equal(f->peeks, cases[i].peeks);
		if (f->peeks)
			assert_int_equal(filter_endpoint.peek(&f->call, z(cases[i].body), true), cases[i].status);
		allow_all(f);
		if (f->peeks)
			assert_int_equal(filter_endpoint.peek(&f->call, z(cases[i].body), true), 0);
		fake_free(&f);
	}
}

/* What one visitor gets and another would not stays out of shared caches. */
static void
test_what_passed(void **state)
{
	static const struct {
		const char *path, *query, *type;
		enum tc_method method;
		enum tc_dest dest;
		tc_classes denied;
		bool differs;
	} cases[] = {
		{"/gw/gtag/js", "id=G-TEST1", "text/javascript", TC_M_GET, TC_DEST_SCRIPT, 0, true},
		{"/gw/gtag/js", "id=G-TEST1", "text/javascript", TC_M_HEAD, TC_DEST_SCRIPT, 0, true},
		{"/gw/gtag/js", "id=G-TEST1", "", TC_M_GET, TC_DEST_ABSENT, 0, true},
		{"/gw/gtag/js", "id=G-TEST1", "text/javascript", TC_M_GET, TC_DEST_SCRIPT, TC_CLASS_BIT(TC_ANALYTICS), true},
		{"/gw/gtag/js", "id=G-TEST1", "text/javascript", TC_M_GET, TC_DEST_DOCUMENT, 0, false},
		{"/gw/gtag/js", "id=G-TEST1", "text/javascript", TC_M_POST, TC_DEST_EMPTY, 0, false},
		{"/matomo.php", "idsite=1&rec=1", "image/gif", TC_M_GET, TC_DEST_IMAGE, 0, false},
		{"/js/own-tracker.js", NULL, "text/javascript", TC_M_GET, TC_DEST_SCRIPT, 0, true},
		{"/js/app.js", NULL, "text/javascript", TC_M_GET, TC_DEST_SCRIPT, 0, false},
		{"/js/app.js", "v=2", "application/json", TC_M_GET, TC_DEST_EMPTY, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = asking(cases[i].path, cases[i].query, cases[i].dest);

		allow_all(f);
		f->decision.denied = cases[i].denied;
		f->req.method = cases[i].method;
		f->res.type = z(cases[i].type);
		assert_int_equal(fake_response(f), 0);
		assert_int_equal(f->differs, cases[i].differs);
		fake_free(&f);
	}
}

static void
test_only_denied_classes(void **state)
{
	struct fake_call *f = asking("/g/collect", "v=2&tid=G-1", TC_DEST_EMPTY);

	(void)state;
	f->decision.denied = TC_CLASS_BIT(TC_SOCIAL);
	assert_string_equal(answered(f), "-");
	f->req.path = f->req.match = TC_STR("/js/own-tracker.js");
	assert_string_equal(answered(f), "-");
	allow_all(f);
	assert_string_equal(answered(f), "-");
	fake_free(&f);
}

/* N05: the question before a fetch() ends here too; a yes gets only who may have one. */
static void
test_preflight(void **state)
{
	static const struct {
		const char *path, *query, *origin;
		bool person;
		const char *answer;
		bool shared;
	} cases[] = {
		{"/g/collect", "v=2&tid=G-1", "https://shop.example.com", true, "204", true},
		{"/g/collect", "v=2&tid=G-1", "https://www.example.com:8443", true, "204", true},
		{"/data", "uid=5", "https://shop.example.com", true, "204", true},
		{"/g/collect", "v=2&tid=G-1", "https://shop.example.com", false, "204", false},
		{"/g/collect", "v=2&tid=G-1", "https://evil.example", true, "204", false},
		{"/g/collect", "v=2&tid=G-1", "https://evilexample.com", true, "204", false},
		{"/g/collect", "v=2&tid=G-1", "null", true, "204", false},
		{"/g/collect", "v=2&tid=G-1", NULL, true, "204", false},
		{"/collect", NULL, "https://shop.example.com", true, "-", false},
		{"*", NULL, NULL, true, "-", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = asking(cases[i].path, cases[i].query, TC_DEST_EMPTY);

		f->req.method = TC_M_OPTIONS;
		f->decision.person = cases[i].person;
		if (cases[i].origin != NULL)
			put(&f->req.fields, "Origin", cases[i].origin);
		assert_string_equal(answered(f), cases[i].answer);
		assert_int_equal(f->shared, cases[i].shared);
		fake_free(&f);
	}
}

/* What the operator lets the site's pages ask is not thereby one of them. */
static void
test_preflight_of_an_allowed_host(void **state)
{
	static const struct tc_str partner[] = {TC_STR_INIT("partner.example")};
	struct fake_call *f = asking("/g/collect", "v=2&tid=G-1", TC_DEST_EMPTY);

	(void)state;
	f->req.method = TC_M_OPTIONS;
	f->site.allow = (struct tc_strs){partner, 1};
	put(&f->req.fields, "Origin", "https://partner.example");
	assert_string_equal(answered(f), "204");
	assert_false(f->shared);
	fake_free(&f);
}

static void
test_answers_are_shared(void **state)
{
	struct fake_call *f = asking("/g/collect", "v=2&tid=G-1", TC_DEST_EMPTY);

	(void)state;
	assert_string_equal(answered(f), "204");
	assert_true(f->shared);
	fake_free(&f);
}

static void
test_allowed_host_passes_the_lists(void **state)
{
	static const struct tc_str own[] = {TC_STR_INIT("www.example.com")};
	struct fake_call *f = asking("/js/own-tracker.js", NULL, TC_DEST_SCRIPT);

	(void)state;
	f->site.allow = (struct tc_strs){own, 1};
	assert_string_equal(answered(f), "-");
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_types_without_sec_fetch),
		cmocka_unit_test(test_beacons_are_pings),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_what_passed),
		cmocka_unit_test(test_only_denied_classes),
		cmocka_unit_test(test_preflight),
		cmocka_unit_test(test_preflight_of_an_allowed_host),
		cmocka_unit_test(test_answers_are_shared),
		cmocka_unit_test(test_allowed_host_passes_the_lists),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

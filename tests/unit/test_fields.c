/* test_fields.c: fields that serve tracking go from both heads, level A of html.md 3.3; others stay as they are. */
#include "../../filters/fields.c"
#include "../../filters/fields_link.c"
#include "../../filters/fields_policy.c"
#include "../../filters/fields_report.c"

#include "edge.h"
#include "headfilter.h"

static struct match_db *db;
static struct fields_opts opts;

static int
setup(void **state)
{
	(void)state;
	db = match_new();
	assert_non_null(db);
	assert_int_equal(match_add(db, TC_STR("||tracker.example^\n||typed.example^$script\n||third.example^$third-party\n"),
			     TC_PACK_OPERATOR, TC_ADVERTISING),
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
begin(int referrer)
{
	struct fake_call *f = fake_new(&filter_fields);

	opts.referrer = referrer;
	f->call.opts = &opts;
	f->conf = db;
	return f;
}

/* What becomes of one response field, its bytes ending at an unreadable page. Not on a page, so nothing is added. */
static const char *
answered(const char *name, const char *value)
{
	static char text[1 << 16];
	struct fake_call *f = begin(REFERRER_KEEP);
	size_t n = strlen(value);
	char *edge = edge_copy(value, n);

	f->res.type = TC_STR("text/plain");
	put(&f->res.fields, name, "");
	f->res.fields.v[0].value = tc_str_of(edge, n);
	assert_int_equal(fake_respond(f), 0);
	(void)snprintf(text, sizeof(text), "%s", got(&f->res.fields, name));
	edge_free(edge, n);
	fake_free(&f);
	return text;
}

struct one {
	const char *in, *out; /* NULL: as it was */
};

static void
expect(const char *name, const struct one *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_string_equal(answered(name, cases[i].in), cases[i].out != NULL ? cases[i].out : cases[i].in);
}

#define EXPECT(name, ...) \
	do { \
		static const struct one cases_[] = {__VA_ARGS__}; \
		expect(name, cases_, sizeof(cases_) / sizeof(*cases_)); \
	} while (0)

/* ---- the request ---- */

static void
test_request_fields(void **state)
{
	struct fake_call *f = begin(REFERRER_KEEP);

	(void)state;
	put(&f->req.fields, "Sec-Browsing-Topics", "(1 2);v=x");
	put(&f->req.fields, "X-Client-Data", "CIa2yQ==");
	put(&f->req.fields, "Sec-Shared-Storage-Writable", "?1");
	put(&f->req.fields, "Attribution-Reporting-Eligible", "trigger");
	put(&f->req.fields, "Available-Dictionary", ":x:");
	put(&f->req.fields, "Accept", "text/html,application/xml;q=0.9,image/avif,application/signed-exchange;v=b3;q=0.7,*/*;q=0.8");
	put(&f->req.fields, "Referer", "https://other.example/page?x=1");
	put(&f->req.fields, "Sec-Sharing", "x");
	assert_int_equal(fake_request(f), 0);
	assert_string_equal(got(&f->req.fields, "Sec-Browsing-Topics"), "-");
	assert_string_equal(got(&f->req.fields, "X-Client-Data"), "-");
	assert_string_equal(got(&f->req.fields, "Sec-Shared-Storage-Writable"), "-");
	assert_string_equal(got(&f->req.fields, "Attribution-Reporting-Eligible"), "-");
	assert_string_equal(got(&f->req.fields, "Available-Dictionary"), "-");
	assert_string_equal(got(&f->req.fields, "Accept"), "text/html,application/xml;q=0.9,image/avif,*/*;q=0.8");
	assert_string_equal(got(&f->req.fields, "Referer"), "https://other.example/page?x=1");
	assert_string_equal(got(&f->req.fields, "Sec-Sharing"), "x");
	assert_int_equal(fake_did(f, TC_DID_REQUEST_FIELD), 5);
	fake_free(&f);
}

/* N11, N13: families of names. */
static void
test_request_families(void **state)
{
	static const struct {
		const char *name;
		bool stays;
	} rows[] = {{"Sec-Shared-Storage-Data-Origin", false}, {"Sec-Ad-Auction-Fetch", false},
	    {"Attribution-Reporting-Support", false}, {"Sec-CH-UA-Model", false}, {"sec-ch-ua-full-version-list", false},
	    {"Sec-CH-Device-Memory", false}, {"Sec-CH-UA", true}, {"Sec-CH-UA-Mobile", true},
	    {"Sec-CH-UA-Platform", true}, {"Sec-CH-Width", true}, {"Sec-CH-Prefers-Color-Scheme", true},
	    {"Sec-Chat", true}, {"Sec-Fetch-User", true}, {"Sec-Purpose", true}, {"Attribution", true}, {"S", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int denied = 0; denied < 2; denied++) {
			struct fake_call *f = begin(REFERRER_KEEP);

			if (!denied)
				allow_all(f);
			put(&f->req.fields, rows[i].name, "x");
			assert_int_equal(fake_request(f), 0);
			assert_string_equal(got(&f->req.fields, rows[i].name), !denied || rows[i].stays ? "x" : "-");
			fake_free(&f);
		}
}

static void
test_referrer(void **state)
{
	static const struct {
		int option;
		const char *in, *out;
	} cases[] = {
		{REFERRER_ORIGIN, "https://other.example/page?x=1", "https://other.example/"},
		{REFERRER_ORIGIN, "https://other.example", "https://other.example/"},
		{REFERRER_ORIGIN, "https://www.example.com/a?b", "https://www.example.com/a?b"},
		{REFERRER_ORIGIN, "https://shop.example.com/a?b", "https://shop.example.com/a?b"},
		{REFERRER_NONE, "https://www.example.com/a?b", "-"},
		{REFERRER_KEEP, "https://other.example/a?b", "https://other.example/a?b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (int denied = 0; denied < 2; denied++) {
			struct fake_call *f = begin(cases[i].option);

			if (!denied)
				allow_all(f); /* the option is the rule set's: for everyone under it */
			put(&f->req.fields, "Referer", cases[i].in);
			assert_int_equal(fake_request(f), 0);
			assert_string_equal(got(&f->req.fields, "Referer"), cases[i].out);
			fake_free(&f);
		}
}

/* ---- who is left alone ---- */

static void
test_nothing_denied_nothing_done(void **state)
{
	static const char *const fields[][2] = {{"Link", "<https://tracker.example/>; rel=preconnect"},
	    {"NEL", "{\"report_to\":\"x\",\"max_age\":1}"}, {"Permissions-Policy", "camera 'none'"}, {"Accept-CH", "Sec-CH-UA-Model"},
	    {"Speculation-Rules", "\"/x\""}, {"Use-As-Dictionary", "match=\"/*\""}, {"Referrer-Policy", "unsafe-url"}};
	struct fake_call *f = begin(REFERRER_KEEP);

	(void)state;
	allow_all(f);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		put(&f->res.fields, fields[i][0], fields[i][1]);
	put(&f->req.fields, "X-Client-Data", "x");
	assert_int_equal(fake_respond(f), 0);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		assert_string_equal(got(&f->res.fields, fields[i][0]), fields[i][1]);
	assert_int_equal(f->res.fields.n, sizeof(fields) / sizeof(*fields));
	assert_string_equal(got(&f->req.fields, "X-Client-Data"), "x");
	assert_int_equal(f->did_n, 0);
	fake_free(&f);
}

/* ---- the response, field by field ---- */

static void
test_n04_refresh(void **state)
{
	(void)state;
	EXPECT("Refresh", {"5", NULL}, {"5; url=/next", NULL}, {"0;url=https://tracker.example/x", "-"},
	    {"0; URL='https://tracker.example/x'", "-"}, {"3, //sub.tracker.example", "-"}, {"0; https://tracker.example", "-"},
	    {"0; url=https://other.example/tracker.example", NULL}, {"", NULL});
}

static void
test_n06_link(void **state)
{
	(void)state;
	EXPECT("Link", {"<https://tracker.example/a.js>; rel=preload; as=script", "-"}, {"<//tracker.example>; rel=preconnect", "-"},
	    {"<https://sub.tracker.example>; rel=\"dns-prefetch\"", "-"}, {"<https://tracker.example>; REL=Stylesheet", "-"},
	    {"<https://tracker.example/>; rel=\"next prefetch\"", "-"}, {"<https://tracker.example/m.js>;rel=modulepreload", "-"},
	    {"<https://tracker.example/>;rel=prerender", "-"}, {"<https://tracker.example/>; rel=canonical", NULL},
	    {"</a.css>; rel=preload; as=style", NULL}, {"<https://www.example.com/wp-json/>; rel=\"https://api.w.org/\"", NULL},
	    {"</a.css>; rel=preload; as=style, <https://tracker.example>; rel=preconnect, </b.js>; rel=preload; as=script",
		"</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script"},
	    {"<https://tracker.example>; rel=preconnect,</b.js>; rel=preload", "</b.js>; rel=preload"},
	    {"</a,b>; rel=preload; title=\"x, <https://tracker.example>; rel=preconnect\"", NULL},
	    {"</a>; rel=preload; title=\"\\\"\", <https://tracker.example>; rel=preconnect", "</a>; rel=preload; title=\"\\\"\""});
	/* types count as in pages */
	EXPECT("Link", {"<https://typed.example/>; rel=preload; as=script", "-"}, {"<https://typed.example/>; rel=preload; as=image", NULL},
	    {"<https://typed.example/>; as=script; rel=preload", "-"}, {"<https://typed.example/>; rel=modulepreload", "-"},
	    {"<https://third.example/>; rel=preconnect", "-"});
	/* what cannot be read goes */
	EXPECT("Link", {"https://tracker.example; rel=preconnect", "-"}, {"<https://tracker.example", "-"},
	    {"</a>; rel=\"x, <https://tracker.example>; rel=preload", "-"}, {"</a> rel=preload", "-"},
	    {"</a>; rel=\"pre\\load\"", "-"}, {"</a>; rel=next; rel=preload", "-"}, {"junk, </a>; rel=next", "</a>; rel=next"},
	    {"</a>; rel=next, junk", "</a>; rel=next"});
	EXPECT("Link", {"", NULL}, {",", NULL}, {"</a>", NULL}, {"</a>;", NULL}, {"<>; rel=preload", NULL}, {"</a>; rel", NULL},
	    {"</a>; rel=; as=", NULL});
	EXPECT("Link", {"<https://tracker.example>; rel=\"next\tpreconnect\"", "-"},
	    {"<https://tracker.example>; rel=\"  preconnect\t\"", "-"}, {"<https://tracker.example>; rel=\"next\tup\"", NULL});
	EXPECT("Link", {"</i>; rel=preload; as=image; imagesrcset=\"/a.png 1x, https://tracker.example/b.png 2x\"", "-"},
	    {"</i>; rel=preload; as=image; imagesrcset=\"/a.png 1x, /b.png 2x\"", NULL});
}

static void
test_n07_reports(void **state)
{
	(void)state;
	EXPECT("Reporting-Endpoints", {"main=\"/reports\"", NULL}, {"main=\"https://www.example.com/r\"", NULL},
	    {"main=\"https://r.example.com/r\"", NULL}, {"x=\"https://collector.example/r\"", "-"},
	    {"main=\"/reports\", x=\"https://collector.example/r\"", "main=\"/reports\""},
	    {"x=\"https://collector.example/r\", main=\"/reports\"", "main=\"/reports\""}, {"x=\"//collector.example/a,b\", m=\"/r\"", "m=\"/r\""},
	    {"x=\"https:\\/\\/collector.example\"", "-"}, {"m=\"/r\", x=\"unclosed", "m=\"/r\""});
	EXPECT("Report-To", {"{\"group\":\"g\",\"max_age\":1,\"endpoints\":[{\"url\":\"https://collector.example/r\"}]}", "-"},
	    {"{\"group\":\"g\",\"endpoints\":[{\"url\":\"https://www.example.com/r\"}]}", NULL},
	    {"{\"group\":\"g\",\"endpoints\":[{\"url\":\"/r\"}]}, {\"group\":\"h\",\"endpoints\":[{\"url\":\"/r\"},{\"url\":\"https://collector.example/\"}]}",
		"{\"group\":\"g\",\"endpoints\":[{\"url\":\"/r\"}]}"},
	    {"{\"group\":\"g\",\"endpoints\":[{\"url\":\"https:\\u002f\\u002fcollector.example\"}]}", "-"}, {"{\"unclosed", "-"});
	EXPECT("NEL", {"{\"report_to\":\"g\",\"max_age\":2592000}", "{\"max_age\":0}"}, {"{\"max_age\":0}", NULL}, {"junk", "{\"max_age\":0}"});
}

/* NEL and report-to stay where their endpoints stay. */
static void
test_n07_groups(void **state)
{
	struct fake_call *f = begin(REFERRER_KEEP);

	(void)state;
	put(&f->res.fields, "Content-Security-Policy", "default-src 'self'; report-to own; report-to other, img-src *; report-to none");
	put(&f->res.fields, "NEL", "{\"report_to\": \"g\", \"max_age\": 1}");
	put(&f->res.fields, "Reporting-Endpoints", "own=\"/r\", other=\"https://collector.example/\"");
	put(&f->res.fields, "Report-To", "{\"group\":\"g\",\"endpoints\":[{\"url\":\"/r\"}]}");
	put(&f->res.fields, "Cross-Origin-Opener-Policy", "same-origin; report-to=\"own\"");
	put(&f->res.fields, "Cross-Origin-Embedder-Policy", "require-corp; report-to=\"other\"");
	assert_int_equal(fake_respond(f), 0);
	assert_string_equal(got(&f->res.fields, "Content-Security-Policy"), "default-src 'self'; report-to own, img-src *");
	assert_string_equal(got(&f->res.fields, "NEL"), "{\"report_to\": \"g\", \"max_age\": 1}");
	assert_string_equal(got(&f->res.fields, "Cross-Origin-Opener-Policy"), "same-origin; report-to=\"own\"");
	assert_string_equal(got(&f->res.fields, "Cross-Origin-Embedder-Policy"), "require-corp");
	fake_free(&f);
}

static void
test_n08_policies(void **state)
{
	(void)state;
	EXPECT("Content-Security-Policy", {"default-src 'self'", NULL}, {"default-src 'self'; report-uri /csp", NULL},
	    {"default-src 'self'; report-uri https://c.example/x", "default-src 'self'"},
	    {"report-uri https://c.example/x; default-src 'self'", "default-src 'self'"},
	    {"default-src 'self'; report-uri https://c.example/x;", "default-src 'self';"},
	    {"a b; report-uri /own https://c.example/x; c d", "a b; report-uri /own; c d"},
	    {"a b; REPORT-URI https://c.example/x; c d", "a b; c d"}, {"report-uri https://c.example/x", "-"},
	    {"a b; report-uri https://c.example/x, c d; report-uri /own", "a b, c d; report-uri /own"},
	    {"a b; report-to group", "a b"}, {"img-src https://c.example/report-uri", NULL}, {"a report-to x", NULL},
	    {"a; rePort-uri //c.example", "a"}, {"report-uri", NULL});
	EXPECT("Content-Security-Policy-Report-Only", {"default-src 'self'; report-uri https://c.example/x", "default-src 'self'"});
	EXPECT("Expect-CT", {"max-age=86400, enforce, report-uri=\"https://c.example/ct\"", "max-age=86400, enforce"},
	    {"max-age=86400, report-uri=\"/ct\"", NULL}, {"report-uri=\"https://c.example/ct\", max-age=1", "max-age=1"});
	EXPECT("Document-Policy", {"js-profiling;report-to=x", "js-profiling"}, {"js-profiling", NULL});
	EXPECT("Document-Policy-Report-Only", {"js-profiling;report-to=x", "js-profiling"});
	EXPECT("Cross-Origin-Opener-Policy-Report-Only", {"same-origin; report-to=\"x\"", "same-origin"}, {"same-origin", NULL});
	EXPECT("Cross-Origin-Embedder-Policy-Report-Only", {"require-corp; report-to=\"x\"", "require-corp"});
	EXPECT("Permissions-Policy-Report-Only", {"camera=();report-to=x, a=()", "camera=(), a=()"});
}

static void
test_n09_n10_n14(void **state)
{
	static const char *const gone[] = {"Attribution-Reporting-Register-Source", "Attribution-Reporting-Register-Trigger",
	    "Attribution-Reporting-Register-OS-Source", "Attribution-Reporting-Register-OS-Trigger", "Attribution-Reporting-Info",
	    "Observe-Browsing-Topics", "Shared-Storage-Write", "Ad-Auction-Allowed", "Ad-Auction-Signals", "Accept-CH-Lifetime",
	    "Speculation-Rules", "Use-As-Dictionary", "Attribution-Reporting-Whatever", "ad-auction-additional-bid",
	    "Shared-Storage-Cross-Origin-Worklet-Allowed"};
	static const char *const kept[] = {"SourceMap", "X-SourceMap", "Supports-Loading-Mode", "Set-Login", "Server-Timing",
	    "Origin-Trial", "Location", "ETag", "X-Whatever", "Activate-Storage-Access", "Ad-Auction", "Shared"};

	(void)state;
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		assert_string_equal(answered(gone[i], "x"), "-");
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		assert_string_equal(answered(kept[i], "x"), "x");
}

static void
test_n12_hints(void **state)
{
	(void)state;
	EXPECT("Accept-CH", {"Sec-CH-UA-Model", "-"}, {"DPR, Width, Sec-CH-UA-Arch, Save-Data", "DPR, Width, Save-Data"},
	    {"sec-ch-ua-full-version-list,dpr", "dpr"}, {"Sec-CH-UA, Sec-CH-UA-Mobile", NULL}, {"", NULL}, {"Device-Memory,RTT", "-"},
	    {"\"Sec-CH-UA-Model\", \"DPR\"", "\"DPR\""});
	EXPECT("Critical-CH", {"Sec-CH-UA-Model, Sec-CH-Prefers-Color-Scheme", "Sec-CH-Prefers-Color-Scheme"});
}

/* ---- pages ---- */

static struct fake_call *
page(int referrer, const char *name, const char *value)
{
	struct fake_call *f = begin(referrer);

	if (name != NULL)
		put(&f->res.fields, name, value);
	assert_int_equal(fake_respond(f), 0);
	return f;
}

static void
test_n15_n20_permissions(void **state)
{
	static const struct one cases[] = {
		{"geolocation=(self), browsing-topics=(self)", "geolocation=(self), browsing-topics=(self) | "},
		{"camera=(), fullscreen=(self \"https://a.example\"), x=*", "camera=(), fullscreen=(self \"https://a.example\"), x=* | "},
		{"camera 'none'; microphone 'none'", ""}, /* browsers ignore it, and would ignore ours with it */
		{"camera=(),", ""},
		{"camera=(", ""},
		{"camera=(self;a=1 *);b, x", "camera=(self;a=1 *);b, x | "},
		{"a=?1, b=1.5, c=:aGk=:, d=\"x\\\"y\"", "a=?1, b=1.5, c=:aGk=:, d=\"x\\\"y\" | "},
		{"a=?2", ""},
		{"a=1.2345", ""},
		{"a=\"x", ""},
		{"A=()", ""},
		{"a=(b\"c\")", ""},
		{"a=();report-to=x", "a=() | "},
		{"", ""}, /* joined with ours it would be a list that begins with a comma */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = page(REFERRER_KEEP, "Permissions-Policy", cases[i].in);
		const char *all = got(&f->res.fields, "Permissions-Policy");

		assert_int_equal(strncmp(all, cases[i].out, strlen(cases[i].out)), 0);
		assert_string_equal(all + strlen(cases[i].out), text_of(denials));
		fake_free(&f);
	}
	assert_true(dictionary_valid(denials));
}

/* "Do not send my city to this site": the page may not ask for more than that either, whoever said what else. */
static void
test_place_kept_back(void **state)
{
	static const struct {
		bool said_no;
		const char *type, *in, *out;
	} rows[] = {
		{false, "text/html", "geolocation=(self), camera=()", "geolocation=(self), camera=() | geolocation=()"},
		{false, "text/html", "geolocation 'self'", "geolocation=()"},
		{false, "image/png", "geolocation=(self)", "geolocation=(self)"},
		{true, "image/png", "geolocation=(self)", "geolocation=(self)"},
	};
	struct fake_call *f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		f = begin(REFERRER_KEEP);
		if (!rows[i].said_no)
			allow_all(f);
		f->decision.location_off = true;
		f->res.type = z(rows[i].type);
		put(&f->res.fields, "Permissions-Policy", rows[i].in);
		assert_int_equal(fake_respond(f), 0);
		assert_string_equal(got(&f->res.fields, "Permissions-Policy"), rows[i].out);
		assert_string_equal(got(&f->res.fields, "Referrer-Policy"), "-");
		fake_free(&f);
	}
	f = begin(REFERRER_KEEP);
	f->decision.location_off = true;
	assert_int_equal(fake_respond(f), 0);
	assert_int_equal(strncmp(got(&f->res.fields, "Permissions-Policy"), "geolocation=() | browsing-topics=()", 35), 0);
	fake_free(&f);
}

static void
test_n21(void **state)
{
	static const struct one cases[] = {
		{"unsafe-url", "strict-origin-when-cross-origin"},
		{"no-referrer-when-downgrade", "strict-origin-when-cross-origin"},
		{"origin-when-cross-origin", "strict-origin-when-cross-origin"},
		{"origin", "strict-origin"},
		{"no-referrer", "no-referrer"},
		{"same-origin", "same-origin"},
		{"strict-origin", "strict-origin"},
		{"Strict-Origin-When-Cross-Origin", "Strict-Origin-When-Cross-Origin"},
		{"no-referrer, unsafe-url", "strict-origin-when-cross-origin"},
		{"unsafe-url, no-referrer", "unsafe-url, no-referrer"},
		{"no-referrer, made-up", "no-referrer, made-up"},
		{"", "strict-origin-when-cross-origin"},
		{"nonsense", "strict-origin-when-cross-origin"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = page(REFERRER_KEEP, "Referrer-Policy", cases[i].in);

		assert_string_equal(got(&f->res.fields, "Referrer-Policy"), cases[i].out);
		assert_string_equal(got(&f->res.fields, "X-DNS-Prefetch-Control"), "off");
		fake_free(&f);
	}
}

/* N15, N20, N21, N26: what may be a page is told as one. */
static void
test_which_are_told(void **state)
{
	static const struct {
		int status;
		const char *type;
		enum tc_dest dest;
		const char *accept;
		bool told;
	} rows[] = {
		{200, "text/html", TC_DEST_EMPTY, NULL, true},
		{404, "text/html", TC_DEST_DOCUMENT, NULL, true},
		{200, "application/xhtml+xml", TC_DEST_FRAME, NULL, true},
		{200, "image/svg+xml", TC_DEST_DOCUMENT, NULL, true},
		{200, "image/svg+xml", TC_DEST_IMAGE, NULL, false},
		{200, "text/xml", TC_DEST_FRAME, NULL, true},
		{200, "application/xml", TC_DEST_ABSENT, "text/html,*/*", true},
		{200, "application/xml", TC_DEST_ABSENT, "*/*", false},
		{200, "text/plain", TC_DEST_DOCUMENT, NULL, false},
		{200, "", TC_DEST_DOCUMENT, NULL, true},
		{200, "", TC_DEST_ABSENT, NULL, false},
		{200, "", TC_DEST_IMAGE, "text/html", false},
		{302, "", TC_DEST_DOCUMENT, NULL, false},
		{304, "", TC_DEST_DOCUMENT, NULL, true}, /* its fields replace those stored with the page */
		{304, "", TC_DEST_SCRIPT, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake_call *f = begin(REFERRER_KEEP);

		f->res.status = rows[i].status;
		f->res.type = z(rows[i].type);
		f->req.dest = rows[i].dest;
		if (rows[i].accept != NULL)
			put(&f->req.fields, "Accept", rows[i].accept);
		assert_int_equal(fake_respond(f), 0);
		assert_string_equal(got(&f->res.fields, "X-DNS-Prefetch-Control"), rows[i].told ? "off" : "-");
		assert_int_equal(got(&f->res.fields, "Permissions-Policy")[0] != '-', rows[i].told);
		fake_free(&f);
	}
}

/* A page in a wrapping that cannot be opened goes to nobody who said no. */
static void
test_signed_exchange(void **state)
{
	struct fake_call *f = begin(REFERRER_KEEP);

	(void)state;
	f->res.type = TC_STR("application/signed-exchange");
	assert_int_equal(fake_respond(f), 502);
	assert_int_equal(f->bypassed[TC_BYPASS_CODING], 1);
	fake_free(&f);
	f = begin(REFERRER_KEEP);
	allow_all(f);
	f->res.type = TC_STR("application/signed-exchange");
	assert_int_equal(fake_respond(f), 0);
	fake_free(&f);
}

static void
test_pages_only(void **state)
{
	struct fake_call *f = page(REFERRER_KEEP, NULL, NULL);

	(void)state;
	assert_string_equal(got(&f->res.fields, "Referrer-Policy"), "strict-origin-when-cross-origin");
	fake_free(&f);
	f = begin(REFERRER_NONE);
	f->res.type = TC_STR("image/png");
	assert_int_equal(fake_respond(f), 0);
	assert_int_equal(f->res.fields.n, 0);
	fake_free(&f);
}

static void
test_referrer_option_on_pages(void **state)
{
	struct fake_call *f = page(REFERRER_NONE, "Referrer-Policy", "strict-origin");

	(void)state;
	assert_string_equal(got(&f->res.fields, "Referrer-Policy"), "no-referrer");
	fake_free(&f);
	f = begin(REFERRER_ORIGIN);
	allow_all(f);
	put(&f->res.fields, "Referrer-Policy", "unsafe-url");
	assert_int_equal(fake_respond(f), 0);
	assert_string_equal(got(&f->res.fields, "Referrer-Policy"), "strict-origin-when-cross-origin");
	assert_string_equal(got(&f->res.fields, "Permissions-Policy"), "-");
	fake_free(&f);
}

static void
test_allowed_hosts(void **state)
{
	static const struct tc_str allow[] = {TC_STR_INIT("collector.example"), TC_STR_INIT("tracker.example")};
	struct fake_call *f = begin(REFERRER_KEEP);

	(void)state;
	f->site.allow = (struct tc_strs){allow, 2};
	put(&f->res.fields, "Reporting-Endpoints", "x=\"https://in.collector.example/r\", y=\"https://notcollector.example/\"");
	put(&f->res.fields, "Link", "<https://tracker.example>; rel=preconnect");
	assert_int_equal(fake_respond(f), 0);
	assert_string_equal(got(&f->res.fields, "Reporting-Endpoints"), "x=\"https://in.collector.example/r\"");
	assert_string_equal(got(&f->res.fields, "Link"), "<https://tracker.example>; rel=preconnect");
	fake_free(&f);
}

static void
test_counted(void **state)
{
	struct fake_call *f = begin(REFERRER_KEEP);

	(void)state;
	put(&f->res.fields, "Link", "<https://tracker.example>; rel=preconnect, <https://tracker.example/x>; rel=prefetch");
	put(&f->res.fields, "NEL", "{}");
	assert_int_equal(fake_respond(f), 0);
	assert_int_equal(fake_did(f, TC_DID_LINK), 2);
	assert_int_equal(f->did[0].class, TC_ADVERTISING);
	assert_int_equal(f->did[0].pack, TC_PACK_OPERATOR);
	assert_int_equal(fake_did(f, TC_DID_RESPONSE_FIELD), 1);
	fake_free(&f);
}

/* At the arena's limit a head is refused, not sent half done. */
static void
test_arena_full(void **state)
{
	struct fake_call *f = begin(REFERRER_KEEP);
	struct tc_arena *small = arena_new(NULL, 16);

	(void)state;
	f->call.arena = small;
	f->res.type = TC_STR("text/plain");
	put(&f->res.fields, "Accept-CH", "Sec-CH-UA-Model, DPR, Sec-CH-UA-Arch");
	assert_int_equal(fake_respond(f), 502);
	fake_free(&f);
	f = begin(REFERRER_KEEP);
	f->call.arena = small;
	f->res.type = TC_STR("text/plain");
	put(&f->res.fields, "Link", "</a>; rel=preload");
	assert_int_equal(fake_respond(f), 502);
	fake_free(&f);
	arena_destroy(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_fields),
		cmocka_unit_test(test_request_families),
		cmocka_unit_test(test_referrer),
		cmocka_unit_test(test_nothing_denied_nothing_done),
		cmocka_unit_test(test_n04_refresh),
		cmocka_unit_test(test_n06_link),
		cmocka_unit_test(test_n07_reports),
		cmocka_unit_test(test_n07_groups),
		cmocka_unit_test(test_n08_policies),
		cmocka_unit_test(test_n09_n10_n14),
		cmocka_unit_test(test_n12_hints),
		cmocka_unit_test(test_n15_n20_permissions),
		cmocka_unit_test(test_place_kept_back),
		cmocka_unit_test(test_n21),
		cmocka_unit_test(test_which_are_told),
		cmocka_unit_test(test_signed_exchange),
		cmocka_unit_test(test_pages_only),
		cmocka_unit_test(test_referrer_option_on_pages),
		cmocka_unit_test(test_allowed_hosts),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_arena_full),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

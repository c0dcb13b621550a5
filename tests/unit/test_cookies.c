/* test_cookies.c: tracking cookies stay out of both directions; what a browser still holds is expired. */
#include "../../filters/cookies.c"

#include "edge.h"
#include "headfilter.h"

static struct cookies_opts opts;

static struct fake_call *
begin(int request, int response)
{
	struct fake_call *f = fake_new(&filter_cookies);

	opts = (struct cookies_opts){request, response};
	f->call.opts = &opts;
	return f;
}

/* What becomes of one Cookie field, its bytes ending at an unreadable page. */
static const char *
sent(int mode, const char *cookie)
{
	static char text[1 << 16];
	struct fake_call *f = begin(mode, COOKIES_PASS);
	size_t n = strlen(cookie);
	char *edge = edge_copy(cookie, n);

	assert_int_equal(tc_field_add(&f->req.fields, TC_F_COOKIE, tc_str_of(edge, n)), 0);
	assert_int_equal(fake_request(f), 0);
	(void)snprintf(text, sizeof(text), "%s", got(&f->req.fields, "Cookie"));
	edge_free(edge, n);
	fake_free(&f);
	return text;
}

static void
test_request_drop_listed(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"a=1; b=2", "a=1; b=2"},
		{"_ga=1", "-"},
		{"_ga=1; _fbp=2;_gid=3", "-"},
		{"_ga=1; a=1", "a=1"},
		{"a=1; _ga=1", "a=1"},
		{"a=1; _ga=1; b=2", "a=1; b=2"},
		{"a=1;_ga=1;b=2", "a=1;b=2"},
		{"a=1;  _ga=1;   b=2", "a=1;   b=2"},
		{"a=1; _ga_ABC123=GS1.1.1; _hjSessionUser_1=x; cart=a=b", "a=1; cart=a=b"},
		{"_ga=1; a=\"q u\"; _ga=2", "a=\"q u\""},
		{"a=1; _ga=\"x; b=2\"", "a=1; b=2\""},   /* ';' ends a cookie inside quotes too, as in browsers */
		{"a=1; novalue; _ga=1", "a=1; novalue"}, /* no name: in no row */
		{"_ga; a=1", "_ga; a=1"},                /* a value without a name */
		{"=_ga=1; a=1", "a=1"},                  /* how a nameless "_ga=1" may look */
		{"a=_ga; b=_ga=1", "a=_ga; b=_ga=1"},    /* values are never looked at */
		{" _ga =1; a=1", "a=1"},                 /* white space is not part of a name */
		{"a=1; _ga=1;", "a=1;"},
		{"a=1;; _ga=1;; b=2", "a=1;;; b=2"},
		{";_ga=1;", "-"},
		{";; ;", ";; ;"},
		{"_GA=1", "_GA=1"}, /* names have case */
		{"__Host-_ga=1; __Secure-_fbp=1; __Host-sid=1", "__Host-sid=1"},
		{"_hjOptOut=1; _hjid=1", "_hjOptOut=1"}, /* keep markers win over family rules */
		{"OptanonConsent=x; _ga=1", "OptanonConsent=x"},
		{"_gaexp=1; _ga=1", "_gaexp=1"}, /* marked policy: the operator decides */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(sent(COOKIES_DROP_LISTED, cases[i].in), cases[i].out);
}

static void
test_request_keep_listed(void **state)
{
	(void)state;
	assert_string_equal(sent(COOKIES_KEEP_LISTED, "sid2=1; _ga=1; PHPSESSID=x; weird"), "PHPSESSID=x");
	assert_string_equal(sent(COOKIES_KEEP_LISTED, "_gaexp=1; x=2"), "-");
	assert_string_equal(sent(COOKIES_PASS, "_ga=1; a=1"), "_ga=1; a=1");
}

static void
test_request_only_denied_classes(void **state)
{
	struct fake_call *f = begin(COOKIES_DROP_LISTED, COOKIES_DROP_LISTED);

	(void)state;
	f->decision.denied = TC_CLASS_BIT(TC_ADVERTISING);
	put(&f->req.fields, "Cookie", "_ga=1; _fbp=1");
	assert_int_equal(fake_request(f), 0);
	assert_string_equal(got(&f->req.fields, "Cookie"), "_ga=1");
	assert_int_equal(fake_did(f, TC_DID_REQUEST_COOKIE), 1);
	assert_int_equal(f->did[0].class, TC_ADVERTISING);
	assert_string_equal(text_of(f->did[0].what), "_fbp");
	fake_free(&f);
}

static void
test_request_nothing_denied(void **state)
{
	struct fake_call *f = begin(COOKIES_DROP_LISTED, COOKIES_DROP_LISTED);

	(void)state;
	allow_all(f);
	put(&f->req.fields, "Cookie", "_ga=1");
	put(&f->res.fields, "Set-Cookie", "_ga=1; Path=/");
	assert_int_equal(fake_respond(f), 0);
	assert_string_equal(got(&f->req.fields, "Cookie"), "_ga=1");
	assert_string_equal(got(&f->res.fields, "Set-Cookie"), "_ga=1; Path=/");
	assert_int_equal(f->did_n, 0);
	fake_free(&f);
}

static void
test_keep_cookies_always_win(void **state)
{
	static const struct tc_str keep[] = {TC_STR_INIT("_ga"), TC_STR_INIT("odd")};

	(void)state;
	for (int mode = COOKIES_DROP_LISTED; mode <= COOKIES_KEEP_LISTED; mode++) {
		struct fake_call *f = begin(mode, mode);

		f->site.keep_cookies = (struct tc_strs){keep, 2};
		put(&f->req.fields, "Cookie", "_ga=1; _gid=2; odd=3; tacet_choice=v1.out");
		put(&f->res.fields, "Set-Cookie", "_ga=9");
		put(&f->res.fields, "Set-Cookie", "_gid=9");
		assert_int_equal(fake_respond(f), 0);
		assert_string_equal(got(&f->req.fields, "Cookie"), "_ga=1; odd=3; tacet_choice=v1.out");
		assert_int_equal(strncmp(got(&f->res.fields, "Set-Cookie"), "_ga=9 | _gid=; ", 15), 0);
		fake_free(&f);
	}
}

static void
test_several_fields(void **state)
{
	struct fake_call *f = begin(COOKIES_DROP_LISTED, COOKIES_PASS);

	(void)state;
	put(&f->req.fields, "Cookie", "_ga=1; a=1");
	put(&f->req.fields, "Cookie", "_fbp=1");
	put(&f->req.fields, "Cookie", "b=2; _gid=1");
	put(&f->req.fields, "Cookie", "");
	assert_int_equal(fake_request(f), 0);
	assert_string_equal(got(&f->req.fields, "Cookie"), "a=1 | b=2 | ");
	assert_int_equal(fake_did(f, TC_DID_REQUEST_COOKIE), 3);
	fake_free(&f);
}

/* 32 KiB of cookies, every second one a tracker's. */
static void
test_long_field(void **state)
{
	static char in[40000], want[40000];
	size_t n = 0, m = 0;

	(void)state;
	for (int i = 0; n < 32 * 1024; i++) {
		n += (size_t)snprintf(in + n, sizeof(in) - n, "%s_ga_%d=%d; k%d=%d", i > 0 ? "; " : "", i, i, i, i);
		m += (size_t)snprintf(want + m, sizeof(want) - m, "%sk%d=%d", i > 0 ? "; " : "", i, i);
	}
	assert_string_equal(sent(COOKIES_DROP_LISTED, in), want);
}

static void
test_response_dropped(void **state)
{
	static const struct {
		const char *in;
		bool goes;
	} cases[] = {
		{"_ga=GA1.1.1; Path=/; Max-Age=63072000", true},
		{"sid=1; Path=/; HttpOnly", false},
		{" _fbp = fb.1 ; Path=/", true},
		{"_ga", false},
		{"=_ga=1; Path=/", true},
		{"a=_ga; Path=/_ga=1", false},
		{"FPID=x; HttpOnly; Secure", true},
		{"_ga=; Path=/; Max-Age=0", false}, /* the origin deletes it: let it */
		{"_ga=; Path=/; Max-Age=00", false},
		{"_ga=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", false},
		{"_ga=; expires=Thu, 01-Jan-1970 00:00:10 GMT; Max-Age=0", false},
		{"_ga=1; Max-Age=0", true},                                       /* a value is never let through */
		{"_ga=; Max-Age=0x", true},                                       /* browsers ignore this attribute */
		{"_ga=; Max-Age=0; Max-Age=9", true},                             /* the last one counts */
		{"_ga=; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT", true}, /* Max-Age wins */
		{"_ga=; Expires=Thu, 01 Jan 1970 00:00:99 GMT", true},
		{"_ga=; Expires=Thu, 01 Jan 1970", true},
		{"_ga=", true},
		{"", false},
		{";", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = begin(COOKIES_PASS, COOKIES_DROP_LISTED);

		put(&f->res.fields, "Set-Cookie", cases[i].in);
		assert_int_equal(fake_respond(f), 0);
		assert_string_equal(got(&f->res.fields, "Set-Cookie"), cases[i].goes ? "-" : cases[i].in);
		assert_int_equal(fake_did(f, TC_DID_RESPONSE_COOKIE), cases[i].goes);
		fake_free(&f);
	}
}

static void
test_response_keep_listed(void **state)
{
	struct fake_call *f = begin(COOKIES_PASS, COOKIES_KEEP_LISTED);

	(void)state;
	put(&f->res.fields, "Set-Cookie", "unheard_of=1");
	put(&f->res.fields, "Set-Cookie", "PHPSESSID=1");
	assert_int_equal(fake_respond(f), 0);
	assert_string_equal(got(&f->res.fields, "Set-Cookie"), "PHPSESSID=1");
	fake_free(&f);
}

/* What a response says when the request carried these cookies; host and type as given. */
static const char *
expired(const char *host, const char *cookie, enum tc_dest dest, const char *type)
{
	static char text[1 << 16];
	struct fake_call *f = begin(COOKIES_DROP_LISTED, COOKIES_DROP_LISTED);

	f->req.host = z(host);
	f->req.dest = dest;
	f->res.type = z(type);
	put(&f->req.fields, "Cookie", cookie);
	assert_int_equal(fake_respond(f), 0);
	(void)snprintf(text, sizeof(text), "%s", got(&f->res.fields, "Set-Cookie"));
	fake_free(&f);
	return text;
}

static void
test_expired_on_every_domain(void **state)
{
	(void)state;
	assert_string_equal(expired("www.shop.example.co.uk", "_ga=1; a=2", TC_DEST_DOCUMENT, "text/html"),
	    "_ga=; Path=/; Max-Age=0"
	    " | _ga=; Path=/; Max-Age=0; Domain=www.shop.example.co.uk"
	    " | _ga=; Path=/; Max-Age=0; Domain=shop.example.co.uk"
	    " | _ga=; Path=/; Max-Age=0; Domain=example.co.uk");
	assert_string_equal(expired("example.com", "_ga=1", TC_DEST_ABSENT, ""),
	    "_ga=; Path=/; Max-Age=0 | _ga=; Path=/; Max-Age=0; Domain=example.com");
	assert_string_equal(expired("127.0.0.1", "_ga=1", TC_DEST_ABSENT, ""), "_ga=; Path=/; Max-Age=0");
	assert_string_equal(expired("localhost", "_ga=1", TC_DEST_ABSENT, "text/html"), "_ga=; Path=/; Max-Age=0");
	assert_string_equal(expired("e.com", "__Host-_ga=1", TC_DEST_ABSENT, ""),
	    "__Host-_ga=; Path=/; Max-Age=0; Secure");
	assert_string_equal(expired("e.com", "__Secure-_ga=1", TC_DEST_ABSENT, ""),
	    "__Secure-_ga=; Path=/; Max-Age=0; Secure | __Secure-_ga=; Path=/; Max-Age=0; Domain=e.com; Secure");
}

static void
test_expired_where(void **state)
{
	(void)state;
	assert_string_equal(expired("localhost", "a=1", TC_DEST_DOCUMENT, "text/html"), "-");
	assert_string_equal(expired("localhost", "_ga=1", TC_DEST_EMPTY, "text/html"), "_ga=; Path=/; Max-Age=0");
	assert_string_equal(expired("localhost", "_ga=1", TC_DEST_FRAME, ""), "_ga=; Path=/; Max-Age=0");
	assert_string_equal(expired("localhost", "_ga=1", TC_DEST_IMAGE, "image/png"), "-");
	assert_string_equal(expired("localhost", "_ga=1", TC_DEST_EMPTY, "application/json"), "-");
	assert_string_equal(expired("localhost", "_ga=1", TC_DEST_ABSENT, "image/png"), "-");
	assert_string_equal(expired("localhost", "_ga=1", TC_DEST_ABSENT, "text/css"), "-");
}

static void
test_expired_once_and_not_too_many(void **state)
{
	static char cookie[4000];
	struct fake_call *f = begin(COOKIES_PASS, COOKIES_DROP_LISTED);
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(cookie + n, sizeof(cookie) - n, "_ga=%d; _ga_%d=1; ", i, i);
	f->req.host = TC_STR("localhost");
	put(&f->req.fields, "Cookie", cookie);
	assert_int_equal(fake_respond(f), 0);
	assert_string_equal(got(&f->req.fields, "Cookie"), cookie); /* request: pass */
	assert_int_equal(fake_did(f, TC_DID_EXPIRED_COOKIE), EXPIRE_MAX);
	assert_int_equal(f->res.fields.n, EXPIRE_MAX);
	fake_free(&f);
}

/* Names that could not go back as they are: never into a response head. */
static void
test_odd_names_are_not_echoed(void **state)
{
	static char longest[200] = "_ga_";

	(void)state;
	memset(longest + 4, 'x', 150);
	assert_string_equal(expired("localhost", "_ga_\x7f=1; _ga_\xc3\xa4=1; _ga_ a=1", TC_DEST_ABSENT, ""), "-");
	assert_string_equal(expired("localhost", longest, TC_DEST_ABSENT, ""), "-");
}

static void
test_deep_host(void **state)
{
	const char *all = expired("a.b.c.d.e.f.g.example.com", "_ga=1", TC_DEST_ABSENT, "");

	(void)state;
	assert_non_null(strstr(all, "Domain=e.f.g.example.com"));
	assert_null(strstr(all, "Domain=d.e.f.g"));
	assert_non_null(strstr(all, "Domain=example.com"));
}

static void
test_arena_full(void **state)
{
	struct fake_call *f = begin(COOKIES_DROP_LISTED, COOKIES_DROP_LISTED);
	struct tc_arena *small = arena_new(NULL, 8);

	(void)state;
	put(&f->req.fields, "Cookie", "_ga=1; a=1");
	f->call.arena = small;
	assert_int_equal(fake_request(f), 431);
	assert_string_equal(got(&f->req.fields, "Cookie"), "_ga=1; a=1"); /* not sent: the request is refused */
	arena_destroy(&small);
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_drop_listed),
		cmocka_unit_test(test_request_keep_listed),
		cmocka_unit_test(test_request_only_denied_classes),
		cmocka_unit_test(test_request_nothing_denied),
		cmocka_unit_test(test_keep_cookies_always_win),
		cmocka_unit_test(test_several_fields),
		cmocka_unit_test(test_long_field),
		cmocka_unit_test(test_response_dropped),
		cmocka_unit_test(test_response_keep_listed),
		cmocka_unit_test(test_expired_on_every_domain),
		cmocka_unit_test(test_expired_where),
		cmocka_unit_test(test_expired_once_and_not_too_many),
		cmocka_unit_test(test_odd_names_are_not_echoed),
		cmocka_unit_test(test_deep_host),
		cmocka_unit_test(test_arena_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_cookies.c: tracking cookies stay out of both directions; what a browser still holds is expired. */
#include "../../filters/cookies.c"

#include "headfilter.h"
#include "match_run.h"

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
		{"_gaexp=1; _ga=1", "_gaexp=1"},               /* marked policy: the operator decides */
		{"_ga=1; _ga=2; a=1; a=2; _ga=3", "a=1; a=2"}, /* one name several times: host, domains, paths */
		{"a=1; _ga=1\tb; \xff\x01=2; _gid", "a=1; \xff\x01=2; _gid"},
		{"=; _ga=1; =x; a", "=; =x; a"},
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
expired_by(const char *scheme, const char *host, const char *cookie, enum tc_dest dest, const char *type)
{
	static char text[1 << 16];
	struct fake_call *f = begin(COOKIES_DROP_LISTED, COOKIES_DROP_LISTED);

	f->req.scheme = z(scheme);
	f->req.host = z(host);
	f->req.dest = dest;
	f->res.type = z(type);
	put(&f->req.fields, "Cookie", cookie);
	assert_int_equal(fake_respond(f), 0);
	(void)snprintf(text, sizeof(text), "%s", got(&f->res.fields, "Set-Cookie"));
	fake_free(&f);
	return text;
}

static const char *
expired(const char *host, const char *cookie, enum tc_dest dest, const char *type)
{
	return expired_by("http", host, cookie, dest, type);
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
	assert_string_equal(expired("e.com", "_hjOptOut=1; OptanonConsent=2; PHPSESSID=3", TC_DEST_ABSENT, ""), "-");
}

/* A Partitioned cookie is another one of the same name. Browsers take the attribute under https alone. */
static void
test_expired_where_partitioned(void **state)
{
	(void)state;
	assert_string_equal(expired_by("https", "e.com", "_ga=1; _fbp=2", TC_DEST_DOCUMENT, "text/html"),
	    "_ga=; Path=/; Max-Age=0 | _ga=; Path=/; Max-Age=0; Domain=e.com"
	    " | _fbp=; Path=/; Max-Age=0 | _fbp=; Path=/; Max-Age=0; Domain=e.com"
	    " | _ga=; Path=/; Max-Age=0; Secure; Partitioned | _ga=; Path=/; Max-Age=0; Domain=e.com; Secure; Partitioned"
	    " | _fbp=; Path=/; Max-Age=0; Secure; Partitioned | _fbp=; Path=/; Max-Age=0; Domain=e.com; Secure; Partitioned");
	assert_string_equal(expired_by("https", "e.com", "__Host-_ga=1", TC_DEST_DOCUMENT, "text/html"),
	    "__Host-_ga=; Path=/; Max-Age=0; Secure | __Host-_ga=; Path=/; Max-Age=0; Secure; Partitioned");
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

/* What a shared cache may keep for everyone carries nothing of ours. */
static void
test_expired_where_no_cache_shares_it(void **state)
{
	static const struct {
		int status;
		const char *type, *field, *value;
		enum tc_method method;
		enum tc_route_filter filter;
		bool carries;
	} cases[] = {
		{200, "text/html", "Cache-Control", "public, max-age=60", TC_M_GET, TC_ROUTE_AUTO, true}, /* the core sees to it */
		{304, "", "Cache-Control", "public", TC_M_GET, TC_ROUTE_AUTO, true},
		{200, "text/html", NULL, NULL, TC_M_GET, TC_ROUTE_NONE, false},
		{200, "text/html", "Cache-Control", "max-age=60, Private", TC_M_GET, TC_ROUTE_NONE, true},
		{200, "application/json", NULL, NULL, TC_M_GET, TC_ROUTE_AUTO, false},
		{200, "application/json", "Cache-Control", "max-age=60", TC_M_GET, TC_ROUTE_AUTO, false},
		{200, "application/json", "Cache-Control", "private=\"Set-Cookie\"", TC_M_GET, TC_ROUTE_AUTO, false},
		{200, "application/json", "Cache-Control", "no-store", TC_M_GET, TC_ROUTE_AUTO, true},
		{200, "application/json", NULL, NULL, TC_M_POST, TC_ROUTE_AUTO, true},
		{302, "", NULL, NULL, TC_M_GET, TC_ROUTE_AUTO, true},
		{302, "", "Cache-Control", "max-age=60", TC_M_GET, TC_ROUTE_AUTO, false},
		{302, "", "Expires", "Thu, 01 Jan 2099 00:00:00 GMT", TC_M_GET, TC_ROUTE_AUTO, false},
		{302, "", "CDN-Cache-Control", "max-age=60", TC_M_GET, TC_ROUTE_AUTO, false},
		{301, "", NULL, NULL, TC_M_GET, TC_ROUTE_AUTO, false},
		{404, "", NULL, NULL, TC_M_GET, TC_ROUTE_AUTO, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = begin(COOKIES_DROP_LISTED, COOKIES_DROP_LISTED);

		f->req.method = cases[i].method;
		f->route.filter = cases[i].filter;
		f->res.status = cases[i].status;
		f->res.type = z(cases[i].type);
		put(&f->req.fields, "Cookie", "_ga=1");
		if (cases[i].field != NULL)
			put(&f->res.fields, cases[i].field, cases[i].value);
		assert_int_equal(fake_respond(f), 0);
		if ((fake_did(f, TC_DID_EXPIRED_COOKIE) == 1) != cases[i].carries)
			fail_msg("case %zu", i);
		assert_int_equal(strcmp(got(&f->res.fields, "Set-Cookie"), "-") != 0, cases[i].carries);
		fake_free(&f);
	}
}

static void
test_expired_once_and_not_too_many(void **state)
{
	static char cookie[4000];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(cookie + n, sizeof(cookie) - n, "_ga=%d; _ga_%d=1; ", i, i);
	for (int secure = 0; secure < 2; secure++) {
		struct fake_call *f = begin(COOKIES_PASS, COOKIES_DROP_LISTED);
		size_t bytes = 0;

		f->req.host = TC_STR("a.b.example.com");
		f->req.scheme = secure != 0 ? TC_STR("https") : TC_STR("http");
		put(&f->req.fields, "Cookie", cookie);
		assert_int_equal(fake_respond(f), 0);
		assert_string_equal(got(&f->req.fields, "Cookie"), cookie); /* request: pass */
		assert_int_equal(fake_did(f, TC_DID_EXPIRED_COOKIE), EXPIRE_MAX);
		for (size_t i = 0; i < f->res.fields.n; i++) {
			bytes += f->res.fields.v[i].value.n;
			for (size_t k = 0; k < i; k++)
				assert_false(tc_eq(f->res.fields.v[i].value, f->res.fields.v[k].value));
		}
		assert_true(secure != 0 ? f->res.fields.n > 4 * EXPIRE_MAX : f->res.fields.n == 4 * EXPIRE_MAX);
		assert_true(bytes < EXPIRE_ROOM + 1500);
		fake_free(&f);
	}
}

/* ---- rules of lists ---- */

#define LIST_COOKIES \
	"$cookie=mystery\n$cookie=/^trk[0-9]+$/\n||example.com^$cookie=here\n||other.example^$cookie=there\n" \
	"$cookie=_gaexp\n$cookie=PHPSESSID\n$cookie=_hjOptOut\n$cookie=tacet_choice\n$cookie=sid,important\n" \
	"@@||example.com/free/$cookie=mystery\n$cookie=short;maxAge=3600;sameSite=lax\n$cookie=OptanonConsent;maxAge=1\n" \
	"$cookie=/^soft;x$/;sameSite=strict"

static struct fake_call *
begin_with(struct match_db **db, int mode)
{
	struct fake_call *f = begin(mode, mode);

	*db = build(LIST_COOKIES);
	f->conf = *db;
	return f;
}

static void
end_with(struct match_db **db, struct fake_call **f)
{
	fake_free(f);
	match_destroy(db);
}

/* What no row knows, and what a row leaves to the operator; what a row keeps stays, whatever a list says. */
static void
test_lists_take_cookies_off(void **state)
{
	static const struct tc_str keep[] = {TC_STR_INIT("sid")};
	static const struct {
		const char *path, *in, *out;
	} cases[] = {
		{"/", "mystery=1; a=2", "a=2"},
		{"/free/x", "mystery=1; a=2", "mystery=1; a=2"},
		{"/", "trk1=a; trk=b; xtrk1=c", "trk=b; xtrk1=c"},
		{"/", "here=1; there=2; Mystery=3", "there=2; Mystery=3"},
		{"/", "_gaexp=1; a=2", "a=2"},
		{"/", "PHPSESSID=1; _hjOptOut=2; tacet_choice=v1.out; sid=3", "PHPSESSID=1; _hjOptOut=2; tacet_choice=v1.out; sid=3"},
		{"/", "__Host-PHPSESSID=1; __Host-mystery=2", "__Host-PHPSESSID=1; __Host-mystery=2"},
		{"/", "short=1; =mystery=2; mystery", "short=1; mystery"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db;
		struct fake_call *f = begin_with(&db, COOKIES_DROP_LISTED);

		f->req.path = f->req.match = z(cases[i].path);
		f->site.keep_cookies = (struct tc_strs){keep, 1};
		put(&f->req.fields, "Cookie", cases[i].in);
		assert_int_equal(fake_request(f), 0);
		assert_string_equal(got(&f->req.fields, "Cookie"), cases[i].out);
		end_with(&db, &f);
	}
}

static void
test_lists_both_ways_and_counted(void **state)
{
	struct match_db *db;
	struct fake_call *f = begin_with(&db, COOKIES_DROP_LISTED);

	(void)state;
	f->req.scheme = TC_STR("http");
	put(&f->req.fields, "Cookie", "mystery=1");
	put(&f->res.fields, "Set-Cookie", "mystery=2; Path=/");
	put(&f->res.fields, "Set-Cookie", "PHPSESSID=2; Path=/");
	assert_int_equal(fake_respond(f), 0);
	assert_string_equal(got(&f->req.fields, "Cookie"), "-");
	assert_string_equal(got(&f->res.fields, "Set-Cookie"), "PHPSESSID=2; Path=/ | mystery=; Path=/; Max-Age=0"
	    " | mystery=; Path=/; Max-Age=0; Domain=www.example.com | mystery=; Path=/; Max-Age=0; Domain=example.com");
	assert_int_equal(f->did_n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(f->did[i].pack, TC_PACK_OPERATOR);
		assert_int_equal(f->did[i].class, TC_ADVERTISING);
	}
	end_with(&db, &f);
}

/* A rule of a class that is not denied does nothing, nor does any where cookies pass or only known ones stay. */
static void
test_lists_where_they_do_not_speak(void **state)
{
	static const struct {
		int mode;
		tc_classes denied;
		const char *out;
	} cases[] = {
		{COOKIES_DROP_LISTED, TC_CLASS_BIT(TC_ANALYTICS), "mystery=1; PHPSESSID=2"},
		{COOKIES_DROP_LISTED, 0, "mystery=1; PHPSESSID=2"},
		{COOKIES_PASS, FAKE_DENIED, "mystery=1; PHPSESSID=2"},
		{COOKIES_KEEP_LISTED, FAKE_DENIED, "PHPSESSID=2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db;
		struct fake_call *f = begin_with(&db, cases[i].mode);

		f->decision.denied = cases[i].denied;
		put(&f->req.fields, "Cookie", "mystery=1; PHPSESSID=2");
		assert_int_equal(fake_request(f), 0);
		assert_string_equal(got(&f->req.fields, "Cookie"), cases[i].out);
		end_with(&db, &f);
	}
}

static void
test_lists_soften(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"short=1; Path=/; Max-Age=99999", "short=1; Path=/; Max-Age=99999; Max-Age=3600; SameSite=Lax"},
		{"short=1; SameSite=Strict; Max-Age=60", "short=1; SameSite=Strict; Max-Age=60"},
		{"short=1", "short=1; Max-Age=3600; SameSite=Lax"},
		{"OptanonConsent=1", "OptanonConsent=1"}, /* a row keeps it as it is */
		{"soft;x=1", "soft;x=1"},
		{"other=1", "other=1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct match_db *db;
		struct fake_call *f = begin_with(&db, COOKIES_DROP_LISTED);

		put(&f->res.fields, "Set-Cookie", cases[i].in);
		assert_int_equal(fake_respond(f), 0);
		assert_string_equal(got(&f->res.fields, "Set-Cookie"), cases[i].out);
		assert_int_equal(f->did_n, strcmp(cases[i].in, cases[i].out) != 0);
		end_with(&db, &f);
	}
}

/* So many names that no browser sent them: what is not looked up goes, what our table keeps stays. */
static void
test_lists_are_not_asked_for_ever(void **state)
{
	static char cookie[20000];
	struct match_db *db;
	struct fake_call *f = begin_with(&db, COOKIES_DROP_LISTED);
	size_t n = 0;

	(void)state;
	for (int i = 0; i < LISTED_ASK_MAX + 100; i++)
		n += (size_t)snprintf(cookie + n, sizeof(cookie) - n, "n%d=1; ", i);
	(void)snprintf(cookie + n, sizeof(cookie) - n, "PHPSESSID=1");
	put(&f->req.fields, "Cookie", cookie);
	assert_int_equal(fake_request(f), 0);
	assert_int_equal(fake_did(f, TC_DID_REQUEST_COOKIE), 100);
	assert_non_null(strstr(got(&f->req.fields, "Cookie"), "PHPSESSID=1"));
	end_with(&db, &f);
}

/* ---- cookies that nobody knows ---- */

static void
test_unknown_of_a_third_party(void **state)
{
	static const struct {
		const char *site;
		enum tc_dest dest;
		bool unknown, stays;
	} cases[] = {
		{"cross-site", TC_DEST_IMAGE, true, false},
		{"cross-site", TC_DEST_FRAME, true, false},
		{"cross-site", TC_DEST_DOCUMENT, true, true}, /* a link from elsewhere */
		{"same-site", TC_DEST_IMAGE, true, true},
		{NULL, TC_DEST_IMAGE, true, true},
		{"cross-site", TC_DEST_IMAGE, false, true}, /* the rule set does not list it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = begin(COOKIES_DROP_LISTED, COOKIES_DROP_LISTED);

		f->decision.denied |= cases[i].unknown ? TC_CLASS_BIT(TC_UNKNOWN) : 0;
		f->req.dest = cases[i].dest;
		if (cases[i].site != NULL)
			put(&f->req.fields, "Sec-Fetch-Site", cases[i].site);
		put(&f->res.fields, "Set-Cookie", "wanderer=1; SameSite=None; Secure; Partitioned");
		put(&f->res.fields, "Set-Cookie", "PHPSESSID=1");
		assert_int_equal(fake_respond(f), 0);
		if ((strstr(got(&f->res.fields, "Set-Cookie"), "wanderer") != NULL) != cases[i].stays)
			fail_msg("case %zu", i);
		assert_non_null(strstr(got(&f->res.fields, "Set-Cookie"), "PHPSESSID"));
		fake_free(&f);
	}
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
		cmocka_unit_test(test_expired_where_partitioned),
		cmocka_unit_test(test_expired_where),
		cmocka_unit_test(test_expired_where_no_cache_shares_it),
		cmocka_unit_test(test_expired_once_and_not_too_many),
		cmocka_unit_test(test_lists_take_cookies_off),
		cmocka_unit_test(test_lists_both_ways_and_counted),
		cmocka_unit_test(test_lists_where_they_do_not_speak),
		cmocka_unit_test(test_lists_soften),
		cmocka_unit_test(test_lists_are_not_asked_for_ever),
		cmocka_unit_test(test_unknown_of_a_third_party),
		cmocka_unit_test(test_odd_names_are_not_echoed),
		cmocka_unit_test(test_deep_host),
		cmocka_unit_test(test_arena_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

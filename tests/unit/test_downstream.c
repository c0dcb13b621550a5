/* test_downstream.c: names of the origin become the visitor's, no other does; fields that the operator sets and removes. */
#include "../../proxy/core/downstream.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"

static struct tc_arena *arena;

static const struct config_server two_servers[] = {
	{.host = TC_STR_INIT("10.0.0.7"), .port = 9000, .authority = TC_STR_INIT("10.0.0.7:9000")},
	{.host = TC_STR_INIT("shop.internal.example"), .port = 80, .authority = TC_STR_INIT("shop.internal.example")},
};
static const struct config_server v6_server[] = {
	{.host = TC_STR_INIT("::1"), .port = 9000, .authority = TC_STR_INIT("[::1]:9000")},
};
static const struct config_server unix_server[] = {{.path = TC_STR_INIT("/run/app"), .authority = TC_STR_INIT("localhost")}};

static const struct config_origin keep = {.servers = two_servers, .server_count = 2};
static const struct config_origin named = {.servers = two_servers, .server_count = 1, .host_mode = ORIGIN_HOST_NAME, .host_name = TC_STR_INIT("shop.example")};
static const struct config_origin v6_origin = {.servers = v6_server, .server_count = 1, .host_mode = ORIGIN_HOST_ORIGIN};
static const struct config_origin unix_origin = {.servers = unix_server, .server_count = 1};

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 4 << 20);
	return arena != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

static const struct tc_request by_http = {.scheme = TC_STR_INIT("http"), .host = TC_STR_INIT("www.example.com"), .port = TC_STR_INIT("8080")};
static const struct tc_request by_https = {.scheme = TC_STR_INIT("https"), .host = TC_STR_INIT("www.example.com")};

/* What becomes of one field. */
static struct tc_str
became(const struct config_origin *o, const struct tc_request *req, const char *name, const char *value)
{
	struct tc_response res = {.status = 302, .fields = {.arena = arena}};
	struct config_route r = {.origin = o};

	assert_int_equal(tc_field_add_named(&res.fields, tc_str_from(name), tc_str_from(value)), 0);
	assert_int_equal(downstream_fields(&r, req, &res), 0);
	assert_int_equal(res.fields.n, 1);
	return res.fields.v[0].value;
}

static void
expect(const struct config_origin *o, const struct tc_request *req, const char *name, const char *value, const char *want)
{
	struct tc_str got = became(o, req, name, value);

	if (!tc_eq(got, tc_str_from(want != NULL ? want : value)))
		fail_msg("%s: %s -> %.*s", name, value, (int)got.n, got.p);
}

static void
addresses(void **state)
{
	static const struct {
		const struct config_origin *o;
		const struct tc_request *req;
		const char *from, *to; /* NULL: stays as it is */
	} v[] = {
		/* a server's own authority, whichever of them, in every mode */
		{&keep, &by_http, "http://10.0.0.7:9000/login?x=1#y", "http://www.example.com:8080/login?x=1#y"},
		{&keep, &by_http, "http://shop.internal.example/", "http://www.example.com:8080/"},
		{&keep, &by_http, "http://shop.internal.example:80/a", "http://www.example.com:8080/a"},
		{&keep, &by_http, "HTTP://Shop.Internal.EXAMPLE", "http://www.example.com:8080"},
		{&keep, &by_http, "http://shop.internal.example./a", "http://www.example.com:8080/a"},
		{&keep, &by_http, "http://shop.internal.example?q", "http://www.example.com:8080?q"},
		{&keep, &by_http, "//10.0.0.7:9000/a", "//www.example.com:8080/a"},
		{&keep, &by_https, "http://10.0.0.7:9000/a", "https://www.example.com/a"},
		{&v6_origin, &by_https, "http://[::1]:9000/a", "https://www.example.com/a"},
		{&unix_origin, &by_https, "http://localhost/a", "https://www.example.com/a"},
		/* the name it was told, at the port of a scheme or its own */
		{&named, &by_https, "http://shop.example/a", "https://www.example.com/a"},
		{&named, &by_https, "https://shop.example/a", "https://www.example.com/a"},
		{&named, &by_https, "https://shop.example:443/a", "https://www.example.com/a"},
		{&named, &by_https, "http://shop.example:9000/a", "https://www.example.com/a"},
		{&named, &by_http, "http://shop.example/a", "http://www.example.com:8080/a"},
		{&named, &by_http, "http://10.0.0.7:9000/a", "http://www.example.com:8080/a"},
		/* a redirect to https stays one, and the port of http is not that of https */
		{&named, &by_http, "https://shop.example/a", "https://www.example.com/a"},
		/* another host, another port, another scheme: not ours */
		{&keep, &by_http, "http://www.example.com/a", NULL},
		{&keep, &by_http, "https://login.example.net/?back=http://10.0.0.7:9000/", NULL},
		{&keep, &by_http, "http://10.0.0.7/a", NULL},
		{&keep, &by_http, "https://10.0.0.7/a", NULL},
		{&keep, &by_http, "http://10.0.0.7:9001/a", NULL},
		{&keep, &by_http, "http://10.0.0.70:9000/a", NULL},
		{&keep, &by_http, "http://shop.internal.example:8080/", NULL},
		{&keep, &by_http, "http://evilshop.internal.example/", NULL},
		{&keep, &by_http, "http://shop.internal.example.evil/", NULL},
		{&keep, &by_http, "http://shop.example/a", NULL},
		{&named, &by_http, "http://shop.internal.example/", NULL}, /* not a server of this one */
		{&named, &by_http, "http://shop.example:9001/a", NULL},
		{&named, &by_http, "ftp://shop.example/a", NULL},
		{&named, &by_http, "shop.example/a", NULL},
		{&named, &by_http, "/a", NULL},
		{&named, &by_http, "", NULL},
		{&named, &by_http, "//", NULL},
		{&named, &by_http, "http://", NULL},
		{&named, &by_http, "http:///shop.example/", NULL},
		{&named, &by_http, "http:/shop.example/", NULL},
		/* what cannot be read for sure */
		{&named, &by_http, "http://user@shop.example/a", NULL},
		{&named, &by_http, "http://shop.example@evil.example/a", NULL},
		{&named, &by_http, "http://shop.example:80@evil.example/a", NULL},
		{&named, &by_http, "http://shop.example:x/a", NULL},
		{&named, &by_http, "http://shop.example:99999999999999999999/a", NULL},
		{&v6_origin, &by_http, "http://[::1", NULL},
		{&v6_origin, &by_http, "http://[::1]x:9000/", NULL},
		{&named, &by_http, "http://shop.example\\@evil.example/a", "http://www.example.com:8080\\@evil.example/a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		expect(v[i].o, v[i].req, "Location", v[i].from, v[i].to);
		expect(v[i].o, v[i].req, "content-location", v[i].from, v[i].to);
		expect(v[i].o, v[i].req, "Link", v[i].from, NULL);
		expect(v[i].o, v[i].req, "Access-Control-Allow-Origin", v[i].from, NULL);
		expect(v[i].o, v[i].req, "X-Location", v[i].from, NULL);
	}
}

/* HTTP/1.0 without Host: there is no name to put there. */
static void
a_visitor_who_names_no_host(void **state)
{
	struct tc_request nameless = {.scheme = TC_STR("http"), .host = TC_STR("")};

	(void)state;
	expect(&named, &nameless, "Location", "http://shop.example/a", NULL);
}

static void
refresh(void **state)
{
	static const struct {
		const char *from, *to;
	} v[] = {
		{"0; url=http://shop.example/a", "0; url=https://www.example.com/a"},
		{"5;URL = 'http://shop.example/a' x", "5;URL = 'https://www.example.com/a' x"},
		{"5,url=\"http://shop.example/a", "5,url=\"https://www.example.com/a"},
		{"5 http://shop.example/a", "5 https://www.example.com/a"},
		{"0.5;http://shop.example/a", "0.5;https://www.example.com/a"},
		{" ;url=http://shop.example", " ;url=https://www.example.com"},
		{"5; url=/a", NULL},
		{"5; url=http://other.example/?u=http://shop.example/", NULL},
		{"5; url=", NULL},
		{"5; url", NULL},
		{"5;", NULL},
		{"5", NULL},
		{"", NULL},
		{"5; url='", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		expect(&named, &by_https, "Refresh", v[i].from, v[i].to);
}

static void
cookies(void **state)
{
	static const struct {
		const struct config_origin *o;
		const char *from, *to;
	} v[] = {
		{&named, "a=b; Domain=shop.example; Path=/", "a=b; Path=/"},
		{&named, "a=b; Path=/; domain = .Shop.Example", "a=b; Path=/"},
		{&keep, "a=b; Domain=internal.example", "a=b"},
		{&keep, "a=b; Domain=10.0.0.7; Secure", "a=b; Secure"},
		{&named, "a=b;Domain=x.test;Domain=shop.example;Secure", "a=b;Secure"}, /* the last counts; all go */
		{&named, "a=b; Domain=shop.example; Domain=x.test", NULL},
		{&named, "a=b; Domain=shop.example; Domain=", NULL},
		/* a visitor's browser takes these as they are */
		{&keep, "a=b; Domain=www.example.com", NULL},
		{&keep, "a=b; Domain=.example.com", NULL},
		{&keep, "a=b; Domain=example.com", NULL},
		/* and these name nobody we know */
		{&named, "a=b; Domain=other.example", NULL},
		{&named, "a=b; Domain=www.shop.example", NULL},
		{&named, "a=b; Domain=hop.example", NULL},
		{&named, "a=b; Domain=example", NULL}, /* one label is no parent */
		{&named, "a=b; Domain=com", NULL},
		{&named, "a=b; Domain", NULL},
		{&named, "a=b; Domains=shop.example", NULL},
		{&named, "domain=shop.example; Path=/", NULL}, /* a cookie of that name */
		{&named, "domain=shop.example; Domain=shop.example", "domain=shop.example"},
		{&named, "a=b", NULL},
		{&named, "a=b;", NULL},
		{&named, ";", NULL},
		{&named, "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		expect(v[i].o, &by_https, "Set-Cookie", v[i].from, v[i].to);
}

/* www.example.com in front of origin.example.com: a cookie for both of them is left alone. */
static void
a_domain_that_both_are_in(void **state)
{
	static const struct config_server s[] = {{.authority = TC_STR_INIT("origin.example.com:8000"), .port = 8000}};
	static const struct config_origin o = {.servers = s, .server_count = 1, .host_mode = ORIGIN_HOST_ORIGIN};

	(void)state;
	expect(&o, &by_https, "Set-Cookie", "a=b; Domain=example.com", NULL);
	expect(&o, &by_https, "Set-Cookie", "a=b; Domain=origin.example.com", "a=b");
}

static void
at_the_limit(void **state)
{
	struct tc_arena *small = arena_new(NULL, 64);
	struct tc_str url = TC_STR("http://shop.example/0123456789012345678901234567890123456789");
	struct tc_str cookie = TC_STR("a=0123456789012345678901234567890123456789012345678; Domain=shop.example");
	struct tc_str value = url;

	(void)state;
	assert_non_null(tc_alloc_bytes(small, 60));
	assert_int_equal(rewrite_url(&named, &by_https, small, &value), -1);
	assert_int_equal(rewrite_cookie(&named, &by_https, small, &cookie), -1);
	arena_destroy(&small);
}

/* ---- set and remove ---- */

static const struct config_field set[] = {
	{TC_STR_INIT("X-Frame-Options"), TC_STR_INIT("DENY")},
	{TC_STR_INIT("cache-control"), TC_STR_INIT("no-cache")},
	{TC_STR_INIT("X-Team"), TC_STR_INIT("web")},
};
static const struct tc_str gone[] = {TC_STR_INIT("server"), TC_STR_INIT("x-powered-by"), TC_STR_INIT("vary")};
static const struct config_route route = {.origin = &keep, .set = set, .set_count = 3, .remove = {gone, 3}};

static struct tc_response
response(int status, const char *const *lines)
{
	struct tc_response res = {.status = status, .fields = {.arena = arena}};

	for (; *lines != NULL; lines++) {
		struct tc_str rest = tc_str_from(*lines), name = tc_next(&rest, ':');

		assert_int_equal(tc_field_add_named(&res.fields, name, tc_trim(rest)), 0);
	}
	return res;
}

/* All live fields, as "name: value|name: value". */
static const char *
all(const struct tc_response *res)
{
	static char text[1024];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < res->fields.n; i++) {
		const struct tc_field *f = &res->fields.v[i];

		if (!f->dropped)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s: %.*s", n > 0 ? "|" : "", (int)f->name.n,
			    f->name.p, (int)f->value.n, f->value.p);
	}
	return text;
}

static void
set_and_removed(void **state)
{
	struct tc_response res = response(200, (const char *[]){"Server: x", "Cache-Control: public", "SERVER: y", "X-Powered-By: z", "x-team: a", "Content-Type: text/html", "Cache-Control: max-age=3", "X-TEAM: b", "Vary: Cookie", "X-Powered-Byte: 1", NULL});

	(void)state;
	assert_int_equal(downstream_fields(&route, &by_http, &res), 0);
	assert_string_equal(all(&res),
	    "Content-Type: text/html|X-Powered-Byte: 1|X-Frame-Options: DENY|cache-control: no-cache|X-Team: web");
	assert_true(tc_eq(tc_field_value(&res.fields, TC_F_CACHE_CONTROL), TC_STR("no-cache")));
}

static void
a_handshake_is_left_alone(void **state)
{
	struct tc_response res = response(101, (const char *[]){"Server: x", "Sec-WebSocket-Accept: y", NULL});

	(void)state;
	assert_int_equal(downstream_fields(&route, &by_http, &res), 0);
	assert_string_equal(all(&res), "Server: x|Sec-WebSocket-Accept: y");
}

static void
our_own_answers_keep_what_they_say(void **state)
{
	struct tc_response res = response(502, (const char *[]){"Cache-Control: no-store", "Server: x", NULL});

	(void)state;
	assert_int_equal(downstream_own(&route, &res), 0);
	assert_string_equal(all(&res), "Cache-Control: no-store|Server: x|X-Frame-Options: DENY|X-Team: web");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(a_visitor_who_names_no_host),
		cmocka_unit_test(refresh),
		cmocka_unit_test(cookies),
		cmocka_unit_test(a_domain_that_both_are_in),
		cmocka_unit_test(at_the_limit),
		cmocka_unit_test(set_and_removed),
		cmocka_unit_test(a_handshake_is_left_alone),
		cmocka_unit_test(our_own_answers_keep_what_they_say),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

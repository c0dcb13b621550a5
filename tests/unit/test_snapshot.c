/* test_snapshot.c: which site a Host gets and which route a path, from the bytes of a request to the configuration's rows. */
#include "../../proxy/core/snapshot.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http/h1.h"

static const char TEXT[] =
    "version: 1\n"
    "listen: [{address: \"127.0.0.1:0\"}]\n"
    "sites:\n"
    "  - hosts: [\"*.example.com\"]\n"
    "    origin: {url: \"http://127.0.0.1:9001\"}\n"
    "  - hosts: [example.com, WWW.example.com]\n"
    "    origin: {url: \"http://127.0.0.1:9002\"}\n"
    "  - hosts: [\"*.shop.example.com\", \"[2001:db8::1]\", 192.0.2.7]\n"
    "    origin: {url: \"http://127.0.0.1:9003\"}\n"
    "  - hosts: [a.shop.example.com]\n"
    "    origin: {url: \"http://127.0.0.1:9004\"}\n"
    "    routes: [{name: static, match: /static/*}, {name: admin, match: /admin/*}, {name: a, match: /a%2Fb},\n"
    "      {name: home, match: /}, {name: php, match: \"*.php\"}, {name: rest, match: /*}]\n";

static const char ANY[] =
    "version: 1\n"
    "listen: [{address: \"127.0.0.1:0\"}]\n"
    "sites:\n"
    "  - hosts: [\"*\"]\n"
    "    origin: {url: \"http://127.0.0.1:9001\"}\n"
    "  - hosts: [\"*.example.com\"]\n"
    "    origin: {url: \"http://127.0.0.1:9002\"}\n";

static struct tc_arena *arena;

static struct config *
load(const char *text)
{
	struct messages *m = messages_new();
	struct config *c = NULL;

	if (config_load_text(TC_STR("test"), tc_str_from(text), NULL, &c, m) < 0)
		messages_print(m, stderr);
	messages_destroy(&m);
	assert_non_null(c);
	return c;
}

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 16 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

/* What the proxy reads out of "GET target HTTP/1.1, Host: host". false: refused before any site is looked for. */
static bool
request(const char *target, const char *host, struct tc_request *req)
{
	struct h1_limits limits = {.line_max = 8192, .head_max = 32768, .fields_max = 100};
	struct h1_scan scan = {0};
	struct head head = {0};
	struct tc_str parts[] = {TC_STR("GET "), tc_str_from(target), TC_STR(" HTTP/1.1\r\nHost: "), tc_str_from(host), TC_STR("\r\n\r\n")};
	struct tc_str text = tc_join(arena, parts, 5);

	*req = (struct tc_request){0};
	return h1_scan(&scan, text, &limits) == (long)text.n && h1_parse_request(text, &limits, arena, &head) == REFUSAL_NONE &&
	    h1_request_of(&head, arena, req) == REFUSAL_NONE;
}

#define REFUSED (-1)
#define NO_SITE 0

/* The port of the site's origin stands for the site. */
static int
site_of(const struct snapshot *s, const char *host)
{
	const struct config_site *site;
	struct tc_request req;

	if (!request("/", host, &req))
		return REFUSED;
	site = snapshot_site(s, req.host);
	return site != NULL ? site->origin.servers[0].port : NO_SITE;
}

static void
hosts(void **state)
{
	static const struct {
		const char *host;
		int site;
	} v[] = {
		{"example.com", 9002},
		{"www.example.com", 9002}, /* exact before wildcard, whatever the order */
		{"WWW.EXAMPLE.com", 9002},
		{"www.example.com:8443", 9002}, /* every port is the same site */
		{"www.example.com:", 9002},
		{"www.example.com.", 9002}, /* the root's dot */
		{"www.example.com.:80", 9002},
		{"blog.example.com", 9001},
		{"a.b.c.example.com", 9001},
		{"shop.example.com", 9001},   /* not of its own wildcard */
		{"b.shop.example.com", 9003}, /* the longest wildcard */
		{"x.y.shop.example.com", 9003},
		{"a.shop.example.com", 9004},
		{"b.a.shop.example.com", 9003},
		{"evilexample.com", NO_SITE},
		{"example.com.evil.test", NO_SITE},
		{"com", NO_SITE},
		{"127.0.0.1", NO_SITE},
		{"192.0.2.7:80", 9003},
		{"[2001:DB8::1]:80", 9003},
		{"[2001:db8::2]", NO_SITE},
		{"*.example.com", REFUSED},
		{"*", REFUSED},
		{".example.com", REFUSED},
		{"..example.com", REFUSED},
		{"www..example.com", REFUSED},
		{"www.example.com..", REFUSED},
		{".", REFUSED},
		{"", REFUSED},
		{"example.com,evil.test", REFUSED},
		{"example.com evil.test", REFUSED},
		{"evil@example.com", REFUSED},
		{"example.com/x", REFUSED},
		{"example.com:80:80", REFUSED},
		{"example.com:0", REFUSED},
		{"example.com:65536", REFUSED},
		{"example.com:+80", REFUSED},
		{"exa%6dple.com", REFUSED},
		{"ex\xc3\xa4mple.com", REFUSED},
	};
	struct snapshot s = {.config = load(TEXT)};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		int site = site_of(&s, v[i].host);

		if (site != v[i].site)
			fail_msg("%s: %d", v[i].host, site);
	}
	config_destroy(&s.config);
}

static void
any_host_comes_last(void **state)
{
	struct snapshot s = {.config = load(ANY)};

	(void)state;
	assert_int_equal(site_of(&s, "www.example.com"), 9002);
	assert_int_equal(site_of(&s, "example.com"), 9001);
	assert_int_equal(site_of(&s, "anything"), 9001);
	assert_true(snapshot_site(&s, TC_STR("")) == &s.config->sites[0]); /* HTTP/1.0 without Host */
	config_destroy(&s.config);
}

/* However a path is spelled, it gets the route of what it means; and what goes on is what came, byte for byte. */
static void
paths(void **state)
{
	static const struct {
		const char *path, *route; /* NULL: refused */
	} v[] = {
		{"/static/x.css", "static"},
		{"/%73tatic/x", "static"},
		{"//static//x", "static"},
		{"/./static/x", "static"},
		{"/x/../static/y", "static"},
		{"/x/%2e%2E/static/y", "static"},
		{"\\static\\y", NULL}, /* not a target at all */
		{"/\\static\\y", "static"},
		{"/static/../admin/x", "admin"},
		{"/static/..\\admin/x", "admin"},
		{"/static/%2e./admin/x", "admin"},
		{"/static/..;/admin/x", "static"},  /* a parameter to some, part of a name to the standard */
		{"/static/..%2fadmin/x", "static"}, /* %2F is part of a name (lesson 12) */
		{"/static/..%5cadmin/x", "static"},
		{"/static/%252e%252e/admin/x", "static"}, /* decoded once */
		{"/ADMIN/x", "rest"},
		{"/admin", "rest"},
		{"/admin/", "admin"},
		{"/admin/?x=/static/", "admin"},
		{"/x?/../admin/", "rest"},
		{"/a%2fb", "a"},
		{"/a/b", "rest"},
		{"/", "home"},
		{"/..", "home"},
		{"/%2e", "home"},
		{"/index.php", "php"},
		{"/index.php/x", "rest"},
		{"/index%2Ephp", "php"},
		{"/index.php%00", "rest"},
		{"/a b", NULL},
		{"/a\tb", NULL},
		{"/a\x01", NULL},
		{"/a\x7f", NULL},
		{"/caf\xc3\xa9", NULL},
		{"/a#b", NULL},
		{"static/x", NULL},
	};
	struct snapshot s = {.config = load(TEXT)};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		const struct config_site *site;
		const struct tc_route *route;
		struct tc_request req;
		bool read = request(v[i].path, "a.shop.example.com", &req);

		if (read != (v[i].route != NULL))
			fail_msg("%s: %s", v[i].path, read ? "read" : "refused");
		if (!read)
			continue;
		site = snapshot_site(&s, req.host);
		route = snapshot_route(site, req.match);
		if (!tc_eq(route->name, tc_str_from(v[i].route)))
			fail_msg("%s: %.*s", v[i].path, (int)route->name.n, route->name.p);
		assert_int_equal(req.path.n, strcspn(v[i].path, "?"));
		assert_memory_equal(req.path.p, v[i].path, req.path.n);
	}
	config_destroy(&s.config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(any_host_comes_last),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* test_url.c: the normal form of paths, and the patterns matched against it. */
#include "../../proxy/http/url.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/arena.h"
#include "edge.h"

static void
test_normal_form(void **state)
{
	static const struct {
		const char *path, *normal;
	} cases[] = {
		{"/", "/"},
		{"*", "*"},
		{"", "/"},
		{"/a/b.html", "/a/b.html"},
		{"/a%2Fb", "/a%2Fb"},
		{"/a%2fb", "/a%2Fb"},
		{"/%7Euser/%61%2D", "/~user/a-"},
		{"/caf%c3%a9", "/caf%C3%A9"},
		{"/a//b///c", "/a/b/c"},
		{"//evil.example/x", "/evil.example/x"},
		{"\\\\evil.example\\x", "/evil.example/x"},
		{"/a\\..\\b", "/b"},
		{"/a/./b/.", "/a/b/"},
		{"/a/../b", "/b"},
		{"/a/..", "/"},
		{"/a/b/../..", "/"},
		{"/../../etc/passwd", "/etc/passwd"},
		{"/a/%2e%2E/b", "/b"},
		{"/a/.%2e/b", "/b"},
		{"/a/...", "/a/..."},
		{"/a/..b/.c", "/a/..b/.c"},
		{"/a%2f..%2fb", "/a%2F..%2Fb"},
		{"/%252e%252e/x", "/%252e%252e/x"},
		{"/a%", "/a%25"},
		{"/a%4", "/a%254"},
		{"/a%zz%u002f", "/a%25zz%25u002f"},
		{"/%%34%31", "/%2541"},
		{"/%5c..%5cx", "/%5C..%5Cx"},
		{"/a/b/", "/a/b/"},
		{"x/y", "/x/y"},
		{"..", "/"},
		{"/a;b=1/..;/c", "/a;b=1/..;/c"},
		{"/%00%20", "/%00%20"},
	};
	struct tc_arena *arena = arena_new(NULL, 1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].path);
		char *p = edge_copy(cases[i].path, n);
		struct tc_str s = path_normalise(tc_str_of(p, n), arena), again = path_normalise(s, arena);

		if (!tc_eq(s, tc_str_from(cases[i].normal)))
			fail_msg("%s -> %.*s", cases[i].path, (int)s.n, s.p);
		assert_true(tc_eq(s, again));
		edge_free(p, n);
	}
	arena_destroy(&arena);
}

static void
test_normal_form_at_the_limit(void **state)
{
	struct tc_arena *arena = arena_new(NULL, 8);

	(void)state;
	assert_null(path_normalise(TC_STR("/0123456789//"), arena).p);
	assert_non_null(path_normalise(TC_STR("/0123456789"), arena).p); /* nothing to do, nothing to allocate */
	arena_destroy(&arena);
}

static void
test_globs(void **state)
{
	static const struct {
		const char *glob, *text;
		bool match;
	} cases[] = {
		{"", "", true},
		{"", "/", false},
		{"/*", "/", true},
		{"/*", "/a/b/c", true},
		{"*", "", true},
		{"/static/*", "/static/", true},
		{"/static/*", "/static", false},
		{"/static/*", "/static/a/b.js", true},
		{"*.js", "/a/b.js", true},
		{"*.js", "/a/b.jsx", false},
		{"*.js", "/a.js/b.js", true},
		{"/a*b*c", "/aXbYc", true},
		{"/a*b*c", "/abc", true},
		{"/a*b*c", "/acb", false},
		{"/a**c", "/abc", true},
		{"/a?", "/ab", false},
		{"/a?", "/a?", true},
		{"/A", "/a", false},
		{"a*", "ba", false},
		{"*a", "ab", false},
		{"**", "x", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t gn = strlen(cases[i].glob), tn = strlen(cases[i].text);
		char *g = edge_copy(cases[i].glob, gn), *t = edge_copy(cases[i].text, tn);

		if (glob_match(tc_str_of(g, gn), tc_str_of(t, tn)) != cases[i].match)
			fail_msg("%s on %s", cases[i].glob, cases[i].text);
		edge_free(g, gn);
		edge_free(t, tn);
	}
}

/* The pattern that is exponential for a matcher that recurses: here it is text times pattern at most. */
static void
test_glob_time_is_bounded(void **state)
{
	static char text[8000];
	clock_t begin = clock();

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_false(glob_match(TC_STR("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), tc_str_of(text, sizeof(text))));
	assert_true(clock() - begin < CLOCKS_PER_SEC);
}

static void
test_hosts(void **state)
{
	static const struct {
		const char *pattern, *host;
		bool match;
	} cases[] = {
		{"*", "a.example", true},
		{"*", "", true},
		{"a.example", "a.example", true},
		{"a.example", "b.a.example", false},
		{"*.example.com", "www.example.com", true},
		{"*.example.com", "a.b.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", ".example.com", false},
		{"*.example.com", "evilexample.com", false},
		{"*.example.com", "www.example.com.evil", false},
		{"[::1]", "[::1]", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (host_match(tc_str_from(cases[i].pattern), tc_str_from(cases[i].host)) != cases[i].match)
			fail_msg("%s on %s", cases[i].pattern, cases[i].host);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_normal_form_at_the_limit),
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_glob_time_is_bounded),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

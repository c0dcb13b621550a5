/* test_set_cookie.c: which Set-Cookie deletes, and what a shorter life or a narrower SameSite makes of one. */
#include "../../filters/set_cookie.c"

#include "edge.h"
#include "headfilter.h"

static const char *
softened(const char *value, int64_t max_age, const char *same_site)
{
	static char text[1 << 13];
	struct fake_call *f = fake_new(NULL);
	char *edge = edge_copy(value, strlen(value));
	struct match_softer to = {max_age, z(same_site)};
	struct tc_str out = set_cookie_soften(tc_str_of(edge, strlen(value)), &to, f->arena);

	(void)snprintf(text, sizeof(text), "%.*s", (int)out.n, out.p);
	edge_free(edge, strlen(value));
	fake_free(&f);
	return text;
}

static void
test_shorter_life(void **state)
{
	static const struct {
		const char *in;
		bool shorter;
	} cases[] = {
		{"a=1", true}, /* a session may last for months */
		{"a=1; Path=/; Max-Age=61", true},
		{"a=1; max-age=60", false},
		{"a=1; Max-Age=0", false},
		{"a=1; Max-Age=-1", false},
		{"a=1; Max-Age=5; Max-Age=61", true},
		{"a=1; Max-Age=61; Max-Age=5", false},
		{"a=1; Max-Age=999999999999999999999", true},
		{"a=1; Max-Age=x", true},
		{"a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", true},
		{"a=1; Expires=Thu, 01-Jan-2099 00:00:00 GMT; Max-Age=3", false},
		{"a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", false}, /* being deleted: must not come to life */
		{"a=deleted; Expires=Thu, 01-Jan-1970 00:00:01 GMT", false},
		{"a=1; Expires=Sat, 26 Jul 1997 05:00:00 GMT", false},
		{"a=1; Expires=Thu, 01-Jan-70 00:00:00 GMT", false},
		{"a=1; Expires=0", false},
		{"a=1; Expires=", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char want[200];

		(void)snprintf(want, sizeof(want), "%s%s", cases[i].in, cases[i].shorter ? "; Max-Age=60" : "");
		assert_string_equal(softened(cases[i].in, 60, NULL), want);
		assert_string_equal(softened(cases[i].in, -1, NULL), cases[i].in);
	}
}

static void
test_fewer_places(void **state)
{
	(void)state;
	assert_string_equal(softened("a=1", -1, "lax"), "a=1; SameSite=Lax");
	assert_string_equal(softened("a=1; SameSite=None; Secure", -1, "Lax"), "a=1; SameSite=None; Secure; SameSite=Lax");
	assert_string_equal(softened("a=1; samesite=strict", -1, "lax"), "a=1; samesite=strict");
	assert_string_equal(softened("a=1; SameSite=Lax", -1, "strict"), "a=1; SameSite=Lax; SameSite=Strict");
	assert_string_equal(softened("a=1; SameSite=Lax", -1, "lax"), "a=1; SameSite=Lax");
	assert_string_equal(softened("a=1; SameSite=Lax; SameSite=None", -1, "lax"), "a=1; SameSite=Lax; SameSite=None; SameSite=Lax");
	assert_string_equal(softened("a=1; SameSite=Odd", 5, "strict"), "a=1; SameSite=Odd; Max-Age=5; SameSite=Strict");
	assert_string_equal(softened("", 5, "none"), "; Max-Age=5");
}

static void
test_arena_full(void **state)
{
	struct tc_arena *small = arena_new(NULL, 4);
	struct match_softer to = {5, {NULL, 0}};

	(void)state;
	assert_null(set_cookie_soften(TC_STR("a=1"), &to, small).p);
	arena_destroy(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shorter_life),
		cmocka_unit_test(test_fewer_places),
		cmocka_unit_test(test_arena_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_secure.c: what https_only makes of an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#include "../../proxy/core/secure.c"

static struct tc_arena *arena;
static struct tc_response res;

static void
begin(const char *type)
{
	arena = arena_new(NULL, 1 << 16);
	res = (struct tc_response){.status = 200, .type = tc_str_from(type)};
	res.fields.arena = arena;
}

static void
add(enum tc_fid id, const char *value)
{
	assert_int_equal(tc_field_add(&res.fields, id, tc_str_from(value)), 0);
}

/* The i-th live value with this id. */
static bool
is(enum tc_fid id, size_t i, const char *value)
{
	for (size_t k = 0; k < res.fields.n; k++)
		if (res.fields.v[k].id == id && !res.fields.v[k].dropped && i-- == 0)
			return value != NULL && tc_eq(res.fields.v[k].value, tc_str_from(value));
	return value == NULL;
}

static void
cookies_leave_secure(void **state)
{
	static const struct {
		const char *line, *made;
	} cases[] = {
		{"a=1", "a=1; Secure"},
		{"a=1; Secure", NULL},
		{"a=1;secure;Path=/", NULL},
		{"a=1; SECURE=x", NULL}, /* browsers look at the name alone */
		{"a=Secure", "a=Secure; Secure"},
		{"Secure=1", "Secure=1; Secure"},
		{"a=1; Path=/Secure", "a=1; Path=/Secure; Secure"},
		{"a=1; Securely", "a=1; Securely; Secure"},
		{"", "; Secure"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin("image/png");
		add(TC_F_SET_COOKIE, cases[i].line);
		add(TC_F_SET_COOKIE, "b=2");
		assert_int_equal(secure_content(true, &res, arena), 0);
		assert_true(is(TC_F_SET_COOKIE, 0, cases[i].made != NULL ? cases[i].made : cases[i].line));
		assert_true(is(TC_F_SET_COOKIE, 1, "b=2; Secure"));
		assert_true(is(TC_F_CONTENT_SECURITY_POLICY, 0, NULL));
		arena_destroy(&arena);
	}
}

static void
pages_are_upgraded_once(void **state)
{
	(void)state;
	begin("text/html");
	assert_int_equal(secure_content(true, &res, arena), 0);
	assert_true(is(TC_F_CONTENT_SECURITY_POLICY, 0, "upgrade-insecure-requests"));
	assert_int_equal(secure_content(true, &res, arena), 0);
	assert_true(is(TC_F_CONTENT_SECURITY_POLICY, 1, NULL));
	arena_destroy(&arena);
	begin("text/html");
	add(TC_F_CONTENT_SECURITY_POLICY, "img-src *");
	add(TC_F_CONTENT_SECURITY_POLICY, "script-src 'self'");
	assert_int_equal(secure_content(true, &res, arena), 0);
	assert_true(is(TC_F_CONTENT_SECURITY_POLICY, 0, "img-src *"));
	assert_true(is(TC_F_CONTENT_SECURITY_POLICY, 1, "script-src 'self'; upgrade-insecure-requests"));
	arena_destroy(&arena);
}

static void
by_http_nothing_is_touched(void **state)
{
	const struct config_site site = {.hsts = TC_STR("max-age=1")}, none = {0};

	(void)state;
	begin("text/html");
	add(TC_F_SET_COOKIE, "a=1");
	assert_int_equal(tc_field_add_named(&res.fields, TC_STR("strict-transport-security"), TC_STR("max-age=9")), 0);
	assert_int_equal(secure_content(false, &res, arena), 0);
	assert_true(is(TC_F_SET_COOKIE, 0, "a=1") && is(TC_F_CONTENT_SECURITY_POLICY, 0, NULL));
	assert_int_equal(secure_hsts(&none, true, &res), 0);
	assert_true(is(TC_F_OTHER, 0, "max-age=9"));
	assert_int_equal(secure_hsts(&site, true, &res), 0);
	assert_true(is(TC_F_OTHER, 0, "max-age=1") && is(TC_F_OTHER, 1, NULL));
	assert_int_equal(secure_hsts(&site, false, &res), 0);
	assert_true(is(TC_F_OTHER, 0, NULL));
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_leave_secure),
		cmocka_unit_test(pages_are_upgraded_once),
		cmocka_unit_test(by_http_nothing_is_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

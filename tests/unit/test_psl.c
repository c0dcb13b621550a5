/* test_psl.c: registrable domains, as the Public Suffix List (package publicsuffix) has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../filters/match/psl.c"

#include "edge.h"

static void
test_domains(void **state)
{
	static const struct {
		const char *host, *domain;
	} cases[] = {
		{"example.com", "example.com"},
		{"www.example.com", "example.com"},
		{"a.b.example.co.uk", "example.co.uk"},
		{"example.com.", "example.com"},
		{"com", ""},
		{"co.uk", ""},
		{"", ""},
		{".", ""},
		{"localhost", ""},
		{"127.0.0.1", ""},
		{"::1", ""},
		{"2001:db8::1", ""},
		{"www.ck", "www.ck"}, /* exception */
		{"a.b.ck", "a.b.ck"}, /* *.ck */
		{"b.ck", ""},
		{"me.github.io", "me.github.io"}, /* private section */
		{"www.me.github.io", "me.github.io"},
		{"github.io", ""},
		{"www.example.unknowntld", "example.unknowntld"},
		{"xn--bcher-kva.example.de", "example.de"},
		{"www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"}, /* IDN rule, in punycode */
		{"1.2.3.4.5", "4.5"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = strlen(cases[i].host);
		char *edge = edge_copy(cases[i].host, n);
		struct tc_str got = psl_domain(tc_str_of(edge, n));

		if (!tc_eq(got, tc_str_from(cases[i].domain)))
			fail_msg("%s: \"%.*s\", not \"%s\"", cases[i].host, (int)got.n, got.n > 0 ? got.p : "", cases[i].domain);
		edge_free(edge, n);
	}
}

static void
test_hostile(void **state)
{
	char text[1000];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(psl_domain(tc_str_of(text, sizeof(text))).n, 0);
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = '.';
	assert_int_equal(psl_domain(tc_str_of(text, sizeof(text))).n, 0);
	assert_int_equal(psl_domain(tc_str_of("a\0b.com", 7)).n, 0);
	(void)psl_domain(TC_STR("..com"));
	(void)psl_domain(TC_STR(".."));
	(void)psl_domain(TC_STR("\xff\xfe.com"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_domains), cmocka_unit_test(test_hostile)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_refresh.c: the URL of a meta refresh (H18), by the standard's steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../filters/html/refresh.c"
#include "edge.h"

/* want NULL: no URL. */
static void
check(const char *in, const char *want)
{
	size_t n = strlen(in), from = 0, to = 0;
	char *raw = edge_copy(in, n);
	bool found = refresh_url(tc_str_of(raw, n), &from, &to);

	assert_int_equal(found, want != NULL);
	if (found) {
		assert_true(from < to && to <= n);
		assert_int_equal(to - from, strlen(want));
		assert_memory_equal(raw + from, want, to - from);
	}
	edge_free(raw, n);
}

static void
test_no_url(void **state)
{
	(void)state;
	check("", NULL);
	check(" ", NULL);
	check("5", NULL);
	check("5 ", NULL);
	check("5;", NULL);
	check("5; ", NULL);
	check("5; url=", NULL);
	check("5; url=''", NULL);
	check("x; url=/a", NULL);
	check("; url=/a", NULL);
	check("5x; url=/a", NULL);
	check("url=/a", NULL);
}

static void
test_url(void **state)
{
	(void)state;
	check("5; url=/a", "/a");
	check("5;url=/a", "/a");
	check("5, url=/a", "/a");
	check("5 url=/a", "/a");
	check(" 5 ; URL = /a", "/a");
	check("0;\turl\n=\f'/a'", "/a");
	check("0; url='/a'x", "/a");
	check("0; url=\"/a b\" c", "/a b");
	check("0; url='/a", "/a");
	check("0; '/a'", "/a");
	check("0; \"/a\"", "/a");
	check("0; /a", "/a");
	check("0 /a", "/a");
	check("1.5; url=/a", "/a");
	check(".5; url=/a", "/a");
	check("0; url /a", "url /a");
	check("0; urn", "urn");
	check("0; u", "u");
	check("0;;url=/a", ";url=/a");
	check("0; url=/a?b='c'", "/a?b='c'");
}

/* Every beginning of a long one, at an unreadable page. */
static void
test_prefixes(void **state)
{
	const char in[] = " 10.5 ; uRl = \"https://t.example/?x\" tail";

	(void)state;
	for (size_t n = 0; n < sizeof(in); n++) {
		char *raw = edge_copy(in, n);
		size_t from = 0, to = 0;

		if (refresh_url(tc_str_of(raw, n), &from, &to))
			assert_true(from < to && to <= n);
		edge_free(raw, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_url),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

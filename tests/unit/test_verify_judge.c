/* test_verify_judge.c: the judge of text: what in the bytes of a page is asked for without a click. */
#include "../../proxy/core/verify_judge.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define AT "//t.example/x"

static void
test_places(void **state)
{
	static const struct {
		const char *text;
		bool asked;
	} rows[] = {
		{"<script src=https:" AT "></script>", true},
		{"<img alt='' src=\"" AT "\">", true},
		{"<script>var a = 'https:" AT "'</script>", true},
		{"<style>a{background:url(" AT ")}</style>", true},
		{"<noscript>" AT, true},
		{"<SCRIPT\nSRC=" AT ">", true},
		{AT, true}, /* the middle of something long */
		{"<a href=" AT ">", false},
		{"<area shape=rect href=" AT ">", false},
		{"<form action=" AT ">", false},
		{"<p>see https:" AT "</p>", false},
		{"<!-- " AT " -->", false},
		{"<abbr title=" AT ">", true}, /* no link */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_str text = tc_str_from(rows[i].text);

		assert_int_equal(is_asked_for(text, tc_find(text, TC_STR("//t"))), rows[i].asked);
	}
}

static void
test_plain(void **state)
{
	struct tc_arena *arena = arena_new(NULL, 1 << 16);
	struct tc_str out = plain_text(arena, TC_STR("a\\/\\/b &amp; \\n &AMP;c\\"));

	(void)state;
	assert_true(tc_eq(out, TC_STR("a//b & \\n &c\\")));
	assert_int_equal(plain_text(arena, TC_STR("")).n, 0);
	arena_destroy(&arena);
}

static void
test_let_through(void **state)
{
	static const struct tc_str hosts[] = {TC_STR_INIT("a.example")};
	const struct tc_strs list = {hosts, 1};

	(void)state;
	assert_true(is_let_through(list, TC_STR("a.example")));
	assert_true(is_let_through(list, TC_STR("b.a.example")));
	assert_false(is_let_through(list, TC_STR("ba.example")));
	assert_false(is_let_through(list, TC_STR("example")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_let_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_srcset.c: candidates of srcset, by the standard's algorithm; what stays keeps its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../filters/html/srcset.c"
#include "edge.h"
#include "judge.h"

static void
check_with(size_t cap, const char *in, const char *want)
{
	struct value_edit v[8];
	struct value_edits e = {.v = v, .cap = cap};
	size_t n = strlen(in);
	char *raw = edge_copy(in, n), got[1024];

	srcset_judge(tc_str_of(raw, n), judge, NULL, 1, &e);
	got[judge_apply(tc_str_of(raw, n), &e, got)] = 0;
	assert_string_equal(got, want);
	edge_free(raw, n);
}

static void
check(const char *in, const char *want)
{
	check_with(8, in, want);
}

static void
test_nothing_to_do(void **state)
{
	(void)state;
	check("", "");
	check(" , ,, ", " , ,, ");
	check("a.jpg", "a.jpg");
	check("a.jpg 1x, b.jpg 2x", "a.jpg 1x, b.jpg 2x");
	check("https://cdn.example/a,b.jpg 480w,https://cdn.example/c.jpg 800w",
	    "https://cdn.example/a,b.jpg 480w,https://cdn.example/c.jpg 800w");
	check("a.jpg//t.example 1x", "a.jpg//t.example 1x");
}

static void
test_drops_trackers(void **state)
{
	(void)state;
	check("//t.example/p.gif", "");
	check("//t.example/p.gif 1x", "");
	check("//t.example/a 1x, //t.example/b 2x", "");
	check("//t.example/a 1x, b.jpg 2x", " b.jpg 2x");
	check("a.jpg 1x, //t.example/b 2x", "a.jpg 1x,");
	check("a.jpg 1x,//t.example/b 2x,c.jpg 3x", "a.jpg 1x, c.jpg 3x");
	check("a.jpg, //t.example/b 2x,c.jpg 3x", "a.jpg, c.jpg 3x"); /* not a.jpg,c.jpg */
	check("//t.example/b 2x,c.jpg 3x", "c.jpg 3x");
	check("a.jpg, //t.example/b, c.jpg", "a.jpg, c.jpg");
	check("  \n//t.example/b,\t c.jpg 2x", "\t c.jpg 2x");
	check("a 1x, //t.example/b 2x, //t.example/c 3x, d 4x", "a 1x, d 4x");
}

/* Commas: inside the URL they belong to it, behind it they end the candidate, in parentheses they do nothing. */
static void
test_commas(void **state)
{
	(void)state;
	check("//t.example/a,b 1x, c.jpg 2x", " c.jpg 2x");
	check("c.jpg,//t.example/a 1x", "c.jpg,//t.example/a 1x"); /* one URL */
	check("c.jpg,,, //t.example/a", "c.jpg,,,");
	check("c.jpg foo(1,//t.example/x) 2x", "c.jpg foo(1,//t.example/x) 2x");
	check("c.jpg foo(,x //t.example/a", "c.jpg foo(,x //t.example/a");
	check("//t.example/a foo(,) 2x, c.jpg", " c.jpg");
	check("data:image/gif;base64,R0lGOD 1x, //t.example/a 2x", "data:image/gif;base64,R0lGOD 1x,");
}

static void
test_more_edits_than_room(void **state)
{
	(void)state;
	check_with(1, "a, //t.example/1, b, //t.example/2, c", "");
	check_with(1, "a, //t.example/1, //t.example/2, c", "a, c");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_drops_trackers),
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_more_edits_than_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

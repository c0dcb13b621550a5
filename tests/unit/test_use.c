/* test_use.c: what each loop gets of a limit that is meant for the whole process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../proxy/core/use.c"

/* Equal shares that come to the limit or a little more; none stays none, and nobody gets nothing of something. */
static void
shares_of_limits(void **state)
{
	(void)state;
	for (size_t loops = 1; loops <= 9; loops++) {
		struct worker w = {.count = loops};

		assert_int_equal(share_of(&w, 0), 0);
		for (int64_t n = 1; n < 100; n++) {
			size_t share = share_of(&w, n);

			assert_true(share >= 1 && share * loops >= (size_t)n && share * loops < (size_t)n + loops);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_of_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

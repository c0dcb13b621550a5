/* test_date.c: dates as strftime() in the C locale would write them. */
#include "../../proxy/http/date.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
assert_date(time_t t, const char *want)
{
	char out[HTTP_DATE_LENGTH];

	http_date(t, out);
	assert_memory_equal(out, want, HTTP_DATE_LENGTH);
}

static void
test_known(void **state)
{
	(void)state;
	assert_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_date(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_date(1709164799, "Wed, 28 Feb 2024 23:59:59 GMT");
	assert_date(1709164800, "Thu, 29 Feb 2024 00:00:00 GMT");
	assert_date(YEAR_9999_END, "Fri, 31 Dec 9999 23:59:59 GMT");
	/* out of range: the nearest that can be written */
	assert_date(-1, "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_date(YEAR_9999_END + 1, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* Each day of some years, several times a day, twice: the second comes from the cache. */
static void
test_against_strftime(void **state)
{
	(void)state;
	for (time_t t = 1600000000; t < 1800000000; t += 31337) {
		char want[64];
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		assert_int_equal(strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", &tm), HTTP_DATE_LENGTH);
		assert_date(t, want);
		assert_date(t, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_against_strftime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_day.c: days of the calendar, against the C library's for every day of eight centuries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "base/day.c"

#define DAY(text, n) \
	do { \
		int32_t got = INT32_MIN; \
		assert_true(date_parse(TC_STR(text), &got)); \
		assert_int_equal(got, n); \
	} while (0)

static void
test_known_days(void **state)
{
	(void)state;
	DAY("1970-01-01", 0);
	DAY("1969-12-31", -1);
	DAY("2000-02-29", 11016);
	DAY("2026-11-21", 20778);
	DAY("0001-01-01", FIRST);
	DAY("9999-12-31", LAST);
}

static void
test_what_is_no_day(void **state)
{
	static const char *const no[] = {"", "2026", "2026-1-1", "2026-11-211", "2026-11-2", "2026/11/21", "2026-13-01",
	    "2026-00-01", "2026-01-00", "2026-01-32", "2026-04-31", "2026-02-29", "1900-02-29", "2100-02-29", "0000-01-01",
	    "-026-01-01", "2026-+1-01", "2026-01- 1", " 2026-01-1", "20a6-01-01", "2026-11-21T"};
	int32_t day = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (date_parse(tc_str_from(no[i]), &day))
			fail_msg("%s", no[i]);
	assert_int_equal(day, 7);
}

static void
test_every_day_there_and_back(void **state)
{
	(void)state;
	for (int32_t day = -150000; day < 150000; day++) { /* 1559 to 2380 */
		time_t t = (time_t)day * 86400;
		char want[16], got[DATE_LENGTH + 1];
		struct tm tm;
		int32_t back = 0;

		assert_non_null(gmtime_r(&t, &tm));
		assert_int_equal(strftime(want, sizeof(want), "%Y-%m-%d", &tm), DATE_LENGTH);
		date_text(day, got);
		assert_string_equal(got, want);
		assert_true(date_parse(tc_str_from(got), &back));
		assert_int_equal(back, day);
	}
}

static void
test_the_ends_hold(void **state)
{
	char text[DATE_LENGTH + 1];

	(void)state;
	date_text(INT32_MIN, text);
	assert_string_equal(text, "0001-01-01");
	date_text(INT32_MAX, text);
	assert_string_equal(text, "9999-12-31");
	assert_int_equal(date_of(0), 0);
	assert_int_equal(date_of(86399), 0);
	assert_int_equal(date_of(86400), 1);
	assert_int_equal(date_of(-1), -1);
	assert_int_equal(date_of(-86400), -1);
	assert_int_equal(date_of(-86401), -2);
	assert_int_equal(date_of(INT64_MAX), LAST);
	assert_int_equal(date_of(INT64_MIN), FIRST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_days),
		cmocka_unit_test(test_what_is_no_day),
		cmocka_unit_test(test_every_day_there_and_back),
		cmocka_unit_test(test_the_ends_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * day.c: days of the calendar.
 *
 * A year is counted from March on: the day that leap years add is then the last one, and the months before it have
 * 31, 30, 31, 30, 31 days in turn, which is what (153 * month + 2) / 5 adds up.
 */
#include "base/day.h"

#define EPOCH 719468 /* 1970-01-01, counted from 0000-03-01 */
#define CENTURIES 146097 /* days of 400 years */
#define FIRST (-719162) /* 0001-01-01 */
#define LAST 2932896 /* 9999-12-31 */

/* Digits alone: at most four, so the number fits. */
static bool
number(struct tc_str text, int32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*out = *out * 10 + (text.p[i] - '0');
	}
	return true;
}

static int32_t
days_of_month(int32_t year, int32_t month)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month == 2)
		return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool
date_parse(struct tc_str text, int32_t *day)
{
	int32_t y, m, d;

	if (text.n != DATE_LENGTH || text.p[4] != '-' || text.p[7] != '-' || !number(tc_str_of(text.p, 4), &y) ||
	    !number(tc_str_of(text.p + 5, 2), &m) || !number(tc_str_of(text.p + 8, 2), &d))
		return false;
	if (y < 1 || m < 1 || m > 12 || d < 1 || d > days_of_month(y, m))
		return false;
	if (m <= 2)
		y--;
	m = (m + 9) % 12;
	*day = y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d - 1 - EPOCH;
	return true;
}

static void
digits(char *out, int32_t n, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		out[i] = (char)('0' + n % 10);
		n /= 10;
	}
}

void
date_text(int32_t day, char out[DATE_LENGTH + 1])
{
	int32_t n = (day < FIRST ? FIRST : day > LAST ? LAST
						      : day) +
	    EPOCH;
	int32_t era = n / CENTURIES, in_era = n % CENTURIES;
	int32_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int32_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int32_t month = (5 * in_year + 2) / 153; /* from March */

	digits(out, year + era * 400 + (month >= 10 ? 1 : 0), 4);
	out[4] = '-';
	digits(out + 5, month < 10 ? month + 3 : month - 9, 2);
	out[7] = '-';
	digits(out + 8, in_year - (153 * month + 2) / 5 + 1, 2);
	out[DATE_LENGTH] = '\0';
}

int32_t
date_of(int64_t seconds)
{
	int64_t day = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);

	if (day < FIRST)
		return FIRST;
	return day > LAST ? LAST : (int32_t)day;
}

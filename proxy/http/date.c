/* date.c: IMF-fixdate (RFC 9110 5.6.7), written without the locale's help. */
#include "http/date.h"

#include <stdbool.h>
#include <string.h>

#define YEAR_9999_END ((time_t)253402300799)

static void
two_digits(char *out, int n)
{
	out[0] = (char)('0' + n / 10 % 10);
	out[1] = (char)('0' + n % 10);
}

static void
date_write(time_t t, char out[HTTP_DATE_LENGTH])
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;

	if (t < 0)
		t = 0;
	if (t > YEAR_9999_END)
		t = YEAR_9999_END;
	(void)gmtime_r(&t, &tm);
	memcpy(out, "Day, 00 Mon 0000 00:00:00 GMT", HTTP_DATE_LENGTH);
	memcpy(out, days + 3 * tm.tm_wday, 3);
	two_digits(out + 5, tm.tm_mday);
	memcpy(out + 8, months + 3 * tm.tm_mon, 3);
	two_digits(out + 12, (tm.tm_year + 1900) / 100);
	two_digits(out + 14, (tm.tm_year + 1900) % 100);
	two_digits(out + 17, tm.tm_hour);
	two_digits(out + 20, tm.tm_min);
	two_digits(out + 23, tm.tm_sec);
}

void
http_date(time_t t, char out[HTTP_DATE_LENGTH])
{
	static _Thread_local struct {
		time_t t;
		bool filled;
		char text[HTTP_DATE_LENGTH];
	} last;

	if (!last.filled || last.t != t) {
		date_write(t, last.text);
		last.t = t;
		last.filled = true;
	}
	memcpy(out, last.text, HTTP_DATE_LENGTH);
}

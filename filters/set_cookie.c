/*
 * set_cookie.c: see set_cookie.h. Attributes are read as browsers do: without case, the last of several counts, and
 * Max-Age wins over Expires (RFC 6265bis 5.7).
 */
#include "set_cookie.h"

/* What the attributes come to; p = NULL: there is none of that name. */
struct attributes {
	struct tc_str max_age, expires, same_site;
};

static struct attributes
attributes_read(struct tc_str rest)
{
	struct attributes a = {{NULL, 0}, {NULL, 0}, {NULL, 0}};

	(void)tc_next(&rest, ';');
	while (rest.p != NULL) {
		struct tc_str value = tc_next(&rest, ';'), name = value;

		name = tc_trim(tc_str_of(name.p, tc_find_byte(name, '=')));
		tc_skip(&value, tc_find_byte(value, '='));
		if (value.n > 0)
			tc_skip(&value, 1);
		value = tc_trim(value);
		if (tc_ieq(name, TC_STR("Max-Age")))
			a.max_age = value;
		else if (tc_ieq(name, TC_STR("Expires")))
			a.expires = value;
		else if (tc_ieq(name, TC_STR("SameSite")))
			a.same_site = value;
	}
	return a;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
digits_zero(struct tc_str s)
{
	bool zero = s.n > 0;

	for (size_t i = 0; i < s.n; i++)
		zero &= s.p[i] == '0';
	return zero;
}

/* The date servers write to delete a cookie: any time in the first minute of 1970, in one of two spellings. */
static bool
date_epoch(struct tc_str s)
{
	return s.n == 29 &&
	    (tc_istarts(s, TC_STR("Thu, 01 Jan 1970 00:00:")) || tc_istarts(s, TC_STR("Thu, 01-Jan-1970 00:00:"))) &&
	    s.p[23] >= '0' && s.p[23] <= '5' && is_digit(s.p[24]) && tc_eq(tc_str_of(s.p + 25, 4), TC_STR(" GMT"));
}

bool
set_cookie_deletes(struct tc_str value)
{
	struct tc_str pair = tc_trim(tc_str_of(value.p, tc_find_byte(value, ';')));
	struct attributes a;

	if (tc_find_byte(pair, '=') + 1 != pair.n)
		return false;
	a = attributes_read(value);
	return a.max_age.p != NULL ? digits_zero(a.max_age) : a.expires.p != NULL && date_epoch(a.expires);
}

/* ---- a shorter life, fewer places ---- */

/* -1: not a number that browsers take for one, so that they ignore the attribute. */
static int64_t
number(struct tc_str s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return -1;
		n = n < INT32_MAX ? n * 10 + (s.p[i] - '0') : n;
	}
	return s.n > 0 ? n : -1;
}

/*
 * Whether a date may be one to come: by its year, of four digits, as there is no clock here. A cookie that is being
 * deleted must not come to life.
 */
static bool
date_to_come(struct tc_str s)
{
	for (size_t i = 0; i + 4 <= s.n; i++) {
		bool alone = (i == 0 || !is_digit(s.p[i - 1])) && (i + 4 == s.n || !is_digit(s.p[i + 4]));

		if (alone && number(tc_str_of(s.p + i, 4)) >= 2025)
			return true;
	}
	return false;
}

static bool
lives_longer(const struct attributes *a, int64_t seconds)
{
	bool negative = a->max_age.n > 1 && a->max_age.p[0] == '-' && is_digit(a->max_age.p[1]);
	int64_t age = number(a->max_age);

	if (negative || age >= 0)
		return age > seconds;
	return a->expires.p == NULL || date_to_come(a->expires); /* a session may last for months */
}

/* How narrow; what browsers do not know is none of them. */
static int
narrowness(struct tc_str same_site)
{
	return tc_ieq(same_site, TC_STR("Strict")) ? 2 : tc_ieq(same_site, TC_STR("Lax"));
}

struct tc_str
set_cookie_soften(struct tc_str value, const struct match_softer *to, struct tc_arena *arena)
{
	struct attributes a = attributes_read(value);
	struct tc_str parts[5] = {value};
	char digits[24];
	size_t n = 1;

	if (to->max_age >= 0 && lives_longer(&a, to->max_age)) {
		int length = snprintf(digits, sizeof(digits), "%lld", (long long)to->max_age);

		parts[n++] = TC_STR("; Max-Age=");
		parts[n++] = tc_str_of(digits, (size_t)length);
	}
	if (narrowness(to->same_site) > narrowness(a.same_site)) {
		parts[n++] = TC_STR("; SameSite=");
		parts[n++] = narrowness(to->same_site) == 2 ? TC_STR("Strict") : TC_STR("Lax");
	}
	return n > 1 ? tc_join(arena, parts, n) : value;
}

/* decode.c: percent-encoding and base64 of cookies, strictly: what is not so encoded is refused. */
#include "consent/reader.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tc_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
consent_escaped(struct tc_str s)
{
	for (;;) {
		tc_skip(&s, tc_find_byte(s, '%'));
		if (s.n == 0)
			return true;
		if (s.n < 3 || hex(s.p[1]) < 0 || hex(s.p[2]) < 0)
			return false;
		tc_skip(&s, 3);
	}
}

bool
consent_unescape(struct tc_str in, char *out, struct tc_str *decoded)
{
	size_t n = 0;

	if (in.n > CONSENT_COOKIE_MAX)
		return false;
	while (in.n > 0) {
		int high, low;

		if (in.p[0] != '%') {
			out[n++] = in.p[0];
			tc_skip(&in, 1);
			continue;
		}
		high = in.n >= 3 ? hex(in.p[1]) : -1;
		low = in.n >= 3 ? hex(in.p[2]) : -1;
		if (high < 0 || low < 0)
			return false;
		out[n++] = (char)(high << 4 | low);
		tc_skip(&in, 3);
	}
	*decoded = tc_str_of(out, n);
	return true;
}

static int
digit64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

bool
consent_unbase64(struct tc_str in, char *out, struct tc_str *decoded)
{
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (unsigned pads = 0; pads < 2 && in.n > 0 && in.p[in.n - 1] == '='; pads++)
		in.n--;
	if (in.n == 0 || in.n > CONSENT_COOKIE_MAX || in.n % 4 == 1)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		int d = digit64(in.p[i]);

		if (d < 0)
			return false;
		bits = (bits << 6 | (unsigned)d) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 0xff);
		}
	}
	*decoded = tc_str_of(out, n);
	return true;
}

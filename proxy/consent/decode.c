/* decode.c: percent-encoding and base64 of cookies, strictly: what is not so encoded is refused. */
#include <limits.h>

#include "consent/reader.h"

/* What a hexadecimal digit stands for, and above it the bit that says that it is one. */
enum { DIGIT = 16 };
#define D(value) (DIGIT | (value))
static const uint8_t hex[UCHAR_MAX + 1] = {
	['0'] = D(0), D(1), D(2), D(3), D(4), D(5), D(6), D(7), D(8), D(9),
	['A'] = D(10), D(11), D(12), D(13), D(14), D(15),
	['a'] = D(10), D(11), D(12), D(13), D(14), D(15),
};
#undef D

/* What the escape at p stands for; negative: no two digits follow its %. */
static inline int
escaped(const char *p, const char *end)
{
	unsigned high, low;

	if (end - p < 3)
		return -1;
	high = hex[(unsigned char)p[1]];
	low = hex[(unsigned char)p[2]];
	return (high & low & DIGIT) != 0 ? (int)((high << 4 | (low & 15)) & 0xff) : -1;
}

bool
consent_escaped(struct tc_str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end && (p = memchr(p, '%', (size_t)(end - p))) != NULL) {
		if (escaped(p, end) < 0)
			return false;
		p += 3;
	}
	return true;
}

bool
consent_unescape(struct tc_str in, char *out, struct tc_str *decoded)
{
	const char *p = in.p, *end = in.p + in.n;
	size_t n = 0;

	if (in.n > CONSENT_COOKIE_MAX)
		return false;
	for (; p < end; p++) {
		int c = *p;

		if (c == '%') {
			c = escaped(p, end);
			if (c < 0)
				return false;
			p += 2;
		}
		out[n++] = (char)c;
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

/* decode.c: percent-encoding and base64 of cookies, strictly: what is not so encoded is refused. */
#include <limits.h>

#include "consent/reader.h"

/* What a hexadecimal digit stands for, and DIGIT; 0: it is none. */
enum { DIGIT = 16 };
#define TO_9 DIGIT, DIGIT + 1, DIGIT + 2, DIGIT + 3, DIGIT + 4, DIGIT + 5, DIGIT + 6, DIGIT + 7, DIGIT + 8, DIGIT + 9
#define TO_F DIGIT + 10, DIGIT + 11, DIGIT + 12, DIGIT + 13, DIGIT + 14, DIGIT + 15
static const uint8_t hex[UCHAR_MAX + 1] = {['0'] = TO_9, ['A'] = TO_F, ['a'] = TO_F};
#undef TO_9
#undef TO_F

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

/* decode.c: percent-encoding and base64 of cookies, strictly: what is not so encoded is refused. */
#include <limits.h>

#include "consent/reader.h"

/* What a hexadecimal digit says, and 16; 0: it is none. */
enum { DIGIT = 16 };
static const uint8_t hex[UCHAR_MAX + 1] = {['0'] = 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, ['A'] = 26, 27, 28, 29, 30, 31, ['a'] = 26, 27, 28, 29, 30, 31};

/* Do two digits follow the % at p[0]? */
static inline bool
is_escape(const char *p, size_t n)
{
	return n >= 3 && (hex[(unsigned char)p[1]] & hex[(unsigned char)p[2]] & DIGIT) != 0;
}

bool
consent_escaped(struct tc_str s)
{
	for (;;) {
		tc_skip(&s, tc_find_byte(s, '%'));
		if (s.n == 0)
			return true;
		if (!is_escape(s.p, s.n))
			return false;
		tc_skip(&s, 3);
	}
}

bool
consent_unescape(struct tc_str in, char *out, struct tc_str *decoded)
{
	const char *p = in.p, *end = in.p + in.n;
	size_t n = 0;

	if (in.n > CONSENT_COOKIE_MAX)
		return false;
	while (p < end) {
		if (*p != '%') {
			out[n++] = *p++;
			continue;
		}
		if (!is_escape(p, (size_t)(end - p)))
			return false;
		out[n++] = (char)(hex[(unsigned char)p[1]] << 4 | (hex[(unsigned char)p[2]] & 15));
		p += 3;
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

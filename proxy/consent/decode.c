/* decode.c: percent-encoding and base64 of cookies, strictly: what is not so encoded is refused. */
#include "consent/reader.h"

static inline bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Of a hexadecimal digit. */
static inline int
hex(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Do two digits follow the % at p[0]? */
static inline bool
is_escape(const char *p, size_t n)
{
	return n >= 3 && is_hex(p[1]) && is_hex(p[2]);
}

bool
consent_escaped(struct tc_str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end && (p = memchr(p, '%', (size_t)(end - p))) != NULL) {
		if (!is_escape(p, (size_t)(end - p)))
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
		char c = *p;

		if (c == '%') {
			if (!is_escape(p, (size_t)(end - p)))
				return false;
			c = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 2;
		}
		out[n++] = c;
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

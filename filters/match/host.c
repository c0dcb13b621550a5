/*
 * host.c: hosts as browsers read them: percent-decoded, mapped (UTS #46, as far as letters in use go), punycode
 * (RFC 3492), numbers in every form that names an IPv4 address.
 *
 * Nearly every host is plain ASCII and is copied in one loop. Letters that are another way to write an ASCII one
 * (mathematical, circled, superscript ...) are mapped to it. A letter that the tables do not know stays as it is: its
 * label is then wrong, but the labels beside it, by which trackers are known, are right.
 */
#include <arpa/inet.h>
#include <assert.h>

#include "host.h"

static const struct tc_str no_host = {NULL, 0};

/* ---- code points ---- */

enum rule {
	SAME, /* stays */
	ADD,  /* capital: add `add` */
	EVEN, /* pairs, the capital is even */
	ODD,  /* pairs, the capital is odd */
	DROP, /* IDNA ignores it */
	DOT,  /* another full stop */
	ABC,  /* alphabets, capital and small: A to Z, a to z, A to Z ... */
	TEN,  /* rows of digits */
};

/* Letters that are mapped, sorted. Others stay; the first row is there for the search to end in. */
static const struct {
	uint32_t first, last;
	enum rule rule;
	int add;
} letters[] = {
	{0x00, 0x40, SAME, 0},
	{0x41, 0x5a, ADD, 0x20},
	{0xaa, 0xaa, ADD, 'a' - 0xaa},
	{0xad, 0xad, DROP, 0},
	{0xb2, 0xb3, ADD, '2' - 0xb2},
	{0xb9, 0xb9, ADD, '1' - 0xb9},
	{0xba, 0xba, ADD, 'o' - 0xba},
	{0xc0, 0xd6, ADD, 0x20},
	{0xd8, 0xde, ADD, 0x20},
	{0x100, 0x12f, EVEN, 0},
	{0x134, 0x137, EVEN, 0},
	{0x139, 0x13e, ODD, 0},
	{0x141, 0x148, ODD, 0},
	{0x14a, 0x177, EVEN, 0},
	{0x178, 0x178, ADD, 0xff - 0x178},
	{0x179, 0x17e, ODD, 0},
	{0x17f, 0x17f, ADD, 's' - 0x17f},
	{0x1a0, 0x1a1, EVEN, 0},
	{0x1af, 0x1b0, ODD, 0},
	{0x218, 0x21b, EVEN, 0},
	{0x2b0, 0x2b0, ADD, 'h' - 0x2b0},
	{0x2b2, 0x2b2, ADD, 'j' - 0x2b2},
	{0x2b3, 0x2b3, ADD, 'r' - 0x2b3},
	{0x2b7, 0x2b7, ADD, 'w' - 0x2b7},
	{0x2b8, 0x2b8, ADD, 'y' - 0x2b8},
	{0x2e1, 0x2e1, ADD, 'l' - 0x2e1},
	{0x2e2, 0x2e2, ADD, 's' - 0x2e2},
	{0x2e3, 0x2e3, ADD, 'x' - 0x2e3},
	{0x34f, 0x34f, DROP, 0},
	{0x386, 0x386, ADD, 0x3ac - 0x386},
	{0x388, 0x38a, ADD, 0x3ad - 0x388},
	{0x38c, 0x38c, ADD, 0x3cc - 0x38c},
	{0x38e, 0x38f, ADD, 0x3cd - 0x38e},
	{0x391, 0x3a1, ADD, 0x20},
	{0x3a3, 0x3ab, ADD, 0x20},
	{0x400, 0x40f, ADD, 0x50},
	{0x410, 0x42f, ADD, 0x20},
	{0x490, 0x491, EVEN, 0},
	{0x531, 0x556, ADD, 0x30},
	{0x115f, 0x1160, DROP, 0},
	{0x17b4, 0x17b5, DROP, 0},
	{0x180b, 0x180f, DROP, 0},
	{0x1d2c, 0x1d2c, ADD, 'a' - 0x1d2c},
	{0x1d2e, 0x1d2e, ADD, 'b' - 0x1d2e},
	{0x1d30, 0x1d31, ADD, 'd' - 0x1d30},
	{0x1d33, 0x1d3a, ADD, 'g' - 0x1d33},
	{0x1d3c, 0x1d3c, ADD, 'o' - 0x1d3c},
	{0x1d3e, 0x1d3e, ADD, 'p' - 0x1d3e},
	{0x1d3f, 0x1d3f, ADD, 'r' - 0x1d3f},
	{0x1d40, 0x1d41, ADD, 't' - 0x1d40},
	{0x1d42, 0x1d42, ADD, 'w' - 0x1d42},
	{0x1d43, 0x1d43, ADD, 'a' - 0x1d43},
	{0x1d47, 0x1d47, ADD, 'b' - 0x1d47},
	{0x1d48, 0x1d49, ADD, 'd' - 0x1d48},
	{0x1d4d, 0x1d4d, ADD, 'g' - 0x1d4d},
	{0x1d4f, 0x1d4f, ADD, 'k' - 0x1d4f},
	{0x1d50, 0x1d50, ADD, 'm' - 0x1d50},
	{0x1d52, 0x1d52, ADD, 'o' - 0x1d52},
	{0x1d56, 0x1d56, ADD, 'p' - 0x1d56},
	{0x1d57, 0x1d58, ADD, 't' - 0x1d57},
	{0x1d5b, 0x1d5b, ADD, 'v' - 0x1d5b},
	{0x1d62, 0x1d62, ADD, 'i' - 0x1d62},
	{0x1d63, 0x1d63, ADD, 'r' - 0x1d63},
	{0x1d64, 0x1d65, ADD, 'u' - 0x1d64},
	{0x1d9c, 0x1d9c, ADD, 'c' - 0x1d9c},
	{0x1da0, 0x1da0, ADD, 'f' - 0x1da0},
	{0x1dbb, 0x1dbb, ADD, 'z' - 0x1dbb},
	{0x1ea0, 0x1eff, EVEN, 0},
	{0x200b, 0x200d, DROP, 0},
	{0x2024, 0x2024, DOT, 0},
	{0x2060, 0x2064, DROP, 0},
	{0x2070, 0x2070, ADD, '0' - 0x2070},
	{0x2071, 0x2071, ADD, 'i' - 0x2071},
	{0x2074, 0x2079, ADD, '4' - 0x2074},
	{0x207f, 0x207f, ADD, 'n' - 0x207f},
	{0x2080, 0x2089, ADD, '0' - 0x2080},
	{0x2090, 0x2090, ADD, 'a' - 0x2090},
	{0x2091, 0x2091, ADD, 'e' - 0x2091},
	{0x2092, 0x2092, ADD, 'o' - 0x2092},
	{0x2093, 0x2093, ADD, 'x' - 0x2093},
	{0x2095, 0x2095, ADD, 'h' - 0x2095},
	{0x2096, 0x2099, ADD, 'k' - 0x2096},
	{0x209a, 0x209a, ADD, 'p' - 0x209a},
	{0x209b, 0x209c, ADD, 's' - 0x209b},
	{0x2102, 0x2102, ADD, 'c' - 0x2102},
	{0x210a, 0x210b, ADD, 'g' - 0x210a},
	{0x210c, 0x210c, ADD, 'h' - 0x210c},
	{0x210d, 0x210d, ADD, 'h' - 0x210d},
	{0x210e, 0x210e, ADD, 'h' - 0x210e},
	{0x2110, 0x2110, ADD, 'i' - 0x2110},
	{0x2111, 0x2111, ADD, 'i' - 0x2111},
	{0x2112, 0x2112, ADD, 'l' - 0x2112},
	{0x2113, 0x2113, ADD, 'l' - 0x2113},
	{0x2115, 0x2115, ADD, 'n' - 0x2115},
	{0x2119, 0x211b, ADD, 'p' - 0x2119},
	{0x211c, 0x211c, ADD, 'r' - 0x211c},
	{0x211d, 0x211d, ADD, 'r' - 0x211d},
	{0x2124, 0x2124, ADD, 'z' - 0x2124},
	{0x2128, 0x2128, ADD, 'z' - 0x2128},
	{0x212a, 0x212a, ADD, 'k' - 0x212a},
	{0x212c, 0x212d, ADD, 'b' - 0x212c},
	{0x212f, 0x212f, ADD, 'e' - 0x212f},
	{0x2130, 0x2131, ADD, 'e' - 0x2130},
	{0x2133, 0x2133, ADD, 'm' - 0x2133},
	{0x2134, 0x2134, ADD, 'o' - 0x2134},
	{0x2139, 0x2139, ADD, 'i' - 0x2139},
	{0x2145, 0x2145, ADD, 'd' - 0x2145},
	{0x2146, 0x2147, ADD, 'd' - 0x2146},
	{0x2148, 0x2149, ADD, 'i' - 0x2148},
	{0x2160, 0x2160, ADD, 'i' - 0x2160},
	{0x2164, 0x2164, ADD, 'v' - 0x2164},
	{0x2169, 0x2169, ADD, 'x' - 0x2169},
	{0x216c, 0x216c, ADD, 'l' - 0x216c},
	{0x216d, 0x216e, ADD, 'c' - 0x216d},
	{0x216f, 0x216f, ADD, 'm' - 0x216f},
	{0x2170, 0x2170, ADD, 'i' - 0x2170},
	{0x2174, 0x2174, ADD, 'v' - 0x2174},
	{0x2179, 0x2179, ADD, 'x' - 0x2179},
	{0x217c, 0x217c, ADD, 'l' - 0x217c},
	{0x217d, 0x217e, ADD, 'c' - 0x217d},
	{0x217f, 0x217f, ADD, 'm' - 0x217f},
	{0x2460, 0x2468, ADD, '1' - 0x2460},
	{0x24b6, 0x24cf, ADD, 'a' - 0x24b6},
	{0x24d0, 0x24e9, ADD, 'a' - 0x24d0},
	{0x24ea, 0x24ea, ADD, '0' - 0x24ea},
	{0x2c7c, 0x2c7c, ADD, 'j' - 0x2c7c},
	{0x2c7d, 0x2c7d, ADD, 'v' - 0x2c7d},
	{0x3002, 0x3002, DOT, 0},
	{0x3164, 0x3164, DROP, 0},
	{0xa7f2, 0xa7f2, ADD, 'c' - 0xa7f2},
	{0xa7f3, 0xa7f3, ADD, 'f' - 0xa7f3},
	{0xa7f4, 0xa7f4, ADD, 'q' - 0xa7f4},
	{0xfe00, 0xfe0f, DROP, 0},
	{0xfe52, 0xfe52, DOT, 0},
	{0xfe63, 0xfe63, ADD, '-' - 0xfe63},
	{0xfeff, 0xfeff, DROP, 0},
	{0xff01, 0xff20, ADD, -0xfee0},
	{0xff21, 0xff3a, ADD, 0x20 - 0xfee0},
	{0xff3b, 0xff5e, ADD, -0xfee0},
	{0xff61, 0xff61, DOT, 0},
	{0xffa0, 0xffa0, DROP, 0},
	{0x107a5, 0x107a5, ADD, 'q' - 0x107a5},
	{0x1bca0, 0x1bca3, DROP, 0},
	{0x1d173, 0x1d17a, DROP, 0},
	{0x1d400, 0x1d6a3, ABC, 0},
	{0x1d7ce, 0x1d7ff, TEN, 0},
	{0x1f12b, 0x1f12b, ADD, 'c' - 0x1f12b},
	{0x1f12c, 0x1f12c, ADD, 'r' - 0x1f12c},
	{0x1f130, 0x1f149, ADD, 'a' - 0x1f130},
	{0x1fbf0, 0x1fbf9, ADD, '0' - 0x1fbf0},
	{0xe0100, 0xe01ef, DROP, 0},
};

/* Letters that are mapped to more than one, from a first one on; "-": it is not. Sorted. */
static const struct {
	uint32_t first;
	struct tc_str words;
} several[] = {
	{0x132, TC_STR_INIT("ij ij")},
	{0x1c7, TC_STR_INIT("lj lj lj nj nj nj")},
	{0x1f1, TC_STR_INIT("dz dz dz")},
	{0x1e9e, TC_STR_INIT("ss")},
	{0x20a8, TC_STR_INIT("rs")},
	{0x2116, TC_STR_INIT("no")},
	{0x2120, TC_STR_INIT("sm tel tm")},
	{0x213b, TC_STR_INIT("fax")},
	{0x2161, TC_STR_INIT("ii iii iv - vi vii viii ix - xi xii")},
	{0x2171, TC_STR_INIT("ii iii iv - vi vii viii ix - xi xii")},
	{0x2469, TC_STR_INIT("10 11 12 13 14 15 16 17 18 19 20")},
	{0x3250, TC_STR_INIT("pte 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35")},
	{0x32b1, TC_STR_INIT("36 37 38 39 40 41 42 43 44 45 46 47 48 49 50")},
	{0x32cc, TC_STR_INIT("hg erg ev ltd")},
	{0x3371, TC_STR_INIT("hpa da au bar ov pc dm dm2 dm3 iu")},
	{0x3380, TC_STR_INIT("pa na - ma ka kb mb gb cal kcal pf nf - - mg kg hz khz mhz ghz thz - ml dl kl fm nm - mm")},
	{0x339d, TC_STR_INIT("cm km mm2 cm2 m2 km2 mm3 cm3 m3 km3 - - pa kpa mpa gpa rad - - ps ns - ms pv nv - mv kv")},
	{0x33b9, TC_STR_INIT("mv pw nw - mw kw mw - - - bq cc cd - - db gy ha hp in kk km kt lm ln log lx mb mil mol")},
	{0x33d7, TC_STR_INIT("ph - ppm pr sr sv wb")},
	{0x33ff, TC_STR_INIT("gal")},
	{0xfb00, TC_STR_INIT("ff fi fl ffi ffl st st")},
	{0x1f12d, TC_STR_INIT("cd wz")},
	{0x1f14a, TC_STR_INIT("hv mv sd ss ppv wc")},
	{0x1f16a, TC_STR_INIT("mc md mr")},
	{0x1f190, TC_STR_INIT("dj")},
};

/* What such a letter comes to; n = 0: it is none. */
static struct tc_str
several_of(uint32_t c)
{
	size_t i = sizeof(several) / sizeof(*several);
	struct tc_str words, word = {NULL, 0};
	uint32_t n;

	while (i > 0 && several[i - 1].first > c)
		i--;
	if (i == 0)
		return word;
	words = several[i - 1].words;
	n = c - several[i - 1].first;
	if (n >= words.n)
		return word;
	for (n++; n > 0; n--)
		word = words.p != NULL ? tc_next(&words, ' ') : tc_str_of(NULL, 0);
	return tc_eq(word, TC_STR("-")) ? tc_str_of(NULL, 0) : word;
}

/* False: drop it. */
static bool
map_letter(uint32_t *c)
{
	size_t lo = 0, hi = sizeof(letters) / sizeof(*letters);

	while (lo + 1 < hi) {
		size_t mid = (lo + hi) / 2;

		if (letters[mid].first <= *c)
			lo = mid;
		else
			hi = mid;
	}
	if (*c > letters[lo].last)
		return true;
	switch (letters[lo].rule) {
	case SAME:
		break;
	case ADD:
		*c = (uint32_t)((int)*c + letters[lo].add);
		break;
	case EVEN:
		*c |= 1;
		break;
	case ODD:
		*c += *c & 1;
		break;
	case DROP:
		return false;
	case DOT:
		*c = '.';
		break;
	case ABC:
		*c = 'a' + (*c - letters[lo].first) % 26;
		break;
	case TEN:
		*c = '0' + (*c - letters[lo].first) % 10;
		break;
	}
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tc_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next byte of s, percent-decoded; s->n > 0. */
static uint8_t
next_byte(struct tc_str *s)
{
	uint8_t byte = (uint8_t)s->p[0];

	if (byte == '%' && s->n >= 3 && hex_digit(s->p[1]) >= 0 && hex_digit(s->p[2]) >= 0) {
		byte = (uint8_t)(hex_digit(s->p[1]) * 16 + hex_digit(s->p[2]));
		tc_skip(s, 2);
	}
	tc_skip(s, 1);
	return byte;
}

/* The next code point of percent-encoded UTF-8, or UINT32_MAX if it is none. */
static uint32_t
next_code_point(struct tc_str *s)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = next_byte(s);
	int n = first < 0x80 ? 1 : first >= 0xf0 ? 4
	    : first >= 0xe0                      ? 3
						 : 2;
	uint32_t c = n == 1 ? first : first & (0x7fu >> n);

	if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
		return UINT32_MAX;
	for (int i = 1; i < n; i++) {
		uint8_t next = s->n > 0 ? next_byte(s) : 0;

		if ((next & 0xc0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (next & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return UINT32_MAX;
	return c;
}

/* ---- punycode ---- */

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / points;
	for (; delta > 35 * 26 / 2; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

/* One number in variable-length base 36; the new length of out, or 0 if it is full. */
static size_t
put_number(char *out, size_t n, uint32_t q, uint32_t bias)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (uint32_t k = 36; n < HOST_MAX; k += 36) {
		uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26
							    : k - bias;

		if (q < t) {
			out[n++] = digits[q];
			return n;
		}
		out[n++] = digits[t + (q - t) % (36 - t)];
		q = (q - t) / (36 - t);
	}
	return 0;
}

/* Appends a label with letters beyond ASCII to out as "xn--..."; the new length, or 0 if it is full. */
static size_t
put_punycode(char *out, size_t n, const uint32_t *label, uint32_t count)
{
	uint32_t next = 128, delta = 0, bias = 72, done = 0, basic;

	if (n + 4 + count + 1 > HOST_MAX)
		return 0;
	memcpy(out + n, "xn--", 4);
	n += 4;
	for (uint32_t i = 0; i < count; i++)
		if (label[i] < 128)
			out[n++] = (char)label[i], done++;
	basic = done;
	if (basic > 0)
		out[n++] = '-';
	/* Numbers stay below 0x110000 * HOST_MAX: no overflow. */
	while (done < count) {
		uint32_t least = UINT32_MAX;

		for (uint32_t i = 0; i < count; i++)
			if (label[i] >= next && label[i] < least)
				least = label[i];
		delta += (least - next) * (done + 1);
		next = least;
		for (uint32_t i = 0; i < count; i++) {
			delta += label[i] < next;
			if (label[i] != next)
				continue;
			n = put_number(out, n, delta, bias);
			if (n == 0)
				return 0;
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		next++;
	}
	return n;
}

/* Appends one label; the new length, or 0. */
static size_t
put_label(char *out, size_t n, const uint32_t *label, uint32_t count)
{
	bool ascii = true;

	for (uint32_t i = 0; i < count; i++)
		ascii = ascii && label[i] < 128;
	if (!ascii)
		return put_punycode(out, n, label, count);
	if (n + count > HOST_MAX)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		out[n++] = (char)label[i];
	return n;
}

/* ---- domains ---- */

/* Code points that no domain has (URL Standard, forbidden domain code points). */
static bool
forbidden(uint32_t c)
{
	return c <= ' ' || c == 0x7f || (c < 128 && strchr("#/:<>?@[\\]^|%", (int)c) != NULL);
}

/* Decodes and maps s; the number of code points, 0 if it cannot be read. */
static uint32_t
map_host(struct tc_str s, uint32_t out[HOST_MAX])
{
	uint32_t count = 0;

	while (s.n > 0) {
		uint32_t c = next_code_point(&s);
		struct tc_str word = several_of(c);

		for (; word.n > 0 && count < HOST_MAX; tc_skip(&word, 1)) {
			c = (uint8_t)word.p[0];
			if (word.n > 1)
				out[count++] = c;
		}
		if (!map_letter(&c))
			continue;
		if (c == UINT32_MAX || forbidden(c) || count == HOST_MAX)
			return 0;
		out[count++] = c;
	}
	return count;
}

/* The general case: decodes, maps, and encodes label by label. */
static struct tc_str
read_mapped(struct tc_str s, char buf[HOST_MAX])
{
	uint32_t points[HOST_MAX], count = map_host(s, points), at = 0;
	size_t n = 0;

	while (at < count) {
		uint32_t label = at;

		while (at < count && points[at] != '.')
			at++;
		if (at > label)
			n = put_label(buf, n, points + label, at - label);
		if ((n == 0 && at > label) || n >= HOST_MAX)
			return no_host;
		if (at < count)
			buf[n++] = '.';
		at++;
	}
	return n < HOST_MAX ? tc_str_of(buf, n) : no_host;
}

bool
host_is_ascii(uint32_t letter)
{
	return several_of(letter).n > 0 || !map_letter(&letter) || letter < 0x80;
}

/* ---- IPv4 ---- */

/* One part: decimal, 0octal or 0xhex. */
static bool
read_number(struct tc_str s, uint64_t *value)
{
	int base = 10;

	if (s.n == 0)
		return false;
	if (s.n >= 2 && s.p[0] == '0') {
		base = s.p[1] == 'x' ? 16 : 8;
		tc_skip(&s, base == 16 ? 2 : 1);
	}
	*value = 0;
	for (; s.n > 0; tc_skip(&s, 1)) {
		int digit = hex_digit(s.p[0]);

		if (digit < 0 || digit >= base)
			return false;
		if (*value <= UINT32_MAX)
			*value = *value * (uint64_t)base + (uint64_t)digit;
	}
	return true;
}

static bool
ends_in_number(struct tc_str host)
{
	size_t at = host.n;
	uint64_t value;
	bool digits = true;

	while (at > 0 && host.p[at - 1] != '.')
		at--;
	tc_skip(&host, at);
	if (host.n == 0 || host.p[0] < '0' || host.p[0] > '9')
		return false;
	for (size_t i = 0; i < host.n; i++)
		digits = digits && host.p[i] >= '0' && host.p[i] <= '9';
	return digits || read_number(host, &value);
}

/* 0x7f.1 and 2130706433 are 127.0.0.1. */
static struct tc_str
read_ipv4(struct tc_str host, char buf[HOST_MAX])
{
	uint64_t value = 0, part;
	int parts = 0, n;

	while (host.p != NULL) {
		size_t at = tc_find_byte(host, '.');
		bool last = at == host.n;

		if (parts == 4 || !read_number(tc_str_of(host.p, at), &part))
			return no_host;
		if (part > (last ? UINT32_MAX >> 8 * parts : 255))
			return no_host;
		value += last ? part : part << 8 * (3 - parts);
		parts++;
		if (last)
			break;
		tc_skip(&host, at + 1);
	}
	n = snprintf(buf, HOST_MAX, "%u.%u.%u.%u", (unsigned)(value >> 24), (unsigned)(value >> 16 & 255),
	    (unsigned)(value >> 8 & 255), (unsigned)(value & 255));
	return tc_str_of(buf, (size_t)n);
}

static struct tc_str
read_ipv6(struct tc_str s, char buf[HOST_MAX])
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];

	if (s.n < 3 || s.p[s.n - 1] != ']' || s.n - 2 >= sizeof(text))
		return no_host;
	memcpy(text, s.p + 1, s.n - 2);
	text[s.n - 2] = '\0';
	if (inet_pton(AF_INET6, text, &address) != 1)
		return no_host;
	buf[0] = '[';
	if (inet_ntop(AF_INET6, &address, buf + 1, INET6_ADDRSTRLEN) == NULL)
		return no_host;
	s.n = strlen(buf);
	buf[s.n++] = ']';
	return tc_str_of(buf, s.n);
}

/* ---- the whole ---- */

size_t
host_plain(struct tc_str s, char buf[HOST_MAX])
{
	static const char plain[256] = {
		['-'] = '-',
		['.'] = '.',
		['_'] = '_',
		['0'] = '0',
		['1'] = '1',
		['2'] = '2',
		['3'] = '3',
		['4'] = '4',
		['5'] = '5',
		['6'] = '6',
		['7'] = '7',
		['8'] = '8',
		['9'] = '9',
#define LETTER(lower, upper) [lower] = lower, [upper] = lower
		LETTER('a', 'A'),
		LETTER('b', 'B'),
		LETTER('c', 'C'),
		LETTER('d', 'D'),
		LETTER('e', 'E'),
		LETTER('f', 'F'),
		LETTER('g', 'G'),
		LETTER('h', 'H'),
		LETTER('i', 'I'),
		LETTER('j', 'J'),
		LETTER('k', 'K'),
		LETTER('l', 'L'),
		LETTER('m', 'M'),
		LETTER('n', 'N'),
		LETTER('o', 'O'),
		LETTER('p', 'P'),
		LETTER('q', 'Q'),
		LETTER('r', 'R'),
		LETTER('s', 'S'),
		LETTER('t', 'T'),
		LETTER('u', 'U'),
		LETTER('v', 'V'),
		LETTER('w', 'W'),
		LETTER('x', 'X'),
		LETTER('y', 'Y'),
		LETTER('z', 'Z'),
#undef LETTER
	};
	size_t n = 0, end = s.n < HOST_MAX ? s.n : HOST_MAX;

	for (; n < end; n++) {
		char c = plain[(uint8_t)s.p[n]];

		if (c == '\0')
			break;
		buf[n] = c;
	}
	return n;
}

struct tc_str
host_finish(struct tc_str host, char buf[HOST_MAX])
{
	while (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n >= HOST_MAX)
		return no_host;
	/* A last label that begins with a digit is an address, if anything. */
	return ends_in_number(host) ? read_ipv4(host, buf) : host;
}

struct tc_str
host_read(struct tc_str s, char buf[HOST_MAX])
{
	assert(buf != NULL);
	if (s.n > 0 && s.p[0] == '[')
		return read_ipv6(s, buf);
	if (host_plain(s, buf) == s.n)
		return host_finish(tc_str_of(buf, s.n), buf);
	return host_finish(read_mapped(s, buf), buf);
}

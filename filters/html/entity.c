/*
 * entity.c: character references (HTML Standard 13.2.5.72 to 13.2.5.80). Named ones are found by narrowing
 * a range of the sorted table byte by byte, so the longest match falls out of one pass.
 */
#include <assert.h>

#include "value.h"

#include "entity_table.h"

/* What 0x80 to 0x9F mean: windows-1252, as the standard's table has it; 0 keeps the number. */
static const uint16_t windows_1252[32] = {
	0x20AC,
	0,
	0x201A,
	0x0192,
	0x201E,
	0x2026,
	0x2020,
	0x2021,
	0x02C6,
	0x2030,
	0x0160,
	0x2039,
	0x0152,
	0,
	0x017D,
	0,
	0,
	0x2018,
	0x2019,
	0x201C,
	0x201D,
	0x2022,
	0x2013,
	0x2014,
	0x02DC,
	0x2122,
	0x0161,
	0x203A,
	0x0153,
	0,
	0x017E,
	0x0178,
};

static bool
is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static unsigned
digit_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
}

/* The code point that a numeric reference stands for. */
static uint32_t
numeric_meaning(uint32_t code)
{
	if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
		return 0xFFFD;
	if (code >= 0x80 && code <= 0x9F && windows_1252[code - 0x80] != 0)
		return windows_1252[code - 0x80];
	return code;
}

size_t
utf8_put(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

/* "&#..." of raw; 0 when no digit follows. */
static size_t
numeric(struct tc_str raw, char *out, size_t *n)
{
	bool hex = raw.n > 2 && (raw.p[2] | 0x20) == 'x';
	unsigned base = hex ? 16 : 10;
	size_t first = hex ? 3 : 2, i = first;
	uint32_t code = 0;

	for (; i < raw.n && digit_value((unsigned char)raw.p[i]) < base; i++)
		if (code <= 0x10FFFF)
			code = code * base + digit_value((unsigned char)raw.p[i]);
	if (i == first)
		return 0;
	*n = utf8_put(out, numeric_meaning(code));
	return i < raw.n && raw.p[i] == ';' ? i + 1 : i;
}

/* The byte at k of name e, or -1 behind its end: shorter names come first. */
static int
name_byte(size_t e, size_t k)
{
	return k < entities[e].name_n ? (unsigned char)entity_names[entities[e].name + k] : -1;
}

/* First entry of [low, high) whose byte k is at least c. All of them agree before k. */
static size_t
narrow(size_t low, size_t high, size_t k, int c)
{
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (name_byte(mid, k) < c)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The longest name that s begins with, or ENTITY_COUNT. */
static size_t
longest_name(struct tc_str s)
{
	size_t low = 0, high = ENTITY_COUNT, found = ENTITY_COUNT;

	for (size_t k = 0; k < s.n && k < ENTITY_NAME_MAX; k++) {
		int c = (unsigned char)s.p[k];

		low = narrow(low, high, k, c);
		high = narrow(low, high, k, c + 1);
		if (low == high)
			break;
		if (entities[low].name_n == k + 1)
			found = low;
	}
	return found;
}

/* "&name" of raw; 0 when it is none, or one that stays literal in an attribute. */
static size_t
named(struct tc_str raw, bool attribute, char *out, size_t *n)
{
	size_t e = longest_name(tc_str_of(raw.p + 1, raw.n - 1)), end;

	if (e == ENTITY_COUNT)
		return 0;
	end = (size_t)entities[e].name_n + 1;
	if (attribute && raw.p[end - 1] != ';' && end < raw.n &&
	    (raw.p[end] == '=' || is_alnum((unsigned char)raw.p[end])))
		return 0;
	memcpy(out, entities[e].utf8, entities[e].n);
	*n = entities[e].n;
	return end;
}

size_t
entity_one(struct tc_str raw, bool attribute, char *out, size_t *n)
{
	size_t took = 0;

	assert(raw.n > 0 && raw.p[0] == '&');
	if (raw.n > 1 && raw.p[1] == '#')
		took = numeric(raw, out, n);
	else if (raw.n > 1 && is_alnum((unsigned char)raw.p[1]))
		took = named(raw, attribute, out, n);
	if (took > 0)
		return took;
	out[0] = '&';
	*n = 1;
	return 1;
}

size_t
entity_decode(struct tc_str raw, bool attribute, char *out)
{
	size_t at = 0;

	while (raw.n > 0) {
		size_t plain = tc_find_byte(raw, '&'), n;

		memcpy(out + at, raw.p, plain);
		at += plain;
		tc_skip(&raw, plain);
		if (raw.n == 0)
			break;
		/* A reference may be written 8 bytes wide at a time: ENTITY_ROOM has them to spare. */
		tc_skip(&raw, entity_one(raw, attribute, out + at, &n));
		at += n;
	}
	return at;
}

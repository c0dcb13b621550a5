/*
 * json.c: a filter list inside JSON, as npm's @adguard/dnr-rulesets has it: the first entry of an array of rules holds the
 * text that they were made of, as "rawFilterList".
 */
#include "db.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tc_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits; -1: they are none. */
static int
hex4(struct tc_str s)
{
	int v = 0;

	for (size_t i = 0; i < 4; i++) {
		int digit = i < s.n ? hex_digit(s.p[i]) : -1;

		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

static size_t
put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | c >> 12);
	to[1] = (char)(0x80 | (c >> 6 & 0x3f));
	to[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

/* The escape at the front of *s, behind its backslash, goes to `to`, never more bytes than it had. How many, or -1. */
static int
unescape(struct tc_str *s, char *to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found = s->n > 0 && s->p[0] != '\0' ? strchr(names, s->p[0]) : NULL;
	int v;

	if (found != NULL) {
		*to = values[found - names];
		tc_skip(s, 1);
		return 1;
	}
	if (s->n < 5 || s->p[0] != 'u' || (v = hex4(tc_str_of(s->p + 1, 4))) < 0)
		return -1;
	tc_skip(s, 5);
	return (int)put_utf8(to, (unsigned)v); /* halves of a pair stay halves: comments only */
}

/* What stands behind "rawFilterList": and its quote; n = 0: nothing does. */
static struct tc_str
find_value(struct tc_str json)
{
	static const struct tc_str key = TC_STR_INIT("\"rawFilterList\"");
	size_t at = tc_find(json, key);

	tc_skip(&json, at < json.n ? at + key.n : json.n);
	json = tc_trim(json);
	if (json.n < 2 || json.p[0] != ':')
		return tc_str_of(NULL, 0);
	tc_skip(&json, 1);
	json = tc_trim(json);
	if (json.n < 2 || json.p[0] != '"')
		return tc_str_of(NULL, 0);
	tc_skip(&json, 1);
	return json;
}

bool
match_from_json(struct tc_str *text)
{
	struct tc_str begin = text->n > 0 && text->p[0] == '[' ? find_value(*text) : tc_str_of(NULL, 0), s = begin;
	char *to = (char *)(uintptr_t)begin.p; /* in its place: it only gets shorter */
	size_t n = 0;

	while (s.n > 0 && s.p[0] != '"' && (uint8_t)s.p[0] >= ' ') {
		char c = s.p[0];
		int k = 1;

		tc_skip(&s, 1);
		if (c == '\\')
			k = unescape(&s, to + n);
		else
			to[n] = c;
		if (k < 0)
			return false;
		n += (size_t)k;
	}
	if (begin.n == 0 || s.n == 0 || s.p[0] != '"')
		return false;
	if (n > 0 && to[n - 1] != '\n')
		to[n++] = '\n'; /* its quote has ended it */
	*text = tc_str_of(to, n);
	return true;
}

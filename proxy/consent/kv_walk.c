/*
 * kv_walk.c: "key=value&key=value" with any separators, as entries.
 *
 *	isGpcEnabled=0&groups=C0001%3A1%2CC0004%3A0	pairs & =
 *	               groups holds C0001:1,C0004:0	pairs , : of the member that the reader calls its list
 *
 * Where a reader has a list, pairs are divided before values are decoded: an encoded separator in a value divides
 * nothing. That matters, as the tool keeps the address of the first page in its cookie, which is for anybody to choose.
 */
#include "consent/reader.h"

static bool
is_around(char c)
{
	return c == ' ' || c == '\t' || c == '{' || c == '}' || c == '\'' || c == '"';
}

/* Without blanks and what scripts write around pairs: {a:true,b:'x'}. */
static struct tc_str
bare(struct tc_str s)
{
	while (s.n > 0 && is_around(s.p[0]))
		tc_skip(&s, 1);
	while (s.n > 0 && is_around(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Position of the first separator, or text.n. */
static size_t
find_separator(struct tc_str text, struct tc_str separators)
{
	size_t n = 0;

	if (separators.n == 1)
		return tc_find_byte(text, separators.p[0]);
	while (n < text.n && tc_find_byte(separators, text.p[n]) == separators.n)
		n++;
	return n;
}

/* Cuts the next pair off; false: there was none, or no pair. */
static bool
next_pair(struct consent_walk *w, struct tc_str *text, const struct consent_pairs *by, struct tc_str *key,
    struct tc_str *value)
{
	while (text->n > 0) {
		size_t n = find_separator(*text, by->separators), at;
		struct tc_str pair = bare(tc_str_of(text->p, n));

		tc_skip(text, n < text->n ? n + 1 : n);
		if (pair.n == 0)
			continue;
		at = tc_find_byte(pair, by->equals);
		if (at == pair.n) {
			w->bad = true;
			return false;
		}
		*key = bare(tc_str_of(pair.p, at));
		*value = bare(tc_str_of(pair.p + at + 1, pair.n - at - 1));
		return true;
	}
	return false;
}

static void
walk_list(struct consent_walk *w, struct tc_str text)
{
	struct consent_way way = {.part = {w->reader->list}, .n = 2};
	struct tc_str value;

	while (!w->bad && next_pair(w, &text, &w->reader->list_pairs, &way.part[1], &value))
		consent_entry(w, &way, value, false);
}

/* false: it is not encoded as it says. */
static bool
decode_value(struct tc_str *value, unsigned levels, char room[2][CONSENT_COOKIE_MAX])
{
	for (unsigned i = 0; i < levels && tc_find_byte(*value, '%') < value->n; i++)
		if (!consent_unescape(*value, room[i & 1], value))
			return false;
	return true;
}

static void
walk_pair(struct consent_walk *w, struct tc_str key, struct tc_str value, unsigned levels)
{
	struct consent_way way = {.part = {key}, .n = 1};
	bool list = w->reader->list.n > 0 && tc_eq(key, w->reader->list);
	char room[2][CONSENT_COOKIE_MAX];
	size_t written = levels > 0 && tc_find_byte(value, '%') < value.n ? value.n : 0; /* decoding makes nothing longer */

	if (!list && !consent_leads(w->reader, &way))
		return;
	if (!decode_value(&value, levels, room))
		w->bad = true;
	else if (list)
		walk_list(w, value);
	else
		consent_entry(w, &way, bare(value), false);
	for (size_t i = 0; i < 2 && written > 0; i++)
		explicit_bzero(room[i], written);
}

void
consent_walk_kv(struct consent_walk *w, struct tc_str text, unsigned levels)
{
	struct tc_str key, value;

	while (!w->bad && next_pair(w, &text, &w->reader->pairs, &key, &value)) {
		if (w->reader->decode != CONSENT_PLAIN && tc_find_byte(key, '%') < key.n)
			w->bad = true; /* encoded as a whole, and something was put behind it */
		else
			walk_pair(w, key, value, levels);
	}
}

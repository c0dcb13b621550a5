/*
 * kv_walk.c: "key=value&key=value" with any separators, as entries.
 *
 *	isGpcEnabled=0&groups=C0001%3A1%2CC0004%3A0	pairs & =
 *	               groups holds C0001:1,C0004:0	pairs , : of the member that the reader calls its list
 *
 * Where a reader has a list, pairs are divided before values are decoded: an encoded separator in a value divides
 * nothing. That matters, as the tool keeps the address of the first page in its cookie, which is for anybody to choose.
 */
#include <limits.h>

#include "consent/reader.h"

/* Blanks, and what scripts write around pairs: {a:true,b:'x'}. */
static const bool around[UCHAR_MAX + 1] = {
	[' '] = true, ['\t'] = true, ['{'] = true, ['}'] = true, ['\''] = true, ['"'] = true};

static struct tc_str
bare_left(struct tc_str s)
{
	while (s.n > 0 && around[(unsigned char)s.p[0]])
		tc_skip(&s, 1);
	return s;
}

static struct tc_str
bare_right(struct tc_str s)
{
	while (s.n > 0 && around[(unsigned char)s.p[s.n - 1]])
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
static inline bool
cut_pair(struct consent_walk *w, struct tc_str *text, const struct consent_pairs *by, struct tc_str *key,
    struct tc_str *value)
{
	while (text->n > 0) {
		size_t n = find_separator(*text, by->separators), at;
		struct tc_str pair = bare_right(bare_left(tc_str_of(text->p, n)));

		tc_skip(text, n < text->n ? n + 1 : n);
		if (pair.n == 0)
			continue;
		at = tc_find_byte(pair, by->equals);
		if (at == pair.n) {
			w->bad = true;
			return false;
		}
		*key = bare_right(tc_str_of(pair.p, at));
		*value = bare_left(tc_str_of(pair.p + at + 1, pair.n - at - 1));
		return true;
	}
	return false;
}

static void
walk_list(struct consent_walk *w, struct tc_str text)
{
	struct consent_way way = {.part = {w->reader->list}, .n = 2};
	struct tc_str value;

	while (!w->bad && cut_pair(w, &text, &w->reader->list_pairs, &way.part[1], &value))
		consent_entry(w, &way, value, false);
}

static bool
is_list(const struct consent_reader *r, struct tc_str key)
{
	return r->list.n > 0 && tc_eq(key, r->list);
}

static void
walk_plain(struct consent_walk *w, struct tc_str key, struct tc_str value)
{
	struct consent_way way = {.part = {key}, .n = 1};

	if (is_list(w->reader, key))
		walk_list(w, value);
	else
		consent_entry(w, &way, bare_right(bare_left(value)), false);
}

/* A value that is encoded, as often as it may be. */
static void
walk_encoded(struct consent_walk *w, struct tc_str key, struct tc_str value, unsigned levels)
{
	char room[2][CONSENT_COOKIE_MAX];
	size_t written = value.n; /* at most: decoding makes nothing longer */

	for (unsigned i = 0; i < levels && !w->bad && tc_find_byte(value, '%') < value.n; i++)
		w->bad = !consent_unescape(value, room[i & 1], &value);
	if (!w->bad)
		walk_plain(w, key, value);
	for (size_t i = 0; i < 2 && i < levels; i++)
		explicit_bzero(room[i], written);
}

static void
walk_pair(struct consent_walk *w, struct tc_str key, struct tc_str value, unsigned levels)
{
	struct consent_way way = {.part = {key}, .n = 1};

	if (!is_list(w->reader, key) && !consent_leads(w->reader, &way))
		return;
	if (levels > 0)
		walk_encoded(w, key, value, levels);
	else
		walk_plain(w, key, value);
}

/* Whether there is a % in s, which is a part of text. *at: where the first % behind all parts asked about before is. */
static bool
is_escaped(struct tc_str text, struct tc_str s, const char **at)
{
	if (*at < s.p)
		*at = s.p + tc_find_byte(tc_str_of(s.p, (size_t)(text.p + text.n - s.p)), '%');
	return *at < s.p + s.n;
}

void
consent_walk_kv(struct consent_walk *w, struct tc_str text, unsigned levels)
{
	struct tc_str rest = text, key, value;
	const char *at = text.p + tc_find_byte(text, '%');

	while (!w->bad && cut_pair(w, &rest, &w->reader->pairs, &key, &value)) {
		if (is_escaped(text, key, &at) && w->reader->decode != CONSENT_PLAIN)
			w->bad = true; /* encoded as a whole, and something was put behind it */
		else
			walk_pair(w, key, value, is_escaped(text, value, &at) ? levels : 0);
	}
}

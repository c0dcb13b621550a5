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

/* Without those at its end. */
static inline struct tc_str
bare_end(struct tc_str s)
{
	while (s.n > 0 && around[(unsigned char)s.p[s.n - 1]])
		s.n--;
	return s;
}

/* Without any. */
static inline struct tc_str
bare(struct tc_str s)
{
	while (s.n > 0 && around[(unsigned char)s.p[0]])
		tc_skip(&s, 1);
	return bare_end(s);
}

/* Position of the first separator, or text.n. */
static inline size_t
find_separator(struct tc_str text, struct tc_str separators)
{
	size_t n = 0;

	if (separators.n == 1)
		return tc_find_byte(text, separators.p[0]);
	while (n < text.n && tc_find_byte(separators, text.p[n]) == separators.n)
		n++;
	return n;
}

/* Tells each pair, until one of them is bad. What is no pair is. Keys are bare. */
static inline __attribute__((always_inline)) void
each_pair(struct consent_walk *w, struct tc_str text, struct consent_pairs by,
    void (*tell)(struct consent_walk *w, struct tc_str key, struct tc_str value))
{
	while (text.n > 0 && !w->bad) {
		size_t n = find_separator(text, by.separators), at;
		struct tc_str pair = bare(tc_str_of(text.p, n));

		tc_skip(&text, n < text.n ? n + 1 : n);
		if (pair.n == 0)
			continue;
		at = tc_find_byte(pair, by.equals);
		if (at < pair.n)
			tell(w, bare_end(tc_str_of(pair.p, at)), tc_str_of(pair.p + at + 1, pair.n - at - 1));
		else
			w->bad = true;
	}
}

static inline void
tell_item(struct consent_walk *w, struct tc_str key, struct tc_str value)
{
	struct consent_way way = {.part = {w->reader->list, key}, .n = 2};

	consent_entry(w, &way, bare(value), false);
}

static bool
is_list(const struct consent_reader *r, struct tc_str key)
{
	return r->list.n > 0 && tc_eq(key, r->list);
}

static void
tell_plain(struct consent_walk *w, struct tc_str key, struct tc_str value)
{
	struct consent_way way = {.part = {key}, .n = 1};

	if (is_list(w->reader, key))
		each_pair(w, value, w->reader->list_pairs, tell_item);
	else
		consent_entry(w, &way, bare(value), false);
}

/* A value that is encoded, as often as it may be. */
static void
tell_encoded(struct consent_walk *w, struct tc_str key, struct tc_str value)
{
	char room[2][CONSENT_COOKIE_MAX];
	size_t written = value.n; /* at most: decoding makes nothing longer */
	unsigned times = 0;

	for (; times < w->levels && !w->bad && tc_find_byte(value, '%') < value.n; times++)
		w->bad = !consent_unescape(value, room[times & 1], &value);
	if (!w->bad)
		tell_plain(w, key, value);
	for (unsigned i = 0; i < 2 && i < times; i++)
		explicit_bzero(room[i], written);
}

/* Whether there is a % in s, which begins behind all that was asked about before. */
static inline bool
is_escaped(struct consent_walk *w, struct tc_str s)
{
	if (w->escape < s.p)
		w->escape = s.p + tc_find_byte(tc_str_of(s.p, (size_t)(w->end - s.p)), '%');
	return w->escape < s.p + s.n;
}

static bool
leads(const struct consent_reader *r, struct tc_str key)
{
	struct consent_way way = {.part = {key}, .n = 1};

	return is_list(r, key) || consent_leads(r, &way);
}

/* One that a rule may be about. */
static __attribute__((noinline)) void
tell_marked(struct consent_walk *w, struct tc_str key, struct tc_str value)
{
	if (!leads(w->reader, key))
		return;
	if (w->levels > 0 && is_escaped(w, value))
		tell_encoded(w, key, value);
	else
		tell_plain(w, key, value);
}

static inline void
tell_pair(struct consent_walk *w, struct tc_str key, struct tc_str value)
{
	if (is_escaped(w, key) && w->reader->decode != CONSENT_PLAIN)
		w->bad = true; /* encoded as a whole, and something was put behind it */
	else if (consent_marked(w->reader, key.n, key.n > 0 ? (unsigned char)key.p[0] : 0))
		tell_marked(w, key, value);
}

void
consent_walk_kv(struct consent_walk *w, struct tc_str text, unsigned levels)
{
	w->levels = levels;
	w->escape = text.p;
	w->end = text.p + text.n;
	w->escape += tc_find_byte(text, '%');
	each_pair(w, text, w->reader->pairs, tell_pair);
}

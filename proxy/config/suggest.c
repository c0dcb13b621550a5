/* suggest.c: edit distance with transpositions, and a small table of what people write instead. */
#include "config/suggest.h"

enum { WORD_MAX = 40 };

static const struct {
	const char *written, *meant;
} aliases[] = {
	{"uk", "GB"},
	{"el", "GR"},
	{"ads", "advertising"},
	{"ad", "advertising"},
	{"marketing", "advertising"},
	{"statistics", "analytics"},
	{"personalization", "personalisation"},
	{"preferences", "functional"},
	{"necessary", "functional"},
	{"off", "none"},
	{"no", "none"},
	{"disabled", "none"},
	{"gclid", "click-ids"},
	{"optout", "opt-out"},
	{"do-not-track", "dnt"},
	{"honor", "honour"},
	{"upstream", "origin"},
	{"backend", "origin"},
	{"domains", "hosts"},
	{"easy-privacy", "easyprivacy"},
	{"builtin", "built-in"},
	{"brotli", "br"},
	{"least-conn", "least-connections"},
	{"servers", "urls"},
	{"headers", "response"},
};

/*
 * Optimal string alignment distance: insert, delete, replace, swap neighbours. Three rows of the usual table
 * are enough, as a swap looks back two.
 */
static size_t
distance(struct tc_str a, struct tc_str b)
{
	size_t rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= b.n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *top = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			char x = tc_lower(a.p[i - 1]), y = tc_lower(b.p[j - 1]);
			size_t d = above[j - 1] + (x != y);

			if (above[j] + 1 < d)
				d = above[j] + 1;
			if (row[j - 1] + 1 < d)
				d = row[j - 1] + 1;
			if (i > 1 && j > 1 && x == tc_lower(b.p[j - 2]) && tc_lower(a.p[i - 2]) == y &&
			    top[j - 2] + 1 < d)
				d = top[j - 2] + 1;
			row[j] = d;
		}
	}
	return rows[a.n % 3][b.n];
}

static bool
is_alias(struct tc_str word, struct tc_str candidate)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (tc_ieq(word, tc_str_from(aliases[i].written)) &&
		    tc_eq(candidate, tc_str_from(aliases[i].meant)))
			return true;
	return false;
}

void
suggest_offer(struct suggest *s, struct tc_str candidate)
{
	size_t d;

	if (s->word.n == 0 || s->word.n > WORD_MAX || candidate.n > WORD_MAX)
		return;
	d = is_alias(s->word, candidate) ? 0 : distance(s->word, candidate);
	if (d > (s->word.n < 5 ? 1 : 2) || d >= s->word.n || (s->found && tc_eq(s->best, candidate)))
		return;
	if (s->found && d > s->distance)
		return;
	s->tie = s->found && d == s->distance;
	s->found = true;
	s->distance = d;
	s->best = candidate;
}

void
suggest_offer_words(struct suggest *s, const char *bounds)
{
	struct tc_str word;

	while (next_word(&bounds, &word))
		suggest_offer(s, word);
}

struct tc_str
suggest_result(const struct suggest *s)
{
	return s->found && !s->tie ? s->best : TC_STR("");
}

bool
next_word(const char **rest, struct tc_str *word)
{
	const char *end;

	if (*rest == NULL || **rest == '\0')
		return false;
	end = strchr(*rest, '|');
	*word = end != NULL ? tc_str_of(*rest, (size_t)(end - *rest)) : tc_str_from(*rest);
	*rest = end != NULL ? end + 1 : *rest + word->n;
	return true;
}

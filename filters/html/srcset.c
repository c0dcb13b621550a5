/*
 * srcset.c: the candidates of srcset and imagesrcset (HTML Standard 4.8.4.3.10, "parse a srcset attribute").
 * A URL ends at white space or at its own trailing commas; commas inside parentheses of a descriptor do not
 * end it. Descriptors are skipped, not checked: a browser that refuses one fetches less, never more.
 */
#include "value.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* One candidate: [from, end) with its separators, [url, url_end) its URL. */
struct candidate {
	size_t from, url, url_end, end;
};

/* Behind the descriptors that begin at `at`: after the comma that ends them, or the end. */
static size_t
skip_descriptors(struct tc_str s, size_t at)
{
	bool parens = false;

	for (; at < s.n; at++) {
		if (parens)
			parens = s.p[at] != ')';
		else if (s.p[at] == '(')
			parens = true;
		else if (s.p[at] == ',')
			return at + 1;
	}
	return at;
}

/* The next candidate from `at` on; false when there is none. */
static bool
next_candidate(struct tc_str s, size_t at, struct candidate *c)
{
	c->from = at;
	while (at < s.n && (is_space(s.p[at]) || s.p[at] == ','))
		at++;
	if (at == s.n)
		return false;
	c->url = at;
	while (at < s.n && !is_space(s.p[at]))
		at++;
	c->url_end = at;
	while (c->url_end > c->url && s.p[c->url_end - 1] == ',')
		c->url_end--;
	c->end = c->url_end < at ? at : skip_descriptors(s, at);
	return true;
}

/*
 * What stays before a cut ends with a comma, which would belong to a URL that came to stand right behind it:
 * "a.png, X 2x,b.png" without X is "a.png, b.png".
 */
static void
part_neighbours(struct tc_str s, struct value_edits *out)
{
	for (size_t i = 0; i < out->n; i++) {
		struct value_edit *e = &out->v[i];

		if (e->from > 0 && e->to < s.n && !is_space(s.p[e->to]))
			e->with = TC_STR(" ");
	}
}

void
srcset_judge(struct tc_str decoded, value_judge judge, void *ctx, unsigned match_types,
    struct value_edits *out)
{
	struct candidate c = {0};
	size_t kept = 0, cut = 0;

	out->n = 0;
	out->overflow = false;
	while (next_candidate(decoded, c.end, &c)) {
		if (!judge(ctx, tc_str_of(decoded.p + c.url, c.url_end - c.url), match_types)) {
			kept++;
			continue;
		}
		cut++;
		if (out->n > 0 && out->v[out->n - 1].to == c.from)
			out->v[out->n - 1].to = c.end;
		else if (out->n < out->cap)
			out->v[out->n++] = (struct value_edit){c.from, c.end, TC_STR("")};
		else
			out->overflow = true;
	}
	if (cut > 0 && (kept == 0 || out->overflow)) {
		out->v[0] = (struct value_edit){0, decoded.n, TC_STR("")};
		out->n = 1;
	}
	part_neighbours(decoded, out);
}

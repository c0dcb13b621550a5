/* specimen.c: see tacet/specimen.h. URLs are made from patterns of trackers.tsv, names from cookies.tsv. */
#include "tacet/specimen.h"

#include "match/pack.h"

struct out {
	char *p;
	size_t n;
};

static void
put(struct out *o, struct tc_str s)
{
	size_t n = s.n < TC_SPECIMEN_ROOM - o->n ? s.n : TC_SPECIMEN_ROOM - o->n;

	memcpy(o->p + o->n, s.p, n);
	o->n += n;
}

/* An address that the pattern blocks: "||host^a*b" -> "https://host/axb". */
static struct tc_str
url_of(struct tc_str pattern, char buf[TC_SPECIMEN_ROOM])
{
	struct out o = {buf, 0};
	bool anchored = tc_starts(pattern, TC_STR("||"));

	put(&o, TC_STR("https://"));
	if (anchored)
		tc_skip(&pattern, 2);
	else if (pattern.p[0] == '/')
		put(&o, TC_STR("specimen.invalid"));
	else
		put(&o, pattern.p[0] == '.' ? TC_STR("a") : TC_STR("specimen.invalid/"));
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		put(&o, c == '*' ? TC_STR("x") : c == '^' ? TC_STR("/")
							  : tc_str_of(&c, 1));
	}
	if (tc_find_byte(tc_str_of(buf + 8, o.n - 8), '/') == o.n - 8)
		put(&o, TC_STR("/"));
	return tc_str_of(buf, o.n);
}

/* What the lists leave alone unless an operator's list names it (the Meta SDK) is to them a third party as any other. */
static enum tc_class
class_of(struct tc_str pattern, const struct pack_vendor *v)
{
	return tc_find(pack_rules, pattern) < pack_rules.n ? v->class : TC_UNKNOWN;
}

static bool
url_specimen(size_t *i, struct tc_specimen *out, char buf[TC_SPECIMEN_ROOM])
{
	for (size_t k = 0; k < pack_pattern_count; k++) {
		const struct pack_vendor *v = &pack_vendors[pack_patterns[k].vendor];

		if (tc_eq(v->stub, TC_STR("keep")) || (*i)-- > 0)
			continue;
		*out = (struct tc_specimen){TC_SPECIMEN_URL, class_of(pack_patterns[k].text, v),
		    url_of(pack_patterns[k].text, buf), v->name};
		return true;
	}
	return false;
}

/* Videos and maps of others: they are in no list, and rules about third parties speak of them all the same. */
static const struct tc_str EMBEDS[][2] = {
	{TC_STR_INIT("https://www.youtube.com/embed/M7lc1UVf-VE"), TC_STR_INIT("YouTube")},
	{TC_STR_INIT("https://player.vimeo.com/video/76979871"), TC_STR_INIT("Vimeo")},
	{TC_STR_INIT("https://www.google.com/maps/embed?pb=!1m18"), TC_STR_INIT("Google Maps")},
};

static bool
embed_specimen(size_t *i, struct tc_specimen *out)
{
	size_t n = sizeof(EMBEDS) / sizeof(EMBEDS[0]);

	if (*i >= n) {
		*i -= n;
		return false;
	}
	*out = (struct tc_specimen){TC_SPECIMEN_EMBED, TC_UNKNOWN, EMBEDS[*i][0], EMBEDS[*i][1]};
	return true;
}

/* A name that is a row of its own: a beginning or an end of names gets something to it, a regular expression none. */
static bool
cookie_specimen(size_t *i, struct tc_specimen *out)
{
	for (size_t k = 0; k < pack_cookie_count; k++) {
		const struct pack_cookie *c = &pack_cookies[k];

		if (c->strip != PACK_STRIP || c->set_by == PACK_3P || pack_cookie(c->pattern) != c || (*i)-- > 0)
			continue;
		*out = (struct tc_specimen){TC_SPECIMEN_COOKIE, c->class, c->pattern, c->vendor};
		return true;
	}
	return false;
}

bool
tc_specimen(size_t i, struct tc_specimen *out, char buf[TC_SPECIMEN_ROOM])
{
	return url_specimen(&i, out, buf) || embed_specimen(&i, out) || cookie_specimen(&i, out);
}

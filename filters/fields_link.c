/*
 * fields_link.c: takes the members of Link that make a browser contact a tracker, and a Refresh to one.
 *
 *	Link: <https://fonts.example/a.css>; rel=preload; as=style, <https://tracker.example>; rel=preconnect
 *
 * A member that cannot be read as RFC 8288 says goes too: browsers ignore it or, worse, read it otherwise.
 */
#include "fields.h"
#include "html/value.h"
#include "pieces.h"

/* What a relation makes a browser fetch; 0: what the `as` parameter says. */
static const struct {
	struct tc_str rel;
	enum match_type type;
} fetching[] = {
	{TC_STR_INIT("preload"), 0},
	{TC_STR_INIT("prefetch"), 0},
	{TC_STR_INIT("modulepreload"), MATCH_SCRIPT},
	{TC_STR_INIT("stylesheet"), MATCH_STYLESHEET},
	{TC_STR_INIT("preconnect"), MATCH_OTHER},
	{TC_STR_INIT("dns-prefetch"), MATCH_OTHER},
	{TC_STR_INIT("prerender"), MATCH_SUBDOCUMENT},
	{TC_STR_INIT("compression-dictionary"), MATCH_OTHER},
};

static const struct {
	struct tc_str as;
	enum match_type type;
} destinations[] = {
	{TC_STR_INIT("script"), MATCH_SCRIPT},
	{TC_STR_INIT("worker"), MATCH_SCRIPT},
	{TC_STR_INIT("style"), MATCH_STYLESHEET},
	{TC_STR_INIT("image"), MATCH_IMAGE},
	{TC_STR_INIT("font"), MATCH_FONT},
	{TC_STR_INIT("fetch"), MATCH_XHR},
	{TC_STR_INIT("json"), MATCH_XHR},
	{TC_STR_INIT("audio"), MATCH_MEDIA},
	{TC_STR_INIT("video"), MATCH_MEDIA},
	{TC_STR_INIT("track"), MATCH_MEDIA},
	{TC_STR_INIT("document"), MATCH_SUBDOCUMENT},
	{TC_STR_INIT("object"), MATCH_OBJECT},
	{TC_STR_INIT("embed"), MATCH_OBJECT},
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* One member of Link. broken: it cannot be read. */
struct member {
	struct tc_str uri, rel, as, srcset;
	bool broken;
};

/* Past the quoted string at the front ('"' first); s.n + 1 when it does not end. */
static size_t
quoted_end(struct tc_str s)
{
	for (size_t i = 1; i < s.n; i++) {
		size_t escapes = 0;

		i += tc_find_byte(tc_str_of(s.p + i, s.n - i), '"');
		while (s.p[i - 1 - escapes] == '\\') /* at s.p[0] is none */
			escapes++;
		if (i < s.n && escapes % 2 == 0)
			return i + 1;
	}
	return s.n + 1;
}

/* Where the member at the front ends: at the comma, or the end. What does not close runs to the end. */
static size_t
member_end(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		struct tc_str rest = tc_str_of(s.p + i, s.n - i);
		size_t skip = 1;

		if (s.p[i] == ',')
			return i;
		if (s.p[i] == '<')
			skip = tc_find_byte(rest, '>') + 1;
		else if (s.p[i] == '"')
			skip = quoted_end(rest);
		if (skip > rest.n)
			return s.n;
		i += skip - 1;
	}
	return s.n;
}

/* The value after '=' at the front of *s, which moves past it. *odd: parsers may differ in what it says. */
static struct tc_str
param_value(struct tc_str *s, struct member *m, bool *odd)
{
	struct tc_str value;
	size_t n;

	*s = tc_trim(*s);
	if (s->n == 0 || s->p[0] != '"') {
		n = tc_find_byte(*s, ';');
		value = tc_trim(tc_str_of(s->p, n));
		tc_skip(s, n);
		*odd = tc_find_byte(value, '"') < value.n;
		return value;
	}
	n = quoted_end(*s);
	if (n > s->n) {
		m->broken = true;
		return tc_str_of(s->p, 0);
	}
	value = tc_str_of(s->p + 1, n - 2);
	*odd = tc_find_byte(value, '\\') < value.n;
	tc_skip(s, n);
	return value;
}

/* *s begins after a ';'. */
static void
member_param(struct tc_str *s, struct member *m)
{
	size_t n = 0;
	struct tc_str name, value = {NULL, 0};
	bool odd = false;

	while (n < s->n && s->p[n] != '=' && s->p[n] != ';')
		n++;
	name = tc_trim(tc_str_of(s->p, n));
	tc_skip(s, n);
	if (s->n > 0 && s->p[0] == '=') {
		tc_skip(s, 1);
		value = param_value(s, m, &odd);
	}
	if (tc_ieq(name, TC_STR("rel"))) {
		m->broken |= odd || m->rel.p != NULL; /* of two, parsers differ in which one counts */
		m->rel = value;
	} else if (tc_ieq(name, TC_STR("as"))) {
		m->broken |= odd;
		m->as = value;
	} else if (tc_ieq(name, TC_STR("imagesrcset"))) {
		m->broken |= odd;
		m->srcset = value;
	}
}

static struct member
member_read(struct tc_str s)
{
	struct member m = {.broken = true};
	size_t close;

	s = tc_trim(s);
	close = tc_find_byte(s, '>');
	if (s.n == 0 || s.p[0] != '<' || close == s.n)
		return m;
	m.broken = false;
	m.uri = tc_str_of(s.p + 1, close - 1);
	tc_skip(&s, close + 1);
	for (s = tc_trim(s); s.n > 0 && !m.broken; s = tc_trim(s)) {
		if (s.p[0] != ';') {
			m.broken = true;
			break;
		}
		tc_skip(&s, 1);
		member_param(&s, &m);
	}
	return m;
}

static enum match_type
type_of_as(struct tc_str as)
{
	for (size_t i = 0; i < COUNT(destinations); i++)
		if (tc_ieq(as, destinations[i].as))
			return destinations[i].type;
	return MATCH_OTHER;
}

/* Whether one of the URLs in imagesrcset is blocked. Descriptors are read as relative URLs, which does no harm. */
static bool
srcset_blocked(struct field_work *w, struct tc_str srcset, struct match_result *why)
{
	while (srcset.p != NULL) {
		struct tc_str candidate = tc_next(&srcset, ',');
		struct tc_str url = tc_str_of(candidate.p, tc_find_byte(candidate, ' '));

		if (url.n > 0 && work_blocks(w, url, MATCH_IMAGE, why))
			return true;
	}
	return false;
}

/* The next relation; n = 0: no more. Between them stands white space of either kind. */
static struct tc_str
next_rel(struct tc_str *rels)
{
	struct tc_str rel = *rels = tc_trim(*rels);

	rel.n = tc_find_byte(rel, ' ');
	rel.n = tc_find_byte(rel, '\t');
	if (rel.n > 0) /* there may be no relation at all, and no bytes to point to */
		tc_skip(rels, rel.n);
	return rel;
}

static bool
member_blocked(struct field_work *w, const struct member *m, struct match_result *why)
{
	struct tc_str rels = m->rel, rel;

	*why = (struct match_result){.class = TC_UNKNOWN};
	if (m->broken)
		return true;
	while ((rel = next_rel(&rels)).n > 0) {
		for (size_t i = 0; i < COUNT(fetching); i++) {
			enum match_type type = fetching[i].type;

			if (!tc_ieq(rel, fetching[i].rel))
				continue;
			if (type == 0)
				type = type_of_as(m->as);
			if (work_blocks(w, m->uri, type, why) || srcset_blocked(w, m->srcset, why))
				return true;
		}
	}
	return false;
}

/* What a hint may name (fields.c). */
static bool
member_hints(struct field_work *w, const struct member *m)
{
	return !m->broken && m->srcset.n == 0 && m->uri.n > 0 && work_owns(w, m->uri);
}

int
fields_link(struct field_work *w, struct tc_field *f)
{
	bool denied = (w->c->decision->denied & ~TC_ESSENTIAL) != 0;
	struct pieces left = {.whole = f->value, .sep = ','};
	struct tc_str rest = f->value;

	while (rest.p != NULL) {
		size_t n = member_end(rest);
		struct tc_str piece = tc_str_of(rest.p, n);
		struct member m = member_read(piece);
		struct match_result why;
		bool goes = denied && tc_trim(piece).n > 0 && member_blocked(w, &m, &why);

		if (goes)
			tc_did(w->c, TC_DID_LINK, why.class, why.pack, m.uri);
		goes |= w->hint && !member_hints(w, &m);
		pieces_put(&left, w->c->arena, piece, !goes);
		rest = n < rest.n ? tc_str_of(rest.p + n + 1, rest.n - n - 1) : (struct tc_str){NULL, 0};
	}
	if (left.failed)
		return -1;
	if (pieces_cut(&left))
		f->value = pieces_left(&left);
	f->dropped = f->value.p == NULL;
	return 0;
}

int
fields_refresh(struct field_work *w, struct tc_field *f)
{
	struct match_result why = {.class = TC_UNKNOWN};
	size_t from, to;

	if (!refresh_url(f->value, &from, &to) ||
	    !work_blocks(w, tc_str_of(f->value.p + from, to - from), MATCH_SUBDOCUMENT, &why))
		return 0;
	f->dropped = true;
	tc_did(w->c, TC_DID_RESPONSE_FIELD, why.class, why.pack, f->name);
	return 0;
}

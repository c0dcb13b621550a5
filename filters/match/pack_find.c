/* pack_find.c: look-ups in the built-in rule pack. The tables are generated (mkpack.c); this is the code. */
#include "pack.h"

/* ---- names of cookies and parameters ---- */

static inline const struct pack_key *
key_find(const struct pack_names *t, const char *p, size_t n, uint32_t hash, bool prefix)
{
	for (uint32_t i = hash & t->mask; t->keys[i].n != 0; i = (i + 1) & t->mask) {
		const struct pack_key *k = &t->keys[i];

		if (k->hash == hash && k->n == n && k->prefix == prefix && memcmp(k->text, p, n) == 0)
			return k;
	}
	return NULL;
}

/* The first row whose expression matches the whole of text, or PACK_NO_ROW. */
static uint16_t
dfa_run(const struct pack_dfa *d, struct tc_str text)
{
	uint32_t state = d->start;

	for (size_t i = 0; i < text.n && state != 0; i++)
		state = d->next[state * d->classes + d->class_of[(uint8_t)text.p[i]]];
	return d->accept[state];
}

static uint16_t
tails_find(const struct pack_names *t, struct tc_str name)
{
	for (size_t i = 0; i < t->tail_count; i++) {
		const struct pack_tail *tail = &t->tails[i];

		if (name.n < tail->text.n)
			continue;
		if (tail->suffix ? tc_ends(name, tail->text) : tc_find(name, tail->text) < name.n)
			return tail->row;
	}
	return PACK_NO_ROW;
}

/* Whether some prefix may begin as name does. Few names do, so this comes before the look-ups. */
static inline bool
may_have_prefix(const struct pack_names *t, struct tc_str name)
{
	size_t begin = PACK_BEGIN(name.p[0], name.n > 1 ? name.p[1] : 0);

	return (t->prefix_begins[begin / 64] >> (begin % 64) & 1) != 0;
}

/* The row of the longest prefix, or PACK_NO_ROW. */
static uint16_t
prefixes_find(const struct pack_names *t, struct tc_str name)
{
	uint64_t lengths = t->prefix_lengths >> 1; /* bit 0: the next byte may be a prefix's last */
	uint32_t hash = PACK_HASH;
	uint16_t row = PACK_NO_ROW;

	for (size_t n = 1; n <= name.n && lengths != 0; n++, lengths >>= 1) {
		const struct pack_key *k = NULL;

		hash = pack_hash_step(hash, name.p[n - 1]);
		if ((lengths & 1) != 0)
			k = key_find(t, name.p, n, hash, true);
		if (k != NULL)
			row = k->row;
	}
	return row;
}

/* The row that decides about name, which is not empty, or PACK_NO_ROW. */
static uint16_t
names_find(const struct pack_names *t, struct tc_str name)
{
	const struct pack_key *exact;
	uint32_t hash = PACK_HASH;
	uint16_t row;

	for (size_t i = 0; i < name.n; i++)
		hash = pack_hash_step(hash, name.p[i]);
	exact = key_find(t, name.p, name.n, hash, false);
	if (exact != NULL)
		return exact->row;
	row = dfa_run(&t->regexes, name);
	if (row == PACK_NO_ROW && may_have_prefix(t, name))
		row = prefixes_find(t, name);
	return row != PACK_NO_ROW ? row : tails_find(t, name);
}

const struct pack_cookie *
pack_cookie(struct tc_str name)
{
	uint16_t row;

	/* RFC 6265bis compares these prefixes without case; so do browsers. */
	if (tc_istarts(name, TC_STR("__host-")))
		tc_skip(&name, 7);
	else if (tc_istarts(name, TC_STR("__secure-")))
		tc_skip(&name, 9);
	row = name.n > 0 ? names_find(&pack_cookie_names, name) : PACK_NO_ROW;
	return row != PACK_NO_ROW ? &pack_cookies[row] : NULL;
}

const struct pack_param *
pack_param(struct tc_str name)
{
	uint16_t row = name.n > 0 ? names_find(&pack_param_names, name) : PACK_NO_ROW;

	return row != PACK_NO_ROW ? &pack_params[row] : NULL;
}

/* ---- endpoints ---- */

/* Takes what '#' stands for off the front: digits. */
static bool
skip_digits(struct tc_str *s)
{
	size_t n = s->n;

	while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9')
		tc_skip(s, 1);
	return s->n < n;
}

/* Takes what '^' stands for off the front: four or more capital letters and digits, a letter among them. */
static bool
skip_id(struct tc_str *s)
{
	size_t n = s->n;
	bool letter = false;

	while (s->n > 0 && ((s->p[0] >= '0' && s->p[0] <= '9') || (s->p[0] >= 'A' && s->p[0] <= 'Z'))) {
		letter |= s->p[0] >= 'A';
		tc_skip(s, 1);
	}
	return n - s->n >= 4 && letter;
}

/* Whether mark is at the front of text; '#' and '^' in mark stand for digits and an id. */
static bool
mark_at(struct tc_str mark, struct tc_str text)
{
	for (; mark.n > 0; tc_skip(&mark, 1)) {
		if (mark.p[0] == '#' || mark.p[0] == '^') {
			if (!(mark.p[0] == '#' ? skip_digits : skip_id)(&text))
				return false;
			continue;
		}
		if (text.n == 0 || text.p[0] != mark.p[0])
			return false;
		tc_skip(&text, 1);
	}
	return true;
}

static bool
mark_in_query(struct tc_str mark, struct tc_str query)
{
	while (query.p != NULL) {
		size_t at = tc_find_byte(query, '&'), name = mark.p[0] == '=' ? tc_find_byte(tc_str_of(query.p, at), '=') : 0;

		if (mark_at(mark, tc_str_of(query.p + name, at - name)))
			return true;
		if (at == query.n)
			break;
		tc_skip(&query, at + 1);
	}
	return false;
}

/* The first byte is never one that stands for others; '&' is the beginning of the body as well. */
static bool
mark_in_body(struct tc_str mark, struct tc_str body)
{
	struct tc_str plain = mark;
	size_t at;

	if (body.p == NULL)
		return false;
	if (mark.p[0] == '&' && mark_at(tc_str_of(mark.p + 1, mark.n - 1), body))
		return true;
	plain.n = tc_find_byte(plain, '#');
	plain.n = tc_find_byte(plain, '^');
	while ((at = tc_find(body, plain)) < body.n) {
		tc_skip(&body, at);
		if (plain.n == mark.n || mark_at(mark, body))
			return true;
		tc_skip(&body, 1);
	}
	return false;
}

/* Whether all marks (separated by "; ", alternatives by '|') are in text. */
static bool
marks_hold(struct tc_str marks, struct tc_str text, bool (*in)(struct tc_str mark, struct tc_str text))
{
	while (marks.n > 0) {
		size_t at = tc_find(marks, TC_STR("; "));
		struct tc_str rest = tc_str_of(marks.p, at);
		bool found = false;

		while (rest.p != NULL && !found)
			found = in(tc_next(&rest, '|'), text);
		if (!found)
			return false;
		tc_skip(&marks, at < marks.n ? at + 2 : at);
	}
	return true;
}

/* Whether the whole of path looks like glob. Going back to the last '*' alone is enough, so this is n * m at most. */
static bool
path_like(struct tc_str glob, struct tc_str path)
{
	struct tc_str back_glob = {NULL, 0}, back_path = path;

	for (;;) {
		if (glob.n > 0 && glob.p[0] == '*') {
			tc_skip(&glob, 1);
			if (glob.n == 0)
				return true;
			back_glob = glob;
			back_path = path;
		} else if (glob.n > 0 && glob.p[0] == '#' && skip_digits(&path)) {
			tc_skip(&glob, 1);
		} else if (glob.n > 0 && path.n > 0 && glob.p[0] == path.p[0] && glob.p[0] != '#') {
			tc_skip(&glob, 1);
			tc_skip(&path, 1);
		} else if (glob.n == 0 && path.n == 0) {
			return true;
		} else if (back_glob.p != NULL && back_path.n > 0) {
			tc_skip(&back_path, 1);
			glob = back_glob;
			path = back_path;
		} else {
			return false;
		}
	}
}

/* The bits of all segments of a path. */
static uint64_t
segments_of(struct tc_str path)
{
	const char *p = path.p, *end = path.p + path.n;
	uint64_t bits = 0;

	while (end - p >= 2 && (p = memchr(p, '/', (size_t)(end - p) - 1)) != NULL) {
		bits |= PACK_SEGMENT(p[1], end - p > 2 ? p[2] : '/');
		p++;
	}
	return bits;
}

/* The bits of all parameters of a query and of their values. */
static uint64_t
params_of(struct tc_str query)
{
	const char *p = query.p, *end = query.p + query.n;
	uint64_t bits = query.n >= 2 ? PACK_SEGMENT(p[0], p[1]) : 0;

	for (; end - p > 2; p++)
		if (*p == '&' || *p == '=')
			bits |= PACK_SEGMENT(p[1], p[2]);
	return bits;
}

/* A request of which is asked whether it is for an endpoint. */
struct asked {
	struct tc_str path, query, body;
	uint64_t segments, params;
	size_t found; /* the first of pack_paths that it looks like, as far as is known */
};

static inline bool
can_end(struct tc_str glob, char last)
{
	char c = glob.p[glob.n - 1];

	return c == last || c == '*' || c == '#';
}

static void
try_paths(struct asked *a, struct pack_range range)
{
	for (size_t i = range.at; i < (size_t)range.at + range.n && pack_path_lists[i] < a->found; i++) {
		const struct pack_path *p = &pack_paths[pack_path_lists[i]];
		const struct pack_endpoint *e = &pack_endpoints[p->row];

		if ((p->segments & ~a->segments) != 0 || (p->body && a->body.n == 0) ||
		    (p->query && ((p->params[0] & a->params) == 0 || (p->params[1] & a->params) == 0)))
			continue;
		if (can_end(p->glob, a->path.p[a->path.n - 1]) && path_like(p->glob, a->path) &&
		    marks_hold(e->query, a->query, mark_in_query) && marks_hold(e->body, a->body, mark_in_body))
			a->found = pack_path_lists[i];
	}
}

const struct pack_endpoint *
pack_endpoint(struct tc_str path, struct tc_str query, struct tc_str body)
{
	struct asked a = {path, query, body, segments_of(path), query.n > 0 ? params_of(query) : 0, SIZE_MAX};

	if (path.n == 0)
		return NULL;
	try_paths(&a, pack_path_by_segment[64]);
	for (uint64_t bits = a.segments; bits != 0; bits &= bits - 1)
		try_paths(&a, pack_path_by_segment[__builtin_ctzll(bits)]);
	return a.found != SIZE_MAX ? &pack_endpoints[pack_paths[a.found].row] : NULL;
}

/* ---- what stands in for a script ---- */

/* One byte of a pattern in adblock syntax and one of the text; '^' is a separator. */
static bool
byte_like(char pattern, char c)
{
	if (pattern == '^')
		return !(tc_lower(c) >= 'a' && tc_lower(c) <= 'z') && !(c >= '0' && c <= '9') && strchr("_-.%", c) == NULL;
	return pattern == tc_lower(c);
}

/* Behind a '*': takes bytes off the front of text at which glob cannot begin. */
static void
skip_to(struct tc_str glob, struct tc_str *text)
{
	if (glob.n > 0 && strchr("/?&", glob.p[0]) != NULL)
		tc_skip(text, tc_find_byte(*text, glob.p[0]));
}

/* Whether the front of text looks like glob. A '^' at the end of glob may be the end of text. */
static bool
front_like(struct tc_str glob, struct tc_str text)
{
	struct tc_str back_glob = {NULL, 0}, back_text = text;

	for (;;) {
		if (glob.n == 0 || (text.n == 0 && glob.n == 1 && glob.p[0] == '^'))
			return true;
		if (glob.p[0] == '*') {
			tc_skip(&glob, 1);
			skip_to(glob, &text);
			back_glob = glob;
			back_text = text;
		} else if (text.n > 0 && byte_like(glob.p[0], text.p[0])) {
			tc_skip(&glob, 1);
			tc_skip(&text, 1);
		} else if (back_glob.p != NULL && back_text.n > 0) {
			tc_skip(&back_text, 1);
			skip_to(back_glob, &back_text);
			glob = back_glob;
			text = back_text;
		} else {
			return false;
		}
	}
}

static bool
host_below(struct tc_str host, struct tc_str top)
{
	if (top.n > 0 && (host.n < top.n || host.p[host.n - top.n] != top.p[0])) /* as nearly all are */
		return false;
	return tc_ends(host, top) && (host.n == top.n || top.n == 0 || host.p[host.n - top.n - 1] == '.');
}

enum { STUB_TEXT = 512 }; /* so much of path and query says what it is */

size_t
pack_surrogate(struct tc_str host, struct tc_str rest)
{
	if (rest.n > STUB_TEXT)
		rest.n = STUB_TEXT;
	for (size_t i = 0; i < pack_stub_count; i++)
		if (host_below(host, pack_stubs[i].host) && front_like(pack_stubs[i].rest, rest))
			return pack_stubs[i].surrogate;
	return 0;
}

struct tc_str
pack_surrogate_url(size_t number, bool query)
{
	struct tc_str url = pack_surrogates[number < pack_surrogate_count ? number : 0];

	return tc_str_of(url.p, url.n - !query);
}

/*
 * css.c: the URLs of a style sheet or style attribute (CSS Syntax 3, section 4), as it streams. Only what decides
 * where a URL is gets tokenized: strings, comments, names before "(", at-keywords. The URL alone is held
 * back; names and white space around it have left already:
 *
 *   url(  "https://t.example/p.gif"  )        image-set( "a.png" 1x )       @import 'x.css';
 *   ----- ^^^^^^^^^^^^^^^^^^^^^^^^^ held      ---------- ^^^^^ held         ------- ^^^^^ held
 *
 * Where a browser's reading could differ (broken tokens, text behind @namespace) we edit rather than trust.
 */
#include <assert.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "../match/match.h"
#include "css.h"

enum css_mode {
	CSS_BETWEEN, /* between tokens */
	CSS_COMMENT,
	CSS_STRING,    /* one that is no URL */
	CSS_URL_START, /* behind "url(" and white space */
	CSS_URL,       /* an unquoted URL begins here */
	CSS_QUOTED,    /* a quoted URL begins here */
	CSS_URL_PASS,  /* what is left of an unquoted one, to ")" */
	CSS_URL_DROP,  /* the same while it is thrown away */
	CSS_DROP,      /* a quoted URL that is thrown away, to the quote */
};

/* IMPORT: a string is its URL. SHEET: a function of @import may hold it. */
enum { EXPECT_NOTHING, EXPECT_IMPORT, EXPECT_SHEET, EXPECT_NAMESPACE };

#define JUDGED_MAX 4096 /* bytes of a URL that the judge gets */

static const struct tc_str nothing_url = TC_STR_INIT("data:,");

/* One run over some bytes. */
struct run {
	struct css *st;
	struct tc_str in;
	size_t at; /* taken so far */
	bool last;
	value_judge judge;
	void *ctx;
	struct value_edits *out;
};

/* --- Judging ----------------------------------------------------------------------------------- */

static void
edit(struct run *r, size_t from, size_t to, struct tc_str with)
{
	assert(r->out->n < r->out->cap);
	r->out->v[r->out->n++] = (struct value_edit){from, to, with};
}

static bool
is_data_url(struct tc_str url)
{
	while (url.n > 0 && (unsigned char)url.p[0] <= ' ')
		tc_skip(&url, 1);
	return tc_istarts(url, TC_STR("data:"));
}

static bool
is_tracker(struct run *r, struct tc_str raw)
{
	char buf[JUDGED_MAX];
	struct tc_str url = tc_str_of(buf, css_decode(raw, buf, sizeof(buf)));
	bool sheet = r->st->expect != EXPECT_NOTHING;

	if (r->st->expect == EXPECT_NAMESPACE || url.n == 0 || url.p[0] == '#' || (!sheet && is_data_url(url)))
		return false;
	/* a sheet in a data: URL imports and fetches like any other: one of which the judge does not get all goes */
	return (sheet && url.n + 4 > JUDGED_MAX && is_data_url(url)) ||
	    r->judge(r->ctx, url, sheet ? MATCH_STYLESHEET : MATCH_IMAGE | MATCH_FONT);
}

/* --- Steps: each takes something and returns true, or returns false to wait for more ------------ */

static bool
step_comment(struct run *r)
{
	struct tc_str rest = tc_str_of(r->in.p + r->at, r->in.n - r->at);
	size_t at = tc_find(rest, TC_STR("*/"));

	if (at < rest.n) {
		r->at += at + 2;
		r->st->mode = CSS_BETWEEN;
		return true;
	}
	r->at = r->in.n; /* all but a '*' that may be half of the end */
	if (rest.n > 0 && rest.p[rest.n - 1] == '*' && !r->last)
		r->at--;
	return false;
}

/* End of the string at `at`: its closing quote, a newline, or n. *next: where to look on; n = the end is not here. */
static size_t
string_end(struct run *r, size_t at, size_t *next)
{
	struct tc_str in = r->in;

	while (at < in.n && in.p[at] != r->st->quote && !css_is_newline(in.p[at])) {
		size_t len = 1;

		if (in.p[at] == '\\')
			len = css_escape_length(tc_str_of(in.p + at, in.n - at), r->last);
		if (len == 0) {
			*next = at;
			return in.n;
		}
		at += len;
	}
	*next = at;
	return at;
}

static bool
step_string(struct run *r, bool drop)
{
	size_t from = r->at, next, end = string_end(r, from, &next);

	r->at = next;
	if (drop && next > from)
		edit(r, from, next, TC_STR(""));
	if (end == r->in.n)
		return false;
	r->at++; /* the quote, or the newline that breaks it */
	r->st->mode = CSS_BETWEEN;
	return true;
}

static bool
ends_url(char c)
{
	return css_is_space(c) || c == ')' || c == '"' || c == '\'' || c == '(';
}

/* As string_end() for an unquoted URL. */
static size_t
url_end(struct run *r, size_t at, size_t *next)
{
	struct tc_str in = r->in;

	while (at < in.n && !ends_url(in.p[at])) {
		size_t len = 1;

		if (in.p[at] == '\\')
			len = css_escape_length(tc_str_of(in.p + at, in.n - at), r->last);
		if (len == 0) {
			*next = at;
			return in.n;
		}
		at += len;
	}
	*next = at;
	return at;
}

/* An unquoted URL's end, and what follows up to ")". */
static bool
step_url_pass(struct run *r)
{
	struct tc_str in = r->in;

	while (r->at < in.n && in.p[r->at] != ')') {
		size_t len = 1;

		if (in.p[r->at] == '\\')
			len = css_escape_length(tc_str_of(in.p + r->at, in.n - r->at), r->last);
		if (len == 0)
			return false;
		r->at += len;
	}
	if (r->at == in.n)
		return false;
	r->at++;
	r->st->mode = CSS_BETWEEN;
	return true;
}

static bool
step_url_drop(struct run *r)
{
	size_t from = r->at, next, end = url_end(r, from, &next);

	r->at = next;
	if (next > from)
		edit(r, from, next, TC_STR(""));
	if (end == r->in.n)
		return false;
	r->st->mode = CSS_URL_PASS;
	return true;
}

/* White space behind "url(", then the kind of URL is known. */
static bool
step_url_start(struct run *r)
{
	while (r->at < r->in.n && css_is_space(r->in.p[r->at]))
		r->at++;
	if (r->at == r->in.n)
		return false;
	r->st->seen = 0;
	r->st->mode = CSS_URL;
	if (r->in.p[r->at] == '"' || r->in.p[r->at] == '\'') {
		r->st->quote = r->in.p[r->at++];
		r->st->mode = CSS_QUOTED;
		if (r->st->sets > 0 && r->st->sets < UINT8_MAX)
			r->st->sets++;
	}
	return true;
}

/* A URL was read: @import has had its own. */
static void
settle_expect(struct css *st)
{
	if (st->expect != EXPECT_NAMESPACE)
		st->expect = EXPECT_NOTHING;
}

/* The URL that begins at r->at is longer than we hold, or data: that nobody need hold (no sheet). */
static bool
step_long_url(struct run *r, struct tc_str have)
{
	char start[64];
	struct tc_str url = tc_str_of(start, css_decode(tc_str_of(have.p, have.n < 64 ? have.n : 64), start, 64));
	bool quoted = r->st->mode == CSS_QUOTED;

	if ((is_data_url(url) && r->st->expect == EXPECT_NOTHING) || r->st->expect == EXPECT_NAMESPACE) {
		r->st->mode = quoted ? CSS_STRING : CSS_URL_PASS;
		settle_expect(r->st);
		return true;
	}
	if (have.n <= CSS_TOKEN_MAX)
		return false;
	edit(r, r->at, r->at + have.n, nothing_url);
	r->at += have.n;
	settle_expect(r->st);
	r->st->mode = quoted ? CSS_DROP : CSS_URL_DROP;
	return true;
}

/* A URL begins at r->at. */
static bool
step_url(struct run *r)
{
	bool quoted = r->st->mode == CSS_QUOTED;
	size_t from = r->at, look = from + r->st->seen, next, end;
	struct tc_str have;

	if (look > r->in.n)
		look = from; /* cannot happen with the bytes we left */
	end = quoted ? string_end(r, look, &next) : url_end(r, look, &next);
	have = tc_str_of(r->in.p + from, next - from);
	if (have.n > CSS_TOKEN_MAX || (end == r->in.n && !r->last)) {
		r->st->seen = (uint32_t)have.n;
		return step_long_url(r, have);
	}
	if (end == r->in.n || !quoted || r->in.p[end] == r->st->quote) {
		if (is_tracker(r, have))
			edit(r, from, from + have.n, nothing_url);
	}
	settle_expect(r->st);
	r->at = next;
	r->st->mode = quoted ? CSS_STRING : CSS_URL_PASS;
	return true;
}

/* --- Between tokens ---------------------------------------------------------------------------- */

/* What can begin something: 1 always, 2 while sets or expect count. */
static const uint8_t marks[256] = {
	['"'] = 1,
	['\''] = 1,
	['/'] = 1,
	['('] = 1,
	['@'] = 1,
	['\\'] = 1,
	[')'] = 2,
	[';'] = 2,
	['{'] = 2,
	['}'] = 2,
};

#ifdef __SSE2__
/* A bit for each byte of the 16 at p that is a mark of kind 1. */
static unsigned
marks_16(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i m = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));

	m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8('\'')));
	m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8('/')));
	m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8('(')));
	m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8('@')));
	m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
	return (unsigned)_mm_movemask_epi8(m);
}
#endif

/* Position of the next mark at or behind `at`, or n. */
static size_t
next_mark(struct tc_str in, size_t at, bool more)
{
#ifdef __SSE2__
	while (!more && in.n - at >= 16) {
		unsigned bits = marks_16(in.p + at);

		if (bits != 0)
			return at + (size_t)__builtin_ctz(bits);
		at += 16;
	}
#endif
	while (at < in.n && (marks[(unsigned char)in.p[at]] == 0 || marks[(unsigned char)in.p[at]] > 1 + more))
		at++;
	return at;
}

/* Where the name that ends before `at` begins; not before `low`. */
static size_t
name_start(struct tc_str in, size_t low, size_t at)
{
	while (at > low && css_is_name(in.p[at - 1]))
		at--;
	return at;
}

/* A "(" at r->at behind the name [from, to): sets the mode it opens. */
static void
open_paren(struct run *r, size_t from, size_t to)
{
	struct tc_str name = tc_str_of(r->in.p + from, to - from);
	bool hash = from > 0 && (r->in.p[from - 1] == '#' || r->in.p[from - 1] == '@');

	r->at++;
	if (!hash && !r->st->name && css_names_url(name))
		r->st->mode = CSS_URL_START; /* it counts its own parenthesis if it needs to */
	else if (r->st->sets > 0 && r->st->sets < UINT8_MAX)
		r->st->sets++;
	else if (!hash && !r->st->name && css_names_set(name))
		r->st->sets = 1;
}

/* A name with escapes that begins at `from` (r->at is at its first '\'). */
static bool
step_escaped_name(struct run *r, size_t from)
{
	bool open;
	size_t end = css_name_end(r->in, r->at, r->last, &open);

	if (open && end - from <= CSS_NAME_RAW_MAX) {
		r->at = from > 0 && (r->in.p[from - 1] == '#' || r->in.p[from - 1] == '@') ? from - 1 : from;
		return false;
	}
	if (open) {
		r->st->name = true;
		r->at = end;
		return false;
	}
	if (end == r->at) { /* a '\' before a newline, or the last byte of all */
		r->at++;
		r->st->name = false;
		return true;
	}
	r->at = end;
	if (end < r->in.n && r->in.p[end] == '(')
		open_paren(r, from, end);
	r->st->name = false;
	return true;
}

static bool
step_at(struct run *r)
{
	bool open;
	size_t end = css_name_end(r->in, r->at + 1, r->last, &open);
	struct tc_str name = tc_str_of(r->in.p + r->at + 1, end - r->at - 1);

	if (open && name.n <= CSS_NAME_RAW_MAX)
		return false;
	r->st->expect = EXPECT_NOTHING;
	if (!open && css_name_is(name, TC_STR("import")))
		r->st->expect = EXPECT_IMPORT;
	else if (!open && css_name_is(name, TC_STR("namespace")))
		r->st->expect = EXPECT_NAMESPACE;
	r->st->name = open;
	r->at = end;
	if (!open && end < r->in.n && r->in.p[end] == '(')
		open_paren(r, end, end); /* "@url(" is no function */
	return !open;
}

/* Behind @import: white space and comments, then a string, or url( or src(. */
static void
settle_import(struct run *r)
{
	while (r->at < r->in.n && css_is_space(r->in.p[r->at]))
		r->at++;
	if (r->at == r->in.n)
		return;
	if (r->in.p[r->at] != '"' && r->in.p[r->at] != '\'' && r->in.p[r->at] != '/')
		r->st->expect = EXPECT_SHEET;
}

/* The last name before the end of the input may be the beginning of "url(": leave it. */
static bool
wait_for_name(struct run *r, size_t low)
{
	size_t from = name_start(r->in, low, r->in.n);

	if (r->st->name && from == low)
		from = r->in.n; /* still that long one */
	else
		r->st->name = false;
	if (r->in.n - from > CSS_NAME_RAW_MAX) {
		r->st->name = true;
		from = r->in.n;
	} else if (from > low && (r->in.p[from - 1] == '#' || r->in.p[from - 1] == '@') && from - low > 0) {
		from--;
	}
	r->at = r->last ? r->in.n : from;
	return false;
}

static bool
step_mark(struct run *r, size_t low)
{
	char c = r->in.p[r->at];
	size_t from = name_start(r->in, low, r->at);

	if (from > low)
		r->st->name = false; /* the long name ended before */
	switch (c) {
	case '\\':
		return step_escaped_name(r, from);
	case '(':
		open_paren(r, from, r->at);
		break;
	case '@':
		return step_at(r);
	case '/':
		if (r->at + 1 == r->in.n && !r->last)
			return false;
		r->at++;
		if (r->at < r->in.n && r->in.p[r->at] == '*') {
			r->at++;
			r->st->mode = CSS_COMMENT;
		}
		break;
	case ')':
		r->at++;
		if (r->st->sets > 0 && r->st->sets < UINT8_MAX)
			r->st->sets--;
		break;
	case ';':
	case '{':
	case '}':
		r->at++;
		r->st->expect = EXPECT_NOTHING;
		break;
	default:
		r->at++;
		r->st->quote = c;
		r->st->seen = 0;
		r->st->mode = r->st->sets > 0 || r->st->expect == EXPECT_IMPORT ? CSS_QUOTED : CSS_STRING;
	}
	r->st->name = false;
	return true;
}

static bool
step_between(struct run *r)
{
	size_t low;

	if (r->st->expect == EXPECT_IMPORT)
		settle_import(r);
	low = r->at;
	r->at = next_mark(r->in, low, r->st->sets > 0 || r->st->expect != EXPECT_NOTHING);
	if (r->at == r->in.n)
		return wait_for_name(r, low);
	return step_mark(r, low);
}

static bool
step(struct run *r)
{
	switch ((enum css_mode)r->st->mode) {
	case CSS_BETWEEN:
		return step_between(r);
	case CSS_COMMENT:
		return step_comment(r);
	case CSS_STRING:
		return step_string(r, false);
	case CSS_DROP:
		return step_string(r, true);
	case CSS_URL_START:
		return step_url_start(r);
	case CSS_URL:
	case CSS_QUOTED:
		return step_url(r);
	case CSS_URL_PASS:
		return step_url_pass(r);
	case CSS_URL_DROP:
		return step_url_drop(r);
	}
	return false;
}

size_t
css_judge(struct css *st, struct tc_str in, bool last, value_judge judge, void *ctx, struct value_edits *out)
{
	struct run r = {st, in, 0, last, judge, ctx, out};

	while (r.at < in.n && out->n < out->cap)
		if (!step(&r))
			break;
	assert(r.at <= in.n);
	return r.at;
}

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
#include "value.h"

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

#define NAME_RAW_MAX 256    /* no name of interest is longer, each byte escaped */
#define NAME_MAX_DECODED 24 /* "-webkit-cross-fade" has 18 */
#define JUDGED_MAX 4096     /* bytes of a URL that the judge gets */

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

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool
is_newline(char c)
{
	return c == '\n' || c == '\f' || c == '\r';
}

static bool
is_name(char c)
{
	return (c >= '0' && c <= '9') || (tc_lower(c) >= 'a' && tc_lower(c) <= 'z') || c == '-' || c == '_' ||
	    (unsigned char)c >= 0x80 || c == 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tc_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* --- Escapes ----------------------------------------------------------------------------------- */

/* CSS Syntax 4.3.7: what is no character comes out as U+FFFD. */
static size_t
put_escaped(char *out, uint32_t c)
{
	return utf8_put(out, c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0xFFFD : c);
}

/* Length of the escape at s ('\' first): 2, or more for hex digits with the white space that ends them.
 * 0: not all of it is here yet. In a string a '\' before a newline is a continuation, with length too. */
static size_t
escape_length(struct tc_str s, bool last)
{
	size_t i = 1;

	while (i < s.n && i < 7 && hex_digit(s.p[i]) >= 0)
		i++;
	if (i == 1)
		i = s.n > 1 ? 2 : 1;
	if (i < s.n && i > 1 && hex_digit(s.p[1]) >= 0 && is_space(s.p[i]))
		i++;
	if (i < s.n && s.p[i - 1] == '\r' && s.p[i] == '\n')
		i++;
	else if (i == s.n && !last && i < 9)
		return 0; /* more digits, or white space, may follow */
	return i;
}

/* What the escape of length n at p means; bytes written (at most 4). */
static size_t
escape_meaning(const char *p, size_t n, char *out)
{
	uint32_t code = 0;
	size_t i = 1;

	if (n < 2 || is_newline(p[1]))
		return 0;
	for (; i < n && hex_digit(p[i]) >= 0; i++)
		code = code * 16 + (uint32_t)hex_digit(p[i]);
	if (i > 1)
		return put_escaped(out, code);
	out[0] = p[1];
	return 1;
}

/* Decodes up to room bytes of raw (whole escapes only, room > 4) into out. */
static size_t
decode(struct tc_str raw, char *out, size_t room)
{
	size_t n = 0;

	while (raw.n > 0 && n + 4 <= room) {
		size_t len = 1;

		if (raw.p[0] == '\\') {
			len = escape_length(raw, true);
			n += escape_meaning(raw.p, len, out + n);
		} else {
			out[n++] = raw.p[0];
		}
		tc_skip(&raw, len);
	}
	return n;
}

/* --- Names ------------------------------------------------------------------------------------- */

/* End of the name that begins at `at` (or `at` itself). open: the end of the input may be in it. */
static size_t
name_end(struct tc_str in, size_t at, bool last, bool *open)
{
	*open = false;
	while (at < in.n) {
		if (in.p[at] == '\\') {
			struct tc_str rest = tc_str_of(in.p + at, in.n - at);
			size_t len = escape_length(rest, last);

			if (len == 0 || (rest.n == 1 && !last)) {
				*open = true;
				return at;
			}
			if (rest.n > 1 && is_newline(rest.p[1]))
				return at;
			at += len;
		} else if (is_name(in.p[at])) {
			at++;
		} else {
			return at;
		}
	}
	*open = !last;
	return at;
}

static bool
name_is(struct tc_str raw, struct tc_str word)
{
	char name[NAME_MAX_DECODED + 4];

	if (raw.n > NAME_RAW_MAX || raw.n < word.n)
		return false;
	return tc_ieq(tc_str_of(name, decode(raw, name, sizeof(name))), word);
}

static bool
names_url(struct tc_str raw)
{
	return name_is(raw, TC_STR("url"));
}

/* Functions whose strings are URLs. */
static bool
names_set(struct tc_str raw)
{
	static const struct tc_str names[] = {
		TC_STR_INIT("src"),
		TC_STR_INIT("image-set"),
		TC_STR_INIT("-webkit-image-set"),
		TC_STR_INIT("image"),
		TC_STR_INIT("cross-fade"),
		TC_STR_INIT("-webkit-cross-fade"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name_is(raw, names[i]))
			return true;
	return false;
}

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
	struct tc_str url = tc_str_of(buf, decode(raw, buf, sizeof(buf)));

	if (r->st->expect == EXPECT_NAMESPACE || url.n == 0 || url.p[0] == '#' || is_data_url(url))
		return false;
	return r->judge(r->ctx, url, r->st->expect != EXPECT_NOTHING ? MATCH_STYLESHEET : MATCH_IMAGE | MATCH_FONT);
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

	while (at < in.n && in.p[at] != r->st->quote && !is_newline(in.p[at])) {
		size_t len = 1;

		if (in.p[at] == '\\')
			len = escape_length(tc_str_of(in.p + at, in.n - at), r->last);
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
	return is_space(c) || c == ')' || c == '"' || c == '\'' || c == '(';
}

/* As string_end() for an unquoted URL. */
static size_t
url_end(struct run *r, size_t at, size_t *next)
{
	struct tc_str in = r->in;

	while (at < in.n && !ends_url(in.p[at])) {
		size_t len = 1;

		if (in.p[at] == '\\')
			len = escape_length(tc_str_of(in.p + at, in.n - at), r->last);
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
			len = escape_length(tc_str_of(in.p + r->at, in.n - r->at), r->last);
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
	while (r->at < r->in.n && is_space(r->in.p[r->at]))
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

/* The URL that begins at r->at is longer than we hold, or data: that nobody need hold. */
static bool
step_long_url(struct run *r, struct tc_str have)
{
	char start[64];
	struct tc_str url = tc_str_of(start, decode(tc_str_of(have.p, have.n < 64 ? have.n : 64), start, 64));
	bool quoted = r->st->mode == CSS_QUOTED;

	if (is_data_url(url) || r->st->expect == EXPECT_NAMESPACE) {
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
	while (at > low && is_name(in.p[at - 1]))
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
	if (!hash && !r->st->name && names_url(name))
		r->st->mode = CSS_URL_START; /* it counts its own parenthesis if it needs to */
	else if (r->st->sets > 0 && r->st->sets < UINT8_MAX)
		r->st->sets++;
	else if (!hash && !r->st->name && names_set(name))
		r->st->sets = 1;
}

/* A name with escapes that begins at `from` (r->at is at its first '\'). */
static bool
step_escaped_name(struct run *r, size_t from)
{
	bool open;
	size_t end = name_end(r->in, r->at, r->last, &open);

	if (open && end - from <= NAME_RAW_MAX) {
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
	size_t end = name_end(r->in, r->at + 1, r->last, &open);
	struct tc_str name = tc_str_of(r->in.p + r->at + 1, end - r->at - 1);

	if (open && name.n <= NAME_RAW_MAX)
		return false;
	r->st->expect = EXPECT_NOTHING;
	if (!open && name_is(name, TC_STR("import")))
		r->st->expect = EXPECT_IMPORT;
	else if (!open && name_is(name, TC_STR("namespace")))
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
	while (r->at < r->in.n && is_space(r->in.p[r->at]))
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
	if (r->in.n - from > NAME_RAW_MAX) {
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

/* --- Text with character references -------------------------------------------------------------- */

#define WINDOW 4096

/* Decoded text and where each byte of it came from. */
struct window {
	char text[WINDOW + 8];
	uint16_t from[WINDOW + 8];
	size_t n;
};

/* Decodes raw from *at on, as far as the window has room. */
static void
window_fill(struct window *w, struct tc_str raw, size_t *at, bool attribute)
{
	while (*at < raw.n && w->n < WINDOW) {
		size_t n = 1, took = 1, i;

		if (raw.p[*at] == '&')
			took = entity_one(tc_str_of(raw.p + *at, raw.n - *at), attribute, w->text + w->n, &n);
		else
			w->text[w->n] = raw.p[*at];
		for (i = 0; i < n; i++)
			w->from[w->n + i] = (uint16_t)*at;
		w->n += n;
		*at += took;
	}
	w->from[w->n] = (uint16_t)*at;
}

/* Any tracker in the decoded text, looked at window by window. */
static bool
any_tracker(struct tc_str raw, bool attribute, value_judge judge, void *ctx)
{
	struct window w = {.n = 0};
	struct value_edit one[1];
	struct css st = {0};
	size_t at = 0, took;

	do {
		struct value_edits out = {.v = one, .cap = 1};

		window_fill(&w, raw, &at, attribute);
		took = css_judge(&st, tc_str_of(w.text, w.n), at == raw.n, judge, ctx, &out);
		if (took == 0 && w.n >= WINDOW) /* one long URL: its beginning decides */
			took = css_judge(&st, tc_str_of(w.text, w.n), true, judge, ctx, &out);
		if (out.n > 0)
			return true;
		w.n -= took;
		memmove(w.text, w.text + took, w.n);
	} while (at < raw.n || (w.n > 0 && took > 0));
	return false;
}

/* True when the edits of the whole text, decoded in one window, are in out as edits of raw. */
static bool
edits_of_raw(struct tc_str raw, bool attribute, value_judge judge, void *ctx, struct value_edits *out)
{
	struct window w = {.n = 0};
	struct css st = {0};
	size_t at = 0, i;

	if (raw.n > UINT16_MAX)
		return false;
	window_fill(&w, raw, &at, attribute);
	if (at < raw.n)
		return false;
	if (css_judge(&st, tc_str_of(w.text, w.n), true, judge, ctx, out) < w.n)
		return false;
	for (i = 0; i < out->n; i++) {
		size_t k = out->v[i].from;

		/* "&quot" without ';' would go on into what we write */
		if (k > 0 && w.from[k] - w.from[k - 1] > 1 && raw.p[w.from[k] - 1] != ';')
			return false;
		out->v[i].from = w.from[k];
		out->v[i].to = w.from[out->v[i].to];
	}
	return true;
}

static bool
judge_whole(struct tc_str raw, bool attribute, value_judge judge, void *ctx, struct value_edits *out)
{
	struct css st = {0};
	bool done;

	out->n = 0;
	out->overflow = false;
	if (entity_none(raw))
		done = css_judge(&st, raw, true, judge, ctx, out) == raw.n;
	else
		done = edits_of_raw(raw, attribute, judge, ctx, out);
	if (done)
		return true;
	out->n = 0;
	return !any_tracker(raw, attribute, judge, ctx);
}

bool
css_attr(struct tc_str raw, value_judge judge, void *ctx, struct value_edits *out)
{
	return judge_whole(raw, true, judge, ctx, out);
}

bool
css_foreign(struct tc_str raw, value_judge judge, void *ctx, struct value_edits *out)
{
	return judge_whole(raw, false, judge, ctx, out);
}

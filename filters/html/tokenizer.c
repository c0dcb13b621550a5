/*
 * tokenizer.c: tokenizer.h. Between tokens the state is a few bytes; inside a tag nothing is taken, only how far
 * the scan got is kept, so that a tag that drips in is not read again and again.
 */
#include "tokenizer.h"

#include <assert.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Parts of comments and declarations. */
enum inside {
	IN_TEXT,
	IN_COMMENT_START, /* after "<!--" */
	IN_COMMENT_START_DASH,
	IN_COMMENT,
	IN_COMMENT_DASH, /* "-" */
	IN_COMMENT_END,  /* "--" */
	IN_COMMENT_BANG, /* "--!" */
	IN_BOGUS,
	IN_DOCTYPE,
};

/* States of a tag's scan. */
enum scan {
	SCAN_NAME,
	SCAN_BEFORE, /* an attribute or the end */
	SCAN_ATTR,   /* attribute name */
	SCAN_AFTER,  /* an '=' may come */
	SCAN_EQ,     /* a value must come */
	SCAN_DOUBLE,
	SCAN_SINGLE,
	SCAN_UNQUOTED,
	SCAN_SLASH, /* after '/' */
};

enum { SPACE = 1,
	NAME_END = 2,
	ATTR_END = 4,
	VALUE_END = 8,
	LETTER = 16 };

/* Tab, LF, FF, CR and space are the white space of tags. */
#define WHITE (SPACE | NAME_END | ATTR_END | VALUE_END)
#define L LETTER
static const uint8_t class_of[256] = {
	['\t'] = WHITE,
	['\n'] = WHITE,
	['\f'] = WHITE,
	['\r'] = WHITE,
	[' '] = WHITE,
	['/'] = NAME_END | ATTR_END,
	['>'] = NAME_END | ATTR_END | VALUE_END,
	['='] = ATTR_END,
	['A'] = L,
	['B'] = L,
	['C'] = L,
	['D'] = L,
	['E'] = L,
	['F'] = L,
	['G'] = L,
	['H'] = L,
	['I'] = L,
	['J'] = L,
	['K'] = L,
	['L'] = L,
	['M'] = L,
	['N'] = L,
	['O'] = L,
	['P'] = L,
	['Q'] = L,
	['R'] = L,
	['S'] = L,
	['T'] = L,
	['U'] = L,
	['V'] = L,
	['W'] = L,
	['X'] = L,
	['Y'] = L,
	['Z'] = L,
	['a'] = L,
	['b'] = L,
	['c'] = L,
	['d'] = L,
	['e'] = L,
	['f'] = L,
	['g'] = L,
	['h'] = L,
	['i'] = L,
	['j'] = L,
	['k'] = L,
	['l'] = L,
	['m'] = L,
	['n'] = L,
	['o'] = L,
	['p'] = L,
	['q'] = L,
	['r'] = L,
	['s'] = L,
	['t'] = L,
	['u'] = L,
	['v'] = L,
	['w'] = L,
	['x'] = L,
	['y'] = L,
	['z'] = L,
};
#undef L

static inline bool
is(char c, int class)
{
	return (class_of[(uint8_t)c] & class) != 0;
}

/* The first c in [p, end), or end. Values are short: the loop is inline. */
static inline const char *
find_byte(const char *p, const char *end, char c)
{
#ifdef __SSE2__
	const __m128i want = _mm_set1_epi8(c);

	for (; end - p >= 16; p += 16) {
		int hit = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), want));

		if (hit != 0)
			return p + __builtin_ctz((unsigned)hit);
	}
#endif
	while (p < end && *p != c)
		p++;
	return p;
}

/* ---- tags ---- */

/*
 * One attribute: goes on in *state at *pp. True when it is complete; *pp is then behind its closing quote, at
 * what ended an unquoted value, or at what is not the '=' of a name without value. False: the bytes ended.
 */
static inline bool
scan_attr(uint8_t *state, const char *base, const char **pp, const char *end, struct tok_attr *a)
{
	const char *p = *pp;

	switch (*state) {
	case SCAN_ATTR:
		while (p < end && !is(*p, ATTR_END))
			p++;
		if (p == end)
			break;
		a->name_n = (uint32_t)(p - base) - a->name;
		a->value = (uint32_t)(p - base);
		a->value_n = 0;
		a->quote = 0;
		*state = SCAN_AFTER;
		__attribute__((fallthrough));
	case SCAN_AFTER:
		while (p < end && is(*p, SPACE))
			p++;
		if (p == end)
			break;
		if (*p != '=')
			goto done;
		p++;
		*state = SCAN_EQ;
		__attribute__((fallthrough));
	case SCAN_EQ:
		while (p < end && is(*p, SPACE))
			p++;
		if (p == end)
			break;
		if (*p == '>')
			goto done;
		a->quote = *p == '"' || *p == '\'' ? *p : 'u';
		if (a->quote != 'u')
			p++;
		a->value = (uint32_t)(p - base);
		*state = a->quote == '"' ? SCAN_DOUBLE : a->quote == '\'' ? SCAN_SINGLE
									  : SCAN_UNQUOTED;
		__attribute__((fallthrough));
	case SCAN_DOUBLE:
	case SCAN_SINGLE:
	case SCAN_UNQUOTED:
		if (*state == SCAN_UNQUOTED)
			while (p < end && !is(*p, VALUE_END))
				p++;
		else
			p = find_byte(p, end, *state == SCAN_DOUBLE ? '"' : '\'');
		if (p == end)
			break;
		a->value_n = (uint32_t)(p - base) - a->value;
		p += *state != SCAN_UNQUOTED;
		goto done;
	default:
		assert(false);
	}
	*pp = p;
	return false;
done:
	*pp = p;
	return true;
}

/*
 * A tag from *pp on, in the state that t holds. True when it is complete, *pp behind its '>'. False: the bytes
 * or the room for attributes ended; t says where. Offsets in tk are right only if the scan was never broken off.
 */
static bool
scan_tag(struct tok *t, const char *base, const char **pp, const char *end, struct token *tk)
{
	const char *p = *pp;

	if (t->scan == SCAN_NAME) {
		while (p < end && !is(*p, NAME_END))
			p++;
		if (p == end)
			goto more;
		tk->name = tc_str_of(base + 1 + tk->end_tag, (size_t)(p - base) - 1 - tk->end_tag);
		t->scan = SCAN_BEFORE;
	}
	for (;;) {
		struct tok_attr *a = &tk->attr[t->attrs];

		if (t->scan == SCAN_SLASH) {
			if (p == end)
				goto more;
			if (*p == '>') {
				tk->self_closing = true;
				break;
			}
			t->scan = SCAN_BEFORE;
		}
		if (t->scan == SCAN_BEFORE) {
			while (p < end && is(*p, SPACE))
				p++;
			if (p == end)
				goto more;
			if (*p == '>')
				break;
			if (*p == '/') {
				p++;
				t->scan = SCAN_SLASH;
				continue;
			}
			if (t->attrs == TOK_ATTR_MAX)
				goto more;
			a->name = (uint32_t)(p - base);
			p++; /* even an '=' begins a name */
			t->scan = SCAN_ATTR;
		}
		if (!scan_attr(&t->scan, base, &p, end, a))
			goto more;
		t->attrs++;
		t->scan = SCAN_BEFORE;
	}
	tk->attr_n = t->attrs;
	*pp = p + 1;
	return true;
more:
	*pp = p;
	return false;
}

/* ---- tags as most are ---- */

/* The first byte in [p, end) that ends an attribute's name, or any other up to ' '; NULL: there is none. */
static inline const char *
word_end(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i space = _mm_set1_epi8(' '), slash = _mm_set1_epi8('/');
	const __m128i gt = _mm_set1_epi8('>'), eq = _mm_set1_epi8('=');

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);
		__m128i is_low = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(v, space), v), _mm_cmpeq_epi8(v, slash));
		__m128i is_mark = _mm_or_si128(_mm_cmpeq_epi8(v, gt), _mm_cmpeq_epi8(v, eq));
		int hit = _mm_movemask_epi8(_mm_or_si128(is_low, is_mark));

		if (hit != 0)
			return p + __builtin_ctz((unsigned)hit);
	}
#endif
	while (p < end && !is(*p, ATTR_END))
		p++;
	return p < end ? p : NULL;
}

/* Behind the value that begins at p, at its quote if it has one; NULL if it does not end, or is no value. */
static inline const char *
plain_value(const char *base, const char *p, const char *end, struct tok_attr *a)
{
	const char *value = p;

	if (p == end)
		return NULL;
	if (*p == '"' || *p == '\'') {
		a->quote = *p;
		p = find_byte(++value, end, a->quote);
	} else {
		a->quote = 'u';
		while (p < end && !is(*p, VALUE_END))
			p++;
		if (p == value)
			return NULL;
	}
	if (p == end)
		return NULL;
	a->value = (uint32_t)(value - base);
	a->value_n = (uint32_t)(p - value);
	return p + (a->quote != 'u');
}

/*
 * The tag at base if it is whole and written as nearly all are: no blank around '=', no '/' but before
 * the '>'. Returns what is behind it and fills tk. NULL: scan_tag() has to look; nothing is decided.
 */
static const char *
plain_tag(const char *base, const char *end, struct token *tk)
{
	const char *name = base + 1 + tk->end_tag, *p = word_end(name, end);
	struct tok_attr *a = tk->attr;

	if (p == NULL || *p == '=')
		return NULL;
	tk->name = tc_str_of(name, (size_t)(p - name));
	for (;; a++) {
		const char *from;

		if (!is(*p, SPACE))
			break;
		do
			if (++p == end)
				return NULL;
		while (is(*p, SPACE));
		from = p;
		if (*p == '>' || *p == '/')
			break;
		p = word_end(p, end);
		if (p == NULL || p == from || a == tk->attr + TOK_ATTR_MAX)
			return NULL;
		a->name = (uint32_t)(from - base);
		a->name_n = (uint32_t)(p - from);
		a->value = (uint32_t)(p - base);
		a->value_n = 0;
		a->quote = 0;
		if (*p != '=')
			continue;
		p = plain_value(base, p + 1, end, a);
		if (p == NULL || p == end)
			return NULL;
	}
	tk->self_closing = *p == '/';
	if (tk->self_closing && ++p == end)
		return NULL;
	tk->attr_n = (size_t)(a - tk->attr);
	return *p == '>' ? p + 1 : NULL;
}

/* Puts the tag scan at its start, behind "<" or "</". */
static void
scan_begin(struct tok *t, const struct token *tk)
{
	t->scan = SCAN_NAME;
	t->attrs = 0;
	t->seen = 1 + (uint32_t)tk->end_tag;
}

/* The tag is whole: n bytes. */
static enum tok_kind
tag_done(struct tok *t, size_t n, struct token *tk)
{
	t->seen = 0;
	t->mode = TOK_DATA;
	t->escape = t->dashes = 0;
	tk->n = n;
	return tk->end_tag ? TOK_END : TOK_START;
}

/* A tag at the front of in, read byte by byte, or on from where the bytes ended before. */
static enum tok_kind
next_odd_tag(struct tok *t, struct tc_str in, bool last, struct token *tk)
{
	const char *end = in.p + (in.n < TOK_TAG_MAX ? in.n : TOK_TAG_MAX), *p;
	bool again = t->seen > 0, whole;

	tk->self_closing = false;
	if (!again)
		scan_begin(t, tk);
	p = in.p + t->seen;
	whole = scan_tag(t, in.p, &p, end, tk);
	t->seen = (uint32_t)(p - in.p);
	if (!whole && (t->attrs == TOK_ATTR_MAX || in.n >= TOK_TAG_MAX)) {
		/* its name alone; a name that does not end is cut off, and what follows read as attributes */
		for (p = in.p + 1 + tk->end_tag; p < end && !is(*p, NAME_END); p++)
			;
		tk->name = tc_str_of(in.p + 1 + tk->end_tag, (size_t)(p - in.p) - 1 - tk->end_tag);
		tk->n = (size_t)(p - in.p);
		t->scan = SCAN_BEFORE;
		t->seen = 0;
		return TOK_GIANT;
	}
	if (!whole && !last)
		return TOK_MORE;
	if (whole && again) { /* it is all there now: once more from the start, for its offsets */
		scan_begin(t, tk);
		p = in.p + t->seen;
		tk->self_closing = false;
		whole = scan_tag(t, in.p, &p, end, tk);
		assert(whole);
	}
	(void)tag_done(t, whole ? (size_t)(p - in.p) : in.n, tk);
	return !whole ? TOK_CUT : tk->end_tag ? TOK_END
					      : TOK_START;
}

enum tok_kind
tok_tag(struct tok *t, struct tc_str in, bool last, struct token *tk)
{
	tk->end_tag = in.p[1] == '/';
	if (t->seen == 0) {
		const char *p = plain_tag(in.p, in.p + (in.n < TOK_TAG_MAX ? in.n : TOK_TAG_MAX), tk);

		if (p != NULL)
			return tag_done(t, (size_t)(p - in.p), tk);
	}
	return next_odd_tag(t, in, last, tk);
}

enum tok_part
tok_attr(struct tok *t, struct tc_str in, size_t max, struct tok_attr *a, bool *self_closing, size_t *n)
{
	const char *p = in.p, *end = in.p + (in.n < max ? in.n : max);
	bool again = t->seen > 0;

	a->name = a->name_n = 0;
	*self_closing = false;
	while (p < end && is(*p, SPACE))
		p++;
	*n = (size_t)(p - in.p);
	if (*n > 0)
		return TOK_PART_ATTR;
	if (*p == '>' || (*p == '/' && in.n > 1)) {
		*self_closing = *p == '/' && p[1] == '>';
		*n = *self_closing ? 2 : 1;
		return *p == '>' || *self_closing ? TOK_PART_END : TOK_PART_ATTR;
	}
	if (*p == '/')
		return TOK_PART_MORE;
	if (again)
		p += t->seen;
	else
		t->scan = SCAN_ATTR, p++;
	if (scan_attr(&t->scan, in.p, &p, end, a)) {
		if (again) {
			p = in.p + 1;
			t->scan = SCAN_ATTR;
			a->name = 0;
			(void)scan_attr(&t->scan, in.p, &p, end, a);
		}
		t->seen = 0;
		*n = (size_t)(p - in.p);
		return TOK_PART_ATTR;
	}
	t->seen = (uint32_t)(p - in.p);
	if (in.n < max)
		return TOK_PART_MORE;
	p = in.p + 1; /* once more, to know where its parts lie */
	t->scan = SCAN_ATTR;
	(void)scan_attr(&t->scan, in.p, &p, end, a);
	t->seen = 0;
	if (t->scan == SCAN_ATTR)
		a->name_n = 0;
	*n = t->scan >= SCAN_DOUBLE && t->scan <= SCAN_UNQUOTED ? a->value : (size_t)(end - in.p);
	return TOK_PART_LONG;
}

size_t
tok_long(struct tok *t, struct tc_str in, struct tok_attr *a, bool *done)
{
	const char *p = in.p, *end = in.p + in.n;

	*a = (struct tok_attr){.name = 0};
	if (t->scan < SCAN_DOUBLE) {
		/* up to the value, byte by byte: the state must show where it begins */
		for (const char *q = p; q < end && t->scan < SCAN_DOUBLE; q++)
			if (scan_attr(&t->scan, in.p, &p, q + 1, a)) {
				*done = true;
				return (size_t)(p - in.p);
			}
		*done = false;
		return t->scan < SCAN_DOUBLE ? (size_t)(p - in.p) : a->value;
	}
	*done = scan_attr(&t->scan, in.p, &p, end, a);
	a->quote = t->scan == SCAN_UNQUOTED ? 'u' : t->scan == SCAN_DOUBLE ? '"'
									   : '\'';
	a->value_n = (uint32_t)(p - in.p) - (*done && t->scan != SCAN_UNQUOTED);
	return (size_t)(p - in.p);
}

/* ---- comments and declarations ---- */

/* One step of a comment (13.2.5.43 to 51), c not '>'. What "<!" does inside one is what its dashes do anyway. */
static uint8_t
comment_step(uint8_t in, char c)
{
	switch (in) {
	case IN_COMMENT_START:
		return c == '-' ? IN_COMMENT_START_DASH : IN_COMMENT;
	case IN_COMMENT_START_DASH:
	case IN_COMMENT_DASH:
		return c == '-' ? IN_COMMENT_END : IN_COMMENT;
	case IN_COMMENT_END:
		return c == '-' ? IN_COMMENT_END : c == '!' ? IN_COMMENT_BANG
							    : IN_COMMENT;
	default:
		return c == '-' ? IN_COMMENT_DASH : IN_COMMENT;
	}
}

static enum tok_kind
next_comment(struct tok *t, struct tc_str in, struct token *tk)
{
	const char *p = in.p, *end = in.p + in.n;

	tk->ends = false;
	for (; p < end && !tk->ends; p++) {
		if (t->inside == IN_COMMENT) {
			p = find_byte(p, end, '-');
			if (p == end)
				break;
		}
		if (*p == '>' && t->inside != IN_COMMENT && t->inside != IN_COMMENT_DASH)
			tk->ends = true;
		else
			t->inside = comment_step(t->inside, *p);
	}
	if (tk->ends)
		t->inside = IN_TEXT;
	tk->n = (size_t)(p - in.p);
	return TOK_COMMENT;
}

/* Bogus comments and DOCTYPEs end at the first '>', quoted or not. */
static enum tok_kind
next_to_gt(struct tok *t, struct tc_str in, struct token *tk)
{
	enum tok_kind kind = t->inside == IN_BOGUS ? TOK_BOGUS : TOK_DOCTYPE;
	size_t at = tc_find_byte(in, '>');

	tk->ends = at < in.n;
	tk->n = at + tk->ends;
	if (tk->ends)
		t->inside = IN_TEXT;
	return kind;
}

static enum tok_kind
next_inside(struct tok *t, struct tc_str in, struct token *tk)
{
	tk->begins = false;
	return t->inside < IN_BOGUS ? next_comment(t, in, tk) : next_to_gt(t, in, tk);
}

/* Begins with the first n bytes of in and goes on to its end, or as far as there is. */
static enum tok_kind
begin_inside(struct tok *t, enum inside inside, struct tc_str in, size_t n, struct token *tk)
{
	struct tc_str rest = tc_str_of(in.p + n, in.n - n);
	enum tok_kind kind;

	t->inside = (uint8_t)inside;
	tk->n = 0;
	tk->ends = false;
	kind = next_inside(t, rest, tk);
	tk->begins = true;
	tk->n += n;
	return kind;
}

/* How in begins like want: 1 it does, 0 it does not, -1 in is too short to say. */
static int
begins(struct tc_str in, struct tc_str want, bool fold)
{
	size_t n = in.n < want.n ? in.n : want.n;

	for (size_t i = 0; i < n; i++)
		if ((fold ? tc_lower(in.p[i]) : in.p[i]) != want.p[i])
			return 0;
	return in.n < want.n ? -1 : 1;
}

/* After "<!". */
static enum tok_kind
next_declaration(struct tok *t, struct tc_str in, bool last, struct token *tk)
{
	int comment = begins(in, TC_STR("<!--"), false), doctype = begins(in, TC_STR("<!doctype"), true);
	int cdata = t->cdata ? begins(in, TC_STR("<![CDATA["), false) : 0;

	if (comment == 1)
		return begin_inside(t, IN_COMMENT_START, in, 4, tk);
	if (doctype == 1)
		return begin_inside(t, IN_DOCTYPE, in, 9, tk);
	if (cdata == 1) {
		t->mode = TOK_CDATA;
		tk->n = 9;
		return TOK_NOTHING;
	}
	if (!last && (comment == -1 || doctype == -1 || cdata == -1))
		return TOK_MORE;
	return begin_inside(t, IN_BOGUS, in, 2, tk);
}

/* ---- text ---- */

static enum tok_kind
text(struct token *tk, struct tc_str in, const char *to)
{
	tk->n = (size_t)(to - in.p);
	return TOK_TEXT;
}

/* At a '<' that may begin something: its token, TOK_TEXT with n = 0 if it is text, or TOK_MORE. */
static enum tok_kind
at_less(struct tok *t, struct tc_str in, bool last, struct token *tk)
{
	tk->n = 0;
	if (in.n == 1)
		return last ? TOK_TEXT : TOK_MORE;
	if (is(in.p[1], LETTER))
		return tok_tag(t, in, last, tk);
	if (in.p[1] == '!')
		return next_declaration(t, in, last, tk);
	if (in.p[1] == '?')
		return begin_inside(t, IN_BOGUS, in, 1, tk);
	if (in.p[1] != '/')
		return TOK_TEXT;
	if (in.n == 2)
		return last ? TOK_TEXT : TOK_MORE;
	if (is(in.p[2], LETTER))
		return tok_tag(t, in, last, tk);
	if (in.p[2] != '>')
		return begin_inside(t, IN_BOGUS, in, 2, tk);
	tk->n = 3;
	return TOK_NOTHING;
}

static enum tok_kind
next_data(struct tok *t, struct tc_str in, bool last, struct token *tk)
{
	const char *p = in.p, *end = in.p + in.n;

	if (*p == '<') {
		enum tok_kind kind = at_less(t, in, last, tk);

		if (kind != TOK_TEXT)
			return kind;
		p++; /* a '<' that is text */
	}
	p = memchr(p, '<', (size_t)(end - p));
	return text(tk, in, p != NULL ? p : end);
}

/* At '<' in RCDATA, RAWTEXT, SCRIPT: 1 the appropriate end tag begins, 0 not, -1 not enough bytes. */
static int
appropriate(const struct tok *t, struct tc_str in, bool last)
{
	size_t n = 2 + t->end.n;

	if (t->end.n == 0 || (in.n > 1 && in.p[1] != '/'))
		return 0;
	if (in.n > 2 && begins(tc_str_of(in.p + 2, in.n - 2), t->end, true) == 0)
		return 0;
	if (in.n <= n)
		return last ? 0 : -1;
	return is(in.p[n], NAME_END);
}

static enum tok_kind
next_raw(struct tok *t, struct tc_str in, bool last, struct token *tk)
{
	const char *p = in.p, *end = in.p + in.n;

	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		struct tc_str rest = tc_str_of(p, (size_t)(end - p));
		int is_end = appropriate(t, rest, last);

		if (is_end == 0) {
			p++;
			continue;
		}
		if (p > in.p)
			break;
		return is_end == 1 ? tok_tag(t, rest, last, tk) : TOK_MORE;
	}
	return text(tk, in, p != NULL ? p : end);
}

/* "<script" or "</script" and what ends the name: 1, 0, or -1 as above. */
static int
script_tag(struct tc_str in, struct tc_str name, bool last)
{
	int b = begins(in, name, true);

	if (b != 1)
		return b == -1 && last ? 0 : b;
	if (in.n == name.n)
		return last ? 0 : -1;
	return is(in.p[name.n], NAME_END);
}

/*
 * At '<' in a script: how many bytes of text it begins, 0 for an end tag, -1 for not enough bytes. Moves between
 * plain, escaped ("<!--") and double escaped ("<!-- <script>"), where "</script>" ends nothing but the latter.
 */
static int
script_less(struct tok *t, struct tc_str in, bool last)
{
	int r;

	if (t->escape < 2) {
		r = appropriate(t, in, last);
		if (r != 0)
			return r == 1 ? 0 : -1;
	}
	if (t->escape == 0) {
		r = begins(in, TC_STR("<!--"), false);
		if (r == 1) {
			t->escape = 1;
			t->dashes = 2;
		}
		return r == 1 ? 4 : r == -1 && !last ? -1
						     : 1;
	}
	r = script_tag(in, t->escape == 1 ? TC_STR("<script") : TC_STR("</script"), last);
	if (r == -1)
		return -1;
	t->dashes = 0;
	if (r == 0)
		return 1;
	t->escape = t->escape == 1 ? 2 : 1;
	return t->escape == 2 ? 7 : 8;
}

/* Text of an escaped script up to the next '<', or to the "-->" that ends the escape. */
static const char *
script_dashes(struct tok *t, const char *p, const char *end)
{
	for (; p < end && *p != '<' && t->escape > 0; p++) {
		if (*p == '>' && t->dashes == 2)
			t->escape = 0;
		t->dashes = *p != '-' ? 0 : t->dashes < 2 ? t->dashes + 1
							  : 2;
	}
	return p;
}

static enum tok_kind
next_script(struct tok *t, struct tc_str in, bool last, struct token *tk)
{
	const char *p = in.p, *end = in.p + in.n;

	while (p < end) {
		struct tc_str rest = tc_str_of(p, (size_t)(end - p));
		int n;

		if (*p != '<') {
			if (t->escape > 0)
				p = script_dashes(t, p, end);
			else if ((p = memchr(p, '<', rest.n)) == NULL)
				p = end;
			continue;
		}
		n = script_less(t, rest, last);
		if (n <= 0) {
			if (p > in.p)
				break;
			return n == 0 ? tok_tag(t, rest, last, tk) : TOK_MORE;
		}
		p += n;
	}
	return text(tk, in, p);
}

static enum tok_kind
next_cdata(struct tok *t, struct tc_str in, bool last, struct token *tk)
{
	size_t at = tc_find(in, TC_STR("]]>"));

	if (at == 0) {
		t->mode = TOK_DATA;
		tk->n = 3;
		return TOK_NOTHING;
	}
	if (at == in.n && !last) /* its tail may be half a mark */
		for (int i = 0; i < 2 && at > 0 && in.p[at - 1] == ']'; i++)
			at--;
	tk->n = at;
	return at > 0 ? TOK_TEXT : TOK_MORE;
}

enum tok_kind
tok_next(struct tok *t, struct tc_str in, bool last, struct token *out)
{
	assert(in.n > 0);
	out->begins = out->ends = false;
	if (t->seen > 0)
		return tok_tag(t, in, last, out);
	if (t->inside != IN_TEXT)
		return next_inside(t, in, out);
	switch ((enum tok_mode)t->mode) {
	case TOK_DATA:
		return next_data(t, in, last, out);
	case TOK_RCDATA:
	case TOK_RAWTEXT:
		return next_raw(t, in, last, out);
	case TOK_SCRIPT:
		return next_script(t, in, last, out);
	case TOK_PLAINTEXT:
		return text(out, in, in.p + in.n);
	case TOK_CDATA:
		return next_cdata(t, in, last, out);
	}
	assert(false);
	return TOK_MORE;
}

void
tok_text_mode(struct tok *t, enum tok_mode mode, struct tc_str end)
{
	assert(t->mode == TOK_DATA && t->seen == 0);
	t->mode = (uint8_t)mode;
	t->end = end;
	t->escape = t->dashes = 0;
}
